//! Windows and days on the wire. There are two families of shapes: those of a single post, and those of what is made of posts (an account, a creator,
//! the organization), as their numbers have two forms.

use domain::{Analytics, Coverage, Day, Gains, HistoryDay};
use serde::Serialize;
use store::RowId;
use utoipa::ToSchema;

use crate::views::gains::{
    ChangesOut, CoverageOut, GainsOut, RollupChangesOut, RollupCoverageOut, RollupGainsOut, RollupValuesOut, ValuesOut,
};
use crate::views::run::TargetIdOut;
use crate::window::{Asked, WindowOut};

/// Writes out the shapes of one family.
macro_rules! family {
    ($day:ident as $day_name:ident, $metrics:ident as $metrics_name:ident, $analytics:ident as $analytics_name:ident,
        $timeseries:ident as $timeseries_name:ident, $answer:ident as $answer_name:ident,
        $values:ident, $gains:ident, $changes:ident, $coverage:ident) => {
        /// One day. Without a read all its values and gains are null and `observed` is false: a day that nobody looked at is no day of 0.
        #[derive(Serialize, ToSchema)]
        #[schema(as = $day_name)]
        pub(crate) struct $day {
            /// The day (UTC).
            #[schema(value_type = String, format = Date)]
            date: Day,
            /// Whether there was a read.
            observed: bool,
            /// Whether a metric fell on this day. Falls are kept: people delete comments and platforms clear out followers.
            anomaly: bool,
            /// What was read, at the end of the day.
            values: $values,
            /// What the day added: its last value less the last one before it. Null where either is unknown. What
            /// is first seen on the day on which it was published adds all that it has, what is older adds what it gained since it was first seen.
            gains: $gains,
        }

        impl From<HistoryDay> for $day {
            fn from(HistoryDay { day, observed, anomaly, values, gains }: HistoryDay) -> Self {
                Self { date: day, observed, anomaly, values: values.into(), gains: gains.into() }
            }
        }

        /// What was gained, and how much of the window was seen.
        #[derive(Serialize, ToSchema)]
        #[schema(as = $metrics_name)]
        pub(crate) struct $metrics {
            #[serde(flatten)]
            gains: $gains,
            /// How much of the window was seen.
            coverage: $coverage,
        }

        impl From<(Gains, Coverage)> for $metrics {
            fn from((gains, coverage): (Gains, Coverage)) -> Self {
                Self { gains: gains.into(), coverage: coverage.into() }
            }
        }

        /// A window beside the one before it.
        #[derive(Serialize, ToSchema)]
        #[schema(as = $analytics_name)]
        pub(crate) struct $analytics {
            /// What it is about.
            #[serde(rename = "type")]
            kind: &'static str,
            /// Its id.
            id: TargetIdOut,
            /// What the window gained.
            totals: $gains,
            /// What as many days before it gained.
            previous: $gains,
            /// How the two compare.
            changes: $changes,
            /// How much of the window was seen.
            coverage: $coverage,
            /// One row for each day of the window, the oldest first.
            daily: Vec<$day>,
        }

        /// A window beside the one before it.
        #[derive(Serialize, ToSchema)]
        #[schema(as = $answer_name)]
        pub(crate) struct $answer {
            data: $analytics,
            meta: AnalyticsMetaOut,
        }

        impl $answer {
            pub(crate) fn new(kind: &'static str, id: RowId, analytics: Analytics, asked: Asked) -> Self {
                let Analytics { totals, previous, coverage, daily } = analytics;
                let data = $analytics {
                    kind,
                    id: id.into(),
                    totals: totals.into(),
                    previous: previous.into(),
                    changes: totals.changes_since(&previous).into(),
                    coverage: coverage.into(),
                    daily: daily.into_iter().map($day::from).collect(),
                };
                Self { data, meta: asked.into() }
            }
        }

        /// A window day by day.
        #[derive(Serialize, ToSchema)]
        #[schema(as = $timeseries_name)]
        pub(crate) struct $timeseries {
            /// One row for each day of the window, the oldest first.
            data: Vec<$day>,
            meta: WindowOut,
        }

        impl $timeseries {
            pub(crate) fn new(days: Vec<HistoryDay>, asked: Asked) -> Self {
                Self { data: days.into_iter().map($day::from).collect(), meta: asked.into() }
            }
        }
    };
}

family!(
    DayOut as HistoryDay,
    MetricsOut as WindowMetrics,
    AnalyticsOut as Analytics,
    TimeseriesOut as Timeseries,
    AnalyticsAnswerOut as AnalyticsAnswer,
    ValuesOut,
    GainsOut,
    ChangesOut,
    CoverageOut
);
family!(
    RollupDayOut as RollupDay,
    RollupMetricsOut as RollupMetrics,
    RollupAnalyticsOut as RollupAnalytics,
    RollupTimeseriesOut as RollupTimeseries,
    RollupAnalyticsAnswerOut as RollupAnalyticsAnswer,
    RollupValuesOut,
    RollupGainsOut,
    RollupChangesOut,
    RollupCoverageOut
);

/// Which days the two windows have.
#[derive(Serialize, ToSchema)]
#[schema(as = AnalyticsMeta)]
pub(crate) struct AnalyticsMetaOut {
    #[serde(flatten)]
    window: WindowOut,
    /// The first of the days before.
    #[schema(value_type = String, format = Date)]
    previous_start_date: Day,
    /// The last of the days before, itself included.
    #[schema(value_type = String, format = Date)]
    previous_end_date: Day,
}

impl From<Asked> for AnalyticsMetaOut {
    fn from(asked: Asked) -> Self {
        let before = asked.window.before();
        Self { window: asked.into(), previous_start_date: before.first(), previous_end_date: before.last() }
    }
}
