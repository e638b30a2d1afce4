//! The part of the host that is written in JavaScript.
//!
//! Each file is one function expression; it is called once with the host object, before any
//! script, in this order. What it offers to scripts it defines with `host.define`, what the
//! instance calls it puts on `host.entries`, and what other files need on `host` itself.

use rquickjs::context::EvalOptions;
use rquickjs::{Ctx, Function, Object};

use crate::problem::HOST_FILE;

/// Name and text of each file.
const FILES: &[(&str, &str)] = &[
    ("kernel.js", include_str!("host/kernel.js")),
    ("shims.js", include_str!("host/shims.js")),
    ("values.js", include_str!("host/values.js")),
    ("system.js", include_str!("host/system.js")),
    ("secure.js", include_str!("host/secure.js")),
    ("calls.js", include_str!("host/calls.js")),
    ("client.js", include_str!("host/client.js")),
    ("application.js", include_str!("host/application.js")),
    ("connection.js", include_str!("host/connection.js")),
    ("byte_array.js", include_str!("host/byte_array.js")),
    ("log.js", include_str!("host/log.js")),
    ("file.js", include_str!("host/file.js")),
    ("http.js", include_str!("host/http.js")),
    ("xml_node.js", include_str!("host/xml_node.js")),
    ("xml_parser.js", include_str!("host/xml_parser.js")),
    ("xml.js", include_str!("host/xml.js")),
    ("load_vars.js", include_str!("host/load_vars.js")),
    ("xml_socket.js", include_str!("host/xml_socket.js")),
];

/// Runs all files.
pub(crate) fn install<'js>(ctx: &Ctx<'js>, host: &Object<'js>) -> rquickjs::Result<()> {
    for (name, text) in FILES {
        let mut options = EvalOptions::default();
        options.filename = Some(format!("{HOST_FILE}{name}"));
        let file: Function<'js> = ctx.eval_with_options(*text, options)?;
        file.call::<_, ()>((host.clone(),))?;
    }
    Ok(())
}
