//! Native functions about the connections that the script makes.

use std::rc::Rc;

use engine::scripting::{CallId, LinkId, ScriptEffect};
use rquickjs::function::This;
use rquickjs::{Array, Ctx, Object, Value as Js};

use super::remote::outcome;
use super::{put, take, take_args, text};
use crate::core::Core;

pub(super) fn install(core: &Rc<Core>, host: &Object<'_>) -> rquickjs::Result<()> {
    let this = Rc::clone(core);
    put(host, "emitLink", move |host, url, args, encoding| {
        open(&this, &host, url, &args, encoding)
    })?;
    let this = Rc::clone(core);
    put(
        host,
        "emitLinkSend",
        move |host, link, method, args, answer| send(&this, &host, link, &method, &args, answer),
    )?;
    let this = Rc::clone(core);
    put(
        host,
        "emitLinkReturn",
        move |host, link, transaction, ok, value| {
            give_back(&this, &host, link, transaction, ok, value)
        },
    )?;
    let this = Rc::clone(core);
    put(host, "emitLinkClose", move |ctx: Ctx<'_>, link: f64| {
        let link = LinkId(link as u64);
        if this.links.borrow().is_open(link) {
            // A link that cannot be closed now stays open.
            this.emit(&ctx, ScriptEffect::LinkClose { link })?;
            this.links.borrow_mut().close(link);
        }
        rquickjs::Result::Ok(())
    })
}

/// Answers the new link's id, or 0 if there are too many.
fn open<'js>(
    core: &Core,
    host: &This<Object<'js>>,
    url: String,
    args: &Array<'js>,
    encoding: u8,
) -> rquickjs::Result<f64> {
    let args = take_args(core, host, args)?;
    core.spend(host.ctx(), url.len())?;
    if core.links.borrow().len() >= core.config.connections {
        return Ok(0.0);
    }
    core.count_effect(host.ctx())?;
    let link = core.links.borrow_mut().open();
    core.effects.borrow_mut().push(ScriptEffect::Link {
        link,
        url,
        args,
        encoding,
    });
    Ok(link.0 as f64)
}

/// Answers the id under which the answer will come, 0 if none is wanted, -1 if the link is not
/// open.
fn send<'js>(
    core: &Core,
    host: &This<Object<'js>>,
    link: f64,
    method: &rquickjs::String<'js>,
    args: &Array<'js>,
    answer: bool,
) -> rquickjs::Result<f64> {
    let link = LinkId(link as u64);
    let before = core.effects.borrow().bytes();
    let call = answer.then(|| core.next_call());
    let effect = ScriptEffect::LinkSend {
        link,
        method: text(core, method)?.into(),
        args: take_args(core, host, args)?,
        call,
    };
    core.count_effect(host.ctx())?;
    let bytes = core.effects.borrow().bytes() - before;
    let sent = core
        .links
        .borrow_mut()
        .send(link, effect, bytes, &core.config);
    let (open, effect) = sent;
    if !open {
        return Ok(-1.0);
    }
    if let Some(effect) = effect {
        core.effects.borrow_mut().push(effect);
    }
    Ok(call.map_or(0.0, |CallId(id)| id as f64))
}

fn give_back<'js>(
    core: &Core,
    host: &This<Object<'js>>,
    link: f64,
    transaction: f64,
    ok: bool,
    value: Js<'js>,
) -> rquickjs::Result<()> {
    let effect = ScriptEffect::LinkReturn {
        link: LinkId(link as u64),
        transaction,
        outcome: outcome(ok, take(core, host, value)?),
    };
    core.emit(host.ctx(), effect)
}
