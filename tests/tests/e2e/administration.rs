//! What an administrator does from the command line: instances and shared objects of a running
//! server, and the store without one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use amf::Value;
use anyhow::{Context, Result, ensure};
use e2e::client::{self, Client};
use e2e::objects::Copy;
use e2e::process::Program;
use e2e::server::{self, Server, binary};
use e2e::wait::{self, SOON};
use libtest_mimic::Trial;
use serde_json::{Value as Json, json};

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "administration::instances_are_loaded_unloaded_and_loaded_anew",
            instances,
        ),
        trial(
            "administration::what_loads_with_the_server_can_be_unloaded",
            startup,
        ),
        trial(
            "administration::an_instance_without_a_script_is_unloaded_too",
            plain_instance,
        ),
        trial(
            "administration::objects_of_an_instance_are_shown_and_changed",
            live_objects,
        ),
        trial(
            "administration::what_does_not_fit_changes_nothing",
            not_fitting,
        ),
        trial("administration::an_object_is_watched", watched),
        trial(
            "administration::objects_are_shown_and_changed_without_a_server",
            stored_objects,
        ),
        trial("administration::objects_go_to_files_and_come_back", files),
        trial(
            "administration::the_store_is_copied_while_it_is_used",
            backup,
        ),
        trial("administration::the_socket_is_the_owners_alone", socket),
    ]
}

/// What a command of the program said, and whether it was done.
struct Said {
    done: bool,
    out: String,
    error: String,
}

/// Runs `greenroom group … what`, told where the server's data is.
fn run(server: &Server, group: &str, what: &[&str]) -> Result<Said> {
    let mut command = command(server, group);
    let output = command.args(what).output()?;
    Ok(Said {
        done: output.status.success(),
        out: String::from_utf8(output.stdout)?,
        error: String::from_utf8(output.stderr)?,
    })
}

pub(crate) fn command(server: &Server, group: &str) -> Command {
    let mut command = Command::new(binary());
    let applications = server.file("applications");
    let data = server.file("data");
    command.arg(group).arg("--data").arg(data);
    command.arg("--applications").arg(applications);
    command
}

/// Runs a command that has to be done, and answers what it printed.
pub(crate) fn done(server: &Server, group: &str, what: &[&str]) -> Result<String> {
    let said = run(server, group, what)?;
    ensure!(said.done, "{what:?}: {}", said.error);
    Ok(said.out)
}

/// Runs a command that must not be done, and answers why.
pub(crate) fn refused(server: &Server, group: &str, what: &[&str]) -> Result<String> {
    let said = run(server, group, what)?;
    ensure!(!said.done, "{what:?} was done: {}", said.out);
    Ok(said.error)
}

/// An object's slots, as the command line shows them.
fn slots(server: &Server, target: &str, object: &str) -> Result<Json> {
    let said = done(server, "so", &["get", target, object])?;
    Ok(serde_json::from_str::<Json>(&said)?["slots"].take())
}

async fn joined(server: &Server, app: &str) -> Result<Client> {
    let mut client = Client::open(server.rtmp).await?;
    client.connect_to(server.rtmp, app).await?;
    Ok(client)
}

const TELLING: &str = "
application.onAppStart = function() { trace('begun as ' + this.name); };
application.onAppStop = function(info) { trace('asked to end'); return false; };
";

fn instances() -> Result<()> {
    server::with(&[], |server| {
        server.application("chat", TELLING)?;
        let said = done(server, "app", &["load", "chat/lobby"])?;
        ensure!(said == "chat/lobby has been started.\n", "{said}");
        server.wait_for_log(&["begun as chat/lobby"], SOON)?;
        let said = done(server, "app", &["load", "chat/lobby"])?;
        ensure!(said == "chat/lobby runs already.\n", "{said}");
        client::run(async {
            let mut ann = joined(server, "chat/lobby").await?;
            let said = done(server, "app", &["list"])?;
            let expected = "chat/lobby: 1 clients, with a script\nlive: no instance runs\n";
            ensure!(said == expected, "{said}");
            let said = done(server, "app", &["unload", "chat/lobby"])?;
            ensure!(said == "chat/lobby has ended.\n", "{said}");
            ann.status(0, "NetConnection.Connect.AppShutdown").await?;
            ann.closed(SOON).await
        })?;
        let said = done(server, "app", &["list", "chat"])?;
        ensure!(said == "chat: no instance runs\n", "{said}");
        ensure!(
            !server.log().contains("asked to end"),
            "the script was asked"
        );
        let why = refused(server, "app", &["unload", "chat/lobby"])?;
        ensure!(why.contains("chat/lobby does not run"), "{why}");
        let why = refused(server, "app", &["load", "nothing"])?;
        ensure!(
            why.contains("Application (nothing) is not defined"),
            "{why}"
        );

        done(server, "app", &["load", "chat"])?;
        server.wait_for_log(&["begun as chat/_definst_"], SOON)?;
        server.application("chat", "trace('another script');")?;
        let said = done(server, "app", &["reload", "chat"])?;
        ensure!(
            said == "chat/_definst_ has ended and is there again.\n",
            "{said}"
        );
        server.wait_for_log(&["another script"], SOON)?;
        Ok(())
    })
}

