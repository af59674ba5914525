//! Holds every dependency's licence to a list, and keeps out a second copy of what must be there once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tests::cargo::{metadata_with_dependencies, packages};

/// Licences under which the service may be given away as a whole. The MPL is among them because its duties end at the file.
const ALLOWED: [&str; 15] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Two versions of one of these in a process do not share their connections, their runtime or their types.
const ONCE: [&str; 14] = [
    "actix-web",
    "apalis-core",
    "hyper",
    "libsqlite3-sys",
    "redis",
    "reqwest",
    "rustls",
    "sea-orm",
    "serde",
    "serde_json",
    "sqlx",
    "sqlx-core",
    "tokio",
    "url",
];

/// Whether a licence expression can be met with the allowed licences alone. Cargo's older `A/B` means `A OR B`.
fn is_met(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let met = any_of(&mut words);
    met && words.next().is_none()
}

type Words<'a, I> = std::iter::Peekable<I>;

fn any_of<'a>(words: &mut Words<'a, impl Iterator<Item = &'a str>>) -> bool {
    let mut met = all_of(words);
    while words.next_if_eq(&"OR").is_some() {
        met |= all_of(words);
    }
    met
}

fn all_of<'a>(words: &mut Words<'a, impl Iterator<Item = &'a str>>) -> bool {
    let mut met = one(words);
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words);
    }
    met
}

fn one<'a>(words: &mut Words<'a, impl Iterator<Item = &'a str>>) -> bool {
    if words.next_if_eq(&"(").is_some() {
        let met = any_of(words);
        return words.next_if_eq(&")").is_some() && met;
    }
    let Some(name) = words.next() else { return false };
    if words.next_if_eq(&"WITH").is_some() {
        let exception = words.next().unwrap_or_default();
        return ALLOWED.contains(&format!("{name} WITH {exception}").as_str());
    }
    ALLOWED.contains(&name)
}

#[test]
fn an_expression_is_read_as_it_is_meant() {
    for good in ["MIT", "MIT/GPL-3.0", "GPL-3.0 OR (MIT AND ISC)", "Apache-2.0 WITH LLVM-exception OR GPL-2.0"] {
        assert!(is_met(good), "{good}");
    }
    for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR ISC) AND AGPL-3.0", "MIT WITH Odd-exception", "MIT MIT"] {
        assert!(!is_met(bad), "{bad}");
    }
}

#[test]
fn every_dependency_is_under_a_licence_that_we_may_give_on() {
    let metadata = metadata_with_dependencies();
    let all = packages(&metadata);
    assert!(all.len() > 100, "metadata lists the dependencies too, not {} packages", all.len());
    let licence = |package: &Value| package["license"].as_str().unwrap_or("none").to_owned();
    let refused: Vec<_> = all
        .iter()
        .filter(|package| !is_met(&licence(package)))
        .map(|package| format!("{} {}: {}", package["name"], package["version"], licence(package)))
        .collect();
    assert!(refused.is_empty(), "not under a licence of the list: {refused:#?}");
}

#[test]
fn every_dependency_comes_from_the_registry() {
    let metadata = metadata_with_dependencies();
    let own = metadata["workspace_members"].as_array().expect("members");
    let foreign: Vec<_> = packages(&metadata)
        .iter()
        .filter(|package| !own.contains(&package["id"]))
        .filter(|package| !package["source"].as_str().is_some_and(|source| source.starts_with("registry+")))
        .map(|package| &package["name"])
        .collect();
    assert!(foreign.is_empty(), "from a git repository or a folder: {foreign:?}");
}

#[test]
fn what_must_be_there_once_is_there_once() {
    let metadata = metadata_with_dependencies();
    let mut versions: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for package in packages(&metadata) {
        let name = package["name"].as_str().expect("a name");
        versions.entry(name).or_default().insert(package["version"].as_str().expect("a version"));
    }
    for name in ONCE {
        let found = versions.get(name).unwrap_or_else(|| panic!("{name} is no dependency: strike it off the list"));
        assert_eq!(found.len(), 1, "{name} is there as {found:?}");
    }
}

/// With two providers compiled in, rustls refuses to choose one and the first encrypted connection panics.
#[test]
fn rustls_is_built_with_one_crypto_provider() {
    let metadata = metadata_with_dependencies();
    let nodes = metadata["resolve"]["nodes"].as_array().expect("metadata resolves features");
    let rustls: Vec<_> = nodes.iter().filter(|node| is_package(node, "rustls")).collect();
    assert_eq!(rustls.len(), 1, "copies of rustls");
    let features: BTreeSet<_> =
        rustls[0]["features"].as_array().expect("features").iter().filter_map(Value::as_str).collect();
    assert!(
        features.contains("aws-lc-rs") && !features.contains("ring"),
        "rustls is built with {features:?}: exactly aws-lc-rs is wanted"
    );
}

fn is_package(node: &Value, name: &str) -> bool {
    node["id"].as_str().is_some_and(|id| id.contains(&format!("#{name}@")) || id.contains(&format!("/{name}#")))
}
