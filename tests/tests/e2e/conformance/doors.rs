//! Who comes in: the decision table of `application.onConnect`, and what the client is told.

use amf::Value;
use anyhow::{Result, ensure};
use e2e::client::{self, Client};
use e2e::told::{Field, is, same};
use e2e::wait::SOON;
use libtest_mimic::Trial;
use rtmp::{Body, Command, Message};

use super::{joined, knock, with, with_settings};
use crate::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("conformance::doors::accepted", accepted),
        trial("conformance::doors::rejected", rejected),
        trial("conformance::doors::redirected", redirected),
        trial("conformance::doors::leaving_while_pending", leaving),
        trial("conformance::doors::a_second_connect_is_an_error", twice),
        trial(
            "conformance::doors::accept_connection_of_the_script",
            overridden,
        ),
        trial("conformance::doors::a_script_without_handlers", no_handlers),
        trial("conformance::doors::pending_then_accepted", pending),
        trial(
            "conformance::doors::pending_then_rejected",
            pending_rejected,
        ),
        trial(
            "conformance::doors::calls_around_the_acceptance",
            calls_around,
        ),
        trial("conformance::doors::object_encoding_3", amf3),
    ]
}

/// The information object of an accepted client. Level, code and description are captured; the
/// rest and the order are recalled of later servers.
fn success(encoding: f64) -> Vec<(&'static str, Field)> {
    vec![
        ("level", is("status")),
        ("code", is("NetConnection.Connect.Success")),
        ("description", is("Connection succeeded.")),
        ("clientid", Field::SomeText),
        ("objectEncoding", is(encoding)),
        ("data", Field::Object(vec![("version", Field::Has(","))])),
    ]
}

/// What the server says of itself; recalled.
fn properties() -> Vec<(&'static str, Field)> {
    vec![
        ("fmsVer", Field::Has("FMS/")),
        ("capabilities", Field::From(31.0)),
        ("mode", is(1.0)),
    ]
}

/// The information object of a rejected client: level, code and description are captured.
fn rejection(description: &str) -> Vec<(&'static str, Field)> {
    vec![
        ("level", is("error")),
        ("code", is("NetConnection.Connect.Rejected")),
        ("description", is(description)),
    ]
}

fn accepted() -> Result<()> {
    with(&["doors"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            for row in [
                "true",
                "accept",
                "accept and true",
                // The return value does not count when the script has decided.
                "accept and false",
                "accept and reject",
                "throw after accept",
            ] {
                let mut client = Client::open(rtmp).await?;
                let answer = knock(&mut client, rtmp, "doors", vec![row.into()]).await?;
                ensure!(&*answer.name == "_result", "{row}: {answer:?}");
                same(&answer.object, &properties())?;
                same(answer.arg(0), &success(0.0))?;
                let echo = client.call("echo", vec![row.into()]).await?;
                ensure!(echo == Value::from(row), "{row}: {echo:?}");
            }
            Ok(())
        })
    })
}

fn rejected() -> Result<()> {
    const FAILED: &str = "Connection failed.";
    let message = [("message", is("not you")), ("retry", is(5))];
    let day = [("day", is(2))];
    let rows: [(&str, &str, Option<Field>); 8] = [
        ("false", FAILED, None),
        ("reject", FAILED, None),
        ("reject and true", FAILED, None),
        ("reject and accept", FAILED, None),
        (
            "reject with object",
            FAILED,
            Some(Field::Object(message.to_vec())),
        ),
        ("reject with number", FAILED, Some(is(42))),
        // Since FMS 3: a text is the description.
        ("reject with words", "Come back tomorrow.", None),
        (
            "reject with words and object",
            "Come back tomorrow.",
            Some(Field::Object(day.to_vec())),
        ),
    ];
    with(&["doors"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            for (row, description, application) in rows {
                let mut expected = rejection(description);
                expected.extend(application.map(|object| ("application", object)));
                let mut client = Client::open(rtmp).await?;
                let answer = knock(&mut client, rtmp, "doors", vec![row.into()]).await?;
                ensure!(&*answer.name == "_error", "{row}: {answer:?}");
                ensure!(answer.object == Value::Null, "{row}: {answer:?}");
                same(answer.arg(0), &expected)?;
                client.closed(SOON).await?;
            }
            // Who was never in does not leave; ours.
            let mut client = joined(rtmp, "doors", vec!["true".into()]).await?;
            let left = client.call("leftSoFar", vec![]).await?;
            ensure!(
                left == Value::from(0),
                "{left:?} rejected clients have left"
            );
            Ok(())
        })
    })
}

