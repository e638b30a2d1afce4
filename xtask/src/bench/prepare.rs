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
        let folder = workspace::target().join("bench");
        fs::create_dir_all(&folder)?;
        let tools = workspace::root().join("tools/load");
        println!("building the load tool");
        let target = folder.join("load");
        let mut build = Command::new("cargo");
        build.args([
            "build",
            "--release",
            "--quiet",
            "--locked",
            "--package=rtmp-load",
        ]);
        must_succeed(
            build.current_dir(&tools).env("CARGO_TARGET_DIR", &target),
            BUILD_LIMIT,
        )?;
        if with_server {
            println!("building the server");
            let mut build = Command::new("cargo");
            build.args([
                "build",
                "--release",
                "--quiet",
                "--locked",
                "--package=greenroom",
            ]);
            must_succeed(build.current_dir(workspace::root()), BUILD_LIMIT)?;
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
            load: target.join("release/rtmp-load"),
            folder,
            clip,
            tools,
        })
    }
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
        "nginx": read(Command::new("dpkg-query").args(["-W", "nginx", "libnginx-mod-rtmp"])),
    })
}
