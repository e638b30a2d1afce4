//! Applications with a script, by our own client: who comes in, calls both ways, instances that
//! call each other, and what becomes of scripts that misbehave.

use std::time::{Duration, Instant};

use amf::Value;
use anyhow::{Context, Result, ensure};
use e2e::client::{self, Client, text};
use e2e::http;
use e2e::server::{self, Server};
use e2e::wait::SOON;
use libtest_mimic::Trial;
use rtmp::{Body, Command, Encoding, Message};

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("scripts::a_script_lets_in_and_rejects", door),
        trial("scripts::a_pending_client_waits_for_the_decision", pending),
        trial("scripts::calls_have_results_and_errors", calls),
        trial("scripts::the_script_calls_its_clients", server_calls),
        trial(
            "scripts::calls_that_come_together_are_answered_in_order",
            calls_together,
        ),
        trial("scripts::scripts_load_from_the_library", library),
        trial(
            "scripts::the_servers_own_calls_can_be_defined",
            native_calls,
        ),
        trial("scripts::an_instance_calls_another_and_is_called", links),
        trial("scripts::an_instance_may_call_itself", self_link),
        trial(
            "scripts::an_instance_calls_one_of_another_server",
            remote_link,
        ),
        trial(
            "scripts::scripts_connect_to_allowed_hosts_only",
            refused_link,
        ),
        trial(
            "scripts::what_cannot_be_sent_is_an_error_of_the_call",
            unsendable,
        ),
        trial("scripts::a_changed_script_is_loaded_on_sighup", reload),
        trial("scripts::a_script_that_does_not_compile_rejects", broken),
        trial("scripts::an_idle_instance_is_unloaded", idle),
        trial("scripts::scripts_are_asked_to_stop_with_the_server", stop),
        trial("scripts::a_script_that_stays_away_is_written_off", stuck),
        trial("scripts::a_limit_on_bandwidth_limits", bandwidth),
        trial("scripts::counters_and_pings_reach_the_script", counters),
        trial("scripts::access_rules_hold", access),
        trial("scripts::players_over_http_are_clients_too", http_players),
    ]
}

async fn joined(server: std::net::SocketAddr, app: &str, args: Vec<Value>) -> Result<Client> {
    let mut client = Client::open(server).await?;
    client.connect_with(server, app, args).await?;
    Ok(client)
}

/// What an attempt failed with.
fn failure<T>(result: Result<T>) -> Result<String> {
    let error = result.err().context("it succeeded")?;
    Ok(format!("{error:#}"))
}

fn door() -> Result<()> {
    server::with(&[], |server| {
        server.application(
            "door",
            "application.onConnect = function (client, name) {
                if (name == 'bob') return true;
                application.rejectConnection(client, { message: 'not you, ' + name });
                return false;
            };",
        )?;
        let rtmp = server.rtmp;
        client::run(async {
            let mut bob = Client::open(rtmp).await?;
            let info = bob.connect_with(rtmp, "door", vec!["bob".into()]).await?;
            ensure!(
                text(&info, "code") == "NetConnection.Connect.Success",
                "{info:?}"
            );
            let mut eve = Client::open(rtmp).await?;
            let refused = failure(eve.connect_with(rtmp, "door", vec!["eve".into()]).await)?;
            ensure!(
                refused == "NetConnection.Connect.Rejected: Connection failed.",
                "{refused}"
            );
            eve.closed(SOON).await?;
            bob.create_stream().await?;
            Ok(())
        })?;
        server.wait_for_metric("greenroom_rejected_total", "application", 1.0)
    })
}

