//! The application `whiteboard`: people who draw on one sheet, which is kept.

use amf::Value;
use anyhow::{Context, Result, ensure};
use e2e::callers::{self, Use};
use e2e::client::{self, Client};
use e2e::objects::Copy;
use e2e::server::{self, Server};
use libtest_mimic::Trial;
use rtmp::shared_object::Event;

use super::npm;
use crate::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("shared_objects::people_draw_on_the_whiteboard", draw),
        trial(
            "shared_objects::the_whiteboard_is_there_after_restarts",
            restarts,
        ),
        trial("shared_objects::npm_looks_at_the_whiteboard", package),
    ]
}

fn with(settings: &[&str], test: impl FnOnce(&mut Server) -> Result<()>) -> Result<()> {
    let main = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../applications/whiteboard/main.asc"
    );
    let main = std::fs::read_to_string(main)?;
    server::with(settings, |server| {
        server.application("whiteboard", &main)?;
        test(server)
    })
}

async fn at_the_board(server: &Server, name: &str) -> Result<Client> {
    let mut client = Client::open(server.rtmp).await?;
    client
        .connect_with(server.rtmp, "whiteboard", vec![name.into()])
        .await?;
    Ok(client)
}

/// Draws a line of four numbers that begins with this one: the number of the stroke.
async fn stroke(client: &mut Client, first: f64) -> Result<Value> {
    let line = Value::array([first, 2.0, 3.0, 4.0].map(Value::from));
    client
        .call("draw", vec![line, 255.0.into(), 3.0.into()])
        .await
}

fn text<'a>(copy: &'a Copy, stroke: &str, key: &str) -> Option<&'a str> {
    copy.slots.get(stroke)?.get(key)?.as_str()
}

fn draw() -> Result<()> {
    with(&[], |server| {
        client::run(async {
            let mut ann = at_the_board(server, "ann").await?;
            let mut people = Copy::open(&mut ann, "people", false).await?;
            let mut bob = at_the_board(server, "bob").await?;
            while !people.slots.contains_key("bob") {
                people.next(&mut ann).await?;
            }
            let mut sheet = Copy::open(&mut bob, "strokes", true).await?;
            let number = stroke(&mut ann, 1.0).await?;
            ensure!(number == Value::from(1.0), "{number:?}");
            while !sheet.slots.contains_key("1") {
                sheet.next(&mut bob).await?;
            }
            ensure!(text(&sheet, "1", "by") == Some("ann"), "{:?}", sheet.slots);
            let forged = sheet.set(&mut bob, &[("2", 1.0.into())]).await;
            let forged = format!("{:#}", forged.err().context("only the script draws")?);
            ensure!(forged.contains("SharedObject.NoWriteAccess"), "{forged}");
            ensure!(!sheet.slots.contains_key("2"), "{:?}", sheet.slots);
            let mut anns = Copy::open(&mut ann, "cursors", false).await?;
            let mut bobs = Copy::open(&mut bob, "cursors", false).await?;
            let cursor = Event::SendMessage {
                handler: "cursor".into(),
                args: vec!["bob".into(), 10.0.into(), 20.0.into()],
            };
            bob.call("point", vec![10.0.into(), 20.0.into()]).await?;
            ensure!(anns.next(&mut ann).await? == [cursor]);
            let own = bobs.set(&mut bob, &[("mine", 1.0.into())]).await;
            let own = format!("{:#}", own.err().context("cursors have no properties")?);
            ensure!(own.contains("SharedObject.NoWriteAccess"), "{own}");
            let other = Copy::open(&mut bob, "cursors/more", true).await;
            let other = format!("{:#}", other.err().context("nobody makes objects")?);
            ensure!(
                other.contains("SharedObject.ObjectCreationFailed"),
                "{other}"
            );
            // Who came first may wipe the sheet, others may not.
            let wiped = bob.call("clear", vec![]).await?;
            ensure!(wiped == false.into(), "{wiped:?}");
            let wiped = ann.call("clear", vec![]).await?;
            ensure!(wiped == true.into(), "{wiped:?}");
            while !sheet.slots.is_empty() {
                sheet.next(&mut bob).await?;
            }
            drop(bob);
            while people.slots.contains_key("bob") {
                people.next(&mut ann).await?;
            }
            Ok(())
        })
    })
}

