//! `load("webservices/WebServices.asc")`: services that a WSDL describes.

use engine::scripting::{HttpRequest, HttpResponse, RequestId, ScriptEffect, ScriptInput};
use script::ScriptConfig;

use crate::driver::{Driver, evaluator, problems, traces};

pub(crate) const PRELUDE: &str = "
    load('webservices/WebServices.asc');
    function open() {
        ws = new WebService('http://soap.example.com/s?wsdl');
        ws.onLoad = function (wsdl) { trace('loaded ' + wsdl.lastChild.localName + (this == ws)); };
        ws.onFault = function (fault) { trace('no service ' + fault.faultcode); };
    }
    function heard(call) {
        call.onResult = function (value) { trace(uneval(value)); };
        call.onFault = function (fault) {
            trace([fault.faultcode, fault.faultstring, fault.faultactor, fault.detail].join('|'));
        };
        return last = call;
    }
    open();
";

/// A WSDL of a service with methods `m` and `n`: its schema, the parts of what they take and give,
/// and how they are written.
pub(crate) fn wsdl(schema: &str, input: &str, output: &str, style: &str, body: &str) -> String {
    let operation = |name: &str| {
        format!(
            "<operation name='{name}'><soap:operation soapAction='urn:t#{name}'/>\
             <input><soap:body {body}/></input><output><soap:body {body}/></output></operation>"
        )
    };
    let port_type = |name: &str| {
        format!(
            "<operation name='{name}'><input message='t:In'/><output message='t:Out'/></operation>"
        )
    };
    format!(
        "<?xml version='1.0'?>\n<definitions xmlns='http://schemas.xmlsoap.org/wsdl/' xmlns:t='urn:t' \
         xmlns:soap='http://schemas.xmlsoap.org/wsdl/soap/' targetNamespace='urn:t' \
         xmlns:enc='http://schemas.xmlsoap.org/soap/encoding/' \
         xmlns:wsdl='http://schemas.xmlsoap.org/wsdl/' \
         xmlns:xsd='http://www.w3.org/2001/XMLSchema'>\n <types><xsd:schema targetNamespace='urn:t' \
         elementFormDefault='qualified'>{schema}</xsd:schema></types>\
         <message name='In'>{input}</message><message name='Out'>{output}</message>\
         <portType name='P'>{}{}</portType>\
         <binding name='B' type='t:P'><soap:binding style='{style}' \
         transport='http://schemas.xmlsoap.org/soap/http'/>{}{}</binding>\
         <service name='S'><port name='Q' binding='t:B'>\
         <soap:address location='http://soap.example.com/s'/></port></service></definitions>",
        port_type("m"),
        port_type("n"),
        operation("m"),
        operation("n"),
    )
}

/// One of remote procedures, with values that say their types.
pub(crate) fn rpc(schema: &str, input: &str, output: &str) -> String {
    let body = "use='encoded' namespace='urn:m' \
                encodingStyle='http://schemas.xmlsoap.org/soap/encoding/'";
    wsdl(schema, input, output, "rpc", body)
}

/// One of documents. The element `m` holds what is taken, the element `mResponse` what is given.
pub(crate) fn document(types: &str, input: &str, output: &str) -> String {
    let element = |name: &str, inside: &str| {
        format!(
            "<xsd:element name='{name}'><xsd:complexType><xsd:sequence>{inside}</xsd:sequence>\
             </xsd:complexType></xsd:element>"
        )
    };
    wsdl(
        &format!(
            "{}{}{types}",
            element("m", input),
            element("mResponse", output)
        ),
        "<part name='parameters' element='t:m'/>",
        "<part name='parameters' element='t:mResponse'/>",
        "document",
        "use='literal'",
    )
}

/// An envelope with this inside its body.
pub(crate) fn envelope(body: &str) -> String {
    format!(
        "<?xml version='1.0'?><s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/' \
         xmlns:xsd='http://www.w3.org/2001/XMLSchema' xmlns:t='urn:t' \
         xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' \
         xmlns:enc='http://schemas.xmlsoap.org/soap/encoding/'>\n<s:Body>{body}</s:Body></s:Envelope>"
    )
}

pub(crate) fn answer(
    driver: &mut Driver,
    request: u64,
    status: u16,
    body: &str,
) -> Vec<ScriptEffect> {
    driver.input(ScriptInput::Response {
        request: RequestId(request),
        outcome: Ok(HttpResponse {
            status,
            body: body.as_bytes().to_vec(),
        }),
    })
}

