//! What objects are found by: virtual host, application, instance, kind and name.

use std::fmt;
use std::sync::Arc;

/// The virtual host of whoever has only one.
pub const DEFAULT_HOST: &str = "_defaultVHost_";

/// An instance of an application. Ordered as in the store.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceKey {
    /// The virtual host.
    pub host: Arc<str>,
    /// The application.
    pub app: Arc<str>,
    /// The instance.
    pub instance: Arc<str>,
}

impl InstanceKey {
    /// An instance on the only virtual host.
    pub fn new(app: impl Into<Arc<str>>, instance: impl Into<Arc<str>>) -> Self {
        Self {
            host: DEFAULT_HOST.into(),
            app: app.into(),
            instance: instance.into(),
        }
    }
}

impl fmt::Display for InstanceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.app, self.instance)
    }
}

/// The two name spaces of an instance's objects, and what is no object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Objects that outlive their users.
    Persistent,
    /// Objects that go with their last user; they are stored only by whoever wants them to
    /// outlive a restart.
    Temporary,
    /// Not an object, but what is left of those that were forgotten; see [`ObjectKey::gone`].
    Gone,
}

impl Kind {
    /// How it is written in the file.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Persistent => 1,
            Self::Temporary => 2,
            Self::Gone => 3,
        }
    }

    /// The kind that is written so.
    pub(crate) const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Persistent),
            2 => Some(Self::Temporary),
            3 => Some(Self::Gone),
            _ => None,
        }
    }
}

/// An object of an instance. Ordered as in the store.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey {
    /// Whose it is.
    pub instance: InstanceKey,
    /// Its name space.
    pub kind: Kind,
    /// Its name, with slashes.
    pub name: Arc<str>,
}

impl ObjectKey {
    /// The object of that name.
    pub fn new(instance: InstanceKey, kind: Kind, name: impl Into<Arc<str>>) -> Self {
        let name = name.into();
        Self {
            instance,
            kind,
            name,
        }
    }

    /// Where the head lies that says which versions an application's objects had that are not there
    /// any more: none had a higher one. A new object that begins with it gives no version again.
    pub fn gone(host: Arc<str>, app: Arc<str>) -> Self {
        let instance = InstanceKey {
            host,
            app,
            instance: "".into(),
        };
        Self::new(instance, Kind::Gone, "")
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.instance, self.name)
    }
}

/// Which objects are meant. Those of one scope lie side by side in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All.
    Everything,
    /// Those of all instances of an application.
    Application {
        /// The virtual host.
        host: Arc<str>,
        /// The application.
        app: Arc<str>,
    },
    /// Those of one instance.
    Instance(InstanceKey),
    /// Those of one kind whose names begin so.
    Prefix(ObjectKey),
}

impl Scope {
    /// An application on the only virtual host.
    pub fn application(app: impl Into<Arc<str>>) -> Self {
        Self::Application {
            host: DEFAULT_HOST.into(),
            app: app.into(),
        }
    }

    /// Whether the object is one of them.
    pub fn contains(&self, key: &ObjectKey) -> bool {
        let instance = &key.instance;
        match self {
            Self::Everything => true,
            Self::Application { host, app } => instance.host == *host && instance.app == *app,
            Self::Instance(wanted) => instance == wanted,
            Self::Prefix(prefix) => {
                *instance == prefix.instance
                    && key.kind == prefix.kind
                    && key.name.starts_with(prefix.name.as_ref())
            }
        }
    }

    /// A key that no object of the scope comes before: host, application, instance, kind, name.
    pub(crate) fn start(&self) -> (&str, &str, &str, u8, &str) {
        match self {
            Self::Everything => ("", "", "", 0, ""),
            Self::Application { host, app } => (host, app, "", 0, ""),
            Self::Instance(key) => (&key.host, &key.app, &key.instance, 0, ""),
            Self::Prefix(key) => {
                let instance = &key.instance;
                let kind = key.kind.code();
                let name = &key.name;
                (
                    &instance.host,
                    &instance.app,
                    &instance.instance,
                    kind,
                    name,
                )
            }
        }
    }
}
