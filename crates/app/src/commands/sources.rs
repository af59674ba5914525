//! `sources`: how the platforms and their sources stand, and the switch that stops a platform for every worker at once.

use std::time::Duration;

use clap::{Parser, Subcommand};
use domain::source::OFFICIAL;
use domain::{Channel, Clock, Platform, Source, TargetKind, Timestamp};
use serde_json::{Value, json};
use store::{Budget, GateState, PlatformPolicy, PlatformState, SourceState};

use super::{Failure, print, print_json, roles};
use crate::config::Config;
use crate::wiring;

/// What `sources` takes.
#[derive(Debug, Parser)]
pub struct Args {
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What `sources` does beside listing.
#[derive(Debug, Subcommand)]
enum Command {
    /// Stop asking a platform: holds for every worker from its next page load on, and over restarts.
    Stop {
        /// The platform.
        platform: Platform,
        /// Why, for whoever looks later.
        #[arg(long, value_name = "TEXT", value_parser = super::name)]
        because: Option<String>,
    },
    /// Ask a platform again.
    Start {
        /// The platform.
        platform: Platform,
    },
}

/// Does it.
pub async fn run(config: &Config, args: Args) -> Result<(), Failure> {
    let store = wiring::store(config).await?;
    roles::require_tables(&store).await?;
    let now = Clock::system().now();
    let said = match &args.command {
        None => None,
        Some(Command::Stop { platform, because }) => {
            store.stop_platform(*platform, because.as_deref(), now).await?;
            Some((*platform, format!("{platform} is stopped for every worker")))
        }
        Some(Command::Start { platform }) => {
            store.start_platform(*platform).await?;
            Some((*platform, format!("{platform} is started")))
        }
    };
    let scraper = wiring::scraper(config)?;
    let mut shown: Vec<Shown> = Vec::new();
    for state in store.platform_states_under(wiring::lease(config), now).await? {
        let policy = wiring::policy(config, &scraper, state.platform);
        shown.push(Shown::new(&state, &policy, config.platforms.get(state.platform).enabled));
    }
    match said {
        None if args.json => print_json(&shown.iter().map(Shown::as_value).collect()),
        None => {
            for line in shown.iter().flat_map(Shown::lines) {
                print(&line);
            }
            Ok(())
        }
        Some((platform, _)) if args.json => {
            let one = shown.iter().find(|shown| shown.platform == platform);
            print_json(&one.map_or(Value::Null, Shown::as_value))
        }
        Some((_, line)) => {
            print(&line);
            Ok(())
        }
    }
}

/// A platform as it stands and as it is set.
struct Shown {
    platform: Platform,
    is_enabled: bool,
    stopped_at: Option<Timestamp>,
    stopped_because: Option<String>,
    doors: Vec<Door>,
    sources: Vec<SourceLine>,
}

/// A door with the budget that it is set to; none when it is not set any more.
struct Door {
    state: GateState,
    budget: Option<Budget>,
}

/// A source with the kinds of targets that it is asked for; none when it is not in the plan.
struct SourceLine {
    state: SourceState,
    kinds: Vec<&'static str>,
}

const KINDS: [TargetKind; 3] = [TargetKind::Profile, TargetKind::Feed, TargetKind::Post];

impl Shown {
    fn new(state: &PlatformState, policy: &PlatformPolicy, is_enabled: bool) -> Self {
        let planned =
            || KINDS.into_iter().flat_map(|kind| policy.sources.of(kind).iter().map(move |source| (source, kind)));
        let is_official = |(source, _): (&Source, TargetKind)| source.channel == Channel::Official;
        let official = planned().any(is_official).then(|| (OFFICIAL.to_owned(), policy.official));
        let set: Vec<(String, Budget)> =
            policy.egresses.iter().map(|egress| (egress.clone(), policy.pages)).chain(official).collect();
        let mut doors: Vec<Door> = Vec::new();
        for (egress, budget) in &set {
            let known = state.gates.iter().find(|gate| gate.egress == *egress).cloned();
            doors.push(Door { state: known.unwrap_or_else(|| unused_gate(egress)), budget: Some(*budget) });
        }
        let others = state.gates.iter().filter(|gate| !set.iter().any(|(egress, _)| *egress == gate.egress));
        doors.extend(others.map(|gate| Door { state: gate.clone(), budget: None }));
        let mut sources: Vec<SourceLine> = Vec::new();
        for (source, kind) in planned() {
            if let Some(line) = sources.iter_mut().find(|line| line.state.name == source.name) {
                line.kinds.push(kind.as_str());
                continue;
            }
            let known = state.sources.iter().find(|known| known.name == source.name).cloned();
            let state = known.unwrap_or_else(|| unused_source(source.name));
            sources.push(SourceLine { state, kinds: vec![kind.as_str()] });
        }
        for unplanned in &state.sources {
            if !sources.iter().any(|line| line.state.name == unplanned.name) {
                sources.push(SourceLine { state: unplanned.clone(), kinds: Vec::new() });
            }
        }
        let PlatformState { platform, stopped_at, stopped_because, .. } = state.clone();
        Self { platform, is_enabled, stopped_at, stopped_because, doors, sources }
    }

