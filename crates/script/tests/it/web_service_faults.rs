//! `WebService`: faults, answers that do not come, and documents that mean harm.

use std::fmt::Write as _;

use engine::scripting::{RequestId, ScriptInput};
use proptest::prelude::*;
use script::ScriptConfig;

use crate::driver::{Driver, evaluator, failed, problems, traces};
use crate::web_service::{
    PRELUDE, answer, call, document, envelope, evaluate, requests, rpc, with_service, wsdl,
};

/// What the script says to an answer to a call.
fn said(driver: &mut Driver, status: u16, text: &str) -> String {
    let (id, _) = call(driver, "ws.m()");
    let effects = answer(driver, id, status, text);
    traces(&effects).join(" and ")
}

/// A script with limits, whose service has not come.
fn limited(config: ScriptConfig) -> Driver {
    let evaluate = "Client.prototype.evaluate = function (text) { return (0, eval)(text); };";
    let (mut driver, _) = Driver::limited(&format!("{PRELUDE} {evaluate}"), config);
    driver.connect(1, &[]);
    driver
}

/// Little XML, and as much time as it takes.
fn little_xml() -> ScriptConfig {
    ScriptConfig {
        xml_length: 30_000,
        xml_nodes: 1_000,
        handler_ms: 0,
        ..ScriptConfig::default()
    }
}

#[test]
fn faults_go_to_their_call() {
    let mut driver = with_service(&rpc("", "", ""));
    let fault = envelope(
        "<s:Fault><faultcode>s:Server</faultcode><faultstring>no &amp; no</faultstring>\
         <faultactor>urn:me</faultactor><detail><why>x</why></detail></s:Fault>",
    );
    for status in [500, 200] {
        assert_eq!(
            said(&mut driver, status, &fault),
            "s:Server|no & no|urn:me|<detail><why>x</why></detail>"
        );
    }
    let effects = evaluate(&mut driver, "silent = ws.m()");
    let id = requests(&effects)[0].0;
    let effects = answer(&mut driver, id, 500, &fault);
    assert!(
        problems(&effects)[0].contains("s:Server: no & no"),
        "{effects:?}"
    );
    driver.check(&[("silent.response.firstChild.localName", "Envelope")]);
    driver.check(&[("new SOAPFault('a', 'b', 'c', 'd').faultactor", "d")]);
}

#[test]
fn answers_that_are_none_are_faults() {
    let mut driver = with_service(&rpc("", "", "<part name='r' type='xsd:int'/>"));
    let header = "<s:Header><h s:mustUnderstand='1'/></s:Header><s:Body>";
    let strict = envelope("<r/>").replace("<s:Body>", header);
    let other = envelope("").replace("soap/envelope", "other");
    for (status, text, wanted) in [
        (404, "<html>", "Server.Connection|"),
        (503, &*envelope("<r/>"), "Server.Connection|"),
        (200, "", "Client.BadResponse|"),
        (200, "<a>", "Client.BadResponse|"),
        (200, "<Envelope/>", "VersionMismatch|"),
        (200, &other, "VersionMismatch|"),
        (200, &strict, "MustUnderstand|"),
        (
            200,
            &envelope("").replace("s:Body", "s:Soul"),
            "Client.BadResponse|",
        ),
    ] {
        let found = said(&mut driver, status, text);
        assert!(found.starts_with(wanted), "{text}: {found}");
    }
    let (id, _) = call(&mut driver, "ws.m()");
    let effects = driver.input(ScriptInput::Response {
        request: RequestId(id),
        outcome: Err("no route".to_owned()),
    });
    assert!(
        traces(&effects)[0].starts_with("Server.Connection|"),
        "{effects:?}"
    );
    assert_eq!(problems(&effects), ["A request failed: no route."]);
}

