//! How a scrape ended.

use serde::{Deserialize, Serialize};

use crate::validation::one_of;

/// The outcome of one attempt to read a page, decided from the body before the HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The page is the one that was asked for, and it was read.
    Ok,
    /// The page is the one that was asked for, and truly lists nothing.
    Empty,
    /// The platform refused without saying for how long: challenge, login wall, shell page, empty body, 403.
    Blocked,
    /// The platform asked for fewer requests (429, "please wait").
    RateLimited,
    /// It exists and is withheld: private, or restricted by region, age, review. Facts may still be there.
    Private,
    /// The platform says explicitly that there is no such profile or post.
    NotFound,
    /// The platform says explicitly that it was removed.
    Removed,
    /// The page came and could not be understood, or is about something else.
    ParseError,
    /// No answer: connection refused or broken, DNS, TLS, or a 5xx.
    NetworkError,
    /// No answer in time.
    Timeout,
}

/// What an outcome means for what happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Facts were read, or it is certain that there are none.
    Good,
    /// Explicitly gone; believed when said twice.
    Gone,
    /// Exists, not shown to us. Asking more often does not help.
    Withheld,
    /// The platform pushes back: the whole platform is asked less.
    Refused,
    /// Something broke on the way; try again soon.
    Broken,
}

impl Outcome {
    /// Every outcome, in the contract's order.
    pub const ALL: [Self; 10] = [
        Self::Ok,
        Self::Empty,
        Self::Blocked,
        Self::RateLimited,
        Self::Private,
        Self::NotFound,
        Self::Removed,
        Self::ParseError,
        Self::NetworkError,
        Self::Timeout,
    ];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Empty => "empty",
            Self::Blocked => "blocked",
            Self::RateLimited => "rate_limited",
            Self::Private => "private",
            Self::NotFound => "not_found",
            Self::Removed => "removed",
            Self::ParseError => "parse_error",
            Self::NetworkError => "network_error",
            Self::Timeout => "timeout",
        }
    }

    /// What it means for what happens next.
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::Ok | Self::Empty => Verdict::Good,
            Self::NotFound | Self::Removed => Verdict::Gone,
            Self::Private => Verdict::Withheld,
            Self::Blocked | Self::RateLimited => Verdict::Refused,
            Self::ParseError | Self::NetworkError | Self::Timeout => Verdict::Broken,
        }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Outcome {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        one_of(s, &Self::ALL, Outcome::as_str)
    }
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Waiting for a worker.
    Queued,
    /// A worker has it.
    Running,
    /// It brought facts.
    Succeeded,
    /// It did not.
    Failed,
    /// It was not needed any more (nobody tracks the target).
    Skipped,
}

impl RunStatus {
    /// Every status, in the contract's order.
    pub const ALL: [Self; 5] = [Self::Queued, Self::Running, Self::Succeeded, Self::Failed, Self::Skipped];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

impl std::str::FromStr for RunStatus {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        one_of(s, &Self::ALL, RunStatus::as_str)
    }
}
