//! The host's files, compiled once in a process: an engine takes up what is compiled several
//! times as fast as it reads a text.
//!
//! Nothing that a script has written ever comes here: compiled text is run unchecked.

use std::sync::OnceLock;

use rquickjs::loader::bundle::{Bundle, ScaBundleData};
use rquickjs::{Context, Ctx, Function, Module, Object, Runtime, WriteOptions};

use crate::library;
use crate::problem::HOST_FILE;

/// Names and compiled texts, as the engine's library wants them.
type Compiled = ScaBundleData<&'static [u8]>;

/// Never changes once it is there, and goes with the process.
static COMPILED: OnceLock<Compiled> = OnceLock::new();

/// While it is there, files of the host can be run in the engine.
///
/// Scripts must not run before [`close`]: they could import the host's files.
pub(crate) fn open(runtime: &Runtime) -> rquickjs::Result<()> {
    let compiled = if let Some(compiled) = COMPILED.get() {
        compiled
    } else {
        let new = compile()?;
        COMPILED.get_or_init(|| leak(new))
    };
    runtime.set_loader(Bundle(*compiled), Bundle(*compiled));
    Ok(())
}

/// From now on nothing can be imported.
pub(crate) fn close(runtime: &Runtime) {
    const NOTHING: Compiled = &[];
    runtime.set_loader(Bundle(NOTHING), Bundle(NOTHING));
}

/// The function that a file of the host consists of.
pub(crate) fn file<'js>(ctx: &Ctx<'js>, name: &str) -> rquickjs::Result<Function<'js>> {
    let module = Module::import(ctx, format!("{HOST_FILE}{name}"))?;
    module.finish::<Object<'js>>()?.get("default")
}

/// Compiles all files in an engine of their own.
fn compile() -> rquickjs::Result<Vec<(String, Vec<u8>)>> {
    let runtime = Runtime::new()?;
    let context = Context::full(&runtime)?;
    context.with(|ctx| {
        let files = library::FILES.iter();
        let compiled = files.map(|(name, text)| {
            let name = format!("{HOST_FILE}{name}");
            let text = format!("export default {text}");
            let module = Module::declare(ctx.clone(), name.clone(), text)?;
            Ok((name, module.write(WriteOptions::default())?))
        });
        compiled.collect()
    })
}

fn leak(files: Vec<(String, Vec<u8>)>) -> Compiled {
    let files = files.into_iter().map(|(name, bytes)| {
        let (name, bytes): (&'static str, &'static [u8]) = (name.leak(), bytes.leak());
        (name, bytes)
    });
    files.collect::<Vec<_>>().leak()
}
