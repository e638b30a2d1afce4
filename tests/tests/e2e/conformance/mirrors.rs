//! A shared object that belongs to another instance: what clients at both ends and the script in
//! between are told.

use std::net::SocketAddr;

use amf::Value;
use anyhow::{Result, ensure};
use e2e::client::{self, Client};
use e2e::objects::Copy;
use e2e::server;
use libtest_mimic::Trial;
use rtmp::shared_object::Event;

use super::{joined, something, with, with_settings};
use crate::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("conformance::mirrors::two_instances", two_instances),
        trial("conformance::mirrors::two_servers", two_servers),
        trial(
            "conformance::mirrors::a_lost_connection_and_a_new_one",
            lost_and_found,
        ),
        trial("conformance::mirrors::an_owner_that_restarts", restarted),
        trial("conformance::mirrors::an_instance_of_itself", of_itself),
        trial("conformance::mirrors::another_owner", another_owner),
    ]
}

const CONNECTED: &str = "NetConnection.Connect.Success";
const CLOSED: &str = "NetConnection.Connect.Closed";

/// What the script is told next must be these, in this order.
async fn told(client: &mut Client, expected: &[&str]) -> Result<()> {
    for words in expected {
        let told = something(client, "nextTold").await?;
        ensure!(told == Value::from(*words), "{words}: {told:?}");
    }
    Ok(())
}

/// Lets the script get the object.
async fn open(client: &mut Client, uri: &str, persistent: bool) -> Result<()> {
    let args = vec![uri.into(), "board".into(), persistent.into()];
    let locks = client.call("open", args).await?;
    ensure!(locks == Value::from("-1 -1"), "{locks:?}");
    Ok(())
}

fn hear(word: &str) -> Event {
    Event::SendMessage {
        handler: "hear".into(),
        args: vec![word.into()],
    }
}

/// The next call that a client gets, whatever comes before it.
async fn heard(copy: &mut Copy, client: &mut Client, word: &str) -> Result<()> {
    while !copy.next(client).await?.contains(&hear(word)) {}
    Ok(())
}

/// A client at the owner and one at the mirror, and all that the two and the script can do. The
/// script is told `wiped` when it clears the object.
async fn both_ends(owner: SocketAddr, mirror: SocketAddr, uri: &str, wiped: &str) -> Result<()> {
    let mut bob = joined(owner, "callee/room", vec!["accept".into()]).await?;
    let mut bobs = Copy::open(&mut bob, "board", false).await?;
    bobs.set(&mut bob, &[("a", 1.0.into())]).await?;
    let mut ann = joined(mirror, "mirror/one", vec![]).await?;
    open(&mut ann, uri, false).await?;
    let mut anns = Copy::open(&mut ann, "board", false).await?;
    ensure!(anns.slots == bobs.slots, "{:?}", anns.slots);
    told(&mut ann, &[CONNECTED, "clear, change a"]).await?;

    anns.set(&mut ann, &[("a", 2.0.into()), ("b", "ann".into())])
        .await?;
    bobs.until(&mut bob, "b", &"ann".into()).await?;
    told(&mut ann, &["change a was 1, change b"]).await?;
    bobs.set(&mut bob, &[("b", "bob".into())]).await?;
    anns.until(&mut ann, "b", &"bob".into()).await?;
    told(&mut ann, &["change b was ann"]).await?;

    let before = ann.call("put", vec!["c".into(), 3.0.into()]).await?;
    ensure!(before == Value::Undefined, "{before:?}");
    told(&mut ann, &["success c"]).await?;
    bobs.until(&mut bob, "c", &3.0.into()).await?;
    anns.until(&mut ann, "c", &3.0.into()).await?;
    ensure!(ann.call("value", vec!["c".into()]).await? == Value::from(3.0));

    bobs.ask(&mut bob, vec![hear("bob")]).await?;
    heard(&mut anns, &mut ann, "bob").await?;
    anns.ask(&mut ann, vec![hear("ann")]).await?;
    heard(&mut anns, &mut ann, "ann").await?;
    ann.call("say", vec!["script".into()]).await?;
    heard(&mut anns, &mut ann, "script").await?;
    for word in ["bob", "ann", "script"] {
        heard(&mut bobs, &mut bob, word).await?;
    }
    told(&mut ann, &["hear bob", "hear ann"]).await?;

    ensure!(ann.call("wipe", vec![]).await? == Value::from(true));
    told(&mut ann, &[wiped]).await?;
    while !bobs.slots.is_empty() {
        bobs.next(&mut bob).await?;
    }
    while !anns.slots.is_empty() {
        anns.next(&mut ann).await?;
    }
    Ok(())
}

fn two_instances() -> Result<()> {
    with(&["mirror", "callee"], |server| {
        let rtmp = server.rtmp;
        let uri = "rtmp://localhost/callee/room";
        client::run(both_ends(rtmp, rtmp, uri, "clear"))
    })
}

