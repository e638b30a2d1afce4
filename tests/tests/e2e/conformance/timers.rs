//! Intervals: both forms, their arguments and their end.

use amf::Value;
use anyhow::{Result, ensure};
use e2e::client;
use libtest_mimic::Trial;
use rtmp::Body;

use super::{joined, with};
use crate::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("conformance::timers::functions_and_methods", both_forms),
        trial("conformance::timers::clearing_what_is_none", clear_odd),
        trial("conformance::timers::an_error_does_not_end_one", failing),
        trial("conformance::timers::each_has_its_own_time", race),
    ]
}

fn both_forms() -> Result<()> {
    with(&["timers"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "timers", vec![]).await?;
            let id = client.call("start", vec![]).await?;
            ensure!(id == Value::from("number"), "an id is {id:?}");
            client.called("done").await?;
            for count in 1..=3 {
                let tick = client.called("tick").await?;
                let args = [count.into(), "word".into(), 7.into(), 2.into()];
                ensure!(tick.args == args, "{tick:?}");
            }
            for count in 1..=3 {
                let step = client.called("step").await?;
                ensure!(step.args == [count.into(), "by".into()], "{step:?}");
            }
            // Cleared is cleared: the second timer ran as long as the first would have.
            ensure!(calls(&mut client).is_empty(), "it goes on");
            Ok(())
        })
    })
}

/// The names of the calls that nobody has asked for.
fn calls(client: &mut client::Client) -> Vec<String> {
    let inbox = client.drain_inbox();
    let names = inbox.iter().filter_map(|message| match &message.body {
        Body::Command(command) if &*command.name != "onBWDone" => Some(command.name.to_string()),
        _ => None,
    });
    names.collect()
}

fn clear_odd() -> Result<()> {
    with(&["timers"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "timers", vec![]).await?;
            let cleared = client.call("clearOdd", vec![]).await?;
            ensure!(cleared == Value::from("cleared"), "{cleared:?}");
            Ok(())
        })
    })
}

fn failing() -> Result<()> {
    with(&["timers"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "timers", vec![]).await?;
            client.call("startFailing", vec![]).await?;
            for count in 1..=3 {
                let failing = client.called("failing").await?;
                ensure!(failing.args == [count.into()], "{failing:?}");
            }
            Ok(())
        })
    })
}

fn race() -> Result<()> {
    with(&["timers"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "timers", vec![]).await?;
            let differ = client.call("race", vec![]).await?;
            ensure!(differ == Value::from(true), "two intervals have one id");
            client.called("slow").await?;
            let fast = calls(&mut client);
            ensure!(
                !fast.is_empty(),
                "the fast one has not come before the slow one"
            );
            Ok(())
        })
    })
}
