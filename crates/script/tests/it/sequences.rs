//! Random comings and goings: what holds at every step, whatever came before.

use std::collections::BTreeMap;

use amf::Value;
use engine::ClientId;
use engine::scripting::{CallId, CallOutcome, ScriptEffect, ScriptInput, StopReason};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::driver::{Driver, traces};

const SCRIPT: &str = "
var known = {}, veto = true;
application.onConnect = function (c, number, verdict) {
    known[number] = c;
    c.number = number;
    if (verdict == 0) return true;
    if (verdict == 1) return false;
    if (verdict == 2) { application.acceptConnection(c); c.call('hello', null, number); return true; }
    if (verdict == 3) { application.rejectConnection(c, 'no'); return true; }
    if (verdict == 4) nowhere();
};
application.onDisconnect = function (c) {
    c.call('bye');
    trace('left ' + c.number + ' ' + application.clients.length);
};
application.onAppStop = function () { return !veto; };
Client.prototype.count = function () { return application.clients.length; };
Client.prototype.order = function (number, what) {
    var c = known[number];
    if (!c) return;
    if (what == 0) application.acceptConnection(c);
    if (what == 1) application.rejectConnection(c);
    if (what == 2) application.disconnect(c);
    if (what == 3) c.call('poke', { onResult: function () { trace('poked'); } });
    if (what == 4) c.ping();
    if (what == 5) application.broadcastMsg('all', number);
    if (what == 6) setTimeout(function () { application.acceptConnection(c); c.call('late'); }, 5);
    if (what == 7) { c.readAccess = 'x' + Math.random(); c.setBandwidthLimit(1000, 1000); }
    if (what == 8) { application.disconnect(this); nowhere(); }
};
";

/// One step. Numbers stand for clients, those there are and those there are not.
#[derive(Clone, Debug)]
enum Step {
    Connect(u8),
    Disconnect(u8),
    Order { by: u8, whom: u8, what: u8 },
    Answer(u8),
    Pass(u8),
    Veto,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..6u8).prop_map(Step::Connect),
        2 => any::<u8>().prop_map(Step::Disconnect),
        6 => (any::<u8>(), any::<u8>(), 0..9u8)
            .prop_map(|(by, whom, what)| Step::Order { by, whom, what }),
        1 => any::<u8>().prop_map(Step::Answer),
        2 => (0..20u8).prop_map(Step::Pass),
        1 => Just(Step::Veto),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Waiting,
    In,
    /// Disconnected by the script, and not gone yet.
    Leaving,
    Out,
}

struct Model {
    driver: Driver,
    places: BTreeMap<u64, Place>,
    left: BTreeMap<u64, u32>,
    calls: Vec<CallId>,
}

impl Model {
    fn counted(&self) -> usize {
        let counted = |place: &&Place| matches!(place, Place::In | Place::Leaving);
        self.places.values().filter(counted).count()
    }

    /// The client that a number stands for.
    fn client(&self, number: u8) -> u64 {
        u64::from(number) % (self.places.len() as u64 + 1) + 1
    }

    fn place(&self, client: ClientId) -> Place {
        self.places.get(&client.0).copied().unwrap_or(Place::Out)
    }

    /// Follows what the script asks for, each of which must be allowed where the client is.
    fn follow(&mut self, effects: &[ScriptEffect]) {
        for effect in effects {
            match effect {
                ScriptEffect::Accept { client } => self.moves(*client, Place::Waiting, Place::In),
                ScriptEffect::Reject { client, .. } => {
                    self.moves(*client, Place::Waiting, Place::Out);
                }
                ScriptEffect::Disconnect { client } => {
                    self.moves(*client, Place::In, Place::Leaving);
                }
                ScriptEffect::Call { client, call, .. } => {
                    assert_eq!(self.place(*client), Place::In, "{effect:?}");
                    self.calls.extend(call);
                }
                ScriptEffect::Return { client, .. } | ScriptEffect::Ping { client } => {
                    assert_eq!(self.place(*client), Place::In, "{effect:?}");
                }
                ScriptEffect::Access { client, .. }
                | ScriptEffect::LimitBandwidth { client, .. } => {
                    let place = self.place(*client);
                    assert!(matches!(place, Place::In | Place::Waiting), "{effect:?}");
                }
                ScriptEffect::Trace(_) | ScriptEffect::Problem(_) | ScriptEffect::Stop { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn moves(&mut self, client: ClientId, from: Place, to: Place) {
        assert_eq!(self.place(client), from, "client {client:?} to {to:?}");
        self.places.insert(client.0, to);
    }

    fn apply(&mut self, step: &Step) {
        let effects = match *step {
            Step::Connect(verdict) => {
                let client = self.places.len() as u64 + 1;
                self.places.insert(client, Place::Waiting);
                let args = [Value::from(client as f64), f64::from(verdict).into()];
                self.driver.connect(client, &args)
            }
            Step::Disconnect(number) => return self.disconnect(self.client(number)),
            Step::Order { by, whom, what } => {
                let args = [
                    Value::from(self.client(whom) as f64),
                    f64::from(what).into(),
                ];
                self.driver.call(self.client(by), "order", &args)
            }
            Step::Answer(number) if !self.calls.is_empty() => {
                let call = self.calls[usize::from(number) % self.calls.len()];
                let outcome = CallOutcome::Result(Value::Null);
                self.driver.input(ScriptInput::Answer { call, outcome })
            }
            Step::Answer(_) => Vec::new(),
            Step::Pass(ms) => self.driver.pass(ms.into()),
            Step::Veto => {
                let effects = self.driver.stop(StopReason::Idle, false);
                assert_eq!(effects, [ScriptEffect::Stop { allowed: false }]);
                effects
            }
        };
        assert!(!traces(&effects).iter().any(|line| line.starts_with("left")));
        self.follow(&effects);
    }

    fn disconnect(&mut self, client: u64) {
        let place = self.place(ClientId(client));
        let effects = self.driver.disconnect(client);
        if self.places.contains_key(&client) {
            self.places.insert(client, Place::Out);
        }
        if matches!(place, Place::In | Place::Leaving) {
            *self.left.entry(client).or_default() += 1;
            let left = format!("left {client} {}", self.counted());
            assert_eq!(effects, [ScriptEffect::Trace(left)]);
        } else {
            assert_eq!(effects, [], "nobody has left");
        }
    }

    /// The script counts the clients as we do.
    fn check(&mut self) {
        let place = |(client, place): (&u64, &Place)| (*place == Place::In).then_some(*client);
        let Some(client) = self.places.iter().find_map(place) else {
            return;
        };
        let expected = Value::from(self.counted() as f64);
        assert_eq!(self.driver.result(client, "count", &[]), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn the_script_always_knows_who_is_there(steps in vec(step(), 1..60)) {
        let mut model = Model {
            driver: Driver::new(SCRIPT),
            places: BTreeMap::new(),
            left: BTreeMap::new(),
            calls: Vec::new(),
        };
        for step in &steps {
            model.apply(step);
            model.check();
        }
        for client in 1..=model.places.len() as u64 {
            model.disconnect(client);
        }
        prop_assert!(model.left.values().all(|times| *times == 1));
        prop_assert_eq!(model.counted(), 0);
    }
}
