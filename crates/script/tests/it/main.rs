//! What scripts can rely on, tested through the interface that the instance uses.

mod driver;

mod byte_array;
mod checklist;
mod clients;
mod compatibility;
mod connections;
mod containment;
mod doors;
mod file_class;
mod files;
mod language;
mod life;
mod load_vars;
mod lobby_and_room;
mod log_class;
mod netservices;
mod objects;
mod plugins;
mod recordset;
mod registry;
mod remote_calls;
mod remoting;
mod remoting_limits;
mod sequences;
mod shared_object_proxies;
mod shared_objects;
mod streams;
mod timing;
mod trouble;
mod values;
mod web_service;
mod web_service_faults;
mod whiteboard;
mod xml_class;
mod xml_socket;
