//! What clients ask of many records at once: which of them, over which days, by which metric.

use std::collections::HashSet;

use domain::{MetricName, Platform};
use serde_json::Value;
use store::RowId;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AnyOfBuilder, Array, ArrayBuilder, ObjectBuilder, Schema, Type};

use crate::body::{Fields, integer, uuid};
use crate::problem::Problem;
use crate::views::vocabulary::{AccountMetricName, PeriodName, PostMetricName};
use crate::window::{Asked, Calendar};

/// Records in one call, at most.
pub(crate) const MOST_IDS: usize = 200;

/// Windows in one call, at most.
const MOST_WINDOWS: usize = 10;

/// Days of such a window, at most.
const LONGEST_WINDOW: i64 = 365;

/// The windows that are taken when the client does not say.
const WINDOWS: [i32; 4] = [1, 7, 14, 30];

/// An id as a client gave it.
#[derive(Clone, Debug)]
pub(crate) struct GivenId {
    pub(crate) id: RowId,
    /// The platform that it is said to be of.
    pub(crate) platform: Option<Platform>,
    /// As it stands in the body.
    pub(crate) given: Value,
}

/// Many accounts over a window.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountMetricsQuery, example = json!({"account_ids": ["01890a5d-ac96-774b-bcce-b302099a8057"], "period": "30d"}))]
#[expect(dead_code, reason = "the published form of what account_ids and Asked::read read")]
pub(crate) struct AccountMetricsIn {
    /// The accounts. One that stands here twice counts once.
    #[schema(schema_with = uuids)]
    account_ids: Vec<String>,
    /// Days that end today (UTC), today included; or `custom`, which is also meant when dates are given without it.
    #[schema(default = "30d", required = false, value_type = PeriodName)]
    period: Option<String>,
    /// The first day, with `custom` alone. There may be at most 366 days.
    #[schema(required = false, value_type = String, format = Date)]
    start_date: Option<String>,
    /// The last day, itself included, with `custom` alone. Not after today (UTC).
    #[schema(required = false, value_type = String, format = Date)]
    end_date: Option<String>,
}

/// Many videos over a window.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VideoMetricsQuery, example = json!({"video_ids": ["01890a5d-ac96-774b-bcce-b302099a8057"], "start_date": "2026-01-01", "end_date": "2026-01-31"}))]
#[expect(dead_code, reason = "the published form of what video_ids and Asked::read read")]
pub(crate) struct VideoMetricsIn {
    /// The videos. One that stands here twice counts once.
    #[schema(schema_with = uuids)]
    video_ids: Vec<String>,
    /// Days that end today (UTC), today included; or `custom`, which is also meant when dates are given without it.
    #[schema(default = "30d", required = false, value_type = PeriodName)]
    period: Option<String>,
    /// The first day, with `custom` alone. There may be at most 366 days.
    #[schema(required = false, value_type = String, format = Date)]
    start_date: Option<String>,
    /// The last day, itself included, with `custom` alone. Not after today (UTC).
    #[schema(required = false, value_type = String, format = Date)]
    end_date: Option<String>,
}

/// Many account videos over a window: at least one of the lists, together at most 200 ids.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountVideoMetricsQuery, example = json!({"account_video_ids": [48213], "period": "7d"}))]
#[expect(dead_code, reason = "the published form of what account_video_ids and Asked::read read")]
pub(crate) struct AccountVideoMetricsIn {
    /// Account videos of any platform.
    #[schema(schema_with = integers, required = false)]
    account_video_ids: Vec<i64>,
    /// Account videos on Instagram; one on another platform is not found.
    #[schema(schema_with = integers, required = false)]
    instagram_post_ids: Vec<i64>,
    /// Account videos on TikTok; one on another platform is not found.
    #[schema(schema_with = integers, required = false)]
    tiktok_video_ids: Vec<i64>,
    /// Days that end today (UTC), today included; or `custom`, which is also meant when dates are given without it.
    #[schema(default = "30d", required = false, value_type = PeriodName)]
    period: Option<String>,
    /// The first day, with `custom` alone. There may be at most 366 days.
    #[schema(required = false, value_type = String, format = Date)]
    start_date: Option<String>,
    /// The last day, itself included, with `custom` alone. Not after today (UTC).
    #[schema(required = false, value_type = String, format = Date)]
    end_date: Option<String>,
}

