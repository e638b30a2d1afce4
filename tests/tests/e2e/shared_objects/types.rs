//! Values of every type through type 16 into a persistent object, read back by another client
//! of another run of the server. Users of Red5 have lost such values: it could keep no vectors
//! (Red5/red5-server issue 75), nor all else that AMF3 has (issue 126).

use std::sync::Arc;

use amf::{Date, Dictionary, EcmaArray, ExternalBody, Externalizable, ObjectVector, Value, Vector};
use anyhow::{Context, Result, ensure};
use e2e::client;
use e2e::objects::Copy;
use e2e::server;
use libtest_mimic::Trial;
use rtmp::Encoding;

use super::{amf3_client, joined};
use crate::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("shared_objects::vectors_survive_as_in_red5_75", || {
            come_back(&vectors())
        }),
        trial("shared_objects::amf3_types_survive_as_in_red5_126", || {
            come_back(&others())
        }),
        trial("shared_objects::amf0_clients_get_what_they_can_read", amf0),
    ]
}

type Slots = Vec<(&'static str, Value)>;

fn vectors() -> Slots {
    let numbers = Vector {
        fixed: true,
        items: [0.5, f64::NAN, f64::NEG_INFINITY].into(),
    };
    let items = [
        Value::typed_object("shop.Item", [("price", Value::Integer(7))]),
        Value::Null,
    ];
    vec![
        (
            "int",
            Value::VectorInt(Arc::new(Vector::new([i32::MIN, -1, i32::MAX]))),
        ),
        (
            "uint",
            Value::VectorUint(Arc::new(Vector::new([0, u32::MAX]))),
        ),
        ("number", Value::VectorNumber(Arc::new(numbers))),
        (
            "object",
            Value::VectorObject(Arc::new(ObjectVector::new(false, "shop.Item", items))),
        ),
        ("empty", Value::VectorUint(Arc::new(Vector::new([])))),
    ]
}

fn others() -> Slots {
    let by_number = (Value::Integer(5), Value::from("five"));
    let by_object = (
        Value::object([("key", 1.0)].map(plain)),
        Value::byte_array(&[1]),
    );
    let mixed = EcmaArray::with_dense([("name", "n".into())], [1.0.into(), Value::Undefined]);
    // One part, twice.
    let part = Value::object([("deep", Value::array([1.0.into(), "é".into()]))]);
    vec![
        ("bytes", Value::byte_array(&(0..=255).collect::<Vec<u8>>())),
        (
            "dictionary",
            Value::Dictionary(Arc::new(Dictionary::new(true, [by_number, by_object]))),
        ),
        (
            "typed",
            Value::typed_object(
                "chat.User",
                [("name", Value::from("ann")), ("age", 30.into())],
            ),
        ),
        ("date", Value::Date(Date::from_millis(1_234_567_890_123.0))),
        ("xml", Value::Xml("<a>é</a>".into())),
        ("document", Value::XmlDocument("<b/>".into())),
        ("mixed", Value::EcmaArray(Arc::new(mixed))),
        ("integer", Value::Integer(-268_435_456)),
        ("shared", Value::array([part.clone(), part])),
        (
            "collection",
            Value::Externalizable(Arc::new(Externalizable::new(
                "flex.messaging.io.ArrayCollection",
                ExternalBody::Value(Value::array([1.into(), 2.into()])),
            ))),
        ),
        ("long", Value::from("x".repeat(40_000).as_str())),
    ]
}

fn plain((key, number): (&str, f64)) -> (&str, Value) {
    (key, number.into())
}

/// One client sets the slots, one beside it sees them, and one after a restart still does.
fn come_back(slots: &Slots) -> Result<()> {
    let sent: Vec<_> = slots
        .iter()
        .map(|(key, value)| (*key, value.clone().in_amf3()))
        .collect();
    server::with(&[], |server| {
        client::run(async {
            let mut ann = amf3_client(server).await?;
            let mut anns = Copy::open_in(&mut ann, "kept", true, Encoding::Amf3).await?;
            let mut bob = amf3_client(server).await?;
            let mut bobs = Copy::open_in(&mut bob, "kept", true, Encoding::Amf3).await?;
            anns.set(&mut ann, &sent).await?;
            bobs.next(&mut bob).await?;
            same(&bobs, slots).context("while it is alive")
        })?;
        server.restart("TERM", &[])?;
        client::run(async {
            let mut eve = amf3_client(server).await?;
            let eves = Copy::open_in(&mut eve, "kept", true, Encoding::Amf3).await?;
            same(&eves, slots).context("after the restart")
        })
    })
}

fn same(copy: &Copy, slots: &Slots) -> Result<()> {
    ensure!(copy.slots.len() == slots.len(), "{:?}", copy.slots.keys());
    for (key, value) in slots {
        let found = copy.slots.get(*key).with_context(|| format!("no {key}"))?;
        ensure!(found.plain() == value, "{key}: {found:?}");
    }
    Ok(())
}

fn amf0() -> Result<()> {
    server::with(&[], |server| {
        client::run(async {
            let mut ann = amf3_client(server).await?;
            let mut anns = Copy::open_in(&mut ann, "mixed", false, Encoding::Amf3).await?;
            let mut sent = vectors();
            sent.extend(others());
            let sent: Vec<_> = sent
                .into_iter()
                .map(|(key, value)| (key, value.in_amf3()))
                .collect();
            anns.set(&mut ann, &sent).await?;
            let mut old = joined(server, "live").await?;
            let mut olds = Copy::open(&mut old, "mixed", false).await?;
            ensure!(olds.slots.len() == sent.len(), "{:?}", olds.slots.keys());
            let typed = Value::typed_object(
                "chat.User",
                [("name", Value::from("ann")), ("age", 30.0.into())],
            );
            ensure!(olds.slots["typed"] == typed, "{:?}", olds.slots["typed"]);
            let date = Value::Date(Date::from_millis(1_234_567_890_123.0));
            ensure!(olds.slots["date"] == date, "{:?}", olds.slots["date"]);
            // Vectors become arrays; for the others AMF0 has a mark and no more.
            let uint = Value::array([0.0, f64::from(u32::MAX)].map(Value::from));
            ensure!(olds.slots["uint"] == uint, "{:?}", olds.slots["uint"]);
            for key in ["bytes", "dictionary"] {
                let found = &olds.slots[key];
                ensure!(*found == Value::Unsupported, "{key}: {found:?}");
            }
            // What one client cannot read stays what it is, and the client goes on.
            olds.set(&mut old, &[("own", 1.0.into())]).await?;
            anns.until(&mut ann, "own", &1.0.into()).await.map(drop)
        })
    })
}
