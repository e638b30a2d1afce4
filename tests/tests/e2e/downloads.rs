//! Recordings over HTTP: whole, in ranges and from a time on, for who may play them.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::clip::Clip;
use e2e::process::Program;
use e2e::server::{self, Server};
use e2e::wait::SOON;
use e2e::{client, http, packets, publishers};
use libtest_mimic::Trial;

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("downloads::the_whole_its_ranges_and_its_version", ranges),
        trial("downloads::from_a_key_frame_on", from_a_time),
        trial("downloads::what_is_live_goes_before_it", live_first),
        trial("downloads::what_may_not_be_played_is_not_given", refused),
        trial(
            "downloads::a_file_cut_meanwhile_is_not_taken_for_whole",
            cut,
        ),
    ]
}

const CLIP_LIMIT: Duration = Duration::from_mins(1);
const FILE: &str = "/live/_definst_/one.flv";

/// An answer: its status line, its headers in small letters, its body.
struct Answer {
    status: String,
    headers: String,
    body: Vec<u8>,
}

impl Answer {
    fn ask(server: &Server, method: &str, path: &str, headers: &str) -> Result<Self> {
        let request =
            format!("{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n");
        let answer = http::exchange(server.http, request.as_bytes())?;
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
        let (head, body) = answer.split_at(end.context("no answer")? + 4);
        let head = String::from_utf8_lossy(head);
        let (status, headers) = head.split_once("\r\n").context("no headers")?;
        Ok(Self {
            status: status.to_owned(),
            headers: headers.to_lowercase(),
            body: body.to_owned(),
        })
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.headers.lines();
        let value = |line: &'_ str| line.strip_prefix(name)?.strip_prefix(": ").map(str::len);
        lines.find_map(|line| value(line).map(|length| &line[line.len() - length..]))
    }

    fn expect(self, status: u16) -> Result<Self> {
        let is_it = self.status.contains(&format!(" {status} "));
        ensure!(is_it, "{} instead of {status}", self.status);
        Ok(self)
    }
}

/// Puts a clip where the recording of a name is.
fn put(server: &Server, name: &str, source: &Path) -> Result<()> {
    let file = server.recording(name);
    std::fs::create_dir_all(file.parent().context("no folder")?)?;
    std::fs::copy(source, &file)?;
    Ok(())
}

fn ranges() -> Result<()> {
    server::with(&[], |server| {
        let source = Clip::H264Aac.path()?;
        put(server, "one", &source)?;
        let all = std::fs::read(&source)?;
        let get = |headers: &str| Answer::ask(server, "GET", FILE, headers);
        let whole = get("")?.expect(200)?;
        ensure!(whole.body == all, "{} of {}", whole.body.len(), all.len());
        ensure!(whole.header("accept-ranges") == Some("bytes"));
        ensure!(whole.header("content-type") == Some("video/x-flv"));
        let head = Answer::ask(server, "HEAD", FILE, "")?.expect(200)?;
        let length = all.len().to_string();
        ensure!(head.header("content-length") == Some(length.as_str()) && head.body.is_empty());
        let part = get("Range: bytes=1000-1999\r\n")?.expect(206)?;
        ensure!(part.body == all[1000..2000]);
        let range = format!("bytes 1000-1999/{length}");
        ensure!(part.header("content-range") == Some(range.as_str()));
        let end = get("Range: bytes=-70000\r\n")?.expect(206)?;
        ensure!(end.body == all[all.len() - 70_000..]);
        let past = get(&format!("Range: bytes={length}-\r\n"))?.expect(416)?;
        let none = format!("bytes */{length}");
        ensure!(past.header("content-range") == Some(none.as_str()));
        let tag = whole.header("etag").context("no tag")?;
        let known = get(&format!("If-None-Match: {tag}\r\n"))?.expect(304)?;
        ensure!(known.body.is_empty() && known.header("etag") == Some(tag));
        put(server, "one", &Clip::H264Mp3.path()?)?;
        let changed = get(&format!("If-Range: {tag}\r\nRange: bytes=0-9\r\n"))?;
        ensure!(changed.expect(200)?.header("etag") != Some(tag));
        Ok(())
    })
}

