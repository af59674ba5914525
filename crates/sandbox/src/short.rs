//! Short links: codes that lead to a post, and codes that lead astray.
//!
//! A code is its platform's prefix (`ZM` on TikTok, `BA` on Instagram, `pn` on Pinterest) and the post's id in base 62, so it needs no memory.
//! YouTube's short links hold the video's id itself. A code that begins with `dead` leads to the front page, `slow` never answers, `evil` leads off
//! the platform, `login` to the login page, and `via` in front of any code is one redirect more.

use actix_web::HttpResponse;
use actix_web::http::header;
use domain::{Platform, shortcode};

use crate::ask::post_id_of;
use crate::world::World;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const fn prefix(platform: Platform) -> &'static str {
    match platform {
        Platform::Tiktok => "ZM",
        Platform::Instagram => "BA",
        Platform::Pinterest => "pn",
        Platform::Youtube => "",
    }
}

/// The code of a short link to a post; `None` when the id has not the platform's form.
pub fn short_code(platform: Platform, external_id: &str) -> Option<String> {
    if platform == Platform::Youtube {
        return post_id_of(platform, external_id);
    }
    let mut id: u64 = external_id.parse().ok()?;
    let mut digits = Vec::new();
    while id > 0 || digits.is_empty() {
        digits.push(char::from(*DIGITS.get(usize::try_from(id % 62).ok()?)?));
        id /= 62;
    }
    Some(prefix(platform).chars().chain(digits.into_iter().rev()).collect())
}

/// The short link to a post, as an app would share it; `None` when the id has not the platform's form.
pub fn short_link(platform: Platform, external_id: &str) -> Option<String> {
    let code = short_code(platform, external_id)?;
    Some(match platform {
        Platform::Tiktok => format!("https://vm.tiktok.com/{code}/"),
        Platform::Instagram => format!("https://www.instagram.com/share/p/{code}"),
        Platform::Pinterest => format!("https://pin.it/{code}"),
        Platform::Youtube => format!("https://youtu.be/{code}"),
    })
}

/// The post behind a code.
fn post_of(platform: Platform, code: &str) -> Option<String> {
    if platform == Platform::Youtube {
        return post_id_of(platform, code);
    }
    let digits = code.strip_prefix(prefix(platform)).filter(|digits| !digits.is_empty())?;
    let id = digits.bytes().try_fold(0_u64, |id, byte| {
        let digit = DIGITS.iter().position(|digit| *digit == byte)?;
        id.checked_mul(62)?.checked_add(u64::try_from(digit).ok()?)
    })?;
    Some(id.to_string())
}

/// Answers for a short link as its host would.
pub(crate) async fn answer(world: &World, platform: Platform, host: &str, path: &str) -> HttpResponse {
    let code = path.rsplit('/').next().unwrap_or("");
    let site = format!("https://www.{platform}.com");
    if code.starts_with("slow") {
        // Ends when the client goes away.
        return std::future::pending().await;
    }
    if code.starts_with("evil") {
        return moved("https://elsewhere.invalid/a-page-of-another-site");
    }
    if code.starts_with("login") {
        let login = match platform {
            Platform::Instagram => "/accounts/login/?next=%2F",
            Platform::Tiktok | Platform::Youtube | Platform::Pinterest => "/login?redirect_url=%2F",
        };
        return moved(&format!("{site}{login}"));
    }
    if let Some(next) = code.strip_prefix("via") {
        let folder = path.strip_suffix(code).unwrap_or("");
        return moved(&format!("https://{host}/{folder}{next}/"));
    }
    match (post_of(platform, code), platform) {
        (Some(id), Platform::Tiktok) => {
            moved(&format!("{site}/@{}/video/{id}?_r=1&_t={code}", world.author_handle(platform, &id)))
        }
        (Some(id), Platform::Instagram) => {
            let kind = if path.contains("reel/") { "reel" } else { "p" };
            moved(&format!("{site}/{kind}/{}/?igsh={code}", shortcode::from_media_id(id.parse().unwrap_or(0))))
        }
        (Some(id), Platform::Youtube) => moved(&format!("{site}/watch?v={id}&feature=youtu.be")),
        (Some(id), Platform::Pinterest) => moved(&format!("{site}/pin/{id}/?invite_code={code}")),
        (None, Platform::Tiktok) => moved(&format!("{site}/?_r=1")),
        (None, Platform::Instagram | Platform::Youtube | Platform::Pinterest) => moved(&format!("{site}/")),
    }
}

fn moved(location: &str) -> HttpResponse {
    HttpResponse::MovedPermanently().insert_header((header::LOCATION, location)).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_holds_its_post() {
        for (platform, id) in [
            (Platform::Tiktok, "7571863205253778710"),
            (Platform::Instagram, "2555323354817229568"),
            (Platform::Pinterest, "106890191127977979"),
            (Platform::Youtube, "Elewn679CZI"),
        ] {
            let code = short_code(platform, id).unwrap();
            assert_eq!(post_of(platform, &code).as_deref(), Some(id));
        }
        for code in ["dead1", "", "ZM", "ZM!"] {
            assert_eq!(post_of(Platform::Tiktok, code), None);
        }
    }
}
