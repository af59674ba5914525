//! What Pinterest's pages share: the frame, the shell without data, and dates as its data and its feeds write them.

use domain::Timestamp;
use serde_json::{Value, json};

use crate::noise::{Noise, in_html, in_script};

/// A page around `blocks`, with the state that it hands to its scripts.
pub(super) fn page(noise: &Noise, title: &str, redux: Option<&Value>, blocks: &str) -> String {
    let (title, scripts) = (in_html(title), &noise.scripts);
    let context = in_script(&json!({
        "appVersion": "sandbox", "context": { "is_authenticated": false, "language": "en", "locale": "en-US", "country": "GB" }, "isAppShell": redux.is_none(),
    }));
    let props = redux.map(|state| {
        let props = json!({ "initialReduxState": state, "isAppShell": false, "pwaContext": {} });
        format!("<script id=\"__PWS_INITIAL_PROPS__\" type=\"application/json\">{}</script>\n", in_script(&props))
    });
    let props = props.unwrap_or_default();
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head><body><div id=\"__PWS_ROOT__\"></div>\n\
         <script id=\"__PWS_DATA__\" type=\"application/json\">{context}</script>\n{props}{blocks}{scripts}</body></html>\n"
    )
}

/// A page without data: what a refused client gets, and what stands behind a 404.
pub(super) fn shell(noise: &Noise) -> String {
    page(noise, "Pinterest", None, "")
}

/// `Sun, 30 Dec 2012 15:35:39 +0000`.
pub(super) fn written_time(at: Option<Timestamp>) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let Some(at) = at else { return String::new() };
    let days = at.as_seconds().div_euclid(24 * 3600);
    let day_of_week = usize::try_from(days.rem_euclid(7)).ok().and_then(|day| DAYS.get(day)).unwrap_or(&"Thu");
    let text = at.to_string();
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let month = part(5, 7).parse::<usize>().ok().and_then(|month| MONTHS.get(month.checked_sub(1)?)).unwrap_or(&"Jan");
    format!("{day_of_week}, {} {month} {} {} +0000", part(8, 10), part(0, 4), part(11, 19))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_mail_writes_them() {
        assert_eq!(written_time(Timestamp::parse("2012-12-30T15:35:39Z")), "Sun, 30 Dec 2012 15:35:39 +0000");
    }
}
