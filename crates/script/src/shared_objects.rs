//! What others do to the shared objects of the script.

use std::rc::Rc;

use amf::{Str, Value};
use engine::scripting::{ObjectId, SyncEntry};

use crate::inputs::{hand_over, hand_over_one};
use crate::script::AppScript;
use crate::setup;

impl AppScript {
    /// A list that is too much for the script with the old values it gets without them.
    pub(crate) fn on_sync(&mut self, object: ObjectId, list: &[SyncEntry]) {
        let core = Rc::clone(&self.core);
        let result = self.run(|ctx, host| {
            let full = sync_list(list, true);
            let made = match hand_over_one(&core, ctx, host, &full)? {
                None => hand_over_one(&core, ctx, host, &sync_list(list, false))?,
                made => made,
            };
            let Some(list) = made else { return Ok(()) };
            Self::entry(host, "sync")?.call::<_, ()>((object.0 as f64, list))
        });
        self.settle(result);
    }

    pub(crate) fn on_object_message(&mut self, object: ObjectId, handler: &Str, args: &[Value]) {
        let core = Rc::clone(&self.core);
        // A message has no answer that could tell that it was refused.
        let mut refused = false;
        let result = self.run(|ctx, host| {
            let Some(args) = hand_over(&core, ctx, host, args, &mut refused)? else {
                return Ok(());
            };
            let message = (object.0 as f64, handler.as_str(), args);
            Self::entry(host, "objectMessage")?.call::<_, ()>(message)
        });
        self.settle(result);
    }

    pub(crate) fn on_object_status(&mut self, object: ObjectId, info: &Value) {
        let core = Rc::clone(&self.core);
        let result = self.run(|ctx, host| {
            let info = match hand_over_one(&core, ctx, host, info)? {
                Some(info) => info,
                None => setup::short_status(ctx, info)?.into_value(),
            };
            Self::entry(host, "objectStatus")?.call::<_, ()>((object.0 as f64, info))
        });
        self.settle(result);
    }
}

/// The argument of `onSync`.
fn sync_list(list: &[SyncEntry], with_old_values: bool) -> Value {
    Value::array(list.iter().map(|entry| {
        let mut fields = vec![("code", Value::from(entry.code.as_str()))];
        if let Some(name) = &entry.name {
            fields.push(("name", Value::from(name.as_str())));
        }
        if let Some(old) = entry.old.as_ref().filter(|_| with_old_values) {
            fields.push(("oldValue", old.clone()));
        }
        Value::object(fields)
    }))
}
