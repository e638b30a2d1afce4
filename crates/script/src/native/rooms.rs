//! The native function about rooms: it asks the server at once.

use std::collections::VecDeque;
use std::rc::Rc;

use amf::{Str, Value};
use engine::scripting::{RoomAsk, RoomName};
use rquickjs::function::This;
use rquickjs::{Array, Exception, IntoJs, Object, Value as Js};

use super::{put, take_args};
use crate::convert;
use crate::core::Core;

pub(super) fn install<'js>(core: &Rc<Core>, host: &Object<'js>) -> rquickjs::Result<()> {
    let this = Rc::clone(core);
    put(
        host,
        "askRooms",
        move |host: This<Object<'js>>, what: String, args: Array<'js>| {
            ask(&this, &host, &what, &args)
        },
    )
}

/// Answers an array with the one answer, or a text that says why there is none.
fn ask<'js>(
    core: &Core,
    host: &Object<'js>,
    what: &str,
    args: &Array<'js>,
) -> rquickjs::Result<Js<'js>> {
    let ctx = host.ctx();
    core.count_effect(ctx)?;
    let args = Args(take_args(core, host, args)?.into());
    let Some(ask) = args.into_ask(what) else {
        return Err(Exception::throw_internal(ctx, "not a question about rooms"));
    };
    match core.world.rooms().ask(ask) {
        Ok(answer) => {
            let made = convert::to_js(ctx, host, &core.config, std::slice::from_ref(&answer));
            made.map_err(|error| error.throw(ctx))?.into_js(ctx)
        }
        Err(why) => why.into_js(ctx),
    }
}

/// What the JavaScript part hands over: texts it has made, and values of the script's.
struct Args(VecDeque<Value>);

impl Args {
    fn value(&mut self) -> Value {
        self.0.pop_front().unwrap_or(Value::Undefined)
    }

    fn text(&mut self) -> Str {
        match &self.value() {
            Value::String(text) => text.clone(),
            _ => Str::from(""),
        }
    }

    fn room(&mut self) -> RoomName {
        RoomName {
            zone: self.text(),
            room: self.text(),
        }
    }

    fn into_ask(mut self, what: &str) -> Option<RoomAsk> {
        Some(match what {
            "zones" => RoomAsk::Zones,
            "rooms" => RoomAsk::Rooms { zone: self.text() },
            "room" => RoomAsk::Room(self.room()),
            "create" => RoomAsk::Create {
                room: self.room(),
                options: self.value(),
            },
            "remove" => RoomAsk::Remove(self.room()),
            "say" => RoomAsk::Say {
                room: self.room(),
                from: self.text(),
                text: self.text(),
                variables: self.value(),
            },
            "tell" => RoomAsk::Tell {
                user: self.text(),
                from: self.text(),
                text: self.text(),
                variables: self.value(),
            },
            "watch" => RoomAsk::Watch { zone: self.text() },
            "unwatch" => RoomAsk::Unwatch { zone: self.text() },
            other => return self.into_ask_inside(other),
        })
    }

    /// About what is in a room.
    fn into_ask_inside(mut self, what: &str) -> Option<RoomAsk> {
        Some(match what {
            "setVariable" => RoomAsk::SetVariable {
                room: self.room(),
                name: self.text(),
                value: self.value(),
            },
            "removeVariable" => RoomAsk::RemoveVariable {
                room: self.room(),
                name: self.text(),
            },
            "kick" => RoomAsk::Kick {
                room: self.room(),
                user: self.text(),
                reason: self.text(),
            },
            "enter" => RoomAsk::Enter {
                room: self.room(),
                name: self.text(),
                ip: self.text(),
            },
            "guestSay" => RoomAsk::GuestSay {
                guest: self.text(),
                room: self.room(),
                text: self.text(),
                variables: self.value(),
            },
            "guestLeave" => RoomAsk::GuestLeave { guest: self.text() },
            _ => return None,
        })
    }
}
