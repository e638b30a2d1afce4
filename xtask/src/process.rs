//! Running other programs: their output shown and kept, their time bounded.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// What of a program's output is shown while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Show {
    /// Every line.
    All,
    /// Every line but those of passed tests.
    NotPassed,
    /// Nothing, unless the program fails: then all of it.
    OnFailure,
}

/// How a program ended, and what it printed on both outputs.
pub(crate) struct Outcome {
    pub(crate) success: bool,
    pub(crate) output: String,
}

/// Runs a program to its end. One that takes longer than `limit` is ended, with everything it
/// started, and counts as failed.
pub(crate) fn run(command: &mut Command, show: Show, limit: Duration) -> Result<Outcome> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {name}"))?;
    let (sender, lines) = mpsc::channel();
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let readers = [
        out.map(|out| forward(out, sender.clone())),
        err.map(|err| forward(err, sender)),
    ];
    let (mut output, in_time) = collect(&lines, show, Instant::now() + limit);
    if !in_time {
        let note = format!(
            "{name} ran longer than {} s and was ended\n",
            limit.as_secs()
        );
        print!("{note}");
        output.push_str(&note);
        kill_tree(child.id());
    }
    let status = wait(&mut child)?;
    for reader in readers.into_iter().flatten() {
        let _ = reader.join();
    }
    let success = status.success() && in_time;
    if show == Show::OnFailure && !success {
        print!("{output}");
    }
    Ok(Outcome { success, output })
}

/// Runs a program that must succeed, and returns what it printed on its standard output.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("cannot start {name}"))?;
    if !output.status.success() {
        bail!(
            "{name} failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a program of this name can be started.
pub(crate) fn exists(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Sends every line of a stream on. Ends with the stream, or when nobody listens any more.
fn forward(stream: impl Read + Send + 'static, lines: Sender<String>) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while reader
            .read_until(b'\n', &mut line)
            .is_ok_and(|read| read > 0)
        {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            line.clear();
            if lines.send(text).is_err() {
                return;
            }
        }
    })
}

/// Gathers lines until both streams have ended; false when that was not before `deadline`.
fn collect(lines: &Receiver<String>, show: Show, deadline: Instant) -> (String, bool) {
    let mut output = String::new();
    loop {
        match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => {
                if show == Show::All || (show == Show::NotPassed && !is_passed_test(&line)) {
                    println!("{line}");
                }
                output.push_str(&line);
                output.push('\n');
            }
            Err(RecvTimeoutError::Disconnected) => return (output, true),
            Err(RecvTimeoutError::Timeout) => return (output, false),
        }
    }
}

/// Lines of a test run that say nothing new when all is well.
fn is_passed_test(line: &str) -> bool {
    let passed = line.starts_with("test ") && line.ends_with("... ok");
    let node = line.trim_start().starts_with("ok ") || line.trim_start().starts_with("# Subtest");
    passed || node || line.is_empty() || line.starts_with("running ")
}

/// Waits for a child whose outputs have ended. It gets ten seconds to be gone: one that closed
/// its outputs and stays is stuck.
fn wait(child: &mut Child) -> Result<ExitStatus> {
    let deadline = Instant::now() + Duration::from_secs(10);
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        thread::sleep(Duration::from_millis(10));
    }
    kill_tree(child.id());
    Ok(child.wait()?)
}

/// Ends a process that we started and everything below it.
pub(crate) fn kill_tree(root: u32) {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for (pid, parent) in processes() {
        children.entry(parent).or_default().push(pid);
    }
    let mut all = vec![root];
    let mut at = 0;
    while let Some(pid) = all.get(at).copied() {
        all.extend(children.get(&pid).into_iter().flatten());
        at += 1;
    }
    let pids = all.iter().map(u32::to_string);
    let _ = Command::new("kill")
        .arg("-KILL")
        .args(pids)
        .stderr(Stdio::null())
        .status();
}

/// Every process and its parent.
fn processes() -> Vec<(u32, u32)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let of_entry = |entry: fs::DirEntry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // The name stands in brackets and may hold anything: read on after the last one.
        let parent = stat
            .rsplit_once(')')?
            .1
            .split_whitespace()
            .nth(1)?
            .parse()
            .ok()?;
        Some((pid, parent))
    };
    entries.filter_map(of_entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> Outcome {
        run(
            Command::new("sh").args(["-c", script]),
            Show::OnFailure,
            limit,
        )
        .unwrap()
    }

    #[test]
    fn both_outputs_are_kept() {
        let outcome = shell("echo one; echo two >&2", Duration::from_secs(10));
        let mut lines: Vec<_> = outcome.output.lines().collect();
        lines.sort_unstable();
        assert_eq!(lines, ["one", "two"]);
        assert!(outcome.success);
    }

    #[test]
    fn failure_is_reported() {
        assert!(!shell("exit 3", Duration::from_secs(10)).success);
    }

    #[test]
    fn what_takes_too_long_is_ended_with_its_children() {
        let started = Instant::now();
        let outcome = shell("sleep 60 & sleep 60", Duration::from_millis(200));
        assert!(!outcome.success);
        assert!(outcome.output.contains("ran longer than"));
        assert!(started.elapsed() < Duration::from_secs(9));
    }

    #[test]
    fn passed_tests_are_the_quiet_ones() {
        for line in [
            "test a::b ... ok",
            "",
            "running 3 tests",
            "ok 1 - x",
            "    # Subtest: x",
        ] {
            assert!(is_passed_test(line), "{line}");
        }
        for line in [
            "test a::b ... FAILED",
            "not ok 1 - x",
            "# pass 3",
            "warning: x",
        ] {
            assert!(!is_passed_test(line), "{line}");
        }
    }
}
