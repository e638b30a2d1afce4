//! The protocol crates and the engine are pure: they get bytes, time and randomness handed in.
//! A crate that talks to the network, the clock, a log or an executor has no place below them.

use std::process::Command;

use anyhow::Result;

use super::{Finding, Repository};
use crate::process;
use crate::workspace;

/// The crates that stay pure.
const PURE: [&str; 11] = [
    "amf",
    "appconfig",
    "configtext",
    "engine",
    "flv",
    "media",
    "mp4writer",
    "rooms",
    "rtmp",
    "sharedobject",
    "xmlsocket",
];

/// What they must not depend on, directly or through others.
const BANNED: &[&str] = &[
    "async-io",
    "async-std",
    "axum",
    "chrono",
    "futures-executor",
    "getrandom",
    "hyper",
    "jiff",
    "log",
    "metrics",
    "mio",
    "polling",
    "smol",
    "socket2",
    "time",
    "tokio",
    "tracing",
];

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in PURE {
        let path = format!("crates/{name}/Cargo.toml");
        let Some(manifest) = repository.file(&path) else {
            continue;
        };
        match tree(name) {
            Ok(tree) => {
                let what = |banned| format!("must not depend on {banned}");
                let banned = banned_in(&tree).into_iter().map(what);
                findings.extend(banned.map(|what| Finding::new(manifest, 0, what)));
            }
            Err(error) => findings.push(Finding::new(manifest, 0, format!("{error:#}"))),
        }
    }
    findings
}

/// Everything a crate is linked with. Asked for one crate alone: in the workspace's common graph
/// the features that others switch on would show too.
fn tree(name: &str) -> Result<String> {
    let mut command = Command::new("cargo");
    command.args([
        "tree",
        "--locked",
        "--edges=normal",
        "--prefix=none",
        "--package",
        name,
    ]);
    process::read(command.current_dir(workspace::root()))
}

/// The banned crates among the lines of a tree (`NAME vVERSION …`).
fn banned_in(tree: &str) -> Vec<&'static str> {
    let names: Vec<_> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    BANNED
        .iter()
        .filter(|banned| names.contains(banned))
        .copied()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn banned_crates_are_found_by_their_whole_name() {
        let tree =
            "rtmp v0.1.0 (x)\nbytes v1.12.1\ntokio v1.54.1\ntokio-util v0.7.20\nmio v1.0.0 (*)";
        assert_eq!(banned_in(tree), ["mio", "tokio"]);
        assert_eq!(banned_in("catalog v1.0.0\nmetrics-util v1.0.0"), [""; 0]);
    }
}
