//! Which applications have a script, and what makes one: the only place that names the engine.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use amf::Value;
use engine::scripting::{Problem, Script, ScriptEffect, ScriptHost, ScriptInput, ScriptOutput};
use script::{
    AppFiles, AppScript, ApplicationInfo, Bandwidth, DiskStorage, FileError, Place, ScriptConfig,
    ScriptFiles, ScriptSetup,
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
    /// Names of directories elsewhere that its `File` objects may use, and where they lead.
    pub(crate) directories: Vec<(String, PathBuf)>,
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
            directories: Vec::new(),
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
    /// The zone of rooms that is bound to the instance.
    pub(crate) zone: Option<&'w str>,
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
            zone,
            host,
        } = wanted;
        let files = script_files(folder, address, settings, watch)?;
        let mut storage = DiskStorage::new(folder);
        for (name, path) in &settings.directories {
            let with = storage.with_virtual(name, path);
            storage = with.map_err(|error| error.to_string())?;
        }
        let setup = ScriptSetup {
            config: settings.config.clone(),
            info: ApplicationInfo {
                name: format!("{}/{}", address.app, address.instance),
                config: settings.tree.clone(),
                bandwidth: settings.bandwidth,
                bandwidth_cap: settings.bandwidth_cap,
                zone: zone.map(str::to_owned),
                ..ApplicationInfo::default()
            },
            files,
            storage: Some(Box::new(storage)),
            world: host,
        };
        match AppScript::new(setup) {
            Ok(script) => Ok(Box::new(script)),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// What a script is loaded from.
fn script_files(
    folder: &Path,
    address: &InstanceAddress,
    settings: &ScriptSettings,
    watch: Option<&Arc<Watch>>,
) -> Result<Box<dyn ScriptFiles>, String> {
    let library = &settings.library;
    if let Some(watch) = watch {
        // For the archives among them.
        for entry in library {
            watch.note(&address.app, entry.clone());
        }
    }
    let files = AppFiles::open(&address.app, folder, library.clone());
    let files = files.map_err(|error| error.to_string())?;
    let Some(watch) = watch.cloned() else {
        return Ok(Box::new(files));
    };
    Ok(Box::new(Watched {
        files,
        app: address.app.to_string(),
        folder: folder.to_owned(),
        library: library.clone(),
        watch,
    }))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_a_script_or_an_archive_has_a_script() {
        for (file, expected) in [
            ("main.asc", true),
            ("scripts/main.asc", true),
            ("chat.js", true),
            ("chat.far", true),
            ("other.asc", false),
            ("main.asc/folder", false),
        ] {
            let root = tempfile::tempdir().unwrap();
            let path = root.path().join("chat").join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
            let places = ScriptFolders.places(&root.path().join("chat"));
            let found = places.iter().any(|place| place.is_file());
            assert_eq!(found, expected, "{file}");
        }
    }
}
