//! What scripts can rely on, tested through the interface that the instance uses.

mod driver;

mod byte_array;
mod checklist;
mod clients;
mod connections;
mod containment;
mod doors;
mod file_class;
mod files;
mod language;
mod life;
mod load_vars;
mod log_class;
mod remote_calls;
mod sequences;
mod timing;
mod trouble;
mod values;
mod xml_class;
mod xml_socket;
