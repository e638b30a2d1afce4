//! `docs/registry.toml`, the list of what is supported, and `COMPATIBILITY.md`, the page made of
//! it.
//!
//! Each feature has a state, a note and the tests that show it. A test is named in one of three
//! ways, and must be there: an end-to-end test by its name with `::`, a test function of a crate
//! by its name, a file of vectors or tests by its path. The quirks of real clients in
//! `docs/clients.md` are numbered, and name tests in the same ways.

use std::collections::BTreeSet;
use std::fmt::Write;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::{Finding, Repository, tables};
use crate::options::Options;
use crate::workspace;

const REGISTRY: &str = "docs/registry.toml";
const PAGE: &str = "COMPATIBILITY.md";
const CLIENTS: &str = "docs/clients.md";
/// Where the end-to-end tests are, whose names are texts.
const END_TO_END: &str = "tests/tests/e2e/";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Registry {
    /// What stands before the first table.
    introduction: String,
    section: Vec<Section>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    title: String,
    feature: Vec<Feature>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Feature {
    name: String,
    state: State,
    note: String,
    tests: Vec<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// Works as in the products it comes from.
    Supported,
    /// Works within what the note says.
    Partial,
    /// Is answered in the protocol's own way, and does nothing.
    Refused,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::Partial => "partial",
            Self::Refused => "refused",
        }
    }
}

/// `cargo xtask compatibility`: writes the page anew.
pub(crate) fn write(_options: &Options) -> Result<bool> {
    let root = workspace::root();
    let text = std::fs::read_to_string(root.join(REGISTRY)).context(REGISTRY)?;
    let registry: Registry = toml::from_str(&text).context(REGISTRY)?;
    std::fs::write(root.join(PAGE), page(&registry)).context(PAGE)?;
    println!("{PAGE} is up to date");
    Ok(true)
}

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let Some(file) = repository.file(REGISTRY) else {
        return vec![Finding::missing(REGISTRY)];
    };
    let registry: Registry = match toml::from_str(&file.text) {
        Ok(registry) => registry,
        Err(error) => {
            let line = error
                .span()
                .map_or(0, |span| line_of(&file.text, span.start));
            return vec![Finding::new(file, line, error.message())];
        }
    };
    let tests = Tests::of(repository);
    let mut findings = Vec::new();
    for feature in registry.section.iter().flat_map(|part| &part.feature) {
        let at = file.text.find(&format!("{:?}", feature.name));
        let line = at.map_or(0, |at| line_of(&file.text, at));
        let complaints = feature.complaints(repository, &tests);
        findings.extend(complaints.map(|what| Finding::new(file, line, what)));
    }
    let written = repository.file(PAGE).map_or("", |page| &page.text);
    if written != page(&registry) {
        let what = format!("{PAGE} is out of date; run: cargo xtask compatibility");
        findings.push(Finding::new(file, 0, what));
    }
    findings
}

/// Quirks are numbered from 1 without a gap, and the last cell names a test that is there.
pub(super) fn quirks(repository: &Repository) -> Vec<Finding> {
    let Some(page) = repository.file(CLIENTS) else {
        return vec![Finding::missing(CLIENTS)];
    };
    let tests = Tests::of(repository);
    let mut findings = Vec::new();
    for (at, row) in tables::rows(&page.text, "Quirks").iter().enumerate() {
        let number = format!("Q{}", at + 1);
        if row.name() != number {
            let what = format!("{}: should be {number}", row.name());
            findings.push(Finding::new(page, row.line, what));
        }
        let test = row.cells.last().copied().unwrap_or_default();
        if !tests.have(repository, test) {
            let what = format!("{}: there is no test {test}", row.name());
            findings.push(Finding::new(page, row.line, what));
        }
    }
    findings
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

impl Feature {
    fn complaints(
        &self,
        repository: &Repository,
        tests: &Tests<'_>,
    ) -> impl Iterator<Item = String> {
        let name = &self.name;
        let none = self
            .tests
            .is_empty()
            .then(|| format!("{name}: no test shows it"));
        let unknown = self
            .tests
            .iter()
            .filter(|test| !tests.have(repository, test));
        none.into_iter()
            .chain(unknown.map(move |test| format!("{name}: there is no test {test}")))
    }
}

/// The tests there are.
struct Tests<'a> {
    functions: BTreeSet<&'a str>,
    end_to_end: BTreeSet<&'a str>,
}

impl<'a> Tests<'a> {
    fn of(repository: &'a Repository) -> Self {
        let mut functions = BTreeSet::new();
        let mut end_to_end = BTreeSet::new();
        for file in repository.rust() {
            if file.path.starts_with(END_TO_END) {
                end_to_end.extend(file.text.split('"').filter(|text| text.contains("::")));
            }
            // Those that wait for something have the mark of the runtime, perhaps with arguments.
            let marks = ["#[test]", "#[tokio::test"];
            let marked = marks
                .into_iter()
                .flat_map(|mark| file.text.split(mark).skip(1));
            functions.extend(marked.filter_map(|rest| {
                let (_, name) = rest.split_once("fn ")?;
                name.split('(').next()
            }));
        }
        Self {
            functions,
            end_to_end,
        }
    }

