//! The handles and posts that stand for a state, on all platforms: what tests and demonstrations ask for by name.
//!
//! Every handle here also works as a prefix: `missing.7` behaves as `missing` does, so a test can have as many of each as it wants. Which
//! signal a state shows is said at [`State`](crate::State).

/// Never existed or banned: TikTok's status 10221, Instagram's error route.
pub const MISSING: &str = "missing";
/// A private account: its counts are shown, its posts are not.
pub const PRIVATE: &str = "private";
/// Exists, but not in this region.
pub const REGION_GATED: &str = "region_gated";
/// Asked too often: TikTok's 429 with `Retry-After: 60`, Instagram's shell page without data.
pub const THROTTLED: &str = "throttled";
/// Guests are sent to the login page.
pub const LOGIN_WALL: &str = "login_wall";
/// A challenge instead of the page: TikTok's firewall page, Instagram's "please wait" with status 401.
/// (The bare word `challenge` is no handle on Instagram.)
pub const CHALLENGED: &str = "challenged";
/// Moved by a redirect to [`RENAMED_NOW`], which has the same platform id. `renamed.7` moves to `renamed.7.now`.
pub const RENAMED: &str = "renamed";
/// What [`RENAMED`] calls itself today. Any handle that ends in `.now` is the same account as the handle without it.
pub const RENAMED_NOW: &str = "renamed.now";
/// What a renamed handle has at its end.
pub const RENAMED_SUFFIX: &str = ".now";
/// Answers rightly, after [`SandboxConfig::slow`](crate::SandboxConfig::slow).
pub const SLOW: &str = "slow";
/// HTTP 500.
pub const BROKEN: &str = "broken";
/// HTTP 200 with bytes that are no page.
pub const GARBAGE: &str = "garbage";
/// HTTP 200 with an empty body.
pub const EMPTY_BODY: &str = "empty_body";
/// An Instagram account that hides the counts of its posts; an ordinary account on TikTok, which cannot hide them.
pub const HIDDEN_LIKES: &str = "hidden_likes";
/// Does not answer until `POST /control/release`; then answers rightly.
pub const HELD: &str = "held";

/// An ordinary account with so many likes that TikTok's 32-bit heart count overflows.
pub const FAMOUS: &str = "famous";
/// An ordinary account that has never posted.
pub const QUIET: &str = "quiet";
/// An ordinary account that posts every four hours.
pub const BUSY: &str = "busy";
/// An ordinary account that is no business or creator account, so that Instagram's official interface does not tell of it.
pub const PERSONAL: &str = "personal";

/// A post that stands for a state, on one platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedPost {
    /// The platform's id of the post, as text.
    pub external_id: &'static str,
    /// Instagram's shortcode of the same post; `None` on TikTok.
    pub shortcode: Option<&'static str>,
}

const fn tiktok(external_id: &'static str) -> NamedPost {
    NamedPost { external_id, shortcode: None }
}

const fn instagram(external_id: &'static str, shortcode: &'static str) -> NamedPost {
    NamedPost { external_id, shortcode: Some(shortcode) }
}

/// Removed: status 10204 "item doesn't exist".
pub const TIKTOK_DELETED: NamedPost = tiktok("7454730069521203205");
/// For the owner alone: status 10204 with `status_self_see`.
pub const TIKTOK_PRIVATE: NamedPost = tiktok("7455101154712420620");
/// Not in this region: status 10204 with `cross_border_violation_ur`.
pub const TIKTOK_REGION_GATED: NamedPost = tiktok("7455472239903638035");
/// HTTP 500.
pub const TIKTOK_BROKEN: NamedPost = tiktok("7455843325094855450");
/// Answers rightly, after [`SandboxConfig::slow`](crate::SandboxConfig::slow).
pub const TIKTOK_SLOW: NamedPost = tiktok("7456214410286072865");
/// Does not answer until `POST /control/release`.
pub const TIKTOK_HELD: NamedPost = tiktok("7456585495477290280");

/// Removed: the error route.
pub const INSTAGRAM_DELETED: NamedPost = instagram("3535543076108019109", "DEQxbITgqWl");
/// Withheld by a ruling that names no region.
pub const INSTAGRAM_PRIVATE: NamedPost = instagram("3536267851839219382", "DETWOATgqa2");
/// Withheld by a ruling "Not available in your region".
pub const INSTAGRAM_REGION_GATED: NamedPost = instagram("3536992627570419655", "DEV7A4TgqfH");
/// HTTP 500.
pub const INSTAGRAM_BROKEN: NamedPost = instagram("3537717403301619928", "DEYfzwTgqjY");
/// Answers rightly, after [`SandboxConfig::slow`](crate::SandboxConfig::slow).
pub const INSTAGRAM_SLOW: NamedPost = instagram("3538442179032820201", "DEbEmoTgqnp");
/// Does not answer until `POST /control/release`.
pub const INSTAGRAM_HELD: NamedPost = instagram("3539166954764020474", "DEdpZgTgqr6");
/// A post whose owner hides its counts.
pub const INSTAGRAM_HIDDEN_LIKES: NamedPost = instagram("3539891730495220747", "DEgOMYTgqwL");
