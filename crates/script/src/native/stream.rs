//! Native functions about the streams of the instance.

use std::rc::Rc;

use amf::Value;
use engine::scripting::ScriptEffect;
use engine::{StationItem, StreamName, StreamPattern};
use rquickjs::function::This;
use rquickjs::{Array, Ctx, Exception, Object};

use super::{put, take_args, text};
use crate::core::Core;

pub(super) fn install(core: &Rc<Core>, host: &Object<'_>) -> rquickjs::Result<()> {
    let this = Rc::clone(core);
    put(host, "streamName", move |name: rquickjs::String<'_>| {
        stream_name(&this, &name)
    })?;
    let this = Rc::clone(core);
    put(host, "emitStreamSend", move |host, name, handler, args| {
        send(&this, &host, &name, &handler, &args)
    })?;
    let this = Rc::clone(core);
    put(
        host,
        "emitStreamPlay",
        move |host, name, source, start, length, reset| {
            play(&this, &host, &name, &source, (start, length, reset))
        },
    )?;
    let this = Rc::clone(core);
    put(host, "emitStreamStop", move |name: rquickjs::String<'_>| {
        let stream = known(&this, name.ctx(), &name)?;
        this.emit(name.ctx(), ScriptEffect::StreamStop { stream })
    })?;
    let this = Rc::clone(core);
    put(host, "clearRecordings", move |ctx, path| {
        clear(&this, &ctx, &path)
    })
}

/// Deletes recordings. Answers whether all that the path means are deleted, whether there are
/// more than may be at once, and of each its stream's name and whether it is deleted.
fn clear<'js>(
    core: &Core,
    ctx: &Ctx<'js>,
    path: &rquickjs::String<'js>,
) -> rquickjs::Result<Array<'js>> {
    core.count_effect(ctx)?;
    let pattern = StreamPattern::parse(&text(core, path)?);
    let cleared = pattern.map(|pattern| {
        let max = core.config.list_entries;
        core.world.clear_streams(&pattern, max)
    });
    let cleared = cleared.unwrap_or_default();
    let answer = Array::new(ctx.clone())?;
    answer.set(0, cleared.is_complete)?;
    answer.set(1, cleared.has_more)?;
    for (index, (name, done)) in cleared.streams.into_iter().enumerate() {
        answer.set(2 + 2 * index, name)?;
        answer.set(3 + 2 * index, done)?;
    }
    Ok(answer)
}

/// A stream's name as the instance knows it, from how a script writes it; `None` if it is none.
fn stream_name(core: &Core, name: &rquickjs::String<'_>) -> rquickjs::Result<Option<String>> {
    let most = core.config.stream_name_bytes;
    if crate::text::len(name)? > most {
        return Ok(None);
    }
    let name = StreamName::parse(&crate::text::of(name)?, most);
    Ok(name.ok().map(|name| name.as_str().to_owned()))
}

/// `name`: as [`stream_name`] gave it.
fn send<'js>(
    core: &Core,
    host: &This<Object<'js>>,
    name: &rquickjs::String<'js>,
    handler: &rquickjs::String<'js>,
    args: &Array<'js>,
) -> rquickjs::Result<()> {
    let ctx = host.ctx();
    let stream = known(core, ctx, name)?;
    let mut values = vec![Value::String(text(core, handler)?.into())];
    values.extend(take_args(core, host, args)?);
    core.emit(ctx, ScriptEffect::StreamSend { stream, values })
}

/// `name`: as [`stream_name`] gave it. `numbers`: start, length and reset.
fn play<'js>(
    core: &Core,
    host: &This<Object<'js>>,
    name: &rquickjs::String<'js>,
    source: &rquickjs::String<'js>,
    (start, length, reset): (f64, f64, f64),
) -> rquickjs::Result<()> {
    let ctx = host.ctx();
    let stream = known(core, ctx, name)?;
    let item = StationItem {
        source: text(core, source)?.into(),
        start,
        length,
        reset,
    };
    core.emit(ctx, ScriptEffect::StreamPlay { stream, item })
}

fn known<'js>(
    core: &Core,
    ctx: &Ctx<'js>,
    name: &rquickjs::String<'js>,
) -> rquickjs::Result<StreamName> {
    let stream = StreamName::parse(&text(core, name)?, core.config.stream_name_bytes);
    stream.map_err(|error| Exception::throw_internal(ctx, &error.to_string()))
}
