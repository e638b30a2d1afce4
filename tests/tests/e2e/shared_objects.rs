//! Shared objects over the wire, by our own client: two who share one, one who is slow, what
//! survives the server, and what is refused.

mod dialects;
mod faults;
mod npm;
mod types;
mod whiteboard;

use std::process::Command;

use amf::Value;
use anyhow::{Context, Result, ensure};
use e2e::client::{self, Client};
use e2e::objects::Copy;
use e2e::process::Program;
use e2e::server::{self, Server};
use e2e::wait::SOON;
use libtest_mimic::Trial;
use rtmp::Encoding;
use rtmp::shared_object::Event;

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = basics();
    trials.extend(npm::trials());
    trials.extend(dialects::trials());
    trials.extend(types::trials());
    trials.extend(faults::trials());
    trials.extend(whiteboard::trials());
    trials
}

fn basics() -> Vec<Trial> {
    vec![
        trial("shared_objects::two_clients_share_one", two_clients),
        trial("shared_objects::a_slow_client_gets_the_latest", slow_client),
        trial(
            "shared_objects::one_who_takes_nothing_is_closed",
            takes_nothing,
        ),
        trial(
            "shared_objects::a_persistent_one_survives_the_server",
            restart,
        ),
        trial("shared_objects::what_was_flushed_survives_a_kill", kill),
        trial("shared_objects::access_rules_hold", access),
        trial("shared_objects::limits_are_told_to_who_meets_them", limits),
        trial(
            "shared_objects::what_is_not_understood_is_skipped_and_bad_names_are_refused",
            not_understood,
        ),
        trial(
            "shared_objects::limits_on_numbers_are_told_too",
            limits_on_numbers,
        ),
        trial("shared_objects::amf3_values_come_back_the_same", amf3),
        trial("shared_objects::the_script_takes_part", script),
        trial(
            "shared_objects::a_damaged_store_is_told_and_left_alone",
            damaged_store,
        ),
    ]
}

async fn joined(server: &Server, app: &str) -> Result<Client> {
    let mut client = Client::open(server.rtmp).await?;
    client.connect_to(server.rtmp, app).await?;
    Ok(client)
}

fn two_clients() -> Result<()> {
    server::with(&[], |server| {
        client::run(async {
            let (mut ann, mut bob) = (joined(server, "live").await?, joined(server, "live").await?);
            let mut anns = Copy::open(&mut ann, "room/users", false).await?;
            anns.set(&mut ann, &[("ann", 1.0.into()), ("x", "y".into())])
                .await?;
            let mut bobs = Copy::open(&mut bob, "room/users", false).await?;
            ensure!(bobs.slots == anns.slots, "{:?}", bobs.slots);
            bobs.set(
                &mut bob,
                &[("bob", Value::object([("age", Value::from(7.0))]))],
            )
            .await?;
            anns.until(&mut ann, "bob", &bobs.slots["bob"]).await?;
            ensure!(
                anns.version == bobs.version,
                "{} {}",
                anns.version,
                bobs.version
            );
            anns.ask(&mut ann, vec![Event::RequestRemove(vec!["x".into()])])
                .await?;
            anns.await_success(&mut ann, 1).await?;
            while bobs.slots.contains_key("x") {
                bobs.next(&mut bob).await?;
            }
            let hear = Event::SendMessage {
                handler: "hear".into(),
                args: vec!["hello".into()],
            };
            bobs.ask(&mut bob, vec![hear.clone()]).await?;
            ensure!(bobs.next(&mut bob).await? == std::slice::from_ref(&hear));
            ensure!(anns.next(&mut ann).await? == [hear]);
            server.wait_for_metric("greenroom_shared_object_users", "", 2.0)?;
            ensure!(server.metric("greenroom_shared_objects", "")? > 0.5);
            drop(ann);
            // The other goes on alone.
            bobs.set(&mut bob, &[("bob", 2.0.into())]).await
        })
    })
}

/// No limit on writes, and each change announced by itself.
const FAST: [&str; 2] = [
    "limits.shared_object_writes_per_second=0",
    "shared_objects.batch_ms=0",
];

