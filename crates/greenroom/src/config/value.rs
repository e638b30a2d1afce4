//! The types of the server's keys that no other settings have.

mod choice;
mod cors;
mod log_filter;

pub use choice::{LogFormat, PublishTakeover};
pub use cors::CorsOrigin;
pub use log_filter::LogFilter;
