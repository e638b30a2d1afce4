//! Recordings: many players, each from another place of one of some files, on Greenroom and on
//! nginx-rtmp in turn. The server has core 0 to itself and one thread, the load core 1.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::prepare::{self, Prepared};
use super::server::{self, Running};
use super::{report, report_of};
use crate::options::Options;
use crate::process::{self, Show};
use crate::setup;

const ROUNDS: usize = 3;
const SECONDS: f64 = 10.0;
const PLAYERS: usize = 500;
const FILES: usize = 20;

/// The application, and where its default instance has its recordings below its folder for them.
const APPLICATION: &str = "vod";
const STREAMS: &str = "_definst_";

const CLIP_LIMIT: Duration = Duration::from_mins(2);

/// Who serves the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Server {
    Nginx,
    Greenroom,
}

impl Server {
    const ALL: [Self; 2] = [Self::Nginx, Self::Greenroom];

    const fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx-rtmp",
            Self::Greenroom => "greenroom",
        }
    }

    /// What follows a stream's name: nginx-rtmp looks for a file of the very name.
    const fn suffix(self) -> &'static str {
        match self {
            Self::Nginx => ".flv",
            Self::Greenroom => "",
        }
    }

    fn start(self, prepared: &Prepared, data: &Path) -> Result<Running> {
        match self {
            Self::Nginx => {
                let folder = data.join(STREAMS).display().to_string();
                let words = [("FOLDER", folder.as_str())];
                server::start_nginx(prepared, "nginx-rtmp-vod.conf", &words)
            }
            Self::Greenroom => {
                let dir = data.display();
                let own = format!("[streams]\ndir = \"{dir}\"\n");
                let settings = ["limits.connections_per_ip=0"];
                server::start_greenroom(&prepared.folder, (APPLICATION, &own), &settings)
            }
        }
    }
}

/// `cargo xtask bench vod [--rounds N] [--seconds N] [--players N]`.
pub(super) fn run(options: &Options) -> Result<bool> {
    setup::for_benches()?;
    let rounds = options.number("rounds", ROUNDS)?;
    let seconds = options.number("seconds", SECONDS)?;
    let players = options.number("players", PLAYERS)?;
    let prepared = Prepared::new(true)?;
    let load = prepare::load_tool("vod-load")?;
    let data = recordings(&prepared)?;
    let mut runs = Vec::new();
    for round in 0..rounds {
        for server in Server::ALL {
            println!("round {}/{rounds}: {}", round + 1, server.name());
            let running = server.start(&prepared, &data)?;
            let report = measure(&load, &running, server, (players, seconds))?;
            println!("    {}", report::vod_line(&report));
            runs.push((server.name().to_owned(), report));
        }
    }
    let raw: Vec<_> = runs
        .iter()
        .map(|(server, report)| json!({ "server": server, "report": report }))
        .collect();
    let file = prepared.folder.join("vod.json");
    let all = json!({ "machine": prepare::machine(), "runs": raw });
    fs::write(&file, serde_json::to_string_pretty(&all)?)?;
    println!(
        "raw reports: {}\n\n{}",
        file.display(),
        report::vod_table(&runs)
    );
    Ok(runs
        .iter()
        .all(|(_, report)| report["faults"]["total"] == 0))
}

/// Copies of the clip with an index of key frames, which both servers seek by: the folder of them.
fn recordings(prepared: &Prepared) -> Result<PathBuf> {
    let data = prepared.folder.join("vod");
    let folder = data.join(STREAMS);
    fs::create_dir_all(&folder)?;
    let file = |number: usize| folder.join(format!("clip{number}.flv"));
    if !file(FILES - 1).is_file() {
        println!("making the recordings");
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.args(["-hide_banner", "-loglevel", "error", "-y", "-i"]);
        ffmpeg.arg(&prepared.clip);
        ffmpeg.args(["-c", "copy", "-flvflags", "add_keyframe_index"]);
        let made = process::run(ffmpeg.arg(file(0)), Show::OnFailure, CLIP_LIMIT)?;
        if !made.success {
            bail!("ffmpeg cannot make the recordings");
        }
        for number in 1..FILES {
            fs::copy(file(0), file(number))?;
        }
    }
    Ok(data)
}

fn measure(
    load: &Path,
    running: &Running,
    server: Server,
    (players, seconds): (usize, f64),
) -> Result<Value> {
    let mut command = Command::new(load);
    command.args(["--addr", &running.address.to_string()]);
    command.args(["--pid", &running.pid().to_string()]);
    command.args(["--app", APPLICATION, "--suffix", server.suffix()]);
    command.args(["--core", "1", "--nice", "-15", "--warm", "3"]);
    command.args(["--secs", &seconds.to_string()]);
    command.args(["--players", &players.to_string()]);
    command.args(["--files", &FILES.to_string()]);
    let limit = Duration::from_secs_f64(seconds + 80.0);
    report_of(&process::run(&mut command, Show::OnFailure, limit)?)
}
