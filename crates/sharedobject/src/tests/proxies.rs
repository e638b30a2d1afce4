//! Proxies: an owner and a proxy side by side, and what both ends' clients and the proxy's script
//! are told.

use amf::Value;
use rtmp::Encoding;
use rtmp::shared_object::{Event, Message, PROXIED};

use super::world::*;
use crate::{
    Config, Dialect, Directory, Kind, LinkId, Note, ObjectId, Refusal, Rights, SyncCode, SyncEntry,
    UserId,
};

/// The proxy, as a client of the owner.
const PROXY: u64 = 100;

/// The proxy's connection to the owner.
const LINK: LinkId = LinkId(1);

/// Two directories. What one sends the other waits until it is carried.
struct Pair {
    owner: World,
    proxy: World,
    id: ObjectId,
    rights: Rights,
}

impl Pair {
    fn new(kind: Kind) -> Self {
        Self::with(kind, &Config::default())
    }

    fn with(kind: Kind, config: &Config) -> Self {
        let config = Config {
            batch_ms: 0,
            ..config.clone()
        };
        let mut proxy = World::new(config);
        let now = proxy.now;
        let directory = &mut proxy.directory;
        directory.link_opened(now, LINK, "rtmp://h/owner", Encoding::Amf0);
        let id = directory.open_proxy("so", kind, LINK).unwrap();
        Self {
            owner: World::prompt(),
            proxy,
            id,
            rights: Rights {
                relay: false,
                ..Rights::ALL
            },
        }
    }

    /// A pair that is in step, with a client at the proxy, number 1, and one at the owner, 2.
    fn in_step() -> Self {
        let mut pair = Self::new(Kind::Temporary);
        pair.owner.ask(2, 0, vec![Event::Use]);
        pair.connect();
        pair.proxy.ask(1, 0, vec![Event::Use]);
        pair.owner.hush(&[2]);
        pair.proxy.hush(&[1]);
        pair.proxy.syncs.clear();
        pair
    }

    /// The owner's instance accepts the connection.
    fn connect(&mut self) {
        let now = self.proxy.now;
        self.proxy.directory.link_up(now, LINK);
        self.carry();
    }

    fn lose(&mut self, link: LinkId) {
        let now = self.proxy.now;
        self.proxy.directory.link_down(now, link);
        self.proxy.pump();
        self.owner.leave(PROXY);
    }

    /// Carries all that waits, both ways.
    fn carry(&mut self) {
        while self.carry_up() + self.carry_down() > 0 {}
    }

    fn carry_up(&mut self) -> usize {
        self.proxy.pump();
        let sent = std::mem::take(&mut self.proxy.sent);
        for (_, message) in &sent {
            self.owner.send(PROXY, message, self.rights);
        }
        sent.len()
    }

    fn carry_down(&mut self) -> usize {
        self.owner.pump();
        let told = self.owner.told(PROXY);
        for message in &told {
            self.hear(message);
        }
        told.len()
    }

    fn hear(&mut self, message: &Message) {
        let now = self.proxy.now;
        self.proxy.directory.hear(now, LINK, message);
        self.proxy.pump();
    }

    fn set(&mut self, key: &str, value: impl Into<Value>) {
        let id = self.id;
        self.proxy.set(id, key, value);
    }

    fn value(&self, key: &str) -> Option<Value> {
        self.proxy.directory.get(self.id, key)
    }

    /// What the client at the proxy was told: all events, of however many messages.
    fn told(&mut self, user: u64) -> Vec<Event> {
        events(&mut self.proxy, user)
    }

    /// What the script at the proxy was told, in short.
    fn synced(&mut self) -> Vec<String> {
        let lists = std::mem::take(&mut self.proxy.syncs);
        lists
            .into_iter()
            .map(|list| list.iter().map(short).collect::<Vec<_>>().join(" "))
            .collect()
    }
}

fn events(world: &mut World, user: u64) -> Vec<Event> {
    let told = world.told(user).into_iter();
    told.flat_map(|message| message.events).collect()
}

fn short(entry: &SyncEntry) -> String {
    let name = entry.name.as_deref().unwrap_or_default();
    let old = entry.old.as_ref().and_then(Value::as_f64);
    let old = old.map(|old| format!("<{old}")).unwrap_or_default();
    format!("{}:{name}{old}", entry.code.as_str())
}

