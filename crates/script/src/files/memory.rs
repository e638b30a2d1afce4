//! Script files that are not on a disk, for tests and for scripts that come with a program.

use std::collections::BTreeMap;

use super::{FileError, Place, ScriptFiles};

/// Script files by their paths.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles {
    application: BTreeMap<String, Vec<u8>>,
    library: BTreeMap<String, Vec<u8>>,
}

impl MemoryFiles {
    /// No files.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more file of the application.
    #[must_use]
    pub fn with(mut self, path: &str, text: impl Into<Vec<u8>>) -> Self {
        self.application.insert(path.to_owned(), text.into());
        self
    }

    /// With one more file of the script library.
    #[must_use]
    pub fn with_library(mut self, path: &str, text: impl Into<Vec<u8>>) -> Self {
        self.library.insert(path.to_owned(), text.into());
        self
    }
}

impl ScriptFiles for MemoryFiles {
    fn read(
        &self,
        place: Place,
        path: &str,
        max_bytes: usize,
    ) -> Result<Option<Vec<u8>>, FileError> {
        let files = match place {
            Place::Archive => return Ok(None),
            Place::Application => &self.application,
            Place::Library => &self.library,
        };
        match files.get(path) {
            Some(bytes) if bytes.len() > max_bytes => Err(FileError::TooLong {
                path: path.to_owned(),
                max: max_bytes,
            }),
            bytes => Ok(bytes.cloned()),
        }
    }
}
