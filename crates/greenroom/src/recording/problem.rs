//! What can be wrong with a recording, for the log and for the publisher.

use std::fmt;
use std::io::{self, ErrorKind};

/// Why a recording cannot be made.
#[derive(Debug)]
pub(crate) struct Problem {
    /// The file cannot be written at all, or is being written already.
    pub(super) no_access: bool,
    why: Why,
}

#[derive(Debug)]
enum Why {
    Taken,
    ReadOnly,
    TooMany,
    Broken,
    NoRecording(flv::Error),
    Film(mp4::Error),
    System(io::Error),
}

impl Problem {
    pub(super) const fn taken() -> Self {
        Self {
            no_access: true,
            why: Why::Taken,
        }
    }

    pub(super) const fn too_many() -> Self {
        Self {
            no_access: false,
            why: Why::TooMany,
        }
    }

    /// Nothing is wrong but that there is no such file.
    pub(crate) fn is_absent(&self) -> bool {
        let Why::System(error) = &self.why else {
            return false;
        };
        matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
    }

    /// A bug in the server.
    pub(super) const fn broken() -> Self {
        Self {
            no_access: false,
            why: Why::Broken,
        }
    }

    pub(super) const fn read_only() -> Self {
        Self {
            no_access: true,
            why: Why::ReadOnly,
        }
    }

    /// What the publisher is told.
    pub(super) fn told(&self) -> String {
        match &self.why {
            Why::Taken => "The recording is being written already.".into(),
            Why::ReadOnly => "The recording may not be written.".into(),
            Why::TooMany => "The server makes as many recordings as it may.".into(),
            Why::Broken => "The recording failed.".into(),
            Why::NoRecording(_) => "The file there is no recording to append to.".into(),
            Why::Film(_) => "The file there cannot be played.".into(),
            Why::System(error) => format!("The recording cannot be written: {}.", error.kind()),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            Why::NoRecording(error) => write!(f, "the file there is no recording: {error}"),
            Why::Film(error) => error.fmt(f),
            Why::System(error) => error.fmt(f),
            _ => f.write_str(&self.told()),
        }
    }
}

impl std::error::Error for Problem {}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        let no_access = matches!(
            error.kind(),
            ErrorKind::PermissionDenied
                | ErrorKind::ReadOnlyFilesystem
                | ErrorKind::IsADirectory
                // A file where a folder would have to be.
                | ErrorKind::AlreadyExists
                | ErrorKind::NotADirectory
        );
        let why = Why::System(error);
        Self { no_access, why }
    }
}

impl From<flv::Error> for Problem {
    fn from(error: flv::Error) -> Self {
        Self {
            no_access: false,
            why: Why::NoRecording(error),
        }
    }
}

impl From<mp4::Error> for Problem {
    fn from(error: mp4::Error) -> Self {
        Self {
            no_access: false,
            why: Why::Film(error),
        }
    }
}
