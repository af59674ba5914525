//! Every end-to-end suite, one module each, in one binary: one link instead of ten, and one summary.

mod api_keys;
mod architecture;
mod bulk;
mod commands;
mod conventions;
mod exports;
mod faults;
mod idempotency;
mod isolation;
mod licences;
mod limits;
mod parse_cli;
mod problems;
mod rebuild;
mod refresh;
mod revocation;
mod samples;
mod seed;
mod tour;
mod trace;
mod walk;
