//! Keys whose text has a form that another crate knows.
//!
//! The text is checked when the configuration is read, and understood where it is used.

use std::fmt;
use std::net::SocketAddr;
use std::ops::Deref;

use configtext::{Given, Setting, Unit};
use xmlsocket::electroserver::Version;
use xmlsocket::{Access, Charset, Ports};

use crate::applications::DEFAULT_INSTANCE;

/// Declares texts that have to pass a check, which says what is wrong.
macro_rules! checked {
    ($(#[doc = $doc:literal])+ $Name:ident, $accepts:literal, $check:path) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $Name(String);

        impl $Name {
            /// The text as a default, which is not checked again.
            #[allow(dead_code, reason = "not every key has a default that is not empty")]
            pub(in crate::config) fn known(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl Deref for $Name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl Setting for $Name {
            const ACCEPTS: &'static str = $accepts;

            fn from_given(given: &Given, _: Unit) -> Result<Self, String> {
                let text = given.text()?;
                $check(text)?;
                Ok(Self(text.to_owned()))
            }

            fn measure(&self) -> u64 {
                self.0.len() as u64
            }

            fn to_toml(&self) -> toml::Value {
                toml::Value::String(self.0.clone())
            }
        }
    };
}

checked! {
    /// The name of a code page, as web pages write it.
    CodePage, "code page", check_code_page
}
checked! {
    /// Whose movies and pages may open a socket.
    Domain, "domain", check_domain
}
checked! {
    /// Ports of a policy file; empty for the server's own.
    PortList, "ports", check_ports
}
checked! {
    /// The version that ElectroServer clients are told.
    ClientVersion, "version", check_version
}
checked! {
    /// An account: its name, its role and the hash of its password, with colons between.
    AccountLine, "account", check_account
}

checked! {
    /// Who speaks on the first XML port.
    DialectName, "dialect", check_dialect
}
checked! {
    /// One more XML port: its address and who speaks on it, with a space between.
    XmlPortLine, "XML port", check_xml_port
}

checked! {
    /// A zone of rooms and the instance that it is bound to.
    BindingLine, "binding", check_binding
}

checked! {
    /// A room: its zone and its name, with a slash between.
    RoomPath, "room", check_room
}
checked! {
    /// The name of a plugin, which is that of its folder.
    PluginName, "plugin", check_plugin
}
checked! {
    /// The name of a plugin; empty for none.
    PluginOrNone, "plugin", check_plugin_or_none
}

fn check_plugin(text: &str) -> Result<(), String> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let fits = (1..=64).contains(&text.len()) && text.bytes().all(known);
    fits.then_some(())
        .ok_or_else(|| format!("must be up to 64 letters, digits, _ and -, not `{text}`"))
}

fn check_plugin_or_none(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    check_plugin(text)
}

fn check_code_page(text: &str) -> Result<(), String> {
    Charset::new(text).map(drop).map_err(|_| {
        format!("must be a code page such as windows-1252, shift_jis or utf-8, not `{text}`")
    })
}

fn check_domain(text: &str) -> Result<(), String> {
    let access = Access::new(text, Ports::All);
    access
        .map(drop)
        .map_err(|error| format!("does not fit: {error}"))
}

fn check_ports(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    let ports: Result<Ports, _> = text.parse();
    ports
        .map(drop)
        .map_err(|error| format!("does not fit: {error}"))
}

fn check_version(text: &str) -> Result<(), String> {
    let wrong = || format!("must be three numbers such as 3.8.0, not `{text}`");
    version(text).map(drop).ok_or_else(wrong)
}

fn check_account(text: &str) -> Result<(), String> {
    account(text).map(drop).ok_or_else(|| {
        "must hold accounts written name:role:hash, with the role user, moderator or \
         administrator and the hash as `greenroom password` prints it"
            .to_owned()
    })
}

fn check_dialect(text: &str) -> Result<(), String> {
    dialect(text).map(drop).ok_or_else(|| {
        format!(
            "must be electroserver, relay, relay-rooms or script:APPLICATION/INSTANCE, not `{text}`"
        )
    })
}

fn check_xml_port(text: &str) -> Result<(), String> {
    xml_port(text).map(drop).ok_or_else(|| {
        format!("must hold ports written `ADDRESS:PORT DIALECT`, such as 0.0.0.0:9876 relay, not `{text}`")
    })
}

fn check_binding(text: &str) -> Result<(), String> {
    binding(text).map(drop).ok_or_else(|| {
        format!("must hold bindings written ZONE=APPLICATION/INSTANCE, not `{text}`")
    })
}

/// The zone, the application and the instance in a line of `rooms.bindings`.
pub(crate) fn binding(text: &str) -> Option<(String, String, String)> {
    let (zone, address) = text.rsplit_once('=')?;
    let (app, instance) = instance_address(address)?;
    (!zone.is_empty()).then(|| (zone.to_owned(), app, instance))
}

/// `application/instance`, or `application` for its default instance.
fn instance_address(text: &str) -> Option<(String, String)> {
    let (app, instance) = text.split_once('/').unwrap_or((text, DEFAULT_INSTANCE));
    let complete = !app.is_empty() && !instance.is_empty();
    complete.then(|| (app.to_owned(), instance.to_owned()))
}

/// What is done with the texts that come over an XML port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// They are packets of ElectroServer 3.
    ElectroServer,
    /// Everybody on the port gets them.
    Relay {
        /// Only those in the same room get them; the first text of a connection names its room.
        rooms: bool,
    },
    /// The script of an instance gets them.
    Script {
        /// The application.
        app: String,
        /// The instance.
        instance: String,
    },
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ElectroServer => f.write_str("electroserver"),
            Self::Relay { rooms: false } => f.write_str("relay"),
            Self::Relay { rooms: true } => f.write_str("relay-rooms"),
            Self::Script { app, instance } => write!(f, "script:{app}/{instance}"),
        }
    }
}

