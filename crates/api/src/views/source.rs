//! A source on the wire: where the service asks, and how it fares there.
//!
//! Names of proxies and workers, the operator's reasons, and anything that is one organization's stay on our side.

use domain::{Channel, Float, Outcome, Platform, TargetKind, Timestamp};
use serde::Serialize;
use store::{BreakerState, Direction, GateState, PlatformState, SourceState};
use utoipa::{IntoParams, ToSchema};

use crate::query::{Order, Query, Sort};
use crate::sources::KnownSource;
use crate::views::vocabulary::{BreakerStateName, ChannelName, OutcomeName, PlatformName, TargetTypeName};

/// One place where a platform is asked for something. The numbers are those of the whole service, the same for every organization.
#[derive(Debug, Hash, Serialize, ToSchema)]
#[schema(as = PlatformSource)]
pub(crate) struct SourceOut {
    /// `source`.
    #[serde(rename = "type")]
    #[schema(example = "source")]
    kind: &'static str,
    /// The platform.
    #[schema(value_type = PlatformName)]
    platform: Platform,
    /// The source's name; it is unique and stays the same.
    #[schema(example = "tiktok.post_page")]
    pub(crate) name: &'static str,
    /// By which door the platform is asked.
    #[schema(value_type = ChannelName)]
    channel: Channel,
    /// What it is asked for.
    #[schema(value_type = Vec<TargetTypeName>)]
    target_types: Vec<&'static str>,
    /// Whether it is asked at all: it is switched on in the settings, and the operator has not stopped the platform.
    is_enabled: bool,
    /// Whether the platform lets itself be asked.
    breaker: BreakerOut,
    /// Page loads that ended within the last 24 hours.
    #[schema(minimum = 0)]
    loads_24h: i64,
    /// The share of them that the platform answered, be it with what was asked for or with a clear word that it is gone or withheld: a ratio
    /// from 0 to 1, rounded to 4 places. Null without loads.
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 1, example = 0.9873)]
    success_rate_24h: Option<Float>,
    /// When the last page load ended; null when none is remembered.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_load_time: Option<Timestamp>,
    /// How it ended.
    #[schema(value_type = Option<OutcomeName>)]
    last_outcome: Option<Outcome>,
    /// When the last page load ended that the platform answered; null when none is remembered.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_success_time: Option<Timestamp>,
}

/// Whether a platform lets itself be asked by one of its doors. Sources behind the same door share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[schema(as = Breaker)]
pub(crate) struct BreakerOut {
    /// In one word.
    #[schema(value_type = BreakerStateName)]
    state: &'static str,
    /// When the platform is tried again, while the breaker is open; else null.
    #[schema(value_type = Option<String>, format = DateTime)]
    retry_at: Option<Timestamp>,
}

impl SourceOut {
    /// A source that is known by the settings, with what the log of page loads has to say of it.
    pub(crate) fn new(known: &KnownSource, states: &[PlatformState]) -> Self {
        let KnownSource { platform, source, kinds, is_enabled, egresses } = known;
        let state = states.iter().find(|state| state.platform == *platform);
        let gates = state.map_or(&[][..], |state| &state.gates);
        let used = state.and_then(|state| state.sources.iter().find(|used| used.name == source.name));
        let is_stopped = state.is_some_and(|state| state.stopped_at.is_some());
        Self {
            kind: "source",
            platform: *platform,
            name: source.name,
            channel: source.channel,
            target_types: kinds.iter().map(|kind| target_type(*kind)).collect(),
            is_enabled: *is_enabled && !is_stopped,
            breaker: BreakerOut::over(egresses, gates),
            loads_24h: used.map_or(0, |used| used.loads),
            success_rate_24h: used.and_then(success_rate),
            last_load_time: used.and_then(|used| used.last_load_at),
            last_outcome: used.and_then(|used| used.last_outcome),
            last_success_time: used.and_then(|used| used.last_success_at),
        }
    }
}

impl BreakerOut {
    /// What several ways out come to: a single one that lets requests through is enough. One that was never used has no gate yet and is open
    /// to requests.
    fn over(egresses: &[String], gates: &[GateState]) -> Self {
        let gates: Vec<_> = egresses.iter().map(|egress| gates.iter().find(|gate| gate.egress == *egress)).collect();
        let has = |wanted: BreakerState| {
            gates.iter().any(|gate| gate.map_or(BreakerState::Closed, |gate| gate.breaker) == wanted)
        };
        let state = if gates.is_empty() || has(BreakerState::Closed) {
            BreakerState::Closed
        } else if has(BreakerState::HalfOpen) {
            BreakerState::HalfOpen
        } else {
            BreakerState::Open
        };
        let retry_at = match state {
            BreakerState::Open => gates.iter().flatten().filter_map(|gate| gate.closed_until).min(),
            BreakerState::Closed | BreakerState::HalfOpen => None,
        };
        Self { state: state.as_str(), retry_at }
    }
}

const fn target_type(kind: TargetKind) -> &'static str {
    match kind {
        TargetKind::Profile => "account",
        TargetKind::Feed => "account_videos",
        TargetKind::Post => "video",
    }
}

fn success_rate(used: &SourceState) -> Option<Float> {
    // Ten-thousandths in whole numbers, so that the rounding is exact.
    let parts = (used.successes.saturating_mul(20_000) + used.loads).checked_div(used.loads.saturating_mul(2))?;
    i32::try_from(parts).ok().map(|parts| Float(f64::from(parts) / 10_000.0))
}

