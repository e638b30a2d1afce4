//! `greenroom check`: the compatibility report of one application, as text.
//!
//! Owns the reading of the folder, the thread the script runs on, and how a report is printed;
//! what is reported is [`script::check`]'s.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use clap::Args;
use script::check::{CheckLimits, CheckSetup, Finding, Report, Severity};
use script::{AppFiles, ApplicationInfo, ScriptConfig};

use crate::startup::{RunError, StartupError};

/// How long all of it may take. The script's own limits end it much sooner; this is for what
/// nothing interrupts, such as a match of a regular expression.
const LIMIT: Duration = Duration::from_mins(1);

/// Stack of the thread that checks: the script's own, and room for the engine and the rest.
const STACK_BYTES: usize = 4 << 20;

/// Characters of a source line that are shown.
const SOURCE_MAX: usize = 160;

/// What is checked.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// The folder of the application, such as applications/chat
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// A folder of the script library; can be repeated, the first that has a file wins
    #[arg(long, value_name = "DIR")]
    library: Vec<PathBuf>,
}

/// Prints the report; the exit code says whether everything that was found runs.
pub(super) fn check(check: &Check) -> Result<ExitCode, RunError> {
    let name = application_name(&check.folder)?;
    let report = look(name, check, LIMIT)?;
    super::print(&text(&check.folder.display().to_string(), &report))?;
    Ok(if report.is_supported() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

/// The name that the folder gives the application.
fn application_name(folder: &Path) -> Result<String, StartupError> {
    let failed = |error| StartupError::Application {
        path: folder.to_owned(),
        error,
    };
    // What cannot be listed cannot be checked: its files would seem to be missing.
    std::fs::read_dir(folder).map_err(failed)?;
    let path = folder.canonicalize().map_err(failed)?;
    let name = path.file_name().unwrap_or_default();
    Ok(name.to_string_lossy().into_owned())
}

/// Checks on a thread of its own, which is left behind when it does not come back in time.
fn look(name: String, check: &Check, limit: Duration) -> Result<Report, RunError> {
    let files = AppFiles::open(&name, &check.folder, check.library.clone());
    let files = files.map_err(|error| StartupError::Application {
        path: check.folder.clone(),
        error: io::Error::other(error),
    })?;
    let (sender, receiver) = mpsc::sync_channel(1);
    let work = move || {
        let setup = CheckSetup {
            files: Rc::new(files),
            config: ScriptConfig::default(),
            info: ApplicationInfo {
                name: format!("{name}/_definst_"),
                ..ApplicationInfo::default()
            },
            limits: CheckLimits::default(),
        };
        // Nobody may be waiting any more.
        let _ = sender.send(script::check::check(&setup));
    };
    let thread = thread::Builder::new().stack_size(STACK_BYTES);
    thread
        .spawn(work)
        .map_err(|error| StartupError::Threads { error })?;
    receiver.recv_timeout(limit).map_err(|error| {
        let what = match error {
            RecvTimeoutError::Timeout => "does not come back",
            RecvTimeoutError::Disconnected => "has ended the check",
        };
        let folder = check.folder.display();
        RunError::Runtime(anyhow::anyhow!("{folder}: the script {what}"))
    })
}

fn text(application: &str, report: &Report) -> String {
    let mut out = String::new();
    for finding in &report.findings {
        write_finding(&mut out, finding);
    }
    if report.dropped > 0 {
        let _ = writeln!(out, "and {} more", report.dropped);
    }
    let summary = match &report.main {
        None => "no script; every connection is accepted".to_owned(),
        Some(_) => format!(
            "files {}, errors {}, unsupported {}, differs {}",
            report.files.len(),
            report.count(Severity::Error),
            report.count(Severity::Unsupported),
            report.count(Severity::Differs)
        ),
    };
    let _ = writeln!(out, "{application}: {summary}");
    out
}

/// The finding, and the line it is about.
fn write_finding(out: &mut String, finding: &Finding) {
    let _ = writeln!(out, "{}", printable(&finding.to_string()));
    let line = finding.source_line.trim();
    if !line.is_empty() {
        let shown: String = line.chars().take(SOURCE_MAX).collect();
        let _ = writeln!(out, "    {}", printable(&shown));
    }
}

/// Without what a terminal would obey.
fn printable(text: &str) -> String {
    let plain = |character: char| {
        if character.is_control() {
            ' '
        } else {
            character
        }
    };
    text.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Check, SOURCE_MAX, look, text};

    fn report(main: &str, limit: Duration) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("main.asc"), main).unwrap();
        let check = Check {
            folder: folder.path().to_owned(),
            library: Vec::new(),
        };
        let report = look("chat".into(), &check, limit);
        report
            .map(|report| text("chat", &report))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_script_that_does_not_come_back_is_given_up() {
        let main = "/(a+)+$/.exec(new Array(60).join('a') + 'b');";
        let said = report(main, Duration::from_millis(200)).unwrap_err();
        assert!(said.ends_with("the script does not come back"), "{said}");
    }

    #[test]
    fn lines_are_shown_short_and_harmless() {
        let main = format!("NetStream.get('\u{1b}[31m'); // {}", "x".repeat(1_000));
        let shown = report(&main, Duration::from_mins(1)).unwrap();
        assert!(!shown.contains('\u{1b}'), "{shown:?}");
        let lines = shown.lines().map(|line| line.chars().count());
        assert_eq!(lines.max(), Some(SOURCE_MAX + 4), "{shown}");
    }
}
