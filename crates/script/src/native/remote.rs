//! Native functions about clients: letting them in and out, calls, limits.

use std::rc::Rc;

use amf::Value;
use engine::scripting::{AccessRules, CallId, CallOutcome, ScriptEffect};
use rquickjs::function::This;
use rquickjs::{Array, Ctx, Function, Object, Value as Js};

use super::{client, put, take, take_args, text, text_if_any};
use crate::core::Core;

pub(super) fn install(core: &Rc<Core>, host: &Object<'_>) -> rquickjs::Result<()> {
    install_door(core, host)?;
    install_calls(core, host)?;
    install_settings(core, host)
}

fn install_door(core: &Rc<Core>, host: &Object<'_>) -> rquickjs::Result<()> {
    let this = Rc::clone(core);
    put(host, "countEffect", move |ctx: Ctx<'_>| {
        this.count_effect(&ctx)
    })?;
    let this = Rc::clone(core);
    // The effect has been counted.
    put(host, "emitAccept", move |ctx: Ctx<'_>, key: String| {
        let client = client(&ctx, &key)?;
        let mut effects = this.effects.borrow_mut();
        effects.push(ScriptEffect::Accept { client });
        rquickjs::Result::Ok(())
    })?;
    let this = Rc::clone(core);
    put(
        host,
        "emitReject",
        move |host, key: String, values, is_pending| {
            reject(&this, &host, &key, &values, &is_pending)
        },
    )?;
    let this = Rc::clone(core);
    put(host, "emitDisconnect", move |ctx: Ctx<'_>, key: String| {
        let client = client(&ctx, &key)?;
        this.emit(&ctx, ScriptEffect::Disconnect { client })
    })
}

/// `values`: description, application object, address to go to instead. `is_pending` says, once
/// these are converted, whether the client still waits. Answers whether it was rejected.
fn reject<'js>(
    core: &Core,
    host: &This<Object<'js>>,
    key: &str,
    values: &Array<'js>,
    is_pending: &Function<'js>,
) -> rquickjs::Result<bool> {
    let ctx = host.ctx();
    let effect = ScriptEffect::Reject {
        client: client(ctx, key)?,
        description: text_if_any(core, &values.get(0)?)?,
        application: take(core, host, values.get(1)?)?,
        redirect: text_if_any(core, &values.get(2)?)?,
    };
    if !is_pending.call::<_, bool>(())? {
        return Ok(false);
    }
    core.emit(ctx, effect)?;
    Ok(true)
}

fn install_calls(core: &Rc<Core>, host: &Object<'_>) -> rquickjs::Result<()> {
    let this = Rc::clone(core);
    put(host, "emitNotDefined", move |ctx: Ctx<'_>, key: String| {
        let client = client(&ctx, &key)?;
        this.emit(&ctx, ScriptEffect::NotDefined { client })
    })?;
    let this = Rc::clone(core);
    put(
        host,
        "emitCall",
        move |host, key: String, method, args, answer| {
            call(&this, &host, &key, &method, &args, answer)
        },
    )?;
    let this = Rc::clone(core);
    put(host, "emitBroadcast", move |host, keys, method, args| {
        broadcast(&this, &host, &keys, &method, &args)
    })?;
    let this = Rc::clone(core);
    put(
        host,
        "emitReturn",
        move |host, key: String, transaction, ok, value| {
            give_back(&this, &host, &key, transaction, ok, value)
        },
    )
}

/// Answers the id under which the answer will come; 0 if none is wanted.
fn call<'js>(
    core: &Core,
    host: &This<Object<'js>>,
    key: &str,
    method: &rquickjs::String<'js>,
    args: &Array<'js>,
    answer: bool,
) -> rquickjs::Result<f64> {
    let ctx = host.ctx();
    let call = answer.then(|| core.next_call());
    let effect = ScriptEffect::Call {
        client: client(ctx, key)?,
        method: text(core, method)?.into(),
        args: take_args(core, host, args)?,
        call,
    };
    core.emit(ctx, effect)?;
    Ok(call.map_or(0.0, |CallId(id)| id as f64))
}