    fn as_value(&self) -> Value {
        let Self { platform, is_enabled, stopped_at, stopped_because, doors, sources } = self;
        json!({
            "platform": platform,
            "enabled": is_enabled,
            "stopped_at": stopped_at,
            "stopped_because": stopped_because,
            "gates": doors.iter().map(Door::as_value).collect::<Vec<_>>(),
            "sources": sources.iter().map(SourceLine::as_value).collect::<Vec<_>>(),
        })
    }

    fn lines(&self) -> Vec<String> {
        let stopped = self.stopped_at.map(|at| match &self.stopped_because {
            Some(because) => format!("stopped since {at}: {because}"),
            None => format!("stopped since {at}"),
        });
        let standing = match (stopped, self.is_enabled) {
            (Some(stopped), _) => stopped,
            (None, true) => "read".to_owned(),
            (None, false) => "not enabled".to_owned(),
        };
        let mut lines = vec![format!("{}: {standing}", self.platform)];
        lines.push(format!(
            "  {:<26} {:<30} {:>8} {:>12} {:>16}",
            "gate", "breaker", "refusals", "in flight", "last hour"
        ));
        lines.extend(self.doors.iter().map(Door::line));
        lines.push(format!(
            "  {:<26} {:<30} {:>8} {:>12}   {:<25} {}",
            "source", "for", "24 h", "answered", "last answer", "last outcome"
        ));
        lines.extend(self.sources.iter().map(SourceLine::line));
        lines.push(String::new());
        lines
    }
}

fn unused_gate(egress: &str) -> GateState {
    GateState {
        egress: egress.to_owned(),
        breaker: store::BreakerState::Closed,
        closed_until: None,
        refusals: 0,
        loads_last_hour: 0,
        in_flight: 0,
    }
}

fn unused_source(name: &str) -> SourceState {
    SourceState {
        name: name.to_owned(),
        loads: 0,
        successes: 0,
        last_load_at: None,
        last_outcome: None,
        last_success_at: None,
    }
}

impl Door {
    fn as_value(&self) -> Value {
        let GateState { egress, breaker, closed_until, refusals, loads_last_hour, in_flight } = &self.state;
        json!({
            "egress": egress,
            "breaker": breaker.as_str(),
            "closed_until": closed_until,
            "refusals": refusals,
            "in_flight": in_flight,
            "max_in_flight": self.budget.and_then(|budget| budget.max_in_flight),
            "loads_last_hour": loads_last_hour,
            "max_per_hour": self.budget.and_then(|budget| budget.max_per_hour),
            "min_interval_ms": self.budget.map(|budget| millis(budget.min_interval)),
        })
    }

