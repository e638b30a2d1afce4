//! Where things lie in the repository.

use std::path::PathBuf;

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    let mut path = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    path.pop();
    path
}

/// The target directory of the workspace.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Where the tools that the tasks install for themselves live (`bin` below it).
pub(crate) fn tools() -> PathBuf {
    target().join("tools")
}

/// The released server.
pub(crate) fn server_binary() -> PathBuf {
    target().join("release/greenroom")
}
