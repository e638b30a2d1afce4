//! The settings of one application: the server's own, with what the application's files say
//! over them.
//!
//! Owns which files are read, and how what they say becomes what an instance is made with. What
//! can be said in them is the `appconfig` crate's affair.

mod files;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use appconfig::{
    ApplicationConfig, ConfigErrors, Finding, Layers, Limit, RecordLive, Severity, Substitutions,
    Text, XmlLimits,
};
use engine::RecordMode;
use parking_lot::Mutex;
use script::Bandwidth;

use crate::applications::InstanceSettings;
use crate::config::Config;
use crate::outgoing::OutgoingPolicy;
use crate::settings;
use crate::trust::Trust;
use crate::watch::Watch;
use files::{File, FileError};

/// What the server says about the files of all applications.
#[derive(Clone, Debug)]
pub(crate) struct FileSettings {
    /// What applies where no file says anything.
    pub(crate) defaults: ApplicationConfig,
    pub(crate) xml_limits: XmlLimits,
    /// The server's directory for what it writes; below it lies a folder for each application.
    pub(crate) data_dir: PathBuf,
    /// The most that a player may lag, in ms, whatever an application says.
    pub(crate) most_lag_ms: u64,
    /// Files of one application that are watched for changes; `None` watches none.
    pub(crate) watched: Option<usize>,
}

/// Reads the settings of applications.
pub(crate) struct AppSettings {
    dir: PathBuf,
    server: InstanceSettings,
    settings: FileSettings,
    /// What was last told of each application's files.
    told: Mutex<BTreeMap<String, Vec<Finding>>>,
    watch: Option<Arc<Watch>>,
}

/// The application does not start; the log has said why.
#[derive(Debug, thiserror::Error)]
#[error("the application's settings are wrong")]
pub(crate) struct Faulty;

/// Why the settings of an application cannot be used; one line for each mistake.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// What a file says is wrong.
    #[error(transparent)]
    Values(#[from] ConfigErrors),
}

impl AppSettings {
    /// `dir` is the directory of the applications, `server` what all of them have in common.
    pub(crate) fn new(dir: &Path, server: InstanceSettings, settings: FileSettings) -> Self {
        Self {
            dir: dir.to_owned(),
            server,
            watch: settings.watched.map(Watch::new),
            settings,
            told: Mutex::default(),
        }
    }

    /// For commands that only read settings, of the applications in a directory.
    pub(crate) fn outside_the_server(dir: &Path, config: &Config) -> Self {
        // What differs with the number of threads and the port is not asked for.
        let server = settings::instance_settings(config, 1, 0);
        Self::new(dir, server, settings::file_settings(config))
    }

    /// What an instance has whose application says nothing.
    pub(crate) fn server(&self) -> &InstanceSettings {
        &self.server
    }

    /// What a script has that belongs to no application: nothing but the server speaks of it.
    pub(crate) fn plain(&self) -> InstanceSettings {
        self.with("", &self.settings.defaults)
    }

    /// What watches the applications' files, if anything does.
    pub(crate) fn watch(&self) -> Option<&Arc<Watch>> {
        self.watch.as_ref()
    }

    /// Reads the files of an application, and tells the log what is wrong with them.
    pub(crate) fn load(&self, app: &str) -> Result<InstanceSettings, Faulty> {
        match self.read(app) {
            Ok((settings, findings)) => {
                self.tell(app, findings);
                Ok(settings)
            }
            Err(error) => {
                for line in error.to_string().lines() {
                    tracing::error!(app, "{line}");
                }
                Err(Faulty)
            }
        }
    }

    /// Reads the files of an application; logs nothing. With the settings comes what the files
    /// say in vain.
    pub(crate) fn read(
        &self,
        app: &str,
    ) -> Result<(InstanceSettings, Vec<Finding>), SettingsError> {
        let folder = self.dir.join(app);
        let [host_xml, ini, own_xml, own_toml] = [
            self.dir.join("Application.xml"),
            self.dir.join("fms.ini"),
            folder.join("Application.xml"),
            folder.join("application.toml"),
        ]
        .map(|path| self.read_file(app, path));
        let (host_xml, ini, own_xml, own_toml) = (host_xml?, ini?, own_xml?, own_toml?);
        let substitutions = ini.map_or_else(Substitutions::default, |file| {
            Substitutions::from_ini(&file.text)
        });
        let loaded = appconfig::load(&Layers {
            defaults: self.settings.defaults.clone(),
            virtual_host_xml: host_xml.as_ref().map(text),
            application_xml: own_xml.as_ref().map(text),
            application_toml: own_toml.as_ref().map(text),
            substitutions,
            xml_limits: self.settings.xml_limits,
        })?;
        Ok((self.with(app, &loaded.config), loaded.findings))
    }

    fn read_file(&self, app: &str, path: PathBuf) -> Result<Option<File>, FileError> {
        if let Some(watch) = &self.watch {
            watch.note(app, path.clone());
        }
        File::read(path, self.settings.xml_limits.file_bytes)
    }

    /// Logs findings, unless the same were logged when the files were read before.
    fn tell(&self, app: &str, findings: Vec<Finding>) {
        let mut told = self.told.lock();
        if told.get(app).map_or(&[][..], Vec::as_slice) == findings {
            return;
        }
        for finding in &findings {
            match finding.severity() {
                Severity::Info => tracing::info!(app, "{finding}"),
                Severity::Warning => tracing::warn!(app, "{finding}"),
                Severity::Error => tracing::error!(app, "{finding}"),
            }
        }
        told.insert(app.to_owned(), findings);
    }

