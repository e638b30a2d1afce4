//! H.264 and AAC in MP4 files, gone through as if they were FLV: one tag for each sample.
//!
//! An MP4 file has its samples in one place and says in another where they are. That other place
//! is read elsewhere (the `mp4` crate); here is what it comes to: one list of samples of all
//! tracks in the order of their times. A *place* in such a file is a number in that list, and
//! codec headers are the first of it.

use std::sync::Arc;

use amf::{EncodeError, Str, Value, amf0};
use bytes::{BufMut, Bytes, BytesMut};

use crate::codec::AvcConfig;
use crate::metadata::ON_META_DATA;
use crate::scan::Read;
use crate::{Error, Keyframe, KeyframeIndex, Located, Tag, TagKind};

/// The largest time between the decoding of a picture and its showing that a tag can say.
const MAX_COMPOSITION_MS: i32 = 0x7f_ffff;

/// What a track has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mp4Kind {
    /// H.264.
    Avc,
    /// AAC.
    Aac,
}

/// Part of a track: a picture, or a piece of sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mp4Sample {
    /// Where it starts, in bytes from the start of the file.
    pub position: u64,
    /// Its size.
    pub bytes: u32,
    /// When it is decoded, in milliseconds; tracks may begin before zero.
    pub time_ms: i64,
    /// How much later it is shown.
    pub composition_ms: i32,
    /// Whether decoding can start here.
    pub is_key: bool,
}

/// A track of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mp4Track {
    /// What it has.
    pub kind: Mp4Kind,
    /// What its decoder needs first: an `AVCDecoderConfigurationRecord` or an
    /// `AudioSpecificConfig`.
    pub config: Bytes,
    /// Its samples, in the order of decoding.
    pub samples: Vec<Mp4Sample>,
}

/// What those who play an MP4 file need to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mp4File {
    headers: Vec<(Mp4Kind, Bytes)>,
    samples: Vec<(Mp4Kind, Mp4Sample)>,
    /// Places of key frames, or of sounds where there are no pictures.
    pub index: Arc<KeyframeIndex>,
    /// The time of the last sample, in milliseconds from the first.
    pub duration_ms: u64,
}

impl Mp4File {
    /// Puts tracks together, the first of each kind. The index has at most so many entries.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] where there is no sample.
    pub fn new(tracks: Vec<Mp4Track>, index_entries: usize) -> Result<Self, Error> {
        let mut headers: Vec<(Mp4Kind, Bytes)> = Vec::new();
        let mut samples = Vec::new();
        for track in tracks {
            if headers.iter().all(|(kind, _)| *kind != track.kind) {
                headers.push((track.kind, track.config));
                samples.extend(track.samples.into_iter().map(|sample| (track.kind, sample)));
            }
        }
        samples.sort_by_key(|(_, sample)| (sample.time_ms, sample.position));
        let (Some(first), Some(last)) = (samples.first(), samples.last()) else {
            let what = "MP4 file without samples";
            return Err(Error::Malformed { what, offset: 0 });
        };
        let (first_ms, last_ms) = (first.1.time_ms, last.1.time_ms);
        for (_, sample) in &mut samples {
            sample.time_ms = sample.time_ms.saturating_sub(first_ms);
        }
        let mut file = Self {
            index: Arc::new(KeyframeIndex::new(0)),
            headers,
            samples,
            duration_ms: last_ms.saturating_sub(first_ms).unsigned_abs(),
        };
        file.index = Arc::new(file.index_of(index_entries));
        Ok(file)
    }

    fn index_of(&self, entries: usize) -> KeyframeIndex {
        let mut index = KeyframeIndex::new(entries);
        for (number, (kind, sample)) in self.samples.iter().enumerate() {
            if sample.is_key && (*kind == Mp4Kind::Avc || !self.has(Mp4Kind::Avc)) {
                index.push(Keyframe {
                    time_ms: sample.time_ms.unsigned_abs(),
                    position: (self.headers.len() + number) as u64,
                });
            }
        }
        index
    }

    /// Whether it has such a track.
    #[must_use]
    pub fn has(&self, kind: Mp4Kind) -> bool {
        self.headers.iter().any(|(known, _)| *known == kind)
    }

    /// The `onMetaData` of such a file.
    ///
    /// # Errors
    ///
    /// It never is too large.
    pub fn metadata(&self) -> Result<Bytes, EncodeError> {
        const AVC: f64 = 7.0;
        const AAC: f64 = 10.0;
        let mut properties: Vec<(&str, Value)> = vec![
            ("duration", (self.duration_ms as f64 / 1000.0).into()),
            ("hasAudio", self.has(Mp4Kind::Aac).into()),
            ("hasVideo", self.has(Mp4Kind::Avc).into()),
        ];
        for (kind, config) in &self.headers {
            match kind {
                Mp4Kind::Aac => properties.push(("audiocodecid", AAC.into())),
                Mp4Kind::Avc => {
                    properties.push(("videocodecid", AVC.into()));
                    let size = AvcConfig::parse(config).ok().and_then(|avc| avc.size());
                    if let Some(size) = size {
                        properties.push(("width", f64::from(size.width).into()));
                        properties.push(("height", f64::from(size.height).into()));
                    }
                }
            }
        }
        let properties = properties.into_iter();
        let properties = properties.map(|(name, value)| (Str::from(name), value));
        let values = [ON_META_DATA.into(), Value::ecma_array(properties)];
        Ok(amf0::encode_all(&values)?.into())
    }

