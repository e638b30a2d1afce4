//! What the store holds of one instance, for a directory of shared objects to load.

use std::sync::Arc;

use amf::Str;
use sharedobject::{LoadError, Loader, Snapshot};
use store::{InstanceKey, Kind, ObjectKey, Scope, Store, StoreError};

use super::form;

/// Names that are asked of the store at once.
pub(super) const NAMES_AT_ONCE: usize = 1024;

/// The stored objects of an instance, as they are.
pub(super) struct Shelf {
    store: Arc<dyn Store>,
    instance: InstanceKey,
}

impl Shelf {
    pub(super) fn new(store: Arc<dyn Store>, instance: InstanceKey) -> Self {
        Self { store, instance }
    }

    fn listed(&self) -> Result<Vec<Str>, StoreError> {
        let first = ObjectKey::new(self.instance.clone(), Kind::Persistent, "");
        let scope = Scope::Prefix(first);
        let mut names = Vec::new();
        let mut after = None;
        loop {
            let listed = self.store.list(&scope, after.as_ref(), NAMES_AT_ONCE)?;
            let count = listed.len();
            names.extend(listed.iter().map(|object| Str::from(&*object.key.name)));
            after = match listed.into_iter().last() {
                Some(last) if count == NAMES_AT_ONCE => Some(last.key),
                _ => return Ok(names),
            };
        }
    }
}

impl Loader for Shelf {
    fn load(&mut self, name: &str) -> Result<Option<Snapshot>, LoadError> {
        let key = ObjectKey::new(self.instance.clone(), Kind::Persistent, name);
        let stored = self.store.load(&key).map_err(failed)?;
        Ok(stored.map(form::snapshot))
    }

    fn names(&mut self) -> Result<Vec<Str>, LoadError> {
        self.listed().map_err(failed)
    }

    fn first_version(&mut self) -> Result<u32, LoadError> {
        let InstanceKey { host, app, .. } = &self.instance;
        let gone = ObjectKey::gone(host.clone(), app.clone());
        let gone = self.store.load(&gone).map_err(failed)?;
        Ok(gone.map_or(0, |gone| gone.head.version))
    }
}

/// The store has not answered.
#[expect(clippy::needless_pass_by_value, reason = "errors are mapped with it")]
pub(super) fn failed(error: StoreError) -> LoadError {
    LoadError(error.to_string())
}
