//! What the server sends about shared objects, byte for byte, in every form that clients speak:
//! AMF0 (type 19), AMF3 (type 16), and that of servers (flags 0x10). What is expected is written
//! here by hand, not by the server's own encoder.

use amf::Value;
use anyhow::{Result, ensure};
use e2e::client::{self, Client};
use e2e::server::{self, Server};
use libtest_mimic::Trial;
use rtmp::message::type_id;
use rtmp::shared_object::{self, Event, PERSISTENT, PROXIED, PROXIED_ANSWER};
use rtmp::{Body, Encoding, Message};
use testkit::hex;

use crate::trial;

pub(super) fn trials() -> Vec<Trial> {
    let of = |name: &str, dialect: Dialect| {
        let name = |what: &str| format!("shared_objects::{what}_byte_for_byte_in_{name}");
        [
            trial(&name("use_and_change"), move || changes(dialect)),
            trial(&name("refusals"), move || refusals(dialect)),
            trial(&name("a_return_with_an_old_version"), move || {
                returns(dialect)
            }),
        ]
    };
    let amf0 = of(
        "amf0",
        Dialect {
            encoding: Encoding::Amf0,
            proxied: false,
        },
    );
    let amf3 = of(
        "amf3",
        Dialect {
            encoding: Encoding::Amf3,
            proxied: false,
        },
    );
    let servers = of(
        "servers",
        Dialect {
            encoding: Encoding::Amf0,
            proxied: true,
        },
    );
    amf0.into_iter().chain(amf3).chain(servers).collect()
}

/// A form of the protocol.
#[derive(Clone, Copy, Debug)]
struct Dialect {
    encoding: Encoding,
    /// As one server speaks to another.
    proxied: bool,
}

const PLAIN: Dialect = Dialect {
    encoding: Encoding::Amf0,
    proxied: false,
};

/// One client and one object, with what has been received recorded.
struct Talk {
    client: Client,
    dialect: Dialect,
    object: &'static str,
    flags: u32,
    /// So many recorded messages about the object have been looked at.
    seen: usize,
}

impl Talk {
    async fn open(
        server: &Server,
        app: &str,
        dialect: Dialect,
        object: &'static str,
        persistent: bool,
    ) -> Result<Self> {
        let mut client = Client::open_recording(server.rtmp).await?;
        let number = match dialect.encoding {
            Encoding::Amf0 => 0.0,
            Encoding::Amf3 => 3.0,
        };
        let encoding = [("objectEncoding", Value::from(number))];
        let answer = client.ask(client::connect(server.rtmp, app, &encoding, vec![]));
        let answer = answer.await?;
        ensure!(&*answer.name == "_result", "{answer:?}");
        let flags =
            if persistent { PERSISTENT } else { 0 } | if dialect.proxied { PROXIED } else { 0 };
        Ok(Self {
            client,
            dialect,
            object,
            flags,
            seen: 0,
        })
    }

    async fn ask(&mut self, version: u32, event: Event) -> Result<()> {
        let message = shared_object::Message {
            encoding: self.dialect.encoding,
            flags: self.flags,
            ..shared_object::Message::new(self.object, version, false, vec![event])
        };
        let message = Message::connection(Body::SharedObject(message));
        self.client.send(message).await
    }

    /// The next message about the object is exactly this.
    async fn told(&mut self, version: u32, events: &[Vec<u8>]) -> Result<()> {
        let is_ours =
            |message: &Message| matches!(message.body, Body::SharedObject(_)).then_some(());
        self.client.wait_for("a shared object", is_ours).await?;
        let (number, lead) = match self.dialect.encoding {
            Encoding::Amf0 => (type_id::SHARED_OBJECT_AMF0, &[][..]),
            Encoding::Amf3 => (type_id::SHARED_OBJECT_AMF3, &[0][..]),
        };
        let admits = |event: &Vec<u8>| matches!(event.first(), Some(7 | 11));
        let answer = self.dialect.proxied && events.iter().any(admits);
        let flags = self.flags | if answer { PROXIED_ANSWER } else { 0 };
        let words = [version, flags, 0].map(u32::to_be_bytes).concat();
        let expected = [lead, &text(self.object), &words, &events.concat()].concat();
        let recorded = self.client.recorded()?;
        let mut recorded = recorded.iter().filter(|(kind, _)| matches!(kind, 16 | 19));
        let (kind, body) = recorded.nth(self.seen).expect("one has been waited for");
        self.seen += 1;
        ensure!(*kind == number, "type {kind}");
        ensure!(
            **body == expected,
            "{}\nexpected {}",
            hex::encode(body),
            hex::encode(&expected)
        );
        Ok(())
    }