/// The strokes that a sheet has room for.
const ROOM: usize = 500;

fn restarts() -> Result<()> {
    with(&["limits.calls_per_second=0"], |server| {
        let mut version = 0;
        client::run(async {
            let mut ann = at_the_board(server, "ann").await?;
            let mut bob = at_the_board(server, "bob").await?;
            let mut sheet = Copy::open(&mut bob, "strokes", true).await?;
            for number in 1..=ROOM + 1 {
                let who = if number % 2 == 0 { &mut bob } else { &mut ann };
                stroke(who, number as f64).await?;
            }
            let newest = (ROOM + 1).to_string();
            while !sheet.slots.contains_key(&newest) {
                sheet.next(&mut bob).await?;
            }
            ensure!(sheet.slots.len() == ROOM, "{}", sheet.slots.len());
            ensure!(!sheet.slots.contains_key("1"), "the oldest is there");
            ensure!(
                text(&sheet, "2", "by") == Some("bob"),
                "{:?}",
                sheet.slots.get("2")
            );
            version = sheet.version;
            Ok(())
        })?;
        server.restart("TERM", &["limits.calls_per_second=0"])?;
        client::run(async {
            let mut eve = at_the_board(server, "eve").await?;
            let people = Copy::open(&mut eve, "people", false).await?;
            ensure!(people.slots.keys().eq(["eve"]), "{:?}", people.slots);
            // It counts on, and who comes back is told only what is new.
            let number = stroke(&mut eve, 7.0).await?;
            ensure!(number == Value::from((ROOM + 2) as f64), "{number:?}");
            let mut sheet = Copy::returning(&mut eve, "strokes", version).await?;
            let keys: Vec<_> = sheet.slots.keys().map(String::as_str).collect();
            ensure!(keys == [(ROOM + 2).to_string()], "{keys:?}");
            let all = Copy::returning(&mut eve, "strokes", 0).await?;
            ensure!(all.slots.len() == ROOM, "{}", all.slots.len());
            let wiped = eve.call("clear", vec![]).await?;
            ensure!(wiped == true.into(), "{wiped:?}");
            while !sheet.slots.is_empty() {
                sheet.next(&mut eve).await?;
            }
            Ok(())
        })?;
        // The script has stored the empty sheet itself.
        server.restart("KILL", &[])?;
        client::run(async {
            let mut ann = at_the_board(server, "ann").await?;
            let sheet = Copy::open(&mut ann, "strokes", true).await?;
            ensure!(sheet.slots.is_empty(), "{:?}", sheet.slots);
            ensure!(sheet.version > version, "{}", sheet.version);
            Ok(())
        })
    })
}

fn package() -> Result<()> {
    with(&[], |server| {
        let url = format!("rtmp://{}/whiteboard", server.rtmp);
        client::run(async {
            let mut ann = at_the_board(server, "ann").await?;
            let mut people = Copy::open(&mut ann, "people", false).await?;
            let mut program = callers::use_object(Use {
                url: &url,
                object: "people",
                arguments: &[r#""node""#],
                steps: &[r#"["refuse", "forged", 1]"#],
            })?;
            while !people.slots.contains_key("node") {
                people.next(&mut ann).await?;
            }
            let events = callers::events(&mut program)?;
            let slots = npm::slots(&events)?.as_object();
            let slots = slots.context("no object")?;
            ensure!(slots.keys().eq(["ann", "node"]), "{slots:?}");
            while people.slots.contains_key("node") {
                people.next(&mut ann).await?;
            }
            Ok(())
        })
    })
}
