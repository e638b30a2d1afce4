//! Recording: what the server is asked to record, and what the publisher is told, in which order.

#[path = "common/told.rs"]
mod told;

use engine::{ClientId, Effect, Input, InstanceConfig, RecordMode};
use told::{World, message_line};

impl World {
    fn with(config: InstanceConfig) -> Self {
        Self::new(config, describe)
    }

    fn publish(&mut self, name: &str, how: &str) {
        self.call(1, "publish", &[name.into(), how.into()]);
    }
}

/// What is told, and what is about files and the stream's life.
fn describe(effect: &Effect) -> Option<String> {
    match effect {
        Effect::Send { message, .. } => Some(message_line(message)),
        Effect::Mark { name, marker } => Some(format!("{name} {marker:?}")),
        Effect::Record {
            recording,
            name,
            file,
            mode,
        } => Some(format!(
            "recording {recording} of {name}: {mode:?} {}",
            file.as_str()
        )),
        Effect::EraseRecording { file } => Some(format!("erase {}", file.as_str())),
        _ => None,
    }
}

const STARTED: Input = Input::RecordingStarted { recording: 1 };
const STOPPED: Input = Input::RecordingStopped { recording: 1 };

fn failed(no_access: bool) -> Input {
    Input::RecordingFailed {
        recording: 1,
        no_access,
        why: "The disk is full.".into(),
    }
}

#[test]
fn a_publisher_who_records_is_told_in_flashcoms_order() {
    for (how, mode) in [
        ("record", "Record"),
        ("append", "Append"),
        ("appendWithGap", "AppendWithGap"),
    ] {
        let mut world = World::with(InstanceConfig::default());
        world.publish("a/cam", how);
        world.expect(&[
            "a/cam Published",
            "StreamBegin(1)",
            "[1] onStatus status Publish.Start: a/cam is now published.",
            &format!("recording 1 of a/cam: {mode} a/cam.flv"),
        ]);
        world.handle(STARTED);
        world.expect(&["[1] onStatus status Record.Start: Recording a/cam."]);
        world.call(1, "publish", &[false.into()]);
        world.expect(&["a/cam Unpublished"]);
        world.handle(STOPPED);
        world.expect(&[
            "[1] onStatus status Record.Stop: Stopped recording a/cam.",
            "[1] onStatus status Unpublish.Success: a/cam is now unpublished.",
        ]);
        world.handle(STOPPED);
        world.expect(&[]);
    }
}

#[test]
fn a_recording_that_fails_leaves_the_live_stream() {
    for (no_access, code) in [(true, "NoAccess"), (false, "Failed")] {
        let mut world = World::with(InstanceConfig::default());
        world.publish("cam", "record");
        world.lines.clear();
        world.handle(failed(no_access));
        let told = format!("[1] onStatus error Record.{code}: The disk is full.");
        world.expect(&[&told]);
        world.call(1, "closeStream", &[]);
        world.expect(&[
            "cam Unpublished",
            "[1] onStatus status Unpublish.Success: cam is now unpublished.",
        ]);
    }
}

#[test]
fn one_that_fails_at_its_end_is_told_before_the_end_of_the_publication() {
    let mut world = World::with(InstanceConfig::default());
    world.publish("cam", "record");
    world.handle(STARTED);
    world.call(1, "closeStream", &[]);
    world.lines.clear();
    world.handle(failed(false));
    world.expect(&[
        "[1] onStatus error Record.Failed: The disk is full.",
        "[1] onStatus status Unpublish.Success: cam is now unpublished.",
    ]);
}

#[test]
fn a_limit_ends_the_recording_and_not_the_stream() {
    let mut world = World::with(InstanceConfig::default());
    world.publish("cam", "record");
    world.handle(STARTED);
    world.lines.clear();
    world.handle(STOPPED);
    world.expect(&["[1] onStatus status Record.Stop: Stopped recording cam."]);
    world.call(1, "publish", &[false.into()]);
    world.expect(&[
        "cam Unpublished",
        "[1] onStatus status Unpublish.Success: cam is now unpublished.",
    ]);
}

#[test]
fn what_cannot_be_recorded_is_refused_and_not_published() {
    let mut world = World::with(InstanceConfig::default());
    for (name, how, code, why) in [
        (
            "mp4:a",
            "record",
            "Record.NoAccess",
            "nothing can be recorded under this name",
        ),
        (
            "con",
            "append",
            "Record.NoAccess",
            "nothing can be recorded under this name",
        ),
        (
            "../a",
            "record",
            "Publish.BadName",
            "the stream name has an empty or relative part",
        ),
        ("/", "record", "Publish.BadName", "the stream name is empty"),
        (
            "a\0b",
            "record",
            "Publish.BadName",
            "the stream name holds a character that is not allowed",
        ),
        (
            "cam",
            "keep",
            "Record.NoAccess",
            "Publishing with \"keep\" is not available.",
        ),
    ] {
        world.publish(name, how);
        world.expect(&[&format!("[1] onStatus error {code}: {why}")]);
    }
    let mut world = World::with(InstanceConfig {
        may_record: false,
        record_live: Some(RecordMode::Append),
        ..InstanceConfig::default()
    });
    world.publish("cam", "record");
    world.expect(&["[1] onStatus error Record.NoAccess: Nothing is recorded here."]);
    world.publish("cam", "live");
    assert_eq!(world.lines.len(), 3, "{:?}", world.lines);
}

#[test]
fn live_streams_are_recorded_unasked_where_that_is_set_and_their_publishers_not_told() {
    let mut world = World::with(InstanceConfig {
        record_live: Some(RecordMode::Append),
        erase_recording: true,
        ..InstanceConfig::default()
    });
    world.publish("cam", "live");
    assert_eq!(
        world.lines.pop().as_deref(),
        Some("recording 1 of cam: Append cam.flv")
    );
    world.lines.clear();
    world.handle(STARTED);
    world.handle(failed(false));
    world.expect(&[]);
    world.call(1, "publish", &[false.into()]);
    world.expect(&[
        "cam Unpublished",
        "[1] onStatus status Unpublish.Success: cam is now unpublished.",
    ]);
    // A name that no file can have is published all the same.
    world.publish("mp4:cam", "live");
    assert_eq!(world.lines.len(), 3, "{:?}", world.lines);
    world.lines.clear();
    world.publish("cam", "record");
    assert_eq!(
        world.lines.pop().as_deref(),
        Some("recording 2 of cam: Record cam.flv")
    );
}

#[test]
fn a_live_stream_erases_the_recording_of_its_name_where_that_is_set() {
    for erase_recording in [false, true] {
        let mut world = World::with(InstanceConfig {
            erase_recording,
            ..InstanceConfig::default()
        });
        world.publish("cam", "live");
        let erased = world.lines.contains(&"erase cam.flv".to_owned());
        assert_eq!(erased, erase_recording);
    }
}

#[test]
fn nothing_is_told_on_a_stream_that_is_new_or_to_a_client_that_has_gone() {
    let mut world = World::with(InstanceConfig::default());
    world.publish("cam", "record");
    world.call(0, "deleteStream", &[1.0.into()]);
    world.call(0, "createStream", &[]);
    world.lines.clear();
    world.handle(STOPPED);
    world.expect(&[]);
    world.publish("cam", "record");
    world.handle(Input::Disconnect {
        client: ClientId(1),
    });
    world.lines.clear();
    world.handle(Input::RecordingStopped { recording: 2 });
    world.expect(&[]);
}
