//! What an administrator does with the objects: looks at them, and changes them past all rights.
//!
//! A change is announced to those who use the object as if a client had made it, the script
//! included, but there is no client to be answered.

use std::collections::BTreeSet;

use amf::{Str, Value};
use rtmp::Millis;

use crate::directory::Directory;
use crate::name::{Kind, ObjectName};
use crate::output::{Output, Refusal, SyncCode, SyncEntry};
use crate::user::ObjectId;

/// An object as an administrator sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspected {
    /// Its version.
    pub version: u32,
    /// Its slots, by name.
    pub slots: Vec<(Str, Value)>,
}

impl Directory {
    /// The object of this name, from memory or from the store; `None` when there is none.
    pub fn inspect(
        &mut self,
        now: Millis,
        name: &str,
        kind: Kind,
    ) -> Result<Option<Inspected>, Refusal> {
        self.advance(now);
        let name = ObjectName::parse(name, self.config().limits.name_bytes)?;
        let Some(id) = self.find_or_load(&name, kind)? else {
            return Ok(None);
        };
        let object = self.objects.get(&id);
        let inspected = object.map(|object| {
            let state = &object.state;
            let slot = |name: &Str| Some((name.clone(), state.value(name)?.clone()));
            Inspected {
                version: state.version(),
                slots: state.names().filter_map(slot).collect(),
            }
        });
        self.retire(id);
        Ok(inspected)
    }

    /// Sets slots, or removes those without a value, in one version; with `replace` all that are
    /// not named go, too. A persistent object that does not exist is made. Answers the version.
    ///
    /// # Errors
    ///
    /// Why the object cannot be had, or why one of the slots cannot be set. Nothing is changed then.
    pub fn administer(
        &mut self,
        now: Millis,
        name: &str,
        kind: Kind,
        slots: &[(Str, Option<Value>)],
        replace: bool,
    ) -> Result<u32, Refusal> {
        self.advance(now);
        let name = ObjectName::parse(name, self.config().limits.name_bytes)?;
        let id = match self.find_or_load(&name, kind)? {
            Some(id) => id,
            None if self.has_other_kind(&name, kind) => return Err(Refusal::Persistence),
            None if !kind.is_persistent() => return Err(Refusal::Unused),
            None => self.make(&name, kind)?,
        };
        let changed = self.change(id, slots, replace);
        let version = self.objects.get(&id).map(|object| object.state.version());
        self.retire(id);
        changed.map(|()| version.unwrap_or_default())
    }

    fn find_or_load(&mut self, name: &ObjectName, kind: Kind) -> Result<Option<ObjectId>, Refusal> {
        match self.find(name, kind) {
            None if kind.is_persistent() => self.load(name),
            found => Ok(found),
        }
    }

    /// The persistent objects in memory, and their versions.
    pub fn versions(&self) -> Vec<(Str, u32)> {
        let kept = self.objects.values().filter(|object| object.is_kept());
        kept.map(|object| (object.name.text().clone(), object.state.version()))
            .collect()
    }

    fn change(
        &mut self,
        id: ObjectId,
        slots: &[(Str, Option<Value>)],
        replace: bool,
    ) -> Result<(), Refusal> {
        let Some(object) = self.objects.get_mut(&id) else {
            return Ok(());
        };
        if object.remote.is_some() {
            return Err(Refusal::Proxy);
        }
        let hub = &mut self.hub;
        let mut gone = Vec::new();
        if replace {
            let named: BTreeSet<_> = slots.iter().map(|(key, _)| key).collect();
            let there = object.state.names();
            gone.extend(there.filter(|key| !named.contains(key)).cloned());
        }
        let gone = gone.iter().map(|key| (key, None));
        let wanted = slots.iter().map(|(key, value)| {
            let value = value.as_ref().filter(|value| !value.is_nothing());
            (key, value)
        });
        let wanted = gone.chain(wanted);
        let limits = &hub.config.limits;
        object.state.check_all(wanted.clone(), limits)?;
        let (mut items, mut entries) = (Vec::new(), Vec::new());
        for (key, value) in wanted {
            let old = object.state.value(key).cloned();
            let (item, code) = match value {
                Some(value) => {
                    let item = object.set(key, value, None, hub)?;
                    (Some(item), SyncCode::Change)
                }
                None => (object.remove(key, None), SyncCode::Delete),
            };
            if let Some(item) = item {
                items.push(item);
                let name = Some(key.clone());
                entries.push(SyncEntry { code, name, old });
            }
        }
        if !items.is_empty() {
            if object.script {
                let object = object.id;
                hub.outputs.push_back(Output::Sync { object, entries });
            }
            object.announce_together(items, hub);
        }
        Ok(())
    }
}
