//! One line of a report.

use std::fmt;

use engine::scripting::Problem;

/// Something that does not run, or runs otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file, relative to the application's folder or to the script library; empty if it is
    /// none.
    pub file: String,
    /// The line, from 1; 0 if there is none.
    pub line: u32,
    /// The column in characters, from 1; 0 if it is not known.
    pub column: u32,
    /// The text of the line.
    pub source_line: String,
    /// How bad it is.
    pub severity: Severity,
    /// What is used: `SharedObject.get`; empty for an error.
    pub subject: String,
    /// A sentence for the author of the script.
    pub text: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// A file does not compile, is missing, or fails when the application starts.
    Error,
    /// Something is used that is not there.
    Unsupported,
    /// Something is used that does not do quite what it did.
    Differs,
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Error => "error",
            Self::Unsupported => "unsupported",
            Self::Differs => "differs",
        })
    }
}

/// `main.asc:12:5: unsupported: …`, without the places that are not known.
impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            write!(formatter, "{}:", self.file)?;
            for number in [self.line, self.column] {
                if number > 0 {
                    write!(formatter, "{number}:")?;
                }
            }
            formatter.write_str(" ")?;
        }
        write!(formatter, "{}: {}", self.severity, self.text)
    }
}

impl Finding {
    /// A file that cannot be looked at.
    pub(super) fn of_file(file: String, text: String) -> Self {
        Self {
            file,
            line: 0,
            column: 0,
            source_line: String::new(),
            severity: Severity::Error,
            subject: String::new(),
            text,
        }
    }

    /// What went wrong while the application was started.
    pub(super) fn of_problem(problem: Problem) -> Self {
        let severity = if problem.code.ends_with(".Warning") {
            Severity::Differs
        } else {
            Severity::Error
        };
        Self {
            file: problem.file,
            line: problem.line,
            column: 0,
            source_line: problem.source_line,
            severity,
            subject: String::new(),
            text: format!("when it starts: {}", problem.description),
        }
    }

    /// Whether this is what went wrong, or the cause of it.
    pub(super) fn covers(&self, problem: &Problem) -> bool {
        if self.severity == Severity::Error
            && problem.description == format!("Error: {}", self.text)
        {
            return true;
        }
        let same_line = self.file == problem.file && self.line == problem.line && self.line > 0;
        let is_syntax = problem.description.starts_with("SyntaxError: ");
        let same_error = is_syntax && self.severity == Severity::Error;
        same_line && (same_error || self.is_of(&problem.description))
    }

    /// Whether an error says that the variable which this is about is not there.
    fn is_of(&self, description: &str) -> bool {
        let name = self.subject.split('.').next().unwrap_or_default();
        let missing = description.strip_prefix("ReferenceError: ");
        let missing = missing.and_then(|rest| rest.split(' ').next());
        !name.is_empty() && missing.is_some_and(|found| found.trim_matches('\'') == name)
    }
}
