//! What the operator's commands say when the database is not ready for them.

use std::process::Command;

use tests::cargo::binary;

#[test]
fn on_a_database_without_tables_every_command_says_what_to_run() {
    let folder = tempfile::tempdir().expect("a temporary directory can be made");
    let url = format!("sqlite://{}", folder.path().join("empty.db").display());
    for arguments in [
        &["org", "list"][..],
        &["audit"],
        &["sources"],
        &["trace", "an-id"],
        &["key", "disable", "01a22bda-1523-72f0-8722-03eb4f8d8b2b"],
        &["serve"],
    ] {
        let run = Command::new(binary()).args(arguments).env("CREATOR_AUDIT__DATABASE__URL", &url).output();
        let run = run.expect("the binary starts");
        let said = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains("run `creator-audit migrate`"), "{arguments:?}: {said}");
    }
}
