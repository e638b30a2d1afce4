//! The native functions that the JavaScript part of plugins calls. They only hand things over.

use std::cell::RefCell;
use std::rc::Rc;

use rquickjs::{Array, Ctx, Exception, IntoJs, Object, String as JsString, Value as Js};

use super::input::flat;
use super::values::{
    Fields, LoginAccepted, LoginRole, LoginVerdict, PluginAnswer, PluginHost, PluginOrder,
    PluginPlace, PluginQuestion, PluginTarget,
};
use crate::core::Core;
use crate::native::{put, text};

/// Texts that the JavaScript part hands over, in turn; one that is missing is empty.
struct Texts(std::vec::IntoIter<String>);

impl Texts {
    fn new(core: &Core, args: &Array<'_>) -> rquickjs::Result<Self> {
        let texts: rquickjs::Result<Vec<String>> = args
            .iter::<JsString<'_>>()
            .map(|arg| text(core, &arg?))
            .collect();
        Ok(Self(texts?.into_iter()))
    }

    fn next(&mut self) -> String {
        self.0.next().unwrap_or_default()
    }

    /// What is left, as names and texts in turn.
    fn fields(mut self) -> Fields {
        let mut fields = Vec::with_capacity(self.0.len() / 2);
        while let (Some(name), Some(value)) = (self.0.next(), self.0.next()) {
            fields.push((name, value));
        }
        fields
    }
}

pub(super) fn install<'js>(
    core: &Rc<Core>,
    host: &Rc<dyn PluginHost>,
    place: &PluginPlace,
    interop: &Rc<RefCell<Option<Fields>>>,
    object: &Object<'js>,
) -> rquickjs::Result<()> {
    let here = Object::new(object.ctx().clone())?;
    here.set("name", place.name.as_str())?;
    if let Some((zone, room)) = &place.room {
        here.set("zone", zone.as_str())?;
        here.set("room", room.as_str())?;
    }
    object.set("plugin", here)?;
    let (this, world) = (core.clone(), host.clone());
    put(
        object,
        "pluginAsk",
        move |ctx: Ctx<'js>, kind: String, args: Array<'js>| {
            ask(&this, &*world, &ctx, &kind, &args)
        },
    )?;
    let (this, world) = (core.clone(), host.clone());
    put(
        object,
        "pluginOrder",
        move |ctx: Ctx<'js>, kind: String, args: Array<'js>| {
            this.count_effect(&ctx)?;
            let texts = Texts::new(&this, &args)?;
            world.order(order(&kind, texts).ok_or_else(|| unknown(&ctx, &kind))?);
            rquickjs::Result::Ok(())
        },
    )?;
    install_calls(core, host, interop, object)?;
    install_logins(core, host, object)
}

fn unknown(ctx: &Ctx<'_>, kind: &str) -> rquickjs::Error {
    Exception::throw_internal(ctx, &format!("plugins have no {kind}"))
}

fn install_calls<'js>(
    core: &Rc<Core>,
    host: &Rc<dyn PluginHost>,
    interop: &Rc<RefCell<Option<Fields>>>,
    object: &Object<'js>,
) -> rquickjs::Result<()> {
    let (this, world) = (core.clone(), host.clone());
    put(
        object,
        "pluginCall",
        move |ctx: Ctx<'js>, name: JsString<'js>, args: Array<'js>| {
            this.count_effect(&ctx)?;
            let name = text(&this, &name)?;
            match world.call(&name, Texts::new(&this, &args)?.fields()) {
                Ok(fields) => flat(&fields).into_js(&ctx),
                Err(why) => Err(Exception::throw_message(&ctx, &why)),
            }
        },
    )?;
    let (this, kept) = (core.clone(), interop.clone());
    put(object, "pluginGive", move |args: Array<'js>| {
        *kept.borrow_mut() = Some(Texts::new(&this, &args)?.fields());
        rquickjs::Result::Ok(())
    })
}

fn install_logins<'js>(
    core: &Rc<Core>,
    host: &Rc<dyn PluginHost>,
    object: &Object<'js>,
) -> rquickjs::Result<()> {
    let (this, world) = (core.clone(), host.clone());
    put(
        object,
        "pluginAccept",
        move |ctx: Ctx<'js>, login: String, about: Array<'js>, told: Array<'js>, kept| {
            let kept: Array<'js> = kept;
            let mut texts = Texts::new(&this, &about)?;
            let (name, known, role) = (texts.next(), texts.next(), texts.next());
            let accepted = LoginAccepted {
                name: (!name.is_empty()).then_some(name),
                known: known == "true",
                role: role_of(&ctx, &role)?,
                variables: Texts::new(&this, &told)?.fields(),
                server_variables: Texts::new(&this, &kept)?.fields(),
            };
            let verdict = LoginVerdict::Accept(Box::new(accepted));
            decide(&*world, &ctx, &login, verdict)
        },
    )?;
    let (this, world) = (core.clone(), host.clone());
    put(
        object,
        "pluginDeny",
        move |ctx: Ctx<'js>, login: String, reason: JsString<'js>| {
            let reason = text(&this, &reason)?;
            decide(&*world, &ctx, &login, LoginVerdict::Deny { reason })
        },
    )?;
    let world = host.clone();
    put(
        object,
        "pluginUndecided",
        move |ctx: Ctx<'js>, login: String| decide(&*world, &ctx, &login, LoginVerdict::Failed),
    )
}

