//! What a script plays under the names of streams: the server publishes it.

use amf::Value;
use engine::scripting::{ScriptEffect, ScriptInput};
use engine::{Input, STUDIO, StationItem, StreamName};
use rtmp::Command;

use crate::world::{World, accepting};

fn name(name: &str) -> StreamName {
    StreamName::parse(name, 100).expect("a name")
}

/// Plays on the station of the first argument what the others say.
fn play(args: &[Value]) -> ScriptEffect {
    let text = |index: usize| args.get(index).and_then(Value::as_str).unwrap_or_default();
    let number = |index: usize| args.get(index).and_then(Value::as_f64).unwrap_or_default();
    ScriptEffect::StreamPlay {
        stream: name(text(0)),
        item: StationItem {
            source: text(1).into(),
            start: number(2),
            length: -1.0,
            reset: number(3),
        },
    }
}

/// Does what its clients call: `on` or `off`.
fn stations() -> World {
    World::with_recordings(|input| match input {
        ScriptInput::Call { method, args, .. } => {
            let stream = args.first().and_then(Value::as_str).unwrap_or_default();
            match method.as_str() {
                "on" => vec![play(args)],
                _ => vec![ScriptEffect::StreamStop {
                    stream: name(stream),
                }],
            }
        }
        other => accepting(other),
    })
}

fn asks(world: &mut World, station: &str, source: &str, start: f64, reset: f64) -> Vec<String> {
    let args = [station.into(), source.into(), start.into(), reset.into()];
    world.call(engine::ClientId(1), "on", 0.0, &args);
    told(world)
}

fn stops(world: &mut World, station: &str) -> Vec<String> {
    world.call(engine::ClientId(1), "off", 0.0, &[station.into()]);
    told(world)
}

/// What the script was told, in this turn and those it brings with it.
fn told(world: &mut World) -> Vec<String> {
    world.wait_until(world.now.0);
    let lines: Vec<String> = world.lines.borrow_mut().drain(..).collect();
    let told = lines.into_iter().filter_map(|line| {
        let told = line.strip_prefix("> ")?;
        (!told.contains(" calls ")).then(|| told.replace(&STUDIO.0.to_string(), "the server"))
    });
    told.collect()
}

/// A client that publishes `cam`.
fn publisher(world: &mut World) {
    let client = world.client(1);
    world.call(client, "createStream", 2.0, &[]);
    world.command(client, 1, Command::new("publish", 0.0, vec!["cam".into()]));
    told(world);
}

fn found(world: &mut World, ask: u64, found: Option<u64>) -> Vec<String> {
    world.handle(Input::RecordingFound { ask, found });
    told(world)
}

fn ended(world: &mut World, play: u64) -> Vec<String> {
    world.handle(Input::PlayEnded {
        client: STUDIO,
        stream_id: 2,
        play,
    });
    told(world)
}

#[test]
fn a_live_stream_is_played_under_another_name() {
    let mut world = stations();
    publisher(&mut world);
    assert_eq!(
        asks(&mut world, "radio", "cam", -1.0, 1.0),
        [
            "the server publishes radio",
            "stream radio NetStream.Play.Reset",
            "stream radio NetStream.Play.Start",
        ]
    );
    world.leave(engine::ClientId(1));
    let lines = told(&mut world);
    assert!(
        lines.contains(&"stream radio NetStream.Play.UnpublishNotify".to_owned()),
        "{lines:?}"
    );
}

#[test]
fn a_list_of_recordings_is_played_to_its_end_and_the_name_is_free() {
    let mut world = stations();
    world.client(1);
    assert!(asks(&mut world, "radio", "a", 0.0, 1.0).is_empty());
    assert!(asks(&mut world, "radio", "b", 0.0, 0.0).is_empty());
    assert_eq!(
        found(&mut world, 1, Some(5000)),
        [
            "the server publishes radio",
            "stream radio NetStream.Play.Reset",
            "stream radio NetStream.Play.Start",
        ]
    );
    assert_eq!(ended(&mut world, 1), ["stream radio NetStream.Play.Switch"]);
    assert_eq!(
        found(&mut world, 2, Some(5000)),
        ["stream radio NetStream.Play.Start"]
    );
    assert_eq!(
        ended(&mut world, 2),
        [
            "stream radio NetStream.Play.Complete",
            "stream radio NetStream.Play.Stop",
            "the server unpublishes radio",
        ]
    );
}