fn redirected() -> Result<()> {
    let ex = || {
        let target = is("rtmp://elsewhere.example.com/doors");
        (
            "ex",
            Field::Object(vec![("code", is(302)), ("redirect", target)]),
        )
    };
    // The order of `application` and `ex` is ours.
    let rows = [
        (
            "redirect",
            [rejection("Connection failed"), vec![ex()]].concat(),
        ),
        (
            "redirect with words",
            [
                rejection("We moved."),
                vec![("application", is("bye")), ex()],
            ]
            .concat(),
        ),
        ("redirect nowhere", rejection("Connection failed.")),
    ];
    with(&["doors"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            for (row, expected) in rows {
                let mut client = Client::open(rtmp).await?;
                let answer = knock(&mut client, rtmp, "doors", vec![row.into()]).await?;
                ensure!(&*answer.name == "_error", "{row}: {answer:?}");
                same(answer.arg(0), &expected)?;
                client.closed(SOON).await?;
            }
            Ok(())
        })
    })
}

/// A script may put itself in front of `acceptConnection`, as the components do.
fn overridden() -> Result<()> {
    with(&["doors"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            for (row, passed) in [
                ("accept", Value::from("through the script")),
                // The server itself accepts.
                ("true", Value::Undefined),
            ] {
                let mut client = joined(rtmp, "doors", vec![row.into()]).await?;
                let found = client.call("howIPassed", vec![]).await?;
                ensure!(found == passed, "{row}: {found:?}");
            }
            Ok(())
        })
    })
}

fn no_handlers() -> Result<()> {
    with(&[], |server| {
        server.application("plain", "var nothing = 'to do';")?;
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = Client::open(rtmp).await?;
            let answer = knock(&mut client, rtmp, "plain", vec!["x".into()]).await?;
            ensure!(&*answer.name == "_result", "{answer:?}");
            same(answer.arg(0), &success(0.0))
        })
    })
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

/// Ours: no document says what becomes of it.
fn twice() -> Result<()> {
    with(&["doors"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "doors", vec!["true".into()]).await?;
            let mut connect = client::connect(rtmp, "doors", &[], vec!["false".into()]);
            connect.transaction = 90.0;
            client
                .send(Message::connection(Body::Command(connect)))
                .await?;
            client.closed(SOON).await?;
            let mut other = joined(rtmp, "doors", vec!["true".into()]).await?;
            let left = other.call("leftSoFar", vec![]).await?;
            ensure!(left == Value::from(1), "{left:?}");
            ensure!(!server.log().contains("asked about false"), "asked again");
            Ok(())
        })?;
        server.wait_for_log(&["protocol_error", "connect was sent twice"], SOON)?;
        Ok(())
    })
}

fn calls_around() -> Result<()> {
    with(&["doors"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "doors", vec!["accept and call".into()]).await?;
            let welcome = client.called("welcome").await?;
            ensure!(welcome.args == ["you".into()], "{welcome:?}");
            ensure!(
                welcome.transaction == 0.0 && welcome.object == Value::Null,
                "{welcome:?}"
            );
            let early = |message: &Message| {
                matches!(&message.body,
                Body::Command(command) if &*command.name == "tooEarly")
            };
            ensure!(
                !client.drain_inbox().iter().any(early),
                "called before it was accepted"
            );
            // Who is not in yet is not told what all are told.
            let mut other = joined(rtmp, "doors", vec!["tell all".into()]).await?;
            let told = client.called("newcomer").await?;
            ensure!(told.args == [1.into()], "{told:?}");
            other.call("echo", vec![]).await?;
            let told = |message: &Message| {
                matches!(&message.body,
                Body::Command(command) if &*command.name == "newcomer")
            };
            ensure!(
                !other.drain_inbox().iter().any(told),
                "told before it was in"
            );
            Ok(())
        })
    })
}

/// The information object says the encoding that the client asked for.
fn amf3() -> Result<()> {
    with(&["doors"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let encoding = [("objectEncoding", 3.into())];
            let mut client = Client::open(rtmp).await?;
            let connect = client::connect(rtmp, "doors", &encoding, vec!["true".into()]);
            let answer = client.ask(connect).await?;
            same(&answer.object, &properties())?;
            same(answer.arg(0), &success(3.0))?;
            let mut client = Client::open(rtmp).await?;
            let row = "reject with object".into();
            let answer = client
                .ask(client::connect(rtmp, "doors", &encoding, vec![row]))
                .await?;
            let object = vec![("message", is("not you")), ("retry", is(5))];
            let object = ("application", Field::Object(object));
            let expected = [rejection("Connection failed."), vec![object]].concat();
            same(answer.arg(0), &expected)?;
            client.closed(SOON).await
        })
    })
}