/// One metric of many accounts over several windows.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountDeltasQuery, example = json!({"account_ids": ["01890a5d-ac96-774b-bcce-b302099a8057"], "windows": [1, 7], "metric": "followers"}))]
#[expect(dead_code, reason = "the published form of what account_ids and deltas_asked read")]
pub(crate) struct AccountDeltasIn {
    /// The accounts. One that stands here twice counts once.
    #[schema(schema_with = uuids)]
    account_ids: Vec<String>,
    /// Windows that end today (UTC), each by its number of days; each once. Left out, they are 1, 7, 14 and 30.
    #[schema(schema_with = windows, required = false)]
    windows: Vec<i64>,
    /// The metric.
    #[schema(default = "views", required = false, value_type = AccountMetricName)]
    metric: Option<String>,
}

/// One metric of many videos over several windows.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VideoDeltasQuery, example = json!({"video_ids": ["01890a5d-ac96-774b-bcce-b302099a8057"], "windows": [1, 7]}))]
#[expect(dead_code, reason = "the published form of what video_ids and deltas_asked read")]
pub(crate) struct VideoDeltasIn {
    /// The videos. One that stands here twice counts once.
    #[schema(schema_with = uuids)]
    video_ids: Vec<String>,
    /// Windows that end today (UTC), each by its number of days; each once. Left out, they are 1, 7, 14 and 30.
    #[schema(schema_with = windows, required = false)]
    windows: Vec<i64>,
    /// The metric.
    #[schema(default = "views", required = false, value_type = PostMetricName)]
    metric: Option<String>,
}

/// One metric of many account videos over several windows: at least one of the lists of ids, together at most 200.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountVideoDeltasQuery, example = json!({"account_video_ids": [48213], "windows": [1, 7]}))]
#[expect(dead_code, reason = "the published form of what account_video_ids and deltas_asked read")]
pub(crate) struct AccountVideoDeltasIn {
    /// Account videos of any platform.
    #[schema(schema_with = integers, required = false)]
    account_video_ids: Vec<i64>,
    /// Account videos on Instagram; one on another platform is not found.
    #[schema(schema_with = integers, required = false)]
    instagram_post_ids: Vec<i64>,
    /// Account videos on TikTok; one on another platform is not found.
    #[schema(schema_with = integers, required = false)]
    tiktok_video_ids: Vec<i64>,
    /// Windows that end today (UTC), each by its number of days; each once. Left out, they are 1, 7, 14 and 30.
    #[schema(schema_with = windows, required = false)]
    windows: Vec<i64>,
    /// The metric.
    #[schema(default = "views", required = false, value_type = PostMetricName)]
    metric: Option<String>,
}

fn uuids() -> Array {
    let id = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::Uuid)));
    ArrayBuilder::new()
        .items(RefOr::T(Schema::from(id)))
        .min_items(Some(1))
        .max_items(Some(MOST_IDS))
        .description(Some("Their ids. One that stands here twice counts once."))
        .build()
}

/// The greatest number of 18 digits: no account video has a greater one.
const GREATEST_ID: i64 = 999_999_999_999_999_999;

/// Ids of account videos: integers, or texts of their digits.
fn integers() -> Array {
    let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(GREATEST_ID));
    let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[1-9][0-9]{0,17}$"));
    let id = AnyOfBuilder::new().item(number).item(text);
    ArrayBuilder::new()
        .items(RefOr::T(Schema::from(id)))
        .max_items(Some(MOST_IDS))
        .description(Some(
            "Ids of account videos: of any platform, or of the one that the list is named after; one on another platform is not found.",
        ))
        .build()
}

