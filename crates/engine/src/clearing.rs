//! Which recordings a path of `application.clearStreams` means.
//!
//! Owns the prefixes and endings of recordings' files. Which names fit a pattern is the business
//! of [`Pattern`], which shared objects use too; where files lie, that of the server.

use sharedobject::Pattern;

/// A path of `clearStreams`: `/`, `/report`, `/presentations/*`, `/x??`, perhaps behind `flv:`,
/// `mp3:` or `mp4:` (FlashCom's server-side dictionary). Without such a prefix it means FLV.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamPattern {
    pattern: Pattern,
    format: &'static Format,
    /// It names files as they are on the disk, not without their endings.
    with_ending: bool,
}

/// A kind of file.
#[derive(Debug, PartialEq, Eq)]
struct Format {
    prefix: &'static str,
    endings: &'static [&'static str],
}

const FORMATS: &[Format] = &[
    Format {
        prefix: "flv:",
        endings: &[".flv"],
    },
    Format {
        prefix: "mp3:",
        endings: &[".mp3"],
    },
    Format {
        prefix: "mp4:",
        endings: &[".mp4", ".f4v", ".m4v", ".m4a", ".mov", ".3gp"],
    },
];

impl StreamPattern {
    /// Reads a path. `None` for a prefix that is none, and when a part is empty.
    pub fn parse(path: &str) -> Option<Self> {
        let (format, path) = match path.find(':') {
            None => (FORMATS.first()?, path),
            Some(colon) => {
                let (prefix, path) = path.split_at(colon + 1);
                (FORMATS.iter().find(|format| format.prefix == prefix)?, path)
            }
        };
        // No recording has such a name.
        if path.contains(':') {
            return None;
        }
        Some(Self {
            pattern: Pattern::parse(path)?,
            format,
            with_ending: format.ending_of(path).is_some(),
        })
    }

    /// The name of the stream of which this is the recording, if the path means it. `file` is a
    /// path in the instance's folder of recordings, its parts separated by slashes.
    pub fn stream_of(&self, file: &str) -> Option<String> {
        // What is being written anew, and what is nobody's recording.
        if file.split('/').any(|part| part.starts_with('.')) {
            return None;
        }
        let stem = file.get(..file.len() - self.format.ending_of(file)?.len())?;
        let named = if self.with_ending { file } else { stem };
        let is_meant = self.pattern.matches(named);
        is_meant.then(|| match self.format.prefix {
            "flv:" => stem.to_owned(),
            "mp3:" => format!("mp3:{stem}"),
            prefix => format!("{prefix}{file}"),
        })
    }

    /// Whether it may mean something inside this folder.
    pub fn reaches(&self, folder: &str) -> bool {
        self.pattern.reaches(folder)
    }

    /// Whether it may mean more than one recording.
    pub fn has_wildcards(&self) -> bool {
        self.pattern.has_wildcards()
    }
}

impl Format {
    /// The ending of a file of this kind. Case does not count.
    fn ending_of<'a>(&self, file: &'a str) -> Option<&'a str> {
        let ending = file.get(file.rfind('.')?..)?;
        let mut endings = self.endings.iter();
        let is_known = endings.any(|known| known.eq_ignore_ascii_case(ending));
        is_known.then_some(ending)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_mean_files() {
        for (path, file, expected) in [
            ("/", "a/b.flv", Some("a/b")),
            ("/", "a.mp3", None),
            ("/", "a.idx", None),
            ("/report", "report.flv", Some("report")),
            ("report", "report.flv", Some("report")),
            ("flv:report", "report.flv", Some("report")),
            ("flv:/report", "report.flv", Some("report")),
            ("/report.flv", "report.flv", Some("report")),
            ("/report", "reports.flv", None),
            ("/report", "report/x.flv", None),
            (
                "/presentations/*",
                "presentations/x.flv",
                Some("presentations/x"),
            ),
            ("/presentations/*", "presentations.flv", None),
            ("/x??", "x12.flv", Some("x12")),
            ("/x??", "x12/deep.flv", Some("x12/deep")),
            ("/?????", "a.flv", None),
            ("/?.flv", "a.flv", Some("a")),
            ("/*", ".cam.flv.new", None),
            ("/*", ".hidden.flv", None),
            ("mp3:/song", "song.mp3", Some("mp3:song")),
            ("mp3:/*", "song.flv", None),
            ("mp4:film.f4v", "film.f4v", Some("mp4:film.f4v")),
            ("mp4:film.f4v", "film.mp4", None),
            ("mp4:film", "film.MP4", Some("mp4:film.MP4")),
        ] {
            let pattern = StreamPattern::parse(path).unwrap();
            assert_eq!(
                pattern.stream_of(file).as_deref(),
                expected,
                "{path} {file}"
            );
        }
        for path in ["/a//b", "/a/", "raw:x", "C:/x", "flv:mp3:x"] {
            assert_eq!(StreamPattern::parse(path), None, "{path}");
        }
    }
}