/// What an administrator unloads stays so, though it is loaded with the server.
fn startup() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let app = folder.path().join("applications/early");
    fs::create_dir_all(&app)?;
    fs::write(app.join("main.asc"), "trace('begun');")?;
    fs::write(
        app.join("application.toml"),
        "[application]\nload_on_startup = true\n",
    )?;
    let server = Server::start_in(folder, &[])?;
    server.wait_for_log(&["trace: begun"], SOON)?;
    let said = done(&server, "app", &["unload", "early"])?;
    ensure!(said == "early/_definst_ has ended.\n", "{said}");
    let said = done(&server, "app", &["list", "early"])?;
    ensure!(said == "early: no instance runs\n", "{said}");
    Ok(())
}

fn plain_instance() -> Result<()> {
    server::with(&[], |server| {
        done(server, "app", &["load", "live/room"])?;
        let said = done(server, "app", &["list", "live"])?;
        ensure!(said == "live/room: 0 clients\n", "{said}");
        client::run(async {
            let mut ann = joined(server, "live/room").await?;
            let ended = run(server, "app", &["unload", "live/room"])?;
            ensure!(ended.done, "{}", ended.error);
            ann.status(0, "NetConnection.Connect.AppShutdown").await?;
            ann.closed(SOON).await
        })?;
        let said = done(server, "app", &["list", "live"])?;
        ensure!(said == "live: no instance runs\n", "{said}");
        Ok(())
    })
}

const SYNCED: &str = "
application.onAppStart = function() {
    this.users = SharedObject.get('users', true);
    this.users.onSync = function(list) {
        for (var i = 0; i < list.length; i++)
            trace('told ' + list[i].code + ' ' + list[i].name);
    };
};
application.onConnect = function(client) { this.acceptConnection(client); };
";

fn live_objects() -> Result<()> {
    server::with(&[], |server| {
        server.application("chat", SYNCED)?;
        client::run(async {
            let mut ann = joined(server, "chat/lobby").await?;
            let mut users = Copy::open(&mut ann, "users", true).await?;
            users.set(&mut ann, &[("ann", 7.0.into())]).await?;
            let shown = slots(server, "chat/lobby", "users")?;
            ensure!(shown == json!({ "ann": 7 }), "{shown}");
            let said = done(server, "so", &["get", "chat/lobby", "users", "ann"])?;
            ensure!(said == "7\n", "{said}");

            let value = r#"{"age":8,"at":{"$":"date","millis":5,"zone":0}}"#;
            let said = done(server, "so", &["set", "chat/lobby", "users", "bob", value])?;
            let date = Value::Date(amf::Date::from_millis(5.0));
            let bob = Value::object([("age", 8.0.into()), ("at", date)]);
            users.until(&mut ann, "bob", &bob).await?;
            ensure!(said == format!("The object has version {}.\n", users.version));
            done(server, "so", &["set", "chat/lobby", "users", "ann", "null"])?;
            while users.slots.contains_key("ann") {
                users.next(&mut ann).await?;
            }
            server.wait_for_log(&["told change bob"], SOON)?;
            server.wait_for_log(&["told delete ann"], SOON)?;

            let why = refused(server, "so", &["set", "chat/lobby", "users", "x", "{"])?;
            ensure!(why.contains("the value is no JSON"), "{why}");
            let why = refused(server, "so", &["get", "chat/lobby", "nothing"])?;
            ensure!(
                why.contains("no shared object nothing in chat/lobby"),
                "{why}"
            );
            let why = refused(server, "so", &["set", "chat/lobby", "a b", "x", "1"])?;
            ensure!(why.contains("not allowed"), "{why}");
            let why = refused(server, "so", &["delete", "chat"])?;
            ensure!(why.contains("chat/lobby runs: unload it first"), "{why}");

            let mut mood = Copy::open(&mut ann, "mood", false).await?;
            mood.set(&mut ann, &[("now", "good".into())]).await?;
            let said = done(
                server,
                "so",
                &["get", "chat/lobby", "mood", "now", "--temporary"],
            )?;
            ensure!(said == "\"good\"\n", "{said}");
            refused(server, "so", &["get", "chat/lobby", "mood"]).map(drop)
        })?;
        // Of an instance that does not run, the server reads and writes its store.
        done(server, "app", &["unload", "chat/lobby"])?;
        done(server, "so", &["set", "chat/lobby", "users", "cid", "true"])?;
        client::run(async {
            let mut ann = joined(server, "chat/lobby").await?;
            let users = Copy::open(&mut ann, "users", true).await?;
            ensure!(
                users.slots.get("cid") == Some(&true.into()),
                "{:?}",
                users.slots
            );
            ensure!(users.slots.contains_key("bob"), "{:?}", users.slots);
            Ok(())
        })?;
        done(server, "app", &["unload", "chat/lobby"])?;
        done(server, "so", &["delete", "chat", "users"]).map(drop)?;
        done(server, "so", &["delete", "chat"])?;
        let said = done(server, "so", &["list"])?;
        ensure!(said.is_empty(), "{said}");
        Ok(())
    })
}