    fn have(&self, repository: &Repository, test: &str) -> bool {
        if test.contains('/') {
            return repository.file(test).is_some();
        }
        if test.contains("::") {
            return self.end_to_end.contains(test);
        }
        self.functions.contains(test)
    }
}

/// The whole page.
fn page(registry: &Registry) -> String {
    let mut out = String::from("# What is supported\n\n");
    out.push_str("<!-- Made from docs/registry.toml by `cargo xtask compatibility`. -->\n\n");
    out.push_str(registry.introduction.trim());
    out.push('\n');
    for section in &registry.section {
        let head = "| feature | state | what happens | shown by |\n|---|---|---|---|";
        let _ = write!(out, "\n## {}\n\n{head}\n", section.title);
        for feature in &section.feature {
            let Feature {
                name, state, note, ..
            } = feature;
            let (state, note) = (state.as_str(), note.trim().replace('\n', " "));
            let tests: Vec<_> = feature.tests.iter().map(|test| shown(test)).collect();
            let _ = writeln!(out, "| {name} | {state} | {note} | {} |", tests.join(", "));
        }
    }
    out
}

/// A test as the page shows it: files as links, other names as they are.
fn shown(test: &str) -> String {
    if test.contains('/') {
        let name = test.rsplit('/').next().unwrap_or(test);
        format!("[{name}]({test})")
    } else {
        format!("`{test}`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOML: &str = r#"
introduction = "All of it."
[[section]]
title = "Commands"
[[section.feature]]
name = "`play`"
state = "partial"
note = """Live
only."""
tests = ["live::ffmpeg_plays", "it_plays", "tests/vectors/amf0.json"]
"#;
    const MADE: &str = "# What is supported\n
<!-- Made from docs/registry.toml by `cargo xtask compatibility`. -->\n
All of it.\n
## Commands\n
| feature | state | what happens | shown by |
|---|---|---|---|
| `play` | partial | Live only. | `live::ffmpeg_plays`, `it_plays`, \
[amf0.json](tests/vectors/amf0.json) |
";
    const UNIT: (&str, &str) = (
        "crates/a/src/lib.rs",
        "fn helper() {}\n#[tokio::test(start_paused = true)]\nasync fn it_plays() {}",
    );
    const TRIAL: (&str, &str) = (
        "tests/tests/e2e/live.rs",
        "trial(\"live::ffmpeg_plays\", plays)",
    );

    #[test]
    fn the_page_is_made_of_the_registry() {
        let vectors = ("tests/vectors/amf0.json", "{}");
        let files = [(REGISTRY, TOML), (PAGE, MADE), UNIT, TRIAL, vectors];
        assert_eq!(check(&Repository::of(&files)), []);
    }

    #[test]
    fn tests_that_are_not_there_and_an_old_page_are_found() {
        let toml = TOML.replace("it_plays", "helper");
        let files = [(REGISTRY, toml.as_str()), (PAGE, MADE), UNIT];
        let found: Vec<_> = check(&Repository::of(&files))
            .iter()
            .map(ToString::to_string)
            .collect();
        let expected = [
            "docs/registry.toml:6: `play`: there is no test live::ffmpeg_plays",
            "docs/registry.toml:6: `play`: there is no test helper",
            "docs/registry.toml:6: `play`: there is no test tests/vectors/amf0.json",
            "docs/registry.toml:0: COMPATIBILITY.md is out of date; run: cargo xtask compatibility",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn quirks_are_numbered_and_tested() {
        let page = "## Quirks\n| `Q1` | x | `it_plays` |\n| `Q3` | y | `helper` |\n";
        let found: Vec<_> = quirks(&Repository::of(&[(CLIENTS, page), UNIT]))
            .iter()
            .map(ToString::to_string)
            .collect();
        let expected = [
            "docs/clients.md:3: Q3: should be Q2",
            "docs/clients.md:3: Q3: there is no test helper",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_feature_without_a_test_or_with_another_state_is_found() {
        let untested = TOML.replace(
            "[\"live::ffmpeg_plays\", \"it_plays\", \"tests/vectors/amf0.json\"]",
            "[]",
        );
        let found = check(&Repository::of(&[(REGISTRY, &untested), (PAGE, MADE)]));
        assert!(found[0].what.contains("no test shows it"), "{found:?}");
        let odd = TOML.replace("\"partial\"", "\"perhaps\"");
        let found = check(&Repository::of(&[(REGISTRY, &odd)]));
        assert_eq!((found.len(), found[0].line), (1, 7), "{found:?}");
    }
}
