//! The other end of the control socket: what the command line speaks to a running server with.

use std::io;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use axum::body::{Body, to_bytes};
use futures_util::StreamExt as _;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;
use tokio::runtime::Runtime;

/// The longest answer that is one value.
const ANSWER_BYTES: usize = 256 << 20;

/// A connection to a running server.
pub(crate) struct Client {
    runtime: Runtime,
    sender: http1::SendRequest<Body>,
}

impl Client {
    /// Connects to the server whose control socket this is; `None` when there is none that
    /// listens.
    pub(crate) fn connect(path: &Path) -> anyhow::Result<Option<Self>> {
        let stream = match StdUnixStream::connect(path) {
            Ok(stream) => stream,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
                ) =>
            {
                return Ok(None);
            }
            Err(error) => {
                let what = format!("cannot open the control socket {}", path.display());
                return Err(error).context(what);
            }
        };
        stream.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let sender = runtime.block_on(async {
            let stream = TokioIo::new(UnixStream::from_std(stream)?);
            let (sender, connection) = http1::handshake::<_, Body>(stream).await?;
            // Ends with the process; what goes wrong the request says.
            tokio::spawn(connection);
            anyhow::Ok(sender)
        })?;
        Ok(Some(Self { runtime, sender }))
    }

    /// Has a command done, and answers what it answers.
    pub(crate) fn run(&mut self, command: &str, arguments: &Value) -> anyhow::Result<Value> {
        let sender = &mut self.sender;
        self.runtime.block_on(async {
            let response = send(sender, command, arguments).await?;
            let body = Body::new(response.into_body());
            let bytes = to_bytes(body, ANSWER_BYTES).await?;
            Ok(serde_json::from_slice(&bytes)?)
        })
    }

    /// Has a command done that answers line by line.
    pub(crate) fn lines(
        &mut self,
        command: &str,
        arguments: &Value,
        mut each: impl FnMut(&[u8]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let sender = &mut self.sender;
        self.runtime.block_on(async {
            let response = send(sender, command, arguments).await?;
            let mut parts = Body::new(response.into_body()).into_data_stream();
            while let Some(part) = parts.next().await {
                each(&part?)?;
            }
            Ok(())
        })
    }
}

/// Sends a command; a failure that the server tells is one.
async fn send(
    sender: &mut http1::SendRequest<Body>,
    command: &str,
    arguments: &Value,
) -> anyhow::Result<Response<hyper::body::Incoming>> {
    let request = Request::post(format!("/commands/{command}"))
        .header(HOST, "greenroom")
        .header(CONTENT_TYPE, "application/json")
        .body(Body::from(arguments.to_string()))?;
    let response = sender.send_request(request).await;
    let response = response.map_err(|error| anyhow!("the server does not answer: {error}"))?;
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status();
    let bytes = to_bytes(Body::new(response.into_body()), ANSWER_BYTES).await?;
    let told: Option<Value> = serde_json::from_slice(&bytes).ok();
    match told.as_ref().and_then(|told| told["error"].as_str()) {
        Some(why) => bail!("{why}"),
        None => bail!(
            "the server answers {status}: {}",
            String::from_utf8_lossy(&bytes)
        ),
    }
}
