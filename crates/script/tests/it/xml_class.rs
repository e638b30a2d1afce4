//! `XML` and `XMLNode`: what is parsed, what is printed, and how the tree is changed.

use amf::Value;
use engine::scripting::{HttpResponse, RequestId, ScriptEffect, ScriptInput};
use proptest::prelude::*;
use script::ScriptConfig;

use crate::driver::{Driver, evaluator, problems, traces};

#[test]
fn a_document_becomes_a_tree() {
    let text = r#"'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a x="1" y=\'&lt;2&gt;\'>t<b/> <!-- no --><![CDATA[<&>]]></a>'"#;
    let mut driver = evaluator("");
    driver.eval(&format!("x = new XML({text}); a = x.firstChild; 0"));
    driver.check(&[
        (
            "[x.status, x.loaded, x.nodeType, x.nodeName, x.nodeValue]",
            "0,,1,,",
        ),
        ("x.xmlDecl", "<?xml version=\"1.0\"?>"),
        ("x.docTypeDecl", "<!DOCTYPE a [<!ENTITY b \"c\">]>"),
        (
            "[a.nodeName, a.nodeType, a.nodeValue, a.parentNode == x]",
            "a,1,,true",
        ),
        ("[a.attributes.x, a.attributes.y, a.attributes.z]", "1,<2>,"),
        ("a.childNodes.length", "4"),
        (
            "[a.firstChild.nodeType, a.firstChild.nodeValue, a.firstChild.nodeName]",
            "3,t,",
        ),
        (
            "[a.lastChild.nodeValue, a.lastChild.hasChildNodes()]",
            "<&>,false",
        ),
        ("a.firstChild.nextSibling.nodeName", "b"),
        ("a.lastChild.previousSibling.nodeValue == ' '", "true"),
        (
            "a.childNodes === a.childNodes && a.childNodes[1] === a.firstChild.nextSibling",
            "true",
        ),
        ("[x.nextSibling, x.previousSibling, x.parentNode]", ",,"),
        (
            "x",
            "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b \"c\">]>\
             <a x=\"1\" y=\"&lt;2&gt;\">t<b /> &lt;&amp;&gt;</a>",
        ),
        ("(x.parseXML('<z/>'), x)", "<z />"),
        ("[a.parentNode, x.xmlDecl, x.docTypeDecl]", ",,"),
    ]);
}

#[test]
fn entities_are_the_five_and_numbers() {
    evaluator("").check(&[
        (
            "new XML('&amp;&lt;&gt;&quot;&apos;&#65;&#x42;&#x1F389;').firstChild.nodeValue",
            "&<>\"'AB🎉",
        ),
        (
            "new XML('&b; &; & &#0; &#x110000; &amp').firstChild.nodeValue",
            "&b; &; & &#0; &#x110000; &amp",
        ),
        (
            "new XML('<a/>').firstChild.attributes.toString",
            "undefined",
        ),
        (
            "new XMLNode(3, '<a b=\"c\">&\\'')",
            "&lt;a b=&quot;c&quot;&gt;&amp;&apos;",
        ),
    ]);
}

#[test]
fn errors_have_the_numbers_of_flash() {
    let mut driver = evaluator("");
    for (text, status, kept) in [
        ("<a><b/>", -9, "<a><b /></a>"),
        ("<a><b></a>", -9, "<a><b /></a>"),
        ("<a></b>", -10, "<a />"),
        ("</b>", -10, ""),
        ("<a/><![CDATA[x", -2, "<a />"),
        ("<a/><?xml", -3, "<a />"),
        ("<!DOCTYPE a [<!ENTITY x>", -4, ""),
        ("<a/><!-- ->", -5, "<a />"),
        ("<a b>", -6, "<a />"),
        ("<a b=c>", -6, "<a />"),
        ("<a", -6, "<a />"),
        ("< a>", -6, ""),
        ("<", -6, ""),
        ("<a/", -6, "<a />"),
        ("</a", -6, ""),
        ("<a b=\"c>", -8, "<a />"),
        ("<a b=\"1\" b=\"2\"/>text", 0, "<a b=\"1\" />text"),
        ("", 0, ""),
    ] {
        let found = driver.try_eval(&format!("x = new XML('{text}'); x.status + x.toString()"));
        assert_eq!(
            found,
            Value::from(format!("{status}{kept}").as_str()),
            "{text}"
        );
    }
}

