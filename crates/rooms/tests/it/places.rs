//! Rooms: making, joining, leaving; places, passwords and numbers.

use rooms::{
    Config, Event, Leaving, Limits, NewRoom, Op, Part, Refusal, Role, RoomChange, RoomId, RoomRef,
};

use crate::world::{World, create, join, join_as, join_too, join_with, leave, say, secret};

fn lobby() -> NewRoom {
    NewRoom::new("Main", "Lobby")
}

fn change(room: RoomId, change: RoomChange) -> Op {
    Op::ChangeRoom {
        room: RoomRef::Id(room),
        change,
    }
}

/// The number of each member, in the order in which they came.
fn numbers(world: &World, room: RoomId) -> Vec<Option<u32>> {
    let members = world.kernel.members(room);
    members.iter().map(|member| member.number).collect()
}

#[test]
fn a_room_is_made_joined_left_and_gone() {
    let mut world = World::plain();
    let (ann, bob) = (world.log_in("ann"), world.log_in("bob"));
    let room = world.make(ann, lobby());
    let told = world.told(ann);
    let [Event::RoomList { rooms, .. }, Event::Joined { created, .. }] = told else {
        panic!("{told:?}");
    };
    assert!(rooms.len() == 1 && *created);
    world.done(bob, join(room));
    let told = world.told(bob);
    let [
        Event::RoomList { .. },
        Event::Joined {
            members, created, ..
        },
        ..,
    ] = told
    else {
        panic!("{told:?}");
    };
    let names: Vec<_> = members.iter().map(|member| &*member.who.name).collect();
    assert_eq!(
        (names, *created),
        (vec!["ann", "bob"], false),
        "oneself is the last"
    );
    assert!(matches!(world.told(ann)[0], Event::UserJoined { .. }));
    assert_eq!(world.refused(bob, join(room)), Refusal::InRoomAlready);
    world.done(ann, leave(room));
    assert!(matches!(world.told(bob)[0], Event::UserLeft { .. }));
    assert_eq!(world.refused(ann, leave(room)), Refusal::NotInRoom);
    world.done(bob, leave(room));
    assert_eq!(world.kernel.room(room), None);
    assert_eq!(world.kernel.zones().count(), 0);
    assert_eq!(world.refused(ann, join(room)), Refusal::NoSuchRoom);
}

#[test]
fn a_name_is_had_once_per_zone_and_can_be_joined_instead() {
    let mut world = World::plain();
    let (ann, bob) = (world.log_in("ann"), world.log_in("bob"));
    let room = world.make(ann, lobby());
    let again = || NewRoom::new("mAIN", "lOBBY");
    assert_eq!(world.refused(bob, create(again())), Refusal::RoomExists);
    world.done(
        bob,
        Op::CreateRoom {
            room: Box::new(again()),
            or_join: true,
            leaving: Leaving::All,
        },
    );
    assert_eq!(world.kernel.rooms_of(bob), [room]);
    world.done(bob, create(NewRoom::new("Games", "Lobby")));
}

#[test]
fn joining_another_room_leaves_the_old_one_behind_the_new() {
    let mut world = World::plain();
    let ann = world.log_in("ann");
    let old = world.make(ann, lobby());
    let new = world.found(NewRoom::new("Main", "Chess"));
    world.done(ann, join(new));
    let told: Vec<_> = world.told(ann).iter().collect();
    let joined = told
        .iter()
        .position(|event| matches!(event, Event::Joined { .. }));
    let vanished = told
        .iter()
        .position(|event| matches!(event, Event::RoomVanished { .. }));
    assert!(joined < vanished, "{told:?}");
    assert_eq!(world.kernel.room(old), None);
}

