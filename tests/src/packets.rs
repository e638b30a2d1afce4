//! The packets of a media file, and whether what a player received is what was published.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Sound or picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Sound.
    Audio,
    /// Picture.
    Video,
}

/// One packet of a media file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Sound or picture.
    pub kind: Kind,
    /// Whether decoding can start here.
    pub key: bool,
    /// When it is decoded, in milliseconds.
    pub time_ms: i64,
    /// The checksum of its bytes.
    pub checksum: String,
}

/// Reads every packet of sound and picture of a file, in its order. A last packet that was cut
/// short is left out.
///
/// # Errors
///
/// ffprobe is missing or does not understand the file.
pub fn read(path: &Path) -> Result<Vec<Packet>> {
    let mut command = Command::new("ffprobe");
    command.args([
        "-v",
        "error",
        "-show_packets",
        "-show_data_hash",
        "md5",
        "-of",
        "json",
    ]);
    let output = command.arg(path).output().context("cannot start ffprobe")?;
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let packets = report["packets"].as_array().with_context(|| {
        format!(
            "{} holds no packets: {}",
            path.display(),
            String::from_utf8_lossy(&output.stderr)
        )
    })?;
    let whole = packets.iter().filter(|packet| !flags(packet).contains('C'));
    whole
        .filter_map(|packet| read_packet(packet).transpose())
        .collect()
}

fn flags(packet: &Value) -> &str {
    packet["flags"].as_str().unwrap_or_default()
}

/// A packet of sound or picture; nothing for the data that some players write as well.
fn read_packet(packet: &Value) -> Result<Option<Packet>> {
    let kind = match packet["codec_type"].as_str() {
        Some("audio") => Kind::Audio,
        Some("video") => Kind::Video,
        _ => return Ok(None),
    };
    let checksum = packet["data_hash"]
        .as_str()
        .context("a packet without a checksum")?;
    let time_ms = packet["dts"].as_i64().context("a packet without a time")?;
    let key = flags(packet).contains('K');
    Ok(Some(Packet {
        kind,
        key,
        time_ms,
        checksum: checksum.to_owned(),
    }))
}

/// The names of the codecs of a file's sound and picture, sorted.
///
/// # Errors
///
/// ffprobe is missing or does not understand the file.
pub fn codecs(path: &Path) -> Result<Vec<String>> {
    let mut command = Command::new("ffprobe");
    command.args([
        "-v",
        "error",
        "-show_entries",
        "stream=codec_type,codec_name",
        "-of",
        "json",
    ]);
    let output = command.arg(path).output().context("cannot start ffprobe")?;
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let streams = report["streams"].as_array().map_or(&[][..], Vec::as_slice);
    let media = streams.iter().filter(|stream| {
        ["audio", "video"].contains(&stream["codec_type"].as_str().unwrap_or_default())
    });
    let mut names: Vec<_> = media
        .filter_map(|stream| stream["codec_name"].as_str().map(str::to_owned))
        .collect();
    names.sort_unstable();
    ensure!(!names.is_empty(), "{} holds no streams", path.display());
    Ok(names)
}

/// Checks that what was received is an unbroken, unchanged stretch of what was published, both
/// sound and picture, with the same times between the packets, at least `at_least` packets of
/// each kind, and that the picture starts with a key frame.
///
/// # Errors
///
/// What is wrong first.
pub fn assert_stretch(published: &[Packet], received: &[Packet], at_least: usize) -> Result<()> {
    for kind in [Kind::Audio, Kind::Video] {
        let source: Vec<_> = published
            .iter()
            .filter(|packet| packet.kind == kind)
            .collect();
        let result: Vec<_> = received
            .iter()
            .filter(|packet| packet.kind == kind)
            .collect();
        assert_stretch_of(&source, &result, at_least).with_context(|| format!("{kind:?}"))?;
    }
    let picture = received.iter().find(|packet| packet.kind == Kind::Video);
    ensure!(
        picture.is_some_and(|packet| packet.key),
        "the picture starts without a key frame"
    );
    Ok(())
}

fn assert_stretch_of(source: &[&Packet], result: &[&Packet], at_least: usize) -> Result<()> {
    let (got, there) = (result.len(), source.len());
    ensure!(
        got >= at_least,
        "{got} packets of {there}, expected {at_least}"
    );
    let first = result.first().context("no packets")?;
    let start = source
        .iter()
        .position(|packet| packet.checksum == first.checksum);
    let start = start.context("the first packet was never published")?;
    let stretch = &source[start..];
    ensure!(
        got <= stretch.len(),
        "{got} packets from {start} of {there}: more than published"
    );
    for (at, (packet, original)) in result.iter().zip(stretch).enumerate() {
        ensure!(
            packet.checksum == original.checksum,
            "packet {at} of {got} is not packet {} of {there}",
            start + at
        );
        ensure!(
            packet.key == original.key,
            "packet {at} of {got} lost its key-frame mark"
        );
        let passed = packet.time_ms - first.time_ms;
        let published = original.time_ms - stretch[0].time_ms;
        ensure!(
            passed == published,
            "packet {at} of {got} comes {passed} ms after the first, published {published} ms"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packets(names: &str, from_ms: i64) -> Vec<Packet> {
        let both = names.chars().zip(0..).flat_map(|(name, at)| {
            [Kind::Video, Kind::Audio].map(|kind| Packet {
                kind,
                key: name.is_uppercase() || kind == Kind::Audio,
                time_ms: from_ms + at * 40,
                checksum: name.to_string(),
            })
        });
        both.collect()
    }

    #[test]
    fn a_stretch_may_begin_late_and_end_early() {
        let published = packets("AbcDefGhi", 0);
        for received in ["AbcDefGhi", "Def", "DefGh"] {
            assert_stretch(&published, &packets(received, 7), 3).unwrap();
        }
    }

    #[test]
    fn what_is_not_a_stretch_is_told() {
        let published = packets("AbcDefGhi", 0);
        let cases = [
            ("Dfe", "is not packet"),
            ("DeGhi", "is not packet"),
            ("DeeGhi", "is not packet"),
            ("Xbc", "never published"),
            ("bcDe", "without a key frame"),
            ("De", "expected 3"),
            ("GhiX", "more than published"),
        ];
        for (received, expected) in cases {
            let error = assert_stretch(&published, &packets(received, 0), 3).unwrap_err();
            assert!(
                format!("{error:?}").contains(expected),
                "{received}: {error:?}"
            );
        }
    }

    #[test]
    fn times_must_pass_as_published() {
        let published = packets("AbcDef", 0);
        let mut received = packets("Def", 0);
        received[4].time_ms += 1;
        let error = assert_stretch(&published, &received, 3).unwrap_err();
        assert!(
            format!("{error:?}").contains("published 80 ms"),
            "{error:?}"
        );
    }
}
