//! The process that writes, and how it is started.

use std::io::{self, BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};
use std::sync::mpsc::{self, Sender};
use std::time::Duration;

use store::{Acknowledge, FileStore, Limits, Store, StoreError, Write};

use crate::{no_room, read_only, script};

/// The variable that says what the child is to do.
pub(crate) const ROLE: &str = "STORE_CRASH_ROLE";
/// The variable with the path of the store.
const FILE: &str = "STORE_CRASH_FILE";
/// The variable with the number of the first commit.
const FIRST: &str = "STORE_CRASH_FIRST";

/// Commits that are on their way at a time.
const UNDERWAY: usize = 64;

/// Far more than any write takes.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) fn run(role: &str) -> ExitCode {
    let path = PathBuf::from(std::env::var_os(FILE).unwrap());
    match role {
        "commit" => commit_for_ever(&path),
        "no room" => no_room::child(&path),
        "read only" => read_only::child(&path),
        _ => return ExitCode::from(2),
    }
    ExitCode::SUCCESS
}

/// The command that starts this program in a role.
pub(crate) fn command(role: &str, path: &Path) -> Command {
    command_of(&std::env::current_exe().unwrap(), role, path)
}

/// The command that starts `program` in a role of this one.
pub(crate) fn command_of(program: &Path, role: &str, path: &Path) -> Command {
    let mut command = Command::new(program);
    command.env(ROLE, role).env(FILE, path);
    command.stdin(Stdio::null());
    command
}

/// Starts the child that commits from `first` on until it is killed.
pub(crate) fn committing(path: &Path, first: u32) -> (Child, BufReader<ChildStdout>) {
    let mut command = command("commit", path);
    command.env(FIRST, first.to_string()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    (child, out)
}

/// The next number that was acknowledged; `None` at the end. A line that was cut off is no number:
/// the child was killed while it wrote it.
pub(crate) fn acknowledged(out: &mut BufReader<ChildStdout>) -> Option<u32> {
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let number = line.strip_suffix('\n')?;
    Some(number.parse().unwrap())
}

fn commit_for_ever(path: &Path) {
    let first: u32 = std::env::var(FIRST).unwrap().parse().unwrap();
    let store = FileStore::open(path, Limits::default()).unwrap();
    let (sender, told) = mpsc::channel();
    let mut underway = 0;
    for number in first.. {
        if underway == UNDERWAY {
            print_one(&told.recv().unwrap());
            underway -= 1;
        }
        submit(&store, number, &sender);
        underway += 1;
    }
}

type Told = (u32, Result<(), StoreError>);

fn submit(store: &FileStore, number: u32, sender: &Sender<Told>) {
    let sender = sender.clone();
    let done = Acknowledge::new(move |result| drop(sender.send((number, result))));
    store.submit(Write::Commit(script::changes(number)), done);
}

fn print_one((number, result): &Told) {
    assert_eq!(*result, Ok(()), "{number}");
    let mut out = io::stdout().lock();
    // Whoever started this has gone: so may this.
    if writeln!(out, "{number}")
        .and_then(|()| out.flush())
        .is_err()
    {
        std::process::abort();
    }
}
