//! Native functions about those who come over XML ports.

use std::rc::Rc;

use engine::scripting::ScriptEffect;
use rquickjs::{Ctx, Object, String as JsString};

use super::{client, put, text};
use crate::core::Core;

pub(super) fn install(core: &Rc<Core>, host: &Object<'_>) -> rquickjs::Result<()> {
    let this = Rc::clone(core);
    put(
        host,
        "emitPortSend",
        move |ctx: Ctx<'_>, key: String, words: JsString<'_>| {
            let client = client(&ctx, &key)?;
            let text = text(&this, &words)?;
            this.emit(&ctx, ScriptEffect::PortSend { client, text })
        },
    )?;
    let this = Rc::clone(core);
    put(host, "emitPortClose", move |ctx: Ctx<'_>, key: String| {
        let client = client(&ctx, &key)?;
        this.emit(&ctx, ScriptEffect::PortClose { client })
    })
}
