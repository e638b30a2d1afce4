//! What is read, what is refused and where, and the limits.

use super::*;

fn read(text: &str) -> Element {
    parse(text, &XmlLimits::default()).unwrap()
}

fn told(text: &str) -> String {
    let error = parse(text, &XmlLimits::default()).expect_err(text);
    format!("{}:{}: {error}", error.line, error.column)
}

#[test]
fn elements_with_their_text_and_lines() {
    let root = read(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<!-- a -- b -->\r\n<!DOCTYPE A>\r\n\
         <A x='1' y=\"a &amp; b\">\r\n  <B> one <!-- c --> two </B>\r\n  <C/>\r\n\
         <D><![CDATA[<&>]]>&lt;&#65;&#x42;</D></A>\r\n",
    );
    assert_eq!(root.name, "A");
    assert_eq!(root.line, 4);
    assert_eq!(root.attribute("Y"), Some("a & b"));
    assert_eq!(root.text, "");
    let children: Vec<_> = root
        .children
        .iter()
        .map(|c| (&*c.name, &*c.text, c.line))
        .collect();
    let expected = [("B", "one  two", 5), ("C", "", 6), ("D", "<&><AB", 7)];
    assert_eq!(children, expected);
    assert_eq!(root.child("b").unwrap().line, 5);
}

#[test]
fn a_lone_ampersand_is_itself() {
    assert_eq!(read("<A>c:\\this & that</A>").text, "c:\\this & that");
}

#[test]
fn what_is_malformed_has_a_place() {
    for (text, start) in [
        ("", "1:1: there is no element"),
        ("  \n <!-- only -->", "2:15: there is no element"),
        ("<A>\n  <B>\n</A>", "3:1: "),
        ("<A>\n  <B>", "2:6: `B` of line 2 does not end"),
        ("<A></A>\n<B/>", "2:1: there is a second root element"),
        ("hello <A/>", "1:1: there is text outside the root element"),
        ("<A>\n<B x=1/></A>", "2:1: "),
        ("<A>\n &lol; </A>", "2:2: the entity `lol` is not known"),
        ("</A>", "1:1: "),
        ("<A", "1:1: "),
        ("<A><![CDATA[x</A>", "1:4: "),
        ("<A>&#xD800;</A>", "1:4: "),
    ] {
        let told = told(text);
        assert!(told.starts_with(start), "{text:?}: {told}");
        assert!(!told.contains('\n'));
    }
}

#[test]
fn entities_are_never_expanded() {
    let text = "<!DOCTYPE A [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\"><!ENTITY f SYSTEM \
                \"file:///etc/passwd\">]>\n<A>&b;</A>";
    assert_eq!(told(text), "2:4: the entity `b` is not known");
    assert!(told(&text.replace("&b;", "&f;")).ends_with("the entity `f` is not known"));
}

#[test]
fn every_limit_holds_and_is_named() {
    let limits = XmlLimits {
        file_bytes: 200,
        elements: 4,
        depth: 3,
        text_bytes: 10,
        attributes: 2,
    };
    let told = |text: &str| parse(text, &limits).map_err(|error| error.message);
    assert!(told("<A><B><C/></B><D/></A>").is_ok());
    assert!(told("<A x='1' y='2'>1234567890</A>").is_ok());
    let long = format!("<A>{}</A>", "<!---->".repeat(40));
    for (text, message) in [
        (long.as_str(), "the file is longer than 200 bytes"),
        ("<A><B/><B/><B/><B/></A>", "there are more than 4 elements"),
        (
            "<A><B><C><D/></C></B></A>",
            "elements lie more than 3 deep within each other",
        ),
        ("<A>12345678901</A>", "a text is longer than 10 bytes"),
        ("<A>12345<B/>678901</A>", "a text is longer than 10 bytes"),
        ("<A x='12345678901'/>", "a text is longer than 10 bytes"),
        (
            "<A x='' y='' z=''/>",
            "an element has more than 2 attributes",
        ),
    ] {
        assert_eq!(told(text).unwrap_err(), message, "{text}");
    }
}
