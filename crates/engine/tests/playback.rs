//! Playing recordings: what the server is told to send, and what the player is told, in which
//! order.

#[path = "common/told.rs"]
mod told;

use amf::Value;
use engine::{ClientId, Effect, Input, InstanceConfig};
use told::{World, message_line};

impl World {
    /// Client 1 has a second stream, and publishes on it.
    fn publish(&mut self, name: &str) {
        self.call(0, "createStream", &[]);
        self.call(2, "publish", &[name.into(), "live".into()]);
        self.lines.clear();
    }

    fn found(&mut self, ask: u64, found: Option<u64>) {
        self.handle(Input::RecordingFound { ask, found });
    }

    /// The play of this number is over.
    fn ended(&mut self, play: u64) {
        self.handle(Input::PlayEnded {
            client: ClientId(1),
            stream_id: 1,
            play,
        });
    }
}

/// What is told, and what is asked of the server.
fn describe(effect: &Effect) -> Option<String> {
    match effect {
        Effect::Send { message, .. } => Some(message_line(message)),
        Effect::FindRecording { ask, file } => Some(format!("find {ask} {}", file.as_str())),
        Effect::Play { length_ms, .. } => Some(format!("live {length_ms:?}")),
        Effect::PlayRecorded {
            file,
            play,
            window,
            at_once,
            ..
        } => {
            let at_once = if *at_once { " at once" } else { "" };
            let (from, length) = (window.start_ms, window.length);
            let file = file.as_str();
            Some(format!(
                "send {play} {file} from {from} {length:?}{at_once}"
            ))
        }
        Effect::Stop { .. } => Some("stop".into()),
        Effect::Pause { paused, .. } => Some(format!("pause {paused}")),
        _ => None,
    }
}

fn config() -> InstanceConfig {
    InstanceConfig {
        plays_recordings: true,
        data_start: false,
        ..InstanceConfig::default()
    }
}

/// The codes and orders of a cell, without what every play has.
fn play(published: bool, recorded: bool, args: &[f64]) -> Vec<String> {
    let mut world = World::new(config(), describe);
    if published {
        world.publish("cam");
    }
    let numbers = args.iter().copied().map(Value::from);
    let args: Vec<Value> = std::iter::once("cam".into()).chain(numbers).collect();
    world.call(1, "play", &args);
    if world.lines.iter().any(|line| line == "find 1 cam.flv") {
        assert_eq!(world.lines.len(), 1, "{:?}", world.lines);
        world.lines.clear();
        world.found(1, recorded.then_some(5000));
    }
    world.lines
}

/// Whether lines begin with these words, one by one.
fn same(seen: &[String], wanted: &[&str]) -> bool {
    seen.len() == wanted.len()
        && seen
            .iter()
            .zip(wanted)
            .all(|(line, words)| line.contains(words))
}

#[test]
fn every_start_length_and_reset_of_what_is_live_recorded_or_absent() {
    for reset in [1.0, 0.0, 3.0, 2.0] {
        for (start, is_live_first, is_recorded_only) in [
            (-2.0, true, false),
            (-2000.0, true, false),
            (-5.0, true, false),
            (-1.0, false, false),
            (-1000.0, false, false),
            (0.0, false, true),
            (1500.0, false, true),
        ] {
            for length in [-1.0, 0.0, 2000.0] {
                for (published, recorded) in
                    [(true, true), (true, false), (false, true), (false, false)]
                {
                    let seen = play(published, recorded, &[start, length, reset]);
                    let from_file = recorded && (is_recorded_only || (is_live_first && !published));
                    let is_absent = is_recorded_only && !recorded;
                    let wanted = cell(from_file, is_absent, published, (start, length, reset));
                    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
                    assert!(
                        same(&seen, &wanted),
                        "start {start} length {length} reset {reset}, published {published}, \
                         recorded {recorded}: {seen:#?} instead of {wanted:#?}"
                    );
                }
            }
        }
    }
}

