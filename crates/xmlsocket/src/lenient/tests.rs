//! The reader on what clients send, and on what is meant to hurt it.

use super::*;

/// `T…` holds text, `E…` elements, the rest elements when it begins with a `t`.
fn content_of(name: &str) -> Content {
    match name.as_bytes().first() {
        Some(b'T') | None => Content::Text,
        Some(b'E') => Content::Elements,
        _ => Content::Led("t"),
    }
}

fn read(text: &str) -> Result<Element<'_>, Error> {
    Document::new(text)?.read(content_of, &Limits::default())
}

/// The texts of the root's children.
fn texts(text: &str) -> Vec<String> {
    let root = read(text).unwrap();
    root.children
        .iter()
        .map(|child| child.text.to_string())
        .collect()
}

fn refused(text: &str) -> Malformed {
    match read(text).unwrap_err() {
        Error::Malformed { what, .. } => what,
        other => panic!("{other}"),
    }
}

#[test]
fn text_that_nobody_escaped_is_read_as_it_is() {
    for (text, read) in [
        ("a & b < c", "a & b < c"),
        ("<b>bold</b>", "<b>bold</b>"),
        ("a</T>b", "a</T>b"),
        ("a</Tx><b", "a</Tx><b"),
        ("<!DOCTYPE a>", "<!DOCTYPE a>"),
        ("fish &amp; &chips;", "fish & &chips;"),
        ("<![CDATA[a & <b> &amp;]]>", "a & <b> &amp;"),
        ("<![CDATA[x[y[0]]>1]]>", "x[y[0]]>1"),
        ("<![CDATA[x]]]]><![CDATA[>y]]>", "x]]>y"),
        ("<![CDATA[a]]]]>", "a]]"),
        (" \n<![CDATA[a]]>\n ", "a"),
        ("<![CDATA[]]>", ""),
        ("  two  spaces ", "  two  spaces "),
        ("", ""),
    ] {
        assert_eq!(texts(&format!("<E><T>{text}</T><T>z</T></E>")), [read, "z"]);
    }
}

#[test]
fn tags_are_read_in_any_shape() {
    let root = read(
        "\u{FEFF}<?xml version='1.0'?> <!-- a <b> --> <e a=\"1\" B='<&quot;' c=d e / >\n<T/>\
         junk<T ></T ><>8</><x><t>1</t></x><x>2</x><!-- --></E>trailing",
    )
    .unwrap();
    assert_eq!(root.name, "e");
    let values = ["A", "b", "c", "e", "f"].map(|name| root.attribute(name));
    assert_eq!(values, [Some("1"), Some("<\""), Some("d"), Some(""), None]);
    let children: Vec<_> = root
        .children
        .iter()
        .map(|child| (child.name, &*child.text, child.children.len()))
        .collect();
    assert_eq!(
        children,
        [
            ("T", "", 0),
            ("T", "", 0),
            ("", "8", 0),
            ("x", "", 1),
            ("x", "2", 0)
        ]
    );
    assert!(root.child("t").is_some() && root.child("y").is_none());
}

#[test]
fn pieces_of_text_between_elements_are_passed_over() {
    let text = "<E><T>a</T><3 </T> </b> <![CDATA[ <T>c</T> ]]> < <T>d</T></E>";
    assert_eq!(texts(text), ["a", "d"]);
}

#[test]
fn what_does_not_end_is_refused() {
    for text in ["<E>", "<E><T>a</E>", "<E><E></E>", "<T><![CDATA[a]]></E>"] {
        assert_eq!(refused(text), Malformed::Element, "{text}");
    }
    for text in [
        "<E",
        "<E a=\"1>",
        "<E a <T>",
        "<!-- <E/>",
        "<?xml <E/>",
        "<E></E",
    ] {
        assert_eq!(refused(text), Malformed::Tag, "{text}");
    }
    for text in ["", "hello", " 8", "<8/>", "</E>", "< E/>"] {
        assert_eq!(refused(text), Malformed::Document, "{text}");
    }
}

#[test]
fn declarations_and_binary_are_refused() {
    let bomb = "<!DOCTYPE E [<!ENTITY a \"aa\"><!ENTITY b \"&a;&a;\">]><E><T>&b;</T></E>";
    assert_eq!(refused(bomb), Malformed::DocumentType);
    assert_eq!(refused("<E><!ENTITY a \"a\"></E>"), Malformed::DocumentType);
    for text in ["<E>\u{1}</E>", "\u{7}", "<E>\u{FFFE}</E>"] {
        assert_eq!(refused(text), Malformed::Character);
    }
}

#[test]
fn limits_are_kept() {
    let limits = Limits {
        elements: 4,
        depth: 3,
        attributes: 2,
        ..Limits::default()
    };
    let read = |text: &str| {
        let document = Document::new(text).unwrap();
        document.read(content_of, &limits).map(|_| ())
    };
    let over = |which, max| Err(Error::Limit { which, max });
    assert_eq!(read("<E><E><E/></E></E>"), Ok(()));
    assert_eq!(read("<E><E><E><E/></E></E></E>"), over(Limit::Depth, 3));
    assert_eq!(read("<E><T/><T/><T/></E>"), Ok(()));
    assert_eq!(read("<E><T/><T/><T/><T/></E>"), over(Limit::Elements, 4));
    assert_eq!(read("<E a='' b=''/>"), Ok(()));
    assert_eq!(read("<E a='' b='' c=''/>"), over(Limit::Attributes, 2));
}

#[test]
fn the_first_child_is_found_without_reading_on() {
    let lead = |text| {
        let document = Document::new(text).unwrap();
        document.lead("Tag", &Limits::default())
    };
    assert_eq!(lead("<E><Tag>a<b</Tag><x").unwrap().unwrap(), "a<b");
    assert_eq!(lead("<E> <tag> a</TAG> ").unwrap().unwrap(), " a");
    assert_eq!(lead("<E><x/><Tag>a</Tag></E>"), Ok(None));
    assert_eq!(lead("<E><Tag/></E>"), Ok(None));
    assert_eq!(lead("<E></E>"), Ok(None));
    assert!(lead("<E><Tag>a</E>").is_err());
}

/// Each of these would take minutes if any part were read again for each other part.
#[test]
fn hostile_texts_cost_what_their_length_is_worth() {
    let limits = Limits {
        elements: usize::MAX,
        depth: usize::MAX,
        ..Limits::default()
    };
    for piece in [
        "<E>",
        "<T><![CDATA[",
        "<T></",
        "]]> ",
        "</T> a",
        "<x> ",
        "&",
        "<x a=\"\" ",
    ] {
        for start in ["<E>", "<E><T>", "<E><T><![CDATA["] {
            let text = format!("{start}{}", piece.repeat(1_000_000 / piece.len()));
            let document = Document::new(&text).unwrap();
            assert!(document.read(content_of, &limits).is_err());
        }
    }
}
