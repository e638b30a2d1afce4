//! An instance without sockets: what each client is told, in which order.
//!
//! A [`World`] plays the server: it carries out effects by writing them down. Each line says
//! to whom and what, so a test reads like a protocol trace.

#[path = "common/lines.rs"]
mod lines;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use amf::Value;
use engine::{
    ClientId, Effect, Host, Input, Instance, InstanceConfig, Millis, Origin, Output, SharedObjects,
    StreamName, Takeover,
};
use lines::message_line;
use rtmp::connect::ConnectInfo;
use rtmp::{Body, Command};

/// Knows when the only publisher last sent media; `u64::MAX` is never.
#[derive(Clone)]
struct LastMedia(Arc<AtomicU64>);

impl Host for LastMedia {
    fn last_media(&self, _: &StreamName) -> Option<Millis> {
        let at = self.0.load(Ordering::Relaxed);
        (at != u64::MAX).then_some(Millis(at))
    }
}

struct World {
    instance: Instance,
    now: Millis,
    last_media: LastMedia,
    lines: VecDeque<String>,
    timeout: Option<Millis>,
    /// The number of the newest play.
    play: u64,
    /// What the newest play wants: audio and video.
    wants: String,
}

impl World {
    fn new() -> Self {
        Self::with(InstanceConfig {
            on_bw_done: false,
            ..InstanceConfig::default()
        })
    }

    fn with(config: InstanceConfig) -> Self {
        let last_media = LastMedia(Arc::new(AtomicU64::new(u64::MAX)));
        let instance = Instance::new(
            config,
            Box::new(last_media.clone()),
            SharedObjects::unsaved(sharedobject::Config::default()),
        );
        let now = Millis(1000);
        Self {
            instance,
            now,
            last_media,
            lines: VecDeque::new(),
            timeout: None,
            play: 0,
            wants: String::new(),
        }
    }

    fn handle(&mut self, input: Input) {
        self.instance.handle(self.now, input);
        loop {
            match self.instance.poll() {
                Output::Effect(effect) => {
                    if let Effect::Play {
                        play, selection, ..
                    } = &effect
                    {
                        self.play = *play;
                        self.wants = format!("{:?} {:?}", selection.audio, selection.video);
                    }
                    self.lines.push_back(describe(&effect));
                }
                Output::Timeout(at) => break self.timeout = at,
            }
        }
    }

    /// Connects a client and gives it one stream, without a word about it.
    fn client(&mut self, id: u64) -> ClientId {
        let client = ClientId(id);
        self.connect(client);
        self.call(client, 0, "createStream", 2.0, &[]);
        self.lines.clear();
        client
    }

    fn connect(&mut self, client: ClientId) {
        let info = Box::new(ConnectInfo::default());
        self.handle(Input::Connect {
            client,
            info,
            transaction: 1.0,
            origin: Origin::default(),
        });
    }

    fn call(&mut self, client: ClientId, stream_id: u32, name: &str, tx: f64, args: &[Value]) {
        let command = Command::new(name, tx, args.to_vec());
        self.handle(Input::Command {
            client,
            stream_id,
            command,
        });
    }

    fn publish(&mut self, client: ClientId, name: &str) {
        self.call(client, 1, "publish", 0.0, &[name.into(), "live".into()]);
    }

    fn play(&mut self, client: ClientId, args: &[Value]) {
        self.call(client, 1, "play", 0.0, args);
    }

    /// A play on stream 1 has reached the end of its length.
    fn end_play(&mut self, client: ClientId, play: u64) {
        self.handle(Input::PlayEnded {
            client,
            stream_id: 1,
            play,
        });
    }

    fn wait_until(&mut self, at: u64) {
        self.now = Millis(at);
        if self.timeout.is_some_and(|due| due <= self.now) {
            self.handle(Input::Timeout);
        }
    }

