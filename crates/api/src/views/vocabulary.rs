//! The closed sets of names, as the OpenAPI document lists them. `domain` holds the sets themselves and knows nothing of OpenAPI; a test
//! keeps the two alike.

use utoipa::ToSchema;

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident as $published:ident { $($variant:ident = $text:literal),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(ToSchema)]
        #[schema(as = $published)]
        #[expect(dead_code, reason = "published names")]
        pub(crate) enum $name { $(#[schema(rename = $text)] $variant),* }
    )*};
}

names! {
    /// A platform.
    PlatformName as Platform { Instagram = "instagram", Tiktok = "tiktok" }

    /// What a post is made of.
    MediaTypeName as MediaType { Video = "video", Image = "image", Carousel = "carousel", Story = "story" }

    /// Whether a post can still be seen: `missing` was said once, `deleted` confirmed; `expired` vanished by design.
    PostStatusName as PostStatus {
        Live = "live", Missing = "missing", Deleted = "deleted", Expired = "expired", Private = "private",
    }

    /// How the data of a resource stands.
    FreshnessStateName as FreshnessState {
        Pending = "pending", Fresh = "fresh", Stale = "stale", Failing = "failing", Paused = "paused",
        Unavailable = "unavailable",
    }

    /// How an attempt to read a page ended.
    OutcomeName as Outcome {
        Ok = "ok", Empty = "empty", Blocked = "blocked", RateLimited = "rate_limited", Private = "private",
        NotFound = "not_found", Removed = "removed", ParseError = "parse_error", NetworkError = "network_error",
        Timeout = "timeout",
    }

    /// Why a metric is null.
    MetricStatusName as MetricStatus {
        Hidden = "hidden", Unsupported = "unsupported", NotYetScraped = "not_yet_scraped", NotProvided = "not_provided",
    }

    /// How a post came to be tracked.
    SourceName as Source { AutoDiscovered = "auto_discovered", Submitted = "submitted" }

    /// What a key may do.
    ScopeName as Scope {
        Read = "read", Write = "write", Admin = "admin", ReadSocial = "read:social", ReadUsage = "read:usage",
        ReadSupport = "read:support", ReadMember = "read:member", ReadAffiliate = "read:affiliate",
        ReadPayment = "read:payment", ReadProductFulfillment = "read:product-fulfillment",
        WriteTracking = "write:tracking", WriteWebhooks = "write:webhooks",
    }
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema;

    use super::*;

    fn published<T: PartialSchema>() -> Vec<String> {
        let schema = serde_json::to_value(T::schema()).unwrap();
        schema["enum"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn the_published_names_are_the_domains() {
        assert_eq!(published::<PlatformName>(), domain::Platform::ALL.map(domain::Platform::as_str));
        assert_eq!(published::<MediaTypeName>(), domain::MediaType::ALL.map(domain::MediaType::as_str));
        assert_eq!(published::<OutcomeName>(), domain::Outcome::ALL.map(domain::Outcome::as_str));
        assert_eq!(published::<ScopeName>(), domain::Scope::ALL.map(domain::Scope::as_str));
        for name in published::<PostStatusName>() {
            assert!(name.parse::<domain::PostStatus>().is_ok(), "{name}");
        }
        for name in published::<MetricStatusName>() {
            assert!(name.parse::<domain::MetricStatus>().is_ok(), "{name}");
        }
    }
}
