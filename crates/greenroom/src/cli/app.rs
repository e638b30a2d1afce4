//! `greenroom app`: what a running server's applications are told by an administrator.

use std::fmt::Write as _;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::options::Options;
use super::so::parse_target;
use crate::config::Config;
use crate::control::client::Client;
use crate::control::socket;
use crate::control::target::Target;
use crate::startup::RunError;

/// Where the server is, and what to do there.
#[derive(Debug, Args)]
pub(super) struct App {
    #[command(flatten)]
    pub(super) options: Options,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Lists the applications and the instances that run.
    List {
        /// One application only
        #[arg(value_name = "APPLICATION")]
        app: Option<String>,
    },
    /// Starts an instance.
    Load(Which),
    /// Stops an instance: its clients are told and closed, its script is not asked.
    Unload(Which),
    /// Stops an instance and starts it again, with the files as they are then.
    Reload(Which),
}

#[derive(Debug, Args)]
struct Which {
    /// The instance, such as chat/lobby; without one the default instance
    #[arg(value_name = "APPLICATION[/INSTANCE]", value_parser = parse_target)]
    target: Target,
}

/// Does it, and prints what came of it.
pub(super) fn run(app: &App, config: &Config) -> Result<(), RunError> {
    let said = execute(&app.what, config).map_err(RunError::Runtime)?;
    super::print(&said)
}

fn execute(what: &What, config: &Config) -> anyhow::Result<String> {
    let mut client = running(config)?;
    Ok(match what {
        What::List { app } => list(&client.run("app.list", &json!({ "app": app }))?),
        What::Load(Which { target }) => {
            let told = client.run("app.load", &json!(target))?;
            let said = if told["started"] == true {
                "has been started"
            } else {
                "runs already"
            };
            format!("{} {said}.\n", name(target))
        }
        What::Unload(Which { target }) => {
            let told = client.run("app.unload", &json!(target))?;
            format!("{} {}.\n", name(target), ended(&told))
        }
        What::Reload(Which { target }) => {
            let told = client.run("app.reload", &json!(target))?;
            format!("{} {} and is there again.\n", name(target), ended(&told))
        }
    })
}

/// The running server; without one there is nothing to tell anybody.
fn running(config: &Config) -> anyhow::Result<Client> {
    let path = socket::path(config).ok_or_else(|| {
        anyhow!("the control socket is off (`control.socket`), so no server can be told anything")
    })?;
    Client::connect(&path)?
        .ok_or_else(|| anyhow!("no server listens on {}: does it run?", path.display()))
}

fn name(target: &Target) -> String {
    format!("{}/{}", target.app, target.instance())
}

fn ended(told: &Value) -> &'static str {
    if told["ended"] == true {
        "has ended"
    } else {
        "was told to end, and is about to"
    }
}

fn list(told: &Value) -> String {
    let mut out = String::new();
    for row in told.as_array().into_iter().flatten() {
        let app = row["app"].as_str().unwrap_or_default();
        let instances = row["instances"].as_array().cloned().unwrap_or_default();
        if instances.is_empty() {
            let _ = writeln!(out, "{app}: no instance runs");
        }
        for instance in instances {
            let script = if instance["script"] == true {
                ", with a script"
            } else {
                ""
            };
            let name = instance["instance"].as_str().unwrap_or_default();
            let _ = writeln!(out, "{app}/{name}: {} clients{script}", instance["clients"]);
        }
    }
    out
}
