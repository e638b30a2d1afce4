//! Reasons why a `connect` is refused, in the words FlashCom used.
//!
//! The description carries the reason in brackets: encoders and players show it to people.

use rtmp::status::{Code, Status};

/// Why a `connect` is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// No directory of that name makes an application.
    UnknownApplication(String),
    /// The URL names no application, or names one that cannot be.
    BadUrl(String),
    /// The client insists on an object encoding that does not exist.
    UnsupportedEncoding(String),
    /// The server, or the client's address, has as many connections as it may.
    TooManyConnections,
    /// The application has as many instances as it may.
    TooManyInstances(String),
    /// The instance has as many clients as it may.
    InstanceFull(String),
    /// The instance's script does not start.
    ScriptFailed(String),
    /// Too many clients wait for the instance to start or to stop.
    TooManyWaiting(String),
    /// The script did not decide in time.
    Undecided(String),
    /// Too many scripts that do not come back hold threads: no instance with a script starts.
    TooManyLostThreads(String),
    /// The server is going down.
    ShuttingDown,
}

impl Rejection {
    /// The description of the status, with its bracketed reason.
    pub fn description(&self) -> String {
        match self {
            Self::UnknownApplication(app) => format!(
                "[ Server.Reject ] : (_defaultRoot_, _defaultVHost_) : Application ({app}) is not defined."
            ),
            Self::BadUrl(why) => format!("[ Server.Reject ] : Bad application URL: {why}."),
            Self::UnsupportedEncoding(encoding) => {
                format!("[ Server.Reject ] : Object encoding {encoding} is not supported.")
            }
            Self::TooManyConnections => {
                "[ Resource.Limit.Exceeded ] : The server has no room for more connections.".into()
            }
            Self::TooManyInstances(app) => format!(
                "[ Resource.Limit.Exceeded ] : Application ({app}) has no room for more instances."
            ),
            Self::InstanceFull(instance) => format!(
                "[ Resource.Limit.Exceeded ] : Instance ({instance}) has no room for more clients."
            ),
            Self::ScriptFailed(instance) => format!(
                "[ Server.Reject ] : (_defaultRoot_, _defaultVHost_) : Application ({instance}) failed to load."
            ),
            Self::TooManyWaiting(instance) => format!(
                "[ Resource.Limit.Exceeded ] : Too many clients wait for instance ({instance})."
            ),
            Self::Undecided(instance) => format!(
                "[ Server.Reject ] : Application ({instance}) did not answer the connection."
            ),
            Self::TooManyLostThreads(instance) => format!(
                "[ Resource.Limit.Exceeded ] : Instance ({instance}) has no thread to run its script."
            ),
            Self::ShuttingDown => "[ Server.Reject ] : The server is shutting down.".into(),
        }
    }

    /// The reason as one word, for logs and metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::UnknownApplication(_) => "unknown_application",
            Self::BadUrl(_) => "bad_url",
            Self::UnsupportedEncoding(_) => "unsupported_encoding",
            Self::TooManyConnections => "too_many_connections",
            Self::TooManyInstances(_) => "too_many_instances",
            Self::InstanceFull(_) => "instance_full",
            Self::ScriptFailed(_) => "script_failed",
            Self::TooManyWaiting(_) => "too_many_waiting",
            Self::Undecided(_) => "undecided",
            Self::TooManyLostThreads(_) => "too_many_lost_threads",
            Self::ShuttingDown => "shutting_down",
        }
    }

    /// The status object of the `_error` that answers `connect`.
    pub fn status(&self) -> Status {
        Status::new(Code::ConnectRejected, self.description())
    }
}

#[cfg(test)]
mod tests {
    use amf::Value;

    use super::*;

    #[test]
    fn every_rejection_says_its_reason_in_flashcoms_words() {
        let text = String::from;
        let table = [
            (
                Rejection::UnknownApplication(text("chat")),
                "unknown_application",
                "[ Server.Reject ] : (_defaultRoot_, _defaultVHost_) : Application (chat) is not defined.",
            ),
            (
                Rejection::BadUrl(text("no path")),
                "bad_url",
                "[ Server.Reject ] : Bad application URL: no path.",
            ),
            (
                Rejection::UnsupportedEncoding(text("5")),
                "unsupported_encoding",
                "[ Server.Reject ] : Object encoding 5 is not supported.",
            ),
            (
                Rejection::TooManyInstances(text("chat")),
                "too_many_instances",
                "[ Resource.Limit.Exceeded ] : Application (chat) has no room for more instances.",
            ),
            (
                Rejection::InstanceFull(text("chat/one")),
                "instance_full",
                "[ Resource.Limit.Exceeded ] : Instance (chat/one) has no room for more clients.",
            ),
            (
                Rejection::TooManyLostThreads(text("chat/one")),
                "too_many_lost_threads",
                "[ Resource.Limit.Exceeded ] : Instance (chat/one) has no thread to run its script.",
            ),
            (
                Rejection::ShuttingDown,
                "shutting_down",
                "[ Server.Reject ] : The server is shutting down.",
            ),
        ];
        for (rejection, word, description) in table {
            assert_eq!(rejection.as_str(), word);
            let error = rejection.status().error(1.0);
            assert_eq!(&*error.name, "_error");
            let told = |key: &str| error.arg(0).get(key).and_then(Value::as_str);
            assert_eq!(
                told("code"),
                Some("NetConnection.Connect.Rejected"),
                "{word}"
            );
            assert_eq!(told("level"), Some("error"), "{word}");
            assert_eq!(told("description"), Some(description));
        }
    }
}
