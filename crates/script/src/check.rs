//! The compatibility report: what of an application does not run here, or runs otherwise, with
//! file and line.
//!
//! An application is looked at in two ways. Its files are read, the main script and whatever they
//! `load` by name: what does not compile, what the pre-pass notes, and which names of the
//! [registry](crate::api) they use that are not there. And the application is started for a try,
//! in a real engine with its limits and with nothing behind it: the files run, and `onAppStart`;
//! what the script asks for is dropped.
//!
//! Handlers that need a client are not called, and an object is known by its name only, so that a
//! report without findings is no promise. What a report says is there: it names properties of
//! objects only where the name can mean nothing else.

mod compile;
mod dry_run;
mod finding;
mod gather;
mod objects;
mod uses;

use std::collections::HashSet;
use std::rc::Rc;

use engine::scripting::Problem;

pub use finding::{Finding, Severity};

use crate::config::{ApplicationInfo, ScriptConfig};
use crate::files::ScriptFiles;
use crate::prepass::{self, Prepared};
use crate::source::{SourceError, SyntaxError};
use dry_run::Ran;
use gather::Gathered;

/// What is looked at, and how.
pub struct CheckSetup {
    /// Where the files are.
    pub files: Rc<dyn ScriptFiles>,
    /// The limits of the script that is started.
    pub config: ScriptConfig,
    /// What it is told of its instance; the main script is searched by its name.
    pub info: ApplicationInfo,
    /// Bounds on the report.
    pub limits: CheckLimits,
}

/// Bounds on a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckLimits {
    /// Files that are read. Default 1000.
    pub files: usize,
    /// Findings that are kept; later ones are counted only. Default 1000.
    pub findings: usize,
}

impl Default for CheckLimits {
    fn default() -> Self {
        Self {
            files: 1_000,
            findings: 1_000,
        }
    }
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The main script; without one the application has no script.
    pub main: Option<String>,
    /// All files that were looked at, in the order in which they were found.
    pub files: Vec<String>,
    /// What was found, file by file, in the order of the lines.
    pub findings: Vec<Finding>,
    /// How much more was found than the limits allow to keep.
    pub dropped: usize,
}

impl Report {
    /// How many findings of one kind there are.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        let found = self.findings.iter();
        found.filter(|finding| finding.severity == severity).count()
    }

    /// Whether everything that was found runs, even if some of it differs. What was dropped may
    /// have been anything.
    #[must_use]
    pub fn is_supported(&self) -> bool {
        self.dropped == 0 && self.count(Severity::Differs) == self.findings.len()
    }
}

/// Looks at an application.
///
/// It takes no longer than the script's limits allow, but for functions of the engine itself,
/// which nothing interrupts: an expression that a match does not come back from keeps the thread.
#[must_use]
pub fn check(setup: &CheckSetup) -> Report {
    let ran = dry_run::run(setup);
    let gathered = gather::gather(setup, &ran.files);
    let mut findings = gathered.findings.clone();
    let given = Given::of(&gathered);
    for file in &gathered.files {
        let Some(prepared) = &file.prepared else {
            continue;
        };
        let syntax = compile::compile(prepared, &setup.config);
        findings.extend(notes(prepared, syntax.as_ref()));
        findings.extend(syntax.map(of_syntax));
        findings.extend(uses::uses(prepared, &setup.config, &given));
    }
    let tried = of_run(ran, &findings, &gathered);
    findings.extend(tried);
    finish(setup, gathered, findings)
}

/// Names that the files of the application give a meaning of their own.
struct Given {
    variables: HashSet<String>,
    properties: HashSet<String>,
}

impl Given {
    fn of(gathered: &Gathered) -> Self {
        let mut given = Self {
            variables: HashSet::new(),
            properties: HashSet::new(),
        };
        for prepared in gathered
            .files
            .iter()
            .filter_map(|file| file.prepared.as_ref())
        {
            let outline = prepass::outline(prepared.original(), gathered.nesting);
            let owned = |names: HashSet<&str>| names.into_iter().map(str::to_owned).collect();
            let (variables, properties): (HashSet<String>, HashSet<String>) =
                (owned(outline.declared), owned(outline.given));
            given.variables.extend(variables);
            given.properties.extend(properties);
        }
        given
    }
}

fn notes<'a>(
    prepared: &'a Prepared,
    syntax: Option<&'a SyntaxError>,
) -> impl Iterator<Item = Finding> + 'a {
    // A syntax error explains itself with the note on its line.
    let told = move |line: u32| syntax.is_some_and(|syntax| syntax.line == line);
    let notes = prepared.notes().iter().filter(move |note| !told(note.line));
    notes.map(|note| Finding {
        file: prepared.name().to_owned(),
        line: note.line,
        column: note.column,
        source_line: prepared
            .original_line(note.line)
            .unwrap_or_default()
            .to_owned(),
        severity: if note.kind.is_unsupported() {
            Severity::Unsupported
        } else {
            Severity::Differs
        },
        subject: note.text.clone(),
        text: format!("`{}`: {}", note.text, note.kind.explanation()),
    })
}

fn of_syntax(syntax: SyntaxError) -> Finding {
    Finding {
        file: syntax.file,
        line: syntax.line,
        column: syntax.column,
        source_line: syntax.source_line,
        severity: Severity::Error,
        subject: String::new(),
        text: format!("syntax error: {}", syntax.message),
    }
}

fn of_source(error: SourceError) -> Finding {
    match error {
        SourceError::Syntax(syntax) => of_syntax(syntax),
        SourceError::TooLong { ref file, .. } => Finding::of_file(file.clone(), error.to_string()),
    }
}

/// What went wrong when the application was started, but for what is known already.
fn of_run(ran: Ran, known: &[Finding], gathered: &Gathered) -> Vec<Finding> {
    let is_new = |problem: &Problem| {
        !known.iter().any(|finding| finding.covers(problem))
            && !gathered.is_missing(&problem.description)
            && !gathered.is_note(problem)
    };
    let problems = ran.problems.into_iter().filter(is_new);
    problems.map(Finding::of_problem).collect()
}

fn finish(setup: &CheckSetup, gathered: Gathered, mut findings: Vec<Finding>) -> Report {
    let files: Vec<String> = gathered
        .files
        .iter()
        .map(|file| file.name.clone())
        .collect();
    let place = |finding: &Finding| {
        let at = files.iter().position(|file| *file == finding.file);
        (at.unwrap_or(files.len()), finding.line, finding.column)
    };
    findings.sort_by_cached_key(place);
    findings.dedup();
    let kept = findings.len().min(setup.limits.findings);
    let notes_dropped = gathered
        .files
        .iter()
        .filter_map(|file| file.prepared.as_ref());
    let notes_dropped: usize = notes_dropped.map(Prepared::notes_dropped).sum();
    let dropped = findings.len() - kept + notes_dropped + gathered.left_out;
    findings.truncate(kept);
    Report {
        main: gathered.main,
        files,
        findings,
        dropped,
    }
}
