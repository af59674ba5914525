//! What is counted for operators, through the `metrics` facade: without a recorder, which the binary installs when it is told to, nothing
//! happens here. Numbers that stand in the database (budgets, breakers, runs) are left to the API and to `creator-audit sources`.

use domain::{Outcome, Platform};
use metrics::{counter, describe_counter, describe_gauge, gauge};

const PAGE_LOADS: &str = "creator_audit_page_loads_total";
const CANARY_FAILING: &str = "creator_audit_canary_failing";

/// Tells the recorder what the metrics mean. To be called once, after it was installed.
pub fn describe() {
    describe_counter!(PAGE_LOADS, "Page loads that ended, by platform, source and outcome.");
    describe_gauge!(CANARY_FAILING, "1 while a canary profile cannot be read, as far as this process has looked.");
}

/// Counts a page load that ended.
pub fn page_load(platform: Platform, source: &'static str, outcome: Outcome) {
    counter!(PAGE_LOADS, "platform" => platform.as_str(), "source" => source, "outcome" => outcome.as_str())
        .increment(1);
}

/// Notes whether a canary can be read.
pub fn canary(platform: Platform, username: &str, is_failing: bool) {
    gauge!(CANARY_FAILING, "platform" => platform.as_str(), "username" => username.to_owned()).set(if is_failing {
        1.0
    } else {
        0.0
    });
}
