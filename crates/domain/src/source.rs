//! The places at which a target can be asked for, and by which way they are reached.

use serde::{Deserialize, Serialize};

/// By which door a platform is asked; each has a budget of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// The public pages, which everybody is shown.
    Page,
    /// The platform's official interface, with the operator's own key.
    Official,
}

impl Channel {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Official => "official",
        }
    }
}

/// One place at which a kind of target can be asked for. The sources of a target stand in the order in which they are tried; one that
/// fails does not fail those after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// Its name, such as `tiktok.post_page`.
    pub name: &'static str,
    /// The door that it stands behind.
    pub channel: Channel,
}

/// The way out to the platforms when no proxy is configured.
pub const DIRECT: &str = "direct";

/// The way out to the official interfaces, whatever proxies are configured for pages.
pub const OFFICIAL: &str = "official";
