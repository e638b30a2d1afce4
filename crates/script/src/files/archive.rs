//! Script files in an archive: `.far` files are ZIP archives.
//!
//! Read from memory, without trust: every offset is checked, and a file is unpacked no further
//! than its reader allows. Files are stored or deflated; archives over 4 GiB, on several disks
//! or with passwords are refused.

use std::collections::BTreeMap;

use miniz_oxide::inflate;

use super::{FileError, relative_path};

/// Signatures of the three kinds of record, as little-endian numbers (ZIP, 4.3.7, .12, .16).
const LOCAL_FILE: u32 = 0x0403_4b50;
const CENTRAL_FILE: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;

/// Sizes of these records without their texts.
const LOCAL_FILE_BYTES: usize = 30;
const CENTRAL_FILE_BYTES: usize = 46;
const END_BYTES: usize = 22;
/// The longest comment behind the last record.
const COMMENT_MAX: usize = 0xFFFF;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const ENCRYPTED: u16 = 1;

/// An archive in memory, and where its files are.
#[derive(Clone, Debug)]
pub(super) struct Archive {
    /// What errors call it.
    name: String,
    bytes: Vec<u8>,
    entries: BTreeMap<String, Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Of the local record.
    offset: usize,
    method: u16,
    flags: u16,
    packed: usize,
    unpacked: usize,
    crc: u32,
}

impl Archive {
    /// Reads the table of contents.
    pub(super) fn open(name: &str, bytes: Vec<u8>) -> Result<Self, FileError> {
        let entries = contents(&bytes).ok_or_else(|| damaged(name))?;
        Ok(Self {
            name: name.to_owned(),
            bytes,
            entries,
        })
    }

    /// A file of the archive, if it is there.
    pub(super) fn read(&self, path: &str, max: usize) -> Result<Option<Vec<u8>>, FileError> {
        let Some(entry) = self.entries.get(path) else {
            return Ok(None);
        };
        if entry.unpacked > max {
            return Err(FileError::TooLong {
                path: path.to_owned(),
                max,
            });
        }
        let file = self.unpack(entry).ok_or_else(|| damaged(&self.name))?;
        Ok(Some(file))
    }

    fn unpack(&self, entry: &Entry) -> Option<Vec<u8>> {
        let record = self.bytes.get(entry.offset..)?;
        if u32_at(record, 0)? != LOCAL_FILE || entry.flags & ENCRYPTED != 0 {
            return None;
        }
        let texts = usize::from(u16_at(record, 26)?) + usize::from(u16_at(record, 28)?);
        let start = LOCAL_FILE_BYTES + texts;
        let packed = record.get(start..start.checked_add(entry.packed)?)?;
        let file = match entry.method {
            STORED => packed.to_vec(),
            DEFLATED => inflate::decompress_to_vec_with_limit(packed, entry.unpacked).ok()?,
            _ => return None,
        };
        (file.len() == entry.unpacked && crc32(&file) == entry.crc).then_some(file)
    }
}

fn damaged(name: &str) -> FileError {
    FileError::Archive(name.to_owned())
}

/// The files by their paths. `None` if this is no archive.
fn contents(bytes: &[u8]) -> Option<BTreeMap<String, Entry>> {
    let end = bytes.get(end_record(bytes)?..)?;
    let count = u16_at(end, 10)?;
    let mut at = u32_at(end, 16)? as usize;
    let mut entries = BTreeMap::new();
    for _ in 0..count {
        let record = bytes.get(at..)?;
        if u32_at(record, 0)? != CENTRAL_FILE {
            return None;
        }
        let length = |offset| u16_at(record, offset).map(usize::from);
        let (name, extra, comment) = (length(28)?, length(30)?, length(32)?);
        let name_end = CENTRAL_FILE_BYTES + name;
        let name = String::from_utf8_lossy(record.get(CENTRAL_FILE_BYTES..name_end)?);
        let entry = Entry {
            flags: u16_at(record, 8)?,
            method: u16_at(record, 10)?,
            crc: u32_at(record, 16)?,
            packed: u32_at(record, 20)? as usize,
            unpacked: u32_at(record, 24)? as usize,
            offset: u32_at(record, 42)? as usize,
        };
        // The vendor's own tool wrote backslashes. Folders, and names that lead out, are no
        // files.
        if let (Ok(path), false) = (relative_path(&name), name.ends_with(['/', '\\'])) {
            entries.insert(path, entry);
        }
        at = at.checked_add(name_end + extra + comment)?;
    }
    Some(entries)
}

