//! The keyframe index of a file: collected while recording, written into `onMetaData` when the
//! recording ends, and read back to seek.
//!
//! FLV itself has no index. The one here is the `keyframes` object that authoring tools agreed
//! on: `times`, in seconds, and `filepositions`, in bytes from the start of the file to the tag.
//! Ours has a second one like it, `codecHeaders`, with the places of the codec headers: who begins
//! at a key frame needs the last ones before it.

use amf::{EncodeError, Str, Value, amf0};

use crate::metadata::ON_META_DATA;

/// Where a key frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keyframe {
    /// Its time, in milliseconds from the start of the file.
    pub time_ms: u64,
    /// Where its tag starts, in bytes from the start of the file.
    pub position: u64,
}

/// Codec headers that an index has room for.
const HEADER_PLACES: usize = 128;

/// Key frames in the order of their time, never more than a given number; and the codec headers
/// that hold between them, as far as there are no more than 128.
///
/// When it is full, every other entry is given up and from then on key frames are kept half as
/// densely; so it covers a recording of any length, evenly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyframeIndex {
    max_entries: usize,
    /// Every how many key frames one is kept.
    stride: u64,
    /// Key frames seen.
    seen: u64,
    entries: Vec<Keyframe>,
    headers: Vec<Keyframe>,
}

impl KeyframeIndex {
    /// An empty index of at most `max_entries` entries; fewer than 2 count as 2.
    #[must_use]
    pub fn new(max_entries: usize) -> Self {
        Self {
            max_entries: max_entries.max(2),
            stride: 1,
            seen: 0,
            entries: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// Reads the index from the properties of an `onMetaData`, at most `max_entries` of it.
    /// `None` when there is none. Entries that are not numbers end it; entries that go back in
    /// time or place are passed over.
    #[must_use]
    pub fn of_properties(properties: &Value, max_entries: usize) -> Option<Self> {
        let mut index = Self::new(max_entries);
        for entry in places(properties.get("keyframes")?)? {
            index.push(entry);
        }
        let headers = properties.get("codecHeaders").and_then(places);
        for header in headers.into_iter().flatten() {
            index.push_header(header);
        }
        Some(index)
    }

    /// Adds the next key frame.
    pub fn push(&mut self, keyframe: Keyframe) {
        let is_kept = self.seen.is_multiple_of(self.stride);
        self.seen += 1;
        if !is_kept {
            return;
        }
        if self.entries.len() == self.max_entries {
            let mut at = 0;
            self.entries.retain(|_| {
                at += 1;
                at % 2 == 1
            });
            self.stride *= 2;
            // With an odd number of places this one may now fall between two kept.
            if !(self.seen - 1).is_multiple_of(self.stride) {
                return;
            }
        }
        self.entries.push(keyframe);
    }

    /// Adds the next codec header that tells something new. One too many is left out.
    pub fn push_header(&mut self, header: Keyframe) {
        if self.headers.len() < HEADER_PLACES {
            self.headers.push(header);
        }
    }

    /// Where the codec headers are that tell something new, in order.
    #[must_use]
    pub fn headers(&self) -> &[Keyframe] {
        &self.headers
    }

    /// The entries, in order.
    #[must_use]
    pub fn entries(&self) -> &[Keyframe] {
        &self.entries
    }

    /// The same in an index of at most `max_entries` entries.
    pub(crate) fn in_room_for(&self, max_entries: usize) -> Self {
        let mut index = Self::new(max_entries);
        self.entries.iter().for_each(|entry| index.push(*entry));
        index.headers.clone_from(&self.headers);
        index
    }

    /// The same for a file in which what was at `from` is at `to`.
    pub(crate) fn moved(mut self, from: u64, to: u64) -> Self {
        for entry in self.entries.iter_mut().chain(&mut self.headers) {
            entry.position = entry.position.saturating_sub(from) + to;
        }
        self
    }

    /// The last key frame at or before `time_ms`; the first one when there is none so early.
    /// `None` for an empty index.
    #[must_use]
    pub fn seek(&self, time_ms: u64) -> Option<Keyframe> {
        let after = self
            .entries
            .partition_point(|entry| entry.time_ms <= time_ms);
        self.entries.get(after.saturating_sub(1)).copied()
    }
}

/// The places of an object with `times` and `filepositions`. What is no number ends them; what
/// goes back in time or place is passed over.
fn places(object: &Value) -> Option<Vec<Keyframe>> {
    let times = object.get("times")?.as_array()?;
    let positions = object.get("filepositions")?.as_array()?;
    let mut places: Vec<Keyframe> = Vec::new();
    for (time, position) in times.iter().zip(positions) {
        let (Some(time_s), Some(position)) = (natural(time), natural(position)) else {
            break;
        };
        let place = Keyframe {
            time_ms: (time_s * 1000.0).round() as u64,
            position: position as u64,
        };
        let follows = places
            .last()
            .is_none_or(|last| last.time_ms <= place.time_ms && last.position < place.position);
        if follows {
            places.push(place);
        }
    }
    Some(places)
}

/// The opposite.
fn to_object(places: &[Keyframe]) -> Value {
    let numbers = |number: &dyn Fn(&Keyframe) -> f64| {
        Value::array(places.iter().map(|place| number(place).into()))
    };
    Value::object([
        ("times", numbers(&|place| place.time_ms as f64 / 1000.0)),
        ("filepositions", numbers(&|place| place.position as f64)),
    ])
}

/// For how many key frames an `onMetaData` of ours has room; `None` if it is of somebody else.
pub(crate) fn room_of(properties: &Value) -> Option<usize> {
    let count = |name: &str| Some(properties.get(name)?.get("times")?.as_array()?.len());
    let spacer = properties.get("spacer")?.as_array()?.len() / 2;
    (count("keyframes")? + count("codecHeaders")? + spacer).checked_sub(HEADER_PLACES)
}

/// A number that is not negative.
fn natural(value: &Value) -> Option<f64> {
    value
        .as_f64()
        .filter(|number| number.is_finite() && *number >= 0.0)
}

/// What is known of a file only when it ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FileTotals {
    /// Time of the last tag, in milliseconds from the start of the file.
    pub duration_ms: u64,
    /// Bytes of the whole file.
    pub file_bytes: u64,
    /// Whether there is any audio.
    pub has_audio: bool,
    /// Whether there is any video.
    pub has_video: bool,
}

/// The `onMetaData` of a file under way.
///
/// It is written first, when nothing is known yet, and once more in the same place at the end.
/// So its payload always has the same size: room for the index is kept by a `spacer`, an array
/// that shrinks as the index grows.
#[derive(Debug, Clone, PartialEq)]
pub struct FileMetadata {
    published: Vec<(Str, Value)>,
    reserved_keyframes: usize,
}

/// Properties that describe the file, whatever the publisher said.
const OWN_PROPERTIES: [&str; 10] = [
    "duration",
    "filesize",
    "hasAudio",
    "hasVideo",
    "hasKeyframes",
    "hasMetadata",
    "canSeekToEnd",
    "keyframes",
    "codecHeaders",
    "spacer",
];

impl FileMetadata {
    /// Metadata with what the publisher's `onMetaData` says, if it sent one, and room for
    /// `reserved_keyframes` entries of an index.
    #[must_use]
    pub fn new(published: Option<&Value>, reserved_keyframes: usize) -> Self {
        let published = published.and_then(Value::props).unwrap_or_default();
        let is_kept = |name: &Str| !OWN_PROPERTIES.contains(&name.as_str());
        Self {
            published: published
                .iter()
                .filter(|(name, _)| is_kept(name))
                .cloned()
                .collect(),
            reserved_keyframes,
        }
    }

