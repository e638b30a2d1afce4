//! Persistent objects when the server is killed, its disk is full, or its folder may not be
//! written: nothing acknowledged is lost, and nothing is acknowledged that is not stored.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Command;
use std::time::Duration;

use amf::Value;
use anyhow::{Context, Result, ensure};
use e2e::client::{self, Client};
use e2e::objects::Copy;
use e2e::server::{self, Server};
use e2e::wait::SOON;
use libtest_mimic::Trial;
use rtmp::{Body, Command as Call, Message};
use testkit::Random;

use super::{FLUSHES, joined};
use crate::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "shared_objects::nothing_acknowledged_is_lost_in_crashes",
            crashes,
        ),
        trial(
            "shared_objects::a_full_disk_is_told_and_survived",
            full_disk,
        ),
        trial(
            "shared_objects::a_folder_to_read_only_is_told_and_survived",
            read_only,
        ),
    ]
}

/// The variable that says how often to kill the server, and how often without it.
const POINTS: (&str, u32) = ("GREENROOM_CRASH_POINTS", 50);
/// The variable that says where the points are.
const SEED: &str = "GREENROOM_CRASH_SEED";
/// At most this many acknowledgements before a kill.
const ACKNOWLEDGED_MAX: u64 = 300;
/// Calls that are under way at a time.
const UNDERWAY: u32 = 32;
/// Objects of the application, written in turn.
const OBJECTS: u32 = 8;

/// No limit on calls.
const UNLIMITED: [&str; 1] = ["limits.calls_per_second=0"];

/// Stores a number twice in one of its objects, and answers the version once both are stored.
const COUNTS: &str = "
    application.onAppStart = function () {
        this.kept = [];
        for (var i = 0; i < 8; i++) {
            this.kept[i] = SharedObject.get('kept/' + i, true);
            this.kept[i].autoCommit = false;
        }
    };
    application.onConnect = function (client) { return true; };
    Client.prototype.keep = function (number) {
        var kept = application.kept[number % 8];
        kept.lock();
        kept.setProperty('number', number);
        kept.setProperty('twice', 2 * number);
        kept.unlock();
        return kept.flush() ? kept.version : null;
    };";

/// What is known of one object.
#[derive(Clone, Copy, Debug, Default)]
struct Acknowledged {
    number: u32,
    version: u32,
}

/// What has been acknowledged, by the object's number.
type All = BTreeMap<u32, Acknowledged>;

fn crashes() -> Result<()> {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u32>());
    let points = number(POINTS.0).transpose()?.unwrap_or(POINTS.1);
    let seed = number(SEED).transpose()?.unwrap_or(1);
    let mut random = Random::new(u64::from(seed));
    server::with(&UNLIMITED, |server| {
        server.application("counts", COUNTS)?;
        let mut acknowledged = All::new();
        let mut next = 1;
        for point in 0..points {
            let all = &mut acknowledged;
            let killed = async {
                next = kill_once(server, next, all, &mut random).await?;
                anyhow::Ok(())
            };
            client::run(killed).with_context(|| format!("point {point}"))?;
            server.wait(SOON)?;
            server.start_again(&UNLIMITED)?;
            client::run(look(server, all, next)).with_context(|| format!("after point {point}"))?;
        }
        Ok(())
    })
}

/// Has numbers stored until so many are acknowledged that the server is killed. Answers the
/// first number that was not sent.
async fn kill_once(server: &Server, first: u32, all: &mut All, random: &mut Random) -> Result<u32> {
    let mut client = joined(server, "counts").await?;
    let mut next = first;
    for _ in 0..UNDERWAY {
        keep(&mut client, &mut next).await?;
    }
    for _ in 0..=random.below(ACKNOWLEDGED_MAX) {
        take(&mut client, all).await?;
        keep(&mut client, &mut next).await?;
    }
    server.signal("KILL")?;
    // What it said before it died counts too.
    while take(&mut client, all).await.is_ok() {}
    Ok(next)
}

/// Sends a number to be stored, under itself as the transaction.
async fn keep(client: &mut Client, next: &mut u32) -> Result<()> {
    let number = f64::from(*next);
    *next += 1;
    let call = Call::new("keep", number, vec![number.into()]);
    client.send(Message::connection(Body::Command(call))).await
}

/// Waits for one acknowledgement.
async fn take(client: &mut Client, all: &mut All) -> Result<()> {
    let answer = client.wait_for("an answer", |message| match &message.body {
        Body::Command(answer) if matches!(&*answer.name, "_result" | "_error") => {
            Some(answer.clone())
        }
        _ => None,
    });
    let answer = answer.await?;
    let version = answer.arg(0).as_f64();
    let version = version.with_context(|| format!("not stored: {answer:?}"))? as u32;
    let number = answer.transaction as u32;
    let known = all.entry(number % OBJECTS).or_default();
    ensure!(version > known.version, "{version} after {}", known.version);
    *known = Acknowledged { number, version };
    Ok(())
}

