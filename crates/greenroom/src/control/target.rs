//! How an instance and an object are named: `application/instance`, and the object's name apart,
//! because both may have slashes.

use serde::{Deserialize, Serialize};

use crate::applications::DEFAULT_INSTANCE;

/// An instance, or all of an application where that makes sense.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Target {
    pub(crate) app: String,
    /// `None` is the default instance, or all of them.
    pub(crate) instance: Option<String>,
}

impl Target {
    /// Reads `application` or `application/instance`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (app, instance) = match text.split_once('/') {
            Some((app, instance)) => (app, Some(instance.to_owned())),
            None => (text, None),
        };
        if app.is_empty() || instance.as_deref() == Some("") {
            return Err("it is not APPLICATION or APPLICATION/INSTANCE".to_owned());
        }
        Ok(Self {
            app: app.to_owned(),
            instance,
        })
    }

    /// The one instance that is meant.
    pub(crate) fn instance(&self) -> &str {
        self.instance.as_deref().unwrap_or(DEFAULT_INSTANCE)
    }
}

/// An object of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ObjectTarget {
    #[serde(flatten)]
    pub(crate) target: Target,
    pub(crate) object: String,
    #[serde(default)]
    pub(crate) temporary: bool,
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn targets_are_read_as_they_are_written() {
        let read = |text: &str| {
            let target = Target::parse(text).ok()?;
            Some((target.app.clone(), target.instance().to_owned()))
        };
        let of = |app: &str, instance: &str| Some((app.to_owned(), instance.to_owned()));
        assert_eq!(read("chat"), of("chat", "_definst_"));
        assert_eq!(read("chat/lobby"), of("chat", "lobby"));
        assert_eq!(read("chat/lobby/2"), of("chat", "lobby/2"));
        for wrong in ["", "/", "chat/", "/lobby"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
