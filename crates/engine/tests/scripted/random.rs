//! Thousands of random things in random order, and what must hold whatever happens.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use engine::scripting::{CallId, CallOutcome, Script, ScriptEffect, ScriptInput, ScriptOutput};
use engine::{
    ClientId, Effect, Host, Input, InstanceConfig, Millis, Output, ScriptedConfig,
    ScriptedInstance, SharedObjects, StreamName,
};
use proptest::prelude::*;
use rtmp::{Body, Command};

use crate::world::connect;

struct NoMedia;

impl Host for NoMedia {
    fn last_media(&self, _: &StreamName) -> Option<Millis> {
        None
    }
}

/// What the test decides for the script; the rest it does by itself.
#[derive(Clone, Copy, Debug)]
enum Decision {
    Accept,
    Reject,
    Wait,
    AcceptTwice,
    AcceptAndCall,
}

#[derive(Clone, Debug)]
enum Step {
    Join(Decision),
    /// The n-th client that was ever there, also one that has gone.
    Leave(usize),
    Call(usize, Answer),
    Answer(usize, u8),
    Publish(usize),
    Pass(u32),
    Reload,
    Veto(bool),
    FailNext,
}

#[derive(Clone, Copy, Debug)]
enum Answer {
    Return,
    Never,
    CallBack,
    CloseCaller,
    CallEverybody,
    AcceptEverybody,
    ShutDown,
    RunOut,
}

/// What the scripts of all lives of one instance have seen. One at a time is alive.
#[derive(Default)]
struct Book {
    decision: Option<Decision>,
    answer: Option<Answer>,
    veto: bool,
    fail_start: bool,
    lives: u64,
    alive: bool,
    running: bool,
    /// Told of and undecided.
    pending: BTreeSet<ClientId>,
    /// `application.clients`.
    clients: BTreeSet<ClientId>,
    next_call: u64,
    asked: BTreeSet<u64>,
    answered: BTreeSet<u64>,
}

struct Actor {
    book: Rc<RefCell<Book>>,
    effects: std::collections::VecDeque<ScriptEffect>,
    life: u64,
}

impl Actor {
    fn new(book: &Rc<RefCell<Book>>) -> Self {
        let mut page = book.borrow_mut();
        assert!(!page.alive, "an instance runs twice");
        page.alive = true;
        page.lives += 1;
        page.pending.clear();
        page.clients.clear();
        let life = page.lives;
        drop(page);
        Self {
            book: book.clone(),
            effects: std::collections::VecDeque::new(),
            life,
        }
    }

    fn decide(&mut self, client: ClientId) {
        let decision = self.book.borrow_mut().decision.take();
        let accept = ScriptEffect::Accept { client };
        match decision.unwrap_or(Decision::Accept) {
            Decision::Accept => self.effects.push_back(accept),
            Decision::AcceptTwice => self.effects.extend([accept.clone(), accept]),
            Decision::AcceptAndCall => {
                self.effects.push_back(accept);
                self.call(client);
            }
            Decision::Reject => {
                self.book.borrow_mut().pending.remove(&client);
                self.effects.push_back(ScriptEffect::Reject {
                    client,
                    description: None,
                    application: amf::Value::Null,
                    redirect: None,
                });
                return;
            }
            Decision::Wait => return,
        }
        let mut book = self.book.borrow_mut();
        book.pending.remove(&client);
        book.clients.insert(client);
    }

    fn call(&mut self, client: ClientId) {
        let mut book = self.book.borrow_mut();
        book.next_call += 1;
        let call = book.next_call;
        book.asked.insert(call);
        self.effects.push_back(ScriptEffect::Call {
            client,
            method: "m".into(),
            args: vec![],
            call: Some(CallId(call)),
        });
    }

    fn on_call(&mut self, client: ClientId, transaction: f64) {
        let answer = self.book.borrow_mut().answer.take();
        let clients: Vec<ClientId> = self.book.borrow().clients.iter().copied().collect();
        match answer.unwrap_or(Answer::Return) {
            Answer::Return => self.effects.push_back(ScriptEffect::Return {
                client,
                transaction,
                outcome: CallOutcome::Result(amf::Value::Null),
            }),
            Answer::Never => {}
            Answer::CallBack => self.call(client),
            Answer::CloseCaller => self.effects.push_back(ScriptEffect::Disconnect { client }),
            Answer::CallEverybody => clients.into_iter().for_each(|client| self.call(client)),
            Answer::AcceptEverybody => {
                let mut book = self.book.borrow_mut();
                for client in std::mem::take(&mut book.pending) {
                    book.clients.insert(client);
                    self.effects.push_back(ScriptEffect::Accept { client });
                }
            }
            Answer::ShutDown => self.effects.push_back(ScriptEffect::Shutdown),
            Answer::RunOut => self.fail(),
        }
    }

