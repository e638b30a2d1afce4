//! Commands on shared objects: in the instance that has them, else in the store.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use amf::{Str, Value};
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use futures_util::future::join_all;
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use sharedobject::{Inspected, Kind};
use store::{FileStore, InstanceKey, Limits, ObjectKey, Scope, Store};

use super::target::{ObjectTarget, Target};
use super::{Answer, Failure};
use crate::amf_json::{from_json, to_json};
use crate::applications::{Asked, DEFAULT_INSTANCE};
use crate::clock;
use crate::objects::stored::{self, StoredFailure};
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
    let mut rows = in_store(&shared, move |store| stored::list(&**store, &scope)).await?;
    // What is in use is stored with a higher version than it has.
    let places: BTreeSet<_> = rows
        .iter()
        .map(|row| (row.app.clone(), row.instance.clone()))
        .collect();
    let asked = places.into_iter().map(|(app, instance)| async {
        let versions = engine::SharedObjects::versions;
        let told = shared.applications.ask(&app, &instance, versions).await;
        ((app, instance), told)
    });
    let told: BTreeMap<_, _> = join_all(asked).await.into_iter().collect();
    for row in &mut rows {
        match told.get(&(row.app.clone(), row.instance.clone())) {
            Some(Asked::Done(versions)) => {
                let mut live = versions.iter();
                let live = live.find(|(name, _)| name.as_str() == row.object);
                row.version = live.map(|(_, version)| *version).or(row.version);
            }
            Some(Asked::Busy) => row.version = None,
            Some(Asked::NotRunning) | None => {}
        }
    }
    Ok(Answer::Value(json!(rows)))
}

pub(super) async fn get(shared: Arc<Shared>, of: ObjectTarget) -> Result<Answer, Failure> {
    let found = inspect(&shared, &of).await?;
    let found = found.ok_or_else(|| not_found(&of))?;
    Ok(Answer::Value(object_json(&found).map_err(Failure::bad)?))
}

pub(super) async fn set(shared: Arc<Shared>, changes: Changes) -> Result<Answer, Failure> {
    let Changes { of, slots, replace } = changes;
    let slots = slots_of(&slots).map_err(Failure::bad)?;
    let version = change(&shared, &of, slots, replace).await?;
    Ok(Answer::Value(json!({ "version": version })))
}

/// The slots that a change names.
pub(crate) fn slots_of(
    slots: &Map<String, Json>,
) -> Result<Vec<(Str, Option<Value>)>, crate::amf_json::JsonError> {
    let slot =
        |(name, value): (&String, &Json)| Ok((name.as_str().into(), Some(from_json(value)?)));
    slots.iter().map(slot).collect()
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
    let Target { app, mut instance } = of.target.clone();
    if of.object.is_some() {
        instance.get_or_insert_with(|| DEFAULT_INSTANCE.to_owned());
    }
    let name_bytes = shared.config.shared_objects.name_bytes;
    let delete = move |store: &Arc<dyn Store>| of.delete(&**store, name_bytes);
    if at_rest(&shared, &app, instance.clone(), delete)
        .await?
        .is_some()
    {
        return Ok(Answer::Value(json!({ "deleted": true })));
    }
    let running = shared.applications.running(&app, instance.as_deref());
    let running = running.map(|row| row.instance.to_string());
    let instance = running.or(instance).unwrap_or_default();
    let why = format!("{app}/{instance} runs: unload it first");
    Err(Failure::new(StatusCode::CONFLICT, why))
}

