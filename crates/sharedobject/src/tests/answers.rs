//! Each request of a client, and what it and the others are told.

use amf::{Str, Value};
use rtmp::shared_object::{Event, Message, PROXIED};

use super::world::*;
use crate::{Config, Conflict, Kind, Note, Refusal, Rights, SyncCode, SyncEntry};

const READ_ONLY: Rights = Rights {
    read: true,
    write: false,
    create: false,
    relay: true,
};

fn two_users() -> World {
    let mut world = World::prompt();
    for user in [1, 2] {
        world.ask(user, 0, vec![Event::Use]);
        assert_eq!(
            world.told_once(user),
            (0, vec![Event::UseSuccess, Event::Clear])
        );
    }
    world
}

#[test]
fn use_of_a_temporary_object_clears_and_tells_everything() {
    let mut world = two_users();
    world.ask(1, 0, vec![wish("a", 1), wish("b", 2)]);
    world.ask(3, 77, vec![Event::Use]);
    let all = vec![
        Event::UseSuccess,
        Event::Clear,
        change("a", 1),
        change("b", 2),
    ];
    assert_eq!(world.told_once(3), (1, all));
}

#[test]
fn a_change_succeeds_and_the_others_are_told() {
    let mut world = two_users();
    world.ask(1, 0, vec![wish("a", 1), wish("b", 2)]);
    assert_eq!(world.told_once(1), (1, vec![success("a"), success("b")]));
    assert_eq!(
        world.told_once(2),
        (1, vec![change("a", 1), change("b", 2)])
    );
}

#[test]
fn what_cannot_be_read_is_refused_to_who_sent_it() {
    let mut world = two_users();
    world.ask(1, 0, vec![Event::Unreadable]);
    assert_eq!(world.told_once(1), (0, vec![status(NO_WRITE)]));
    assert!(world.told(2).is_empty());
    world.ask(3, 0, vec![Event::Unreadable]);
    let failed = "SharedObject.ObjectCreationFailed";
    assert_eq!(world.told_once(3), (0, vec![status(failed)]));
    world.ask(1, 0, vec![wish("a", 1)]);
    assert_eq!(world.told_once(1), (1, vec![success("a")]));
}

#[test]
fn both_forms_of_removing_remove() {
    for removal in [
        unwish("a"),
        wish("a", Value::Null),
        wish("a", Value::Undefined),
    ] {
        let mut world = two_users();
        world.ask(1, 0, vec![wish("a", 1)]);
        world.hush(&[1, 2]);
        world.ask(1, 1, vec![removal]);
        assert_eq!(world.told_once(1), (2, vec![success("a")]));
        assert_eq!(world.told_once(2), (2, vec![remove("a")]));
    }
}

#[test]
fn removing_what_is_not_there_succeeds_and_changes_nothing() {
    let mut world = two_users();
    world.ask(1, 0, vec![unwish("a")]);
    assert_eq!(world.told_once(1), (0, vec![success("a")]));
    assert!(world.told(2).is_empty());
}

#[test]
fn a_call_reaches_everybody_the_sender_and_the_script_too() {
    let mut world = two_users();
    world.open();
    world.ask(1, 0, vec![call("hello", "x")]);
    for user in [1, 2] {
        assert_eq!(world.told_once(user), (0, vec![call("hello", "x")]));
    }
    assert_eq!(world.calls, [(Str::from("hello"), vec![Value::from("x")])]);
}

#[test]
fn a_call_keeps_its_place_among_the_changes_of_its_message() {
    let mut world = two_users();
    world.ask(1, 0, vec![wish("a", 1), call("f", 0), wish("a", 2)]);
    let answer = vec![success("a"), call("f", 0), success("a")];
    assert_eq!(world.told_once(1), (1, answer));
    let news = vec![change("a", 1), call("f", 0), change("a", 2)];
    assert_eq!(world.told_once(2), (1, news));
}

#[test]
fn a_change_that_knows_less_is_rejected_with_the_true_value() {
    let mut world = two_users();
    world.ask(1, 0, vec![wish("a", 1), wish("b", 1)]);
    world.hush(&[1, 2]);
    world.ask(2, 0, vec![wish("a", 2), wish("c", 2)]);
    assert_eq!(world.told_once(2), (2, vec![change("a", 1), success("c")]));
    assert_eq!(world.told_once(1), (2, vec![change("c", 2)]));
    world.ask(1, 2, vec![unwish("b")]);
    world.hush(&[1, 2]);
    world.ask(2, 2, vec![wish("b", 9)]);
    assert_eq!(world.told_once(2), (3, vec![remove("b")]));
    world.ask(2, 3, vec![wish("b", 9)]);
    assert_eq!(world.told_once(2), (4, vec![success("b")]));
}

