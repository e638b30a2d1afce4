//! The types of the server's keys that no other settings have.

mod checked;
mod choice;
mod cors;
mod log_filter;

pub use checked::{
    AccountLine, BindingLine, ClientVersion, CodePage, DialectName, Domain, PluginName,
    PluginOrNone, PortList, RoomPath, XmlPortLine,
};
pub(crate) use checked::{Dialect, account, binding, dialect, room, version, xml_port};
pub use choice::{LogFormat, OtherPolicies, PublishTakeover};
pub use cors::CorsOrigin;
pub use log_filter::LogFilter;