#[test]
fn a_subscription_waits_for_the_connection_and_clients_wait_for_the_copy() {
    let mut pair = Pair::new(Kind::Temporary);
    pair.owner.ask(2, 0, vec![Event::Use, wish("a", 1)]);
    pair.proxy.ask(1, 0, vec![Event::Use]);
    assert!(pair.proxy.sent.is_empty());
    assert!(pair.proxy.told(1).is_empty());
    let now = pair.proxy.now;
    pair.proxy.directory.link_up(now, LINK);
    pair.proxy.pump();
    let (_, message) = pair.proxy.sent[0].clone();
    assert_eq!((message.flags, message.version), (PROXIED, 0));
    assert_eq!(message.events, [Event::Use]);
    pair.carry();
    assert_eq!(
        pair.told(1),
        [Event::UseSuccess, Event::Clear, change("a", 1)]
    );
    assert_eq!(pair.synced(), ["clear: change:a"]);
    assert_eq!(pair.owner.directory.stats().subscriptions, 2);
}

#[test]
fn what_others_do_is_told_to_clients_and_script() {
    let mut pair = Pair::in_step();
    pair.owner.ask(2, 0, vec![wish("a", 1)]);
    pair.carry();
    pair.owner
        .ask(2, 1, vec![wish("a", 2), unwish("b"), call("f", 7)]);
    pair.carry();
    pair.owner.ask(2, 2, vec![unwish("a"), Event::RequestClear]);
    pair.carry();
    assert_eq!(
        pair.told(1),
        [change("a", 1), change("a", 2), call("f", 7), Event::Clear,]
    );
    assert_eq!(pair.synced(), ["change:a", "change:a<1", "clear:"]);
    assert_eq!(pair.proxy.calls, [("f".into(), vec![7.into()])]);
}

#[test]
fn a_client_is_answered_by_the_owner() {
    let mut pair = Pair::in_step();
    pair.proxy.ask(3, 0, vec![Event::Use]);
    pair.proxy.hush(&[3]);
    pair.proxy.ask(1, 9, vec![wish("a", 1), wish("b", 2)]);
    assert!(pair.proxy.told(1).is_empty(), "the owner has not answered");
    assert_eq!(pair.value("a"), None);
    pair.carry();
    assert_eq!(pair.told(1), [success("a"), success("b")]);
    assert_eq!(pair.told(3), [change("a", 1), change("b", 2)]);
    assert_eq!(events(&mut pair.owner, 2), [change("a", 1), change("b", 2)]);
    assert_eq!(pair.synced(), ["change:a change:b"]);
    let version = pair.proxy.directory.version(pair.id);
    pair.proxy.ask(1, version, vec![unwish("a")]);
    pair.carry();
    assert_eq!(pair.told(1), [success("a")]);
    assert_eq!(pair.told(3), [remove("a")]);
    assert_eq!(pair.synced(), ["delete:a<1"]);
    pair.proxy.ask(1, version + 1, vec![call("f", 5)]);
    pair.carry();
    assert_eq!(pair.told(1), [call("f", 5)]);
    assert_eq!(pair.told(3), [call("f", 5)]);
    assert_eq!(events(&mut pair.owner, 2), [remove("a"), call("f", 5)]);
    assert_eq!(pair.proxy.calls.len(), 1);
}

#[test]
fn the_script_is_told_what_became_of_its_own_changes() {
    let mut pair = Pair::in_step();
    pair.set("a", 1);
    assert_eq!(pair.value("a"), None);
    assert!(pair.synced().is_empty());
    pair.carry();
    assert_eq!(pair.value("a"), Some(1.into()));
    assert_eq!(pair.synced(), ["success:a"]);
    assert_eq!(pair.told(1), [change("a", 1)]);
    pair.set("a", Value::Null);
    pair.carry();
    assert_eq!(pair.synced(), ["success:a"]);
    assert_eq!(pair.told(1), [remove("a")]);
    // Its own call comes back to its clients, not to itself.
    let id = pair.id;
    pair.proxy
        .directory
        .send(id, &"f".into(), &[1.into()])
        .unwrap();
    pair.carry();
    assert_eq!(pair.told(1), [call("f", 1)]);
    assert!(pair.proxy.calls.is_empty());
    pair.set("a", 3);
    assert!(pair.proxy.directory.clear(id));
    pair.carry();
    assert_eq!(pair.synced(), ["success:a", "clear:"]);
    assert_eq!(pair.told(1), [change("a", 3), Event::Clear]);
    assert_eq!(pair.value("a"), None);
    assert_eq!(pair.proxy.directory.lock(id), -1);
    assert_eq!(pair.proxy.directory.unlock(id), -1);
}

