//! Reading the parameters of a query one by one, and the page that a list is asked for.

use std::borrow::Cow;

use domain::{FieldError, FieldErrors, Timestamp};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use store::{Direction, PageRequest, RowId};
use url::form_urlencoded;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AnyOfBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::body::{MOST_UNKNOWN, shown};
use crate::call::{Call, hyphenated};
use crate::cursor::{Cursor, Scope};
use crate::problem::Problem;

/// Rows on a page when the client does not say.
const DEFAULT_LIMIT: u32 = 50;
const MOST_ROWS: u32 = 200;

/// Parameters that are not read yet, and what was wrong with those that are.
pub(crate) struct Query {
    /// Their names and values; no value for what is not UTF-8.
    left: Vec<(String, Option<String>)>,
    errors: FieldErrors,
}

impl Query {
    pub(crate) fn parse(text: &str) -> Self {
        let pairs = text.split('&').flat_map(|pair| {
            let is_text = percent_decode_str(pair).decode_utf8().is_ok();
            form_urlencoded::parse(pair.as_bytes()).map(move |(k, v)| (k.into_owned(), is_text.then(|| v.into_owned())))
        });
        Self { left: pairs.collect(), errors: FieldErrors::new() }
    }

    /// The value of `name`, when it is given, once.
    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.left.iter().position(|(key, _)| key == name)?;
        let (_, value) = self.left.remove(at);
        if self.left.iter().any(|(key, _)| key == name) {
            self.left.retain(|(key, _)| key != name);
            self.errors.add(name, "must be given once");
            return None;
        }
        let Some(value) = value else {
            self.errors.add(name, "must be UTF-8");
            return None;
        };
        if value.contains('\0') {
            self.errors.add(name, "must not contain a NUL character");
            return None;
        }
        Some(value)
    }

    /// The value of `name` as `read` reads it; its error completes the sentence that begins with the name.
    pub(crate) fn read<T>(&mut self, name: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let value = self.take(name)?;
        self.errors.check(name, read(&value))
    }

    /// A text of at most 255 characters; an empty one filters nothing.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        self.text_within(name, 255)
    }

    /// A text of at most so many characters; an empty one is none.
    pub(crate) fn text_within(&mut self, name: &str, most: usize) -> Option<String> {
        let read = |text: &str| match text.chars().count() {
            count if count <= most => Ok(text.to_owned()),
            _ => Err(format!("must be at most {most} characters long")),
        };
        self.read(name, read).filter(|text| !text.is_empty())
    }

    /// How many to show at most.
    pub(crate) fn limit(&mut self, most: u32) -> Option<u32> {
        self.read("limit", |text| match text.parse() {
            Ok(limit) if (1..=most).contains(&limit) && !text.starts_with('+') => Ok(limit),
            Ok(_) | Err(_) => Err(format!("must be an integer from 1 to {most}")),
        })
    }

    /// A text of 1 to 255 characters.
    pub(crate) fn filled(&mut self, name: &str) -> Option<String> {
        self.read(name, |text| match text.chars().count() {
            1..=255 => Ok(text.to_owned()),
            _ => Err("must be 1 to 255 characters long".to_owned()),
        })
    }

    /// One of a closed set of names.
    pub(crate) fn choice<T: std::str::FromStr<Err = String>>(&mut self, name: &str) -> Option<T> {
        self.read(name, str::parse)
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&mut self, name: &str) -> Option<bool> {
        self.read(name, |text| match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err("must be true or false".to_owned()),
        })
    }

    /// A UUID.
    pub(crate) fn uuid(&mut self, name: &str) -> Option<Uuid> {
        self.read(name, |text| hyphenated(text).ok_or_else(|| "must be a UUID".to_owned()))
    }

    /// The id of an account, video or account video.
    pub(crate) fn target(&mut self, name: &str) -> Option<RowId> {
        self.read(name, |text| {
            let is_plain = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
            let number = || if is_plain { text.parse().ok().map(RowId::Integer) } else { None };
            let id = hyphenated(text).map(RowId::Uuid).or_else(number);
            id.ok_or_else(|| "must be the id of an account, video or account video".to_owned())
        })
    }

    /// Both ends of a span, each of which may be left open. One that ends before it begins is refused.
    pub(crate) fn span(&mut self, from: &str, until: &str) -> (Option<Timestamp>, Option<Timestamp>) {
        let (first, last) = (self.time_from(from), self.time_until(until));
        if first.zip(last).is_some_and(|(first, last)| last < first) {
            self.errors.add(until, format!("must not be before {from}"));
        }
        (first, last)
    }

    /// The beginning of a span: an RFC 3339 time, or a date (UTC), which begins with its first millisecond.
    fn time_from(&mut self, name: &str) -> Option<Timestamp> {
        self.read(name, |text| time_or_date(text, "T00:00:00Z"))
    }

    /// The end of a span, itself included: an RFC 3339 time, or a date (UTC), which ends with its last millisecond.
    fn time_until(&mut self, name: &str) -> Option<Timestamp> {
        self.read(name, |text| time_or_date(text, "T23:59:59.999Z"))
    }

    /// The order of a list: `order_by` and `order_direction`, or the older `sort`, over which they win.
    pub(crate) fn sort<O: Copy>(&mut self, orders: &'static [Order<O>]) -> Sort<O> {
        let columns = || orders.iter().map(|order| order.name).collect::<Vec<_>>().join(", ");
        let find = |name: &str| orders.iter().find(|order| order.name == name);
        let must = || format!("must be one of: {}", columns());
        let named = self.read("order_by", |name| find(name).ok_or_else(must));
        let direction = self.read("order_direction", |text| match text {
            "asc" => Ok(Direction::Asc),
            "desc" => Ok(Direction::Desc),
            _ => Err("must be one of: asc, desc".to_owned()),
        });
        let legacy = self.read("sort", |text| {
            let (name, direction) = match text.strip_prefix('-') {
                Some(name) => (name, Direction::Desc),
                None => (text, Direction::Asc),
            };
            let sign = || format!("must be one of: {}, with a - before it for descending", columns());
            find(name).map(|order| (order, direction)).ok_or_else(sign)
        });
        let (order, own) = match (named, legacy) {
            (Some(order), _) => (order, order.direction),
            (None, Some((order, direction))) => (order, direction),
            (None, None) => (&orders[0], orders[0].direction),
        };
        Sort { order: order.value, name: order.name, direction: direction.unwrap_or(own) }
    }

    /// The page of a list, as the last thing to be read. `in_force` is what the answer echoes; the cursor is tied to it.
    pub(crate) fn page<O, E: Serialize>(
        mut self,
        call: &Call,
        order_by: O,
        direction: Direction,
        in_force: &E,
    ) -> Result<(PageRequest<O>, Scope), Problem> {
        let limit = self.limit(MOST_ROWS);
        let include_total = self.boolean("include_total").unwrap_or(false);
        let cursor = self.read("cursor", Cursor::parse);
        self.finish()?;
        let scope = Scope::of(call.key()?.organization_id, call.exchange().route.get(), in_force)?;
        let after = cursor.map(|cursor| cursor.open(&scope)).transpose()?;
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        Ok((PageRequest { order_by, direction, after, limit, include_total }, scope))
    }

    /// Notes what is wrong with parameters beyond their own form.
    pub(crate) fn refuse(&mut self, errors: FieldErrors) {
        for FieldError { field, message } in errors {
            self.errors.add(field, message);
        }
    }

    /// Ends the reading: every unknown parameter, and everything that was wrong before.
    pub(crate) fn finish(mut self) -> Result<(), FieldErrors> {
        for (name, _) in self.left.iter().take(MOST_UNKNOWN) {
            self.errors.add(shown(name), "is not a parameter of this operation");
        }
        self.errors.into_result()
    }
}

