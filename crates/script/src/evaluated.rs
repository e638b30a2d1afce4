//! What a script gives to `eval` and `Function`: it goes through the pre-pass as files do.

use rquickjs::{Ctx, Exception, String as JsString};

use crate::core::Core;
use crate::prepass::{self, Prepared};
use crate::problem;
use crate::source::SourceError;
use crate::text;

/// The text that `eval` shall run for this one.
///
/// # Errors
///
/// Throws a `SyntaxError` as the engine would, or a `RangeError` for a text that is too long.
pub(crate) fn ready<'js>(
    core: &Core,
    ctx: &Ctx<'js>,
    text: JsString<'js>,
) -> rquickjs::Result<JsString<'js>> {
    let prepared = prepare(core, ctx, &text::of(&text)?)?;
    tell_notes(core, ctx, &prepared)?;
    if prepared.is_rewritten() {
        JsString::from_str(ctx.clone(), prepared.text())
    } else {
        // As the script has it, with its line ends and half characters.
        Ok(text)
    }
}

/// The same for the text of a function in brackets, made of what `Function` was given.
///
/// # Errors
///
/// As [`ready`]; a body that ends the function is a `SyntaxError`.
pub(crate) fn function<'js>(
    core: &Core,
    ctx: &Ctx<'js>,
    text: JsString<'js>,
) -> rquickjs::Result<JsString<'js>> {
    let ready = ready(core, ctx, text)?;
    if prepass::is_group(&text::of(&ready)?, core.config.source.nesting) {
        return Ok(ready);
    }
    Err(Exception::throw_syntax(ctx, "the function ends too early"))
}

fn prepare(core: &Core, ctx: &Ctx<'_>, text: &str) -> rquickjs::Result<Prepared> {
    let limits = &core.config.source;
    prepass::prepare(problem::EVALUATED, text.as_bytes(), limits).map_err(|error| match error {
        SourceError::TooLong { bytes, limit, .. } => {
            let text =
                format!("a text of {bytes} bytes is evaluated (limit source_bytes: {limit})");
            Exception::throw_range(ctx, &text)
        }
        SourceError::Syntax(syntax) => {
            let (message, line) = (syntax.message, syntax.line);
            let text = match line {
                0 | 1 => message,
                line => format!("{message} (line {line} of the evaluated text)"),
            };
            Exception::throw_syntax(ctx, &text)
        }
    })
}

/// Tells what the pre-pass found, at the line that evaluates the text.
fn tell_notes(core: &Core, ctx: &Ctx<'_>, prepared: &Prepared) -> rquickjs::Result<()> {
    if prepared.notes().is_empty() {
        return Ok(());
    }
    let here = Exception::from_message(ctx.clone(), "")?.into_value();
    for note in prepared.notes() {
        let text = format!(
            "{} (line {} of an evaluated text)",
            note.description(),
            note.line
        );
        core.report_counted(&problem::warning_at(core, &here, text));
    }
    Ok(())
}
