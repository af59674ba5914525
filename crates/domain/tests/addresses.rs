//! Properties of addresses: every form of one thing is that thing, on its own platform, and nothing else anywhere.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use domain::{Handle, Platform, PostRef, shortcode};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::FileFailurePersistence;

/// A way of writing one post or one profile, and what every way of writing it must lead to.
#[derive(Clone, Debug)]
struct Form {
    platform: Platform,
    text: String,
    is_address: bool,
    expected: String,
}

/// What is added to an address and changes nothing.
#[derive(Clone, Debug)]
struct Noise {
    scheme: &'static str,
    upper_host: bool,
    port: &'static str,
    slash: &'static str,
    parameters: String,
    fragment: &'static str,
}

fn noise() -> impl Strategy<Value = Noise> {
    let parameter = prop_oneof![
        "(igsh|igshid|utm_source|hl|img_index|lang|_t|_r|is_from_webapp|si|t|feature|list|mt|invite_code)=[A-Za-z0-9_%=-]{0,12}",
        "[a-z]{2,6}=https://[a-z]{3,8}\\.example/[a-z@]{0,6}",
        "[A-Z]{1,4}",
    ];
    (
        select(vec!["https://", "http://", "HTTPS://", "", "//"]),
        any::<bool>(),
        select(vec!["", ":443"]),
        select(vec!["", "/"]),
        proptest::collection::vec(parameter, 0..4),
        select(vec!["", "#top/1?x"]),
    )
        .prop_map(|(scheme, upper_host, port, slash, parameters, fragment)| Noise {
            scheme,
            upper_host,
            port,
            slash,
            parameters: parameters.join("&"),
            fragment,
        })
}

impl Noise {
    /// Writes the address of `path`, which may have a query that belongs to it.
    fn around(&self, host: &str, path: &str) -> String {
        let host = if self.upper_host { host.to_uppercase() } else { host.to_owned() };
        let (path, query) = path.split_once('?').map_or((path, ""), |(path, query)| (path, query));
        let query = [query, &self.parameters].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("&");
        let query = if query.is_empty() { query } else { format!("?{query}") };
        let Self { scheme, port, slash, fragment, .. } = self;
        format!("{scheme}{host}{port}{path}{slash}{query}{fragment}")
    }
}

const PINTERESTS: [&str; 7] = [
    "pinterest.com",
    "www.pinterest.com",
    "www.pinterest.co.uk",
    "pinterest.de",
    "fr.pinterest.com",
    "br.pinterest.com",
    "www.pinterest.com.au",
];

/// A platform's posts, by id, each in one of its forms: the hosts, and the path or the bare text in which `{}` is the code.
fn post() -> impl Strategy<Value = Form> {
    let tiktok =
        (100_000_u64..10_000_000_000_000_000_000).prop_map(|id| (Platform::Tiktok, id.to_string(), id.to_string()));
    let instagram =
        (100_000_000_u64..=u64::MAX).prop_map(|id| (Platform::Instagram, id.to_string(), shortcode::from_media_id(id)));
    let youtube = "[A-Za-z0-9_-]{10}[AEIMQUYcgkosw048]"
        .prop_filter("a word of the player's", |id| id != "videoseries")
        .prop_map(|id| (Platform::Youtube, id.clone(), id));
    let pinterest = (1_u64..=u64::MAX).prop_map(|id| (Platform::Pinterest, id.to_string(), id.to_string()));
    let code = prop_oneof![tiktok, instagram, youtube, pinterest];
    let author = "[A-Za-z0-9_]{3,20}x";
    (code, author, "[a-z]{1,8}(-{1,2}[a-z]{1,8}){0,3}", "[A-Za-z0-9_-]{28}", noise(), any::<prop::sample::Index>())
        .prop_map(|((platform, id, code), author, slug, pass, noise, pick)| {
            let mut bare = vec![id.clone()];
            let forms: Vec<(&[&str], String)> = match platform {
                Platform::Tiktok => {
                    let hosts: &[&str] = &["tiktok.com", "www.tiktok.com", "m.tiktok.com"];
                    let shares: &[&str] = &["www.tiktok.com", "tiktokv.com", "www.tiktokv.com", "m.tiktokv.com"];
                    vec![
                        (hosts, format!("/@{author}/video/{code}")),
                        (hosts, format!("/@{author}/photo/{code}")),
                        (hosts, format!("/%40{author}/video/{code}")),
                        (hosts, format!("/@/video/{code}")),
                        (hosts, format!("/v/{code}.html")),
                        (hosts, format!("/embed/{code}")),
                        (hosts, format!("/embed/v2/{code}")),
                        (shares, format!("/share/video/{code}")),
                        (shares, format!("/share/item/{code}")),
                    ]
                }
                Platform::Instagram => {
                    bare.push(code.clone());
                    bare.push(format!("{code}{pass}"));
                    bare.push(format!("{id}_787132"));
                    // Short numbers are read as shortcodes.
                    bare.retain(|text| *text != id || id.len() > 11);
                    bare.retain(|text| !text.contains(&format!("{id}_")) || id.len() > 11);
                    let hosts: &[&str] = &["instagram.com", "www.instagram.com", "m.instagram.com", "instagr.am"];
                    let kinds = ["p", "reel", "reels", "tv"].into_iter();
                    kinds
                        .flat_map(|kind| {
                            [
                                (hosts, format!("/{kind}/{code}")),
                                (hosts, format!("/{kind}/{code}{pass}")),
                                (hosts, format!("/{author}/{kind}/{code}")),
                                (hosts, format!("/{kind}/{code}/embed")),
                                (hosts, format!("/{kind}/{code}/embed/captioned")),
                            ]
                        })
                        .collect()
                }
                Platform::Youtube => {
                    let hosts: &[&str] = &["youtube.com", "www.youtube.com", "m.youtube.com", "music.youtube.com"];
                    let embeds: &[&str] = &["www.youtube-nocookie.com", "youtube-nocookie.com", "www.youtube.com"];
                    vec![
                        (hosts, format!("/watch?v={code}")),
                        (hosts, format!("/watch?app=desktop&v={code}")),
                        (&["youtu.be"], format!("/{code}")),
                        (hosts, format!("/shorts/{code}")),
                        (hosts, format!("/live/{code}")),
                        (hosts, format!("/v/{code}")),
                        (embeds, format!("/embed/{code}")),
                    ]
                }
                Platform::Pinterest => vec![
                    (&PINTERESTS, format!("/pin/{code}")),
                    (&PINTERESTS, format!("/pin/{slug}--{code}")),
                    (&PINTERESTS, format!("/pin/{code}/sent")),
                ],
            };
            written(platform, id, &bare, &forms, &noise, pick)
        })
}

