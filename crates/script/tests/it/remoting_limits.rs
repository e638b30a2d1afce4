//! What calls over HTTP may cost, and answers that are none.

use amf::Value;
use proptest::prelude::*;
use script::ScriptConfig;

use crate::driver::{Driver, evaluator, problems, traces};
use crate::remoting::{
    PRELUDE, answer, answers, header, packet, request, requests, respond, response, run,
};

#[test]
fn headers_are_limited() {
    let mut driver = evaluator(PRELUDE);
    let fill = "for (var i = 0; i < 64; i++) nc.addHeader('h' + i, false, i);
        try { nc.addHeader('more', false, 1); } catch (e) { trace(e); }
        nc.addHeader('h0', false, 'again');
        try { nc.addHeader('h1', false, new Array(1 << 20).join('x')); } catch (e) { trace(e); }";
    let effects = run(&mut driver, fill);
    let lines = traces(&effects);
    assert!(lines[0].contains("limit packet_headers"), "{lines:?}");
    assert!(lines[1].contains("limit remoting_bytes"), "{lines:?}");
}

#[test]
fn failures_have_the_codes_of_the_players() {
    let good = response(Vec::new(), vec![answer("/1/onResult", 1)]);
    let unanswered = "NetConnection.Call.Failed: The gateway did not answer the call.";
    let cases: [(u16, Vec<u8>, &str); 6] = [
        (
            404,
            good.clone(),
            "NetConnection.Call.Failed: HTTP: Status 404",
        ),
        (
            200,
            b"<html>Warning".to_vec(),
            "NetConnection.Call.BadVersion: ",
        ),
        (200, Vec::new(), "NetConnection.Call.BadVersion: "),
        (
            200,
            good[..good.len() - 1].to_vec(),
            "NetConnection.Call.BadVersion: ",
        ),
        (200, vec![0, 0, 0, 0, 0, 0], unanswered),
        (
            200,
            vec![0; (4 << 20) + 1],
            "NetConnection.Call.Failed: HTTP: Failed (a response of more than 4194304 bytes \
             (limit response_bytes))",
        ),
    ];
    for (status, body, expected) in cases {
        let mut driver = evaluator(PRELUDE);
        let (id, _) = request(&run(&mut driver, "nc.call('a', responder('a'))"));
        let effects = respond(&mut driver, id, status, body);
        let lines = traces(&effects);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].starts_with(&format!("a {expected}")), "{lines:?}");
        assert_eq!(problems(&effects), [] as [String; 0]);
        // The connection is there all the same.
        assert_eq!(driver.eval("nc.isConnected"), true.into());
    }
}

#[test]
fn every_truncated_answer_is_refused_and_none_is_fatal() {
    let messages = vec![answer(
        "/1/onResult",
        Value::object([("a", Value::from("b"))]),
    )];
    let whole = response(vec![header("h", false, 1)], messages);
    let mut driver = evaluator(PRELUDE);
    for length in 0..whole.len() {
        let (id, _) = request(&run(
            &mut driver,
            "nc.connect(nc.uri); nc.call('a', responder('a'))",
        ));
        driver.pass(1);
        let effects = respond(&mut driver, id, 200, whole[..length].to_vec());
        let lines = traces(&effects);
        assert_eq!(lines.len(), 1, "{length}: {lines:?}");
        assert!(
            lines[0].starts_with("a NetConnection.Call.BadVersion"),
            "{lines:?}"
        );
    }
}

#[test]
fn more_calls_than_a_packet_holds_are_several_packets() {
    let mut driver = evaluator(PRELUDE);
    let effects = run(
        &mut driver,
        "for (var i = 0; i < 600; i++) nc.call('m', null, i); 1",
    );
    let sizes: Vec<_> = requests(&effects)
        .iter()
        .map(|(_, r)| packet(r).messages.len())
        .collect();
    assert_eq!(sizes, [256, 256, 88]);
    let text =
        "big = new Array(600001).join('x'); nc.call('m', null, big); nc.call('m', null, big)";
    assert_eq!(requests(&run(&mut driver, text)).len(), 2);
    let text = "try { nc.call('m', null, big + big); } catch (e) { trace(e); }";
    let effects = run(&mut driver, text);
    assert_eq!(requests(&effects), []);
    assert!(
        traces(&effects)[0].contains("limit remoting_bytes"),
        "{effects:?}"
    );
}

/// A script whose limits are small.
fn limited(config: ScriptConfig) -> Driver {
    let eval = "Client.prototype.evaluate = function (text) { return (0, eval)(text); };";
    let (mut driver, _) = Driver::limited(&format!("{PRELUDE}{eval}"), config);
    driver.connect(1, &[]);
    driver
}

