//! What an MP4 file says of its samples: where they are and when they are played.
//!
//! Finds the `moov` box, has it read by `mp4-atom`, and makes of it the list of samples that
//! [`flv::mp4`] plays. Like the scanners of `flv` it says which bytes it wants and reads no file.
//! H.264 and AAC only, whole files only: what else there is gets an error that names it.

mod known;
mod scan;
mod table;

use flv::mp4::Mp4File;
use mp4_atom::Moov;

pub use scan::Mp4Scanner;

/// Bounds on what is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mp4Limits {
    /// The largest `moov` box, in bytes. Default: 32 MiB, which is about 24 hours.
    pub moov_bytes: usize,
    /// Samples of one track. Default: 2 million, which is about 12 hours.
    pub samples: usize,
    /// The largest sample, in bytes. Default: 16 MiB less what a tag adds.
    pub sample_bytes: u32,
    /// Boxes side by side that are passed over on the way to `moov`. Default: 1000.
    pub boxes: usize,
    /// Places of key frames kept. Default: 1000.
    pub index_entries: usize,
}

impl Default for Mp4Limits {
    fn default() -> Self {
        Self {
            moov_bytes: 32 << 20,
            samples: 2_000_000,
            sample_bytes: (16 << 20) - 16,
            boxes: 1000,
            index_entries: 1000,
        }
    }
}

/// Why a file cannot be played.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It is no MP4 file, or says what cannot be.
    #[error("the MP4 file is damaged: {0}")]
    Malformed(String),
    /// A form of MP4 or a codec that is not played.
    #[error("MP4 files with {0} are not played")]
    Unsupported(String),
    /// A bound of ours was passed.
    #[error("{what} of {found} is over the limit of {max}")]
    Limit {
        /// What is bounded.
        what: &'static str,
        /// What the file asks for.
        found: u64,
        /// The bound.
        max: u64,
    },
}

/// Makes the list of samples.
fn file_of(moov: &Moov, limits: &Mp4Limits) -> Result<Mp4File, Error> {
    if moov.mvex.is_some() {
        return Err(Error::Unsupported("fragments".into()));
    }
    let mut tracks = Vec::new();
    for trak in &moov.trak {
        tracks.extend(table::track(moov, trak, limits)?);
    }
    let file = Mp4File::new(tracks, limits.index_entries);
    file.map_err(|error| Error::Malformed(error.to_string()))
}
