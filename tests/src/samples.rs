//! The folder of recorded pages beside the workspace, and the values that stand in them. It is not part of the project: suites that
//! need it are skipped, and say so, where it is absent.

use std::path::{Path, PathBuf};

use serde_json::Value;

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

    /// The pages of the platforms that are tracked.
    pub fn tracked(&self) -> Vec<Sample> {
        let text = std::fs::read_to_string(self.path("truth.json")).expect("truth.json can be read");
        let all: Vec<Value> = serde_json::from_str(&text).expect("truth.json is a list");
        let sample = |entry: &Value| {
            let file = entry["file"].as_str().expect("each sample names its file").to_owned();
            Sample { file, truth: entry["truth"].clone() }
        };
        let tracked = |sample: &Sample| matches!(sample.platform(), "instagram" | "tiktok");
        all.iter().map(sample).filter(tracked).collect()
    }

    /// The values that stand in one page.
    pub fn truth(&self, file: &str) -> Value {
        let found = self.tracked().into_iter().find(|sample| sample.file == file);
        found.unwrap_or_else(|| panic!("truth.json does not know {file}")).truth
    }
}

impl Sample {
    /// The platform, as its folder is named.
    pub fn platform(&self) -> &str {
        self.segment(0)
    }

    /// `profile`, `video`, `post`, `feed`, `oembed`, `embed` or `unavailable`.
    pub fn folder(&self) -> &str {
        self.segment(1)
    }

    /// The file's own name.
    pub fn name(&self) -> &str {
        self.segment(2)
    }

    fn segment(&self, index: usize) -> &str {
        self.file.split('/').nth(index).unwrap_or_else(|| panic!("{} is not platform/folder/name", self.file))
    }
}