#[test]
fn a_client_is_in_no_conflict_with_itself() {
    let mut world = two_users();
    world.ask(1, 0, vec![wish("a", 1)]);
    world.ask(1, 0, vec![wish("a", 2)]);
    let told = world.told(1);
    assert!(
        told.iter().all(|message| message.events == [success("a")]),
        "{told:?}"
    );
    world.ask(2, 0, vec![Event::RequestClear]);
    world.told(1);
    world.ask(1, 2, vec![wish("a", 3)]);
    assert_eq!(world.told_once(1), (3, vec![remove("a")]));
}

#[test]
fn the_last_writer_may_win() {
    let mut world = World::new(Config {
        conflict: Conflict::LastWriterWins,
        batch_ms: 0,
        ..Config::default()
    });
    for user in [1, 2] {
        world.ask(user, 0, vec![Event::Use]);
        world.ask(user, 0, vec![wish("a", user as f64)]);
    }
    assert_eq!(world.told(2).pop().unwrap().events, [success("a")]);
    assert_eq!(world.told(1).pop().unwrap().events, [change("a", 2)]);
}

#[test]
fn who_may_not_write_gets_the_true_values_back() {
    let mut world = two_users();
    world.ask(1, 0, vec![wish("a", 1)]);
    world.told(2);
    let wishes = vec![wish("a", 2), wish("b", 2), unwish("a"), call("f", 1)];
    let message = Message::new("so", 1, false, wishes);
    world.send(2, &message, READ_ONLY);
    let answer = vec![
        status(NO_WRITE),
        change("a", 1),
        remove("b"),
        change("a", 1),
    ];
    assert_eq!(world.told_once(2), (1, answer));
    let clear = Message::new("so", 1, false, vec![Event::RequestClear]);
    world.send(2, &clear, READ_ONLY);
    assert_eq!(world.told_once(2), (1, vec![status(NO_WRITE)]));
    let send = Message::new("so", 1, false, vec![call("f", 1)]);
    world.send(2, &send, READ_ONLY);
    assert_eq!(world.told_once(2), (1, vec![status(NO_WRITE)]));
    let refused = |note: &Note| {
        matches!(
            note,
            Note::Refused {
                why: Refusal::Rights,
                ..
            }
        )
    };
    assert_eq!(world.notes.iter().filter(|note| refused(note)).count(), 3);
}

#[test]
fn use_needs_the_right_to_read_and_making_the_right_to_create() {
    let mut world = World::prompt();
    let message = Message::new("so", 5, false, vec![Event::Use]);
    world.send(1, &message, READ_ONLY);
    assert_eq!(world.told_once(1), (5, vec![status(NOT_MADE)]));
    world.send(
        1,
        &message,
        Rights {
            read: false,
            ..Rights::ALL
        },
    );
    assert_eq!(world.told_once(1), (5, vec![status(NO_READ)]));
    world.ask(2, 0, vec![Event::Use]);
    world.send(1, &message, READ_ONLY);
    assert_eq!(
        world.told_once(1),
        (0, vec![Event::UseSuccess, Event::Clear])
    );
}

#[test]
fn requests_without_use_are_answered_and_change_nothing() {
    let mut world = two_users();
    for wishes in [
        vec![wish("a", 1)],
        vec![call("f", 1)],
        vec![Event::RequestClear],
    ] {
        world.ask(3, 7, wishes);
        assert_eq!(world.told_once(3), (7, vec![status(NO_WRITE)]));
    }
    world.ask(3, 0, vec![Event::Release]);
    assert!(world.told(3).is_empty() && world.told(1).is_empty());
}

#[test]
fn a_second_use_tells_everything_again() {
    let mut world = two_users();
    world.ask(1, 0, vec![wish("a", 1)]);
    world.told(1);
    world.ask(1, 1, vec![Event::Use]);
    let all = vec![Event::UseSuccess, Event::Clear, change("a", 1)];
    assert_eq!(world.told_once(1), (1, all));
    world.ask(1, 1, vec![Event::Release]);
    world.ask(2, 1, vec![wish("a", 2)]);
    assert!(world.told(1).is_empty());
}

#[test]
fn unknown_events_are_skipped_and_told_to_the_log() {
    let mut world = two_users();
    let unknown = Event::Unknown {
        event: 99,
        data: bytes::Bytes::from_static(b"x"),
    };
    world.ask(1, 0, vec![unknown, change("a", 1), wish("a", 2)]);
    assert_eq!(world.told_once(1), (1, vec![success("a")]));
    let events: Vec<_> = world
        .notes
        .iter()
        .filter_map(|note| match note {
            Note::UnknownEvent { event, .. } => Some(*event),
            _ => None,
        })
        .collect();
    assert_eq!(events, [99, 4]);
}

