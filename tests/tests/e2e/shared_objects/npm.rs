//! The npm package `rtmp-client` and our own client on one object. The package speaks as one
//! server does to another: flags 0x10, events 12 to 14.

use amf::Value;
use anyhow::{Context, Result, ensure};
use e2e::callers::{self, Use};
use e2e::client;
use e2e::objects::Copy;
use e2e::server;
use libtest_mimic::Trial;
use rtmp::shared_object::Event;
use serde_json::json;

use super::joined;
use crate::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("shared_objects::npm_uses_one_with_our_client", both_ways),
        trial("shared_objects::npm_learns_what_it_may_not", refusals),
    ]
}

/// What the package does while the test's client does its part.
const STEPS: [&str; 8] = [
    r#"["set", "node", {"x": 1, "list": ["a", 2]}]"#,
    r#"["wait", "ours", "hello"]"#,
    r#"["set", "node", null]"#,
    r#"["wait", "ours", null]"#,
    r#"["set", "count", 3]"#,
    r#"["clear"]"#,
    r#"["set", "ready", true]"#,
    r#"["wait", "ready", null]"#,
];

fn both_ways() -> Result<()> {
    // What is set and then cleared is told as both.
    server::with(&["shared_objects.batch_ms=0"], |server| {
        let url = format!("rtmp://{}/live", server.rtmp);
        let events = client::run(async {
            let mut ann = joined(server, "live").await?;
            let mut board = Copy::open(&mut ann, "room/board", false).await?;
            let mut program = callers::use_object(Use {
                url: &url,
                object: "room/board",
                steps: &STEPS,
                ..Use::default()
            })?;
            let list = Value::array([Value::from("a"), 2.0.into()]);
            let node = Value::object([("x", Value::from(1.0)), ("list", list)]);
            board.until(&mut ann, "node", &node).await?;
            board.set(&mut ann, &[("ours", "hello".into())]).await?;
            while board.slots.contains_key("node") {
                board.next(&mut ann).await?;
            }
            let remove = Event::RequestRemove(vec!["ours".into()]);
            board.ask(&mut ann, vec![remove]).await?;
            board.await_success(&mut ann, 1).await?;
            board.until(&mut ann, "count", &3.0.into()).await?;
            board.until(&mut ann, "ready", &true.into()).await?;
            ensure!(!board.slots.contains_key("count"), "{:?}", board.slots);
            board.ask(&mut ann, vec![Event::RequestClear]).await?;
            while !board.slots.is_empty() {
                board.next(&mut ann).await?;
            }
            callers::events(&mut program)
        })?;
        let told: Vec<_> = events
            .iter()
            .filter_map(|event| event.get("sync"))
            .collect();
        let clear = json!([{ "code": "clear" }]);
        ensure!(*told[0] == clear, "an object begins empty: {told:?}");
        let codes = told
            .iter()
            .flat_map(|list| list.as_array().into_iter().flatten());
        let codes: Vec<_> = codes.filter_map(|change| change["code"].as_str()).collect();
        let expected = [
            "clear", "success", "change", "delete", "delete", "success", "clear", "success",
            "clear",
        ];
        ensure!(codes == expected, "{codes:?}");
        ensure!(slots(&events)? == &json!({}), "{events:?}");
        Ok(())
    })
}

/// Clients say what they may do; the object is the script's.
const GUARDED: &str = "
    application.onAppStart = function () {
        this.chat = SharedObject.get('chat');
        this.chat.setProperty('a', 1);
    };
    application.onConnect = function (client, read, write) {
        client.readAccess = read;
        client.writeAccess = write;
        return true;
    };";

fn refusals() -> Result<()> {
    server::with(&[], |server| {
        server.application("guarded", GUARDED)?;
        let url = format!("rtmp://{}/guarded", server.rtmp);
        let visit = |arguments, steps| -> Result<Vec<serde_json::Value>> {
            let mut program = callers::use_object(Use {
                url: &url,
                object: "chat",
                arguments,
                steps,
            })?;
            callers::events(&mut program)
        };
        let reader = visit(
            &[r#""/""#, r#""""#],
            &[r#"["refuse", "a", 2]"#, r#"["wait", "a", 1]"#],
        )?;
        ensure!(told(&reader, "SharedObject.NoWriteAccess"), "{reader:?}");
        // The value is sent back although the package has not changed its own copy.
        let back = json!([{ "code": "change", "name": "a", "newValue": 1, "oldValue": 1 }]);
        let last_sync = reader.iter().rev().find_map(|event| event.get("sync"));
        ensure!(last_sync == Some(&back), "{reader:?}");
        let blind = visit(&[r#""other""#, r#""/""#], &[])?;
        ensure!(told(&blind, "SharedObject.NoReadAccess"), "{blind:?}");
        ensure!(slots(&blind)? == &json!({}), "{blind:?}");
        Ok(())
    })
}

fn told(events: &[serde_json::Value], code: &str) -> bool {
    let of = |event: &serde_json::Value| event["status"]["code"] == code;
    let is_error = |event: &serde_json::Value| event["status"]["level"] == "error";
    events.iter().any(|event| of(event) && is_error(event))
}

/// What the object had in the end.
pub(super) fn slots(events: &[serde_json::Value]) -> Result<&serde_json::Value> {
    let slots = events.iter().find_map(|event| event.get("slots"));
    slots.with_context(|| format!("{events:?}"))
}
