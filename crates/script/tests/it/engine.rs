//! Runs scripts as a server would: prelude first, sloppy, every file in the same engine.

use rquickjs::context::EvalOptions;
use rquickjs::{Context, Ctx, Runtime, Value};
use script::prepass::{PRELUDE, Prepared, prepare};
use script::source::SourceLimits;

pub(crate) fn prepared(source: &str) -> Prepared {
    prepare("main.asc", source.as_bytes(), &SourceLimits::default())
        .unwrap_or_else(|error| panic!("{error}\n{source}"))
}

/// The last value of the last script, as a string; an error as `throws: MESSAGE`.
pub(crate) fn run_all(sources: &[&str]) -> String {
    let scripts: Vec<_> = sources.iter().map(|source| prepared(source)).collect();
    let texts: Vec<_> = scripts.iter().map(Prepared::text).collect();
    run_prepared(&texts)
}

/// The same of texts that the pre-pass has written.
pub(crate) fn run_prepared(texts: &[&str]) -> String {
    let runtime = Runtime::new().expect("memory for an engine");
    let context = Context::full(&runtime).expect("memory for an engine");
    context.with(|ctx| {
        evaluate(&ctx, PRELUDE);
        let mut result = String::new();
        for text in texts {
            result = evaluate(&ctx, text);
        }
        result
    })
}

pub(crate) fn run(source: &str) -> String {
    run_all(&[source])
}

fn evaluate(ctx: &Ctx<'_>, text: &str) -> String {
    let mut options = EvalOptions::default();
    options.strict = false;
    let string: rquickjs::Function<'_> = ctx.globals().get("String").expect("every engine has it");
    match ctx.eval_with_options::<Value<'_>, _>(text, options) {
        Ok(value) => string.call((value,)).expect("a printable value"),
        Err(_) => format!(
            "throws: {}",
            string
                .call::<_, String>((ctx.catch(),))
                .expect("a printable error")
        ),
    }
}
