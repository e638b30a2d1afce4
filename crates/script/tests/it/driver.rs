//! Drives a script as an instance would, without one.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use amf::Value;
use engine::scripting::{
    ApplicationStats, CallOutcome, Cleared, ClientInfo, ClientStats, Problem, RoomHost,
    Script as _, ScriptEffect, ScriptHost, ScriptInput, ScriptOutput, SharedObjectHost, StopReason,
};
use engine::{ClientId, StreamPattern};
use rtmp::Millis;
use script::{
    AppScript, ApplicationInfo, MemoryFiles, ScriptConfig, ScriptFiles, ScriptSetup, SetupError,
    Storage,
};

use crate::objects::Objects;
use crate::rooms::Lobby;

/// What the script reads of the world.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) clients: RefCell<BTreeMap<u64, ClientStats>>,
    pub(crate) application: RefCell<ApplicationStats>,
    pub(crate) objects: Objects,
    pub(crate) rooms: Lobby,
    /// The files of recordings, and whether each can be deleted.
    pub(crate) recordings: RefCell<BTreeMap<String, bool>>,
}

impl ScriptHost for World {
    fn client_stats(&self, client: ClientId) -> Option<ClientStats> {
        self.clients.borrow().get(&client.0).copied()
    }

    fn application_stats(&self) -> ApplicationStats {
        *self.application.borrow()
    }

    fn unix_ms(&self) -> f64 {
        1_000_000_000_000.0
    }

    fn shared_objects(&self) -> &dyn SharedObjectHost {
        &self.objects
    }

    fn rooms(&self) -> &dyn RoomHost {
        &self.rooms
    }

    fn clear_streams(&self, pattern: &StreamPattern, max: usize) -> Cleared {
        let mut cleared = Cleared {
            is_complete: true,
            ..Cleared::default()
        };
        self.recordings.borrow_mut().retain(|file, can_be| {
            let Some(stream) = pattern.stream_of(file) else {
                return true;
            };
            cleared.has_more |= cleared.streams.len() == max;
            let done = *can_be && !cleared.has_more;
            cleared.is_complete &= done;
            if !cleared.has_more {
                cleared.streams.push((stream, done));
            }
            !done
        });
        cleared
    }
}

/// A script and the time.
pub(crate) struct Driver {
    script: AppScript,
    pub(crate) now: Millis,
    pub(crate) due: Option<Millis>,
    pub(crate) world: Rc<World>,
}

impl Driver {
    /// A script with these files and limits, not started.
    pub(crate) fn with(files: MemoryFiles, config: ScriptConfig, info: ApplicationInfo) -> Self {
        Self::set_up(Box::new(files), config, info, None).expect("an engine")
    }

    /// A script with files from elsewhere, not started.
    pub(crate) fn with_files(files: Box<dyn ScriptFiles>) -> Self {
        let config = ScriptConfig::default();
        Self::set_up(files, config, ApplicationInfo::default(), None).expect("an engine")
    }

    /// A script with limits and with files of its own to read and change, started; client 1 is
    /// let in, through which [`Driver::eval`] works.
    pub(crate) fn with_storage(storage: impl Storage + 'static, config: ScriptConfig) -> Self {
        let files = Box::new(MemoryFiles::new().with("main.asc", EVALUATE));
        let storage = Some(Box::new(storage) as Box<dyn Storage>);
        let set_up = Self::set_up(files, config, ApplicationInfo::default(), storage);
        let mut driver = set_up.expect("an engine");
        assert_eq!(driver.input(ScriptInput::Start), [ScriptEffect::Started]);
        driver.connect(1, &[]);
        driver
    }

    fn set_up(
        files: Box<dyn ScriptFiles>,
        config: ScriptConfig,
        info: ApplicationInfo,
        storage: Option<Box<dyn Storage>>,
    ) -> Result<Self, SetupError> {
        let world = Rc::new(World::default());
        let setup = ScriptSetup {
            config,
            info,
            files,
            storage,
            world: Rc::<World>::clone(&world),
        };
        Ok(Self {
            script: AppScript::new(setup)?,
            now: Millis(1_000),
            due: None,
            world,
        })
    }

    /// A script of one file with these limits, not started, if there is room for it.
    pub(crate) fn try_limited(main: &str, config: ScriptConfig) -> Result<Self, SetupError> {
        let files = MemoryFiles::new().with("main.asc", main);
        Self::set_up(Box::new(files), config, ApplicationInfo::default(), None)
    }