    fn told(&mut self, input: &ScriptInput) {
        let mut book = self.book.borrow_mut();
        match input {
            ScriptInput::Start if std::mem::take(&mut book.fail_start) => {
                drop(book);
                self.fail();
            }
            ScriptInput::Start => self.effects.push_back(ScriptEffect::Started),
            ScriptInput::Connect { client, .. } => {
                assert!(!book.clients.contains(client) && book.pending.insert(*client));
                drop(book);
                self.decide(*client);
            }
            ScriptInput::Disconnect { client } => {
                let known = book.pending.remove(client) || book.clients.remove(client);
                assert!(known, "{client} has gone twice, or was rejected");
            }
            ScriptInput::Call {
                client,
                transaction,
                ..
            } => {
                assert!(book.clients.contains(client), "a call of a stranger");
                drop(book);
                self.on_call(*client, *transaction);
            }
            ScriptInput::Answer { call, .. } => {
                assert!(book.asked.contains(&call.0), "an answer nobody asked for");
                assert!(book.answered.insert(call.0), "answered twice");
            }
            ScriptInput::Published { client, .. } | ScriptInput::Unpublished { client, .. } => {
                assert!(book.clients.contains(client), "a stranger publishes");
            }
            ScriptInput::Stop { silent, .. } => {
                let allowed = *silent || !book.veto;
                self.effects.push_back(ScriptEffect::Stop { allowed });
            }
            _ => {}
        }
    }

    fn fail(&mut self) {
        self.effects.push_back(ScriptEffect::Failed(Box::default()));
    }
}

impl Script for Actor {
    fn handle(&mut self, _: Millis, input: ScriptInput) {
        let mut book = self.book.borrow_mut();
        assert_eq!(
            book.lives, self.life,
            "a script of an earlier life is told something"
        );
        assert!(
            !std::mem::replace(&mut book.running, true),
            "a handler within a handler"
        );
        drop(book);
        self.told(&input);
        self.book.borrow_mut().running = false;
    }

    fn poll(&mut self) -> ScriptOutput {
        match self.effects.pop_front() {
            Some(effect) => ScriptOutput::Effect(effect),
            None => ScriptOutput::Timeout(None),
        }
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        self.book.borrow_mut().alive = false;
    }
}

/// What the world outside knows of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Asking,
    Inside,
    Outside,
}

struct Runner {
    book: Rc<RefCell<Book>>,
    instance: Option<ScriptedInstance>,
    now: Millis,
    seen: BTreeMap<ClientId, Seen>,
    timeout: Option<Millis>,
    stops: u64,
}

impl Runner {
    fn new() -> Self {
        Self {
            book: Rc::default(),
            instance: None,
            now: Millis(1),
            seen: BTreeMap::new(),
            timeout: None,
            stops: 0,
        }
    }

    /// Makes an instance if there is none, as the server does when somebody comes.
    fn instance(&mut self) -> &mut ScriptedInstance {
        while self.instance.is_none() {
            let scripted = ScriptedConfig {
                waiting_joins: 4,
                pending_timeout_ms: 500,
                max_idle_ms: 300,
                calls_waiting: 3,
                ..ScriptedConfig::default()
            };
            let script = Box::new(Actor::new(&self.book));
            let plain = InstanceConfig::default();
            let objects = SharedObjects::unsaved(sharedobject::Config::default());
            let made = ScriptedInstance::new(plain, scripted, Box::new(NoMedia), objects, script);
            self.instance = Some(made);
            let now = self.now;
            self.instance.as_mut().expect("just made").start(now);
            // A script that does not start leaves nothing; the next one is tried.
            self.carry_out();
        }
        self.instance.as_mut().expect("made above or before")
    }

    fn handle(&mut self, input: Input) {
        let now = self.now;
        self.instance().handle(now, input);
        self.carry_out();
    }

    fn carry_out(&mut self) {
        let mut stopped = false;
        while let Some(instance) = &mut self.instance {
            match instance.poll() {
                Output::Effect(Effect::Stopped { failed }) => {
                    assert!(!std::mem::replace(&mut stopped, true), "it stops twice");
                    // A script that ran out of memory is told nothing; any other all.
                    let book = self.book.borrow();
                    let told = book.clients.is_empty() && book.pending.is_empty();
                    assert!(failed || told, "not everybody's end was told");
                    drop(book);
                    self.stops += 1;
                }
                Output::Effect(effect) => {
                    assert!(!stopped, "{effect:?} after the end");
                    self.effect(&effect);
                }
                Output::Timeout(at) => {
                    self.timeout = at;
                    break;
                }
            }
        }
        if stopped {
            self.renew();
        } else {
            self.check();
        }
    }

    /// Lets go of a stopped instance; those who waited make the next one.
    fn renew(&mut self) {
        let Some(mut old) = self.instance.take() else {
            return;
        };
        let waiting = old.take_waiting();
        drop(old);
        let inside = self.seen.values().filter(|seen| **seen == Seen::Inside);
        assert_eq!(inside.count(), 0, "clients outlive their instance");
        for join in waiting {
            self.handle(join);
        }
    }

