//! What scripts ask of the hall: it is done as the server, or as a user for whom the script speaks, and
//! answered at once.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use amf::{Str, Value};
use engine::scripting::{RoomAsk, RoomName};
use rooms::{
    Actor, Audience, Input, Leaving, Lifetime, Member, NewRoom, NewVariable, Op, Pairs, Part,
    Refusal, RoomId, RoomRef, Secret, UserId,
};

use super::actor::Runner;
use super::listeners::{ListenerId, guest_name, object_of, text_of, value_of};

/// What a script is answered.
type Answer = Result<Value, String>;

impl Runner {
    /// Does what a script asks for. A script that does not wait any more is not told.
    pub(super) fn answer(&mut self, by: ListenerId, ask: RoomAsk, answer: &SyncSender<Answer>) {
        let answered = self.answer_to(by, ask);
        let _ = answer.try_send(answered);
    }

    /// A script is gone, and those for whom it spoke with it.
    pub(super) fn forget_script(&mut self, by: ListenerId) {
        for user in self.listeners.remove(by) {
            self.handle(Input::Disconnect { user });
        }
    }

    fn answer_to(&mut self, by: ListenerId, ask: RoomAsk) -> Answer {
        match ask {
            RoomAsk::Zones => Ok(array(self.kernel.zones().map(text_of))),
            RoomAsk::Rooms { zone } => Ok(self.names_in(zone.as_str())),
            RoomAsk::Room(room) => Ok(self.info_of(&room)),
            RoomAsk::Watch { zone } => {
                let most = self.script_zones;
                let watched = self.listeners.watch(by, zone.as_str(), most);
                let too_many = || format!("a script watches {most} zones at most");
                watched.then_some(Value::Undefined).ok_or_else(too_many)
            }
            RoomAsk::Unwatch { zone } => {
                self.listeners.unwatch(by, zone.as_str());
                Ok(Value::Undefined)
            }
            RoomAsk::Enter { room, name, ip } => self.bring_in(by, room, &name, &ip),
            RoomAsk::GuestSay {
                guest,
                room,
                text,
                variables,
            } => {
                let op = Op::Say {
                    room: reference(room),
                    text: shared(&text),
                    variables: pairs(&variables)?,
                };
                let guest = self.guest(by, &guest)?;
                self.carry_out(Actor::User(guest), op)
            }
            RoomAsk::GuestLeave { guest } => {
                let user = self.guest(by, &guest)?;
                self.listeners.end_guest(user, None);
                self.handle(Input::Disconnect { user });
                Ok(Value::Undefined)
            }
            RoomAsk::Tell {
                user,
                from,
                text,
                variables,
            } => {
                let user = self.kernel.find_user(user.as_str());
                let user = user.ok_or_else(|| Refusal::NoSuchUser.to_string())?;
                let op = Op::Speak {
                    to: Audience::User(user),
                    from: shared(&from),
                    text: shared(&text),
                    variables: pairs(&variables)?,
                };
                self.carry_out(Actor::Server, op)
            }
            other => match op(other)? {
                Some(op) => self.carry_out(Actor::Server, op),
                None => Ok(Value::Undefined),
            },
        }
    }

    /// Lets the kernel do something. What it refuses it says before it is done.
    fn carry_out(&mut self, by: Actor, op: Op) -> Answer {
        self.refused = None;
        self.asking = Some(by);
        self.handle(Input::Op { by, op });
        self.asking = None;
        match self.refused.take() {
            Some(why) => Err(why.to_string()),
            None => Ok(Value::Undefined),
        }
    }

    fn names_in(&self, zone: &str) -> Value {
        let rooms = self.kernel.rooms_in(zone);
        let rooms = rooms.filter_map(|room| self.kernel.room(room));
        array(rooms.map(|room| text_of(&room.name)))
    }

    fn info_of(&self, name: &RoomName) -> Value {
        let id = self
            .kernel
            .find_room(name.zone.as_str(), name.room.as_str());
        let Some((id, info)) = id.and_then(|id| Some((id, self.kernel.room(id)?))) else {
            return Value::Null;
        };
        let capacity = info.capacity.map_or(Value::Null, Value::from);
        Value::object([
            ("zone", text_of(&info.zone)),
            ("name", text_of(&info.name)),
            ("description", text_of(&info.description)),
            ("capacity", capacity),
            ("hidden", Value::Boolean(info.hidden)),
            ("password", Value::Boolean(info.password)),
            ("numbered", Value::Boolean(info.numbered)),
            (
                "users",
                array(self.kernel.members(id).iter().map(member_of)),
            ),
            ("variables", self.variables_of(id)),
        ])
    }

    fn variables_of(&self, room: RoomId) -> Value {
        let names = self.kernel.room_variables(room);
        let variables = names.filter_map(|name| self.kernel.room_variable(room, name));
        Value::object(variables.map(|variable| (&*variable.name, value_of(&variable.value))))
    }

    /// A user that a script speaks for.
    fn guest(&self, by: ListenerId, name: &Str) -> Result<UserId, String> {
        let guest = name.as_str().parse().map(UserId).ok();
        let guest = guest.filter(|guest| self.listeners.has_guest(by, *guest));
        guest.ok_or_else(|| "that user is not here any more".to_owned())
    }

