//! What users are told of the rooms of their zone.

use std::sync::Arc;

use rooms::{
    Config, Effect, Event, NewRoom, Op, Question, Recipients, Refusal, Role, RoomChange, RoomRef,
};

use crate::world::{World, join, join_too, leave};

fn hidden(name: &str) -> NewRoom {
    let mut room = NewRoom::new("Main", name);
    room.hidden = true;
    room
}

fn still(name: &str) -> NewRoom {
    let mut room = NewRoom::new("Main", name);
    room.updatable = false;
    room
}

fn set_hidden(room: rooms::RoomId, hidden: bool) -> Op {
    Op::ChangeRoom {
        room: RoomRef::Id(room),
        change: RoomChange::Hidden(hidden),
    }
}

#[test]
fn many_joins_are_one_change_of_the_list() {
    let mut world = World::new(Config {
        counts_delay_ms: 100,
        ..Config::default()
    });
    let watcher = world.log_in("watcher");
    world.make(watcher, NewRoom::new("Main", "Tower"));
    let room = world.found(NewRoom::new("Main", "Lobby"));
    let mut lists = Vec::new();
    for number in 0..20 {
        let user = world.log_in(&format!("user{number}"));
        world.done(user, join(room));
        assert!(world.told(watcher).is_empty());
        let told = world.told(user);
        let Event::RoomList {
            rooms, zone_users, ..
        } = &told[0]
        else {
            panic!("{told:?}");
        };
        lists.push((rooms.clone(), *zone_users));
    }
    let (first, users) = &lists[0];
    let same = |(list, counted): &(_, _)| Arc::ptr_eq(list, first) && counted == users;
    assert!(lists.iter().all(same), "one list for all");
    assert_eq!(world.timeout, Some(world.now + 100));
    world.pass(99);
    assert!(world.told(watcher).is_empty());
    world.pass(1);
    let told = world.told(watcher);
    assert_eq!(counts(told), [(20, 21)]);
    assert_eq!(world.timeout, None);
}

/// Rooms of a zone whose counts are told by tens a second, and somebody who watches them.
fn paced(rooms: usize) -> (World, rooms::UserId, Vec<rooms::RoomId>) {
    let mut world = World::new(Config {
        counts_delay_ms: 100,
        counts_per_second: 10,
        ..Config::default()
    });
    let watcher = world.log_in("watcher");
    world.make(watcher, NewRoom::new("Main", "Tower"));
    let rooms = (0..rooms).map(|number| {
        let name = format!("Room{number}");
        world.found(NewRoom::new("Main", &name))
    });
    let rooms = rooms.collect();
    world.pass(10_000);
    (world, watcher, rooms)
}

/// Somebody new comes into each room.
fn fill(world: &mut World, rooms: &[rooms::RoomId], names: &str) {
    for (number, room) in rooms.iter().enumerate() {
        let user = world.log_in(&format!("{names}{number}"));
        world.done(user, join(*room));
    }
}

/// The users of each room that somebody was just told to have changed, and of the zone.
fn counts(told: &[Event]) -> Vec<(u32, u32)> {
    let [Event::RoomsChanged { rooms, zone_users }] = told else {
        panic!("not one event: {told:?}");
    };
    let counts = rooms.iter().map(|room| (room.users, *zone_users));
    counts.collect()
}

#[test]
fn the_more_rooms_change_the_less_often_the_list_does() {
    let (mut world, watcher, rooms) = paced(5);
    fill(&mut world, &rooms, "ann");
    world.pass(100);
    assert_eq!(counts(world.told(watcher)), [(1, 6); 5]);
    fill(&mut world, &rooms, "bob");
    fill(&mut world, &rooms[..2], "cyd");
    assert_eq!(world.timeout, Some(world.now + 500), "five tenths of 1 s");
    world.pass(499);
    assert!(world.told(watcher).is_empty());
    world.pass(1);
    let right = [(3, 13), (3, 13), (2, 13), (2, 13), (2, 13)];
    assert_eq!(counts(world.told(watcher)), right);
    world.pass(500);
    fill(&mut world, &rooms[..1], "dee");
    assert_eq!(world.timeout, Some(world.now + 100), "it has rested");
}

#[test]
fn a_zone_does_not_wait_for_another() {
    let (mut world, watcher, rooms) = paced(5);
    fill(&mut world, &rooms, "ann");
    world.pass(100);
    fill(&mut world, &rooms, "bob");
    let other = world.log_in("other");
    world.make(other, NewRoom::new("Games", "Chess"));
    let chess = world.found(NewRoom::new("Games", "Go"));
    fill(&mut world, &[chess], "cyd");
    world.pass(100);
    assert_eq!(counts(world.told(other)), [(1, 2)]);
    assert!(world.told(watcher).is_empty());
    world.pass(400);
    assert_eq!(counts(world.told(watcher)), [(2, 11); 5]);
    assert_eq!(world.timeout, None);
}

#[test]
fn a_clock_that_is_set_back_does_not_hold_counts_up() {
    let (mut world, watcher, rooms) = paced(5);
    fill(&mut world, &rooms, "ann");
    world.now -= 5_000;
    world.pass(0);
    assert_eq!(counts(world.told(watcher)), [(1, 6); 5]);
    world.now -= 4_000;
    fill(&mut world, &rooms[..1], "bob");
    assert_eq!(world.timeout, Some(world.now + 100));
}

