//! Why the server did not start, and the directories it needs before it can.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use store::StoreError;

use crate::config::{Applications, Config, ConfigErrors};
use crate::hall::KeepingError;

/// The server could not start. Displays one line (configuration: one per mistake) that tells
/// the operator what to change; the process exits with code 2.
#[derive(Debug, thiserror::Error)]
pub enum StartupError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    /// The configuration file cannot be read.
    #[error("cannot read the configuration {}: {}", path.display(), reason(error))]
    ReadConfig {
        /// The file of `--config`.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// An address cannot be listened on.
    #[error("cannot listen on {address} (`{key}`): {}", listen_reason(address.port(), error))]
    Listen {
        /// The key that names the address: `rtmp.listen`.
        key: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// A directory is missing, is not one, or cannot be made.
    #[error("cannot use the directory {} (`{key}`): {}", path.display(), reason(error))]
    Directory {
        /// The key that names the directory: `data.dir`.
        key: &'static str,
        /// The directory.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The folder of an application that is to be checked cannot be read.
    #[error("cannot read the application {}: {}", path.display(), reason(error))]
    Application {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The store cannot be opened.
    #[error(
        "cannot open the store in `data.dir`: {error}; `data.require_store = false` starts without"
    )]
    Store {
        /// Why.
        error: StoreError,
    },
    /// What the store holds of rooms cannot be read.
    #[error(transparent)]
    Rooms(#[from] KeepingError),
    /// The threads that would serve connections cannot be started.
    #[error("cannot start the server's threads: {}", reason(error))]
    Threads {
        /// What the system says.
        error: io::Error,
    },
}

/// Why the server ended other than by being told to.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It did not start; exit code 2.
    #[error(transparent)]
    Startup(#[from] StartupError),
    /// It started and failed; exit code 1.
    #[error("{0:#}")]
    Runtime(anyhow::Error),
}

/// The commonest reasons in plain words, without the numbers of one operating system.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "another program listens there".to_owned(),
        io::ErrorKind::AddrNotAvailable => "this machine does not have the address".to_owned(),
        io::ErrorKind::NotFound => "it does not exist".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::NotADirectory => "it is not a directory".to_owned(),
        io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
        _ => error.to_string(),
    }
}

fn listen_reason(port: u16, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied if port < 1024 => {
            "permission denied (ports below 1024 need a privilege)".to_owned()
        }
        _ => reason(error),
    }
}

/// Makes the data directory if needed, and checks that the applications' directory is there.
pub fn prepare_directories(config: &Config) -> Result<(), StartupError> {
    check_directories(config)?;
    let path = &config.data.dir;
    std::fs::create_dir_all(path).map_err(|error| data_error(path, error))
}

/// Checks what [`prepare_directories`] would find, and changes nothing.
pub fn check_directories(config: &Config) -> Result<(), StartupError> {
    check_data(&config.data.dir)?;
    check_applications(&config.applications)
}

fn data_error(path: &Path, error: io::Error) -> StartupError {
    StartupError::Directory {
        key: "data.dir",
        path: path.to_owned(),
        error,
    }
}

fn check_data(path: &Path) -> Result<(), StartupError> {
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(data_error(path, io::ErrorKind::NotADirectory.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(data_error(path, error)),
    }
}

fn check_applications(applications: &Applications) -> Result<(), StartupError> {
    let path = &applications.dir;
    let error = match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => return Ok(()),
        Ok(_) => io::ErrorKind::NotADirectory.into(),
        // Nobody asked for the default, so a server without applications may do without it.
        Err(error) if error.kind() == io::ErrorKind::NotFound && is_default(applications) => {
            return Ok(());
        }
        Err(error) => error,
    };
    Err(StartupError::Directory {
        key: "applications.dir",
        path: path.clone(),
        error,
    })
}

fn is_default(applications: &Applications) -> bool {
    applications.dir == Applications::default().dir
}
