//! Which script files have run, and running one more.
//!
//! A file of the application is searched in the folder of the main script, in `scripts` and in
//! the application's folder, then in the script library, then in the one that comes with the
//! server. While the application starts, a file
//! that has been loaded is not run again: the files of one library load each other. Afterwards
//! `load` runs its file whenever it is called, so that a script can read its settings anew.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use engine::scripting::Problem;
use rquickjs::context::EvalOptions;
use rquickjs::{Ctx, Error, Exception, Object, Value as Js};

use crate::core::Core;
use crate::files::{self, Place};
use crate::library::{self, Shipped};
use crate::plugin;
use crate::prepass::{self, Prepared};
use crate::problem;
use crate::source::SourceError;

/// The files of one script.
#[derive(Debug, Default)]
pub(crate) struct Loader {
    /// What has run, by the name that errors give.
    sources: BTreeMap<String, Prepared>,
    /// What has been loaded while the application started.
    loaded: BTreeSet<String>,
    /// Files that load each other at this moment.
    depth: usize,
    main_folder: String,
    started: bool,
    /// Whether files may say `#include`.
    includes: bool,
    shipped: Shipped,
    failure: Option<Failure>,
}

/// A file that could not be loaded.
#[derive(Debug)]
struct Failure {
    /// How the exception describes itself that tells the script so.
    exception: String,
    /// What its owner is told.
    problem: Problem,
}

impl Loader {
    /// A line of a file, counted from 1.
    pub(crate) fn line(&self, file: &str, line: u32) -> Option<&str> {
        self.sources.get(file)?.original_line(line)
    }

    /// From now on `#include "file"` is a call of `load`.
    pub(crate) fn allow_includes(&mut self) {
        self.includes = true;
    }

    /// The application has started.
    pub(crate) fn finish_start(&mut self) {
        self.started = true;
        self.failure = None;
    }

    /// Whether this problem is the last file that could not be loaded.
    pub(crate) fn is_failure(&self, problem: &Problem) -> bool {
        let failure = self.failure.as_ref();
        failure.is_some_and(|failure| failure.problem == *problem)
    }

    /// What is known of the failure to load a file that an exception tells of.
    pub(crate) fn failure(&self, description: &str) -> Option<&Problem> {
        let failure = self.failure.as_ref()?;
        (failure.exception == description).then_some(&failure.problem)
    }

    fn fail(&mut self, exception: String, problem: Problem) {
        self.failure = Some(Failure { exception, problem });
    }
}

/// Runs the application's main script, if it has one. One in an archive comes before all others.
pub(crate) fn run_main(core: &Core, ctx: &Ctx<'_>) -> rquickjs::Result<()> {
    let app = core.info.name.split('/').next().unwrap_or_default();
    let names = files::main_script_names(app);
    let Some((name, bytes)) = first_there(core, ctx, &names)? else {
        return Ok(());
    };
    files::folder_of(&name).clone_into(&mut core.loader.borrow_mut().main_folder);
    run(core, ctx, &name, &bytes)
}

/// Runs `secure.asc`, if there is one.
pub(crate) fn run_secure(core: &Core, ctx: &Ctx<'_>) -> rquickjs::Result<()> {
    let names = files::SECURE_NAMES.map(str::to_owned);
    match first_there(core, ctx, &names)? {
        Some((name, bytes)) => run(core, ctx, &name, &bytes),
        None => Ok(()),
    }
}

/// The first of these files of the application that is there.
fn first_there(
    core: &Core,
    ctx: &Ctx<'_>,
    names: &[String],
) -> rquickjs::Result<Option<(String, Vec<u8>)>> {
    for place in [Place::Archive, Place::Application] {
        for name in names {
            if let Some(bytes) = read(core, ctx, place, name)? {
                return Ok(Some((name.clone(), bytes)));
            }
        }
    }
    Ok(None)
}