fn pending() -> Result<()> {
    server::with(&["scripts.pending_timeout_ms=1500"], |server| {
        server.application(
            "wait",
            "var waiting = null;
            application.onConnect = function (client, name) {
                if (name == 'first') { waiting = client; return; }
                if (name == 'never') return;
                application.acceptConnection(waiting);
                return true;
            };",
        )?;
        let rtmp = server.rtmp;
        client::run(async {
            let (first, second) = tokio::join!(joined(rtmp, "wait", vec!["first".into()]), async {
                while !server.log().contains("app=wait") {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                joined(rtmp, "wait", vec!["second".into()]).await
            });
            first?.create_stream().await?;
            second?;
            let mut never = Client::open(rtmp).await?;
            let refused = failure(never.connect_with(rtmp, "wait", vec!["never".into()]).await)?;
            ensure!(refused.contains("did not answer"), "{refused}");
            never.closed(SOON).await
        })?;
        server.wait_for_metric("greenroom_closed_total", "pending_timeout", 1.0)
    })
}

const ECHO: &str = "
    Client.prototype.echo = function (x) { return x; };
    Client.prototype.nothing = function () {};
    Client.prototype.bad = function () { return noSuchThing.at.all; };
    Client.prototype.forever = function () { for (;;) {} };
    Client.prototype.chat = { say: function (x) { return 'said ' + x; } };
    application.onConnect = function (client) { return true; };
";

fn calls() -> Result<()> {
    server::with(&["scripts.handler_ms=200"], |server| {
        server.application("echo", ECHO)?;
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "echo", vec![]).await?;
            let object = Value::object([("a", Value::array([1.into(), "b".into()]))]);
            let echo = client.call("echo", vec![object.clone()]).await?;
            ensure!(echo == object, "{echo:?}");
            let nothing = client.call("nothing", vec![]).await?;
            ensure!(nothing == Value::Undefined, "{nothing:?}");
            let said = client.call("chat/say", vec!["x".into()]).await?;
            ensure!(said == Value::from("said x"), "{said:?}");
            for (method, expected) in [
                (
                    "none",
                    "NetConnection.Call.Failed: Method not found (none).",
                ),
                (
                    "bad",
                    "NetConnection.Call.Failed: Failed to execute method (bad).",
                ),
                (
                    "forever",
                    "NetConnection.Call.Failed: Failed to execute method (forever).",
                ),
            ] {
                let error = failure(client.call(method, vec![]).await)?;
                ensure!(error == expected, "{method}: {error}");
            }
            Ok(())
        })?;
        server.wait_for_log(&["noSuchThing", "main.asc"], SOON)?;
        Ok(())
    })
}

fn server_calls() -> Result<()> {
    server::with(&[], |server| {
        server.application(
            "caller",
            "application.onConnect = function (client) {
                application.acceptConnection(client);
                client.call('hello', null, 'there');
                client.call('add', {
                    onResult: function (sum) { client.call('sum', null, sum); }
                }, 2, 3);
            };",
        )?;
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "caller", vec![]).await?;
            let hello = client.called("hello").await?;
            ensure!(hello.arg(0) == &Value::from("there"), "{hello:?}");
            ensure!(hello.transaction.abs() < 0.5, "{hello:?}");
            let add = client.called("add").await?;
            client.answer(&add, 5.into()).await?;
            let sum = client.called("sum").await?;
            ensure!(sum.arg(0).as_f64() == Some(5.0), "{sum:?}");
            Ok(())
        })
    })
}

/// Most are handled; those over the rate are refused by the connection itself, in their turn.
fn calls_together() -> Result<()> {
    let settings = ["limits.calls_per_second=1", "limits.calls_burst=50"];
    server::with(&settings, |server| {
        server.application(
            "order",
            "application.onConnect = function () { return true; };
            Client.prototype.next = function (n) { this.call('turn', null, n); return n; };",
        )?;
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "order", vec![]).await?;
            for n in 100..170 {
                let n = f64::from(n);
                let command = Command::new("next", n, vec![n.into()]);
                let message = Message::connection(Body::Command(command));
                client.send(message).await?;
            }
            let mut seen: Vec<(f64, bool)> = Vec::new();
            let mut turns = 0;
            while seen.len() < 70 {
                let command = client.wait_for("an answer", |message| match &message.body {
                    Body::Command(command) => Some(command.clone()),
                    _ => None,
                });
                let command = command.await?;
                match &*command.name {
                    "turn" => turns += 1,
                    "_result" => seen.push((command.transaction, true)),
                    "_error" => seen.push((command.transaction, false)),
                    _ => {}
                }
            }
            let transactions = seen.iter().map(|(transaction, _)| *transaction);
            ensure!(
                transactions.eq((100..170).map(f64::from)),
                "not in order: {seen:?}"
            );
            let results = seen.iter().filter(|(_, ok)| *ok).count();
            ensure!(results == turns && results < 60, "{results} of {turns}");
            Ok(())
        })
    })
}

