//! The settings files of applications: what they change, what they are refused for, and
//! applications that start with the server or are loaded anew when a file changes.

use std::fs;
use std::time::{Duration, Instant};

use amf::Value;
use anyhow::{Context, Result, ensure};
use e2e::client::{self, Client, text};
use e2e::server::{self, Server};
use e2e::wait::SOON;
use libtest_mimic::Trial;
use rtmp::{Body, Message};

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("settings::both_files_and_the_hosts_apply", files),
        trial("settings::wrong_settings_refuse_the_application", wrong),
        trial("settings::what_has_no_effect_is_told_once", told),
        trial("settings::the_script_library_is_searched", library),
        trial("settings::limits_of_one_applications_script", limits),
        trial("settings::bandwidth_is_limited_and_capped", bandwidth),
        trial("settings::streams_are_as_the_application_says", streams),
        trial("settings::hosts_are_allowed_to_one_application", hosts),
        trial("settings::applications_load_on_startup", startup),
        trial("settings::a_changed_script_is_loaded_anew_with_dev", dev),
        trial("settings::dev_watches_settings_too", dev_settings),
    ]
}

/// Writes a file into an application's folder, or beside the applications.
fn write(server: &Server, path: &str, bytes: impl AsRef<[u8]>) -> Result<()> {
    let path = server.file("applications").join(path);
    fs::create_dir_all(path.parent().context("a folder")?)?;
    Ok(fs::write(path, bytes)?)
}

async fn joined(server: &Server, app: &str) -> Result<Client> {
    let mut client = Client::open(server.rtmp).await?;
    client.connect_with(server.rtmp, app, vec![]).await?;
    Ok(client)
}

/// What an attempt failed with.
fn failure<T>(result: Result<T>) -> Result<String> {
    let error = result.err().context("it succeeded")?;
    Ok(format!("{error:#}"))
}

/// Waits until a client is told that its application was unloaded, and is closed.
async fn unloaded(client: &mut Client) -> Result<()> {
    let told = client.called("onStatus").await?;
    let code = text(told.arg(0), "code");
    ensure!(code == "NetConnection.Connect.AppShutdown", "{told:?}");
    client.closed(SOON).await
}

const SHOW: &str = "
    application.onConnect = function (client) { return true; };
    Client.prototype.config = function () {
        var config = application.config;
        return [config.hall, config.name, config.size].join();
    };
";

fn files() -> Result<()> {
    server::with(&[], |server| {
        server.application("show", SHOW)?;
        let tree = |inside: &str| {
            format!(
                "<Application><JSEngine><ApplicationObject><config>{inside}</config>\
                 </ApplicationObject></JSEngine></Application>"
            )
        };
        write(
            server,
            "Application.xml",
            tree("<hall>${HALL}</hall><name>host</name><size>1</size>"),
        )?;
        write(server, "fms.ini", "HALL = great\n")?;
        // In Latin-1.
        let own = tree("<name>caf\u{e9}</name><size>2</size>");
        let own: Vec<u8> = own.chars().map(|c| c as u8).collect();
        write(server, "show/Application.xml", own)?;
        write(server, "show/application.toml", "[config]\nsize = 3\n")?;
        client::run(async {
            let config = joined(server, "show").await?.call("config", vec![]).await?;
            ensure!(config == Value::from("great,caf\u{e9},3"), "{config:?}");
            Ok(())
        })
    })
}

fn wrong() -> Result<()> {
    server::with(&[], |server| {
        server.application("chat", SHOW)?;
        let toml = "[script]\nmemmory_bytes = 1\n";
        write(server, "chat/application.toml", toml)?;
        write(server, "plain/application.toml", toml)?;
        client::run(async {
            for app in ["chat", "plain"] {
                let refused = failure(joined(server, app).await)?;
                ensure!(
                    refused.contains("[ Server.Reject ]") && refused.contains("failed to load"),
                    "{refused}"
                );
                let place = format!("{app}/application.toml:2");
                let words = [
                    "ERROR",
                    &*place,
                    "`script.memmory_bytes`",
                    "`script.memory_bytes`",
                ];
                server.wait_for_log(&words, SOON)?;
            }
            // Others are not concerned, and what was mended works.
            joined(server, "live").await?;
            write(server, "chat/application.toml", "")?;
            joined(server, "chat").await.map(drop)
        })
    })
}

