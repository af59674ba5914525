//! A cursor is good where it was given, as it was given, and nowhere else.

use serde_json::{Value, json};

use crate::document::{Ids, lists};
use crate::harness::{Api, Reply, new_key, new_organization, request};

/// The lists that the tests fill, each with its sort columns.
const FILLED: [(&str, &[&str]); 3] = [
    (
        "/v2/accounts",
        &["added_at", "username", "last_scrape_time", "follower_count", "view_count", "like_count", "play_count"],
    ),
    ("/v2/videos", &["added_at", "create_time", "view_count", "like_count", "play_count"]),
    ("/v2/creators", &["name", "added_at", "total_followers"]),
];

async fn filled() -> Api {
    let api = Api::with(1_000_000, api::LimiterConfig::Memory).await;
    for n in 0..4 {
        for (path, body) in [
            ("/v2/accounts", json!({"platform": "tiktok", "username": format!("user{n}")})),
            ("/v2/videos", json!({"platform": "tiktok", "identifier": format!("757186320525377871{n}")})),
            ("/v2/creators", json!({"name": format!("Someone {n}")})),
        ] {
            api.post(path, &body).await.expect(201);
        }
    }
    api
}

fn cursor_of(page: &Value) -> String {
    page["pagination"]["next_cursor"].as_str().expect("a next page").to_owned()
}

#[track_caller]
fn assert_refused(reply: &Reply, what: &str) {
    assert_eq!(reply.status, 422, "{what}: {}", String::from_utf8_lossy(&reply.body));
    assert_eq!(reply.invalid(), ["cursor"], "{what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn altered_in_any_letter_cut_or_prolonged_it_is_refused() {
    let api = filled().await;
    for (list, orders) in FILLED {
        // Of each kind of position: a number or a name, and a null.
        for order in [orders[0], orders[2]] {
            let query = format!("{list}?limit=2&order_by={order}");
            let cursor = cursor_of(&api.get(&query).await.expect(200).json());
            api.get(&format!("{query}&cursor={cursor}")).await.expect(200);
            let refused = async |altered: &str| {
                assert_refused(&api.get(&format!("{query}&cursor={altered}")).await, &format!("{query} {altered}"));
            };
            for at in 0..cursor.len() {
                for letter in ["A", "b", "%3D", "%FF"] {
                    if cursor[at..=at] != *letter {
                        refused(&format!("{}{letter}{}", &cursor[..at], &cursor[at + 1..])).await;
                    }
                }
                refused(&cursor[..at]).await;
                refused(&cursor[at + 1..]).await;
            }
            for further in ["A", "AA", "AAAA", "%3D", "%20", cursor.as_str()] {
                refused(&format!("{cursor}{further}")).await;
                refused(&format!("{further}{cursor}")).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_another_sort_filter_route_or_organization_it_is_refused() {
    let api = filled().await;
    let stranger = new_key(&api.store, new_organization(&api.store, None).await, "read", None).await;
    let bearer = format!("Bearer {stranger}");
    for (list, orders) in FILLED {
        for order in orders {
            for direction in ["asc", "desc"] {
                let own = format!("order_by={order}&order_direction={direction}");
                let cursor = cursor_of(&api.get(&format!("{list}?limit=1&{own}")).await.expect(200).json());
                // How much is asked for is no part of where one stands.
                for same in ["limit=3", "limit=1&include_total=true", ""] {
                    api.get(&format!("{list}?{own}&{same}&cursor={cursor}")).await.expect(200);
                }
                let back = if direction == "asc" { "desc" } else { "asc" };
                let mut others = vec![
                    format!("{list}?order_by={order}&order_direction={back}"),
                    format!("{list}?{own}&q=e"),
                    format!("{list}?{own}&is_active=true"),
                ];
                let different = orders.iter().filter(|other| *other != order);
                others.extend(different.map(|other| format!("{list}?order_by={other}&order_direction={direction}")));
                let elsewhere = FILLED.iter().filter(|(other, orders)| *other != list && orders.contains(order));
                others.extend(elsewhere.map(|(other, _)| format!("{other}?{own}")));
                for other in others {
                    assert_refused(&api.get(&format!("{other}&cursor={cursor}")).await, &format!("{own} at {other}"));
                }
                let path = format!("{list}?{own}&cursor={cursor}");
                let reply = request(api.addr, "GET", &path, &[("Authorization", &bearer)], b"").await;
                assert_refused(&reply, &format!("{path} by a stranger"));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_list_takes_the_cursor_of_another_or_none_at_all() {
    let api = filled().await;
    let ids = Ids::of_resources(&api).await;
    let accounts = cursor_of(&api.get("/v2/accounts?limit=1").await.expect(200).json());
    for one in lists() {
        // Posts of a feed are there when a worker has read it; here is none.
        if one.route == "/v2/accounts" || !ids.cover(&one.route) {
            continue;
        }
        let path = ids.path(&one.route);
        for cursor in [accounts.as_str(), "", "nonsense", "%00", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            assert_refused(&api.get(&format!("{path}?cursor={cursor}")).await, &format!("{cursor} at {path}"));
        }
    }
}
