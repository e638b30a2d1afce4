//! The layers of a configuration and how later ones win over earlier ones.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

use configtext::Given;

use super::error::{ConfigErrors, Problem};
use super::key::Key;
use super::keys::{Config, KEYS};
use super::{check, file, variables};

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Built in.
    Default,
    /// The configuration file.
    File {
        /// The file, as it was named.
        name: String,
        /// The line, from 1.
        line: usize,
    },
    /// An environment variable, by name.
    Variable(String),
    /// A command-line option, such as `--set` or `--rtmp`.
    Option(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { name, line } => write!(f, "{name}:{line}"),
            Self::Variable(name) => f.write_str(name),
            Self::Option(option) => f.write_str(option),
        }
    }
}

/// The configuration file, already read.
#[derive(Debug, Clone)]
pub struct FileLayer {
    /// Its name, for messages.
    pub name: String,
    /// Its TOML text.
    pub text: String,
}

/// One value from the command line.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The option it came with: `--set`, `--rtmp`.
    pub option: &'static str,
    /// The key's path, such as `rtmp.listen`.
    pub key: String,
    /// The value, unquoted.
    pub value: String,
}

impl Assignment {
    /// Reads the `section.key=value` of a `--set`.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let (key, value) = text.split_once('=').ok_or_else(|| Problem::Assignment {
            text: text.to_owned(),
        })?;
        Ok(Self {
            option: "--set",
            key: key.trim().to_owned(),
            value: value.trim().to_owned(),
        })
    }
}

/// All that an operator says, over the built-in defaults.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    /// The file of `--config`, if any.
    pub file: Option<FileLayer>,
    /// The whole environment; names that do not start with `GREENROOM_` are ignored.
    pub variables: Vec<(OsString, OsString)>,
    /// Command-line values; of two for one key the later wins.
    pub assignments: Vec<Assignment>,
}

/// An effective configuration that remembers where its values come from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The effective values.
    pub config: Config,
    sources: BTreeMap<String, Source>,
}

impl Loaded {
    /// Where the value of a key (`rtmp.listen`) comes from.
    pub fn source(&self, path: &str) -> Source {
        self.sources.get(path).cloned().unwrap_or(Source::Default)
    }
}

/// One value that a layer gives to a key.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: &'static Key,
    pub(super) given: Given,
    pub(super) source: Source,
}

/// Puts the layers on top of each other and checks the result.
///
/// Reports every problem of every layer, also of values that a later layer replaces, so that a
/// broken file is noticed before the day its override goes away.
pub fn load(layers: &Layers) -> Result<Loaded, ConfigErrors> {
    let mut problems = Vec::new();
    let mut entries = Vec::new();
    if let Some(layer) = &layers.file {
        file::read(layer, &mut entries, &mut problems);
    }
    variables::read(&layers.variables, &mut entries, &mut problems);
    for assignment in &layers.assignments {
        match read_assignment(assignment) {
            Ok(entry) => entries.push(entry),
            Err(problem) => problems.push(problem),
        }
    }
    let mut loaded = Loaded {
        config: Config::default(),
        sources: BTreeMap::new(),
    };
    for entry in entries {
        if let Err(problem) = apply(&mut loaded, entry) {
            problems.push(problem);
        }
    }
    // Relations between keys make sense only when each key is right by itself.
    if problems.is_empty() {
        check::relations(&loaded, &mut problems);
    }
    if problems.is_empty() {
        Ok(loaded)
    } else {
        Err(ConfigErrors(problems))
    }
}

fn read_assignment(assignment: &Assignment) -> Result<Entry, Problem> {
    let source = Source::Option(assignment.option);
    match find(&assignment.key) {
        Some(key) => Ok(Entry {
            key,
            given: Given::Word(assignment.value.clone()),
            source,
        }),
        None => Err(Problem::unknown_key(&assignment.key, &source)),
    }
}

/// The key of a path, if there is one.
pub(super) fn find(path: &str) -> Option<&'static Key> {
    let (section, name) = path.split_once('.')?;
    KEYS.iter()
        .find(|key| key.section == section && key.name == name)
}

fn apply(loaded: &mut Loaded, entry: Entry) -> Result<(), Problem> {
    let Entry { key, given, source } = entry;
    match (key.assign)(&mut loaded.config, &given, key) {
        Ok(()) => {
            loaded.sources.insert(key.path(), source);
            Ok(())
        }
        Err(complaint) => Err(Problem::Value {
            key: key.path(),
            place: source.to_string(),
            complaint,
            given: given.to_string(),
        }),
    }
}
