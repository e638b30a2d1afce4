//! Native functions about Flash Remoting. Packets and their parts are strings with one character
//! for each byte.

use std::rc::Rc;

use amf::packet::Packet;
use amf::{EncodeError, Value};
use engine::scripting::HttpRequest;
use rquickjs::function::This;
use rquickjs::{Array, Ctx, Exception, Object, String as JsString, Value as Js};

use super::{put, take, take_args};
use crate::convert::{self, ConvertError};
use crate::core::Core;
use crate::{problem, remoting, requests, text};

const CONTENT_TYPE: &str = "application/x-amf";

pub(super) fn install(core: &Rc<Core>, host: &Object<'_>) -> rquickjs::Result<()> {
    let this = Rc::clone(core);
    put(host, "emitPacket", move |host, url, body| {
        request(&this, &host, &url, &body)
    })?;
    let this = Rc::clone(core);
    put(host, "freeRequests", move || {
        let pending = this.requests.borrow().len();
        this.config.pending_requests.saturating_sub(pending) as f64
    })?;
    let this = Rc::clone(core);
    put(host, "packHeader", move |host, name, must, value| {
        pack_header(&this, &host, &name, must, value)
    })?;
    let this = Rc::clone(core);
    put(
        host,
        "packMessage",
        move |host, target, response, args, amf3| {
            pack_message(&this, &host, &target, &response, &args, amf3)
        },
    )?;
    let this = Rc::clone(core);
    put(
        host,
        "joinPacket",
        move |host, version, headers, messages| join(&this, &host, version, &headers, &messages),
    )?;
    let this = Rc::clone(core);
    put(host, "readPacket", move |host, body| {
        read(&this, &host, &body)
    })
}

/// Answers the id of the request, or 0 if there are too many.
fn request<'js>(
    core: &Core,
    host: &This<Object<'js>>,
    url: &JsString<'js>,
    body: &JsString<'js>,
) -> rquickjs::Result<f64> {
    let what = HttpRequest {
        method: "POST".to_owned(),
        url: text::of(url)?,
        headers: vec![("Content-Type".to_owned(), CONTENT_TYPE.to_owned())],
        body: text::to_bytes(body)?,
    };
    core.count_effect(host.ctx())?;
    let Some(request) = requests::start(core, what) else {
        return Ok(0.0);
    };
    core.remoting.borrow_mut().start(request);
    Ok(request.0 as f64)
}

fn pack_header<'js>(
    core: &Core,
    host: &This<Object<'js>>,
    name: &JsString<'js>,
    must_understand: bool,
    value: Js<'js>,
) -> rquickjs::Result<JsString<'js>> {
    let value = take(core, host, value)?;
    let packed = remoting::header(&core.config, &text::of(name)?, must_understand, value);
    pack(host.ctx(), packed)
}

fn pack_message<'js>(
    core: &Core,
    host: &This<Object<'js>>,
    target: &JsString<'js>,
    response: &JsString<'js>,
    args: &Array<'js>,
    amf3: bool,
) -> rquickjs::Result<JsString<'js>> {
    let args = take_args(core, host, args)?;
    let (target, response) = (text::of(target)?, text::of(response)?);
    let packed = remoting::call(&core.config, &target, &response, args, amf3);
    core.remoting.borrow_mut().collect();
    pack(host.ctx(), packed)
}

fn join<'js>(
    core: &Core,
    host: &This<Object<'js>>,
    version: u16,
    headers: &Array<'js>,
    messages: &Array<'js>,
) -> rquickjs::Result<JsString<'js>> {
    let (headers, messages) = (parts(headers)?, parts(messages)?);
    let joined = remoting::join(&core.config, version, &headers, &messages);
    pack(host.ctx(), joined)
}

fn parts(strings: &Array<'_>) -> rquickjs::Result<Vec<Vec<u8>>> {
    let strings = strings.iter::<JsString<'_>>();
    strings.map(|part| text::to_bytes(&part?)).collect()
}

fn pack<'js>(
    ctx: &Ctx<'js>,
    packed: Result<Vec<u8>, EncodeError>,
) -> rquickjs::Result<JsString<'js>> {
    match packed {
        Ok(bytes) => text::from_bytes(ctx, &bytes),
        Err(EncodeError::OutputTooLong { max }) => {
            let text = format!("a remote call of more than {max} bytes (limit remoting_bytes)");
            Err(Exception::throw_range(ctx, &text))
        }
        Err(error) => Err(Exception::throw_range(ctx, &error.to_string())),
    }
}

/// Answers an object with `headers` (lists of name, obligation and value) and `messages` (lists
/// of target and value); or with `unreadable` or `refused`, a text that says why not.
fn read<'js>(
    core: &Core,
    host: &This<Object<'js>>,
    body: &JsString<'js>,
) -> rquickjs::Result<Object<'js>> {
    let ctx = host.ctx();
    let made = Object::new(ctx.clone())?;
    match remoting::read(&core.config, &text::to_bytes(body)?) {
        Err(error) => made.set("unreadable", error.to_string())?,
        Ok(packet) => match take_apart(core, host, &made, &packet) {
            Ok(()) => {}
            Err(error) => made.set("refused", refusal(ctx, error)?)?,
        },
    }
    Ok(made)
}

fn take_apart<'js>(
    core: &Core,
    host: &Object<'js>,
    made: &Object<'js>,
    packet: &Packet,
) -> Result<(), ConvertError> {
    let ctx = host.ctx();
    let values: Vec<Value> = (packet.headers.iter().map(|header| header.value.clone()))
        .chain(packet.messages.iter().map(|message| message.value.clone()))
        .collect();
    let mut values = convert::to_js(ctx, host, &core.config, &values)?.into_iter();
    let headers = Array::new(ctx.clone())?;
    for (index, (header, value)) in packet.headers.iter().zip(&mut values).enumerate() {
        let entry = (header.name.as_str(), header.must_understand, value);
        headers.set(index, rquickjs::convert::List(entry))?;
    }
    let messages = Array::new(ctx.clone())?;
    for (index, (message, value)) in packet.messages.iter().zip(&mut values).enumerate() {
        let entry = (message.target.as_str(), value);
        messages.set(index, rquickjs::convert::List(entry))?;
    }
    made.set("headers", headers)?;
    made.set("messages", messages)?;
    Ok(())
}

/// Why an answer is not handed over; an error if it is the script's own code that failed. Not
/// having the memory for it is no fault of the script.
fn refusal(ctx: &Ctx<'_>, error: ConvertError) -> rquickjs::Result<String> {
    let ConvertError::Engine(error) = error else {
        return Ok(error.to_string());
    };
    if !matches!(error, rquickjs::Error::Exception) {
        return Err(error);
    }
    let exception = ctx.catch();
    if problem::is_out_of_memory(&exception) {
        return Ok("there is not enough memory for the answer (limit memory_bytes)".to_owned());
    }
    Err(ctx.throw(exception))
}