fn broadcast<'js>(
    core: &Core,
    host: &This<Object<'js>>,
    keys: &Array<'js>,
    method: &rquickjs::String<'js>,
    args: &Array<'js>,
) -> rquickjs::Result<()> {
    let ctx = host.ctx();
    let args = take_args(core, host, args)?;
    let method: amf::Str = text(core, method)?.into();
    for key in keys.iter::<String>() {
        let effect = ScriptEffect::Call {
            client: client(ctx, &key?)?,
            method: method.clone(),
            args: args.clone(),
            call: None,
        };
        core.emit(ctx, effect)?;
    }
    Ok(())
}

fn give_back<'js>(
    core: &Core,
    host: &This<Object<'js>>,
    key: &str,
    transaction: f64,
    ok: bool,
    value: Js<'js>,
) -> rquickjs::Result<()> {
    let ctx = host.ctx();
    let effect = ScriptEffect::Return {
        client: client(ctx, key)?,
        transaction,
        outcome: outcome(ok, take(core, host, value)?),
    };
    core.emit(ctx, effect)
}

pub(super) fn outcome(ok: bool, value: Value) -> CallOutcome {
    if ok {
        CallOutcome::Result(value)
    } else {
        CallOutcome::Error(value)
    }
}

fn install_settings<'js>(core: &Rc<Core>, host: &Object<'js>) -> rquickjs::Result<()> {
    let this = Rc::clone(core);
    put(host, "emitPing", move |ctx: Ctx<'_>, key: String| {
        let client = client(&ctx, &key)?;
        this.emit(&ctx, ScriptEffect::Ping { client })
    })?;
    let this = Rc::clone(core);
    put(host, "emitCheck", move |ctx: Ctx<'_>, key: String| {
        let client = client(&ctx, &key)?;
        this.emit(&ctx, ScriptEffect::CheckBandwidth { client })
    })?;
    let this = Rc::clone(core);
    put(
        host,
        "emitLimit",
        move |ctx: Ctx<'_>, key: String, down: f64, up: f64| {
            // 0 leaves a direction as it is.
            let limit = |bytes: f64| (bytes >= 1.0).then_some(bytes as u64);
            let effect = ScriptEffect::LimitBandwidth {
                client: client(&ctx, &key)?,
                down: limit(down),
                up: limit(up),
            };
            this.emit(&ctx, effect)
        },
    )?;
    let this = Rc::clone(core);
    put(
        host,
        "emitAccess",
        move |ctx: Ctx<'_>, key: String, rules| access(&this, &ctx, &key, &rules),
    )?;
    let this = Rc::clone(core);
    put(host, "clientStats", move |ctx: Ctx<'js>, key: String| {
        client_stats(&this, ctx, &key)
    })
}

/// `rules`: read, write, audio samples, video samples.
fn access(core: &Core, ctx: &Ctx<'_>, key: &str, rules: &Array<'_>) -> rquickjs::Result<()> {
    let rule = |index| text(core, &rules.get(index)?);
    let rules = AccessRules {
        read: rule(0)?,
        write: rule(1)?,
        audio_samples: rule(2)?,
        video_samples: rule(3)?,
    };
    let effect = ScriptEffect::Access {
        client: client(ctx, key)?,
        rules: Box::new(rules),
    };
    core.emit(ctx, effect)
}

/// An object for `Client.getStats()`, and whether the client answers pings; `null` if the
/// client has gone.
fn client_stats<'js>(
    core: &Core,
    ctx: Ctx<'js>,
    key: &str,
) -> rquickjs::Result<Option<Array<'js>>> {
    let Some(stats) = core.world.client_stats(client(&ctx, key)?) else {
        return Ok(None);
    };
    let object = Object::new(ctx.clone())?;
    for (name, value) in [
        ("bytes_in", stats.bytes_in),
        ("bytes_out", stats.bytes_out),
        ("msg_in", stats.msg_in),
        ("msg_out", stats.msg_out),
        ("msg_dropped", stats.msg_dropped),
        ("ping_rtt", stats.ping_rtt_ms),
    ] {
        object.set(name, value as f64)?;
    }
    let answer = Array::new(ctx)?;
    answer.set(0, object)?;
    answer.set(1, stats.responsive)?;
    Ok(Some(answer))
}
