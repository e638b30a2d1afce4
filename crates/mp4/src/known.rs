//! The boxes of `moov` that are read, without all others.
//!
//! `mp4-atom` knows far more boxes than are needed here, and believes what some of them say of
//! their length. What it is handed is a `moov` of the few that are played by.

use crate::Error;
use crate::scan::header;

/// Which boxes are kept in which.
const KEPT: &[([u8; 4], &[&[u8; 4]])] = &[
    (*b"moov", &[b"mvhd", b"trak", b"mvex"]),
    (*b"mvex", &[b"trex"]),
    (*b"trak", &[b"tkhd", b"edts", b"mdia"]),
    (*b"edts", &[b"elst"]),
    (*b"mdia", &[b"mdhd", b"hdlr", b"minf"]),
    (*b"minf", &[b"vmhd", b"smhd", b"dinf", b"stbl"]),
    (*b"dinf", &[b"dref"]),
    (
        *b"stbl",
        &[
            b"stsd", b"stts", b"ctts", b"stss", b"stsc", b"stsz", b"stco", b"co64",
        ],
    ),
];
/// Bytes of a box's header as it is written.
const HEADER_BYTES: usize = 8;
/// Version and flags, and how many entries follow.
const LIST_BYTES: usize = 8;
/// Bytes of a sample entry before the boxes in it (ISO/IEC 14496-12 §12.1.3, §12.2.3).
const PICTURE_BYTES: usize = 78;
const SOUND_BYTES: usize = 28;
/// What version 1 of a sound's entry adds (`QuickTime`).
const SOUND_MORE_BYTES: usize = 16;

/// What is kept of a sound's entry; `QuickTime` puts the first into the second.
const SOUND: &[&[u8; 4]] = &[b"esds", b"wave"];

/// A box in a piece of a file.
struct Found<'a> {
    kind: [u8; 4],
    /// With its header.
    whole: &'a [u8],
    contents: &'a [u8],
}

/// A `moov` with nothing but what is needed; tracks of anything but pictures and sound are left
/// out.
pub(crate) fn reduced(moov: &[u8]) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    for found in boxes(moov) {
        copy(&found?, &mut out)?;
    }
    Ok(out)
}

fn boxes(mut rest: &[u8]) -> impl Iterator<Item = Result<Found<'_>, Error>> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let found = first(rest);
        rest = match &found {
            Ok(found) => rest.get(found.whole.len()..).unwrap_or_default(),
            Err(_) => &[],
        };
        Some(found)
    })
}

fn first(bytes: &[u8]) -> Result<Found<'_>, Error> {
    let damaged = || Error::Malformed("a box in moov has no size that can be".into());
    let (kind, size) = header(bytes, bytes.len() as u64).ok_or_else(damaged)?;
    let size = usize::try_from(size).map_err(|_| damaged())?;
    let whole = bytes.get(..size).ok_or_else(damaged)?;
    let is_long = bytes.get(..4) == Some(&[0, 0, 0, 1]);
    let header_bytes = if is_long {
        2 * HEADER_BYTES
    } else {
        HEADER_BYTES
    };
    let contents = whole.get(header_bytes..).ok_or_else(damaged)?;
    Ok(Found {
        kind,
        whole,
        contents,
    })
}

fn copy(found: &Found<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
    if found.kind == *b"stsd" {
        return write(found.kind, out, |out| copy_codecs(found.contents, out));
    }
    let Some((_, kept)) = KEPT.iter().find(|(kind, _)| *kind == found.kind) else {
        out.extend_from_slice(found.whole);
        return Ok(());
    };
    if found.kind == *b"trak" && !is_media(found)? {
        return Ok(());
    }
    write(found.kind, out, |out| {
        for inner in boxes(found.contents) {
            let inner = inner?;
            if kept.contains(&&inner.kind) {
                copy(&inner, out)?;
            }
        }
        Ok(())
    })
}

fn write(
    kind: [u8; 4],
    out: &mut Vec<u8>,
    contents: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>,
) -> Result<(), Error> {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&kind);
    contents(out)?;
    // Never more than the box it is made from, which had 32 bits or fitted into memory.
    let size = (out.len() - start) as u32;
    if let Some(place) = out.get_mut(start..start + 4) {
        place.copy_from_slice(&size.to_be_bytes());
    }
    Ok(())
}