/// Everything acknowledged is there, or what was stored after it; and that wholly.
async fn look(server: &Server, all: &All, end: u32) -> Result<()> {
    let mut client = joined(server, "counts").await?;
    for (object, known) in all {
        let name = format!("kept/{object}");
        let copy = Copy::open(&mut client, &name, true).await?;
        let slot = |key| copy.slots.get(key).and_then(Value::as_f64);
        let number = slot("number").with_context(|| format!("{name} is empty"))?;
        let found = format!("{name} has {number}, version {}; {known:?}", copy.version);
        ensure!(number >= f64::from(known.number), "lost: {found}");
        ensure!(number < f64::from(end), "never sent: {found}");
        ensure!(slot("twice") == Some(2.0 * number), "half: {found}");
        ensure!(copy.version >= known.version, "went back: {found}");
    }
    Ok(())
}

/// Becomes the server, which a file that may not grow does not end by a signal then.
const IGNORING_THE_SIGNAL: [&str; 4] = ["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"];

/// How large files of a process may become.
fn limit_files(server: &Server, limit: &str) -> Result<()> {
    let mut command = Command::new("prlimit");
    command.args([
        &format!("--fsize={limit}:"),
        "--pid",
        &server.pid().to_string(),
    ]);
    let status = command.status().context("cannot start prlimit")?;
    ensure!(status.success(), "prlimit: {status}");
    Ok(())
}

fn full_disk() -> Result<()> {
    server::with(&[], |server| {
        server.application("book", FLUSHES)?;
        server.signal("TERM")?;
        server.wait(SOON)?;
        server.start_through(&IGNORING_THE_SIGNAL, &[])?;
        client::run(async {
            let mut ann = joined(server, "book").await?;
            let mut bob = joined(server, "book").await?;
            let mut bobs = Copy::open(&mut bob, "kept", true).await?;
            let yes = ann.call("keep", vec!["safe".into()]).await?;
            ensure!(yes == true.into(), "{yes:?}");
            let file = server.file("data/greenroom.redb");
            limit_files(server, &fs::metadata(&file)?.len().to_string())?;
            // The file has some room inside.
            let mut last = Value::Null;
            for round in 0..1_000 {
                last = Value::from(format!("{round} {}", "x".repeat(30_000)).as_str());
                let kept = ann.call("keep", vec![last.clone()]).await?;
                if kept == false.into() {
                    break;
                }
            }
            server.wait_for_log(&["ERROR", "was not saved", "object=\"kept\""], SOON)?;
            // It lives on in memory.
            bobs.until(&mut bob, "a", &last).await?;
            let seen = ann.call("see", vec![]).await?;
            ensure!(seen == last, "not in memory");
            let no = ann.call("keep", vec!["later".into()]).await?;
            ensure!(no == false.into(), "{no:?}");
            limit_files(server, "unlimited")?;
            stored_again(&mut ann).await
        })?;
        server.restart("KILL", &[])?;
        client::run(async {
            let mut eve = joined(server, "book").await?;
            let seen = eve.call("see", vec![]).await?;
            ensure!(seen == "later".into(), "{seen:?}");
            Ok(())
        })
    })
}

/// The store tries a full disk again now and then; until it has, `flush` goes on to say false.
async fn stored_again(client: &mut Client) -> Result<()> {
    let again = async {
        while client.call("keep", vec!["later".into()]).await? != true.into() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(SOON, again)
        .await
        .context("it is not stored again")?
}

/// Becomes the server, without the right of root to write what may only be read.
const WITHOUT_RIGHTS: [&str; 3] = [
    "setpriv",
    "--inh-caps=-all",
    "--bounding-set=-dac_override,-dac_read_search",
];

fn read_only() -> Result<()> {
    server::with(&[], |server| {
        server.application("book", FLUSHES)?;
        client::run(async {
            let mut ann = joined(server, "book").await?;
            let yes = ann.call("keep", vec!["safe".into()]).await?;
            ensure!(yes == true.into(), "{yes:?}");
            Ok(())
        })?;
        let folder = server.file("data");
        let is_root = fs::metadata("/proc/self")?.uid() == 0;
        let starter = if is_root { &WITHOUT_RIGHTS[..] } else { &[] };
        server.signal("TERM")?;
        server.wait(SOON)?;
        fs::set_permissions(folder.join("greenroom.redb"), Permissions::from_mode(0o444))?;
        fs::set_permissions(&folder, Permissions::from_mode(0o555))?;
        let result = read_only_server(server, starter);
        fs::set_permissions(&folder, Permissions::from_mode(0o755))?;
        result
    })
}

fn read_only_server(server: &mut Server, starter: &[&str]) -> Result<()> {
    server.start_through(starter, &[])?;
    server.wait_for_log(&["WARN", "the store can be read only"], SOON)?;
    client::run(async {
        let mut ann = joined(server, "book").await?;
        let mut bob = joined(server, "book").await?;
        let mut bobs = Copy::open(&mut bob, "kept", true).await?;
        ensure!(bobs.slots["a"] == "safe".into(), "{:?}", bobs.slots);
        let no = ann.call("keep", vec!["new".into()]).await?;
        ensure!(no == false.into(), "{no:?}");
        bobs.until(&mut bob, "a", &"new".into()).await?;
        let seen = ann.call("see", vec![]).await?;
        ensure!(seen == "new".into(), "{seen:?}");
        Ok(())
    })?;
    server.wait_for_log(&["ERROR", "was not saved", "object=\"kept\""], SOON)?;
    Ok(())
}
