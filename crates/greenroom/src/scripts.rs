//! Which applications have a script, and what makes one: the only place that names the engine.

use std::path::Path;
use std::rc::Rc;

use engine::scripting::{Problem, Script, ScriptEffect, ScriptHost, ScriptInput, ScriptOutput};
use script::{AppFiles, AppScript, ApplicationInfo, ScriptConfig, ScriptSetup};

use crate::applications::InstanceAddress;

/// Makes the scripts of instances.
pub(crate) trait Scripts: Send + Sync {
    /// Whether the application in this folder has a script.
    fn has_script(&self, folder: &Path) -> bool;

    /// The script of an instance. Called on the thread on which it is to run.
    ///
    /// # Errors
    ///
    /// Why there is none, in words.
    fn load(
        &self,
        folder: &Path,
        address: &InstanceAddress,
        host: Rc<dyn ScriptHost>,
    ) -> Result<Box<dyn Script>, String>;
}

/// Scripts in the folders of their applications, on the engine of the `script` crate.
pub(crate) struct ScriptFolders {
    /// What each script may cost.
    pub(crate) config: ScriptConfig,
}

impl Scripts for ScriptFolders {
    fn has_script(&self, folder: &Path) -> bool {
        let app = folder.file_name().and_then(|name| name.to_str());
        let app = app.unwrap_or_default();
        let archives = script::archive_names(app).into_iter();
        let mut names = script::main_script_names(app).into_iter().chain(archives);
        names.any(|name| folder.join(name).is_file())
    }

    fn load(
        &self,
        folder: &Path,
        address: &InstanceAddress,
        host: Rc<dyn ScriptHost>,
    ) -> Result<Box<dyn Script>, String> {
        let files = AppFiles::open(&address.app, folder, Vec::new());
        let setup = ScriptSetup {
            config: self.config.clone(),
            info: ApplicationInfo {
                name: format!("{}/{}", address.app, address.instance),
                ..ApplicationInfo::default()
            },
            files: Box::new(files.map_err(|error| error.to_string())?),
            world: host,
        };
        match AppScript::new(setup) {
            Ok(script) => Ok(Box::new(script)),
            Err(error) => Err(error.to_string()),
        }
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
