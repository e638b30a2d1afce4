//! Stream names, as clients write them and as the directory knows them.

use std::fmt;

use amf::Str;
use thiserror::Error;

/// A stream's name within its instance.
///
/// What a client writes may carry a query (`key?token=…`, as encoders send it) and the
/// prefix `flv:`, which means the default kind; neither is part of the name. Other prefixes are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamName(Str);

/// The file of a stream's recording, or another that is played: a path below the folder of its
/// instance, with `/` between its parts, that cannot lead out of it and is a file's name on every
/// system.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordingFile {
    path: String,
    kind: FileKind,
}

/// What of a file is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FileKind {
    /// A recording: FLV.
    Flv,
    /// An MP3 file (`mp3:`).
    Mp3,
    /// What an MP3 file says of itself (`id3:`).
    Id3,
    /// H.264 and AAC in an MP4 file, whatever its name ends with (`mp4:`).
    Mp4,
}

/// Why a stream name is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NameError {
    /// Nothing is left of the name.
    #[error("the stream name is empty")]
    Empty,
    /// The name is longer than the limit.
    #[error("the stream name is longer than {0} bytes")]
    TooLong(usize),
    /// The name has an empty, `.` or `..` part, or ends in a slash.
    #[error("the stream name has an empty or relative part")]
    BadPart,
    /// The name holds a control character or a backslash.
    #[error("the stream name holds a character that is not allowed")]
    BadCharacter,
    /// The name cannot be that of a file: it holds a colon, or has a part that begins with a dot,
    /// ends in a dot or space, or means a device to some system.
    #[error("nothing can be recorded under this name")]
    NoFile,
    /// A part of the name is longer than that of a file's name may be.
    #[error("a part of the stream name is longer than {0} bytes, so it cannot be recorded")]
    PartTooLong(usize),
}

impl StreamName {
    /// Reads a name as a client wrote it, at most `max_bytes` long.
    pub fn parse(written: &str, max_bytes: usize) -> Result<Self, NameError> {
        if written.len() > max_bytes {
            return Err(NameError::TooLong(max_bytes));
        }
        let (name, _query) = written.split_once('?').unwrap_or((written, ""));
        let name = name.strip_prefix("flv:").unwrap_or(name);
        let name = name.strip_prefix('/').unwrap_or(name);
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if name.chars().any(|c| c.is_control() || c == '\\') {
            return Err(NameError::BadCharacter);
        }
        if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(NameError::BadPart);
        }
        Ok(Self(name.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name without what says which kind of file is meant: what access rules are about.
    pub fn path(&self) -> &str {
        self.kind_and_path().1
    }

    /// The file of the stream's recording. Clients write names with and without `.flv`; both
    /// mean the same file.
    ///
    /// # Errors
    ///
    /// [`NameError::NoFile`] and [`NameError::PartTooLong`].
    pub fn recording_file(&self) -> Result<RecordingFile, NameError> {
        file_of(FileKind::Flv, self.as_str())
    }

    /// The file that is played under this name: a recording, or what a prefix says.
    ///
    /// # Errors
    ///
    /// As for [`recording_file`](Self::recording_file).
    pub fn played_file(&self) -> Result<RecordingFile, NameError> {
        let (kind, path) = self.kind_and_path();
        file_of(kind, path)
    }

    fn kind_and_path(&self) -> (FileKind, &str) {
        let name = self.as_str();
        for (prefix, kind) in [
            ("mp3:", FileKind::Mp3),
            ("id3:", FileKind::Id3),
            ("mp4:", FileKind::Mp4),
        ] {
            if let Some(path) = name.strip_prefix(prefix) {
                return (kind, path.strip_prefix('/').unwrap_or(path));
            }
        }
        (FileKind::Flv, name)
    }
}

fn file_of(kind: FileKind, written: &str) -> Result<RecordingFile, NameError> {
    /// What file systems take, less an ending and a mark for files that are being written.
    const PART_BYTES: usize = 240;
    let ending = kind.ending(written);
    let cut = written.len().saturating_sub(ending.len());
    let name = match written.get(cut..) {
        Some(found) if found.eq_ignore_ascii_case(ending) => &written[..cut],
        _ => written,
    };
    if name.contains(':') || !name.split('/').all(is_file_name) {
        return Err(NameError::NoFile);
    }
    if name.split('/').any(|part| part.len() > PART_BYTES) {
        return Err(NameError::PartTooLong(PART_BYTES));
    }
    let path = format!("{name}{ending}");
    Ok(RecordingFile { path, kind })
}

impl FileKind {
    /// How the name of such a file ends that was written like this.
    fn ending(self, written: &str) -> &'static str {
        match self {
            Self::Flv => ".flv",
            Self::Mp3 | Self::Id3 => ".mp3",
            Self::Mp4 => {
                let written = written.to_ascii_lowercase();
                let known = [".f4v", ".m4a", ".m4v", ".mov"];
                let known = known.into_iter().find(|ending| written.ends_with(ending));
                known.unwrap_or(".mp4")
            }
        }
    }
}

impl RecordingFile {
    /// The path, with its ending.
    pub fn as_str(&self) -> &str {
        &self.path
    }

