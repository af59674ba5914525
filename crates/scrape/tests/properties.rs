//! What holds of good pages to which anything was done: every reading says what stands in the page, or that it could not be read.
//!
//! The pages are small ones of every shape, written in `properties/good.rs`, and recorded ones where there are any. The dice fall the same
//! way each time; `PROPTEST_CASES` rolls them more often, and the fuzz targets never stop.

#[cfg(test)]
mod adversaries;
#[cfg(test)]
mod invariants;

#[cfg(test)]
mod properties {
    #[path = "damage.rs"]
    mod damage;
    #[path = "good.rs"]
    mod good;

    use std::time::{Duration, Instant};

    use domain::{Outcome, Platform};
    use proptest::collection::vec;
    use proptest::prelude::any;
    use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
    use scrape::{Page, PageKind, parse};

    use self::damage::{Deed, damaged};
    use self::good::Good;
    use super::{adversaries, invariants};

    fn runner(cases: u32) -> TestRunner {
        let asked_for = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
        let config = Config { cases: asked_for.unwrap_or(cases), failure_persistence: None, ..Config::default() };
        TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
    }

    fn page<'a>(good: &'a Good, body: &'a [u8]) -> Page<'a> {
        Page {
            platform: good.platform,
            kind: good.kind,
            expect: Some(&good.expect),
            http_status: Some(200),
            redirected_to: None,
            body,
        }
    }

    /// What is wrong with a reading of `body` for the one that the page was about before.
    fn wrong(good: &Good, body: &[u8]) -> Option<String> {
        let asked = page(good, body);
        let seen = parse(&asked);
        let is_good = matches!(seen.outcome, Outcome::Ok | Outcome::Empty);
        if is_good && good.kind != PageKind::Feed && !stands_in(good, body) {
            return Some(format!("{} was taken for {}, who does not stand in it: {seen:#?}", good.name, good.expect));
        }
        invariants::broken(&asked, &seen).or_else(|| invariants::broken_by_anybody(&Page { expect: None, ..asked }))
    }

    fn stands_in(good: &Good, body: &[u8]) -> bool {
        let text = String::from_utf8_lossy(body).to_ascii_lowercase();
        // A post of Instagram's stands there by its id or by its shortcode, which are two ways of writing one number.
        let shortcode = good.expect.parse().ok().map(domain::shortcode::from_media_id);
        let id = domain::shortcode::to_media_id(&good.expect).map(|id| id.to_string());
        let names = [Some(good.expect.clone()), shortcode, id];
        names.into_iter().flatten().any(|name| text.contains(&name.to_ascii_lowercase()))
    }

    fn survive(pages: &[Good], cases: u32) {
        assert!(!pages.is_empty());
        let deeds = vec((any::<u8>(), any::<u32>(), any::<u32>()), 1..6);
        let ran = runner(cases).run(&(any::<u32>(), any::<u32>(), deeds), |(which, other, deeds)| {
            let pick = |dice: u32| &pages[usize::try_from(dice).unwrap() % pages.len()];
            let (good, other) = (pick(which), pick(other));
            let deeds: Vec<_> = deeds.into_iter().map(|(kind, a, b)| Deed::of(kind, a, b)).collect();
            let body = damaged(good, other, &deeds);
            match wrong(good, &body) {
                None => Ok(()),
                Some(why) => {
                    let shown = String::from_utf8_lossy(&body[..body.len().min(4_000)]).into_owned();
                    Err(TestCaseError::fail(format!("{}, {deeds:?}: {why}\n{shown}", good.name)))
                }
            }
        });
        ran.unwrap_or_else(|why| panic!("{why}"));
    }

    #[test]
    fn every_good_page_is_ok_before_anything_is_done_to_it() {
        for good in good::written() {
            let body = good.body();
            let seen = parse(&page(&good, &body));
            assert_eq!(seen.outcome, Outcome::Ok, "{}: {seen:#?}", good.name);
            let known = invariants::readings(&seen).iter().filter(|(_, reading)| reading.value().is_some()).count();
            assert!(known >= good.counts, "{}: only {known} counts: {seen:#?}", good.name);
            assert_eq!(wrong(&good, &body), None);
        }
    }

    #[test]
    fn a_damaged_page_says_what_stands_in_it_or_nothing() {
        survive(&good::written(), 3_000);
    }

    #[test]
    fn a_damaged_recorded_page_says_what_stands_in_it_or_nothing() {
        let recorded = good::recorded();
        if recorded.is_empty() {
            eprintln!("skipped: there are no recorded pages");
            return;
        }
        survive(&recorded, 250);
    }

    #[test]
    fn what_is_missing_is_never_taken_for_gone_nor_for_an_empty_list() {
        let mut dropped = 0;
        for good in good::written() {
            for member in 0..damage::members(&good.block) {
                let mut block = good.block.clone();
                let name = damage::drop_member(&mut block, member);
                let body = good.around(&block.to_string());
                let seen = parse(&page(&good, &body));
                let is_said = matches!(seen.outcome, Outcome::Empty | Outcome::NotFound | Outcome::Removed);
                assert!(!is_said, "{} without {name}: {seen:#?}", good.name);
                assert_eq!(wrong(&good, &body), None, "{} without {name}", good.name);
                dropped += 1;
            }
        }
        assert!(dropped > 300, "only {dropped} members were dropped");
    }