fn slow_client() -> Result<()> {
    const CHANGES: u32 = 600;
    server::with(&FAST, |server| {
        client::run(async {
            let mut slow = Client::open_narrow(server.rtmp).await?;
            slow.connect_to(server.rtmp, "live").await?;
            let mut slows = Copy::open(&mut slow, "sheet", false).await?;
            let mut writer = joined(server, "live").await?;
            let mut writers = Copy::open(&mut writer, "sheet", false).await?;
            let filler = "x".repeat(20_000);
            let mut last = Value::Null;
            for number in 0..CHANGES {
                last = Value::from(format!("{number} {filler}").as_str());
                writers.set(&mut writer, &[("a", last.clone())]).await?;
            }
            // Behind everything, and in its place.
            let done = Event::SendMessage {
                handler: "done".into(),
                args: vec![],
            };
            writers.ask(&mut writer, vec![done.clone()]).await?;
            let merged = server.metric("greenroom_shared_object_updates_merged_total", "")?;
            ensure!(merged > 0.5, "nothing was merged");
            let mut messages = 0;
            loop {
                messages += 1;
                if slows.next(&mut slow).await?.contains(&done) {
                    break;
                }
            }
            ensure!(slows.slots.get("a") == Some(&last), "not the latest");
            ensure!(messages < CHANGES, "{messages} messages");
            Ok(())
        })
    })
}

fn takes_nothing() -> Result<()> {
    let settings = [FAST[0], FAST[1], "shared_objects.backlog_bytes=65536"];
    server::with(&settings, |server| {
        client::run(async {
            let mut slow = Client::open_narrow(server.rtmp).await?;
            slow.connect_to(server.rtmp, "live").await?;
            let slows = Copy::open(&mut slow, "sheet", false).await?;
            let mut writer = joined(server, "live").await?;
            let mut writers = Copy::open(&mut writer, "sheet", false).await?;
            let filler = "x".repeat(20_000);
            // Of calls none can be left out.
            for number in 0..1_000 {
                let hear = Event::SendMessage {
                    handler: "hear".into(),
                    args: vec![f64::from(number).into(), filler.as_str().into()],
                };
                writers.ask(&mut writer, vec![hear]).await?;
                writers.next(&mut writer).await?;
                if server.log().contains("outbox_full") {
                    break;
                }
            }
            server.wait_for_log(&["connection closed", "reason=outbox_full"], SOON)?;
            drop(slows);
            Ok(())
        })
    })
}

fn restart() -> Result<()> {
    server::with(&[], |server| {
        client::run(async {
            let mut ann = joined(server, "live").await?;
            let mut anns = Copy::open(&mut ann, "kept", true).await?;
            anns.set(&mut ann, &[("a", 1.0.into()), ("b", 2.0.into())])
                .await?;
            anns.ask(&mut ann, vec![Event::RequestRemove(vec!["b".into()])])
                .await?;
            anns.await_success(&mut ann, 1).await?;
            // A temporary object of the same name is another one.
            let mut other = Copy::open(&mut ann, "kept", false).await;
            ensure!(
                other.as_mut().is_ok_and(|other| other.slots.is_empty()),
                "{other:?}"
            );
            Ok(())
        })?;
        server.restart("TERM", &[])?;
        client::run(async {
            let mut bob = joined(server, "live").await?;
            let mut bobs = Copy::open(&mut bob, "kept", true).await?;
            let slots: Vec<_> = bobs.slots.iter().collect();
            ensure!(slots == [(&"a".to_owned(), &Value::from(1.0))], "{slots:?}");
            ensure!(bobs.version == 2, "{}", bobs.version);
            bobs.set(&mut bob, &[("a", 3.0.into())]).await
        })
    })
}

/// Has an object that is stored only when it is told to.
const FLUSHES: &str = "
    application.onAppStart = function () {
        this.kept = SharedObject.get('kept', true);
        this.kept.autoCommit = false;
    };
    application.onConnect = function (client) { return true; };
    Client.prototype.keep = function (value) {
        application.kept.setProperty('a', value);
        return application.kept.flush() && !application.kept.isDirty;
    };
    Client.prototype.see = function () { return application.kept.getProperty('a'); };
    Client.prototype.change = function (value) { application.kept.setProperty('a', value); };";