/// Copies the objects to a new file while the server goes on.
pub(super) async fn backup(shared: Arc<Shared>, backup: Backup) -> Result<Answer, Failure> {
    if backup.file.exists() {
        let why = format!("{} is there already", backup.file.display());
        return Err(Failure::new(StatusCode::CONFLICT, why));
    }
    let copy = move |store: &Arc<dyn Store>| {
        let to = FileStore::open(&backup.file, Limits::default())?;
        stored::copy(&**store, &to)
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
    pub(crate) fn delete(&self, store: &dyn Store, name_bytes: usize) -> Result<(), StoredFailure> {
        let Target { app, instance } = &self.target;
        let scope = match &self.object {
            None => scope(Some(app.clone()), instance.clone()),
            Some(object) => {
                let instance = self.target.instance();
                Scope::Prefix(stored::key(app, instance, object, name_bytes)?)
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
            let key = key(shared, of)?;
            let objects = shared.applications.objects().clone();
            in_store(shared, move |store| {
                objects.settle(&key)?;
                stored::get(&**store, &key)
            })
            .await
        }
    }
}

fn key(shared: &Shared, of: &ObjectTarget) -> Result<ObjectKey, Failure> {
    let (app, instance) = (&of.target.app, of.target.instance());
    let name_bytes = shared.config.shared_objects.name_bytes;
    stored::key(app, instance, &of.object, name_bytes).map_err(Failure::bad)
}

/// Changes an object where it is: in its instance, or in the store while no instance can have it.
async fn change(
    shared: &Arc<Shared>,
    of: &ObjectTarget,
    slots: Vec<(Str, Option<Value>)>,
    replace: bool,
) -> Result<u32, Failure> {
    let (app, instance) = (&of.target.app, of.target.instance());
    let slots = Arc::new(slots);
    loop {
        let (name, kind, wanted) = (of.object.clone(), kind(of), slots.clone());
        let ask = move |objects: &engine::SharedObjects| {
            objects.administer(clock::now(), &name, kind, &wanted, replace)
        };
        match shared.applications.ask(app, instance, ask).await {
            Asked::Done(version) => return version.map_err(Failure::bad),
            Asked::Busy => return Err(busy(of)),
            Asked::NotRunning if of.temporary => return Err(not_found(of)),
            Asked::NotRunning => {}
        }
        let (key, wanted, at) = (key(shared, of)?, slots.clone(), shared.clone());
        let change = move |store: &Arc<dyn Store>| {
            let settings = at.applications.load_settings(&key.instance.app)?;
            stored::set(store, &key, &wanted, replace, settings.objects.config)
        };
        let instance = Some(instance.to_owned());
        if let Some(version) = at_rest(shared, app, instance, change).await? {
            return Ok(version);
        }
        // It has started meanwhile.
    }
}

fn busy(of: &ObjectTarget) -> Failure {
    let (app, instance) = (&of.target.app, of.target.instance());
    let why = format!("{app}/{instance} does not answer: its script is busy");
    Failure::new(StatusCode::SERVICE_UNAVAILABLE, why)
}

/// Does something with the stored objects of an instance, or of all of an application, while no
/// instance can load any of them. `None` when one runs that may have.
async fn at_rest<T: Send + 'static>(
    shared: &Arc<Shared>,
    app: &str,
    instance: Option<String>,
    work: impl FnOnce(&Arc<dyn Store>) -> Result<T, StoredFailure> + Send + 'static,
) -> Result<Option<T>, Failure> {
    let scope = scope(Some(app.to_owned()), instance.clone());
    let (at, app) = (shared.clone(), app.to_owned());
    let alone = move |store: &Arc<dyn Store>| {
        let applications = &at.applications;
        let runs = || applications.running(&app, instance.as_deref()).is_some();
        let done = applications.objects().alone(scope, runs, || work(store))?;
        done.transpose()
    };
    in_store(shared, alone).await
}

/// Does something with the store, where it may wait for the disk.
async fn in_store<T: Send + 'static>(
    shared: &Shared,
    work: impl FnOnce(&Arc<dyn Store>) -> Result<T, StoredFailure> + Send + 'static,
) -> Result<T, Failure> {
    let none = || Failure::new(StatusCode::SERVICE_UNAVAILABLE, "the server has no store");
    let store = shared.applications.objects().store().ok_or_else(none)?;
    let done = tokio::task::spawn_blocking(move || work(&store)).await;
    let done =
        done.map_err(|error| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    done.map_err(Failure::bad)
}