#[test]
fn a_room_that_is_gone_has_no_counts_to_tell() {
    let (mut world, watcher, rooms) = paced(1);
    fill(&mut world, &rooms, "ann");
    let room = RoomRef::Id(rooms[0]);
    world.handle(rooms::Input::Op {
        by: rooms::Actor::Server,
        op: Op::RemoveRoom { room },
    });
    assert!(matches!(world.told(watcher), [Event::RoomVanished { .. }]));
    assert_eq!(world.timeout, None);
}

#[test]
fn the_members_of_a_room_are_one_list_until_somebody_comes_or_goes() {
    let mut world = World::plain();
    let ann = world.log_in("ann");
    let room = world.make(ann, NewRoom::new("Main", "Lobby"));
    let recipients = |world: &mut World| {
        world.op(ann, crate::world::set(room, "t", "1"));
        match &world.effects[0] {
            Effect::Tell {
                to: Recipients::Many(users),
                ..
            } => users.clone(),
            other => panic!("{other:?}"),
        }
    };
    let (one, two) = (recipients(&mut world), recipients(&mut world));
    assert!(Arc::ptr_eq(&one, &two));
    let bob = world.log_in("bob");
    world.done(bob, join(room));
    assert_eq!(*recipients(&mut world), [ann, bob]);
}

#[test]
fn hidden_rooms_are_for_their_members() {
    let mut world = World::plain();
    let [ann, bob] = ["ann", "bob"].map(|name| world.log_in(name));
    let lobby = world.make(ann, NewRoom::new("Main", "Lobby"));
    let den = world.make(bob, hidden("den"));
    assert!(world.told(ann).is_empty());
    world.done(ann, join_too(den));
    assert!(matches!(world.told(ann)[0], Event::RoomAppeared { .. }));
    world.done(ann, leave(den));
    let told = world.told(ann);
    assert!(
        told.iter()
            .any(|event| matches!(event, Event::RoomVanished { .. })),
        "{told:?}"
    );
    world.done(bob, set_hidden(den, false));
    assert!(matches!(world.told(ann), [Event::RoomAppeared { .. }]));
    assert!(matches!(world.told(bob), [Event::RoomsChanged { .. }]));
    world.done(bob, set_hidden(den, true));
    assert!(matches!(world.told(ann), [Event::RoomVanished { .. }]));
    assert!(matches!(world.told(bob), [Event::RoomsChanged { .. }]));
    assert_eq!(world.kernel.rooms_of(ann), [lobby]);
}

#[test]
fn members_of_rooms_that_are_not_updatable_are_left_in_peace() {
    let mut world = World::plain();
    let [ann, bob] = ["ann", "bob"].map(|name| world.log_in(name));
    let game = world.make(ann, still("game"));
    world.done(bob, crate::world::create(NewRoom::new("Main", "Lobby")));
    assert!(world.told(ann).is_empty());
    world.done(
        ann,
        Op::ChangeRoom {
            room: RoomRef::Id(game),
            change: RoomChange::Updatable(true),
        },
    );
    let told = world.told(ann);
    let [Event::RoomList { rooms, .. }] = told else {
        panic!("{told:?}");
    };
    assert_eq!(rooms.len(), 2, "all that was missed");
}

#[test]
fn questions_are_answered() {
    let mut world = World::plain();
    let [ann, bob] = ["ann", "bob"].map(|name| world.log_in(name));
    let den = world.make(ann, hidden("den"));
    world.make(bob, NewRoom::new("Main", "Lobby"));
    let mut ask = |who, question| {
        world.op(who, Op::Ask(question));
        world.told(who).to_vec()
    };
    assert_eq!(ask(bob, Question::UserCount), [Event::UserCount(2)]);
    let told = ask(bob, Question::Zones);
    assert!(
        matches!(&told[..], [Event::Zones(zones)] if zones[0].users == 2 && zones[0].rooms == 1)
    );
    let told = ask(bob, Question::Rooms("mAIN".into()));
    assert!(matches!(&told[..], [Event::Rooms { rooms, .. }] if &*rooms[0].name == "Lobby"));
    let seen = |told: &[Event]| match told {
        [Event::Location { online, rooms, .. }] => (*online, rooms.len()),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        seen(&ask(bob, Question::Location("ann".into()))),
        (true, 0),
        "hidden"
    );
    assert_eq!(seen(&ask(ann, Question::Location("ann".into()))), (true, 1));
    assert_eq!(
        seen(&ask(ann, Question::Location("eve".into()))),
        (false, 0)
    );
    let told = ask(ann, Question::Users(RoomRef::Id(den)));
    assert!(matches!(&told[..], [Event::Users { members, .. }] if members.len() == 1));
    let users = Op::Ask(Question::Users(RoomRef::Id(den)));
    assert_eq!(world.refused(bob, users), Refusal::NoSuchRoom);
    let rooms = Op::Ask(Question::Rooms("nowhere".into()));
    assert_eq!(world.refused(bob, rooms), Refusal::NoSuchZone);
    let bans = Op::Ask(Question::Bans);
    assert_eq!(world.refused(bob, bans.clone()), Refusal::NotAllowed);
    let moderator = world.log_in_as("mod", Role::Moderator);
    world.done(moderator, bans);
    assert!(matches!(world.told(moderator), [Event::Bans(_)]));
}
