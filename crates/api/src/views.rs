//! The wire's forms of the resources: what the store hands out, under the contract's names.
//!
//! Conversions take the store's views apart in full, so that a new field of the store is a decision here.

pub(crate) mod account;
pub(crate) mod account_in;
pub(crate) mod api_key;
pub(crate) mod api_key_in;
pub(crate) mod collection;
pub(crate) mod collection_in;
pub(crate) mod creator;
pub(crate) mod creator_in;
pub(crate) mod export;
pub(crate) mod export_in;
pub(crate) mod gains;
pub(crate) mod history;
pub(crate) mod history_in;
pub(crate) mod history_many;
pub(crate) mod post;
pub(crate) mod post_in;
pub(crate) mod report;
pub(crate) mod report_in;
pub(crate) mod report_member;
pub(crate) mod report_post;
pub(crate) mod report_v1;
pub(crate) mod request;
pub(crate) mod rollup;
pub(crate) mod run;
pub(crate) mod search;
pub(crate) mod snapshot;
pub(crate) mod source;
pub(crate) mod vocabulary;

pub(crate) mod bulk;
pub(crate) mod organization;
pub(crate) mod usage;

use std::collections::BTreeMap;

use domain::{MetricStatus, Platform, Precision, Timestamp};
use serde::Serialize;
use store::{Freshness, MetricStatuses};
use utoipa::ToSchema;
use utoipa::openapi::schema::{AdditionalProperties, Object, ObjectBuilder, Schema, SchemaType, Type};

use crate::views::vocabulary::{FreshnessStateName, OutcomeName};

/// How the data of a resource stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Freshness)]
pub(crate) struct FreshnessOut {
    /// In one word.
    #[schema(value_type = FreshnessStateName)]
    state: domain::FreshnessState,
    /// When a worker last tried for this resource, that is, while it was collected.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_attempt_time: Option<Timestamp>,
    /// How that ended.
    #[schema(value_type = Option<OutcomeName>)]
    last_attempt_outcome: Option<domain::Outcome>,
    /// When the next attempt is due; null while paused.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_scrape_time: Option<Timestamp>,
    /// Failed attempts for this resource since the last good one.
    #[schema(minimum = 0)]
    consecutive_failures: i64,
}

impl From<Freshness> for FreshnessOut {
    fn from(freshness: Freshness) -> Self {
        let Freshness {
            state,
            last_attempt_at,
            last_attempt_outcome,
            next_scrape_at,
            consecutive_failures,
            fresh_until: _,
        } = freshness;
        Self {
            state,
            last_attempt_time: last_attempt_at,
            last_attempt_outcome,
            next_scrape_time: next_scrape_at,
            consecutive_failures,
        }
    }
}

/// Why each null metric is null.
pub(crate) type MetricStatusOut = BTreeMap<&'static str, MetricStatus>;

/// How exact each known metric is that is not exact.
pub(crate) type MetricPrecisionOut = BTreeMap<&'static str, Precision>;

/// A metric under its published name: the name by which the store speaks of it, and its value.
type Metric = (&'static str, &'static str, Option<i64>);

/// Gathers the reasons for those of `metrics` that are null: `not_yet_scraped` before the first good read, after it that the platform has no
/// such metric, or else what the store knows.
fn metric_status(platform: Platform, is_scraped: bool, known: &MetricStatuses, metrics: &[Metric]) -> MetricStatusOut {
    let null = metrics.iter().filter(|(_, _, value)| value.is_none());
    null.map(|(name, stored, _)| {
        let status = match (is_scraped, has_metric(platform, stored)) {
            (false, _) => MetricStatus::NotYetScraped,
            (true, false) => MetricStatus::Unsupported,
            (true, true) => known.get(*stored).copied().unwrap_or(MetricStatus::NotProvided),
        };
        (*name, status)
    })
    .collect()
}

/// Gathers how exact those of `metrics` are that are known and not exact.
fn metric_precision(known: &BTreeMap<String, Precision>, metrics: &[Metric]) -> MetricPrecisionOut {
    let there = metrics.iter().filter(|(_, _, value)| value.is_some());
    there
        .filter_map(|(name, stored, _)| known.get(*stored).map(|precision| (*name, *precision)))
        .filter(|(_, precision)| *precision != Precision::Exact)
        .collect()
}

/// Whether a platform has a metric at all.
fn has_metric(platform: Platform, metric: &str) -> bool {
    platform.has_metric(metric)
}

/// The published form of the metadata that `domain::Metadata` accepts.
fn metadata_in() -> Object {
    let value = SchemaType::from_iter([Type::String, Type::Number, Type::Boolean, Type::Null]);
    // PostgreSQL cannot keep the NUL character.
    let text = || ObjectBuilder::new().max_length(Some(255)).pattern(Some(r"^[^\x00]*$"));
    let value = text().schema_type(value).build();
    let key = text().schema_type(Type::String).min_length(Some(1)).build();
    ObjectBuilder::new()
        .max_properties(Some(20))
        .property_names(Some(Schema::Object(key)))
        .additional_properties(Some(AdditionalProperties::from(Schema::Object(value))))
        .build()
}
