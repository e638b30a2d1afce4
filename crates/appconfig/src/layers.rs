//! The layers of an application's settings and how later ones win over earlier ones.

use std::collections::BTreeMap;
use std::fmt;

use configtext::Given;

use crate::convert::nearest_in_range;
use crate::error::{ConfigErrors, Problem};
use crate::finding::{Finding, What};
use crate::key::Key;
use crate::keys::{ApplicationConfig, KEYS};
use crate::legacy;
use crate::overriding::Forbidden;
use crate::substitutions::Substitutions;
use crate::toml_file;
use crate::xml::XmlLimits;

/// A file, already read.
#[derive(Debug, Clone, Copy)]
pub struct Text<'t> {
    /// Its name, for messages.
    pub name: &'t str,
    /// What is in it.
    pub text: &'t str,
}

impl<'t> Text<'t> {
    /// A file of this name with this text.
    pub fn new(name: &'t str, text: &'t str) -> Self {
        Self { name, text }
    }
}

/// Everything that says something about an application, each over the one before.
#[derive(Debug, Clone, Default)]
pub struct Layers<'t> {
    /// The server's defaults: [`ApplicationConfig::default`] or [`ApplicationConfig::original`],
    /// with the server's own values where a key's [`Key::server`] names one.
    pub defaults: ApplicationConfig,
    /// The virtual host's `Application.xml`, for all its applications.
    pub virtual_host_xml: Option<Text<'t>>,
    /// The application's `Application.xml`.
    pub application_xml: Option<Text<'t>>,
    /// The application's `application.toml`.
    pub application_toml: Option<Text<'t>>,
    /// Values for `${NAME}` in the XML files.
    pub substitutions: Substitutions,
    /// What each XML file may cost.
    pub xml_limits: XmlLimits,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The server's defaults.
    Default,
    /// A file.
    File {
        /// The file, as it was named.
        name: String,
        /// The line, from 1.
        line: usize,
    },
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { name, line } => write!(f, "{name}:{line}"),
        }
    }
}

/// An application's settings, and what is worth telling about them.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The effective values.
    pub config: ApplicationConfig,
    /// What has no effect, in the order of the files; to be logged once each.
    pub findings: Vec<Finding>,
    sources: BTreeMap<String, Source>,
}

impl Loaded {
    /// Where the value of a key (`script.max_time_ms`) comes from.
    pub fn source(&self, path: &str) -> Source {
        self.sources.get(path).cloned().unwrap_or(Source::Default)
    }
}

/// Puts the layers on top of each other.
///
/// Fails, with every problem there is, when the virtual host's file cannot be read or
/// `application.toml` is wrong. An `Application.xml` of the application that cannot be read is
/// ignored with a finding, as the original did.
pub fn load(layers: &Layers<'_>) -> Result<Loaded, ConfigErrors> {
    let mut loaded = Loaded {
        config: layers.defaults.clone(),
        findings: Vec::new(),
        sources: BTreeMap::new(),
    };
    let mut problems = Vec::new();
    let forbidden = loaded.add_virtual_host(layers, &mut problems);
    loaded.add_application(layers, &forbidden);
    if let Some(file) = &layers.application_toml {
        loaded.add_toml(file, &forbidden, &mut problems);
    }
    if problems.is_empty() {
        Ok(loaded)
    } else {
        Err(ConfigErrors(problems))
    }
}

impl Loaded {
    fn add_virtual_host(&mut self, layers: &Layers<'_>, problems: &mut Vec<Problem>) -> Forbidden {
        let Some(file) = &layers.virtual_host_xml else {
            return Forbidden::default();
        };
        match legacy::parse(file, &layers.xml_limits) {
            Ok(mut root) => {
                let forbidden = Forbidden::collect(file.name, &root);
                let substitutions = &layers.substitutions;
                let read = legacy::read(file.name, &mut root, substitutions, &mut self.findings);
                self.add_tags(file, read);
                forbidden
            }
            Err(error) => {
                problems.push(Problem::Xml {
                    file: file.name.to_owned(),
                    error,
                });
                Forbidden::default()
            }
        }
    }

    fn add_application(&mut self, layers: &Layers<'_>, forbidden: &Forbidden) {
        let Some(file) = &layers.application_xml else {
            return;
        };
        match legacy::parse(file, &layers.xml_limits) {
            Ok(mut root) => {
                forbidden.prune(file.name, &mut root, &mut self.findings);
                let substitutions = &layers.substitutions;
                let read = legacy::read(file.name, &mut root, substitutions, &mut self.findings);
                self.add_tags(file, read);
            }
            Err(error) => self.findings.push(Finding {
                file: file.name.to_owned(),
                line: error.line,
                path: String::new(),
                what: What::Malformed {
                    column: error.column,
                    message: error.message,
                },
            }),
        }
    }

    fn add_tags(&mut self, file: &Text<'_>, read: legacy::Read) {
        self.config.config.merge(read.config);
        for value in read.values {
            let Some(key) = KEYS.iter().find(|key| key.path() == value.key) else {
                continue;
            };
            let given = self.in_range(file, key, &value);
            let what = match self.assign(
                file,
                key,
                value.line,
                given.as_ref().unwrap_or(&value.given),
            ) {
                Ok(()) => {
                    self.tell_later(file, key, value.line, value.tag);
                    continue;
                }
                Err(complaint) => What::Value {
                    complaint,
                    given: value.given.to_string(),
                },
            };
            let (file, line) = (file.name.to_owned(), value.line);
            self.findings.push(Finding {
                file,
                line,
                path: value.tag,
                what,
            });
        }
    }

    /// The nearest value that a key takes in place of one out of its range, which is told.
    fn in_range(&mut self, file: &Text<'_>, key: &Key, value: &legacy::Value) -> Option<Given> {
        let (given, used) = nearest_in_range(&value.given, key.unit(), key.range.as_ref())?;
        self.findings.push(Finding {
            file: file.name.to_owned(),
            line: value.line,
            path: value.tag.clone(),
            what: What::OutOfRange { given, used },
        });
        Some(Given::Integer(i64::try_from(used).unwrap_or(i64::MAX)))
    }

    fn add_toml(&mut self, file: &Text<'_>, forbidden: &Forbidden, problems: &mut Vec<Problem>) {
        let read = toml_file::read(file, forbidden, &mut self.findings, problems);
        self.config.config.merge(read.config);
        for (key, line, given) in read.values {
            match self.assign(file, key, line, &given) {
                Ok(()) => self.tell_later(file, key, line, key.path()),
                Err(complaint) => problems.push(Problem::Value {
                    key: key.path(),
                    file: file.name.to_owned(),
                    line,
                    complaint,
                    given: given.to_string(),
                }),
            }
        }
    }

    /// Tells that a key was set which has no effect yet.
    fn tell_later(&mut self, file: &Text<'_>, key: &Key, line: usize, path: String) {
        if let Some(later) = key.later {
            self.findings.push(Finding {
                file: file.name.to_owned(),
                line,
                path,
                what: What::NotYet(later),
            });
        }
    }

    fn assign(
        &mut self,
        file: &Text<'_>,
        key: &Key,
        line: usize,
        given: &Given,
    ) -> Result<(), String> {
        (key.assign)(&mut self.config, given, key)?;
        let source = Source::File {
            name: file.name.to_owned(),
            line,
        };
        self.sources.insert(key.path(), source);
        Ok(())
    }
}
