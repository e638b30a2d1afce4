//! The kernel: everything there is, and where each input goes.
//!
//! What it does lies beside it, one file for each group of operations.

mod accounts;
mod ask;
mod buddies;
mod change;
mod create;
mod join;
mod leave;
mod lists;
mod login;
mod logout;
mod moderate;
mod persist;
mod talk;
mod variables;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::bans::BanList;
use crate::config::Config;
use crate::effect::{Audit, AuditAction, Effect, Output, Recipients};
use crate::event::{Event, Member, RoomInfo, RoomVariable, Who};
use crate::flood::Offenders;
use crate::id::{RequestId, RoomId, UnixMillis, UserId};
use crate::name::key;
use crate::op::{Actor, Input, Op, OpKind, RoomRef};
use crate::refusal::Refusal;
use crate::room::Room;
use crate::store::{Account, Change, Role, Snapshot};
use crate::user::{User, Visitor};
use crate::value::Pairs;
use crate::words::WordFilter;
use crate::zone::Zone;

/// Users, zones, rooms, and what is known of them.
pub struct Kernel {
    config: Config,
    words: WordFilter,
    now: UnixMillis,
    visitors: FxHashMap<UserId, Visitor>,
    users: FxHashMap<UserId, User>,
    /// Names that are taken, also by those whose login is being decided about. Maps of what peers
    /// choose are trees: no choice of names makes them slow.
    names: BTreeMap<Arc<str>, UserId>,
    rooms: FxHashMap<RoomId, Room>,
    zones: BTreeMap<Arc<str>, Zone>,
    accounts: BTreeMap<Arc<str>, Account>,
    bans: BanList,
    /// Kicked for floods.
    flooders: Offenders,
    /// Had the password wrong.
    guessers: Offenders,
    /// The buddies of known names, by the key of their owner; also of those who are not here.
    buddies: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
    /// Who wants to know of a name.
    fans: BTreeMap<Arc<str>, BTreeSet<UserId>>,
    pending: FxHashMap<RequestId, Pending>,
    /// Zones with counts that are not published, by when they are to be.
    counts_due: BTreeSet<(UnixMillis, Arc<str>)>,
    last_room: u64,
    last_request: u64,
    last_ban: u64,
    last_guest: u64,
    effects: VecDeque<Effect>,
}

/// What waits for an answer.
enum Pending {
    Login(login::Login),
    Join(join::Knock),
    /// The password of a stored room is being hashed.
    RoomPassword(RoomId),
}

impl Kernel {
    /// A kernel with what was stored, and with nobody in it.
    pub fn new(config: Config, snapshot: Snapshot) -> Self {
        let mut kernel = Self {
            words: WordFilter::new(&config.words),
            config,
            now: UnixMillis(0),
            visitors: FxHashMap::default(),
            users: FxHashMap::default(),
            names: BTreeMap::new(),
            rooms: FxHashMap::default(),
            zones: BTreeMap::new(),
            accounts: BTreeMap::new(),
            bans: BanList::default(),
            flooders: Offenders::default(),
            guessers: Offenders::default(),
            buddies: BTreeMap::new(),
            fans: BTreeMap::new(),
            pending: FxHashMap::default(),
            counts_due: BTreeSet::new(),
            last_room: 0,
            last_request: 0,
            last_ban: 0,
            last_guest: 0,
            effects: VecDeque::new(),
        };
        kernel.restore(snapshot);
        kernel
    }

    /// Takes in what happened. Then [`poll`](Self::poll) until it gives a timeout.
    pub fn handle(&mut self, now: UnixMillis, input: Input) {
        let set_back = now < self.now;
        self.now = now;
        self.end_bans();
        match input {
            Input::Connect { user, address } => self.on_connect(user, address),
            Input::Disconnect { user } => self.on_disconnect(user),
            Input::Op { by, op } => self.on_op(by, op),
            Input::Verified { request, ok } => self.on_verified(request, ok),
            Input::Hashed { request, hash } => self.on_hashed(request, hash),
            Input::LoginDecided { request, decision } => self.on_decided(request, decision),
            Input::Configure(config) => {
                self.words = WordFilter::new(&config.words);
                self.config = *config;
            }
            Input::ConfigureAccounts { given, taken } => self.configure_accounts(given, &taken),
            Input::Timeout => {}
        }
        self.publish_counts(set_back);
    }

    /// The next thing to do, or the time of the next timeout.
    pub fn poll(&mut self) -> Output {
        match self.effects.pop_front() {
            Some(effect) => Output::Effect(effect),
            None => Output::Timeout(self.next_timeout()),
        }
    }

