use std::collections::BTreeSet;

use super::*;

const START: Timestamp = Timestamp::from_millis(1_780_000_000_000);

fn unread(detail: &str) -> Observation {
    Observation::failed(Outcome::ParseError, detail)
}

fn has_ending(name: &str, ending: &str) -> bool {
    Path::new(name).extension().is_some_and(|found| found == ending)
}

struct World {
    folder: tempfile::TempDir,
    pages: KeptPages,
}

fn world(max_pages: usize, max_bytes: u64) -> World {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("made/when/needed");
    World { pages: KeptPages::open(Some(KeptPagesConfig { dir, max_pages, max_bytes })), folder }
}

fn page(body: &[u8]) -> UnreadPage {
    UnreadPage {
        url: "https://www.tiktok.com/@nasa".to_owned(),
        kind: PageKind::Profile,
        expect: "nasa".to_owned(),
        http_status: Some(200),
        redirected_to: Some("/@nasa.official".to_owned()),
        body: body.to_vec(),
    }
}

impl World {
    async fn keep(&self, body: &[u8], detail: &str, minute: u64) {
        let now = START.plus(Duration::from_mins(minute));
        self.pages.keep(page(body), Platform::Tiktok, None, &unread(detail), now).await;
    }

    fn dir(&self) -> PathBuf {
        self.folder.path().join("made/when/needed")
    }

    fn names(&self) -> BTreeSet<String> {
        let entries = std::fs::read_dir(self.dir()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// What the kept pages say, the oldest first.
    fn bodies(&self) -> Vec<String> {
        let pages = self.names().into_iter().filter(|name| has_ending(name, "html"));
        pages.map(|name| std::fs::read_to_string(self.dir().join(name)).unwrap()).collect()
    }
}

#[tokio::test]
async fn a_page_is_kept_with_what_is_known_about_it() {
    let world = world(5, 10_000);
    let run_id = Some(RunId::new());
    let seen = Observation::failed(Outcome::ParseError, "no count");
    world.pages.keep(page(b"<html>"), Platform::Tiktok, run_id, &seen, START).await;
    let names: Vec<_> = world.names().into_iter().collect();
    let [html, sidecar] = names.as_slice() else { panic!("{names:?}") };
    assert!(html.starts_with("1780000000000-tiktok-profile-") && has_ending(html, "html"), "{html}");
    assert!(has_ending(sidecar, "json"));
    let known = Sidecar::beside(&world.dir().join(html)).unwrap().unwrap();
    let Sidecar { platform, kind, expect, http_status, redirected_to, url, fetched_at, run_id: run, outcome, detail } =
        known;
    assert_eq!(outcome, Outcome::ParseError);
    assert_eq!(
        (platform, kind, expect.as_str(), http_status),
        (Platform::Tiktok, PageKind::Profile, "nasa", Some(200))
    );
    assert_eq!(redirected_to.as_deref(), Some("/@nasa.official"));
    assert_eq!((url.as_str(), fetched_at), ("https://www.tiktok.com/@nasa", START));
    assert_eq!((run, detail.as_deref()), (run_id, Some("no count")));
    assert_eq!(world.bodies(), ["<html>"]);
}

#[tokio::test]
async fn the_same_trouble_is_kept_once_in_ten_minutes() {
    let world = world(50, 100_000);
    world.keep(b"first", "no count", 0).await;
    world.keep(b"again", "no count", 9).await;
    world.keep(b"other", "no name", 9).await;
    world.keep(b"later", "no count", 11).await;
    assert_eq!(world.bodies(), ["first", "other", "later"]);
    // A process that starts anew knows too.
    let config = KeptPagesConfig { dir: world.dir(), max_pages: 50, max_bytes: 100_000 };
    let now = START.plus(Duration::from_mins(12));
    KeptPages::open(Some(config)).keep(page(b"anew"), Platform::Tiktok, None, &unread("no count"), now).await;
    assert_eq!(world.bodies().len(), 3);
}

#[tokio::test]
async fn the_oldest_page_makes_room_when_there_are_too_many() {
    let world = world(2, 100_000);
    for (minute, body) in [(0, "a"), (20, "b"), (40, "c")] {
        world.keep(body.as_bytes(), "no count", minute).await;
    }
    assert_eq!(world.bodies(), ["b", "c"]);
    assert_eq!(world.names().len(), 4, "sidecars go with their pages");
}

#[tokio::test]
async fn the_folder_takes_no_more_of_the_disk_than_it_may() {
    let world = world(50, 5000);
    for minute in [0, 20, 40] {
        world.keep(&[b'a'; 2000], "no count", minute).await;
    }
    assert_eq!(world.bodies().len(), 2);
    world.keep(&[b'b'; 6000], "too long for the folder", 60).await;
    assert_eq!(world.bodies().len(), 2);
    let bytes: u64 = world.names().iter().map(|name| world.dir().join(name).metadata().unwrap().len()).sum();
    assert!((4000..=5000).contains(&bytes), "{bytes}");
}

#[tokio::test]
async fn what_others_put_into_the_folder_is_left_alone_and_leftovers_go() {
    let world = world(1, 100_000);
    world.keep(b"first", "no count", 0).await;
    let theirs = ["notes.html", "1780000000000-myspace-profile-0a1b2c3d.html", "archive.tmp"];
    let leftover = "1780000000000-tiktok-post-0a1b2c3d.html.tmp";
    for name in theirs.into_iter().chain([leftover]) {
        std::fs::write(world.dir().join(name), "x").unwrap();
    }
    world.keep(b"second", "no count", 20).await;
    let names = world.names();
    assert!(theirs.iter().all(|name| names.contains(*name)) && !names.contains(leftover), "{names:?}");
    assert_eq!(names.len(), theirs.len() + 2);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a-file");
    std::fs::write(&file, "in the way").unwrap();
    let config = KeptPagesConfig { dir: file.join("below"), max_pages: 5, max_bytes: 1000 };
    for pages in [KeptPages::open(Some(config)), KeptPages::open(None)] {
        pages.keep(page(b"x"), Platform::Tiktok, None, &unread("no count"), START).await;
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "in the way");
}

#[tokio::test]
async fn what_looks_like_a_refusal_is_kept_once_a_day_and_does_not_push_out_the_rest() {
    let world = world(5, 10_000);
    let shell = Observation::failed(Outcome::Blocked, "a page without its data block");
    for hour in 0..30 {
        let now = START.plus(Duration::from_hours(hour));
        world.pages.keep(page(b"shell"), Platform::Tiktok, None, &shell, now).await;
    }
    assert_eq!(world.bodies(), ["shell", "shell"]);
}
