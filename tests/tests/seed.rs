//! `creator-audit seed`: the same rows for the same arguments, days that are what the snapshots come to, and a service that answers from it.

use std::process::{Command, Output};

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};
use store::{Store, StoreConfig};
use tempfile::TempDir;
use tests::cargo::binary;
use tests::postgres::OwnDatabase;
use tests::{Builder, Pair, Postgres, settings};

tests::on_every_pair!(
    the_same_arguments_make_the_same_rows,
    days_made_anew_are_the_same_days,
    there_is_as_much_as_was_asked_and_it_fits_together,
    a_database_in_use_is_left_alone_unless_one_says_so,
    the_service_answers_from_it,
);

/// An empty database with its tables.
struct Fresh {
    url: String,
    _database: Option<(OwnDatabase, Postgres)>,
    directory: TempDir,
}

impl Fresh {
    async fn on(pair: Pair) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (url, database) = match pair {
            Pair::SqliteEmbedded | Pair::SqliteProcesses => {
                (format!("sqlite://{}", directory.path().join("audit.db").display()), None)
            }
            Pair::PostgresRedis => {
                let cluster = Postgres::shared().await;
                let own = cluster.create_database().await;
                (own.url().to_owned(), Some((own, cluster)))
            }
        };
        let fresh = Self { url, _database: database, directory };
        fresh.run(&["migrate"]);
        fresh
    }

    async fn seeded(pair: Pair, arguments: &str) -> Self {
        let fresh = Self::on(pair).await;
        fresh.seed(arguments);
        fresh
    }

    fn try_run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(binary());
        command.env(format!("{}{}", settings::PREFIX, settings::DATABASE_URL), &self.url);
        command.args(arguments).current_dir(self.directory.path()).output().unwrap()
    }

    fn run(&self, arguments: &[&str]) -> String {
        let output = self.try_run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn seed(&self, arguments: &str) -> Value {
        let arguments: Vec<&str> = ["seed", "--json"].into_iter().chain(arguments.split_whitespace()).collect();
        serde_json::from_str(&self.run(&arguments)).unwrap()
    }

    /// The first column of every row, as text.
    async fn lines(&self, sql: &str) -> Vec<String> {
        let query = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        if self.is_sqlite() {
            let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
            let rows = query.fetch_all(&mut connection).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
            connection.close().await.unwrap();
            return rows.iter().map(|row| row.get(0)).collect();
        }
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        let rows = query.fetch_all(&mut connection).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        rows.iter().map(|row| row.get(0)).collect()
    }

    async fn number(&self, sql: &str) -> i64 {
        let [number] = &self.lines(&format!("SELECT CAST(({sql}) AS TEXT)")).await[..] else { panic!("{sql}") };
        number.parse().unwrap()
    }

    fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite")
    }

    /// Every row of a table, in no particular order but always in the same.
    async fn dump(&self, table: &str) -> Vec<String> {
        let columns = if self.is_sqlite() {
            format!("SELECT 'quote(' || name || ')' FROM pragma_table_info('{table}') ORDER BY name")
        } else {
            format!(
                "SELECT 'COALESCE(CAST(' || column_name || ' AS TEXT), ''-'')' FROM information_schema.columns \
                 WHERE table_schema = 'public' AND table_name = '{table}' ORDER BY CAST(column_name AS TEXT) COLLATE \"C\""
            )
        };
        let columns = self.lines(&columns).await.join(" || '|' || ");
        self.lines(&format!("SELECT {columns} FROM {table} ORDER BY 1")).await
    }

    async fn dump_all(&self) -> Vec<(&'static str, Vec<String>)> {
        let mut all = Vec::new();
        for table in TABLES {
            all.push((table, self.dump(table).await));
        }
        all
    }

    /// All indexes and references that the tables have.
    async fn structure(&self) -> Vec<String> {
        self.lines(if self.is_sqlite() {
            "SELECT COALESCE(sql, name) FROM sqlite_master ORDER BY 1"
        } else {
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename !~ '_y[0-9]+m[0-9]+$' UNION ALL \
             SELECT CAST(conrelid::regclass AS TEXT) || ' ' || pg_get_constraintdef(oid) FROM pg_constraint \
             WHERE connamespace = 'public'::regnamespace AND CAST(conrelid::regclass AS TEXT) !~ '_y[0-9]+m[0-9]+$' ORDER BY 1"
        })
        .await
    }
}

