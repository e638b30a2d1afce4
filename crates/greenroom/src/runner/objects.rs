//! What the log and the metrics are told of an instance's shared objects.

use engine::{Bucket, ObjectNote, SharedObjects};
use parking_lot::Mutex;
use rtmp::Millis;

use crate::applications::InstanceAddress;
use crate::{clock, metrics};

/// Lines about refusals a second, and at once: a flood of requests is no flood of lines.
const LINES_PER_SECOND: u32 = 1;
const LINES_AT_ONCE: u32 = 10;

/// Writes lines about shared objects. What clients ask for in vain, what they send that nobody
/// knows, and what goes wrong have lines of their own: none of them silences another.
#[derive(Default)]
pub(super) struct ObjectLog {
    refused: Mutex<Lines>,
    unknown: Mutex<Lines>,
    problems: Mutex<Lines>,
}

struct Lines {
    granted: Bucket,
    unsaid: u64,
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            granted: Bucket::new(LINES_PER_SECOND, LINES_AT_ONCE),
            unsaid: 0,
        }
    }
}

impl ObjectLog {
    pub(super) fn log(&self, address: &InstanceAddress, note: ObjectNote) {
        if matches!(note, ObjectNote::Refused { .. }) {
            metrics::object_refused();
        }
        if let ObjectNote::UnknownEvent { .. } = note {
            metrics::object_event_unknown();
        }
        let Some(others) = self.take_line(&note, clock::now()) else {
            return;
        };
        let (app, instance) = (&*address.app, &*address.instance);
        match note {
            ObjectNote::Refused {
                client,
                name,
                code,
                why,
            } => tracing::info!(
                app, instance, %client, object = &*name, code = code.as_str(), others,
                "a request about a shared object was refused: {why}"
            ),
            ObjectNote::TooFast { client, name } => tracing::info!(
                app, instance, %client, object = &*name, others,
                "a client writes to shared objects faster than it may: its message is refused"
            ),
            ObjectNote::UnknownEvent {
                client,
                name,
                event,
            } => tracing::debug!(
                app, instance, %client, object = &*name, event, others,
                "an unknown event about a shared object was skipped"
            ),
            ObjectNote::OwnerLost { name, why } => tracing::warn!(
                app,
                instance,
                object = &*name,
                others,
                "a proxied shared object is not in step with its owner: {why}"
            ),
            ObjectNote::LoadFailed { name, why } => tracing::error!(
                app,
                instance,
                object = &*name,
                others,
                "a stored shared object cannot be read: {why}"
            ),
            ObjectNote::Unlocked { object } => tracing::warn!(
                app,
                instance,
                object = &*object,
                others,
                "the script had a shared object locked for too long: it was unlocked"
            ),
        }
    }
}

impl ObjectLog {
    /// How many like this note have not been told of since the last that was; `None` if this one
    /// is not to be told of either.
    fn take_line(&self, note: &ObjectNote, now: Millis) -> Option<u64> {
        let lines = match note {
            ObjectNote::Refused { .. } | ObjectNote::TooFast { .. } => &self.refused,
            ObjectNote::UnknownEvent { .. } => &self.unknown,
            ObjectNote::OwnerLost { .. }
            | ObjectNote::LoadFailed { .. }
            | ObjectNote::Unlocked { .. } => &self.problems,
        };
        let mut lines = lines.lock();
        if !lines.granted.take(now) {
            lines.unsaid += 1;
            return None;
        }
        Some(std::mem::take(&mut lines.unsaid))
    }
}

/// An instance's part in the gauges.
pub(super) struct ObjectGauge {
    objects: SharedObjects,
    shown: (usize, usize),
}

impl ObjectGauge {
    pub(super) fn new(objects: SharedObjects) -> Self {
        Self {
            objects,
            shown: (0, 0),
        }
    }

    /// Brings the gauges up to date.
    pub(super) fn update(&mut self) {
        self.show(self.objects.counts());
    }

    fn show(&mut self, now: (usize, usize)) {
        let before = std::mem::replace(&mut self.shown, now);
        if before != now {
            let change = |now: usize, before: usize| now as f64 - before as f64;
            metrics::objects_changed(change(now.0, before.0), change(now.1, before.1));
        }
    }
}

impl Drop for ObjectGauge {
    fn drop(&mut self) {
        self.show((0, 0));
    }
}

#[cfg(test)]
mod tests {
    use engine::ClientId;

    use super::*;

    #[test]
    fn a_flood_of_one_kind_does_not_silence_another() {
        let log = ObjectLog::default();
        let unknown = ObjectNote::UnknownEvent {
            client: ClientId(1),
            name: "chat".into(),
            event: 99,
        };
        let failed = ObjectNote::LoadFailed {
            name: "chat".into(),
            why: "the disk is gone".into(),
        };
        let now = Millis(0);
        for _ in 0..LINES_AT_ONCE {
            assert_eq!(log.take_line(&unknown, now), Some(0));
        }
        for _ in 0..5 {
            assert_eq!(log.take_line(&unknown, now), None);
        }
        assert_eq!(log.take_line(&failed, now), Some(0));
        assert_eq!(log.take_line(&unknown, Millis(1_000)), Some(5));
    }
}
