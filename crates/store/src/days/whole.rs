//! All days of an account or a post whose whole history is at hand: the same rules as [`super::fold`], without a look into the database for each day.

use std::collections::BTreeMap;

use domain::history::{MetricDay, Sample};
use domain::{Day, Timestamp};

use super::fold::{PostSums, account_day, by_day, post_days};
use super::rows::{AccountDay, PostDay};
use super::seen::Seen;

/// Before every day.
const BEGINNING: Day = Day::from_number(i32::MIN);

/// The days of a post, of those of its reads that were seen.
pub fn whole_post(seen: &Seen, samples: &[Sample<6>], create_time: Option<Timestamp>) -> Vec<PostDay> {
    post_days(None, by_day(seen, samples, BEGINNING), create_time)
}

/// A post as an account shows it.
pub struct ShownPost<'a> {
    /// Its days, oldest first.
    pub days: &'a [PostDay],
    /// The day on which the account first read it.
    pub from: Day,
}

/// The days of an account, of those reads of its profile that were seen, and of its posts.
pub fn whole_account(seen: &Seen, samples: &[Sample<3>], posts: &[ShownPost<'_>]) -> Vec<AccountDay> {
    let mut days: BTreeMap<Day, Vec<Sample<3>>> = by_day(seen, samples, BEGINNING);
    for post in posts {
        for day in post.days.iter().filter(|day| day.day >= post.from) {
            days.entry(day.day).or_default();
        }
    }
    let mut made: Vec<AccountDay> = Vec::with_capacity(days.len());
    // How many of each post's days have been reached.
    let mut reached = vec![0_usize; posts.len()];
    for (day, samples) in days {
        let mut sums = PostSums::default();
        for (post, reached) in posts.iter().zip(&mut reached) {
            while post.days.get(*reached).is_some_and(|next| next.day <= day) {
                *reached += 1;
            }
            if post.from <= day
                && let Some(newest) = reached.checked_sub(1).and_then(|at| post.days.get(at))
            {
                add(&mut sums, post, newest, day);
            }
        }
        let is = account_day(day, &samples, made.last(), &sums);
        made.push(is);
    }
    made
}

/// Adds what a post comes to on a day, less what it had gained before the account showed it.
fn add(all: &mut PostSums, post: &ShownPost<'_>, newest: &PostDay, day: Day) {
    let is_read = newest.day == day;
    let before = post.days.iter().rev().find(|earlier| earlier.day < post.from);
    all.posts += 1;
    all.observed += i32::from(is_read);
    all.fallen += i32::from(is_read && newest.is.metrics.iter().any(MetricDay::is_fall));
    for (place, (sum, metric)) in all.sums.iter_mut().zip(&newest.is.metrics).enumerate() {
        let gained_before = before.and_then(|before| before.is.metrics.get(place)).map_or(0, |metric| metric.total);
        if let Some(count) = metric.count {
            sum.count = Some(sum.count.unwrap_or(0) + count.value);
        }
        sum.total += metric.total - gained_before;
        if let Some(gain) = metric.gain.filter(|_| is_read) {
            sum.gain = Some(sum.gain.unwrap_or(0) + gain);
            sum.posts += 1;
        }
    }
}