#[test]
fn a_script_that_plays_on_when_it_is_told_of_the_end_stays_on_the_air() {
    let mut world = World::with_recordings(|input| match input {
        ScriptInput::StreamStatus { info, .. } => {
            let code = info.get("code").and_then(Value::as_str);
            let over = code == Some("NetStream.Play.Stop");
            let again = || play(&["radio".into(), "a".into(), 0.into(), 1.into()]);
            over.then(again).into_iter().collect()
        }
        ScriptInput::Call { args, .. } => vec![play(args)],
        other => accepting(other),
    });
    world.client(1);
    asks(&mut world, "radio", "a", 0.0, 1.0);
    found(&mut world, 1, Some(5000));
    ended(&mut world, 1);
    let lines = found(&mut world, 2, Some(5000));
    assert_eq!(
        lines,
        [
            "stream radio NetStream.Play.Reset",
            "stream radio NetStream.Play.Start",
        ]
    );
}

#[test]
fn what_is_not_there_takes_nobodys_name() {
    let mut world = stations();
    publisher(&mut world);
    asks(&mut world, "cam", "absent", 0.0, 1.0);
    assert_eq!(
        found(&mut world, 1, None),
        ["stream cam NetStream.Play.StreamNotFound"]
    );
    assert!(world.instance.instance().is_published(&name("cam")));
}

#[test]
fn a_script_takes_a_clients_name_and_gives_it_back() {
    let mut world = stations();
    publisher(&mut world);
    asks(&mut world, "cam", "a", 0.0, 1.0);
    world.handle(Input::RecordingFound {
        ask: 1,
        found: Some(5000),
    });
    {
        let lines = world.lines.borrow();
        let sent = lines.iter().filter(|line| line.starts_with("1 < "));
        let sent: Vec<_> = sent.collect();
        assert!(
            matches!(sent.as_slice(), [one, two]
                if one.contains("Unpublish.Success") && two.contains("Publish.BadName")),
            "{lines:?}"
        );
        assert!(!lines.iter().any(|line| line.contains("closed")));
    }
    told(&mut world);
    let again = || Command::new("publish", 0.0, vec!["cam".into()]);
    world.command(engine::ClientId(1), 1, again());
    assert!(told(&mut world).is_empty());
    assert_eq!(
        stops(&mut world, "cam"),
        [
            "the server unpublishes cam",
            "stream cam NetStream.Play.Stop"
        ]
    );
    world.command(engine::ClientId(1), 1, again());
    assert_eq!(told(&mut world), ["1 publishes cam"]);
}

#[test]
fn a_stream_is_not_made_of_itself() {
    let mut world = stations();
    world.client(1);
    asks(&mut world, "one", "two", -1.0, 1.0);
    asks(&mut world, "two", "three", -1.0, 1.0);
    assert_eq!(
        asks(&mut world, "three", "one", -1.0, 1.0),
        ["stream three NetStream.Play.Failed"]
    );
    assert_eq!(
        asks(&mut world, "four", "four", -1.0, 1.0),
        ["stream four NetStream.Play.Failed"]
    );
}

#[test]
fn a_script_plays_so_many_streams_and_no_more() {
    let mut world = stations();
    world.client(1);
    for number in 0..32 {
        asks(&mut world, &format!("s{number}"), "cam", -1.0, 1.0);
    }
    assert_eq!(
        asks(&mut world, "more", "cam", -1.0, 1.0),
        ["stream more NetStream.Play.Failed"]
    );
    stops(&mut world, "s7");
    assert!(
        asks(&mut world, "more", "cam", -1.0, 1.0).contains(&"the server publishes more".into())
    );
}
