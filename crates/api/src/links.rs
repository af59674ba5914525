//! Short links: which creations were given one, and where it leads.
//!
//! Only the platform knows what a short link stands for, so one is followed at creation and nowhere else; what is kept is the post or
//! profile that it leads to. Asking the platform, with its budgets and its time limit, is for whoever implements [`ExpandLinks`].

use std::fmt::{Display, Formatter};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use domain::handle::InvalidHandle;
use domain::post_ref::InvalidPostRef;
use domain::{FieldErrors, Handle, Platform, PostRef};
use store::TenantTx;
use thiserror::Error;
use url::Url;

use crate::call::{Call, Post};
use crate::idempotent;
use crate::problem::{Code, Problem};
use crate::respond::{Answer, Reply};

/// Longest address that is repeated to a client, in characters.
const LONGEST_SHOWN: usize = 200;

/// Where a link leads, once it is known.
pub type Expanding<'a> = Pin<Box<dyn Future<Output = Result<Url, ExpandFailure>> + Send + 'a>>;

/// Asks a platform where its short links lead.
pub trait ExpandLinks: Send + Sync {
    /// The address that `link`, a short link of `platform`, leads to. A client waits meanwhile, so the implementer bounds the time.
    /// The future may be dropped before its end, when the client goes away.
    fn expand<'a>(&'a self, platform: Platform, link: &'a Url) -> Expanding<'a>;
}

impl std::fmt::Debug for dyn ExpandLinks {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str("ExpandLinks")
    }
}

/// Why it is not known where a link leads.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExpandFailure {
    /// It leads nowhere that can be used, and would not if it were asked again.
    #[error("{detail}")]
    Unresolvable {
        /// Why; shown to the client, so it holds no secrets.
        detail: String,
    },
    /// The platform may not be asked, or does not answer, at the moment.
    #[error("the platform may not be asked for {} s", retry_after.as_secs())]
    Busy {
        /// When asking again makes sense.
        retry_after: Duration,
    },
}

/// What a client's text stands for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Located<T> {
    /// The thing itself.
    Found(T),
    /// Whatever stands behind a short link.
    Behind {
        /// Whose link it is.
        platform: Platform,
        /// The link.
        link: Url,
    },
}

/// What can stand behind an address.
pub(crate) trait Target: Sized {
    /// The field of a body that names it.
    const FIELD: &'static str;
    /// Whose address an address must be.
    const WHOSE: &'static str;
    /// Why a text names none.
    type Refusal: Display;

    /// Reads a client's text.
    fn locate(platform: Platform, text: &str) -> Result<Located<Self>, Self::Refusal>;
}

impl Target for PostRef {
    const FIELD: &'static str = "identifier";
    const WHOSE: &'static str = "a post's";
    type Refusal = InvalidPostRef;

    fn locate(platform: Platform, text: &str) -> Result<Located<Self>, InvalidPostRef> {
        match Self::parse(platform, text) {
            Err(InvalidPostRef::ShortLink(link)) => Ok(Located::Behind { platform, link }),
            read => read.map(Located::Found),
        }
    }
}

impl Target for Handle {
    const FIELD: &'static str = "username";
    const WHOSE: &'static str = "a profile's";
    type Refusal = InvalidHandle;

    fn locate(platform: Platform, text: &str) -> Result<Located<Self>, InvalidHandle> {
        match Self::parse(platform, text) {
            Err(InvalidHandle::ShortLink(link)) => Ok(Located::Behind { platform, link }),
            read => read.map(Located::Found),
        }
    }
}

/// A valid body of a POST, whole but for what may still stand behind a short link.
pub(crate) struct Draft<T, F> {
    pub(crate) located: Located<T>,
    /// Makes the whole of it.
    pub(crate) complete: F,
}

/// Does `work` for a POST whose body may name its target by a short link; otherwise as [`idempotent::post`].
///
/// A link is followed outside of any transaction, because SQLite has one writer, which must not wait for somebody else's network. So the
/// answer to the key is looked for before and claimed after: a repeated request is answered from the record and follows nothing. Of two
/// that run at the same time both may follow the link, and one of them writes.
pub(crate) async fn post<T: Target, N: Clone>(
    call: &Call,
    post: Post,
    draft: Result<Draft<T, impl FnOnce(T) -> N>, Problem>,
    work: impl AsyncFn(&mut TenantTx, N) -> Result<Reply, Problem>,
) -> Answer {
    let input = match draft {
        Ok(Draft { located: Located::Found(found), complete }) => Ok(complete(found)),
        Ok(Draft { located: Located::Behind { platform, link }, complete }) => {
            if let Some(key) = &post.key
                && let Some(earlier) = idempotent::earlier(call, key, &post.body).await?
            {
                return earlier;
            }
            behind(call, platform, &link).await.map(complete)
        }
        Err(invalid) => Err(invalid),
    };
    idempotent::post(call, post.key, &post.body, input, work).await
}

/// What stands behind a link.
async fn behind<T: Target>(call: &Call, platform: Platform, link: &Url) -> Result<T, Problem> {
    let Some(links) = &call.shared().links else {
        return Err(invalid::<T>("is a short link; give the address that it leads to in a browser"));
    };
    let long = links.expand(platform, link).await.map_err(|failure| match failure {
        ExpandFailure::Unresolvable { detail } => {
            invalid::<T>(format!("is a short link that could not be resolved: {detail}"))
        }
        ExpandFailure::Busy { retry_after } => Problem::new(
            Code::ServiceUnavailable,
            "The platform cannot be asked at the moment where the short link leads. Try again later, or give the address that it \
             leads to in a browser.",
        )
        .retry(retry_after.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX).max(1)),
    })?;
    match T::locate(platform, long.as_str()) {
        Ok(Located::Found(found)) => Ok(found),
        Ok(Located::Behind { platform: _, link: _ }) | Err(_) => Err(invalid::<T>(format!(
            "is a short link that could not be resolved: it leads to {}, which is not {} address",
            shown(&long),
            T::WHOSE
        ))),
    }
}

fn invalid<T: Target>(message: impl Into<String>) -> Problem {
    FieldErrors::of(T::FIELD, message).into()
}

/// An address as far as it is repeated to a client: without a query, which may hold somebody's tokens.
fn shown(url: &Url) -> String {
    let plain = format!("{}{}", url.host_str().unwrap_or_default(), url.path());
    plain.chars().take(LONGEST_SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_repeated_without_its_query_and_at_bounded_length() {
        let url = Url::parse(&format!("https://me:secret@www.tiktok.com/{}?token=hunter2#x", "x".repeat(300))).unwrap();
        assert!(shown(&url).starts_with("www.tiktok.com/xxx"));
        assert_eq!(shown(&url).chars().count(), LONGEST_SHOWN);
        let url = Url::parse("https://www.tiktok.com/foryou?token=hunter2").unwrap();
        assert_eq!(shown(&url), "www.tiktok.com/foryou");
    }
}