    fn line(&self) -> String {
        let GateState { egress, breaker, closed_until, refusals, loads_last_hour, in_flight } = &self.state;
        let breaker =
            closed_until.map_or_else(|| breaker.as_str().replace('_', "-"), |until| format!("open until {until}"));
        let of = |count: &i64, most: fn(Budget) -> Option<u32>| match self.budget.and_then(most) {
            Some(most) => format!("{count} of {most}"),
            None => count.to_string(),
        };
        let (flying, hour) = (of(in_flight, |b| b.max_in_flight), of(loads_last_hour, |b| b.max_per_hour));
        format!("  {egress:<26} {breaker:<30} {refusals:>8} {flying:>12} {hour:>16}")
    }
}

impl SourceLine {
    /// Share of page loads of the last 24 hours that were answered, in percent; `None` when there were none.
    fn success_percent(&self) -> Option<i64> {
        let SourceState { loads, successes, .. } = self.state;
        (loads > 0).then(|| successes * 100 / loads)
    }

    fn as_value(&self) -> Value {
        let SourceState { name, loads, successes, last_load_at, last_outcome, last_success_at } = &self.state;
        json!({
            "name": name,
            "kinds": self.kinds,
            "loads": loads,
            "successes": successes,
            "success_percent": self.success_percent(),
            "last_load_at": last_load_at,
            "last_outcome": last_outcome,
            "last_success_at": last_success_at,
        })
    }

    fn line(&self) -> String {
        let SourceState { name, loads, last_outcome, last_success_at, .. } = &self.state;
        let kinds = if self.kinds.is_empty() { "-".to_owned() } else { self.kinds.join(", ") };
        let percent = self.success_percent().map_or_else(|| "-".to_owned(), |percent| format!("{percent} %"));
        let answered = last_success_at.map_or_else(|| "-".to_owned(), |at| at.to_string());
        let outcome = last_outcome.map_or("-", domain::Outcome::as_str);
        format!("  {name:<26} {kinds:<30} {loads:>8} {percent:>12}   {answered:<25} {outcome}")
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use domain::{Outcome, source};
    use store::{Breaker, SourcePlan};

    use super::*;

    fn policy() -> PlatformPolicy {
        let page = |name| Source { name, channel: Channel::Page };
        let official = Source { name: "youtube.data_api", channel: Channel::Official };
        PlatformPolicy {
            platform: Platform::Youtube,
            sources: SourcePlan {
                profile: vec![official, page("youtube.channel_page")],
                feed: vec![official, page("youtube.rss")],
                post: vec![page("youtube.watch_page")],
            },
            egresses: vec![source::DIRECT.to_owned()],
            pages: Budget { max_in_flight: Some(1), max_per_hour: Some(1800), ..Budget::default() },
            official: Budget { max_per_hour: Some(400), ..Budget::default() },
            breaker: Breaker { refusals_to_open: 5, waits: [Duration::from_mins(5); 4] },
        }
    }

    #[test]
    fn what_was_never_asked_is_shown_beside_what_was() {
        let at = Timestamp::from_millis(1_780_000_000_000);
        let state = PlatformState {
            platform: Platform::Youtube,
            stopped_at: Some(at),
            stopped_because: Some("a letter from their lawyers".to_owned()),
            gates: vec![GateState { loads_last_hour: 7, ..unused_gate("old-proxy") }],
            sources: vec![SourceState {
                loads: 3,
                successes: 2,
                last_outcome: Some(Outcome::Blocked),
                ..unused_source("youtube.rss")
            }],
        };
        let shown = Shown::new(&state, &policy(), true);
        let value = shown.as_value();
        let names = |list: &str, field: &str| {
            let items = value[list].as_array().unwrap().iter();
            items.map(|item| item[field].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names("gates", "egress"), ["direct", "official", "old-proxy"]);
        assert_eq!(
            names("sources", "name"),
            ["youtube.data_api", "youtube.channel_page", "youtube.rss", "youtube.watch_page"]
        );
        assert_eq!(value["sources"][0]["kinds"], json!(["profile", "feed"]));
        assert_eq!(value["sources"][0]["success_percent"], Value::Null);
        assert_eq!(value["sources"][2]["success_percent"], 66);
        assert_eq!(value["gates"][0]["max_per_hour"], 1800);
        assert_eq!(value["gates"][2]["max_per_hour"], Value::Null);
        let text = shown.lines().join("\n");
        assert!(text.contains("youtube: stopped since 2026-05-28") && text.contains("a letter from"), "{text}");
        assert!(text.contains("0 of 400") && text.contains("66 %") && text.contains("blocked"), "{text}");
    }
}