    /// What of the file is played.
    pub const fn kind(&self) -> FileKind {
        self.kind
    }
}

/// Whether a part of a name can be that of a file or folder, on every system.
fn is_file_name(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or_default();
    let stem = stem.trim_end().to_ascii_uppercase();
    let numbered = stem
        .strip_prefix("COM")
        .or_else(|| stem.strip_prefix("LPT"));
    let is_port = numbered.is_some_and(|rest| rest.len() == 1 && rest != "0" && is_digits(rest));
    let is_device = matches!(&*stem, "CON" | "PRN" | "AUX" | "NUL") || is_port;
    !part.is_empty() && !part.starts_with('.') && !part.ends_with(['.', ' ']) && !is_device
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_clients_write_them() {
        for (written, expected) in [
            ("cam", Ok("cam")),
            ("flv:cam", Ok("cam")),
            ("/cam", Ok("cam")),
            ("a/b", Ok("a/b")),
            ("key?token=a/../b", Ok("key")),
            ("mp4:movie", Ok("mp4:movie")),
            ("", Err(NameError::Empty)),
            ("?x", Err(NameError::Empty)),
            ("a/", Err(NameError::BadPart)),
            ("a//b", Err(NameError::BadPart)),
            ("../a", Err(NameError::BadPart)),
            ("a\0b", Err(NameError::BadCharacter)),
            ("a\\b", Err(NameError::BadCharacter)),
            ("123456789012345678901", Err(NameError::TooLong(20))),
        ] {
            let read = StreamName::parse(written, 20);
            assert_eq!(
                read.as_ref().map(StreamName::as_str),
                expected.as_ref().copied(),
                "{written}"
            );
        }
    }

    #[test]
    fn a_prefix_says_what_is_played_and_nothing_is_recorded_there() {
        for (written, path, expected) in [
            ("cam", "cam", Ok(("cam.flv", FileKind::Flv))),
            ("flv:cam.flv", "cam.flv", Ok(("cam.flv", FileKind::Flv))),
            ("mp3:song", "song", Ok(("song.mp3", FileKind::Mp3))),
            (
                "mp3:/a/song.MP3",
                "a/song.MP3",
                Ok(("a/song.mp3", FileKind::Mp3)),
            ),
            ("id3:song.mp3", "song.mp3", Ok(("song.mp3", FileKind::Id3))),
            (
                "mp3:song.flv",
                "song.flv",
                Ok(("song.flv.mp3", FileKind::Mp3)),
            ),
            ("mp4:film", "film", Ok(("film.mp4", FileKind::Mp4))),
            (
                "mp4:a/film.F4V",
                "a/film.F4V",
                Ok(("a/film.f4v", FileKind::Mp4)),
            ),
            ("mp4:film.m4a", "film.m4a", Ok(("film.m4a", FileKind::Mp4))),
            (
                "mp4:film.flv",
                "film.flv",
                Ok(("film.flv.mp4", FileKind::Mp4)),
            ),
            ("mp4:.mov", ".mov", Err(NameError::NoFile)),
            ("mp3:..", "..", Err(NameError::NoFile)),
            ("mp3:", "", Err(NameError::NoFile)),
            ("mp3:mp3:a", "mp3:a", Err(NameError::NoFile)),
            ("MP3:song", "MP3:song", Err(NameError::NoFile)),
        ] {
            let name = StreamName::parse(written, 1000).expect("a stream's name");
            assert_eq!(name.path(), path, "{written}");
            let file = name.played_file();
            let file = file.as_ref().map(|file| (file.as_str(), file.kind()));
            assert_eq!(file, expected.as_ref().copied(), "{written}");
            if written.contains("3:") || written.contains("4:") {
                assert_eq!(name.recording_file(), Err(NameError::NoFile), "{written}");
            }
        }
    }

    #[test]
    fn a_recording_is_a_file_below_its_folder_or_refused() {
        let long = "x".repeat(241);
        for (written, expected) in [
            ("cam", Ok("cam.flv")),
            ("cam.flv", Ok("cam.flv")),
            ("cam.FLV", Ok("cam.flv")),
            ("users/ann/one.two", Ok("users/ann/one.two.flv")),
            ("ç", Ok("ç.flv")),
            ("console", Ok("console.flv")),
            ("com0", Ok("com0.flv")),
            ("mp4:movie", Err(NameError::NoFile)),
            ("c:/windows", Err(NameError::NoFile)),
            (".hidden", Err(NameError::NoFile)),
            (".flv", Err(NameError::NoFile)),
            ("a/.flv", Err(NameError::NoFile)),
            ("a/.b", Err(NameError::NoFile)),
            ("cam.", Err(NameError::NoFile)),
            ("cam /one", Err(NameError::NoFile)),
            ("con", Err(NameError::NoFile)),
            ("a/Nul.txt", Err(NameError::NoFile)),
            ("LPT1", Err(NameError::NoFile)),
            (long.as_str(), Err(NameError::PartTooLong(240))),
        ] {
            let name = StreamName::parse(written, 1000).expect("a stream's name");
            let file = name.recording_file();
            let file = file.as_ref().map(RecordingFile::as_str);
            assert_eq!(file, expected.as_ref().copied(), "{written}");
        }
    }
}