#[test]
fn forbidden_names_are_refused_to_who_uses_them() {
    let mut world = World::prompt();
    let message = Message::new(
        "a b",
        3,
        false,
        vec![Event::Use, wish("a", 1), Event::Release],
    );
    world.send(1, &message, Rights::ALL);
    let told = world.told(1);
    let codes: Vec<_> = told.iter().map(|told| told.events.clone()).collect();
    assert_eq!(codes, [vec![status(NOT_MADE)], vec![status(NO_WRITE)]]);
    assert!(
        told.iter()
            .all(|told| told.name == "a b" && told.version == 3)
    );
}

#[test]
fn both_kinds_are_two_objects_unless_there_is_one_name_space() {
    for one_name_space in [false, true] {
        let mut world = World::new(Config {
            one_name_space,
            ..Config::default()
        });
        world.ask(1, 0, vec![Event::Use]);
        world.told(1);
        world.ask_kept(1, 0, vec![Event::Use]);
        let expected = if one_name_space {
            vec![status("SharedObject.BadPersistence")]
        } else {
            vec![Event::UseSuccess, Event::Clear]
        };
        assert_eq!(world.told_once(1), (0, expected));
        let opened = world.directory.open("so", Kind::Persistent);
        assert_eq!(opened.is_err(), one_name_space);
    }
}

#[test]
fn a_slash_in_front_is_answered_as_it_came() {
    let mut world = two_users();
    let message = Message::new("/so", 0, false, vec![Event::Use]);
    world.send(3, &message, Rights::ALL);
    world.told(3);
    world.ask(1, 0, vec![wish("a", 1)]);
    assert_eq!(world.told(3)[0].name, "/so");
    assert_eq!(world.told(2)[0].name, "so");
}

#[test]
fn servers_are_answered_in_their_dialect() {
    let mut world = two_users();
    world.ask_proxied(9, 0, vec![Event::Use]);
    let told = world.told(9).remove(0);
    assert_eq!(told.flags, PROXIED | 0x20);
    assert_eq!(told.events, [Event::UseSuccess, Event::Clear]);
    world.ask_proxied(9, 0, vec![wish("a", 1)]);
    let told = world.told(9).remove(0);
    assert_eq!(told.flags, PROXIED);
    assert_eq!(
        told.events,
        [Event::ChangeEcho(vec![("a".into(), 1.into())])]
    );
    assert_eq!(world.told_once(1), (1, vec![change("a", 1)]));
    world.ask(1, 1, vec![wish("b", 1)]);
    assert_eq!(world.told(9)[0].flags, PROXIED);
    world.ask_proxied(9, 2, vec![unwish("a")]);
    assert_eq!(world.told_once(9), (3, vec![remove("a")]));
    world.ask_proxied(9, 3, vec![Event::RequestClear]);
    assert_eq!(world.told_once(9), (4, vec![Event::Clear]));
    assert_eq!(world.told(1).pop().unwrap().events, [Event::Clear]);
    let mut message = Message::new("other", 0, false, vec![Event::Use]);
    message.flags = PROXIED;
    world.send(
        9,
        &message,
        Rights {
            read: false,
            ..Rights::ALL
        },
    );
    let told = world.told(9).remove(0);
    assert_eq!((told.flags, told.events), (0x30, vec![status(NO_READ)]));
}

#[test]
fn the_script_is_told_what_clients_do_with_the_values_before() {
    let mut world = two_users();
    let id = world.open();
    world.set(id, "a", 1);
    world.ask(
        1,
        1,
        vec![wish("a", 2), wish("b", 3), unwish("a"), unwish("c")],
    );
    let entry = |code, name: &str, old: Option<i32>| SyncEntry {
        code,
        name: Some(name.into()),
        old: old.map(Value::from),
    };
    let expected = vec![
        entry(SyncCode::Change, "a", Some(1)),
        entry(SyncCode::Change, "b", None),
        entry(SyncCode::Delete, "a", Some(2)),
    ];
    assert_eq!(world.syncs, [expected]);
    world.ask(1, 2, vec![Event::RequestClear]);
    assert_eq!(world.syncs[1], [entry(SyncCode::Delete, "b", Some(3))]);
}

#[test]
fn a_temporary_object_is_gone_with_its_last_user() {
    let mut world = two_users();
    world.ask(1, 0, vec![wish("a", 1)]);
    let id = world.open();
    world.leave(1);
    world.leave(2);
    assert_eq!(world.directory.get(id, "a"), Some(1.into()));
    world.directory.close(id);
    assert_eq!(world.directory.stats().objects, 0);
    let again = world.open();
    assert_eq!(world.directory.size(again), 0);
    assert_ne!(again, id);
}