#[test]
fn a_service_that_does_not_come_is_a_fault_of_each_call() {
    let other_version = rpc("", "", "").replace("wsdl/soap/'", "wsdl/soap12/'");
    for (status, text, code) in [
        (404, "", "Server.Connection"),
        (200, "", "WSDL.Parse"),
        (200, "<definitions/>", "WSDL.Parse"),
        (200, "<html><p></html>", "WSDL.Parse"),
        (200, &*other_version, "Server.NoServicesInWSDL"),
        (
            200,
            &rpc("", "", "").replace("binding='t:B'", "binding='t:X'"),
            "WSDL.UnrecognizedBindingName",
        ),
        (
            200,
            &rpc("", "", "").replace("type='t:P'", ""),
            "WSDL.UnrecognizedPortTypeName",
        ),
    ] {
        let mut driver = evaluator(PRELUDE);
        evaluate(&mut driver, "heard(ws.m())");
        let effects = answer(&mut driver, 1, status, text);
        let told = traces(&effects);
        assert_eq!(told.len(), 2, "{effects:?}");
        assert_eq!(told[0], format!("no service {code}"));
        assert!(told[1].starts_with(code), "{told:?}");
        let effects = evaluate(&mut driver, "heard(ws.other(1))");
        assert!(traces(&effects)[0].starts_with(code), "{effects:?}");
    }
}

#[test]
fn what_cannot_be_sent_is_a_fault() {
    let point = "<xsd:complexType name='Point'><xsd:all><xsd:element name='x' type='xsd:int'/></xsd:all></xsd:complexType>";
    let taken = "<part name='p' type='t:Point'/><part name='d' type='xsd:date'/><part name='a'/>";
    let mut driver = with_service(&rpc(point, taken, ""));
    for (text, wanted) in [
        ("ws.nothing()", "Client.NoSuchMethod|"),
        ("ws.__proto(1)", "Client.NoSuchMethod|"),
        ("ws.m(5)", "Client.BadArgument|"),
        ("ws.m({x: []})", "Client.BadArgument|"),
        ("ws.m(null, new Date(NaN))", "Client.BadArgument|"),
        (
            "(a = [], a[0] = a, ws.m(null, null, a))",
            "Client.BadArgument|More than 64 levels",
        ),
    ] {
        let effects = evaluate(&mut driver, &format!("heard({text})"));
        assert_eq!(requests(&effects), []);
        assert!(
            traces(&effects)[0].starts_with(wanted),
            "{text}: {effects:?}"
        );
    }
    let broken = rpc("", "", "").replace("message='t:In'", "message='t:Gone'");
    let effects = evaluate(&mut with_service(&broken), "heard(ws.m())");
    assert!(
        traces(&effects)[0].starts_with("WSDL.UnrecognizedMessageName|"),
        "{effects:?}"
    );
    let thrown = driver.thrown("ws.m({get x() { throw new Error('mine') }})");
    assert_eq!(thrown, "Error: mine");
}

#[test]
fn addresses_and_the_number_of_requests_are_bounded() {
    let config = ScriptConfig {
        pending_requests: 2,
        ..ScriptConfig::default()
    };
    let mut driver = limited(config);
    let effects = evaluate(&mut driver, "for (i = 0; i < 3; i++) heard(ws.m())");
    assert!(
        traces(&effects)[0].contains("pending_requests"),
        "{effects:?}"
    );
    assert_eq!(traces(&effects).len(), 1);
    let effects = answer(&mut driver, 1, 200, &rpc("", "", ""));
    assert_eq!(requests(&effects).len(), 2);
    let effects = evaluate(&mut driver, "heard(ws.m())");
    assert!(
        traces(&effects)[0].starts_with("Server.Connection|"),
        "{effects:?}"
    );
    assert!(
        problems(&effects)[0].contains("pending_requests"),
        "{effects:?}"
    );
    let effects = evaluate(&mut driver, "open()");
    assert_eq!(traces(&effects), ["no service Server.Connection"]);
    let file = rpc("", "", "").replace(
        "location='http://soap.example.com/s'",
        "location='file:///s'",
    );
    let effects = evaluate(&mut with_service(&file), "heard(ws.m())");
    assert!(
        problems(&effects)[0].contains("is not one of HTTP"),
        "{effects:?}"
    );
}

