//! Searching: what is found, by whom, in which order, and that it follows every change.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use domain::metadata::Metadata;
use domain::{CreatorId, Observation, PostFacts, RequestId, Timestamp, fold};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use store::{
    AccountChange, AccountFilter, AccountOrder, AccountVideoFilter, CreatorChange, CreatorFilter, CreatorOrder,
    FoundPost, Job, JobTarget, NewCreator, PostOrder, SearchResults, Store, Tenant, VideoFilter,
};
use support::{
    HOUR, Home, START, account, account_videos, add, add_creator, add_video, answer, begin, claim, exact, feed,
    new_account, new_video, page_of, patch, post, post_id, profile, record, tenant, whole, work,
};

const LATER: Timestamp = Timestamp::from_millis(START.as_millis() + 30 * 3_600_000);

async fn search(tenant: &Tenant, q: &str) -> SearchResults {
    tenant.search(q, 25, START).await.unwrap()
}

async fn handles(tenant: &Tenant, q: &str) -> Vec<String> {
    search(tenant, q).await.accounts.into_iter().map(|account| account.username).collect()
}

async fn creators(tenant: &Tenant, q: &str) -> Vec<String> {
    search(tenant, q).await.creators.into_iter().map(|creator| creator.name).collect()
}

/// Which posts are found, by the last three digits of their ids; those added by hand with an `h`.
async fn posts(tenant: &Tenant, q: &str) -> Vec<String> {
    let found = search(tenant, q).await.videos.into_iter();
    let short = |id: &str| id[id.len() - 3..].to_owned();
    found
        .map(|post| match post {
            FoundPost::Video(video) => format!("h{}", short(&video.post.external_id)),
            FoundPost::AccountVideo(video) => short(&video.post.external_id),
        })
        .collect()
}

fn said(n: i64, views: i64, caption: &str, author: &str) -> PostFacts {
    let mut facts = post(post_id(n), START, views);
    facts.description = Some(caption.to_owned());
    facts.author.username = Some(author.to_owned());
    facts
}

fn named(id: &str, username: &str, name: &str, followers: i64) -> Observation {
    let mut page = profile(id, username, followers);
    page.profile.as_mut().unwrap().name = Some(name.to_owned());
    page
}

/// Reads what is due: every profile by `page`, and these posts as the feed and pages of everybody.
async fn read(store: &Store, now: Timestamp, page: impl Fn(&str) -> Observation, posts: &[PostFacts]) {
    let others = answer("", "", posts);
    work(store, now, |job: &Job| match &job.target {
        JobTarget::Profile { username, .. } => page(username),
        JobTarget::Feed { .. } | JobTarget::Post { .. } => others(job),
    })
    .await;
}