fn library() -> Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::write(
        folder.path().join("answer.asc"),
        "Client.prototype.answer = function () { return 42; };",
    )?;
    let setting = format!("scripts.library={}", folder.path().display());
    server::with(&[&setting], |server| {
        server.application(
            "app",
            "load('answer.asc'); application.onConnect = function () { return true; };",
        )?;
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "app", vec![]).await?;
            let answer = client.call("answer", vec![]).await?;
            ensure!(answer.as_f64() == Some(42.0), "{answer:?}");
            Ok(())
        })
    })
}

fn native_calls() -> Result<()> {
    server::with(&[], |server| {
        server.application(
            "native",
            "application.onConnect = function () { return true; };
            Client.prototype.getStreamLength = function (name) { return name == 'x' ? 7 : 0; };",
        )?;
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "native", vec![]).await?;
            let length = client.call("getStreamLength", vec!["x".into()]).await?;
            ensure!(length.as_f64() == Some(7.0), "{length:?}");
            // Not defined by the script: the server answers.
            client.call("releaseStream", vec!["x".into()]).await?;
            client.call("FCPublish", vec!["x".into()]).await?;
            client.call("_checkbw", vec![]).await?;
            client.called("_onbwcheck").await?;
            Ok(())
        })
    })
}

fn links() -> Result<()> {
    server::with(&[], |server| {
        server.application(
            "lobby",
            "var users = 0;
            application.onConnect = function (client, room) {
                application.acceptConnection(client);
                if (room) {
                    trace('room ' + room + ' agent ' + client.agent + ' ip ' + client.ip
                        + ' referrer ' + client.referrer + ' protocol ' + client.protocol);
                    client.call('welcome', null, 'lobby');
                }
            };
            Client.prototype.announce = function (count) { users = count; return 'noted'; };
            Client.prototype.users = function () { return users; };
            Client.prototype.end = function () { application.shutdown(); };",
        )?;
        server.application(
            "room",
            "var answer = '', greeted = '';
            nc = new NetConnection();
            nc.onStatus = function (info) { trace('link ' + info.code); };
            nc.welcome = function (by) { greeted = by; };
            application.onAppStart = function () {
                nc.connect('rtmp://localhost/lobby', 'room one');
            };
            application.onConnect = function (client) {
                application.acceptConnection(client);
                nc.call('announce', { onResult: function (x) { answer = x; } },
                    application.clients.length);
            };
            Client.prototype.known = function () { return greeted + ' ' + answer; };",
        )?;
        let rtmp = server.rtmp;
        client::run(async {
            let mut lobby = joined(rtmp, "lobby", vec![]).await?;
            let mut room = joined(rtmp, "room/one", vec![]).await?;
            until(&mut room, "known", &"lobby noted".into()).await?;
            let users = lobby.call("users", vec![]).await?;
            ensure!(users.as_f64() == Some(1.0), "{users:?}");
            // The lobby goes: everybody is told, the room as well.
            lobby.command(0, "end", vec![]).await?;
            let told = lobby.called("onStatus").await?;
            let code = text(told.arg(0), "code");
            ensure!(code == "NetConnection.Connect.AppShutdown", "{told:?}");
            lobby.closed(SOON).await
        })?;
        server.wait_for_log(&["link NetConnection.Connect.Success"], SOON)?;
        server.wait_for_log(
            &[
                "room room one agent FlashCom/1.5.2 ip 127.0.0.1",
                "referrer rtmp://_defaultVHost_:1935/room/one protocol rtmp",
            ],
            SOON,
        )?;
        server.wait_for_log(&["link NetConnection.Connect.AppShutdown"], SOON)?;
        server.wait_for_log(&["link NetConnection.Connect.Closed"], SOON)?;
        Ok(())
    })
}

/// Asks until the answer is this one: what it waits for has no other sign.
async fn until(client: &mut Client, method: &str, expected: &Value) -> Result<()> {
    let deadline = Instant::now() + SOON;
    loop {
        let answer = client.call(method, vec![]).await?;
        if answer == *expected {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "{method} stays at {answer:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn self_link() -> Result<()> {
    server::with(&[], |server| {
        server.application(
            "mirror",
            "var seen = '';
            application.onConnect = function (client) { return true; };
            nc = new NetConnection();
            nc.onStatus = function (info) {
                if (info.code == 'NetConnection.Connect.Success') {
                    this.call('ask', { onResult: function (x) { seen = x; } }, 20);
                }
            };
            application.onAppStart = function () { nc.connect('rtmp://127.0.0.1/mirror'); };
            Client.prototype.ask = function (x) { return x + 1; };
            Client.prototype.seen = function () { return seen; };",
        )?;
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "mirror", vec![]).await?;
            until(&mut client, "seen", &21.into()).await
        })
    })
}