fn windows() -> Array {
    let days = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(LONGEST_WINDOW));
    ArrayBuilder::new()
        .items(RefOr::T(Schema::from(days)))
        .min_items(Some(1))
        .max_items(Some(MOST_WINDOWS))
        .unique_items(true)
        .description(Some(
            "Windows that end today (UTC), each by its number of days; each once. Left out, they are 1, 7, 14 and 30.",
        ))
        .build()
}

/// Reads a list of UUIDs that must be there.
pub(crate) fn uuid_ids(fields: &mut Fields, name: &'static str) -> Vec<GivenId> {
    if !fields.has(name) {
        fields.refuse(name, "is required");
        return Vec::new();
    }
    let read = |value: &Value| Ok(GivenId { id: RowId::Uuid(uuid(value)?), platform: None, given: value.clone() });
    distinct(fields.filled_list(name, MOST_IDS, read).unwrap_or_default())
}

/// The lists of account videos, each with the platform that its ids are of.
const LISTS: [(&str, Option<Platform>); 3] = [
    ("account_video_ids", None),
    ("instagram_post_ids", Some(Platform::Instagram)),
    ("tiktok_video_ids", Some(Platform::Tiktok)),
];

/// Reads the lists of account videos, of which one at least must have something.
pub(crate) fn account_video_ids(fields: &mut Fields) -> Vec<GivenId> {
    let mut all = Vec::new();
    let mut is_sound = true;
    let mut first = None;
    for (name, platform) in LISTS {
        if !fields.has(name) {
            continue;
        }
        first.get_or_insert(name);
        let read = |value: &Value| Ok(GivenId { id: integer_id(value)?, platform, given: value.clone() });
        match fields.list(name, MOST_IDS, read) {
            Some(ids) => all.extend(ids),
            None => is_sound = false,
        }
    }
    if is_sound && !(1..=MOST_IDS).contains(&all.len()) {
        let name = first.unwrap_or("account_video_ids");
        fields.refuse(
            name,
            "must have 1 to 200 elements, those of account_video_ids, instagram_post_ids and tiktok_video_ids together",
        );
    }
    distinct(all)
}

/// An account video's id: an integer, which `5.0` is too, or its digits.
fn integer_id(value: &Value) -> Result<RowId, String> {
    let is_plain = |text: &&str| text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    let number = match value.as_str() {
        Some(text) => Some(text).filter(is_plain).and_then(|text| text.parse().ok()),
        None => integer(1, GREATEST_ID)(value).ok(),
    };
    number
        .filter(|id| (1..=GREATEST_ID).contains(id))
        .map(RowId::Integer)
        .ok_or_else(|| "must be the id of an account video".to_owned())
}

/// Each id once, the first time that it stands there.
fn distinct(ids: Vec<GivenId>) -> Vec<GivenId> {
    let mut seen = HashSet::new();
    ids.into_iter().filter(|it| seen.insert((it.id, it.platform))).collect()
}

/// Ends the reading of a body that asks for a window.
pub(crate) fn window_asked(mut fields: Fields, calendar: Calendar) -> Result<Asked, Problem> {
    let asked = Asked::read(&mut fields, calendar);
    fields.finish()?;
    Ok(asked)
}