    /// What is said to who asked, in this dialect: 5 with the key, or between servers `instead`.
    fn done(&self, key: &str, instead: Vec<u8>) -> Vec<u8> {
        if self.dialect.proxied {
            instead
        } else {
            event(5, &text(key))
        }
    }
}

fn event(kind: u8, data: &[u8]) -> Vec<u8> {
    [&[kind][..], &(data.len() as u32).to_be_bytes(), data].concat()
}

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u16).to_be_bytes()[..], text.as_bytes()].concat()
}

/// A key and a number.
fn slot(kind: u8, key: &str, value: f64) -> Vec<u8> {
    event(kind, &[&text(key)[..], &[0], &value.to_be_bytes()].concat())
}

fn status(code: &str) -> Vec<u8> {
    event(7, &[text(code), text("error")].concat())
}

fn used() -> Vec<u8> {
    event(11, &[])
}

fn cleared() -> Vec<u8> {
    event(8, &[])
}

fn removed(key: &str) -> Vec<u8> {
    event(9, &text(key))
}

fn set(key: &str, value: f64) -> Event {
    Event::RequestChange(vec![(key.into(), value.into())])
}

/// Everything is announced by itself, so that what is told when is certain.
const AT_ONCE: [&str; 1] = ["shared_objects.batch_ms=0"];

fn changes(dialect: Dialect) -> Result<()> {
    server::with(&AT_ONCE, |server| {
        client::run(async {
            let mut ann = Talk::open(server, "live", dialect, "room/42", false).await?;
            ann.ask(0, Event::Use).await?;
            ann.told(0, &[used(), cleared()]).await?;
            ann.ask(0, set("a", 1.5)).await?;
            ann.told(1, &[ann.done("a", slot(13, "a", 1.5))]).await?;
            let mut bob = Talk::open(server, "live", PLAIN, "room/42", false).await?;
            bob.ask(0, Event::Use).await?;
            bob.told(1, &[used(), cleared(), slot(4, "a", 1.5)]).await?;
            bob.ask(1, set("b", -2.0)).await?;
            bob.told(2, &[event(5, &text("b"))]).await?;
            ann.told(2, &[slot(4, "b", -2.0)]).await?;
            ann.ask(2, Event::RequestRemove(vec!["a".into()])).await?;
            ann.told(3, &[ann.done("a", removed("a"))]).await?;
            bob.told(3, &[removed("a")]).await?;
            // Null deletes too, and what is gone already is deleted with success.
            bob.ask(3, Event::RequestChange(vec![("b".into(), Value::Null)]))
                .await?;
            bob.told(4, &[event(5, &text("b"))]).await?;
            ann.told(4, &[removed("b")]).await?;
            ann.ask(4, Event::RequestRemove(vec!["b".into()])).await?;
            ann.told(4, &[ann.done("b", removed("b"))]).await?;
            let say = Event::SendMessage {
                handler: "say".into(),
                args: vec!["hi".into()],
            };
            ann.ask(4, say).await?;
            let said = event(6, &[&[2][..], &text("say"), &[2], &text("hi")].concat());
            ann.told(4, std::slice::from_ref(&said)).await?;
            bob.told(4, &[said]).await?;
            ann.ask(4, set("c", 0.0)).await?;
            ann.told(5, &[ann.done("c", slot(13, "c", 0.0))]).await?;
            bob.told(5, &[slot(4, "c", 0.0)]).await?;
            ann.ask(5, Event::RequestClear).await?;
            ann.told(6, &[cleared()]).await?;
            bob.told(6, &[cleared()]).await
        })
    })
}

/// Lets nobody write into one of its objects, nor read another.
const GUARDED: &str = "
    application.onAppStart = function () {
        this.chat = SharedObject.get('chat');
        this.chat.setProperty('a', 1);
    };
    application.onConnect = function (client) {
        client.readAccess = 'chat;open';
        client.writeAccess = 'open';
        return true;
    };";