    fn next_timeout(&self) -> Option<UnixMillis> {
        let counts = self.counts_due.first().map(|(due, _)| *due);
        let ban = self.bans.first_end().map(|(end, _)| end);
        counts.into_iter().chain(ban).min()
    }

    fn on_op(&mut self, by: Actor, op: Op) {
        let what = op.kind();
        let done = match by {
            Actor::User(user) if self.users.contains_key(&user) => self.carry_out(by, op),
            Actor::User(user) if self.visitors.contains_key(&user) => self.on_visitor(user, op),
            // A connection that the kernel has closed may still have sent something.
            Actor::User(_) => Ok(()),
            Actor::Server => self.carry_out(by, op),
        };
        if let Err(why) = done {
            self.refuse(by, what, why);
        }
    }

    fn carry_out(&mut self, by: Actor, op: Op) -> Result<(), Refusal> {
        match op {
            Op::Login { .. } => {
                by.user()?;
                Err(Refusal::LoggedInAlready)
            }
            Op::Logout => self.log_out(by),
            Op::CreateRoom {
                room,
                or_join,
                leaving,
            } => self.create_room(by, *room, or_join, leaving),
            Op::RemoveRoom { room } => self.remove_room(by, &room),
            Op::Join {
                room,
                password,
                part,
                leaving,
            } => self.join(by, &room, password, part, leaving),
            Op::Leave { room } => self.leave(by, &room),
            Op::ChangePart { room, part } => self.change_part(by, &room, part),
            Op::ChangeRoom { room, change } => self.change_room(by, &room, change),
            Op::SetModerator { room, name, on } => self.set_moderator(by, &room, &name, on),
            Op::SetRoomVariable { room, variable } => self.set_room_variable(by, &room, variable),
            Op::RemoveRoomVariable { room, name } => self.remove_room_variable(by, &room, &name),
            Op::SetUserVariable { user, name, value } => {
                self.set_user_variable(by, user, name, value)
            }
            Op::RemoveUserVariable { user, name } => self.remove_user_variable(by, user, &name),
            Op::Ask(question) => self.answer(by, question),
            Op::Kick { name, room, reason } => self.kick(by, &name, room.as_ref(), &reason),
            Op::BanUser {
                name,
                reason,
                until,
            } => self.ban_user(by, &name, &reason, until),
            Op::Ban {
                target,
                reason,
                until,
            } => self.ban(by, target, &reason, until),
            Op::Unban { ban } => self.unban(by, ban),
            Op::AddBuddy { name } => self.add_buddy(by, name),
            Op::RemoveBuddy { name } => self.remove_buddy(by, &name),
            Op::PutAccount(account) => self.put_account(by, account),
            Op::RemoveAccount { name } => self.remove_account(by, &name),
            said => self.pass_on(by, said),
        }
    }

    /// What is said, and who is let in to say it.
    fn pass_on(&mut self, by: Actor, op: Op) -> Result<(), Refusal> {
        match op {
            Op::Say {
                room,
                text,
                variables,
            } => self.say(by, &room, text, variables),
            Op::Whisper {
                to,
                text,
                variables,
            } => self.whisper(by, &to, text, variables),
            Op::Announce {
                to,
                from,
                text,
                variables,
            } => self.announce(by, &to, from, text, variables),
            Op::Speak {
                to,
                from,
                text,
                variables,
            } => self.speak(by, &to, from, text, variables),
            Op::Admit {
                user,
                address,
                name,
            } => self.admit(by, user, address, name),
            _ => Ok(()),
        }
    }

    fn refuse(&mut self, by: Actor, what: OpKind, why: Refusal) {
        match by {
            Actor::User(user) => self.tell(user, Event::Refused { what, why }),
            Actor::Server => self.effects.push_back(Effect::ServerRefused { what, why }),
        }
    }

    fn tell(&mut self, user: UserId, event: Event) {
        let to = Recipients::One(user);
        self.effects.push_back(Effect::Tell { to, event });
    }

    /// Tells many. Nobody is told nothing, unless a script may listen.
    fn tell_all(&mut self, users: Arc<[UserId]>, event: Event) {
        if !users.is_empty() || event.room().is_some() {
            let to = Recipients::Many(users);
            self.effects.push_back(Effect::Tell { to, event });
        }
    }

    /// Tells everybody in a room.
    fn tell_room(&mut self, room: RoomId, event: Event) {
        if let Some(room) = self.rooms.get_mut(&room) {
            let users = room.crowd.share();
            self.tell_all(users, event);
        }
    }

    fn persist(&mut self, change: Change) {
        self.effects.push_back(Effect::Persist(change));
    }