/// A platform's profiles, each in one of its forms.
fn profile() -> impl Strategy<Value = Form> {
    let name = prop_oneof![
        // The letter at the end keeps it apart from the platforms' own words.
        "[A-Za-z0-9_]{3,20}x".prop_map(|name| (Platform::Tiktok, name)),
        "[A-Za-z0-9_.]{3,20}x".prop_map(|name| (Platform::Instagram, name)),
        "[A-Za-z0-9_]{3,20}x".prop_map(|name| (Platform::Pinterest, name)),
        "[A-Za-z0-9_.·-]{3,20}[xäЖあ]".prop_map(|name| (Platform::Youtube, name)),
        "UC[A-Za-z0-9_-]{22}".prop_map(|name| (Platform::Youtube, name)),
        "(c|user)/[A-Za-z0-9]{1,20}x".prop_map(|name| (Platform::Youtube, name)),
    ];
    (name, noise(), any::<prop::sample::Index>()).prop_map(|((platform, name), noise, pick)| {
        let id = name.starts_with("UC") && name.len() == 24;
        let folded = if id { name.clone() } else { name.to_lowercase() };
        let mut bare = vec![name.clone()];
        let forms: Vec<(&[&str], String)> = match platform {
            Platform::Tiktok => {
                bare.push(format!("@{name}"));
                let hosts: &[&str] = &["tiktok.com", "www.tiktok.com", "m.tiktok.com"];
                vec![(hosts, format!("/@{name}")), (hosts, format!("/%40{name}")), (hosts, format!("/embed/@{name}"))]
            }
            Platform::Instagram => {
                bare.push(format!("@{name}"));
                let hosts: &[&str] = &["instagram.com", "www.instagram.com", "m.instagram.com", "instagr.am"];
                ["", "/reels", "/tagged", "/embed"].map(|tab| (hosts, format!("/{name}{tab}"))).to_vec()
            }
            Platform::Pinterest => {
                bare.push(format!("@{name}"));
                ["", "/_saved", "/_created", "/pins"].map(|tab| (&PINTERESTS[..], format!("/{name}{tab}"))).to_vec()
            }
            Platform::Youtube => {
                let hosts: &[&str] = &["youtube.com", "www.youtube.com", "m.youtube.com", "music.youtube.com"];
                let page = match &name {
                    id if id.starts_with("UC") && id.len() == 24 => format!("/channel/{id}"),
                    old if old.contains('/') => format!("/{old}"),
                    handle => {
                        bare.push(format!("@{handle}"));
                        format!("/@{handle}")
                    }
                };
                let tabs = ["", "/videos", "/shorts", "/about", "/featured", "/streams", "/community"];
                tabs.map(|tab| (hosts, format!("{page}{tab}"))).to_vec()
            }
        };
        written(platform, folded, &bare, &forms, &noise, pick)
    })
}