fn refusals(dialect: Dialect) -> Result<()> {
    server::with(&AT_ONCE, |server| {
        server.application("guarded", GUARDED)?;
        client::run(async {
            let mut ann = Talk::open(server, "guarded", dialect, "chat", false).await?;
            ann.ask(0, Event::Use).await?;
            ann.told(1, &[used(), cleared(), slot(4, "a", 1.0)]).await?;
            let refused = || status("SharedObject.NoWriteAccess");
            ann.ask(1, set("a", 2.0)).await?;
            ann.told(1, &[refused(), slot(4, "a", 1.0)]).await?;
            ann.ask(1, Event::RequestRemove(vec!["a".into()])).await?;
            ann.told(1, &[refused(), slot(4, "a", 1.0)]).await?;
            ann.ask(1, set("new", 2.0)).await?;
            ann.told(1, &[refused(), removed("new")]).await?;
            ann.ask(1, Event::RequestClear).await?;
            ann.told(1, &[refused()]).await?;
            let mut eve = Talk::open(server, "guarded", dialect, "secret", false).await?;
            eve.ask(0, Event::Use).await?;
            eve.told(0, &[status("SharedObject.NoReadAccess")]).await?;
            // Who does not use an object writes nothing, and is told so.
            let mut bob = Talk::open(server, "guarded", dialect, "open", false).await?;
            bob.ask(7, set("a", 1.0)).await?;
            bob.told(7, &[refused()]).await?;
            bob.ask(0, Event::Use).await?;
            bob.told(0, &[used(), cleared()]).await?;
            conflict(server, bob).await
        })
    })
}

/// Who writes a slot that somebody else has changed meanwhile gets that value instead.
async fn conflict(server: &Server, mut bob: Talk) -> Result<()> {
    let mut ann = Talk::open(server, "guarded", PLAIN, "open", false).await?;
    ann.ask(0, Event::Use).await?;
    ann.told(0, &[used(), cleared()]).await?;
    ann.ask(0, set("x", 1.0)).await?;
    ann.told(1, &[event(5, &text("x"))]).await?;
    bob.told(1, &[slot(4, "x", 1.0)]).await?;
    bob.ask(0, set("x", 2.0)).await?;
    bob.told(1, &[slot(4, "x", 1.0)]).await?;
    bob.ask(0, set("y", 2.0)).await?;
    bob.told(2, &[bob.done("y", slot(13, "y", 2.0))]).await?;
    ann.told(2, &[slot(4, "y", 2.0)]).await
}

/// Remembers what was removed for three versions.
const SHORT_MEMORY: &str = "
    application.onAppStart = function () {
        this.kept = SharedObject.get('kept', true);
        this.kept.resyncDepth = 3;
    };
    application.onConnect = function (client) { return true; };";

fn returns(dialect: Dialect) -> Result<()> {
    server::with(&AT_ONCE, |server| {
        server.application("book", SHORT_MEMORY)?;
        client::run(async {
            let mut ann = Talk::open(server, "book", dialect, "kept", true).await?;
            ann.ask(0, Event::Use).await?;
            ann.told(0, &[used(), cleared()]).await?;
            for (version, key) in ["a", "b", "c"].iter().enumerate() {
                let (version, value) = (version as u32, version as f64);
                ann.ask(version, set(key, value)).await?;
                ann.told(version + 1, &[ann.done(key, slot(13, key, value))])
                    .await?;
            }
            ann.ask(3, Event::RequestRemove(vec!["a".into()])).await?;
            ann.told(4, &[ann.done("a", removed("a"))]).await?;
            ann.ask(4, Event::Release).await?;
            // Nothing new; what changed since then; too long ago.
            for (version, events) in [
                (4, vec![used()]),
                (3, vec![used(), removed("a")]),
                (
                    1,
                    vec![used(), slot(4, "b", 1.0), slot(4, "c", 2.0), removed("a")],
                ),
                (
                    0,
                    vec![used(), cleared(), slot(4, "b", 1.0), slot(4, "c", 2.0)],
                ),
            ] {
                ann.ask(version, Event::Use).await?;
                ann.told(4, &events).await?;
                ann.ask(4, Event::Release).await?;
            }
            ann.ask(4, Event::Use).await?;
            ann.told(4, &[used()]).await?;
            ann.ask(4, set("d", 3.0)).await?;
            ann.told(5, &[ann.done("d", slot(13, "d", 3.0))]).await?;
            let mut bob = Talk::open(server, "book", dialect, "kept", true).await?;
            bob.ask(1, Event::Use).await?;
            let all = [slot(4, "b", 1.0), slot(4, "c", 2.0), slot(4, "d", 3.0)];
            bob.told(5, &[vec![used(), cleared()], all.to_vec()].concat())
                .await
        })
    })
}
