//! `LoadVars`, and what every request over HTTP has in common.

use amf::Value;
use engine::scripting::{HttpRequest, HttpResponse, RequestId, ScriptEffect, ScriptInput};
use proptest::prelude::*;
use script::ScriptConfig;

use crate::driver::{Driver, evaluator, problems, traces};

const LOADER: &str = "
    v = new LoadVars();
    v.onHTTPStatus = function (status) { trace('status ' + status) };
    v.onLoad = function (ok) { trace(['load', ok, this.loaded, this].join()) };
    Client.prototype.evaluate = function (text) { return (0, eval)(text); };
";

/// The request that an expression makes.
fn request(driver: &mut Driver, expression: &str) -> HttpRequest {
    let effects = driver.call(1, "evaluate", &[expression.into()]);
    match effects.first() {
        Some(ScriptEffect::Http { what, .. }) => (**what).clone(),
        _ => panic!("{expression}: {effects:?}"),
    }
}

/// What the script says to the end of a request, and what is reported.
fn end(
    driver: &mut Driver,
    request: u64,
    outcome: Result<(u16, &[u8]), &str>,
) -> (Vec<String>, Vec<String>) {
    let effects = driver.input(ScriptInput::Response {
        request: RequestId(request),
        outcome: match outcome {
            Ok((status, body)) => Ok(HttpResponse {
                status,
                body: body.to_vec(),
            }),
            Err(reason) => Err(reason.to_owned()),
        },
    });
    let said = traces(&effects).into_iter().map(str::to_owned).collect();
    (said, problems(&effects))
}

#[test]
fn variables_are_loaded() {
    let mut driver = evaluator(LOADER);
    let asked = request(&mut driver, "v.load('http://example.com/v?x')");
    assert_eq!(
        (asked.method.as_str(), asked.url.as_str()),
        ("GET", "http://example.com/v?x")
    );
    let body = "a=1&b=gr%C3%BCn+%26+x&a=2&=3&c&d=&e=%FC%zz";
    let (said, reported) = end(&mut driver, 1, Ok((200, body.as_bytes())));
    assert!(reported.is_empty(), "{reported:?}");
    assert_eq!(
        said,
        [
            "status 200",
            "load,true,true,a=2&b=gr%C3%BCn%20%26%20x&d=&e=%C3%BC%25zz"
        ]
    );
    driver.check(&[
        ("[v.a, v.b, v.c, v.d]", "2,grün & x,,"),
        (
            "v.getBytesLoaded() == 42 && v.getBytesTotal() == 42",
            "true",
        ),
    ]);
}

#[test]
fn failures_are_told() {
    let mut driver = evaluator(LOADER);
    driver.check(&[(
        "[v.load('http://a'), v.load('http://a'), v.load('http://a')]",
        "true,true,true",
    )]);
    let (said, reported) = end(&mut driver, 1, Err("no route"));
    assert_eq!(said, ["status 0", "load,false,false,"]);
    assert_eq!(reported, ["A request failed: no route."]);
    let (said, _) = end(&mut driver, 2, Ok((404, b"a=1")));
    assert_eq!(said, ["status 404", "load,false,false,"]);
    let long = vec![b'a'; (4 << 20) + 1];
    let (said, reported) = end(&mut driver, 3, Ok((200, &long)));
    assert_eq!(said, ["status 200", "load,false,false,"]);
    assert!(reported[0].contains("response_bytes"), "{reported:?}");
    let (said, reported) = end(&mut driver, 99, Ok((200, b"a=1")));
    assert!(said.is_empty() && reported.is_empty());
}