    #[track_caller]
    fn expect(&mut self, lines: &[&str]) {
        let seen: Vec<String> = self.lines.drain(..).collect();
        assert_eq!(seen, lines, "\nseen:\n{}", seen.join("\n"));
    }
}

fn describe(effect: &Effect) -> String {
    match effect {
        Effect::Send { client, message } => format!("{} < {}", client.0, message_line(message)),
        Effect::Close { client, reason } => format!("{} closed: {reason}", client.0),
        Effect::Publish {
            client,
            stream_id,
            name,
        } => {
            format!("{}/{stream_id} feeds {name}", client.0)
        }
        Effect::Unpublish { client, stream_id } => {
            format!("{}/{stream_id} feeds nothing", client.0)
        }
        Effect::Mark { name, marker } => format!("{name} {marker:?}"),
        Effect::Play {
            client,
            stream_id,
            name,
            length_ms,
            ..
        } => match length_ms {
            Some(length) => format!("{}/{stream_id} reads {name} for {length} ms", client.0),
            None => format!("{}/{stream_id} reads {name}", client.0),
        },
        Effect::Stop { client, stream_id } => format!("{}/{stream_id} reads nothing", client.0),
        Effect::Pause {
            client,
            stream_id,
            paused,
        } => {
            format!("{}/{stream_id} paused {paused}", client.0)
        }
        Effect::Select {
            client,
            stream_id,
            selection,
        } => {
            format!(
                "{}/{stream_id} wants {:?} {:?}",
                client.0, selection.audio, selection.video
            )
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn connect_is_answered_in_the_order_of_later_flash_servers() {
    let mut world = World::with(InstanceConfig::default());
    world.connect(ClientId(7));
    world.expect(&[
        "7 < WindowAckSize(2500000)",
        "7 < SetPeerBandwidth { bytes: 2500000, limit: Dynamic }",
        "7 < StreamBegin(0)",
        "7 < SetChunkSize(4096)",
        "7 < _result 1 status Connect.Success: Connection succeeded.",
        "7 < onBWDone ",
    ]);
}

#[test]
fn samples_are_allowed_by_folder() {
    let mut world = World::with(InstanceConfig {
        audio_samples: "open;both".into(),
        video_samples: "both".into(),
        ..InstanceConfig::default()
    });
    let player = world.client(1);
    for (publisher, name, samples) in [
        (2, "open/a", "true false"),
        (3, "both", "true true"),
        (4, "openly", "false false"),
    ] {
        let publisher = world.client(publisher);
        world.publish(publisher, name);
        world.lines.clear();
        world.play(player, &[name.into()]);
        let told = format!("1 < [1] data |RtmpSampleAccess {samples}");
        assert!(world.lines.contains(&told), "{name}: {:?}", world.lines);
    }
}

#[test]
fn limits_on_bandwidth_hold_from_the_start() {
    let mut world = World::with(InstanceConfig {
        on_bw_done: false,
        bandwidth_down: Some(1000),
        ..InstanceConfig::default()
    });
    world.connect(ClientId(7));
    let last = world.lines.pop_back().unwrap();
    assert_eq!(
        last,
        "LimitBandwidth { client: ClientId(7), down: Some(1000), up: None }"
    );
}

#[test]
fn an_instance_that_is_to_stop_tells_its_clients_and_closes_them() {
    let mut world = World::new();
    world.client(2);
    world.client(1);
    world.handle(Input::Stop { silent: true });
    world.expect(&[
        "1 < onStatus error Connect.AppShutdown: The application was unloaded.",
        "1 closed: application_unloaded",
        "2 < onStatus error Connect.AppShutdown: The application was unloaded.",
        "2 closed: application_unloaded",
    ]);
}

#[test]
fn a_client_of_enhanced_rtmp_is_told_that_everything_is_forwarded() {
    let mut world = World::new();
    let info = ConnectInfo {
        four_cc_list: vec!["hvc1".into()],
        ..ConnectInfo::default()
    };
    let connect = |info| Input::Connect {
        client: ClientId(1),
        info: Box::new(info),
        transaction: 1.0,
        origin: Origin::default(),
    };
    let mut properties = |info| {
        world.instance.handle(world.now, connect(info));
        loop {
            match world.instance.poll() {
                Output::Effect(Effect::Send { message, .. }) => {
                    if let Body::Command(command) = message.body {
                        return command.object;
                    }
                }
                Output::Effect(_) => {}
                Output::Timeout(_) => panic!("no answer"),
            }
        }
    };
    let answer = properties(info);
    let forwards = answer
        .get("videoFourCcInfoMap")
        .and_then(|map| map.get("*"))
        .cloned();
    assert_eq!(forwards, Some(Value::from(4.0)));
    assert_eq!(answer.get("capsEx").and_then(Value::as_f64), Some(14.0));
    let old = properties(ConnectInfo::default());
    assert_eq!(old.get("capsEx"), None);
    assert_eq!(
        old.get("fmsVer").and_then(Value::as_str),
        Some("FMS/3,5,7,7009")
    );
}

#[test]
fn a_publisher_and_a_player_meet() {
    let mut world = World::new();
    let (publisher, player) = (world.client(1), world.client(2));
    world.publish(publisher, "cam");
    world.expect(&[
        "cam Published",
        "1/1 feeds cam",
        "1 < StreamBegin(1)",
        "1 < [1] onStatus status Publish.Start: cam is now published.",
    ]);
    world.play(player, &["cam".into()]);
    world.expect(&[
        "2 < SetChunkSize(4096)",
        "2 < StreamBegin(1)",
        "2 < [1] onStatus status Play.Reset: Playing and resetting cam.",
        "2 < [1] onStatus status Play.Start: Started playing cam.",
        "2 < [1] data |RtmpSampleAccess false false",
        "2 < [1] data onStatus NetStream.Data.Start",
        "2/1 reads cam",
    ]);
    world.call(publisher, 1, "closeStream", 0.0, &[]);
    world.expect(&[
        "1/1 feeds nothing",
        "cam Unpublished",
        "1 < [1] onStatus status Unpublish.Success: cam is now unpublished.",
    ]);
    world.handle(Input::Disconnect { client: player });
    world.expect(&["2/1 reads nothing"]);
    assert_eq!(world.instance.client_count(), 1);
}

#[test]
fn a_player_may_come_first() {
    let mut world = World::new();
    let player = world.client(2);
    world.play(player, &["cam".into(), (-2000.0).into()]);
    world.expect(&[
        "2 < SetChunkSize(4096)",
        "2 < StreamBegin(1)",
        "2 < [1] onStatus status Play.Reset: Playing and resetting cam.",
        "2 < [1] onStatus status Play.Start: Started playing cam.",
        "2/1 reads cam",
    ]);
}

#[test]
fn every_way_to_write_live_plays_and_a_recording_is_not_found() {
    for (start, plays) in [
        (-2.0, true),
        (-1.0, true),
        (-2000.0, true),
        (-1000.0, true),
        (-5.0, true),
        (0.0, false),
    ] {
        let mut world = World::new();
        let player = world.client(2);
        world.play(player, &["cam".into(), start.into()]);
        let last = world.lines.pop_back().unwrap();
        let expected = if plays {
            "2/1 reads cam"
        } else {
            "2 < [1] onStatus error Play.StreamNotFound: Failed to play cam; stream not found."
        };
        assert_eq!(last, expected, "start {start}");
    }
}

#[test]
fn encoders_are_answered_as_they_expect() {
    let mut world = World::new();
    let encoder = world.client(1);
    world.call(encoder, 0, "releaseStream", 2.0, &["cam".into()]);
    world.call(encoder, 0, "FCPublish", 3.0, &["cam".into()]);
    world.call(encoder, 0, "createStream", 4.0, &[]);
    world.expect(&[
        "1 < _result 2 null",
        "1 < _result 3 undefined",
        "1 < _result 4 2",
    ]);
    world.publish(encoder, "cam?token=x");
    world.expect(&[
        "cam Published",
        "1/1 feeds cam",
        "1 < onFCPublish status Publish.Start: cam",
        "1 < StreamBegin(1)",
        "1 < [1] onStatus status Publish.Start: cam is now published.",
    ]);
    world.call(encoder, 0, "FCUnpublish", 6.0, &["cam?token=x".into()]);
    world.expect(&[
        "1 < onFCUnpublish status Unpublish.Success: cam?token=x",
        "1 < _result 6 undefined",
        "1/1 feeds nothing",
        "cam Unpublished",
        "1 < [1] onStatus status Unpublish.Success: cam is now unpublished.",
    ]);
    world.call(encoder, 0, "deleteStream", 0.0, &[1.0.into()]);
    world.call(encoder, 0, "createStream", 7.0, &[]);
    world.expect(&["1 < _result 7 1"]);
}

#[test]
fn gstreamer_deletes_its_stream_by_name_and_asks_without_transactions() {
    let mut world = World::new();
    let encoder = world.client(1);
    world.call(encoder, 0, "releaseStream", 0.0, &["cam".into()]);
    world.call(encoder, 0, "FCPublish", 0.0, &["cam".into()]);
    world.expect(&[]);
    world.publish(encoder, "cam");
    world.lines.clear();
    world.call(encoder, 1, "deleteStream", 0.0, &["cam".into()]);
    world.expect(&[
        "1/1 feeds nothing",
        "cam Unpublished",
        "1 < [1] onStatus status Unpublish.Success: cam is now unpublished.",
    ]);
    world.publish(encoder, "cam");
    world.expect(&["1 < [1] onStatus error Failed: No such stream."]);
}

#[test]
fn players_calls_are_answered() {
    let mut world = World::new();
    let player = world.client(2);
    world.call(player, 0, "getStreamLength", 3.0, &["cam".into()]);
    world.call(player, 0, "set_playlist", 4.0, &[]);
    world.call(player, 0, "FCSubscribe", 0.0, &["cam".into()]);
    world.call(player, 0, "FCUnsubscribe", 0.0, &["cam".into()]);
    world.call(player, 0, "dance", 5.0, &[]);
    world.call(player, 0, "dance", 0.0, &[]);
    world.expect(&[
        "2 < _result 3 0",
        "2 < _result 4 null",
        "2 < onFCSubscribe status Play.Start: cam",
        "2 < onFCUnsubscribe status Play.Stop: cam",
        "2 < _error 5 error Call.Failed: Method not found (dance).",
    ]);
}

#[test]
fn a_connection_has_only_so_many_streams_and_reuses_their_numbers() {
    let config = InstanceConfig {
        streams_per_connection: 3,
        ..InstanceConfig::default()
    };
    let mut world = World::with(config);
    let client = world.client(1);
    for tx in 3..6 {
        world.call(client, 0, "createStream", f64::from(tx), &[]);
    }
    world.call(client, 0, "deleteStream", 0.0, &[2.0.into()]);
    world.call(client, 0, "createStream", 6.0, &[]);
    world.expect(&[
        "1 < _result 3 2",
        "1 < _result 4 3",
        "1 < _error 5 error Call.Failed: A connection may have 3 streams.",
        "1 < _result 6 2",
    ]);
}

const BUSY: &str = "2 < [1] onStatus error Publish.BadName: cam is already publishing";

const TAKEN_OVER: [&str; 8] = [
    "1/1 feeds nothing",
    "cam Unpublished",
    "1 < [1] onStatus error Publish.BadName: cam was published by another client.",
    "1 closed: publisher_replaced",
    "cam Published",
    "2/1 feeds cam",
    "2 < StreamBegin(1)",
    "2 < [1] onStatus status Publish.Start: cam is now published.",
];

fn two_publishers(takeover: Takeover) -> (World, ClientId) {
    let mut world = World::with(InstanceConfig {
        takeover,
        on_bw_done: false,
        ..InstanceConfig::default()
    });
    let (first, second) = (world.client(1), world.client(2));
    world.publish(first, "cam");
    world.lines.clear();
    (world, second)
}

#[test]
fn a_name_in_use_is_refused() {
    for takeover in [Takeover::Reject, Takeover::ReplaceIfStalled] {
        let (mut world, second) = two_publishers(takeover);
        world.publish(second, "cam");
        world.expect(&[BUSY]);
    }
}

#[test]
fn a_stalled_publisher_is_replaced_but_not_a_lively_one() {
    let (mut world, second) = two_publishers(Takeover::ReplaceIfStalled);
    world.last_media.0.store(1500, Ordering::Relaxed);
    world.now = Millis(11_499);
    world.publish(second, "cam");
    world.expect(&[BUSY]);
    world.now = Millis(11_500);
    world.publish(second, "cam");
    world.expect(&TAKEN_OVER);
    world.handle(Input::Disconnect {
        client: ClientId(1),
    });
    world.expect(&[]);
    assert!(
        world
            .instance
            .is_published(&StreamName::parse("cam", 100).unwrap())
    );
}

#[test]
fn a_publisher_that_has_not_begun_gets_more_time() {
    let (mut world, second) = two_publishers(Takeover::ReplaceIfStalled);
    world.now = Millis(20_999);
    world.publish(second, "cam");
    world.expect(&[BUSY]);
    world.now = Millis(21_000);
    world.publish(second, "cam");
    world.expect(&TAKEN_OVER);
}

#[test]
fn with_replace_the_newest_publisher_wins() {
    let (mut world, second) = two_publishers(Takeover::Replace);
    world.publish(second, "cam");
    world.expect(&TAKEN_OVER);
}

#[test]
fn publishing_again_on_the_same_stream_starts_anew() {
    let mut world = World::new();
    let publisher = world.client(1);
    world.publish(publisher, "cam");
    world.lines.clear();
    world.publish(publisher, "cam");
    world.expect(&[
        "1/1 feeds nothing",
        "cam Unpublished",
        "cam Published",
        "1/1 feeds cam",
        "1 < StreamBegin(1)",
        "1 < [1] onStatus status Publish.Start: cam is now published.",
    ]);
    world.call(publisher, 1, "publish", 0.0, &[false.into()]);
    world.expect(&[
        "1/1 feeds nothing",
        "cam Unpublished",
        "1 < [1] onStatus status Unpublish.Success: cam is now unpublished.",
    ]);
}

#[test]
fn what_cannot_be_published_is_refused_in_the_protocols_words() {
    let mut world = World::new();
    let publisher = world.client(1);
    world.publish(publisher, "");
    world.publish(publisher, "a/../b");
    world.call(publisher, 1, "publish", 0.0, &["cam".into(), "keep".into()]);
    world.call(publisher, 9, "publish", 0.0, &["cam".into()]);
    world.expect(&[
        "1 < [1] onStatus error Publish.BadName: the stream name is empty",
        "1 < [1] onStatus error Publish.BadName: the stream name has an empty or relative part",
        "1 < [1] onStatus error Record.NoAccess: Publishing with \"keep\" is not available.",
        "1 < [9] onStatus error Failed: No such stream.",
    ]);
}

#[test]
fn a_stream_that_plays_can_publish_instead() {
    let mut world = World::new();
    let client = world.client(1);
    world.play(client, &["other".into()]);
    world.lines.clear();
    world.publish(client, "cam");
    assert_eq!(world.lines.pop_front().unwrap(), "1/1 reads nothing");
    world.lines.clear();
    world.play(client, &["other".into()]);
    world.lines.truncate(2);
    world.expect(&["1/1 feeds nothing", "cam Unpublished"]);
}

#[test]
fn pause_seek_and_selection_of_a_live_stream() {
    let mut world = World::new();
    let player = world.client(2);
    world.call(player, 1, "pause", 0.0, &[true.into(), 0.0.into()]);
    world.expect(&[]);
    world.play(player, &["cam".into()]);
    world.lines.clear();
    world.call(player, 1, "pause", 0.0, &[true.into(), 500.0.into()]);
    world.call(player, 1, "pause", 0.0, &[Value::Null]);
    world.call(player, 1, "seek", 0.0, &[1000.0.into()]);
    world.call(player, 1, "receiveAudio", 0.0, &[false.into()]);
    world.call(player, 1, "receiveVideo", 0.0, &[10.0.into()]);
    world.call(player, 1, "receiveVideo", 0.0, &[false.into()]);
    world.call(player, 1, "receiveVideo", 0.0, &[true.into()]);
    world.expect(&[
        "2 < [1] onStatus status Pause.Notify: Pausing cam.",
        "2 < StreamEof(1)",
        "2/1 paused true",
        "2 < StreamBegin(1)",
        "2 < [1] onStatus status Unpause.Notify: Unpausing cam.",
        "2 < [1] onStatus status Play.Start: Started playing cam.",
        "2/1 paused false",
        "2 < [1] onStatus error Seek.Failed: A live stream cannot be searched.",
        "2/1 wants false All",
        "2/1 wants false FramesPerSecond(10.0)",
        "2/1 wants false None",
        "2/1 wants false All",
    ]);
}

#[test]
fn what_a_stream_wants_holds_from_before_its_first_play_until_it_is_deleted() {
    let mut world = World::new();
    let player = world.client(2);
    world.call(player, 1, "receiveAudio", 0.0, &[false.into()]);
    world.call(player, 9, "receiveAudio", 0.0, &[false.into()]);
    world.expect(&[]);
    world.play(player, &["cam".into()]);
    assert_eq!(world.wants, "false All");
    world.call(player, 1, "receiveVideo", 0.0, &[5.0.into()]);
    world.call(player, 1, "closeStream", 0.0, &[]);
    world.play(player, &["other".into()]);
    assert_eq!(world.wants, "false FramesPerSecond(5.0)");
    world.call(player, 0, "deleteStream", 0.0, &[1.0.into()]);
    world.call(player, 0, "createStream", 0.0, &[]);
    world.play(player, &["cam".into()]);
    assert_eq!(world.wants, "true All");
}

#[test]
fn a_published_stream_goes_on_as_it_began() {
    let mut world = World::new();
    let (publisher, player) = (world.client(1), world.client(2));
    world.publish(publisher, "cam");
    world.play(player, &["cam".into()]);
    world.call(player, 1, "pause", 0.0, &[true.into(), 500.0.into()]);
    world.lines.clear();
    world.call(player, 1, "pause", 0.0, &[false.into(), 500.0.into()]);
    world.expect(&[
        "2 < StreamBegin(1)",
        "2 < [1] onStatus status Unpause.Notify: Unpausing cam.",
        "2 < [1] onStatus status Play.Start: Started playing cam.",
        "2 < [1] data |RtmpSampleAccess false false",
        "2 < [1] data onStatus NetStream.Data.Start",
        "2/1 paused false",
    ]);
}

#[test]
fn a_length_ends_the_play() {
    let mut world = World::new();
    let player = world.client(2);
    world.play(player, &["cam".into(), (-1.0).into(), 5000.0.into()]);
    assert_eq!(world.lines.pop_back().unwrap(), "2/1 reads cam for 5000 ms");
    world.lines.clear();
    world.end_play(player, world.play);
    world.expect(&[
        "2/1 reads nothing",
        "2 < [1] data onPlayStatus NetStream.Play.Complete",
        "2 < [1] onStatus status Play.Stop: Stopped playing cam.",
        "2 < StreamEof(1)",
    ]);
    world.call(player, 1, "play", 0.0, &[false.into()]);
    world.expect(&[]);
}

#[test]
fn play_with_false_ends_the_play() {
    let mut world = World::new();
    let player = world.client(2);
    world.play(player, &["cam".into()]);
    world.lines.clear();
    world.call(player, 1, "play", 0.0, &[false.into()]);
    world.expect(&[
        "2/1 reads nothing",
        "2 < [1] onStatus status Play.Stop: Stopped playing cam.",
    ]);
}

#[test]
fn the_end_of_a_play_that_is_over_ends_no_other() {
    let mut world = World::new();
    let player = world.client(2);
    let args = ["cam".into(), (-1.0).into(), 5000.0.into()];
    world.play(player, &args);
    let first = world.play;
    world.play(player, &args);
    world.lines.clear();
    world.end_play(player, first);
    world.expect(&[]);
    world.end_play(player, world.play);
    assert_eq!(world.lines.pop_front().unwrap(), "2/1 reads nothing");
}

#[test]
fn a_playlist_goes_on_when_its_item_ends() {
    let mut world = World::new();
    let (publisher, player) = (world.client(1), world.client(2));
    world.publish(publisher, "a");
    world.play(player, &["a".into()]);
    world.play(
        player,
        &["b".into(), (-1.0).into(), (-1.0).into(), false.into()],
    );
    world.lines.clear();
    world.call(publisher, 1, "closeStream", 0.0, &[]);
    world.expect(&[
        "1/1 feeds nothing",
        "a Unpublished",
        "2/1 reads nothing",
        "2 < [1] data onPlayStatus NetStream.Play.Switch",
        "2 < SetChunkSize(4096)",
        "2 < StreamBegin(1)",
        "2 < [1] onStatus status Play.Start: Started playing b.",
        "2/1 reads b",
        "1 < [1] onStatus status Unpublish.Success: a is now unpublished.",
    ]);
}

#[test]
fn waiting_for_a_live_stream_ends_with_the_length() {
    let mut world = World::new();
    let player = world.client(2);
    world.play(player, &["a".into(), (-1.0).into(), 3000.0.into()]);
    world.play(
        player,
        &["b".into(), (-1.0).into(), (-1.0).into(), 0.0.into()],
    );
    assert_eq!(world.timeout, Some(Millis(4000)));
    world.lines.clear();
    world.wait_until(3999);
    world.expect(&[]);
    world.wait_until(4000);
    assert_eq!(world.lines.pop_back().unwrap(), "2/1 reads b");
    assert_eq!(world.timeout, None);
}

/// A way for a wait to end early: with the world as it waits on stream 1 of the client.
type Ending = fn(&mut World, ClientId);

#[test]
fn a_wait_that_ends_early_leaves_nothing_to_wait_for() {
    let endings: [(&str, Ending); 6] = [
        ("closeStream", |world, player| {
            world.call(player, 1, "closeStream", 0.0, &[]);
        }),
        ("deleteStream", |world, player| {
            world.call(player, 0, "deleteStream", 0.0, &[1.0.into()]);
        }),
        ("play(false)", |world, player| {
            world.play(player, &[false.into()]);
        }),
        ("another play", |world, player| {
            world.play(player, &["other".into()]);
        }),
        ("publish", |world, player| world.publish(player, "mine")),
        ("disconnect", |world, client| {
            world.handle(Input::Disconnect { client });
        }),
    ];
    for (what, end) in endings {
        let mut world = World::new();
        let player = world.client(2);
        for round in 0..3 {
            world.play(player, &["a".into(), (-1.0).into(), 3_000_000.0.into()]);
            assert!(world.timeout.is_some(), "{what}, round {round}");
        }
        end(&mut world, player);
        assert_eq!(world.timeout, None, "{what}");
    }
}

#[test]
fn a_wait_ends_with_its_playlist_item() {
    let mut world = World::new();
    let (publisher, player) = (world.client(1), world.client(2));
    world.play(player, &["a".into(), (-1.0).into(), 3_000_000.0.into()]);
    world.play(
        player,
        &["b".into(), (-2.0).into(), (-1.0).into(), 0.0.into()],
    );
    world.publish(publisher, "a");
    world.call(publisher, 1, "closeStream", 0.0, &[]);
    assert_eq!(world.timeout, None, "the wait for a outlives a");
}

#[test]
fn a_published_stream_is_not_given_up() {
    let mut world = World::new();
    let (publisher, player) = (world.client(1), world.client(2));
    world.play(player, &["a".into(), (-1.0).into(), 3000.0.into()]);
    world.publish(publisher, "a");
    world.lines.clear();
    world.wait_until(4000);
    world.expect(&[]);
}

#[test]
fn a_playlist_is_bounded() {
    let config = InstanceConfig {
        playlist_items: 2,
        ..InstanceConfig::default()
    };
    let mut world = World::with(config);
    let player = world.client(2);
    world.play(player, &["a".into()]);
    world.lines.clear();
    for _ in 0..3 {
        world.play(
            player,
            &["b".into(), (-2.0).into(), (-1.0).into(), false.into()],
        );
    }
    world.expect(&["2 < [1] onStatus error Play.Failed: A playlist may hold 2 items."]);
}

#[test]
fn play2_switches_streams() {
    let mut world = World::new();
    let player = world.client(2);
    world.play(player, &["low".into()]);
    world.lines.clear();
    let options = Value::object([
        ("streamName", Value::from("high")),
        ("oldStreamName", "low".into()),
        ("transition", "switch".into()),
    ]);
    world.call(player, 1, "play2", 0.0, &[options]);
    world.expect(&[
        "2 < [1] onStatus status Play.Transition: Transitioning to high.",
        "2/1 reads nothing",
        "2 < SetChunkSize(4096)",
        "2 < StreamBegin(1)",
        "2 < [1] onStatus status Play.Reset: Playing and resetting high.",
        "2 < [1] onStatus status Play.Start: Started playing high.",
        "2/1 reads high",
        "2 < [1] data onPlayStatus NetStream.Play.TransitionComplete",
    ]);
}

#[test]
fn a_bandwidth_check_measures_latency_then_throughput() {
    for (asked, question, done) in [
        ("_checkbw", "_onbwcheck", "_onbwdone"),
        ("checkBandwidth", "onBWCheck", "onBWDone"),
    ] {
        let mut world = World::new();
        let client = world.client(1);
        world.call(client, 0, asked, 0.0, &[]);
        world.expect(&[&format!("1 < {question} 1000000001  0")]);
        world.now = Millis(1010);
        world.call(client, 0, "_result", 99.0, &[]);
        world.expect(&[]);
        world.call(client, 0, "_result", 1_000_000_001.0, &[0.0.into()]);
        world.expect(&[&format!("1 < {question} 1000000002 16384 bytes 0")]);
        world.now = Millis(1030);
        world.call(client, 0, "_result", 1_000_000_002.0, &[0.0.into()]);
        // 131.072 kbit in 20 ms, of which 10 are latency.
        world.expect(&[&format!("1 < {done} 13107.2 131.072 10 10")]);
        world.call(client, 0, "_result", 1_000_000_002.0, &[0.0.into()]);
        world.expect(&[]);
    }
}

#[test]
fn commands_of_clients_that_have_gone_do_nothing() {
    let mut world = World::new();
    let client = world.client(1);
    world.publish(client, "cam");
    world.lines.clear();
    world.handle(Input::Disconnect { client });
    world.expect(&["1/1 feeds nothing", "cam Unpublished"]);
    world.publish(client, "cam");
    world.handle(Input::Disconnect { client });
    world.end_play(client, world.play);
    world.expect(&[]);
    assert_eq!(world.instance.client_count(), 0);
}
