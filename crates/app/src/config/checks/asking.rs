//! What makes no sense in how platforms are asked: their addresses and budgets, the keys to them, the ways out, and how often posts are read.

use domain::{Handle, Platform};
use url::Url;

use super::{Checks, RESERVED_WAYS, is_loopback, plain_web_url};

impl Checks<'_> {
    pub(super) fn platform(&mut self, platform: Platform) {
        let config = self.config;
        let section = config.platforms.get(platform);
        let key = |key: &str| format!("platforms.{platform}.{key}");
        self.web_address(&key("base_url"), &section.base_url);
        self.budget(&format!("platforms.{platform}"), section.min_interval_ms, section.max_per_hour);
        if let Some(most) = section.max_in_flight {
            self.range(&key("max_in_flight"), most, 1..=1000);
        }
        self.range(&key("refusals_to_close"), section.refusals_to_close, 1..=1000);
        let waits = &section.closed_minutes;
        self.require(
            &key("closed_minutes"),
            waits.len() == 4 && waits.is_sorted() && waits.iter().all(|minutes| (1..=10_080).contains(minutes)),
            "must be four numbers from 1 to 10080, none less than the one before",
        );
        let handles = config.canary.handles(platform);
        self.require(
            &format!("canary.{platform}"),
            handles.iter().all(|handle| Handle::parse(platform, handle).is_ok()),
            "must be a list of handles on the platform",
        );
    }

    pub(super) fn official_interfaces(&mut self) {
        let platforms = &self.config.platforms;
        let is_token = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        if let Some(api) = &platforms.instagram.graph_api {
            let section = "platforms.instagram.graph_api";
            self.web_address(&format!("{section}.base_url"), &api.base_url);
            self.budget(section, api.min_interval_ms, api.max_per_hour);
            let (user_id, token) = (api.user_id.as_deref(), api.access_token.as_ref());
            self.require(
                &format!("{section}.user_id"),
                user_id.is_none_or(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit())),
                "must be a number in digits",
            );
            self.require(
                &format!("{section}.access_token"),
                token.is_none_or(|token| is_token(token.reveal())),
                "must be visible ASCII without spaces",
            );
            let other = if user_id.is_some() { "user_id" } else { "access_token" };
            self.require(
                &format!("{section}.{other}"),
                user_id.is_some() == token.is_some(),
                "user_id and access_token go together: set both or neither",
            );
        }
        if let Some(api) = &platforms.youtube.data_api {
            let section = "platforms.youtube.data_api";
            self.web_address(&format!("{section}.base_url"), &api.base_url);
            self.budget(section, api.min_interval_ms, api.max_per_hour);
            self.require(
                &format!("{section}.api_key"),
                api.api_key.as_ref().is_none_or(|key| is_token(key.reveal())),
                "must be visible ASCII without spaces",
            );
        }
    }

    fn budget(&mut self, section: &str, min_interval_ms: Option<u64>, max_per_hour: Option<u32>) {
        if let Some(millis) = min_interval_ms {
            self.range(&format!("{section}.min_interval_ms"), millis, 0..=3_600_000);
        }
        if let Some(most) = max_per_hour {
            self.range(&format!("{section}.max_per_hour"), most, 1..=1_000_000);
        }
    }

    /// An address that pages are asked from: nobody on the way may read or change what comes.
    fn web_address(&mut self, key: &str, text: &str) {
        let url = plain_web_url(text);
        let safe = url.as_ref().is_some_and(|url| url.scheme() == "https") || is_loopback(text);
        self.require(key, url.is_some(), "must be an http or https URL without user, query or fragment");
        self.require(key, url.is_none() || safe, "must be https, since it is not on a loopback address");
    }

    pub(super) fn ways_out(&mut self) {
        for (name, address) in &self.config.scraping.proxies {
            let key = format!("scraping.proxies.{name}");
            let is_name = (1..=40).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'));
            self.require(&key, is_name, "its name must be 1 to 40 of a to z, 0 to 9, - and _");
            self.require(
                &key,
                !RESERVED_WAYS.contains(&name.as_str()),
                format!("its name must be none of {}", RESERVED_WAYS.join(", ")),
            );
            let is_proxy = Url::parse(address.reveal()).is_ok_and(|url| {
                matches!(url.scheme(), "http" | "https")
                    && url.host_str().is_some_and(|host| !host.is_empty())
                    && url.path() == "/"
                    && url.query().is_none()
                    && url.fragment().is_none()
            });
            self.require(
                &key,
                is_proxy,
                "must be http://user:password@host:port or the like; characters of a password such as / # ? @ : must be \
                 written as %2F %23 %3F %40 %3A",
            );
        }
    }

    pub(super) fn age_curve(&mut self) {
        let (ages, percent) = {
            let curve = &self.config.worker.age_curve;
            (&curve.younger_than_days, &curve.percent)
        };
        self.require(
            "worker.age_curve.younger_than_days",
            ages.is_sorted_by(|a, b| a < b) && ages.iter().all(|days| (1..=36_500).contains(days)),
            "must be numbers from 1 to 36500, each more than the one before",
        );
        self.require(
            "worker.age_curve.percent",
            percent.iter().all(|percent| (1..=10_000).contains(percent)),
            "must be numbers from 1 to 10000",
        );
        self.require(
            "worker.age_curve.percent",
            percent.len() == ages.len() + 1,
            "must be one more than there are ages in worker.age_curve.younger_than_days",
        );
    }
}