fn kill() -> Result<()> {
    server::with(&[], |server| {
        server.application("book", FLUSHES)?;
        client::run(async {
            let mut ann = joined(server, "book").await?;
            let kept = ann.call("keep", vec!["safe".into()]).await?;
            ensure!(kept == Value::from(true), "{kept:?}");
            ann.call("change", vec!["lost".into()]).await.map(drop)
        })?;
        server.restart("KILL", &[])?;
        client::run(async {
            let mut bob = joined(server, "book").await?;
            let value = bob.call("see", vec![]).await?;
            ensure!(value == Value::from("safe"), "{value:?}");
            Ok(())
        })
    })
}

fn access() -> Result<()> {
    server::with(&[], |server| {
        let script = "
            application.onAppStart = function () {
                this.chat = SharedObject.get('chat');
                this.chat.setProperty('a', 1);
            };
            application.onConnect = function (client, read, write) {
                client.readAccess = read;
                client.writeAccess = write;
                return true;
            };";
        server.application("guarded", script)?;
        client::run(async {
            let guest = async |read: &str, write: &str| -> Result<Client> {
                let mut client = Client::open(server.rtmp).await?;
                let rules = vec![read.into(), write.into()];
                client.connect_with(server.rtmp, "guarded", rules).await?;
                Ok(client)
            };
            let mut blind = guest("other", "/").await?;
            let refused = Copy::open(&mut blind, "chat", false).await;
            let refused = format!("{:#}", refused.err().context("it may read")?);
            ensure!(refused.contains("SharedObject.NoReadAccess"), "{refused}");
            let mut reader = guest("/", "").await?;
            let refused = Copy::open(&mut reader, "new", false).await;
            let refused = format!("{:#}", refused.err().context("it may create")?);
            ensure!(
                refused.contains("SharedObject.ObjectCreationFailed"),
                "{refused}"
            );
            let mut chat = Copy::open(&mut reader, "chat", false).await?;
            chat.slots.clear();
            let change = Event::RequestChange(vec![("a".into(), 2.0.into())]);
            chat.ask(&mut reader, vec![change]).await?;
            let told = chat.next(&mut reader).await?;
            ensure!(
                format!("{told:?}").contains("SharedObject.NoWriteAccess"),
                "{told:?}"
            );
            ensure!(
                chat.slots.get("a") == Some(&1.0.into()),
                "the value is sent back"
            );
            let mut writer = guest("/", "chat").await?;
            let mut chat = Copy::open(&mut writer, "chat", false).await?;
            chat.set(&mut writer, &[("a", 3.0.into())]).await
        })
    })
}

fn limits() -> Result<()> {
    let settings = [
        "shared_objects.slots=2",
        "shared_objects.slot_bytes=64",
        "limits.shared_object_writes_per_second=1",
        "limits.shared_object_writes_burst=4",
    ];
    server::with(&settings, |server| {
        client::run(async {
            let mut ann = joined(server, "live").await?;
            let mut anns = Copy::open(&mut ann, "small", false).await?;
            anns.set(&mut ann, &[("a", 1.0.into()), ("b", 2.0.into())])
                .await?;
            let third = anns.set(&mut ann, &[("c", 3.0.into())]).await;
            let third = format!("{:#}", third.err().context("a third slot")?);
            ensure!(third.contains("SharedObject."), "{third}");
            let long = anns
                .set(&mut ann, &[("a", "x".repeat(65).as_str().into())])
                .await;
            ensure!(long.is_err(), "a long value");
            // The four at once are over.
            let fifth = anns.set(&mut ann, &[("a", 5.0.into())]).await;
            ensure!(fifth.is_err(), "a fifth write");
            server.wait_for_log(&["faster than it may", "object=\"small\""], SOON)?;
            let refused = server.metric("greenroom_shared_object_refusals_total", "")?;
            ensure!(refused > 2.5, "{refused}");
            // Others are not concerned.
            let mut bob = joined(server, "live").await?;
            let mut bobs = Copy::open(&mut bob, "small", false).await?;
            ensure!(bobs.slots.get("a") == Some(&1.0.into()), "{:?}", bobs.slots);
            bobs.set(&mut bob, &[("a", 6.0.into())]).await?;
            anns.until(&mut ann, "a", &6.0.into()).await.map(drop)
        })
    })
}