#[test]
fn hostile_descriptions_meet_limits() {
    let deep = "<a>".repeat(5_000);
    let many = "<a/>".repeat(2_000);
    let long = " ".repeat(30_001);
    for text in [&*deep, &many, &long] {
        let mut driver = limited(little_xml());
        let effects = answer(&mut driver, 1, 200, &rpc(text, "", ""));
        assert_eq!(traces(&effects), ["no service WSDL.Parse"]);
        assert!(problems(&effects)[0].contains("(limit xml_"), "{effects:?}");
    }
    let deep = format!(
        "{}{}",
        "<xsd:sequence>".repeat(240),
        "</xsd:sequence>".repeat(240)
    );
    let mut driver = with_service(&document("", &deep, ""));
    assert_eq!(call(&mut driver, "ws.m()").1, "<m xmlns=\"urn:t\" />");
    let injected = rpc("", "<part name='a>&lt;b' type='xsd:int'/>", "");
    let effects = evaluate(&mut with_service(&injected), "heard(ws.m(1))");
    assert!(
        traces(&effects)[0].starts_with("WSDL.BadElement|"),
        "{effects:?}"
    );
    let split = rpc("", "", "").replace("urn:t#m", "a&#13;&#10;B: c");
    let effects = evaluate(&mut with_service(&split), "heard(ws.m())");
    assert_eq!(requests(&effects)[0].1.headers.len(), 1);
}

#[test]
fn requests_are_no_larger_than_what_is_parsed() {
    let mut driver = limited(little_xml());
    answer(&mut driver, 1, 200, &rpc("", "<part name='a'/>", ""));
    let effects = evaluate(&mut driver, "heard(ws.m(new Array(1e9)))");
    assert!(
        traces(&effects)[0].contains("(limit xml_nodes)"),
        "{effects:?}"
    );
    assert_eq!(
        call(&mut driver, "ws.m(new Array(100))")
            .1
            .matches("<item")
            .count(),
        100
    );
}

#[test]
fn types_that_lead_to_themselves_end() {
    let extension = |name: &str, base: &str| {
        format!(
            "<xsd:complexType name='{name}'><xsd:complexContent><xsd:extension base='t:{base}'/>\
             </xsd:complexContent></xsd:complexType>"
        )
    };
    let simple = |name: &str, base: &str| {
        format!("<xsd:simpleType name='{name}'><xsd:restriction base='t:{base}'/></xsd:simpleType>")
    };
    let inside = "<xsd:complexType name='A'><xsd:sequence><xsd:element name='a' type='t:A' maxOccurs='2'/></xsd:sequence></xsd:complexType>";
    let element = "<xsd:element name='e' type='t:A'/><xsd:complexType name='A'><xsd:sequence><xsd:element ref='t:e'/></xsd:sequence></xsd:complexType>";
    let part = "<part name='p' type='t:A'/>";
    for loops in [
        extension("A", "B") + &extension("B", "A"),
        extension("A", "A"),
        simple("A", "B") + &simple("B", "A"),
    ] {
        let effects = evaluate(
            &mut with_service(&rpc(&loops, part, part)),
            "heard(ws.m(1))",
        );
        assert!(
            traces(&effects)[0].starts_with("XMLSchema.BadType|"),
            "{effects:?}"
        );
    }
    for (types, argument) in [
        (inside, "(a = [], a[0] = a)"),
        (element, "(a = {}, a.e = a)"),
    ] {
        let mut driver = with_service(&rpc(types, part, part));
        let effects = evaluate(&mut driver, &format!("heard(ws.m({argument}))"));
        assert!(
            traces(&effects)[0].contains("argument_depth"),
            "{effects:?}"
        );
    }
    let message = wsdl(
        "",
        "<part name='p' element='t:m'/>",
        "",
        "document",
        "use='literal'",
    );
    assert_eq!(
        call(&mut with_service(&message), "ws.m('x')").1,
        "<m xmlns=\"urn:t\" xsi:type=\"xsd:string\">x</m>"
    );
}