fn cell(
    from_file: bool,
    is_absent: bool,
    published: bool,
    (start, length, reset): (f64, f64, f64),
) -> Vec<String> {
    if is_absent {
        return vec!["Play.StreamNotFound".into(), "stop".into()];
    }
    let mut wanted = vec!["SetChunkSize"];
    wanted.extend(from_file.then_some("StreamIsRecorded(1)"));
    wanted.push("StreamBegin(1)");
    let resets = matches!(reset as i64, 1 | 3);
    wanted.extend(resets.then_some("Play.Reset"));
    wanted.push("Play.Start");
    wanted.extend((from_file || published).then_some("|RtmpSampleAccess"));
    let mut wanted: Vec<String> = wanted.into_iter().map(str::to_owned).collect();
    wanted.push(if from_file {
        let length = match length as i64 {
            0 => "OneFrame".into(),
            2000 => "Millis(2000)".to_owned(),
            _ => "All".into(),
        };
        let at_once = if reset >= 2.0 { " at once" } else { "" };
        let from = start.max(0.0);
        format!("send 1 cam.flv from {from} {length}{at_once}")
    } else {
        let length = (length >= 0.0).then_some(length);
        format!("live {:?}", length.map(|length| length as u32))
    });
    wanted
}

#[test]
fn a_recording_ends_and_can_be_searched_after_that() {
    let mut world = World::new(config(), describe);
    world.call(1, "play", &["cam".into(), 1000.0.into(), 3000.0.into()]);
    world.found(1, Some(5000));
    world.lines.clear();
    world.ended(1);
    let seen = std::mem::take(&mut world.lines);
    let end = ["Audio", "Play.Complete", "Play.Stop", "StreamEof(1)"];
    assert!(same(&seen, &end), "{seen:#?}");
    world.ended(1);
    world.expect(&[]);
    world.call(1, "seek", &[3500.0.into()]);
    let seen = std::mem::take(&mut world.lines);
    let sought = [
        "stop",
        "StreamEof(1)",
        "StreamIsRecorded(1)",
        "StreamBegin(1)",
        "Seek.Notify: Seeking 3500 (stream ID: 1).",
        "Play.Start",
        "|RtmpSampleAccess",
        "send 2 cam.flv from 3500 Millis(500)",
    ];
    assert!(same(&seen, &sought), "{seen:#?}");
    // What is told of the play before the seek is too late.
    world.ended(1);
    world.expect(&[]);
}

#[test]
fn a_pause_holds_before_it_is_told() {
    let mut world = World::new(config(), describe);
    world.call(1, "play", &["cam".into()]);
    world.call(1, "pause", &[true.into()]);
    world.lines.clear();
    world.found(1, Some(5000));
    let seen = std::mem::take(&mut world.lines);
    let paused = ["send 1", "pause true", "Pause.Notify", "StreamEof(1)"];
    assert!(same(&seen[seen.len() - 4..], &paused), "{seen:#?}");
    world.call(1, "pause", &[false.into()]);
    let seen = std::mem::take(&mut world.lines);
    let on = [
        "StreamIsRecorded(1)",
        "StreamBegin(1)",
        "Unpause.Notify",
        "Play.Start",
        "|RtmpSampleAccess",
        "pause false",
    ];
    assert!(same(&seen, &on), "{seen:#?}");
}

#[test]
fn a_playlist_goes_from_recordings_to_live_streams_and_passes_over_what_is_absent() {
    let mut world = World::new(config(), describe);
    world.publish("live");
    let next = |name: &str, start: f64| [name.into(), start.into(), (-1.0).into(), false.into()];
    world.call(1, "play", &next("one", 0.0));
    world.call(1, "play", &next("absent", 0.0));
    world.call(1, "play", &next("live", -1.0));
    world.found(1, Some(5000));
    world.lines.clear();
    world.ended(1);
    let seen = std::mem::take(&mut world.lines);
    assert!(
        same(&seen, &["stop", "Play.Switch", "find 2 absent.flv"]),
        "{seen:#?}"
    );
    world.found(2, None);
    let seen = std::mem::take(&mut world.lines);
    let live = [
        "Play.StreamNotFound",
        "stop",
        "Play.Switch",
        "SetChunkSize",
        "StreamBegin(1)",
        "Play.Start",
        "|RtmpSampleAccess",
        "live None",
    ];
    assert!(same(&seen, &live), "{seen:#?}");
}

#[test]
fn a_stream_has_the_length_of_its_recording() {
    let mut world = World::new(config(), describe);
    world.call(0, "getStreamLength", &["flv:a/cam.flv".into()]);
    world.expect(&["find 1 a/cam.flv"]);
    world.found(1, Some(2500));
    let seen = std::mem::take(&mut world.lines);
    assert!(same(&seen, &["2.5"]), "{seen:#?}");
    world.call(0, "getStreamLength", &["../cam".into()]);
    let seen = std::mem::take(&mut world.lines);
    assert!(same(&seen, &["_result"]), "{seen:#?}");
}
