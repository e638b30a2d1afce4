//! What scripts can rely on, tested through the interface that the instance uses.

mod driver;

mod checklist;
mod clients;
mod compatibility;
mod connections;
mod containment;
mod doors;
mod files;
mod language;
mod life;
mod lobby_and_room;
mod registry;
mod remote_calls;
mod sequences;
mod timing;
mod trouble;
mod values;
