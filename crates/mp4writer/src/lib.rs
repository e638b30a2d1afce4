//! MP4 files, written (ISO/IEC 14496-12).
//!
//! A [`Writer`] is told of every sample, in the order in which they are written behind
//! [`Writer::start`], and gives the boxes that tell where they are. It holds no samples, only
//! some bytes for each. Times are milliseconds, as those of FLV are, so that nothing is rounded.
//!
//! Everything is pure: no files, no clock. What the codecs' bytes mean is not looked at.

mod boxes;
mod entry;
mod table;

pub use entry::{Audio, AudioCodec, Format, Picture, VideoCodec};

use boxes::Boxes;
use table::Table;

/// Times count in this many units a second.
const TIMESCALE: u32 = 1000;
/// Where the length of the media is told: behind the file type box and the first half of the
/// header of the media box.
const LENGTH_POSITION: u64 = FILE_TYPE_BYTES + 8;
const FILE_TYPE_BYTES: u64 = 28;
const MEDIA_HEADER_BYTES: u64 = 16;

/// Why no file can be made of this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A sample is longer than its length field can say.
    #[error("a sample of {0} bytes is too long for MP4")]
    TooLong(usize),
    /// A track has more samples, or more kinds of them, than can be counted.
    #[error("a track has more samples than MP4 can count")]
    TooMany,
    /// No such track was added.
    #[error("there is no track {0}")]
    NoTrack(usize),
}

/// A sample: a picture, or a frame of sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// When it is decoded, in milliseconds.
    pub time_ms: u64,
    /// How much later it is shown, in milliseconds.
    pub composition_ms: i32,
    /// It needs no other.
    pub is_key: bool,
    /// Its length, in bytes.
    pub bytes: usize,
}

/// What remains to be written when all samples are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// To be added to the file.
    pub tail: Vec<u8>,
    /// To be written over what is at `length_position`.
    pub length: [u8; 8],
    /// In bytes from the start of the file.
    pub length_position: u64,
}

/// The tables of a file.
#[derive(Debug, Clone)]
pub struct Writer {
    tracks: Vec<Table>,
    /// Where the next sample lies.
    position: u64,
    /// The track of the last sample.
    last: Option<usize>,
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl Writer {
    /// A file without tracks.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            tracks: Vec::new(),
            position: FILE_TYPE_BYTES + MEDIA_HEADER_BYTES,
            last: None,
        }
    }

    /// What the file begins with; the samples follow.
    #[must_use]
    pub fn start() -> Vec<u8> {
        let mut out = Boxes::default();
        out.make(*b"ftyp", |out| {
            out.bytes(b"isom");
            out.u32(0x200);
            out.bytes(b"isomiso2mp41");
        });
        // The length of the media box stands behind its name: it may have more than 32 bits.
        out.u32(1);
        out.bytes(b"mdat");
        out.u64(0);
        out.into_bytes()
    }

    /// Adds a track, and answers its number.
    pub fn add_track(&mut self, format: Format) -> usize {
        self.tracks.push(Table::new(format));
        self.tracks.len() - 1
    }

    /// The samples of a track are of another format from here on.
    ///
    /// # Errors
    ///
    /// [`Error::NoTrack`].
    pub fn change_format(&mut self, track: usize, format: Format) -> Result<(), Error> {
        let table = self.tracks.get_mut(track).ok_or(Error::NoTrack(track))?;
        if table.change_format(format) {
            self.last = None;
        }
        Ok(())
    }

    /// A sample of a track comes next.
    ///
    /// # Errors
    ///
    /// [`Error`], when the sample is not in the file.
    pub fn add_sample(&mut self, track: usize, sample: Sample) -> Result<(), Error> {
        let table = self.tracks.get_mut(track).ok_or(Error::NoTrack(track))?;
        let goes_on = self.last == Some(track);
        table.add(sample, self.position, goes_on)?;
        self.position += sample.bytes as u64;
        self.last = Some(track);
        Ok(())
    }

    /// What the file ends with. Tracks without samples are left out.
    #[must_use]
    pub fn finish(self) -> End {
        let tracks: Vec<_> = self
            .tracks
            .iter()
            .filter(|table| !table.is_empty())
            .collect();
        let duration = tracks.iter().map(|table| table.end_ms()).max();
        let next_id = tracks.len() as u32 + 1;
        let mut out = Boxes::default();
        out.make(*b"moov", |out| {
            movie_header(out, duration.unwrap_or(0), next_id);
            for (id, table) in (1..).zip(&tracks) {
                table.write(out, id);
            }
        });
        End {
            tail: out.into_bytes(),
            length: (self.position - FILE_TYPE_BYTES).to_be_bytes(),
            length_position: LENGTH_POSITION,
        }
    }
}

fn movie_header(out: &mut Boxes, duration_ms: u64, next_id: u32) {
    out.make_full(*b"mvhd", (1, 0), |out| {
        out.u64(0);
        out.u64(0);
        out.u32(TIMESCALE);
        out.u64(duration_ms);
        // Plays at its own rate and full volume.
        out.u32(0x0001_0000);
        out.u16(0x0100);
        out.zeros(10);
        out.matrix();
        out.zeros(24);
        out.u32(next_id);
    });
}