#[test]
fn white_space_is_kept_unless_it_is_ignored() {
    evaluator("XML.prototype.ignoreWhite = false;").check(&[
        ("new XML(' <a> <b> c </b>\\n</a>')", " <a> <b> c </b>\n</a>"),
        (
            "(x = new XML(), x.ignoreWhite = true, x.parseXML(' <a> <b> c </b>\\n</a>'), x)",
            "<a><b> c </b></a>",
        ),
        (
            "(XML.prototype.ignoreWhite = true, new XML('<a> </a>'))",
            "<a />",
        ),
    ]);
}

#[test]
fn trees_are_changed() {
    evaluator("").check(&[
        ("(x = new XML('<r><a/><b/></r>'), r = x.firstChild, c = x.createElement('c'), c)", "<c />"),
        ("(c.attributes.n = 'x&y', c.appendChild(x.createTextNode('t')), c)", "<c n=\"x&amp;y\">t</c>"),
        ("(r.insertBefore(c, r.lastChild), r)", "<r><a /><c n=\"x&amp;y\">t</c><b /></r>"),
        ("(r.appendChild(r.firstChild), r)", "<r><c n=\"x&amp;y\">t</c><b /><a /></r>"),
        ("(r.insertBefore(r.lastChild), r.insertBefore(c, c), c.insertBefore(x, null), r)", "<r><c n=\"x&amp;y\">t</c><b /><a /></r>"),
        ("(c.appendChild(r), c.appendChild(c), c.appendChild({}), c.appendChild(null), r.parentNode === x)", "true"),
        ("(d = c.cloneNode(false), e = c.cloneNode(true), d + e)", "<c n=\"x&amp;y\" /><c n=\"x&amp;y\">t</c>"),
        ("[e.parentNode, e.attributes !== c.attributes]", ",true"),
        ("(c.removeNode(), c.removeNode(), [r, c.parentNode, c.nextSibling])", "<r><b /><a /></r>,,"),
        ("(r.childNodes.length = 0, r.childNodes.push(1), r)", "<r><b /><a /></r>"),
        ("(r.firstChild.nodeName = 'z', r)", "<r><z /><a /></r>"),
        ("(y = new XML('<o/>'), y.firstChild.appendChild(r.firstChild), [r, y])", "<r><a /></r>,<o><z /></o>"),
        ("(r.insertBefore(y.firstChild, c), r)", "<r><a /></r>"),
        ("[r instanceof XMLNode, x instanceof XMLNode, r instanceof XML]", "true,true,false"),
        ("(s = '', (function () { for (var i in r) s += i; for (var i in x) s += i })(), s)", ""),
    ]);
}

#[test]
fn namespaces_are_found() {
    let mut driver = evaluator("");
    driver.eval("x = new XML('<a xmlns=\"d\" xmlns:p=\"u\"><p:b/><c/></a>'); b = x.firstChild.firstChild; 0");
    driver.check(&[
        ("[b.prefix, b.localName, b.namespaceURI]", "p,b,u"),
        ("[b.nextSibling.prefix, b.nextSibling.localName, b.nextSibling.namespaceURI]", ",c,d"),
        ("[b.getPrefixForNamespace('u'), b.getPrefixForNamespace('d'), b.getPrefixForNamespace('e')]", "p,,"),
        ("[x.prefix, x.localName, x.namespaceURI, b.getNamespaceForPrefix('q')]", ",,,"),
    ]);
}

#[test]
fn scripts_extend_nodes_and_may_replace_methods() {
    evaluator(
        "XMLNode.prototype.child = function (name) { \
             for (var n = this.firstChild; n != null; n = n.nextSibling) \
                 if (n.nodeName == name) return n; \
         }; \
         XMLNode.prototype.appendChild = XMLNode.prototype.toString = function () { return 'mine' };",
    )
    .check(&[
        ("(x = new XML('<a><b><c/></b></a>'), x.child('a').child('b').child('c').nodeName)", "c"),
        ("[x, x.child('a')]", "<a><b><c /></b></a>,mine"),
    ]);
}