fn not_fitting() -> Result<()> {
    server::with(&[], |server| {
        client::run(async {
            let mut ann = joined(server, "live/room").await?;
            let mut users = Copy::open(&mut ann, "users", true).await?;
            users.set(&mut ann, &[("ann", 7.0.into())]).await?;
            // It is stored with a higher version while it is in use; its own is shown.
            let listed = format!("live/room users version {}\n", users.version);
            // The first write does not wait for the disk.
            wait::until("the object to be stored", SOON, || {
                let said = done(server, "so", &["list"])?;
                ensure!(said.is_empty() || said == listed, "{said}");
                Ok((said == listed).then_some(()))
            })?;
            let long = "x".repeat(256);
            let path = server.file("long.json");
            fs::write(&path, json!({ "bob": 1, long: 2 }).to_string())?;
            let path = path.to_str().context("a path that is no text")?;
            let import = ["import", "live/room", "users", path, "--replace"];
            let why = refused(server, "so", &import)?;
            ensure!(why.contains("slot_name_bytes of 255 is reached"), "{why}");
            let shown = slots(server, "live/room", "users")?;
            ensure!(shown == json!({ "ann": 7 }), "{shown}");
            let said = done(server, "so", &["list"])?;
            ensure!(said == listed, "{said}");
            let unused = ["set", "live/room", "unused", "x", "1", "--temporary"];
            let why = refused(server, "so", &unused)?;
            ensure!(why.contains("nobody uses the temporary object"), "{why}");
            Ok(())
        })
    })
}

