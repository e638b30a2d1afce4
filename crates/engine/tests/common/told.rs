//! One client and its stream in an instance without media; what becomes of them, as lines.

#[path = "lines.rs"]
mod lines;

use amf::Value;
use engine::{ClientId, Effect, Host, Input, Instance, InstanceConfig, Millis, Origin, Output};
use engine::{SharedObjects, StreamName};
pub(crate) use lines::message_line;
use rtmp::Command;
use rtmp::connect::ConnectInfo;

struct NoMedia;

impl Host for NoMedia {
    fn last_media(&self, _: &StreamName) -> Option<Millis> {
        None
    }
}

pub(crate) struct World {
    instance: Instance,
    /// What a test sees of an effect.
    describe: fn(&Effect) -> Option<String>,
    pub(crate) lines: Vec<String>,
}

impl World {
    /// With client 1, who has one stream.
    pub(crate) fn new(config: InstanceConfig, describe: fn(&Effect) -> Option<String>) -> Self {
        let config = InstanceConfig {
            on_bw_done: false,
            ..config
        };
        let objects = SharedObjects::unsaved(sharedobject::Config::default());
        let mut world = Self {
            instance: Instance::new(config, Box::new(NoMedia), objects),
            describe,
            lines: Vec::new(),
        };
        world.handle(Input::Connect {
            client: ClientId(1),
            info: Box::new(ConnectInfo::default()),
            transaction: 1.0,
            origin: Origin::default(),
        });
        world.call(0, "createStream", &[]);
        world.lines.clear();
        world
    }

    pub(crate) fn handle(&mut self, input: Input) {
        self.instance.handle(Millis(1000), input);
        while let Output::Effect(effect) = self.instance.poll() {
            self.lines.extend((self.describe)(&effect));
        }
    }

    pub(crate) fn call(&mut self, stream_id: u32, name: &str, args: &[Value]) {
        self.handle(Input::Command {
            client: ClientId(1),
            stream_id,
            command: Command::new(name, 3.0, args.to_vec()),
        });
    }

    #[track_caller]
    pub(crate) fn expect(&mut self, lines: &[&str]) {
        let seen = std::mem::take(&mut self.lines);
        assert_eq!(seen, lines, "\nseen:\n{}", seen.join("\n"));
    }
}