    #[test]
    fn a_page_that_was_cut_off_is_never_taken_for_gone_nor_for_an_empty_list() {
        for good in good::written() {
            let body = good.body();
            for end in 0..body.len() {
                let seen = parse(&page(&good, &body[..end]));
                let is_said = matches!(seen.outcome, Outcome::Empty | Outcome::NotFound | Outcome::Removed);
                assert!(!is_said, "{} up to {end}: {seen:#?}", good.name);
            }
        }
    }

    #[test]
    fn a_page_without_its_data_block_is_neither_read_nor_taken_for_gone() {
        for good in good::written().into_iter().chain(good::recorded()).filter(|good| good.is_essential) {
            let without = ["", "{}", "null", "[]", "{\"", "\u{0}"].map(|block| good.around(block));
            let shell = b"<!DOCTYPE html><html><head><title>x</title></head><body></body></html>".to_vec();
            for body in without.into_iter().chain([shell, Vec::new()]) {
                for http_status in [None, Some(200), Some(403), Some(404), Some(500)] {
                    // Where a status is the platform's own word: an oEmbed answer's, and that of Pinterest's application.
                    let is_word = good.kind == PageKind::Oembed || good.platform == Platform::Pinterest;
                    if is_word && http_status == Some(404) {
                        continue;
                    }
                    let seen = parse(&Page { http_status, ..page(&good, &body) });
                    let is_said =
                        matches!(seen.outcome, Outcome::Ok | Outcome::Empty | Outcome::NotFound | Outcome::Removed);
                    assert!(!is_said, "{} {http_status:?}: {seen:#?}", good.name);
                    assert!(seen.profile.is_none() && seen.posts.is_empty(), "{}: {seen:#?}", good.name);
                }
            }
        }
    }

    #[test]
    fn a_recorded_page_of_any_length_breaks_no_rule_whole_or_cut_off() {
        let folder = good::folder();
        for (platform, kind, file) in good::recorded_files() {
            let body = std::fs::read(folder.join(&file)).unwrap();
            let of = |body| Page { platform, kind, expect: None, http_status: Some(200), redirected_to: None, body };
            assert_eq!(invariants::broken_by_anybody(&of(&body)), None, "{file}");
            for eighth in 1..8 {
                let page = of(&body[..body.len() * eighth / 8]);
                let seen = parse(&page);
                assert_eq!(invariants::broken(&page, &seen), None, "{file}, {eighth} eighths");
                let is_said = matches!(seen.outcome, Outcome::Empty | Outcome::NotFound | Outcome::Removed);
                // Of a page this short the word may stand at its beginning.
                assert!(!is_said || file.contains("unavailable"), "{file}, {eighth} eighths: {seen:#?}");
            }
        }
    }

    fn takes_time_in_line_with_its_length(platform: Platform) {
        const SHORT: usize = 32 * 1024;
        const KINDS: [PageKind; 3] = [PageKind::Profile, PageKind::Feed, PageKind::Post];
        // Four times the length may take twelve times as long, and this much in any case.
        let allowed = |short: Duration| short * 12 + Duration::from_millis(25);
        let took = |kind, body: &str| {
            let start = Instant::now();
            std::hint::black_box(parse(&Page {
                platform,
                kind,
                expect: Some("a"),
                http_status: Some(200),
                redirected_to: None,
                body: body.as_bytes(),
            }));
            start.elapsed()
        };
        for (name, adversary) in adversaries::ALL {
            let (short, long) = (adversary(SHORT), adversary(4 * SHORT));
            for kind in KINDS {
                let (mut of_short, mut of_long) = (took(kind, &short), took(kind, &long));
                // A disturbance makes a measurement longer, never shorter.
                for _ in 0..8 {
                    if of_long <= allowed(of_short) {
                        break;
                    }
                    of_long = of_long.min(took(kind, &long));
                    of_short = of_short.min(took(kind, &short));
                }
                assert!(of_long <= allowed(of_short), "{name}, {kind:?}: {of_short:?}, then {of_long:?}");
            }
        }
    }

    #[test]
    fn reading_instagrams_pages_takes_time_in_line_with_their_length() {
        takes_time_in_line_with_its_length(Platform::Instagram);
    }

    #[test]
    fn reading_tiktoks_pages_takes_time_in_line_with_their_length() {
        takes_time_in_line_with_its_length(Platform::Tiktok);
    }

    #[test]
    fn reading_youtubes_pages_takes_time_in_line_with_their_length() {
        takes_time_in_line_with_its_length(Platform::Youtube);
    }

    #[test]
    fn reading_pinterests_pages_takes_time_in_line_with_their_length() {
        takes_time_in_line_with_its_length(Platform::Pinterest);
    }
}
