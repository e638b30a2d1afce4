//! Requests to a server on this machine.

use std::net::SocketAddr;
use std::time::Duration;

use appconfig::{ApplicationConfig, Host};
use configtext::{Given, Setting as _, Unit};
use engine::scripting::HttpRequest;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;

use super::{OutgoingLimits, OutgoingPolicy, fetch};
use crate::trust::Trust;
use crate::trust::tests::signed_by_itself;

fn host(text: &str) -> Host {
    Host::from_given(&Given::Text(text.to_owned()), Unit::of("hosts")).unwrap()
}

fn allowing(hosts: &[&str]) -> OutgoingPolicy {
    limited(hosts, OutgoingLimits::default())
}

fn limited(hosts: &[&str], limits: OutgoingLimits) -> OutgoingPolicy {
    OutgoingPolicy::new(
        hosts.iter().map(|text| host(text)).collect(),
        Vec::new(),
        limits,
    )
}

fn get(url: String) -> HttpRequest {
    HttpRequest {
        method: "GET".to_owned(),
        url,
        headers: Vec::new(),
        body: Vec::new(),
    }
}

/// A server that gives these answers, one for each connection, and tells what it was asked.
async fn server(answers: Vec<Vec<u8>>) -> (SocketAddr, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let mut asked = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !is_whole(&request) {
                assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0);
            }
            asked.push(String::from_utf8(request).unwrap());
            // The client may have had enough before the end.
            let _ = stream.write_all(&answer).await;
            let _ = stream.shutdown().await;
        }
        asked
    });
    (address, task)
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse::<usize>().unwrap())
    });
    body.len() >= length.unwrap_or(0)
}

fn ok(body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn moved(status: &str, location: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n").into_bytes()
}

#[tokio::test]
async fn a_post_is_sent_and_its_response_read() {
    let (address, server) = server(vec![ok("answer")]).await;
    let policy = allowing(&["127.0.0.1"]);
    let request = HttpRequest {
        method: "POST".to_owned(),
        url: format!("http://{address}/flash/gateway?x=1"),
        headers: vec![("Content-Type".to_owned(), "application/x-amf".to_owned())],
        body: b"packet".to_vec(),
    };
    let response = fetch(&policy, request).await.unwrap();
    assert_eq!((response.status, &*response.body), (200, &b"answer"[..]));
    let asked = server.await.unwrap().remove(0);
    let lower = asked.to_ascii_lowercase();
    assert!(
        asked.starts_with("POST /flash/gateway?x=1 HTTP/1.1\r\n"),
        "{asked}"
    );
    assert!(asked.ends_with("\r\n\r\npacket"), "{asked}");
    for line in [
        format!("\r\nhost: {address}\r\n"),
        "\r\ncontent-type: application/x-amf\r\n".to_owned(),
        "\r\ncontent-length: 6\r\n".to_owned(),
    ] {
        assert!(lower.contains(&line), "{line} in {asked}");
    }
}

#[tokio::test]
async fn a_status_is_the_scripts_business() {
    let answer = b"HTTP/1.0 500 Oops\r\n\r\nto the end of the connection".to_vec();
    let (address, _server) = server(vec![answer]).await;
    let policy = allowing(&["127.0.0.1"]);
    let response = fetch(&policy, get(format!("http://{address}/")))
        .await
        .unwrap();
    assert_eq!(response.status, 500);
    assert_eq!(response.body, b"to the end of the connection");
}

#[tokio::test]
async fn only_allowed_hosts_are_asked() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let port = address.port();
    let cases: &[(&[&str], String)] = &[
        (&[], format!("http://127.0.0.1:{port}/")),
        (&["example.org"], format!("http://127.0.0.1:{port}/")),
        (&["127.0.0.1:1"], format!("http://127.0.0.1:{port}/")),
        // A pattern, or a name, does not lead to this machine.
        (&["*"], format!("http://127.0.0.1:{port}/")),
        (&["*"], format!("http://localhost:{port}/")),
        (&["localhost"], format!("http://localhost:{port}/")),
        (&["*"], format!("http://[::ffff:127.0.0.1]:{port}/")),
        (&["*"], format!("http://0.0.0.0:{port}/")),
        (&["*"], format!("http://[::1]:{port}/")),
    ];
    for (hosts, url) in cases {
        let refused = fetch(&allowing(hosts), get(url.clone())).await.unwrap_err();
        assert!(
            refused.contains("script.hosts"),
            "{hosts:?} {url}: {refused}"
        );
    }
}

#[tokio::test]
async fn numbers_are_no_way_around_the_rules() {
    let policy = allowing(&["*"]);
    for url in ["http://2130706433/", "http://0x7f.1/", "http://127.1/"] {
        // The system takes such a name for an address, or for none.
        let refused = fetch(&policy, get(url.to_owned())).await.unwrap_err();
        let known = refused.contains("script.hosts") || refused.contains("is not known");
        assert!(known, "{url}: {refused}");
    }
}

