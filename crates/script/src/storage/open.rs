//! The files that a script has open, as text or bytes.

use std::collections::BTreeMap;
use std::io::{Read as _, SeekFrom};

use super::{OpenHow, Storage, StorageError, Stream};

/// Bytes that are read at once in search of the end of a line.
const LINE_STEP: usize = 4096;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

type Result<T> = std::result::Result<T, StorageError>;

/// What the bytes of a file stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// One byte is one character, those of Latin-1.
    Single,
    /// UTF-8; a mark at the beginning is not part of the text.
    Utf8,
}

/// What a script may do with an open file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mode {
    pub(crate) read: bool,
    pub(crate) write: bool,
    /// All that is written goes to the end.
    pub(crate) append: bool,
    /// What the file held is thrown away.
    pub(crate) create: bool,
}

/// How much may be read and written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caps {
    pub(crate) read_bytes: usize,
    pub(crate) file_bytes: u64,
}

/// The open files of one script.
#[derive(Default)]
pub(crate) struct OpenFiles {
    open: BTreeMap<u32, OpenFile>,
    last_id: u32,
}

impl OpenFiles {
    /// Opens one more. Its id is not 0.
    pub(crate) fn open(
        &mut self,
        storage: &dyn Storage,
        path: &str,
        mode: Mode,
        encoding: Encoding,
        max_open: usize,
    ) -> Result<u32> {
        if self.open.len() >= max_open {
            return Err(StorageError::TooManyOpen(max_open));
        }
        let how = OpenHow {
            read: mode.read,
            write: mode.write || mode.append,
            truncate: mode.create,
        };
        let mut file = OpenFile {
            path: path.to_owned(),
            stream: storage.open(path, how)?,
            mode,
            encoding,
        };
        file.skip_mark()?;
        self.last_id += 1;
        self.open.insert(self.last_id, file);
        Ok(self.last_id)
    }

    pub(crate) fn get(&mut self, id: u32) -> Option<&mut OpenFile> {
        self.open.get_mut(&id)
    }

    pub(crate) fn close(&mut self, id: u32) {
        self.open.remove(&id);
    }
}

/// An open file.
pub(crate) struct OpenFile {
    path: String,
    stream: Box<dyn Stream>,
    mode: Mode,
    encoding: Encoding,
}

impl OpenFile {
    fn skip_mark(&mut self) -> Result<()> {
        if self.encoding == Encoding::Utf8 && self.mode.read {
            let start = self.take(BYTE_ORDER_MARK.len())?;
            if start != BYTE_ORDER_MARK {
                self.back(start.len())?;
            }
        }
        if self.mode.append {
            self.seek(SeekFrom::End(0))?;
        }
        Ok(())
    }

    /// At most this many characters.
    pub(crate) fn read(&mut self, characters: usize, caps: Caps) -> Result<String> {
        let max = caps.read_bytes;
        if self.encoding == Encoding::Single {
            if characters > max && self.left()? > max as u64 {
                return Err(StorageError::ReadTooLong(max));
            }
            let bytes = self.take(characters)?;
            return Ok(self.text(&bytes));
        }
        let wanted = characters.saturating_mul(4).min(max);
        let bytes = self.take(wanted)?;
        let mut starts = (0..bytes.len()).filter(|at| !is_continuation(bytes[*at]));
        let end = match starts.nth(characters) {
            Some(end) => end,
            None if bytes.len() == max && self.left()? > 0 => {
                return Err(StorageError::ReadTooLong(max));
            }
            None => bytes.len(),
        };
        self.back(bytes.len() - end)?;
        Ok(self.text(&bytes[..end]))
    }

