//! Exports: whole sets of what an organization tracks, written to a file.

use serde::{Deserialize, Serialize};

use crate::day::Day;
use crate::facts::{MediaType, PostSource, PostStatus};
use crate::ids::{AccountId, CollectionId, CreatorId};
use crate::platform::Platform;
use crate::report::ReportOptions;
use crate::validation::one_of;
use crate::window::Window;

/// What an export is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportDataset {
    /// Accounts as their list shows them, a row each.
    Accounts,
    /// A row for each account and day of a window.
    Timeseries,
    /// Posts as they are reported, each once.
    Posts,
    /// Creators with what their posts come to, a row each.
    Members,
}

impl ExportDataset {
    /// Every one, in the order in which error messages name them.
    pub const ALL: [Self; 4] = [Self::Accounts, Self::Timeseries, Self::Posts, Self::Members];

    /// The name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Timeseries => "timeseries",
            Self::Posts => "posts",
            Self::Members => "members",
        }
    }
}

impl std::str::FromStr for ExportDataset {
    type Err = String;

    /// The error is the message for the offending field: `must be one of: …`.
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        one_of(s, &Self::ALL, ExportDataset::as_str)
    }
}

/// The form of an export's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// Comma-separated values after RFC 4180, with a line of names first.
    Csv,
    /// A JSON object on each line.
    Ndjson,
    /// Apache Parquet, typed.
    Parquet,
}

impl ExportFormat {
    /// Every format, in the order in which error messages name them.
    pub const ALL: [Self; 3] = [Self::Csv, Self::Ndjson, Self::Parquet];

    /// The name on the wire and in the database, and the ending of file names.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
        }
    }

    /// The media type of such a file.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Ndjson => "application/x-ndjson",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

impl std::str::FromStr for ExportFormat {
    type Err = String;

    /// The error is the message for the offending field: `must be one of: …`.
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        one_of(s, &Self::ALL, ExportFormat::as_str)
    }
}

/// How far an export has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportStatus {
    /// It waits for a worker, perhaps for the second time.
    Queued,
    /// A worker writes it.
    Running,
    /// Its file can be downloaded.
    Succeeded,
    /// It was given up.
    Failed,
    /// Its file was there for as long as files are kept.
    Expired,
}

impl ExportStatus {
    /// Every status, in the order of a life.
    pub const ALL: [Self; 5] = [Self::Queued, Self::Running, Self::Succeeded, Self::Failed, Self::Expired];

    /// The name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }
}

impl std::str::FromStr for ExportStatus {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        one_of(s, &Self::ALL, ExportStatus::as_str)
    }
}

/// Which rows an export has, or a page of a report; all filters combine. What was left open when it was asked for, such as the end of its window, is
/// settled here, so that it means the same whenever and however often a worker takes it up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportFilters {
    /// On this platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// Collected or paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_active: Option<bool>,
    /// In this category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Linked to this creator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creator_id: Option<CreatorId>,
    /// This account alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
    /// Made of this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<MediaType>,
    /// Came to be tracked like this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<PostSource>,
    /// Standing there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<PostStatus>,
    /// Belonging to this project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<CollectionId>,
    /// Belonging to this group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<CollectionId>,
    /// The first day of the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date: Option<Day>,
    /// The last day, itself included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date: Option<Day>,
    /// How the report is made that the rows are of; of posts and members alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<ReportOptions>,
}

impl ExportFilters {
    /// The window, when there is one.
    pub fn window(&self) -> Option<Window> {
        let last = self.end_date?;
        Window::new(self.start_date?, last, last).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for dataset in ExportDataset::ALL {
            assert_eq!(dataset.as_str().parse(), Ok(dataset));
            assert_eq!(serde_json::to_value(dataset).unwrap(), dataset.as_str());
        }
        for format in ExportFormat::ALL {
            assert_eq!(format.as_str().parse(), Ok(format));
            assert_eq!(serde_json::to_value(format).unwrap(), format.as_str());
        }
        for status in ExportStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
        assert_eq!("xlsx".parse::<ExportFormat>(), Err("must be one of: csv, ndjson, parquet".to_owned()));
    }

    #[test]
    fn filters_are_kept_as_they_were_settled() {
        let (start_date, end_date) = (Day::parse("2024-02-01"), Day::parse("2024-02-29"));
        let filters = ExportFilters { platform: Some(Platform::Tiktok), start_date, end_date, ..Default::default() };
        let kept = serde_json::to_string(&filters).unwrap();
        assert_eq!(kept, r#"{"platform":"tiktok","start_date":"2024-02-01","end_date":"2024-02-29"}"#);
        assert_eq!(serde_json::from_str::<ExportFilters>(&kept).unwrap(), filters);
        assert_eq!(filters.window().unwrap().days(), 29);
        assert_eq!(ExportFilters::default().window(), None);
    }
}