    /// A started script of one file. Nothing must have gone wrong.
    pub(crate) fn new(main: &str) -> Self {
        let (driver, effects) = Self::limited(main, ScriptConfig::default());
        assert_eq!(problems(&effects), [] as [String; 0], "while it starts");
        driver
    }

    /// A started script of one file with these limits, and what starting it gave.
    pub(crate) fn limited(main: &str, config: ScriptConfig) -> (Self, Vec<ScriptEffect>) {
        let files = MemoryFiles::new().with("main.asc", main);
        let mut driver = Self::with(files, config, ApplicationInfo::default());
        let effects = driver.input(ScriptInput::Start);
        (driver, effects)
    }

    /// Hands in one input and takes what comes of it. Of a response, that is also what its
    /// handlers do, which run one by one.
    pub(crate) fn input(&mut self, input: ScriptInput) -> Vec<ScriptEffect> {
        let is_response = matches!(input, ScriptInput::Response { .. });
        let mut effects = self.turn(input);
        while is_response && self.due.is_some_and(|due| due <= self.now) {
            effects.extend(self.turn(ScriptInput::Timeout));
        }
        effects
    }

    /// Hands in one input, and nothing after it.
    pub(crate) fn turn(&mut self, input: ScriptInput) -> Vec<ScriptEffect> {
        self.script.handle(self.now, input);
        let mut effects = Vec::new();
        loop {
            match self.script.poll() {
                ScriptOutput::Effect(effect) => effects.push(effect),
                ScriptOutput::Timeout(due) => {
                    self.due = due;
                    return effects;
                }
            }
        }
    }

    /// Tells the script what others have done to its shared objects.
    pub(crate) fn tell(&mut self) -> Vec<ScriptEffect> {
        let told = self.world.objects.told();
        told.into_iter().flat_map(|told| self.input(told)).collect()
    }

    /// Lets time pass, and timers run.
    pub(crate) fn pass(&mut self, ms: u64) -> Vec<ScriptEffect> {
        let end = self.now + ms;
        let mut effects = Vec::new();
        while let Some(due) = self.due.filter(|due| *due <= end) {
            self.now = due.max(self.now);
            effects.extend(self.input(ScriptInput::Timeout));
        }
        self.now = end;
        effects
    }

    pub(crate) fn connect(&mut self, client: u64, args: &[Value]) -> Vec<ScriptEffect> {
        let info = ClientInfo {
            agent: "WIN 6,0,65,0".into(),
            ip: "192.0.2.7".into(),
            protocol: "rtmp".into(),
            referrer: "http://example.com/chat.swf".into(),
            page_url: "http://example.com/chat.html".into(),
            uri: "rtmp://example.com/chat".into(),
            secure: false,
        };
        self.input(ScriptInput::Connect {
            client: ClientId(client),
            info: Box::new(info),
            args: args.to_vec(),
        })
    }

    pub(crate) fn disconnect(&mut self, client: u64) -> Vec<ScriptEffect> {
        self.input(ScriptInput::Disconnect {
            client: ClientId(client),
        })
    }

    pub(crate) fn call(&mut self, client: u64, method: &str, args: &[Value]) -> Vec<ScriptEffect> {
        self.input(ScriptInput::Call {
            client: ClientId(client),
            method: method.into(),
            args: args.to_vec(),
            transaction: 7.0,
            native: false,
        })
    }

    /// A client begins to publish a stream, with a query behind its name.
    pub(crate) fn publish(&mut self, client: u64, stream: &str, query: &str) -> Vec<ScriptEffect> {
        self.input(ScriptInput::Published {
            client: ClientId(client),
            stream: stream.into(),
            query: query.into(),
        })
    }

    /// A client no longer publishes a stream.
    pub(crate) fn unpublish(&mut self, client: u64, stream: &str) -> Vec<ScriptEffect> {
        self.input(ScriptInput::Unpublished {
            client: ClientId(client),
            stream: stream.into(),
        })
    }

    /// Calls a method that the server has an answer of its own to.
    pub(crate) fn native_call(&mut self, client: u64, method: &str) -> Vec<ScriptEffect> {
        self.input(ScriptInput::Call {
            client: ClientId(client),
            method: method.into(),
            args: vec![],
            transaction: 7.0,
            native: true,
        })
    }

