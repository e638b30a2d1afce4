//! Kicks and bans.

use rooms::{
    BanBy, BanTarget, CloseReason, Config, Effect, Event, Limits, NewRoom, Op, Refusal, Role,
    RoomRef, UnixMillis,
};

use crate::world::{World, join, login};

fn kick(name: &str, room: Option<rooms::RoomId>) -> Op {
    Op::Kick {
        name: name.into(),
        room: room.map(RoomRef::Id),
        reason: "because".into(),
    }
}

fn ban_user(name: &str) -> Op {
    Op::BanUser {
        name: name.into(),
        reason: "because".into(),
        until: None,
    }
}

fn ban(target: BanTarget, until: Option<u64>) -> Op {
    Op::Ban {
        target,
        reason: "because".into(),
        until: until.map(UnixMillis),
    }
}

fn network(text: &str) -> BanTarget {
    BanTarget::Network(text.parse().expect("a network"))
}

#[test]
fn moderators_put_out_those_below_them() {
    let mut world = World::plain();
    let [ann, bob] = ["ann", "bob"].map(|name| world.log_in(name));
    let moderator = world.log_in_as("mod", Role::Moderator);
    let boss = world.log_in_as("boss", Role::Administrator);
    assert_eq!(world.refused(ann, kick("bob", None)), Refusal::NotAllowed);
    assert_eq!(
        world.refused(moderator, kick("eve", None)),
        Refusal::NoSuchUser
    );
    for above in ["mod", "boss"] {
        assert_eq!(
            world.refused(moderator, kick(above, None)),
            Refusal::NotAllowed
        );
        assert_eq!(
            world.refused(moderator, ban_user(above)),
            Refusal::NotAllowed
        );
    }
    world.done(moderator, kick("BOB", None));
    let told = world.told(bob);
    let [
        Event::Kicked {
            room: None,
            by,
            reason,
        },
    ] = told
    else {
        panic!("{told:?}");
    };
    assert_eq!((by.as_deref(), &**reason), (Some("mod"), "because"));
    assert_eq!(world.closed[&bob], CloseReason::Kicked);
    assert!(
        world
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::Audit(_)))
    );
    world.done(boss, kick("mod", None));
}

#[test]
fn a_rooms_owner_puts_guests_out_of_it() {
    let mut world = World::plain();
    let [ann, bob] = ["ann", "bob"].map(|name| world.log_in(name));
    let moderator = world.log_in_as("mod", Role::Moderator);
    let room = world.make(ann, NewRoom::new("Main", "Lobby"));
    assert_eq!(
        world.refused(ann, kick("bob", Some(room))),
        Refusal::NotInRoom
    );
    for user in [bob, moderator] {
        world.done(user, join(room));
    }
    assert_eq!(
        world.refused(bob, kick("ann", Some(room))),
        Refusal::NotAllowed
    );
    assert_eq!(
        world.refused(ann, kick("mod", Some(room))),
        Refusal::NotAllowed
    );
    world.done(ann, kick("bob", Some(room)));
    assert!(matches!(
        world.told(bob)[..2],
        [Event::Kicked { .. }, Event::Left { .. }]
    ));
    assert!(world.kernel.rooms_of(bob).is_empty() && !world.closed.contains_key(&bob));
    world.done(moderator, kick("ann", Some(room)));
}

#[test]
fn a_ban_closes_all_it_meets_at_once_and_says_nothing_later() {
    let mut world = World::plain();
    let moderator = world.log_in_as("mod", Role::Moderator);
    let (user, visitor) = (
        world.connect_from("10.7.1.1"),
        world.connect_from("10.7.2.2"),
    );
    world.done(user, login("ann", ""));
    world.done(moderator, ban(network("10.7.0.0/16"), None));
    assert!(matches!(world.told(user), [Event::Banned { .. }]));
    assert!(world.told(visitor).is_empty());
    for closed in [user, visitor] {
        assert_eq!(world.closed[&closed], CloseReason::Banned);
    }
    let late = world.connect_from("::ffff:10.7.3.3");
    assert_eq!(
        world.effects,
        [Effect::Close {
            user: late,
            reason: CloseReason::Banned
        }]
    );
    world.connect_from("10.8.1.1");
    assert!(world.effects.is_empty());
}

