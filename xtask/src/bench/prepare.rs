//! What a comparison needs before it starts: the load tool, the clip, the server, facts about
//! the machine.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::process::{self, Show};
use crate::workspace;

/// Where the prepared things lie.
pub(super) struct Prepared {
    /// Holds everything that is made for and by the comparison.
    pub(super) folder: PathBuf,
    pub(super) load: PathBuf,
    pub(super) clip: PathBuf,
    /// The load tools' own folder, with the other servers' configurations.
    pub(super) tools: PathBuf,
}

const BUILD_LIMIT: Duration = Duration::from_mins(20);
const CLIP_LIMIT: Duration = Duration::from_mins(5);

impl Prepared {
    /// Builds and makes what is missing; the server only where it is measured.
    pub(super) fn new(with_server: bool) -> Result<Self> {
        let folder = bench_folder()?;
        let tools = workspace::root().join("tools/load");
        let load = load_tool("rtmp-load")?;
        if with_server {
            server()?;
        }
        let clip = folder.join("live720p30.flv");
        if !clip.is_file() {
            println!("making the clip");
            // Under another name until it is whole: an interrupted run must not leave half a clip.
            let part = folder.join("live720p30.part");
            must_succeed(
                Command::new(tools.join("media/make.sh")).arg(&part),
                CLIP_LIMIT,
            )?;
            fs::rename(part, &clip)?;
        }
        Ok(Self {
            folder,
            load,
            clip,
            tools,
        })
    }
}

/// Where everything lies that is made for and by benchmarks.
pub(super) fn bench_folder() -> Result<PathBuf> {
    let folder = workspace::target().join("bench");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Writes the reports of one run for each case beside what they were measured on.
pub(super) fn keep(name: &str, runs: &[(String, Value)]) -> Result<PathBuf> {
    let raw: Vec<_> = runs
        .iter()
        .map(|(case, report)| json!({ "case": case, "report": report }))
        .collect();
    let file = bench_folder()?.join(name);
    let all = json!({ "machine": machine(), "runs": raw });
    fs::write(&file, serde_json::to_string_pretty(&all)?)?;
    Ok(file)
}

/// Builds one of the load tools: its program.
pub(super) fn load_tool(package: &str) -> Result<PathBuf> {
    println!("building {package}");
    let target = bench_folder()?.join("load");
    let mut build = release_build(package);
    build.current_dir(workspace::root().join("tools/load"));
    must_succeed(build.env("CARGO_TARGET_DIR", &target), BUILD_LIMIT)?;
    Ok(target.join("release").join(package))
}

/// Builds the server.
pub(super) fn server() -> Result<()> {
    println!("building the server");
    let mut build = release_build("greenroom");
    must_succeed(build.current_dir(workspace::root()), BUILD_LIMIT)
}

fn release_build(package: &str) -> Command {
    let mut build = Command::new("cargo");
    build.args([
        "build",
        "--release",
        "--quiet",
        "--locked",
        "--package",
        package,
    ]);
    build
}

fn must_succeed(command: &mut Command, limit: Duration) -> Result<()> {
    if !process::run(command, Show::OnFailure, limit)?.success {
        bail!("{} failed", command.get_program().to_string_lossy());
    }
    Ok(())
}

/// What the figures were measured on.
pub(super) fn machine() -> Value {
    let read = |command: &mut Command| process::read(command).unwrap_or_default().trim().to_owned();
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    json!({
        "date": read(Command::new("date").args(["-u", "+%FT%TZ"])),
        "kernel": read(Command::new("uname").arg("-r")),
        "processor": model.unwrap_or_default().trim_start_matches(['\t', ' ', ':']),
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "load_average": fs::read_to_string("/proc/loadavg").unwrap_or_default().trim(),
        "commit": read(Command::new("git").args(["describe", "--always", "--dirty"])),
        "irc": read(Command::new("dpkg-query").args(["-W", "ngircd", "inspircd"])),
        "nginx": read(Command::new("dpkg-query").args(["-W", "nginx", "libnginx-mod-rtmp"])),
    })
}