fn role_of(ctx: &Ctx<'_>, role: &str) -> rquickjs::Result<LoginRole> {
    match role {
        "" | "user" => Ok(LoginRole::User),
        "moderator" => Ok(LoginRole::Moderator),
        "administrator" => Ok(LoginRole::Administrator),
        _ => Err(Exception::throw_type(
            ctx,
            "a role is user, moderator or administrator",
        )),
    }
}

fn decide(
    host: &dyn PluginHost,
    ctx: &Ctx<'_>,
    login: &str,
    verdict: LoginVerdict,
) -> rquickjs::Result<()> {
    let login = login.parse();
    let login = login.map_err(|_| Exception::throw_internal(ctx, "not a login"))?;
    host.decide(login, verdict);
    Ok(())
}

fn ask<'js>(
    core: &Core,
    host: &dyn PluginHost,
    ctx: &Ctx<'js>,
    kind: &str,
    args: &Array<'js>,
) -> rquickjs::Result<Js<'js>> {
    core.count_effect(ctx)?;
    let mut texts = Texts::new(core, args)?;
    let question = match kind {
        "zones" => PluginQuestion::Zones,
        "rooms" => PluginQuestion::Rooms { zone: texts.next() },
        "users" => PluginQuestion::Users {
            zone: texts.next(),
            room: texts.next(),
        },
        "roomVariables" => PluginQuestion::RoomVariables {
            zone: texts.next(),
            room: texts.next(),
        },
        "userVariables" => PluginQuestion::UserVariables { user: texts.next() },
        "serverVariable" => PluginQuestion::ServerVariable {
            user: texts.next(),
            name: texts.next(),
        },
        "userCount" => PluginQuestion::UserCount,
        "isLoggedIn" => PluginQuestion::IsLoggedIn { user: texts.next() },
        _ => return Err(unknown(ctx, kind)),
    };
    answer(ctx, host.ask(question))
}

fn answer<'js>(ctx: &Ctx<'js>, answer: PluginAnswer) -> rquickjs::Result<Js<'js>> {
    match answer {
        PluginAnswer::Nothing => Ok(Js::new_null(ctx.clone())),
        PluginAnswer::Flag(flag) => flag.into_js(ctx),
        PluginAnswer::Number(number) => number.into_js(ctx),
        PluginAnswer::Text(text) => text.into_js(ctx),
        PluginAnswer::Names(names) => names.into_js(ctx),
        PluginAnswer::Variables(variables) => {
            let list = Array::new(ctx.clone())?;
            for (index, variable) in variables.into_iter().enumerate() {
                let shown = Object::new(ctx.clone())?;
                shown.set("name", variable.name)?;
                shown.set("value", variable.value)?;
                shown.set("locked", variable.locked)?;
                shown.set("persistent", variable.persistent)?;
                list.set(index, shown)?;
            }
            Ok(list.into_value())
        }
    }
}

fn order(kind: &str, mut texts: Texts) -> Option<PluginOrder> {
    Some(match kind {
        "send" => PluginOrder::Send {
            to: target(&mut texts)?,
            action: texts.next(),
            variables: texts.fields(),
        },
        "setRoomVariable" => PluginOrder::SetRoomVariable {
            name: texts.next(),
            value: texts.next(),
            locked: texts.next() == "true",
        },
        "removeRoomVariable" => PluginOrder::RemoveRoomVariable { name: texts.next() },
        "setUserVariable" => PluginOrder::SetUserVariable {
            user: texts.next(),
            name: texts.next(),
            value: texts.next(),
        },
        "removeUserVariable" => PluginOrder::RemoveUserVariable {
            user: texts.next(),
            name: texts.next(),
        },
        "setServerVariable" => PluginOrder::SetServerVariable {
            user: texts.next(),
            name: texts.next(),
            value: Some(texts.next()),
        },
        "removeServerVariable" => PluginOrder::SetServerVariable {
            user: texts.next(),
            name: texts.next(),
            value: None,
        },
        "kick" => PluginOrder::Kick {
            user: texts.next(),
            reason: texts.next(),
        },
        "ban" => PluginOrder::Ban {
            user: texts.next(),
            time: texts.next().parse().ok()?,
            reason: texts.next(),
        },
        _ => return None,
    })
}

fn target(texts: &mut Texts) -> Option<PluginTarget> {
    Some(match texts.next().as_str() {
        "user" => PluginTarget::User(texts.next()),
        "room" => PluginTarget::Room {
            zone: texts.next(),
            room: texts.next(),
        },
        "zone" => PluginTarget::Zone(texts.next()),
        "all" => PluginTarget::All,
        _ => return None,
    })
}
