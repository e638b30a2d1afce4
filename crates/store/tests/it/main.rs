//! What every store does, shown on each, and what the one in a file does beside.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

mod contract;
mod file;
