//! Objects that the host gets from Rust: its limits, and what it knows of the instance.

use amf::Value;
use engine::scripting::{ClientInfo, Problem};
use rquickjs::{Array, Ctx, Exception, Object, Value as Js};

use crate::config::Bandwidth;
use crate::convert;
use crate::core::Core;
use crate::remoting;

/// `host.limits`.
pub(crate) fn limits<'js>(core: &Core, ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let limits = Object::new(ctx.clone())?;
    limits.set("pendingCalls", core.config.pending_calls as f64)?;
    limits.set("argumentDepth", core.config.argument_depth as f64)?;
    limits.set("connections", core.config.connections as f64)?;
    limits.set("byteArrayBytes", core.config.byte_array_bytes as f64)?;
    limits.set("pendingRequests", core.config.pending_requests as f64)?;
    limits.set("requestHeaders", core.config.request_headers as f64)?;
    limits.set("loadedVariables", core.config.loaded_variables as f64)?;
    limits.set("xmlLength", core.config.xml_length as f64)?;
    limits.set("xmlNodes", core.config.xml_nodes as f64)?;
    limits.set("xmlDepth", core.config.xml_depth as f64)?;
    limits.set("sockets", core.config.sockets as f64)?;
    limits.set("socketTextBytes", core.config.socket_text_bytes as f64)?;
    limits.set("remotingBytes", core.config.remoting_bytes as f64)?;
    limits.set("streams", core.config.streams as f64)?;
    limits.set("listEntries", core.config.list_entries as f64)?;
    let packet = remoting::limits(&core.config);
    limits.set("packetHeaders", packet.packet_headers)?;
    limits.set("packetMessages", packet.packet_messages)?;
    limits.set("bandwidth", pair(ctx, core.info.bandwidth)?)?;
    limits.set("bandwidthCap", pair(ctx, core.info.bandwidth_cap)?)?;
    Ok(limits)
}

fn pair<'js>(ctx: &Ctx<'js>, bandwidth: Bandwidth) -> rquickjs::Result<Array<'js>> {
    let pair = Array::new(ctx.clone())?;
    let number = |limit: Option<u64>| limit.map_or(f64::INFINITY, |limit| limit as f64);
    pair.set(0, number(bandwidth.down))?;
    pair.set(1, number(bandwidth.up))?;
    Ok(pair)
}

/// `host.info`, which needs the conversion of values.
pub(crate) fn info<'js>(
    core: &Core,
    ctx: &Ctx<'js>,
    host: &Object<'js>,
) -> rquickjs::Result<Object<'js>> {
    let info = Object::new(ctx.clone())?;
    info.set("name", core.info.name.as_str())?;
    info.set("hostname", core.info.hostname.as_str())?;
    info.set("server", core.info.server.as_str())?;
    info.set("zone", core.info.zone.as_deref())?;
    let config = std::slice::from_ref(&core.info.config);
    let config = convert::to_js(ctx, host, &core.config, config)
        .map_err(|error| Exception::throw_type(ctx, &error.to_string()))?;
    let config = config.into_iter().next().filter(Js::is_object);
    let config = match config {
        Some(config) => config,
        // `application.config.x` is `undefined` where nothing is configured.
        None => Object::new(ctx.clone())?.into_value(),
    };
    info.set("config", config)?;
    Ok(info)
}

/// What the constructor of `Client` reads.
pub(crate) fn client<'js>(
    ctx: &Ctx<'js>,
    id: &str,
    info: &ClientInfo,
) -> rquickjs::Result<Object<'js>> {
    let object = Object::new(ctx.clone())?;
    for (name, value) in [
        ("id", id),
        ("agent", &info.agent),
        ("ip", &info.ip),
        ("protocol", &info.protocol),
        ("referrer", &info.referrer),
        ("pageUrl", &info.page_url),
        ("uri", &info.uri),
    ] {
        object.set(name, value)?;
    }
    object.set("secure", info.secure)?;
    Ok(object)
}

/// What is left of a status that is too much for the script: its level and its code.
pub(crate) fn short_status<'js>(ctx: &Ctx<'js>, status: &Value) -> rquickjs::Result<Object<'js>> {
    let object = Object::new(ctx.clone())?;
    for name in ["level", "code"] {
        if let Some(text) = status.get(name).and_then(Value::as_str) {
            object.set(name, text)?;
        }
    }
    Ok(object)
}

/// The information object of `application.onStatus`.
pub(crate) fn status_of<'js>(ctx: &Ctx<'js>, problem: &Problem) -> rquickjs::Result<Object<'js>> {
    let object = Object::new(ctx.clone())?;
    let is_error = problem.code.ends_with(".Error");
    object.set("code", problem.code.as_str())?;
    object.set("level", if is_error { "error" } else { "warning" })?;
    object.set("description", problem.description.as_str())?;
    if problem.code.starts_with("Application.Script.") {
        object.set("filename", problem.file.as_str())?;
        object.set("lineno", problem.line)?;
        object.set("linebuf", problem.source_line.as_str())?;
    }
    Ok(object)
}