/// A script whose service has come.
pub(crate) fn with_service(wsdl: &str) -> Driver {
    let mut driver = evaluator(PRELUDE);
    let effects = answer(&mut driver, 1, 200, wsdl);
    assert_eq!(traces(&effects), ["loaded definitionstrue"], "{effects:?}");
    driver
}

/// The requests among effects.
pub(crate) fn requests(effects: &[ScriptEffect]) -> Vec<(u64, HttpRequest)> {
    let found = effects.iter().filter_map(|effect| match effect {
        ScriptEffect::Http { request, what } => Some((request.0, (**what).clone())),
        _ => None,
    });
    found.collect()
}

pub(crate) fn evaluate(driver: &mut Driver, text: &str) -> Vec<ScriptEffect> {
    driver.call(1, "evaluate", &[format!("{text}; 0").as_str().into()])
}

/// Makes a call: its request, and what its body has inside.
pub(crate) fn call(driver: &mut Driver, text: &str) -> (u64, String) {
    let effects = evaluate(driver, &format!("heard({text})"));
    let [(id, asked)] = &requests(&effects)[..] else {
        panic!("{text}: {effects:?}");
    };
    let body = String::from_utf8(asked.body.clone()).expect("UTF-8");
    let inside = body
        .split_once("<SOAP-ENV:Body>")
        .and_then(|(_, rest)| rest.strip_suffix("</SOAP-ENV:Body></SOAP-ENV:Envelope>"));
    (*id, inside.expect("a body").to_owned())
}

/// What the script says to a result that is answered.
fn result(driver: &mut Driver, body: &str) -> String {
    let (id, _) = call(driver, "ws.m()");
    let effects = answer(driver, id, 200, &envelope(body));
    assert_eq!(problems(&effects), [] as [String; 0], "{body}");
    let [said] = &traces(&effects)[..] else {
        panic!("{body}: {effects:?}");
    };
    (*said).to_owned()
}

fn rpc_result(driver: &mut Driver, value: &str) -> String {
    result(
        driver,
        &format!("<q:mResponse xmlns:q='urn:m'>{value}</q:mResponse>"),
    )
}

#[test]
fn a_service_is_loaded_and_called() {
    let (main, config) = (PRELUDE, ScriptConfig::default());
    let (_, effects) = Driver::limited(main, config);
    let [(1, asked)] = &requests(&effects)[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(
        (&*asked.method, &*asked.url),
        ("GET", "http://soap.example.com/s?wsdl")
    );
    let input = "<part name='a' type='xsd:int'/><part name='b' type='xsd:string'/>";
    let mut driver = with_service(&rpc("", input, "<part name='r' type='xsd:int'/>"));
    let effects = evaluate(&mut driver, "heard(ws.m(5, '<&>'))");
    let (id, asked) = requests(&effects).remove(0);
    assert_eq!(
        (&*asked.method, &*asked.url),
        ("POST", "http://soap.example.com/s")
    );
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        asked.headers,
        [
            header("Content-Type", "text/xml; charset=utf-8"),
            header("SOAPAction", "\"urn:t#m\"")
        ]
    );
    let body = String::from_utf8(asked.body).expect("UTF-8");
    let wanted = "<SOAP-ENV:Body><m:m xmlns:m=\"urn:m\" \
        SOAP-ENV:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\">\
        <a xsi:type=\"xsd:int\">5</a><b xsi:type=\"xsd:string\">&lt;&amp;&gt;</b></m:m></SOAP-ENV:Body>";
    assert!(body.contains(wanted), "{body}");
    let value = envelope("<q:mResponse xmlns:q='urn:m'><r>7</r></q:mResponse>");
    assert_eq!(traces(&answer(&mut driver, id, 200, &value)), ["7"]);
    driver.check(&[
        ("last.request.firstChild.localName", "Envelope"),
        (
            "last.response.firstChild.lastChild.firstChild.localName",
            "mResponse",
        ),
        (
            "last instanceof SOAPCall && ws instanceof WebService",
            "true",
        ),
        ("ws.m === ws.m && ws.onResult !== ws.m", "true"),
    ]);
}

