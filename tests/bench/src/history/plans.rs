//! Which plans PostgreSQL made, as its extension `auto_explain` writes them down: no list of statements is needed, and none can be forgotten.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Result, Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

/// With these the server can write plans down, and does not yet.
pub const SETTINGS: [&str; 6] = [
    "shared_preload_libraries=auto_explain",
    "auto_explain.log_nested_statements=on",
    "logging_collector=on",
    "log_directory=log",
    "log_filename=plans.log",
    "log_rotation_size=0",
];

/// From here on it does.
pub const BEGIN: [&str; 2] =
    ["ALTER SYSTEM SET auto_explain.log_min_duration = 0", "SELECT CAST(pg_reload_conf() AS TEXT)"];

/// The tables of history, and how their parts begin.
const TABLES: [&str; 4] = ["post_days", "account_days", "post_snapshots", "profile_snapshots"];

/// How long the collector of the log may lag behind.
const LAG: Duration = Duration::from_millis(500);

/// What the plans showed.
#[derive(Debug, Default, Serialize)]
pub struct Plans {
    /// How many were seen.
    pub seen: usize,
    /// Where a whole table of history was walked through, by question.
    pub walks: BTreeSet<String>,
}

impl Plans {
    /// Takes in what the server wrote down during one question.
    pub fn add(&mut self, question: &str, log: &str) {
        self.seen += log.matches("Query Text:").count();
        self.walks.extend(walks(log).into_iter().map(|walk| format!("{question}: {walk}")));
    }
}

/// The lines that tell of a walk through a table of history.
fn walks(log: &str) -> BTreeSet<&str> {
    let is_walk = |line: &&str| {
        line.split_once("Seq Scan on ").is_some_and(|(_, table)| TABLES.iter().any(|name| table.starts_with(name)))
    };
    log.lines().map(|line| line.trim().trim_start_matches("->").trim()).filter(is_walk).collect()
}

/// The server's log.
pub struct Log(File);

impl Log {
    /// What is written to the log of the cluster with this folder from now on.
    pub fn open(data: &Path) -> Result<Self> {
        let mut file = File::open(data.join("log/plans.log"))?;
        file.seek(SeekFrom::End(0))?;
        Ok(Self(file))
    }

    /// What was written since the last look.
    pub async fn news(&mut self) -> Result<String> {
        tokio::time::sleep(LAG).await;
        let mut news = Vec::new();
        self.0.read_to_end(&mut news)?;
        Ok(String::from_utf8_lossy(&news).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_through_history_is_told_from_others() {
        let log = "LOG: plan:\n\tQuery Text: SELECT 1\n\tSeq Scan on accounts a  (cost=1)\n\t  ->  Parallel Seq Scan on post_days d  (cost=2)\n\
             \t  ->  Index Scan using post_days_pkey on post_days x\n\t ->  Seq Scan on post_snapshots_y2026m01 s\n";
        let mut plans = Plans::default();
        plans.add("q", log);
        assert_eq!(plans.seen, 1);
        assert_eq!(
            plans.walks.into_iter().collect::<Vec<_>>(),
            ["q: Parallel Seq Scan on post_days d  (cost=2)", "q: Seq Scan on post_snapshots_y2026m01 s"]
        );
    }
}