/// ffmpeg copies what it is given; it begins with a key frame, and all that follows is there.
fn from_a_time() -> Result<()> {
    server::with(&[], |server| {
        let source = Clip::H264Aac.path()?;
        let (indexed, got) = (server.recording("one"), server.file("got.flv"));
        std::fs::create_dir_all(indexed.parent().context("no folder")?)?;
        let mut index = std::process::Command::new("ffmpeg");
        index.args(["-nostdin", "-v", "error", "-i"]).arg(&source);
        index.args(["-c", "copy", "-flvflags", "add_keyframe_index"]);
        Program::start(index.arg(&indexed))?.succeed(CLIP_LIMIT)?;
        let answer = Answer::ask(server, "GET", &format!("{FILE}?start=3.2"), "")?.expect(200)?;
        ensure!(answer.header("accept-ranges").is_none());
        std::fs::write(&got, &answer.body)?;
        let (sent, received) = (packets::read(&indexed)?, packets::read(&got)?);
        ensure!(
            received.len() > 10 && received.len() + 10 < sent.len(),
            "{} of {}",
            received.len(),
            sent.len()
        );
        packets::assert_stretch(&sent, &received, 10)?;
        let bad = Answer::ask(server, "GET", &format!("{FILE}?start=soon"), "")?;
        bad.expect(400)?;
        Ok(())
    })
}

fn live_first() -> Result<()> {
    server::with(&[], |server| {
        let source = Clip::H264Aac.path()?;
        put(server, "one", &source)?;
        let url = server.stream_url("one");
        let mut publisher = publishers::start_ffmpeg(&mut publishers::ffmpeg_once(&source, &url))?;
        let live = Answer::ask(server, "HEAD", FILE, "")?.expect(200)?;
        ensure!(live.header("accept-ranges").is_none(), "{}", live.headers);
        publisher.succeed(CLIP_LIMIT)?;
        let recorded = Answer::ask(server, "HEAD", FILE, "")?.expect(200)?;
        ensure!(recorded.header("accept-ranges").is_some());
        Ok(())
    })
}

/// The script decides who may play, also where the instance has to be started for it.
fn refused() -> Result<()> {
    server::with(&[], |server| {
        let source = Clip::SorensonMp3.path()?;
        let script = r#"application.onConnect = function(client) {
            client.readAccess = "open";
            return true;
        };"#;
        server.application("guarded", script)?;
        for name in ["open/one", "shut/one"] {
            let file = server.recording(name);
            let file = file.to_string_lossy().replace("/live/", "/guarded/");
            let file = Path::new(&file);
            std::fs::create_dir_all(file.parent().context("no folder")?)?;
            std::fs::copy(&source, file)?;
        }
        let get = |name: &str| {
            let path = format!("/guarded/_definst_/{name}.flv");
            Answer::ask(server, "GET", &path, "")
        };
        let open = get("open/one")?.expect(200)?;
        ensure!(open.body == std::fs::read(&source)?);
        get("shut/one")?.expect(403)?;
        get("open/none")?.expect(404)?;
        get("open/..%2f..%2fone")?.expect(403)?;
        Ok(())
    })
}

/// The connection ends without the bytes that are missing, and the server goes on.
fn cut() -> Result<()> {
    const FIRST_TAG: usize = 13;
    server::with(&[], |server| {
        let file = server.recording("one");
        let clip = std::fs::read(Clip::SorensonMp3.path()?)?;
        let (start, tags) = clip.split_at(FIRST_TAG);
        std::fs::create_dir_all(file.parent().context("no folder")?)?;
        let mut long = std::fs::File::create(&file)?;
        long.write_all(start)?;
        // More than sockets hold, so that the player is not done when the file is cut.
        for _ in 0..(64 << 20) / tags.len() {
            long.write_all(tags)?;
        }
        client::run(async {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            let mut player = tokio::net::TcpStream::connect(server.http).await?;
            let request = format!("GET {FILE} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            player.write_all(request.as_bytes()).await?;
            let mut read = vec![0; 1000];
            player.read_exact(&mut read).await?;
            long.set_len(100)?;
            let mut rest = Vec::new();
            let ended = player.read_to_end(&mut rest).await;
            ensure!(ended.is_err() || rest.len() < 32 << 20, "{}", rest.len());
            Ok(())
        })?;
        server.wait_for_log(&["player left", "left_bytes"], SOON)?;
        Ok(())
    })
}