fn told() -> Result<()> {
    server::with(&[], |server| {
        server.application("old", SHOW)?;
        let xml = "<Application>\n<StreamManager><EnhancedSeek>true</EnhancedSeek>\
                   </StreamManager>\n<Watermark>1</Watermark>\n<RecordAppLog>true\
                   </RecordAppLog></Application>";
        write(server, "old/Application.xml", xml)?;
        client::run(async {
            for instance in ["old/a", "old/b"] {
                joined(server, instance).await?;
            }
            Ok(())
        })?;
        for (level, line, tag) in [
            ("WARN", 2, "`StreamManager/EnhancedSeek` has no effect yet"),
            ("WARN", 3, "`Watermark` is not a tag we know"),
            ("INFO", 4, "`RecordAppLog` has no effect"),
        ] {
            let place = format!("old/Application.xml:{line}");
            server.wait_for_log(&[level, &*place, tag, "app=\"old\""], SOON)?;
            let count = server.log().matches(tag).count();
            ensure!(count == 1, "{tag} was told {count} times");
        }
        Ok(())
    })
}

fn library() -> Result<()> {
    server::with(&[], |server| {
        server.application("app", &format!("load('words.asc');{SHOW}"))?;
        write(
            server,
            "shared/words.asc",
            "Client.prototype.word = function () { return 'lib'; };",
        )?;
        write(
            server,
            "app/Application.xml",
            "<Application><ScriptEngine><ScriptLibPath>nowhere;../shared</ScriptLibPath>\
             </ScriptEngine></Application>",
        )?;
        client::run(async {
            let word = joined(server, "app").await?.call("word", vec![]).await?;
            ensure!(word == Value::from("lib"), "{word:?}");
            Ok(())
        })
    })
}

fn limits() -> Result<()> {
    server::with(&[], |server| {
        let script = "
            application.onConnect = function (client) { return true; };
            Client.prototype.timers = function (count) {
                try { while (count-- > 0) setInterval(function () {}, 1e6); }
                catch (error) { return error.name; }
                return 'set';
            };
            Client.prototype.forever = function () { for (;;) {} };
            Client.prototype.hold = function () {
                this.kept = []; for (;;) this.kept.push(new Array(1000).join('x') + this.kept.length);
            };";
        for app in ["small", "tight", "free"] {
            server.application(app, script)?;
        }
        write(
            server,
            "small/application.toml",
            "[script]\ntimers = 2\nmax_time_ms = 100\n\
             [application]\nidle_timeout_ms = 1000\n",
        )?;
        let memory = "[script]\nmemory_bytes = \"4MiB\"\nmax_time_ms = 0\n";
        write(server, "tight/application.toml", memory)?;
        client::run(async {
            let mut free = joined(server, "free").await?;
            ensure!(free.call("timers", vec![3.into()]).await? == Value::from("set"));
            let mut small = joined(server, "small").await?;
            ensure!(small.call("timers", vec![3.into()]).await? == Value::from("RangeError"));
            let began = Instant::now();
            failure(small.call("forever", vec![]).await)?;
            ensure!(
                began.elapsed() < Duration::from_secs(4),
                "the server's limit applied"
            );
            drop(small);
            // Its own time without clients is over long before the server's.
            server.wait_for_log(&["instance stopped", "app=small"], SOON)?;
            let mut tight = joined(server, "tight").await?;
            tight.command(0, "hold", vec![]).await?;
            unloaded(&mut tight).await
        })
    })
}

