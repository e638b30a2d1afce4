//! Native functions for `ByteArray`: text as UTF-8, values as AMF, packing.
//!
//! Bytes travel as text with one character for each, for the engine lends its buffers to unsafe
//! code only.

use std::rc::Rc;

use amf::{Limits, Value, amf0, amf3};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::{deflate, inflate};
use rquickjs::function::This;
use rquickjs::{
    Array, Ctx, Exception, IntoJs as _, Object, String as JsString, TypedArray, Value as Js,
};

use super::{put, take};
use crate::core::Core;
use crate::{convert, text};

/// How much work packing is, of 10.
const PACKING: u8 = 6;

pub(super) fn install<'js>(core: &Rc<Core>, host: &Object<'js>) -> rquickjs::Result<()> {
    put(host, "utf8", |ctx: Ctx<'js>, text: JsString<'js>| {
        TypedArray::<u8>::new_copy(ctx, text::of(&text)?)
    })?;
    put(host, "fromUtf8", |bytes: JsString<'js>| {
        let bytes = bytes_of(&bytes)?;
        rquickjs::Result::Ok(String::from_utf8_lossy(&bytes).into_owned())
    })?;
    let this = Rc::clone(core);
    put(host, "amf", move |host, value, encoding| {
        encode(&this, &host, value, encoding)
    })?;
    let this = Rc::clone(core);
    put(host, "fromAmf", move |host, bytes, encoding| {
        decode(&this, &host, &bytes, encoding)
    })?;
    put(host, "deflate", |ctx: Ctx<'js>, bytes, raw: bool| {
        pack(ctx, &bytes, raw)
    })?;
    let most = core.config.byte_array_bytes;
    put(host, "inflate", move |ctx: Ctx<'js>, bytes, raw: bool| {
        unpack(ctx, &bytes, raw, most)
    })
}

/// Packs bytes, bare or in the form of zlib.
fn pack<'js>(
    ctx: Ctx<'js>,
    bytes: &JsString<'js>,
    raw: bool,
) -> rquickjs::Result<TypedArray<'js, u8>> {
    let bytes = bytes_of(bytes)?;
    let packed = if raw {
        deflate::compress_to_vec(&bytes, PACKING)
    } else {
        deflate::compress_to_vec_zlib(&bytes, PACKING)
    };
    TypedArray::new_copy(ctx, packed)
}

/// Unpacks bytes; `undefined` if they are damaged.
fn unpack<'js>(
    ctx: Ctx<'js>,
    bytes: &JsString<'js>,
    raw: bool,
    most: usize,
) -> rquickjs::Result<Option<TypedArray<'js, u8>>> {
    let bytes = bytes_of(bytes)?;
    let unpacked = if raw {
        inflate::decompress_to_vec_with_limit(&bytes, most)
    } else {
        inflate::decompress_to_vec_zlib_with_limit(&bytes, most)
    };
    match unpacked {
        Ok(unpacked) => TypedArray::new_copy(ctx, unpacked).map(Some),
        Err(error) if error.status == TINFLStatus::HasMoreOutput => {
            let text = format!("a ByteArray of more than {most} bytes (limit byte_array_bytes)");
            Err(Exception::throw_range(&ctx, &text))
        }
        Err(_) => Ok(None),
    }
}

fn bytes_of(text: &JsString<'_>) -> rquickjs::Result<Vec<u8>> {
    Ok(text.to_string()?.chars().map(|byte| byte as u8).collect())
}

fn limits(core: &Core) -> Limits {
    let most = |limit: usize| u32::try_from(limit).unwrap_or(u32::MAX);
    Limits {
        depth: most(core.config.argument_depth),
        elements: most(core.config.argument_elements),
        output_bytes: core.config.byte_array_bytes,
        ..Limits::default()
    }
}

fn encode<'js>(
    core: &Core,
    host: &This<Object<'js>>,
    value: Js<'js>,
    encoding: u8,
) -> rquickjs::Result<TypedArray<'js, u8>> {
    let value: Value = take(core, host, value)?;
    let mut bytes = Vec::new();
    let encoded = if encoding == 0 {
        amf0::Encoder::new(&mut bytes, &limits(core)).value(&value)
    } else {
        amf3::Encoder::new(&mut bytes, &limits(core)).value(&value)
    };
    let ctx = host.ctx();
    encoded.map_err(|error| Exception::throw_range(ctx, &format!("writeObject: {error}")))?;
    TypedArray::new_copy(ctx.clone(), bytes)
}

/// Answers the value and how many bytes it took; `undefined` at the end of the bytes.
fn decode<'js>(
    core: &Core,
    host: &This<Object<'js>>,
    bytes: &JsString<'js>,
    encoding: u8,
) -> rquickjs::Result<Option<Array<'js>>> {
    let ctx = host.ctx();
    let bytes = bytes_of(bytes)?;
    let limits = limits(core);
    let (value, used) = if encoding == 0 {
        let mut decoder = amf0::Decoder::new(&bytes, &limits);
        (decoder.value(), decoder.position())
    } else {
        let mut decoder = amf3::Decoder::new(&bytes, &limits);
        (decoder.value(), decoder.position())
    };
    let value =
        value.map_err(|error| Exception::throw_range(ctx, &format!("readObject: {error}")))?;
    let Some(value) = value else {
        return Ok(None);
    };
    let made = convert::to_js(ctx, host, &core.config, &[value]);
    let made = made.map_err(|error| error.throw(ctx))?;
    let answer = Array::new(ctx.clone())?;
    answer.set(0, made.into_iter().next().into_js(ctx)?)?;
    answer.set(1, used as f64)?;
    Ok(Some(answer))
}