#[test]
fn requests_are_limited() {
    let mut driver = limited(ScriptConfig {
        pending_requests: 2,
        ..ScriptConfig::default()
    });
    let text = "other = new NetConnection(); other.connect(nc.uri);
        third = new NetConnection(); third.connect(nc.uri);
        [nc.call('a', null), other.call('b', null), third.call('c', null), nc.call('d', null)].join()";
    let effects = run(&mut driver, text);
    let asked = requests(&effects);
    assert_eq!(asked.len(), 2);
    let result = crate::driver::returned(1, "true,true,false,true");
    assert!(effects.contains(&result), "{effects:?}");
    assert!(
        problems(&effects)[0].contains("limit pending_requests"),
        "{effects:?}"
    );
    assert_eq!(driver.result(1, "evaluate", &["0".into()]), 0.into());
    // A response makes room.
    answers(&mut driver, asked[0].0, Vec::new());
    assert_eq!(
        requests(&run(&mut driver, "third.call('c', null)")).len(),
        1
    );
}

#[test]
fn what_does_not_fit_waits_for_room() {
    let mut driver = limited(ScriptConfig {
        pending_requests: 1,
        ..ScriptConfig::default()
    });
    let (id, asked) = request(&run(
        &mut driver,
        "for (var i = 0; i < 300; i++) nc.call('m', null)",
    ));
    assert_eq!(packet(&asked).messages.len(), 256);
    let (_, asked) = request(&answers(&mut driver, id, Vec::new()));
    assert_eq!(packet(&asked).messages.len(), 44);
}

#[test]
fn calls_without_an_answer_are_limited() {
    let mut driver = limited(ScriptConfig {
        pending_calls: 3,
        ..ScriptConfig::default()
    });
    let text = "var n = 0; while (n < 9 && nc.call('m', null)) n++; n";
    let effects = run(&mut driver, text);
    assert_eq!(packet(&request(&effects).1).messages.len(), 3);
    assert!(
        problems(&effects)[0].contains("limit pending_calls"),
        "{effects:?}"
    );
}

#[test]
fn an_answer_that_needs_all_memory_fails_and_the_script_lives() {
    let mut driver = limited(ScriptConfig {
        memory_bytes: 4 << 20,
        ..ScriptConfig::default()
    });
    let (id, _) = request(&run(&mut driver, "nc.call('a', responder('a'))"));
    let huge = Value::array((0..60_000).map(|_| Value::array([])));
    let effects = answers(&mut driver, id, vec![answer("/1/onResult", huge)]);
    let lines = traces(&effects);
    assert!(lines[0].contains("limit memory_bytes"), "{effects:?}");
    assert_eq!(driver.eval("1 + 1"), 2.into());
}

#[test]
fn a_nested_answer_is_refused_by_its_limit() {
    let mut nested = vec![0, 0, 0, 0, 0, 1, 0, 11];
    nested.extend(b"/1/onResult");
    nested.extend([0, 0, 255, 255, 255, 255]);
    nested.extend([0x0a, 0, 0, 0, 1].repeat(200_000));
    let mut driver = evaluator(PRELUDE);
    let (id, _) = request(&run(&mut driver, "nc.call('a', responder('a'))"));
    let effects = respond(&mut driver, id, 200, nested);
    assert!(
        traces(&effects)[0].starts_with("a NetConnection.Call.BadVersion"),
        "{effects:?}"
    );
}

/// Values that a script can hold and send as they are.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Undefined),
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>()
            .prop_filter("one NaN is like another", |n| !n.is_nan())
            .prop_map(Value::from),
        "\\PC{0,12}".prop_map(|text| Value::from(text.as_str())),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        let names = "[a-z][a-zA-Z0-9_]{0,6}";
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::array),
            prop::collection::btree_map(names, inner, 0..6).prop_map(Value::object),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_an_answer_brings_the_next_call_can_send(
        values in prop::collection::vec(values(), 1..5),
        amf3 in any::<bool>(),
    ) {
        let mut driver = evaluator(PRELUDE);
        let text = format!(
            "nc.objectEncoding = {}; nc.connect(nc.uri);
            echo = {{onResult: function (value) {{ nc.call('echo', null, value); }}}};
            for (var i = 0; i < {}; i++) nc.call('m', echo)",
            if amf3 { 3 } else { 0 }, values.len(),
        );
        let (id, _) = request(&run(&mut driver, &text));
        let messages = (values.iter().zip(1..))
            .map(|(value, number)| answer(&format!("/{number}/onResult"), value.clone()));
        let effects = answers(&mut driver, id, messages.collect());
        let sent = packet(&request(&effects).1);
        let returned: Vec<_> = (sent.messages.iter())
            .map(|call| call.value.as_array().map(|args| args[0].plain().clone()))
            .collect();
        let expected: Vec<_> = values.into_iter().map(Some).collect();
        prop_assert_eq!(returned, expected);
    }

    #[test]
    fn no_response_breaks_the_script(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut driver = evaluator(PRELUDE);
        let (id, _) = request(&run(&mut driver, "nc.call('a', responder('a'))"));
        respond(&mut driver, id, 200, body);
        prop_assert_eq!(driver.eval("1 + 1"), 2.into());
    }
}
