//! The registry of the scripting interface: every name that a server script of any product
//! generation could use, and what becomes of it here.
//!
//! It is the source of the reference in `docs/scripting.md` and of the compatibility report
//! ([`crate::check`]). A test compares it with the engine: what it calls there is there, what is
//! there it names. It has no part in running a script.

mod application;
mod client;
mod connection;
mod elsewhere;
mod global;
mod here;
mod library;
mod reference;
mod shared_object;
mod stream;

pub use reference::reference;

/// All classes and objects, in the order of the reference.
pub const CLASSES: &[&Class] = &[
    &global::GLOBAL,
    &global::OBJECT,
    &global::FUNCTION,
    &global::REG_EXP,
    &application::APPLICATION_CLASS,
    &application::APPLICATION,
    &client::CLIENT,
    &connection::NET_CONNECTION,
    &connection::NET_SERVICES,
    &connection::RECORD_SET,
    &shared_object::SHARED_OBJECT,
    &stream::STREAM,
    &stream::NET_STREAM,
    &library::FILE,
    &library::LOAD_VARS,
    &library::XML,
    &library::XML_NODE,
    &library::XML_SOCKET,
    &library::XML_STREAMS,
    &library::WEB_SERVICE,
    &library::SOAP_CALL,
    &library::SOAP_FAULT,
    &library::LOG,
    &library::BYTE_ARRAY,
    &here::ROOMS,
    &here::XML_PORT,
    &elsewhere::FRAMEWORK,
    &elsewhere::PROXY_STREAM,
    &elsewhere::PEERS,
    &elsewhere::PLAYER,
];

/// A class, or an object that there is one of.
#[derive(Debug, Clone, Copy)]
pub struct Class {
    /// Its name; [`GLOBAL`] for what belongs to no object.
    pub name: &'static str,
    /// The first product that had it.
    pub since: Since,
    /// What becomes of it here.
    pub state: State,
    /// What it is for, or what differs.
    pub note: &'static str,
    /// What it has.
    pub members: &'static [Member],
}

/// The name of the class of global names.
pub const GLOBAL: &str = "global";

/// Something that an object has, or that a script gives it for the server to call.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// The first product that had it.
    pub since: Since,
    /// What becomes of it here.
    pub state: State,
    /// What it does, or what differs.
    pub note: &'static str,
    /// The name alone tells that this is meant, whatever object it is used on.
    pub is_telling: bool,
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A function of the object.
    Method,
    /// A value of the object.
    Property,
    /// A function that the script defines and the server calls.
    Event,
    /// A global name that is a class of its own.
    Class,
}

/// The product that introduced a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// JavaScript 1.5, the language of the original.
    Language,
    /// Flash Communication Server MX 1.0.
    Fcs1,
    /// Flash Communication Server MX 1.5.
    Fcs15,
    /// Flash Media Server 2.
    Fms2,
    /// Flash Media Server 3.
    Fms3,
    /// Flash Media Server 3.5.
    Fms35,
    /// Flash Media Server 4.
    Fms4,
    /// In no manual, but in scripts.
    Undocumented,
    /// This server only.
    Here,
}

/// What becomes of a name here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It does what it did.
    Supported,
    /// It is there and does not do quite what it did.
    Differs,
    /// It is not there yet.
    Later,
    /// It will not be there.
    Never,
}

impl State {
    /// Whether scripts find it.
    #[must_use]
    pub fn is_there(self) -> bool {
        matches!(self, Self::Supported | Self::Differs)
    }
}

/// A class or object by its name.
#[must_use]
pub fn class(name: &str) -> Option<&'static Class> {
    CLASSES.iter().find(|class| class.name == name).copied()
}

impl Class {
    /// A member by its name.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&'static Member> {
        self.members.iter().find(|member| member.name == name)
    }
}

impl Member {
    /// Its name alone tells that it is meant.
    const fn telling(self) -> Self {
        Self {
            is_telling: true,
            ..self
        }
    }
}

const fn row(name: &'static str, kind: Kind, since: Since, note: &'static str) -> Member {
    Member {
        name,
        kind,
        since,
        state: State::Supported,
        note,
        is_telling: false,
    }
}

/// A method that is there.
const fn method(name: &'static str, since: Since, note: &'static str) -> Member {
    row(name, Kind::Method, since, note)
}

/// A property that is there.
const fn property(name: &'static str, since: Since, note: &'static str) -> Member {
    row(name, Kind::Property, since, note)
}

/// A handler that is called.
const fn event(name: &'static str, since: Since, note: &'static str) -> Member {
    row(name, Kind::Event, since, note)
}

impl Member {
    const fn differs(self) -> Self {
        Self {
            state: State::Differs,
            ..self
        }
    }

    const fn later(self) -> Self {
        Self {
            state: State::Later,
            ..self
        }
    }

    const fn never(self) -> Self {
        Self {
            state: State::Never,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_name_is_there_once_and_has_a_note() {
        let mut classes = BTreeSet::new();
        for class in CLASSES {
            assert!(classes.insert(class.name), "{}", class.name);
            assert!(!class.note.is_empty(), "{}", class.name);
            let mut members = BTreeSet::new();
            for member in class.members {
                let name = member.name;
                assert!(members.insert(name), "{}.{name}", class.name);
                assert!(!member.note.is_empty(), "{}.{name}", class.name);
            }
        }
    }

    #[test]
    fn what_belongs_to_a_class_that_is_not_there_is_not_there() {
        for class in CLASSES.iter().filter(|class| !class.state.is_there()) {
            for member in class.members {
                assert!(!member.state.is_there(), "{}.{}", class.name, member.name);
            }
        }
    }

    #[test]
    fn a_telling_name_means_one_thing() {
        for class in CLASSES {
            for member in class.members.iter().filter(|member| member.is_telling) {
                let others = CLASSES.iter().filter(|other| other.name != class.name);
                let others: Vec<_> = others
                    .filter(|other| other.member(member.name).is_some())
                    .map(|other| other.name)
                    .collect();
                assert!(others.is_empty(), "{} is also in {others:?}", member.name);
            }
        }
    }

    #[test]
    fn names_are_found() {
        let application = class("application").expect("a class");
        assert!(application.member("acceptConnection").is_some());
        assert!(application.member("acceptconnection").is_none());
        assert!(class("Application ").is_none());
    }
}