    /// The payload of the script tag. For one `FileMetadata` it always has the same size. Of an
    /// index with more entries than reserved, the last ones are left out.
    ///
    /// # Errors
    ///
    /// When what the publisher sent is too large to be written as AMF0.
    pub fn payload(
        &self,
        totals: &FileTotals,
        index: &KeyframeIndex,
    ) -> Result<Vec<u8>, EncodeError> {
        let entries = index.entries();
        let entries = &entries[..entries.len().min(self.reserved_keyframes)];
        let headers = index.headers();
        let unused_keyframes = self.reserved_keyframes - entries.len();
        let unused = 2 * (unused_keyframes + HEADER_PLACES - headers.len());
        let own: [(&str, Value); OWN_PROPERTIES.len()] = [
            ("duration", (totals.duration_ms as f64 / 1000.0).into()),
            ("filesize", (totals.file_bytes as f64).into()),
            ("hasAudio", totals.has_audio.into()),
            ("hasVideo", totals.has_video.into()),
            ("hasKeyframes", (!entries.is_empty()).into()),
            ("hasMetadata", true.into()),
            ("canSeekToEnd", false.into()),
            ("keyframes", to_object(entries)),
            ("codecHeaders", to_object(headers)),
            ("spacer", Value::array(vec![Value::Number(0.0); unused])),
        ];
        let properties = own
            .into_iter()
            .map(|(name, value)| (Str::from(name), value))
            .chain(self.published.iter().cloned());
        amf0::encode_all(&[ON_META_DATA.into(), Value::ecma_array(properties)])
    }
}

#[cfg(test)]
mod tests {
    use amf::{Limits, Value, amf0};

    use super::{FileMetadata, FileTotals, Keyframe, KeyframeIndex};
    use crate::Metadata;

