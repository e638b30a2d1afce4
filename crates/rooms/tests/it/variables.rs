//! Variables of rooms and users: who may change them, how long they stay, who is told.

use rooms::{Config, Event, Limits, NewRoom, Op, Refusal, Role, RoomRef};

use crate::world::{World, join, join_too, leave, set, set_with};

fn lobby() -> NewRoom {
    NewRoom::new("Main", "Lobby")
}

fn remove(room: rooms::RoomId, name: &str) -> Op {
    Op::RemoveRoomVariable {
        room: RoomRef::Id(room),
        name: name.into(),
    }
}

fn set_own(name: &str, value: &str) -> Op {
    Op::SetUserVariable {
        user: None,
        name: name.into(),
        value: value.into(),
    }
}

#[test]
fn a_locked_variable_is_for_its_owner_and_moderators() {
    let mut world = World::plain();
    let [ann, bob] = ["ann", "bob"].map(|name| world.log_in(name));
    let moderator = world.log_in_as("mod", Role::Moderator);
    let room = world.make(ann, lobby());
    for user in [bob, moderator] {
        world.done(user, join(room));
    }
    world.done(ann, set_with(room, "t", "1", None, Some(true)));
    assert_eq!(
        world.refused(bob, set(room, "t", "2")),
        Refusal::VariableLocked
    );
    assert_eq!(
        world.refused(bob, remove(room, "t")),
        Refusal::VariableLocked
    );
    world.done(ann, set(room, "t", "3"));
    world.done(moderator, set(room, "t", "4"));
    world.done(ann, set_with(room, "t", "5", None, Some(false)));
    // Others change the value, but not what becomes of the variable.
    world.done(bob, set_with(room, "t", "6", Some(true), Some(true)));
    let told = world.told(ann);
    let [
        Event::RoomVariableSet {
            variable, created, ..
        },
    ] = told
    else {
        panic!("{told:?}");
    };
    assert_eq!(variable.value, "6".into());
    assert!(!variable.locked && !variable.persistent && !created);
    world.done(bob, remove(room, "t"));
    assert_eq!(
        world.refused(bob, remove(room, "t")),
        Refusal::NoSuchVariable
    );
}

#[test]
fn variables_go_with_their_owner_unless_they_are_persistent() {
    let mut world = World::plain();
    let [ann, bob] = ["ann", "bob"].map(|name| world.log_in(name));
    let room = world.make(ann, lobby());
    world.done(bob, join(room));
    world.done(ann, set(room, "passing", "1"));
    world.done(ann, set_with(room, "staying", "1", Some(true), Some(true)));
    world.done(ann, leave(room));
    assert!(world.kernel.room_variable(room, "passing").is_none());
    let stays = world
        .kernel
        .room_variable(room, "staying")
        .expect("it stays");
    assert_eq!(stays.owner, None, "a guest's name is anybody's");
    world.disconnect(ann);
    let other = world.log_in("ann");
    world.done(other, join(room));
    assert_eq!(
        world.refused(other, set(room, "staying", "2")),
        Refusal::VariableLocked
    );
}

#[test]
fn an_account_finds_its_variables_again() {
    let mut world = World::plain();
    let bob = world.log_in("bob");
    let ann = world.log_in_as("ann", Role::User);
    let room = world.make(ann, lobby());
    world.done(bob, join(room));
    world.done(ann, set_with(room, "t", "1", Some(true), Some(true)));
    world.disconnect(ann);
    let again = world.log_in_with("ann", "ann");
    world.done(again, join(room));
    assert_eq!(
        world.refused(bob, set(room, "t", "2")),
        Refusal::VariableLocked
    );
    world.done(again, set_with(room, "t", "3", Some(false), None));
    world.done(again, leave(room));
    assert!(world.kernel.room_variable(room, "t").is_none());
}

#[test]
fn the_variables_of_a_room_are_limited_and_for_its_members() {
    let mut world = World::new(Config {
        limits: Limits {
            room_variables: 2,
            variable_name_bytes: 4,
            variable_value_bytes: 8,
            variables_bytes: 12,
            ..Limits::default()
        },
        ..Config::default()
    });
    let [ann, bob] = ["ann", "bob"].map(|name| world.log_in(name));
    let room = world.make(ann, lobby());
    assert_eq!(world.refused(bob, set(room, "t", "1")), Refusal::NotInRoom);
    for (name, value, why) in [
        ("", "1", Refusal::NameTooShort(1)),
        ("12345", "1", Refusal::TooLong("variable_name_bytes")),
        ("t", "123456789", Refusal::TooLong("variable_value_bytes")),
    ] {
        assert_eq!(world.refused(ann, set(room, name, value)), why);
    }
    world.done(ann, set(room, "t", "12345678"));
    let why = world.refused(ann, set(room, "u", "123"));
    assert_eq!(why, Refusal::Limit("variables_bytes"));
    world.done(ann, set(room, "u", "12"));
    world.done(ann, set(room, "t", "1234"));
    let why = world.refused(ann, set(room, "v", ""));
    assert_eq!(why, Refusal::Limit("room_variables"));
}

#[test]
fn user_variables_are_told_where_the_room_tells_them() {
    let mut world = World::plain();
    let [ann, bob, cyd] = ["ann", "bob", "cyd"].map(|name| world.log_in(name));
    let mut telling = lobby();
    telling.user_variables = true;
    let telling = world.make(ann, telling);
    let silent = world.found(NewRoom::new("Main", "Quiet"));
    world.done(bob, join(telling));
    world.done(cyd, join(silent));
    world.done(ann, join_too(silent));
    world.done(ann, set_own("colour", "red"));
    for (user, times) in [(ann, 1), (bob, 1), (cyd, 0)] {
        assert_eq!(world.told(user).len(), times);
    }
    world.done(cyd, set_own("colour", "blue"));
    assert_eq!(
        (world.told(cyd).len(), world.told(ann).len()),
        (1, 0),
        "told to itself"
    );
    world.done(
        ann,
        Op::RemoveUserVariable {
            user: None,
            name: "colour".into(),
        },
    );
    assert!(matches!(
        world.told(bob),
        [Event::UserVariableRemoved { .. }]
    ));
    let others = Op::SetUserVariable {
        user: Some(ann),
        name: "a".into(),
        value: "b".into(),
    };
    assert_eq!(world.refused(bob, others.clone()), Refusal::ServerOnly);
    world.server(others);
    assert!(matches!(
        world.told(bob),
        [Event::UserVariableSet { created: true, .. }]
    ));
}
