//! The bandwidth check clients ask for after `onBWDone`.
//!
//! Two dialects: `_checkbw` (librtmp, ffmpeg, content networks), which is asked
//! `_onbwcheck` and told `_onbwdone`; and `checkBandwidth` (Flash applications), which is
//! asked `onBWCheck` and told `onBWDone(kbitDown, deltaDown, deltaTime, latency)`. Either way
//! a call without payload measures the latency, then one with payload the throughput.

use amf::Value;
use rtmp::{Command, Millis};

use crate::client::ClientId;
use crate::instance::Instance;

/// Payload of the measuring call, in bytes. Small: a player's first picture waits behind it.
const PROBE_BYTES: usize = 16 << 10;

/// A check under way.
#[derive(Debug)]
pub(crate) struct Check {
    dialect: Dialect,
    asked: f64,
    sent_at: Millis,
    latency_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    Network,
    Application,
}

impl Dialect {
    fn question(self) -> &'static str {
        match self {
            Self::Network => "_onbwcheck",
            Self::Application => "onBWCheck",
        }
    }

    fn end(self) -> &'static str {
        match self {
            Self::Network => "_onbwdone",
            Self::Application => "onBWDone",
        }
    }
}

impl Instance {
    pub(crate) fn start_check(&mut self, now: Millis, client: ClientId, command: &Command) {
        let dialect = match &*command.name {
            "_checkbw" => Dialect::Network,
            _ => Dialect::Application,
        };
        self.reply(client, command, Value::Undefined);
        self.ask(now, client, dialect, None);
    }

    /// Begins the check that a script asked for.
    pub(crate) fn check_bandwidth(&mut self, now: Millis, client: ClientId) {
        self.ask(now, client, Dialect::Application, None);
    }

    fn ask(&mut self, now: Millis, client: ClientId, dialect: Dialect, latency_ms: Option<u64>) {
        let Some(here) = self.clients.get_mut(&client) else {
            return;
        };
        let asked = here.transaction();
        here.check = Some(Check {
            dialect,
            asked,
            sent_at: now,
            latency_ms,
        });
        // An incompressible payload would be wasted effort: nothing on the way compresses.
        let payload = latency_ms.map_or(String::new(), |_| "B".repeat(PROBE_BYTES));
        let args = [Value::from(payload.as_str()), Value::from(0.0)];
        self.send_command(
            client,
            0,
            Command::new(dialect.question(), asked, args.into()),
        );
    }

    fn end_check(&mut self, client: ClientId, dialect: Dialect, took_ms: u64, latency_ms: u64) {
        let transfer_ms = took_ms.saturating_sub(latency_ms).max(1);
        let kbits = (PROBE_BYTES * 8) as f64 / 1000.0;
        let args = [
            kbits * 1000.0 / transfer_ms as f64,
            kbits,
            transfer_ms as f64,
            latency_ms as f64,
        ];
        let told = Command::new(dialect.end(), 0.0, args.map(Value::from).into());
        self.send_command(client, 0, told);
    }
}

/// Takes a client's answer to a call of ours. An `_error` ends the check as an answer does:
/// the client has the bytes either way.
pub(crate) fn on_answer(instance: &mut Instance, now: Millis, client: ClientId, command: &Command) {
    let Some(here) = instance.clients.get_mut(&client) else {
        return;
    };
    let asked = |check: &mut Check| check.asked.to_bits() == command.transaction.to_bits();
    let Some(check) = here.check.take_if(asked) else {
        return;
    };
    let took = now.since(check.sent_at);
    match check.latency_ms {
        None => instance.ask(now, client, check.dialect, Some(took)),
        Some(latency) => instance.end_check(client, check.dialect, took, latency),
    }
}