fn bandwidth() -> Result<()> {
    server::with(&[], |server| {
        server.application(
            "slow",
            "application.onConnect = function (client) { return true; };
            Client.prototype.text = function (length) { return new Array(length + 1).join('x'); };
            Client.prototype.faster = function () {
                this.setBandwidthLimit(1e9, 0);
                return this.getBandwidthLimit(1);
            };",
        )?;
        write(
            server,
            "slow/application.toml",
            "[bandwidth]\nto_client_bytes = 32_768\nto_client_cap_bytes = 65_536\n",
        )?;
        write(
            server,
            "plain/application.toml",
            "[bandwidth]\nto_client_bytes = 2_000\n",
        )?;
        client::run(async {
            let mut client = joined(server, "slow").await?;
            for (least_ms, rate) in [(800, 65_536.0), (400, 65_536.0)] {
                let began = Instant::now();
                client.call("text", vec![32_768.into()]).await?;
                client.call("text", vec![1.into()]).await?;
                let took = began.elapsed();
                ensure!(took > Duration::from_millis(least_ms), "it took {took:?}");
                let capped = client.call("faster", vec![]).await?.as_f64();
                ensure!(capped == Some(rate), "{capped:?}");
            }
            // An application without a script is limited as well.
            let mut plain = joined(server, "plain").await?;
            let began = Instant::now();
            for _ in 0..40 {
                plain.create_stream().await.ok();
            }
            let took = began.elapsed();
            ensure!(took > Duration::from_millis(500), "it took {took:?}");
            Ok(())
        })
    })
}

fn streams() -> Result<()> {
    server::with(&["live.sample_access_audio=true"], |server| {
        write(
            server,
            "plain/Application.xml",
            "<Application><Client><OutChunkSize>1000</OutChunkSize><Access><AudioSampleAccess \
             enabled=\"false\"/><VideoSampleAccess enabled=\"true\">open</VideoSampleAccess>\
             </Access></Client></Application>",
        )?;
        client::run(async {
            let mut client = Client::open(server.rtmp).await?;
            client.connect_with(server.rtmp, "plain", vec![]).await?;
            let mut sizes = client.drain_inbox();
            sizes.retain(|message| matches!(message.body, Body::SetChunkSize(_)));
            ensure!(
                matches!(
                    sizes[..],
                    [Message {
                        body: Body::SetChunkSize(1000),
                        ..
                    }]
                ),
                "{sizes:?}"
            );
            for (name, audio, video) in [("open/a", false, true), ("shut", false, false)] {
                let mut publisher = joined(server, "plain").await?;
                publisher.publish(name).await?;
                let mut player = joined(server, "plain").await?;
                player.play(name).await?;
                let allowed = player
                    .wait_for("|RtmpSampleAccess", |message| match &message.body {
                        Body::Data(data) if data.name() == Some("|RtmpSampleAccess") => {
                            Some(data.values.clone())
                        }
                        _ => None,
                    })
                    .await?;
                ensure!(
                    allowed[1..] == [Value::from(audio), Value::from(video)],
                    "{name}: {allowed:?}"
                );
            }
            Ok(())
        })
    })
}

fn hosts() -> Result<()> {
    server::with(&[], |far| {
        far.application(
            "lobby",
            "application.onConnect = function () { return true; };",
        )?;
        let address = far.rtmp;
        server::with(&[], |server| {
            let script = format!(
                "application.onConnect = function () {{ return true; }};
                Client.prototype.go = function () {{
                    var client = this;
                    this.nc = new NetConnection();
                    this.nc.onStatus = function (info) {{ client.call('told', null, info.code); }};
                    this.nc.connect('rtmp://{address}/lobby');
                }};"
            );
            for app in ["may", "not"] {
                server.application(app, &script)?;
            }
            let toml = format!("[script]\nhosts = [\"{address}\"]\n");
            write(server, "may/application.toml", toml)?;
            client::run(async {
                for (app, code) in [
                    ("may", "NetConnection.Connect.Success"),
                    ("not", "NetConnection.Connect.Failed"),
                ] {
                    let mut client = joined(server, app).await?;
                    client.command(0, "go", vec![]).await?;
                    let told = client.called("told").await?;
                    ensure!(told.arg(0) == &Value::from(code), "{app}: {told:?}");
                }
                Ok(())
            })
        })
    })
}

/// A script that says which it is.
fn version(number: u32) -> String {
    format!(
        "application.onAppStart = function () {{ trace('start of version {number}'); }};
        application.onConnect = function () {{ return true; }};
        Client.prototype.version = function () {{ return {number}; }};"
    )
}

