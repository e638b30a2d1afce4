//! The titles of an MP3 file: `ID3v1` at its end, `ID3v2.2` to 2.4 at its start. Texts only; pictures
//! and all else are passed over.

use amf::Value;

/// Bytes of an `ID3v1` tag.
pub const V1_BYTES: usize = 128;
/// Bytes of an `ID3v2` tag that are looked at. Titles come before pictures, as programs write them.
pub const MAX_V2_BYTES: usize = 64 << 10;
/// Bytes of an `ID3v2` tag's header, and of its footer.
const HEADER_BYTES: usize = 10;

/// What a file says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Id3 {
    /// Who made it.
    pub artist: String,
    /// What it is called.
    pub song: String,
    /// Of which album it is.
    pub album: String,
    /// Of which year.
    pub year: String,
    /// A name, or the number of one.
    pub genre: String,
    /// Its number on the album.
    pub track: String,
    /// Anything else.
    pub comment: String,
}

impl Id3 {
    /// The same with what only the other says.
    #[must_use]
    pub fn or(mut self, other: Self) -> Self {
        let mine = self.fields();
        for (mine, others) in mine.into_iter().zip({ other }.fields()) {
            if mine.is_empty() {
                *mine = std::mem::take(others);
            }
        }
        self
    }

    const fn fields(&mut self) -> [&mut String; 7] {
        [
            &mut self.artist,
            &mut self.song,
            &mut self.album,
            &mut self.year,
            &mut self.genre,
            &mut self.track,
            &mut self.comment,
        ]
    }

    /// What players' `onId3` is given. Names differ between players: a title has both.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Value::object([
            ("artist", self.artist.as_str().into()),
            ("songtitle", self.song.as_str().into()),
            ("songName", self.song.as_str().into()),
            ("album", self.album.as_str().into()),
            ("year", self.year.as_str().into()),
            ("genre", self.genre.as_str().into()),
            ("track", self.track.as_str().into()),
            ("comment", self.comment.as_str().into()),
        ])
    }
}

/// The size of the `ID3v2` tag that begins here, if one does.
pub(crate) fn size(bytes: &[u8]) -> Option<u64> {
    const HAS_FOOTER: u8 = 0x10;
    let header = bytes.get(..HEADER_BYTES)?;
    let is_tag = header.starts_with(b"ID3") && header[3] != 0xff && header[4] != 0xff;
    let size = seven_bits(&header[6..]).filter(|_| is_tag)?;
    let footer = if header[5] & HAS_FOOTER == 0 { 0 } else { 10 };
    Some((HEADER_BYTES + size + footer) as u64)
}

/// A number in four bytes of seven bits.
fn seven_bits(bytes: &[u8]) -> Option<usize> {
    let bytes = bytes.get(..4)?;
    if bytes.iter().any(|byte| *byte > 0x7f) {
        return None;
    }
    let number = |sum: usize, byte: &u8| sum << 7 | usize::from(*byte);
    Some(bytes.iter().fold(0, number))
}

/// A number in bytes, the highest first.
fn plain(bytes: &[u8]) -> usize {
    let number = |sum: usize, byte: &u8| sum << 8 | usize::from(*byte);
    bytes.iter().fold(0, number)
}

/// Reads an `ID3v1` or 1.1 tag.
pub(crate) fn parse_v1(tag: &[u8]) -> Option<Id3> {
    let tag: &[u8; V1_BYTES] = tag.try_into().ok()?;
    if !tag.starts_with(b"TAG") {
        return None;
    }
    let text = |from: usize, to: usize| latin1(&tag[from..to]);
    let (track, genre) = (tag[126], tag[127]);
    let has_track = tag[125] == 0 && track != 0;
    Some(Id3 {
        song: text(3, 33),
        artist: text(33, 63),
        album: text(63, 93),
        year: text(93, 97),
        comment: text(97, if has_track { 125 } else { 127 }),
        track: if has_track {
            track.to_string()
        } else {
            String::new()
        },
        genre: if genre == 0xff {
            String::new()
        } else {
            genre.to_string()
        },
    })
}

