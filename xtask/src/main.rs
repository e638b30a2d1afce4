//! Development tasks, run as `cargo xtask TASK`.
//!
//! Everything a developer or the continuous integration runs is here, in Rust, so that a fresh
//! clone needs nothing but a Rust toolchain. This file only chooses the task.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program talks"
)]

mod bench;
mod fuzz;
mod options;
mod process;
mod setup;
mod tally;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use options::Options;

const USAGE: &str = "\
usage: cargo xtask TASK [OPTIONS]

tasks
  test [--quick] [--only STEP]... [-- FILTER]
                  every check and test there is; installs what they need.
                  --quick leaves out fuzzing, the release build and the end-to-end tests
                  STEP: format tidy clippy deny unit web fuzz release e2e
                  FILTER goes to the end-to-end tests: only those with it in their names
  tidy            the house rules only (seconds, no build)
  compatibility   write COMPATIBILITY.md anew from docs/registry.toml
  setup           install what the tests need: Debian packages, npm packages, cargo tools
  fuzz [TARGET]... [--seconds N]
                  run each fuzz target, or those named, for N seconds (default 5)
  bench live [--rounds N] [--seconds N] [--players N,N] [--only SERVER,SERVER]
             [--curve] [--stalled]
                  live fan-out beside nginx-rtmp; a table, and raw reports in target/bench
  bench shared [--rounds N] [--seconds N]
                  shared objects: many who write, and many who read what one writes
  bench rooms [--rounds N] [--seconds N] [--only SERVER,SERVER]
                  rooms beside ngircd and inspircd
";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let task = arguments.next().unwrap_or_default();
    let result = Options::parse(arguments).and_then(|options| match task.as_str() {
        "test" => test::run(&options),
        "tidy" => tidy::run(&options),
        "compatibility" => tidy::write_compatibility(&options),
        "setup" => setup::run(&options),
        "fuzz" => fuzz::run(&options),
        "bench" => bench::run(&options),
        _ => anyhow::bail!("no such task: {task:?}\n\n{USAGE}"),
    });
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}
