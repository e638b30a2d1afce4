//! What outlives the server.

use rooms::{
    BanTarget, Change, Config, Input, Lifetime, NewRoom, Op, OpKind, Refusal, Role, RoomChange,
    RoomRef,
};

use crate::world::{World, hashed, join, join_with, leave, login, secret, set_with};

fn vault() -> NewRoom {
    let mut room = NewRoom::new("Main", "Vault");
    room.lifetime = Lifetime::Stored;
    room.password = Some(secret("sesame"));
    room.capacity = Some(2);
    room.numbered = true;
    room
}

#[test]
fn a_stored_room_is_there_again_with_its_persistent_variables() {
    let mut world = World::plain();
    let ann = world.log_in_as("ann", Role::User);
    let room = world.found(vault());
    world.done(ann, join_with(room, "sesame"));
    world.done(ann, set_with(room, "kept", "1", Some(true), Some(true)));
    world.done(ann, set_with(room, "lost", "1", None, None));
    world.server(Op::Ban {
        target: BanTarget::Name("eve".into()),
        reason: "".into(),
        until: None,
    });
    let mut world = world.restart(Config::default());
    let room = world.kernel.find_room("main", "vault").expect("the room");
    let info = world.kernel.room(room).expect("the room");
    assert!(info.password && info.numbered && info.capacity == Some(2));
    assert!(world.kernel.room_variable(room, "lost").is_none());
    let bob = world.log_in("bob");
    assert_eq!(
        world.refused(bob, join_with(room, "wrong")),
        Refusal::BadRoomPassword
    );
    world.done(bob, join_with(room, "sesame"));
    let set = |value| set_with(room, "kept", value, None, None);
    assert_eq!(world.refused(bob, set("2")), Refusal::VariableLocked);
    let ann = world.log_in_with("ann", "ann");
    world.done(ann, join_with(room, "sesame"));
    world.done(ann, set("3"));
    let eve = world.connect();
    assert_eq!(world.refused(eve, login("eve", "")), Refusal::Banned);
}

#[test]
fn the_store_never_sees_a_password() {
    let mut world = World::plain();
    world.answers_at_once = false;
    let room = world.found(vault());
    assert!(world.store.rooms.is_empty(), "not before it is hashed");
    let (request, hash) = world.hashes.pop().expect("a question");
    world.handle(Input::Hashed {
        request,
        hash: Some(hash),
    });
    let password = |world: &World| {
        world
            .store
            .rooms
            .values()
            .next()
            .expect("a room")
            .password
            .clone()
    };
    assert_eq!(password(&world), Some(hashed("sesame")));
    world.server(Op::ChangeRoom {
        room: RoomRef::Id(room),
        change: RoomChange::Password(Some(secret("other"))),
    });
    let (request, _) = world.hashes.pop().expect("a question");
    world.handle(Input::Hashed {
        request,
        hash: None,
    });
    assert_eq!(
        password(&world),
        Some(hashed("sesame")),
        "what could not be hashed is not stored"
    );
}

#[test]
fn a_room_can_fill_while_a_password_is_looked_at() {
    let mut world = World::plain();
    world.found(vault());
    let mut world = world.restart(Config::default());
    let room = world.kernel.find_room("Main", "Vault").expect("the room");
    let users = ["ann", "bob", "cyd"].map(|name| world.log_in(name));
    world.answers_at_once = false;
    for user in users {
        world.op(user, join_with(room, "sesame"));
        assert_eq!(world.refused(user, join(room)), Refusal::Busy);
    }
    for (request, ok) in std::mem::take(&mut world.questions) {
        world.handle(Input::Verified { request, ok });
    }
    assert_eq!(world.kernel.members(room).len(), 2);
    assert_eq!(world.refusal(users[2], OpKind::Join), Refusal::RoomFull);
    world.done(users[0], leave(room));
    world.done(users[2], join_with(room, "sesame"));
    assert!(
        world.questions.is_empty(),
        "the right password is known from now on"
    );
}

#[test]
fn a_removed_room_is_forgotten_with_its_variables() {
    let mut world = World::plain();
    let ann = world.log_in_as("ann", Role::User);
    let room = world.found(vault());
    world.done(ann, join_with(room, "sesame"));
    world.done(ann, set_with(room, "t", "1", Some(true), None));
    assert_eq!(world.store.variables.len(), 1);
    world.done(ann, set_with(room, "t", "1", Some(false), None));
    assert!(world.store.variables.is_empty());
    world.done(ann, set_with(room, "t", "1", Some(true), None));
    world.server(Op::RemoveRoom {
        room: RoomRef::Id(room),
    });
    assert!(world.store.rooms.is_empty() && world.store.variables.is_empty());
}

#[test]
fn only_the_server_and_administrators_make_rooms_that_stay() {
    let mut world = World::plain();
    let ann = world.log_in("ann");
    let boss = world.log_in_as("boss", Role::Administrator);
    let mut room = NewRoom::new("Main", "Lobby");
    room.lifetime = Lifetime::Permanent;
    let why = world.refused(ann, crate::world::create(room.clone()));
    assert_eq!(why, Refusal::NotAllowed);
    let room = world.make(boss, room);
    world.done(boss, leave(room));
    assert!(world.kernel.room(room).is_some() && world.store.rooms.is_empty());
}

#[test]
fn accounts_are_stored_and_forgotten() {
    let mut world = World::plain();
    world.account("Ann", "a", Role::User);
    assert!(world.store.accounts.contains_key("ann"));
    let name = || "ANN".into();
    let ann = world.log_in_with("ann", "a");
    let remove = Op::RemoveAccount { name: name() };
    assert_eq!(world.refused(ann, remove.clone()), Refusal::ServerOnly);
    world.server(remove);
    assert!(world.store.accounts.is_empty());
    assert!(
        world
            .effects
            .contains(&rooms::Effect::Persist(Change::RemoveAccount {
                name: "ann".into()
            }))
    );
}

#[test]
fn accounts_of_the_configuration_come_and_go_and_are_not_stored() {
    let mut config = Config::default();
    config.login.accounts_only = true;
    let mut world = World::new(config);
    world.account("Ann", "a", Role::User);
    let stored = world.store.accounts.clone();
    let mut given = stored["ann"].clone();
    given.name = "Bob".into();
    world.handle(Input::ConfigureAccounts {
        given: vec![given],
        taken: vec!["ANN".into()],
    });
    assert_eq!(world.store.accounts, stored);
    let user = world.connect();
    assert_eq!(world.refused(user, login("ann", "a")), Refusal::BadLogin);
    world.done(user, login("bob", "a"));
}
