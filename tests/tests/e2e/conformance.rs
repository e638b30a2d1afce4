//! The applications of `tests/applications`, driven over the wire: status objects field by
//! field, results value by value.
//!
//! Where an expectation is not certain, a comment says how it is known: *captured* from a server
//! of the time, *recalled* by people who used one, *ours* where nothing is known. All others are
//! documented.

mod access;
mod calls;
mod doors;
mod errors;
mod life;
mod links;
mod mirrors;
mod pending;
mod programs;
mod properties;
mod streams;
mod timers;
mod typed;
mod values;

use std::net::SocketAddr;
use std::time::Instant;

use amf::Value;
use anyhow::{Result, ensure};
use e2e::client::{self, Client};
use e2e::server::{self, Server};
use e2e::told::{Field, is};
use e2e::wait::SOON;
use libtest_mimic::Trial;
use rtmp::Command;

pub(crate) fn trials() -> Vec<Trial> {
    [
        doors::trials(),
        pending::trials(),
        properties::trials(),
        calls::trials(),
        typed::trials(),
        values::trials(),
        timers::trials(),
        life::trials(),
        links::trials(),
        mirrors::trials(),
        access::trials(),
        streams::trials(),
        errors::trials(),
        programs::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Runs a test against a server that has these applications.
fn with(applications: &[&str], test: impl FnOnce(&mut Server) -> Result<()>) -> Result<()> {
    with_settings(&[], applications, test)
}

fn with_settings(
    settings: &[&str],
    applications: &[&str],
    test: impl FnOnce(&mut Server) -> Result<()>,
) -> Result<()> {
    server::with(settings, |server| {
        applications
            .iter()
            .try_for_each(|application| server.install(application))?;
        test(server)
    })
}

/// A client in an application.
async fn joined(server: SocketAddr, app: &str, args: Vec<Value>) -> Result<Client> {
    let mut client = Client::open(server).await?;
    client.connect_with(server, app, args).await?;
    Ok(client)
}

/// Sends `connect` and waits for the whole answer, whichever it is.
async fn knock(
    client: &mut Client,
    server: SocketAddr,
    app: &str,
    args: Vec<Value>,
) -> Result<Command> {
    client.ask(client::connect(server, app, &[], args)).await
}

/// Calls a method and waits for the error it ends with.
async fn failed_call(client: &mut Client, method: &str, args: Vec<Value>) -> Result<Value> {
    let answer = client.ask(Command::new(method, 0.0, args)).await?;
    ensure!(&*answer.name == "_error", "{method} succeeds: {answer:?}");
    ensure!(answer.object.is_nothing(), "{answer:?}");
    Ok(answer.arg(0).clone())
}

/// The information object of a call that failed.
fn call_failed(description: &str) -> Vec<(&'static str, Field)> {
    vec![
        ("level", is("error")),
        ("code", is("NetConnection.Call.Failed")),
        ("description", is(description)),
    ]
}

/// Asks until the answer is something: what the script waits for has no other sign.
async fn something(client: &mut Client, method: &str) -> Result<Value> {
    let deadline = Instant::now() + SOON;
    loop {
        let answer = client.call(method, vec![]).await?;
        if !answer.is_nothing() {
            return Ok(answer);
        }
        ensure!(Instant::now() < deadline, "{method} has nothing to say");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
