//! `greenroom streams`: the recordings of applications, with or without a running server.
//!
//! Everything is done to the files themselves. Whoever writes a recording holds a lock on its
//! file, so what a server records is shown and left alone. Owns what is said of the files; what
//! is in them is the `flv` crate's affair.

mod export;
mod facts;
mod place;

use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::options::Options;
use super::progress::Progress;
use super::so::parse_target;
use crate::config::Config;
use crate::control::target::Target;
use crate::recording::{erase, is_locked, open_whole};
use crate::startup::RunError;
use facts::Facts;
use place::{Found, Place};

/// Where the recordings are, and what to do with them.
#[derive(Debug, Args)]
pub(super) struct Streams {
    #[command(flatten)]
    pub(super) options: Options,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Lists the recordings, with their lengths.
    List {
        /// Those of one application or instance only
        #[arg(value_name = "APPLICATION[/INSTANCE]", value_parser = parse_target)]
        target: Option<Target>,
    },
    /// Prints what is known of a recording, as JSON.
    Info(Which),
    /// Makes recordings whole that a crash has cut: their length and index are found and written.
    Repair {
        /// The instance, such as chat/lobby; without one the default instance
        #[arg(value_name = "APPLICATION[/INSTANCE]", value_parser = parse_target)]
        target: Target,
        /// One stream only; all of the instance otherwise
        stream: Option<String>,
    },
    /// Writes a recording to a file of another kind. Nothing is decoded.
    Export {
        #[command(flatten)]
        which: Which,
        /// The file; it must not be there
        file: PathBuf,
        /// Its kind
        #[arg(long, value_enum, default_value_t = Format::Mp4)]
        format: Format,
    },
    /// Deletes a recording.
    Delete(Which),
}

/// The kind of an exported file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// MP4, with H.264, H.265, AV1 or VP9 and AAC, MP3, Opus or FLAC
    Mp4,
}

/// A recording of an instance.
#[derive(Debug, Args)]
struct Which {
    /// The instance, such as chat/lobby; without one the default instance
    #[arg(value_name = "APPLICATION[/INSTANCE]", value_parser = parse_target)]
    target: Target,
    /// The name of the stream, as it was published
    stream: String,
}

/// Does it, and prints what came of it.
pub(super) fn run(streams: &Streams, config: &Config) -> Result<(), RunError> {
    let said = execute(&streams.what, &Place::new(config)).map_err(RunError::Runtime)?;
    super::print(&said)
}

fn execute(what: &What, place: &Place) -> anyhow::Result<String> {
    match what {
        What::List { target } => list(place, target.as_ref()),
        What::Info(which) => info(&place.find(&which.target, &which.stream)?),
        What::Repair { target, stream } => match stream {
            Some(stream) => repair(place, &[place.find(target, stream)?]),
            None => repair(place, &place.of_instance(target)?),
        },
        What::Export {
            which,
            file,
            format: Format::Mp4,
        } => {
            let found = place.find(&which.target, &which.stream)?;
            export::to_mp4(&found.path, file)
        }
        What::Delete(which) => {
            let found = place.find(&which.target, &which.stream)?;
            erase(&found.path).with_context(|| found.shown.clone())?;
            Ok(format!("{} has been deleted.\n", found.shown))
        }
    }
}

/// A line for each. One that cannot be read is listed, too.
fn list(place: &Place, target: Option<&Target>) -> anyhow::Result<String> {
    let mut out = String::new();
    for found in place.all(target)? {
        let facts = Facts::of(&found.path, &mut Progress::new(&found.shown));
        let said = match facts {
            Ok(facts) => facts.line(),
            // Nothing may have been written yet.
            Err(_) if is_recorded(&found.path) => "being recorded".to_owned(),
            Err(why) => format!("cannot be read: {why}"),
        };
        let _ = writeln!(out, "{}: {said}", found.shown);
    }
    Ok(out)
}

fn is_recorded(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| is_locked(&file))
}

fn info(found: &Found) -> anyhow::Result<String> {
    let facts = Facts::of(&found.path, &mut Progress::new(&found.shown));
    let facts = facts.with_context(|| found.shown.clone())?;
    let mut all = json!({ "recording": found.shown, "file": found.path });
    if let (Some(all), Some(of_file)) = (all.as_object_mut(), facts.to_json().as_object_mut()) {
        all.append(of_file);
    }
    Ok(format!("{all:#}\n"))
}

/// Each on its own: what is wrong with one does not keep the others from being repaired.
fn repair(place: &Place, found: &[Found]) -> anyhow::Result<String> {
    let (mut out, mut failed) = (String::new(), Vec::new());
    for Found { path, shown, app } in found {
        let limits = place.settings(app)?.limits;
        let mut progress = Progress::new(shown);
        match open_whole(path, limits, &mut |at, of| progress.at(at, of)) {
            Ok(whole) if whole.was_repaired => {
                let seconds = whole.recording.totals.duration_ms as f64 / 1000.0;
                let _ = writeln!(out, "{shown} has been repaired: {seconds} s.");
            }
            Ok(_) => {
                let _ = writeln!(out, "{shown} was whole.");
            }
            Err(why) => failed.push(format!("{shown}: {why}")),
        }
    }
    if failed.is_empty() {
        return Ok(out);
    }
    super::print(&out).map_err(anyhow::Error::from)?;
    bail!("{}", failed.join("\n"))
}
