//! Commands on shared objects: in the instance that has them, else in the store.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use amf::{Str, Value};
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use sharedobject::{Inspected, Kind};
use store::{FileStore, InstanceKey, Limits, Scope, Store};

use super::target::{ObjectTarget, Target};
use super::{Answer, Failure};
use crate::amf_json::{from_json, to_json};
use crate::applications::Asked;
use crate::clock;
use crate::objects::stored::{self, StoredFailure, StoredLimits};
use crate::shared::Shared;

/// How often a watched object is looked at. What changes in between is seen as one change.
const WATCH_EVERY: Duration = Duration::from_millis(100);

#[derive(Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    app: Option<String>,
    #[serde(default)]
    instance: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Changes {
    #[serde(flatten)]
    of: ObjectTarget,
    /// `null` removes a slot.
    slots: Map<String, Json>,
    /// Removes all slots that are not named.
    #[serde(default)]
    replace: bool,
}

#[derive(Deserialize)]
pub(super) struct Backup {
    file: PathBuf,
}

pub(super) async fn list(shared: Arc<Shared>, which: Which) -> Result<Answer, Failure> {
    let scope = scope(which.app, which.instance);
    let rows = in_store(&shared, move |store, _| stored::list(store, &scope)).await?;
    Ok(Answer::Value(json!(rows)))
}

pub(super) async fn get(shared: Arc<Shared>, of: ObjectTarget) -> Result<Answer, Failure> {
    let found = inspect(&shared, &of).await?;
    let found = found.ok_or_else(|| not_found(&of))?;
    Ok(Answer::Value(object_json(&found).map_err(Failure::bad)?))
}

pub(super) async fn set(shared: Arc<Shared>, changes: Changes) -> Result<Answer, Failure> {
    let Changes { of, slots, replace } = changes;
    let mut wanted = Vec::new();
    for (name, value) in &slots {
        let value = from_json(value).map_err(Failure::bad)?;
        wanted.push((Str::from(name.as_str()), Some(value)));
    }
    if replace && let Some(there) = inspect(&shared, &of).await? {
        let gone = there.slots.into_iter().map(|(name, _)| name);
        let gone = gone.filter(|name| !slots.contains_key(name.as_str()));
        wanted.extend(gone.map(|name| (name, None)));
    }
    let version = change(&shared, &of, wanted).await?;
    Ok(Answer::Value(json!({ "version": version })))
}

/// Lines of JSON: the object as it is, and again whenever it has changed; `null` while there is
/// none.
pub(super) async fn watch(shared: Arc<Shared>, of: ObjectTarget) -> Result<Answer, Failure> {
    let first = inspect(&shared, &of).await?;
    let state = (shared, of, Some(first), None);
    let lines = stream::unfold(state, |(shared, of, mut new, mut shown)| async move {
        loop {
            if let Some(object) = new.take()
                && shown.as_ref() != Some(&object)
            {
                let json = object.as_ref().map(object_json).transpose().ok()?;
                let line = format!("{}\n", json.unwrap_or(Json::Null));
                shown = Some(object);
                return Some((
                    Ok::<_, Infallible>(Bytes::from(line)),
                    (shared, of, None, shown),
                ));
            }
            tokio::select! {
                () = tokio::time::sleep(WATCH_EVERY) => {}
                () = shared.stopping.cancelled() => return None,
            }
            new = inspect(&shared, &of).await.ok();
        }
    });
    Ok(Answer::Lines(Body::from_stream(lines)))
}

pub(super) async fn delete(shared: Arc<Shared>, of: DeleteTarget) -> Result<Answer, Failure> {
    let Target { app, instance } = &of.target;
    let running = shared.applications.rows(Some(app));
    let runs = |row: &&crate::applications::InstanceRow| {
        instance
            .as_ref()
            .is_none_or(|wanted| *row.instance == **wanted)
    };
    if let Some(row) = running.iter().find(runs) {
        let why = format!("{app}/{} runs: unload it first", row.instance);
        return Err(Failure::new(StatusCode::CONFLICT, why));
    }
    let of = of.clone();
    in_store(&shared, move |store, limits| of.delete(store, limits)).await?;
    Ok(Answer::Value(json!({ "deleted": true })))
}

/// Copies the objects to a new file while the server goes on.
pub(super) async fn backup(shared: Arc<Shared>, backup: Backup) -> Result<Answer, Failure> {
    if backup.file.exists() {
        let why = format!("{} is there already", backup.file.display());
        return Err(Failure::new(StatusCode::CONFLICT, why));
    }
    let copy = move |store: &dyn Store, _: StoredLimits| {
        let to = FileStore::open(&backup.file, Limits::default())?;
        stored::copy(store, &to)
    };
    let objects = in_store(&shared, copy).await?;
    Ok(Answer::Value(json!({ "objects": objects })))
}

