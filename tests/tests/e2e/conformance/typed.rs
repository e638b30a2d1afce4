//! Objects of registered classes, in both of the forms that values travel in.

use amf::Value;
use anyhow::{Context, Result, ensure};
use e2e::client::{self, Client};
use e2e::told::{is, same};
use libtest_mimic::Trial;
use rtmp::{Command, Encoding};

use super::with;
use crate::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("conformance::typed::objects_in_amf0", || {
            objects(Encoding::Amf0)
        }),
        trial("conformance::typed::objects_in_amf3", || {
            objects(Encoding::Amf3)
        }),
        trial("conformance::typed::values_in_amf3", values),
    ]
}

/// A client that writes and reads one form.
struct Speaker {
    client: Client,
    encoding: Encoding,
}

impl Speaker {
    async fn join(server: std::net::SocketAddr, encoding: Encoding) -> Result<Self> {
        let mut client = Client::open(server).await?;
        let number = if encoding == Encoding::Amf3 { 3 } else { 0 };
        let more = [("objectEncoding", number.into())];
        let answer = client
            .ask(client::connect(server, "typed", &more, vec![]))
            .await?;
        ensure!(&*answer.name == "_result", "{answer:?}");
        Ok(Self { client, encoding })
    }

    async fn call(&mut self, method: &str, args: Vec<Value>) -> Result<Value> {
        let call = Command::new(method, 0.0, args).with_encoding(self.encoding);
        let answer = self.client.ask(call).await?;
        ensure!(&*answer.name == "_result", "{method}: {answer:?}");
        ensure!(answer.encoding == self.encoding, "{answer:?}");
        Ok(answer.arg(0).plain().clone())
    }
}

fn point(x: i32, y: i32) -> Value {
    Value::typed_object("geometry.Point", [("x", x.into()), ("y", y.into())])
}

fn objects(encoding: Encoding) -> Result<()> {
    with(&["typed"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut speaker = Speaker::join(rtmp, encoding).await?;
            // Made without arguments, then given its properties, then told.
            let taken = speaker.call("take", vec![point(3, 4)]).await?;
            let trail = "arguments 0, x undefined, initialized with x 3";
            let expected = [
                ("isPoint", is(true)),
                ("isPixel", is(false)),
                ("sum", is(7)),
                ("x", is(3)),
                ("trail", is(trail)),
            ];
            same(&taken, &expected)?;
            for (method, class, names) in [
                ("makePoint", "geometry.Point", &["x", "y"][..]),
                // What an object has from its prototype does not travel.
                ("makePixel", "Pixel", &["color"][..]),
            ] {
                let made = speaker.call(method, vec![3.into(), 4.into()]).await?;
                let object = made.as_object().context("no object")?;
                ensure!(
                    object.class().map(|name| &**name) == Some(class),
                    "{method}: {made:?}"
                );
                let found: Vec<_> = object.props().iter().map(|(name, _)| &**name).collect();
                ensure!(found == names, "{method}: {made:?}");
            }
            let list = speaker.call("makeList", vec![]).await?;
            let rest = Value::array([point(3, 4)]);
            same(&list, &[("first", is(point(1, 2))), ("rest", is(rest))])?;
            unregistered(&mut speaker).await
        })
    })
}

/// What nobody registered is a plain object, and does not find any code.
async fn unregistered(speaker: &mut Speaker) -> Result<()> {
    let expected = |x: i32| {
        [
            ("isPoint", is(false)),
            ("isPixel", is(false)),
            ("sum", is(Value::Null)),
            ("x", is(x)),
            ("trail", is(Value::Undefined)),
        ]
    };
    for class in ["Point", "Object", "geometry", "Client", "__proto__"] {
        let object = Value::typed_object(class, [("x", Value::from(5))]);
        let taken = speaker.call("take", vec![object]).await?;
        same(&taken, &expected(5)).with_context(|| class)?;
    }
    speaker.call("forget", vec![]).await?;
    let taken = speaker.call("take", vec![point(6, 1)]).await?;
    same(&taken, &expected(6))?;
    let made = speaker.call("makePoint", vec![1.into(), 2.into()]).await?;
    let class = made.as_object().context("no object")?.class();
    ensure!(class.is_none(), "{made:?}");
    Ok(())
}

fn values() -> Result<()> {
    with(&["typed"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut speaker = Speaker::join(rtmp, Encoding::Amf3).await?;
            for value in [
                Value::Null,
                Value::Undefined,
                true.into(),
                7.into(),
                (-1e300).into(),
                "Grüße".into(),
                Value::byte_array(&[0, 1, 255]),
                Value::array([1.into(), "x".into()]),
                Value::object([("a", Value::object([("b", 1.into())]))]),
            ] {
                let echo = speaker.call("echo", vec![value.clone()]).await?;
                ensure!(echo == value, "{value:?} comes back as {echo:?}");
            }
            Ok(())
        })
    })
}
