//! Configuration: one table of keys, and the layers that fill it.
//!
//! Every key is declared once, in [`keys`], with its type, default, range, documentation and (for
//! limits) what happens when it is reached. From that declaration come the typed [`Config`] the
//! server reads, the checks on what operators write, `greenroom config show`, and the reference
//! page `docs/reference/config.md`.
//!
//! Layers, later ones winning: built-in defaults, the file of `--config`, `GREENROOM_…`
//! environment variables, command-line options. Loading is pure: callers hand in the file's text
//! and the environment, so tests need neither.

mod check;
mod error;
mod file;
mod key;
mod keys;
mod layers;
mod nearest;
mod reference;
mod reread;
mod show;
mod value;
mod variables;

pub use configtext::{Unit, read_address};
pub use error::{ConfigErrors, Problem};
pub use key::Key;
pub use keys::{
    Applications, Config, Data, Http, KEYS, Limits, Live, Log, Rooms, Rtmp, Scripts, Server, Xml,
};
pub use layers::{Assignment, FileLayer, Layers, Loaded, Source, load};
pub use reference::reference;
pub use reread::Reread;
pub use value::{
    AccountLine, BindingLine, ClientVersion, CodePage, CorsOrigin, DialectName, Domain, LogFilter,
    LogFormat, OtherPolicies, PluginName, PluginOrNone, PortList, PublishTakeover, RoomPath,
    XmlPortLine,
};
pub(crate) use value::{Dialect, account, binding, dialect, room, version, xml_port};

#[cfg(test)]
mod tests;
