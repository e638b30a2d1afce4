//! What scripts see as `application.config`.
//!
//! Owns how the elements of an `ApplicationObject` and the `[config]` table of `application.toml`
//! become one object, in the order in which they were written.

use amf::Value;
use configtext::{Given, Named};

use crate::xml::Element;

/// How deep tables may lie within each other in `[config]`.
const DEPTH_MAX: usize = 32;

/// Why a `[config]` table cannot be taken.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) line: usize,
    /// What it must be.
    pub(crate) complaint: String,
    /// What it is.
    pub(crate) given: String,
}

/// An object of texts, numbers, booleans, lists and further objects.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConfigTree(Vec<(String, Node)>);

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Leaf(Value),
    Tree(ConfigTree),
}

impl ConfigTree {
    /// The object as a value of the script.
    pub fn to_value(&self) -> Value {
        Value::object(
            self.0
                .iter()
                .map(|(name, node)| (name.as_str(), node.to_value())),
        )
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes over all of `other`: objects in objects are joined, everything else is replaced.
    pub(crate) fn merge(&mut self, other: Self) {
        for (name, theirs) in other.0 {
            match self.0.iter_mut().find(|(ours, _)| *ours == name) {
                Some((_, Node::Tree(ours))) if matches!(theirs, Node::Tree(_)) => {
                    if let Node::Tree(theirs) = theirs {
                        ours.merge(theirs);
                    }
                }
                Some((_, ours)) => *ours = theirs,
                None => self.0.push((name, theirs)),
            }
        }
    }

    /// The properties that an `ApplicationObject` gives. Real files write them in an element
    /// `config`; those that leave it out are understood too.
    pub(crate) fn from_application_object(object: &Element) -> Self {
        let mut tree = Self::default();
        let mut outside = Element::default();
        for child in &object.children {
            if child.name == "config" {
                tree.merge(Self::from_children(child));
            } else {
                outside.children.push(child.clone());
            }
        }
        tree.merge(Self::from_children(&outside));
        tree
    }

    /// A property for each name; a name that is repeated gives a list.
    fn from_children(element: &Element) -> Self {
        let mut found: Vec<(String, Vec<Node>)> = Vec::new();
        for child in &element.children {
            let node = Node::from_element(child);
            match found.iter_mut().find(|(name, _)| *name == child.name) {
                Some((_, nodes)) => nodes.push(node),
                None => found.push((child.name.clone(), vec![node])),
            }
        }
        Self(
            found
                .into_iter()
                .map(|(name, nodes)| (name, Node::one_of(nodes)))
                .collect(),
        )
    }

    /// The properties of a `[config]` table. `keep` says for each, by the names on the way to it,
    /// whether it is taken.
    pub(crate) fn from_table(
        names: &[Named<'_>],
        keep: &mut dyn FnMut(&[&str], usize) -> bool,
    ) -> Result<Self, Refused> {
        Self::from_names(names, &mut Vec::new(), keep)
    }

    fn from_names<'d>(
        names: &[Named<'d>],
        way: &mut Vec<&'d str>,
        keep: &mut dyn FnMut(&[&str], usize) -> bool,
    ) -> Result<Self, Refused> {
        let mut tree = Self::default();
        for named in names {
            way.push(named.name);
            if keep(way, named.line) {
                let node = match named.table() {
                    Some(_) if way.len() >= DEPTH_MAX => return Err(too_deep(named.line)),
                    Some(inside) => Node::Tree(Self::from_names(&inside, way, keep)?),
                    None => Node::Leaf(leaf(named)?),
                };
                tree.0.push((named.name.to_owned(), node));
            }
            way.pop();
        }
        Ok(tree)
    }
}

fn leaf(named: &Named<'_>) -> Result<Value, Refused> {
    let given = named.given();
    to_value(&given).ok_or_else(|| Refused {
        line: named.line,
        complaint: "must hold texts, numbers, booleans, lists of these, and tables".to_owned(),
        given: given.to_string(),
    })
}

fn too_deep(line: usize) -> Refused {
    Refused {
        line,
        complaint: format!("must not hold tables more than {DEPTH_MAX} deep within each other"),
        given: "deeper".to_owned(),
    }
}

impl Node {
    fn from_element(element: &Element) -> Self {
        if element.children.is_empty() {
            Self::Leaf(Value::String(element.text.as_str().into()))
        } else {
            Self::Tree(ConfigTree::from_children(element))
        }
    }

    fn one_of(mut nodes: Vec<Self>) -> Self {
        match nodes.len() {
            1 => nodes.remove(0),
            _ => Self::Leaf(Value::array(nodes.iter().map(Self::to_value))),
        }
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Leaf(value) => value.clone(),
            Self::Tree(tree) => tree.to_value(),
        }
    }
}

fn to_value(given: &Given) -> Option<Value> {
    match given {
        Given::Text(text) | Given::Word(text) => Some(Value::String(text.as_str().into())),
        Given::Integer(number) => Some(Value::Number(*number as f64)),
        Given::Fraction(number) => Some(Value::Number(*number)),
        Given::Flag(flag) => Some(Value::Boolean(*flag)),
        Given::List(list) => list
            .iter()
            .map(to_value)
            .collect::<Option<Vec<_>>>()
            .map(Value::array),
        Given::Other(_) => None,
    }
}