fn limited(config: ScriptConfig) -> Driver {
    let main = "Client.prototype.evaluate = function (text) { return (0, eval)(text); };";
    let (mut driver, _) = Driver::limited(main, config);
    driver.connect(1, &[]);
    driver
}

#[test]
fn hostile_documents_meet_limits() {
    let config = ScriptConfig {
        xml_length: 2_000,
        xml_nodes: 50,
        xml_depth: 20,
        ..ScriptConfig::default()
    };
    let mut driver = limited(config);
    for (expression, limit) in [
        ("Array(22).join('<a>')", "xml_depth"),
        ("Array(52).join('<a/>')", "xml_nodes"),
        ("'<a' + Array(51).join(' b=\"\"')", "xml_nodes"),
        ("Array(2002).join('a')", "xml_length"),
    ] {
        let text = format!("new XML({expression}).status");
        let effects = driver.call(1, "evaluate", &[text.as_str().into()]);
        assert!(problems(&effects)[0].contains(limit), "{effects:?}");
        assert_eq!(driver.try_eval(&text), (-7).into(), "{limit}");
    }
    for good in [
        "Array(21).join('<a>')",
        "Array(51).join('<a/>')",
        "Array(2001).join('a')",
    ] {
        let status = driver.eval(&format!("new XML({good}).status"));
        assert!(
            status == 0.into() || status == (-9).into(),
            "{good}: {status:?}"
        );
    }
}

#[test]
fn deep_and_wide_documents_of_the_defaults_are_taken() {
    let mut driver = limited(ScriptConfig {
        handler_ms: 0,
        ..ScriptConfig::default()
    });
    driver.check(&[
        (
            "(d = Array(257).join('<a>') + Array(257).join('</a>'), x = new XML(d), x.status)",
            "0",
        ),
        ("x.toString().length", "1790"),
        ("x.cloneNode(true).toString() === x.toString()", "true"),
        ("new XML(Array(1000001).join('<a>')).status", "-7"),
        (
            "(w = new XML(Array(50001).join('<a/>')), [w.status, w.childNodes.length])",
            "0,50000",
        ),
        (
            "new XML('<!DOCTYPE ' + Array(100001).join('<')).status",
            "-4",
        ),
        (
            "new XML('<!DOCTYPE a [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>&b;').lastChild",
            "&amp;b;",
        ),
    ]);
    // A tree that the script itself makes too deep is its own error.
    let thrown = driver.thrown(
        "n = new XMLNode(1, 'a'); for (i = 0; i < 20000; i++) { m = new XMLNode(1, 'a'); m.appendChild(n); n = m } n.toString()",
    );
    assert!(thrown.contains("RangeError"), "{thrown}");
    assert_eq!(driver.eval("n = m = null; 1 + 1"), 2.into());
}

const LOADER: &str = "
    x = new XML();
    x.onHTTPStatus = function (status) { trace('status ' + status) };
    x.onLoad = function (ok) { trace(['load', ok, this.loaded, this.status, this].join()) };
";

fn answer(driver: &mut Driver, request: u64, status: u16, body: &[u8]) -> Vec<String> {
    let effects = driver.input(ScriptInput::Response {
        request: RequestId(request),
        outcome: Ok(HttpResponse {
            status,
            body: body.to_vec(),
        }),
    });
    traces(&effects).into_iter().map(str::to_owned).collect()
}