on_both! {
    async fn case_and_accents_make_no_difference_and_signs_of_patterns_are_letters(home) {
        let tenant = tenant(&home.store).await;
        for name in ["Café Müller", "Straße 9", "100% Cotton", "under_score", "under-score", "back\\slash", "\"quoted\" 'twice'"] {
            add_creator(&tenant, name, START).await;
        }
        for (q, expected) in [
            ("cafe", vec!["Café Müller"]),
            ("CAFÉ MULLER", vec!["Café Müller"]),
            ("fe\u{301}  mü", vec!["Café Müller"]),
            ("STRASSE", vec!["Straße 9"]),
            ("straße", vec!["Straße 9"]),
            ("100%", vec!["100% Cotton"]),
            ("0% c", vec!["100% Cotton"]),
            ("1_0", vec![]),
            ("%", vec!["100% Cotton"]),
            ("r_s", vec!["under_score"]),
            ("under_", vec!["under_score"]),
            ("%score", vec![]),
            ("back\\slash", vec!["back\\slash"]),
            ("\\", vec!["back\\slash"]),
            ("quoted\" '", vec!["\"quoted\" 'twice'"]),
            ("\"", vec!["\"quoted\" 'twice'"]),
            ("quoted OR cotton", vec![]),
            ("", vec![]),
            (" \n\u{200b}", vec![]),
        ] {
            assert_eq!(creators(&tenant, q).await, expected, "{q:?}");
        }
    }

    async fn accounts_are_found_by_handle_and_name_and_posts_by_caption_and_author(home) {
        let tenant = tenant(&home.store).await;
        add(&tenant, &new_account("chef.anna"), START).await;
        add_video(&tenant, &new_video("7571863205253779500"), START).await;
        let mut by_hand = said(0, 7, "Crème brûlée at home", "pâtissier");
        "7571863205253779500".clone_into(&mut by_hand.external_id);
        let facts = [said(1, 5, "Soufflé\nfor beginners", "chef.anna"), said(2, 9, "more soup", "guest_cook"), by_hand];
        let in_feed = facts[..2].to_vec();
        work(&home.store, START, |job| match &job.target {
            JobTarget::Profile { .. } => named("1", "chef.anna", "Änna Kocht", 50),
            JobTarget::Feed { .. } => feed(in_feed.clone()),
            JobTarget::Post { external_id, .. } => {
                page_of(facts.iter().find(|facts| facts.external_id == *external_id).unwrap().clone())
            }
        })
        .await;
        for q in ["chef", "anna", "ANNA K", "kocht", "f.a"] {
            assert_eq!(handles(&tenant, q).await, ["chef.anna"], "{q}");
        }
        assert!(handles(&tenant, "souffle").await.is_empty());
        assert_eq!(posts(&tenant, "souffle for").await, ["001"]);
        assert_eq!(posts(&tenant, "brulee").await, ["h500"]);
        assert_eq!(posts(&tenant, "patissier").await, ["h500"]);
        // A feed's post is found by its author and by the account in whose feed it is; more views first.
        assert_eq!(posts(&tenant, "chef.anna").await, ["002", "001"]);
        assert_eq!(posts(&tenant, "guest_c").await, ["002"]);
        assert_eq!(posts(&tenant, "ou").await, ["002", "001"]);
    }

    async fn nobody_finds_what_was_read_before_their_own_first_read(home) {
        let (one, two) = (tenant(&home.store).await, tenant(&home.store).await);
        add(&one, &new_account("shared"), START).await;
        let facts = [said(1, 5, "secret soup", "shared")];
        read(&home.store, START, |_| named("1", "shared", "Hidden Name", 50), &facts).await;
        add_creator(&one, "Hidden Creator", START).await;
        assert_eq!((handles(&one, "hidden").await.len(), posts(&one, "secret").await.len()), (1, 1));

        let (_, wakes) = add(&two, &new_account("shared"), START.plus(HOUR)).await;
        add_video(&two, &new_video(&post_id(1).to_string()), START.plus(HOUR)).await;
        assert_eq!(handles(&two, "shared").await, ["shared"], "the handle is what they said themselves");
        for q in ["hidden", "secret", "se", "d"] {
            let found = search(&two, q).await;
            assert!(found.creators.is_empty() && found.videos.is_empty(), "{q}: {found:?}");
            assert!(q == "d" || found.accounts.is_empty(), "{q}");
        }
        let job = claim(&home.store, &wakes[0], START.plus(HOUR)).await;
        record(&home.store, &job, &named("1", "shared", "Hidden Name", 50), START.plus(HOUR)).await;
        assert_eq!(handles(&two, "hidden").await, ["shared"]);
        assert!(posts(&two, "secret").await.is_empty(), "no post was read for them");
        read(&home.store, START.plus(HOUR), |_| named("1", "shared", "Hidden Name", 50), &facts).await;
        assert_eq!(posts(&two, "secret").await, ["h001", "001"]);
        assert!(creators(&two, "hidden").await.is_empty());
    }

    async fn whole_names_come_first_then_beginnings_then_the_most_followed(home) {
        let tenant = tenant(&home.store).await;
        for (name, followers) in [
            ("The Nile", 90), ("Nile", 1), ("NILE", 2), ("Nile Rodgers", 3), ("nileña", 4), ("Senile", 80), ("juvenile", 95), ("Nil", 99),
        ] {
            let id = add_creator(&tenant, name, START).await;
            home.sql(&format!("UPDATE creators SET total_followers = {followers} WHERE name = '{name}'")).await;
            assert!(tenant.creator(id).await.unwrap().is_some());
        }
        let expected = ["NILE", "Nile", "nileña", "Nile Rodgers", "juvenile", "The Nile", "Senile"];
        assert_eq!(creators(&tenant, "nile").await, expected);
        let limited = tenant.search("nile", 3, START).await.unwrap().creators;
        assert_eq!(limited.into_iter().map(|creator| creator.name).collect::<Vec<_>>(), expected[..3]);
        assert_eq!(creators(&tenant, "ni").await[..2], ["Nil", "nileña"], "by followers among those that begin with it");
        assert_eq!(creators(&tenant, "nil").await[0], "Nil");
    }

    async fn a_search_follows_renames_new_captions_and_removals(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &new_account("before"), START).await;
        let facts = [said(1, 5, "first words", "someone")];
        read(&home.store, START, |_| named("1", "before", "Old Name", 50), &facts).await;
        assert_eq!((handles(&tenant, "before").await.len(), posts(&tenant, "before").await.len()), (1, 1));

        // The platform redirects the old handle, and everything says something else.
        let facts = [said(1, 5, "second thoughts", "someone")];
        read(&home.store, LATER, |_| named("1", "after", "New Name", 50), &facts).await;
        assert_eq!(account(&tenant, id, LATER).await.username, "after");
        for gone in ["before", "old name"] {
            let found = search(&tenant, gone).await;
            assert!(found.accounts.is_empty() && found.videos.is_empty(), "{gone}: {found:?}");
        }
        assert_eq!(handles(&tenant, "new name").await, ["after"]);
        assert_eq!(posts(&tenant, "after").await, ["001"], "posts are found by the account's new handle");
        assert!(posts(&tenant, "first").await.is_empty());
        assert_eq!(posts(&tenant, "second").await, ["001"]);

        let creator = add_creator(&tenant, "Some Body", START).await;
        rename(&tenant, creator, "Any One").await;
        assert!(creators(&tenant, "some").await.is_empty());
        assert_eq!(creators(&tenant, "any").await, ["Any One"]);

        // A paused account keeps what it has.
        patch(&tenant, id, &AccountChange { is_active: Some(false), ..Default::default() }, LATER).await;
        assert_eq!((handles(&tenant, "after").await.len(), posts(&tenant, "second").await.len()), (1, 1));

        let mut tx = begin(&tenant, LATER).await;
        tx.delete_account(id).await.unwrap();
        tx.delete_creator(creator).await.unwrap();
        tx.commit().await.unwrap();
        for q in ["after", "second", "any", "a"] {
            assert_eq!(search(&tenant, q).await, SearchResults::default(), "{q}");
        }
        for table in ["account_texts", "creator_texts", "video_texts", "account_video_texts"] {
            assert_eq!(home.number(&format!("SELECT COUNT(*) FROM {table}")).await, Some(0), "{table}");
        }
    }

    async fn a_batch_is_found_like_what_was_added_alone(home) {
        let tenant = tenant(&home.store).await;
        let mut tx = begin(&tenant, START).await;
        let batch: Vec<_> = (0..250).map(|n| new_account(&format!("batch_{n:03}"))).collect();
        assert!(tx.create_accounts(&batch).await.unwrap().iter().all(Result::is_ok));
        tx.commit().await.unwrap();
        assert_eq!(handles(&tenant, "BATCH_137").await, ["batch_137"]);
        assert_eq!(handles(&tenant, "tch_2").await.len(), 25);
        assert_eq!(handles(&tenant, "24").await.len(), 13, "024, 124, 224 and 240 to 249");
    }

    async fn one_and_two_letters_find_names_wherever_they_rank(home) {
        let tenant = tenant(&home.store).await;
        let mut tx = begin(&tenant, START).await;
        for name in ["Xi", "X", "Xi Xi", "maxi"] {
            new_creator(&mut tx, name).await;
        }
        for n in 0..300 {
            new_creator(&mut tx, &format!("Filler {n}")).await;
        }
        tx.commit().await.unwrap();
        home.sql("UPDATE creators SET total_followers = 1000 WHERE name LIKE 'Filler%'").await;
        assert_eq!(creators(&tenant, "x").await[0], "X");
        assert_eq!(creators(&tenant, "xi").await[..2], ["Xi", "Xi Xi"]);
        assert!(creators(&tenant, "xi").await.contains(&"maxi".to_owned()));
        assert_eq!(creators(&tenant, "f").await.len(), 25);
        assert!(creators(&tenant, "q").await.is_empty());
    }

    async fn a_search_equals_a_plain_filter_over_generated_names(home) {
        let tenant = tenant(&home.store).await;
        let mut runner = TestRunner::default();
        let mut one = |strategy: &BoxedStrategy<String>| strategy.new_tree(&mut runner).unwrap().current();
        let name = "[aAäbBßs% _.\\\\é日\"]{1,9}".prop_filter("a name", |name| !fold(name).is_empty()).boxed();
        let part = "[aäbßs% _\\\\e日\"]{1,4}".boxed();
        let mut all = Vec::new();
        let mut tx = begin(&tenant, START).await;
        for n in 0..150 {
            let name = one(&name);
            all.push((new_creator(&mut tx, &name).await, fold(&name), n % 40));
        }
        tx.commit().await.unwrap();
        let cases: Vec<String> = all.iter().map(|(id, _, followers)| {
            format!("WHEN {} THEN {followers}", literal(&home, *id))
        }).collect();
        home.sql(&format!("UPDATE creators SET total_followers = CASE id {} END", cases.join(" "))).await;
        for _ in 0..150 {
            let q = one(&part);
            let wanted = fold(&q);
            let kind = |name: &str| if *name == wanted { 0 } else if name.starts_with(&wanted) { 1 } else { 2 };
            let mut expected: Vec<_> =
                all.iter().filter(|(_, name, _)| !wanted.is_empty() && name.contains(&wanted)).collect();
            expected.sort_by_key(|(id, name, followers)| (kind(name), std::cmp::Reverse((*followers, *id))));
            let expected: Vec<_> = expected.into_iter().take(25).map(|(id, _, _)| *id).collect();
            let found: Vec<_> = search(&tenant, &q).await.creators.into_iter().map(|creator| creator.id).collect();
            assert_eq!(found, expected, "{q:?} among {:?}", all.iter().map(|(_, name, _)| name).collect::<Vec<_>>());
        }
    }

    async fn what_ranks_last_among_thousands_is_found_by_index(home) {
        let tenant = tenant(&home.store).await;
        let rare = add_creator(&tenant, "Überaus Selten", START).await;
        let short = add_creator(&tenant, "Qx", START).await;
        add_creator(&tenant, "Xy Mitte", START).await;
        let (id, _) = add(&tenant, &new_account("keeper"), START).await;
        let facts = [said(1, 0, "ein Wörtchen hier", "zweitname")];
        read(&home.store, START, |_| named("1", "keeper", "Name", 5), &facts).await;
        crowd(&home, id, 3_000).await;
        let common = search(&tenant, "crowd").await;
        assert_eq!((common.creators.len(), common.videos.len()), (25, 25));
        for q in ["uberaus", "selten", "aus sel"] {
            assert_eq!(creators(&tenant, q).await, ["Überaus Selten"], "{q}");
        }
        for q in ["wortchen", "zweitname", "ein wort", "tname"] {
            assert_eq!(posts(&tenant, q).await, ["001"], "{q}");
        }
        // Two letters are found at the beginning of a name.
        assert_eq!(creators(&tenant, "qx").await, ["Qx"]);
        assert_eq!(creators(&tenant, "xy").await, ["Xy Mitte"]);
        // The name of a common text comes first, however few follow it.
        let whole = add_creator(&tenant, "crowd", START).await;
        assert_eq!(search(&tenant, "crowd").await.creators[0].id, whole);

        // The index follows changes, and not the first rows alone.
        rename(&tenant, rare, "Ganz Anders").await;
        rename(&tenant, short, "Qz").await;
        assert!(creators(&tenant, "selten").await.is_empty() && creators(&tenant, "qx").await.is_empty());
        assert_eq!((creators(&tenant, "anders").await, creators(&tenant, "qz").await), (vec!["Ganz Anders".to_owned()], vec!["Qz".to_owned()]));
        read(&home.store, LATER, |_| named("1", "keeper", "Name", 5), &[said(1, 0, "neue Worte", "drittname")]).await;
        assert!(posts(&tenant, "wortchen").await.is_empty() && posts(&tenant, "zweitname").await.is_empty());
        assert_eq!((posts(&tenant, "neue wor").await, posts(&tenant, "drittn").await), (vec!["001".to_owned()], vec!["001".to_owned()]));
        let mut tx = begin(&tenant, LATER).await;
        tx.delete_account(id).await.unwrap();
        tx.delete_creator(rare).await.unwrap();
        tx.commit().await.unwrap();
        assert!(posts(&tenant, "neue wor").await.is_empty() && posts(&tenant, "crowd").await.is_empty());
        assert!(creators(&tenant, "anders").await.is_empty());
        if home.url.starts_with("sqlite") {
            let left = "SELECT COUNT(*) FROM account_video_texts_search WHERE account_video_texts_search MATCH 'crowd'";
            assert_eq!(home.number(left).await, Some(0), "rows that went with their account are not in the index either");
        }
    }

    async fn lists_fold_what_they_filter_by(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &new_account("someone"), START).await;
        add_video(&tenant, &new_video(&post_id(1).to_string()), START).await;
        add_creator(&tenant, "Zoë", START).await;
        read(&home.store, START, |_| named("1", "someone", "Not A Handle", 5), &[said(1, 5, "Fußball heute", "someone")]).await;
        let accounts = async |q: &str| {
            let filter = AccountFilter { q: Some(q.to_owned()), ..Default::default() };
            tenant.accounts(&filter, &whole(AccountOrder::AddedAt), START).await.unwrap().rows.len()
        };
        assert_eq!((accounts("SOME").await, accounts("handle").await, accounts("s_m").await), (1, 0, 0));
        let videos = async |q: &str| {
            let filter = VideoFilter { q: Some(q.to_owned()), ..Default::default() };
            let by_hand = tenant.videos(&filter, &whole(PostOrder::AddedAt), START).await.unwrap().rows.len();
            let filter = AccountVideoFilter { q: Some(q.to_owned()), account_id: Some(id), ..Default::default() };
            let page = store::PageRequest { include_total: true, ..whole(PostOrder::AddedAt) };
            let found = tenant.account_videos(&filter, &page, START).await.unwrap();
            assert_eq!(found.total, Some(i64::try_from(found.rows.len()).unwrap()));
            (by_hand, found.rows.len())
        };
        assert_eq!(videos("FUSSBALL").await, (1, 1));
        assert_eq!(videos("ußb").await, (1, 1));
        assert_eq!(videos("someone").await, (0, 0), "lists of posts look at captions alone");
        let creators = async |q: &str| {
            let filter = CreatorFilter { q: Some(q.to_owned()), ..Default::default() };
            tenant.creators(&filter, &whole(CreatorOrder::Name)).await.unwrap().rows.len()
        };
        assert_eq!((creators("ZOE").await, creators("oë").await, creators("x").await, creators(" ").await), (1, 1, 0, 1));
    }

    async fn what_was_there_before_is_found_after_the_migration(home) {
        let (one, two) = (tenant(&home.store).await, tenant(&home.store).await);
        let (id, _) = add(&one, &new_account("early"), START).await;
        add_video(&one, &new_video(&post_id(1).to_string()), START).await;
        add_creator(&one, "Élodie", START).await;
        read(&home.store, START, |_| named("1", "early", "Früh", 5), &[said(1, 5, "Schöne Straße", "gäst")]).await;
        add(&two, &new_account("early"), START).await;
        home.take_back("m0006_search").await;
        home.sql("UPDATE posts SET description_folded = 'schöne straße'").await;
        home.sql("UPDATE creators SET name_folded = 'élodie'").await;
        home.store.migrate().await.unwrap();
        assert_eq!(handles(&one, "fruh").await, ["early"]);
        assert!(handles(&two, "fruh").await.is_empty());
        assert_eq!(handles(&two, "early").await, ["early"]);
        assert_eq!(posts(&one, "schone strasse").await, ["h001", "001"]);
        assert_eq!(posts(&one, "gast").await, ["h001", "001"]);
        assert_eq!(creators(&one, "elod").await, ["Élodie"]);
        // And what changes from then on.
        read(&home.store, LATER, |_| named("1", "early", "Spät", 5), &[said(1, 5, "Andere Worte", "gäst")]).await;
        assert_eq!((handles(&one, "fruh").await.len(), handles(&one, "spat").await.len()), (0, 1));
        assert_eq!((posts(&one, "strasse").await.len(), posts(&one, "worte").await.len()), (0, 2));
        let mut tx = begin(&one, LATER).await;
        tx.delete_account(id).await.unwrap();
        tx.commit().await.unwrap();
        assert!(account_videos(&one, id, LATER).await.is_empty());
        assert_eq!(posts(&one, "worte").await, ["h001"]);
    }

    async fn metrics_alone_touch_no_text(home) {
        let tenant = tenant(&home.store).await;
        add(&tenant, &new_account("steady"), START).await;
        let facts = [said(1, 5, "the same words", "steady")];
        read(&home.store, START, |_| named("1", "steady", "Name", 5), &facts).await;
        let version = async || {
            if home.url.starts_with("sqlite") {
                return home.text("SELECT group_concat(hex(block)) FROM account_video_texts_search_data").await;
            }
            home.text("SELECT string_agg(CAST(xmin AS TEXT) || xmax, ',') FROM account_video_texts").await
        };
        let before = version().await;
        let mut facts = facts;
        facts[0].metrics.views = exact(6);
        read(&home.store, LATER, |_| named("1", "steady", "Name", 6), &facts).await;
        assert_eq!(search(&tenant, "same words").await.videos.len(), 1);
        assert_eq!(version().await, before);
    }
}

