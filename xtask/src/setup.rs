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
    program("pip3", &["python3-pip"]),
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

/// What rooms are compared with.
const FOR_ROOM_BENCHES: &[Program] = &[
    program("ngircd", &["ngircd"]),
    program("inspircd", &["inspircd"]),
    program("taskset", &["util-linux"]),
];

/// The oldest node that runs the tests, major and minor version: what the `package.json` files
/// say. Debian 12 has 18.20.
const NODE_MIN: (u32, u32) = (18, 15);

/// Folders with a `package.json` whose packages tests use.
const NPM_FOLDERS: [&str; 3] = ["web", "tests/browser", "tests/clients/node"];

/// What compiles the movies of the tests.
const MOVIES: &str = "tests/movies";

const APT_LIMIT: Duration = Duration::from_mins(10);
const NPM_LIMIT: Duration = Duration::from_mins(5);
/// A fresh machine with two cores takes most of ten minutes for cargo-deny.
const CARGO_INSTALL_LIMIT: Duration = Duration::from_mins(30);

/// A program from crates.io, in a version that this workspace's Rust builds.
pub(crate) struct CargoTool {
    name: &'static str,
    version: &'static str,
}

pub(crate) const CARGO_DENY: CargoTool = CargoTool {
    name: "cargo-deny",
    version: "0.20.2",
};

/// `cargo xtask setup`: everything at once.
pub(crate) fn run(_options: &Options) -> Result<bool> {
    for_tests()?;
    for_benches()?;
    cargo_tool(&CARGO_DENY)?;
    Ok(true)
}

/// Installs what `cargo xtask test` runs.
pub(crate) fn for_tests() -> Result<()> {
    debian_programs(FOR_TESTS)?;
    check_node(&process::read(Command::new("node").arg("--version"))?)?;
    NPM_FOLDERS
        .iter()
        .try_for_each(|folder| npm_packages(&workspace::root().join(folder)))?;
    python_packages(&workspace::root().join(MOVIES))
}

/// Installs what `cargo xtask bench` runs.
pub(crate) fn for_benches() -> Result<()> {
    debian_programs(FOR_BENCHES)
}

/// Installs what `cargo xtask bench rooms` compares with.
pub(crate) fn for_room_benches() -> Result<()> {
    debian_programs(FOR_ROOM_BENCHES)
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

/// Checks what `node --version` answered. A node from elsewhere may stand before Debian's.
fn check_node(answer: &str) -> Result<()> {
    let version = answer.trim().trim_start_matches('v');
    let mut numbers = version.split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) if (major, minor) >= NODE_MIN => Ok(()),
        _ => bail!(
            "node {version} is too old: the tests need {}.{} or later",
            NODE_MIN.0,
            NODE_MIN.1
        ),
    }
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

/// Installs the packages of a folder's `requirements.txt` beside it, unless they are newer.
fn python_packages(folder: &Path) -> Result<()> {
    let (wanted, modules) = (folder.join("requirements.txt"), folder.join("modules"));
    let changed = |path: &Path| path.metadata().and_then(|data| data.modified()).ok();
    if changed(&modules) > changed(&wanted) {
        return Ok(());
    }
    println!("installing Python packages in {}", folder.display());
    let mut command = Command::new("pip3");
    command.args(["install", "--quiet", "--no-deps", "--upgrade"]);
    command.args([
        "--disable-pip-version-check",
        "--root-user-action",
        "ignore",
    ]);
    command.arg("--target").arg(&modules);
    command.arg("--requirement").arg(&wanted);
    let outcome = process::run(&mut command, Show::OnFailure, NPM_LIMIT)?;
    if !outcome.success {
        bail!("pip3 install failed in {}", folder.display());
    }
    Ok(())
}

/// The path of a cargo tool, built into the target directory the first time.
pub(crate) fn cargo_tool(tool: &CargoTool) -> Result<PathBuf> {
    let CargoTool { name, version } = tool;
    let tools = workspace::tools();
    let path = tools.join("bin").join(name);
    if path.is_file() && tool.is_version(&path) {
        return Ok(path);
    }
    println!("building {name} {version} (once, a few minutes)");
    let mut command = Command::new("cargo");
    command
        .args(["install", "--locked", "--quiet", "--root"])
        .arg(&tools)
        .args(["--version", version, name]);
    // A target directory of its own keeps the tool's dependencies out of ours. It is not needed
    // again once the tool is there; until then the next attempt goes on from it.
    let build = tools.join("build");
    command
        .env("CARGO_TARGET_DIR", &build)
        .current_dir(workspace::root());
    let outcome = process::run(&mut command, Show::OnFailure, CARGO_INSTALL_LIMIT)?;
    if !outcome.success {
        bail!("cargo install {name} failed");
    }
    let _ = std::fs::remove_dir_all(&build);
    path.is_file()
        .then_some(path)
        .with_context(|| format!("{name} was not installed"))
}

impl CargoTool {
    /// Whether the program at `path` says that it is this version.
    fn is_version(&self, path: &Path) -> bool {
        process::read(Command::new(path).arg("--version"))
            .is_ok_and(|answer| answer.split_whitespace().last() == Some(self.version))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{CARGO_DENY, CargoTool, NODE_MIN, NPM_FOLDERS, check_node};
    use crate::workspace;

    #[test]
    fn a_node_that_is_too_old_is_named() {
        for fit in ["v18.15.0\n", "v18.20.4\n", "v20.1.0\n"] {
            check_node(fit).unwrap();
        }
        for old in ["v18.14.2\n", "v16.20.0\n", "none"] {
            let refused = check_node(old).unwrap_err().to_string();
            assert!(refused.contains("18.15 or later"), "{refused}");
        }
    }

    #[test]
    fn a_tool_of_another_version_is_not_taken() {
        // Any program that names its version will do.
        let cargo = Path::new(env!("CARGO"));
        let tool = CargoTool {
            name: "cargo",
            version: "0.0.1",
        };
        assert!(!tool.is_version(cargo));
        assert!(!CARGO_DENY.is_version(Path::new("/no/such/program")));
    }

    #[test]
    fn the_package_files_ask_for_the_same_node() {
        for folder in NPM_FOLDERS {
            let file = workspace::root().join(folder).join("package.json");
            let text = std::fs::read_to_string(file).unwrap();
            let package: serde_json::Value = serde_json::from_str(&text).unwrap();
            let wanted = format!(">={}.{}", NODE_MIN.0, NODE_MIN.1);
            assert_eq!(package["engines"]["node"], wanted, "{folder}");
        }
    }
}
