//! What is asked: each question with requests about other things each time, where there are others.

use std::sync::Arc;

use ::tests::Client;
use serde_json::Value;

use super::of_ninety_days;

/// Ids of a batch.
const BATCH: usize = 200;

/// Pages of a list that are walked to reach its depth.
const PAGES: usize = 250;

/// Pages that are asked for in turn.
const SOME_PAGES: usize = 20;

/// Sorts of the posts report.
const SORTS: [&str; 10] = [
    "views",
    "impressions",
    "engagements",
    "engagement_rate",
    "tmv",
    "view_time",
    "likes",
    "comments",
    "shares",
    "create_time",
];

/// Names and words, common and rare and of nobody.
const WORDS: [&str; 8] =
    ["maker", "birch_cook", "Mira", "the%20quiet%20part", "weekend", "K%C3%9CCHE", "zo", "nobody.at.all"];

/// A question with its requests.
pub struct Question {
    /// For people.
    pub name: String,
    /// Whole requests.
    pub requests: Vec<Arc<[u8]>>,
}

/// Everything of a list, or its first pages.
#[derive(Default)]
struct Walked {
    ids: Vec<Value>,
    /// The cursors of the pages after the first.
    cursors: Vec<String>,
}

async fn walk(client: &Client, path: &str) -> Walked {
    let mut walked = Walked::default();
    for _ in 0..PAGES {
        let cursor = walked.cursors.last().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let answer = client.get(&format!("{path}&limit=200{cursor}")).await;
        answer.assert_status(200);
        let page = answer.json();
        walked.ids.extend(page["data"].as_array().into_iter().flatten().map(|row| row["id"].clone()));
        match page["pagination"]["next_cursor"].as_str() {
            Some(next) => walked.cursors.push(next.to_owned()),
            None => break,
        }
    }
    walked
}

/// All questions, each with so many requests. What is asked about is looked up first.
pub async fn all(client: &Client, key: &str, samples: usize) -> Vec<Question> {
    let asker =
        Asker { host: client.base_url().trim_start_matches("http://").to_owned(), key: key.to_owned(), samples };
    let mut questions = Vec::new();
    let mut targets = Vec::new();
    for (kind, orders) in
        [("accounts", ["follower_count", "view_count"]), ("account-videos", ["view_count", "create_time"])]
    {
        for order in orders {
            let path = format!("/v2/{kind}?order_by={order}");
            let walked = walk(client, &path).await;
            questions.extend(asker.pages(&format!("{kind} by {order}"), &path, &walked.cursors));
            if targets.len() < 2 && order == orders[0] {
                targets.push(walked.ids);
            }
        }
    }
    let [accounts, videos] = &targets[..] else { return questions };
    questions.push(asker.posts("metrics of 200 accounts, 90 days", "/v2/accounts/metrics", |turn| {
        of_ninety_days("account_ids", &some(accounts, turn))
    }));
    questions.push(asker.posts("metrics of 200 account videos, 90 days", "/v2/account-videos/metrics", |turn| {
        of_ninety_days("account_video_ids", &some(videos, turn))
    }));
    for (kind, ids) in [("accounts", accounts), ("account-videos", videos)] {
        for what in ["timeseries", "analytics"] {
            questions.push(asker.gets(&format!("{what} of one of {kind}, 90 days"), |turn| {
                Some(format!("/v2/{kind}/{}/{what}?period=90d", plain(pick(ids, turn)?)))
            }));
        }
    }
    for (name, path) in [
        ("overview, 7 days", "/v2/overview?period=7d"),
        ("overview, 90 days", "/v2/overview?period=90d"),
        ("top creators, 90 days", "/v2/creators/top?period=90d&limit=25"),
        ("timeseries of the organization, 90 days", "/v2/timeseries?period=90d"),
    ] {
        questions.push(asker.gets(name, |_| Some(path.to_owned())));
    }
    for (numbers, filter) in [("lifetime", String::new()), ("range", format!("&metrics=range&{}", dates()))] {
        for sort in SORTS {
            let path = format!("/v2/posts?limit=500&order_by={sort}{filter}");
            questions.push(asker.gets(&format!("500 posts by {sort}, {numbers}"), |_| Some(path.clone())));
        }
    }
    questions.push(asker.gets("50 members by views, lifetime", |_| Some("/v2/members".to_owned())));
    questions.push(asker.gets("search", |turn| Some(format!("/v2/search?q={}", WORDS[turn % WORDS.len()]))));
    questions
}

/// The last 90 days.
fn dates() -> String {
    let now = domain::Clock::system().now();
    let today = domain::Day::of(now);
    format!("date_basis=metric&start_date={}&end_date={today}", today.plus(-89))
}

/// One of the ids, another one each time.
fn pick(ids: &[Value], turn: usize) -> Option<&Value> {
    // A step that is no divisor of round numbers.
    ids.get(turn.wrapping_mul(7_919) % ids.len().max(1))
}

fn some(ids: &[Value], turn: usize) -> Vec<Value> {
    let mut picked: Vec<Value> =
        (0..BATCH.min(ids.len())).filter_map(|at| pick(ids, turn * BATCH + at).cloned()).collect();
    picked.sort_by_key(Value::to_string);
    picked.dedup();
    picked
}

fn plain(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}

/// Makes requests.
struct Asker {
    host: String,
    key: String,
    samples: usize,
}

impl Asker {
    /// One page again and again beside one deep page, and as many others at the one end as at the other: who shows a page again does less.
    fn pages(&self, list: &str, path: &str, cursors: &[String]) -> Vec<Question> {
        let first = cursors.get(..SOME_PAGES).unwrap_or(cursors);
        let deep = cursors.len().saturating_sub(1);
        let deepest = cursors.get(deep.saturating_sub(SOME_PAGES)..deep).unwrap_or_default();
        let page = |cursor: &String| format!("{path}&limit=50&cursor={cursor}");
        let some = |name: &str, cursors: &[String]| {
            self.gets(&format!("{list}, {name}"), |turn| cursors.get(turn % cursors.len().max(1)).map(page))
        };
        vec![
            self.gets(&format!("{list}, first page"), |_| Some(format!("{path}&limit=50"))),
            self.gets(&format!("{list}, page at {}", 200 * deep), |_| deepest.last().map(page)),
            some(&format!("{SOME_PAGES} early pages"), first),
            some(&format!("{SOME_PAGES} deep pages"), deepest),
        ]
    }

    fn gets(&self, name: &str, path: impl Fn(usize) -> Option<String>) -> Question {
        let requests = (0..self.samples).filter_map(|turn| Some(self.request("GET", &path(turn)?, ""))).collect();
        Question { name: name.to_owned(), requests }
    }

    fn posts(&self, name: &str, path: &str, body: impl Fn(usize) -> String) -> Question {
        let requests = (0..self.samples).map(|turn| self.request("POST", path, &body(turn))).collect();
        Question { name: name.to_owned(), requests }
    }

    fn request(&self, method: &str, path: &str, body: &str) -> Arc<[u8]> {
        let Self { host, key, .. } = self;
        let kind = if body.is_empty() {
            String::new()
        } else {
            format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len())
        };
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n{kind}\r\n");
        (head + body).into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn batches_are_of_different_ids_and_not_the_same_each_time() {
        let ids: Vec<Value> = (0..1000).map(|id| json!(id)).collect();
        assert_eq!(some(&ids, 0).len(), BATCH);
        assert_ne!(some(&ids, 0), some(&ids, 1));
        assert!(some(&[], 3).is_empty() && pick(&[], 3).is_none());
    }
}