    /// The text up to the next end of a line, which is not part of it; `None` at the end.
    pub(crate) fn read_line(&mut self, caps: Caps) -> Result<Option<String>> {
        let mut line = Vec::new();
        loop {
            let step = self.take(LINE_STEP)?;
            let Some(end) = step.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
                line.extend_from_slice(&step);
                if line.len() > caps.read_bytes {
                    return Err(StorageError::ReadTooLong(caps.read_bytes));
                }
                if !step.is_empty() {
                    continue;
                }
                return Ok((!line.is_empty()).then(|| self.text(&line)));
            };
            line.extend_from_slice(&step[..end]);
            self.back(step.len() - end - 1)?;
            if step[end] == b'\r' {
                let next = self.take(1)?;
                if next != b"\n" {
                    self.back(next.len())?;
                }
            }
            return Ok(Some(self.text(&line)));
        }
    }

    /// All lines that are left.
    pub(crate) fn read_lines(&mut self, caps: Caps) -> Result<Vec<String>> {
        let max = caps.read_bytes;
        if self.left()? > max as u64 {
            return Err(StorageError::ReadTooLong(max));
        }
        let bytes = self.take(max)?;
        let text = self.text(&bytes).replace("\r\n", "\n").replace('\r', "\n");
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// The next byte; `None` at the end.
    pub(crate) fn read_byte(&mut self) -> Result<Option<u8>> {
        Ok(self.take(1)?.first().copied())
    }

    /// Writes text; what the encoding has not becomes `?`.
    pub(crate) fn write(&mut self, text: &str, caps: Caps) -> Result<()> {
        match self.encoding {
            Encoding::Utf8 => self.write_bytes(text.as_bytes(), caps),
            Encoding::Single => {
                let byte = |character| u8::try_from(character).unwrap_or(b'?');
                let bytes: Vec<u8> = text.chars().map(byte).collect();
                self.write_bytes(&bytes, caps)
            }
        }
    }

    pub(crate) fn write_bytes(&mut self, bytes: &[u8], caps: Caps) -> Result<()> {
        let start = if self.mode.append {
            self.seek(SeekFrom::End(0))?
        } else {
            self.position()?
        };
        if start.saturating_add(bytes.len() as u64) > caps.file_bytes {
            return Err(StorageError::FileTooLong(caps.file_bytes));
        }
        let written = self.stream.write_all(bytes);
        written.map_err(|error| StorageError::io(&self.path, error))
    }

    pub(crate) fn position(&mut self) -> Result<u64> {
        self.seek(SeekFrom::Current(0))
    }

    /// Goes to a place inside the file or at its end, and answers where that is.
    pub(crate) fn go_to(&mut self, position: f64) -> Result<u64> {
        let end = self.length()?;
        // Saturates; NaN is 0.
        self.seek(SeekFrom::Start((position as u64).min(end)))
    }

    pub(crate) fn at_end(&mut self) -> Result<bool> {
        Ok(self.left()? == 0)
    }

    pub(crate) fn flush(&mut self) -> Result<()> {
        let flushed = self.stream.flush();
        flushed.map_err(|error| StorageError::io(&self.path, error))
    }

    fn length(&mut self) -> Result<u64> {
        let position = self.position()?;
        let length = self.seek(SeekFrom::End(0))?;
        self.seek(SeekFrom::Start(position))?;
        Ok(length)
    }

    fn left(&mut self) -> Result<u64> {
        let length = self.length()?;
        Ok(length.saturating_sub(self.position()?))
    }

    fn seek(&mut self, target: SeekFrom) -> Result<u64> {
        let found = self.stream.seek(target);
        found.map_err(|error| StorageError::io(&self.path, error))
    }

    fn back(&mut self, bytes: usize) -> Result<()> {
        self.seek(SeekFrom::Current(-(bytes as i64)))?;
        Ok(())
    }

    /// The next bytes, at most this many.
    fn take(&mut self, max: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut part = self.stream.as_mut().take(max as u64);
        let read = part.read_to_end(&mut bytes);
        read.map_err(|error| StorageError::io(&self.path, error))?;
        Ok(bytes)
    }

    fn text(&self, bytes: &[u8]) -> String {
        match self.encoding {
            Encoding::Single => bytes.iter().copied().map(char::from).collect(),
            Encoding::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
        }
    }
}

fn is_continuation(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}
