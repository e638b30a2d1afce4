//! SIGKILL at seeded points: nothing acknowledged is missing, nothing half-written appears.

use std::path::Path;

use store::{FileStore, Limits, Scope, Store};
use testkit::Random;

use crate::{child, script};

/// The variable that says at how many points to kill.
const POINTS: &str = "GREENROOM_CRASH_POINTS";
const POINTS_DEFAULT: u64 = 50;
/// The variable that says where the points are.
const SEED: &str = "GREENROOM_CRASH_SEED";

/// Points at which the same file is killed again.
const POINTS_PER_FILE: u64 = 10;
/// At most this many acknowledgements before a kill.
const ACKNOWLEDGED_MAX: u64 = 400;
/// At most this many turns of doing nothing between the last acknowledgement and the kill, so
/// that kills fall anywhere in a commit.
const TURNS_MAX: u64 = 200_000;

pub(crate) fn test() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().unwrap());
    let points: u64 = number(POINTS).unwrap_or(POINTS_DEFAULT);
    let seed = number(SEED).unwrap_or(1);
    let mut random = Random::new(seed);
    let mut left = points;
    while left > 0 {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store");
        let mut next = 0;
        for _ in 0..left.min(POINTS_PER_FILE) {
            next = kill_once(&path, next, &mut random);
            left -= 1;
        }
    }
}

/// Kills one child and looks at what it left. Answers the first number that was not used.
fn kill_once(path: &Path, first: u32, random: &mut Random) -> u32 {
    let (mut process, mut out) = child::committing(path, first);
    let mut last = [None; script::OBJECTS as usize];
    let mut take = |number: u32| last[(number % script::OBJECTS) as usize] = Some(number);
    for _ in 0..=random.below(ACKNOWLEDGED_MAX) {
        take(child::acknowledged(&mut out).unwrap());
    }
    for _ in 0..random.below(TURNS_MAX) {
        std::hint::spin_loop();
    }
    process.kill().unwrap();
    process.wait().unwrap();
    // What it said before it died counts too.
    while let Some(number) = child::acknowledged(&mut out) {
        take(number);
    }
    look(path, first, &last)
}

fn look(path: &Path, first: u32, last: &[Option<u32>]) -> u32 {
    let store = FileStore::open(path, Limits::default()).unwrap();
    let listed = store.list(&Scope::Everything, None, usize::MAX).unwrap();
    let mut next = first;
    for (index, last) in (0..).zip(last) {
        let Some(object) = store.load(&script::key(index)).unwrap() else {
            assert_eq!(*last, None, "object {index} is missing");
            continue;
        };
        let version = object.head.version;
        assert!(
            last.is_none_or(|last| version >= last),
            "object {index} has version {version}, but {last:?} was acknowledged"
        );
        assert_eq!(script::key(version), script::key(index));
        assert!(object == script::object(version), "object {index} is torn");
        next = next.max(version + 1);
    }
    assert!(listed.len() <= last.len());
    // The writer does what was asked for in order, so what is there has no gaps.
    for listed in &listed {
        let newest = next - 1;
        let behind = newest - listed.head.version;
        assert!(behind < script::OBJECTS, "{} is behind", listed.key);
    }
    next
}