#[test]
fn who_comes_second_at_the_owner_is_rejected() {
    let mut pair = Pair::in_step();
    pair.owner.ask(2, 0, vec![wish("a", 1), wish("b", 1)]);
    pair.owner.ask(2, 1, vec![wish("a", 2)]);
    pair.proxy.ask(1, 9, vec![wish("a", 9)]);
    pair.set("b", 9);
    pair.carry_up();
    pair.carry();
    assert_eq!(pair.synced(), ["change:a reject:b", "change:a<1"]);
    let told = pair.told(1);
    assert_eq!(told.last(), Some(&change("a", 2)), "{told:?}");
    assert!(!told.contains(&success("a")));
    assert_eq!(pair.value("a"), Some(2.into()));
    assert_eq!(pair.value("b"), Some(1.into()));
    assert_eq!(pair.proxy.directory.waiting(pair.id), 0);
}

#[test]
fn who_comes_second_at_the_proxy_is_rejected() {
    let mut pair = Pair::in_step();
    pair.proxy.ask(3, 0, vec![Event::Use]);
    let version = pair.proxy.told_once(3).0;
    pair.proxy.ask(1, version, vec![wish("a", 1)]);
    pair.proxy.ask(3, version, vec![wish("a", 2), wish("b", 2)]);
    assert_eq!(
        pair.carry_up(),
        1,
        "the second waits for the answer to the first"
    );
    pair.carry();
    assert_eq!(pair.told(1), [success("a"), change("b", 2)]);
    assert_eq!(pair.told(3), [change("a", 1), change("a", 1), success("b")]);
    assert_eq!(pair.owner.directory.stats().subscriptions, 2);
}

#[test]
fn a_last_writer_that_wins_at_the_owner_wins_here() {
    let mut pair = Pair::in_step();
    pair.owner = World::new(Config {
        batch_ms: 0,
        conflict: crate::Conflict::LastWriterWins,
        ..Config::default()
    });
    pair.owner.ask(2, 0, vec![Event::Use]);
    let message = Message::new("so", 0, false, vec![Event::Use]);
    pair.owner.send(PROXY, &message, Rights::ALL);
    pair.owner.hush(&[PROXY]);
    pair.owner.ask(2, 0, vec![wish("a", 1)]);
    pair.proxy.ask(1, 9, vec![wish("a", 9)]);
    pair.carry_up();
    pair.carry();
    // It has been told that it was overtaken, so its own value comes as a change.
    assert_eq!(pair.told(1), [change("a", 1), change("a", 9)]);
    assert_eq!(pair.value("a"), Some(9.into()));
    assert_eq!(pair.proxy.directory.waiting(pair.id), 0);
}

#[test]
fn what_the_owner_refuses_is_refused_here() {
    let mut pair = Pair::in_step();
    pair.owner.ask(2, 0, vec![wish("a", 1)]);
    pair.carry();
    pair.proxy.hush(&[1]);
    pair.synced();
    pair.rights.write = false;
    pair.proxy.ask(1, 9, vec![wish("a", 9), call("f", 1)]);
    pair.set("a", 8);
    pair.carry();
    assert_eq!(pair.told(1), [status(NO_WRITE), change("a", 1)]);
    assert_eq!(pair.synced(), ["reject:a<1"]);
    pair.proxy.ask(1, 9, vec![call("f", 1)]);
    pair.carry();
    assert_eq!(pair.told(1), [status(NO_WRITE)]);
    pair.proxy.ask(1, 9, vec![Event::RequestClear]);
    pair.carry();
    assert_eq!(pair.told(1), [status(NO_WRITE)]);
    assert_eq!(pair.proxy.directory.waiting(pair.id), 0);
    let refused = Note::Refused {
        user: UserId(1),
        name: "so".into(),
        code: rtmp::status::Code::SharedObjectNoWriteAccess,
        why: Refusal::Owner,
    };
    assert_eq!(
        pair.proxy.notes,
        [refused.clone(), refused.clone(), refused]
    );
}

