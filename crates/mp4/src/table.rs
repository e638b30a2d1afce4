//! The samples of a track, from the tables that say where they are (ISO/IEC 14496-12 §8.6, §8.7).

use bytes::Bytes;
use flv::mp4::{Mp4Kind, Mp4Sample, Mp4Track};
use mp4_atom::{Avcc, Codec, Encode, FourCC, Moov, Mp4a, Stbl, StszSamples, Trak};

use crate::{Error, Mp4Limits};

/// AAC of MPEG-4, and its low-complexity form of MPEG-2 (`objectTypeIndication`).
const AAC: [u8; 2] = [0x40, 0x67];
/// Bytes of a box's header.
const BOX_HEADER_BYTES: usize = 8;

/// A track of pictures or sound; `None` for one of anything else.
pub(crate) fn track(
    moov: &Moov,
    trak: &Trak,
    limits: &Mp4Limits,
) -> Result<Option<Mp4Track>, Error> {
    let media = &trak.mdia;
    let is_media = [FourCC::new(b"vide"), FourCC::new(b"soun")].contains(&media.hdlr.handler);
    if !is_media {
        return Ok(None);
    }
    let stbl = &media.minf.stbl;
    let [codec] = stbl.stsd.codecs.as_slice() else {
        return Err(Error::Unsupported("a track of several codecs".into()));
    };
    let (kind, config) = match codec {
        Codec::Avc1(avc) => (Mp4Kind::Avc, avc_config(&avc.avcc)?),
        Codec::Mp4a(aac) => (Mp4Kind::Aac, aac_config(aac)?),
        // No other is left in what is read.
        _ => return Err(Error::Unsupported("an unknown codec".into())),
    };
    let scale = u64::from(media.mdhd.timescale);
    if scale == 0 {
        return Err(Error::Malformed("a track's time has no scale".into()));
    }
    let clock = Clock {
        scale,
        begins: begins(moov, trak, scale),
    };
    let samples = samples(stbl, &clock, limits)?;
    Ok(Some(Mp4Track {
        kind,
        config,
        samples,
    }))
}

fn avc_config(avcc: &Avcc) -> Result<Bytes, Error> {
    let mut written = Vec::new();
    let encoded = avcc.encode(&mut written);
    encoded.map_err(|error| Error::Malformed(error.to_string()))?;
    Ok(Bytes::from(written).slice(BOX_HEADER_BYTES..))
}

fn aac_config(aac: &Mp4a) -> Result<Bytes, Error> {
    let config = &aac.esds.es_desc.dec_config;
    if !AAC.contains(&config.object_type_indication) {
        let kind = config.object_type_indication;
        return Err(Error::Unsupported(format!("sound of the kind {kind:#04x}")));
    }
    let raw = config.dec_specific.as_ref().map(|specific| &specific.raw);
    let raw = raw.filter(|raw| raw.len() >= 2);
    let raw = raw.ok_or_else(|| Error::Malformed("AAC without its configuration".into()))?;
    Ok(Bytes::copy_from_slice(raw))
}

/// The time of a track.
struct Clock {
    /// Its units in a second.
    scale: u64,
    /// Where the movie begins, in these units.
    begins: i64,
}

impl Clock {
    fn ms(&self, time: i128) -> i64 {
        let ms = (time * 1000).div_euclid(i128::from(self.scale));
        i64::try_from(ms).unwrap_or(i64::MAX)
    }

    /// When a sample is decoded, and how much later it is shown.
    fn place(&self, time: u64, offset: i64) -> (i64, i32) {
        let decoded = i128::from(time) - i128::from(self.begins);
        let (decoded_ms, shown_ms) = (self.ms(decoded), self.ms(decoded + i128::from(offset)));
        let later = shown_ms.saturating_sub(decoded_ms);
        (decoded_ms, i32::try_from(later).unwrap_or(0))
    }
}

/// Where in a track the movie begins: what its list of edits passes over, less what it waits.
fn begins(moov: &Moov, trak: &Trak, scale: u64) -> i64 {
    let edits = trak.edts.as_ref().and_then(|edts| edts.elst.as_ref());
    let mut waits: u64 = 0;
    for edit in edits.map_or(&[][..], |list| &list.entries) {
        let Some(from) = edit.media_time else {
            waits = waits.saturating_add(edit.segment_duration);
            continue;
        };
        let movie_scale = u128::from(moov.mvhd.timescale.max(1));
        let waits = u128::from(waits) * u128::from(scale) / movie_scale;
        let from = i64::try_from(from).unwrap_or(i64::MAX);
        return from.saturating_sub(i64::try_from(waits).unwrap_or(i64::MAX));
    }
    0
}

