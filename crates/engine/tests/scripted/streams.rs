//! What the script says to those who play a stream.

use amf::Value;
use engine::StreamName;
use engine::scripting::{ScriptEffect, ScriptInput};
use rtmp::Command;

use crate::world::{World, accepting};

fn name() -> StreamName {
    StreamName::parse("cam", 100).expect("a name")
}

/// Says these values to the players of `cam` as soon as somebody publishes it.
fn saying(values: Vec<Value>) -> World {
    World::new(move |input| match input {
        ScriptInput::Published { .. } => vec![ScriptEffect::StreamSend {
            stream: name(),
            values: values.clone(),
        }],
        other => accepting(other),
    })
}

#[test]
fn what_is_behind_the_name_is_told_with_it() {
    let mut world = World::new(accepting);
    let client = world.client(1);
    world.call(client, "createStream", 2.0, &[]);
    for (written, told) in [
        ("cam?key=a?b", "> 1 publishes cam with key=a?b"),
        ("cam", "> 1 publishes cam"),
        ("flv:cam?", "> 1 publishes cam"),
    ] {
        world.lines.borrow_mut().clear();
        world.command(
            client,
            1,
            Command::new("publish", 0.0, vec![written.into()]),
        );
        let lines = world.lines.borrow();
        assert!(lines.iter().any(|line| line == told), "{lines:?}");
    }
}

#[test]
fn a_name_that_was_refused_leaves_the_holders_words_alone() {
    let mut world = World::new(accepting);
    let (one, two) = (world.client(1), world.client(2));
    for (client, written) in [(one, "cam?first"), (two, "cam?second")] {
        world.call(client, "createStream", 2.0, &[]);
        world.command(
            client,
            1,
            Command::new("publish", 0.0, vec![written.into()]),
        );
    }
    let lines = world.lines.borrow();
    let told = lines.iter().filter(|line| line.contains("publishes"));
    assert_eq!(told.collect::<Vec<_>>(), ["> 1 publishes cam with first"]);
}

#[test]
fn a_message_to_a_stream_comes_behind_its_beginning() {
    let mut world = saying(vec!["hear".into(), 7.into()]);
    let client = world.client(1);
    world.call(client, "createStream", 2.0, &[]);
    world.command(client, 1, Command::new("publish", 0.0, vec!["cam".into()]));
    let lines = world.lines.borrow();
    let at = |start: &str| lines.iter().position(|line| line.starts_with(start));
    // AMF0: the text "hear", the number 7.
    let sent = at(r"stream cam < \x02\x00\x04hear\x00@\x1c\x00\x00\x00\x00\x00\x00");
    assert!(
        at("Publish {").is_some() && at("Publish {") < sent,
        "{lines:?}"
    );
}

#[test]
fn what_is_too_much_for_a_message_is_reported() {
    let long: Value = "x".repeat(16 << 20).as_str().into();
    let mut world = saying(vec!["hear".into(), long]);
    let client = world.client(1);
    world.call(client, "createStream", 2.0, &[]);
    world.command(client, 1, Command::new("publish", 0.0, vec!["cam".into()]));
    let lines = world.lines.borrow();
    let problems = lines.iter().filter(|line| line.starts_with("problem"));
    let problems: Vec<_> = problems.collect();
    assert!(
        matches!(problems.as_slice(), [one] if one.contains("stream cam is not sent")),
        "{problems:?}"
    );
}
