//! URLs of `connect`, under both policies.

use rtmp::url::ConnectUrl;
use rtmp::url::srs::discover;
use serde_json::Value as Json;

use crate::expect::{number, same, text};

pub(crate) fn check(vector: &Json) -> Result<(), String> {
    let (input, expected) = (&vector["input"], &vector["expect"]);
    let url = text(input, "tcUrl")?;
    match text(vector, "policy")? {
        "flashcom" => {
            let found = ConnectUrl::parse(url).map_err(|error| error.to_string())?;
            same("scheme", &found.scheme.as_str(), &text(expected, "scheme")?)?;
            same("host", &found.host.as_str(), &text(expected, "host")?)?;
            same("port", &found.port.into(), &number(expected, "port")?)?;
            same("app", &found.target.app.as_str(), &text(expected, "app")?)?;
            same(
                "instance",
                &found.target.instance.as_str(),
                &text(expected, "instance")?,
            )
        }
        "srs" => {
            let stream = format!(
                "{}{}",
                text(input, "stream")?,
                input["param_in"].as_str().unwrap_or_default()
            );
            let found = discover(url, &stream).map_err(|error| error.to_string())?;
            same("scheme", &found.scheme.as_str(), &text(expected, "scheme")?)?;
            same("host", &found.host.as_str(), &text(expected, "host")?)?;
            same("vhost", &found.vhost.as_str(), &text(expected, "vhost")?)?;
            same("port", &found.port.into(), &number(expected, "port")?)?;
            same("app", &found.app.as_str(), &text(expected, "app")?)?;
            same("stream", &found.stream.as_str(), &text(expected, "stream")?)?;
            match expected["param"].as_str() {
                Some(param) => same("param", &found.param.as_str(), &param),
                None => Ok(()),
            }
        }
        other => Err(format!("unknown policy {other:?}")),
    }
}