/// Ends the reading of a body that asks for several windows: these, by a metric out of `known`.
pub(crate) fn deltas_asked(mut fields: Fields, known: &[MetricName]) -> Result<(Vec<i32>, MetricName), Problem> {
    let windows = if fields.has("windows") {
        let mut seen = HashSet::new();
        let read = |value: &Value| {
            let days = integer(1, LONGEST_WINDOW)(value)?;
            if seen.insert(days) { Ok(days) } else { Err("is there already".to_owned()) }
        };
        let windows = fields.filled_list("windows", MOST_WINDOWS, read).unwrap_or_default();
        windows.into_iter().filter_map(|days| i32::try_from(days).ok()).collect()
    } else {
        WINDOWS.to_vec()
    };
    let metric = fields.optional("metric", |value| MetricName::parse(value.as_str().unwrap_or_default(), known));
    fields.finish()?;
    Ok((windows, metric.unwrap_or(MetricName::Views)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(body: &Value) -> Fields {
        Fields::parse(body.to_string().as_bytes()).ok().unwrap()
    }

    fn invalid(fields: Fields) -> Vec<String> {
        fields.finish().err().into_iter().flatten().map(|error| error.field).collect()
    }

    #[test]
    fn ids_are_1_to_200_each_counted_once() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let mut good = fields(&json!({"account_ids": [id, id.to_uppercase(), id]}));
        assert_eq!(uuid_ids(&mut good, "account_ids").len(), 1);
        for (list, named) in [
            (json!([]), "account_ids"),
            (json!(null), "account_ids"),
            (json!(vec![id; 201]), "account_ids"),
            (json!([id, id, "x"]), "account_ids[2]"),
            (json!([7]), "account_ids[0]"),
        ] {
            let mut bad = fields(&json!({"account_ids": list}));
            uuid_ids(&mut bad, "account_ids");
            assert_eq!(invalid(bad), [named], "{list}");
        }
        let mut without = fields(&json!({}));
        uuid_ids(&mut without, "account_ids");
        assert_eq!(invalid(without), ["account_ids"]);
    }

    #[test]
    fn account_videos_are_named_by_integers_or_their_digits_in_any_of_three_lists() {
        let mut good = fields(
            &json!({"account_video_ids": [1, "2", 2.0, 1], "instagram_post_ids": ["1"], "tiktok_video_ids": []}),
        );
        let ids = account_video_ids(&mut good);
        let named: Vec<_> = ids.iter().map(|it| (it.id, it.platform)).collect();
        let expected =
            [(1, None), (2, None), (1, Some(Platform::Instagram))].map(|(id, platform)| (RowId::Integer(id), platform));
        assert_eq!((named, invalid(good)), (expected.into(), Vec::new()));
        for (body, named) in [
            (json!({}), "account_video_ids"),
            (json!({"tiktok_video_ids": []}), "tiktok_video_ids"),
            (json!({"account_video_ids": vec![1; 150], "tiktok_video_ids": vec![1; 51]}), "account_video_ids"),
            (json!({"tiktok_video_ids": [1, 0]}), "tiktok_video_ids[1]"),
            (json!({"tiktok_video_ids": ["01"]}), "tiktok_video_ids[0]"),
            (json!({"tiktok_video_ids": [1.5]}), "tiktok_video_ids[0]"),
            (json!({"tiktok_video_ids": ["9223372036854775808"]}), "tiktok_video_ids[0]"),
        ] {
            let mut bad = fields(&body);
            account_video_ids(&mut bad);
            assert_eq!(invalid(bad), [named], "{body}");
        }
    }

    #[test]
    fn windows_are_few_short_and_different() {
        let read = |body: Value| {
            let known = deltas_asked(fields(&body), MetricName::OF_POSTS);
            known.map_err(|problem| problem.into_parts().2.into_iter().map(|error| error.field).collect::<Vec<_>>())
        };
        assert_eq!(read(json!({})).unwrap(), (vec![1, 7, 14, 30], MetricName::Views));
        assert_eq!(read(json!({"windows": [365, 2], "metric": "saves"})).unwrap(), (vec![365, 2], MetricName::Saves));
        for (body, named) in [
            (json!({"windows": []}), vec!["windows"]),
            (json!({"windows": 7}), vec!["windows"]),
            (json!({"windows": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]}), vec!["windows"]),
            (json!({"windows": [0, 366, "7"]}), vec!["windows[0]", "windows[1]", "windows[2]"]),
            (json!({"windows": [7, 1, 7]}), vec!["windows[2]"]),
            (json!({"metric": "followers"}), vec!["metric"]),
            (json!({"metric": 7, "window": 1}), vec!["metric", "window"]),
        ] {
            assert_eq!(read(body.clone()).unwrap_err(), named, "{body}");
        }
    }
}