/// The dialect in a text such as `relay` or `script:game/lobby`.
pub(crate) fn dialect(text: &str) -> Option<Dialect> {
    Some(match text {
        "electroserver" => Dialect::ElectroServer,
        "relay" => Dialect::Relay { rooms: false },
        "relay-rooms" => Dialect::Relay { rooms: true },
        other => {
            let (app, instance) = instance_address(other.strip_prefix("script:")?)?;
            Dialect::Script { app, instance }
        }
    })
}

/// The address and the dialect in a line of `xml.ports`.
pub(crate) fn xml_port(text: &str) -> Option<(SocketAddr, Dialect)> {
    let (address, name) = text.trim().split_once(char::is_whitespace)?;
    Some((address.parse().ok()?, dialect(name.trim_start())?))
}

fn check_room(text: &str) -> Result<(), String> {
    room(text)
        .map(drop)
        .ok_or_else(|| "must hold rooms written zone/name, with characters that show".to_owned())
}

/// The zone and the name in an entry of `rooms.stored`.
pub(crate) fn room(text: &str) -> Option<(&str, &str)> {
    let (zone, name) = text.split_once('/')?;
    let fits = |part: &str| !part.is_empty() && !part.contains(char::is_control);
    (fits(zone) && fits(name)).then_some((zone, name))
}

/// The version in a text such as `3.8.0`.
pub(crate) fn version(text: &str) -> Option<Version> {
    let mut numbers = text.split('.').map(str::parse);
    let mut next = || numbers.next()?.ok();
    let (major, minor, sub) = (next()?, next()?, next()?);
    numbers
        .next()
        .is_none()
        .then_some(Version { major, minor, sub })
}

