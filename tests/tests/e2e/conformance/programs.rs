//! Independent clients: what they send reaches the script, what it answers reaches them.

use std::process::Command;

use anyhow::{Result, ensure};
use e2e::callers::{self, Visit};
use e2e::clip::Clip;
use e2e::process::Program;
use e2e::server::Server;
use e2e::wait::{self, SOON};
use e2e::{players, publishers};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::with;
use crate::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("conformance::programs::node_comes_in_and_calls", || {
            calls(callers::node, json!([1.5, "x", true, null]))
        }),
        trial("conformance::programs::node_is_rejected", node_rejected),
        trial(
            "conformance::programs::node_is_called_and_cut_off",
            node_cut_off,
        ),
        trial("conformance::programs::python_comes_in_and_calls", || {
            // Arrays in arrays and answers are empty to it.
            calls(callers::python, json!("Grüße"))
        }),
        trial("conformance::programs::python_is_rejected", python_rejected),
        trial("conformance::programs::python_is_called", python_called),
        trial("conformance::programs::ffmpeg_sends_arguments", ffmpeg),
        trial(
            "conformance::programs::ffmpeg_shows_the_scripts_rejection",
            ffmpeg_rejected,
        ),
        trial(
            "conformance::programs::rtmpdump_sends_arguments_and_subscribes",
            rtmpdump,
        ),
        trial("conformance::programs::gstreamer_publishes", gstreamer),
    ]
}

/// An application's address at the server.
fn url(server: &Server, app: &str) -> String {
    format!("rtmp://{}/{app}", server.rtmp)
}

/// The events with this key, without it.
fn all<'a>(events: &'a [Value], key: &str) -> Vec<&'a Value> {
    events.iter().filter_map(|event| event.get(key)).collect()
}

fn failure(description: &str) -> Value {
    json!({
        "level": "error",
        "code": "NetConnection.Call.Failed",
        "description": description,
    })
}

