//! What the server does for scripts: it speaks in any name, lets in whom it speaks for, and is told
//! which rooms there are.

use rooms::{Audience, Effect, Event, Leaving, NewRoom, Op, Pairs, Refusal, Role, RoomRef, UserId};

use crate::belief::Belief;
use crate::world::{World, create, join, leave, say};

fn speak(to: Audience) -> Op {
    Op::Speak {
        to,
        from: "Bot".into(),
        text: "hi".into(),
        variables: Pairs::default(),
    }
}

fn admit(world: &mut World, user: u64, name: &str) -> UserId {
    let (user, address) = (UserId(user), "192.0.2.1".parse().expect("an address"));
    world.beliefs.insert(user, Belief::default());
    world.addresses.insert(user, address);
    let name = name.into();
    world.server(Op::Admit {
        user,
        address,
        name,
    });
    user
}

fn refused(world: &World) -> Option<&Refusal> {
    world.effects.iter().find_map(|effect| match effect {
        Effect::ServerRefused { why, .. } => Some(why),
        _ => None,
    })
}

#[test]
fn the_server_speaks_as_a_user_would() {
    let mut world = World::plain();
    let [ann, bob] = ["ann", "bob"].map(|name| world.log_in(name));
    let room = world.make(ann, NewRoom::new("Main", "Lobby"));
    world.server(speak(Audience::Room(RoomRef::Id(room))));
    let [Event::Said { from, text, .. }] = world.told(ann) else {
        panic!("{:?}", world.told(ann));
    };
    assert_eq!((&*from.name, &**text), ("Bot", "hi"));
    assert!(world.told(bob).is_empty());
    world.server(speak(Audience::User(bob)));
    assert!(matches!(world.told(bob), [Event::Whispered { .. }]));
    assert_eq!(
        world.refused(ann, speak(Audience::All)),
        Refusal::ServerOnly
    );
}

#[test]
fn those_the_server_speaks_for_are_users() {
    let mut world = World::plain();
    world.account("boss", "boss", Role::Moderator);
    let ann = world.log_in("ann");
    let room = world.make(ann, NewRoom::new("Main", "Lobby"));
    let bob = admit(&mut world, 1_000, "bob");
    world.done(bob, join(room));
    assert!(matches!(world.told(ann), [Event::UserJoined { .. }, ..]));
    world.done(bob, say(room, "hi"));
    assert!(matches!(world.told(ann), [Event::Said { .. }]));
    for (name, why) in [
        ("Bob", Refusal::NameInUse),
        ("boss", Refusal::NameReserved),
        ("x", Refusal::NameTooShort(3)),
    ] {
        let user = admit(&mut world, 2_000, name);
        assert_eq!(refused(&world), Some(&why), "{name}");
        world.beliefs.remove(&user);
    }
    world.disconnect(bob);
    assert!(matches!(world.told(ann), [Event::UserLeft { .. }, ..]));
}

#[test]
fn every_room_is_told_of_when_it_comes_and_goes() {
    let mut world = World::plain();
    let ann = world.log_in("ann");
    let count = |world: &World, made: bool| {
        let effects = world.effects.iter();
        let rooms = effects.filter(|effect| match effect {
            Effect::RoomMade { .. } => made,
            Effect::RoomGone { .. } => !made,
            _ => false,
        });
        rooms.count()
    };
    world.done(ann, create(NewRoom::new("Main", "Lobby")));
    assert_eq!(count(&world, true), 1);
    let mut hidden = NewRoom::new("Main", "Cellar");
    hidden.hidden = true;
    world.server(Op::CreateRoom {
        room: Box::new(hidden),
        or_join: false,
        leaving: Leaving::None,
    });
    assert_eq!(count(&world, true), 1);
    let lobby = world.kernel.find_room("Main", "Lobby").expect("the room");
    world.done(ann, leave(lobby));
    // Behind all that is told of it.
    assert!(matches!(
        world.effects.last(),
        Some(Effect::RoomGone { room }) if &*room.name == "Lobby"
    ));
}
