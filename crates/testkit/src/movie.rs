//! What a movie sees of a packet: a model of the parser in the ElectroServer 3 class.
//!
//! The class goes through the nodes that Flash Player's XML parser made of a packet, with rules of
//! its own that lose what it does not expect. [`see`] follows them, and refuses a packet that would
//! lose something. It is written from what is known about the class and shares no code with the
//! server, so that it can judge what the server writes.

mod nodes;

use std::collections::BTreeMap;

use nodes::{Element, Node};

/// The elements whose children become an array. The names of the children do not matter then.
const ARRAYS: [&str; 12] = [
    "Users",
    "Zones",
    "UserVariables",
    "RoomVariables",
    "Rooms",
    "Variables",
    "BannedUsers",
    "Plugins",
    "Moderators",
    "Words",
    "RootWords",
    "Templates",
];

/// A packet as the class hands it on.
#[derive(Debug, Clone, PartialEq)]
pub struct Packet {
    /// The action in lower case, as it is compared.
    pub action: String,
    /// The object made of the parameters.
    pub parameters: Value,
}

/// One property of that object.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// An object with a property `value`.
    Leaf {
        /// The property.
        value: Scalar,
        /// The property `attributes`.
        attributes: Attributes,
    },
    /// An object with a property for each child.
    Object {
        /// The children by name.
        children: BTreeMap<String, Value>,
        /// The property `attributes`.
        attributes: Attributes,
    },
    /// An array, found in a property of the same name once more.
    Array(Vec<Value>),
}

/// The attributes of an element.
pub type Attributes = BTreeMap<String, Scalar>;

/// A text, or what it was taken for.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// A text.
    Text(String),
    /// A text that looks like a number. Not in an element named `Message`.
    Number(f64),
    /// An attribute of `true` or `false` in any case.
    Boolean(bool),
}

impl Scalar {
    /// What the class makes of the text of a leaf.
    #[must_use]
    pub fn of(text: &str) -> Self {
        match number(text) {
            Some(number) => Self::Number(number),
            None => Self::Text(text.to_owned()),
        }
    }

    fn of_attribute(text: &str) -> Self {
        match &*text.to_ascii_lowercase() {
            "true" => Self::Boolean(true),
            "false" => Self::Boolean(false),
            _ => Self::of(text),
        }
    }
}

/// The number that a script makes of a text: of decimal and hexadecimal digits, not of `inf`.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    if let Some(digits) = text.strip_prefix("0x") {
        return u32::from_str_radix(digits, 16).ok().map(f64::from);
    }
    let looks = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E');
    text.chars().all(looks).then(|| text.parse().ok())?
}

impl Value {
    /// The property `name` of an object.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object { children, .. } => children.get(name),
            Self::Leaf { .. } | Self::Array(_) => None,
        }
    }

    /// The elements of the array `name` of an object; none when it is no array.
    #[must_use]
    pub fn array(&self, name: &str) -> &[Self] {
        match self.get(name) {
            Some(Self::Array(items)) => items,
            _ => &[],
        }
    }

    /// The text of the leaf `name` of an object, numbers written out.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        match self.get(name) {
            Some(Self::Leaf { value, .. }) => Some(match value {
                Scalar::Text(text) => text.clone(),
                Scalar::Number(number) => number.to_string(),
                Scalar::Boolean(flag) => flag.to_string(),
            }),
            _ => None,
        }
    }

    /// The attribute `name`.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Scalar> {
        match self {
            Self::Leaf { attributes, .. } | Self::Object { attributes, .. } => attributes.get(name),
            Self::Array(_) => None,
        }
    }
}

/// What the class makes of a packet, given without its zero byte.
///
/// # Errors
///
/// When the packet is no XML, or holds something that the class would lose or take for something
/// else.
pub fn see(packet: &str) -> Result<Packet, String> {
    let root = nodes::parse(packet)?;
    let [action, parameters] = &root.children[..] else {
        return Err("the root has not two children, the action and the parameters".to_owned());
    };
    let (Node::Element(action), Node::Element(parameters)) = (action, parameters) else {
        return Err("there is text before the action or the parameters".to_owned());
    };
    if action.name != "Action" || parameters.name != "Parameters" {
        return Err("the root's children are not the action and the parameters".to_owned());
    }
    let Scalar::Text(action) = text_of(action)? else {
        return Err("the action is a number".to_owned());
    };
    Ok(Packet {
        action: action.to_lowercase(),
        parameters: object(parameters)?,
    })
}

/// Goes through the children of an element that holds elements.
fn object(element: &Element) -> Result<Value, String> {
    let mut children = BTreeMap::new();
    for child in &element.children {
        let Node::Element(child) = child else {
            return Err(format!(
                "there is text among the elements of {}",
                element.name
            ));
        };
        check_name(&child.name)?;
        if children.insert(child.name.clone(), value(child)?).is_some() {
            return Err(format!("{} has two children {}", element.name, child.name));
        }
    }
    Ok(Value::Object {
        children,
        attributes: attributes(element)?,
    })
}

