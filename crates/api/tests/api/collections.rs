//! Projects and groups, and what belongs to them.

use serde_json::{Value, json};

use crate::harness::{Api, NOON};

/// The two names of one thing: in paths, and as a type.
const NAMES: [(&str, &str); 2] = [("projects", "project"), ("groups", "group")];

const NOBODY: &str = "0197a6f0-0000-7000-8000-000000000001";

/// The paths of one of everything that can be a member: a creator, an account and a video.
async fn one_of_each(api: &Api) -> [String; 3] {
    let creator = api.post("/v2/creators", &json!({"name": "Amy"})).await.expect(201);
    let account = api.post("/v2/accounts", &json!({"platform": "tiktok", "username": "amy"})).await.expect(201);
    let body = json!({"platform": "tiktok", "identifier": "7571863205253778710"});
    let video = api.post("/v2/videos", &body).await.expect(201);
    [creator, account, video].map(|made| made.header("location").trim_start_matches("/v2").to_owned())
}

fn ids(page: &Value) -> Vec<Value> {
    page["data"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_project_or_group_is_created_read_changed_and_deleted() {
    let api = Api::start().await;
    for (collections, kind) in NAMES {
        let body = json!({"name": "Spring", "metadata": {"tier": 1}});
        let created = api.post(&format!("/v2/{collections}"), &body).await.expect(201);
        let path = format!("/v2/{collections}/{}", created.id());
        assert_eq!(created.header("location"), path);
        let shown = created.json()["data"].clone();
        let expected = json!({
            "id": created.id(), "type": kind, "name": "Spring", "metadata": {"tier": 1},
            "members_summary": {"creators": 0, "accounts": 0, "videos": 0},
            "added_at": NOON, "updated_at": NOON,
        });
        assert_eq!(shown, expected);
        api.post(&format!("/v2/{collections}"), &body).await.expect(201);
        let read = api.get(&path).await.expect(200);
        assert_eq!((&read.body, read.header("etag")), (&created.body, created.header("etag")));
        let changed = api.patch(&path, &json!({"name": "Summer"})).await.expect(200).json();
        assert_eq!((&changed["data"]["name"], &changed["data"]["metadata"]), (&json!("Summer"), &json!({"tier": 1})));
        for name in [json!(""), json!(" "), json!(null), json!("x".repeat(256)), json!("a\u{0}b"), json!(1)] {
            assert_eq!(api.patch(&path, &json!({"name": name})).await.expect(422).invalid(), ["name"], "{name}");
        }
        let bad = json!({"metadata": {"a": {}}, "is_active": true});
        let refused = api.post(&format!("/v2/{collections}"), &bad).await.expect(422);
        assert_eq!(refused.invalid(), ["is_active", "metadata.a", "name"]);
        api.send("DELETE", &path, &[], None).await.expect(204);
        api.get(&path).await.expect(404);
        api.send("DELETE", &path, &[], None).await.expect(404);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_project_is_no_group_and_a_group_no_project() {
    let api = Api::start().await;
    let [_, account, _] = one_of_each(&api).await;
    let project = api.post("/v2/projects", &json!({"name": "Spring"})).await.expect(201).id();
    for (method, rest) in
        [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/members"), ("PUT", &account), ("DELETE", &account)]
    {
        let body = (method == "PATCH").then(|| json!({}));
        api.send(method, &format!("/v2/groups/{project}{rest}"), &[], body.as_ref()).await.expect(404);
    }
    assert!(ids(&api.get("/v2/groups").await.expect(200).json()).is_empty());
    assert_eq!(ids(&api.get("/v2/projects").await.expect(200).json()), [json!(project)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_are_put_in_listed_and_taken_out() {
    let api = Api::start().await;
    let all = one_of_each(&api).await;
    for (collections, _) in NAMES {
        let id = api.post(&format!("/v2/{collections}"), &json!({"name": "Spring"})).await.expect(201).id();
        let path = format!("/v2/{collections}/{id}");
        for (member, kind) in all.iter().zip(["creator", "account", "video"]) {
            let put = api.send("PUT", &format!("{path}{member}"), &[], None).await.expect(201);
            assert_eq!(put.header("location"), format!("/v2{member}"));
            let member_id = member.rsplit('/').next();
            assert_eq!(put.json()["data"], json!({"type": kind, "id": member_id, "added_at": NOON}));
            let again = api.send("PUT", &format!("{path}{member}"), &[], Some(&json!({}))).await.expect(200);
            assert_eq!(again.body, put.body);
            assert!(!again.headers.contains_key("location"));
            let refused = api.send("PUT", &format!("{path}{member}"), &[], Some(&json!({"a": 1}))).await.expect(422);
            assert_eq!(refused.invalid(), ["a"]);
        }
        let summary = api.get(&path).await.expect(200).json()["data"]["members_summary"].clone();
        assert_eq!(summary, json!({"creators": 1, "accounts": 1, "videos": 1}));
        let listed = api.get(&format!("/v2/{collections}")).await.expect(200).json();
        assert_eq!(listed["data"][0]["members_summary"], summary);

        let page = api.get(&format!("{path}/members?limit=2&include_total=true")).await.expect(200);
        assert!(page.header("link").contains("rel=\"next\""));
        let page = page.json();
        assert_eq!((page["pagination"]["total_count"].clone(), ids(&page).len()), (json!(3), 2));
        assert_eq!(page["filters"], json!({"type": null, "order_by": "added_at", "order_direction": "desc"}));
        let accounts = api.get(&format!("{path}/members?type=account&sort=added_at")).await.expect(200).json();
        assert_eq!(accounts["data"][0]["type"], "account");
        assert_eq!((ids(&accounts).len(), &accounts["filters"]["type"]), (1, &json!("account")));
        let refused = api.get(&format!("{path}/members?type=post&order_by=name&x=1")).await.expect(422);
        assert_eq!(refused.invalid(), ["order_by", "type", "x"]);

        for member in &all {
            api.send("DELETE", &format!("{path}{member}"), &[], None).await.expect(204);
            api.send("DELETE", &format!("{path}{member}"), &[], None).await.expect(404);
            api.get(&format!("/v2{member}")).await.expect(200);
        }
        assert!(ids(&api.get(&format!("{path}/members")).await.expect(200).json()).is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_is_no_member_of_anything() {
    let api = Api::start().await;
    let [_, account, _] = one_of_each(&api).await;
    let id = api.post("/v2/projects", &json!({"name": "Spring"})).await.expect(201).id();
    let mut paths: Vec<_> = ["creators", "accounts", "videos"].map(|kind| format!("{id}/{kind}/{NOBODY}")).into();
    paths.extend(["1", "0", "01", "x", NOBODY].map(|video| format!("{id}/account-videos/{video}")));
    paths.extend([format!("{NOBODY}{account}"), format!("{id}/accounts/7"), format!("x{account}")]);
    // An account's id is no video's.
    paths.push(format!("{id}{}", account.replace("accounts", "videos")));
    for path in paths {
        for method in ["PUT", "DELETE"] {
            api.send(method, &format!("/v2/projects/{path}"), &[], None).await.expect(404);
        }
    }
    api.get(&format!("/v2/projects/{NOBODY}/members")).await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_was_not_seen_is_not_written_over() {
    let api = Api::start().await;
    let [creator, ..] = one_of_each(&api).await;
    let created = api.post("/v2/projects", &json!({"name": "Spring"})).await.expect(201);
    let path = format!("/v2/projects/{}", created.id());
    let first = created.header("etag").to_owned();
    assert!(first.starts_with('"'));
    api.send("GET", &path, &[("If-None-Match", &first)], None).await.expect(304);
    let put = api.send("PUT", &format!("{path}{creator}"), &[], None).await.expect(201);
    // The summary counts the member, so what was seen before is not what is there.
    let seen = [("If-Match", first.as_str())];
    api.send("PATCH", &path, &seen, Some(&json!({"name": "Lost"}))).await.expect(412);
    api.send("DELETE", &path, &seen, None).await.expect(412);
    api.send("DELETE", &format!("{path}{creator}"), &seen, None).await.expect(412);
    let now = api.get(&path).await.expect(200).header("etag").to_owned();
    let changed = api.send("PATCH", &path, &[("If-Match", &now)], Some(&json!({"name": "Summer"}))).await.expect(200);
    let member = put.header("etag").to_owned();
    api.send("DELETE", &format!("{path}{creator}"), &[("If-Match", &member)], None).await.expect(204);
    api.send("DELETE", &path, &[("If-Match", changed.header("etag"))], None).await.expect(412);
    api.send("DELETE", &path, &[("If-Match", "*")], None).await.expect(204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_post_makes_one_project() {
    let api = Api::start().await;
    let body = json!({"name": "Spring"});
    let key = [("Idempotency-Key", "spring-1")];
    let first = api.send("POST", "/v2/projects", &key, Some(&body)).await.expect(201);
    let again = api.send("POST", "/v2/projects", &key, Some(&body)).await.expect(201);
    assert_eq!((&again.body, again.header("idempotency-replayed")), (&first.body, "true"));
    assert_eq!(again.header("location"), first.header("location"));
    api.send("POST", "/v2/groups", &key, Some(&body)).await.expect(422);
    assert_eq!(ids(&api.get("/v2/projects").await.json()).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_are_searched_sorted_and_paged_and_a_cursor_is_good_for_its_own_alone() {
    let api = Api::start().await;
    for (collections, _) in NAMES {
        for name in ["Carol", "alice", "Bob"] {
            api.post(&format!("/v2/{collections}"), &json!({"name": name})).await.expect(201);
        }
    }
    let page = api.get("/v2/projects?limit=2&include_total=true").await.expect(200).json();
    let names =
        |page: &Value| page["data"].as_array().unwrap().iter().map(|row| row["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names(&page), ["alice", "Bob"]);
    assert_eq!(page["pagination"]["total_count"], 3);
    assert_eq!(page["filters"], json!({"q": null, "order_by": "name", "order_direction": "asc"}));
    let cursor = page["pagination"]["next_cursor"].as_str().unwrap();
    let next = api.get(&format!("/v2/projects?limit=2&cursor={cursor}")).await.expect(200).json();
    assert_eq!(names(&next), ["Carol"]);
    assert_eq!(api.get(&format!("/v2/groups?cursor={cursor}")).await.expect(422).invalid(), ["cursor"]);
    let found = api.get("/v2/projects?q=AL").await.expect(200).json();
    assert_eq!(names(&found), ["alice"]);
    let newest = api.get("/v2/projects?order_by=added_at&limit=1").await.expect(200).json();
    assert_eq!((names(&newest), &newest["filters"]["order_direction"]), (vec![json!("Bob")], &json!("desc")));
    let refused = api.get("/v2/projects?order_by=total_followers&is_active=true&limit=201").await.expect(422);
    assert_eq!(refused.invalid(), ["is_active", "limit", "order_by"]);

    // The members of one project are no place in another's.
    let [creator, account, _] = one_of_each(&api).await;
    let paths: Vec<_> = ids(&page).iter().map(|id| format!("/v2/projects/{}", id.as_str().unwrap())).collect();
    for path in &paths {
        for member in [&creator, &account] {
            api.send("PUT", &format!("{path}{member}"), &[], None).await.expect(201);
        }
    }
    let members = api.get(&format!("{}/members?limit=1", paths[0])).await.expect(200).json();
    let cursor = members["pagination"]["next_cursor"].as_str().unwrap();
    api.get(&format!("{}/members?limit=1&cursor={cursor}", paths[0])).await.expect(200);
    let elsewhere = api.get(&format!("{}/members?limit=1&cursor={cursor}", paths[1])).await.expect(422);
    assert_eq!(elsewhere.invalid(), ["cursor"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_projects_than_there_may_be_are_refused_by_name() {
    // A limit high enough that it is not the limit on calls that refuses.
    let api = Api::with(1_000_000, api::LimiterConfig::Memory).await;
    let tenant = api.store.tenant(api.organization);
    let mut tx = tenant.begin(&domain::RequestId::new(), NOON).await.unwrap();
    let new = store::NewCollection { name: "Spring".to_owned(), metadata: domain::Metadata::default() };
    for _ in 0..store::MOST_COLLECTIONS {
        tx.create_collection(domain::CollectionKind::Project, &new).await.unwrap();
    }
    tx.commit().await.unwrap();
    let refused = api.post("/v2/projects", &json!({"name": "One more"})).await.expect(403).json();
    assert_eq!(refused["code"], "QUOTA_EXCEEDED");
    assert_eq!(refused["detail"], "Your organization may have 1000 projects, and has. Remove one first.");
    api.post("/v2/groups", &json!({"name": "One more"})).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_needs_the_scope_of_members_and_writing_that_of_tracking() {
    let mut api = Api::start().await;
    let id = api.post("/v2/projects", &json!({"name": "Spring"})).await.expect(201).id();
    let keys = [api.key_with("read:member").await, api.key_with("write:tracking").await];
    for (key, read, write) in [(&keys[0], 200, 403), (&keys[1], 403, 200)] {
        api.key.clone_from(key);
        for path in ["/v2/projects".to_owned(), format!("/v2/projects/{id}"), format!("/v2/projects/{id}/members")] {
            api.get(&path).await.expect(read);
        }
        api.patch(&format!("/v2/projects/{id}"), &json!({})).await.expect(write);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn videos_are_listed_by_the_project_and_group_that_they_belong_to() {
    let api = Api::start().await;
    let [_, _, video] = one_of_each(&api).await;
    let body = json!({"platform": "tiktok", "identifier": "7571863205253778711"});
    api.post("/v2/videos", &body).await.expect(201);
    let project = api.post("/v2/projects", &json!({"name": "Spring"})).await.expect(201).id();
    let group = api.post("/v2/groups", &json!({"name": "Spring"})).await.expect(201).id();
    api.send("PUT", &format!("/v2/projects/{project}{video}"), &[], None).await.expect(201);
    let found = api.get(&format!("/v2/videos?project_id={project}&include_total=true")).await.expect(200).json();
    assert_eq!(ids(&found), [json!(video.trim_start_matches("/videos/"))]);
    assert_eq!((&found["pagination"]["total_count"], &found["filters"]["project_id"]), (&json!(1), &json!(project)));
    for query in [
        format!("videos?group_id={group}"),
        format!("videos?project_id={project}&group_id={group}"),
        format!("videos?project_id={NOBODY}"),
        format!("account-videos?project_id={project}"),
        format!("account-videos?group_id={group}"),
    ] {
        assert!(ids(&api.get(&format!("/v2/{query}")).await.expect(200).json()).is_empty(), "{query}");
    }
    for list in ["videos", "account-videos"] {
        let refused = api.get(&format!("/v2/{list}?project_id=x&group_id=1")).await.expect(422);
        assert_eq!(refused.invalid(), ["group_id", "project_id"]);
    }
}