    /// The server's settings with an application's over them.
    fn with(&self, app: &str, config: &ApplicationConfig) -> InstanceSettings {
        let folder = &self.dir.join(app);
        let mut settings = self.server.clone();
        settings.load_on_startup = config.application.load_on_startup;
        self.set_streams(&mut settings, config);
        set_objects(&mut settings, config);
        set_clients(&mut settings, config);
        set_recording(&mut settings, &self.settings.data_dir.join(app), config);
        set_script(&mut settings, folder, config);
        settings
    }

    fn set_streams(&self, settings: &mut InstanceSettings, config: &ApplicationConfig) {
        let lag_ms = config.live.player_lag_ms.min(self.settings.most_lag_ms);
        let streams = &mut settings.streams;
        streams.ring.gop_cache = config.live.gop_cache;
        streams.ring.window_ms = lag_ms;
        streams.reader.lag_ms = lag_ms;
        streams.pump.latency_budget = Duration::from_millis(config.live.latency_budget_ms);
    }
}

fn text(file: &File) -> Text<'_> {
    Text::new(&file.name, &file.text)
}

fn set_clients(settings: &mut InstanceSettings, config: &ApplicationConfig) {
    let (client, bandwidth) = (&config.client, &config.bandwidth);
    let instance = &mut settings.config;
    // The key's range ends far below.
    instance.chunk_size = u32::try_from(client.chunk_size_bytes).unwrap_or(u32::MAX);
    instance.audio_samples = client.audio_sample_folders.join(";");
    instance.video_samples = client.video_sample_folders.join(";");
    instance.bandwidth_down = rate(bandwidth.to_client_bytes);
    instance.bandwidth_up = rate(bandwidth.from_client_bytes);
    settings.script.bandwidth = Bandwidth {
        down: rate(bandwidth.to_client_bytes),
        up: rate(bandwidth.from_client_bytes),
    };
    settings.script.bandwidth_cap = Bandwidth {
        down: rate(bandwidth.to_client_cap_bytes),
        up: rate(bandwidth.from_client_cap_bytes),
    };
}

/// `data` is the application's folder for what is written.
fn set_recording(settings: &mut InstanceSettings, data: &Path, config: &ApplicationConfig) {
    let wanted = &config.recording;
    let recording = &mut settings.recording;
    // A path that is absolute stays as it is.
    recording.folder = data.join(&config.streams.dir);
    recording.limits.max_bytes = wanted.max_bytes.number();
    recording.limits.max_duration_ms = wanted.max_duration_ms.number();
    let instance = &mut settings.config;
    let nothing = Some(0);
    instance.may_record =
        wanted.max_bytes.number() != nothing && wanted.max_duration_ms.number() != nothing;
    instance.record_live = match wanted.live {
        RecordLive::No => None,
        RecordLive::Record => Some(RecordMode::Record),
        RecordLive::Append => Some(RecordMode::Append),
    };
    instance.erase_recording = config.live.erase_recording;
}

fn set_objects(settings: &mut InstanceSettings, config: &ApplicationConfig) {
    let of_application = &config.shared_objects;
    let objects = &mut settings.objects.config;
    objects.limits.slots = of_application.slots;
    objects.limits.slot_bytes = usize::try_from(of_application.slot_bytes).unwrap_or(usize::MAX);
    objects.limits.objects = of_application.objects;
    objects.limits.subscribers = of_application.subscribers;
    objects.auto_commit = of_application.auto_commit;
    objects.commit_interval_ms = of_application.auto_commit_interval_ms;
    let depth = of_application.resync_depth.number();
    objects.resync_depth = depth.map(|depth| u32::try_from(depth).unwrap_or(u32::MAX));
    settings.objects.lock_timeout_ms = of_application.lock_timeout_ms.number();
    let writes = &mut settings.config.object_writes;
    writes.per_second = of_application.writes_per_second;
    writes.burst = writes.burst.max(writes.per_second);
}

/// Bytes per second. A rate of 0 would be no limit to those who apply it.
fn rate(limit: Limit) -> Option<u64> {
    limit.number().map(|bytes| bytes.max(1))
}

fn set_script(settings: &mut InstanceSettings, folder: &Path, config: &ApplicationConfig) {
    let script = &config.script;
    let costs = &mut settings.script.config;
    costs.memory_bytes = usize::try_from(script.memory_bytes).unwrap_or(usize::MAX);
    costs.handler_ms = script.max_time_ms;
    costs.timers = script.timers;
    costs.connections = script.connections;
    costs.socket_text_bytes = usize::try_from(script.xml_socket_bytes).unwrap_or(usize::MAX);
    // A path that is absolute stays as it is.
    let library = script.library.iter().map(|path| folder.join(path));
    settings.script.library = library.collect();
    let directories = script.file_directories.iter();
    settings.script.directories = directories
        .map(|entry| (entry.prefix.clone(), folder.join(&entry.path)))
        .collect();
    settings.script.tree = config.config.to_value();
    settings.scripted.max_idle_ms = config.application.idle_timeout_ms;
    settings.scripted.links = script.connections;
    let calls = &config.remote_calls;
    let only = |methods: &Vec<String>| calls.restricted.then(|| methods.clone());
    settings.scripted.client_methods = only(&calls.client);
    settings.scripted.link_methods = only(&calls.net_connection);
    settings.scripted.object_methods = only(&calls.shared_object);
    settings.links.allowed_hosts.clone_from(&script.hosts);
    let ca_files = script.ca_files.iter().map(|path| folder.join(path));
    settings.links.trust = Trust::new(ca_files.collect());
    let policy = OutgoingPolicy::of(config, settings.links.own_http.clone());
    settings.links.outgoing = policy.trusting(settings.links.trust.clone());
    // A handler that may run for longer than the server waits is waited for.
    settings.stuck_after_ms = settings.stuck_after_ms.max(script.max_time_ms);
}

#[cfg(test)]
mod tests;