#[test]
fn a_user_can_be_in_several_rooms() {
    let mut world = World::new(Config {
        limits: Limits {
            rooms_per_user: 2,
            ..Limits::default()
        },
        ..Config::default()
    });
    let (ann, bob) = (world.log_in("ann"), world.log_in("bob"));
    let rooms = ["one", "two", "three"].map(|name| world.found(NewRoom::new("Main", name)));
    world.done(ann, join_too(rooms[0]));
    world.done(ann, join_too(rooms[1]));
    let refusal = world.refused(ann, join_too(rooms[2]));
    assert_eq!(refusal, Refusal::Limit("rooms_per_user"));
    world.done(bob, join_too(rooms[0]));
    assert_eq!(world.refused(bob, say(rooms[1], "hi")), Refusal::NotInRoom);
    world.done(bob, say(rooms[0], "hi"));
    assert!(matches!(world.told(ann), [Event::Said { .. }]));
    world.done(ann, leave(rooms[0]));
    world.done(bob, say(rooms[0], "anybody?"));
    assert!(world.told(ann).is_empty());
}

#[test]
fn a_full_room_lets_nobody_in() {
    let mut world = World::plain();
    let [ann, bob, cyd] = ["ann", "bob", "cyd"].map(|name| world.log_in(name));
    let moderator = world.log_in_as("mod", Role::Moderator);
    let mut new = lobby();
    new.capacity = Some(2);
    let room = world.make(ann, new);
    world.done(bob, join_as(room, Part::Spectator));
    for late in [cyd, moderator] {
        for part in [Part::Player, Part::Spectator] {
            assert_eq!(world.refused(late, join_as(room, part)), Refusal::RoomFull);
        }
    }
    let less = change(room, RoomChange::Capacity(Some(1)));
    assert_eq!(world.refused(ann, less), Refusal::CapacityTooLow);
    world.done(ann, change(room, RoomChange::Capacity(Some(3))));
    world.done(cyd, join(room));
    let mut none = NewRoom::new("Main", "none");
    none.capacity = Some(0);
    assert_eq!(world.refused(ann, create(none)), Refusal::RoomFull);
}

#[test]
fn spectators_can_have_places_of_their_own() {
    let mut world = World::plain();
    let [ann, bob, cyd] = ["ann", "bob", "cyd"].map(|name| world.log_in(name));
    let mut new = lobby();
    new.capacity = Some(1);
    new.spectator_capacity = Some(1);
    let room = world.make(ann, new);
    assert_eq!(world.refused(bob, join(room)), Refusal::RoomFull);
    world.done(bob, join_as(room, Part::Spectator));
    assert_eq!(
        world.refused(cyd, join_as(room, Part::Spectator)),
        Refusal::RoomFull
    );
    let play = Op::ChangePart {
        room: RoomRef::Id(room),
        part: Part::Player,
    };
    assert_eq!(world.refused(bob, play.clone()), Refusal::RoomFull);
    world.done(ann, leave(room));
    world.done(bob, play);
}

#[test]
fn numbers_stay_without_a_gap() {
    let mut world = World::plain();
    let [ann, bob, cyd, dan] = ["ann", "bob", "cyd", "dan"].map(|name| world.log_in(name));
    let mut new = lobby();
    new.numbered = true;
    let room = world.make(ann, new);
    world.done(bob, join_as(room, Part::Spectator));
    world.done(cyd, join(room));
    world.done(dan, join(room));
    assert_eq!(numbers(&world, room), [Some(0), None, Some(1), Some(2)]);
    world.done(bob, leave(room));
    let renumbered = |event: &Event| matches!(event, Event::Renumbered { .. });
    assert!(
        !world.told(ann).iter().any(renumbered),
        "a spectator has no number"
    );
    world.done(ann, leave(room));
    assert_eq!(numbers(&world, room), [Some(0), Some(1)]);
    assert!(world.told(dan).iter().any(renumbered));
    world.done(
        cyd,
        Op::ChangePart {
            room: RoomRef::Id(room),
            part: Part::Spectator,
        },
    );
    assert_eq!(numbers(&world, room), [None, Some(0)]);
    world.done(dan, leave(room));
    assert!(
        !world.told(cyd).iter().any(renumbered),
        "nobody is above the last"
    );
}