const CALLING_AWAY: &str = "
    var seen = '', greeted = '', codes = '';
    nc = new NetConnection();
    nc.greet = function (x) { greeted = x; return 'thanks'; };
    nc.onStatus = function (info) {
        codes += info.code + ' ';
        trace('link ' + info.code + ' ' + info.description);
    };
    application.onConnect = function () { return true; };
    application.onAppStart = function () {
        nc.connect('rtmp://127.0.0.1:PORT/far/away', 'me');
        nc.call('ask', { onResult: function (x) { seen = x; } }, 20);
    };
    Client.prototype.seen = function () { return greeted + ' ' + seen; };
    Client.prototype.codes = function () { return codes; };
    Client.prototype.hangUp = function () { nc.close(); };
";

fn remote_link() -> Result<()> {
    server::with(&[], |far| {
        far.application(
            "far",
            "application.onConnect = function (client, who) {
                application.acceptConnection(client);
                client.call('greet', {
                    onResult: function (x) { trace(who + ' says ' + x); }
                }, 'hello');
            };
            application.onDisconnect = function () { trace('hung up'); };
            Client.prototype.ask = function (x) { return x + 1; };",
        )?;
        server::with(&["scripts.allowed_hosts=127.0.0.1"], |near| {
            let port = far.rtmp.port().to_string();
            near.application("near", &CALLING_AWAY.replace("PORT", &port))?;
            let rtmp = near.rtmp;
            client::run(async {
                let mut client = joined(rtmp, "near", vec![]).await?;
                until(&mut client, "seen", &"hello 21".into()).await?;
                client.call("hangUp", vec![]).await?;
                Ok(())
            })?;
            far.wait_for_log(&["me says thanks"], SOON)?;
            far.wait_for_log(&["hung up"], SOON)?;
            Ok(())
        })
    })
}

fn refused_link() -> Result<()> {
    server::with(&[], |server| {
        server.application("near", &CALLING_AWAY.replace("PORT", "9"))?;
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "near", vec![]).await?;
            let failed = Value::from("NetConnection.Connect.Failed ");
            until(&mut client, "codes", &failed).await
        })?;
        server.wait_for_log(&["Connect.Failed", "scripts.allowed_hosts"], SOON)?;
        Ok(())
    })
}

fn unsendable() -> Result<()> {
    server::with(&[], |server| {
        server.application(
            "odd",
            "application.onConnect = function () { return true; };
            Client.prototype.odd = function () { return { '': 1 }; };
            Client.prototype.even = function () { return { a: 1 }; };",
        )?;
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = Client::open(rtmp).await?;
            let object = Value::object([
                ("app", "odd".into()),
                ("tcUrl", "rtmp://localhost/odd".into()),
                ("objectEncoding", 3.into()),
            ]);
            let connect = Command::new("connect", 1.0, vec![]).with_object(object);
            let connect = Message::connection(Body::Command(connect));
            client.send(connect).await?;
            client.called("_result").await?;
            for (transaction, method, answer) in [(2.0, "odd", "_error"), (3.0, "even", "_result")]
            {
                let call = Command::new(method, transaction, vec![]);
                let call = call.with_encoding(Encoding::Amf3);
                client
                    .send(Message::connection(Body::Command(call)))
                    .await?;
                let answer = client.called(answer).await?;
                ensure!((answer.transaction - transaction).abs() < 0.5, "{answer:?}");
            }
            Ok(())
        })
    })
}

fn reload() -> Result<()> {
    server::with(&[], |server| {
        let script = |version: u32| {
            format!(
                "application.onConnect = function () {{ return true; }};
                application.onAppStop = function () {{ trace('asked'); return false; }};
                application.onDisconnect = function () {{ trace('left {version}'); }};
                Client.prototype.version = function () {{ return {version}; }};"
            )
        };
        server.application("app", &script(1))?;
        let rtmp = server.rtmp;
        client::run(async {
            let mut old = joined(rtmp, "app", vec![]).await?;
            server.application("app", &script(2))?;
            let mut same = joined(rtmp, "app", vec![]).await?;
            let version = same.call("version", vec![]).await?;
            ensure!(
                version.as_f64() == Some(1.0),
                "a running instance has changed"
            );
            server.signal("HUP")?;
            for client in [&mut old, &mut same] {
                let told = client.called("onStatus").await?;
                let code = text(told.arg(0), "code");
                ensure!(code == "NetConnection.Connect.AppShutdown", "{told:?}");
                client.closed(SOON).await?;
            }
            let mut new = joined(rtmp, "app", vec![]).await?;
            let version = new.call("version", vec![]).await?;
            ensure!(version.as_f64() == Some(2.0), "the old script runs on");
            Ok(())
        })?;
        server.wait_for_log(&["left 1"], SOON)?;
        ensure!(!server.log().contains("asked"), "a reload asks the script");
        Ok(())
    })
}