/// The tables that are written.
const TABLES: [&str; 19] = [
    "organization_days",
    "organizations",
    "api_keys",
    "creators",
    "creator_texts",
    "profiles",
    "profile_snapshots",
    "posts",
    "post_snapshots",
    "accounts",
    "account_texts",
    "account_days",
    "videos",
    "video_texts",
    "account_videos",
    "account_video_texts",
    "tracked_posts",
    "post_days",
    "schedules",
];

const SMALL: &str = "--profiles 60 --days 40 --seed 7 --organizations 2 --posts-per-profile 6 --end 2026-03-10";

async fn the_same_arguments_make_the_same_rows(pair: Pair) {
    let one = Fresh::seeded(pair, SMALL).await;
    let other = Fresh::seeded(pair, SMALL).await;
    let (rows, same) = (one.dump_all().await, other.dump_all().await);
    for ((table, rows), (_, same)) in rows.iter().zip(&same) {
        assert!(!rows.is_empty(), "{table}");
        assert_eq!(rows, same, "{table}");
    }
    let different = Fresh::seeded(pair, &SMALL.replace("--seed 7", "--seed 8")).await;
    for ((table, rows), (_, others)) in rows.iter().zip(&different.dump_all().await) {
        assert_ne!(rows, others, "{table}");
    }
    assert_eq!(one.structure().await, Fresh::on(pair).await.structure().await);
}

async fn days_made_anew_are_the_same_days(pair: Pair) {
    let seeded = Fresh::seeded(pair, SMALL).await;
    let days = async || {
        let mut all = Vec::new();
        for table in ["post_days", "account_days", "organization_days", "tracked_posts", "accounts"] {
            all.push((table, seeded.dump(table).await));
        }
        all
    };
    let before = days().await;
    let config = StoreConfig { url: seeded.url.clone(), age_curve: domain::AgeCurve::flat(), max_connections: 2 };
    let store = Store::connect(&config).await.unwrap();
    let mut posts = 0;
    while let Some(last) = store.rebuild_post_days(posts, 100).await.unwrap() {
        posts = last.last;
    }
    let mut account = uuid::Uuid::nil();
    while let Some(last) = store.rebuild_account_days(account, 20).await.unwrap() {
        account = last.last;
    }
    let mut organization = uuid::Uuid::nil();
    while let Some(last) = store.rebuild_organization_days(organization).await.unwrap() {
        organization = last;
    }
    store.close().await.unwrap();
    for ((table, before), (_, after)) in before.iter().zip(&days().await) {
        assert!(before.len() > 50, "{table} {}", before.len());
        assert_eq!(before, after, "{table}");
    }
}

