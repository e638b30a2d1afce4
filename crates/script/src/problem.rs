//! What went wrong in the script: from an exception to file, line and source line.

use std::fmt::Write as _;

use engine::scripting::Problem;
use rquickjs::{Coerced, Ctx, Error, Object, Value as Js};

use crate::core::Core;
use crate::source::SyntaxError;
use crate::text;

/// The code of an error in the script.
const ERROR: &str = "Application.Script.Error";
/// The code of something that the script should know.
const WARNING: &str = "Application.Script.Warning";
/// The code of an instance without memory.
const LOW_MEMORY: &str = "Application.Resource.LowMemory";

/// What the engine calls the texts of `eval` and `Function`.
pub(crate) const EVALUATED: &str = "<input>";

/// The names of the files of this crate begin with it.
pub(crate) const HOST_FILE: &str = "greenroom:";

/// Why a handler did not come to its end.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// The script threw, or ran too long.
    Script(Problem),
    /// There was no memory left.
    Memory(Problem),
}

/// An error that nothing is known of yet.
pub(crate) fn error() -> Problem {
    with_code(ERROR)
}

/// A warning with this text.
pub(crate) fn warning(description: impl Into<String>) -> Problem {
    Problem {
        description: description.into(),
        ..with_code(WARNING)
    }
}

/// A warning with this text, at the place where an exception was made.
pub(crate) fn warning_at(core: &Core, place: &Js<'_>, description: impl Into<String>) -> Problem {
    Problem {
        description: description.into(),
        code: WARNING.to_owned(),
        ..of_exception(core, place)
    }
}

fn with_code(code: &str) -> Problem {
    Problem {
        code: code.to_owned(),
        ..Problem::default()
    }
}

/// Takes the exception that ended a handler.
pub(crate) fn of_error(core: &Core, ctx: &Ctx<'_>, error: &Error) -> Fault {
    let exception = match error {
        Error::Exception => ctx.catch(),
        Error::Allocation => return Fault::Memory(out_of_memory(core, None)),
        other => {
            return Fault::Script(Problem {
                description: other.to_string(),
                ..self::error()
            });
        }
    };
    if exception.is_uncatchable_error() && core.deadline.expired() {
        return Fault::Script(Problem {
            description: too_long(core).description,
            ..of_exception(core, &exception)
        });
    }
    if is_out_of_memory(&exception) {
        return Fault::Memory(out_of_memory(core, Some(&exception)));
    }
    let problem = of_exception(core, &exception);
    if !exception.is_error() {
        return Fault::Script(thrown(core, problem));
    }
    let failure = core.loader.borrow().failure(&describe(&exception)).cloned();
    Fault::Script(failure.unwrap_or(problem))
}

/// A handler had more than its time.
pub(crate) fn too_long(core: &Core) -> Problem {
    let limit = core.config.handler_ms;
    Problem {
        description: format!("The handler ran longer than {limit} ms (limit handler_ms)."),
        ..error()
    }
}

/// What the script has put off with promises goes on for ever.
pub(crate) fn endless(core: &Core) -> Problem {
    let limit = core.config.handler_ms;
    Problem {
        description: format!(
            "What the script has put off with promises does not come to an end: it was cut off \
             twice after {limit} ms (limit handler_ms)."
        ),
        ..error()
    }
}

/// The problem with no text of more than these bytes. Any of them can be the script's own.
pub(crate) fn cut(problem: Problem, max_bytes: usize) -> Problem {
    Problem {
        description: text::cut(problem.description, max_bytes),
        file: text::cut(problem.file, max_bytes),
        source_line: text::cut(problem.source_line, max_bytes),
        ..problem
    }
}

pub(crate) fn out_of_memory(core: &Core, exception: Option<&Js<'_>>) -> Problem {
    let place = exception.map_or_else(Problem::default, |exception| of_exception(core, exception));
    Problem {
        code: LOW_MEMORY.to_owned(),
        description: format!(
            "The script needs more than {} bytes of memory (limit memory_bytes).",
            core.config.memory_bytes
        ),
        ..place
    }
}

/// The engine says so with an error, whose message is empty when there was no memory for that, or
/// with `null` when there was none for the error. No script was ever seen to throw `null` itself; one that does and does not catch it is taken for
/// one without memory.
pub(crate) fn is_out_of_memory(exception: &Js<'_>) -> bool {
    exception.is_null()
        || exception.is_error()
            && exception.as_object().is_some_and(|error| {
                let message = read(error, "message");
                read(error, "name") == "InternalError"
                    && (message.is_empty() || message == "out of memory")
            })
}

