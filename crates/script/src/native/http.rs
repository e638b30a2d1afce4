//! The native function about HTTP requests.

use std::rc::Rc;

use engine::scripting::HttpRequest;
use rquickjs::{Array, Ctx, Object, String as JsString};

use super::{put, text};
use crate::core::Core;
use crate::requests;

pub(super) fn install(core: &Rc<Core>, host: &Object<'_>) -> rquickjs::Result<()> {
    let this = Rc::clone(core);
    put(
        host,
        "emitHttp",
        move |ctx: Ctx<'_>, method: String, url, headers: Array<'_>, body| {
            emit(&this, &ctx, method, &url, &headers, &body)
        },
    )
}

/// `headers`: names and values in turn. Answers the request's id; 0 if too many are pending.
fn emit(
    core: &Core,
    ctx: &Ctx<'_>,
    method: String,
    url: &JsString<'_>,
    headers: &Array<'_>,
    body: &JsString<'_>,
) -> rquickjs::Result<f64> {
    core.count_effect(ctx)?;
    let fields: rquickjs::Result<Vec<String>> = headers
        .iter::<JsString<'_>>()
        .map(|field| text(core, &field?))
        .collect();
    let mut fields = fields?.into_iter();
    let mut pairs = Vec::new();
    while let (Some(name), Some(value)) = (fields.next(), fields.next()) {
        pairs.push((name, value));
    }
    let what = HttpRequest {
        method,
        url: text(core, url)?,
        headers: pairs,
        body: text(core, body)?.into_bytes(),
    };
    Ok(requests::start(core, what).map_or(0.0, |id| id.0 as f64))
}
