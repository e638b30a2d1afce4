//! The native functions that the JavaScript part of the host calls, all on one object.
//!
//! The JavaScript part (`host/*.js`) has the semantics of the scripting interface; what is here
//! only hands things over. Every function is called as a method of the host object: it is `this`,
//! through which the values that travel are converted.

mod bytes;
mod connection;
mod file;
mod http;
mod port;
mod remote;
mod remoting;
mod rooms;
mod shared_object;
mod socket;
mod stream;
mod system;

use std::rc::Rc;

use amf::{Str, Value};
use engine::ClientId;
use rquickjs::function::IntoJsFunc;
use rquickjs::{Array, Ctx, Exception, Function, Object, Value as Js};

use crate::convert;
use crate::core::Core;

/// Puts all native functions on the host object.
pub(crate) fn install(core: &Rc<Core>, host: &Object<'_>) -> rquickjs::Result<()> {
    system::install(core, host)?;
    remote::install(core, host)?;
    connection::install(core, host)?;
    bytes::install(core, host)?;
    file::install(core, host)?;
    http::install(core, host)?;
    port::install(core, host)?;
    remoting::install(core, host)?;
    rooms::install(core, host)?;
    shared_object::install(core, host)?;
    socket::install(core, host)?;
    stream::install(core, host)
}

/// Puts one function on the host object.
pub(crate) fn put<'js, P, F: IntoJsFunc<'js, P> + 'js>(
    host: &Object<'js>,
    name: &str,
    function: F,
) -> rquickjs::Result<()> {
    let function = Function::new(host.ctx().clone(), function)?.with_name(name)?;
    host.set(name, function)
}

/// The client that a key of the JavaScript part names.
fn client(ctx: &Ctx<'_>, key: &str) -> rquickjs::Result<ClientId> {
    let id = key.parse().map(ClientId);
    id.map_err(|_| Exception::throw_internal(ctx, "not a client"))
}

/// The arguments of a call, for the wire.
fn take_args<'js>(
    core: &Core,
    host: &Object<'js>,
    args: &Array<'js>,
) -> rquickjs::Result<Vec<Value>> {
    let args: rquickjs::Result<Vec<Js<'js>>> = args.iter().collect();
    let taken = convert::from_js(host, &core.config, core.bytes_left(), args?);
    let (taken, bytes) = taken.map_err(|error| error.throw(host.ctx()))?;
    core.spend(host.ctx(), bytes)?;
    Ok(taken)
}

/// One value, for the wire.
fn take<'js>(core: &Core, host: &Object<'js>, value: Js<'js>) -> rquickjs::Result<Value> {
    let taken = convert::from_js(host, &core.config, core.bytes_left(), [value]);
    let (mut taken, bytes) = taken.map_err(|error| error.throw(host.ctx()))?;
    core.spend(host.ctx(), bytes)?;
    Ok(taken.pop().unwrap_or(Value::Undefined))
}

/// Text that goes out.
pub(crate) fn text(core: &Core, text: &rquickjs::String<'_>) -> rquickjs::Result<String> {
    core.spend(text.ctx(), crate::text::len(text)?)?;
    crate::text::of(text)
}

/// Text, if it is some.
fn text_if_any(core: &Core, value: &Js<'_>) -> rquickjs::Result<Option<Str>> {
    let string = value.as_string();
    let text = string.map(|string| text(core, string)).transpose()?;
    Ok(text.map(Str::from))
}