    fn keyframe(number: u64) -> Keyframe {
        Keyframe {
            time_ms: number * 2000,
            position: 1000 + number * 50_000,
        }
    }

    fn index_of(count: u64, max_entries: usize) -> KeyframeIndex {
        let mut index = KeyframeIndex::new(max_entries);
        (0..count).map(keyframe).for_each(|entry| index.push(entry));
        index
    }

    #[test]
    fn a_full_index_thins_out_evenly() {
        for max_entries in 2..9 {
            for count in 0..200 {
                let index = index_of(count, max_entries);
                let times: Vec<_> = index.entries().iter().map(|entry| entry.time_ms).collect();
                let step = times.get(1).copied().unwrap_or(1);
                let even: Vec<_> = (0..times.len() as u64).map(|at| at * step).collect();
                assert_eq!(times, even, "{count} in {max_entries}");
                assert!(times.len() <= max_entries);
                assert!(times.len() as u64 >= count.min(max_entries as u64) / 2);
            }
        }
    }

    #[test]
    fn seeking_finds_the_key_frame_before() {
        let index = index_of(5, 100);
        assert_eq!(index.seek(0), Some(keyframe(0)));
        assert_eq!(index.seek(3999), Some(keyframe(1)));
        assert_eq!(index.seek(4000), Some(keyframe(2)));
        assert_eq!(index.seek(u64::MAX), Some(keyframe(4)));
        assert_eq!(KeyframeIndex::new(9).seek(0), None);
        let mut late = KeyframeIndex::new(9);
        late.push(keyframe(3));
        assert_eq!(late.seek(0), Some(keyframe(3)));
    }

    #[test]
    fn the_payload_keeps_its_size_and_is_read_back() {
        let published = Value::ecma_array([
            ("width", 320.0.into()),
            ("duration", 9.0.into()),
            ("custom", "kept".into()),
        ]);
        let metadata = FileMetadata::new(Some(&published), 10);
        let totals = FileTotals {
            duration_ms: 12_345,
            file_bytes: 5_000_000_000,
            has_audio: true,
            has_video: true,
        };
        let first = metadata
            .payload(&FileTotals::default(), &KeyframeIndex::new(10))
            .unwrap();
        for count in [0, 1, 9, 10, 30] {
            let index = index_of(count, 10);
            let payload = metadata.payload(&totals, &index).unwrap();
            assert_eq!(payload.len(), first.len(), "{count} key frames");
            let values = amf0::decode_all(&payload, &Limits::default()).unwrap();
            let found = KeyframeIndex::of_properties(&values[1], 10).unwrap();
            assert_eq!(found.entries(), index.entries());
            let found = Metadata::of(&values).unwrap();
            assert_eq!((found.width, found.duration_s), (Some(320), Some(12.345)));
            assert_eq!(
                values[1].get("custom").and_then(Value::as_str),
                Some("kept")
            );
            let bytes = values[1].get("filesize").and_then(Value::as_f64);
            assert_eq!(bytes, Some(5e9));
        }
    }

    #[test]
    fn an_index_larger_than_its_room_is_cut() {
        let metadata = FileMetadata::new(None, 3);
        let totals = FileTotals::default();
        let payload = metadata.payload(&totals, &index_of(5, 5)).unwrap();
        assert_eq!(
            payload.len(),
            metadata.payload(&totals, &index_of(0, 5)).unwrap().len()
        );
        let values = amf0::decode_all(&payload, &Limits::default()).unwrap();
        let found = KeyframeIndex::of_properties(&values[1], 9).unwrap();
        assert_eq!(found.entries(), index_of(3, 9).entries());
    }

    #[test]
    fn damaged_indexes_are_read_as_far_as_they_go() {
        let numbers = |list: &[f64]| Value::array(list.iter().map(|n| Value::Number(*n)));
        let read = |times: &[f64], positions: &[f64]| {
            let keyframes = Value::object([
                ("times", numbers(times)),
                ("filepositions", numbers(positions)),
            ]);
            let index = KeyframeIndex::of_properties(&Value::object([("keyframes", keyframes)]), 9);
            let index = index.unwrap();
            let entries = index.entries().iter();
            entries
                .map(|entry| (entry.time_ms, entry.position))
                .collect::<Vec<_>>()
        };
        assert_eq!(read(&[0.0, 1.0, 2.0], &[13.0, 99.0]), [(0, 13), (1000, 99)]);
        assert_eq!(read(&[0.0, f64::NAN, 2.0], &[13.0, 50.0, 99.0]), [(0, 13)]);
        let back = read(&[0.0, 2.0, 1.0, 3.0], &[13.0, 50.0, 70.0, 60.0]);
        assert_eq!(back, [(0, 13), (2000, 50), (3000, 60)]);
        assert_eq!(KeyframeIndex::of_properties(&Value::Null, 9), None);
    }
}