    /// Calls a method and takes its result; nothing else must come of it.
    pub(crate) fn result(&mut self, client: u64, method: &str, args: &[Value]) -> Value {
        let effects = self.call(client, method, args);
        match effects.as_slice() {
            [
                ScriptEffect::Return {
                    outcome: CallOutcome::Result(value),
                    ..
                },
            ] => value.clone(),
            other => panic!("{method}: {other:?}"),
        }
    }

    /// Evaluates an expression in the script: a client whose method `evaluate` is `eval` must
    /// have been let in as number 1.
    pub(crate) fn eval(&mut self, expression: &str) -> Value {
        self.result(1, "evaluate", &[expression.into()])
    }

    /// Evaluates an expression, whatever is reported meanwhile.
    pub(crate) fn try_eval(&mut self, expression: &str) -> Value {
        let effects = self.call(1, "evaluate", &[expression.into()]);
        let result = effects.iter().find_map(|effect| match effect {
            ScriptEffect::Return {
                outcome: CallOutcome::Result(value),
                ..
            } => Some(value.clone()),
            _ => None,
        });
        result.unwrap_or_else(|| panic!("{expression}: {effects:?}"))
    }

    /// Evaluates each expression, whatever is reported, and compares it as text.
    pub(crate) fn check(&mut self, cases: &[(&str, &str)]) {
        for (expression, wanted) in cases {
            let found = self.try_eval(&format!("String({expression})"));
            assert_eq!(found, Value::from(*wanted), "{expression}");
        }
    }

    /// What an expression throws, as text.
    pub(crate) fn thrown(&mut self, expression: &str) -> String {
        let text = format!("try {{ {expression}; 'nothing' }} catch (e) {{ String(e) }}");
        let text = self.try_eval(&text);
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Asks whether the instance may stop.
    pub(crate) fn stop(&mut self, reason: StopReason, silent: bool) -> Vec<ScriptEffect> {
        self.input(ScriptInput::Stop { reason, silent })
    }
}

const EVALUATE: &str = "Client.prototype.evaluate = function (text) { return (0, eval)(text); };";

/// A script with a client 1, through which [`Driver::eval`] works.
pub(crate) fn evaluator(main: &str) -> Driver {
    let mut driver = Driver::new(&format!("{main}\n{EVALUATE}"));
    driver.connect(1, &[]);
    driver
}

/// The descriptions of all problems.
pub(crate) fn problems(effects: &[ScriptEffect]) -> Vec<String> {
    reports(effects)
        .map(|problem| problem.description.clone())
        .collect()
}

pub(crate) fn reports(effects: &[ScriptEffect]) -> impl Iterator<Item = &Problem> {
    effects.iter().filter_map(|effect| match effect {
        ScriptEffect::Problem(problem) => Some(&**problem),
        _ => None,
    })
}

/// The lines of `trace`.
pub(crate) fn traces(effects: &[ScriptEffect]) -> Vec<&str> {
    let lines = effects.iter().filter_map(|effect| match effect {
        ScriptEffect::Trace(line) => Some(line.as_str()),
        _ => None,
    });
    lines.collect()
}

pub(crate) fn accept(client: u64) -> ScriptEffect {
    ScriptEffect::Accept {
        client: ClientId(client),
    }
}

/// A rejection with nothing said.
pub(crate) fn reject(client: u64) -> ScriptEffect {
    ScriptEffect::Reject {
        client: ClientId(client),
        description: None,
        application: Value::Undefined,
        redirect: None,
    }
}

/// A call that wants no answer.
pub(crate) fn call(client: u64, method: &str, args: &[Value]) -> ScriptEffect {
    ScriptEffect::Call {
        client: ClientId(client),
        method: method.into(),
        args: args.to_vec(),
        call: None,
    }
}

/// The result of the call with transaction 7.
pub(crate) fn returned(client: u64, value: impl Into<Value>) -> ScriptEffect {
    ScriptEffect::Return {
        client: ClientId(client),
        transaction: 7.0,
        outcome: CallOutcome::Result(value.into()),
    }
}

/// `NetConnection.Call.Failed` for the call with transaction 7.
pub(crate) fn failed(client: u64, description: &str) -> ScriptEffect {
    ScriptEffect::Return {
        client: ClientId(client),
        transaction: 7.0,
        outcome: CallOutcome::Error(call_failed(description)),
    }
}

pub(crate) fn call_failed(description: &str) -> Value {
    Value::object([
        ("level", Value::from("error")),
        ("code", "NetConnection.Call.Failed".into()),
        ("description", description.into()),
    ])
}