#[test]
fn variables_are_sent_as_flash_writes_them() {
    let mut driver = evaluator(LOADER);
    driver.check(&[(
        "(v.a = 'x y&z=ü', v.b_c = 1.5, v.d = null, v)",
        "a=x%20y%26z%3D%C3%BC&b%5Fc=1%2E5&d=null",
    )]);
    let posted = request(&mut driver, "v.send('http://example.com', '_blank')");
    assert_eq!(posted.method, "POST");
    assert_eq!(posted.body, b"a=x%20y%26z%3D%C3%BC&b%5Fc=1%2E5&d=null");
    assert_eq!(
        posted.headers,
        [(
            "Content-Type".to_owned(),
            "application/x-www-form-urlencoded".to_owned()
        )]
    );
    let got = request(
        &mut driver,
        "v.sendAndLoad('http://example.com/?q', w = new LoadVars(), 'get')",
    );
    assert_eq!(
        (got.method.as_str(), got.url.as_str()),
        (
            "GET",
            "http://example.com/?q&a=x%20y%26z%3D%C3%BC&b%5Fc=1%2E5&d=null"
        )
    );
    assert!(got.body.is_empty() && got.headers.is_empty());
    end(&mut driver, 1, Ok((200, b"lost=1")));
    end(&mut driver, 2, Ok((200, b"r=1")));
    driver.check(&[("[v.lost, w.r, w.loaded, w]", ",1,true,r=1")]);
}

#[test]
fn the_raw_text_can_be_taken() {
    let mut driver = evaluator(LOADER);
    driver.check(&[(
        "(v.onData = function (text) { trace('raw ' + text) }, v.load('http://a'))",
        "true",
    )]);
    let (said, _) = end(&mut driver, 1, Ok((200, b"\xE4 and no pairs")));
    assert_eq!(said, ["status 200", "raw ä and no pairs"]);
}

#[test]
fn an_error_in_a_handler_does_not_keep_the_others() {
    let mut driver = evaluator(LOADER);
    driver.check(&[(
        "(v.onHTTPStatus = function () { throw new Error('mine') }, v.load('http://a'))",
        "true",
    )]);
    let (said, reported) = end(&mut driver, 1, Ok((200, b"a=1")));
    assert_eq!(
        (said, reported),
        (
            vec!["load,true,true,a=1".to_owned()],
            vec!["Error: mine".to_owned()]
        )
    );
}

#[test]
fn subclasses_of_the_old_kind_work() {
    let mut driver = evaluator(
        "function Vars() {} Vars.prototype = new LoadVars(); \
         Vars.prototype.onLoad = function (ok) { trace('vars ' + ok + this.a) };",
    );
    driver.check(&[
        ("(v = new Vars(), v.addRequestHeader('X-A', '1'), v.contentType = 'text/plain', v.q = 1, v)", "q=1"),
        ("new Vars().addRequestHeader('X-A', '2')", "undefined"),
    ]);
    let posted = request(&mut driver, "v.sendAndLoad('http://a', v)");
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        posted.headers,
        [header("X-A", "1"), header("Content-Type", "text/plain")]
    );
    assert_eq!(end(&mut driver, 1, Ok((200, b"a=1"))).0, ["vars true1"]);
}

#[test]
fn an_answer_does_not_change_what_the_object_is() {
    let mut driver = evaluator(LOADER);
    driver.check(&[("v.load('http://a')", "true")]);
    let body = "__proto__=1&onLoad=2&toString=3&contentType=4&loaded=5&__resolve=6&hasOwnProperty=7&constructor=8&ok=9";
    assert_eq!(
        end(&mut driver, 1, Ok((200, body.as_bytes()))).0,
        ["status 200", "load,true,true,ok=9"]
    );
    driver.check(&[(
        "v instanceof LoadVars && v.contentType",
        "application/x-www-form-urlencoded",
    )]);
}

#[test]
fn headers_that_are_not_the_scripts_are_refused() {
    let mut driver = evaluator(LOADER);
    for header in [
        "'Host', 'a'",
        "'content-length', 5",
        "'A b', 'c'",
        "'A', 'b\\r\\nC: d'",
        "'', ''",
        "'A', '€'",
    ] {
        let effects = driver.call(
            1,
            "evaluate",
            &[format!("v.addRequestHeader({header})").as_str().into()],
        );
        assert!(
            problems(&effects)[0].contains("is not sent"),
            "{header}: {effects:?}"
        );
    }
    driver.check(&[
        (
            "v.addRequestHeader(['X-A', 'b', 'X-C', 'd', 'X-E'])",
            "undefined",
        ),
        ("v.contentType = 'a\\r\\nb: c'", "a\r\nb: c"),
    ]);
    let effects = driver.call(1, "evaluate", &["v.send('http://a')".into()]);
    let sent = effects.iter().find_map(|effect| match effect {
        ScriptEffect::Http { what, .. } => Some(what.headers.clone()),
        _ => None,
    });
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(sent, Some(vec![header("X-A", "b"), header("X-C", "d")]));
    assert!(problems(&effects)[0].contains("Content-Type"));
}