fn broken() -> Result<()> {
    server::with(&[], |server| {
        server.application("broken", "application.onConnect = function ( { ;")?;
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = Client::open(rtmp).await?;
            let refused = failure(client.connect_to(rtmp, "broken").await)?;
            ensure!(
                refused.contains("[ Server.Reject ]") && refused.contains("failed to load"),
                "{refused}"
            );
            client.closed(SOON).await?;
            // The next one tries again, and may find it mended.
            server.application("broken", ECHO)?;
            joined(rtmp, "broken", vec![]).await?;
            Ok(())
        })?;
        server.wait_for_log(&["main.asc", "WARN"], SOON)?;
        let reports = server.log().matches("SyntaxError").count();
        ensure!(reports == 1, "the error is reported {reports} times");
        Ok(())
    })
}

const STOPPING: &str = "
    application.onConnect = function () { return true; };
    application.onAppStop = function (info) { trace('stops: ' + info.code); };
    application.onDisconnect = function () { trace('left'); };
";

fn idle() -> Result<()> {
    server::with(&["scripts.max_idle_ms=1000"], |server| {
        server.application("short", STOPPING)?;
        let rtmp = server.rtmp;
        client::run(async {
            let client = joined(rtmp, "short", vec![]).await?;
            drop(client);
            Ok(())
        })?;
        server.wait_for_log(&["stops: Application.GC"], SOON)?;
        server.wait_for_log(&["instance stopped", "app=short"], SOON)?;
        // And it can be loaded again.
        client::run(async { joined(rtmp, "short", vec![]).await.map(drop) })
    })
}

fn stop() -> Result<()> {
    server::with(&["server.drain_timeout_ms=0"], |server| {
        server.application("app", STOPPING)?;
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "app", vec![]).await?;
            server.signal("TERM")?;
            client.closed(SOON).await
        })?;
        server.wait_for_log(&["trace: left"], SOON)?;
        let log = server.log();
        let at = |text| {
            log.find(text)
                .with_context(|| format!("no {text} in the log"))
        };
        ensure!(
            at("stops: Application.Shutdown")? < at("trace: left")?,
            "clients go before the script is asked"
        );
        let status = server.wait(SOON)?;
        ensure!(status.success(), "{status}");
        Ok(())
    })
}

fn stuck() -> Result<()> {
    let settings = ["scripts.handler_ms=0", "scripts.stuck_after_ms=500"];
    server::with(&settings, |server| {
        server.application("away", ECHO)?;
        server.application("here", ECHO)?;
        let rtmp = server.rtmp;
        client::run(async {
            let mut other = joined(rtmp, "here", vec![]).await?;
            let mut caller = joined(rtmp, "away", vec![]).await?;
            let mut bystander = joined(rtmp, "away", vec![]).await?;
            caller.command(0, "forever", vec![]).await?;
            let told = caller.called("onStatus").await?;
            let code = text(told.arg(0), "code");
            ensure!(code == "NetConnection.Connect.AppShutdown", "{told:?}");
            caller.closed(SOON).await?;
            bystander.closed(SOON).await?;
            other.call("echo", vec![1.into()]).await?;
            // The instance begins anew beside the lost thread.
            let mut again = joined(rtmp, "away", vec![]).await?;
            again.call("echo", vec![1.into()]).await?;
            Ok(())
        })?;
        server.wait_for_metric("greenroom_closed_total", "script_stuck", 2.0)?;
        server.wait_for_metric("greenroom_script_threads_lost", "", 1.0)?;
        server.wait_for_log(&["does not come back", "app=away"], SOON)?;
        Ok(())
    })
}

