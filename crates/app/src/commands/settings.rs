//! `config`: the settings in force.

use super::{Failure, print};
use crate::config::Config;

/// Prints them, with passwords masked.
pub fn run(config: &Config) -> Result<(), Failure> {
    print(config.redacted_toml()?.trim_end());
    Ok(())
}
