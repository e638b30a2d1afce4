//! Installs what the tests need and the repository does not hold: programs from Debian, packages
//! from npm, cargo tools from crates.io. What is there already is left as it is.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::options::Options;
use crate::process::{self, Show};
use crate::workspace;

/// A program that tests run, and the Debian packages it comes with.
struct Program {
    name: &'static str,
    packages: &'static [&'static str],
    /// Whether to ask for each package: libraries and plugins are not told by a program's file.
    by_package: bool,
}

const fn program(name: &'static str, packages: &'static [&'static str]) -> Program {
    Program {
        name,
        packages,
        by_package: false,
    }
}

/// A program whose packages are asked for one by one.
const fn with_libraries(name: &'static str, packages: &'static [&'static str]) -> Program {
    Program {
        name,
        packages,
        by_package: true,
    }
}

impl Program {
    /// The packages to install for it.
    fn missing(&self) -> Vec<&'static str> {
        let here = process::exists(self.name);
        let is_missing = |package: &&str| !here || self.by_package && !is_installed(package);
        self.packages.iter().copied().filter(is_missing).collect()
    }
}

/// What the tests run.
const FOR_TESTS: &[Program] = &[
    program("ffmpeg", &["ffmpeg"]),
    program("ffprobe", &["ffmpeg"]),
    program("rtmpdump", &["rtmpdump"]),
    with_libraries("gst-launch-1.0", GSTREAMER),
    with_libraries("/usr/bin/python3", &["python3", "python3-librtmp"]),
    program("chromium", &["chromium"]),
    program("node", &["nodejs"]),
    program("npm", &["npm"]),
    program("c++", &["g++"]),
];

const GSTREAMER: &[&str] = &[
    "gstreamer1.0-tools",
    "gstreamer1.0-plugins-base",
    "gstreamer1.0-plugins-good",
    "gstreamer1.0-plugins-bad",
    "gstreamer1.0-plugins-ugly",
];

/// What the comparisons run.
const FOR_BENCHES: &[Program] = &[
    program("ffmpeg", &["ffmpeg"]),
    program("nginx", &["nginx", "libnginx-mod-rtmp"]),
    program("taskset", &["util-linux"]),
];

/// Folders with a `package.json` whose packages tests use.
const NPM_FOLDERS: [&str; 3] = ["web", "tests/browser", "tests/clients/node"];

const APT_LIMIT: Duration = Duration::from_mins(10);
const NPM_LIMIT: Duration = Duration::from_mins(5);
const CARGO_INSTALL_LIMIT: Duration = Duration::from_mins(10);

/// `cargo xtask setup`: everything at once.
pub(crate) fn run(_options: &Options) -> Result<bool> {
    for_tests()?;
    for_benches()?;
    cargo_tool("cargo-deny")?;
    Ok(true)
}

/// Installs what `cargo xtask test` runs.
pub(crate) fn for_tests() -> Result<()> {
    debian_programs(FOR_TESTS)?;
    NPM_FOLDERS
        .iter()
        .try_for_each(|folder| npm_packages(&workspace::root().join(folder)))
}

/// Installs what `cargo xtask bench` runs.
pub(crate) fn for_benches() -> Result<()> {
    debian_programs(FOR_BENCHES)
}

fn debian_programs(programs: &[Program]) -> Result<()> {
    let mut packages: Vec<_> = programs.iter().flat_map(Program::missing).collect();
    packages.sort_unstable();
    packages.dedup();
    if packages.is_empty() {
        return Ok(());
    }
    println!("installing {}", packages.join(" "));
    let as_root = process::read(Command::new("id").arg("-u"))?.trim() == "0";
    if !as_root || !process::exists("apt-get") {
        bail!("please install first: {}", packages.join(" "));
    }
    apt_get(&["update", "--quiet"])?;
    let install = ["install", "--yes", "--quiet", "--no-install-recommends"];
    apt_get(&[&install[..], &packages].concat())
}

fn is_installed(package: &str) -> bool {
    let query = ["--show", "--showformat=${db:Status-Status}", package];
    process::read(Command::new("dpkg-query").args(query)).is_ok_and(|state| state == "installed")
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    command
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive");
    let outcome = process::run(&mut command, Show::OnFailure, APT_LIMIT)?;
    if !outcome.success {
        bail!("apt-get {} failed", arguments[0]);
    }
    Ok(())
}

/// Installs a folder's packages as its lock file names them, unless they are newer than it.
fn npm_packages(folder: &Path) -> Result<()> {
    if !folder.join("package.json").is_file() {
        return Ok(());
    }
    let lock = folder.join("package-lock.json");
    let changed = |path: &Path| path.metadata().and_then(|data| data.modified()).ok();
    if changed(&folder.join("node_modules/.package-lock.json")) > changed(&lock) {
        return Ok(());
    }
    println!("installing npm packages in {}", folder.display());
    let verb = if lock.is_file() { "ci" } else { "install" };
    let mut command = Command::new("npm");
    command
        .args([verb, "--no-audit", "--no-fund"])
        .current_dir(folder);
    let outcome = process::run(&mut command, Show::OnFailure, NPM_LIMIT)?;
    if !outcome.success {
        bail!("npm {verb} failed in {}", folder.display());
    }
    Ok(())
}

/// The path of a cargo tool, built into the target directory the first time.
pub(crate) fn cargo_tool(name: &str) -> Result<PathBuf> {
    let tools = workspace::tools();
    let path = tools.join("bin").join(name);
    if path.is_file() {
        return Ok(path);
    }
    println!("building {name} (once, a few minutes)");
    let mut command = Command::new("cargo");
    command
        .args(["install", "--locked", "--quiet", "--root"])
        .arg(&tools)
        .arg(name);
    // A target directory of its own keeps the tool's dependencies out of ours; it is not needed
    // again once the tool is there.
    let build = tools.join("build");
    command
        .env("CARGO_TARGET_DIR", &build)
        .current_dir(workspace::root());
    let outcome = process::run(&mut command, Show::OnFailure, CARGO_INSTALL_LIMIT)?;
    let _ = std::fs::remove_dir_all(&build);
    if !outcome.success {
        bail!("cargo install {name} failed");
    }
    path.is_file()
        .then_some(path)
        .with_context(|| format!("{name} was not installed"))
}
