//! The layer of `application.toml`.

use configtext::{Document, Given, Named};

use crate::error::{Problem, suggest};
use crate::finding::Finding;
use crate::key::Key;
use crate::keys::{ConfigTree, KEYS, SECTIONS};
use crate::layers::Text;
use crate::overriding::Forbidden;

/// The table that becomes `application.config`.
const CONFIG: &str = "config";

/// What the file sets.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// Keys with the line and the value.
    pub(crate) values: Vec<(&'static Key, usize, Given)>,
    pub(crate) config: ConfigTree,
}

/// Reads the file and complains about everything in it that is no key.
pub(crate) fn read(
    file: &Text<'_>,
    forbidden: &Forbidden,
    findings: &mut Vec<Finding>,
    problems: &mut Vec<Problem>,
) -> Read {
    let mut reader = Reader {
        file: file.name,
        forbidden,
        findings,
        problems,
        read: Read::default(),
    };
    match Document::parse(file.text) {
        Ok(document) => reader.top(&document),
        Err(error) => reader.problems.push(Problem::Syntax {
            file: file.name.to_owned(),
            line: error.line,
            column: error.column,
            message: error.message,
        }),
    }
    reader.read
}

struct Reader<'r> {
    file: &'r str,
    forbidden: &'r Forbidden,
    findings: &'r mut Vec<Finding>,
    problems: &'r mut Vec<Problem>,
    read: Read,
}

impl Reader<'_> {
    fn top(&mut self, document: &Document<'_>) {
        for named in document.names() {
            let is_section = SECTIONS.iter().any(|(section, _)| *section == named.name);
            match named.table() {
                Some(names) if named.name == CONFIG => self.config(&names),
                Some(names) if is_section => self.section(named.name, &names),
                Some(_) => self.unknown("section", named.name, named.line),
                None => self.unknown("key", named.name, named.line),
            }
        }
    }

    fn section(&mut self, section: &str, names: &[Named<'_>]) {
        for named in names {
            let path = format!("{section}.{}", named.name);
            let Some(key) = KEYS.iter().find(|key| key.path() == path) else {
                self.unknown("key", &path, named.line);
                continue;
            };
            match self.forbidden.reason_for_key(&path) {
                Some(what) => self.findings.push(Finding {
                    file: self.file.to_owned(),
                    line: named.line,
                    path,
                    what,
                }),
                None => self.read.values.push((key, named.line, named.given())),
            }
        }
    }

    fn config(&mut self, names: &[Named<'_>]) {
        let (file, forbidden) = (self.file, self.forbidden);
        let findings = &mut *self.findings;
        let mut keep = |way: &[&str], line: usize| match forbidden.reason_for_property(way) {
            None => true,
            Some(what) => {
                let path = format!("{CONFIG}.{}", way.join("."));
                findings.push(Finding {
                    file: file.to_owned(),
                    line,
                    path,
                    what,
                });
                false
            }
        };
        match ConfigTree::from_table(names, &mut keep) {
            Ok(config) => self.read.config = config,
            Err(refused) => self.problems.push(Problem::Value {
                key: CONFIG.to_owned(),
                file: self.file.to_owned(),
                line: refused.line,
                complaint: refused.complaint,
                given: refused.given,
            }),
        }
    }

    fn unknown(&mut self, kind: &'static str, name: &str, line: usize) {
        self.problems.push(Problem::Unknown {
            kind,
            name: name.to_owned(),
            file: self.file.to_owned(),
            line,
            suggestion: suggest(name),
        });
    }
}