#[test]
fn a_banned_user_comes_back_neither_by_name_nor_by_address() {
    let mut world = World::plain();
    let moderator = world.log_in_as("mod", Role::Moderator);
    let bob = world.connect_from("10.7.1.1");
    world.done(bob, login("bob", ""));
    world.done(moderator, ban_user("bob"));
    assert_eq!(world.closed[&bob], CloseReason::Banned);
    let by_address = world.connect_from("10.7.1.1");
    assert!(world.closed.contains_key(&by_address));
    let by_name = world.connect_from("10.7.1.2");
    assert_eq!(world.refused(by_name, login("BOB", "")), Refusal::Banned);
    let ids: Vec<_> = world.store.bans.keys().copied().collect();
    assert_eq!(ids.len(), 2);
    for ban in ids {
        world.done(moderator, Op::Unban { ban });
        assert_eq!(
            world.refused(moderator, Op::Unban { ban }),
            Refusal::NoSuchBan
        );
    }
    world.done(by_name, login("bob", ""));
    assert_eq!(world.refused(by_name, ban_user("mod")), Refusal::NotAllowed);
}

#[test]
fn what_a_ban_of_a_user_bans_can_be_set() {
    let mut world = World::new(Config {
        ban_by: BanBy {
            name: false,
            address: false,
        },
        ..Config::default()
    });
    let moderator = world.log_in_as("mod", Role::Moderator);
    let bob = world.log_in("bob");
    world.done(moderator, ban_user("bob"));
    assert_eq!(world.closed[&bob], CloseReason::Kicked);
    assert!(world.store.bans.is_empty());
}

#[test]
fn nobody_bans_itself_or_those_above_by_a_wide_net() {
    let mut world = World::plain();
    let moderator = world.log_in_as("mod", Role::Moderator);
    let why = world.refused(moderator, ban(network("10.0.0.0/8"), None));
    assert_eq!(why, Refusal::NotAllowed);
    world.server(ban(network("10.0.0.0/8"), None));
    assert!(world.closed.contains_key(&moderator));
}

#[test]
fn bans_end_and_are_forgotten() {
    let mut world = World::plain();
    let until = world.now + 100;
    world.server(ban(BanTarget::Name("Bob".into()), Some(until)));
    assert_eq!(world.timeout, Some(until));
    let bob = world.connect();
    assert_eq!(world.refused(bob, login("bob", "")), Refusal::Banned);
    world.pass(99);
    assert_eq!(world.refused(bob, login("bob", "")), Refusal::Banned);
    world.pass(1);
    assert!(world.store.bans.is_empty());
    world.done(bob, login("bob", ""));
}

#[test]
fn bans_and_reasons_are_limited() {
    let mut world = World::new(Config {
        limits: Limits {
            bans: 2,
            reason_bytes: 5,
            ..Limits::default()
        },
        ..Config::default()
    });
    let far = world.now + 1_000;
    let name = |text: &str| BanTarget::Name(text.into());
    world.server(ban(name("soon"), Some(far)));
    world.server(ban(name("ever"), None));
    world.server(ban(name("EVER"), None));
    assert_eq!(world.store.bans.len(), 2, "the same target is one ban");
    world.server(ban(name("third"), None));
    let left: Vec<_> = world
        .store
        .bans
        .values()
        .map(|ban| ban.target.to_string())
        .collect();
    assert_eq!(left, ["EVER", "third"], "the first to end gives way");
    world.server(ban(name("fourth"), None));
    let refused = |effect: &Effect| {
        matches!(
            effect,
            Effect::ServerRefused {
                why: Refusal::Limit("bans"),
                ..
            }
        )
    };
    assert!(world.effects.iter().any(refused));
    assert!(world.store.bans.values().all(|ban| &*ban.reason == "becau"));
}
