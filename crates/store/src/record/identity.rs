//! Who a profile is: the platform's own id is the identity, the handle is only today's name.
//!
//! Of two rows that turn out to be the same profile, the one that was known by its id stays. What happens to a profile that is not to be
//! found under its handle is told in [`super::lost`].

use domain::handle::is_channel_id;
use domain::{Platform, ProfileFacts, TargetKind, UnavailableReason, Wake};
use sea_orm::FromQueryResult;

use super::{Recording, lost};
use crate::StoreError;
use crate::schedule::{self, Target};
use crate::sql::{Number, execute, row, values};

/// A profile as it is known before a read.
#[derive(FromQueryResult)]
pub struct Known {
    pub id: i64,
    username: Option<String>,
    /// The handle by which accounts show it, which outlives the row's own.
    shown: Option<String>,
    pub platform_id: Option<String>,
    previous_usernames: String,
    gone_since: Option<i64>,
    pub platform_data: String,
    pub provenance: String,
}

/// Which profile row a page's facts belong to.
pub enum Identity {
    /// This one.
    Known(Known),
    /// This one, to which most of the trackers of the row that was asked for moved; why the others did not.
    Joined(Known, String),
    /// None that may take them, because those who asked track the profile already; how, and whom to wake.
    Duplicate(String, Vec<Wake>),
    /// None: the handle is somebody else's by now.
    Foreign(String),
    /// It cannot be told.
    Unsure(String),
}

/// A profile's names after a read.
pub struct Names {
    /// The handle that the row holds; none while another row holds it.
    pub held: Option<String>,
    /// The handle by which its accounts show it.
    pub shown: String,
    /// The former ones, as stored.
    pub previous: String,
}

pub const KNOWN: &str = "SELECT id, username, \
     COALESCE(username, (SELECT MIN(a.username) FROM accounts a WHERE a.profile_id = profiles.id)) AS shown, \
     platform_id, previous_usernames, gone_since, platform_data, provenance FROM profiles";

/// The profile of the job at hand.
pub async fn known(recording: &Recording<'_>) -> Result<Known, StoreError> {
    row::<Known>(recording.tx, &format!("{KNOWN} WHERE id = $1"), values![recording.job.target_id])
        .await?
        .ok_or(StoreError::Unreadable { table: "profiles", column: "id" })
}

/// Finds the row that the facts belong to. A profile that was known under another handle takes the new one over, with the trackers that
/// were waiting for it.
pub async fn identify(recording: &Recording<'_>, facts: &ProfileFacts) -> Result<Identity, StoreError> {
    let asked = known(recording).await?;
    let Some(found) = &facts.platform_id else {
        // The page names the account by its handle alone. Where it is known whose handle it was, that is not enough: somebody else may have
        // it by now.
        return Ok(match &asked.platform_id {
            Some(id) => Identity::Unsure(format!("the page does not say whether it is about account {id}")),
            None => Identity::Known(asked),
        });
    };
    if asked.platform_id.is_some() {
        return Ok(asked.foreign(found).map_or(Identity::Known(asked), Identity::Foreign));
    }
    let former = row::<Known>(
        recording.tx,
        &format!("{KNOWN} WHERE platform = $1 AND platform_id = $2"),
        values![facts.platform.as_str(), found.clone()],
    )
    .await?;
    let Some(former) = former else { return Ok(Identity::Known(asked)) };
    merge(recording, asked, former, &facts.username).await
}

impl Known {
    /// What is to be said of a page that shows the account `found`, when that is not this profile.
    pub fn foreign(&self, found: &str) -> Option<String> {
        let id = self.platform_id.as_deref().filter(|id| *id != found)?;
        Some(format!("the handle belongs to another account now: id {found} instead of {id}"))
    }

    /// Whether the last word of the platform was that the handle leads nowhere, or to somebody else.
    pub const fn is_gone(&self) -> bool {
        self.gone_since.is_some()
    }

    /// Whether the profile is not to be found under its own handle, and `username` is another one.
    pub fn is_lost(&self, username: &str) -> bool {
        (self.is_gone() || self.username.is_none()) && self.shown.as_deref() != Some(username)
    }

    /// The former handles once the profile has the handle `current`, as stored.
    pub fn former_names(&self, platform: Platform, current: &str) -> String {
        let mut former: Vec<String> = serde_json::from_str(&self.previous_usernames).unwrap_or_default();
        former.retain(|name| name != current);
        let last = self.shown.clone().filter(|name| name != current && !is_stand_in(platform, name));
        // A handle that was given up may have been noted as a former one before.
        former.retain(|name| Some(name) != last.as_ref());
        former.extend(last);
        serde_json::Value::from(former).to_string()
    }
}

