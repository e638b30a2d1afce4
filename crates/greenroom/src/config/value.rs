//! The types of the server's keys that no other settings have.

mod checked;
mod choice;
mod cors;
mod log_filter;

pub use checked::{
    AccountLine, ClientVersion, CodePage, Domain, PluginName, PluginOrNone, PortList,
};
pub(crate) use checked::{account, version};
pub use choice::{LogFormat, OtherPolicies, PublishTakeover};
pub use cors::CorsOrigin;
pub use log_filter::LogFilter;
