//! What scripts can rely on, tested through the interface that the instance uses.

mod driver;

mod checklist;
mod clients;
mod connections;
mod containment;
mod doors;
mod files;
mod language;
mod life;
mod netservices;
mod recordset;
mod remote_calls;
mod remoting;
mod remoting_limits;
mod sequences;
mod timing;
mod trouble;
mod values;
