use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use domain::{AgeCurve, Platform};
use store::Budget;

use super::keys::{DEFAULTS, documented, with_optional_keys};
use super::sources::load;
use super::*;

fn with(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    load(None, variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

/// The problems with these variables, as an operator reads them.
fn refusal(variables: &[(&str, &str)]) -> String {
    match with(variables) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("{variables:?} were accepted"),
    }
}

/// A file with `text` that goes with the test.
struct TestFile(PathBuf);

impl TestFile {
    fn new(text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("config-{}.toml", uuid::Uuid::now_v7()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for TestFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn the_defaults_are_accepted_in_the_roles_of_one_machine() {
    let config = with(&[]).unwrap();
    for role in [Role::Dev, Role::Serve, Role::Worker] {
        config.validate(role).unwrap();
    }
    assert_eq!(config.database.url.reveal(), "sqlite://creator-audit.db");
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.origin("http.listen"), Some(&Origin::Default));
    assert_eq!(config.origin("http.public_url"), None);
}

#[test]
fn every_documented_key_is_a_field_and_every_field_is_documented() {
    let file = TestFile::new(&with_optional_keys());
    let config = load(Some(&file.0), BTreeMap::new().into_iter().collect()).unwrap();
    let mut fields = BTreeSet::new();
    let settings = serde_json::to_value(&config).unwrap();
    let mut waiting = vec![(String::new(), &settings)];
    while let Some((path, value)) = waiting.pop() {
        if let Some(table) = value.as_object() {
            waiting.extend(table.iter().map(|(name, value)| (format!("{path}.{name}"), value)));
        } else {
            assert!(!value.is_null(), "{path} stands in default.toml neither as a key nor as an optional one");
            fields.insert(path[1..].to_owned());
        }
    }
    assert_eq!(documented().unwrap().into_keys().collect::<BTreeSet<_>>(), fields);
    assert!(fields.len() > 30);
}

#[test]
fn every_key_is_explained_by_a_comment_above_it() {
    let lines: Vec<_> = with_optional_keys().lines().map(str::to_owned).collect();
    for (above, line) in lines.iter().zip(&lines[1..]) {
        if line.contains(" = ") && !line.starts_with('#') {
            assert!(above.starts_with("# "), "nothing explains {line}");
        }
    }
}

#[test]
fn the_environment_beats_the_file_and_the_file_beats_the_defaults() {
    let file = TestFile::new("[worker]\nconcurrency = 3\nlease_seconds = 60\n[platforms.tiktok]\nenabled = false\n");
    let path = file.0.to_str().unwrap();
    let config =
        with(&[("CREATOR_AUDIT_CONFIG", path), ("CREATOR_AUDIT__WORKER__LEASE_SECONDS", "90"), ("UNRELATED", "x")])
            .unwrap();
    assert_eq!(
        (config.worker.concurrency, config.worker.lease_seconds, config.worker.sweep_interval_ms),
        (3, 90, 1000)
    );
    assert!(!config.platforms.tiktok.enabled && config.platforms.instagram.enabled);
    assert_eq!(config.origin("worker.concurrency"), Some(&Origin::File(file.0.clone())));
    let name = "CREATOR_AUDIT__WORKER__LEASE_SECONDS".to_owned();
    assert_eq!(config.origin("worker.lease_seconds"), Some(&Origin::Environment(name)));
}

#[test]
fn a_named_file_beats_the_one_that_the_environment_names() {
    let file = TestFile::new("[worker]\nconcurrency = 3\n");
    let environment = [("CREATOR_AUDIT_CONFIG".to_owned(), "/nowhere.toml".to_owned())].into_iter().collect();
    assert_eq!(load(Some(&file.0), environment).unwrap().worker.concurrency, 3);
    assert!(matches!(with(&[("CREATOR_AUDIT_CONFIG", "/nowhere.toml")]), Err(ConfigError::Read { .. })));
}

#[test]
fn deep_and_optional_keys_are_set_by_the_environment() {
    let config = with(&[
        ("CREATOR_AUDIT__PLATFORMS__INSTAGRAM__BASE_URL", "http://127.0.0.1:9999"),
        ("CREATOR_AUDIT__PLATFORMS__INSTAGRAM__ENABLED", "false"),
        ("CREATOR_AUDIT__RATE_LIMIT__REQUESTS_PER_MINUTE", "6000"),
        ("CREATOR_AUDIT__PLATFORMS__TIKTOK__MIN_INTERVAL_MS", "50"),
        ("CREATOR_AUDIT__HTTP__PUBLIC_URL", ""),
        ("CREATOR_AUDIT__LOG__FORMAT", "json"),
    ])
    .unwrap();
    assert_eq!(config.platforms.instagram.base_url, "http://127.0.0.1:9999");
    assert!(!config.platforms.instagram.enabled);
    assert_eq!(config.rate_limit.requests_per_minute, 6000);
    assert_eq!(config.platforms.tiktok.min_interval_ms, Some(50));
    assert_eq!(config.http.public_url, None);
    assert_eq!(config.log.format, LogFormat::Json);
}

#[test]
fn unknown_keys_are_named_with_their_origin_all_at_once() {
    let text = refusal(&[
        ("CREATOR_AUDIT__HTTP__LISSTEN", "x"),
        ("CREATOR_AUDIT__WORKER", "8"),
        ("CREATOR_AUDIT__LOG__FORMAT__LEVEL", "x"),
    ]);
    assert!(
        text.contains("http.lissten: there is no such key (environment variable CREATOR_AUDIT__HTTP__LISSTEN)"),
        "{text}"
    );
    assert!(text.contains("worker: is a section, not a key"), "{text}");
    assert!(text.contains("log.format.level: there is no such key"), "{text}");
    let file = TestFile::new("[databases]\n[http]\n[worker]\nConcurrency = 4\n");
    let text = load(Some(&file.0), BTreeMap::new().into_iter().collect()).unwrap_err().to_string();
    assert!(text.contains("databases: there is no such key (file ") && text.contains("worker."), "{text}");
    assert!(!text.contains("http"), "{text}");
}

#[test]
fn values_of_the_wrong_kind_or_out_of_range_are_named_with_their_origin() {
    for (name, value, problem) in [
        ("WORKER__CONCURRENCY", "many", "worker.concurrency: must be a whole number"),
        ("WORKER__CONCURRENCY", "-1", "worker.concurrency: must be a whole number"),
        ("WORKER__CONCURRENCY", "1.5", "worker.concurrency: must be a whole number"),
        ("WORKER__CONCURRENCY", "true", "worker.concurrency: must be a whole number"),
        ("WORKER__CONCURRENCY", "0", "worker.concurrency: must be from 1 to 1000"),
        ("HTTP__WORKERS", "70000", "http.workers: must be from 0 to 1024"),
        ("PLATFORMS__TIKTOK__ENABLED", "1", "platforms.tiktok.enabled: must be true or false"),
        ("PLATFORMS__TIKTOK__BASE_URL", "http://www.tiktok.com", "platforms.tiktok.base_url: must be https"),
        ("PLATFORMS__TIKTOK__BASE_URL", "ftp://localhost", "platforms.tiktok.base_url: must be an http or https URL"),
        ("HTTP__LISTEN", "everywhere", "http.listen: "),
        ("HTTP__PUBLIC_URL", "audit.example.org", "http.public_url: must be an http or https URL"),
        ("LOG__FORMAT", "xml", "log.format: must be one of: text, json"),
        ("LOG__FILTER", "queue=loud", "log.filter: "),
        ("DATABASE__URL", "mysql://db/audit", "database.url: must begin with"),
        ("QUEUE__URL", "amqp://host", "queue.url: must be memory: or a redis:// URL"),
        ("QUEUE__URL", "rediss://host", "queue.url: TLS to Redis is not built in"),
        ("PLATFORMS__YOUTUBE__DATA_API__BASE_URL", "http://api.example", "data_api.base_url: must be https"),
        ("PLATFORMS__INSTAGRAM__MAX_IN_FLIGHT", "0", "platforms.instagram.max_in_flight: must be from 1 to 1000"),
        ("PLATFORMS__INSTAGRAM__GRAPH_API__MAX_PER_HOUR", "0", "graph_api.max_per_hour: must be from 1 to 1000000"),
        ("METRICS__LISTEN", "9464", "metrics.listen: "),
        ("CANARY__INTERVAL_MINUTES", "1", "canary.interval_minutes: must be from 5 to 10080"),
        ("RETENTION__PAGE_LOADS_DAYS", "0", "retention.page_loads_days: must be from 1 to 3650"),
        ("SCRAPING__USER_AGENT", "ü", "scraping.user_agent: must be visible ASCII"),
    ] {
        let variable = format!("CREATOR_AUDIT__{name}");
        let text = refusal(&[(&variable, value)]);
        assert!(text.contains(problem), "{name}={value}: {text}");
        assert!(text.contains(&format!("(environment variable {variable})")), "{text}");
    }
    let file = TestFile::new("[worker]\nconcurrency = true\n[log]\nfilter = 5\n");
    let text = load(Some(&file.0), BTreeMap::new().into_iter().collect()).unwrap_err().to_string();
    assert!(text.contains("worker.concurrency: must be a whole number") && text.contains("log.filter: must be a text"));
}

#[test]
fn contradictions_are_refused() {
    for (variables, problem) in [
        ([("CREATOR_AUDIT__WORKER__LEASE_SECONDS", "25"), ("A", "")], "worker.lease_seconds: must be longer"),
        ([("CREATOR_AUDIT__SCRAPING__TIMEOUT_MS", "300000"), ("A", "")], "worker.lease_seconds: must be longer"),
        ([("CREATOR_AUDIT__WORKER__RETRY_CAP_SECONDS", "29"), ("A", "")], "worker.retry_cap_seconds: must not be less"),
        (
            [("CREATOR_AUDIT__SCRAPING__CONNECT_TIMEOUT_MS", "3001"), ("CREATOR_AUDIT__SCRAPING__TIMEOUT_MS", "3000")],
            "scraping.connect_timeout_ms: must not be more",
        ),
    ] {
        let text = refusal(&variables);
        assert!(text.contains(problem), "{text}");
    }
}

#[test]
fn an_in_memory_queue_is_refused_between_processes_on_postgresql() {
    let config = with(&[("CREATOR_AUDIT__DATABASE__URL", "postgres://db/audit")]).unwrap();
    for role in [Role::Serve, Role::Worker] {
        assert!(config.validate(role).unwrap_err().to_string().contains("queue.url: "));
    }
    config.validate(Role::Dev).unwrap();
    let redis =
        [("CREATOR_AUDIT__DATABASE__URL", "postgres://db/audit"), ("CREATOR_AUDIT__QUEUE__URL", "redis://cache")];
    with(&redis).unwrap().validate(Role::Worker).unwrap();
}

#[test]
fn politeness_is_the_platforms_unless_it_is_set_or_the_platform_a_stand_in() {
    let budget = |variables: &[(&str, &str)], platform| with(variables).unwrap().platforms.page_budget(platform);
    let polite = |seconds, an_hour| Budget {
        min_interval: Duration::from_secs(seconds),
        max_in_flight: Some(1),
        max_per_hour: Some(an_hour),
    };
    assert_eq!(budget(&[], Platform::Instagram), polite(8, 60));
    assert_eq!(budget(&[], Platform::Tiktok), polite(4, 600));
    assert_eq!(budget(&[], Platform::Youtube), polite(1, 1800));
    assert_eq!(budget(&[], Platform::Pinterest), polite(4, 600));
    for host in ["http://127.0.0.1:9", "http://localhost:9/instagram", "http://[::1]:9"] {
        let stand_in = ("CREATOR_AUDIT__PLATFORMS__INSTAGRAM__BASE_URL", host);
        assert_eq!(budget(&[stand_in], Platform::Instagram), Budget::default(), "{host}");
        let set = [
            stand_in,
            ("CREATOR_AUDIT__PLATFORMS__INSTAGRAM__MIN_INTERVAL_MS", "70"),
            ("CREATOR_AUDIT__PLATFORMS__INSTAGRAM__MAX_IN_FLIGHT", "3"),
            ("CREATOR_AUDIT__PLATFORMS__INSTAGRAM__MAX_PER_HOUR", "500"),
        ];
        let wanted =
            Budget { min_interval: Duration::from_millis(70), max_in_flight: Some(3), max_per_hour: Some(500) };
        assert_eq!(budget(&set, Platform::Instagram), wanted);
    }
    let official = |variables: &[(&str, &str)], platform| with(variables).unwrap().platforms.official_budget(platform);
    assert_eq!(official(&[], Platform::Instagram).max_per_hour, Some(200));
    assert_eq!(official(&[], Platform::Youtube).max_per_hour, Some(400));
    let stand_in = ("CREATOR_AUDIT__PLATFORMS__YOUTUBE__DATA_API__BASE_URL", "http://127.0.0.1:9");
    assert_eq!(official(&[stand_in], Platform::Youtube), Budget::default());
}

#[test]
fn a_list_is_written_with_commas_in_the_environment_and_with_brackets_in_a_file() {
    let config = with(&[
        ("CREATOR_AUDIT__PLATFORMS__TIKTOK__CLOSED_MINUTES", "1,2, 3 ,4"),
        ("CREATOR_AUDIT__WORKER__AGE_CURVE__YOUNGER_THAN_DAYS", "7"),
        ("CREATOR_AUDIT__WORKER__AGE_CURVE__PERCENT", "50,100"),
        ("CREATOR_AUDIT__CANARY__TIKTOK", "nasa, the.baker"),
    ])
    .unwrap();
    let minutes = |numbers: [u64; 4]| numbers.map(Duration::from_mins);
    assert_eq!(config.platforms.breaker(Platform::Tiktok).waits, minutes([1, 2, 3, 4]));
    assert_eq!(config.platforms.breaker(Platform::Instagram).waits, minutes([5, 15, 60, 360]));
    let curve = config.worker.age_curve.curve();
    assert_eq!((curve.steps().len(), curve.older_percent()), (1, 100));
    assert_eq!(config.canary.handles(Platform::Tiktok), ["nasa", "the.baker"]);
    let file = TestFile::new("[canary]\ntiktok = []\n[worker.age_curve]\nyounger_than_days = []\npercent = [100]\n");
    let config = load(Some(&file.0), BTreeMap::new().into_iter().collect()).unwrap();
    assert!(config.canary.handles(Platform::Tiktok).is_empty());
    assert_eq!(config.worker.age_curve.curve(), AgeCurve::flat());
    let standard = with(&[]).unwrap().worker.age_curve.curve();
    let steps: Vec<_> = standard.steps().iter().map(|step| (step.younger_than_days, step.percent)).collect();
    assert_eq!((steps.as_slice(), standard.older_percent()), (&[(2, 25), (7, 50), (30, 100), (90, 200)][..], 400));
}

#[test]
fn lists_that_make_no_sense_are_refused() {
    for (name, value, problem) in [
        ("PLATFORMS__TIKTOK__CLOSED_MINUTES", "5,15,60", "platforms.tiktok.closed_minutes: must be four numbers"),
        ("PLATFORMS__TIKTOK__CLOSED_MINUTES", "5,15,60,30", "platforms.tiktok.closed_minutes: must be four numbers"),
        ("PLATFORMS__TIKTOK__CLOSED_MINUTES", "0,1,2,3", "platforms.tiktok.closed_minutes: must be four numbers"),
        ("PLATFORMS__TIKTOK__CLOSED_MINUTES", "5,soon", "closed_minutes: must be a list of whole numbers from 0"),
        ("WORKER__AGE_CURVE__PERCENT", "25,50", "worker.age_curve.percent: must be one more"),
        (
            "WORKER__AGE_CURVE__YOUNGER_THAN_DAYS",
            "7,2,30,90",
            "younger_than_days: must be numbers from 1 to 36500, each",
        ),
        ("CANARY__TIKTOK", "nasa,no such handle", "canary.tiktok: must be a list of handles"),
    ] {
        let variable = format!("CREATOR_AUDIT__{name}");
        let text = refusal(&[(&variable, value)]);
        assert!(text.contains(problem), "{name}={value}: {text}");
    }
    let file = TestFile::new("[platforms.tiktok]\nclosed_minutes = [1, \"2\", 3, 4]\n[canary]\ntiktok = [1]\n");
    let text = load(Some(&file.0), BTreeMap::new().into_iter().collect()).unwrap_err().to_string();
    assert!(text.contains("closed_minutes: must be a list of whole numbers"), "{text}");
    assert!(text.contains("canary.tiktok: must be a list of texts"), "{text}");
}

#[test]
fn ways_out_have_names_of_the_operators_own() {
    let config = with(&[
        ("CREATOR_AUDIT__SCRAPING__PROXIES__DE-1", "http://ann:hunter2@de.example:3128"),
        ("CREATOR_AUDIT__SCRAPING__PROXIES__US", "https://us.example"),
    ])
    .unwrap();
    assert_eq!(config.scraping.proxies.keys().collect::<Vec<_>>(), ["de-1", "us"]);
    assert_eq!(config.scraping.proxies["de-1"].reveal(), "http://ann:hunter2@de.example:3128");
    let toml = config.redacted_toml().unwrap();
    assert!(toml.contains("de-1 = \"http://ann:***@de.example:3128\"") && !toml.contains("hunter2"), "{toml}");
    for (name, value, problem) in [
        ("DIRECT", "http://a", "scraping.proxies.direct: its name must be none of direct, official"),
        ("A_NAME_THAT_IS_LONGER_THAN_FORTY_CHARACTERS", "http://a", "its name must be 1 to 40 of"),
        ("X", "socks5://hunter2@a", "scraping.proxies.x: must be http://"),
        ("X", "http://ann:hunt/er2@a", "scraping.proxies.x: must be http://"),
        ("X__Y", "http://a", "scraping.proxies.x.y: there is no such key"),
    ] {
        let text = refusal(&[(&format!("CREATOR_AUDIT__SCRAPING__PROXIES__{name}"), value)]);
        assert!(text.contains(problem) && !text.contains("hunt"), "{name}: {text}");
    }
}

#[test]
fn an_official_interface_wants_all_of_its_credentials_or_none() {
    const SECTION: &str = "CREATOR_AUDIT__PLATFORMS__INSTAGRAM__GRAPH_API__";
    let (user_id, token) = (format!("{SECTION}USER_ID"), format!("{SECTION}ACCESS_TOKEN"));
    for (variable, value) in [(&user_id, "17841400000000000"), (&token, "EAABhunter2")] {
        let text = refusal(&[(variable, value)]);
        assert!(text.contains("user_id and access_token go together"), "{text}");
        assert!(text.contains(&format!("(environment variable {variable})")) && !text.contains("hunter2"), "{text}");
    }
    let key = "CREATOR_AUDIT__PLATFORMS__YOUTUBE__DATA_API__API_KEY";
    let config = with(&[(&user_id, "178"), (&token, "EAABhunter2"), (key, "AIzahunter2")]).unwrap();
    let graph = config.platforms.instagram.graph_api.as_ref().unwrap();
    assert_eq!(graph.access_token.as_ref().map(SecretText::reveal), Some("EAABhunter2"));
    let shown = format!("{} {config:?}", config.redacted_toml().unwrap());
    assert!(shown.contains("access_token = \"***\"") && shown.contains("api_key = \"***\""), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
    let text = refusal(&[(key, "AIza hunter2")]);
    assert!(text.contains("api_key: must be visible ASCII") && !text.contains("hunter2"), "{text}");
    for platform in ["TIKTOK", "PINTEREST"] {
        let text = refusal(&[(&format!("CREATOR_AUDIT__PLATFORMS__{platform}__DATA_API__API_KEY"), "x")]);
        assert!(text.contains("there is no such key"), "{text}");
    }
}

#[test]
fn passwords_are_shown_nowhere() {
    let config = with(&[
        ("CREATOR_AUDIT__DATABASE__URL", "postgres://ann:hunter2@db/audit"),
        ("CREATOR_AUDIT__QUEUE__URL", "redis://:hunter2@cache"),
    ])
    .unwrap();
    let toml = config.redacted_toml().unwrap();
    assert!(toml.contains("[database]") && toml.contains("url = \"postgres://ann:***@db/audit\""), "{toml}");
    assert!(!toml.contains("hunter2") && !format!("{config:?}").contains("hunter2"));
    let wrong = refusal(&[("CREATOR_AUDIT__DATABASE__URL", "mysql://ann:hunter2@db")]);
    assert!(!wrong.contains("hunter2"), "{wrong}");
    let file = TestFile::new("[database]\nurl = \"postgres://ann:hunter2@db\" oops\n");
    let error = load(Some(&file.0), BTreeMap::new().into_iter().collect()).unwrap_err();
    assert!(matches!(error, ConfigError::Syntax { .. }));
    let text = format!("{error} {error:?}");
    assert!(!text.contains("hunter2") && text.contains("line 2"), "{text}");
}

#[test]
fn the_printed_settings_can_be_read_back() {
    let config = with(&[("CREATOR_AUDIT__HTTP__PUBLIC_URL", "https://audit.example.org")]).unwrap();
    let printed = config.redacted_toml().unwrap();
    let file = TestFile::new(&printed);
    let again = load(Some(&file.0), BTreeMap::new().into_iter().collect()).unwrap();
    assert_eq!(again.redacted_toml().unwrap(), printed);
    assert!(printed.contains("public_url = \"https://audit.example.org\"") && !printed.contains("min_interval_ms"));
    assert!(DEFAULTS.contains("# min_interval_ms"));
}

#[test]
fn a_database_url_that_cannot_be_read_is_refused_without_being_shown() {
    for url in [
        "postgres://u:hunt#er2@127.0.0.1:1/db",
        "postgres://u:hunter2@127.0.0.1:99999/db",
        "postgres://u:hun/ter2@h:x/db",
    ] {
        let text = with(&[("CREATOR_AUDIT__DATABASE__URL", url)]).unwrap_err().to_string();
        assert!(text.contains("database.url") && !text.contains("hun"), "{text}");
    }
}