#[tokio::test]
async fn a_name_leads_to_an_address_that_is_named_too() {
    let (address, server) = server(vec![ok("here")]).await;
    let policy = allowing(&["localhost", "127.0.0.1"]);
    let url = format!("http://localhost:{}/", address.port());
    assert_eq!(fetch(&policy, get(url)).await.unwrap().body, b"here");
    let asked = server.await.unwrap().remove(0);
    let host = format!("host: localhost:{}\r\n", address.port());
    assert!(asked.to_ascii_lowercase().contains(&host), "{asked}");
}

#[tokio::test]
async fn this_server_may_always_be_asked() {
    let (address, _server) = server(vec![ok("1"), ok("2")]).await;
    let everywhere = SocketAddr::from(([0, 0, 0, 0], address.port()));
    for (own, host) in [(address, "127.0.0.1"), (everywhere, "localhost")] {
        let policy = OutgoingPolicy::new(Vec::new(), vec![own], OutgoingLimits::default());
        let url = format!("http://{host}:{}/", address.port());
        assert_eq!(fetch(&policy, get(url)).await.unwrap().status, 200);
        // Another port, or another machine, is not this server.
        for url in [
            "http://127.0.0.1:1/".to_owned(),
            format!("http://192.0.2.1:{}/", address.port()),
            format!("http://example.org:{}/", address.port()),
        ] {
            let refused = fetch(&policy, get(url)).await.unwrap_err();
            assert!(refused.contains("script.hosts"), "{refused}");
        }
    }
}

#[tokio::test]
async fn the_settings_of_an_application_are_obeyed() {
    let (address, _task) = server(vec![ok("here")]).await;
    let url = format!("http://{address}/");
    let mut config = ApplicationConfig::default();
    let policy = OutgoingPolicy::of(&config, Vec::new());
    assert_eq!(policy.limits(), &OutgoingLimits::default());
    let refused = fetch(&policy, get(url.clone())).await.unwrap_err();
    assert!(refused.contains("script.hosts"), "{refused}");
    config.script.hosts = vec![host("127.0.0.1")];
    config.script.connections = 3;
    let policy = OutgoingPolicy::of(&config, Vec::new());
    assert_eq!(policy.limits().requests, 3);
    assert_eq!(fetch(&policy, get(url)).await.unwrap().body, b"here");
}

#[tokio::test]
async fn what_is_no_request_is_refused() {
    let policy = allowing(&["127.0.0.1"]);
    let with = |name: &str, value: &str| HttpRequest {
        headers: vec![(name.to_owned(), value.to_owned())],
        ..get("http://127.0.0.1:1/".to_owned())
    };
    let delete = HttpRequest {
        method: "DELETE".to_owned(),
        ..get("http://127.0.0.1:1/".to_owned())
    };
    for (request, reason) in [
        (get("gopher://127.0.0.1/".to_owned()), "not an address"),
        (delete, "method DELETE"),
        (with("Host", "other"), "header Host"),
        (
            with("transfer-encoding", "chunked"),
            "header transfer-encoding",
        ),
        (with("a b", "c"), "header a b"),
        (with("x", "a\r\nb: c"), "header x"),
    ] {
        let refused = fetch(&policy, request).await.unwrap_err();
        assert!(refused.contains(reason), "{refused}");
    }
}

#[tokio::test]
async fn redirections_stay_at_their_server() {
    let answers = vec![moved("302 Found", "/next"), ok("there")];
    let (address, task) = server(answers).await;
    let policy = allowing(&["127.0.0.1", "127.0.0.2"]);
    let post = HttpRequest {
        method: "POST".to_owned(),
        body: b"x".to_vec(),
        ..get(format!("http://{address}/"))
    };
    assert_eq!(fetch(&policy, post.clone()).await.unwrap().body, b"there");
    let asked = task.await.unwrap();
    assert!(asked[1].starts_with("GET /next HTTP/1.1\r\n"), "{asked:?}");

    let answers = vec![moved("307 Temporary Redirect", "again"), ok("there")];
    let (address, task) = server(answers).await;
    let url = format!("http://{address}/a/b");
    assert_eq!(
        fetch(&policy, HttpRequest { url, ..post })
            .await
            .unwrap()
            .status,
        200
    );
    let asked = task.await.unwrap();
    assert!(
        asked[1].starts_with("POST /a/again HTTP/1.1\r\n"),
        "{asked:?}"
    );
    assert!(asked[1].ends_with("\r\n\r\nx"), "{asked:?}");

    for location in [
        "http://127.0.0.2:1/",
        "http://127.0.0.1:1/",
        "//example.org/",
    ] {
        let (address, _task) = server(vec![moved("301 Moved", location)]).await;
        let refused = fetch(&policy, get(format!("http://{address}/")))
            .await
            .unwrap_err();
        assert!(refused.contains("another server"), "{refused}");
    }
}

