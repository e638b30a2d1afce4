//! What a script costs: to start, and to be called.
//!
//! With the machine to itself (two cores, medians): a call 4.6 µs with 1 or 1,000 clients, a start
//! 1.5 ms.
//!
//! Start, in one series of three runs each by turns (a machine of two cores with a load of 4, medians):
//! 5.3 ms when each engine read the host's files as text, 1.5 ms since it takes them up as they
//! were compiled once in the process.

#![allow(missing_docs, reason = "the macros make functions nobody sees")]

use std::rc::Rc;

use amf::Value;
use divan::Bencher;
use engine::scripting::{
    ApplicationStats, Cleared, ClientInfo, ClientStats, NoSharedObjects, Script as _, ScriptHost,
    ScriptInput, ScriptOutput, SharedObjectHost,
};
use engine::{ClientId, StreamPattern};
use rtmp::Millis;
use script::{AppScript, ApplicationInfo, MemoryFiles, ScriptConfig, ScriptSetup};

fn main() {
    divan::main();
}

struct Nothing;

impl ScriptHost for Nothing {
    fn client_stats(&self, _: ClientId) -> Option<ClientStats> {
        None
    }

    fn application_stats(&self) -> ApplicationStats {
        ApplicationStats::default()
    }

    fn unix_ms(&self) -> f64 {
        0.0
    }

    fn shared_objects(&self) -> &dyn SharedObjectHost {
        &NoSharedObjects
    }

    fn clear_streams(&self, _: &StreamPattern, _: usize) -> Cleared {
        Cleared::default()
    }
}

const SCRIPT: &str = "Client.prototype.echo = function (value) { return value; };";

/// A script that has started.
fn started() -> AppScript {
    let setup = ScriptSetup {
        config: ScriptConfig::default(),
        info: ApplicationInfo::default(),
        files: Box::new(MemoryFiles::new().with("main.asc", SCRIPT)),
        storage: None,
        world: Rc::new(Nothing),
    };
    let mut script = AppScript::new(setup).expect("an engine");
    handle(&mut script, ScriptInput::Start);
    script
}

fn handle(script: &mut AppScript, input: ScriptInput) {
    script.handle(Millis(0), input);
    while let ScriptOutput::Effect(effect) = script.poll() {
        divan::black_box(effect);
    }
}

/// An engine, its host objects, a small script.
#[divan::bench]
fn start() -> AppScript {
    started()
}

/// A remote call that gives its argument back, from one of so many clients.
#[divan::bench(args = [1, 1_000])]
fn echo(bencher: Bencher<'_, '_>, clients: u64) {
    let mut script = started();
    for client in 1..=clients {
        handle(
            &mut script,
            ScriptInput::Connect {
                client: ClientId(client),
                info: Box::new(ClientInfo::default()),
                args: Vec::new(),
            },
        );
    }
    let argument = Value::object([("text", Value::from("hello")), ("number", 5.into())]);
    let mut next = 0;
    bencher.bench_local(|| {
        next = next % clients + 1;
        let call = ScriptInput::Call {
            client: ClientId(next),
            method: "echo".into(),
            args: vec![argument.clone()],
            transaction: 2.0,
            native: false,
        };
        handle(&mut script, call);
    });
}