async fn rename(tenant: &Tenant, id: CreatorId, name: &str) {
    let mut tx = tenant.begin(&RequestId::new(), START).await.unwrap();
    tx.update_creator(id, &CreatorChange { name: Some(name.to_owned()), ..Default::default() }).await.unwrap();
    tx.commit().await.unwrap();
}

async fn new_creator(tx: &mut store::TenantTx, name: &str) -> CreatorId {
    let new = NewCreator { name: name.to_owned(), is_active: true, metadata: Metadata::default() };
    tx.create_creator(&new).await.unwrap()
}

/// So many creators and posts of an account, all of which have more followers and views than what is looked for.
async fn crowd(home: &Home, account: domain::AccountId, count: u32) {
    let is_sqlite = home.url.starts_with("sqlite");
    let id = if is_sqlite { "randomblob(16)" } else { "gen_random_uuid()" };
    let account = if is_sqlite { format!("x'{}'", account.0.simple()) } else { format!("'{}'::uuid", account.0) };
    let numbers =
        format!("WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})");
    for sql in [
        format!(
            "INSERT INTO creators (id, organization_id, name, name_folded, is_active, metadata, total_followers, added_at, updated_at) \
             {numbers} SELECT {id}, a.organization_id, 'Crowd', 'a crowd ' || n, TRUE, '{{}}', 1000 + n, 1, 1 \
             FROM numbers, accounts a WHERE a.id = {account}"
        ),
        "INSERT INTO creator_texts (target_id, organization_id, names) \
         SELECT id, organization_id, '\u{1f}' || name_folded || '\u{1f}' FROM creators WHERE name = 'Crowd'"
            .to_owned(),
        format!("INSERT INTO posts (platform, external_id) {numbers} SELECT 'tiktok', 'c' || n FROM numbers"),
        format!(
            "INSERT INTO account_videos (organization_id, account_id, post_id, platform, added_at, updated_at, first_scrape_at, view_count) \
             SELECT a.organization_id, a.id, p.id, 'tiktok', 1, 1, 1, 1000 FROM posts p, accounts a \
             WHERE a.id = {account} AND p.external_id LIKE 'c%'"
        ),
        "INSERT INTO account_video_texts (target_id, organization_id, names, words) \
         SELECT id, organization_id, '\u{1f}crow\u{1f}', 'in the crowd' FROM account_videos WHERE view_count = 1000"
            .to_owned(),
    ] {
        home.sql(&sql).await;
    }
}

/// An id as the dialect writes it.
fn literal(home: &Home, id: CreatorId) -> String {
    if home.url.starts_with("sqlite") { format!("x'{}'", id.0.simple()) } else { format!("'{}'::uuid", id.0) }
}
