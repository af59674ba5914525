//! Every end-to-end suite, one module each, in one binary: one link instead of ten, and one summary.

mod architecture;
mod faults;
mod idempotency;
mod isolation;
mod licences;
mod limits;
mod parse_cli;
mod problems;
mod revocation;
mod samples;
mod tour;
mod walk;
