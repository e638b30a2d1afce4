//! A small XML file as a tree with the place of every element.
//!
//! Owns what is read and what it may cost: no document type, no entities but XML's own five and
//! characters by number, nothing fetched. Lenient where real files are: comments may hold `--`, a
//! lone `&` is itself, a document type declaration is skipped.

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// What one XML file may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct XmlLimits {
    /// Length of the file in bytes.
    pub file_bytes: usize,
    /// Elements in the file.
    pub elements: usize,
    /// Depth of elements within each other.
    pub depth: usize,
    /// Length of the text of one element, without that of the elements in it, or of one
    /// attribute, in bytes.
    pub text_bytes: usize,
    /// Attributes of one element.
    pub attributes: usize,
}

impl Default for XmlLimits {
    fn default() -> Self {
        Self {
            file_bytes: 1024 * 1024,
            elements: 8_192,
            depth: 32,
            text_bytes: 16 * 1024,
            attributes: 32,
        }
    }
}

/// Why a file cannot be read, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct XmlError {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// An element and what is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    /// The text directly in it, without the spaces around.
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
    pub(crate) line: usize,
}

impl Element {
    /// The value of an attribute; names compare without regard to case.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let is_it = |(key, _): &&(String, String)| key.eq_ignore_ascii_case(name);
        let found = self.attributes.iter().find(is_it);
        found.map(|(_, value)| value.trim())
    }

    /// The first child of this name; names compare without regard to case.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        let mut children = self.children.iter();
        children.find(|child| child.name.eq_ignore_ascii_case(name))
    }
}

/// Reads a file and gives its root element.
pub(crate) fn parse(text: &str, limits: &XmlLimits) -> Result<Element, XmlError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.len() > limits.file_bytes {
        let message = format!("the file is longer than {} bytes", limits.file_bytes);
        return Err(XmlError {
            line: 1,
            column: 1,
            message,
        });
    }
    let mut reader = Reader::from_str(text);
    reader.config_mut().allow_dangling_amp = true;
    let mut builder = Builder {
        text,
        limits,
        open: Vec::new(),
        root: None,
        elements: 0,
        counted: (0, 1),
    };
    loop {
        let start = reader.buffer_position() as usize;
        match reader.read_event() {
            Ok(Event::Eof) => break,
            Ok(event) => builder
                .take(event, start)
                .map_err(|message| place(text, start, &message))?,
            Err(error) => {
                let at = reader.error_position() as usize;
                return Err(place(text, at, &error.to_string()));
            }
        }
    }
    builder.finish()
}

/// An error with the line and column of a byte offset.
fn place(text: &str, offset: usize, message: &str) -> XmlError {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    XmlError {
        line: 1 + before.bytes().filter(|byte| *byte == b'\n').count(),
        column: 1 + before[line_start..].chars().count(),
        message: message.lines().collect::<Vec<_>>().join(", "),
    }
}

struct Builder<'t> {
    text: &'t str,
    limits: &'t XmlLimits,
    /// The elements that have begun and not ended, outermost first.
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
    /// A byte offset up to which lines are counted, and the line there.
    counted: (usize, usize),
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, start: usize) -> Result<(), String> {
        match event {
            Event::Start(tag) => self.begin(&tag, start),
            Event::Empty(tag) => {
                self.begin(&tag, start)?;
                self.end()
            }
            Event::End(_) => self.end(),
            Event::Text(text) => self.add_text(&text),
            Event::CData(text) => self.add_text(&text),
            Event::GeneralRef(reference) => self.add_text(&resolve(&reference)?),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Eof => {
                Ok(())
            }
        }
    }

    fn begin(&mut self, tag: &BytesStart<'_>, start: usize) -> Result<(), String> {
        if self.open.is_empty() && self.root.is_some() {
            return Err("there is a second root element".to_owned());
        }
        self.elements += 1;
        if self.elements > self.limits.elements {
            return Err(format!(
                "there are more than {} elements",
                self.limits.elements
            ));
        }
        if self.open.len() >= self.limits.depth {
            let depth = self.limits.depth;
            return Err(format!(
                "elements lie more than {depth} deep within each other"
            ));
        }
        let line = self.line_at(start);
        self.open.push(Element {
            name: tag.name().as_ref().to_owned(),
            attributes: self.attributes(tag)?,
            line,
            ..Element::default()
        });
        Ok(())
    }

    fn attributes(&self, tag: &BytesStart<'_>) -> Result<Vec<(String, String)>, String> {
        let mut attributes = Vec::new();
        for attribute in tag.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| error.to_string())?;
            if attributes.len() >= self.limits.attributes {
                let most = self.limits.attributes;
                return Err(format!("an element has more than {most} attributes"));
            }
            if attribute.value.len() > self.limits.text_bytes {
                return Err(self.too_long());
            }
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| error.to_string())?;
            attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
        }
        Ok(attributes)
    }

    fn end(&mut self) -> Result<(), String> {
        let Some(mut element) = self.open.pop() else {
            return Err("an element ends that did not begin".to_owned());
        };
        let text = element.text.trim().to_owned();
        element.text = text;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn add_text(&mut self, text: &str) -> Result<(), String> {
        let most = self.limits.text_bytes;
        let blank = text.trim().is_empty();
        match self.open.last_mut() {
            // The spaces between elements are no text.
            Some(element) if blank && element.text.is_empty() => {}
            Some(element) if element.text.len() + text.len() <= most => element.text += text,
            Some(_) => return Err(self.too_long()),
            None if blank => {}
            None => return Err("there is text outside the root element".to_owned()),
        }
        Ok(())
    }

    fn too_long(&self) -> String {
        format!("a text is longer than {} bytes", self.limits.text_bytes)
    }

    /// The line of an offset; offsets only grow.
    fn line_at(&mut self, offset: usize) -> usize {
        let (from, line) = self.counted;
        let between = self.text.get(from..offset).unwrap_or_default();
        let line = line + between.matches('\n').count();
        self.counted = (offset, line);
        line
    }

    fn finish(self) -> Result<Element, XmlError> {
        let end = self.text.len();
        if let Some(open) = self.open.last() {
            let message = format!("`{}` of line {} does not end", open.name, open.line);
            return Err(place(self.text, end, &message));
        }
        self.root
            .ok_or_else(|| place(self.text, end, "there is no element"))
    }
}

/// The character that `&name;` or `&#number;` stands for. No other entities exist for us.
fn resolve(reference: &BytesRef<'_>) -> Result<String, String> {
    if reference.is_char_ref() {
        let character = reference
            .resolve_char_ref()
            .map_err(|error| error.to_string())?;
        return Ok(character.map(String::from).unwrap_or_default());
    }
    let name: &str = reference;
    quick_xml::escape::resolve_predefined_entity(name)
        .map(str::to_owned)
        .ok_or_else(|| format!("the entity `{}` is not known", name.escape_debug()))
}

#[cfg(test)]
mod tests;
