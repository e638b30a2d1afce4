//! What is said, who hears it, and the filters on the way. Buddies too.

use rooms::{
    Audience, Buddy, CloseReason, Config, Event, FloodRules, Lifetime, Limits, NewRoom, Op, Pairs,
    Refusal, Role, RoomRef, WordAction, WordRules,
};

use crate::world::{World, create, join, login, pairs, say};

fn lobby() -> NewRoom {
    NewRoom::new("Main", "Lobby")
}

fn whisper(to: &[&str], text: &str) -> Op {
    Op::Whisper {
        to: to.iter().map(|&name| name.into()).collect(),
        text: text.into(),
        variables: Pairs::default(),
    }
}

fn flood() -> FloodRules {
    FloodRules {
        burst: 2,
        interval_ms: 1_000,
        repeats: 0,
        warnings: 1,
        grace_ms: 0,
        kicks_before_ban: Some(1),
        ban_ms: 5_000,
        ..FloodRules::default()
    }
}

#[test]
fn a_room_hears_what_is_said_in_it_the_speaker_too() {
    let mut world = World::plain();
    let [ann, bob, cyd] = ["ann", "bob", "cyd"].map(|name| world.log_in(name));
    let room = world.make(ann, lobby());
    world.done(bob, join(room));
    world.done(cyd, create(NewRoom::new("Main", "Other")));
    world.done(
        ann,
        Op::Say {
            room: RoomRef::Id(room),
            text: "hi".into(),
            variables: pairs(&[("Action", "Move")]),
        },
    );
    for user in [ann, bob] {
        let told = world.told(user);
        let [
            Event::Said {
                from,
                text,
                variables,
                ..
            },
        ] = told
        else {
            panic!("{told:?}");
        };
        assert_eq!((&*from.name, &**text), ("ann", "hi"));
        assert_eq!(variables.get("Action"), Some(&"Move".into()));
    }
    assert!(world.told(cyd).is_empty());
}

#[test]
fn a_whisper_reaches_each_name_once_and_passes_strangers_over() {
    let mut world = World::new(Config {
        limits: Limits {
            recipients: 4,
            ..Limits::default()
        },
        ..Config::default()
    });
    let [ann, bob, cyd] = ["ann", "bob", "cyd"].map(|name| world.log_in(name));
    world.done(ann, whisper(&["bob", "BOB", "nobody", "ann"], "psst"));
    assert_eq!((world.told(bob).len(), world.told(ann).len()), (1, 1));
    assert!(world.told(cyd).is_empty());
    world.done(ann, whisper(&["undefined"], "psst"));
    assert!(world.effects.is_empty());
    let why = world.refused(ann, whisper(&["a", "b", "c", "d", "e"], "psst"));
    assert_eq!(why, Refusal::Limit("recipients"));
}

#[test]
fn the_server_announces_to_users_rooms_zones_and_all() {
    let mut world = World::plain();
    let [ann, bob, cyd] = ["ann", "bob", "cyd"].map(|name| world.log_in(name));
    let room = world.make(ann, lobby());
    world.done(bob, create(NewRoom::new("Main", "Other")));
    let announce = |to| Op::Announce {
        to,
        from: "Dice".into(),
        text: "rolled".into(),
        variables: Pairs::default(),
    };
    let everybody = [ann, bob, cyd];
    for (to, hearers) in [
        (Audience::User(cyd), &[cyd][..]),
        (Audience::Room(RoomRef::Id(room)), &[ann]),
        (Audience::Zone("main".into()), &[ann, bob]),
        (Audience::All, &everybody),
    ] {
        world.server(announce(to.clone()));
        for user in everybody {
            let heard = matches!(world.told(user), [Event::Announced { .. }]);
            assert_eq!(heard, hearers.contains(&user), "{to:?} {user:?}");
        }
    }
    assert_eq!(
        world.refused(ann, announce(Audience::All)),
        Refusal::ServerOnly
    );
}

#[test]
fn unwanted_words_are_replaced_or_refused() {
    let rules = |action| Config {
        words: WordRules {
            words: vec!["darn".into()],
            action,
            ..WordRules::default()
        },
        ..Config::default()
    };
    let mut world = World::new(rules(WordAction::Replace("*".into())));
    let [ann, bob] = ["ann", "bob"].map(|name| world.log_in(name));
    let room = world.make(ann, lobby());
    world.done(ann, say(room, "oh Darn"));
    assert!(matches!(world.told(ann), [Event::Said { text, .. }] if &**text == "oh ****"));
    world.done(ann, whisper(&["bob"], "darn!"));
    assert!(matches!(world.told(bob), [Event::Whispered { text, .. }] if &**text == "****!"));
    let mut world = World::new(rules(WordAction::Reject));
    let ann = world.log_in("ann");
    let room = world.make(ann, lobby());
    assert_eq!(world.refused(ann, say(room, "oh darn")), Refusal::BadWords);
    let why = world.refused(ann, create(NewRoom::new("Main", "darn it")));
    assert_eq!(why, Refusal::NameReserved);
}