#[test]
fn calls_wait_for_the_wsdl() {
    let mut driver = evaluator(PRELUDE);
    let effects = evaluate(&mut driver, "heard(ws.m('first')); heard(ws.n('second'))");
    assert_eq!(requests(&effects), []);
    let part = "<part name='a' type='xsd:string'/>";
    let effects = answer(&mut driver, 1, 200, &rpc("", part, part));
    let sent: Vec<_> = requests(&effects)
        .iter()
        .map(|(_, asked)| String::from_utf8_lossy(&asked.body).into_owned())
        .collect();
    assert!(
        sent[0].contains(">first<") && sent[0].contains("<m:m "),
        "{sent:?}"
    );
    assert!(
        sent[1].contains(">second<") && sent[1].contains("<m:n "),
        "{sent:?}"
    );
}

#[test]
fn results_have_the_types_that_they_say() {
    let mut driver = with_service(&rpc("", "", "<part name='r' type='xsd:anyType'/>"));
    for (value, wanted) in [
        ("<r xsi:type='xsd:double'> -1.5e3 </r>", "-1500"),
        ("<r xsi:type='enc:int'>4</r>", "4"),
        ("<r xsi:type='xsd:float'>-INF</r>", "-Infinity"),
        ("<r xsi:type='xsd:boolean'>1</r>", "true"),
        ("<r xsi:type='xsd:boolean'>false</r>", "false"),
        (
            "<r xsi:type='xsd:string'> a &amp;<![CDATA[ <b>]]></r>",
            "\" a & <b>\"",
        ),
        ("<r xsi:type='xsd:string'> </r>", "\" \""),
        (
            "<r xsi:type='xsd:dateTime'>2004-05-06T07:08:09.25+02:00</r>",
            "(new Date(1083820089250))",
        ),
        (
            "<r xsi:type='xsd:date'>1970-01-02</r>",
            "(new Date(86400000))",
        ),
        ("<r xsi:type='xsd:dateTime'>tomorrow</r>", "(new Date(NaN))"),
        ("<r xsi:nil='true'/>", "null"),
        ("<r>plain</r>", "\"plain\""),
        (
            "<r><a>1</a><b><c xsi:type='xsd:int'>2</c></b><a>3</a></r>",
            "({a:[\"1\", \"3\"], b:{c:2}})",
        ),
        (
            "<r enc:arrayType='xsd:int[2]'><i>1</i><i>2</i></r>",
            "[1, 2]",
        ),
        (
            "<r xsi:type='enc:Array' enc:arrayType='xsd:int[][2]'><i enc:arrayType='xsd:int[1]'><j>1</j></i><i/></r>",
            "[[1], \"\"]",
        ),
        (
            "<r xsi:type='t:Unknown'><__proto__>1</__proto__><x>2</x></r>",
            "({x:\"2\"})",
        ),
        ("", "(void 0)"),
    ] {
        assert_eq!(rpc_result(&mut driver, value), wanted, "{value}");
    }
}

#[test]
fn results_have_the_types_of_the_schema() {
    let types = "<xsd:complexType name='Base'><xsd:sequence><xsd:element name='id' type='xsd:int'/></xsd:sequence></xsd:complexType>\
        <xsd:complexType name='Person'><xsd:complexContent><xsd:extension base='t:Base'><xsd:sequence>\
        <xsd:element name='born' type='xsd:date' minOccurs='0'/><xsd:element name='kind' type='t:Kind'/>\
        <xsd:element name='child' type='t:Person' minOccurs='0' maxOccurs='unbounded'/>\
        <xsd:element name='tags' type='t:ArrayOfInt'/></xsd:sequence></xsd:extension></xsd:complexContent></xsd:complexType>\
        <xsd:simpleType name='Kind'><xsd:restriction base='xsd:boolean'/></xsd:simpleType>\
        <xsd:complexType name='ArrayOfInt'><xsd:sequence><xsd:element name='int' type='xsd:int' maxOccurs='unbounded'/></xsd:sequence></xsd:complexType>";
    let given = "<xsd:element name='mResult' type='t:Person'/>";
    let mut driver = with_service(&document(types, "", given));
    let said = result(
        &mut driver,
        "<mResponse xmlns='urn:t'><mResult><id>3</id><born>1970-01-01</born><kind>true</kind>\
         <child><id>4</id></child><tags><int>5</int></tags><more>x</more></mResult></mResponse>",
    );
    assert_eq!(
        said,
        "({id:3, born:(new Date(0)), kind:true, child:[{id:4}], tags:[5], more:\"x\"})"
    );
    let given = "<xsd:element name='r' type='xsd:int' maxOccurs='unbounded'/>";
    let mut driver = with_service(&document("", "", given));
    for (inside, wanted) in [
        ("", "[]"),
        ("<r>1</r>", "[1]"),
        ("<r>1</r><r>2</r>", "[1, 2]"),
    ] {
        let said = result(
            &mut driver,
            &format!("<mResponse xmlns='urn:t'>{inside}</mResponse>"),
        );
        assert_eq!(said, wanted);
    }
}