    /// The codec headers, as the first places have them.
    #[must_use]
    pub fn headers(&self) -> Vec<Located> {
        let all = self.headers.iter().enumerate();
        let tag = |(place, (kind, config)): (usize, &(Mp4Kind, Bytes))| {
            let (tag_kind, head): (TagKind, &[u8]) = match kind {
                Mp4Kind::Avc => (TagKind::Video, &[0x17, 0, 0, 0, 0]),
                Mp4Kind::Aac => (TagKind::Audio, &[0xaf, 0]),
            };
            tag_at(place, 0, tag_kind, [head, config].concat().into())
        };
        all.map(tag).collect()
    }
}

/// The tag at a place.
const fn tag_at(place: usize, time_ms: u64, kind: TagKind, payload: Bytes) -> Located {
    Located {
        position: place as u64,
        time_ms,
        tag: Tag {
            kind,
            filtered: false,
            timestamp_ms: time_ms as u32,
            stream_id: 0,
            payload,
        },
    }
}

/// Walks from sample to sample.
///
/// Hand over what it [wants](Self::wants), until that is nothing.
#[derive(Debug, Clone)]
pub struct Mp4Walker {
    file: Arc<Mp4File>,
    place: usize,
    max_payload_bytes: usize,
    has_ended: bool,
}

impl Mp4Walker {
    /// A walk from a place on. Samples have at most so many bytes.
    #[must_use]
    pub fn from(file: &Arc<Mp4File>, place: u64, max_payload_bytes: usize) -> Self {
        Self {
            file: file.clone(),
            place: usize::try_from(place).unwrap_or(usize::MAX),
            max_payload_bytes,
            has_ended: false,
        }
    }

    /// The next sample, headers passed over.
    fn sample(&self) -> Option<&(Mp4Kind, Mp4Sample)> {
        let number = self.place.saturating_sub(self.file.headers.len());
        self.file.samples.get(number).filter(|_| !self.has_ended)
    }

    /// The bytes of the next sample; more from there on may hold more samples. `None` at the end.
    #[must_use]
    pub fn wants(&self) -> Option<Read> {
        let (_, sample) = self.sample()?;
        Some(Read {
            position: sample.position,
            bytes: sample.bytes as usize,
        })
    }

    /// Takes bytes from the wanted position on, and adds the samples in them to `out`, in order.
    /// Fewer than wanted mean that the file ends there.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`] for a sample over the limit. The walk is over then.
    pub fn read(&mut self, bytes: &Bytes, out: &mut Vec<Located>) -> Result<(), Error> {
        let Some(Read {
            position,
            bytes: needed,
        }) = self.wants()
        else {
            return Ok(());
        };
        if bytes.len() < needed {
            self.has_ended = true;
            return Ok(());
        }
        if self.place < self.file.headers.len() {
            out.extend(self.file.headers().into_iter().skip(self.place));
            self.place = self.file.headers.len();
        }
        while let Some((kind, sample)) = self.sample().copied() {
            let size = sample.bytes as usize;
            if size > self.max_payload_bytes {
                self.has_ended = true;
                return Err(Error::Limit {
                    what: "MP4 sample",
                    found: size,
                    max: self.max_payload_bytes,
                });
            }
            let from = sample.position.checked_sub(position);
            let from = from.and_then(|from| usize::try_from(from).ok());
            let data = from.and_then(|from| bytes.get(from..from.checked_add(size)?));
            let Some(data) = data else { break };
            out.push(sample_tag(self.place, kind, &sample, data));
            self.place += 1;
        }
        Ok(())
    }
}

fn sample_tag(place: usize, kind: Mp4Kind, sample: &Mp4Sample, data: &[u8]) -> Located {
    const HEAD_BYTES: usize = 5;
    let mut payload = BytesMut::with_capacity(HEAD_BYTES + data.len());
    let tag_kind = match kind {
        Mp4Kind::Avc => {
            let shown = sample.composition_ms;
            let shown = shown.clamp(-MAX_COMPOSITION_MS, MAX_COMPOSITION_MS);
            payload.put_u8(if sample.is_key { 0x17 } else { 0x27 });
            payload.put_u8(1);
            payload.put_slice(&shown.to_be_bytes()[1..]);
            TagKind::Video
        }
        Mp4Kind::Aac => {
            payload.put_slice(&[0xaf, 1]);
            TagKind::Audio
        }
    };
    payload.put_slice(data);
    let time_ms = sample.time_ms.unsigned_abs();
    tag_at(place, time_ms, tag_kind, payload.freeze())
}