/// What an exception tells.
pub(crate) fn of_exception(core: &Core, exception: &Js<'_>) -> Problem {
    let problem = Problem {
        description: describe(exception),
        ..error()
    };
    let error = exception.as_object().filter(|_| exception.is_error());
    match error {
        Some(error) => at(core, problem, &stack_of(error)),
        None => problem,
    }
}

/// A value was thrown that does not know where: it was at the last `throw`.
fn thrown(core: &Core, problem: Problem) -> Problem {
    let stack = core.thrown_at.borrow().clone();
    at(core, problem, &stack)
}

/// The trace of calls in an error.
pub(crate) fn stack_of(error: &Object<'_>) -> String {
    read(error, "stack")
}

/// The problem at the place that a trace of calls gives.
fn at(core: &Core, mut problem: Problem, stack: &str) -> Problem {
    let loader = core.loader.borrow();
    let known = |file: &str, line| loader.line(file, line).is_some();
    if let Some((_, line @ 2..)) = place(stack, |file, line| file == EVALUATED || known(file, line))
        .filter(|(file, _)| file == EVALUATED)
    {
        let _ = write!(problem.description, " (line {line} of the evaluated text)");
    }
    if let Some((file, line)) = place(stack, known) {
        let source_line = loader.line(&file, line).unwrap_or_default();
        source_line.clone_into(&mut problem.source_line);
        (problem.file, problem.line) = (file, line);
    }
    problem
}

/// What an exception says of a file that does not compile: line, column, message. It has its
/// place in the file, and no function there.
pub(crate) fn compile_error(exception: &Js<'_>, file: &str) -> Option<(u32, u32, String)> {
    let error = exception.as_object().filter(|_| exception.is_error())?;
    if read(error, "name") != "SyntaxError" {
        return None;
    }
    let stack = read(error, "stack");
    let at = stack.lines().next()?.trim_start().strip_prefix("at ")?;
    let place = at.strip_prefix(file)?.strip_prefix(':')?;
    let (line, column) = place.split_once(':')?;
    Some((
        line.parse().ok()?,
        column.parse().ok()?,
        read(error, "message"),
    ))
}

/// A file that is no script.
pub(crate) fn of_syntax(syntax: &SyntaxError) -> Problem {
    Problem {
        description: format!("SyntaxError: {}", syntax.message),
        file: syntax.file.clone(),
        line: syntax.line,
        source_line: syntax.source_line.clone(),
        ..error()
    }
}

fn describe(exception: &Js<'_>) -> String {
    if let Some(error) = exception.as_object().filter(|_| exception.is_error()) {
        let (name, message) = (read(error, "name"), read(error, "message"));
        return format!("{name}: {message}");
    }
    text_of(exception).unwrap_or_else(|| "an exception without text".to_owned())
}

fn read(object: &Object<'_>, name: &str) -> String {
    let value = object.get::<_, Js<'_>>(name);
    value.ok().as_ref().and_then(text_of).unwrap_or_else(|| {
        // What threw here is not what is reported.
        object.ctx().catch();
        String::new()
    })
}

fn text_of(value: &Js<'_>) -> Option<String> {
    let text = value.get::<Coerced<String>>();
    if text.is_err() {
        value.ctx().catch();
    }
    text.ok().map(|text| text.0)
}

/// The first place of a stack trace that is in a script file, as `is_script` knows.
fn place(stack: &str, is_script: impl Fn(&str, u32) -> bool) -> Option<(String, u32)> {
    stack.lines().find_map(|line| {
        let at = line.trim().strip_prefix("at ")?;
        let at = match at.rsplit_once('(') {
            Some((_, inner)) => inner.strip_suffix(')')?,
            None => at,
        };
        let (rest, last) = at.rsplit_once(':')?;
        let last: u32 = last.parse().ok()?;
        let (file, line) = match rest.rsplit_once(':') {
            Some((file, line)) if line.parse::<u32>().is_ok() => (file, line.parse().ok()?),
            _ => (rest, last),
        };
        is_script(file, line).then(|| (file.to_owned(), line))
    })
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn the_place_is_the_first_in_a_script() {
        let known = |file: &str, _: u32| file != "greenroom:client.js" && file != "native";
        let stack = "    at apply (native)\n    at call (greenroom:client.js:3:5)\n    \
                     at foo (scripts/main.asc:12:7)\n    at main.asc:1:2\n";
        assert_eq!(place(stack, known), Some(("scripts/main.asc".into(), 12)));
        assert_eq!(
            place("    at main.asc:4:1\n", known),
            Some(("main.asc".into(), 4))
        );
        assert_eq!(place("nonsense", known), None);
    }
}
