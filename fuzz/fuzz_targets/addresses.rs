//! Text in place of a handle's or a post's address, on every platform.
#![no_main]

use domain::{Handle, Platform, PostRef};

libfuzzer_sys::fuzz_target!(|text: &str| {
    for platform in Platform::ALL {
        if let Ok(handle) = Handle::parse(platform, text) {
            let again = Handle::parse(platform, handle.as_str());
            assert_eq!(again.as_ref(), Ok(&handle), "{platform}: a handle is not its own handle");
            assert!(handle.as_str().len() <= 200 && !handle.as_str().chars().any(char::is_control), "{platform}: {handle:?}");
        }
        if let Ok(post) = PostRef::parse(platform, text) {
            assert_eq!(post.platform, platform);
            assert!(!post.external_id.is_empty() && post.external_id.len() <= 24, "{platform}: {post:?}");
            assert!(post.external_id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{platform}: {post:?}");
            // Of Instagram's first posts the ids are as short as shortcodes, and read as such.
            if platform != Platform::Instagram || post.external_id.len() > 11 {
                let again = PostRef::parse(platform, &post.external_id).map(|again| again.external_id);
                assert_eq!(again.as_ref(), Ok(&post.external_id), "{platform}: an id is not its own id");
                let by_url = PostRef::parse(platform, &post.url()).map(|again| again.external_id);
                assert_eq!(by_url.as_ref(), Ok(&post.external_id), "{platform}: {} leads elsewhere", post.url());
            }
        }
    }
});
