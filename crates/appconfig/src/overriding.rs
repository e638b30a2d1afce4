//! `override="no"`: what the virtual host keeps to itself.
//!
//! A tag of the virtual host's file that says so cannot be changed by an application, nor can
//! anything in it.

use crate::finding::{Finding, What};
use crate::tags::{APPLICATION_OBJECT, is_below, tags_of};
use crate::xml::Element;

/// The tags that applications cannot set.
#[derive(Debug, Default)]
pub(crate) struct Forbidden {
    file: String,
    /// Paths below `Application` and their lines; the empty path is everything.
    paths: Vec<(String, usize)>,
}

impl Forbidden {
    /// Collects the tags of the virtual host's file.
    pub(crate) fn collect(file: &str, root: &Element) -> Self {
        let mut forbidden = Self {
            file: file.to_owned(),
            paths: Vec::new(),
        };
        forbidden.visit(root, String::new());
        forbidden
    }

    fn visit(&mut self, element: &Element, path: String) {
        if element
            .attribute("override")
            .is_some_and(|says| says.eq_ignore_ascii_case("no"))
        {
            self.paths.push((path, element.line));
            return;
        }
        for child in &element.children {
            self.visit(child, join(&path, &child.name));
        }
    }

    /// Why an application cannot set a path, if it cannot.
    fn reason(&self, path: &str) -> Option<What> {
        let covers = |above: &str| {
            above.is_empty() || above.eq_ignore_ascii_case(path) || is_below(path, above)
        };
        let found = self.paths.iter().find(|(above, _)| covers(above));
        found.map(|(_, line)| What::Forbidden {
            file: self.file.clone(),
            line: *line,
        })
    }

    /// Why an application cannot set a key, if it cannot. Keys without a tag cannot be forbidden.
    pub(crate) fn reason_for_key(&self, key: &str) -> Option<What> {
        tags_of(key).find_map(|path| self.reason(path))
    }

    /// Why an application cannot set a property of `application.config`, if it cannot.
    pub(crate) fn reason_for_property(&self, way: &[&str]) -> Option<What> {
        let property = way.join("/");
        let outside = format!("{APPLICATION_OBJECT}/{property}");
        let inside = format!("{APPLICATION_OBJECT}/config/{property}");
        self.reason(&inside).or_else(|| self.reason(&outside))
    }

    /// Takes what is forbidden out of an application's file.
    pub(crate) fn prune(&self, file: &str, root: &mut Element, findings: &mut Vec<Finding>) {
        self.prune_children(file, root, "", findings);
    }

    fn prune_children(
        &self,
        file: &str,
        element: &mut Element,
        path: &str,
        findings: &mut Vec<Finding>,
    ) {
        element.children.retain_mut(|child| {
            let path = join(path, &child.name);
            if let Some(what) = self.reason(&path) {
                findings.push(Finding {
                    file: file.to_owned(),
                    line: child.line,
                    path,
                    what,
                });
                return false;
            }
            self.prune_children(file, child, &path, findings);
            true
        });
    }
}

/// The path of a child.
pub(crate) fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}/{name}")
    }
}