/// Objects and their subscribers, by every limit on their number.
fn limits_on_numbers() -> Result<()> {
    let settings = [
        "shared_objects.objects=3",
        "shared_objects.stored_objects=2",
        "shared_objects.subscribers=1",
        "shared_objects.object_bytes=65536",
        "shared_objects.slot_bytes=65536",
    ];
    server::with(&settings, |server| {
        client::run(async {
            let mut ann = joined(server, "live").await?;
            let mut bob = joined(server, "live").await?;
            for name in ["a", "b"] {
                let mut kept = Copy::open(&mut ann, name, true).await?;
                kept.set(&mut ann, &[("x", 1.0.into())]).await?;
            }
            let refused = |opened: Result<Copy>, limit: &'static str| {
                let why = format!("{:#}", opened.err().context(limit)?);
                ensure!(why.contains("SharedObject.ObjectCreationFailed"), "{why}");
                let line = format!("the limit {limit} of");
                server.wait_for_log(&["was refused", &line], SOON).map(drop)
            };
            refused(Copy::open(&mut ann, "c", true).await, "stored_objects")?;
            refused(Copy::open(&mut bob, "a", true).await, "subscribers")?;
            let mut first = Copy::open(&mut ann, "first", false).await?;
            refused(Copy::open(&mut bob, "second", false).await, "objects")?;
            let half = "x".repeat(40_000);
            first.set(&mut ann, &[("1", half.as_str().into())]).await?;
            let full = first.set(&mut ann, &[("2", half.as_str().into())]).await;
            let full = format!("{:#}", full.err().context("object_bytes")?);
            ensure!(full.contains("SharedObject."), "{full}");
            server.wait_for_log(&["the limit object_bytes of 65536"], SOON)?;
            Ok(())
        })
    })
}

fn not_understood() -> Result<()> {
    server::with(&[], |server| {
        client::run(async {
            let mut ann = joined(server, "live").await?;
            let mut anns = Copy::open(&mut ann, "chat", false).await?;
            let unknown = Event::Unknown {
                event: 99,
                data: vec![1, 2, 3].into(),
            };
            let known = Event::RequestChange(vec![("a".into(), 1.0.into())]);
            anns.ask(&mut ann, vec![unknown, known]).await?;
            anns.await_success(&mut ann, 1).await?;
            let skipped = server.metric("greenroom_shared_object_unknown_events_total", "")?;
            ensure!((skipped - 1.0).abs() < 0.5, "{skipped}");
            for name in ["a b", "", "../x", "a:b"] {
                let refused = Copy::open(&mut ann, name, true).await;
                let refused = format!("{:#}", refused.err().with_context(|| name.to_owned())?);
                let code = "SharedObject.ObjectCreationFailed";
                ensure!(refused.contains(code), "{name}: {refused}");
            }
            // It goes on.
            anns.set(&mut ann, &[("a", 2.0.into())]).await
        })
    })
}

async fn amf3_client(server: &Server) -> Result<Client> {
    let mut client = Client::open(server.rtmp).await?;
    let encoding = [("objectEncoding", Value::from(3.0))];
    let answer = client
        .ask(client::connect(server.rtmp, "live", &encoding, vec![]))
        .await?;
    ensure!(&*answer.name == "_result", "{answer:?}");
    Ok(client)
}

