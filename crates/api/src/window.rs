//! Reading which days a call is about: `period`, or `start_date` and `end_date`, out of a query or out of a body.

use domain::{Day, FieldErrors, Period, Window, WindowError};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::parameters::Parameters;
use crate::views::vocabulary::PeriodName;

/// What is taken when the client does not say.
const DEFAULT: Period = Period::Month;

/// The day on which a call came, and how far back days are kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Calendar {
    pub(crate) today: Day,
    /// The first day that is kept; `None` when all are.
    pub(crate) kept_from: Option<Day>,
}

impl Calendar {
    /// Refuses days that are no longer kept: what was gained in them is not known any more.
    pub(crate) fn check_kept(self, window: Window) -> Result<(), FieldErrors> {
        match self.kept_from {
            Some(kept_from) if window.first() < kept_from => {
                let message = format!("must be {kept_from} or later: earlier days are no longer kept");
                Err(FieldErrors::of("start_date", message))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// The days that a call is about, and how it named them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Asked {
    pub(crate) period: Period,
    pub(crate) window: Window,
}

impl Asked {
    /// A period that ends today.
    pub(crate) fn ending(period: Period, today: Day) -> Self {
        Self { period, window: Window::ending(today, period.days().unwrap_or(1)) }
    }

    /// Reads the days. What is wrong is left with `parameters`, whose end then refuses it.
    pub(crate) fn read(parameters: &mut impl Parameters, calendar: Calendar) -> Self {
        let Calendar { today, .. } = calendar;
        let period = parameters.read("period", |text| Period::parse(text, &Period::ALL));
        let first = parameters.read("start_date", date);
        let last = parameters.read("end_date", date);
        let asked = Self::of(period, first, last, today);
        let asked = asked.and_then(|asked| calendar.check_kept(asked.window).map(|()| asked));
        asked.unwrap_or_else(|errors| {
            parameters.refuse(errors);
            Self::ending(DEFAULT, today)
        })
    }

    fn of(period: Option<Period>, first: Option<Day>, last: Option<Day>, today: Day) -> Result<Self, FieldErrors> {
        let is_custom = period == Some(Period::Custom) || (period.is_none() && (first.is_some() || last.is_some()));
        let mut errors = FieldErrors::new();
        if !is_custom {
            for (name, date) in [("start_date", first), ("end_date", last)] {
                if date.is_some() {
                    errors.add(name, "goes with the period custom alone");
                }
            }
            return errors.into_result().map(|()| Self::ending(period.unwrap_or(DEFAULT), today));
        }
        let (Some(first), Some(last)) = (first, last) else {
            for (name, date) in [("start_date", first), ("end_date", last)] {
                if date.is_none() {
                    errors.add(name, "is required with the period custom");
                }
            }
            return Err(errors);
        };
        match Window::new(first, last, today) {
            Ok(window) => Ok(Self { period: Period::Custom, window }),
            Err(WindowError::InTheFuture) => {
                Err(FieldErrors::of("end_date", format!("must not be after today, which is {today} in UTC")))
            }
            Err(WindowError::Reversed) => Err(FieldErrors::of("end_date", "must not be before start_date")),
            Err(WindowError::TooLong) => Err(FieldErrors::of(
                "start_date",
                format!("must be so that there are at most {} days to end_date", domain::window::MOST_DAYS),
            )),
        }
    }
}

/// Reads the dates of a report, which go without a period: both or neither. What is wrong is left with `parameters`.
pub(crate) fn report_dates(parameters: &mut impl Parameters, today: Day) -> Option<Window> {
    let first = parameters.read("start_date", date);
    let last = parameters.read("end_date", date);
    let (missing, other) = match (first, last) {
        (None, None) => return None,
        (None, Some(_)) => ("start_date", "end_date"),
        (Some(_), None) => ("end_date", "start_date"),
        (Some(_), Some(_)) => {
            let asked = Asked::of(Some(Period::Custom), first, last, today);
            return asked.map_err(|errors| parameters.refuse(errors)).ok().map(|asked| asked.window);
        }
    };
    parameters.refuse(FieldErrors::of(missing, format!("goes together with {other}")));
    None
}

/// A date that has a year's length of days before it which can be written as well.
fn date(text: &str) -> Result<Day, String> {
    let day = Day::parse(text).filter(|_| !text.starts_with("0000"));
    day.ok_or_else(|| "must be a date from 0001-01-01 on, such as 2026-01-31".to_owned())
}

/// Which days.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the published form of what Asked::read reads")]
pub(crate) struct WindowParams {
    /// Days that end today (UTC), today included; or `custom`, which is also meant when dates are given without it. Default `30d`.
    #[param(inline)]
    period: Option<PeriodName>,
    /// The first day, with `custom` alone. There may be at most 366 days, all of them kept: an operator may keep days for two years only.
    #[param(format = Date)]
    start_date: Option<String>,
    /// The last day, itself included, with `custom` alone. Not after today (UTC).
    #[param(format = Date)]
    end_date: Option<String>,
}

/// Which days an answer is about.
#[derive(Serialize, ToSchema)]
#[schema(as = WindowMeta)]
pub(crate) struct WindowOut {
    /// The period in force.
    #[schema(value_type = PeriodName)]
    period: &'static str,
    /// The first day.
    #[schema(value_type = String, format = Date)]
    start_date: Day,
    /// The last day, itself included.
    #[schema(value_type = String, format = Date)]
    end_date: Day,
    /// How many days there are.
    #[schema(minimum = 1, maximum = 366)]
    days: i32,
}

impl From<Asked> for WindowOut {
    fn from(Asked { period, window }: Asked) -> Self {
        Self { period: period.as_str(), start_date: window.first(), end_date: window.last(), days: window.days() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::body::Fields;
    use crate::query::Query;

    fn calendar() -> Calendar {
        Calendar { today: Day::parse("2024-03-01").unwrap(), kept_from: Day::parse("2023-01-10") }
    }

    /// The window, or the fields that are refused, from a query and from a body, which must be the same.
    fn read(
        period: Option<&str>,
        first: Option<&str>,
        last: Option<&str>,
    ) -> Result<(String, String, i32), Vec<String>> {
        let given: Vec<_> = [("period", period), ("start_date", first), ("end_date", last)]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        let text: Vec<_> = given.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let body: serde_json::Map<_, _> =
            given.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let mut query = Query::parse(&text.join("&"));
        let mut fields = Fields::parse(json!(body).to_string().as_bytes()).ok().unwrap();
        let (one, other) = (Asked::read(&mut query, calendar()), Asked::read(&mut fields, calendar()));
        let (one, other) = (query.finish().map(|()| one), fields.finish().map(|()| other));
        assert_eq!(one, other);
        match one {
            Ok(Asked { period, window }) => {
                Ok((format!("{} {}", period.as_str(), window.first()), window.last().to_string(), window.days()))
            }
            Err(errors) => Err(errors.into_iter().map(|error| error.field).collect()),
        }
    }

    #[test]
    fn a_period_ends_today_and_a_month_is_the_default() {
        let is = |first: &str, days| Ok((first.to_owned(), "2024-03-01".to_owned(), days));
        assert_eq!(read(None, None, None), is("30d 2024-02-01", 30));
        assert_eq!(read(Some("7d"), None, None), is("7d 2024-02-24", 7));
        assert_eq!(read(Some("90d"), None, None), is("90d 2023-12-03", 90));
    }

    #[test]
    fn dates_are_a_period_of_their_own() {
        let leap_year = Ok(("custom 2023-03-02".to_owned(), "2024-03-01".to_owned(), 366));
        assert_eq!(read(Some("custom"), Some("2023-03-02"), Some("2024-03-01")), leap_year);
        assert_eq!(read(None, Some("2023-03-02"), Some("2024-03-01")), leap_year);
        assert_eq!(read(None, Some("2024-02-29"), Some("2024-02-29")).unwrap().2, 1);
    }

    #[test]
    fn each_field_that_is_wrong_is_named() {
        for (period, first, last, refused) in [
            (Some("custom"), None, None, vec!["start_date", "end_date"]),
            (None, Some("2024-01-01"), None, vec!["end_date"]),
            (Some("custom"), None, Some("2024-01-01"), vec!["start_date"]),
            (Some("7d"), Some("2024-01-01"), None, vec!["start_date"]),
            (Some("7d"), Some("2024-01-01"), Some("2024-01-02"), vec!["start_date", "end_date"]),
            (None, Some("2024-02-02"), Some("2024-02-01"), vec!["end_date"]),
            (None, Some("2024-02-02"), Some("2024-03-02"), vec!["end_date"]),
            (None, Some("2023-03-01"), Some("2024-03-01"), vec!["start_date"]),
            (None, Some("2023-02-29"), Some("2024-3-1"), vec!["start_date", "end_date"]),
            (None, Some("2023-01-09"), Some("2023-01-10"), vec!["start_date"]),
            (Some("8d"), None, None, vec!["period"]),
            (Some(""), None, None, vec!["period"]),
        ] {
            assert_eq!(
                read(period, first, last),
                Err(refused.into_iter().map(str::to_owned).collect()),
                "{period:?} {first:?} {last:?}"
            );
        }
    }

    #[test]
    fn the_first_days_have_a_window_before_them_that_can_be_written() {
        let calendar = Calendar { kept_from: None, ..calendar() };
        let asked = |query: &str| {
            let mut query = Query::parse(query);
            let asked = Asked::read(&mut query, calendar);
            query.finish().map(|()| asked.window)
        };
        let first = asked("start_date=0001-01-01&end_date=0002-01-01").unwrap();
        assert_eq!((first.days(), first.before().first().to_string()), (366, "0000-01-01".to_owned()));
        let refused = asked("start_date=0000-12-31&end_date=0001-01-01").unwrap_err();
        assert_eq!(refused.as_slice()[0].field, "start_date");
    }

    #[test]
    fn a_body_with_another_type_is_refused_by_name() {
        let mut fields =
            Fields::parse(br#"{"period": 7, "start_date": null, "end_date": ["2024-01-01"]}"#).ok().unwrap();
        Asked::read(&mut fields, calendar());
        let named: Vec<_> = fields.finish().unwrap_err().into_iter().map(|error| error.field).collect();
        assert_eq!(named, ["period", "start_date", "end_date"]);
    }
}
