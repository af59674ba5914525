//! The wire's forms of the resources: what the store hands out, under the contract's names.
//!
//! Conversions take the store's views apart in full, so that a new field of the store is a decision here.

pub(crate) mod account;
pub(crate) mod account_in;
pub(crate) mod creator;
pub(crate) mod creator_in;
pub(crate) mod post;
pub(crate) mod post_in;
pub(crate) mod vocabulary;

use std::collections::BTreeMap;

use domain::{MetricStatus, Timestamp};
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
    /// When a worker last tried.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_attempt_time: Option<Timestamp>,
    /// How that ended.
    #[schema(value_type = Option<OutcomeName>)]
    last_attempt_outcome: Option<domain::Outcome>,
    /// When the next attempt is due; null while paused.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_scrape_time: Option<Timestamp>,
    /// Failed attempts since the last good one.
    #[schema(minimum = 0)]
    consecutive_failures: i64,
}

impl From<Freshness> for FreshnessOut {
    fn from(freshness: Freshness) -> Self {
        let Freshness { state, last_attempt_at, last_attempt_outcome, next_scrape_at, consecutive_failures } =
            freshness;
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

/// Gathers the reasons for those of `metrics` that are null: `not_yet_scraped` before the first good read, after it what the store knows,
/// else the third member of the tuple.
fn metric_status(
    is_scraped: bool,
    known: &MetricStatuses,
    metrics: &[(&'static str, Option<i64>, MetricStatus)],
) -> MetricStatusOut {
    let null = metrics.iter().filter(|(_, value, _)| value.is_none());
    null.map(|(name, _, otherwise)| {
        let status = if is_scraped { known.get(*name).unwrap_or(otherwise) } else { &MetricStatus::NotYetScraped };
        (*name, *status)
    })
    .collect()
}

/// The published form of the metadata that `domain::Metadata` accepts.
fn metadata_in() -> Object {
    let value = SchemaType::from_iter([Type::String, Type::Number, Type::Boolean, Type::Null]);
    let value = ObjectBuilder::new().schema_type(value).max_length(Some(255)).build();
    let key = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255)).build();
    ObjectBuilder::new()
        .max_properties(Some(20))
        .property_names(Some(Schema::Object(key)))
        .additional_properties(Some(AdditionalProperties::from(Schema::Object(value))))
        .build()
}
