//! Pages that came and could not be understood, kept on disk for `creator-audit parse` and whoever mends the reader. The folder is bounded
//! in number and bytes, the oldest page going first; files that are not of this module's making are left alone. Keeping is a service to
//! people: when the disk is full or read-only it is said once, and scraping goes on.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{Observation, Outcome, Platform, RunId, Timestamp};
use scrape::{PageKind, UnreadPage};
use serde::{Deserialize, Serialize};
use tracing::{debug, info, warn};
use uuid::Uuid;

/// No two pages of the same platform, kind and detail are kept within this time.
const APART: Duration = Duration::from_mins(10);
/// Likewise for what looks like a refusal: there may be many of them, and they must not push out what could not be understood.
const REFUSALS_APART: Duration = Duration::from_hours(24);

/// The endings of a page and of what is known about it.
const PAGE: &str = "html";
const SIDECAR: &str = "json";
/// The ending of a file that is being written.
const UNFINISHED: &str = "tmp";

/// Where pages are kept, and how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptPagesConfig {
    /// The folder; made when it is first needed.
    pub dir: PathBuf,
    /// Most pages.
    pub max_pages: usize,
    /// Most bytes, sidecars included.
    pub max_bytes: u64,
}

/// The folder of kept pages. Clones are of the same one.
#[derive(Clone, Debug)]
pub struct KeptPages {
    folder: Option<Arc<Folder>>,
}

/// What is known about a kept page: it stands beside the page, under the same name with the ending `json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sidecar {
    /// Whose page it is.
    pub platform: Platform,
    /// What was asked for.
    #[serde(with = "page_kind")]
    pub kind: PageKind,
    /// The handle or id that was asked for.
    pub expect: String,
    /// The status of the answer.
    pub http_status: Option<u16>,
    /// The path that the platform redirected to, where it did.
    pub redirected_to: Option<String>,
    /// The address that was asked, without secrets.
    pub url: String,
    /// When.
    pub fetched_at: Timestamp,
    /// The run that it belongs to; a canary's page belongs to none.
    pub run_id: Option<RunId>,
    /// What it was taken for.
    pub outcome: Outcome,
    /// Why it could not be understood.
    pub detail: Option<String>,
}

