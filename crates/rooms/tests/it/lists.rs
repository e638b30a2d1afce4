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
        let Event::RoomList { rooms, .. } = &told[0] else {
            panic!("{told:?}");
        };
        lists.push(rooms.clone());
    }
    assert!(
        lists.iter().all(|list| Arc::ptr_eq(list, &lists[0])),
        "one list for all"
    );
    assert_eq!(world.timeout, Some(world.now + 100));
    world.pass(99);
    assert!(world.told(watcher).is_empty());
    world.pass(1);
    let told = world.told(watcher);
    let [Event::RoomChanged { room, zone_users }] = told else {
        panic!("{told:?}");
    };
    assert_eq!((room.users, *zone_users), (20, 21));
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
    assert!(matches!(world.told(bob), [Event::RoomChanged { .. }]));
    world.done(bob, set_hidden(den, true));
    assert!(matches!(world.told(ann), [Event::RoomVanished { .. }]));
    assert!(matches!(world.told(bob), [Event::RoomChanged { .. }]));
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
