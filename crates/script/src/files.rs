//! Where scripts are read from: the folder of the application, and the script library.
//!
//! A script names files by relative paths with slashes. [`relative_path`] is the one place that
//! decides what such a name may be; what implements [`ScriptFiles`] gets nothing else.

mod app;
mod archive;
mod memory;

pub use app::{AppFiles, archive_names};
pub use memory::MemoryFiles;

/// Reads script files.
pub trait ScriptFiles {
    /// The bytes of a file, or `None` if there is no such file. `path` has come through
    /// [`relative_path`]. No more than `max_bytes` are read.
    ///
    /// # Errors
    ///
    /// [`FileError`] when there is a file that cannot be given out.
    fn read(
        &self,
        place: Place,
        path: &str,
        max_bytes: usize,
    ) -> Result<Option<Vec<u8>>, FileError>;
}

/// Where a script file lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the application's archive, if it has one.
    Archive,
    /// In the application's archive, or else in its folder.
    Application,
    /// In a folder of the script library (`ScriptLibPath`), the first that has it.
    Library,
}

/// Why a script file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The name climbs, or starts at a root or a drive.
    #[error("the file {0:?} is not inside the application's folder")]
    Outside(String),
    /// The file is too long.
    #[error("the file {path} is longer than {max} bytes (limit source_bytes)")]
    TooLong {
        /// Its name.
        path: String,
        /// The limit.
        max: usize,
    },
    /// An archive is damaged, or packed in a way that is not supported.
    #[error("the archive {0} cannot be read")]
    Archive(String),
    /// The operating system refused.
    #[error("the file {path} cannot be read: {error}")]
    Io {
        /// Its name.
        path: String,
        /// Its reason.
        error: std::io::Error,
    },
}

/// The name of a file as a path below a folder: no climbing, no root, no drive, slashes only.
///
/// # Errors
///
/// [`FileError::Outside`] for any other name.
pub fn relative_path(name: &str) -> Result<String, FileError> {
    let outside = || FileError::Outside(name.to_owned());
    let name = name.replace('\\', "/");
    if name.starts_with('/') || name.contains([':', '\0']) {
        return Err(outside());
    }
    let mut parts = Vec::new();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => return Err(outside()),
            part => parts.push(part),
        }
    }
    if parts.is_empty() {
        return Err(outside());
    }
    Ok(parts.join("/"))
}

/// Where the main script may lie, in the order of the search. `app` is the application's name.
pub fn main_script_names(app: &str) -> Vec<String> {
    let mut names = Vec::new();
    for stem in ["main", app] {
        for ending in ["asc", "js"] {
            names.push(format!("scripts/{stem}.{ending}"));
            names.push(format!("{stem}.{ending}"));
        }
    }
    names
}

/// Where a file that a script loads may lie, in the order of the search. `main_folder` is that of
/// the main script, with the slash at its end; empty for the application's folder.
pub(crate) fn candidates(main_folder: &str, path: &str) -> Vec<(Place, String)> {
    let mut found = Vec::new();
    for folder in [main_folder, "scripts/", ""] {
        let candidate = (Place::Application, format!("{folder}{path}"));
        if !found.contains(&candidate) {
            found.push(candidate);
        }
    }
    found.push((Place::Library, path.to_owned()));
    found
}

/// The folder of a file, with the slash at its end.
pub(crate) fn folder_of(name: &str) -> &str {
    name.rfind('/').map_or("", |at| &name[..=at])
}

/// Where `secure.asc` may lie.
pub(crate) const SECURE_NAMES: [&str; 2] = ["scripts/secure.asc", "secure.asc"];

#[cfg(test)]
mod tests {
    use super::{main_script_names, relative_path};

    #[test]
    fn a_name_stays_below_its_folder() {
        for (name, path) in [
            ("main.asc", "main.asc"),
            ("./a//b.asc", "a/b.asc"),
            ("components\\list.asc", "components/list.asc"),
        ] {
            assert_eq!(relative_path(name).ok().as_deref(), Some(path), "{name}");
        }
        for name in [
            "",
            ".",
            "..",
            "../x.asc",
            "a/../b.asc",
            "/etc/passwd",
            "\\x",
            "C:\\x",
            "a\0b",
        ] {
            assert!(relative_path(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn the_main_script_is_searched_in_the_order_of_the_original() {
        assert_eq!(
            main_script_names("chat"),
            [
                "scripts/main.asc",
                "main.asc",
                "scripts/main.js",
                "main.js",
                "scripts/chat.asc",
                "chat.asc",
                "scripts/chat.js",
                "chat.js",
            ]
        );
    }
}
