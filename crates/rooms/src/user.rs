//! Connections: visitors, and the users they become.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::event::Who;
use crate::flood::Flood;
use crate::id::{RequestId, RoomId};
use crate::store::Role;
use crate::value::Pairs;

/// A connection that is not logged in.
pub(crate) struct Visitor {
    pub(crate) address: IpAddr,
    /// Its login that is being decided about.
    pub(crate) login: Option<RequestId>,
}

/// A connection that is logged in.
pub(crate) struct User {
    pub(crate) who: Arc<Who>,
    /// The key of its name.
    pub(crate) key: Arc<str>,
    pub(crate) address: IpAddr,
    pub(crate) role: Role,
    /// Whether it has shown that the name is its own.
    pub(crate) known: bool,
    pub(crate) variables: Pairs,
    /// In the order in which it came in.
    pub(crate) rooms: Vec<RoomId>,
    /// The rooms it made that still are.
    pub(crate) owns: Vec<RoomId>,
    pub(crate) flood: Flood,
    /// Names as they were written, by their keys.
    pub(crate) buddies: BTreeMap<Arc<str>, Arc<str>>,
    /// The room password that is being looked at.
    pub(crate) joining: Option<RequestId>,
}
