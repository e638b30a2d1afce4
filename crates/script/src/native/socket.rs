//! Native functions about sockets.

use std::rc::Rc;

use engine::scripting::{ScriptEffect, SocketId};
use rquickjs::{Ctx, Object, String as JsString};

use super::{put, text};
use crate::core::Core;

pub(super) fn install(core: &Rc<Core>, host: &Object<'_>) -> rquickjs::Result<()> {
    let this = Rc::clone(core);
    put(
        host,
        "emitSocketOpen",
        move |ctx: Ctx<'_>, name, port, text_bytes: f64| {
            open(&this, &ctx, &name, port, text_bytes as usize)
        },
    )?;
    let this = Rc::clone(core);
    put(
        host,
        "emitSocketSend",
        move |ctx: Ctx<'_>, socket: f64, words: JsString<'_>| {
            let socket = SocketId(socket as u64);
            let text = text(&this, &words)?;
            this.emit(&ctx, ScriptEffect::SocketSend { socket, text })
        },
    )?;
    let this = Rc::clone(core);
    put(host, "emitSocketClose", move |ctx: Ctx<'_>, socket: f64| {
        let socket = SocketId(socket as u64);
        this.emit(&ctx, ScriptEffect::SocketClose { socket })?;
        this.sockets.borrow_mut().end(socket);
        rquickjs::Result::Ok(())
    })
}

/// Answers the new socket's id; 0 if there are too many.
fn open(
    core: &Core,
    ctx: &Ctx<'_>,
    name: &JsString<'_>,
    port: u16,
    text_bytes: usize,
) -> rquickjs::Result<f64> {
    core.count_effect(ctx)?;
    let host = text(core, name)?;
    let max = core.config.sockets;
    let Some(socket) = core.sockets.borrow_mut().start(max) else {
        return Ok(0.0);
    };
    core.effects.borrow_mut().push(ScriptEffect::SocketOpen {
        socket,
        host,
        port,
        text_bytes,
    });
    Ok(socket.0 as f64)
}