/// A sort column: its name on the wire and the direction that is taken when none is given. The first of a list is the default.
pub(crate) struct Order<O> {
    pub(crate) name: &'static str,
    pub(crate) value: O,
    pub(crate) direction: Direction,
}

/// The order in force.
pub(crate) struct Sort<O> {
    pub(crate) order: O,
    pub(crate) name: &'static str,
    pub(crate) direction: Direction,
}

impl<O> Sort<O> {
    pub(crate) fn direction_name(&self) -> &'static str {
        match self.direction {
            Direction::Asc => "asc",
            Direction::Desc => "desc",
        }
    }
}

/// The same query with `cursor` set, or without one. Where a page begins is said by the cursor alone.
pub(crate) fn with_cursor(query: &str, cursor: Option<&str>) -> String {
    let mut out = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name != Cow::Borrowed("cursor") && name != Cow::Borrowed("offset") {
            out.append_pair(&name, &value);
        }
    }
    if let Some(cursor) = cursor {
        out.append_pair("cursor", cursor);
    }
    out.finish()
}

/// Which page of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the published form of what Query::page reads")]
pub(crate) struct PageParams {
    /// Rows on a page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, under the same filters and sort; anything else is a 422.
    #[param(pattern = "^[A-Za-z0-9_-]+$")]
    cursor: Option<String>,
    /// Whether to count all rows that match, as `pagination.total_count`.
    #[param(default = false)]
    include_total: Option<bool>,
    /// Direction of the sort. Without it names ascend and everything else descends.
    #[param(inline)]
    order_direction: Option<DirectionName>,
    /// The older form of a sort: a column of `order_by`, with `-` before it for descending. `order_by` wins over it.
    sort: Option<String>,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "published names")]
enum DirectionName {
    Asc,
    Desc,
}

/// The published form of what [`Query::time_from`] and [`Query::time_until`] read.
pub(crate) struct TimeOrDate;

