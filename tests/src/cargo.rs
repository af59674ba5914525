//! What cargo knows: the workspace's members and dependencies, and where the built binary lies.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Names the binary to test, when it is not the one that lies beside the suites.
pub const BINARY_ENV: &str = "CREATOR_AUDIT_BIN";

/// The root of the workspace.
pub fn workspace() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().expect("the suites are a member of the workspace").to_owned()
}

/// `cargo metadata` of the workspace, with further arguments.
pub fn metadata(arguments: &[&str]) -> Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--format-version", "1", "--locked"]).args(arguments).current_dir(workspace());
    let output = command.output().expect("cargo can be run");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON")
}

/// `cargo metadata` with every dependency that is built on this platform, and the features that are chosen for it.
pub fn metadata_with_dependencies() -> Value {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let output = Command::new(rustc).arg("-vV").output().expect("rustc can be run");
    let described = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = described.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host");
    metadata(&["--filter-platform", host])
}

/// The packages of a `metadata` document.
pub fn packages(metadata: &Value) -> &[Value] {
    metadata["packages"].as_array().expect("metadata has packages")
}

/// The binary under test: the one that [`BINARY_ENV`] names, else `creator-audit` in the profile's folder that the running program was
/// built into. Panics when it is not there: a suite without it would prove nothing.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os(BINARY_ENV) {
        let path = PathBuf::from(path);
        assert!(path.is_file(), "{BINARY_ENV} names no file: {}", path.display());
        return path;
    }
    let program = std::env::current_exe().expect("a running program has a path");
    // target/<profile>/<program>, but target/<profile>/deps/<suite>-<hash>.
    let folder = program.parent().expect("a program lies in a folder");
    let profile = if folder.ends_with("deps") { folder.parent().expect("deps lies in a folder") } else { folder };
    let path = profile.join("creator-audit");
    assert!(
        path.is_file(),
        "{} is missing: build it with `cargo build --workspace --bin creator-audit`",
        path.display()
    );
    path
}
