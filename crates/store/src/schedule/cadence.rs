//! How often a target is read: as often as the shortest wish among those who collect it. The posts of a feed follow the age curve, and only
//! as long as they are within their account's bounds.

use std::time::Duration;

use domain::{AgeCurve, TargetKind, Timestamp};
use sea_orm::{DatabaseTransaction, FromQueryResult};

use crate::sql::{row, values};
use crate::{StoreError, collecting};

/// An SQL expression for the shortest interval, in milliseconds, among the active trackers of the row of `schedules` at hand; null when
/// nobody collects it. `now` is the place of the present time among the parameters.
pub fn shortest_interval(kind: TargetKind, curve: &AgeCurve, now: &str) -> String {
    let collectors = collectors(kind, curve, now, |_, millis| format!("{millis} AS millis"), "= schedules.target_id");
    format!("(SELECT MIN(t.millis) FROM ({collectors}) t)")
}

/// A query for what each target is read by as its active trackers wish it: `target_id`, the shortest interval `millis`, and `due_at`, when the first
/// of them wants it read, by its own last read; that is long ago for one that has none. `targets` is a subquery of ids, and `now` the place of
/// the present time.
pub fn wishes(kind: TargetKind, curve: &AgeCurve, now: &str, targets: &str) -> String {
    let key = match kind {
        TargetKind::Profile | TargetKind::Feed => "profile_id",
        TargetKind::Post => "post_id",
    };
    let what = |record: &str, millis: &str| {
        format!(
            "{record}.{key} AS target_id, {millis} AS millis, {record}.last_scrape_at, {record}.last_attempt_at, {record}.failures"
        )
    };
    let collectors = collectors(kind, curve, now, what, &format!("IN ({targets})"));
    // A post is seen in lists between the reads of its page. The last of these was for whoever has seen something good since.
    format!(
        "SELECT w.target_id, MIN(w.millis) AS millis, MIN(COALESCE(w.millis + CASE \
         WHEN w.failures = 0 AND w.last_attempt_at >= s.last_success_at THEN s.last_success_at ELSE w.last_scrape_at END, 0)) AS due_at \
         FROM ({collectors}) w JOIN schedules s ON s.kind = '{}' AND s.target_id = w.target_id GROUP BY w.target_id",
        kind.as_str()
    )
}

/// A query over the active trackers of those targets that are `which`. `what` makes its columns, of the name of the tracking record and of an expression
/// for its interval in milliseconds.
fn collectors(
    kind: TargetKind,
    curve: &AgeCurve,
    now: &str,
    what: impl Fn(&str, &str) -> String,
    which: &str,
) -> String {
    match kind {
        TargetKind::Profile | TargetKind::Feed => format!(
            "SELECT {} FROM accounts a LEFT JOIN creators c ON c.id = a.creator_id \
             WHERE a.profile_id {which} AND a.is_active AND COALESCE(c.is_active, TRUE)",
            what("a", "a.scrape_interval_hours * 3600000")
        ),
        TargetKind::Post => format!(
            "SELECT {} FROM videos v WHERE v.post_id {which} AND v.is_active UNION ALL {}",
            what("v", "v.scrape_interval_hours * 3600000"),
            collecting::account_videos(
                &what("av", &by_age(curve, now)),
                &format!("av.post_id {which}"),
                collecting::RANK,
                now
            )
        ),
    }
}

/// The interval of a feed's post: a share of its account's, by the post's age, at least [`AgeCurve::SHORTEST`].
fn by_age(curve: &AgeCurve, now: &str) -> String {
    let shortest = AgeCurve::SHORTEST.as_millis();
    let share = |percent: u32| {
        format!(
            "CASE WHEN a.scrape_interval_hours * {percent} * 36000 < {shortest} THEN {shortest} \
             ELSE a.scrape_interval_hours * {percent} * 36000 END"
        )
    };
    let by_step = curve.steps().iter().map(|step| {
        let millis = i64::from(step.younger_than_days) * 86_400_000;
        format!("WHEN CAST({now} AS BIGINT) - av.create_time < {millis} THEN {}", share(step.percent))
    });
    let unknown = format!("WHEN av.create_time IS NULL THEN {}", share(100));
    let cases = std::iter::once(unknown).chain(by_step).collect::<Vec<_>>().join(" ");
    format!("CASE {cases} ELSE {} END", share(curve.older_percent()))
}

/// The shortest interval among a target's active trackers; `None` when nobody collects it.
pub async fn interval(
    tx: &DatabaseTransaction,
    kind: TargetKind,
    id: i64,
    curve: &AgeCurve,
    now: Timestamp,
) -> Result<Option<Duration>, StoreError> {
    #[derive(FromQueryResult)]
    struct Millis {
        millis: Option<i64>,
    }
    let sql = format!(
        "SELECT {} AS millis, CAST($3 AS BIGINT) AS at FROM schedules WHERE kind = $1 AND target_id = $2",
        shortest_interval(kind, curve, "$3")
    );
    let values = values![kind.as_str(), id, now.as_millis()];
    let found = row::<Millis>(tx, &sql, values).await?.and_then(|row| row.millis);
    Ok(found.and_then(|millis| u64::try_from(millis).ok()).map(Duration::from_millis))
}