/// Reads the frames of an `ID3v2` tag, as far as they are there and whole.
pub(crate) fn parse_v2(tag: &[u8]) -> Id3 {
    const UNSYNCHRONISED: u8 = 0x80;
    const EXTENDED: u8 = 0x40;
    let mut found = Id3::default();
    let Some((header, body)) = tag.split_at_checked(HEADER_BYTES) else {
        return found;
    };
    let (version, flags) = (header[3], header[5]);
    let body = if flags & UNSYNCHRONISED != 0 && version < 4 {
        synchronised(body)
    } else {
        body.to_vec()
    };
    let extended = match (flags & EXTENDED != 0, version) {
        (true, 3) => body.get(..4).map_or(0, |size| 4 + plain(size)),
        (true, 4) => seven_bits(&body).unwrap_or(0),
        _ => 0,
    };
    let mut rest = body.get(extended..).unwrap_or_default();
    while let Some((id, content, after)) = frame(version, rest) {
        put(&mut found, id, content);
        rest = after;
    }
    found
}

/// The frame that bytes begin with: its name, what it holds, what follows.
fn frame(version: u8, bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (id_bytes, size_bytes, flag_bytes) = if version < 3 { (3, 3, 0) } else { (4, 4, 2) };
    let (id, rest) = bytes.split_at_checked(id_bytes)?;
    // Padding ends the frames.
    if id[0] == 0 {
        return None;
    }
    let (size, rest) = rest.split_at_checked(size_bytes)?;
    let size = if version < 4 {
        plain(size)
    } else {
        seven_bits(size)?
    };
    let (_, rest) = rest.split_at_checked(flag_bytes)?;
    let (content, after) = rest.split_at_checked(size)?;
    Some((id, content, after))
}

fn put(found: &mut Id3, id: &[u8], content: &[u8]) {
    let field = match id {
        b"TPE1" | b"TP1" => &mut found.artist,
        b"TIT2" | b"TT2" => &mut found.song,
        b"TALB" | b"TAL" => &mut found.album,
        b"TYER" | b"TYE" | b"TDRC" => &mut found.year,
        b"TCON" | b"TCO" => &mut found.genre,
        b"TRCK" | b"TRK" => &mut found.track,
        b"COMM" | b"COM" => {
            if found.comment.is_empty() {
                found.comment = comment(content).unwrap_or_default();
            }
            return;
        }
        _ => return,
    };
    if let (true, Some((encoding, text))) = (field.is_empty(), content.split_first()) {
        *field = decode(*encoding, text).0;
    }
}

/// A comment: a language, a short text that says what it is, the text.
fn comment(content: &[u8]) -> Option<String> {
    let (encoding, rest) = content.split_first()?;
    let (_language, rest) = rest.split_at_checked(3)?;
    let (_what, used) = decode(*encoding, rest);
    Some(decode(*encoding, rest.get(used..)?).0)
}

/// The text to its end or to the first zero, and how many bytes it took with that zero.
fn decode(encoding: u8, bytes: &[u8]) -> (String, usize) {
    if matches!(encoding, 1 | 2) {
        return utf16(encoding, bytes);
    }
    let end = bytes.iter().position(|byte| *byte == 0);
    let text = &bytes[..end.unwrap_or(bytes.len())];
    let read = if encoding == 3 {
        String::from_utf8_lossy(text).trim().to_owned()
    } else {
        latin1(text)
    };
    (read, end.map_or(bytes.len(), |end| end + 1))
}

fn utf16(encoding: u8, bytes: &[u8]) -> (String, usize) {
    let is_little = encoding == 1 && bytes.starts_with(&[0xff, 0xfe]);
    let has_mark = is_little || bytes.starts_with(&[0xfe, 0xff]);
    let units = bytes.chunks_exact(2).skip(usize::from(has_mark));
    let unit = |pair: &[u8]| {
        let pair = [pair[0], pair[1]];
        if is_little {
            u16::from_le_bytes(pair)
        } else {
            u16::from_be_bytes(pair)
        }
    };
    let text: Vec<u16> = units.map(unit).take_while(|unit| *unit != 0).collect();
    let used = 2 * (usize::from(has_mark) + text.len() + 1);
    let text = String::from_utf16_lossy(&text);
    (text.trim().to_owned(), used.min(bytes.len()))
}