/// What is to be deleted.
#[derive(Clone, Debug, serde::Serialize, Deserialize)]
pub(crate) struct DeleteTarget {
    #[serde(flatten)]
    pub(crate) target: Target,
    /// One object; all of the instance, or of the application, without.
    #[serde(default)]
    pub(crate) object: Option<String>,
}

impl DeleteTarget {
    pub(crate) fn delete(
        &self,
        store: &dyn Store,
        limits: StoredLimits,
    ) -> Result<(), StoredFailure> {
        let Target { app, instance } = &self.target;
        let scope = match &self.object {
            None => scope(Some(app.clone()), instance.clone()),
            Some(object) => {
                Scope::Prefix(stored::key(app, self.target.instance(), object, limits)?)
            }
        };
        stored::delete(store, scope)
    }
}

pub(crate) fn scope(app: Option<String>, instance: Option<String>) -> Scope {
    match (app, instance) {
        (None, _) => Scope::Everything,
        (Some(app), None) => Scope::application(app),
        (Some(app), Some(instance)) => Scope::Instance(InstanceKey::new(app, instance)),
    }
}

/// An object as the command line shows it.
pub(crate) fn object_json(object: &Inspected) -> Result<Json, crate::amf_json::JsonError> {
    let slot = |(name, value): &(Str, Value)| Ok((name.as_str().to_owned(), to_json(value)?));
    let slots: Result<Map<String, Json>, _> = object.slots.iter().map(slot).collect();
    Ok(json!({ "version": object.version, "slots": slots? }))
}

fn not_found(of: &ObjectTarget) -> Failure {
    let (app, instance) = (&of.target.app, of.target.instance());
    let why = format!(
        "there is no shared object {} in {app}/{instance}",
        of.object
    );
    Failure::new(StatusCode::NOT_FOUND, why)
}

fn kind(of: &ObjectTarget) -> Kind {
    Kind::of(!of.temporary)
}

async fn inspect(shared: &Shared, of: &ObjectTarget) -> Result<Option<Inspected>, Failure> {
    let (name, kind) = (of.object.clone(), kind(of));
    let ask = move |objects: &engine::SharedObjects| objects.inspect(clock::now(), &name, kind);
    let (app, instance) = (&of.target.app, of.target.instance());
    match shared.applications.ask(app, instance, ask).await {
        Asked::Done(found) => found.map_err(Failure::bad),
        Asked::Busy => Err(busy(of)),
        Asked::NotRunning if of.temporary => Ok(None),
        Asked::NotRunning => {
            let of = of.clone();
            in_store(shared, move |store, limits| {
                let (app, instance) = (&of.target.app, of.target.instance());
                stored::get(store, &stored::key(app, instance, &of.object, limits)?)
            })
            .await
        }
    }
}

async fn change(
    shared: &Shared,
    of: &ObjectTarget,
    slots: Vec<(Str, Option<Value>)>,
) -> Result<u32, Failure> {
    let (name, kind, wanted) = (of.object.clone(), kind(of), slots.clone());
    let ask = move |objects: &engine::SharedObjects| {
        objects.administer(clock::now(), &name, kind, &wanted)
    };
    let (app, instance) = (&of.target.app, of.target.instance());
    match shared.applications.ask(app, instance, ask).await {
        Asked::Done(version) => version.map_err(Failure::bad),
        Asked::Busy => Err(busy(of)),
        Asked::NotRunning if of.temporary => Err(not_found(of)),
        Asked::NotRunning => {
            let of = of.clone();
            in_store(shared, move |store, limits| {
                let (app, instance) = (&of.target.app, of.target.instance());
                let key = stored::key(app, instance, &of.object, limits)?;
                stored::set(store, &key, &slots, limits)
            })
            .await
        }
    }
}

fn busy(of: &ObjectTarget) -> Failure {
    let (app, instance) = (&of.target.app, of.target.instance());
    let why = format!("{app}/{instance} does not answer: its script is busy");
    Failure::new(StatusCode::SERVICE_UNAVAILABLE, why)
}

/// Does something with the store, where it may wait for the disk.
async fn in_store<T: Send + 'static>(
    shared: &Shared,
    work: impl FnOnce(&dyn Store, StoredLimits) -> Result<T, StoredFailure> + Send + 'static,
) -> Result<T, Failure> {
    let none = || Failure::new(StatusCode::SERVICE_UNAVAILABLE, "the server has no store");
    let store = shared.applications.objects().store().ok_or_else(none)?;
    let limits = limits(&shared.config);
    let done = tokio::task::spawn_blocking(move || work(&*store, limits)).await;
    let done =
        done.map_err(|error| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    done.map_err(Failure::bad)
}

/// The limits of what is stored, as the configuration has them.
pub(crate) fn limits(config: &crate::config::Config) -> StoredLimits {
    StoredLimits {
        name_bytes: config.shared_objects.name_bytes,
        slot_bytes: config.shared_objects.slot_bytes,
    }
}
