//! Every end-to-end suite, one module each, in one binary: one link instead of ten, and one summary.

mod architecture;
mod bulk;
mod faults;
mod idempotency;
mod isolation;
mod licences;
mod parse_cli;
mod problems;
mod samples;
mod tour;
mod walk;