impl utoipa::PartialSchema for TimeOrDate {
    fn schema() -> RefOr<Schema> {
        let text =
            |format| ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(format)));
        let forms = AnyOfBuilder::new().item(text(KnownFormat::DateTime)).item(text(KnownFormat::Date));
        RefOr::T(Schema::AnyOf(forms.build()))
    }
}

impl ToSchema for TimeOrDate {}

fn time_or_date(text: &str, time_of_date: &str) -> Result<Timestamp, String> {
    let time =
        if text.len() == 10 { Timestamp::parse(&format!("{text}{time_of_date}")) } else { Timestamp::parse(text) };
    time.ok_or_else(|| {
        "must be a date, such as 2026-01-31, or an RFC 3339 time, such as 2026-01-31T00:00:00Z".to_owned()
    })
}

#[cfg(test)]
mod tests {

    use super::*;

    const ORDERS: &[Order<u8>] = &[
        Order { name: "added_at", value: 1, direction: Direction::Desc },
        Order { name: "username", value: 2, direction: Direction::Asc },
    ];

    fn sorted(query: &str) -> Result<(u8, Direction), FieldErrors> {
        let mut query = Query::parse(query);
        let sort = query.sort(ORDERS);
        query.finish().map(|()| (sort.order, sort.direction))
    }

    #[test]
    fn order_by_wins_over_sort_and_names_ascend() {
        assert_eq!(sorted(""), Ok((1, Direction::Desc)));
        assert_eq!(sorted("sort=added_at"), Ok((1, Direction::Asc)));
        assert_eq!(sorted("sort=-username"), Ok((2, Direction::Desc)));
        assert_eq!(sorted("order_by=username"), Ok((2, Direction::Asc)));
        assert_eq!(sorted("order_by=username&sort=-added_at"), Ok((2, Direction::Asc)));
        assert_eq!(sorted("order_by=username&order_direction=desc"), Ok((2, Direction::Desc)));
    }

    #[test]
    fn bad_unknown_and_repeated_parameters_are_named_together() {
        let mut query = Query::parse("q=a&q=b&is_active=yes&nope=1&order_direction=up&id=%00&name=%ff");
        query.text("q");
        query.boolean("is_active");
        query.text("id");
        query.text("name");
        query.sort(ORDERS);
        let mut named: Vec<_> = query.finish().unwrap_err().into_iter().map(|e| e.field).collect();
        named.sort();
        assert_eq!(named, ["id", "is_active", "name", "nope", "order_direction", "q"]);
    }

    #[test]
    fn a_character_that_stands_for_unreadable_bytes_may_be_given_itself() {
        let mut query = Query::parse("&q=%EF%BF%BD+%c3%a9&");
        assert_eq!(query.text("q").as_deref(), Some("\u{FFFD} é"));
        assert_eq!(query.finish(), Ok(()));
    }

    #[test]
    fn the_next_page_keeps_the_query_and_changes_the_cursor() {
        assert_eq!(with_cursor("q=a%26b&cursor=old&limit=2", Some("new")), "q=a%26b&limit=2&cursor=new");
        assert_eq!(with_cursor("cursor=old", None), "");
        assert_eq!(with_cursor("offset=50&limit=2", Some("new")), "limit=2&cursor=new");
    }

    #[test]
    fn a_date_is_a_whole_day() {
        let mut span = Query::parse("after=2026-01-31&before=2026-01-31&third=2026-13-31");
        let (after, before) = (span.time_from("after").unwrap(), span.time_until("before").unwrap());
        assert_eq!(after.to_string(), "2026-01-31T00:00:00Z");
        assert_eq!(before.to_string(), "2026-01-31T23:59:59.999Z");
        assert!(span.time_from("third").is_none());
        assert_eq!(span.finish().unwrap_err().as_slice()[0].field, "third");
    }

    #[test]
    fn a_span_that_ends_before_it_begins_is_refused_by_its_end() {
        let read = |text: &str| {
            let mut query = Query::parse(text);
            query.span("from", "until");
            query.finish().map_err(|errors| errors.as_slice().to_vec())
        };
        for good in ["", "from=2026-01-31", "until=2026-01-31", "from=2026-01-31&until=2026-01-31"] {
            assert_eq!(read(good), Ok(()), "{good}");
        }
        let at_once = "from=2026-01-31T10:00:00Z&until=2026-01-31T10:00:00Z";
        assert_eq!(read(at_once), Ok(()));
        for reversed in ["from=2026-02-01&until=2026-01-31", "from=2026-01-31T10:00:00Z&until=2026-01-31T09:59:59.999Z"]
        {
            let errors = read(reversed).unwrap_err();
            let said: Vec<_> = errors.iter().map(|it| (it.field.as_str(), it.message.as_str())).collect();
            assert_eq!(said, [("until", "must not be before from")], "{reversed}");
        }
    }
}
