//! The nodes that Flash Player's parser makes of a text, without `ignoreWhite`: a run of
//! characters with its entities is one node, a CDATA section another.

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

#[derive(Debug)]
pub(super) enum Node {
    Element(Element),
    Text(String),
}

#[derive(Debug)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<Node>,
}

/// The root element of a text that holds nothing else.
pub(super) fn parse(text: &str) -> Result<Element, String> {
    let mut reader = Reader::from_str(text);
    let mut open = vec![Element {
        name: String::new(),
        attributes: Vec::new(),
        children: Vec::new(),
    }];
    // Whether the last node is a run of characters that goes on.
    let mut runs = false;
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        let goes_on = matches!(event, Event::Text(_) | Event::GeneralRef(_));
        let is_section = matches!(event, Event::CData(_));
        match event {
            Event::Start(tag) => open.push(element(&tag)?),
            Event::Empty(tag) => add(&mut open, Node::Element(element(&tag)?)),
            Event::End(_) => {
                let element = open.pop().ok_or("an end without a start")?;
                add(&mut open, Node::Element(element));
            }
            Event::Text(text) => put(&mut open, &text, runs),
            Event::CData(text) => put(&mut open, &text, false),
            Event::GeneralRef(name) => put(&mut open, character(&name)?, runs),
            Event::Eof => break,
            other => return Err(format!("{other:?} is nothing a packet holds")),
        }
        runs = goes_on && !is_section;
    }
    match (open.len(), open.pop().map(|top| top.children)) {
        (1, Some(mut nodes)) if nodes.len() == 1 => match nodes.pop() {
            Some(Node::Element(root)) => Ok(root),
            _ => Err("there is no element".to_owned()),
        },
        _ => Err("there is not one root element".to_owned()),
    }
}

fn element(tag: &BytesStart<'_>) -> Result<Element, String> {
    let mut attributes = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| error.to_string())?;
        attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
    }
    Ok(Element {
        name: tag.name().as_ref().to_owned(),
        attributes,
        children: Vec::new(),
    })
}

fn add(open: &mut [Element], node: Node) {
    if let Some(parent) = open.last_mut() {
        parent.children.push(node);
    }
}

/// Adds text, to the node before it when that `runs` on.
fn put(open: &mut [Element], text: &str, runs: bool) {
    let last = open
        .last_mut()
        .and_then(|parent| parent.children.last_mut());
    match last {
        Some(Node::Text(before)) if runs => before.push_str(text),
        _ => add(open, Node::Text(text.to_owned())),
    }
}

/// The entities that players know; others they would leave as they are.
fn character(name: &str) -> Result<&'static str, String> {
    Ok(match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        "nbsp" => "\u{A0}",
        _ => return Err(format!("&{name}; is no entity that players know")),
    })
}
