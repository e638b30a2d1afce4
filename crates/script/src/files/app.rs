//! Script files in folders of this machine.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::{FileError, Place, ScriptFiles};

/// The folder of an application and those of the script library. Nothing outside them is read,
/// not through a symbolic link either.
#[derive(Clone, Debug)]
pub struct AppFiles {
    application: PathBuf,
    libraries: Vec<PathBuf>,
}

impl AppFiles {
    /// Files of the application in `application`, and of the script library in `libraries`,
    /// which are searched in this order.
    pub fn new(application: impl Into<PathBuf>, libraries: Vec<PathBuf>) -> Self {
        Self {
            application: application.into(),
            libraries,
        }
    }
}

impl ScriptFiles for AppFiles {
    fn read(
        &self,
        place: Place,
        path: &str,
        max_bytes: usize,
    ) -> Result<Option<Vec<u8>>, FileError> {
        match place {
            Place::Application => read_below(&self.application, path, max_bytes),
            Place::Library => {
                for folder in &self.libraries {
                    if let Some(bytes) = read_below(folder, path, max_bytes)? {
                        return Ok(Some(bytes));
                    }
                }
                Ok(None)
            }
        }
    }
}

fn read_below(folder: &Path, path: &str, max: usize) -> Result<Option<Vec<u8>>, FileError> {
    let failed = |error| FileError::Io {
        path: path.to_owned(),
        error,
    };
    let Some(folder) = found(folder.canonicalize()).map_err(failed)? else {
        return Ok(None);
    };
    let Some(file) = found(folder.join(path).canonicalize()).map_err(failed)? else {
        return Ok(None);
    };
    if !file.starts_with(&folder) {
        return Err(FileError::Outside(path.to_owned()));
    }
    if !file.is_file() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    let file = File::open(file).map_err(failed)?;
    file.take(limit).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > max {
        return Err(FileError::TooLong {
            path: path.to_owned(),
            max,
        });
    }
    Ok(Some(bytes))
}

/// What is not there is no error.
fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if is_absence(error.kind()) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_absence(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{AppFiles, FileError, Place, ScriptFiles as _};

    #[test]
    fn files_are_read_from_the_application_and_the_libraries() {
        let root = tempfile::tempdir().expect("a folder");
        let (app, first, second) = (
            root.path().join("app"),
            root.path().join("first"),
            root.path().join("second"),
        );
        for folder in [&app, &first, &second] {
            fs::create_dir_all(folder.join("sub")).expect("a folder");
        }
        fs::write(app.join("main.asc"), "app").expect("written");
        fs::write(second.join("sub/a.asc"), "second").expect("written");
        let files = AppFiles::new(app, vec![first, second]);
        let read = |place, path| files.read(place, path, 10).expect("read");
        assert_eq!(read(Place::Application, "main.asc"), Some(b"app".to_vec()));
        assert_eq!(read(Place::Library, "sub/a.asc"), Some(b"second".to_vec()));
        assert_eq!(read(Place::Application, "sub"), None);
        assert_eq!(read(Place::Application, "main.asc/x"), None);
        let long = files.read(Place::Application, "main.asc", 2);
        assert!(matches!(long, Err(FileError::TooLong { max: 2, .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_symbolic_link_does_not_lead_out() {
        let root = tempfile::tempdir().expect("a folder");
        let app = root.path().join("app");
        fs::create_dir(&app).expect("a folder");
        fs::write(root.path().join("secret"), "x").expect("written");
        std::os::unix::fs::symlink(root.path().join("secret"), app.join("main.asc"))
            .expect("a link");
        let files = AppFiles::new(app, Vec::new());
        let read = files.read(Place::Application, "main.asc", 10);
        assert!(matches!(read, Err(FileError::Outside(_))));
    }
}
