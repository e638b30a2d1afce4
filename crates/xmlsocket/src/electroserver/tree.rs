//! Asking an element for what packets hold: texts, numbers, yes or no, and lists.

use crate::error::{Error, Malformed};
use crate::lenient::{Content, Document, Element};
use crate::limits::Limits;

use super::{RoomVariable, Variable};

/// What `undefined` becomes when a movie glues it to a text: nothing up to Flash Player 6, and
/// this from 7 on.
const UNDEFINED: &str = "undefined";

/// Reads the parameters of a packet whose action was found.
///
/// The users of a client's packet are texts, those of the server's are structures.
pub(super) fn parameters<'a>(
    document: &Document<'a>,
    users: Content,
    limits: &Limits,
) -> Result<Element<'a>, Error> {
    let content_of = |name: &str| match name {
        _ if name.eq_ignore_ascii_case("User") => users,
        _ => content_of(name),
    };
    let mut root = document.read(content_of, limits)?;
    let is_it = |child: &Element<'_>| child.name.eq_ignore_ascii_case("Parameters");
    let found = root.children.iter().position(is_it);
    Ok(found.map_or_else(Element::default, |at| root.children.swap_remove(at)))
}

/// The action of a packet.
pub(super) fn action(document: &Document<'_>, limits: &Limits) -> Result<String, Error> {
    let action = document.lead("Action", limits)?;
    let action = action.as_deref().map(str::trim).unwrap_or_default();
    if action.is_empty() {
        return Err(Error::malformed(Malformed::Action, 0));
    }
    Ok(action.to_owned())
}

/// A name, or a structure that begins with its name: `Zone`, `Room` and `Plugin` are the one in
/// one packet and the other in another.
pub(super) const NAMED: Content = Content::Led("Name");

/// What the elements of packets hold. Those not listed are texts.
fn content_of(name: &str) -> Content {
    const ELEMENTS: [&str; 11] = [
        "Parameters",
        "Plugins",
        "RoomVariable",
        "RoomVariables",
        "Rooms",
        "UserVariable",
        "UserVariables",
        "Users",
        "Variable",
        "Variables",
        "Zones",
    ];
    const NAMED_ELEMENTS: [&str; 3] = ["Plugin", "Room", "Zone"];
    let holds = |list: &[&str]| list.iter().any(|entry| entry.eq_ignore_ascii_case(name));
    if holds(&ELEMENTS) {
        Content::Elements
    } else if holds(&NAMED_ELEMENTS) {
        NAMED
    } else {
        Content::Text
    }
}

/// The text of a child; empty when there is none.
pub(super) fn text(element: &Element<'_>, name: &str) -> String {
    element
        .child(name)
        .map(|child| child.text.to_string())
        .unwrap_or_default()
}

/// A text that a movie may have left undefined.
pub(super) fn defined(text: String) -> Option<String> {
    (!text.is_empty() && text != UNDEFINED).then_some(text)
}

/// The name of a child that is a text or a structure: `<Zone>Main</Zone>` and
/// `<Zone><Name>Main</Name></Zone>`.
pub(super) fn name_of(element: &Element<'_>, name: &str) -> String {
    let Some(child) = element.child(name) else {
        return String::new();
    };
    match child.child("Name") {
        Some(name) => name.text.to_string(),
        None => child.text.to_string(),
    }
}

/// Yes or no in any case; what is neither is `default`, since slips in the class write
/// `undefined` here.
pub(super) fn flag(text: Option<&str>, default: bool) -> bool {
    match text.map(str::trim) {
        Some(word) if word.eq_ignore_ascii_case("true") => true,
        Some(word) if word.eq_ignore_ascii_case("false") => false,
        _ => default,
    }
}

/// How many may be in a room; nothing for any number, which is written as -1.
pub(super) fn capacity(text: &str) -> Option<u32> {
    text.trim().parse().ok()
}

/// A whole number, or 0.
pub(super) fn number<N: std::str::FromStr + Default>(text: &str) -> N {
    text.trim().parse().unwrap_or_default()
}

/// The elements of a list; none when it is missing.
pub(super) fn items<'e, 'a>(element: &'e Element<'a>, list: &str) -> &'e [Element<'a>] {
    element.child(list).map_or(&[], |list| &list.children)
}

/// The variables of a list. Their text is in `Data` or in `Value`, differing by packet; both are
/// read everywhere.
pub(super) fn variables(element: &Element<'_>, list: &str) -> Vec<Variable> {
    items(element, list).iter().map(variable).collect()
}

pub(super) fn variable(item: &Element<'_>) -> Variable {
    Variable {
        name: text(item, "Name"),
        value: data(item),
    }
}

fn data(item: &Element<'_>) -> String {
    let data = item.child("Data").or_else(|| item.child("Value"));
    data.map(|data| data.text.to_string()).unwrap_or_default()
}

pub(super) fn room_variable(item: &Element<'_>) -> RoomVariable {
    RoomVariable {
        name: text(item, "Name"),
        value: data(item),
        persistent: flag(item.attribute("Persistent"), false),
        locked: flag(item.attribute("Locked"), false),
    }
}

pub(super) fn room_variables(element: &Element<'_>) -> Vec<RoomVariable> {
    let items = items(element, "RoomVariables").iter();
    items.map(room_variable).collect()
}
