//! Holds the imports between the crates to the plan. A crate exists because it forbids an import; this is where it does.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tests::cargo::{metadata, packages};

/// What each crate of the product may import of the others. `migrations` is the store's own business.
const EDGES: [(&str, &[&str]); 10] = [
    ("domain", &[]),
    // What a text is found by is filled in for rows that are older than that.
    ("migrations", &["domain"]),
    ("store", &["domain", "migrations"]),
    ("queue", &["domain"]),
    ("scrape", &["domain"]),
    ("sandbox", &["domain"]),
    ("files", &["domain"]),
    ("api", &["domain", "files", "queue", "store"]),
    ("worker", &["domain", "files", "queue", "scrape", "store"]),
    ("app", &["api", "domain", "files", "queue", "sandbox", "scrape", "store", "worker"]),
];

/// Members that drive the product from outside. They may import what they like, and nobody may import them.
const OUTSIDE: [&str; 2] = ["bench", "tests"];

/// Heavy dependencies, by the beginning of their names, and the only crates that may name them.
const OWNERS: [(&str, &[&str]); 15] = [
    ("actix", &["api", "sandbox"]),
    ("apalis", &["queue"]),
    ("clap", &["app"]),
    ("config", &["app"]),
    ("csv", &["files"]),
    // The facade, by which whoever does something counts it; the exporter is the binary's.
    ("metrics", &["app", "worker"]),
    ("metrics-exporter", &["app"]),
    ("object_store", &["files"]),
    ("parquet", &["files"]),
    // The job side, and the rate limits' shared counter.
    ("redis", &["api", "queue"]),
    ("reqwest", &["scrape"]),
    ("scraper", &["scrape"]),
    ("sqlx", &["store"]),
    ("tracing-subscriber", &["app"]),
    ("utoipa", &["api"]),
];

/// Normal and build dependencies of each member.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = metadata(&["--no-deps"]);
    let text = |value: &Value| value.as_str().expect("a name").to_owned();
    let of = |package: &Value| {
        let all = package["dependencies"].as_array().expect("dependencies").iter();
        let shipped = all.filter(|dependency| dependency["kind"] != "dev");
        (text(&package["name"]), shipped.map(|dependency| text(&dependency["name"])).collect())
    };
    packages(&metadata).iter().map(of).collect()
}

#[test]
fn the_crates_import_each_other_as_the_plan_says_and_no_more() {
    let dependencies = dependencies();
    let members: BTreeSet<_> = dependencies.keys().map(String::as_str).collect();
    let planned: BTreeSet<_> = EDGES.iter().map(|(name, _)| *name).chain(OUTSIDE).collect();
    let unplanned: Vec<_> = members.difference(&planned).collect();
    assert!(unplanned.is_empty(), "crates that the plan does not know: {unplanned:?}");
    for (name, allowed) in EDGES {
        let own = dependencies.get(name).unwrap_or_else(|| panic!("there is no crate {name}"));
        let imported: BTreeSet<_> = own.iter().map(String::as_str).filter(|other| members.contains(other)).collect();
        let allowed: BTreeSet<_> = allowed.iter().copied().collect();
        let excess: Vec<_> = imported.difference(&allowed).collect();
        assert!(excess.is_empty(), "{name} imports {excess:?}, which the plan forbids");
    }
}

#[test]
fn a_heavy_dependency_is_named_by_its_owner_alone() {
    let dependencies = dependencies();
    for (external, owners) in OWNERS {
        let names: BTreeSet<_> = dependencies
            .iter()
            .filter(|(_, own)| own.iter().any(|name| name == external || name.starts_with(&format!("{external}-"))))
            .map(|(name, _)| name.as_str())
            .filter(|name| !OUTSIDE.contains(name))
            .collect();
        assert!(!names.is_empty(), "nobody names {external} any more: strike it off the list");
        let excess: Vec<_> = names.iter().filter(|name| !owners.contains(name)).collect();
        assert!(excess.is_empty(), "{excess:?} may not name {external}");
    }
}

#[test]
fn only_the_store_and_the_migrations_know_the_orm() {
    for (name, own) in dependencies() {
        let knows = |orm: &str| own.contains(orm);
        assert!(!knows("sea-orm") || name == "store", "{name} names sea-orm");
        assert!(!knows("sea-orm-migration") || name == "migrations", "{name} names sea-orm-migration");
    }
}

#[test]
fn the_domain_does_no_input_or_output() {
    let own = &dependencies()["domain"];
    for external in ["tokio", "tokio-util", "futures-util", "tracing", "reqwest", "sqlx", "sea-orm", "getrandom"] {
        assert!(!own.contains(external), "domain names {external}");
    }
}
