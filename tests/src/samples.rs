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

/// Profile fields by the names of the recorded values; `meta.` values come from a page's description.
pub const PROFILE_FIELDS: [(&str, &str); 10] = [
    ("id", "platform_account_id"),
    ("username", "username"),
    ("followers", "follower_count"),
    ("following", "following_count"),
    ("posts", "profile_post_count"),
    ("verified", "is_verified"),
    ("private", "is_private"),
    ("meta.followers", "follower_count"),
    ("meta.following", "following_count"),
    ("meta.posts", "profile_post_count"),
];

/// Post fields by the names of the recorded values.
pub const POST_FIELDS: [(&str, &str); 11] = [
    ("id", "external_id"),
    ("shortcode", "shortcode"),
    ("views", "view_count"),
    ("likes", "like_count"),
    ("comments", "comment_count"),
    ("shares", "share_count"),
    ("plays", "play_count"),
    ("saves", "saved_count"),
    ("duration", "duration"),
    ("meta.likes", "like_count"),
    ("meta.comments", "comment_count"),
];

/// Notes each recorded value that was not read. Returns how many were compared.
pub fn compare(truth: &Value, read: &Value, fields: &[(&str, &str)], name: &str, wrong: &mut Vec<String>) -> usize {
    let mut compared = 0;
    for (recorded, field) in fields {
        let Some(value) = truth.get(recorded) else { continue };
        let own = &read[field];
        let same = match (value.as_f64(), own.as_f64()) {
            (Some(a), Some(b)) => (a - b).abs() < 1e-6,
            _ => value == own,
        };
        if !same {
            wrong.push(format!("{name}: {field} is {own}, the page says {value}"));
        }
        compared += 1;
    }
    compared
}
