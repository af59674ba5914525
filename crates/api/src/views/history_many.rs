//! Answers about many records at once.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::{Float, Platform};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;
use store::{Delta, Deltas, RowId, WindowNumbers};
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{
    AdditionalProperties, AnyOfBuilder, Array, ArrayBuilder, Object, ObjectBuilder, Schema, SchemaType, Type,
};

use crate::views::history::{MetricsOut, RollupMetricsOut};
use crate::views::history_in::GivenId;
use crate::window::{Asked, WindowOut};

/// What was found of the ids that were asked for, by the ids, and those that nothing was found of.
struct Sorted<T> {
    found: BTreeMap<String, T>,
    not_found: Vec<Value>,
}

/// Sorts what was found by the ids that were given. An id of another platform than it is said to be of is not found.
fn sorted<T>(given: Vec<GivenId>, found: impl IntoIterator<Item = (RowId, Platform, T)>) -> Sorted<T> {
    let mut by_id: HashMap<RowId, (Platform, Option<T>)> =
        found.into_iter().map(|(id, platform, it)| (id, (platform, Some(it)))).collect();
    let mut sorted = Sorted { found: BTreeMap::new(), not_found: Vec::new() };
    let mut missing = HashSet::new();
    for GivenId { id, platform, given } in given {
        match by_id.get_mut(&id) {
            Some((known, it)) if platform.is_none_or(|platform| platform == *known) => {
                let text = match id {
                    RowId::Uuid(id) => id.to_string(),
                    RowId::Integer(id) => id.to_string(),
                };
                // Of several lists that name it, the first has it.
                sorted.found.extend(it.take().map(|it| (text, it)));
            }
            // Several lists may name it.
            Some(_) | None => sorted.not_found.extend(missing.insert(id).then_some(given)),
        }
    }
    sorted
}

/// Which days an answer is about, and what there was no record of.
#[derive(Serialize, ToSchema)]
#[schema(as = MetricsMeta)]
struct MetricsMetaOut {
    #[serde(flatten)]
    window: WindowOut,
    /// The ids of which you have no record, as you gave them, each once.
    #[schema(schema_with = given_ids)]
    not_found: Vec<Value>,
}

fn given_ids() -> Array {
    let of = |kind| ObjectBuilder::new().schema_type(SchemaType::Type(kind));
    let id = AnyOfBuilder::new().item(of(Type::String)).item(of(Type::Integer));
    ArrayBuilder::new()
        .items(RefOr::T(Schema::from(id)))
        .description(Some("The ids of which you have no record, as you gave them, each once."))
        .build()
}

macro_rules! metrics_answer {
    ($answer:ident as $name:ident, $metrics:ident) => {
        /// What each record gained, by its id.
        #[derive(Serialize, ToSchema)]
        #[schema(as = $name)]
        pub(crate) struct $answer {
            /// By the record's id.
            data: BTreeMap<String, $metrics>,
            meta: MetricsMetaOut,
        }

        impl $answer {
            pub(crate) fn new(given: Vec<GivenId>, numbers: Vec<WindowNumbers>, asked: Asked) -> Self {
                let found = numbers.into_iter().map(|it| (it.id, it.platform, $metrics::from((it.gains, it.coverage))));
                let Sorted { found, not_found } = sorted(given, found);
                Self { data: found, meta: MetricsMetaOut { window: asked.into(), not_found } }
            }
        }
    };
}

metrics_answer!(MetricsAnswerOut as MetricsAnswer, MetricsOut);
metrics_answer!(RollupMetricsAnswerOut as RollupMetricsAnswer, RollupMetricsOut);

/// What a metric gained in several windows, by their names, such as `7d`.
struct ByWindow(Vec<(i32, Option<Delta>)>);

impl Serialize for ByWindow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (days, delta) in &self.0 {
            let name = format!("{days}d");
            match delta {
                None => map.serialize_entry(&name, &())?,
                Some(Delta::Count(count)) => map.serialize_entry(&name, count)?,
                Some(Delta::Rate(Float(rate))) => map.serialize_entry(&name, rate)?,
            }
        }
        map.end()
    }
}

/// The published form of a map of windows by record.
fn deltas_by_id() -> Object {
    let delta = ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::Number, Type::Null]));
    let windows = ObjectBuilder::new()
        .schema_type(Type::Object)
        .additional_properties(Some(AdditionalProperties::from(Schema::from(delta))));
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(
            "By the record's id: what the metric gained, by the window's name, such as `7d`. Null where history does not reach that far, \
             or where no gain is known.",
        ))
        .additional_properties(Some(AdditionalProperties::from(Schema::from(windows))))
        .build()
}

macro_rules! deltas_answer {
    ($answer:ident as $name:ident, $meta:ident as $meta_name:ident, $count:ident: $what:literal) => {
        /// What one metric of each record gained in several windows.
        #[derive(Serialize, ToSchema)]
        #[schema(as = $name)]
        pub(crate) struct $answer {
            #[schema(schema_with = deltas_by_id)]
            data: BTreeMap<String, ByWindow>,
            meta: $meta,
        }

        /// Which windows there are, and what there was no record of.
        #[derive(Serialize, ToSchema)]
        #[schema(as = $meta_name)]
        struct $meta {
            /// The windows, by their numbers of days.
            windows: Vec<i32>,
            #[doc = $what]
            #[schema(minimum = 0, maximum = 200)]
            $count: usize,
            /// The ids of which you have no record, as you gave them, each once.
            #[schema(schema_with = given_ids)]
            not_found: Vec<Value>,
        }

        impl $answer {
            pub(crate) fn new(given: Vec<GivenId>, deltas: Vec<Deltas>, windows: Vec<i32>) -> Self {
                let found = deltas
                    .into_iter()
                    .map(|it| (it.id, it.platform, ByWindow(windows.iter().copied().zip(it.by_window).collect())));
                let Sorted { found, not_found } = sorted(given, found);
                Self { meta: $meta { windows, $count: found.len(), not_found }, data: found }
            }
        }
    };
}

deltas_answer!(
    DeltasAnswerOut as DeltasAnswer, DeltasMetaOut as DeltasMeta, video_count: "Videos in `data`."
);
deltas_answer!(
    AccountDeltasAnswerOut as AccountDeltasAnswer, AccountDeltasMetaOut as AccountDeltasMeta, account_count: "Accounts in `data`."
);
