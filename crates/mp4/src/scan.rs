//! Finds the `moov` box of a file and reads it.

use flv::Read;
use flv::mp4::Mp4File;
use mp4_atom::{Decode, Moov};

use crate::{Error, Mp4Limits, file_of, known};

/// Bytes of a box's header with a long size.
const HEADER_BYTES: usize = 16;

#[derive(Debug)]
enum State {
    /// Boxes are passed over.
    Looking,
    /// The whole box is wanted: so many bytes.
    Found(usize),
    Read(Box<Moov>),
}

/// Looks for what a file says of its samples.
///
/// Hand over what it [wants](Self::wants) until that is nothing, then [`finish`](Self::finish).
#[derive(Debug)]
pub struct Mp4Scanner {
    limits: Mp4Limits,
    file_bytes: u64,
    position: u64,
    boxes: usize,
    state: State,
}

impl Mp4Scanner {
    /// A scanner for a file of so many bytes.
    #[must_use]
    pub const fn new(file_bytes: u64, limits: Mp4Limits) -> Self {
        Self {
            limits,
            file_bytes,
            position: 0,
            boxes: 0,
            state: State::Looking,
        }
    }

    /// The bytes needed next. `None` when it is done. At the end of the file fewer are handed
    /// over.
    #[must_use]
    pub const fn wants(&self) -> Option<Read> {
        let bytes = match self.state {
            State::Looking if self.position >= self.file_bytes => return None,
            State::Looking => HEADER_BYTES,
            State::Found(bytes) => bytes,
            State::Read(_) => return None,
        };
        Some(Read {
            position: self.position,
            bytes,
        })
    }

    /// Takes bytes from the wanted position on.
    ///
    /// # Errors
    ///
    /// The file is none, or over a limit. The scan is over then.
    pub fn read(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match self.state {
            State::Looking => self.look(bytes),
            State::Found(size) => {
                let cut = || Error::Malformed("moov is cut short".into());
                let moov = known::reduced(bytes.get(..size).ok_or_else(cut)?)?;
                let moov = Moov::decode(&mut moov.as_slice());
                let moov = moov.map_err(|error| Error::Malformed(error.to_string()))?;
                self.state = State::Read(Box::new(moov));
                Ok(())
            }
            State::Read(_) => Ok(()),
        }
    }

    fn look(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.boxes += 1;
        if self.boxes > self.limits.boxes {
            return Err(Error::Limit {
                what: "number of boxes",
                found: self.boxes as u64,
                max: self.limits.boxes as u64,
            });
        }
        let left = self.file_bytes - self.position;
        let (kind, size) = header(bytes, left)
            .ok_or_else(|| Error::Malformed("a box has no size that can be".into()))?;
        if kind != *b"moov" {
            self.position = self.position.saturating_add(size);
            return Ok(());
        }
        let max = self.limits.moov_bytes as u64;
        let size = usize::try_from(size).ok().filter(|_| size <= max);
        let size = size.ok_or(Error::Limit {
            what: "moov",
            found: left,
            max,
        })?;
        self.state = State::Found(size);
        Ok(())
    }

    /// The samples of the file.
    ///
    /// # Errors
    ///
    /// It has no `moov`, or one of what is not played.
    pub fn finish(self) -> Result<Mp4File, Error> {
        match self.state {
            State::Read(moov) => file_of(&moov, &self.limits),
            _ => Err(Error::Malformed("it has no moov".into())),
        }
    }
}

/// The kind and size of the box that begins here, header counted (ISO/IEC 14496-12 §4.2).
pub(crate) fn header(bytes: &[u8], left: u64) -> Option<([u8; 4], u64)> {
    let short = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?);
    let kind = bytes.get(4..8)?.try_into().ok()?;
    let size = match short {
        0 => left,
        1 => u64::from_be_bytes(bytes.get(8..16)?.try_into().ok()?),
        short => u64::from(short),
    };
    let least = if short == 1 { 16 } else { 8 };
    (size >= least).then_some((kind, size))
}
