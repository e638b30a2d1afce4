//! Rewrites what JavaScript 1.5 took and today's engine refuses or understands otherwise.
//!
//! The pre-pass works on tokens, never on a tree: whatever it does not know it leaves as it is,
//! and the engine has the last word on what is a script. It keeps every line where it was and
//! most columns; [`Prepared`] finds the way back for the others.

mod notes;

pub use notes::{Note, NoteKind};

use crate::source::{self, SourceError, SourceLimits, SyntaxError};

/// What rewritten scripts call, as a script of its own. Evaluate it once in every new engine,
/// before the first script; it defines one hidden, constant global, `__greenroom`.
pub const PRELUDE: &str = include_str!("prepass/prelude.js");

/// A script ready for the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    name: String,
    text: String,
    notes: Vec<Note>,
}

/// Makes a script file ready for the engine, as a sloppy script (never strict, never a module).
///
/// `name` is what errors call the file.
///
/// # Errors
///
/// [`SourceError`] when the file is too long.
/// Syntax errors are the engine's to find.
pub fn prepare(name: &str, bytes: &[u8], limits: &SourceLimits) -> Result<Prepared, SourceError> {
    Ok(Prepared {
        name: name.to_owned(),
        text: source::decode(name, bytes, limits)?,
        notes: Vec::new(),
    })
}

impl Prepared {
    /// The name given to [`prepare`].
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the engine shall run. It has the same lines as the file.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What cannot run or differs, in the order of the file.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// A line of the file as its author wrote it, without its end. Counted from 1.
    pub fn original_line(&self, line: u32) -> Option<&str> {
        let index = usize::try_from(line).ok()?.checked_sub(1)?;
        self.text.split('\n').nth(index)
    }

    /// The column in the file, in characters from 1, of a column in [`text`](Self::text), in
    /// bytes from 1 as the engine counts them.
    pub fn original_column(&self, line: u32, column: u32) -> u32 {
        let Some(text) = self.original_line(line) else {
            return 0;
        };
        let before = (column as usize).saturating_sub(1);
        let characters = text.char_indices().take_while(|(at, _)| *at < before);
        u32::try_from(characters.count() + 1).unwrap_or(u32::MAX)
    }

    /// An error that the engine found in [`text`](Self::text), at its line and byte column,
    /// both from 1, said of the file.
    #[must_use]
    pub fn syntax_error(&self, line: u32, column: u32, message: &str) -> SyntaxError {
        SyntaxError {
            file: self.name.clone(),
            line,
            column: self.original_column(line, column),
            message: message.to_owned(),
            source_line: self.original_line(line).unwrap_or_default().to_owned(),
        }
    }
}