fn calls(caller: fn(Visit<'_>) -> Result<Vec<Value>>, echo: Value) -> Result<()> {
    let echo_call = json!(["echo", echo]).to_string();
    with(&["calls"], |server| {
        let events = caller(Visit {
            url: &url(server, "calls/one"),
            arguments: &["\"ann\"", "7"],
            calls: &[
                r#"["whoAmI"]"#,
                r#"["app/deeper/where"]"#,
                &echo_call,
                r#"["none"]"#,
                r#"["fails"]"#,
                r#"["count", 1, 2, 3]"#,
                r#"["shout", "nothingOfYours"]"#,
            ],
            until: None,
        })?;
        let results = all(&events, "result");
        let expected = [json!("ann"), json!("deeper"), echo, json!(3.0), json!(true)];
        let numbers = |value: &Value| value.as_f64().map_or_else(|| value.clone(), Value::from);
        let results: Vec<_> = results.into_iter().map(numbers).collect();
        ensure!(results == expected, "{events:?}");
        let errors = all(&events, "error");
        let expected = [
            failure("Method not found (none)."),
            failure("Failed to execute method (fails)."),
        ];
        ensure!(errors == expected.iter().collect::<Vec<_>>(), "{events:?}");
        Ok(())
    })
}

/// The rejection that the application `doors` gives with an object.
fn rejection() -> Value {
    json!({
        "level": "error",
        "code": "NetConnection.Connect.Rejected",
        "description": "Connection failed.",
        "application": { "message": "not you", "retry": 5 },
    })
}

fn node_rejected() -> Result<()> {
    with(&["doors"], |server| {
        let events = callers::node(Visit {
            url: &url(server, "doors"),
            arguments: &[r#""reject with object""#],
            until: Some("Failed"),
            ..Visit::default()
        })?;
        let told = all(&events, "status");
        ensure!(told.len() == 2 && told[0] == &rejection(), "{events:?}");
        Ok(())
    })
}

/// The server calls, gets its answers, and closes.
fn node_cut_off() -> Result<()> {
    let failed = failure("Failed to execute method (refuse).");
    let unknown = failure("Method not found (nosuch).");
    with(&["calls", "properties"], |server| {
        for (call, answer) in [
            (
                r#"["askLater", "add", 2, 3]"#,
                json!(["answered", "result", 5, true]),
            ),
            (
                r#"["askLater", "refuse"]"#,
                json!(["answered", "status", failed, true]),
            ),
            (
                r#"["askLater", "nosuch"]"#,
                json!(["answered", "status", unknown, true]),
            ),
        ] {
            let events = callers::node(Visit {
                url: &url(server, "calls"),
                calls: &[call],
                until: Some("called"),
                ..Visit::default()
            })?;
            let called = all(&events, "called");
            ensure!(called.last() == Some(&&answer), "{call}: {events:?}");
        }
        let events = callers::node(Visit {
            url: &url(server, "properties"),
            calls: &[r#"["cutOff", 0]"#],
            until: Some("Closed"),
            ..Visit::default()
        })?;
        let status = all(&events, "status");
        ensure!(status.len() == 2, "{events:?}");
        let codes = [&status[0]["code"], &status[1]["code"]];
        let expected = [
            "NetConnection.Connect.Success",
            "NetConnection.Connect.Closed",
        ];
        ensure!(codes == expected, "{events:?}");
        ensure!(status[0]["level"] == "status", "{events:?}");
        ensure!(
            status[0]["description"] == "Connection succeeded.",
            "{events:?}"
        );
        Ok(())
    })
}

fn python_rejected() -> Result<()> {
    with(&["doors"], |server| {
        let events = callers::python(Visit {
            url: &url(server, "doors"),
            arguments: &[r#""reject with object""#],
            ..Visit::default()
        })?;
        let told = all(&events, "error");
        let mut expected = rejection();
        // Its numbers are all of one kind.
        expected["application"]["retry"] = json!(5.0);
        ensure!(told == [&expected], "{events:?}");
        Ok(())
    })
}

fn python_called() -> Result<()> {
    with(&["calls", "studio"], |server| {
        let events = callers::python(Visit {
            url: &url(server, "calls"),
            calls: &[r#"["askLater", "add", 2, 3]"#],
            until: Some("called"),
            ..Visit::default()
        })?;
        let called = all(&events, "called");
        let expected = [
            json!(["add", 2.0, 3.0]),
            json!(["answered", "result", 5.0, true]),
        ];
        ensure!(called == expected.iter().collect::<Vec<_>>(), "{events:?}");
        // Every kind of argument that librtmp can write.
        callers::python(Visit {
            url: &url(server, "studio"),
            arguments: &[
                r#""bob""#,
                r#"{"room": "lobby", "lvl": 3, "on": true}"#,
                "true",
                "null",
                "7",
            ],
            ..Visit::default()
        })?;
        let expected = "arguments [string bob; {room: string lobby, lvl: number 3, \
                        on: boolean true}; boolean true; null; number 7]";
        server.wait_for_log(&[expected], SOON)?;
        Ok(())
    })
}

/// The arguments of the command lines below, as `studio` writes them down.
const ARGUMENTS: &str = "arguments [string bob; {room: string lobby, lvl: number 3}; \
                         boolean true; null; number 7] of ";

fn publish_with(server: &Server, arguments: &str, name: &str) -> Result<Command> {
    let mut command = publishers::ffmpeg();
    command
        .args(["-re", "-stream_loop", "-1", "-i"])
        .arg(Clip::H264Aac.path()?)
        .args(["-c", "copy", "-f", "flv", "-rtmp_conn", arguments])
        .arg(format!("{}/{name}", url(server, "studio")));
    Ok(command)
}

const BOB: &str = "S:bob O:1 NS:room:lobby NN:lvl:3 O:0 B:1 Z: N:7";

fn ffmpeg() -> Result<()> {
    with(&["studio"], |server| {
        let mut publish = publish_with(server, BOB, "stage")?;
        let mut publisher = publishers::start_ffmpeg(&mut publish)?;
        server.wait_for_log(&[ARGUMENTS, "of FMLE/3.0"], SOON)?;
        server.wait_for_log(&["trace: FCPublish stage"], SOON)?;
        publisher.terminate(SOON);
        server.wait_for_log(&["trace: gone FMLE/3.0"], SOON)?;
        // The script lets publish on the stage only.
        let mut publish = publish_with(server, BOB, "street")?;
        let mut publisher = Program::start(&mut publish)?;
        ensure!(
            !publisher.wait(SOON * 2)?.success(),
            "it publishes in the street"
        );
        Ok(())
    })
}

fn ffmpeg_rejected() -> Result<()> {
    with(&["studio"], |server| {
        let mut publish = publish_with(server, "S:eve", "stage")?;
        let mut publisher = Program::start(&mut publish)?;
        ensure!(!publisher.wait(SOON * 2)?.success(), "eve publishes");
        let said = publisher.output();
        let words = "Server error: Only bob comes in here.";
        ensure!(said.contains(words), "{words:?} is not in\n{said}");
        server.wait_for_log(&["arguments [string eve] of FMLE"], SOON)?;
        Ok(())
    })
}

fn rtmpdump() -> Result<()> {
    with(&["studio"], |server| {
        let mut publish = publish_with(server, BOB, "stage")?;
        let _publisher = publishers::start_ffmpeg(&mut publish)?;
        let file = server.file("dumped.flv");
        let mut dump = players::rtmpdump(&format!("{}/stage", url(server, "studio")), &file);
        dump.args(BOB.split(' ').flat_map(|value| ["--conn", value]));
        let mut player = Program::start(&mut dump)?;
        server.wait_for_log(&[ARGUMENTS, "of LNX 10,0,32,18"], SOON)?;
        server.wait_for_log(&["trace: FCSubscribe stage"], SOON)?;
        // The script's own onFCSubscribe has let it go on to play.
        wait::until("media from rtmpdump", SOON, || {
            let length = std::fs::metadata(&file).map_or(0, |data| data.len());
            Ok((length > 10_000).then_some(()))
        })?;
        ensure!(player.ended()?.is_none(), "{}", player.output());
        Ok(())
    })
}

fn gstreamer() -> Result<()> {
    with(&["studio"], |server| {
        let location = format!("{}/stage", url(server, "studio/open"));
        let mut publish = publishers::gstreamer(&location, &server.file("sent.flv"));
        let _publisher = Program::start(&mut publish)?;
        server.wait_for_log(&["arguments [] of LNX 10,0,32,18"], SOON * 2)?;
        server.wait_for_log(&["trace: FCPublish stage"], SOON)?;
        server.wait_for_log(&["published", "stage"], SOON)?;
        Ok(())
    })
}