impl Sidecar {
    /// What is known about the page at `page`; `None` when nothing stands beside it.
    ///
    /// # Errors
    /// When what stands beside it cannot be read or is something else.
    pub fn beside(page: &Path) -> io::Result<Option<Self>> {
        let path = page.with_extension(SIDECAR);
        if path == page {
            return Ok(None);
        }
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(io::Error::from),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl KeptPages {
    /// Keeps pages as `config` says, or none at all without one. Touches no disk yet.
    pub fn open(config: Option<KeptPagesConfig>) -> Self {
        let folder = |config| Folder { config, writing: Mutex::new(()), has_failed: AtomicBool::new(false) };
        Self { folder: config.map(|config| Arc::new(folder(config))) }
    }

    /// Keeps `page`, unless one like it was kept a moment ago. Failures are logged, the first one as a warning.
    pub async fn keep(
        &self,
        page: UnreadPage,
        platform: Platform,
        run_id: Option<RunId>,
        observation: &Observation,
        now: Timestamp,
    ) {
        let Some(folder) = self.folder.clone() else { return };
        let UnreadPage { url, kind, expect, http_status, redirected_to, body } = page;
        let (outcome, detail) = (observation.outcome, observation.detail.clone());
        let sidecar = Sidecar {
            platform,
            kind,
            expect,
            http_status,
            redirected_to,
            url,
            fetched_at: now,
            run_id,
            outcome,
            detail,
        };
        let written = tokio::task::spawn_blocking(move || (folder.keep(&sidecar, &body), folder)).await;
        match written {
            Ok((Ok(Some(path)), folder)) => {
                folder.has_failed.store(false, Ordering::Relaxed);
                info!(%platform, page = %path.display(), "a page that could not be understood is kept");
            }
            Ok((Ok(None), _)) => {}
            Ok((Err(error), folder)) if !folder.has_failed.swap(true, Ordering::Relaxed) => {
                warn!(%error, folder = %folder.config.dir.display(), "pages cannot be kept");
            }
            Ok((Err(error), _)) => debug!(%error, "a page could not be kept"),
            Err(error) => warn!(%error, "a page could not be kept"),
        }
    }
}

#[derive(Debug)]
struct Folder {
    config: KeptPagesConfig,
    /// One at a time, so that the bounds hold.
    writing: Mutex<()>,
    has_failed: AtomicBool,
}

impl Folder {
    /// Where the page stands now; `None` when it is too much like another or too long.
    fn keep(&self, sidecar: &Sidecar, body: &[u8]) -> io::Result<Option<PathBuf>> {
        let known = serde_json::to_vec_pretty(sidecar)?;
        let bytes = length(body).saturating_add(length(&known));
        if bytes > self.config.max_bytes {
            return Ok(None);
        }
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        std::fs::create_dir_all(&self.config.dir)?;
        let mut kept = self.list(sidecar.fetched_at)?;
        if kept.keys().any(|name| self.is_alike(name, sidecar)) {
            return Ok(None);
        }
        let name = Name::new(sidecar);
        // The page last: whoever finds one finds what is known about it.
        self.write(&name, SIDECAR, &known)?;
        let path = self.write(&name, PAGE, body)?;
        kept.insert(name, bytes);
        self.make_room(kept)?;
        Ok(Some(path))
    }

    /// The kept pages, the oldest first, with their bytes. Half-written files of processes that ended are cleared away.
    fn list(&self, now: Timestamp) -> io::Result<BTreeMap<Name, u64>> {
        let mut kept = BTreeMap::new();
        for entry in std::fs::read_dir(&self.config.dir)? {
            let entry = entry?;
            let path = entry.path();
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            match path.extension().and_then(|ending| ending.to_str()) {
                Some(PAGE | SIDECAR) => {
                    let Some(name) = stem.and_then(Name::parse) else { continue };
                    // Gone since: another process made room.
                    let bytes = entry.metadata().map_or(0, |found| found.len());
                    *kept.entry(name).or_insert(0) += bytes;
                }
                Some(UNFINISHED) => {
                    let name = stem.and_then(|stem| stem.split_once('.')).and_then(|(stem, _)| Name::parse(stem));
                    if name.is_some_and(|name| now.since(name.kept_at) > APART) {
                        remove(&path)?;
                    }
                }
                Some(_) | None => {}
            }
        }
        Ok(kept)
    }

    /// Whether the page of this name is like the one that `sidecar` is about, and of the same hour.
    fn is_alike(&self, name: &Name, sidecar: &Sidecar) -> bool {
        let apart = if sidecar.outcome == Outcome::Blocked { REFUSALS_APART } else { APART };
        sidecar.fetched_at.since(name.kept_at) < apart
            && name.is_about(sidecar.platform, sidecar.kind)
            && Sidecar::beside(&self.path(name, PAGE))
                .is_ok_and(|known| known.is_some_and(|known| known.detail == sidecar.detail))
    }

    /// Writes a file that is there as a whole or not at all.
    fn write(&self, name: &Name, ending: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        let path = self.path(name, ending);
        let unfinished = self.path(name, &format!("{ending}.{UNFINISHED}"));
        let written = std::fs::write(&unfinished, bytes).and_then(|()| std::fs::rename(&unfinished, &path));
        if written.is_err() {
            // What was the matter is told by the first error.
            let _ = std::fs::remove_file(&unfinished);
        }
        written.map(|()| path)
    }

    fn make_room(&self, kept: BTreeMap<Name, u64>) -> io::Result<()> {
        let mut bytes: u64 = kept.values().sum();
        let mut pages = kept.len();
        for (name, size) in kept {
            if pages <= self.config.max_pages && bytes <= self.config.max_bytes {
                break;
            }
            remove(&self.path(&name, PAGE))?;
            remove(&self.path(&name, SIDECAR))?;
            (pages, bytes) = (pages - 1, bytes.saturating_sub(size));
        }
        Ok(())
    }

    fn path(&self, name: &Name, ending: &str) -> PathBuf {
        self.config.dir.join(format!("{}.{ending}", name.text))
    }
}

/// The name of a kept page without its ending, `<millis>-<platform>-<kind>-<short id>`. Names sort by age.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    kept_at: Timestamp,
    text: String,
}

impl Name {
    fn new(sidecar: &Sidecar) -> Self {
        let Sidecar { platform, kind, fetched_at, .. } = sidecar;
        // The end of such an id is random.
        let id = Uuid::now_v7().simple().to_string();
        let short = &id[id.len() - 8..];
        let text = format!("{:013}-{platform}-{}-{short}", fetched_at.as_millis(), page_kind::name(*kind));
        Self { kept_at: *fetched_at, text }
    }

    /// The name that `stem` is; `None` for any other file's.
    fn parse(stem: &str) -> Option<Self> {
        let mut parts = stem.split('-');
        let (millis, platform, kind, id) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_name = parts.next().is_none()
            && millis.len() == 13
            && platform.parse::<Platform>().is_ok()
            && page_kind::named(kind).is_some()
            && id.len() == 8
            && id.bytes().all(|b| b.is_ascii_hexdigit());
        let kept_at = millis.parse().map(Timestamp::from_millis).ok()?;
        is_name.then(|| Self { kept_at, text: stem.to_owned() })
    }

    fn is_about(&self, platform: Platform, kind: PageKind) -> bool {
        let mut parts = self.text.split('-').skip(1);
        parts.next() == Some(platform.as_str()) && parts.next() == Some(page_kind::name(kind))
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// Removes a file, which another process may have done already.
fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// What was asked for, by the name that `creator-audit parse --kind` takes.
mod page_kind {
    use scrape::PageKind;
    use serde::{Deserialize, Deserializer, Serializer};

    const ALL: [PageKind; 4] = [PageKind::Profile, PageKind::Feed, PageKind::Post, PageKind::Oembed];

    pub(super) const fn name(kind: PageKind) -> &'static str {
        match kind {
            PageKind::Profile => "profile",
            PageKind::Feed => "feed",
            PageKind::Post => "post",
            PageKind::Oembed => "oembed",
        }
    }

    pub(super) fn named(text: &str) -> Option<PageKind> {
        ALL.into_iter().find(|kind| name(*kind) == text)
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
    pub(super) fn serialize<S: Serializer>(kind: &PageKind, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(name(*kind))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PageKind, D::Error> {
        let text = String::deserialize(deserializer)?;
        named(&text).ok_or_else(|| serde::de::Error::custom("is no kind of page"))
    }
}

#[cfg(test)]
mod tests;
