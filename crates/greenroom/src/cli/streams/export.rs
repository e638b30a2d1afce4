//! A recording as MP4: the same bytes of pictures and sound in other boxes.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Seek as _, SeekFrom, Write};
use std::path::Path;

use anyhow::{Context as _, bail};
use flv::codec::{AvcConfig, FlacStreamInfo, HevcConfig, OpusHead, Size};
use flv::tag::BACK_POINTER_BYTES;
use flv::{AudioFormat, FourCc, Located, Metadata, TagKind, VideoFormat, Walker, audio, video};
use mp4writer::{Audio, AudioCodec, Format, Picture, Sample, VideoCodec, Writer};

use crate::cli::progress::Progress;
use crate::recording::{read_piece, scan};

/// Bytes that are read at a time.
const PIECE_BYTES: usize = 256 << 10;
/// The largest tag there can be.
const TAG_BYTES: usize = flv::tag::MAX_PAYLOAD_BYTES;

/// Writes the recording to a new file, which is removed again if that fails.
pub(super) fn to_mp4(recording: &Path, file: &Path) -> anyhow::Result<String> {
    let failed = || format!("cannot write {}", file.display());
    let new = OpenOptions::new().write(true).create_new(true).open(file);
    let new = new.with_context(failed)?;
    match write(recording, BufWriter::new(new)) {
        Ok(said) => Ok(format!("{} has been written: {said}.\n", file.display())),
        Err(error) => {
            let _ = fs::remove_file(file);
            Err(error.context(recording.display().to_string()))
        }
    }
}

fn write(recording: &Path, out: BufWriter<File>) -> anyhow::Result<String> {
    let input = File::open(recording)?;
    let mut progress = Progress::new(&recording.display().to_string());
    let scanned = scan(&input, 0, &mut |at, of| progress.at(at, of))?;
    let said = scanned.properties().map(Metadata::of_properties);
    let first = u64::from(scanned.header.size_bytes) + BACK_POINTER_BYTES as u64;
    let mut export = Export::begin(out, said.as_ref())?;
    let mut walker = Walker::from(first, 0, TAG_BYTES);
    let mut tags = Vec::new();
    while let Some(read) = walker.wants() {
        progress.at(read.position, scanned.totals.file_bytes);
        let piece = read_piece(&input, read, PIECE_BYTES)?;
        walker.read(&piece, &mut tags)?;
        for located in tags.drain(..) {
            export.take(&located)?;
        }
    }
    export.finish()
}

/// An MP4 file while it is written.
struct Export {
    out: BufWriter<File>,
    writer: Writer,
    video: Option<usize>,
    audio: Option<usize>,
    /// What the metadata say of the pictures' size, for codecs whose headers do not.
    size: Option<Size>,
    samples: u64,
    /// Messages for which there is no track.
    left_out: u64,
}

impl Export {
    fn begin(mut out: BufWriter<File>, said: Option<&Metadata>) -> anyhow::Result<Self> {
        out.write_all(&Writer::start())?;
        let size = said.and_then(|said| said.width.zip(said.height));
        Ok(Self {
            out,
            writer: Writer::new(),
            video: None,
            audio: None,
            size: size.map(|(width, height)| Size { width, height }),
            samples: 0,
            left_out: 0,
        })
    }

    fn take(&mut self, located: &Located) -> anyhow::Result<()> {
        let (time_ms, payload) = (located.time_ms, &located.tag.payload);
        let place = || format!("the tag at byte {}", located.position);
        match located.tag.kind {
            TagKind::Video => self.take_video(time_ms, payload).with_context(place),
            TagKind::Audio => self.take_audio(time_ms, payload).with_context(place),
            _ => Ok(()),
        }
    }

    fn take_video(&mut self, time_ms: u64, payload: &[u8]) -> anyhow::Result<()> {
        let header = video::parse(payload)?;
        let body = match video::tracks(payload)? {
            None => payload.get(header.body_offset..),
            Some(tracks) => self.first_of(tracks.map(|track| Ok(track?.body)))?,
        };
        let Some(body) = body else {
            return Ok(());
        };
        if header.is_sequence_header() {
            let found = VideoFormat::of(&header, payload).and_then(|format| format.size);
            let format = video_format(header.codec, body, found.or(self.size))?;
            return self.set_format(true, format);
        }
        if !header.is_frames() || body.is_empty() {
            return Ok(());
        }
        let Some(track) = self.video else {
            // Without a header nobody can decode it; with another codec nobody ever can.
            video_codec(header.codec)?;
            self.left_out += 1;
            return Ok(());
        };
        let sample = Sample {
            time_ms,
            composition_ms: header.composition_time,
            is_key: header.is_key_frame(),
            bytes: body.len(),
        };
        self.add(track, sample, body)
    }

