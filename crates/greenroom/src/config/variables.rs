//! The layer of environment variables.

use std::ffi::{OsStr, OsString};

use configtext::{Given, nearest};

use super::error::Problem;
use super::keys::KEYS;
use super::layers::{Entry, Source};

const PREFIX: &str = "GREENROOM_";

/// Variables with the server's prefix that are neither keys nor mistakes, and what they are for.
pub(super) const RESERVED: &[(&str, &str)] = &[
    ("GREENROOM_CONFIG", "names the configuration file"),
    (
        "GREENROOM_VECTORS",
        "names the directory of the project's test vectors",
    ),
];

/// Variables that start so belong to the project's own tests.
pub(super) const RESERVED_PREFIX: &str = "GREENROOM_TEST_";

/// Reads the variables that name keys and complains about those that seem to.
pub(super) fn read(
    variables: &[(OsString, OsString)],
    entries: &mut Vec<Entry>,
    problems: &mut Vec<Problem>,
) {
    for (name, value) in variables {
        let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else {
            continue;
        };
        if is_reserved(name) || is_service_link(name, value) {
            continue;
        }
        match read_one(name, value) {
            Ok(entry) => entries.push(entry),
            Err(problem) => problems.push(problem),
        }
    }
}

fn read_one(name: &str, value: &OsStr) -> Result<Entry, Problem> {
    let source = Source::Variable(name.to_owned());
    let Some(key) = KEYS.iter().find(|key| key.variable() == name) else {
        return Err(unknown(name));
    };
    match value.to_str() {
        Some(text) => Ok(Entry {
            key,
            given: Given::Word(text.to_owned()),
            source,
        }),
        None => Err(Problem::Value {
            key: key.path(),
            place: source.to_string(),
            complaint: "must be UTF-8 text".to_owned(),
            given: format!("`{}`", value.to_string_lossy()),
        }),
    }
}

fn unknown(name: &str) -> Problem {
    let known: Vec<String> = KEYS.iter().map(super::key::Key::variable).collect();
    Problem::Unknown {
        kind: "variable",
        name: name.to_owned(),
        place: "the environment".to_owned(),
        suggestion: nearest(name, known.iter().map(String::as_str)).map(str::to_owned),
    }
}

fn is_reserved(name: &str) -> bool {
    RESERVED.iter().any(|(reserved, _)| *reserved == name) || name.starts_with(RESERVED_PREFIX)
}

/// Whether Kubernetes made this variable: it announces a service called `greenroom` or
/// `greenroom-…` to every container as `GREENROOM_SERVICE_HOST`, `GREENROOM_SERVICE_PORT_…`,
/// `GREENROOM_PORT=tcp://…` and `GREENROOM_PORT_1935_TCP_…`.
fn is_service_link(name: &str, value: &OsStr) -> bool {
    let value_is_link = || {
        value.to_str().is_some_and(|text| {
            ["tcp://", "udp://", "sctp://"]
                .iter()
                .any(|scheme| text.starts_with(scheme))
        })
    };
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || (name.ends_with("_PORT") && value_is_link())
        || name
            .split_once("_PORT_")
            .is_some_and(|(_, rest)| is_port_link(rest))
}

/// `1935_TCP`, `1935_TCP_ADDR` and the like.
fn is_port_link(rest: &str) -> bool {
    let digits = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (port, tail) = rest.split_at(digits);
    !port.is_empty()
        && ["_TCP", "_UDP", "_SCTP"]
            .iter()
            .any(|proto| tail.starts_with(proto))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kubernetes_makes_is_not_a_mistake() {
        let links = [
            ("GREENROOM_SERVICE_HOST", "10.0.0.1"),
            ("GREENROOM_SERVICE_PORT", "1935"),
            ("GREENROOM_SERVICE_PORT_RTMP", "1935"),
            ("GREENROOM_PORT", "tcp://10.0.0.1:1935"),
            ("GREENROOM_PORT_1935_TCP", "tcp://10.0.0.1:1935"),
            ("GREENROOM_PORT_1935_TCP_ADDR", "10.0.0.1"),
            ("GREENROOM_ADMIN_PORT_9000_UDP_PROTO", "udp"),
        ];
        for (name, value) in links {
            assert!(is_service_link(name, OsStr::new(value)), "{name}");
        }
        for (name, value) in [
            ("GREENROOM_PORT", "1935"),
            ("GREENROOM_RTMP_PORT_X_TCP", "1"),
        ] {
            assert!(!is_service_link(name, OsStr::new(value)), "{name}");
        }
    }

    #[test]
    fn no_key_hides_behind_an_exception() {
        for key in KEYS {
            let name = key.variable();
            assert!(!is_reserved(&name), "{name}");
            assert!(
                !is_service_link(&name, OsStr::new("tcp://10.0.0.1:80")),
                "{name}"
            );
        }
    }
}
