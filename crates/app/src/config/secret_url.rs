//! A URL that may carry a password: it is used through [`SecretUrl::reveal`] and shown masked everywhere else.

use std::borrow::Cow;

use serde::{Deserialize, Serialize, Serializer};

/// What stands in the place of a secret.
pub(super) const MASK: &str = "***";

/// Parameters of database URLs whose values are secret.
const SECRET_PARAMETERS: [&str; 4] = ["password", "sslpassword", "sslkey", "token"];

/// A URL of which `Debug`, `Display` and the serialized form show no password.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct SecretUrl(String);

impl SecretUrl {
    /// The URL as it is, to connect with.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The URL with its secrets masked. It is cut by hand, so that nothing slips out of a URL that no parser accepts.
    fn masked(&self) -> Cow<'_, str> {
        let (scheme, rest) = self.0.split_once("://").map_or(("", self.0.as_str()), |(_, rest)| {
            let scheme_length = self.0.len() - rest.len();
            (&self.0[..scheme_length], rest)
        });
        // The last "@" of all: a password that was not escaped may hold others, and question marks.
        let user_info = rest.rsplit_once('@');
        let address = user_info.map_or(rest, |(_, address)| address);
        let query = address.split_once('?');
        if user_info.is_none() && !query.is_some_and(|(_, query)| query.split('&').any(is_secret)) {
            return Cow::Borrowed(&self.0);
        }
        let mut shown = scheme.to_owned();
        if let Some((user_info, _)) = user_info {
            let user = user_info.split_once(':').map_or(MASK, |(user, _)| user);
            shown.extend([user, ":", MASK, "@"]);
        }
        match query {
            None => shown.push_str(address),
            Some((host, query)) => {
                let parameters: Vec<_> = query.split('&').map(mask_parameter).collect();
                shown.extend([host, "?", &parameters.join("&")]);
            }
        }
        Cow::Owned(shown)
    }
}

fn is_secret(parameter: &str) -> bool {
    let name = parameter.split_once('=').map_or(parameter, |(name, _)| name);
    SECRET_PARAMETERS.iter().any(|secret| name.eq_ignore_ascii_case(secret))
}

fn mask_parameter(parameter: &str) -> Cow<'_, str> {
    match parameter.split_once('=') {
        Some((name, _)) if is_secret(parameter) => Cow::Owned(format!("{name}={MASK}")),
        Some(_) | None => Cow::Borrowed(parameter),
    }
}

impl From<&str> for SecretUrl {
    fn from(url: &str) -> Self {
        Self(url.to_owned())
    }
}

impl std::fmt::Display for SecretUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.masked())
    }
}

impl std::fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.masked())
    }
}

impl Serialize for SecretUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_masked_and_the_rest_stays_readable() {
        for (url, shown) in [
            ("postgres://ann:hunter2@db.example:5432/audit", "postgres://ann:***@db.example:5432/audit"),
            ("redis://:hunter2@cache:6379/0", "redis://:***@cache:6379/0"),
            ("redis://hunter2@cache:6379/0", "redis://***:***@cache:6379/0"),
            ("postgres://ann:hun@ter2@db/audit", "postgres://ann:***@db/audit"),
            ("postgres://ann:hunter2/x@db/audit", "postgres://ann:***@db/audit"),
            ("postgres://db/audit?user=ann&password=hunter2", "postgres://db/audit?user=ann&password=***"),
            (
                "postgres://db/audit?sslmode=require&PASSWORD=hunter2",
                "postgres://db/audit?sslmode=require&PASSWORD=***",
            ),
            ("ann:hunter2@db", "ann:***@db"),
            ("sqlite://creator-audit.db", "sqlite://creator-audit.db"),
            ("sqlite://a.db?mode=ro", "sqlite://a.db?mode=ro"),
            ("memory:", "memory:"),
        ] {
            let secret = SecretUrl::from(url);
            assert_eq!(secret.to_string(), shown);
            assert_eq!(format!("{secret:?}"), format!("{shown:?}"));
            assert_eq!(serde_json::to_value(&secret).unwrap(), shown);
            assert_eq!(secret.reveal(), url);
        }
    }

    #[test]
    fn a_question_mark_in_a_password_gives_nothing_away() {
        let shown = SecretUrl::from("postgres://ann:hun?ter2@db/audit").to_string();
        assert!(!shown.contains("ter2") && !shown.contains("hun"), "{shown}");
    }
}
