//! Starts an application with nothing behind it.

use std::cell::RefCell;
use std::rc::Rc;

use engine::scripting::{
    ApplicationStats, Cleared, ClientStats, Problem, Script as _, ScriptEffect, ScriptHost,
    ScriptInput, ScriptOutput, SharedObjectHost,
};
use engine::{ClientId, StreamPattern};
use rtmp::Millis;

use super::CheckSetup;
use super::objects::LonelyObjects;
use crate::files::{FileError, Place, ScriptFiles};
use crate::problem;
use crate::script::{AppScript, ScriptSetup};
use crate::storage::MemoryStorage;

/// What came of it.
pub(super) struct Ran {
    /// The files that were read, in this order.
    pub(super) files: Vec<(Place, String)>,
    /// What went wrong.
    pub(super) problems: Vec<Problem>,
}

/// Runs the files and `onAppStart`. Nothing that the script asks for is done.
pub(super) fn run(setup: &CheckSetup) -> Ran {
    let read = Rc::new(RefCell::new(Vec::new()));
    let files = Recorder {
        files: Rc::clone(&setup.files),
        read: Rc::clone(&read),
    };
    let script = AppScript::new(ScriptSetup {
        config: setup.config.clone(),
        info: setup.info.clone(),
        files: Box::new(files),
        storage: Some(Box::new(MemoryStorage::new())),
        world: Rc::new(Nothing::default()),
    });
    let problems = match script {
        Ok(mut script) => start(&mut script),
        Err(error) => vec![Problem {
            description: error.to_string(),
            ..problem::error()
        }],
    };
    Ran {
        files: read.take(),
        problems,
    }
}

fn start(script: &mut AppScript) -> Vec<Problem> {
    script.handle(Millis(0), ScriptInput::Start);
    let mut problems: Vec<Problem> = Vec::new();
    while let ScriptOutput::Effect(effect) = script.poll() {
        // The problem that ends a script was told before.
        if let ScriptEffect::Problem(problem) = effect {
            problems.push(*problem);
        }
    }
    problems
}

/// Reads files, and keeps which.
struct Recorder {
    files: Rc<dyn ScriptFiles>,
    read: Rc<RefCell<Vec<(Place, String)>>>,
}

impl ScriptFiles for Recorder {
    fn read(
        &self,
        place: Place,
        path: &str,
        max_bytes: usize,
    ) -> Result<Option<Vec<u8>>, FileError> {
        let bytes = self.files.read(place, path, max_bytes)?;
        if bytes.is_some() {
            let file = (place, path.to_owned());
            let mut read = self.read.borrow_mut();
            if !read.contains(&file) {
                read.push(file);
            }
        }
        Ok(bytes)
    }
}

/// A world without clients in which nothing has moved yet.
#[derive(Default)]
struct Nothing {
    objects: LonelyObjects,
}

impl ScriptHost for Nothing {
    fn client_stats(&self, _client: ClientId) -> Option<ClientStats> {
        None
    }

    fn application_stats(&self) -> ApplicationStats {
        ApplicationStats::default()
    }

    fn unix_ms(&self) -> f64 {
        0.0
    }

    fn shared_objects(&self) -> &dyn SharedObjectHost {
        &self.objects
    }

    /// Nothing is recorded yet, so nothing is left of what was.
    fn clear_streams(&self, _: &StreamPattern, _: usize) -> Cleared {
        Cleared {
            is_complete: true,
            ..Cleared::default()
        }
    }
}