/// Whether a name only stands in for a handle: YouTube's channel ids and old forms of addresses, until the page gives the handle.
pub fn is_stand_in(platform: Platform, name: &str) -> bool {
    match platform {
        Platform::Youtube => name.contains('/') || is_channel_id(name),
        Platform::Instagram | Platform::Tiktok | Platform::Pinterest => false,
    }
}

/// `asked` turned out to be the profile that is known as `former`: its trackers move over. One whose organization tracks `former`
/// already stays where it is, in a clear state, instead of becoming a second record of the same profile.
async fn merge(recording: &Recording<'_>, asked: Known, former: Known, username: &str) -> Result<Identity, StoreError> {
    let target = Target { kind: TargetKind::Profile, id: former.id, platform: recording.job.platform };
    schedule::rest(recording.tx, target).await?;
    if !schedule::hold(recording.tx, target).await? {
        // It was cleared away when it had just been found.
        return Ok(Identity::Known(asked));
    }
    // What they have seen are reads of the row that they leave. At those times others may have read the one that they come to, which is not theirs to
    // see: they begin anew, and the days that they have stay.
    let moved = execute(
        recording.tx,
        "UPDATE accounts SET profile_id = $2, seen_since = NULL, seen_until = NULL, seen_before = NULL WHERE profile_id = $1 AND NOT EXISTS \
         (SELECT 1 FROM accounts b WHERE b.profile_id = $2 AND b.organization_id = accounts.organization_id)",
        values![asked.id, former.id],
    )
    .await?;
    let left =
        row::<Number>(recording.tx, "SELECT COUNT(*) AS value FROM accounts WHERE profile_id = $1", values![asked.id])
            .await?
            .map_or(0, |number| number.value);
    // The handle is the known profile's; the row that held it gives it up. Who is left on it has a second record of the same profile.
    execute(
        recording.tx,
        "UPDATE profiles SET username = NULL, gone_since = NULL, is_unavailable = $2, unavailable_because = $3 WHERE id = $1",
        values![asked.id, left > 0, (left > 0).then_some(UnavailableReason::Duplicate.as_str())],
    )
    .await?;
    let handle = former.shown.as_deref().unwrap_or("?");
    let detail = format!("the same profile is tracked already, as {handle}");
    if moved == 0 {
        let wakes = if former.is_lost(username) {
            lost::settle_under(recording, &former, username).await?.into_iter().collect()
        } else {
            Vec::new()
        };
        return Ok(Identity::Duplicate(detail, wakes));
    }
    execute(recording.tx, "UPDATE posts SET profile_id = $2 WHERE profile_id = $1", values![asked.id, former.id])
        .await?;
    // This read was one of the profile as it is known from now on.
    execute(
        recording.tx,
        "UPDATE schedules SET last_success_at = $2, consecutive_failures = 0 WHERE kind = 'profile' AND target_id = $1",
        values![former.id, recording.now.as_millis()],
    )
    .await?;
    Ok(if left > 0 { Identity::Joined(former, detail) } else { Identity::Known(former) })
}

/// The handle to keep, and the former ones. A handle that another row still holds is left to that row's own next read.
pub async fn rename(recording: &Recording<'_>, known: &Known, facts: &ProfileFacts) -> Result<Names, StoreError> {
    let previous = known.previous_usernames.clone();
    let keeps = known.username.as_ref().filter(|current| {
        **current == facts.username
            || (is_stand_in(facts.platform, &facts.username) && !is_stand_in(facts.platform, current))
    });
    if let Some(current) = keeps {
        return Ok(Names { held: Some(current.clone()), shown: current.clone(), previous });
    }
    if is_held_elsewhere(recording, known.id, &facts.username).await? {
        let shown = known.username.clone().unwrap_or_else(|| facts.username.clone());
        return Ok(Names { held: known.username.clone(), shown, previous });
    }
    Ok(Names {
        held: Some(facts.username.clone()),
        shown: facts.username.clone(),
        previous: known.former_names(facts.platform, &facts.username),
    })
}

pub async fn is_held_elsewhere(recording: &Recording<'_>, id: i64, username: &str) -> Result<bool, StoreError> {
    let holder = row::<Number>(
        recording.tx,
        "SELECT id AS value FROM profiles WHERE platform = $1 AND username = $2 AND id <> $3",
        values![recording.job.platform.as_str(), username, id],
    )
    .await?;
    Ok(holder.is_some())
}
