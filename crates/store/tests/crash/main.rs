//! A server that is killed, or that runs out of room, loses nothing it acknowledged.
//!
//! This program is its own child: with [`child::ROLE`] in the environment it is the process that
//! writes to a store and tells its parent, over standard output, what was acknowledged.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

mod child;
mod kill;
mod no_room;
mod read_only;
mod script;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    if let Some(role) = std::env::var_os(child::ROLE) {
        return child::run(&role.to_string_lossy());
    }
    let trial = |name: &str, test: fn()| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    };
    let trials = vec![
        trial("killed_at_any_point_it_has_all_it_acknowledged", kill::test),
        trial("without_room_it_says_so_and_goes_on_reading", no_room::test),
        trial("a_file_that_cannot_be_written_is_read", read_only::a_file),
        trial(
            "a_store_cannot_be_made_where_nothing_can",
            read_only::a_directory,
        ),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
