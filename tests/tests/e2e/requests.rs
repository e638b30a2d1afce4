//! HTTP requests of scripts, by a server that really answers them: this one, and a gateway of
//! Flash Remoting.

use amf::packet::{Message, Packet};
use amf::{Limits, Value};
use anyhow::{Context, Result, bail, ensure};
use e2e::client::{self, Client};
use e2e::server;
use e2e::wait::SOON;
use libtest_mimic::Trial;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("requests::load_vars_read_from_this_server", load_vars),
        trial("requests::other_hosts_must_be_named", not_allowed),
        trial("requests::a_gateway_answers_calls", gateway),
    ]
}

/// A script that loads an address on demand and keeps what it is told.
const LOADER: &str = "
    application.onConnect = function (client) { return true; };
    Client.prototype.load = function (url) {
        var client = this, vars = new LoadVars();
        vars.onData = function (text) { client.call('told', null, text); };
        return vars.load(url);
    };";

/// What the client is told by a call of the script.
async fn told(client: &mut Client) -> Result<Value> {
    Ok(client.called("told").await?.arg(0).clone())
}

async fn joined(server: std::net::SocketAddr, app: &str) -> Result<Client> {
    let mut client = Client::open(server).await?;
    client.connect_with(server, app, Vec::new()).await?;
    Ok(client)
}

fn load_vars() -> Result<()> {
    server::with(&[], |server| {
        server.application("loader", LOADER)?;
        let (rtmp, url) = (server.rtmp, server.page_url("/healthz"));
        client::run(async {
            let mut client = joined(rtmp, "loader").await?;
            let begun = client.call("load", vec![url.as_str().into()]).await?;
            ensure!(begun == true.into(), "{begun:?}");
            let text = told(&mut client).await?;
            ensure!(
                text.as_str().is_some_and(|text| text.starts_with("ok")),
                "{text:?}"
            );
            Ok(())
        })
    })
}

/// A script reaches no other port of this machine unless the settings name it.
fn not_allowed() -> Result<()> {
    server::with(&[], |server| {
        server.application("loader", LOADER)?;
        let rtmp = server.rtmp;
        client::run(async {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let url = format!("http://{}/", listener.local_addr()?);
            let mut client = joined(rtmp, "loader").await?;
            client.call("load", vec![url.as_str().into()]).await?;
            let text = told(&mut client).await?;
            ensure!(text == Value::Undefined, "{text:?}");
            Ok(())
        })?;
        server.wait_for_log(&["is not allowed", "script.hosts"], SOON)?;
        Ok(())
    })
}

const REMOTING: &str = "
    load('netservices.asc');
    application.onConnect = function (client) { return true; };
    Client.prototype.add = function (url, a, b) {
        var client = this;
        var service = NetServices.createGatewayConnection(url).getService('calculator', {
            onResult: function (sum) { client.call('told', null, sum); },
            onStatus: function (info) { client.call('told', null, info.code); }
        });
        service.add(a, b);
    };";

fn gateway() -> Result<()> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let allowed = format!("scripts.allowed_hosts={address}");
    server::with(&[&allowed], |server| {
        server.application("sums", REMOTING)?;
        let rtmp = server.rtmp;
        client::run(async {
            let listener = TcpListener::from_std(listener)?;
            let mut client = joined(rtmp, "sums").await?;
            let url = format!("http://{address}/gateway");
            let args = vec![url.as_str().into(), 2.into(), 40.into()];
            client.call("add", args).await?;
            let (socket, _) = listener.accept().await?;
            serve_sum(socket).await?;
            let sum = told(&mut client).await?;
            ensure!(sum == 42.into(), "{sum:?}");
            Ok(())
        })
    })
}

/// Answers one packet as a gateway does whose service adds two numbers.
async fn serve_sum(socket: TcpStream) -> Result<()> {
    let mut socket = BufReader::new(socket);
    let mut length = 0;
    loop {
        let mut line = String::new();
        socket.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            if line.trim_end().is_empty() {
                break;
            }
            continue;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse()?;
        }
    }
    let mut body = vec![0; length];
    socket.read_exact(&mut body).await?;
    let packet = Packet::decode(&body, &Limits::default())?;
    let call = packet.messages.first().context("no call")?;
    ensure!(&*call.target == "calculator.add", "{call:?}");
    let Value::StrictArray(args) = call.value.plain() else {
        bail!("no arguments: {call:?}");
    };
    let sum: Option<f64> = args.iter().map(Value::as_f64).sum();
    let answer = Packet {
        version: 0,
        headers: Vec::new(),
        messages: vec![Message {
            target: format!("{}/onResult", &*call.response).as_str().into(),
            response: "null".into(),
            length: None,
            value: sum.context("no numbers")?.into(),
        }],
    };
    let body = answer.encode(&Limits::default())?;
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-amf\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    socket.write_all(head.as_bytes()).await?;
    socket.write_all(&body).await?;
    Ok(())
}
