//! `cargo xtask bench`: what servers cost and how fast they are, measured from outside.
//!
//! `live` is live fan-out by Greenroom and by nginx-rtmp; every round runs every case against every server in turn, so that slow changes of the machine
//! hit all alike; what is reported are medians. The server has core 0 to itself, the load core 1.

mod case;
mod prepare;
mod report;
mod rooms;
mod server;
mod shared;
mod vod;

use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::options::Options;
use crate::process::{self, Outcome, Show};
use crate::setup;
use case::Case;
use prepare::Prepared;
use server::Server;

const ROUNDS: usize = 3;
const SECONDS: f64 = 8.0;

/// One report of the load tool, and what it was about.
struct Run {
    case: Case,
    server: Server,
    report: Value,
}

/// `cargo xtask bench live [--rounds N] [--seconds N] [--players N,N] [--only SERVER,SERVER]
/// [--curve] [--stalled]`, `cargo xtask bench shared [--rounds N] [--seconds N]`, `cargo xtask
/// bench rooms [--rounds N] [--seconds N] [--only SERVER,SERVER]`, or `cargo xtask bench vod
/// [--rounds N] [--seconds N] [--players N]`. Without `--curve` or `--stalled`: the fan-out cases
/// and the stalled.
pub(crate) fn run(options: &Options) -> Result<bool> {
    // Where the kernel groups tasks by session, priority counts per group.
    let _ = fs::write("/proc/self/autogroup", "-15");
    match &options.words[..] {
        [what] if what == "live" => live(options),
        [what] if what == "shared" => shared::run(options),
        [what] if what == "rooms" => rooms::run(options),
        [what] if what == "vod" => vod::run(options),
        _ => bail!("usage: cargo xtask bench live|shared|rooms|vod [OPTIONS]"),
    }
}

fn live(options: &Options) -> Result<bool> {
    setup::for_benches()?;
    let rounds = options.number("rounds", ROUNDS)?;
    let seconds = options.number("seconds", SECONDS)?;
    let work = case::plan(options)?;
    let prepared = Prepared::new(work.iter().any(|(_, server)| *server != Server::Nginx))?;
    let mut runs = Vec::new();
    for round in 0..rounds {
        for (case, server) in &work {
            println!(
                "round {}/{rounds}: {} on {}",
                round + 1,
                case.name(),
                server.name()
            );
            match measure(&prepared, *case, *server, seconds) {
                Ok(report) => {
                    println!("    {}", report::line(&report));
                    runs.push(Run {
                        case: *case,
                        server: *server,
                        report,
                    });
                }
                Err(error) => println!("    no result: {error:#}"),
            }
        }
    }
    keep(&prepared, &runs)?;
    println!("\n{}", report::tables(&runs));
    Ok(runs.len() == rounds * work.len())
}

/// One run: a fresh server, the load, the load's report.
fn measure(prepared: &Prepared, case: Case, server: Server, seconds: f64) -> Result<Value> {
    let running = server.start(prepared)?;
    let mut command = Command::new(&prepared.load);
    command
        .args(["--addr", &running.address.to_string(), "--file"])
        .arg(&prepared.clip);
    command.args([
        "--pid",
        &running.pid().to_string(),
        "--core",
        "1",
        "--nice",
        "-15",
    ]);
    command.args([
        "--label",
        &server.name(),
        "--warm",
        "2",
        "--secs",
        &seconds.to_string(),
    ]);
    command.args(case.arguments());
    let limit = Duration::from_secs_f64(seconds + 80.0);
    let outcome = process::run(&mut command, Show::OnFailure, limit)?;
    let mut report = report_of(&outcome)?;
    report["seconds"] = json!(seconds);
    if let Some(user_us) = report::user_us_per_message(&report) {
        report["cost"]["server_user_us_per_message"] = json!(user_us);
    }
    Ok(report)
}

/// What a load tool reported.
fn report_of(outcome: &Outcome) -> Result<Value> {
    if !outcome.success {
        bail!("the load tool failed");
    }
    let start = outcome
        .output
        .find('{')
        .context("the load tool printed no report")?;
    Ok(serde_json::from_str(&outcome.output[start..])?)
}

/// Writes the raw reports beside what they were measured on.
fn keep(prepared: &Prepared, runs: &[Run]) -> Result<()> {
    let of_run = |run: &Run| json!({ "case": run.case.name(), "server": run.server.name(), "report": run.report });
    let runs: Vec<_> = runs.iter().map(of_run).collect();
    let file = prepared.folder.join("live.json");
    let all = json!({ "machine": prepare::machine(), "runs": runs });
    fs::write(&file, serde_json::to_string_pretty(&all)?)?;
    println!("raw reports: {}", file.display());
    Ok(())
}
