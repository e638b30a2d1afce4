//! What is in a recording: how long it is, what it looks and sounds like, whether it is whole.

use std::fs::File;
use std::path::Path;

use flv::tag::BACK_POINTER_BYTES;
use flv::{AudioFormat, Scanned, Tag, TagKind, VideoFormat, audio, video};
use serde_json::{Value as Json, json};

use crate::amf_json::to_json;
use crate::cli::progress::Progress;
use crate::recording::{Problem, first_tags, is_locked, scan};

/// Tags among which the codecs are looked for.
const START_TAGS: usize = 64;
/// Room for the index of a file that has none; it is only counted here.
const INDEX_ENTRIES: usize = 100_000;

/// What was found out.
pub(super) struct Facts {
    scanned: Scanned,
    bytes: u64,
    is_recorded: bool,
    video: Option<VideoFormat>,
    audio: Option<AudioFormat>,
    /// Codecs of pictures and sound, also where nothing more is known of them.
    codecs: [Option<&'static str>; 2],
}

impl Facts {
    pub(super) fn of(path: &Path, progress: &mut Progress) -> Result<Self, Problem> {
        let file = File::open(path)?;
        let scanned = scan(&file, INDEX_ENTRIES, &mut |at, of| progress.at(at, of))?;
        let first = u64::from(scanned.header.size_bytes) + BACK_POINTER_BYTES as u64;
        let mut facts = Self {
            scanned,
            bytes: file.metadata()?.len(),
            is_recorded: is_locked(&file),
            video: None,
            audio: None,
            codecs: [None, None],
        };
        for found in first_tags(&file, first, START_TAGS)? {
            facts.look_at(&found.tag);
        }
        Ok(facts)
    }

    fn look_at(&mut self, tag: &Tag) {
        let payload = &tag.payload;
        match tag.kind {
            TagKind::Video => {
                if let Ok(header) = video::parse(payload) {
                    self.codecs[0].get_or_insert_with(|| header.codec.name());
                    let format = VideoFormat::of(&header, payload);
                    self.video = self.video.take().or(format);
                }
            }
            TagKind::Audio => {
                if let Ok(header) = audio::parse(payload) {
                    self.codecs[1].get_or_insert_with(|| header.codec.name());
                    let format = AudioFormat::of(&header, payload);
                    self.audio = self.audio.take().or(format);
                }
            }
            _ => {}
        }
    }

    /// In a line.
    pub(super) fn line(&self) -> String {
        let seconds = self.scanned.totals.duration_ms as f64 / 1000.0;
        let mut parts = vec![format!("{} bytes", self.bytes), format!("{seconds} s")];
        parts.extend(
            self.codecs
                .iter()
                .flatten()
                .map(|codec| (*codec).to_owned()),
        );
        if self.is_recorded {
            parts.push("being recorded".to_owned());
        } else if !self.scanned.is_finished() {
            parts.push("not finished".to_owned());
        }
        parts.join(", ")
    }

    /// In full.
    pub(super) fn to_json(&self) -> Json {
        let scanned = &self.scanned;
        let (video, audio) = (self.video.as_ref(), self.audio.as_ref());
        let size = video.and_then(|video| video.size);
        json!({
            "bytes": self.bytes,
            "duration_ms": scanned.totals.duration_ms,
            "video": self.codecs[0].map(|codec| json!({
                "codec": codec,
                "codec_string": video.and_then(|video| video.codec_string.clone()),
                "width": size.map(|size| size.width),
                "height": size.map(|size| size.height),
            })),
            "audio": self.codecs[1].map(|codec| json!({
                "codec": codec,
                "codec_string": audio.and_then(|audio| audio.codec_string.clone()),
                "sample_rate_hz": audio.and_then(|audio| audio.sample_rate_hz),
                "channels": audio.and_then(|audio| audio.channels),
            })),
            "keyframes": scanned.index.entries().len(),
            "indexed": scanned.from_index,
            "finished": scanned.is_finished(),
            "cut_bytes": scanned.cut_bytes,
            "being_recorded": self.is_recorded,
            "metadata": scanned.properties().and_then(|properties| to_json(properties).ok()),
        })
    }
}
