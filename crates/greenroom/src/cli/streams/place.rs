//! Where recordings lie: the folders of applications and instances, and the names of streams.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use engine::StreamName;

use crate::appsettings::AppSettings;
use crate::config::Config;
use crate::control::target::Target;
use crate::recording::RecordingSettings;

/// Folders inside each other that are looked into.
const DEPTH_MAX: usize = 32;
/// The ending of a recording's file.
const ENDING: &str = "flv";

/// Where all of them are.
pub(super) struct Place {
    applications: PathBuf,
    settings: AppSettings,
    name_bytes: usize,
}

/// The file of a recording.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) app: String,
    pub(super) path: PathBuf,
    /// How it is named to people: application, instance, stream.
    pub(super) shown: String,
}

impl Place {
    pub(super) fn new(config: &Config) -> Self {
        let applications = config.applications.dir.clone();
        Self {
            settings: AppSettings::outside_the_server(&applications, config),
            applications,
            name_bytes: config.limits.stream_name_bytes,
        }
    }

    /// How an application records.
    pub(super) fn settings(&self, app: &str) -> anyhow::Result<RecordingSettings> {
        if !self.applications.join(app).is_dir() {
            bail!("there is no application {app}");
        }
        let (settings, _findings) = self.settings.read(app)?;
        Ok(settings.recording)
    }

    /// The recording of a stream.
    pub(super) fn find(&self, target: &Target, stream: &str) -> anyhow::Result<Found> {
        let name = StreamName::parse(stream, self.name_bytes);
        let file = name.and_then(|name| name.recording_file());
        let file = file.with_context(|| stream.to_owned())?;
        let path = self
            .recordings(target)?
            .path(Path::new(target.instance()), &file);
        let shown = format!("{}/{}/{}", target.app, target.instance(), file.as_str());
        if !path.is_file() {
            bail!("there is no recording {shown}");
        }
        Ok(Found {
            app: target.app.clone(),
            path,
            shown,
        })
    }

    /// All recordings of an instance.
    pub(super) fn of_instance(&self, target: &Target) -> anyhow::Result<Vec<Found>> {
        let shown = format!("{}/{}", target.app, target.instance());
        let mut found = Vec::new();
        let folder = self.recordings(target)?.folder.join(target.instance());
        gather(&mut found, &target.app, &folder, &shown, 0)?;
        Ok(found)
    }

    /// All recordings of an instance, of an application, or of all.
    pub(super) fn all(&self, target: Option<&Target>) -> anyhow::Result<Vec<Found>> {
        let Some(target) = target else {
            let mut found = Vec::new();
            for app in self.names()? {
                self.of_application(&app, &mut found)?;
            }
            return Ok(found);
        };
        if target.instance.is_some() {
            return self.of_instance(target);
        }
        let mut found = Vec::new();
        self.of_application(&target.app, &mut found)?;
        Ok(found)
    }

    fn of_application(&self, app: &str, found: &mut Vec<Found>) -> anyhow::Result<()> {
        gather(found, app, &self.settings(app)?.folder, app, 0)
    }

    /// How an instance records.
    fn recordings(&self, target: &Target) -> anyhow::Result<RecordingSettings> {
        let instance = target.instance();
        if instance
            .split('/')
            .any(|part| matches!(part, "" | "." | ".."))
        {
            bail!("{instance} is not the name of an instance");
        }
        self.settings(&target.app)
    }

    fn names(&self) -> anyhow::Result<Vec<String>> {
        let failed = || format!("cannot list {}", self.applications.display());
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.applications).with_context(failed)? {
            let entry = entry.with_context(failed)?;
            let name = entry.file_name().into_string().unwrap_or_default();
            if entry.path().is_dir() && !name.is_empty() && !name.starts_with('.') {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }
}

/// The recordings in a folder and those inside it, in order. Links are not followed: they may
/// lead in a circle.
fn gather(
    found: &mut Vec<Found>,
    app: &str,
    folder: &Path,
    shown: &str,
    depth: usize,
) -> anyhow::Result<()> {
    let failed = || format!("cannot list {}", folder.display());
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(failed)?,
    };
    let entries: Result<Vec<_>, _> = entries.collect();
    let mut entries = entries.with_context(failed)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (kind, path) = (entry.file_type().with_context(failed)?, entry.path());
        let name = entry.file_name().to_string_lossy().into_owned();
        let shown = format!("{shown}/{name}");
        if kind.is_dir() && depth < DEPTH_MAX {
            gather(found, app, &path, &shown, depth + 1)?;
        } else if kind.is_file() && path.extension().is_some_and(|ending| ending == ENDING) {
            let app = app.to_owned();
            found.push(Found { app, path, shown });
        }
    }
    Ok(())
}