#[test]
fn a_refused_subscription_is_a_status_of_the_script() {
    let mut pair = Pair::new(Kind::Temporary);
    pair.rights.read = false;
    pair.proxy.ask(1, 0, vec![Event::Use]);
    pair.connect();
    assert_eq!(pair.proxy.statuses, [NO_READ]);
    assert_eq!(pair.told(1), [Event::UseSuccess, Event::Clear]);
    pair.proxy.ask(1, 9, vec![wish("a", 1)]);
    assert_eq!(pair.told(1), [status(NO_WRITE), remove("a")]);
    let set = pair.proxy.directory.set(pair.id, &"a".into(), &1.into());
    assert_eq!(set, Err(Refusal::NotConnected.into()));
    // Once it is allowed, the script gets the object again.
    pair.rights.read = true;
    pair.proxy
        .directory
        .open_proxy("so", Kind::Temporary, LINK)
        .unwrap();
    pair.carry();
    assert_eq!(pair.told(1), [Event::Clear]);
    pair.set("a", 1);
    pair.carry();
    assert_eq!(pair.value("a"), Some(1.into()));
}

#[test]
fn without_its_connection_a_proxy_is_idle_until_it_is_opened_again() {
    let mut pair = Pair::new(Kind::Persistent);
    pair.connect();
    pair.owner
        .ask_kept(2, 0, vec![Event::Use, wish("a", 1), wish("b", 1)]);
    pair.carry();
    pair.proxy.ask_kept(1, 0, vec![Event::Use]);
    pair.proxy.hush(&[1]);
    pair.proxy.ask_kept(1, 9, vec![wish("a", 2)]);
    pair.set("b", 2);
    pair.synced();
    pair.lose(LINK);
    assert_eq!(pair.told(1), [status(NO_WRITE), change("a", 1)]);
    assert_eq!(pair.synced(), ["reject:b<1"]);
    assert!(
        pair.proxy.statuses.is_empty(),
        "the connection's own status says it"
    );
    pair.proxy.ask_kept(1, 9, vec![wish("a", 3)]);
    assert_eq!(pair.told(1), [status(NO_WRITE), change("a", 1)]);
    pair.proxy.ask_kept(3, 0, vec![Event::Use]);
    assert_eq!(pair.told(3).len(), 4, "it gets the copy");
    pair.owner.ask_kept(2, 9, vec![unwish("a"), wish("c", 1)]);
    reopen(&mut pair, LinkId(2), "rtmp://h/owner");
    // The owner knows the version: only what has changed comes.
    assert_eq!(pair.told(1), [change("c", 1), remove("a")]);
    assert_eq!(pair.synced(), ["change:c delete:a<1"]);
    let dead = pair
        .proxy
        .directory
        .open_proxy("so", Kind::Persistent, LINK);
    assert_eq!(dead.unwrap_err().0, Refusal::NotConnected);
}

/// The script gets the object over a connection that it opens afterwards.
fn reopen(pair: &mut Pair, link: LinkId, uri: &str) {
    let now = pair.proxy.now;
    let (kind, directory) = (
        pair.proxy.directory.named(pair.id).unwrap().1,
        &mut pair.proxy.directory,
    );
    assert_eq!(directory.open_proxy("so", kind, link), Ok(pair.id));
    directory.link_opened(now, link, uri, Encoding::Amf0);
    directory.link_up(now, link);
    pair.proxy.pump();
    carry_over(pair, link);
}

fn carry_over(pair: &mut Pair, link: LinkId) {
    loop {
        let sent = pair.carry_up();
        let told = pair.owner.told(PROXY);
        for message in &told {
            pair.proxy.directory.hear(pair.proxy.now, link, message);
            pair.proxy.pump();
        }
        if sent + told.len() == 0 {
            return;
        }
    }
}