fn bandwidth() -> Result<()> {
    server::with(&[], |server| {
        server.application(
            "slow",
            "application.onConnect = function () { return true; };
            Client.prototype.slow = function (down, up) {
                this.setBandwidthLimit(down, up); return 1;
            };
            Client.prototype.text = function (length) {
                var text = 'x';
                while (text.length < length) text += text;
                return text;
            };
            Client.prototype.take = function (x) { return x.length; };",
        )?;
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "slow", vec![]).await?;
            client
                .call("slow", vec![32_768.into(), 32_768.into()])
                .await?;
            let slow = Instant::now();
            client.call("text", vec![32_768.into()]).await?;
            let down = slow.elapsed();
            ensure!(
                down > Duration::from_millis(800),
                "32 KiB at 32 KiB/s came in {down:?}"
            );
            let slow = Instant::now();
            let text = "y".repeat(32_768);
            client.call("take", vec![text.as_str().into()]).await?;
            client.call("take", vec![1.into()]).await.ok();
            let up = slow.elapsed();
            ensure!(
                up > Duration::from_millis(800),
                "32 KiB at 32 KiB/s went in {up:?}"
            );
            Ok(())
        })
    })
}

fn counters() -> Result<()> {
    server::with(&[], |server| {
        server.application(
            "count",
            "application.onConnect = function () { return true; };
            Client.prototype.mine = function () { return this.getStats(); };
            Client.prototype.all = function () { return application.getStats(); };
            Client.prototype.ping1 = function () { return this.ping(); };",
        )?;
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "count", vec![]).await?;
            let number =
                |stats: &Value, key: &str| stats.get(key).and_then(Value::as_f64).unwrap_or(-1.0);
            let before = client.call("mine", vec![]).await?;
            client
                .call("mine", vec!["z".repeat(10_000).as_str().into()])
                .await?;
            let after = client.call("mine", vec![]).await?;
            ensure!(number(&before, "bytes_in") > 3_000.0, "{before:?}");
            ensure!(
                number(&after, "bytes_in") >= number(&before, "bytes_in") + 10_000.0,
                "{before:?} {after:?}"
            );
            ensure!(
                number(&after, "bytes_out") > number(&before, "bytes_out"),
                "{before:?} {after:?}"
            );
            let live = client.call("ping1", vec![]).await?;
            ensure!(live == Value::from(true), "{live:?}");
            let all = client.call("all", vec![]).await?;
            ensure!(number(&all, "total_connects") > 0.5, "{all:?}");
            Ok(())
        })
    })
}

fn access() -> Result<()> {
    server::with(&[], |server: &mut Server| {
        server.application(
            "gate",
            "application.onConnect = function (client) {
                client.readAccess = 'public';
                client.writeAccess = '/mine';
                return true;
            };",
        )?;
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "gate", vec![]).await?;
            let refused = failure(client.publish("public/a").await)?;
            ensure!(refused.contains("NetStream.Publish.BadName"), "{refused}");
            ensure!(refused.contains("write access"), "{refused}");
            let refused = failure(client.play("mine/a").await)?;
            ensure!(refused.contains("NetStream.Play.Failed"), "{refused}");
            client.publish("mine/a").await?;
            client.play("public/a").await?;
            Ok(())
        })
    })
}

fn http_players() -> Result<()> {
    server::with(&[], |server| {
        server.application(
            "gate",
            "application.onConnect = function (client) {
                if (client.protocol == 'http-flv') {
                    if (application.closed) return false;
                    client.readAccess = 'open';
                }
                return true;
            };
            Client.prototype.lock = function () { application.closed = true; };
            Client.prototype.count = function () { return application.clients.length; };",
        )?;
        let (rtmp, http) = (server.rtmp, server.http);
        client::run(async {
            let mut client = joined(rtmp, "gate", vec![]).await?;
            let page = http::get(http, "/gate/_definst_/secret.flv")?;
            ensure!(
                page.status == 403 && page.body.contains("read access"),
                "{page:?}"
            );
            let page = http::get(http, "/gate/_definst_/open.flv")?;
            ensure!(page.status == 404, "{page:?}");
            client.call("lock", vec![]).await?;
            let page = http::get(http, "/gate/_definst_/open.flv")?;
            ensure!(
                page.status == 403 && page.body.contains("Connection failed"),
                "{page:?}"
            );
            // None of them is still counted.
            until(&mut client, "count", &1.into()).await
        })
    })
}
