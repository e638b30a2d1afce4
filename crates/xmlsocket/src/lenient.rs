//! Reads XML of clients that escape nothing.
//!
//! Old client classes glue their packets together from texts as they are: a name may hold `&` and
//! `<`, an element may have no name, a message in a CDATA section may hold `]]>`. A strict reader
//! drops such clients, and quick-xml, which we use elsewhere, gives up at the first of these. So
//! this reader goes by shape: it is told which elements hold text, and such an element reaches to
//! its own end tag whatever stands between.
//!
//! What it does is bounded by [`crate::Limits`] and takes time in proportion to the text. No
//! entities can be declared, so none is ever expanded: those of XML and characters by number are
//! read, and every other `&` is itself.

mod scan;
mod tag;

use std::borrow::Cow;

use crate::error::{Error, Limit, Malformed};
use crate::limits::Limits;
use crate::text;
use tag::{Start, Tag};

/// What stands between the tags of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Text, up to the end tag of the same name. Tags in it are text.
    Text,
    /// Elements. Text between them is passed over.
    Elements,
    /// Elements when it begins with one of this name, else text.
    Led(&'static str),
}

/// An element that was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element<'a> {
    /// Its name, which may be empty.
    pub name: &'a str,
    /// Names and values in their order.
    pub attributes: Vec<(&'a str, Cow<'a, str>)>,
    /// The elements in it.
    pub children: Vec<Element<'a>>,
    /// Its text, when it holds no elements.
    pub text: Cow<'a, str>,
}

impl Element<'_> {
    /// The first child of this name; names compare without regard to case.
    pub fn child(&self, name: &str) -> Option<&Self> {
        let mut children = self.children.iter();
        children.find(|child| child.name.eq_ignore_ascii_case(name))
    }

    /// The value of an attribute; names compare without regard to case.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let is_it = |(key, _): &&(&str, Cow<'_, str>)| key.eq_ignore_ascii_case(name);
        self.attributes
            .iter()
            .find(is_it)
            .map(|(_, value)| &**value)
    }
}

/// A text that begins with an element.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    text: &'a str,
    /// Where the root element begins.
    root: usize,
}

impl<'a> Document<'a> {
    /// Looks at the characters and at what stands before the root element.
    ///
    /// # Errors
    ///
    /// When a character has no place in XML, no element follows, or a document type is declared.
    pub fn new(text: &'a str) -> Result<Self, Error> {
        if let Some((at, _)) = text.char_indices().find(|(_, c)| !text::is_allowed(*c)) {
            return Err(Error::malformed(Malformed::Character, at));
        }
        let mut at = if text.starts_with('\u{FEFF}') { 3 } else { 0 };
        loop {
            at = scan::skip_space(text, at);
            match scan::skip_aside(text, at)? {
                Some(after) => at = after,
                None => break,
            }
        }
        match tag::start(text, at, usize::MAX)? {
            Start::Tag(_) => Ok(Self { text, root: at }),
            Start::Text => Err(Error::malformed(Malformed::Document, at)),
        }
    }

    /// The text of the root's first child, when that is named `name`. Nothing behind it is read.
    ///
    /// # Errors
    ///
    /// When that child does not end, or a tag before it.
    pub fn lead(&self, name: &str, limits: &Limits) -> Result<Option<Cow<'a, str>>, Error> {
        let mut reader = Reader::new(self, limits);
        let Start::Tag(root) = reader.start()? else {
            return Ok(None);
        };
        reader.at = scan::skip_space(self.text, root.end);
        match reader.start()? {
            Start::Tag(tag) if tag.name.eq_ignore_ascii_case(name) && !tag.is_empty => {
                reader.at = tag.end;
                Ok(Some(reader.take_text(tag.name)?))
            }
            _ => Ok(None),
        }
    }

    /// Reads the root element, which holds elements whatever its name. What follows it is passed
    /// over.
    ///
    /// # Errors
    ///
    /// When an element or tag does not end, or there are more than `limits` allow.
    pub fn read(
        &self,
        content_of: impl Fn(&str) -> Content,
        limits: &Limits,
    ) -> Result<Element<'a>, Error> {
        let mut reader = Reader::new(self, limits);
        loop {
            if let Some(root) = reader.step(&content_of)? {
                return Ok(root);
            }
        }
    }
}