fn value(element: &Element) -> Result<Value, String> {
    if ARRAYS.contains(&&*element.name) {
        let items = element.children.iter().map(|item| match item {
            Node::Element(item) => value(item),
            Node::Text(_) => Err(format!("there is text among the items of {}", element.name)),
        });
        return Ok(Value::Array(items.collect::<Result<_, _>>()?));
    }
    // An element is a leaf unless its first child has children.
    match element.children.first() {
        Some(Node::Element(first)) if !first.children.is_empty() => object(element),
        Some(Node::Element(first)) => Err(format!(
            "{} begins with the empty {} and is taken for a text",
            element.name, first.name
        )),
        Some(Node::Text(_)) | None => Ok(Value::Leaf {
            value: text_of(element)?,
            attributes: attributes(element)?,
        }),
    }
}

/// The text of a leaf: its first node.
fn text_of(leaf: &Element) -> Result<Scalar, String> {
    match &leaf.children[..] {
        [] => Ok(Scalar::Text(String::new())),
        [Node::Text(text)] if leaf.name == "Message" => Ok(Scalar::Text(text.clone())),
        [Node::Text(text)] => Ok(Scalar::of(text)),
        _ => Err(format!("{} has more than its first node", leaf.name)),
    }
}

fn attributes(element: &Element) -> Result<Attributes, String> {
    let mut attributes = BTreeMap::new();
    for (name, text) in &element.attributes {
        check_name(name)?;
        attributes.insert(name.clone(), Scalar::of_attribute(text));
    }
    Ok(attributes)
}

/// Names are looked up as the class spells them, with a capital.
fn check_name(name: &str) -> Result<(), String> {
    let fine = name.starts_with(|c: char| c.is_ascii_uppercase());
    fine.then_some(())
        .ok_or_else(|| format!("{name} does not begin with a capital"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(inside: &str) -> Result<Value, String> {
        let text =
            format!("<XmlDoc><Action>Test</Action><Parameters>{inside}</Parameters></XmlDoc>");
        see(&text).map(|packet| packet.parameters)
    }

    #[test]
    fn a_packet_becomes_an_object() {
        let seen = parameters(
            "<Zone Users=\"2\" Open=\"TRUE\"><Name>Main</Name><Rooms><Room><Name>7</Name></Room>\
             <Any>a&amp;b</Any></Rooms></Zone><Message>007</Message><Users/>\
             <Data><![CDATA[<x> ]]></Data>",
        )
        .unwrap();
        let zone = seen.get("Zone").unwrap();
        assert_eq!(zone.attribute("Users"), Some(&Scalar::Number(2.0)));
        assert_eq!(zone.attribute("Open"), Some(&Scalar::Boolean(true)));
        assert_eq!(zone.text("Name").unwrap(), "Main");
        let rooms = zone.array("Rooms");
        assert_eq!(rooms[0].text("Name").unwrap(), "7");
        let leaf = Value::Leaf {
            value: Scalar::Text("a&b".to_owned()),
            attributes: BTreeMap::new(),
        };
        assert_eq!(rooms[1], leaf);
        assert_eq!(seen.text("Message").unwrap(), "007");
        assert_eq!(seen.get("Users"), Some(&Value::Array(Vec::new())));
        assert_eq!(seen.text("Data").unwrap(), "<x> ");
    }

    #[test]
    fn what_the_class_would_lose_is_refused() {
        for (inside, why) in [
            ("\n<A>1</A>", "text among"),
            ("<A>1</A><A>2</A>", "two children"),
            ("<A><B/><C>1</C></A>", "begins with the empty"),
            ("<A>1<B>2</B></A>", "more than its first node"),
            (
                "<A><![CDATA[1]]><![CDATA[2]]></A>",
                "more than its first node",
            ),
            ("<A>1<![CDATA[2]]></A>", "more than its first node"),
            ("<a>1</a>", "capital"),
            ("<A b=\"1\">1</A>", "capital"),
            ("<Users> <User>a</User></Users>", "text among"),
            ("<A>a & b</A>", ""),
            ("<A>1</B>", ""),
        ] {
            let refused = parameters(inside).unwrap_err();
            assert!(refused.contains(why), "{inside}: {refused}");
        }
        for packet in [
            "<?xml version=\"1.0\"?><X><Action>a</Action><Parameters/></X>",
            "<X>\n<Action>a</Action><Parameters/></X>",
            "<X><Action>a</Action></X>",
            "<X><Parameters/><Action>a</Action></X>",
            "<X><Action>a</Action><Parameters/></X> ",
            "",
        ] {
            assert!(see(packet).is_err(), "{packet}");
        }
    }

    #[test]
    fn numbers_are_what_scripts_take_for_numbers() {
        for (text, number) in [("8", 8.0), ("007", 7.0), ("-1.5e2", -150.0), ("0x1F", 31.0)] {
            assert_eq!(Scalar::of(text), Scalar::Number(number));
        }
        for text in ["", "inf", "NaN", "1a", "-", "e"] {
            assert_eq!(Scalar::of(text), Scalar::Text(text.to_owned()));
        }
    }
}