#[test]
fn addresses_are_of_http() {
    let mut driver = evaluator(LOADER);
    for address in [
        "",
        "a.xml",
        "/a",
        "ftp://a/b",
        "file:///x",
        "http://",
        "http:///x",
        "http://a\\r\\nb",
        "http://a b",
    ] {
        let effects = driver.call(
            1,
            "evaluate",
            &[format!("v.load('{address}')").as_str().into()],
        );
        assert!(
            problems(&effects)[0].contains("is not one of HTTP"),
            "{address}: {effects:?}"
        );
        assert_eq!(effects.len(), 2, "{effects:?}");
    }
}

#[test]
fn what_is_sent_is_bounded() {
    let config = ScriptConfig {
        queued_bytes: 1_000,
        ..ScriptConfig::default()
    };
    let (mut driver, _) = Driver::limited(LOADER, config);
    driver.connect(1, &[]);
    let effects = driver.call(
        1,
        "evaluate",
        &["v.a = Array(1001).join('a'); v.send('http://a')".into()],
    );
    assert!(
        problems(&effects)[0].contains("queued_bytes"),
        "{effects:?}"
    );
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, ScriptEffect::Http { .. }))
    );
    driver.check(&[("(v.a = 1, v.send('http://a'))", "true")]);
}

#[test]
fn what_the_host_searches_leaves_the_scripts_own_search() {
    let mut driver = evaluator(LOADER);
    for call in [
        "new NetConnection().connect('rtmp://a/b')",
        "v.load('http://a/b')",
        "v.addRequestHeader('A', 'b')",
        "new XML('&#65;')",
    ] {
        let found = format!("(/(b)/.exec('abc'), {call}, RegExp.$1 + RegExp.lastMatch)");
        driver.check(&[(&found, "bb")]);
    }
}

#[test]
fn requests_are_bounded() {
    let config = ScriptConfig {
        pending_requests: 2,
        request_headers: 1,
        loaded_variables: 2,
        ..ScriptConfig::default()
    };
    let (mut driver, _) = Driver::limited(LOADER, config);
    driver.connect(1, &[]);
    let load = "v.load('http://a')";
    driver.check(&[(load, "true"), (load, "true"), (load, "false")]);
    let effects = driver.call(1, "evaluate", &[load.into()]);
    assert!(
        problems(&effects)[0].contains("pending_requests"),
        "{effects:?}"
    );
    end(&mut driver, 1, Err("gone"));
    driver.check(&[(load, "true"), (load, "false")]);
    let headers = "v.addRequestHeader('A', 1); v.addRequestHeader('B', 1)";
    let effects = driver.call(1, "evaluate", &[headers.into()]);
    assert!(
        problems(&effects)[0].contains("request_headers"),
        "{effects:?}"
    );
    driver.check(&[("(v.decode('a=1&b=2'), v)", "a=1&b=2")]);
    let effects = driver.call(1, "evaluate", &["v.decode('c=1&&d&e=2&f=3')".into()]);
    assert!(
        problems(&effects)[0].contains("loaded_variables"),
        "{effects:?}"
    );
    driver.check(&[("v", "a=1&b=2&c=1&e=2")]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_encoded_is_decoded(pairs in proptest::collection::btree_map("[a-z][a-z0-9 .é&=+%]{0,6}x", "\\PC{0,8}", 0..5)) {
        let mut driver = evaluator("");
        driver.eval("a = new LoadVars(); b = new LoadVars(); 0");
        for (name, value) in &pairs {
            let units = |text: &str| text.encode_utf16().map(|unit| unit.to_string()).collect::<Vec<_>>().join(",");
            driver.eval(&format!(
                "a[String.fromCharCode({})] = String.fromCharCode({}); 0",
                units(name), units(value)
            ));
        }
        let same = driver.eval("b.decode(a.toString()); b.toString() === a.toString() && uneval(a) === uneval(b)");
        prop_assert_eq!(same, Value::from(true));
    }
}
