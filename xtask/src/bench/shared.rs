//! Shared objects: many clients that write into one object, and many that read what one writes.
//! The server has core 0 to itself and one thread, the load core 1.

use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;

use super::{prepare, report, report_of, server};
use crate::options::Options;
use crate::process::{self, Show};
use crate::workspace;

const ROUNDS: usize = 3;
const SECONDS: f64 = 10.0;

/// The application that the load's profile connects to.
const APPLICATION: &str = "chat";

/// One address is to have all connections.
const SETTINGS: [&str; 1] = ["limits.connections_per_ip=0"];

/// Changes that each writer makes in a second.
const WRITES_PER_SECOND: usize = 10;

/// Clients that use one object, and how many of them write.
struct Case {
    members: usize,
    writers: usize,
}

const CASES: [Case; 2] = [
    Case {
        members: 200,
        writers: 200,
    },
    Case {
        members: 5_001,
        writers: 1,
    },
];

impl Case {
    fn name(&self) -> String {
        let Self { members, writers } = self;
        format!("{writers} of {members} write")
    }

    fn arguments(&self) -> Vec<String> {
        [
            ("--members", self.members),
            ("--senders", self.writers),
            ("--rate", self.writers * WRITES_PER_SECOND),
            // The shortest that the load can check.
            ("--size", 0),
        ]
        .into_iter()
        .flat_map(|(key, number)| [key.to_owned(), number.to_string()])
        .collect()
    }
}

/// `cargo xtask bench shared [--rounds N] [--seconds N]`.
pub(super) fn run(options: &Options) -> Result<bool> {
    let rounds = options.number("rounds", ROUNDS)?;
    let seconds = options.number("seconds", SECONDS)?;
    let load = prepare::load_tool("room-load")?;
    prepare::server()?;
    let mut runs = Vec::new();
    for round in 0..rounds {
        for case in &CASES {
            println!("round {}/{rounds}: {}", round + 1, case.name());
            let report = measure(&load, case, seconds)?;
            println!("    {}", report::shared_line(&report));
            runs.push((case.name(), report));
        }
    }
    let file = prepare::keep("shared.json", &runs)?;
    println!(
        "raw reports: {}\n\n{}",
        file.display(),
        report::shared_table(&runs)
    );
    Ok(runs
        .iter()
        .all(|(_, report)| report["faults"]["total"] == 0))
}

fn measure(load: &std::path::Path, case: &Case, seconds: f64) -> Result<Value> {
    let running = server::start_greenroom(&prepare::bench_folder()?, (APPLICATION, ""), &SETTINGS)?;
    let mut command = Command::new(load);
    let profile = workspace::root().join("tools/load/profiles/rtmp-so-latest.toml");
    command.arg("--profile").arg(profile);
    command.args(["--addr", &running.address.to_string()]);
    command.args(["--pid", &running.pid().to_string()]);
    command.args(["--core", "1", "--nice", "-15", "--warm", "2"]);
    command.args(["--secs", &seconds.to_string()]);
    command.args(case.arguments());
    let limit = Duration::from_secs_f64(seconds + 120.0);
    report_of(&process::run(&mut command, Show::OnFailure, limit)?)
}