fn two_servers() -> Result<()> {
    with(&["callee"], |owner| {
        let owner = owner.rtmp;
        let allowed = format!("scripts.allowed_hosts={owner}");
        for (as_client, wiped) in [
            ("false", "clear"),
            ("true", "success a, success b, success c"),
        ] {
            let dialect = format!("shared_objects.proxy_as_client={as_client}");
            server::with(&[&allowed, &dialect], |mirror| {
                mirror.install("mirror")?;
                let uri = format!("rtmp://{owner}/callee/room");
                client::run(both_ends(owner, mirror.rtmp, &uri, wiped))
            })?;
        }
        Ok(())
    })
}

fn lost_and_found() -> Result<()> {
    const OWNER: &str = "rtmp://localhost/callee/room";
    with(&["mirror", "callee"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut bob = joined(rtmp, "callee/room", vec!["accept".into()]).await?;
            let mut bobs = Copy::open(&mut bob, "board", true).await?;
            bobs.set(&mut bob, &[("a", 1.0.into())]).await?;
            let mut ann = joined(rtmp, "mirror/one", vec![]).await?;
            open(&mut ann, OWNER, true).await?;
            let mut anns = Copy::open(&mut ann, "board", true).await?;
            told(&mut ann, &[CONNECTED, "clear, change a"]).await?;
            ann.call("cutOff", vec![]).await?;
            told(&mut ann, &[CLOSED]).await?;
            // Nothing goes to the owner now; whoever asks is answered.
            let refused = anns.set(&mut ann, &[("a", 5.0.into())]).await;
            let refused = refused.err().map(|error| error.to_string());
            let code = "SharedObject.NoWriteAccess";
            ensure!(refused.as_deref() == Some(code), "{refused:?}");
            ensure!(anns.slots["a"] == 1.0.into(), "{:?}", anns.slots);
            bobs.set(&mut bob, &[("b", 2.0.into())]).await?;
            open(&mut ann, OWNER, true).await?;
            // Only what it lacks comes.
            told(&mut ann, &[CONNECTED, "change b"]).await?;
            anns.until(&mut ann, "b", &2.0.into()).await?;
            anns.set(&mut ann, &[("a", 5.0.into())]).await?;
            bobs.until(&mut bob, "a", &5.0.into()).await?;
            Ok(())
        })
    })
}

fn restarted() -> Result<()> {
    // Nobody leaves of its own accord.
    const DRAIN: &str = "server.drain_timeout_ms=100";
    with_settings(&[DRAIN], &["callee"], |owner| {
        let port = owner.rtmp;
        let listen = format!("rtmp.listen={port}");
        let allowed = format!("scripts.allowed_hosts={port}");
        server::with(&[&allowed], |mirror| {
            mirror.install("mirror")?;
            let uri = format!("rtmp://{port}/callee/room");
            client::run(async {
                let mut ann = joined(mirror.rtmp, "mirror/one", vec![]).await?;
                open(&mut ann, &uri, true).await?;
                let mut anns = Copy::open(&mut ann, "board", true).await?;
                anns.set(&mut ann, &[("a", 1.0.into())]).await?;
                owner.restart("TERM", &[&listen])?;
                while something(&mut ann, "nextTold").await? != Value::from(CLOSED) {}
                open(&mut ann, &uri, true).await?;
                // The owner still has the version that the copy has.
                told(&mut ann, &[CONNECTED, ""]).await?;
                anns.set(&mut ann, &[("b", 2.0.into())]).await?;
                let mut bob = joined(port, "callee/room", vec!["accept".into()]).await?;
                let bobs = Copy::open(&mut bob, "board", true).await?;
                ensure!(bobs.slots == anns.slots, "{:?}", bobs.slots);
                ensure!(bobs.slots.len() == 2, "{:?}", bobs.slots);
                Ok(())
            })
        })
    })
}

fn of_itself() -> Result<()> {
    with(&["mirror"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut ann = joined(rtmp, "mirror/one", vec![]).await?;
            open(&mut ann, "rtmp://localhost/mirror/one", false).await?;
            let failed = "error SharedObject.ObjectCreationFailed";
            told(&mut ann, &[CONNECTED, failed]).await?;
            // It can still be used, and is empty.
            let anns = Copy::open(&mut ann, "board", false).await?;
            ensure!(anns.slots.is_empty(), "{:?}", anns.slots);
            Ok(())
        })
    })
}

fn another_owner() -> Result<()> {
    with(&["mirror", "callee"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut ann = joined(rtmp, "mirror/one", vec![]).await?;
            let mut anns = Copy::open(&mut ann, "board", false).await?;
            anns.set(&mut ann, &[("local", 1.0.into())]).await?;
            for room in ["one", "two"] {
                let mut bob =
                    joined(rtmp, &format!("callee/{room}"), vec!["accept".into()]).await?;
                let mut bobs = Copy::open(&mut bob, "board", false).await?;
                bobs.set(&mut bob, &[("room", room.into())]).await?;
                open(&mut ann, &format!("rtmp://localhost/callee/{room}"), false).await?;
                anns.until(&mut ann, "room", &room.into()).await?;
                ensure!(anns.slots.len() == 1, "{:?}", anns.slots);
                anns.set(&mut ann, &[("ann", room.into())]).await?;
                bobs.until(&mut bob, "ann", &room.into()).await?;
            }
            Ok(())
        })
    })
}
