//! Real frames of codecs that the tests' ffmpeg cannot write into FLV: encoded into the plain
//! containers IVF and Ogg, taken out of them, and put into the headers of Enhanced RTMP.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rtmp::{Body, Message};
use testkit::media::FrameKind;
use testkit::media::enhanced::{self, Packet};
use tokio::time::Instant;

use crate::client::Client;
use crate::process::Program;

/// A codec of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// VP9.
    Vp9,
    /// AV1.
    Av1,
}

/// How long the pictures and the sound are, in milliseconds.
const LENGTH_MS: u32 = 8000;
const MAKING_LIMIT: Duration = Duration::from_mins(1);
/// An Opus packet of ffmpeg's encoder, in milliseconds.
const OPUS_PACKET_MS: u32 = 20;

/// Pictures of a codec and Opus sound, in the order of their times: first what a player needs
/// to know, then the frames.
#[derive(Debug)]
pub struct Encoded {
    headers: Vec<Message>,
    frames: Vec<Message>,
}

impl Encoded {
    /// Encodes pictures of 320x180 and a noise, unless that was done before.
    ///
    /// # Errors
    ///
    /// ffmpeg is missing or cannot encode them.
    pub fn make(codec: Codec) -> Result<Self> {
        let ivf = fs::read(encode(codec.name(), codec.recipe())?)?;
        let ogg = fs::read(encode("opus.ogg", OPUS)?)?;
        let pictures = ivf_frames(&ivf)?;
        let mut packets = ogg_packets(&ogg)?.into_iter();
        let (head, _tags) = (packets.next(), packets.next());
        let first = &pictures.first().context("no pictures")?.1;
        let video = enhanced::video(
            FrameKind::Key,
            Packet::SequenceStart,
            codec.fourcc(),
            &codec.record(first)?,
        );
        let audio = enhanced::audio(Packet::SequenceStart, b"Opus", &head.context("no sound")?);
        let headers = vec![
            message(0, Body::Video(video.into())),
            message(0, Body::Audio(audio.into())),
        ];
        let video = pictures.iter().map(|(at, frame)| {
            let body = enhanced::video(codec.kind(frame), Packet::Frames, codec.fourcc(), frame);
            message(*at, Body::Video(body.into()))
        });
        let audio = (0..).zip(packets).map(|(number, packet)| {
            let body = enhanced::audio(Packet::Frames, b"Opus", &packet);
            message(number * OPUS_PACKET_MS, Body::Audio(body.into()))
        });
        let mut frames: Vec<_> = video.chain(audio).collect();
        frames.retain(|frame| frame.timestamp < LENGTH_MS);
        frames.sort_by_key(|frame| frame.timestamp);
        Ok(Self { headers, frames })
    }