#[test]
fn hostile_answers_meet_limits() {
    let mut driver = with_service(&rpc("", "", "<part name='r'/>"));
    let wrap = |inside: &str| envelope(&format!("<t:mResponse>{inside}</t:mResponse>"));
    let mut doubled = String::from("<r href='#i0'/>");
    for level in 0..60 {
        let next = level + 1;
        let _ = write!(
            doubled,
            "<x id='i{level}'><a href='#i{next}'/><b href='#i{next}'/></x>"
        );
    }
    doubled += "<x id='i60'>end</x>";
    let (id, _) = call(&mut driver, "ws.m()");
    let keep = "last.onResult = function (v) { for (n = 0; v.a; n++) v = v.a === v.b ? v.b : {}; trace(n + v); }";
    evaluate(&mut driver, keep);
    // The references are half the levels that a result may have.
    let effects = answer(
        &mut driver,
        id,
        200,
        &wrap(&doubled.replace("'#i31'", "'#i60'")),
    );
    assert_eq!(traces(&effects), ["31end"]);
    let deep = format!("<r>{}{}</r>", "<a>".repeat(100), "</a>".repeat(100));
    for (text, wanted) in [
        (&*doubled, "argument_depth"),
        (&deep, "argument_depth"),
        ("<r href='#a'/><x id='a' href='#a'/>", "argument_depth"),
        ("<r href='#none'/>", "#none"),
    ] {
        let found = said(&mut driver, 200, &wrap(text));
        assert!(
            found.starts_with("Client.BadResponse|") && found.contains(wanted),
            "{found}"
        );
    }
    let ring = wrap("<r href='#a'/><x id='a'><me href='#a'/></x>");
    let (id, _) = call(&mut driver, "ws.m()");
    evaluate(
        &mut driver,
        "last.onResult = function (v) { trace(v.me === v); }",
    );
    assert_eq!(traces(&answer(&mut driver, id, 200, &ring)), ["true"]);
    let entity = "<!DOCTYPE a [<!ENTITY b 'c'>]><s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><m><r>&b;</r></m></s:Body></s:Envelope>";
    assert_eq!(said(&mut driver, 200, entity), "\"&b;\"");
}

#[test]
fn a_handler_that_fails_does_not_keep_the_others() {
    let mut driver = evaluator(PRELUDE);
    evaluate(
        &mut driver,
        "ws.m({get x() { throw new Error('one') }}); heard(ws.nothing());
        ws.onLoad = function () { throw new Error('two'); }",
    );
    let point = "<xsd:complexType name='Point'><xsd:all><xsd:element name='x' type='xsd:int'/></xsd:all></xsd:complexType>";
    let effects = answer(
        &mut driver,
        1,
        200,
        &rpc(point, "<part name='p' type='t:Point'/>", ""),
    );
    let mut reported = problems(&effects);
    reported.sort();
    let two = "Error: two (line 2 of the evaluated text)";
    assert_eq!(reported, ["Error: one", two]);
    assert!(
        traces(&effects)[0].starts_with("Client.NoSuchMethod|"),
        "{effects:?}"
    );
}

#[test]
fn clients_do_not_reach_services() {
    let mut driver = with_service(&rpc("", "", ""));
    evaluate(
        &mut driver,
        "Client.prototype.ws = ws; Client.prototype.made = ws.m; Client.prototype.S = WebService;
        Client.prototype.last = ws.m()",
    );
    for method in ["ws/m", "ws/constructor", "made", "S", "last/constructor"] {
        let refused = failed(1, &format!("Method not found ({method})."));
        assert_eq!(driver.call(1, method, &[]), [refused]);
    }
    let without = "typeof WebService + typeof SOAPCall + typeof SOAPFault";
    assert_eq!(
        evaluator("").eval(without),
        "undefinedundefinedundefined".into()
    );
    assert!(
        driver
            .thrown("new SOAPCall()")
            .contains("made by the server")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_wsdl_breaks_the_script(at in 0usize..2_000, length in 0usize..60, with in "[<>&'\"/a-z:=# ]{0,8}") {
        let types = "<xsd:complexType name='A'><xsd:sequence><xsd:element name='a' type='t:A' minOccurs='0'/></xsd:sequence></xsd:complexType>";
        let part = "<part name='p' type='t:A'/>";
        let mut text = rpc(types, part, part);
        let start = at.min(text.len());
        let end = (start + length).min(text.len());
        text.replace_range(start..end, &with);
        let mut driver = evaluator(PRELUDE);
        evaluate(&mut driver, "heard(ws.m({a: {}}))");
        let effects = answer(&mut driver, 1, 200, &text);
        let asked = requests(&effects).len();
        let told = traces(&effects);
        let ended = told.iter().filter(|line| line.contains('|')).count();
        prop_assert_eq!(asked + ended, 1, "{:?}", effects);
        let errors: Vec<_> = problems(&effects).into_iter().filter(|text| text.contains("Error")).collect();
        prop_assert_eq!(errors, Vec::<String>::new());
    }
}