#[test]
fn arguments_are_written_as_the_schema_says() {
    let types = "<xsd:complexType name='Point'><xsd:sequence><xsd:element name='x' type='xsd:double'/>\
        <xsd:element name='y' type='xsd:double' minOccurs='0'/></xsd:sequence></xsd:complexType>\
        <xsd:complexType name='Points'><xsd:sequence><xsd:element name='p' type='t:Point' maxOccurs='9'/></xsd:sequence></xsd:complexType>";
    let taken = "<xsd:element name='at' type='xsd:date'/><xsd:element name='ok' type='xsd:boolean'/>\
        <xsd:element name='ps' type='t:Points'/><xsd:element form='unqualified' name='any'/>";
    let mut driver = with_service(&document(types, taken, ""));
    let (_, body) = call(
        &mut driver,
        "ws.m(new Date(0), 1, [{x: 1, y: 1 / 0}, {x: 2}], {a: [true], 'b c': 1, f: trace, g: null})",
    );
    assert_eq!(
        body,
        "<m xmlns=\"urn:t\"><at>1970-01-01</at><ok>true</ok>\
         <ps><p><x>1</x><y>INF</y></p><p><x>2</x></p></ps>\
         <any xmlns=\"\"><a><item xsi:type=\"xsd:boolean\">true</item></a><g xsi:nil=\"true\" /></any></m>"
    );
    let (_, body) = call(&mut driver, "ws.m()");
    assert!(
        body.starts_with("<m xmlns=\"urn:t\"><at xsi:nil=\"true\" />"),
        "{body}"
    );
}

#[test]
fn arguments_of_procedures_say_their_types() {
    let types = "<xsd:complexType name='Point'><xsd:all><xsd:element name='x' type='xsd:int'/></xsd:all></xsd:complexType>\
        <xsd:complexType name='Ints'><xsd:complexContent><xsd:restriction base='enc:Array'>\
        <xsd:attribute ref='enc:arrayType' wsdl:arrayType='xsd:int[]'/></xsd:restriction></xsd:complexContent></xsd:complexType>";
    let input = "<part name='p' type='t:Point'/><part name='l' type='t:Ints'/>";
    let output = "<part name='r' type='t:Ints'/>";
    let mut driver = with_service(&rpc(types, input, output));
    let (_, body) = call(&mut driver, "ws.m({x: 1}, [2, 3])");
    assert!(
        body.ends_with(
            "<p xmlns:t=\"urn:t\" xsi:type=\"t:Point\"><x xsi:type=\"xsd:int\">1</x></p>\
             <l xsi:type=\"SOAP-ENC:Array\" SOAP-ENC:arrayType=\"xsd:int[2]\">\
             <item xsi:type=\"xsd:int\">2</item><item xsi:type=\"xsd:int\">3</item></l></m:m>"
        ),
        "{body}"
    );
    assert_eq!(rpc_result(&mut driver, "<r><i>2</i><i>3</i></r>"), "[2, 3]");
    let literal = wsdl(
        types,
        input,
        output,
        "rpc",
        "use='literal' namespace='urn:m'",
    );
    let mut driver = with_service(&literal);
    let (_, body) = call(&mut driver, "ws.m({x: 1})");
    assert!(
        body.contains("<m:m xmlns:m=\"urn:m\"><p><x xmlns=\"urn:t\">1</x></p>"),
        "{body}"
    );
}

#[test]
fn a_log_is_told() {
    let mut driver = evaluator(
        "load('webservices/WebServices.asc'); log = new Log('DEBUG', 'soap');
        log.onLog = function (text) { trace(text.substr(text.indexOf('soap')).substr(0, 40)); };",
    );
    let effects = evaluate(&mut driver, "ws = new WebService('http://h/w', log)");
    assert_eq!(traces(&effects), ["soap: The WSDL http://h/w is asked for"]);
    answer(&mut driver, 1, 200, &rpc("", "", ""));
    let effects = evaluate(&mut driver, "ws.m()");
    assert_eq!(traces(&effects).len(), 1, "{effects:?}");
}
