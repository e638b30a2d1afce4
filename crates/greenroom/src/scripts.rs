//! Which applications have a script, and what makes one: the only place that names the engine.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use amf::Value;
use engine::scripting::{Problem, Script, ScriptEffect, ScriptHost, ScriptInput, ScriptOutput};
use script::{
    AppFiles, AppScript, ApplicationInfo, Bandwidth, FileError, Place, ScriptConfig, ScriptFiles,
    ScriptSetup,
};

use crate::applications::InstanceAddress;
use crate::watch::Watch;

/// What the script of an instance is made with.
#[derive(Clone, Debug)]
pub(crate) struct ScriptSettings {
    /// What it may cost.
    pub(crate) config: ScriptConfig,
    /// Directories and archives of its script library.
    pub(crate) library: Vec<PathBuf>,
    /// `application.config`.
    pub(crate) tree: Value,
    /// What a client may move before the script limits it.
    pub(crate) bandwidth: Bandwidth,
    /// The most that the script can allow a client.
    pub(crate) bandwidth_cap: Bandwidth,
}

impl Default for ScriptSettings {
    fn default() -> Self {
        let unlimited = Bandwidth {
            down: None,
            up: None,
        };
        Self {
            config: ScriptConfig::default(),
            library: Vec::new(),
            tree: Value::Undefined,
            bandwidth: unlimited,
            bandwidth_cap: unlimited,
        }
    }
}

/// The script that is to be made.
pub(crate) struct Wanted<'w> {
    /// The application's folder.
    pub(crate) folder: &'w Path,
    pub(crate) address: &'w InstanceAddress,
    pub(crate) settings: &'w ScriptSettings,
    /// What is to be told which files are read.
    pub(crate) watch: Option<&'w Arc<Watch>>,
    pub(crate) host: Rc<dyn ScriptHost>,
}

/// Makes the scripts of instances.
pub(crate) trait Scripts: Send + Sync {
    /// Where the script of the application in this folder may lie; it has one if any of these
    /// is a file.
    fn places(&self, folder: &Path) -> Vec<PathBuf>;

    /// The script of an instance. Called on the thread on which it is to run.
    ///
    /// # Errors
    ///
    /// Why there is none, in words.
    fn load(&self, wanted: Wanted<'_>) -> Result<Box<dyn Script>, String>;
}

/// Scripts in the folders of their applications, on the engine of the `script` crate.
pub(crate) struct ScriptFolders;

impl Scripts for ScriptFolders {
    fn places(&self, folder: &Path) -> Vec<PathBuf> {
        let app = folder.file_name().and_then(|name| name.to_str());
        let app = app.unwrap_or_default();
        let archives = script::archive_names(app).into_iter();
        let names = script::main_script_names(app).into_iter().chain(archives);
        names.map(|name| folder.join(name)).collect()
    }

    fn load(&self, wanted: Wanted<'_>) -> Result<Box<dyn Script>, String> {
        let Wanted {
            folder,
            address,
            settings,
            watch,
            host,
        } = wanted;
        if let Some(watch) = watch {
            for entry in &settings.library {
                watch.note(&address.app, entry.clone());
            }
        }
        let files = AppFiles::open(&address.app, folder, settings.library.clone());
        let files = files.map_err(|error| error.to_string())?;
        let files: Box<dyn ScriptFiles> = match watch {
            Some(watch) => Box::new(Watched {
                files,
                app: address.app.to_string(),
                folder: folder.to_owned(),
                library: settings.library.clone(),
                watch: watch.clone(),
            }),
            None => Box::new(files),
        };
        let setup = ScriptSetup {
            config: settings.config.clone(),
            info: ApplicationInfo {
                name: format!("{}/{}", address.app, address.instance),
                config: settings.tree.clone(),
                bandwidth: settings.bandwidth,
                bandwidth_cap: settings.bandwidth_cap,
                ..ApplicationInfo::default()
            },
            files,
            world: host,
        };
        match AppScript::new(setup) {
            Ok(script) => Ok(Box::new(script)),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Script files that are watched once a script has asked for them.
struct Watched {
    files: AppFiles,
    app: String,
    folder: PathBuf,
    library: Vec<PathBuf>,
    watch: Arc<Watch>,
}

impl ScriptFiles for Watched {
    fn read(&self, place: Place, path: &str, max: usize) -> Result<Option<Vec<u8>>, FileError> {
        let folders = match place {
            // Archives are watched as a whole.
            Place::Archive => &[],
            Place::Application => std::slice::from_ref(&self.folder),
            Place::Library => self.library.as_slice(),
        };
        for folder in folders {
            self.watch.note(&self.app, folder.join(path));
        }
        self.files.read(place, path, max)
    }
}

/// Stands for a script that could not even be made: it fails to start.
pub(crate) struct Broken {
    why: Option<String>,
}

impl Broken {
    pub(crate) fn new(why: String) -> Self {
        Self { why: Some(why) }
    }
}

impl Script for Broken {
    fn handle(&mut self, _: rtmp::Millis, _: ScriptInput) {}

    fn poll(&mut self) -> ScriptOutput {
        match self.why.take() {
            Some(description) => ScriptOutput::Effect(ScriptEffect::Failed(Box::new(Problem {
                code: rtmp::status::Code::ScriptError.as_str().into(),
                description,
                ..Problem::default()
            }))),
            None => ScriptOutput::Timeout(None),
        }
    }
}
