//! Which script files have run, and running one more.
//!
//! A file of the application is searched in the folder of the main script, in `scripts` and in
//! the application's folder, then in the script library. While the application starts, a file
//! that has been loaded is not run again: the files of one library load each other. Afterwards
//! `load` runs its file whenever it is called, so that a script can read its settings anew.

use std::collections::{BTreeMap, BTreeSet};

use engine::scripting::Problem;
use rquickjs::context::EvalOptions;
use rquickjs::{Ctx, Exception, Value as Js};

use crate::core::Core;
use crate::files::{self, Place};
use crate::problem;

/// The files of one script.
#[derive(Debug, Default)]
pub(crate) struct Loader {
    /// The text of what has run, by the name that errors give.
    sources: BTreeMap<String, String>,
    /// What has been loaded while the application started.
    loaded: BTreeSet<String>,
    /// Files that load each other at this moment.
    depth: usize,
    main_folder: String,
    started: bool,
    failure: Option<Problem>,
}

impl Loader {
    /// A line of a file, counted from 1.
    pub(crate) fn line(&self, file: &str, line: u32) -> Option<&str> {
        let index = usize::try_from(line).ok()?.checked_sub(1)?;
        self.sources.get(file)?.lines().nth(index)
    }

    /// The application has started.
    pub(crate) fn finish_start(&mut self) {
        self.started = true;
        self.failure = None;
    }

    /// What is known of the failure to load a file that an exception tells of.
    pub(crate) fn failure(&self, description: &str) -> Option<&Problem> {
        let failure = self.failure.as_ref()?;
        (failure.description == description).then_some(failure)
    }

    fn candidates(&self, path: &str) -> Vec<(Place, String)> {
        let mut found = Vec::new();
        for folder in [&*self.main_folder, "scripts/", ""] {
            let candidate = (Place::Application, format!("{folder}{path}"));
            if !found.contains(&candidate) {
                found.push(candidate);
            }
        }
        found.push((Place::Library, path.to_owned()));
        found
    }
}

/// Runs the application's main script, if it has one.
pub(crate) fn run_main(core: &Core, ctx: &Ctx<'_>) -> rquickjs::Result<()> {
    let app = core.info.name.split('/').next().unwrap_or_default();
    for name in files::main_script_names(app) {
        if let Some(bytes) = read(core, ctx, Place::Application, &name)? {
            let folder = name.rfind('/').map_or("", |at| &name[..=at]);
            folder.clone_into(&mut core.loader.borrow_mut().main_folder);
            return run(core, ctx, &name, &bytes);
        }
    }
    Ok(())
}

/// Runs a file of the application if it is there; whether it is.
pub(crate) fn run_if_there(core: &Core, ctx: &Ctx<'_>, name: &str) -> rquickjs::Result<bool> {
    for name in [format!("scripts/{name}"), name.to_owned()] {
        if let Some(bytes) = read(core, ctx, Place::Application, &name)? {
            run(core, ctx, &name, &bytes)?;
            return Ok(true);
        }
    }
    Ok(false)
}

/// `load(name)`.
pub(crate) fn load(core: &Core, ctx: &Ctx<'_>, name: &str) -> rquickjs::Result<()> {
    let path = match files::relative_path(name) {
        Ok(path) => path,
        Err(error) => return Err(refuse(core, ctx, name, &error.to_string())),
    };
    let candidates = core.loader.borrow().candidates(&path);
    for (place, name) in candidates {
        if let Some(bytes) = read(core, ctx, place, &name)? {
            return run(core, ctx, &name, &bytes);
        }
    }
    let text = format!("load: there is no file {path}");
    Err(refuse(core, ctx, &path, &text))
}

fn read(core: &Core, ctx: &Ctx<'_>, place: Place, name: &str) -> rquickjs::Result<Option<Vec<u8>>> {
    core.files
        .read(place, name, core.config.file_bytes)
        .map_err(|error| refuse(core, ctx, name, &error.to_string()))
}

/// Throws, and keeps what the exception cannot say.
fn refuse(core: &Core, ctx: &Ctx<'_>, file: &str, text: &str) -> rquickjs::Error {
    let failure = Problem {
        description: format!("Error: {text}"),
        file: file.to_owned(),
        ..problem::error()
    };
    core.loader.borrow_mut().failure = Some(failure);
    Exception::throw_message(ctx, text)
}

fn run(core: &Core, ctx: &Ctx<'_>, name: &str, bytes: &[u8]) -> rquickjs::Result<()> {
    {
        let mut loader = core.loader.borrow_mut();
        if !loader.started && !loader.loaded.insert(name.to_owned()) {
            return Ok(());
        }
        if loader.depth >= core.config.load_depth {
            drop(loader);
            let max = core.config.load_depth;
            let text = format!("load: files load each other {max} deep (limit load_depth)");
            return Err(refuse(core, ctx, name, &text));
        }
        loader.depth += 1;
    }
    let result = evaluate(core, ctx, name, bytes);
    core.loader.borrow_mut().depth -= 1;
    result
}

fn evaluate(core: &Core, ctx: &Ctx<'_>, name: &str, bytes: &[u8]) -> rquickjs::Result<()> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let mut options = EvalOptions::default();
    options.strict = false;
    options.filename = Some(name.to_owned());
    let source = text.clone();
    core.loader
        .borrow_mut()
        .sources
        .insert(name.to_owned(), text);
    let result = ctx.eval_with_options::<Js<'_>, _>(source, options);
    let Err(error) = result else {
        return Ok(());
    };
    if !matches!(error, rquickjs::Error::Exception) {
        return Err(error);
    }
    // What does not compile fails the start of the application; what fails while it runs does
    // not.
    let exception = ctx.catch();
    if problem::is_compile_error(&exception, name) {
        let failure = problem::of_exception(core, &exception);
        core.loader.borrow_mut().failure = Some(failure);
    }
    Err(ctx.throw(exception))
}
