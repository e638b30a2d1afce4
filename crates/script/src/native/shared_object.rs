//! Native functions about shared objects. They ask the instance at once.

use std::rc::Rc;

use engine::scripting::{LinkId, ObjectId, OpenError, SharedObjectHost};
use rquickjs::function::This;
use rquickjs::{Array, Ctx, IntoJs, Object, String as JsString, Value as Js};

use super::{put, take, take_args, text};
use crate::core::Core;
use crate::{convert, text as words};

/// What `openObject` answers if the connection to the owner is not open.
const NOT_CONNECTED: f64 = 0.0;

pub(super) fn install(core: &Rc<Core>, host: &Object<'_>) -> rquickjs::Result<()> {
    install_doors(core, host)?;
    install_properties(core, host)?;
    install_messages(core, host)?;
    install_counts(core, host)?;
    install_storage(core, host)?;
    install_settings(core, host)
}

fn install_doors<'js>(core: &Rc<Core>, host: &Object<'js>) -> rquickjs::Result<()> {
    let this = Rc::clone(core);
    put(
        host,
        "openObject",
        move |ctx: Ctx<'js>, name, persistent, link| open(&this, &ctx, &name, persistent, link),
    )?;
    act(core, host, "closeObject", |objects, object| {
        objects.close(object);
    })?;
    let this = Rc::clone(core);
    put(
        host,
        "clearObjects",
        move |ctx: Ctx<'_>, path: JsString<'_>| {
            this.count_effect(&ctx)?;
            let path = words::of(&path)?;
            rquickjs::Result::Ok(this.world.shared_objects().clear_matching(&path))
        },
    )
}

/// Puts a function on the host object that does something with an object, and no more.
fn act<R>(
    core: &Rc<Core>,
    host: &Object<'_>,
    name: &str,
    act: impl Fn(&dyn SharedObjectHost, ObjectId) -> R + 'static,
) -> rquickjs::Result<()>
where
    R: for<'js> IntoJs<'js> + 'static,
{
    let this = Rc::clone(core);
    put(host, name, move |id: f64| {
        act(this.world.shared_objects(), ObjectId(id as u64))
    })
}

/// The same for what is sent to everybody who uses the object: one handler can ask for it only so
/// often.
fn act_counted(
    core: &Rc<Core>,
    host: &Object<'_>,
    name: &str,
    act: impl Fn(&dyn SharedObjectHost, ObjectId) -> bool + 'static,
) -> rquickjs::Result<()> {
    let this = Rc::clone(core);
    put(host, name, move |ctx: Ctx<'_>, id: f64| {
        this.count_effect(&ctx)?;
        rquickjs::Result::Ok(act(this.world.shared_objects(), ObjectId(id as u64)))
    })
}

/// Answers the object's id, or a text that says why there is none. `link` is 0 for an object of
/// this instance.
fn open<'js>(
    core: &Core,
    ctx: &Ctx<'js>,
    name: &JsString<'js>,
    persistent: bool,
    link: f64,
) -> rquickjs::Result<Js<'js>> {
    core.count_effect(ctx)?;
    let name = text(core, name)?;
    let link = (link > 0.0).then_some(LinkId(link as u64));
    let objects = core.world.shared_objects();
    match objects.open(&name, persistent, link) {
        Ok(object) => (object.0 as f64).into_js(ctx),
        Err(OpenError::NotConnected) => NOT_CONNECTED.into_js(ctx),
        Err(error) => error.to_string().into_js(ctx),
    }
}

fn install_properties<'js>(core: &Rc<Core>, host: &Object<'js>) -> rquickjs::Result<()> {
    let this = Rc::clone(core);
    put(
        host,
        "readObject",
        move |host: This<Object<'js>>, id, name| read(&this, &host, id, &name),
    )?;
    let this = Rc::clone(core);
    put(
        host,
        "writeObject",
        move |host: This<Object<'js>>, id, name, value| write(&this, &host, id, &name, value),
    )?;
    let this = Rc::clone(core);
    put(host, "namesOfObject", move |ctx: Ctx<'js>, id: f64| {
        let names = this.world.shared_objects().names(ObjectId(id as u64));
        let array = Array::new(ctx)?;
        for (index, name) in names.iter().enumerate() {
            array.set(index, name.as_str())?;
        }
        rquickjs::Result::Ok(array)
    })
}

