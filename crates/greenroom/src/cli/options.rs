//! The options that say how to configure the server, the same for every command that needs to.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use crate::config::{Assignment, ConfigErrors, FileLayer, Layers, read_address};
use crate::startup::StartupError;

/// Options before and after the command's name mean the same.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Options {
    /// The configuration file, in TOML
    #[arg(
        long,
        value_name = "FILE",
        help = "The configuration file [env: GREENROOM_CONFIG]"
    )]
    config: Option<PathBuf>,
    /// Sets one key, such as limits.connections=500; can be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Address and port for RTMP; port 0 takes a free one [key: rtmp.listen]
    #[arg(long, value_name = "ADDR")]
    rtmp: Option<String>,
    /// Address and port for HTTP and WebSocket; port 0 takes a free one [key: http.listen]
    #[arg(long, value_name = "ADDR")]
    http: Option<String>,
    /// Address and port for XML sockets; port 0 takes a free one [key: xml.listen]
    #[arg(long, value_name = "ADDR")]
    xml: Option<String>,
    /// Reserved for administration: accepted, but nothing listens there yet
    #[arg(long, value_name = "ADDR", value_parser = read_address)]
    admin: Option<SocketAddr>,
    /// Directory with one folder per application [key: applications.dir]
    #[arg(long, value_name = "DIR")]
    applications: Option<String>,
    /// Loads applications anew when their files change [key: applications.dev]
    #[arg(long)]
    dev: bool,
    /// Directory for what the server writes; created when missing [key: data.dir]
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
    /// error, warn, info, debug, trace or off [key: log.level]
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
    /// text or json [key: log.format]
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
}

impl Options {
    /// These options and then `later` ones, which win.
    pub(super) fn and(mut self, later: Self) -> Self {
        self.set.extend(later.set);
        Self {
            config: later.config.or(self.config),
            set: self.set,
            rtmp: later.rtmp.or(self.rtmp),
            http: later.http.or(self.http),
            xml: later.xml.or(self.xml),
            admin: later.admin.or(self.admin),
            applications: later.applications.or(self.applications),
            dev: later.dev || self.dev,
            data: later.data.or(self.data),
            log_level: later.log_level.or(self.log_level),
            log_format: later.log_format.or(self.log_format),
        }
    }

    /// The options that were given for listeners which do not exist yet, and their addresses.
    pub(super) fn not_yet_served(&self) -> Vec<(&'static str, SocketAddr)> {
        [("--admin", self.admin)]
            .into_iter()
            .filter_map(|(option, address)| Some((option, address?)))
            .collect()
    }

    /// Reads the configuration file and lays everything out for [`crate::config::load`].
    pub(super) fn into_layers(
        self,
        variables: Vec<(OsString, OsString)>,
    ) -> Result<Layers, StartupError> {
        let assignments = self.assignments()?;
        let from_variable = || {
            let found = variables
                .iter()
                .find(|(name, _)| name == "GREENROOM_CONFIG");
            found
                .map(|(_, path)| PathBuf::from(path))
                .filter(|path| path.as_os_str() != "")
        };
        let file = match self.config.or_else(from_variable) {
            Some(path) => Some(read_file(path)?),
            None => None,
        };
        Ok(Layers {
            file,
            variables,
            assignments,
        })
    }

    /// The `--set`s, then the short forms, which therefore win.
    fn assignments(&self) -> Result<Vec<Assignment>, ConfigErrors> {
        let (sets, problems): (Vec<_>, Vec<_>) = self
            .set
            .iter()
            .map(|text| Assignment::parse(text))
            .partition(Result::is_ok);
        if !problems.is_empty() {
            return Err(ConfigErrors(
                problems.into_iter().filter_map(Result::err).collect(),
            ));
        }
        let mut assignments: Vec<_> = sets.into_iter().flatten().collect();
        let dev = self.dev.then(|| "true".to_owned());
        let short_forms = [
            ("--rtmp", "rtmp.listen", &self.rtmp),
            ("--http", "http.listen", &self.http),
            ("--xml", "xml.listen", &self.xml),
            ("--applications", "applications.dir", &self.applications),
            ("--dev", "applications.dev", &dev),
            ("--data", "data.dir", &self.data),
            ("--log-level", "log.level", &self.log_level),
            ("--log-format", "log.format", &self.log_format),
        ];
        for (option, key, value) in short_forms {
            if let Some(value) = value.clone() {
                assignments.push(Assignment {
                    option,
                    key: key.to_owned(),
                    value,
                });
            }
        }
        Ok(assignments)
    }
}

fn read_file(path: PathBuf) -> Result<FileLayer, StartupError> {
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(FileLayer {
            name: path.display().to_string(),
            text,
        }),
        Err(error) => Err(StartupError::ReadConfig { path, error }),
    }
}
