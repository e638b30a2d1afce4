//! What the objects `application` and `Client` have: values, and which of them can be written.

use amf::Value;
use anyhow::{Context, Result, ensure};
use e2e::client::{self, Client};
use e2e::told::{Field, is, same, same_in_any_order};
use e2e::wait::SOON;
use libtest_mimic::Trial;
use rtmp::Command;

use super::{joined, with};
use crate::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("conformance::properties::of_on_connect", on_connect),
        trial("conformance::properties::of_the_application", application),
        trial("conformance::properties::of_a_client", of_a_client),
        trial("conformance::properties::statistics", statistics),
        trial("conformance::properties::bandwidth", bandwidth),
        trial("conformance::properties::messages_to_all", broadcast),
        trial("conformance::properties::disconnect", disconnect),
    ]
}

fn on_connect() -> Result<()> {
    with(&["properties"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let args = vec!["a".into(), Value::Null];
            let mut client = joined(rtmp, "properties", args).await?;
            let saw = client.call("onConnectSaw", vec![]).await?;
            let expected = [
                ("isApplication", is(true)),
                ("argumentCount", is(3)),
                ("first", is("a")),
                ("second", is(Value::Null)),
                // The client that comes is not counted yet.
                ("clientsBefore", is(0)),
            ];
            same(&saw, &expected)
        })
    })
}

fn of_application(
    name: &'static str,
    clients: i32,
    indexes: &'static str,
) -> [(&'static str, Field); 8] {
    [
        ("name", is(name)),
        // The server's host name, as nothing says which virtual host it is.
        ("hostname", Field::SomeText),
        // The form is documented, the text is not.
        ("server", Field::Has("/")),
        ("clients", is(clients)),
        ("indexes", is(indexes)),
        ("firstIsCaller", is(true)),
        ("allowDebug", is(false)),
        ("owner", is(3)),
    ]
}

fn application() -> Result<()> {
    with(&["properties"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut first = joined(rtmp, "properties", vec![]).await?;
            let alone = first.call("ofApplication", vec![]).await?;
            same(&alone, &of_application("properties/_definst_", 1, "0 "))?;
            let second = joined(rtmp, "properties", vec![]).await?;
            let both = first.call("ofApplication", vec![]).await?;
            same(&both, &of_application("properties/_definst_", 2, "0 1 "))?;
            let kept = first.call("keptLength", vec![]).await?;
            ensure!(kept == Value::from(2), "{kept:?}");
            drop(second);
            // Instances may have slashes in their names, and share nothing.
            let mut other = joined(rtmp, "properties/a/b", vec![]).await?;
            let there = other.call("ofApplication", vec![]).await?;
            same(&there, &of_application("properties/a/b", 1, "0 "))?;
            let described = other.call("described", vec![]).await?;
            let expected = "[object Client] [object Application] function";
            ensure!(described == Value::from(expected), "{described:?}");
            other.call("collect", vec![]).await?;
            Ok(())
        })
    })
}

fn of_a_client() -> Result<()> {
    with(&["properties"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = Client::open(rtmp).await?;
            let more = [
                ("swfUrl", "http://example.com/a.swf".into()),
                ("pageUrl", "http://example.com/a.html".into()),
            ];
            client
                .ask(client::connect(rtmp, "properties", &more, vec![]))
                .await?;
            let uri = format!("rtmp://{rtmp}/properties");
            let expected = |id: &'static str, read: &'static str, write: &'static str| {
                [
                    ("agent", is("e2e")),
                    ("ip", is("127.0.0.1")),
                    ("protocol", is("rtmp")),
                    ("referrer", is("http://example.com/a.swf")),
                    ("uri", is(uri.as_str())),
                    ("pageUrl", is("http://example.com/a.html")),
                    ("secure", is(false)),
                    // The first servers had no id, and scripts gave one.
                    ("id", is(id)),
                    ("score", is(3)),
                    ("readAccess", is(read)),
                    ("writeAccess", is(write)),
                    ("audioSampleAccess", is("")),
                    ("videoSampleAccess", is("")),
                ]
            };
            let found = client.call("ofClient", vec![]).await?;
            same(&found, &expected("u1", "/", "/"))?;
            let changed = client.call("overwrite", vec![]).await?;
            same(&changed, &expected("u2", "public;talk/", ""))?;
            let found = client.call("ofApplication", vec![]).await?;
            same(&found, &of_application("properties/_definst_", 1, "0 "))
        })
    })
}

fn statistics() -> Result<()> {
    let number = || Field::From(0.0);
    // Named in the reference of FMS 2; those of later servers may come with them.
    let of_client = [
        "bytes_in",
        "bytes_out",
        "msg_in",
        "msg_out",
        "msg_dropped",
        "ping_rtt",
    ];
    let of_application = [
        "bytes_in",
        "bytes_out",
        "msg_in",
        "msg_out",
        "msg_dropped",
        "total_connects",
        "total_disconnects",
    ];
    with(&["properties"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "properties", vec![]).await?;
            for (method, names) in [
                ("stats", &of_client[..]),
                ("applicationStats", &of_application[..]),
            ] {
                let stats = client.call(method, vec![]).await?;
                for name in names {
                    let found = stats.get(name).cloned().context(*name)?;
                    same(&Value::object([("n", found)]), &[("n", number())])?;
                }
            }
            Ok(())
        })
    })
}

fn bandwidth() -> Result<()> {
    with(&["properties"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "properties", vec![]).await?;
            let limits = client.call("bandwidth", vec![]).await?;
            // From the client first, as `getBandwidthLimit(0)` is; fractions are cut off.
            let pair = |up: i32, down: i32| is(Value::array([up.into(), down.into()]));
            let before = limits.get("before").cloned().unwrap_or(Value::Null);
            let expected = [
                ("before", is(before)),
                ("set", pair(2750, 4375)),
                ("half", pair(5000, 4375)),
            ];
            same_in_any_order(&limits, &expected)
        })
    })
}

fn broadcast() -> Result<()> {
    with(&["properties"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut one = joined(rtmp, "properties", vec![]).await?;
            let mut two = joined(rtmp, "properties", vec![]).await?;
            let result = one.call("tellAll", vec!["hello".into()]).await?;
            ensure!(result == Value::Undefined, "{result:?}");
            for client in [&mut one, &mut two] {
                let told: Command = client.called("told").await?;
                ensure!(told.args == ["hello".into(), 2.into()], "{told:?}");
                ensure!(told.transaction == 0.0, "{told:?}");
            }
            Ok(())
        })
    })
}

fn disconnect() -> Result<()> {
    with(&["properties"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut one = joined(rtmp, "properties", vec![]).await?;
            let mut two = joined(rtmp, "properties", vec![]).await?;
            let cut = one.call("cutOff", vec![1.into()]).await?;
            let expected = [
                ("first", is(true)),
                ("second", is(false)),
                ("called", is(false)),
            ];
            same(&cut, &expected)?;
            two.closed(SOON).await
        })
    })
}
