//! The control socket: a Unix domain socket over which the command line tells the running server
//! what to do, as JSON over HTTP.
//!
//! Whoever may open the socket may do everything; its file belongs to the server's user and nobody
//! else (mode 0600). Owns the socket and the way of a command from bytes to an answer; what there
//! is to command is in `commands`, what a command does in `instances` and `objects`.

pub(crate) mod client;
mod commands;
mod instances;
pub(crate) mod objects;
pub(crate) mod socket;
pub(crate) mod target;

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use crate::shared::Shared;
use commands::COMMANDS;

/// The longest command, with its arguments.
pub(crate) const COMMAND_BYTES: usize = 64 << 20;

/// Why a command was not done, and the status that says so.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    pub(crate) why: String,
}

impl Failure {
    /// What was asked for cannot be done.
    #[expect(clippy::needless_pass_by_value, reason = "errors are mapped with it")]
    pub(crate) fn bad(why: impl ToString) -> Self {
        Self::new(StatusCode::BAD_REQUEST, why.to_string())
    }

    pub(crate) fn new(status: StatusCode, why: impl Into<String>) -> Self {
        let why = why.into();
        Self { status, why }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.why }))).into_response()
    }
}

/// What a command answers.
pub(crate) enum Answer {
    /// One value.
    Value(Value),
    /// One value a line, for as long as somebody reads.
    Lines(Body),
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/commands", get(list))
        .route("/commands/{name}", post(run))
        .layer(DefaultBodyLimit::max(COMMAND_BYTES))
        .with_state(shared)
}

/// The commands there are.
async fn list() -> Json<Value> {
    let rows = COMMANDS
        .iter()
        .map(|command| json!({ "name": command.name, "about": command.about }));
    Json(Value::Array(rows.collect()))
}

async fn run(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    Json(arguments): Json<Value>,
) -> Response {
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        return Failure::new(StatusCode::NOT_FOUND, "there is no such command").into_response();
    };
    let answer = (command.run)(shared, arguments).await;
    tracing::info!(
        command = command.name,
        done = answer.is_ok(),
        "a command came over the control socket"
    );
    match answer {
        Ok(Answer::Value(value)) => Json(value).into_response(),
        Ok(Answer::Lines(body)) => body.into_response(),
        Err(failure) => failure.into_response(),
    }
}