async fn version_of(client: &mut Client) -> Result<u32> {
    let version = client.call("version", vec![]).await?.as_f64();
    Ok(version.context("no number")? as u32)
}

fn startup() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let app = folder.path().join("applications/early");
    fs::create_dir_all(&app)?;
    fs::write(app.join("main.asc"), version(1))?;
    fs::write(
        app.join("Application.xml"),
        "<Application><LoadOnStartup>true</LoadOnStartup></Application>",
    )?;
    let late = folder.path().join("applications/late");
    fs::create_dir_all(&late)?;
    fs::write(late.join("main.asc"), version(7))?;
    let server = Server::start_in(folder, &[])?;
    server.wait_for_log(&["trace: start of version 1", "app=\"early\""], SOON)?;
    // Loaded anew it is there again, without a client.
    fs::write(app.join("main.asc"), version(22))?;
    server.signal("HUP")?;
    server.wait_for_log(&["trace: start of version 22"], SOON)?;
    client::run(async {
        let mut client = Client::open(server.rtmp).await?;
        client.connect_with(server.rtmp, "early", vec![]).await?;
        ensure!(version_of(&mut client).await? == 22);
        Ok(())
    })?;
    ensure!(
        !server.log().contains("version 7"),
        "the other was loaded too"
    );
    Ok(())
}

const DEV: [&str; 2] = ["applications.dev=true", "applications.dev_interval_ms=20"];

fn dev() -> Result<()> {
    server::with(&DEV, |server| {
        server.application("app", &version(1))?;
        server.application("other", &version(5))?;
        client::run(async {
            let mut other = joined(server, "other").await?;
            let mut old = joined(server, "app").await?;
            ensure!(version_of(&mut old).await? == 1);
            server.application("app", &version(22))?;
            unloaded(&mut old).await?;
            let mut new = joined(server, "app").await?;
            ensure!(version_of(&mut new).await? == 22, "the old script runs on");
            // A file that another script loads counts too, and one that comes before it.
            server.application("app", "load('more.asc');")?;
            write(server, "app/more.asc", version(333))?;
            unloaded(&mut new).await?;
            let mut third = joined(server, "app").await?;
            ensure!(version_of(&mut third).await? == 333);
            write(server, "app/more.asc", version(4444))?;
            unloaded(&mut third).await?;
            let mut fourth = joined(server, "app").await?;
            ensure!(version_of(&mut fourth).await? == 4444);
            write(server, "app/scripts/main.asc", version(55555))?;
            unloaded(&mut fourth).await?;
            let mut fifth = joined(server, "app").await?;
            ensure!(version_of(&mut fifth).await? == 55555);
            ensure!(version_of(&mut other).await? == 5, "another was concerned");
            Ok(())
        })?;
        let changed = ["a file has changed", "app/more.asc", "app=\"app\""];
        server.wait_for_log(&changed, SOON)?;
        Ok(())
    })
}

fn dev_settings() -> Result<()> {
    server::with(&DEV, |server| {
        client::run(async {
            // An application without a script gets settings, and then a script.
            let mut plain = joined(server, "live").await?;
            write(
                server,
                "live/application.toml",
                "[config]\nname = \"first\"\n",
            )?;
            unloaded(&mut plain).await?;
            let mut plain = joined(server, "live").await?;
            write(server, "live/main.asc", SHOW)?;
            unloaded(&mut plain).await?;
            let mut scripted = joined(server, "live").await?;
            let config = scripted.call("config", vec![]).await?;
            ensure!(config == Value::from(",first,"), "{config:?}");
            // The file for all applications is one of its own.
            write(
                server,
                "Application.xml",
                "<Application><JSEngine><ApplicationObject><config><hall>new</hall></config>\
                 </ApplicationObject></JSEngine></Application>",
            )?;
            unloaded(&mut scripted).await?;
            let mut scripted = joined(server, "live").await?;
            let config = scripted.call("config", vec![]).await?;
            ensure!(config == Value::from("new,first,"), "{config:?}");
            Ok(())
        })
    })
}