/// Which sources are listed.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the published form of what source_list reads")]
pub(crate) struct SourceListParams {
    /// Of this platform.
    #[param(inline)]
    platform: Option<PlatformName>,
    /// The column to sort by.
    #[param(inline)]
    order_by: Option<SourceOrderName>,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "published names")]
enum SourceOrderName {
    Name,
}

/// The filters and sort in force.
#[derive(Serialize, ToSchema)]
#[schema(as = SourceFilters)]
pub(crate) struct SourceFiltersOut {
    #[schema(value_type = Option<PlatformName>)]
    pub(crate) platform: Option<Platform>,
    #[schema(example = "name")]
    order_by: &'static str,
    #[schema(example = "asc")]
    order_direction: &'static str,
}

/// By name is the one order: there are few.
const ORDERS: &[Order<()>] = &[Order { name: "name", value: (), direction: Direction::Asc }];

/// Reads which sources are asked for; the page is left in `query`.
pub(crate) fn source_list(query: &mut Query) -> (Sort<()>, SourceFiltersOut) {
    let platform = query.choice("platform");
    let sort = query.sort(ORDERS);
    let (order_by, order_direction) = (sort.name, sort.direction_name());
    (sort, SourceFiltersOut { platform, order_by, order_direction })
}

#[cfg(test)]
mod tests {
    use domain::Source;
    use domain::source::{DIRECT, OFFICIAL};
    use serde_json::json;

    use super::*;

    const NOON: Timestamp = Timestamp::from_millis(1_790_000_040_000);

    fn gate(egress: &str, breaker: BreakerState, closed_until: Option<i64>) -> GateState {
        let closed_until = closed_until.map(Timestamp::from_millis);
        GateState { egress: egress.to_owned(), breaker, closed_until, refusals: 3, loads_last_hour: 4, in_flight: 1 }
    }

    fn over(gates: &[GateState]) -> BreakerOut {
        BreakerOut::over(&["one".to_owned(), "two".to_owned()], gates)
    }

    #[test]
    fn one_way_out_that_is_let_through_is_enough() {
        let open = |egress, until| gate(egress, BreakerState::Open, Some(until));
        let state = |gates: &[GateState]| over(gates).state;
        assert_eq!(state(&[open("one", 5), gate("two", BreakerState::Closed, None)]), "closed");
        assert_eq!(state(&[open("one", 5), gate("two", BreakerState::HalfOpen, None)]), "half_open");
        assert_eq!(state(&[open("one", 5)]), "closed", "the other was never used");
        let both = over(&[open("one", 9_000), open("two", 5_000), open("three", 1_000)]);
        assert_eq!(both, BreakerOut { state: "open", retry_at: Some(Timestamp::from_millis(5_000)) });
    }

    #[test]
    fn a_way_out_that_is_not_configured_any_more_says_nothing() {
        let open = |egress| gate(egress, BreakerState::Open, Some(5));
        let gates = [gate(DIRECT, BreakerState::Closed, None), open("one"), open("two")];
        assert_eq!(over(&gates).state, "open");
        assert_eq!(BreakerOut::over(&[OFFICIAL.to_owned()], &gates).state, "closed");
    }

    fn used(loads: i64, successes: i64) -> SourceState {
        let name = "tiktok.post_page".to_owned();
        SourceState { name, loads, successes, last_load_at: None, last_outcome: None, last_success_at: None }
    }

    #[test]
    fn the_success_rate_has_four_places_and_is_unknown_without_loads() {
        let rate = |loads, successes| success_rate(&used(loads, successes));
        assert_eq!(rate(0, 0), None);
        assert_eq!((rate(7, 0), rate(7, 7)), (Some(Float(0.0)), Some(Float(1.0))));
        assert_eq!((rate(3, 1), rate(3, 2)), (Some(Float(0.3333)), Some(Float(0.6667))));
    }

    #[test]
    fn a_source_that_was_never_used_has_nulls_and_a_stopped_platform_switches_it_off() {
        let known = KnownSource {
            platform: Platform::Tiktok,
            source: Source { name: "tiktok.post_page", channel: Channel::Page },
            kinds: vec![TargetKind::Profile, TargetKind::Feed, TargetKind::Post],
            is_enabled: true,
            egresses: vec![DIRECT.to_owned()],
        };
        let shown = |states: &[PlatformState]| serde_json::to_value(SourceOut::new(&known, states)).unwrap();
        let fresh = json!({
            "type": "source", "platform": "tiktok", "name": "tiktok.post_page", "channel": "page",
            "target_types": ["account", "account_videos", "video"], "is_enabled": true,
            "breaker": {"state": "closed", "retry_at": null}, "loads_24h": 0, "success_rate_24h": null,
            "last_load_time": null, "last_outcome": null, "last_success_time": null,
        });
        assert_eq!(shown(&[]), fresh);
        let stopped = PlatformState {
            platform: Platform::Tiktok,
            stopped_at: Some(NOON),
            stopped_because: Some("a letter".to_owned()),
            gates: vec![],
            sources: vec![used(4, 3)],
        };
        let stopped = shown(&[stopped]);
        assert_eq!((&stopped["is_enabled"], &stopped["success_rate_24h"]), (&json!(false), &json!(0.75)));
        assert!(!stopped.to_string().contains("letter"));
    }
}
