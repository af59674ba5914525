//! Every end-to-end suite, one module each, in one binary: one link instead of ten, and one summary.

mod api_keys;
mod architecture;
mod faults;
mod idempotency;
mod isolation;
mod licences;
mod parse_cli;
mod problems;
mod samples;
mod tour;
mod walk;