    /// The media of the first track of a message; the others are left out.
    fn first_of<'a>(
        &mut self,
        bodies: impl Iterator<Item = Result<&'a [u8], flv::Error>>,
    ) -> anyhow::Result<Option<&'a [u8]>> {
        let bodies = bodies.collect::<Result<Vec<_>, _>>()?;
        self.left_out += bodies.len().saturating_sub(1) as u64;
        Ok(bodies.first().copied())
    }

    fn take_audio(&mut self, time_ms: u64, payload: &[u8]) -> anyhow::Result<()> {
        let header = audio::parse(payload)?;
        let body = match audio::tracks(payload)? {
            None => payload.get(header.body_offset..),
            Some(tracks) => self.first_of(tracks.map(|track| Ok(track?.body)))?,
        };
        let Some(body) = body else {
            return Ok(());
        };
        if let Some(told) = AudioFormat::of(&header, payload) {
            self.set_format(false, Format::Audio(audio_format(&told, body)?))?;
        }
        if !header.is_frames() || body.is_empty() {
            return Ok(());
        }
        let Some(track) = self.audio else {
            self.left_out += 1;
            return Ok(());
        };
        let sample = Sample {
            time_ms,
            composition_ms: 0,
            is_key: true,
            bytes: body.len(),
        };
        self.add(track, sample, body)
    }

    fn set_format(&mut self, is_video: bool, format: Format) -> anyhow::Result<()> {
        let track = if is_video {
            &mut self.video
        } else {
            &mut self.audio
        };
        match track {
            Some(track) => self.writer.change_format(*track, format)?,
            None => *track = Some(self.writer.add_track(format)),
        }
        Ok(())
    }

    fn add(&mut self, track: usize, sample: Sample, body: &[u8]) -> anyhow::Result<()> {
        self.writer.add_sample(track, sample)?;
        self.out.write_all(body)?;
        self.samples += 1;
        Ok(())
    }

    fn finish(mut self) -> anyhow::Result<String> {
        if self.samples == 0 {
            bail!("there is nothing in it that MP4 could hold");
        }
        let end = self.writer.finish();
        self.out.write_all(&end.tail)?;
        self.out.seek(SeekFrom::Start(end.length_position))?;
        self.out.write_all(&end.length)?;
        let file = self
            .out
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error)?;
        file.sync_all()?;
        let left_out = match self.left_out {
            0 => String::new(),
            count => format!(", {count} left out: further tracks, or without their codec's header"),
        };
        Ok(format!("{} samples{left_out}", self.samples))
    }
}

/// The codec's name in MP4.
fn video_codec(codec: video::Codec) -> anyhow::Result<VideoCodec> {
    use video::Codec;
    Ok(match codec {
        Codec::Avc | Codec::FourCc(FourCc::AVC1) => VideoCodec::Avc,
        Codec::HevcLegacy | Codec::FourCc(FourCc::HVC1) => VideoCodec::Hevc,
        Codec::Av1Legacy | Codec::FourCc(FourCc::AV01) => VideoCodec::Av1,
        Codec::FourCc(FourCc::VP08) => VideoCodec::Vp8,
        Codec::FourCc(FourCc::VP09) => VideoCodec::Vp9,
        other => bail!("MP4 has no place for {}", other.name()),
    })
}

fn video_format(codec: video::Codec, config: &[u8], size: Option<Size>) -> anyhow::Result<Format> {
    let codec = video_codec(codec)?;
    // A record that cannot be read would make a file that nobody can play.
    match codec {
        VideoCodec::Avc => drop(AvcConfig::parse(config)?),
        VideoCodec::Hevc => drop(HevcConfig::parse(config)?),
        VideoCodec::Av1 | VideoCodec::Vp8 | VideoCodec::Vp9 => {}
    }
    let pixels = |of: fn(Size) -> u32| size.and_then(|size| u16::try_from(of(size)).ok());
    Ok(Format::Video(Picture {
        codec,
        config: config.to_vec(),
        width: pixels(|size| size.width).unwrap_or(0),
        height: pixels(|size| size.height).unwrap_or(0),
    }))
}

/// What a message tells of the sound.
fn audio_format(told: &AudioFormat, body: &[u8]) -> anyhow::Result<Audio> {
    use audio::Codec;
    let codec = match told.codec {
        Codec::Aac | Codec::FourCc(FourCc::MP4A) => AudioCodec::Aac(body.to_vec()),
        Codec::Mp3 | Codec::Mp3_8k | Codec::FourCc(FourCc::MP3) => match told.sample_rate_hz {
            Some(32_000..) => AudioCodec::Mp3,
            _ => AudioCodec::Mp3Low,
        },
        Codec::FourCc(FourCc::OPUS) => {
            let head = OpusHead::parse(body)?;
            if head.channels > 2 {
                bail!("Opus with {} channels is not exported", head.channels);
            }
            AudioCodec::Opus {
                pre_skip: head.pre_skip,
                input_rate_hz: head.input_rate_hz,
            }
        }
        Codec::FourCc(FourCc::FLAC) => {
            FlacStreamInfo::parse(body)?;
            // Before the block may stand a signature and the block's header.
            let info = body.strip_prefix(b"fLaC").and_then(|rest| rest.get(4..));
            let info = info.unwrap_or(body).get(..34);
            AudioCodec::Flac(info.context("the FLAC header is cut")?.to_vec())
        }
        other => bail!("MP4 has no place for {}", other.name()),
    };
    Ok(Audio {
        codec,
        channels: told.channels.unwrap_or(2).into(),
        rate_hz: told.sample_rate_hz.unwrap_or(44_100),
    })
}
