//! The script's files in folders of this machine.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::guarded::configures;
use super::{OpenHow, Stat, Storage, StorageError, Stream, storage_path};

/// The folder of an application and its virtual folders. Nothing outside them is reached, not
/// through a symbolic link either.
#[derive(Clone, Debug)]
pub struct DiskStorage {
    application: PathBuf,
    /// Paths as scripts name them, without slashes around them, and where they lead.
    virtual_folders: Vec<(String, PathBuf)>,
}

impl DiskStorage {
    /// Files in the application's folder.
    pub fn new(application: impl Into<PathBuf>) -> Self {
        Self {
            application: application.into(),
            virtual_folders: Vec::new(),
        }
    }

    /// With a folder that scripts reach under `name` (`<VirtualDirectory>`), wherever it lies.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if scripts cannot use this name.
    pub fn with_virtual(
        mut self,
        name: &str,
        folder: impl Into<PathBuf>,
    ) -> Result<Self, StorageError> {
        let path = storage_path(name)?;
        if path.is_empty() {
            return Err(StorageError::Root(name.to_owned()));
        }
        self.virtual_folders.push((path, folder.into()));
        // The longest name comes first, so that it wins.
        let length = |(name, _): &(String, PathBuf)| std::cmp::Reverse(name.len());
        self.virtual_folders.sort_by_key(length);
        Ok(self)
    }

    /// The folder that a path lies in, and its rest.
    fn place<'a>(&'a self, path: &'a str) -> (&'a Path, &'a str) {
        for (name, folder) in &self.virtual_folders {
            match path.strip_prefix(name.as_str()) {
                Some("") => return (folder, ""),
                Some(rest) if rest.starts_with('/') => return (folder, &rest[1..]),
                _ => {}
            }
        }
        (&self.application, path)
    }

    /// Where something is that is there, with all links followed.
    fn existing(&self, path: &str) -> Result<PathBuf, StorageError> {
        let io = |error| StorageError::io(path, error);
        let (folder, rest) = self.place(path);
        let folder = folder.canonicalize().map_err(io)?;
        let target = folder.join(rest).canonicalize().map_err(io)?;
        if !target.starts_with(&folder) {
            return Err(StorageError::Outside(path.to_owned()));
        }
        Ok(target)
    }

    /// Refuses a change of what configures the application, by whatever way it was reached: links
    /// and virtual folders may lead there.
    fn check_change(&self, path: &str, target: &Path) -> Result<(), StorageError> {
        let io = |error| StorageError::io(path, error);
        let application = self.application.canonicalize().map_err(io)?;
        let name = target.file_name().and_then(|name| name.to_str());
        let inside = target.parent() == Some(&*application);
        // Nor is the folder moved away, to make room for another.
        if inside && name.is_some_and(configures) || application.starts_with(target) {
            return Err(StorageError::Configuration(path.to_owned()));
        }
        Ok(())
    }

    /// A name in a folder that is there. The name's own link is not followed.
    fn entry(&self, path: &str) -> Result<PathBuf, StorageError> {
        let (_, rest) = self.place(path);
        if rest.is_empty() {
            return Err(StorageError::Root(path.to_owned()));
        }
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        Ok(self.existing(parent)?.join(name))
    }

    /// Where a new file goes. A link that leads nowhere is no place for it.
    fn vacant(&self, path: &str) -> Result<PathBuf, StorageError> {
        let target = self.entry(path)?;
        match fs::symlink_metadata(&target) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.check_change(path, &target)?;
                Ok(target)
            }
            Err(error) => Err(StorageError::io(path, error)),
            Ok(found) if found.is_symlink() => Err(StorageError::Outside(path.to_owned())),
            Ok(_) => Err(StorageError::io(path, io::ErrorKind::AlreadyExists.into())),
        }
    }
}

impl Storage for DiskStorage {
    fn stat(&self, path: &str) -> Result<Option<Stat>, StorageError> {
        let io = |error| StorageError::io(path, error);
        let target = match self.existing(path) {
            Ok(target) => target,
            Err(StorageError::Io { error, .. }) if is_absence(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(Some(stat_of(&fs::metadata(target).map_err(io)?)))
    }

    fn open(&self, path: &str, how: OpenHow) -> Result<Box<dyn Stream>, StorageError> {
        let io = |error| StorageError::io(path, error);
        let mut options = OpenOptions::new();
        options.read(how.read).write(how.write);
        let target = match self.existing(path) {
            Ok(target) => {
                // A pipe or a device would keep the script waiting.
                if !fs::metadata(&target).map_err(io)?.is_file() {
                    return Err(io(io::Error::other("not a file")));
                }
                options.truncate(how.truncate);
                if how.write || how.truncate {
                    self.check_change(path, &target)?;
                }
                target
            }
            Err(StorageError::Io { error, .. }) if is_absence(&error) && how.write => {
                options.create_new(true);
                self.vacant(path)?
            }
            Err(error) => return Err(error),
        };
        let file: File = options.open(target).map_err(io)?;
        Ok(Box::new(file))
    }

    fn list(&self, path: &str, max: usize) -> Result<Vec<String>, StorageError> {
        let io = |error| StorageError::io(path, error);
        let mut names = Vec::new();
        for entry in fs::read_dir(self.existing(path)?).map_err(io)? {
            if names.len() >= max {
                return Err(StorageError::TooManyEntries(max));
            }
            // A name that is no text cannot be named by a script.
            let name = entry.map_err(io)?.file_name();
            names.extend(name.into_string().map_err(drop::<OsString>));
        }
        names.sort_unstable();
        Ok(names)
    }

    fn make_folder(&self, path: &str) -> Result<(), StorageError> {
        fs::create_dir(self.vacant(path)?).map_err(|error| StorageError::io(path, error))
    }

    fn remove(&self, path: &str) -> Result<(), StorageError> {
        let io = |error| StorageError::io(path, error);
        let target = self.entry(path)?;
        self.check_change(path, &target)?;
        if fs::symlink_metadata(&target).map_err(io)?.is_dir() {
            fs::remove_dir(target).map_err(io)
        } else {
            fs::remove_file(target).map_err(io)
        }
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), StorageError> {
        let (source, target) = (self.entry(from)?, self.vacant(to)?);
        self.check_change(from, &source)?;
        fs::rename(source, target).map_err(|error| StorageError::io(from, error))
    }
}

fn is_absence(error: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory)
}

fn stat_of(metadata: &Metadata) -> Stat {
    let millis = |time: SystemTime| {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        since.as_millis() as f64
    };
    let modified_ms = metadata.modified().map_or(0.0, millis);
    Stat {
        folder: metadata.is_dir(),
        length: if metadata.is_dir() { 0 } else { metadata.len() },
        // Not every file system knows it.
        created_ms: metadata.created().map_or(modified_ms, millis),
        modified_ms,
    }
}
