//! The folder of recorded pages beside the workspace, and the values that stand in them. It is not part of the project: suites that
//! need it are skipped, and say so, where it is absent. What is read is held against what is recorded in [`table`], and nowhere else.

pub mod table;
mod truth;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::cargo::binary;

/// The recorded pages.
pub struct Samples {
    root: PathBuf,
}

/// One recorded page and what stands in it.
pub struct Sample {
    /// Path relative to the folder, such as `tiktok/profile/….html`.
    pub file: String,
    /// The values; null for a page that has none.
    pub truth: Value,
}

/// What `creator-audit parse` reads in a body, for nobody in particular.
pub fn read_body(platform: &str, kind: &str, body: &[u8]) -> Value {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file can be made");
    file.write_all(body).expect("it can be written");
    parse(file.path(), platform, kind, None)
}

fn parse(page: &Path, platform: &str, kind: &str, expect: Option<&str>) -> Value {
    let mut command = Command::new(binary());
    command.args(["parse", "--platform", platform, "--kind", kind, "--json"]).arg(page);
    if let Some(expect) = expect {
        command.args(["--expect", expect]);
    }
    let output = command.output().expect("the binary can be run");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {}\n{stderr}", page.display(), output.status);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{}: {e}", page.display()))
}

impl Samples {
    /// The folder, or `None` with a word on stderr.
    pub fn find() -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples");
        if root.join("truth.json").is_file() {
            return Some(Self { root });
        }
        eprintln!("skipped: there are no recorded pages at {}", root.display());
        None
    }

    /// Where a page lies.
    pub fn path(&self, file: &str) -> PathBuf {
        self.root.join(file)
    }

    /// All pages.
    pub fn all(&self) -> Vec<Sample> {
        let text = std::fs::read_to_string(self.path("truth.json")).expect("truth.json can be read");
        let all: Vec<Value> = serde_json::from_str(&text).expect("truth.json is a list");
        let sample = |entry: &Value| {
            let file = entry["file"].as_str().expect("each sample names its file").to_owned();
            Sample { file, truth: entry["truth"].clone() }
        };
        all.iter().map(sample).collect()
    }

    /// What `creator-audit parse` reads in a page, for the one that it is about.
    pub fn read(&self, sample: &Sample) -> Value {
        self.read_for(sample, sample.kind(), sample.expect().as_deref())
    }

    /// What `creator-audit parse` reads in a page, asked for as this kind and for this handle or id.
    pub fn read_for(&self, sample: &Sample, kind: &str, expect: Option<&str>) -> Value {
        parse(&self.path(&sample.file), sample.platform(), kind, expect)
    }

    /// The values that stand in one page.
    pub fn truth(&self, file: &str) -> Value {
        self.sample(file).truth
    }

    /// One page.
    pub fn sample(&self, file: &str) -> Sample {
        let found = self.all().into_iter().find(|sample| sample.file == file);
        found.unwrap_or_else(|| panic!("truth.json does not know {file}"))
    }
}

impl Sample {
    /// The platform, as its folder is named.
    pub fn platform(&self) -> &str {
        self.segment(0)
    }

    /// `profile`, `channel`, `video`, `post`, `watch`, `pin`, `feed`, `rss`, `oembed`, `embed` or `unavailable`.
    pub fn folder(&self) -> &str {
        self.segment(1)
    }

    /// The file's own name.
    pub fn name(&self) -> &str {
        self.segment(2)
    }

    /// What was asked for when the page came: `profile`, `feed`, `post` or `oembed`.
    pub fn kind(&self) -> &'static str {
        let named = |words: &[&str]| words.iter().any(|word| self.name().contains(word));
        match self.folder() {
            "profile" | "channel" => "profile",
            "feed" | "rss" => "feed",
            "oembed" => "oembed",
            "unavailable" if named(&["profile", "not_found", "login"]) => "profile",
            "unavailable" if named(&["item_list"]) => "feed",
            _ => "post",
        }
    }

    /// Whom or what the page is about: as recorded, else as its file is called.
    pub fn expect(&self) -> Option<String> {
        let recorded = |keys: &[&str]| keys.iter().find_map(|key| self.truth[*key].as_str()).map(str::to_owned);
        let named = || self.name().split("_20").next().map(str::to_owned);
        match self.kind() {
            _ if self.folder() == "unavailable" => recorded(&["shortcode", "username"]),
            "post" => recorded(&["shortcode", "_shortcode", "id", "_id"])
                .or_else(named)
                .filter(|_| !self.name().contains("wall")),
            "oembed" => recorded(&["embed_product_id", "media_id"]).or_else(|| {
                let name = named()?;
                let id = if self.platform() == "tiktok" { name.rsplit('_').next()?.to_owned() } else { name };
                Some(id)
            }),
            _ if self.name().starts_with("nasa_page_header") => Some("nasa".to_owned()),
            _ => recorded(&["username"]).or_else(named),
        }
    }

    fn segment(&self, index: usize) -> &str {
        self.file.split('/').nth(index).unwrap_or_else(|| panic!("{} is not platform/folder/name", self.file))
    }
}
