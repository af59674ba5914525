//! What a key may do.

use std::str::FromStr;

use serde::Serialize;

use crate::validation::one_of;

/// One scope, by its name on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Scope {
    /// Everything that is read, request events excepted.
    #[serde(rename = "read")]
    Read,
    /// Every change of tracking, and reading.
    #[serde(rename = "write")]
    Write,
    /// Everything: keys and the organization too.
    #[serde(rename = "admin")]
    Admin,
    /// Accounts, posts, creators and every metric.
    #[serde(rename = "read:social")]
    ReadSocial,
    /// Usage and limits.
    #[serde(rename = "read:usage")]
    ReadUsage,
    /// Request events.
    #[serde(rename = "read:support")]
    ReadSupport,
    /// Creators and members (Aspire API).
    #[serde(rename = "read:member")]
    ReadMember,
    /// Guards nothing yet and opens nothing (Aspire API).
    #[serde(rename = "read:affiliate")]
    ReadAffiliate,
    /// Guards nothing yet and opens nothing (Aspire API).
    #[serde(rename = "read:payment")]
    ReadPayment,
    /// Guards nothing yet and opens nothing (Aspire API).
    #[serde(rename = "read:product-fulfillment")]
    ReadProductFulfillment,
    /// Accounts, videos, creators.
    #[serde(rename = "write:tracking")]
    WriteTracking,
    /// Webhooks.
    #[serde(rename = "write:webhooks")]
    WriteWebhooks,
}

impl Scope {
    /// Every scope that a key may be issued with.
    pub const ALL: [Self; 12] = [
        Self::Read,
        Self::Write,
        Self::Admin,
        Self::ReadSocial,
        Self::ReadUsage,
        Self::ReadSupport,
        Self::ReadMember,
        Self::ReadAffiliate,
        Self::ReadPayment,
        Self::ReadProductFulfillment,
        Self::WriteTracking,
        Self::WriteWebhooks,
    ];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
            Self::ReadSocial => "read:social",
            Self::ReadUsage => "read:usage",
            Self::ReadSupport => "read:support",
            Self::ReadMember => "read:member",
            Self::ReadAffiliate => "read:affiliate",
            Self::ReadPayment => "read:payment",
            Self::ReadProductFulfillment => "read:product-fulfillment",
            Self::WriteTracking => "write:tracking",
            Self::WriteWebhooks => "write:webhooks",
        }
    }

    /// Whether holding `self` is holding `wanted`.
    /// The other scopes that contain this one, narrow ones first.
    pub fn contained_in(self) -> Vec<Self> {
        let mut others: Vec<_> = Self::ALL.into_iter().filter(|held| *held != self && held.implies(self)).collect();
        others.sort_by_key(|held| Self::ALL.into_iter().filter(|wanted| held.implies(*wanted)).count());
        others
    }

    fn implies(self, wanted: Self) -> bool {
        use Scope::{Admin, Read, ReadMember, ReadSocial, ReadSupport, ReadUsage, Write, WriteTracking, WriteWebhooks};
        if self == wanted {
            return true;
        }
        match self {
            Admin => true,
            Write => Read.implies(wanted) || matches!(wanted, Read | WriteTracking | WriteWebhooks),
            Read => matches!(wanted, ReadSocial | ReadUsage | ReadMember),
            // Aspire's `read:social` covers posts, members and every metric.
            ReadSocial => wanted == ReadMember,
            ReadUsage
            | ReadSupport
            | ReadMember
            | Self::ReadAffiliate
            | Self::ReadPayment
            | Self::ReadProductFulfillment
            | WriteTracking
            | WriteWebhooks => false,
        }
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        one_of(s, &Self::ALL, Scope::as_str)
    }
}

/// The scopes that a key holds, as they were granted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// The grant of a new key that asks for nothing in particular.
    pub fn all_coarse() -> Self {
        Self(vec![Scope::Read, Scope::Write, Scope::Admin])
    }

    /// The scopes of a list; `None` when it is empty or names one twice.
    pub fn of(scopes: Vec<Scope>) -> Option<Self> {
        let is_twice = |(at, scope): (usize, &Scope)| scopes[..at].contains(scope);
        if scopes.is_empty() || scopes.iter().enumerate().any(is_twice) { None } else { Some(Self(scopes)) }
    }

    /// Whether these scopes allow what `wanted` guards.
    pub fn allow(&self, wanted: Scope) -> bool {
        self.0.iter().any(|held| held.implies(wanted))
    }

    /// The scopes as granted.
    pub fn as_slice(&self) -> &[Scope] {
        &self.0
    }
}

impl std::fmt::Display for Scopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.0.iter().map(|scope| scope.as_str()).collect();
        f.write_str(&names.join(","))
    }
}

impl FromStr for Scopes {
    type Err = String;

    /// Reads names separated by commas; at least one.
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let mut scopes = Vec::new();
        for name in s.split(',').map(str::trim) {
            let scope = name.parse()?;
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        Ok(Self(scopes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(text: &str) -> Scopes {
        text.parse().unwrap()
    }

    #[test]
    fn the_coarse_scopes_contain_each_other() {
        assert!(scopes("admin").allow(Scope::Write) && scopes("admin").allow(Scope::ReadSupport));
        assert!(scopes("write").allow(Scope::Read) && scopes("write").allow(Scope::ReadSocial));
        assert!(scopes("read").allow(Scope::ReadMember) && !scopes("read").allow(Scope::WriteTracking));
    }

    #[test]
    fn read_does_not_open_request_events_and_the_unused_scopes_open_nothing() {
        assert!(!scopes("read,write").allow(Scope::ReadSupport));
        for name in ["read:affiliate", "read:payment", "read:product-fulfillment"] {
            assert!(Scope::ALL.iter().all(|wanted| wanted.as_str() == name || !scopes(name).allow(*wanted)));
        }
    }

    #[test]
    fn a_list_of_scopes_names_at_least_one_and_each_once() {
        assert_eq!(Scopes::of(vec![Scope::Read, Scope::ReadUsage]), Some(scopes("read,read:usage")));
        assert_eq!((Scopes::of(vec![]), Scopes::of(vec![Scope::Read, Scope::Write, Scope::Read])), (None, None));
    }

    #[test]
    fn a_scope_knows_which_contain_it() {
        assert_eq!(Scope::ReadSupport.contained_in(), [Scope::Admin]);
        assert_eq!(Scope::ReadSocial.contained_in(), [Scope::Read, Scope::Write, Scope::Admin]);
        assert!(Scope::Admin.contained_in().is_empty());
    }

    #[test]
    fn scopes_are_written_as_they_are_read() {
        assert_eq!(scopes("read, write:tracking,read").to_string(), "read,write:tracking");
        assert!("reed".parse::<Scopes>().is_err() && "".parse::<Scopes>().is_err());
    }
}
