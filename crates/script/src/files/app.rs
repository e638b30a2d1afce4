//! Script files in folders and archives of this machine.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::archive::Archive;
use super::{FileError, Place, ScriptFiles};

/// The longest archive, in bytes; it is kept in memory.
const ARCHIVE_BYTES_MAX: usize = 16 << 20;

/// The folder of an application and those of the script library. Nothing outside them is read,
/// not through a symbolic link either.
///
/// If there is an archive `main.far` or `APP.far` in the application's folder, its files come
/// before those of the folder. An entry of the library may be an archive too.
#[derive(Clone, Debug)]
pub struct AppFiles {
    /// The archive, if there is one, and the folder.
    application: Vec<Source>,
    library: Vec<Source>,
}

#[derive(Clone, Debug)]
enum Source {
    Folder(PathBuf),
    Archive(Archive),
}

impl AppFiles {
    /// Files of the application `app` in the folder `application`, and of the script library in
    /// `library`: folders and archives, searched in this order. Those that are not there are
    /// passed over.
    ///
    /// # Errors
    ///
    /// [`FileError`] if there is an archive that cannot be read.
    pub fn open(
        app: &str,
        application: impl Into<PathBuf>,
        library: Vec<PathBuf>,
    ) -> Result<Self, FileError> {
        let folder = application.into();
        let mut sources = Vec::new();
        for name in archive_names(app) {
            if let Some(bytes) = read_below(&folder, &name, ARCHIVE_BYTES_MAX)? {
                sources.push(Source::Archive(Archive::open(&name, bytes)?));
                break;
            }
        }
        sources.push(Source::Folder(folder));
        let library: Result<Vec<_>, _> = library.into_iter().filter_map(library_entry).collect();
        Ok(Self {
            application: sources,
            library: library?,
        })
    }
}

/// The archives that hold an application's script, from its folder, in the order they are
/// looked for.
pub fn archive_names(app: &str) -> [String; 2] {
    ["main.far".to_owned(), format!("{app}.far")]
}

fn library_entry(path: PathBuf) -> Option<Result<Source, FileError>> {
    let is_archive = path
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("far"));
    let (true, Some(folder), Some(name)) = (is_archive, path.parent(), path.file_name()) else {
        return Some(Ok(Source::Folder(path)));
    };
    let name = name.to_string_lossy();
    let bytes = read_below(folder, &name, ARCHIVE_BYTES_MAX).transpose()?;
    Some(bytes.and_then(|bytes| Archive::open(&name, bytes).map(Source::Archive)))
}

impl ScriptFiles for AppFiles {
    fn read(
        &self,
        place: Place,
        path: &str,
        max_bytes: usize,
    ) -> Result<Option<Vec<u8>>, FileError> {
        let sources = match place {
            Place::Archive | Place::Application => &self.application,
            Place::Library => &self.library,
        };
        for source in sources {
            let found = match source {
                Source::Folder(_) if place == Place::Archive => None,
                Source::Folder(folder) => read_below(folder, path, max_bytes)?,
                Source::Archive(archive) => archive.read(path, max_bytes)?,
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
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

    use super::super::archive::tests::zip;
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
        let files = AppFiles::open("app", app, vec![first, second]).expect("opened");
        let read = |place, path| files.read(place, path, 10).expect("read");
        assert_eq!(read(Place::Application, "main.asc"), Some(b"app".to_vec()));
        assert_eq!(read(Place::Library, "sub/a.asc"), Some(b"second".to_vec()));
        assert_eq!(read(Place::Application, "sub"), None);
        assert_eq!(read(Place::Application, "main.asc/x"), None);
        let long = files.read(Place::Application, "main.asc", 2);
        assert!(matches!(long, Err(FileError::TooLong { max: 2, .. })));
    }

    #[test]
    fn an_archive_comes_before_loose_files() {
        let root = tempfile::tempdir().expect("a folder");
        let library = root.path().join("lib.far");
        fs::write(&library, zip(&[("c.asc", true, b"library")])).expect("written");
        let app = root.path().join("app");
        fs::create_dir(&app).expect("a folder");
        for name in ["a.asc", "b.asc"] {
            fs::write(app.join(name), "loose").expect("written");
        }
        let far = zip(&[("a.asc", true, b"packed")]);
        fs::write(app.join("chat.far"), &far).expect("written");
        let gone = root.path().join("gone.far");
        let files = AppFiles::open("chat", &app, vec![gone, library]).expect("opened");
        let read = |place, path| files.read(place, path, 10).expect("read");
        assert_eq!(read(Place::Application, "a.asc"), Some(b"packed".to_vec()));
        assert_eq!(read(Place::Application, "b.asc"), Some(b"loose".to_vec()));
        assert_eq!(read(Place::Archive, "a.asc"), Some(b"packed".to_vec()));
        assert_eq!(read(Place::Archive, "b.asc"), None);
        assert_eq!(read(Place::Library, "c.asc"), Some(b"library".to_vec()));
        fs::write(app.join("main.far"), "no archive").expect("written");
        let opened = AppFiles::open("chat", &app, Vec::new());
        assert!(matches!(opened, Err(FileError::Archive(name)) if name == "main.far"));
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
        let files = AppFiles::open("app", app, Vec::new()).expect("opened");
        let read = files.read(Place::Application, "main.asc", 10);
        assert!(matches!(read, Err(FileError::Outside(_))));
    }
}