struct Reader<'a, 'l> {
    text: &'a str,
    limits: &'l Limits,
    at: usize,
    /// The elements that hold elements and have not ended, outermost first, and where their
    /// content begins.
    open: Vec<(Element<'a>, usize)>,
    elements: usize,
}

impl<'a, 'l> Reader<'a, 'l> {
    const fn new(document: &Document<'a>, limits: &'l Limits) -> Self {
        Self {
            text: document.text,
            limits,
            at: document.root,
            open: Vec::new(),
            elements: 0,
        }
    }

    fn start(&self) -> Result<Start<'a>, Error> {
        tag::start(self.text, self.at, self.limits.attributes)
    }

    /// Reads up to the next tag and that tag, with the text in it if it holds text. The root, when
    /// it has ended.
    fn step(
        &mut self,
        content_of: &impl Fn(&str) -> Content,
    ) -> Result<Option<Element<'a>>, Error> {
        self.at = scan::next_tag(self.text, self.at).ok_or_else(|| self.unended())?;
        if let Some((name, after)) = tag::end(self.text, self.at)? {
            self.at = after;
            return Ok(match self.open.last() {
                Some((element, _)) if element.name.eq_ignore_ascii_case(name) => {
                    self.open.pop().and_then(|(element, _)| self.add(element))
                }
                // A piece of unescaped text, left over from an element that ended early.
                _ => None,
            });
        }
        if let Some(after) = scan::skip_aside(self.text, self.at)? {
            self.at = after;
            return Ok(None);
        }
        match self.start()? {
            Start::Text => {
                self.at += 1;
                Ok(None)
            }
            Start::Tag(tag) => self.element(tag, content_of),
        }
    }

    fn element(
        &mut self,
        tag: Tag<'a>,
        content_of: &impl Fn(&str) -> Content,
    ) -> Result<Option<Element<'a>>, Error> {
        self.elements += 1;
        limit(Limit::Elements, self.elements, self.limits.elements)?;
        limit(Limit::Depth, self.open.len() + 1, self.limits.depth)?;
        self.at = tag.end;
        let mut element = Element {
            name: tag.name,
            attributes: tag.attributes,
            ..Element::default()
        };
        if tag.is_empty {
            return Ok(self.add(element));
        }
        let is_root = self.open.is_empty();
        let holds_elements = match content_of(tag.name) {
            _ if is_root => true,
            Content::Text => false,
            Content::Elements => true,
            Content::Led(name) => tag::begins(self.text, self.at, name),
        };
        if holds_elements {
            self.open.push((element, self.at));
            return Ok(None);
        }
        element.text = self.take_text(tag.name)?;
        Ok(self.add(element))
    }

    /// Puts a whole element in its place. It is given back if it is the root.
    fn add(&mut self, element: Element<'a>) -> Option<Element<'a>> {
        match self.open.last_mut() {
            Some((parent, _)) => {
                parent.children.push(element);
                None
            }
            None => Some(element),
        }
    }

    /// The text from here to the end tag of `name`, which is passed.
    fn take_text(&mut self, name: &str) -> Result<Cow<'a, str>, Error> {
        let found = scan::text_of(self.text, self.at, name);
        let (text, after) = found.ok_or_else(|| Error::malformed(Malformed::Element, self.at))?;
        self.at = after;
        Ok(text)
    }

    fn unended(&self) -> Error {
        let at = self.open.last().map_or(self.at, |(_, at)| *at);
        Error::malformed(Malformed::Element, at)
    }
}

const fn limit(which: Limit, count: usize, max: usize) -> Result<(), Error> {
    if count > max {
        return Err(Error::Limit { which, max });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
