//! One `Application.xml`: from its tree to values for keys, and findings for everything else.

use std::collections::BTreeSet;

use configtext::Given;

use crate::finding::{Finding, What};
use crate::keys::ConfigTree;
use crate::layers::Text;
use crate::overriding::join;
use crate::substitutions::{NotReplaced, Substitutions};
use crate::tags::{self, Effect, SCRIPT_ENGINE};
use crate::xml::{self, Element, XmlError, XmlLimits};

/// Reads a file and gives its `Application` element, with the names we use for tags that have two.
pub(crate) fn parse(file: &Text<'_>, limits: &XmlLimits) -> Result<Element, XmlError> {
    let mut root = xml::parse(file.text, limits)?;
    // Some files of 1.x have the element of their other configuration files around it.
    if root.name.eq_ignore_ascii_case("Root")
        && let Some(at) = root.children.iter().position(is_application)
    {
        root = root.children.swap_remove(at);
    }
    if !is_application(&root) {
        let message = format!("the root element is `{}`, not `Application`", root.name);
        return Err(XmlError {
            line: root.line,
            column: 1,
            message,
        });
    }
    let (other, name) = SCRIPT_ENGINE;
    for child in &mut root.children {
        if child.name.eq_ignore_ascii_case(other) {
            name.clone_into(&mut child.name);
        }
    }
    Ok(root)
}

fn is_application(element: &Element) -> bool {
    element.name.eq_ignore_ascii_case("Application")
}

/// What a file sets.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// Keys by path, the line of the tag, its path, and the value.
    pub(crate) values: Vec<Value>,
    pub(crate) config: ConfigTree,
}

/// A value that a tag gives to a key.
#[derive(Debug)]
pub(crate) struct Value {
    pub(crate) key: &'static str,
    pub(crate) tag: String,
    pub(crate) line: usize,
    pub(crate) given: Given,
}

/// Reads the tags of a file whose tree has been parsed.
pub(crate) fn read(
    file: &str,
    root: &mut Element,
    substitutions: &Substitutions,
    findings: &mut Vec<Finding>,
) -> Read {
    let mut reader = Reader {
        file,
        substitutions,
        findings,
        told: BTreeSet::new(),
        read: Read::default(),
    };
    reader.substitute(root, "");
    reader.children(root, "");
    reader.read
}

struct Reader<'r> {
    file: &'r str,
    substitutions: &'r Substitutions,
    findings: &'r mut Vec<Finding>,
    /// The paths about which something was told: once each.
    told: BTreeSet<String>,
    read: Read,
}

impl Reader<'_> {
    /// Replaces the `${NAME}`s and takes out the tags where one stands for nothing.
    fn substitute(&mut self, element: &mut Element, path: &str) {
        element.children.retain_mut(|child| {
            let path = join(path, &child.name);
            match self.substitutions.replace(&child.text) {
                Ok(text) => child.text = text.into_owned(),
                Err(NotReplaced::Unknown(name)) => {
                    self.tell(child, path, What::NoSubstitution(name));
                    return false;
                }
                Err(NotReplaced::TooLong) => {
                    self.tell(child, path, What::TooLong);
                    return false;
                }
            }
            self.substitute(child, &path);
            true
        });
    }

    fn children(&mut self, element: &Element, path: &str) {
        for child in &element.children {
            let path = join(path, &child.name);
            match tags::find(&path).map(|tag| &tag.effect) {
                Some(Effect::Key(key, convert)) => {
                    match convert(child) {
                        Ok(given) => self.add(key, &path, child, given),
                        Err(complaint) => {
                            let given = format!("`{}`", child.text.escape_debug());
                            self.tell(child, path.clone(), What::Value { complaint, given });
                        }
                    }
                    self.children(child, &path);
                }
                Some(Effect::Config) => {
                    self.read
                        .config
                        .merge(ConfigTree::from_application_object(child));
                }
                Some(Effect::NotEnforced(why, asks)) if asks(child) => {
                    self.tell(child, path, What::NotEnforced(why));
                }
                Some(Effect::Nothing(why) | Effect::NotEnforced(why, _))
                    if says_something(child) =>
                {
                    self.tell(child, path, What::NoEffect(why));
                }
                Some(Effect::Part | Effect::Nothing(_) | Effect::NotEnforced(..)) => {}
                None if tags::is_container(&path) => self.children(child, &path),
                None => self.tell(child, path, What::UnknownTag),
            }
        }
    }

    /// A tag that is repeated adds to a list and replaces any other value.
    fn add(&mut self, key: &'static str, path: &str, tag: &Element, given: Option<Given>) {
        let Some(given) = given else { return };
        let earlier = self.read.values.iter_mut().find(|value| value.key == key);
        match (earlier, given) {
            (Some(earlier), Given::List(more)) => match &mut earlier.given {
                Given::List(list) => list.extend(more),
                other => *other = Given::List(more),
            },
            (_, given) => self.read.values.push(Value {
                key,
                tag: path.to_owned(),
                line: tag.line,
                given,
            }),
        }
    }

    fn tell(&mut self, element: &Element, path: String, what: What) {
        if self.told.insert(path.clone()) {
            let (file, line) = (self.file.to_owned(), element.line);
            self.findings.push(Finding {
                file,
                line,
                path,
                what,
            });
        }
    }
}

/// Whether anything is written in a tag: files list many that are left empty.
fn says_something(element: &Element) -> bool {
    !element.text.is_empty()
        || !element.attributes.is_empty()
        || element.children.iter().any(says_something)
}