/// Where the last record starts. It is the only one found from behind, over its comment.
fn end_record(bytes: &[u8]) -> Option<usize> {
    let last = bytes.len().checked_sub(END_BYTES)?;
    let first = last.saturating_sub(COMMENT_MAX);
    (first..=last)
        .rev()
        .find(|at| bytes.get(*at..).and_then(|end| u32_at(end, 0)) == Some(END))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(bytes.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

/// The checksum of ZIP (4.4.7).
fn crc32(bytes: &[u8]) -> u32 {
    let crc = bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    });
    !crc
}

#[cfg(test)]
pub(super) mod tests {
    use miniz_oxide::deflate;
    use proptest::prelude::*;

    use super::{Archive, CENTRAL_FILE, DEFLATED, END, FileError, LOCAL_FILE, STORED, crc32};

    /// An archive with these files: name, whether it is packed, contents.
    pub(in crate::files) fn zip(files: &[(&str, bool, &[u8])]) -> Vec<u8> {
        let (mut body, mut table) = (Vec::new(), Vec::new());
        for (name, packed, contents) in files {
            let offset = body.len() as u32;
            let data = if *packed {
                deflate::compress_to_vec(contents, 6)
            } else {
                contents.to_vec()
            };
            let mut common = vec![20, 0, 0, 0];
            common.extend(if *packed { DEFLATED } else { STORED }.to_le_bytes());
            common.extend([0; 4]);
            common.extend(crc32(contents).to_le_bytes());
            common.extend((data.len() as u32).to_le_bytes());
            common.extend((contents.len() as u32).to_le_bytes());
            common.extend((name.len() as u16).to_le_bytes());
            common.extend([0; 2]);
            body.extend(LOCAL_FILE.to_le_bytes());
            body.extend(&common);
            body.extend(name.as_bytes());
            body.extend(data);
            table.extend(CENTRAL_FILE.to_le_bytes());
            table.extend([20, 0]);
            table.extend(&common);
            table.extend([0; 10]);
            table.extend(offset.to_le_bytes());
            table.extend(name.as_bytes());
        }
        let (start, size) = (body.len() as u32, table.len() as u32);
        let count = (files.len() as u16).to_le_bytes();
        body.extend(table);
        body.extend(END.to_le_bytes());
        body.extend([0; 4]);
        body.extend([count, count].concat());
        body.extend(size.to_le_bytes());
        body.extend(start.to_le_bytes());
        body.extend([4, 0]);
        body.extend(b"note");
        body
    }

    #[test]
    fn files_are_unpacked_by_their_paths() {
        let long = b"trace('x');".repeat(100);
        let bytes = zip(&[
            ("main.asc", true, &long),
            ("lib\\a.asc", false, b"a"),
            ("lib/", false, b""),
            ("../out.asc", false, b"out"),
        ]);
        let archive = Archive::open("main.far", bytes).expect("an archive");
        let read = |path| archive.read(path, 2_000).expect("read");
        assert_eq!(read("main.asc"), Some(long.clone()));
        assert_eq!(read("lib/a.asc"), Some(b"a".to_vec()));
        assert_eq!(read("lib"), None);
        assert_eq!(read("out.asc"), None);
        assert!(matches!(
            archive.read("main.asc", 1_000),
            Err(FileError::TooLong { max: 1_000, .. })
        ));
    }

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    proptest! {
        #[test]
        fn damage_is_an_error_and_no_more(cut in 0..400usize, at in 0..400usize, byte: u8) {
            let mut bytes = zip(&[("main.asc", true, b"trace(1);"), ("b.asc", false, b"trace(2);")]);
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            bytes.truncate(bytes.len().saturating_sub(cut));
            if let Ok(archive) = Archive::open("main.far", bytes) {
                for path in ["main.asc", "b.asc"] {
                    if let Ok(Some(file)) = archive.read(path, 100) {
                        prop_assert!(file == b"trace(1);" || file == b"trace(2);");
                    }
                }
            }
        }
    }
}
