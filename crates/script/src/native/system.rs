//! Native functions that have nothing to do with clients: traces, timers, files, memory.

use std::rc::Rc;

use engine::scripting::ScriptEffect;
use rquickjs::function::This;
use rquickjs::{Ctx, Exception, Object, String as JsString, Value as Js};

use super::put;
use crate::core::Core;
use crate::{evaluated, library, loading, problem, text};

pub(super) fn install<'js>(core: &Rc<Core>, host: &Object<'js>) -> rquickjs::Result<()> {
    install_reports(core, host)?;
    install_timers(core, host)?;
    let this = Rc::clone(core);
    put(host, "loadFile", move |host, name| {
        load_file(&this, &host, &name)
    })?;
    put(host, "runFile", |host: This<Object<'js>>, file: String| {
        library::run_later(host.ctx(), &host, &file)
    })?;
    let this = Rc::clone(core);
    put(host, "hold", move || this.deadline.hold())?;
    let this = Rc::clone(core);
    put(host, "release", move || this.deadline.release())?;
    install_texts(core, host)?;
    put(host, "collectGarbage", |ctx: Ctx<'_>| ctx.run_gc())?;
    let this = Rc::clone(core);
    put(host, "emitShutdown", move |ctx: Ctx<'_>| {
        this.emit(&ctx, ScriptEffect::Shutdown)
    })?;
    let this = Rc::clone(core);
    put(host, "applicationStats", move |host: This<Object<'js>>| {
        application_stats(&this, &host)
    })
}

fn load_file<'js>(
    core: &Core,
    host: &This<Object<'js>>,
    name: &JsString<'js>,
) -> rquickjs::Result<()> {
    loading::load(core, host, &text::of(name)?)
}

/// What rewritten scripts call.
fn install_texts<'js>(core: &Rc<Core>, host: &Object<'js>) -> rquickjs::Result<()> {
    let this = Rc::clone(core);
    put(
        host,
        "rewriteText",
        move |ctx: Ctx<'js>, text: JsString<'js>| evaluated::ready(&this, &ctx, text),
    )?;
    let this = Rc::clone(core);
    put(
        host,
        "rewriteFunction",
        move |ctx: Ctx<'js>, text: JsString<'js>| evaluated::function(&this, &ctx, text),
    )?;
    let this = Rc::clone(core);
    put(host, "noteThrow", move |error: Object<'js>| {
        *this.thrown_at.borrow_mut() = problem::stack_of(&error);
    })
}

fn install_reports(core: &Rc<Core>, host: &Object<'_>) -> rquickjs::Result<()> {
    let this = Rc::clone(core);
    put(
        host,
        "emitTrace",
        move |ctx: Ctx<'_>, line: JsString<'_>| {
            let line = text::cut(text::of(&line)?, this.config.trace_line_bytes);
            this.spend(&ctx, line.len())?;
            this.emit(&ctx, ScriptEffect::Trace(line))
        },
    )?;
    let this = Rc::clone(core);
    put(
        host,
        "emitWarning",
        move |ctx: Ctx<'_>, line: JsString<'_>, place: Js<'_>| {
            this.count_effect(&ctx)?;
            let line = text::cut(text::of(&line)?, this.config.trace_line_bytes);
            this.spend(&ctx, line.len())?;
            this.report(&problem::warning_at(&this, &place, line));
            rquickjs::Result::Ok(())
        },
    )
}

fn install_timers(core: &Rc<Core>, host: &Object<'_>) -> rquickjs::Result<()> {
    let this = Rc::clone(core);
    put(
        host,
        "startTimer",
        move |ctx: Ctx<'_>, delay: f64, repeats: bool, script: bool| {
            let max = this.config.timers;
            // Nothing is borrowed while an exception is made: that may run the script's code.
            if script && this.timers.borrow().len() >= max {
                let text = format!("more than {max} timers (limit timers)");
                return Err(Exception::throw_range(&ctx, &text));
            }
            let mut timers = this.timers.borrow_mut();
            // Saturates; NaN is 0.
            Ok(timers.start(this.now.get(), delay as u64, repeats))
        },
    )?;
    let this = Rc::clone(core);
    put(host, "stopTimer", move |id: u32| {
        this.timers.borrow_mut().stop(id)
    })
}

fn application_stats<'js>(core: &Core, host: &Object<'js>) -> rquickjs::Result<Object<'js>> {
    let stats = core.world.application_stats();
    let object = Object::new(host.ctx().clone())?;
    for (name, value) in [
        ("bytes_in", stats.bytes_in),
        ("bytes_out", stats.bytes_out),
        ("msg_in", stats.msg_in),
        ("msg_out", stats.msg_out),
        ("msg_dropped", stats.msg_dropped),
        ("total_connects", stats.total_connects),
        ("total_disconnects", stats.total_disconnects),
    ] {
        object.set(name, value as f64)?;
    }
    Ok(object)
}
