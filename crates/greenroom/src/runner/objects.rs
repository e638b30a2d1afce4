//! What the log and the metrics are told of an instance's shared objects.

use engine::{Bucket, ObjectNote, SharedObjects};
use parking_lot::Mutex;

use crate::applications::InstanceAddress;
use crate::{clock, metrics};

/// Lines about refusals a second, and at once: a flood of requests is no flood of lines.
const LINES_PER_SECOND: u32 = 1;
const LINES_AT_ONCE: u32 = 10;

/// Writes lines about shared objects.
pub(super) struct ObjectLog(Mutex<Lines>);

struct Lines {
    granted: Bucket,
    unsaid: u64,
}

impl Default for ObjectLog {
    fn default() -> Self {
        Self(Mutex::new(Lines {
            granted: Bucket::new(LINES_PER_SECOND, LINES_AT_ONCE),
            unsaid: 0,
        }))
    }
}

impl ObjectLog {
    pub(super) fn log(&self, address: &InstanceAddress, note: ObjectNote) {
        if matches!(note, ObjectNote::Refused { .. }) {
            metrics::object_refused();
        }
        let mut lines = self.0.lock();
        if !lines.granted.take(clock::now()) {
            lines.unsaid += 1;
            return;
        }
        let others = std::mem::take(&mut lines.unsaid);
        drop(lines);
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