fn watched() -> Result<()> {
    server::with(&[], |server| {
        let set = |value: &str| done(server, "so", &["set", "live/room", "o", "a", value]);
        let mut watch = command(server, "so");
        watch.args(["watch", "live/room", "o"]);
        let mut watch = Program::start(&mut watch)?;
        watch.wait_for_output("null", SOON)?;
        set("1")?;
        watch.wait_for_output(r#"{"version":1,"slots":{"a":1}}"#, SOON)?;
        done(server, "app", &["load", "live/room"])?;
        set(r#"{"x":[2]}"#)?;
        watch.wait_for_output(r#"{"version":2,"slots":{"a":{"x":[2]}}}"#, SOON)?;
        server.signal("TERM")?;
        server.wait(SOON)?;
        watch.succeed(SOON)
    })
}

/// A server with one stored object, which has ended by this signal.
fn ended(signal: &str, test: impl FnOnce(&mut Server) -> Result<()>) -> Result<()> {
    server::with(&[], |server| {
        done(server, "so", &["set", "live/room", "users", "ann", "7"])?;
        done(server, "so", &["set", "live/room", "users", "bob", "8"])?;
        server.signal(signal)?;
        server.wait(SOON)?;
        test(server)
    })
}

fn stored_objects() -> Result<()> {
    // A server that was killed leaves its socket behind.
    ended("KILL", |server| {
        ensure!(server.file("data/greenroom.sock").exists());
        let store = server.file("data/greenroom.redb");
        let before = fs::read(&store)?;
        let said = done(server, "so", &["list"])?;
        ensure!(said == "live/room users version 2\n", "{said}");
        ensure!(fs::read(&store)? == before, "looking has changed the store");
        done(server, "so", &["set", "live/room", "users", "ann", "null"])?;
        let shown = slots(server, "live/room", "users")?;
        ensure!(shown == json!({ "bob": 8 }), "{shown}");
        let said = done(server, "so", &["list", "live/room"])?;
        ensure!(said == "live/room users version 3\n", "{said}");
        let name = "x".repeat(256);
        let why = refused(server, "so", &["set", "live/room", "users", &name, "1"])?;
        ensure!(why.contains("slot_name_bytes of 255 is reached"), "{why}");
        let why = refused(server, "so", &["watch", "live/room", "users"])?;
        ensure!(why.contains("no server runs"), "{why}");
        let why = refused(server, "app", &["list"])?;
        ensure!(why.contains("no server listens on"), "{why}");
        done(server, "so", &["delete", "live/room", "users"])?;
        let why = refused(server, "so", &["get", "live/room", "users"])?;
        ensure!(why.contains("no shared object users in live/room"), "{why}");
        let said = done(server, "so", &["list"])?;
        ensure!(said.is_empty(), "{said}");
        // No version is given again. It had 3; the next is not known to be free.
        let said = done(server, "so", &["set", "live/room", "users", "ann", "7"])?;
        ensure!(said == "The object has version 5.\n", "{said}");
        Ok(())
    })
}

fn files() -> Result<()> {
    ended("TERM", |server| {
        let rare = r#"{"$":"vector-int","fixed":true,"items":[1,-2]}"#;
        for (slot, value) in [("list", "[1,{\"x\":null}]"), ("rare", rare)] {
            done(server, "so", &["set", "live/room", "users", slot, value])?;
        }
        let shown = slots(server, "live/room", "users")?;
        for file in ["users.sol", "users.json"] {
            let path = server.file(file);
            let path = path.to_str().context("a path that is no text")?;
            done(server, "so", &["export", "live/room", "users", path])?;
            let why = refused(server, "so", &["export", "live/room", "users", path])?;
            ensure!(why.contains("cannot write"), "{why}");
            done(server, "so", &["set", "live/other", file, "old", "1"])?;
            done(server, "so", &["import", "live/other", file, path])?;
            let other = slots(server, "live/other", file)?;
            ensure!(other["old"] == 1 && other["ann"] == 7, "{other}");
            done(
                server,
                "so",
                &["import", "live/other", file, path, "--replace"],
            )?;
            let other = slots(server, "live/other", file)?;
            ensure!(other == shown, "{other} and {shown}");
        }
        let path = server.file("users.txt");
        let path = path.to_str().context("a path that is no text")?;
        let why = refused(server, "so", &["export", "live/room", "users", path])?;
        ensure!(why.contains("neither .sol nor .json"), "{why}");
        // One of the files that Flash Player made.
        let vectors = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/sol.json");
        let vectors: Json = serde_json::from_str(&fs::read_to_string(vectors)?)?;
        let mut list = vectors["vectors"].as_array().into_iter().flatten();
        let found = list.find(|vector| vector["id"] == "flashlso-AS2-half-life-2-flash");
        let bytes = found.and_then(|vector| vector["hex"].as_str());
        let bytes = testkit::hex::decode(bytes.context("no such vector")?);
        let path = server.file("HLF.sol");
        fs::write(&path, bytes.map_err(anyhow::Error::msg)?)?;
        let path = path.to_str().context("a path that is no text")?;
        done(server, "so", &["import", "live/room", "HLF", path])?;
        let shown = slots(server, "live/room", "HLF")?;
        ensure!(shown["LAST_CURR"]["TYPE"] == "crowbar", "{shown}");
        Ok(())
    })
}

fn backup() -> Result<()> {
    server::with(&[], |server| {
        for number in 0..20 {
            let object = format!("o{number}");
            done(server, "so", &["set", "live/room", &object, "a", "1"])?;
        }
        fs::create_dir(server.file("copy"))?;
        let copy = server.file("copy/greenroom.redb");
        let copy = copy.to_str().context("a path that is no text")?;
        let said = done(server, "backup", &[copy])?;
        ensure!(said == "20 shared objects were copied.\n", "{said}");
        let why = refused(server, "backup", &[copy])?;
        ensure!(why.contains("is there already"), "{why}");
        let mut command = Command::new(binary());
        command.args(["so", "--data"]).arg(server.file("copy"));
        let applications = server.file("applications");
        command.arg("--applications").arg(applications);
        let listed = command.arg("list").output()?;
        let listed = String::from_utf8(listed.stdout)?;
        ensure!(listed.lines().count() == 20, "{listed}");
        Ok(())
    })
}

fn socket() -> Result<()> {
    server::with(&[], |server| {
        let socket = server.file("data/greenroom.sock");
        let mode = fs::metadata(&socket)?.permissions().mode();
        ensure!(mode & 0o777 == 0o600, "{mode:o}");
        done(server, "so", &["set", "live/room", "o", "a", "1"])?;
        server.restart("TERM", &["control.socket="])?;
        ensure!(!socket.exists());
        let why = refused(server, "so", &["list"])?;
        ensure!(
            why.contains("the store is in use by another process"),
            "{why}"
        );
        Ok(())
    })
}