#[test]
fn a_document_is_loaded() {
    let mut driver = evaluator(LOADER);
    let effects = driver.call(
        1,
        "evaluate",
        &["x.load('http://example.com/a.xml')".into()],
    );
    let [ScriptEffect::Http { request, what }, _] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(*request, RequestId(1));
    assert_eq!(
        (what.method.as_str(), what.url.as_str()),
        ("GET", "http://example.com/a.xml")
    );
    assert_eq!((what.headers.len(), what.body.len()), (0, 0));
    driver.check(&[(
        "[x.loaded, x.getBytesLoaded(), x.getBytesTotal()]",
        "false,,",
    )]);
    let told = answer(&mut driver, 1, 200, "\u{feff}<a>ä</a>".as_bytes());
    assert_eq!(told, ["status 200", "load,true,true,0,<a>ä</a>"]);
    driver.check(&[("[x.getBytesLoaded(), x.getBytesTotal()]", "12,12")]);
    assert!(answer(&mut driver, 1, 200, b"<b/>").is_empty(), "only once");
}

#[test]
fn a_document_is_sent_and_the_answer_goes_elsewhere() {
    let mut driver = evaluator(LOADER);
    let send = "y = new XML('<q/>'); y.contentType = 'text/xml'; y.addRequestHeader('X-A', 'b'); \
                y.sendAndLoad('https://example.com', x)";
    let effects = driver.call(1, "evaluate", &[send.into()]);
    let Some(ScriptEffect::Http { what, .. }) = effects.first() else {
        panic!("{effects:?}");
    };
    assert_eq!(
        (what.method.as_str(), what.body.as_slice()),
        ("POST", &b"<q />"[..])
    );
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        what.headers,
        [header("X-A", "b"), header("Content-Type", "text/xml")]
    );
    let told = answer(&mut driver, 1, 200, b"<r");
    assert_eq!(told, ["status 200", "load,true,true,-6,<r />"]);
    driver.check(&[
        ("y.send('http://example.com')", "true"),
        ("y.sendAndLoad('http://example.com')", "false"),
        ("y.load('file:///etc/passwd')", "false"),
    ]);
    assert!(answer(&mut driver, 2, 200, b"<r/>").is_empty());
}

fn tree() -> impl Strategy<Value = String> {
    let text = "[a-zé🎉&<>\"' ]{1,8}".prop_map(|text| format!("new XMLNode(3, {text:?})"));
    text.prop_recursive(4, 24, 4, |inner| {
        let attributes = proptest::collection::vec(("[a-z_]{1,4}", "[a-z&<>\"'\n ]{0,6}"), 0..3);
        let children = proptest::collection::vec(inner, 0..4);
        ("[a-z][a-z0-9:_-]{0,5}", attributes, children).prop_map(|(name, attributes, children)| {
            let attributes: Vec<_> = attributes
                .iter()
                .map(|(name, value)| format!("[{name:?}, {value:?}]"))
                .collect();
            let (attributes, children) = (attributes.join(","), children.join(","));
            format!("element({name:?}, [{attributes}], [{children}])")
        })
    })
}

const ELEMENT: &str = "function element(name, attributes, children) {
    var node = new XMLNode(1, name), i;
    for (i = 0; i < attributes.length; i++) node.attributes[attributes[i][0]] = attributes[i][1];
    for (i = 0; i < children.length; i++) node.appendChild(children[i]);
    return node;
}";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_printed_is_parsed(trees in proptest::collection::vec(tree(), 1..3)) {
        let mut driver = evaluator(ELEMENT);
        let wrapped = format!("(t = element('root', [], [{}])).toString()", trees.as_slice().join(","));
        let printed = driver.eval(&wrapped);
        let again = driver.eval("x = new XML(t.toString()); x.status + x.toString()");
        let printed = printed.as_str().unwrap_or_default().to_owned();
        prop_assert_eq!(again, Value::from(format!("0{printed}").as_str()));
        // Texts that touch become one, nothing else changes.
        let stable = driver.eval("new XML(x.toString()).toString() === x.cloneNode(true).toString()");
        prop_assert_eq!(stable, Value::from(true));
    }

    #[test]
    fn anything_is_parsed_to_something(text in "[<>/!?\\[\\]a-c =\"'&;#-]{0,40}") {
        let mut driver = evaluator("");
        let status = driver.eval(&format!(
            "x = new XML({text:?}); s = x.status; y = new XML(x.toString()); \
             s <= 0 && s >= -10 && typeof y.status == 'number'"
        ));
        prop_assert_eq!(status, Value::from(true));
    }
}