/// Picks one form, and puts the noise around it when it is an address.
fn written(
    platform: Platform,
    expected: String,
    bare: &[String],
    forms: &[(&[&str], String)],
    noise: &Noise,
    pick: prop::sample::Index,
) -> Form {
    let hosts: usize = forms.iter().map(|(hosts, _)| hosts.len()).sum();
    let at = pick.index(bare.len() + hosts);
    if let Some(text) = bare.get(at) {
        return Form { platform, text: format!(" {text}\n"), is_address: false, expected };
    }
    let mut addresses = forms.iter().flat_map(|(hosts, path)| hosts.iter().map(move |host| (host, path)));
    let (host, path) = addresses.nth(at - bare.len()).unwrap();
    Form { platform, text: noise.around(host, path), is_address: true, expected }
}

fn others(platform: Platform) -> impl Iterator<Item = Platform> {
    Platform::ALL.into_iter().filter(move |other| *other != platform)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases * 8,
        // What fails is written down as a test of its own.
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_form_of_a_post_is_that_post_and_nothing_else(form in post()) {
        let read = PostRef::parse(form.platform, &form.text);
        prop_assert_eq!(read.as_ref().map(|post| post.external_id.clone()), Ok(form.expected), "{}", form.text);
        let canonical = read.unwrap().url();
        let again = PostRef::parse(form.platform, &canonical).map(|post| post.url());
        prop_assert_eq!(again.as_ref(), Ok(&canonical));
        if form.is_address {
            prop_assert!(Handle::parse(form.platform, &form.text).is_err(), "{}", form.text);
            for other in others(form.platform) {
                prop_assert!(PostRef::parse(other, &form.text).is_err(), "{other}: {}", form.text);
                prop_assert!(Handle::parse(other, &form.text).is_err(), "{other}: {}", form.text);
            }
        }
    }

    #[test]
    fn every_form_of_a_profile_is_that_profile_and_nothing_else(form in profile()) {
        let read = Handle::parse(form.platform, &form.text);
        prop_assert_eq!(read.as_ref().map(Handle::as_str), Ok(form.expected.as_str()), "{}", form.text);
        let handle = read.unwrap();
        prop_assert_eq!(Handle::parse(form.platform, handle.as_str()), Ok(handle.clone()));
        prop_assert_eq!(Handle::parse(form.platform, &handle.url(form.platform)), Ok(handle.clone()));
        if form.is_address {
            prop_assert!(PostRef::parse(form.platform, &form.text).is_err(), "{}", form.text);
            for other in others(form.platform) {
                prop_assert!(PostRef::parse(other, &form.text).is_err(), "{other}: {}", form.text);
                prop_assert!(Handle::parse(other, &form.text).is_err(), "{other}: {}", form.text);
            }
        }
    }

    #[test]
    fn a_form_is_refused_on_another_host(form in prop_oneof![post(), profile()], host in "[a-z]{1,8}\\.(com|example|be|it)") {
        prop_assume!(form.is_address);
        let path = form.text.split_once("//").map_or(form.text.as_str(), |(_, rest)| rest);
        let path = path.split_once('/').map_or("", |(_, path)| path);
        for text in [format!("https://{host}/{path}"), format!("https://x@{}", form.text.trim_start_matches('/'))] {
            for platform in Platform::ALL {
                prop_assert!(PostRef::parse(platform, &text).is_err(), "{platform}: {text}");
                prop_assert!(Handle::parse(platform, &text).is_err(), "{platform}: {text}");
            }
        }
    }

    #[test]
    fn shortcodes_and_ids_convert_both_ways(id in any::<u64>()) {
        let code = shortcode::from_media_id(id);
        prop_assert!(code.len() <= 11);
        prop_assert_eq!(shortcode::to_media_id(&code), Some(id));
    }

    #[test]
    fn any_text_is_read_or_refused_and_what_is_read_stays_what_it_is(
        text in prop_oneof![
            "\\PC*",
            any::<String>(),
            "(https?://)?(www\\.|m\\.)?(tiktok|tiktokv|instagram|youtube|pinterest)\\.com[/@%a-zA-Z0-9_.?=&#:-]{0,40}",
            "(https?://)?(youtu\\.be|pin\\.it|instagr\\.am|vm\\.tiktok\\.com)/\\PC{0,20}",
            "(c|user)/\\PC{0,20}",
            "@?\\PC{1,30}",
        ]
    ) {
        for platform in Platform::ALL {
            if let Ok(handle) = Handle::parse(platform, &text) {
                prop_assert_eq!(Handle::parse(platform, handle.as_str()), Ok(handle.clone()));
                prop_assert_eq!(Handle::parse(platform, &handle.url(platform)), Ok(handle.clone()));
            }
            if let Ok(post) = PostRef::parse(platform, &text) {
                let again = PostRef::parse(platform, &post.external_id).map(|post| post.external_id);
                let by_url = PostRef::parse(platform, &post.url()).map(|post| post.external_id);
                // A short number of Instagram's is read as a shortcode, so its id alone does not lead back.
                if platform != Platform::Instagram || post.external_id.len() > 11 {
                    prop_assert_eq!(again.as_ref(), Ok(&post.external_id));
                }
                prop_assert_eq!(by_url, Ok(post.external_id), "{}", text);
            }
        }
    }
}
