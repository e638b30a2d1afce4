//! Random histories: clients, a script, locks, time, slow connections, saves and restarts, in any
//! order, beside a plain model of what must come of it.
//!
//! After each history all clients and the server are equal; every request was answered once, and
//! as the rules say; no version went back; each client saw the values of a slot in their order;
//! each call reached everybody once, at its place between the changes.
//!
//! `SHARED_OBJECT_HISTORIES=100000 cargo test --release -p sharedobject random` runs so many
//! instead of 2,000. A history that fails names its seed: `SHARED_OBJECT_SEED=n` runs it alone.

mod client;
mod history;
mod mirror;
mod model;

use history::History;

/// A small generator of numbers, the same on every machine.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % end
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn key(&mut self) -> amf::Str {
        ["a", "b", "c", "d", "e"][self.below(5) as usize].into()
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Runs the histories that are wanted.
fn each(run: fn(u64)) {
    if let Some(seed) = number("SHARED_OBJECT_SEED") {
        return run(seed);
    }
    for seed in 0..number("SHARED_OBJECT_HISTORIES").unwrap_or(2_000) {
        let outcome = std::panic::catch_unwind(|| run(seed));
        assert!(
            outcome.is_ok(),
            "the history with SHARED_OBJECT_SEED={seed} fails"
        );
    }
}

#[test]
fn all_clients_end_equal_to_the_server() {
    each(|seed| History::new(seed).run());
}

#[test]
fn both_ends_of_a_proxy_end_equal() {
    each(|seed| mirror::History::new(seed).run());
}
