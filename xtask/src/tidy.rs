//! The house rules that a program can check.
//!
//! Each rule is a function from the repository's files to findings. A rule that must be broken
//! somewhere is broken with a marked reason there, never by a list here.

mod compatibility;
mod dependencies;
mod layout;
mod lengths;
mod links;
mod reference;
mod source;
mod tables;
mod words;

use std::collections::BTreeSet;
use std::fmt;
use std::process::Command;

use anyhow::Result;

use crate::options::Options;
use crate::process;
use crate::tally::Tally;
use crate::workspace;

pub(crate) use compatibility::write as write_compatibility;

/// A text file of the repository.
pub(crate) struct File {
    /// Its path from the root, with slashes.
    path: String,
    text: String,
}

/// The text files of the repository: those under version control and those about to be.
pub(crate) struct Repository {
    files: Vec<File>,
    /// Every path there is, with those of files that hold no text, and of folders.
    paths: BTreeSet<String>,
}

/// A rule broken at one place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    path: String,
    /// Counted from 1; 0 for the file as a whole.
    line: usize,
    what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.path, self.line, self.what)
    }
}

impl Finding {
    /// A file that has to be there and is not.
    fn missing(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            line: 0,
            what: "is missing".to_owned(),
        }
    }

    fn new(file: &File, line: usize, what: impl Into<String>) -> Self {
        Self {
            path: file.path.clone(),
            line,
            what: what.into(),
        }
    }
}

type Rule = fn(&Repository) -> Vec<Finding>;

/// What is checked, each counted as one test.
const RULES: &[(&str, Rule)] = &[
    ("pure crates do no input or output", dependencies::check),
    ("functions and files stay short", lengths::check),
    ("files lie and open as agreed", layout::check),
    ("no machine paths or leftovers", words::check),
    ("links in documents lead somewhere", links::check),
    ("keys that documents name exist", reference::keys),
    ("metrics and their reference agree", reference::metrics),
    (
        "status codes, reasons and their reference agree",
        reference::status_codes,
    ),
    (
        "COMPATIBILITY.md is what the registry makes",
        compatibility::check,
    ),
    (
        "quirks of clients are numbered and tested",
        compatibility::quirks,
    ),
];

/// `cargo xtask tidy`.
pub(crate) fn run(_options: &Options) -> Result<bool> {
    let tally = check()?;
    println!("{tally}");
    Ok(tally.failed == 0)
}

/// Applies every rule to the repository and prints what is found.
pub(crate) fn check() -> Result<Tally> {
    let repository = Repository::load()?;
    let mut tally = Tally::default();
    for (name, rule) in RULES {
        let findings = rule(&repository);
        for finding in &findings {
            println!("{finding}");
        }
        println!(
            "tidy: {name} ... {}",
            if findings.is_empty() { "ok" } else { "FAILED" }
        );
        tally.add(Tally::of_check(findings.is_empty()));
    }
    Ok(tally)
}

impl Repository {
    fn load() -> Result<Self> {
        let root = workspace::root();
        let list = [
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ];
        let listed = process::read(Command::new("git").args(list).current_dir(&root))?;
        let mut repository = Self {
            files: Vec::new(),
            paths: BTreeSet::new(),
        };
        for path in listed.split('\0').filter(|path| !path.is_empty()) {
            // What was removed from the folder and not yet from the index is not there.
            let Ok(bytes) = std::fs::read(root.join(path)) else {
                continue;
            };
            repository.add(path, String::from_utf8(bytes).ok());
        }
        Ok(repository)
    }

    fn add(&mut self, path: &str, text: Option<String>) {
        for (at, _) in path.match_indices('/') {
            self.paths.insert(path[..at].to_owned());
        }
        self.paths.insert(path.to_owned());
        if let Some(text) = text {
            self.files.push(File {
                path: path.to_owned(),
                text,
            });
        }
    }

    /// The file at this path, if it is there and holds text.
    fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// The files with this ending.
    fn with_ending<'a>(&'a self, ending: &'a str) -> impl Iterator<Item = &'a File> {
        self.files
            .iter()
            .filter(move |file| file.path.ends_with(ending))
    }

    /// The Rust files that follow the house rules. The load tools are a workspace of their own,
    /// kept as they are so that their figures stay comparable.
    fn rust(&self) -> impl Iterator<Item = &File> {
        self.with_ending(".rs")
            .filter(|file| !file.path.starts_with("tools/load/"))
    }

    #[cfg(test)]
    fn of(files: &[(&str, &str)]) -> Self {
        let mut repository = Self {
            files: Vec::new(),
            paths: BTreeSet::new(),
        };
        for (path, text) in files {
            repository.add(path, Some((*text).to_owned()));
        }
        repository
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_repository_follows_every_rule() {
        let repository = Repository::load().unwrap();
        assert!(repository.rust().count() > 10, "the files were not found");
        let findings: Vec<_> = RULES
            .iter()
            .flat_map(|(_, rule)| rule(&repository))
            .collect();
        let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
        assert!(findings.is_empty(), "{}", lines.join("\n"));
    }
}