#[test]
fn messages_and_what_goes_with_them_are_limited() {
    let mut world = World::new(Config {
        limits: Limits {
            message_bytes: 4,
            user_variables: 1,
            ..Limits::default()
        },
        ..Config::default()
    });
    let ann = world.log_in("ann");
    let room = world.make(ann, lobby());
    let why = world.refused(ann, say(room, "12345"));
    assert_eq!(why, Refusal::TooLong("message_bytes"));
    let many = Op::Say {
        room: RoomRef::Id(room),
        text: "hi".into(),
        variables: pairs(&[("a", "1"), ("b", "2")]),
    };
    assert_eq!(world.refused(ann, many), Refusal::Limit("user_variables"));
}

#[test]
fn flooders_are_warned_then_kicked_then_banned() {
    let mut world = World::new(Config {
        flood: flood(),
        ..Config::default()
    });
    let boss = world.log_in_as("boss", Role::Moderator);
    let mut new = lobby();
    new.lifetime = Lifetime::Permanent;
    let room = world.found(new);
    for round in 0..2 {
        let user = world.connect_from("10.9.9.9");
        world.done(user, login("flooder", ""));
        world.done(user, join(room));
        for _ in 0..2 {
            world.done(user, say(room, "hi"));
        }
        world.op(user, say(room, "hi"));
        assert!(matches!(
            world.told(user),
            [Event::FloodWarning { left: 0 }]
        ));
        world.op(user, say(room, "hi"));
        let (told, closed) = (world.told(user), world.closed[&user]);
        if round == 0 {
            assert!(
                matches!(told, [Event::Kicked { room: None, .. }]),
                "{told:?}"
            );
            assert_eq!(closed, CloseReason::Flooded);
        } else {
            assert!(matches!(told, [Event::Banned { .. }]), "{told:?}");
            assert_eq!(closed, CloseReason::Banned);
        }
        assert!(world.kernel.members(room).is_empty());
    }
    let banned = world.connect_from("10.9.9.9");
    assert_eq!(world.closed.get(&banned), Some(&CloseReason::Banned));
    world.pass(5_000);
    let again = world.connect_from("10.9.9.9");
    world.done(again, login("flooder", ""));
    world.done(boss, join(room));
    for _ in 0..20 {
        world.done(boss, say(room, "Listen!"));
    }
}

#[test]
fn a_room_can_do_without_the_flood_filter() {
    let mut world = World::new(Config {
        flood: flood(),
        ..Config::default()
    });
    let ann = world.log_in("ann");
    let mut fast = lobby();
    fast.flood_filter = false;
    let room = world.make(ann, fast);
    for _ in 0..20 {
        world.done(ann, say(room, "move"));
        assert_eq!(world.told(ann).len(), 1);
    }
}

#[test]
fn buddies_are_told_of_and_kept_for_accounts() {
    let mut world = World::plain();
    let ann = world.log_in_as("ann", Role::User);
    let add = |name: &str| Op::AddBuddy { name: name.into() };
    world.done(ann, add("Bob"));
    let list = |told: &[Event]| match told {
        [Event::Buddies(list)] => list.to_vec(),
        other => panic!("{other:?}"),
    };
    let bob_is = |online| {
        vec![Buddy {
            name: "Bob".into(),
            online,
        }]
    };
    assert_eq!(list(world.told(ann)), bob_is(false));
    let bob = world.log_in("bob");
    assert!(matches!(world.told(ann), [Event::BuddyOnline { who }] if who.id == bob));
    world.disconnect(ann);
    let ann = world.log_in_with("ann", "ann");
    world.done(ann, Op::Ask(rooms::Question::Buddies));
    assert_eq!(list(world.told(ann)), bob_is(true));
    world.disconnect(bob);
    assert!(matches!(world.told(ann), [Event::BuddyOffline { .. }]));
    world.done(ann, Op::RemoveBuddy { name: "BOB".into() });
    assert!(world.store.buddies.is_empty());
    world.log_in("bob");
    assert!(world.told(ann).is_empty());
    let none = Op::RemoveBuddy { name: "bob".into() };
    assert_eq!(world.refused(ann, none), Refusal::NoSuchUser);
}

#[test]
fn buddies_are_limited() {
    let mut world = World::new(Config {
        limits: Limits {
            buddies: 1,
            ..Limits::default()
        },
        ..Config::default()
    });
    let ann = world.log_in("ann");
    let add = |name: &str| Op::AddBuddy { name: name.into() };
    world.done(ann, add("bob"));
    world.done(ann, add("BOB"));
    assert_eq!(world.refused(ann, add("cyd")), Refusal::Limit("buddies"));
    assert_eq!(world.refused(ann, add("a\0")), Refusal::NameCharacters);
    assert!(world.store.buddies.is_empty(), "a guest's are not kept");
}
