//! The command line: what `greenroom` is told, and the exit codes it answers with.
//!
//! Exit codes: 0 done, 1 the server failed while it ran or a check found something that does not
//! run, 2 it was told something wrong or could not start. Owns the reading of the configuration file and the environment; the server itself
//! is handed in by `main.rs`.

mod app;
mod check;
mod options;
mod password;
mod progress;
mod replay;
mod so;
mod streams;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};

use crate::config::{self, Config, Loaded};
use crate::logging;
use crate::reload::ReadConfig;
use crate::startup::{self, RunError, StartupError};
use options::Options;

/// A real-time communication server: RTMP, live streams, shared objects, server scripts.
#[derive(Debug, Parser)]
#[command(
    name = "greenroom",
    version,
    about,
    args_conflicts_with_subcommands = false
)]
#[command(after_help = "Without a command the server starts, as with `serve`.")]
struct CommandLine {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Starts the server; the default command.
    Serve(Options),
    /// Shows and checks the configuration without starting anything.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Lists, loads and unloads the instances of a running server.
    App(app::App),
    /// Lists, shows and changes shared objects, of a running server or in its store.
    So(so::So),
    /// Publishes a recording to a server, in real time.
    Replay(replay::Replay),
    /// Lists, repairs, exports and deletes recordings.
    Streams(streams::Streams),
    /// Prints the hash of a password, for `rooms.accounts`. Reads the password from standard input.
    Password,
    /// Copies the store to a new file, also while the server runs.
    Backup(Backup),
    /// Says what of an application's scripts does not run here, or runs otherwise.
    Check(check::Check),
}

/// Where the server or its data is, and where the copy goes.
#[derive(Debug, clap::Args)]
struct Backup {
    #[command(flatten)]
    options: Options,
    /// The new file
    file: std::path::PathBuf,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Prints the values in effect as TOML, and where those come from that are not the default.
    Show(Options),
    /// Says what is wrong with the configuration, one line per mistake.
    Check(Options),
    /// Prints the reference of all keys as Markdown.
    Reference,
}

/// Runs the program with the arguments and environment of the process.
///
/// `run` serves until it is told to stop; it is called with the effective configuration, and
/// what reads it again, once logging has started and the directories it names are there.
pub fn main(run: impl FnOnce(Config, ReadConfig) -> Result<(), RunError>) -> ExitCode {
    let line = match CommandLine::try_parse() {
        Ok(line) => line,
        Err(answer) => return print_answer(&answer),
    };
    match execute(line, run) {
        Ok(code) => code,
        Err(error) => fail(&error),
    }
}

fn execute(
    line: CommandLine,
    run: impl FnOnce(Config, ReadConfig) -> Result<(), RunError>,
) -> Result<ExitCode, RunError> {
    let first = line.options;
    match line.command {
        None => serve(first, run)?,
        Some(Command::Serve(options)) => serve(first.and(options), run)?,
        Some(Command::Config(ConfigCommand::Show(options))) => {
            print(&load(first.and(options))?.to_toml())?;
        }
        Some(Command::Config(ConfigCommand::Check(options))) => {
            startup::check_directories(&load(first.and(options))?.config)?;
            print("The configuration is valid.\n")?;
        }
        Some(Command::Config(ConfigCommand::Reference)) => print(&config::reference())?,
        Some(Command::App(mut app)) => {
            let options = first.and(std::mem::take(&mut app.options));
            app::run(&app, &load(options)?.config)?;
        }
        Some(Command::So(mut so)) => {
            let options = first.and(std::mem::take(&mut so.options));
            so::run(&so, &load(options)?.config)?;
        }
        Some(Command::Replay(mut replay)) => {
            let options = first.and(std::mem::take(&mut replay.options));
            replay::run(&replay, &load(options)?.config)?;
        }
        Some(Command::Streams(mut streams)) => {
            let options = first.and(std::mem::take(&mut streams.options));
            streams::run(&streams, &load(options)?.config)?;
        }
        Some(Command::Backup(Backup { options, file })) => {
            so::backup(&file, &load(first.and(options))?.config)?;
        }
        Some(Command::Password) => print(&password::hash_line()?)?,
        Some(Command::Check(mut check)) => {
            let options = first.and(std::mem::take(&mut check.options));
            return check::check(&check, &load(options)?.config);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn load(options: Options) -> Result<Loaded, StartupError> {
    let layers = options.into_layers(std::env::vars_os().collect())?;
    Ok(config::load(&layers)?)
}

fn serve(
    options: Options,
    run: impl FnOnce(Config, ReadConfig) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let not_yet = options.not_yet_served();
    let loaded = load(options.clone())?;
    logging::init(&loaded.config.log);
    startup::prepare_directories(&loaded.config)?;
    for (option, address) in not_yet {
        tracing::warn!(%address, "{option} was given, but nothing listens there in this version");
    }
    let read = move || Ok(load(options.clone())?.config);
    run(loaded.config, Arc::new(read))
}

/// Prints what the command-line parser answers itself: help, the version, or a complaint.
fn print_answer(answer: &clap::Error) -> ExitCode {
    let _ = answer.print();
    if answer.use_stderr() {
        ExitCode::from(2)
    } else {
        ExitCode::SUCCESS
    }
}

fn print(text: &str) -> Result<(), RunError> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        // Whoever reads us has seen enough, as in `greenroom config show | head -1`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| RunError::Runtime(error.into())),
    }
}

fn fail(error: &RunError) -> ExitCode {
    let mut stderr = io::stderr().lock();
    for line in error.to_string().lines() {
        let _ = writeln!(stderr, "greenroom: {line}");
    }
    match error {
        RunError::Startup(_) => ExitCode::from(2),
        RunError::Runtime(_) => ExitCode::from(1),
    }
}

#[cfg(test)]
mod tests;