#[tokio::test]
async fn redirections_are_limited() {
    let (address, _task) = server(vec![moved("302 Found", "/"); 3]).await;
    let limits = OutgoingLimits {
        redirects: 2,
        ..OutgoingLimits::default()
    };
    let policy = limited(&["127.0.0.1"], limits);
    let refused = fetch(&policy, get(format!("http://{address}/")))
        .await
        .unwrap_err();
    assert!(refused.contains("more than 2 redirections"), "{refused}");
}

#[tokio::test]
async fn long_responses_are_refused() {
    let limits = OutgoingLimits {
        response_bytes: 10,
        ..OutgoingLimits::default()
    };
    let policy = limited(&["127.0.0.1"], limits);
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n6\r\nghijkl\r\n0\r\n\r\n";
    let endless = b"HTTP/1.1 200 OK\r\n\r\nabcdefghijklmnop";
    let announced = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n";
    let head = |bytes| format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(bytes)).into_bytes();
    for (answer, reason) in [
        (chunked.to_vec(), "limit response_bytes"),
        (endless.to_vec(), "limit response_bytes"),
        (announced.to_vec(), "limit response_bytes"),
        (head(70_000), "limit response_head_bytes"),
        (head(1_000_000), "the request failed"),
    ] {
        let (address, _task) = server(vec![answer]).await;
        let refused = fetch(&policy, get(format!("http://{address}/")))
            .await
            .unwrap_err();
        assert!(refused.contains(reason), "{refused}");
    }
    let (address, _task) = server(vec![ok("0123456789")]).await;
    let whole = fetch(&policy, get(format!("http://{address}/")))
        .await
        .unwrap();
    assert_eq!(whole.body, b"0123456789");
}

#[tokio::test]
async fn broken_responses_are_failures() {
    let policy = allowing(&["127.0.0.1"]);
    for (answer, reason) in [
        ("", "the request failed"),
        ("SSH-2.0-OpenSSH\r\n", "the request failed"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
            "ends early",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "ends early",
        ),
    ] {
        let (address, _task) = server(vec![answer.into()]).await;
        let failed = fetch(&policy, get(format!("http://{address}/")))
            .await
            .unwrap_err();
        assert!(failed.contains(reason), "{answer:?}: {failed}");
    }
    // An address that is taken, and where nobody listens.
    let silent = TcpSocket::new_v4().unwrap();
    silent.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let failed = fetch(&policy, get(url)).await.unwrap_err();
    assert!(failed.contains("cannot be reached"), "{failed}");
}

#[tokio::test]
async fn requests_have_their_time_and_their_number() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let limits = OutgoingLimits {
        requests: 1,
        timeout: Duration::from_millis(200),
        ..OutgoingLimits::default()
    };
    let policy = limited(&["127.0.0.1"], limits);
    let first = tokio::spawn({
        let (policy, url) = (policy.clone(), url.clone());
        async move { fetch(&policy, get(url)).await }
    });
    // The first is on its way, and never answered.
    let held = listener.accept().await.unwrap();
    let second = fetch(&policy, get(url)).await.unwrap_err();
    assert!(second.contains("more than 1 requests"), "{second}");
    let failed = first.await.unwrap().unwrap_err();
    assert!(failed.contains("no response within 200 ms"), "{failed}");
    assert!(policy.permit().is_ok());
    drop(held);
}

#[tokio::test]
async fn https_goes_to_whom_is_trusted() {
    let (file, acceptor) = signed_by_itself(&["127.0.0.1"]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // It fails when the client does not trust it.
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut request = Vec::new();
            while !is_whole(&request) {
                assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0);
            }
            stream.write_all(&ok("secret")).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    let url = format!("https://{address}/gateway");
    let stranger = fetch(&allowing(&["127.0.0.1"]), get(url.clone())).await;
    let failed = stranger.unwrap_err();
    assert!(
        failed.contains("secure") || failed.contains("trusted"),
        "{failed}"
    );
    let trust = Trust::new(vec![file.path().to_owned()]);
    let policy = allowing(&["127.0.0.1"]).trusting(trust.clone());
    let response = fetch(&policy, get(url.clone())).await.unwrap();
    assert_eq!((response.status, &*response.body), (200, &b"secret"[..]));
    // What is trusted is not therefore allowed.
    let refused = fetch(&allowing(&[]).trusting(trust), get(url)).await;
    assert!(refused.unwrap_err().contains("script.hosts"));
    server.abort();
}