/// `load(name)`.
pub(crate) fn load(core: &Core, host: &Object<'_>, name: &str) -> rquickjs::Result<()> {
    let ctx = host.ctx();
    let path = match files::relative_path(name) {
        Ok(path) => path,
        Err(error) => return Err(refuse(core, ctx, name, &error.to_string())),
    };
    let candidates = files::candidates(&core.loader.borrow().main_folder, &path);
    for (place, name) in candidates {
        if let Some(bytes) = read(core, ctx, place, &name)? {
            return run(core, ctx, &name, &bytes);
        }
    }
    let shipped = library::shipped(&path, &mut core.loader.borrow_mut().shipped);
    if let Some(files) = shipped {
        let mut files = files.into_iter();
        return files.try_for_each(|(name, text)| library::evaluate(ctx, host, name, text));
    }
    let text = format!("load: there is no file {path}");
    Err(refuse(core, ctx, &path, &text))
}

fn read(core: &Core, ctx: &Ctx<'_>, place: Place, name: &str) -> rquickjs::Result<Option<Vec<u8>>> {
    core.files
        .read(place, name, core.config.source.source_bytes)
        .map_err(|error| refuse(core, ctx, name, &error.to_string()))
}

/// Throws, and keeps what the exception cannot say.
fn refuse(core: &Core, ctx: &Ctx<'_>, file: &str, text: &str) -> Error {
    let failure = Problem {
        description: format!("Error: {text}"),
        file: file.to_owned(),
        ..problem::error()
    };
    core.loader
        .borrow_mut()
        .fail(failure.description.clone(), failure);
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
    let bytes = if core.loader.borrow().includes {
        plugin::with_includes(bytes)
    } else {
        Cow::Borrowed(bytes)
    };
    let prepared = match prepass::prepare(name, &bytes, &core.config.source) {
        Ok(prepared) => prepared,
        Err(error) => return Err(refuse_source(core, ctx, name, error)),
    };
    for note in prepared.notes() {
        core.report_counted(&Problem {
            file: name.to_owned(),
            line: note.line,
            source_line: prepared
                .original_line(note.line)
                .unwrap_or_default()
                .to_owned(),
            ..problem::warning(note.description())
        });
    }
    let mut options = EvalOptions::default();
    options.strict = false;
    options.filename = Some(name.to_owned());
    let text = prepared.text().to_owned();
    let mut loader = core.loader.borrow_mut();
    loader.sources.insert(name.to_owned(), prepared);
    drop(loader);
    match ctx.eval_with_options::<Js<'_>, _>(text, options) {
        Ok(_) => Ok(()),
        Err(Error::Exception) => {
            let exception = ctx.catch();
            note_compile_error(core, name, &exception);
            Err(ctx.throw(exception))
        }
        Err(error) => Err(error),
    }
}

/// A file that the pre-pass does not take: throws a `SyntaxError`, as for any other.
fn refuse_source(core: &Core, ctx: &Ctx<'_>, name: &str, error: SourceError) -> Error {
    let syntax = match error {
        SourceError::Syntax(syntax) => syntax,
        too_long @ SourceError::TooLong { .. } => {
            return refuse(core, ctx, name, &too_long.to_string());
        }
    };
    let exception = format!("SyntaxError: {}", syntax.message);
    let problem = problem::of_syntax(&syntax);
    core.loader.borrow_mut().fail(exception, problem);
    Exception::throw_syntax(ctx, &syntax.message)
}

/// What does not compile fails the start of the application; what fails while it runs does not.
fn note_compile_error(core: &Core, name: &str, exception: &Js<'_>) {
    let Some((line, column, message)) = problem::compile_error(exception, name) else {
        return;
    };
    let mut loader = core.loader.borrow_mut();
    let Some(prepared) = loader.sources.get(name) else {
        return;
    };
    let syntax = prepared.syntax_error(line, column, &message);
    loader.fail(
        format!("SyntaxError: {message}"),
        problem::of_syntax(&syntax),
    );
}