    /// Brings a user in for whom a script speaks, and into a room.
    fn bring_in(&mut self, by: ListenerId, room: RoomName, name: &Str, ip: &Str) -> Answer {
        let most = self.script_guests;
        if self.listeners.guest_count(by) >= most {
            return Err(format!("a script speaks for {most} users at most"));
        }
        let nowhere = std::net::Ipv6Addr::UNSPECIFIED.into();
        let user = UserId(rand::random());
        self.carry_out(
            Actor::Server,
            Op::Admit {
                user,
                address: ip.as_str().parse().unwrap_or(nowhere),
                name: shared(name),
            },
        )?;
        self.listeners.add_guest(by, user);
        let join = Op::Join {
            room: reference(room),
            password: Secret("".into()),
            part: Part::Player,
            leaving: Leaving::All,
        };
        let joined = self.carry_out(Actor::User(user), join);
        if joined.is_ok() && !self.kernel.rooms_of(user).is_empty() {
            return Ok(guest_name(user));
        }
        self.listeners.end_guest(user, None);
        self.handle(Input::Disconnect { user });
        joined.and(Err("the room asks for a password".to_owned()))
    }
}

/// What the server is asked to do; nothing if it is no such thing.
fn op(ask: RoomAsk) -> Result<Option<Op>, String> {
    Ok(Some(match ask {
        RoomAsk::Create { room, options } => Op::CreateRoom {
            room: Box::new(new_room(&room, &options)?),
            or_join: false,
            leaving: Leaving::None,
        },
        RoomAsk::Remove(room) => Op::RemoveRoom {
            room: reference(room),
        },
        RoomAsk::Say {
            room,
            from,
            text,
            variables,
        } => Op::Speak {
            to: Audience::Room(reference(room)),
            from: shared(&from),
            text: shared(&text),
            variables: pairs(&variables)?,
        },
        RoomAsk::SetVariable { room, name, value } => Op::SetRoomVariable {
            room: reference(room),
            variable: variable(&name, &value)?,
        },
        RoomAsk::RemoveVariable { room, name } => Op::RemoveRoomVariable {
            room: reference(room),
            name: shared(&name),
        },
        RoomAsk::Kick { room, user, reason } => Op::Kick {
            name: shared(&user),
            room: Some(reference(room)),
            reason: shared(&reason),
        },
        _ => return Ok(None),
    }))
}

fn new_room(name: &RoomName, options: &Value) -> Result<NewRoom, String> {
    let mut room = NewRoom::new(name.zone.as_str(), name.room.as_str());
    let text = |key: &str| options.get(key).and_then(Value::as_str).map(Arc::from);
    let flag = |key: &str| options.get(key).and_then(Value::as_bool).unwrap_or(false);
    if let Some(description) = text("description") {
        room.description = description;
    }
    room.password = text("password").map(Secret);
    let capacity = options.get("capacity").and_then(Value::as_f64);
    room.capacity = capacity.filter(|most| *most >= 0.0).map(|most| most as u32);
    room.hidden = flag("hidden");
    room.numbered = flag("numbered");
    room.lifetime = match (flag("stored"), flag("permanent")) {
        (true, _) => Lifetime::Stored,
        (_, true) => Lifetime::Permanent,
        _ => Lifetime::WhileUsed,
    };
    if let Some(variables) = options.get("variables").and_then(Value::props) {
        let variables = variables.iter().map(|(name, value)| variable(name, value));
        room.variables = variables.collect::<Result<_, _>>()?;
    }
    Ok(room)
}

/// Variables that the server makes stay, for nobody else would keep them.
fn variable(name: &Str, value: &Value) -> Result<NewVariable, String> {
    Ok(NewVariable {
        name: shared(name),
        value: plain(value)?,
        persistent: Some(true),
        locked: None,
    })
}

fn plain(value: &Value) -> Result<rooms::Value, String> {
    Ok(match value {
        Value::Undefined | Value::Null => rooms::Value::Null,
        Value::Boolean(on) => rooms::Value::Bool(*on),
        Value::String(text) => rooms::Value::Text(shared(text)),
        other => match other.as_f64() {
            Some(number) => rooms::Value::Number(number),
            None => return Err("a variable is a text, a number, a boolean or null".to_owned()),
        },
    })
}

fn pairs(object: &Value) -> Result<Pairs, String> {
    let pairs = object.props().unwrap_or_default().iter();
    let pairs = pairs.map(|(name, value)| Ok((shared(name), plain(value)?)));
    pairs.collect::<Result<_, String>>()
}

fn member_of(member: &Member) -> Value {
    Value::object([
        ("name", text_of(&member.who.name)),
        ("spectator", Value::Boolean(member.part == Part::Spectator)),
        ("moderator", Value::Boolean(member.moderator)),
        ("number", member.number.map_or(Value::Null, Value::from)),
        ("variables", object_of(&member.variables)),
    ])
}

fn array(values: impl Iterator<Item = Value>) -> Value {
    Value::array(values)
}

fn shared(text: &Str) -> Arc<str> {
    text.as_str().into()
}

fn reference(RoomName { zone, room }: RoomName) -> RoomRef {
    let (zone, room) = (shared(&zone), shared(&room));
    RoomRef::Name { zone, room }
}
