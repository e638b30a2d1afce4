//! Clients that the script has not decided about: they are neither heard nor told anything.

use amf::Value;
use anyhow::{Result, ensure};
use e2e::client::{self, Client};
use e2e::told::{Field, is, same};
use e2e::wait::SOON;
use libtest_mimic::Trial;
use rtmp::{Body, Command, Message};

use super::doors::{rejection, success};
use super::{joined, with, with_settings};
use crate::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("conformance::pending::then_accepted", pending),
        trial("conformance::pending::then_rejected", pending_rejected),
        trial("conformance::pending::then_gone", leaving),
    ]
}

/// Everything that is neither a decision nor `true` nor `false` leaves the client waiting. After
/// a script error this is ours.
const UNDECIDED: [&str; 7] = [
    "nothing",
    "null",
    "1",
    "0",
    "text",
    "throw",
    "accept nobody",
];

/// Sends `connect`, and a call that comes too early.
async fn knock_early(client: &mut Client, server: std::net::SocketAddr, row: &str) -> Result<()> {
    let mut connect = client::connect(server, "doors", &[], vec![row.into()]);
    connect.transaction = 1.0;
    let early = Command::new("echo", 77.0, vec!["early".into()]);
    for command in [connect, early] {
        client
            .send(Message::connection(Body::Command(command)))
            .await?;
    }
    Ok(())
}

fn pending() -> Result<()> {
    // What is dropped is logged at this level.
    with_settings(&["log.level=debug"], &["doors"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut waiting = Vec::new();
            for row in UNDECIDED {
                let mut client = Client::open(rtmp).await?;
                knock_early(&mut client, rtmp, row).await?;
                waiting.push(client);
                server.wait_for_log(&[&format!("asked about {row}")], SOON)?;
            }
            let mut door = joined(rtmp, "doors", vec!["true".into()]).await?;
            for client in &mut waiting {
                client.take_in().await?;
                let told = client.drain_inbox();
                let commands = told
                    .iter()
                    .any(|told| matches!(told.body, Body::Command(_)));
                ensure!(!commands, "told before the decision: {told:?}");
            }
            door.call("decide", vec![true.into()]).await?;
            for client in &mut waiting {
                let answer = client.answer_of("connect", 1.0).await?;
                ensure!(&*answer.name == "_result", "{answer:?}");
                same(answer.arg(0), &success(0.0))?;
                let echo = client.call("echo", vec![5.into()]).await?;
                ensure!(echo == Value::from(5), "{echo:?}");
                // What came before the decision is not kept for later.
                let late = |message: &Message| {
                    matches!(&message.body,
                    Body::Command(command) if (command.transaction - 77.0).abs() < 0.5)
                };
                ensure!(
                    !client.drain_inbox().iter().any(late),
                    "answered afterwards"
                );
            }
            Ok(())
        })
    })
}

fn pending_rejected() -> Result<()> {
    with(&["doors"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = Client::open(rtmp).await?;
            knock_early(&mut client, rtmp, "nothing").await?;
            server.wait_for_log(&["asked about nothing"], SOON)?;
            let mut door = joined(rtmp, "doors", vec!["true".into()]).await?;
            door.call("decide", vec![false.into()]).await?;
            let answer = client.answer_of("connect", 1.0).await?;
            ensure!(&*answer.name == "_error", "{answer:?}");
            let late = Field::Object(vec![("late", is(true))]);
            let expected = [rejection("Connection failed."), vec![("application", late)]];
            same(answer.arg(0), &expected.concat())?;
            client.closed(SOON).await?;
            let left = door.call("leftSoFar", vec![]).await?;
            ensure!(left == Value::from(0), "{left:?}");
            Ok(())
        })
    })
}

/// Who left while the script was thinking is not let in by a late decision, and does not leave
/// a second time.
fn leaving() -> Result<()> {
    with(&["doors"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = Client::open(rtmp).await?;
            knock_early(&mut client, rtmp, "nothing").await?;
            server.wait_for_log(&["asked about nothing"], SOON)?;
            drop(client);
            server.wait_for_log(&["connection closed", "client_left"], SOON)?;
            let mut door = joined(rtmp, "doors", vec!["true".into()]).await?;
            door.call("decide", vec![true.into()]).await?;
            for (method, expected) in [("howMany", 1), ("leftSoFar", 0)] {
                let found = door.call(method, vec![]).await?;
                ensure!(found == Value::from(expected), "{method}: {found:?}");
            }
            Ok(())
        })
    })
}
