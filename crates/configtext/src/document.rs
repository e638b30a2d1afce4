//! A TOML file in which every name and value knows its line.

use toml::de::{DeTable, DeValue};

use crate::Given;

/// A parsed file.
#[derive(Debug)]
pub struct Document<'t> {
    text: &'t str,
    root: DeTable<'t>,
}

/// What is not TOML about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// What the parser says, in one line.
    pub message: String,
}

/// A name of a table, and what it stands for.
#[derive(Debug)]
pub struct Named<'d> {
    /// The name.
    pub name: &'d str,
    /// The line of the name, from 1.
    pub line: usize,
    text: &'d str,
    value: &'d DeValue<'d>,
}

impl<'t> Document<'t> {
    /// Reads a file's text.
    pub fn parse(text: &'t str) -> Result<Self, SyntaxError> {
        match DeTable::parse(text) {
            Ok(root) => Ok(Self {
                text,
                root: root.into_inner(),
            }),
            Err(error) => Err(SyntaxError::new(text, &error)),
        }
    }

    /// The names at the top of the file, in its order.
    pub fn names(&self) -> Vec<Named<'_>> {
        in_order(self.text, &self.root)
    }
}

impl SyntaxError {
    fn new(text: &str, error: &toml::de::Error) -> Self {
        let offset = error.span().map_or(0, |span| span.start);
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            line: line_of(text, offset),
            column: 1 + before[line_start..].chars().count(),
            // The parser writes several lines when asked to display itself; we promise one.
            message: error.message().lines().collect::<Vec<_>>().join(", "),
        }
    }
}

impl<'d> Named<'d> {
    /// The names of the table that this name stands for, in the file's order; nothing when it
    /// stands for something else.
    pub fn table(&self) -> Option<Vec<Named<'d>>> {
        match self.value {
            DeValue::Table(table) => Some(in_order(self.text, table)),
            _ => None,
        }
    }

    /// The value as it was written.
    pub fn given(&self) -> Given {
        given(self.value)
    }
}

/// The entries of a table as they follow each other in the file; the map sorts them by name.
fn in_order<'d>(text: &'d str, table: &'d DeTable<'d>) -> Vec<Named<'d>> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    entries
        .into_iter()
        .map(|(name, value)| Named {
            name: name.get_ref(),
            line: line_of(text, name.span().start),
            text,
            value: value.get_ref(),
        })
        .collect()
}

fn given(value: &DeValue<'_>) -> Given {
    match value {
        DeValue::String(text) => Given::Text(text.to_string()),
        DeValue::Integer(digits) => i64::from_str_radix(digits.as_str(), digits.radix())
            .map_or(Given::Other("an integer too large to read"), Given::Integer),
        DeValue::Boolean(flag) => Given::Flag(*flag),
        DeValue::Array(list) => Given::List(list.iter().map(|v| given(v.get_ref())).collect()),
        DeValue::Float(digits) => {
            let number = digits.as_str().parse();
            number.map_or(Given::Other("a number with a fraction"), Given::Fraction)
        }
        DeValue::Datetime(_) => Given::Other("a date"),
        DeValue::Table(_) => Given::Other("a table"),
    }
}

/// The list in a text such as `["a", "b,c"]`; nothing when it is none.
pub(crate) fn list(text: &str) -> Option<Given> {
    let value = DeValue::parse(text.trim()).ok()?;
    matches!(value.get_ref(), DeValue::Array(_)).then(|| given(value.get_ref()))
}

/// The line, from 1, of a byte offset.
fn line_of(text: &str, offset: usize) -> usize {
    1 + text
        .bytes()
        .take(offset)
        .filter(|byte| *byte == b'\n')
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_in_the_order_of_the_file_with_their_lines() {
        let document = Document::parse("z = 1\n[b]\ny = 2.5\nx = true\n").unwrap();
        let names = document.names();
        let seen: Vec<_> = names.iter().map(|n| (n.name, n.line, n.given())).collect();
        assert_eq!(seen[0], ("z", 1, Given::Integer(1)));
        assert_eq!(seen[1], ("b", 2, Given::Other("a table")));
        let inside: Vec<_> = names[1].table().unwrap();
        assert_eq!((inside[0].name, inside[0].line), ("y", 3));
        assert_eq!(inside[0].given(), Given::Fraction(2.5));
        assert_eq!(inside[1].given(), Given::Flag(true));
        assert!(names[0].table().is_none());
    }

    #[test]
    fn what_is_not_toml_has_a_place() {
        let error = Document::parse("\n\n  a b = 1").unwrap_err();
        assert_eq!((error.line, error.column), (3, 5), "{}", error.message);
        assert!(!error.message.contains('\n'));
    }
}