    /// Publishes it again and again at its own speed, until told to stop.
    ///
    /// # Errors
    ///
    /// The connection is gone.
    pub async fn publish(&self, client: &mut Client, name: &str, stop: &AtomicBool) -> Result<()> {
        let stream_id = client.publish(name).await?;
        for header in &self.headers {
            client
                .send(Message {
                    stream_id,
                    ..header.clone()
                })
                .await?;
        }
        let started = Instant::now();
        for round in 0.. {
            for frame in &self.frames {
                let timestamp = round * LENGTH_MS + frame.timestamp;
                tokio::time::sleep_until(started + Duration::from_millis(timestamp.into())).await;
                client.take_in().await?;
                let body = frame.body.clone();
                client
                    .send(Message {
                        stream_id,
                        timestamp,
                        body,
                    })
                    .await?;
                if stop.load(Ordering::Relaxed) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

fn message(timestamp: u32, body: Body) -> Message {
    Message {
        stream_id: 0,
        timestamp,
        body,
    }
}

const OPUS: &str = "-f lavfi -i anoisesrc=color=pink:amplitude=0.3:seed=7:r=48000 \
    -ac 1 -c:a libopus -b:a 48k -f ogg";

impl Codec {
    fn name(self) -> &'static str {
        match self {
            Self::Vp9 => "vp9.ivf",
            Self::Av1 => "av1.ivf",
        }
    }

    fn recipe(self) -> &'static str {
        match self {
            Self::Vp9 => {
                "-f lavfi -i testsrc2=size=320x180:rate=25 -pix_fmt yuv420p -g 50 -c:v libvpx-vp9 \
                 -deadline realtime -cpu-used 8 -lag-in-frames 0 -b:v 300k -f ivf"
            }
            Self::Av1 => {
                "-f lavfi -i testsrc2=size=320x180:rate=25 -pix_fmt yuv420p -g 50 -c:v libaom-av1 \
                 -usage realtime -cpu-used 8 -lag-in-frames 0 -b:v 300k -f ivf"
            }
        }
    }

    fn fourcc(self) -> &'static [u8; 4] {
        match self {
            Self::Vp9 => b"vp09",
            Self::Av1 => b"av01",
        }
    }

    /// Whether a frame is a key frame: by the bit of a VP9 header (§6.2, with profile 0), or by
    /// the sequence header that encoders of AV1 put before each.
    fn kind(self, frame: &[u8]) -> FrameKind {
        let key = match self {
            Self::Vp9 => frame.first().is_some_and(|first| first & 0x0c == 0),
            Self::Av1 => frame.first() == Some(&AV1_SEQUENCE_HEADER),
        };
        if key {
            FrameKind::Key
        } else {
            FrameKind::Inter
        }
    }

    /// The configuration record: 8 bits, 4:2:0, profile 0.
    fn record(self, first_frame: &[u8]) -> Result<Vec<u8>> {
        match self {
            Self::Vp9 => Ok(vec![1, 0, 0, 0, 0, 10, 0x82, 2, 2, 2, 0, 0]),
            Self::Av1 => {
                let length = usize::from(*first_frame.get(1).context("no sequence header")?);
                let unit = first_frame.get(..2 + length).context("it is cut")?;
                ensure!(
                    unit[0] == AV1_SEQUENCE_HEADER,
                    "no sequence header comes first"
                );
                // Behind 24 bits: five bits of level (AV1 §5.5.1).
                let level = unit.get(5).context("it is short")? >> 3;
                Ok([&[0x81, level, 0x0c, 0], unit].concat())
            }
        }
    }
}

/// The header of an AV1 unit with a size: a sequence header, and a temporal delimiter.
const AV1_SEQUENCE_HEADER: u8 = 0x0a;
const AV1_DELIMITER: [u8; 2] = [0x12, 0];

/// The file of that name, made by ffmpeg if it is not there yet.
fn encode(name: &str, recipe: &str) -> Result<PathBuf> {
    // One at a time: tests that run side by side ask for the same files.
    static MAKING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/e2e-media"));
    let path = folder.join(name);
    if path.is_file() {
        return Ok(path);
    }
    fs::create_dir_all(&folder)?;
    let part = folder.join(format!("{name}-{}.part", std::process::id()));
    let seconds = (LENGTH_MS / 1000).to_string();
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-hide_banner", "-loglevel", "error", "-y"]);
    command.args(recipe.split_whitespace());
    command.args(["-t", &seconds]).arg(&part);
    Program::start(&mut command)?.succeed(MAKING_LIMIT)?;
    fs::rename(part, &path)?;
    Ok(path)
}

/// The frames of an IVF file with their times in milliseconds; those of AV1 without the
/// delimiter that other containers leave out.
fn ivf_frames(file: &[u8]) -> Result<Vec<(u32, Vec<u8>)>> {
    const HEADER_BYTES: usize = 32;
    const FRAME_HEADER_BYTES: usize = 12;
    let number = |at: usize| -> Result<u32> {
        let bytes = file.get(at..at + 4).context("the file is cut")?;
        Ok(u32::from_le_bytes(bytes.try_into()?))
    };
    ensure!(file.starts_with(b"DKIF"), "no IVF file");
    let (rate, scale) = (number(16)?, number(20)?);
    let mut frames = Vec::new();
    let mut at = HEADER_BYTES;
    while at < file.len() {
        let (size, time) = (number(at)? as usize, number(at + 4)?);
        at += FRAME_HEADER_BYTES;
        let frame = file.get(at..at + size).context("a frame is cut")?;
        let frame = frame.strip_prefix(&AV1_DELIMITER).unwrap_or(frame);
        frames.push((time * 1000 * scale / rate, frame.to_vec()));
        at += size;
    }
    Ok(frames)
}

/// The packets of an Ogg file with one stream (RFC 3533 §6).
fn ogg_packets(file: &[u8]) -> Result<Vec<Vec<u8>>> {
    const HEADER_BYTES: usize = 27;
    const WHOLE_SEGMENT: u8 = 255;
    let mut packets = Vec::new();
    let mut packet = Vec::new();
    let mut at = 0;
    while at < file.len() {
        let header = file.get(at..at + HEADER_BYTES).context("a page is cut")?;
        ensure!(header.starts_with(b"OggS"), "no page at {at}");
        at += HEADER_BYTES;
        let count = usize::from(header[HEADER_BYTES - 1]);
        let segments = file.get(at..at + count).context("a page is cut")?;
        at += count;
        for segment in segments {
            let end = at + usize::from(*segment);
            packet.extend(file.get(at..end).context("a page is cut")?);
            at = end;
            if *segment < WHOLE_SEGMENT {
                packets.push(std::mem::take(&mut packet));
            }
        }
    }
    Ok(packets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_of_ivf_and_packets_out_of_ogg() {
        let mut ivf = b"DKIF\0\0\x20\0VP90\x40\x01\xb4\0\x19\0\0\0\x01\0\0\0".to_vec();
        ivf.resize(32, 0);
        for (time, frame) in [(0, &b"\x12\0ab"[..]), (3, b"c")] {
            ivf.extend((frame.len() as u32).to_le_bytes());
            ivf.extend([time, 0, 0, 0, 0, 0, 0, 0]);
            ivf.extend(frame);
        }
        let frames = vec![(0, b"ab".to_vec()), (120, b"c".to_vec())];
        assert_eq!(ivf_frames(&ivf).unwrap(), frames);
        assert!(ivf_frames(&ivf[..ivf.len() - 1]).is_err());
        let page = |segments: &[u8], body: &[u8]| {
            let mut page = b"OggS".to_vec();
            page.resize(26, 0);
            [&page[..], &[segments.len() as u8], segments, body].concat()
        };
        let ogg = [page(&[2, 255], &[7; 257]), page(&[1], &[7])].concat();
        assert_eq!(ogg_packets(&ogg).unwrap(), [vec![7; 2], vec![7; 256]]);
        assert!(ogg_packets(&ogg[..ogg.len() - 1]).is_err());
    }
}
