//! Whether the engine takes a file for a script, without running it.

use rquickjs::context::EvalOptions;
use rquickjs::{Context, Ctx, Runtime, Value as Js};

use crate::config::ScriptConfig;
use crate::prepass::Prepared;
use crate::problem;
use crate::source::SyntaxError;

/// A line in front of the file: the engine compiles all of it before the first statement ends it.
const NOT_RUN: &str = "throw null;\n";

/// The first syntax error of a file. An engine that has no room for it finds none; the attempt to
/// start the application does.
pub(super) fn compile(prepared: &Prepared, config: &ScriptConfig) -> Option<SyntaxError> {
    let runtime = Runtime::new().ok()?;
    runtime.set_max_stack_size(config.stack_bytes);
    let context = Context::full(&runtime).ok()?;
    // Only now: without room for itself the engine stops the process.
    runtime.set_memory_limit(config.memory_bytes);
    let (line, column, message) = context.with(|ctx| evaluate(&ctx, prepared))?;
    Some(prepared.syntax_error(line.saturating_sub(1), column, &message))
}

fn evaluate(ctx: &Ctx<'_>, prepared: &Prepared) -> Option<(u32, u32, String)> {
    let mut options = EvalOptions::default();
    options.strict = false;
    options.filename = Some(prepared.name().to_owned());
    let text = format!("{NOT_RUN}{}", prepared.text());
    ctx.eval_with_options::<Js<'_>, _>(text, options).err()?;
    problem::compile_error(&ctx.catch(), prepared.name())
}