fn samples(stbl: &Stbl, clock: &Clock, limits: &Mp4Limits) -> Result<Vec<Mp4Sample>, Error> {
    let count = match &stbl.stsz.samples {
        StszSamples::Identical { count, .. } => *count as usize,
        StszSamples::Different { sizes } => sizes.len(),
    };
    over("number of samples", count as u64, limits.samples as u64)?;
    let damaged = |what: &str| Error::Malformed(format!("{what} do not go with the samples"));
    let mut positions = Positions::new(stbl);
    let deltas = stbl.stts.entries.iter();
    let mut deltas = runs(deltas.map(|run| (run.sample_count, run.sample_delta)));
    let offsets = stbl.ctts.as_ref().map_or(&[][..], |ctts| &ctts.entries);
    let mut offsets = runs(
        offsets
            .iter()
            .map(|run| (run.sample_count, run.sample_offset)),
    );
    let keys = stbl.stss.as_ref().map(|stss| &stss.entries);
    let mut samples = Vec::new();
    let mut time: u64 = 0;
    for number in 0..count {
        let bytes = match &stbl.stsz.samples {
            StszSamples::Identical { size, .. } => *size,
            StszSamples::Different { sizes } => sizes.get(number).copied().unwrap_or(0),
        };
        over("sample", u64::from(bytes), u64::from(limits.sample_bytes))?;
        let position = positions.next(bytes).ok_or_else(|| damaged("chunks"))?;
        let delta = deltas.next().ok_or_else(|| damaged("times"))?;
        let (time_ms, composition_ms) = clock.place(time, offsets.next().unwrap_or(0));
        // They are numbered from 1, in order.
        let is_key = keys.is_none_or(|keys| keys.binary_search(&(number as u32 + 1)).is_ok());
        samples.push(Mp4Sample {
            position,
            bytes,
            time_ms,
            composition_ms,
            is_key,
        });
        time = time.saturating_add(u64::from(delta));
    }
    Ok(samples)
}

fn over(what: &'static str, found: u64, max: u64) -> Result<(), Error> {
    if found > max {
        return Err(Error::Limit { what, found, max });
    }
    Ok(())
}

/// Each value as often as its run says.
fn runs<T: Copy>(runs: impl Iterator<Item = (u32, T)>) -> impl Iterator<Item = T> {
    runs.flat_map(|(count, value)| std::iter::repeat_n(value, count as usize))
}

/// Where sample after sample starts: they lie in chunks, one behind another.
struct Positions<'a> {
    stbl: &'a Stbl,
    /// The chunk that is gone through, counted from 0; none before the first.
    chunk: usize,
    /// The run of chunks that it is of.
    run: usize,
    left_in_chunk: u32,
    position: u64,
}

impl<'a> Positions<'a> {
    const fn new(stbl: &'a Stbl) -> Self {
        Self {
            stbl,
            chunk: 0,
            run: 0,
            left_in_chunk: 0,
            position: 0,
        }
    }

    /// Where the next sample starts, which has so many bytes; `None` behind the last chunk.
    fn next(&mut self, bytes: u32) -> Option<u64> {
        while self.left_in_chunk == 0 {
            let runs = &self.stbl.stsc.entries;
            let is_next = |run: usize| {
                let first = runs.get(run).map(|run| run.first_chunk as usize);
                first.is_some_and(|first| first <= self.chunk + 1)
            };
            while is_next(self.run + 1) {
                self.run += 1;
            }
            let run = runs.get(self.run)?;
            self.position = self.chunk_at(self.chunk)?;
            self.left_in_chunk = run.samples_per_chunk;
            self.chunk += 1;
        }
        let position = self.position;
        self.left_in_chunk -= 1;
        self.position = position.checked_add(u64::from(bytes))?;
        Some(position)
    }

    fn chunk_at(&self, chunk: usize) -> Option<u64> {
        let short = self.stbl.stco.as_ref().map(|chunks| &chunks.entries);
        let long = self.stbl.co64.as_ref().map(|chunks| &chunks.entries);
        match (short, long) {
            (Some(short), _) => short.get(chunk).copied().map(u64::from),
            (None, Some(long)) => long.get(chunk).copied(),
            (None, None) => None,
        }
    }
}
