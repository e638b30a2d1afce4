//! Commands on applications and their instances.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::target::Target;
use super::{Answer, Failure};
use crate::applications::InstanceRow;
use crate::shared::Shared;

#[derive(Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    app: Option<String>,
}

pub(super) async fn list(shared: Arc<Shared>, which: Which) -> Result<Answer, Failure> {
    let applications = &shared.applications;
    let mut instances: BTreeMap<String, Vec<InstanceRow>> = BTreeMap::new();
    for name in applications.names() {
        instances.insert(name, Vec::new());
    }
    for row in applications.rows(None) {
        instances.entry(row.app.to_string()).or_default().push(row);
    }
    if let Some(wanted) = which.app {
        instances.retain(|app, _| *app == wanted);
        if instances.is_empty() {
            let why = format!("there is no application {wanted}");
            return Err(Failure::new(StatusCode::NOT_FOUND, why));
        }
    }
    let rows = instances
        .into_iter()
        .map(|(app, instances)| json!({ "app": app, "instances": instances }));
    Ok(Answer::Value(rows.collect()))
}

pub(super) async fn load(shared: Arc<Shared>, target: Target) -> Result<Answer, Failure> {
    let started = start(&shared, &target).await?;
    Ok(Answer::Value(json!({ "started": started })))
}

pub(super) async fn unload(shared: Arc<Shared>, target: Target) -> Result<Answer, Failure> {
    let ended = stop(&shared, &target).await?;
    Ok(Answer::Value(json!({ "ended": ended })))
}

pub(super) async fn reload(shared: Arc<Shared>, target: Target) -> Result<Answer, Failure> {
    let ended = stop(&shared, &target).await?;
    let started = start(&shared, &target).await?;
    Ok(Answer::Value(json!({ "ended": ended, "started": started })))
}

async fn start(shared: &Arc<Shared>, target: &Target) -> Result<bool, Failure> {
    let loaded = shared
        .applications
        .load(&target.app, target.instance())
        .await;
    loaded.map_err(|rejection| Failure::new(StatusCode::CONFLICT, rejection.description()))
}

async fn stop(shared: &Arc<Shared>, target: &Target) -> Result<bool, Failure> {
    let (app, instance) = (&target.app, target.instance());
    let unloaded = shared.applications.unload(app, instance).await;
    unloaded.ok_or_else(|| {
        let why = format!("the instance {app}/{instance} does not run");
        Failure::new(StatusCode::NOT_FOUND, why)
    })
}
