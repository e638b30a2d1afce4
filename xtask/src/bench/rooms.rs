//! Rooms: one member speaks and all are told, over XML sockets here and over IRC by the servers
//! of Debian. The server has core 0 to itself and one thread, the load core 1.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::server::{self, Running};
use super::{prepare, report, report_of};
use crate::options::Options;
use crate::process::{self, Show};
use crate::{setup, workspace};

const ROUNDS: usize = 3;
const SECONDS: f64 = 6.0;

/// Logins and joins under way at once: everybody comes in together.
const AT_ONCE: usize = 1_000;

/// One address is to have all connections, names are short, and nobody speaks too much. A client
/// that waits for the greeting does not wait long.
const SETTINGS: [&str; 6] = [
    "limits.connections_per_ip=0",
    "rooms.name_min_chars=1",
    "rooms.flood_filter=false",
    "xml.requests_per_second=1000000",
    "xml.requests_burst=1000000",
    "xml.greeting_wait_ms=20",
];

/// Who is where, and how much is said.
struct Case {
    name: &'static str,
    rooms: usize,
    members: usize,
    /// Messages a second in each room; 0 for as many as go.
    rate: u32,
    /// Logged in and in no room.
    idle: usize,
}

const CASES: [Case; 5] = [
    Case {
        name: "a room of 200, 50 messages/s",
        rooms: 1,
        members: 200,
        rate: 50,
        idle: 0,
    },
    Case {
        name: "a room of 200, at full speed",
        rooms: 1,
        members: 200,
        rate: 0,
        idle: 0,
    },
    // All come in at once: its joins are the join storm.
    Case {
        name: "a room of 1,000, at full speed",
        rooms: 1,
        members: 1_000,
        rate: 0,
        idle: 0,
    },
    Case {
        name: "200 rooms of 20, 2 messages/s in each",
        rooms: 200,
        members: 20,
        rate: 2,
        idle: 0,
    },
    Case {
        name: "5,000 idle connections",
        rooms: 1,
        members: 2,
        rate: 1,
        idle: 5_000,
    },
];

/// The servers compared.
#[derive(Clone, Copy)]
enum Peer {
    Greenroom,
    Ngircd,
    Inspircd,
}

const PEERS: [Peer; 3] = [Peer::Greenroom, Peer::Ngircd, Peer::Inspircd];

impl Peer {
    const fn name(self) -> &'static str {
        match self {
            Self::Greenroom => "greenroom",
            Self::Ngircd => "ngircd",
            Self::Inspircd => "inspircd",
        }
    }

    /// Its wire format, of those that the load knows.
    const fn profile(self) -> &'static str {
        match self {
            Self::Greenroom => "electroserver3",
            Self::Ngircd | Self::Inspircd => "irc",
        }
    }

    fn start(self, folder: &Path) -> Result<Running> {
        match self {
            Self::Greenroom => {
                let address = server::free_address()?;
                let listen = format!("xml.listen={address}");
                let mut settings = SETTINGS.to_vec();
                settings.push(&listen);
                let mut running = server::start_greenroom(folder, ("chat", ""), &settings)?;
                running.address = address;
                Ok(running)
            }
            Self::Ngircd => server::start_irc(folder, "ngircd", 17043, &["-n", "-f"]),
            Self::Inspircd => {
                let words = ["--nofork", "--runasroot", "--config"];
                server::start_irc(folder, "inspircd", 17044, &words)
            }
        }
    }
}

/// `cargo xtask bench rooms [--rounds N] [--seconds N] [--only SERVER,SERVER]`.
pub(super) fn run(options: &Options) -> Result<bool> {
    let rounds = options.number("rounds", ROUNDS)?;
    let seconds = options.number("seconds", SECONDS)?;
    let only = options.list("only");
    let is_wanted = |peer: &Peer| only.is_empty() || only.iter().any(|name| *name == peer.name());
    let peers: Vec<_> = PEERS.into_iter().filter(is_wanted).collect();
    if peers.is_empty() {
        bail!("nothing to measure: --only takes greenroom, ngircd and inspircd");
    }
    if peers.iter().any(|peer| !matches!(peer, Peer::Greenroom)) {
        setup::for_room_benches()?;
    }
    let load = prepare::load_tool("room-load")?;
    prepare::server()?;
    let mut runs = Vec::new();
    for round in 0..rounds {
        for (case, peer) in CASES
            .iter()
            .flat_map(|case| peers.iter().map(move |peer| (case, *peer)))
        {
            let name = format!("{}: {}", case.name, peer.name());
            println!("round {}/{rounds}: {name}", round + 1);
            let report = measure(&load, case, peer, seconds)?;
            println!("    {}", report::rooms_line(&report));
            runs.push((name, report));
        }
    }
    let file = prepare::keep("rooms.json", &runs)?;
    println!(
        "raw reports: {}\n\n{}",
        file.display(),
        report::rooms_table(&runs)
    );
    let ours = |name: &str| name.ends_with(Peer::Greenroom.name());
    Ok(runs
        .iter()
        .all(|(name, report)| !ours(name) || report["faults"]["total"] == 0))
}

fn measure(load: &Path, case: &Case, peer: Peer, seconds: f64) -> Result<Value> {
    let running = peer.start(&prepare::bench_folder()?)?;
    let profile = format!("tools/load/profiles/{}.toml", peer.profile());
    let mut command = Command::new(load);
    command
        .arg("--profile")
        .arg(workspace::root().join(profile));
    command.args(["--addr", &running.address.to_string()]);
    command.args(["--pid", &running.pid().to_string()]);
    command.args(["--core", "1", "--nice", "-15", "--warm", "1"]);
    command.args(["--secs", &seconds.to_string()]);
    for (option, number) in [
        ("--rooms", case.rooms),
        ("--members", case.members),
        ("--rate", case.rate as usize),
        ("--idle", case.idle),
        ("--inflight", AT_ONCE),
    ] {
        command.args([option, &number.to_string()]);
    }
    let limit = Duration::from_secs_f64(seconds + 260.0);
    let mut report = report_of(&process::run(&mut command, Show::OnFailure, limit)?)?;
    // A single connection more says little about memory.
    if case.idle == 0 {
        report["idle"] = json!(null);
    }
    Ok(report)
}