/// Whether a track is of pictures or sound.
fn is_media(trak: &Found<'_>) -> Result<bool, Error> {
    for mdia in boxes(trak.contents) {
        let mdia = mdia?;
        if mdia.kind != *b"mdia" {
            continue;
        }
        for hdlr in boxes(mdia.contents) {
            let hdlr = hdlr?;
            if hdlr.kind == *b"hdlr" {
                let handler = hdlr.contents.get(8..12);
                return Ok(matches!(handler, Some(b"vide" | b"soun")));
            }
        }
    }
    Ok(false)
}

/// The descriptions of samples: of each the codec's own box, and no other.
fn copy_codecs(stsd: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
    let damaged = || Error::Malformed("the description of samples is cut short".into());
    let (start, entries) = stsd.split_at_checked(LIST_BYTES).ok_or_else(damaged)?;
    out.extend_from_slice(start);
    for entry in boxes(entries) {
        let entry = entry?;
        let version = entry.contents.get(8..10);
        let (before, wanted): (_, &[&[u8; 4]]) = match (&entry.kind, version) {
            (b"avc1", _) => (PICTURE_BYTES, &[b"avcC"]),
            (b"mp4a", Some(&[0, 1])) => (SOUND_BYTES + SOUND_MORE_BYTES, SOUND),
            (b"mp4a", _) => (SOUND_BYTES, SOUND),
            (other, _) => {
                let name = String::from_utf8_lossy(other).to_lowercase();
                return Err(Error::Unsupported(format!(
                    "the codec {}",
                    name.escape_debug()
                )));
            }
        };
        let split = entry.contents.split_at_checked(before);
        let (before, inside) = split.ok_or_else(damaged)?;
        write(entry.kind, out, |out| {
            out.extend_from_slice(before);
            for inner in boxes(inside) {
                let inner = inner?;
                if wanted.contains(&&inner.kind) {
                    out.extend_from_slice(inner.whole);
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(kind: [u8; 4], contents: &[&[u8]]) -> Vec<u8> {
        let contents = contents.concat();
        let size = (HEADER_BYTES + contents.len()) as u32;
        [&size.to_be_bytes()[..], &kind, &contents].concat()
    }

    fn track(handler: [u8; 4], entry: &[u8]) -> Vec<u8> {
        let hdlr = made(*b"hdlr", &[&[0; 8], &handler, &[0; 13]]);
        let stsd = made(*b"stsd", &[&[0; 7], &[1], entry]);
        let stbl = made(*b"stbl", &[&stsd, &made(*b"sgpd", &[&[0xff; 16]])]);
        let mdia = made(*b"mdia", &[&hdlr, &made(*b"minf", &[&stbl])]);
        made(*b"trak", &[&mdia, &made(*b"udta", &[b"anything"])])
    }

    #[test]
    fn only_what_is_played_by_is_left() {
        let entry = |extra: &[u8]| {
            let avcc = made(*b"avcC", &[&[1, 2, 3]]);
            made(*b"avc1", &[&[7; PICTURE_BYTES], &avcc, extra])
        };
        let pasp = made(*b"pasp", &[&[0xff; 8]]);
        let text = track(*b"text", &made(*b"tx3g", &[&[0xff; 30]]));
        let whole = made(*b"moov", &[&track(*b"vide", &entry(&pasp)), &text]);
        let found = reduced(&whole).unwrap();
        let names =
            |bytes: &[u8], name: &[u8]| bytes.windows(4).filter(|four| four == &name).count();
        for name in [b"sgpd", b"udta", b"pasp", b"tx3g"] {
            assert!(names(&whole, name) > 0 && names(&found, name) == 0);
        }
        for name in [b"hdlr", b"stsd", b"avc1", b"avcC"] {
            assert_eq!(names(&found, name), 1);
        }
        // Lengths are right: what is made of it is made of it again.
        assert_eq!(reduced(&found).unwrap(), found);
    }

    #[test]
    fn other_codecs_are_named_and_sizes_that_cannot_be_are_refused() {
        let other = made(*b"moov", &[&track(*b"vide", &made(*b"hvc1", &[&[0; 90]]))]);
        let unsupported = Error::Unsupported("the codec hvc1".into());
        assert_eq!(reduced(&other), Err(unsupported));
        for size in [0_u8, 1, 7, 200] {
            let mut damaged = made(*b"moov", &[&track(*b"vide", &[])]);
            damaged[11] = size;
            let found = reduced(&damaged);
            assert!(
                size == 0 || matches!(found, Err(Error::Malformed(_))),
                "{size}"
            );
        }
    }
}