async fn there_is_as_much_as_was_asked_and_it_fits_together(pair: Pair) {
    let seeded = Fresh::seeded(pair, "--profiles 150 --days 60 --seed 11 --organizations 3 --end 2026-03-10").await;
    assert_eq!(seeded.number("SELECT COUNT(*) FROM profiles").await, 150);
    assert_eq!(seeded.number("SELECT COUNT(*) FROM organizations").await, 3);
    let posts = seeded.number("SELECT COUNT(*) FROM posts").await;
    assert!((1_200..=1_800).contains(&posts), "ten a profile, on the average: {posts}");
    let nights = seeded.number("SELECT COUNT(DISTINCT day) FROM account_days").await;
    assert_eq!(nights, 60);
    for (what, none) in [
        (
            "an account is not counted",
            "SELECT COUNT(*) FROM organizations o WHERE tracked_accounts <> (SELECT COUNT(*) FROM accounts a WHERE a.organization_id = o.id)",
        ),
        (
            "an account's views are not the sum of its posts'",
            "SELECT COUNT(*) FROM accounts a WHERE COALESCE(view_count, -1) <> COALESCE((SELECT SUM(v.view_count) FROM account_videos v WHERE v.account_id = a.id), -1)",
        ),
        (
            "a creator's followers are not the sum of its accounts'",
            "SELECT COUNT(*) FROM creators c WHERE EXISTS (SELECT 1 FROM accounts a WHERE a.creator_id = c.id) AND COALESCE(total_followers, -1) <> \
             COALESCE((SELECT SUM(a.follower_count) FROM accounts a WHERE a.creator_id = c.id), -1)",
        ),
        (
            "a post is in other feeds than it is said to be",
            "SELECT COUNT(*) FROM tracked_posts t WHERE feeds <> (SELECT COUNT(*) FROM account_videos v WHERE v.organization_id = t.organization_id AND v.post_id = t.post_id)",
        ),
        (
            "a post is tracked by nobody",
            "SELECT COUNT(*) FROM tracked_posts t WHERE feeds = 0 AND NOT EXISTS (SELECT 1 FROM videos v WHERE v.organization_id = t.organization_id AND v.post_id = t.post_id)",
        ),
        (
            "a text is not what the post is found by",
            "SELECT COUNT(*) FROM account_video_texts x JOIN account_videos t ON t.id = x.target_id JOIN accounts a ON a.id = t.account_id \
             JOIN posts p ON p.id = t.post_id WHERE x.words <> CASE WHEN t.first_scrape_at IS NOT NULL THEN COALESCE(p.description_folded, '') ELSE '' END",
        ),
        (
            "there are saves where none are counted",
            "SELECT COUNT(*) FROM post_snapshots s JOIN posts p ON p.id = s.post_id WHERE p.platform = 'tiktok' AND (s.saved_count IS NOT NULL OR p.saved_count IS NOT NULL)",
        ),
        (
            "what was read was not tried",
            "SELECT COUNT(*) FROM (SELECT last_attempt_at, last_attempt_outcome, last_scrape_at FROM accounts \
             UNION ALL SELECT last_attempt_at, last_attempt_outcome, last_scrape_at FROM videos \
             UNION ALL SELECT last_attempt_at, last_attempt_outcome, last_scrape_at FROM account_videos) r \
             WHERE last_attempt_at IS DISTINCT FROM last_scrape_at OR last_attempt_outcome IS DISTINCT FROM CASE WHEN last_scrape_at IS NOT NULL THEN 'ok' END",
        ),
        ("something is due", "SELECT COUNT(*) FROM schedules WHERE due_at IS NOT NULL"),
        (
            "an account video has no text",
            "SELECT COUNT(*) FROM account_videos v WHERE NOT EXISTS (SELECT 1 FROM account_video_texts x WHERE x.target_id = v.id)",
        ),
        (
            "the last day differs from the record",
            "SELECT COUNT(*) FROM tracked_posts t JOIN post_days d ON d.tracked_post_id = t.id WHERE d.day = (SELECT MAX(e.day) FROM post_days e WHERE e.tracked_post_id = t.id) \
             AND t.comment_count IS NOT NULL AND d.comment_count <> t.comment_count",
        ),
    ] {
        assert_eq!(seeded.number(none).await, 0, "{what}");
    }
    for (what, some) in [
        ("two feeds", "SELECT COUNT(*) FROM tracked_posts WHERE feeds = 2"),
        ("by hand alone", "SELECT COUNT(*) FROM tracked_posts WHERE feeds = 0"),
        (
            "by hand and in a feed",
            "SELECT COUNT(*) FROM tracked_posts t JOIN videos v ON v.organization_id = t.organization_id AND v.post_id = t.post_id WHERE feeds > 0",
        ),
        ("a pause", "SELECT COUNT(*) FROM accounts WHERE seen_before IS NOT NULL"),
        ("a fall", "SELECT COUNT(*) FROM post_snapshots WHERE fell IS NOT NULL"),
        ("rounded", "SELECT COUNT(*) FROM post_snapshots WHERE inexact LIKE '%rounded%'"),
        ("hidden", "SELECT COUNT(*) FROM posts WHERE metric_status LIKE '%hidden%'"),
        ("saves", "SELECT COUNT(*) FROM post_snapshots WHERE saved_count IS NOT NULL"),
        (
            "not counted",
            "SELECT COUNT(*) FROM posts WHERE platform = 'tiktok' AND metric_status LIKE '%\"saved_count\":\"unsupported\"%'",
        ),
        ("notes", "SELECT COUNT(*) FROM accounts WHERE sum_notes LIKE '%rounded%'"),
        ("gone", "SELECT COUNT(*) FROM posts WHERE status = 'deleted'"),
    ] {
        assert!(seeded.number(some).await > 0, "{what}");
    }
}