    fn audit(&mut self, by: Actor, action: AuditAction, target: Arc<str>, reason: &Arc<str>) {
        let audit = Audit {
            by: self.name_of(by),
            action,
            target,
            reason: reason.clone(),
        };
        self.effects.push_back(Effect::Audit(audit));
    }

    fn next_request(&mut self, pending: Pending) -> RequestId {
        self.last_request += 1;
        let request = RequestId(self.last_request);
        self.pending.insert(request, pending);
        request
    }

    fn resolve(&self, room: &RoomRef) -> Result<RoomId, Refusal> {
        let found = match room {
            RoomRef::Id(id) => self.rooms.contains_key(id).then_some(*id),
            RoomRef::Name { zone, room } => self.find_room(zone, room),
        };
        found.ok_or(Refusal::NoSuchRoom)
    }

    /// The name of whoever asks; the server has none.
    fn name_of(&self, by: Actor) -> Option<Arc<str>> {
        let Actor::User(user) = by else { return None };
        self.users.get(&user).map(|user| user.who.name.clone())
    }

    fn role_of(&self, by: Actor) -> Role {
        match by {
            Actor::User(user) => self.users.get(&user).map_or(Role::User, |user| user.role),
            Actor::Server => Role::Administrator,
        }
    }

    fn need_role(&self, by: Actor, role: Role) -> Result<(), Refusal> {
        if self.role_of(by) >= role {
            Ok(())
        } else {
            Err(Refusal::NotAllowed)
        }
    }
}

/// What can be seen from outside. Only whole inputs have happened.
impl Kernel {
    /// Users logged in.
    pub fn user_count(&self) -> usize {
        self.users.len()
    }

    /// Rooms that are there, hidden ones too.
    pub fn room_count(&self) -> usize {
        self.rooms.len()
    }

    /// A user by name, in any case of letters.
    pub fn find_user(&self, name: &str) -> Option<UserId> {
        let user = *self.names.get(&key(name))?;
        self.users.contains_key(&user).then_some(user)
    }

    /// A user's name as others know it.
    pub fn who(&self, user: UserId) -> Option<&Arc<Who>> {
        self.users.get(&user).map(|user| &user.who)
    }

    /// The rooms a user is in, in the order in which it came in.
    pub fn rooms_of(&self, user: UserId) -> &[RoomId] {
        self.users.get(&user).map_or(&[], |user| &user.rooms)
    }

    /// A user's variables.
    pub fn variables_of(&self, user: UserId) -> Option<&Pairs> {
        self.users.get(&user).map(|user| &user.variables)
    }

    /// A room by zone and name, in any case of letters.
    pub fn find_room(&self, zone: &str, room: &str) -> Option<RoomId> {
        self.zones.get(&key(zone))?.rooms.get(&key(room)).copied()
    }

    /// What a room is like now.
    pub fn room(&self, room: RoomId) -> Option<&RoomInfo> {
        self.rooms.get(&room).map(|room| &room.info)
    }

    /// Who is in a room, in the order in which they came.
    pub fn members(&self, room: RoomId) -> &[Member] {
        self.rooms.get(&room).map_or(&[], |room| &room.members)
    }

    /// A variable of a room.
    pub fn room_variable(&self, room: RoomId, name: &str) -> Option<&Arc<RoomVariable>> {
        let held = self.rooms.get(&room)?.variables.get(name)?;
        Some(&held.shown)
    }

    /// The names of a room's variables, in order.
    pub fn room_variables(&self, room: RoomId) -> impl Iterator<Item = &Arc<str>> {
        let room = self.rooms.get(&room);
        room.into_iter().flat_map(|room| room.variables.keys())
    }

    /// The rooms of a zone, hidden ones too, in the order of their names.
    pub fn rooms_in(&self, zone: &str) -> impl Iterator<Item = RoomId> {
        let zone = self.zones.get(&key(zone));
        zone.into_iter()
            .flat_map(|zone| zone.rooms.values().copied())
    }

    /// The names of the zones, in order.
    pub fn zones(&self) -> impl Iterator<Item = &Arc<str>> {
        self.zones.values().map(|zone| &zone.name)
    }
}

impl Actor {
    /// The user who asks. Some things the server cannot do, since it is in no room.
    pub(crate) fn user(self) -> Result<UserId, Refusal> {
        match self {
            Self::User(user) => Ok(user),
            Self::Server => Err(Refusal::UsersOnly),
        }
    }

    /// Some things only the server can do.
    pub(crate) fn need_server(self) -> Result<(), Refusal> {
        match self {
            Self::User(_) => Err(Refusal::ServerOnly),
            Self::Server => Ok(()),
        }
    }
}
