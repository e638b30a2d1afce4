//! The wire vectors of RTMP, each a test case of its own name.
//!
//! A good vector must read as what it says and be written again with the same meaning, byte for
//! byte where the form has no freedom. A bad one must be refused.

mod captures;
mod chunks;
mod expect;
mod handshakes;
mod messages;
mod shared_objects;
mod urls;

use std::process::ExitCode;

use testkit::vectors::trials;

fn main() -> ExitCode {
    let args = libtest_mimic::Arguments::from_args();
    let cases = [
        trials("chunk-stream.json", "vectors", chunks::check),
        trials("message.json", "vectors", messages::check),
        trials("handshake.json", "vectors", handshakes::check),
        trials("shared-object.json", "vectors", shared_objects::check),
        trials("traces.json", "traces", captures::check_trace),
        trials("client-captures.json", "captures", captures::check_capture),
        trials("tcurl.json", "vectors", urls::check),
    ];
    libtest_mimic::run(&args, cases.into_iter().flatten().collect()).exit_code()
}
