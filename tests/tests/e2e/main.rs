//! End-to-end tests: real clients against the built server. `cargo xtask test --only e2e`
//! builds the server and runs them; a filter goes behind `--`.

mod administration;
mod browser;
mod clearing;
mod codecs;
mod commands;
mod conformance;
mod downloads;
mod electroserver;
mod http_flv;
mod limits;
mod live;
mod movies;
mod operations;
mod peers;
mod playback;
mod playlists;
mod plugins;
mod recording;
mod recordings;
mod rejections;
mod requests;
mod room_limits;
mod rooms;
mod script_sockets;
mod scripts;
mod secure;
mod settings;
mod shared_objects;
mod sounds;
mod stations;
mod xml_ports;
mod xml_sockets;

use std::process::ExitCode;

use anyhow::Result;
use libtest_mimic::{Arguments, Failed, Trial};

/// Tests that run side by side. They spend most of their time waiting for media to be sent at
/// its own speed, so there may be more of them than processors.
const SIDE_BY_SIDE: usize = 4;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(SIDE_BY_SIDE);
    let mut trials = Vec::new();
    trials.extend(live::trials());
    trials.extend(codecs::trials());
    trials.extend(http_flv::trials());
    trials.extend(browser::trials());
    trials.extend(commands::trials());
    trials.extend(playlists::trials());
    trials.extend(playback::trials());
    trials.extend(recording::trials());
    trials.extend(clearing::trials());
    trials.extend(recordings::trials());
    trials.extend(rejections::trials());
    trials.extend(limits::trials());
    trials.extend(peers::trials());
    trials.extend(requests::trials());
    trials.extend(room_limits::trials());
    trials.extend(scripts::trials());
    trials.extend(stations::trials());
    trials.extend(secure::trials());
    trials.extend(script_sockets::trials());
    trials.extend(downloads::trials());
    trials.extend(sounds::trials());
    trials.extend(movies::trials());
    trials.extend(electroserver::trials());
    trials.extend(rooms::trials());
    trials.extend(plugins::trials());
    trials.extend(xml_sockets::trials());
    trials.extend(xml_ports::trials());
    trials.extend(settings::trials());
    trials.extend(administration::trials());
    trials.extend(shared_objects::trials());
    trials.extend(conformance::trials());
    trials.extend(operations::trials());
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// One named test.
fn trial(name: &str, test: impl FnOnce() -> Result<()> + Send + 'static) -> Trial {
    Trial::test(name, move || test().map_err(|error| told(&error)))
}

/// An error with everything that led to it, and without the stack: the tests say where they are.
fn told(error: &anyhow::Error) -> Failed {
    let chain: Vec<_> = error.chain().map(ToString::to_string).collect();
    Failed::from(chain.join("\nbecause: "))
}
