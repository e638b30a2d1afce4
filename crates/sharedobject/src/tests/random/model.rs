//! The plain model of an object: what a reader of the rules would write down.

use std::collections::BTreeMap;

use amf::Str;

use crate::{Config, Conflict, Snapshot, decode_value};

/// Who writes: a client's use of the object, or the script.
pub(super) type Writer = Option<u64>;

/// The number that a value carries: each value of a history is another.
pub(super) fn number_of(value: &amf::Value) -> u64 {
    let plain = value.plain();
    let number = plain
        .as_f64()
        .or_else(|| plain.get("n").and_then(amf::Value::as_f64));
    number.unwrap() as u64
}

#[derive(Clone, Default)]
pub(super) struct Model {
    pub(super) slots: BTreeMap<Str, u64>,
    pub(super) version: u32,
    changed_in: BTreeMap<Str, (u32, Writer)>,
    removed_in: BTreeMap<Str, (u32, Writer)>,
    cleared_in: Option<(u32, Writer)>,
    pub(super) resync_depth: Option<u32>,
    is_changed: bool,
}

impl Model {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            resync_depth: config.resync_depth,
            ..Self::default()
        }
    }

    /// What is left after the server's end.
    pub(super) fn restored(snapshot: &Snapshot, version: u32) -> Self {
        let mut model = Self {
            version,
            resync_depth: snapshot.head.resync_depth,
            ..Self::default()
        };
        for (key, version, value) in &snapshot.slots {
            let value = number_of(&decode_value(value).unwrap());
            model.slots.insert(key.clone(), value);
            model.changed_in.insert(key.clone(), (*version, None));
        }
        for (key, version) in &snapshot.removed {
            model.removed_in.insert(key.clone(), (*version, None));
        }
        let changes = model.changed_in.values().chain(model.removed_in.values());
        let newest = changes
            .map(|(version, _)| *version)
            .max()
            .unwrap_or_default();
        let was_in_use = version > newest.max(snapshot.head.floor);
        let floor = if was_in_use {
            version
        } else {
            snapshot.head.floor
        };
        model.cleared_in = (floor > 0).then_some((floor, None));
        model
    }

    pub(super) fn set(&mut self, key: &Str, value: u64, writer: Writer) {
        let change = (self.version + 1, writer);
        self.slots.insert(key.clone(), value);
        self.changed_in.insert(key.clone(), change);
        self.removed_in.remove(key);
        self.is_changed = true;
    }

    pub(super) fn remove(&mut self, key: &Str, writer: Writer) -> bool {
        if self.slots.remove(key).is_none() {
            return false;
        }
        self.changed_in.remove(key);
        self.removed_in
            .insert(key.clone(), (self.version + 1, writer));
        self.is_changed = true;
        true
    }

    pub(super) fn clear(&mut self, writer: Writer) {
        self.slots.clear();
        self.changed_in.clear();
        self.removed_in.clear();
        self.cleared_in = Some((self.version + 1, writer));
        self.is_changed = true;
    }

    /// What was changed since the last call becomes a version.
    pub(super) fn commit(&mut self, config: &Config) {
        if std::mem::take(&mut self.is_changed) {
            self.version += 1;
            self.forget(config);
        }
    }

    pub(super) fn forget(&mut self, config: &Config) {
        if let Some(depth) = self.resync_depth {
            let version = self.version;
            self.removed_in
                .retain(|_, (removed, _)| *removed + depth >= version);
        }
        while self.removed_in.len() > config.limits.deletion_records {
            let oldest = self
                .removed_in
                .iter()
                .min_by_key(|(key, (version, _))| (*version, *key));
            let oldest = oldest.map(|(key, _)| key.clone()).unwrap();
            self.removed_in.remove(&oldest);
        }
    }

    pub(super) fn purge(&mut self, version: u32) {
        let version = version.min(self.version);
        self.removed_in
            .retain(|_, (removed, _)| *removed >= version);
    }

    /// Whether a client's change is to be rejected.
    pub(super) fn conflicts(&self, key: &Str, version: u32, serial: u64, config: &Config) -> bool {
        let changed = self
            .changed_in
            .get(key)
            .or_else(|| self.removed_in.get(key));
        let Some((changed, writer)) = changed.copied().or(self.cleared_in) else {
            return false;
        };
        config.conflict == Conflict::SlotVersion
            && changed > version
            && changed != self.version + 1
            && writer != Some(serial)
    }
}
