//! The socket's file: where it is, who may open it, and what becomes of one that was left behind.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use socket2::{Domain, SockAddr, Socket, Type};
use tokio::net::UnixListener;

use crate::config::Config;
use crate::shared::Shared;

/// The file's mode.
const OWNER_ONLY: u32 = 0o600;
/// Connections that wait to be accepted.
const BACKLOG: i32 = 128;

/// The path of the control socket; `None` when it is off. A relative one starts in `data.dir`.
pub(crate) fn path(config: &Config) -> Option<PathBuf> {
    let socket = config.control.socket.as_str();
    (!socket.is_empty()).then(|| config.data.dir.join(socket))
}

/// Listens on the control socket for as long as the server runs, if it is on. A server that
/// cannot is one without it, and the log says so.
pub(crate) fn serve(shared: &Arc<Shared>) {
    let Some(path) = path(&shared.config) else {
        return;
    };
    let listener = match listen(&path) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(socket = %path.display(), %error, "there is no control socket");
            return;
        }
    };
    let router = super::router(shared.clone());
    let stopping = shared.stopping.clone();
    shared.tasks.spawn(async move {
        let served = axum::serve(listener, router);
        let served = served.with_graceful_shutdown(async move { stopping.cancelled().await });
        if let Err(error) = served.await {
            tracing::error!(%error, "the control socket has ended");
        }
        let _ = fs::remove_file(&path);
    });
}

/// The socket comes to its place when nobody but its owner can open it. One that is there belongs
/// to a server that has ended, because the store lets in one server only.
fn listen(path: &Path) -> io::Result<UnixListener> {
    let mut new = path.to_owned().into_os_string();
    new.push(".new");
    let new = PathBuf::from(new);
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    if fs::symlink_metadata(path).is_ok() && std::os::unix::net::UnixStream::connect(path).is_ok() {
        return Err(io::ErrorKind::AddrInUse.into());
    }
    let socket = bind(&new)?;
    fs::set_permissions(&new, Permissions::from_mode(OWNER_ONLY))?;
    socket.listen(BACKLOG)?;
    fs::rename(&new, path)?;
    socket.set_nonblocking(true)?;
    UnixListener::from_std(OwnedFd::from(socket).into())
}

/// Binds a socket whose file nobody but its owner can open from its first moment: the file takes
/// the mode of the socket. Nobody can connect before it listens either.
fn bind(path: &Path) -> io::Result<Socket> {
    let file = File::from(OwnedFd::from(Socket::new(
        Domain::UNIX,
        Type::STREAM,
        None,
    )?));
    file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
    let socket = Socket::from(OwnedFd::from(file));
    socket.bind(&SockAddr::unix(path)?)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_owner_can_open_the_file_from_the_first_moment() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock.new");
        let _socket = bind(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, OWNER_ONLY);
    }
}