#[test]
fn another_owner_means_another_object() {
    let mut pair = Pair::in_step();
    pair.set("a", 1);
    pair.carry();
    pair.proxy.hush(&[1]);
    pair.synced();
    let first = std::mem::replace(&mut pair.owner, World::prompt());
    pair.owner.ask(2, 0, vec![Event::Use, wish("b", 2)]);
    let (now, other) = (pair.proxy.now, LinkId(2));
    let directory = &mut pair.proxy.directory;
    directory.open_proxy("so", Kind::Temporary, other).unwrap();
    directory.link_opened(now, other, "rtmp://h/other", Encoding::Amf3);
    pair.proxy.pump();
    assert_eq!(pair.told(1), [Event::Clear]);
    assert_eq!(pair.value("a"), None);
    let sent = std::mem::take(&mut pair.proxy.sent);
    assert_eq!(sent.len(), 1);
    assert_eq!(
        (sent[0].0, &sent[0].1.events[..]),
        (1, &[Event::Release][..])
    );
    drop(first);
    pair.proxy.directory.link_up(now, other);
    pair.proxy.pump();
    assert_eq!(pair.proxy.sent[0].1.encoding, Encoding::Amf3);
    carry_over(&mut pair, other);
    assert_eq!(pair.told(1), [Event::Clear, change("b", 2)]);
    // What the first owner still says is no news.
    pair.hear(&Message::new("so", 9, false, vec![change("a", 9)]));
    assert_eq!(pair.value("a"), None);
}

#[test]
fn a_local_object_becomes_a_proxy() {
    let mut world = World::prompt();
    let id = world.open_kept();
    world.set(id, "mine", 1);
    world.ask_kept(1, 0, vec![Event::Use]);
    let relay = Rights {
        relay: false,
        ..Rights::ALL
    };
    world.send(7, &Message::new("so", 0, true, vec![Event::Use]), relay);
    world.hush(&[1, 7]);
    assert_eq!(world.directory.lock(id), 1);
    world.ask_kept(1, 9, vec![wish("held", 2)]);
    assert_eq!(
        world.directory.open_proxy("so", Kind::Persistent, LINK),
        Ok(id)
    );
    world.pump();
    assert_eq!(events(&mut world, 1), [success("held"), Event::Clear]);
    assert_eq!(events(&mut world, 7), [change("held", 2), status(NOT_MADE)]);
    assert_eq!(world.directory.lock(id), -1);
    assert_eq!(world.directory.size(id), 0);
    // What it was is stored, and stays so: the proxy's object is stored by its owner.
    let stored = world.shelf.get("so").unwrap();
    assert_eq!(stored.slots.len(), 2);
    assert!(!world.directory.is_dirty(id));
    let now = world.now;
    world
        .directory
        .link_opened(now, LINK, "rtmp://h/owner", Encoding::Amf0);
    world.directory.link_up(now, LINK);
    let there = Message::new(
        "so",
        3,
        true,
        vec![Event::UseSuccess, Event::Clear, change("a", 1)],
    );
    world.directory.hear(now, LINK, &there);
    world.pump();
    assert_eq!(events(&mut world, 1), [Event::Clear, change("a", 1)]);
    assert!(world.directory.take_changes(id).is_none());
    world.directory.save_all(now);
    world.pump();
    assert_eq!(world.shelf.get("so").unwrap(), stored);
}

#[test]
fn an_administrator_sees_the_copy_and_changes_nothing() {
    let mut pair = Pair::in_step();
    pair.owner.ask(2, 0, vec![wish("a", 1)]);
    pair.carry();
    let now = pair.proxy.now;
    let directory = &mut pair.proxy.directory;
    let seen = directory.inspect(now, "so", Kind::Temporary).unwrap();
    assert_eq!(seen.unwrap().slots, [("a".into(), 1.into())]);
    let slots = [("a".into(), Some(2.into()))];
    let changed = directory.administer(now, "so", Kind::Temporary, &slots, false);
    assert_eq!(changed, Err(Refusal::Proxy));
    assert_eq!(pair.value("a"), Some(1.into()));
}

#[test]
fn a_proxy_leaves_with_its_last_user() {
    let mut pair = Pair::in_step();
    pair.proxy.directory.close(pair.id);
    pair.carry();
    assert_eq!(pair.owner.directory.stats().subscriptions, 2);
    pair.proxy.ask(1, 9, vec![wish("a", 1)]);
    pair.carry();
    assert_eq!(pair.told(1), [success("a")], "clients keep it");
    pair.proxy.leave(1);
    pair.carry();
    assert_eq!(pair.owner.directory.stats().subscriptions, 1);
    assert_eq!(pair.proxy.directory.counts(), (0, 0));
}

