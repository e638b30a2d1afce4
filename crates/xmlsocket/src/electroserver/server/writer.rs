//! Writes XML that the class of the movie can read, which is not all XML.
//!
//! The class takes the first child of the root for the action and the second for the parameters,
//! so nothing stands between tags. It takes an element for a text when its first child has no
//! children, so what holds elements begins with one that is not empty. Of a text it reads the
//! first node, so a text is one run of characters or one CDATA section. Capital letters matter to
//! newer players.

use std::fmt::{Display, Write as _};

use crate::text;

/// Written for a text that must not be empty.
const NOTHING: &str = "?";

/// A packet in the making.
pub(super) struct Writer {
    out: String,
}

impl Writer {
    /// A packet with the parameters that `write` adds.
    pub(super) fn packet(action: &str, write: impl FnOnce(&mut Self)) -> String {
        let mut writer = Self {
            out: "<XmlDoc>".to_owned(),
        };
        writer.text("Action", action);
        writer.element("Parameters", &[], write);
        writer.out.push_str("</XmlDoc>");
        writer.out
    }

    /// An element that holds others, or an empty list. If it is no list, `write` has to begin with
    /// [`Writer::lead`].
    pub(super) fn element(
        &mut self,
        tag: &str,
        attributes: &[(&str, &dyn Display)],
        write: impl FnOnce(&mut Self),
    ) {
        // Writing to a string does not fail.
        let _ = write!(self.out, "<{tag}");
        for (name, value) in attributes {
            let _ = write!(self.out, " {name}=\"{value}\"");
        }
        self.out.push('>');
        let start = self.out.len();
        write(self);
        if self.out.len() == start {
            self.out.truncate(start - 1);
            self.out.push_str("/>");
        } else {
            self.end(tag);
        }
    }

    /// An element that has nothing but attributes.
    pub(super) fn mark(&mut self, tag: &str, attributes: &[(&str, &dyn Display)]) {
        self.element(tag, attributes, |_| {});
    }

    /// A list of elements, each with the parts that `write` adds.
    pub(super) fn list<T>(&mut self, tag: &str, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.element(tag, &[], |list| {
            for item in items {
                write(list, item);
            }
        });
    }

    /// The text that a structure begins with, which is never empty: `?` stands for nothing.
    pub(super) fn lead(&mut self, tag: &str, text: &str) {
        let shown = text.chars().any(text::is_allowed);
        self.text(tag, if shown { text } else { NOTHING });
    }

    /// A short text, as it is if it can be.
    pub(super) fn text(&mut self, tag: &str, text: &str) {
        if text.contains(['&', '<', '>']) {
            self.long_text(tag, text);
        } else {
            self.start(tag);
            self.out.push_str(&text::allowed(text));
            self.end(tag);
        }
    }

    /// A number.
    pub(super) fn number(&mut self, tag: &str, number: impl Display) {
        self.text(tag, &number.to_string());
    }

    /// A text of users, in a CDATA section unless it holds the end of one.
    pub(super) fn long_text(&mut self, tag: &str, text: &str) {
        // Before the end of a section is looked for: without what is left out, one may appear.
        let text = text::allowed(text);
        self.start(tag);
        if text.contains("]]>") {
            text::escape(&text, &mut self.out);
        } else if !text.is_empty() {
            self.out.push_str("<![CDATA[");
            self.out.push_str(&text);
            self.out.push_str("]]>");
        }
        self.end(tag);
    }

    fn start(&mut self, tag: &str) {
        self.out.push('<');
        self.out.push_str(tag);
        self.out.push('>');
    }

    fn end(&mut self, tag: &str) {
        self.out.push_str("</");
        self.out.push_str(tag);
        self.out.push('>');
    }
}