async fn a_database_in_use_is_left_alone_unless_one_says_so(pair: Pair) {
    let seeded = Fresh::seeded(pair, "--profiles 5 --days 10 --seed 1 --end 2026-03-10").await;
    let before = seeded.dump_all().await;
    let refused = seeded.try_run(&["seed", "--profiles", "5", "--days", "10", "--seed", "2"]);
    assert!(!refused.status.success());
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("holds organizations already") && said.contains("--add"), "{said}");
    let refused = seeded.try_run(&["seed", "--profiles", "5", "--days", "10", "--seed", "2", "--end", "2999-01-01"]);
    assert!(!refused.status.success() && String::from_utf8(refused.stderr).unwrap().contains("not over yet"));
    assert_eq!(seeded.dump_all().await, before);
    let structure = seeded.structure().await;
    seeded.seed("--profiles 7 --days 10 --seed 2 --end 2026-03-10 --add");
    assert_eq!(seeded.number("SELECT COUNT(*) FROM profiles").await, 12);
    for ((table, before), (_, after)) in before.iter().zip(&seeded.dump_all().await) {
        assert!(before.iter().all(|row| after.binary_search(row).is_ok()), "{table}: what was there stays");
    }
    assert_eq!(seeded.structure().await, structure);
    let before = seeded.dump_all().await;
    for arguments in
        ["seed --profiles 9 --days 12 --seed 1 --add", "seed --profiles 7 --days 3 --seed 2 --add --organizations 4"]
    {
        let refused = seeded.try_run(&arguments.split(' ').collect::<Vec<_>>());
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success() && said.contains("take another number"), "{said}");
    }
    assert_eq!(seeded.dump_all().await, before);
}

async fn the_service_answers_from_it(pair: Pair) {
    let deployment = Builder::new(pair).workers(0).start().await;
    let arguments = "seed --json --add --profiles 40 --days 30 --seed 5 --organizations 2";
    let made: Value = serde_json::from_str(&deployment.run(&arguments.split(' ').collect::<Vec<_>>())).unwrap();
    let client = deployment.client.with_key(made["organizations"][0]["key"].as_str().unwrap());
    let who = client.get("/v2/whoami").await.data(200);
    assert_eq!(who["organization_id"], made["organizations"][0]["id"]);
    let list = client.get("/v2/accounts?order_by=follower_count&limit=200").await;
    assert_eq!(list.status, 200);
    let accounts = list.json()["data"].as_array().unwrap().clone();
    assert!((10..=35).contains(&accounts.len()), "{}", accounts.len());
    let with_posts =
        accounts.iter().find(|account| account["total_post_count"].as_i64().is_some_and(|posts| posts > 2));
    let account = with_posts.expect("somebody has posts");
    let id = account["id"].as_str().unwrap();
    assert_eq!(&client.get(&format!("/v2/accounts/{id}")).await.data(200), account);
    assert!(account["follower_count"].is_i64() && account["last_scrape_time"].is_string(), "{account}");
    let videos = client.get(&format!("/v2/account-videos?account_id={id}&order_by=view_count&limit=200")).await.json();
    assert_eq!(i64::try_from(videos["data"].as_array().unwrap().len()).ok(), account["total_post_count"].as_i64());
    // What comes after it is given ids that are free.
    let new = client.post("/v2/accounts", &serde_json::json!({"platform": "tiktok", "username": "comes.later"})).await;
    assert_eq!(new.status, 201);
    assert_eq!(deployment.client.get(&format!("/v2/accounts/{id}")).await.status, 404);
}