#[test]
fn a_client_that_leaves_is_not_answered_and_its_change_counts() {
    let mut pair = Pair::in_step();
    pair.proxy.ask(1, 9, vec![wish("a", 1)]);
    pair.carry_up();
    pair.proxy.leave(1);
    pair.carry();
    assert!(pair.proxy.told(1).is_empty());
    assert_eq!(pair.value("a"), Some(1.into()));
    assert_eq!(pair.proxy.directory.waiting(pair.id), 0);
}

#[test]
fn an_owner_that_does_not_answer_has_so_much_time() {
    let mut pair = Pair::new(Kind::Temporary);
    pair.proxy.ask(1, 0, vec![Event::Use]);
    pair.set("a", 1);
    let now = pair.proxy.now;
    pair.proxy.directory.link_up(now, LINK);
    pair.proxy.wait(9_999);
    assert!(pair.proxy.statuses.is_empty() && pair.proxy.told(1).is_empty());
    pair.proxy.wait(1);
    assert_eq!(pair.proxy.statuses, [NOT_MADE]);
    assert_eq!(pair.told(1), [Event::UseSuccess, Event::Clear]);
    assert_eq!(pair.synced(), ["reject:a"]);
    let sent = pair
        .proxy
        .sent
        .iter()
        .map(|(_, message)| &message.events[0]);
    assert_eq!(sent.collect::<Vec<_>>(), [&Event::Use, &Event::Release]);
}

#[test]
fn a_request_without_an_answer_is_refused_and_the_copy_comes_anew() {
    let mut pair = Pair::in_step();
    pair.owner.ask(2, 0, vec![wish("a", 1)]);
    pair.carry();
    pair.proxy.hush(&[1]);
    pair.proxy.ask(1, 9, vec![wish("a", 2)]);
    pair.carry_up();
    pair.owner.hush(&[PROXY]);
    pair.proxy.wait(10_000);
    assert_eq!(pair.told(1), [status(NO_WRITE), change("a", 1)]);
    pair.carry();
    // It was done after all, and only its answer was lost.
    assert_eq!(pair.told(1), [Event::Clear, change("a", 2)]);
    assert_eq!(pair.value("a"), Some(2.into()));
}

#[test]
fn a_late_answer_is_not_taken_for_that_to_a_later_request() {
    for proxy_dialect in [Dialect::Client, Dialect::Server] {
        let config = Config {
            proxy_dialect,
            ..Config::default()
        };
        let mut pair = Pair::with(Kind::Temporary, &config);
        pair.connect();
        pair.proxy.ask(1, 0, vec![Event::Use]);
        pair.proxy.hush(&[1]);
        let owners = pair.owner.open();
        pair.owner.directory.lock(owners);
        pair.proxy.ask(1, 9, vec![wish("a", 1)]);
        pair.carry_up();
        pair.proxy.wait(10_000);
        pair.carry_up();
        pair.owner.directory.unlock(owners);
        // A client asks as soon as the proxy has its copy again.
        pair.owner.pump();
        let told = pair.owner.told(PROXY);
        for message in &told {
            pair.hear(message);
            if message.events.contains(&Event::UseSuccess) {
                pair.proxy.ask(1, 9, vec![wish("a", 2)]);
            }
        }
        assert_eq!(pair.value("a"), Some(1.into()), "what the owner has");
        pair.carry();
        assert_eq!(pair.told(1).last(), Some(&success("a")));
        assert_eq!(pair.value("a"), Some(2.into()));
    }
}

#[test]
fn so_much_may_wait_for_the_owner() {
    let mut config = Config::default();
    config.limits.proxy_requests = 3;
    let mut pair = Pair::with(Kind::Temporary, &config);
    pair.connect();
    pair.proxy.ask(1, 0, vec![Event::Use]);
    pair.proxy.hush(&[1]);
    pair.proxy.ask(1, 9, vec![wish("a", 1), wish("b", 1)]);
    pair.proxy.ask(1, 9, vec![wish("a", 2), wish("c", 1)]);
    assert_eq!(pair.told(1), [status(NO_WRITE), remove("a"), remove("c")]);
    let limit = Refusal::Limit {
        limit: "proxy_requests",
        max: 3,
    };
    assert!(matches!(&pair.proxy.notes[..], [Note::Refused { why, .. }] if *why == limit));
    let (id, directory) = (pair.id, &mut pair.proxy.directory);
    assert!(directory.set(id, &"c".into(), &1.into()).is_ok());
    assert_eq!(directory.set(id, &"d".into(), &1.into()), Err(limit.into()));
    pair.carry();
    assert_eq!(pair.told(1), [success("a"), success("b"), change("c", 1)]);
}

