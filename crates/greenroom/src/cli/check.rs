//! `greenroom check`: the compatibility report of one application, as text.
//!
//! Owns the reading of the folder, the thread the script runs on, and how a report is printed;
//! what is reported of the scripts is [`script::check`]'s, of the settings `appconfig`'s.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use appconfig::What;
use clap::Args;
use script::check::{CheckLimits, CheckSetup, Finding, Report, Severity};
use script::{AppFiles, ApplicationInfo};

use super::options::Options;
use crate::appsettings::{AppSettings, SettingsError};
use crate::config::Config;
use crate::scripts::ScriptSettings;
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
    #[command(flatten)]
    pub(super) options: Options,
    /// The folder of the application, such as applications/chat
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// A folder of the script library, before those of the settings; can be repeated, the first
    /// that has a file wins
    #[arg(long, value_name = "DIR")]
    library: Vec<PathBuf>,
}

/// Prints the report; the exit code says whether everything that was found runs.
pub(super) fn check(check: &Check, config: &Config) -> Result<ExitCode, RunError> {
    let mut place = Place::of(&check.folder)?;
    let (mut settings, found) = place.settings(config);
    settings.library.splice(0..0, check.library.iter().cloned());
    place.name.push_str("/_definst_");
    let mut report = look(place.name, &check.folder, settings, LIMIT)?;
    report.findings.splice(0..0, found);
    super::print(&text(&check.folder.display().to_string(), &report))?;
    Ok(if report.is_supported() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

/// Where the application is.
struct Place {
    /// The directory of the applications, whose own files are the virtual host's.
    dir: PathBuf,
    /// The name that the folder gives the application.
    name: String,
}

impl Place {
    fn of(folder: &Path) -> Result<Self, StartupError> {
        let failed = |error| StartupError::Application {
            path: folder.to_owned(),
            error,
        };
        // What cannot be listed cannot be checked: its files would seem to be missing.
        std::fs::read_dir(folder).map_err(failed)?;
        let whole = folder.canonicalize().map_err(failed)?;
        let name = whole.file_name().unwrap_or_default();
        // A folder without a name, such as `.`, is named by its whole path.
        let named = folder.file_name().map_or(&*whole, |_| folder);
        Ok(Self {
            dir: named.parent().unwrap_or(Path::new("")).to_owned(),
            name: name.to_string_lossy().into_owned(),
        })
    }

    /// What the server would make an instance's script with, and what is wrong with the files
    /// that say so. Where they cannot be used, what the server's configuration says.
    fn settings(&self, config: &Config) -> (ScriptSettings, Vec<Finding>) {
        let reader = AppSettings::outside_the_server(&self.dir, config);
        match reader.read(&self.name) {
            Ok((settings, findings)) => (
                settings.script,
                findings.into_iter().map(of_setting).collect(),
            ),
            Err(error) => (reader.server().script.clone(), of_settings_error(&error)),
        }
    }
}

/// Something that a settings file says in vain.
fn of_setting(finding: appconfig::Finding) -> Finding {
    let severity = match (&finding.what, finding.severity()) {
        // The nearest value is used.
        (What::OutOfRange { .. }, _) | (_, appconfig::Severity::Info) => Severity::Differs,
        (_, appconfig::Severity::Warning) => Severity::Unsupported,
        (_, appconfig::Severity::Error) => Severity::Error,
    };
    let text = match finding.path.as_str() {
        "" => format!("the file {}", finding.what),
        path => format!("`{path}` {}", finding.what),
    };
    Finding {
        file: finding.file,
        line: u32::try_from(finding.line).unwrap_or(u32::MAX),
        column: 0,
        source_line: String::new(),
        severity,
        subject: finding.path,
        text,
    }
}

/// What keeps the application from starting: each line names its file.
fn of_settings_error(error: &SettingsError) -> Vec<Finding> {
    let finding = |line: &str| Finding {
        file: String::new(),
        line: 0,
        column: 0,
        source_line: String::new(),
        severity: Severity::Error,
        subject: String::new(),
        text: line.to_owned(),
    };
    error.to_string().lines().map(finding).collect()
}

/// Checks on a thread of its own, which is left behind when it does not come back in time.
fn look(
    name: String,
    folder: &Path,
    settings: ScriptSettings,
    limit: Duration,
) -> Result<Report, RunError> {
    let app = name.split('/').next().unwrap_or_default();
    let files = AppFiles::open(app, folder, settings.library);
    let files = files.map_err(|error| StartupError::Application {
        path: folder.to_owned(),
        error: io::Error::other(error),
    })?;
    let (sender, receiver) = mpsc::sync_channel(1);
    let work = move || {
        let setup = CheckSetup {
            files: Rc::new(files),
            config: settings.config,
            info: ApplicationInfo {
                name,
                config: settings.tree,
                bandwidth: settings.bandwidth,
                bandwidth_cap: settings.bandwidth_cap,
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
        let folder = folder.display();
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
        None if report.findings.is_empty() => "no script; every connection is accepted".to_owned(),
        _ => format!(
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

    use super::{SOURCE_MAX, ScriptSettings, look, text};

    fn report(main: &str, limit: Duration) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("main.asc"), main).unwrap();
        let settings = ScriptSettings::default();
        let report = look("chat/_definst_".into(), folder.path(), settings, limit);
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