/// Text of one byte a letter, to the first zero.
fn latin1(bytes: &[u8]) -> String {
    let letters = bytes.iter().take_while(|byte| **byte != 0);
    let text: String = letters.map(|byte| char::from(*byte)).collect();
    text.trim().to_owned()
}

/// Takes out the zeros that were put behind bytes of ones.
fn synchronised(bytes: &[u8]) -> Vec<u8> {
    let mut last = 0;
    let mut kept = Vec::with_capacity(bytes.len());
    for byte in bytes {
        if !(last == 0xff && *byte == 0) {
            kept.push(*byte);
        }
        last = *byte;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tag of this version with these frames.
    fn tag(version: u8, flags: u8, frames: &[(&str, &[u8])]) -> Vec<u8> {
        let mut body = Vec::new();
        for (id, content) in frames {
            body.extend(id.as_bytes());
            let size = (content.len() as u32).to_be_bytes();
            body.extend(&size[usize::from(version < 3)..]);
            body.extend(&[0, 0][..if version < 3 { 0 } else { 2 }]);
            body.extend(*content);
        }
        body.extend([0; 20]);
        let size = body.len();
        let size = [0, 0, (size >> 7) as u8, (size & 0x7f) as u8];
        [&b"ID3"[..], &[version, 0, flags], &size, &body].concat()
    }

    #[test]
    fn texts_are_read_in_every_version_and_encoding() {
        let artist = b"\x01\xff\xfeA\0\xe9\0\0\0";
        for (version, ids) in [
            (2, ["TP1", "TT2", "TAL", "COM"]),
            (3, ["TPE1", "TIT2", "TALB", "COMM"]),
            (4, ["TPE1", "TIT2", "TALB", "COMM"]),
        ] {
            let tag = tag(
                version,
                0,
                &[
                    (ids[0], artist),
                    (ids[1], b"\0caf\xe9\0more"),
                    (ids[2], b"\x03\xc3\xa4"),
                    (ids[3], b"\0eng\0a comment"),
                ],
            );
            assert_eq!(size(&tag), Some(tag.len() as u64), "{version}");
            let found = parse_v2(&tag);
            let texts = [found.artist, found.song, found.album, found.comment];
            assert_eq!(texts, ["Aé", "café", "ä", "a comment"], "{version}");
        }
    }

    #[test]
    fn zeros_put_in_are_taken_out() {
        let tag = tag(3, 0x80, &[("TPE1", b"\x01\xff\0\xfeA\0")]);
        // The size of the frame is that without the zero.
        let mut tag = tag;
        tag[HEADER_BYTES + 7] -= 1;
        assert_eq!(parse_v2(&tag).artist, "A");
    }

    #[test]
    fn the_old_tag_fills_what_the_new_one_leaves() {
        let mut old = [0; V1_BYTES];
        old[..3].copy_from_slice(b"TAG");
        old[3..8].copy_from_slice(b"Title");
        old[33..37].copy_from_slice(b"Band");
        old[93..97].copy_from_slice(b"2003");
        (old[126], old[127]) = (7, 17);
        let old = parse_v1(&old).unwrap();
        assert_eq!((&*old.track, &*old.genre), ("7", "17"));
        let new = parse_v2(&tag(3, 0, &[("TPE1", b"\0Singer")]));
        let both = new.or(old);
        let texts = [&*both.artist, &*both.song, &*both.year];
        assert_eq!(texts, ["Singer", "Title", "2003"]);
    }

    #[test]
    fn a_tag_that_lies_is_read_as_far_as_it_goes() {
        let whole = tag(4, 0x40, &[("TPE1", b"\x03A"), ("TIT2", b"\x01B")]);
        for end in 0..whole.len() {
            let _ = parse_v2(&whole[..end]);
        }
        let long = tag(3, 0, &[("TPE1", b"\0A"), ("TIT2", b"\0B")]);
        let mut long = long;
        long[HEADER_BYTES + 12 + 4] = 0xff;
        let found = parse_v2(&long);
        assert_eq!((&*found.artist, &*found.song), ("A", ""));
        assert_eq!(size(b"ID3\x03\0\0\x80\0\0\0"), None);
    }
}