#[test]
fn a_copy_too_large_to_be_kept_ends_the_subscription() {
    let mut config = Config::default();
    config.limits.slots = 1;
    let mut pair = Pair::with(Kind::Temporary, &config);
    pair.connect();
    pair.owner
        .ask(2, 0, vec![Event::Use, wish("a", 1), wish("b", 1)]);
    pair.carry();
    assert_eq!(pair.proxy.statuses, [NOT_MADE]);
    assert_eq!(pair.owner.directory.stats().subscriptions, 1);
}

#[test]
fn a_proxy_has_no_proxies() {
    let mut pair = Pair::in_step();
    let relay = Rights {
        relay: false,
        ..Rights::ALL
    };
    let message = Message::new("so", 0, false, vec![Event::Use]);
    pair.proxy.send(7, &message, relay);
    assert_eq!(pair.told(7), [status(NOT_MADE)]);
    // Two that are each other's owners both learn that it cannot be.
    let mut ends = [
        Directory::new(Config::default(), Box::new(crate::NothingStored)),
        Directory::new(Config::default(), Box::new(crate::NothingStored)),
    ]
    .map(|directory| {
        let mut world = World::prompt();
        world.directory = directory;
        world
    });
    for end in &mut ends {
        let now = end.now;
        end.directory
            .open_proxy("so", Kind::Temporary, LINK)
            .unwrap();
        end.directory
            .link_opened(now, LINK, "rtmp://h/a", Encoding::Amf0);
        end.directory.link_up(now, LINK);
        end.pump();
    }
    for at in [0, 1] {
        let (_, message) = ends[at].sent.remove(0);
        ends[1 - at].send(PROXY, &message, relay);
        for answer in ends[1 - at].told(PROXY) {
            let now = ends[at].now;
            ends[at].directory.hear(now, LINK, &answer);
            ends[at].pump();
        }
        assert_eq!(ends[at].statuses, [NOT_MADE]);
    }
}

#[test]
fn an_owner_of_the_common_dialect_is_asked_as_clients_ask() {
    let config = Config {
        proxy_dialect: Dialect::Client,
        ..Config::default()
    };
    let mut pair = Pair::with(Kind::Persistent, &config);
    pair.connect();
    pair.set("a", 1);
    pair.set("b", 1);
    pair.carry();
    assert!(pair.proxy.directory.clear(pair.id));
    pair.proxy.pump();
    let (_, message) = &pair.proxy.sent[0];
    assert_eq!(message.flags, rtmp::shared_object::PERSISTENT);
    assert_eq!(message.events, [unwish("a"), unwish("b")]);
    pair.carry();
    assert_eq!(
        pair.synced(),
        ["clear:", "success:a", "success:b", "success:a success:b"]
    );
    assert_eq!(pair.proxy.directory.size(pair.id), 0);
}

#[test]
fn what_cannot_be_understood_makes_the_copy_come_anew() {
    let mut pair = Pair::in_step();
    pair.owner.ask(2, 0, vec![wish("a", 1)]);
    pair.carry();
    pair.synced();
    pair.hear(&Message::new("so", 5, false, vec![success("z")]));
    pair.carry();
    assert_eq!(pair.synced(), ["clear: change:a"]);
    // Nothing here makes it fall.
    for event in [
        Event::Use,
        Event::Success(vec![]),
        Event::SlotVersion {
            key: "a".into(),
            version: 1,
        },
        Event::Unknown {
            event: 99,
            data: bytes::Bytes::default(),
        },
        unwish("a"),
        remove("never"),
        Event::UseSuccess,
    ] {
        pair.hear(&Message::new("so", 5, false, vec![event]));
    }
    pair.hear(&Message::new("other", 5, false, vec![change("a", 2)]));
    pair.hear(&Message::new("a b", 5, false, vec![change("a", 2)]));
    assert_eq!(pair.synced(), [""; 0]);
    assert_eq!(pair.value("a"), Some(1.into()));
    assert_eq!(SyncCode::Reject.as_str(), "reject");
}
