//! What is remembered of a call: which, whose, how it ended and what it touched, without anything that is secret.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName};
use store::{KeyRecord, NewRequestEvent};

use crate::KeptAddress;
use crate::auth::bearer;
use crate::call::hyphenated;
use crate::exchange::Exchange;
use crate::idempotent::IDEMPOTENCY_KEY;
use crate::problem::Code;

/// Characters of a client's own words that are kept.
const MOST_CHARACTERS: usize = 255;

/// Characters of a path that are kept: no path of ours is nearly as long.
const MOST_PATH_CHARACTERS: usize = 1024;

/// Ids of resources that are kept of one call.
const MOST_RESOURCES: usize = 100;

/// What is remembered of a call: of one with a good key everything, of another only when it showed a key, or none where one is needed.
pub(crate) fn event_of<'a>(
    exchange: &'a Exchange,
    response: &'a ServiceResponse,
    kept: KeptAddress,
    took: Duration,
) -> Option<NewRequestEvent<'a>> {
    let request = response.request();
    let headers = request.headers();
    let key = exchange.key.get();
    let code = exchange.code.get();
    let has_failed_to_authenticate = match code {
        Some(Code::Unauthorized) => true,
        // Counted against the client's address before anybody looked at the key.
        Some(Code::RateLimited) | None => false,
        Some(_) => headers.contains_key(header::AUTHORIZATION),
    };
    if key.is_none() && !has_failed_to_authenticate {
        return None;
    }
    let named = |key: &'a Arc<KeyRecord>| Some(Cow::Borrowed(key.name.as_str()));
    Some(NewRequestEvent {
        request_id: exchange.request_id.as_str().into(),
        occurred_at: exchange.now,
        organization_id: key.map(|key| key.organization_id),
        api_key_id: key.map(|key| key.id),
        api_key_name: key.map_or_else(|| public_beginning(headers).map(Cow::Owned), named),
        method: shortened(request.method().as_str().into(), 32),
        route: exchange.route.get(),
        path: shortened(without_keys(request.path()), MOST_PATH_CHARACTERS),
        status: response.status().as_u16(),
        code: code.map(Code::as_str),
        duration_us: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        client_address: exchange.client.and_then(|address| kept_of(address, kept)).map(Cow::Owned),
        user_agent: own_words(headers, &header::USER_AGENT),
        idempotency_key: own_words(headers, &IDEMPOTENCY_KEY),
        resources: resources(exchange, request, response).map(Cow::Owned),
        replay_of: exchange.replay_of.get().map(|first| first.as_str().into()),
        is_write: !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS),
    })
}

/// The part of a refused key that is no secret.
fn public_beginning(headers: &HeaderMap) -> Option<String> {
    bearer(headers).ok().map(|key| format!("ca_{}…", key.public_part()))
}

/// A header in which the client says what it likes, cut to a bearable length.
fn own_words<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<Cow<'a, str>> {
    let words = match String::from_utf8_lossy(headers.get(name)?.as_bytes()) {
        Cow::Borrowed(words) => without_keys(words),
        Cow::Owned(words) => without_keys(&words).into_owned().into(),
    };
    Some(shortened(words, MOST_CHARACTERS))
}

fn shortened(text: Cow<'_, str>, most: usize) -> Cow<'_, str> {
    // No text has more characters than bytes.
    if text.len() <= most { text } else { text.chars().take(most).collect::<String>().into() }
}

/// Takes out whatever looks like one of our keys: it is a secret wherever it was sent by mistake.
fn without_keys(text: &str) -> Cow<'_, str> {
    if !text.contains("ca_") {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("ca_") {
        let (before, from) = rest.split_at(at);
        let end = from.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        kept.push_str(before);
        // Longer than the part of a key that is public, so there may be secret in it.
        kept.push_str(if word.len() > 16 { "ca_…" } else { word });
        rest = after;
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

/// As much of an address as is kept.
fn kept_of(address: IpAddr, kept: KeptAddress) -> Option<String> {
    match (kept, address.to_canonical()) {
        (KeptAddress::None, _) => None,
        (KeptAddress::Full, address) => Some(address.to_string()),
        (KeptAddress::Truncated, IpAddr::V4(address)) => {
            let [a, b, c, _] = address.octets();
            Some(format!("{a}.{b}.{c}.0/24"))
        }
        (KeptAddress::Truncated, IpAddr::V6(address)) => {
            let [a, b, c, ..] = address.segments();
            Some(format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0)))
        }
    }
}

/// Ids in the path, in the answer's `Location`, and those that the handler named.
fn resources(exchange: &Exchange, request: &HttpRequest, response: &ServiceResponse) -> Option<String> {
    let (mut ids, mut count) = (String::new(), 0);
    let mut add = |text: &str| {
        if let Some(id) = as_id(text)
            && count < MOST_RESOURCES
            && !ids.split(' ').any(|known| known == id)
        {
            if count > 0 {
                ids.push(' ');
            }
            ids.push_str(&id);
            count += 1;
        }
    };
    for (name, value) in request.match_info().iter() {
        if name.ends_with("_id") && name != "request_id" {
            add(value);
        }
    }
    let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
    if let Some((_, last)) = location.and_then(|location| location.rsplit_once('/')) {
        add(last);
    }
    for id in exchange.touched.borrow().iter() {
        add(id);
    }
    (count > 0).then_some(ids)
}

/// A UUID, or the number of an account video, in its one form.
fn as_id(text: &str) -> Option<String> {
    let number = || text.parse::<u64>().ok().map(|number| number.to_string()).filter(|plain| plain == text);
    hyphenated(text).map(|id| id.to_string()).or_else(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_as_far_as_the_settings_allow() {
        let kept = |address: &str, how| kept_of(address.parse().unwrap(), how);
        assert_eq!(kept("203.0.113.77", KeptAddress::Truncated).unwrap(), "203.0.113.0/24");
        assert_eq!(kept("::ffff:203.0.113.77", KeptAddress::Truncated).unwrap(), "203.0.113.0/24");
        assert_eq!(kept("2001:db8:aa:bb::1", KeptAddress::Truncated).unwrap(), "2001:db8:aa::/48");
        assert_eq!(kept("203.0.113.77", KeptAddress::Full).unwrap(), "203.0.113.77");
        assert_eq!(kept("203.0.113.77", KeptAddress::None), None);
    }

    #[test]
    fn a_key_that_was_sent_where_none_belongs_is_not_kept() {
        let entropy = std::array::from_fn(|at| u8::try_from(at).unwrap());
        let key = domain::ApiKey::from_entropy(&entropy);
        let path = format!("/v2/accounts/{}/x", key.reveal());
        assert_eq!(without_keys(&path), "/v2/accounts/ca_…/x");
        assert_eq!(without_keys("a ca_b Mca_c/1.0"), "a ca_b Mca_c/1.0");
    }

    #[test]
    fn ids_are_uuids_and_plain_numbers() {
        let id = "0190f4c5-7b6a-7def-8abc-0123456789ab";
        assert_eq!(as_id(&id.to_uppercase()).as_deref(), Some(id));
        assert_eq!(as_id("17").as_deref(), Some("17"));
        for other in ["017", "accounts", "", "-1", "a b"] {
            assert_eq!(as_id(other), None, "{other}");
        }
    }
}
