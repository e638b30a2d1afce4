//! Connections that are not let in: what the client is told, what its program shows, what the
//! log says.

use amf::Value;
use anyhow::{Result, ensure};
use e2e::client::{self, Client, text};
use e2e::process::Program;
use e2e::server;
use e2e::wait::SOON;
use e2e::{http, players};
use libtest_mimic::Trial;
use rtmp::{Body, Command, Message};

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "rejections::ffmpeg_shows_that_there_is_no_such_application",
            || ffmpeg_shows("nosuch/one", "Application (nosuch) is not defined"),
        ),
        trial("rejections::ffmpeg_shows_that_the_url_is_bad", || {
            ffmpeg_shows("live/../one", "Bad application URL")
        }),
        trial(
            "rejections::an_object_encoding_that_does_not_exist",
            encoding,
        ),
        trial("rejections::encrypted_rtmp", encrypted),
    ]
}

fn ffmpeg_shows(path: &str, words: &str) -> Result<()> {
    server::with(&[], |server| {
        let url = format!("rtmp://{}/{path}", server.rtmp);
        let file = server.file("nothing.flv");
        let mut player = Program::start(&mut players::ffmpeg_for(1, &url, &file))?;
        let status = player.wait(SOON)?;
        ensure!(!status.success(), "ffmpeg ended with {status}");
        let said = player.output();
        ensure!(said.contains(words), "{words:?} is not in\n{said}");
        server.wait_for_log(&["connection closed", "rejected", words], SOON)?;
        Ok(())
    })
}

fn encoding() -> Result<()> {
    server::with(&[], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = Client::open(rtmp).await?;
            let url = format!("rtmp://{rtmp}/live");
            let object = Value::object([
                ("app", Value::from("live")),
                ("tcUrl", Value::from(url.as_str())),
                ("objectEncoding", Value::from(5.0)),
            ]);
            let connect = Command::new("connect", 1.0, vec![]).with_object(object);
            client
                .send(Message::connection(Body::Command(connect)))
                .await?;
            let told = client.wait_for("_error", |message| match &message.body {
                Body::Command(command) if &*command.name == "_error" => {
                    Some(command.arg(0).clone())
                }
                _ => None,
            });
            let told = told.await?;
            ensure!(
                text(&told, "code") == "NetConnection.Connect.Rejected"
                    && text(&told, "description").contains("Object encoding 5"),
                "{told:?}"
            );
            client.closed(SOON).await
        })?;
        server.wait_for_log(&["rejected", "Object encoding 5"], SOON)?;
        server.wait_for_metric("greenroom_rejected_total", "unsupported_encoding", 1.0)
    })
}

/// RTMPE begins with another version than RTMP.
fn encrypted() -> Result<()> {
    server::with(&[], |server| {
        for version in [6, 8, 9] {
            let mut packet = vec![0; 1537];
            packet[0] = version;
            let answer = http::exchange(server.rtmp, &packet)?;
            ensure!(answer.is_empty(), "{version} is answered with {answer:?}");
        }
        let label = "reason=\"unsupported_version\"";
        server.wait_for_metric("greenroom_closed_total", label, 3.0)?;
        server.wait_for_log(&["connection closed", "unsupported_version"], SOON)?;
        Ok(())
    })
}