    fn effect(&mut self, effect: &Effect) {
        match effect {
            Effect::Send { client, message } => {
                let seen = self
                    .seen
                    .get_mut(client)
                    .expect("a client that was never there");
                assert_ne!(*seen, Seen::Outside, "something for {client}, who has gone");
                if let Body::Command(command) = &message.body
                    && &*command.name == "_result"
                    && *seen == Seen::Asking
                {
                    *seen = Seen::Inside;
                }
            }
            Effect::Close { client, .. } => {
                let seen = self.seen.insert(*client, Seen::Outside);
                assert_ne!(seen, Some(Seen::Outside), "{client} closed twice");
            }
            _ => {}
        }
    }

    /// What the script believes is what is.
    fn check(&self) {
        let book = self.book.borrow();
        let inside: BTreeSet<ClientId> = self
            .seen
            .iter()
            .filter(|(_, seen)| **seen == Seen::Inside)
            .map(|(client, _)| *client)
            .collect();
        assert_eq!(book.clients, inside);
        let count = self
            .instance
            .as_ref()
            .map_or(0, |it| it.instance().client_count());
        assert_eq!(count, inside.len());
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Join(decision) => {
                self.book.borrow_mut().decision = Some(*decision);
                let id = self.seen.len() as u64 + 1;
                self.seen.insert(ClientId(id), Seen::Asking);
                self.handle(connect(id));
                self.book.borrow_mut().decision = None;
            }
            Step::Leave(index) => {
                if let Some(client) = self.pick(*index) {
                    self.seen.insert(client, Seen::Outside);
                    self.handle(Input::Disconnect { client });
                }
            }
            Step::Call(index, answer) => {
                self.book.borrow_mut().answer = Some(*answer);
                self.command(*index, 0, Command::new("m", 5.0, vec![]));
                self.book.borrow_mut().answer = None;
            }
            Step::Answer(index, transaction) => {
                let transaction = 1_000_000_000.0 + f64::from(*transaction);
                self.command(*index, 0, Command::new("_result", transaction, vec![]));
            }
            Step::Publish(index) => {
                self.command(*index, 0, Command::new("createStream", 2.0, vec![]));
                self.command(*index, 1, Command::new("publish", 0.0, vec!["cam".into()]));
            }
            Step::Pass(millis) => self.pass(u64::from(*millis)),
            Step::Reload => self.handle(Input::Stop { silent: true }),
            Step::Veto(veto) => self.book.borrow_mut().veto = *veto,
            Step::FailNext => self.book.borrow_mut().fail_start = true,
        }
    }

    fn pick(&self, index: usize) -> Option<ClientId> {
        let count = self.seen.len();
        (count > 0).then(|| ClientId((index % count) as u64 + 1))
    }

    fn command(&mut self, index: usize, stream_id: u32, command: Command) {
        if let Some(client) = self.pick(index) {
            self.handle(Input::Command {
                client,
                stream_id,
                command,
            });
        }
    }

    fn pass(&mut self, millis: u64) {
        let until = self.now + millis;
        while let Some(at) = self.timeout.filter(|at| *at <= until) {
            self.now = at.max(self.now);
            self.timeout = None;
            if self.instance.is_some() {
                self.handle(Input::Timeout);
            }
        }
        self.now = until;
    }
}

fn step() -> impl Strategy<Value = Step> {
    let decision = prop_oneof![
        4 => Just(Decision::Accept),
        1 => Just(Decision::Reject),
        2 => Just(Decision::Wait),
        1 => Just(Decision::AcceptTwice),
        2 => Just(Decision::AcceptAndCall),
    ];
    let answer = prop_oneof![
        4 => Just(Answer::Return),
        2 => Just(Answer::Never),
        3 => Just(Answer::CallBack),
        2 => Just(Answer::CloseCaller),
        2 => Just(Answer::CallEverybody),
        2 => Just(Answer::AcceptEverybody),
        1 => Just(Answer::ShutDown),
        1 => Just(Answer::RunOut),
    ];
    prop_oneof![
        8 => decision.prop_map(Step::Join),
        4 => any::<usize>().prop_map(Step::Leave),
        10 => (any::<usize>(), answer).prop_map(|(who, answer)| Step::Call(who, answer)),
        6 => (any::<usize>(), 2..8u8).prop_map(|(who, tx)| Step::Answer(who, tx)),
        2 => any::<usize>().prop_map(Step::Publish),
        3 => (0..400u32).prop_map(Step::Pass),
        1 => Just(Step::Reload),
        1 => any::<bool>().prop_map(Step::Veto),
        1 => Just(Step::FailNext),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_must_hold_holds_whatever_happens(steps in prop::collection::vec(step(), 1..600)) {
        let mut runner = Runner::new();
        for step in &steps {
            runner.step(step);
        }
        // In the end everybody leaves, and an instance that may stop does.
        runner.book.borrow_mut().veto = false;
        for index in 0..runner.seen.len() {
            runner.step(&Step::Leave(index));
        }
        runner.pass(2_000);
        prop_assert!(runner.instance.is_none());
        prop_assert!(!runner.book.borrow().alive);
        prop_assert_eq!(runner.stops, runner.book.borrow().lives);
    }
}
