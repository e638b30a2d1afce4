//! Publishing made media at its own speed, and checking what arrives of it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rtmp::{Body, Data, Encoding, Message};
use testkit::media::{self, Kind, Mark, MarkKind, Stream};
use tokio::time::Instant;

use crate::client::Client;

/// A made message as the one that is sent. Metadata is sent as encoders do.
pub fn message(stream: u32, made: &media::Message) -> Message {
    let payload = made.payload.clone().into();
    let body = match made.kind {
        Kind::Audio => Body::Audio(payload),
        Kind::Video => Body::Video(payload),
        Kind::Data => {
            let mut data = Data::new(vec![], Encoding::Amf0);
            data.payload = [SET_DATA_FRAME, &made.payload].concat().into();
            Body::Data(data)
        }
    };
    Message {
        stream_id: stream,
        timestamp: made.timestamp_ms,
        body,
    }
}

/// The AMF0 text that goes before `onMetaData` on the way to the server.
const SET_DATA_FRAME: &[u8] = b"\x02\0\x0d@setDataFrame";

/// Publishes a stream's messages at their own speed for a while, up to and including the first
/// whose time is `duration` after the first one's, and returns them.
///
/// # Errors
///
/// The connection is gone.
pub async fn publish_for(
    client: &mut Client,
    stream: u32,
    media: &mut Stream,
    duration: Duration,
) -> Result<Vec<media::Message>> {
    let mut sent: Vec<media::Message> = Vec::new();
    let started = Instant::now();
    for made in media {
        let first_ms = sent
            .first()
            .map_or(made.timestamp_ms, |first| first.timestamp_ms);
        let due = Duration::from_millis(u64::from(made.timestamp_ms.wrapping_sub(first_ms)));
        tokio::time::sleep_until(started + due).await;
        client.take_in().await?;
        client.send(message(stream, &made)).await?;
        sent.push(made);
        if due >= duration {
            break;
        }
    }
    Ok(sent)
}

/// Publishes the next messages of a stream at once, and returns them.
///
/// # Errors
///
/// The connection is gone.
pub async fn publish_now(
    client: &mut Client,
    stream: u32,
    media: &mut Stream,
    count: usize,
) -> Result<Vec<media::Message>> {
    let sent: Vec<_> = media.take(count).collect();
    for made in &sent {
        client.send(message(stream, made)).await?;
    }
    Ok(sent)
}

/// The mark of a received message, if it is sound or picture with one.
pub fn mark(message: &Message) -> Option<Mark> {
    match &message.body {
        Body::Audio(payload) | Body::Video(payload) => Mark::find(payload),
        _ => None,
    }
}

/// Plays until a frame with this mark has come, and returns all marks on the way.
///
/// # Errors
///
/// It does not come in time, or the server closes the connection.
pub async fn play_until(client: &mut Client, last: Mark) -> Result<Vec<Mark>> {
    let mut marks = Vec::new();
    while marks.last() != Some(&last) {
        let message = client.next_media().await;
        let message = message.with_context(|| format!("{} frames, then none", marks.len()))?;
        marks.extend(mark(&message));
    }
    Ok(marks)
}

/// The mark of the last frame among messages sent.
///
/// # Errors
///
/// There is none.
pub fn last_mark(sent: &[media::Message]) -> Result<Mark> {
    sent.iter()
        .rev()
        .find_map(media::Message::mark)
        .context("nothing was sent")
}

/// Checks that neither sound nor picture has gaps, repeats or steps back.
///
/// # Errors
///
/// The first fault.
pub fn assert_unbroken(marks: &[Mark]) -> Result<()> {
    for sound in [true, false] {
        let of_kind = marks
            .iter()
            .filter(|mark| (mark.kind == MarkKind::Audio) == sound);
        let numbers: Vec<_> = of_kind.map(|mark| mark.number).collect();
        for pair in numbers.windows(2) {
            ensure!(
                pair[1] == pair[0] + 1,
                "{} {} comes after {}",
                if sound { "sound" } else { "picture" },
                pair[1],
                pair[0]
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(text: &str) -> Vec<Mark> {
        let mark = |word: &str| {
            let kind = match &word[..1] {
                "a" => MarkKind::Audio,
                "k" => MarkKind::Key,
                _ => MarkKind::Inter,
            };
            Mark {
                kind,
                number: word[1..].parse().unwrap(),
            }
        };
        text.split(' ').map(mark).collect()
    }

    #[test]
    fn sound_and_picture_are_counted_apart() {
        assert!(assert_unbroken(&marks("k5 a9 i6 i7 a10 k8")).is_ok());
        for broken in ["k5 i7", "k5 i6 i6", "a3 k1 a2", "a1 k1 a3"] {
            assert!(assert_unbroken(&marks(broken)).is_err(), "{broken}");
        }
    }
}
