//! Names that stand for directories elsewhere.

use std::path::PathBuf;

use configtext::{Given, Setting, Unit};

/// A beginning of names, and the directory in which what follows it is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualDirectory {
    /// The beginning without slashes around it: `foo/bar`. Empty for every name.
    pub prefix: String,
    /// The directory.
    pub path: PathBuf,
    /// The `virtualKey` that a client must have, if any.
    pub key: Option<String>,
}

impl VirtualDirectory {
    /// What follows the prefix in a name, if the name begins with it: `a/b` of `foo/bar/a/b`.
    pub fn rest<'n>(&self, name: &'n str) -> Option<&'n str> {
        let name = name.trim_start_matches('/');
        if self.prefix.is_empty() {
            return Some(name);
        }
        let rest = name.strip_prefix(self.prefix.as_str())?.strip_prefix('/')?;
        Some(rest.trim_start_matches('/'))
    }
}

impl Setting for VirtualDirectory {
    const ACCEPTS: &'static str = "directory";

    fn from_given(given: &Given, _: Unit) -> Result<Self, String> {
        let text = given.text()?;
        let wrong = || {
            format!(
                "must hold \"name;/directory\" or \"name;/directory;key\", not `{}`",
                text.escape_debug()
            )
        };
        let mut parts = text.split(';').map(str::trim);
        let (Some(prefix), Some(path), key, None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        let prefix = prefix.trim_matches('/').to_owned();
        let climbs = prefix.split('/').any(|part| part == "..");
        if path.is_empty() || climbs || text.contains('\0') {
            return Err(wrong());
        }
        Ok(Self {
            prefix,
            path: PathBuf::from(path),
            key: key.filter(|key| !key.is_empty()).map(str::to_owned),
        })
    }

    fn measure(&self) -> u64 {
        1
    }

    fn to_toml(&self) -> toml::Value {
        // Lossless: paths come from text, see `from_given`.
        let mut text = format!("{};{}", self.prefix, self.path.display());
        if let Some(key) = &self.key {
            text.push(';');
            text.push_str(key);
        }
        toml::Value::String(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<VirtualDirectory, String> {
        VirtualDirectory::from_given(&Given::Text(text.to_owned()), Unit::None)
    }

    #[test]
    fn names_below_a_prefix() {
        let cases = [
            ("foo;/srv", "foo/x", Some("x")),
            ("/foo/bar/;/srv", "foo/bar/a/b", Some("a/b")),
            ("foo;/srv", "/foo/x", Some("x")),
            ("foo;/srv", "foobar/x", None),
            ("foo;/srv", "foo", None),
            ("/;/srv", "any/name", Some("any/name")),
            (";/srv", "any/name", Some("any/name")),
        ];
        for (directory, name, rest) in cases {
            assert_eq!(
                read(directory).unwrap().rest(name),
                rest,
                "{directory} {name}"
            );
        }
    }

    #[test]
    fn forms_of_a_directory() {
        let windows = read(r"vod;C:\media\vod").unwrap();
        assert_eq!(windows.path, PathBuf::from(r"C:\media\vod"));
        assert_eq!(windows.key, None);
        assert_eq!(read("vod;/srv;A").unwrap().key.as_deref(), Some("A"));
        for wrong in [
            "",
            "vod",
            "vod;",
            "vod;/srv;A;B",
            "../x;/srv",
            "a/../b;/srv",
            "a;/\0",
        ] {
            let told = read(wrong).unwrap_err();
            assert!(told.starts_with("must hold "), "{wrong:?}: {told}");
        }
    }

    #[test]
    fn what_is_written_reads_the_same() {
        for text in ["foo/bar;/srv", ";/srv", "a;/srv;key"] {
            let directory = read(text).unwrap();
            let written = directory.to_toml();
            assert_eq!(read(written.as_str().unwrap()), Ok(directory));
        }
    }
}