fn read<'js>(
    core: &Core,
    host: &Object<'js>,
    id: f64,
    name: &JsString<'js>,
) -> rquickjs::Result<Js<'js>> {
    let ctx = host.ctx();
    let objects = core.world.shared_objects();
    let Some(value) = objects.get(ObjectId(id as u64), &words::of(name)?) else {
        return Ok(Js::new_undefined(ctx.clone()));
    };
    let made = convert::to_js(ctx, host, &core.config, std::slice::from_ref(&value));
    let mut made = made.map_err(|error| error.throw(ctx))?;
    Ok(made.pop().unwrap_or_else(|| Js::new_undefined(ctx.clone())))
}

/// Answers a text that says why the property is not changed, if it is not.
fn write<'js>(
    core: &Core,
    host: &Object<'js>,
    id: f64,
    name: &JsString<'js>,
    value: Js<'js>,
) -> rquickjs::Result<Option<String>> {
    let value = take(core, host, value)?;
    let name = text(core, name)?;
    core.count_effect(host.ctx())?;
    let objects = core.world.shared_objects();
    let done = objects.set(ObjectId(id as u64), name.into(), value);
    Ok(done.err().map(|error| error.to_string()))
}

fn install_messages<'js>(core: &Rc<Core>, host: &Object<'js>) -> rquickjs::Result<()> {
    for (name, marks) in [("sendToObject", false), ("markObject", true)] {
        let this = Rc::clone(core);
        put(
            host,
            name,
            move |host: This<Object<'js>>, id, handler, args| {
                send(&this, &host, marks, id, &handler, &args)
            },
        )?;
    }
    Ok(())
}

fn send<'js>(
    core: &Core,
    host: &Object<'js>,
    marks: bool,
    id: f64,
    handler: &JsString<'js>,
    args: &Array<'js>,
) -> rquickjs::Result<bool> {
    let args = take_args(core, host, args)?;
    let handler = text(core, handler)?.into();
    core.count_effect(host.ctx())?;
    let (objects, object) = (core.world.shared_objects(), ObjectId(id as u64));
    Ok(if marks {
        objects.mark(object, handler, args)
    } else {
        objects.send(object, handler, args)
    })
}

fn install_counts(core: &Rc<Core>, host: &Object<'_>) -> rquickjs::Result<()> {
    act(core, host, "sizeOfObject", |objects, object| {
        objects.size(object) as f64
    })?;
    act(core, host, "versionOfObject", |objects, object| {
        f64::from(objects.version(object))
    })?;
    act(core, host, "lockObject", |objects, object| {
        objects.lock(object)
    })?;
    act(core, host, "unlockObject", |objects, object| {
        objects.unlock(object)
    })?;
    act_counted(core, host, "clearObject", |objects, object| {
        objects.clear(object)
    })
}

fn install_storage(core: &Rc<Core>, host: &Object<'_>) -> rquickjs::Result<()> {
    act(core, host, "flushObject", |objects, object| {
        objects.flush(object)
    })?;
    act(core, host, "isObjectDirty", |objects, object| {
        objects.is_dirty(object)
    })?;
    let this = Rc::clone(core);
    put(host, "commitObjects", move |name: Option<JsString<'_>>| {
        let name = name.as_ref().map(words::of).transpose()?;
        rquickjs::Result::Ok(this.world.shared_objects().commit(name.as_deref()))
    })
}

fn install_settings(core: &Rc<Core>, host: &Object<'_>) -> rquickjs::Result<()> {
    act(core, host, "depthOfObject", |objects, object| {
        objects.resync_depth(object).map_or(-1.0, f64::from)
    })?;
    act(core, host, "isObjectCommitted", |objects, object| {
        objects.auto_commit(object)
    })?;
    let this = Rc::clone(core);
    // Versions below 0 are for ever.
    put(host, "setDepthOfObject", move |id: f64, versions: f64| {
        let versions = (versions >= 0.0).then_some(versions as u32);
        let objects = this.world.shared_objects();
        objects.set_resync_depth(ObjectId(id as u64), versions);
    })?;
    let this = Rc::clone(core);
    put(host, "setObjectCommitted", move |id: f64, on: bool| {
        let objects = this.world.shared_objects();
        objects.set_auto_commit(ObjectId(id as u64), on);
    })?;
    let this = Rc::clone(core);
    put(host, "purgeObject", move |id: f64, version: f64| {
        let objects = this.world.shared_objects();
        objects.purge(ObjectId(id as u64), version as u32);
    })
}