/// The account in a line of `rooms.accounts`.
pub(crate) fn account(text: &str) -> Option<rooms::Account> {
    let mut parts = text.splitn(3, ':');
    let (name, role, hash) = (parts.next()?, parts.next()?, parts.next()?);
    let role = match role {
        "user" => rooms::Role::User,
        "moderator" => rooms::Role::Moderator,
        "administrator" => rooms::Role::Administrator,
        _ => return None,
    };
    let complete = !name.is_empty() && hash.starts_with("$argon2");
    complete.then(|| rooms::Account {
        name: name.into(),
        hash: hash.into(),
        role,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plugins_are_named_like_folders() {
        for name in ["Dice", "http-login", "a_1"] {
            assert_eq!(check_plugin(name), Ok(()), "{name}");
        }
        for wrong in ["", ".", "../live", "a/b", "a b", "dicé", &"a".repeat(65)] {
            assert!(check_plugin(wrong).is_err(), "{wrong}");
        }
        assert_eq!(check_plugin_or_none(""), Ok(()));
        assert!(check_plugin_or_none("..").is_err());
    }

    #[test]
    fn versions_are_three_numbers() {
        let found = version("3.8.12").map(|found| (found.major, found.minor, found.sub));
        assert_eq!(found, Some((3, 8, 12)));
        for wrong in ["", "3", "3.8", "3.8.0.1", "3.x.0", "3.-1.0"] {
            assert!(check_version(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn ports_have_an_address_and_a_dialect() {
        let relay = Dialect::Relay { rooms: false };
        let address: SocketAddr = "[::1]:9876".parse().unwrap();
        assert_eq!(xml_port(" [::1]:9876  relay "), Some((address, relay)));
        let script = |app: &str, instance: &str| {
            let (app, instance) = (app.to_owned(), instance.to_owned());
            Some(Dialect::Script { app, instance })
        };
        assert_eq!(dialect("script:game"), script("game", "_definst_"));
        assert_eq!(dialect("script:game/a/b"), script("game", "a/b"));
        for wrong in ["", "Relay", "script:", "script:/a", "script:a/", "policy"] {
            assert!(check_dialect(wrong).is_err(), "{wrong}");
        }
        for wrong in [
            "",
            "relay",
            "0.0.0.0:9876",
            "9876 relay",
            "0.0.0.0:9876 chat",
        ] {
            assert!(check_xml_port(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn bindings_have_a_zone_and_an_instance() {
        let whole = |zone: &str, app: &str, instance: &str| {
            Some((zone.to_owned(), app.to_owned(), instance.to_owned()))
        };
        assert_eq!(binding("Main=chat/a"), whole("Main", "chat", "a"));
        assert_eq!(binding("a=b=chat"), whole("a=b", "chat", "_definst_"));
        for wrong in ["", "Main", "Main=", "=chat", "Main=chat/", "Main=/a"] {
            assert!(check_binding(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn accounts_have_a_name_a_role_and_a_hash() {
        let found = account("Ann:moderator:$argon2id$v=19$m=8,t=1,p=1$a:b$c").unwrap();
        assert_eq!((&*found.name, found.role), ("Ann", rooms::Role::Moderator));
        assert_eq!(&*found.hash, "$argon2id$v=19$m=8,t=1,p=1$a:b$c");
        for wrong in [
            "",
            "ann",
            "ann:king:$argon2id$x",
            "ann:user:secret",
            ":user:$argon2id$x",
        ] {
            let refused = check_account(wrong).unwrap_err();
            assert!(!refused.contains("secret"), "{refused}");
        }
    }

    #[test]
    fn rooms_have_a_zone_and_a_name() {
        assert_eq!(room("Main/Lobby"), Some(("Main", "Lobby")));
        assert_eq!(room("Main/a/b"), Some(("Main", "a/b")));
        for wrong in ["", "Lobby", "/Lobby", "Main/", "Main/a\nb"] {
            assert!(check_room(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn code_pages_domains_and_ports_are_checked() {
        assert!(check_code_page("shift_jis").is_ok() && check_code_page("klingon").is_err());
        assert!(check_domain("*.example.org").is_ok() && check_domain("a b").is_err());
        assert!(check_ports("").is_ok() && check_ports("9875,516-523").is_ok());
        assert!(check_ports("0").is_err());
    }
}
