//! `greenroom replay`: publishes a recording to a server, in real time.

mod publisher;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use clap::Args;
use flv::metadata::{begins_with_metadata, with_set_data_frame};
use flv::tag::{BACK_POINTER_BYTES, MAX_PAYLOAD_BYTES};
use flv::{Located, TagKind, Walker};
use rtmp::url::ConnectUrl;
use rtmp::{Body, Data, Encoding};
use tokio::time::Instant;

use super::options::Options;
use super::progress::Progress;
use crate::config::Config;
use crate::recording::{read_piece, scan};
use crate::settings;
use crate::startup::RunError;
use crate::trust::Trust;
use publisher::Publisher;

/// Bytes that are read of the file at a time.
const PIECE_BYTES: usize = 256 << 10;

/// What is published, and where.
#[derive(Debug, Args)]
pub(super) struct Replay {
    #[command(flatten)]
    pub(super) options: Options,
    /// The recording, an FLV file
    file: PathBuf,
    /// Where to: the address of an application or instance, and the stream behind it, such as
    /// `rtmp://server/live/stream`
    #[arg(long, value_name = "URL", value_parser = parse_to)]
    to: To,
    /// A file of PEM certificates of authorities that are trusted beside the system's
    #[arg(long, value_name = "FILE")]
    ca: Vec<PathBuf>,
}

/// A stream of another server.
#[derive(Debug, Clone, PartialEq, Eq)]
struct To {
    server: ConnectUrl,
    /// The address of the connection: without the stream.
    url: String,
    stream: String,
}

/// The stream is the last part of the path; a query belongs to it, as with encoders.
fn parse_to(text: &str) -> Result<To, String> {
    let (path, query) = match text.split_once('?') {
        Some((path, query)) => (path, format!("?{query}")),
        None => (text, String::new()),
    };
    let (url, stream) = path.rsplit_once('/').unwrap_or((path, ""));
    let server = ConnectUrl::parse(url).map_err(|error| error.to_string())?;
    if !matches!(
        server.scheme,
        rtmp::url::Scheme::Rtmp | rtmp::url::Scheme::Rtmps
    ) {
        return Err(format!("{} is not rtmp or rtmps", server.scheme));
    }
    if server.host.is_empty() || stream.is_empty() {
        return Err("it is not rtmp://SERVER/APPLICATION[/INSTANCE]/STREAM".to_owned());
    }
    Ok(To {
        url: url.to_owned(),
        stream: format!("{stream}{query}"),
        server,
    })
}

/// Publishes until the recording ends, and says how much that was.
pub(super) fn run(replay: &Replay, config: &Config) -> Result<(), RunError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| RunError::Runtime(error.into()))?;
    let said = runtime.block_on(publish(replay, config));
    super::print(&said.map_err(RunError::Runtime)?)
}

async fn publish(replay: &Replay, config: &Config) -> anyhow::Result<String> {
    let failed = || replay.file.display().to_string();
    let mut recording = Recording::open(&replay.file).with_context(failed)?;
    let to = &replay.to;
    let trust = Trust::new(replay.ca.clone());
    let session = settings::session(config);
    let mut publisher = Publisher::connect(session, &trust, &to.server, &to.url).await?;
    publisher.publish(&to.stream).await?;
    let mut progress = Progress::new(&to.stream);
    let begun = Instant::now();
    let (mut first_ms, mut at_ms, mut count) = (None, 0, 0_u64);
    while let Some(located) = recording.next().with_context(failed)? {
        let Some(body) = body_of(&located) else {
            continue;
        };
        let first = *first_ms.get_or_insert(located.time_ms);
        at_ms = located.time_ms.saturating_sub(first);
        publisher
            .wait_until(begun + Duration::from_millis(at_ms))
            .await?;
        progress.at(at_ms, recording.duration_ms);
        // RTMP's times wrap as FLV's do.
        publisher.send(at_ms as u32, body).await?;
        count += 1;
    }
    publisher.unpublish().await?;
    let seconds = at_ms as f64 / 1000.0;
    Ok(format!(
        "{count} messages have been published in {seconds} s.\n"
    ))
}

/// A recording that is read from its start.
struct Recording {
    file: File,
    walker: Walker,
    duration_ms: u64,
    tags: std::vec::IntoIter<Located>,
}

impl Recording {
    fn open(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path)?;
        let mut progress = Progress::new(&path.display().to_string());
        let scanned = scan(&file, 0, &mut |at, of| progress.at(at, of))?;
        let first = u64::from(scanned.header.size_bytes) + BACK_POINTER_BYTES as u64;
        Ok(Self {
            file,
            walker: Walker::from(first, 0, MAX_PAYLOAD_BYTES),
            duration_ms: scanned.totals.duration_ms,
            tags: Vec::new().into_iter(),
        })
    }

    fn next(&mut self) -> anyhow::Result<Option<Located>> {
        loop {
            if let Some(located) = self.tags.next() {
                return Ok(Some(located));
            }
            let Some(read) = self.walker.wants() else {
                return Ok(None);
            };
            let mut tags = Vec::new();
            let piece = read_piece(&self.file, read, PIECE_BYTES)?;
            self.walker.read(&piece, &mut tags)?;
            self.tags = tags.into_iter();
        }
    }
}

/// What a publisher sends for a tag; `None` for one that means nothing.
fn body_of(located: &Located) -> Option<Body> {
    let payload = located.tag.payload.clone();
    let data = |payload, encoding| {
        Body::Data(Data {
            values: Vec::new(),
            encoding,
            payload,
        })
    };
    Some(match located.tag.kind {
        TagKind::Audio => Body::Audio(payload),
        TagKind::Video => Body::Video(payload),
        TagKind::Script if payload.is_empty() => return None,
        // Players that come later are to get it, too.
        TagKind::Script if begins_with_metadata(&payload) => {
            data(Bytes::from(with_set_data_frame(&payload)), Encoding::Amf0)
        }
        TagKind::Script => data(payload, Encoding::Amf0),
        TagKind::ScriptAmf3 if !payload.is_empty() => data(payload, Encoding::Amf3),
        TagKind::ScriptAmf3 | TagKind::Unknown(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let to = parse_to("rtmp://host/live/cam?key=a/b").unwrap();
        assert_eq!((&*to.url, &*to.stream), ("rtmp://host/live", "cam?key=a/b"));
        assert_eq!(to.server.target.app, "live");
        let to = parse_to("rtmps://host:7/chat/lobby/cam").unwrap();
        assert_eq!((&*to.server.target.instance, &*to.stream), ("lobby", "cam"));
        assert_eq!(to.server.port, 7);
        for wrong in [
            "cam",
            "rtmp://host/live",
            "rtmp:/live/cam",
            "http://host/live/cam",
            "rtmp://host/live/",
        ] {
            assert!(parse_to(wrong).is_err(), "{wrong}");
        }
    }
}
