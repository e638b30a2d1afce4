//! The part of the host that is written in JavaScript.
//!
//! Each file is one function expression; it is called once with the host object, before any
//! script, in this order; those for later when a script first needs them. What it offers to
//! scripts it defines with `host.define`, what the instance calls it puts on `host.entries`, and
//! what other files need on `host` itself.

use std::collections::BTreeSet;

use rquickjs::context::EvalOptions;
use rquickjs::{Ctx, Function, Object};

use crate::bytecode;
use crate::problem::HOST_FILE;

/// Name and text of each file. They run as they were compiled once for all engines.
pub(crate) const FILES: &[(&str, &str)] = &[
    ("kernel.js", include_str!("host/kernel.js")),
    ("shims.js", include_str!("host/shims.js")),
    ("values.js", include_str!("host/values.js")),
    ("system.js", include_str!("host/system.js")),
    ("secure.js", include_str!("host/secure.js")),
    ("calls.js", include_str!("host/calls.js")),
    ("client.js", include_str!("host/client.js")),
    ("application.js", include_str!("host/application.js")),
    ("packet_headers.js", include_str!("host/packet_headers.js")),
    ("gateway.js", include_str!("host/gateway.js")),
    ("connection.js", include_str!("host/connection.js")),
    ("stream.js", include_str!("host/stream.js")),
    ("byte_array.js", include_str!("host/byte_array.js")),
    ("log.js", include_str!("host/log.js")),
    ("file.js", include_str!("host/file.js")),
    ("http.js", include_str!("host/http.js")),
    ("xml_node.js", include_str!("host/xml_node.js")),
    ("xml_parser.js", include_str!("host/xml_parser.js")),
    ("xml.js", include_str!("host/xml.js")),
    ("load_vars.js", include_str!("host/load_vars.js")),
    ("xml_socket.js", include_str!("host/xml_socket.js")),
    ("xml_port.js", include_str!("host/xml_port.js")),
];

/// Global names that many scripts do not need, each with the file that defines it. The file runs
/// when a script first uses the name, so that an instance starts without it. Until then the host has
/// nothing else of what is in it.
const LATER: &[(&str, &str, &str)] = &[
    (
        "SharedObject",
        "shared_object.js",
        include_str!("host/shared_object.js"),
    ),
    ("Rooms", "rooms.js", include_str!("host/rooms.js")),
];

/// What binds a zone of rooms to the instance.
const ROOM_BINDING: (&str, &str) = ("room_binding.js", include_str!("host/room_binding.js"));

/// The script library that comes with the server: what is run for a name that `load` is given
/// and neither the application nor its own libraries have. They are files of the host, too.
const SHIPPED: &[(&str, &[(&str, &str)])] = &[
    ("netservices.asc", &[RECORDSET, NETSERVICES]),
    ("recordset.asc", &[RECORDSET]),
    ("webservices/webservices.asc", WEB_SERVICES),
];
const RECORDSET: (&str, &str) = ("recordset.js", include_str!("host/recordset.js"));
const NETSERVICES: (&str, &str) = ("netservices.js", include_str!("host/netservices.js"));
const WEB_SERVICES: &[(&str, &str)] = &[
    ("soap_fault.js", include_str!("host/soap_fault.js")),
    ("soap_schema.js", include_str!("host/soap_schema.js")),
    ("soap_wsdl.js", include_str!("host/soap_wsdl.js")),
    ("soap_writer.js", include_str!("host/soap_writer.js")),
    ("soap_reader.js", include_str!("host/soap_reader.js")),
    ("web_service.js", include_str!("host/web_service.js")),
];

/// The shipped files that have run.
pub(crate) type Shipped = BTreeSet<&'static str>;

/// Runs all files but those for later. [`bytecode`] must be open.
pub(crate) fn install<'js>(ctx: &Ctx<'js>, host: &Object<'js>) -> rquickjs::Result<()> {
    for (name, _) in FILES {
        bytecode::file(ctx, name)?.call::<_, ()>((host.clone(),))?;
    }
    let define: Function<'js> = host.get("defineLater")?;
    for (name, file, _) in LATER {
        define.call::<_, ()>((*name, *file))?;
    }
    Ok(())
}

/// Runs a file that was left for later.
pub(crate) fn run_later<'js>(
    ctx: &Ctx<'js>,
    host: &Object<'js>,
    file: &str,
) -> rquickjs::Result<()> {
    let mut files = LATER.iter().filter(|(_, name, _)| *name == file);
    files.try_for_each(|(_, name, text)| evaluate(ctx, host, name, text))
}

/// Binds the zone of rooms that the instance is set up with. Before any script runs.
pub(crate) fn bind_rooms<'js>(ctx: &Ctx<'js>, host: &Object<'js>) -> rquickjs::Result<()> {
    let (name, text) = ROOM_BINDING;
    evaluate(ctx, host, name, text)
}

/// The files that are to run for a name of the shipped library, those that have run left out;
/// `None` if it has no such name. Case does not count, as on the systems that it was first for.
pub(crate) fn shipped(path: &str, ran: &mut Shipped) -> Option<Vec<(&'static str, &'static str)>> {
    let (_, files) = SHIPPED
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(path))?;
    let new = files.iter().filter(|(name, _)| ran.insert(name));
    Some(new.copied().collect())
}

/// Runs one file of the host.
pub(crate) fn evaluate<'js>(
    ctx: &Ctx<'js>,
    host: &Object<'js>,
    name: &str,
    text: &str,
) -> rquickjs::Result<()> {
    let mut options = EvalOptions::default();
    options.filename = Some(format!("{HOST_FILE}{name}"));
    let file: Function<'js> = ctx.eval_with_options(text, options)?;
    file.call::<_, ()>((host.clone(),))
}