fn amf3() -> Result<()> {
    let bytes = Value::byte_array(&[0, 1, 2, 255]);
    let typed = Value::typed_object("shop.Item", [("price", Value::Integer(7))]);
    let slots = [("bytes", bytes.in_amf3()), ("typed", typed.in_amf3())];
    server::with(&[], |server| {
        client::run(async {
            let mut ann = amf3_client(server).await?;
            let mut anns = Copy::open_in(&mut ann, "kept", true, Encoding::Amf3).await?;
            anns.set(&mut ann, &slots).await
        })?;
        server.restart("TERM", &[])?;
        client::run(async {
            let mut bob = amf3_client(server).await?;
            let bobs = Copy::open_in(&mut bob, "kept", true, Encoding::Amf3).await?;
            for (key, value) in &slots {
                let found = bobs.slots.get(*key).context("a slot is missing")?;
                ensure!(found.plain() == value.plain(), "{found:?}");
            }
            Ok(())
        })
    })
}

fn script() -> Result<()> {
    server::with(&[], |server| {
        let script = "
            application.onAppStart = function () {
                this.room = SharedObject.get('room');
                this.seen = [];
                this.room.onSync = function (list) {
                    for (var i = 0; i < list.length; i++) {
                        application.seen.push(list[i].code + ' ' + list[i].name);
                    }
                };
                this.room.shout = function (what) { application.seen.push('shout ' + what); };
            };
            application.onConnect = function (client) { return true; };
            Client.prototype.seen = function () { return application.seen.join(', '); };
            Client.prototype.both = function () {
                application.room.lock();
                application.room.setProperty('x', 1);
                application.room.setProperty('y', 2);
                application.room.unlock();
                application.room.send('hear', application.room.version);
                return application.room.size();
            };";
        server.application("talk", script)?;
        client::run(async {
            let mut ann = joined(server, "talk").await?;
            let mut anns = Copy::open(&mut ann, "room", false).await?;
            anns.set(&mut ann, &[("a", 1.0.into())]).await?;
            let remove = Event::RequestChange(vec![("a".into(), Value::Null)]);
            anns.ask(&mut ann, vec![remove]).await?;
            anns.await_success(&mut ann, 1).await?;
            anns.slots.clear();
            let shout = Event::SendMessage {
                handler: "shout".into(),
                args: vec!["hey".into()],
            };
            anns.ask(&mut ann, vec![shout]).await?;
            anns.next(&mut ann).await?;
            let seen = ann.call("seen", vec![]).await?;
            let expected = "change a, delete a, shout hey";
            ensure!(seen == Value::from(expected), "{seen:?}");
            let size = ann.call("both", vec![]).await?;
            ensure!(size == Value::from(2.0), "{size:?}");
            let told = anns.next(&mut ann).await?;
            ensure!(anns.slots.len() == 2, "not as one: {told:?}");
            // Answers and objects share a chunk stream: neither may make the other unreadable.
            for number in 0..30 {
                anns.set(&mut ann, &[("turn", f64::from(number).into())])
                    .await?;
                let size = ann.call("both", vec![]).await?;
                ensure!(size == Value::from(3.0), "{size:?}");
            }
            Ok(())
        })
    })
}

fn damaged_store() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("data/greenroom.redb");
    std::fs::create_dir(folder.path().join("data"))?;
    std::fs::write(&file, "this is no store")?;
    let mut command: Command = server::command(&folder, &[])?;
    let mut program = Program::start(&mut command)?;
    let status = program.wait(SOON)?;
    ensure!(status.code() == Some(2), "{status}");
    let said = program.output();
    let words = ["greenroom.redb", "data.require_store"];
    ensure!(words.iter().all(|word| said.contains(word)), "{said}");
    let mut server = Server::start_in(folder, &["data.require_store=false"])?;
    server.wait_for_log(&["ERROR", "there is no store"], SOON)?;
    client::run(async {
        let mut ann = joined(&server, "live").await?;
        let mut anns = Copy::open(&mut ann, "kept", true).await?;
        anns.set(&mut ann, &[("a", 1.0.into())]).await
    })?;
    server.signal("TERM")?;
    server.wait(SOON)?;
    ensure!(
        std::fs::read(&file)? == b"this is no store",
        "it was written to"
    );
    Ok(())
}
