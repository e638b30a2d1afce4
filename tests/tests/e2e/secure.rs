//! Requests and connections of scripts over TLS: to whom the application's settings trust.

use std::fs;
use std::net::SocketAddr;

use amf::Value;
use anyhow::{Result, ensure};
use e2e::client::{self, Client};
use e2e::server::{self, Server};
use e2e::tls::Certificate;
use libtest_mimic::Trial;

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("secure::load_vars_over_https", https),
        trial("secure::a_connection_over_rtmps", rtmps),
    ]
}

const CALLER: &str = "
    application.onConnect = function (client) { return true; };
    Client.prototype.load = function (url) {
        var client = this, vars = new LoadVars();
        vars.onData = function (text) { client.call('told', null, text); };
        return vars.load(url);
    };
    Client.prototype.reach = function (url) {
        var client = this, far = new NetConnection();
        function tell(value) { client.call('told', null, value); }
        far.onStatus = function (info) {
            tell(info.code);
            if (info.code == 'NetConnection.Connect.Success') far.call('twice', { onResult: tell }, 21);
        };
        return far.connect(url);
    };";

const FAR: &str = "
    application.onConnect = function (client) { return true; };
    Client.prototype.twice = function (number) { return 2 * number; };";

/// An application that may go to `host`, and one that trusts the certificate as well.
fn applications(server: &Server, certificate: &Certificate, host: SocketAddr) -> Result<()> {
    for (name, trusts) in [("trusting", "[\"ca.pem\"]"), ("stranger", "[]")] {
        server.application(name, CALLER)?;
        let folder = server.file("applications").join(name);
        let settings = format!("[script]\nhosts = [\"{host}\"]\nca_files = {trusts}\n");
        fs::write(folder.join("application.toml"), settings)?;
        fs::write(folder.join("ca.pem"), certificate.pem())?;
    }
    Ok(())
}

/// Has a script call on an address, and gives the first thing that it tells of it.
async fn ask(server: &Server, app: &str, method: &str, url: &str) -> Result<(Client, Value)> {
    let mut client = Client::open(server.rtmp).await?;
    client.connect_with(server.rtmp, app, Vec::new()).await?;
    let begun = client.call(method, vec![url.into()]).await?;
    ensure!(begun == true.into(), "{method}: {begun:?}");
    let told = told(&mut client).await?;
    Ok((client, told))
}

async fn told(client: &mut Client) -> Result<Value> {
    Ok(client.called("told").await?.arg(0).clone())
}

fn https() -> Result<()> {
    server::with(&[], |server| {
        let certificate = Certificate::new("127.0.0.1")?;
        client::run(async {
            let address = certificate.stand_before(server.http).await?;
            applications(server, &certificate, address)?;
            let url = format!("https://{address}/healthz");
            let (_client, text) = ask(server, "trusting", "load", &url).await?;
            let good = text.as_str().is_some_and(|text| text.starts_with("ok"));
            ensure!(good, "{text:?}");
            let (_client, text) = ask(server, "stranger", "load", &url).await?;
            ensure!(text == Value::Undefined, "{text:?}");
            Ok(())
        })
    })
}

fn rtmps() -> Result<()> {
    let other = Server::start(&[])?;
    other.application("far", FAR)?;
    server::with(&[], |server| {
        let certificate = Certificate::new("127.0.0.1")?;
        client::run(async {
            let address = certificate.stand_before(other.rtmp).await?;
            applications(server, &certificate, address)?;
            let url = format!("rtmps://{address}/far");
            let (mut client, code) = ask(server, "trusting", "reach", &url).await?;
            ensure!(code == "NetConnection.Connect.Success".into(), "{code:?}");
            let number = told(&mut client).await?;
            ensure!(number == 42.into(), "{number:?}");
            let (_client, code) = ask(server, "stranger", "reach", &url).await?;
            ensure!(code == "NetConnection.Connect.Failed".into(), "{code:?}");
            Ok(())
        })
    })
}