#[test]
fn a_password_keeps_all_but_moderators_out() {
    let mut world = World::plain();
    let [ann, bob] = ["ann", "bob"].map(|name| world.log_in(name));
    let moderator = world.log_in_as("mod", Role::Moderator);
    let mut new = lobby();
    new.password = Some(secret("sesame"));
    let room = world.make(ann, new);
    assert!(world.kernel.room(room).is_some_and(|info| info.password));
    for wrong in ["", "Sesame"] {
        assert_eq!(
            world.refused(bob, join_with(room, wrong)),
            Refusal::BadRoomPassword
        );
    }
    world.done(bob, join_with(room, "sesame"));
    world.done(moderator, join(room));
    world.done(bob, leave(room));
    world.done(ann, change(room, RoomChange::Password(None)));
    world.done(bob, join(room));
}

#[test]
fn the_owner_and_moderators_say_what_a_room_is_like() {
    let mut world = World::plain();
    let [ann, bob] = ["ann", "bob"].map(|name| world.log_in(name));
    let moderator = world.log_in_as("mod", Role::Moderator);
    let room = world.make(ann, lobby());
    world.done(bob, join(room));
    let describe = |text: &str| change(room, RoomChange::Description(text.into()));
    assert_eq!(world.refused(bob, describe("bob's")), Refusal::NotAllowed);
    let appoint = |on| Op::SetModerator {
        room: RoomRef::Id(room),
        name: "BOB".into(),
        on,
    };
    assert_eq!(world.refused(bob, appoint(true)), Refusal::NotAllowed);
    world.done(ann, appoint(true));
    let told = world.told(bob);
    let [Event::MemberChanged { member, .. }] = told else {
        panic!("{told:?}");
    };
    assert!(member.moderator);
    world.done(bob, describe("bob's"));
    world.done(moderator, describe("mod's"));
    world.done(ann, appoint(false));
    assert_eq!(world.refused(bob, describe("bob's")), Refusal::NotAllowed);
    assert_eq!(
        &*world.kernel.room(room).expect("a room").description,
        "mod's"
    );
}

#[test]
fn a_removed_room_puts_everybody_out() {
    let mut world = World::plain();
    let [ann, bob] = ["ann", "bob"].map(|name| world.log_in(name));
    let boss = world.log_in_as("boss", Role::Administrator);
    let room = world.make(ann, lobby());
    world.done(bob, join(room));
    let remove = || Op::RemoveRoom {
        room: RoomRef::Id(room),
    };
    assert_eq!(world.refused(ann, remove()), Refusal::NotAllowed);
    world.done(boss, remove());
    assert!(matches!(world.told(bob)[0], Event::Left { .. }));
    assert!(world.kernel.rooms_of(ann).is_empty());
}

#[test]
fn rooms_are_limited() {
    let mut world = World::new(Config {
        limits: Limits {
            zones: 1,
            rooms_per_zone: 3,
            rooms_made_per_user: 1,
            room_name_bytes: 8,
            description_bytes: 4,
            password_bytes: 4,
            room_variables: 0,
            ..Limits::default()
        },
        ..Config::default()
    });
    let ann = world.log_in("ann");
    let too_long = |room: NewRoom| create(room);
    let mut described = lobby();
    described.description = "12345".into();
    let why = world.refused(ann, too_long(described));
    assert_eq!(why, Refusal::TooLong("description_bytes"));
    let mut locked = lobby();
    locked.password = Some(secret("12345"));
    let why = world.refused(ann, too_long(locked));
    assert_eq!(why, Refusal::TooLong("password_bytes"));
    let why = world.refused(ann, create(NewRoom::new("Main", "123456789")));
    assert_eq!(why, Refusal::TooLong("room_name_bytes"));
    world.make(ann, lobby());
    let why = world.refused(ann, create(NewRoom::new("Main", "two")));
    assert_eq!(why, Refusal::Limit("rooms_made_per_user"));
    world.found(NewRoom::new("Main", "two"));
    world.found(NewRoom::new("Main", "three"));
    let bob = world.log_in("bob");
    let why = world.refused(bob, create(NewRoom::new("Main", "four")));
    assert_eq!(why, Refusal::Limit("rooms_per_zone"));
    let why = world.refused(bob, create(NewRoom::new("Other", "four")));
    assert_eq!(why, Refusal::Limit("zones"));
}
