//! Rewrites what JavaScript 1.5 took and today's engine refuses or understands otherwise.
//!
//! The pre-pass works on tokens, never on a tree: whatever it does not know it leaves as it is,
//! and the engine has the last word on what is a script. It keeps every line where it was and
//! most columns; [`Prepared`] finds the way back for the others.
//!
//! Tokens come from `lexer`; each file beside it makes one kind of change, or looks for one kind
//! of trouble.

mod accessors;
mod catches;
mod constants;
mod each;
mod edits;
mod evals;
mod functions;
mod lexer;
mod literals;
mod names;
mod notes;
mod outline;
mod scopes;
mod survey;
mod throws;
mod token;

pub use notes::{Note, NoteKind};
pub(crate) use outline::{Outline, outline};

use std::ops::Range;

use crate::source::{self, SourceError, SourceLimits, SyntaxError};
use edits::{Edits, Trace};
use scopes::Scopes;
use token::Script;

/// What rewritten scripts call, as a script of its own. Evaluate it once in every new engine,
/// before the first script; it defines one hidden, constant global, `__greenroom`. Its value is a
/// function that takes two others: one that answers what is to be evaluated for a text, and one
/// that is told of each `throw`, with an error that was made there.
pub const PRELUDE: &str = include_str!("prepass/prelude.js");

/// A script ready for the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    name: String,
    text: String,
    /// The file's text and where it was changed, if it was.
    original: Option<(String, Trace)>,
    notes: Vec<Note>,
    notes_dropped: usize,
}

/// Makes a script file ready for the engine, as a sloppy script (never strict, never a module).
///
/// `name` is what errors call the file.
///
/// # Errors
///
/// [`SourceError`] when the file is too long or nested too deep, when a bracket has no partner,
/// or when a string, comment or regular expression has no end. Other syntax errors are the
/// engine's to find.
pub fn prepare(name: &str, bytes: &[u8], limits: &SourceLimits) -> Result<Prepared, SourceError> {
    let text = source::decode(name, bytes, limits)?;
    let script = lexer::lex(&text, limits.nesting).map_err(|found| {
        let (line, column) = source::position(&text, found.offset);
        SyntaxError {
            file: name.to_owned(),
            line,
            column,
            message: found.message,
            source_line: source::line(&text, line).map_or_else(String::new, |l| l.1.to_owned()),
        }
    })?;
    let mut findings = Findings::new(&script, limits.notes);
    let changed = rewrite(&script, &mut findings).apply(&text);
    survey::survey(&script, &mut findings);
    let (notes, notes_dropped) = findings.finish();
    let (text, original) = match changed {
        Some((changed, trace)) => (changed, Some((text, trace))),
        None => (text, None),
    };
    Ok(Prepared {
        name: name.to_owned(),
        text,
        original,
        notes,
        notes_dropped,
    })
}

/// Whether the whole text is one pair of brackets.
pub(crate) fn is_group(text: &str, nesting: usize) -> bool {
    lexer::lex(text, nesting).is_ok_and(|script| {
        let first = script.tokens.first();
        script.opens(0, |_| true)
            && first.is_some_and(|first| first.partner + 1 == script.tokens.len())
    })
}

/// All changes. Names come first: what others put behind a name goes behind its new end.
fn rewrite(script: &Script<'_>, findings: &mut Findings<'_>) -> Edits {
    let mut edits = Edits::default();
    let scopes = Scopes::new(script);
    names::rewrite(script, &mut edits, findings);
    constants::rewrite(script, &scopes, &mut edits, findings);
    functions::rewrite(script, &scopes, &mut edits);
    accessors::rewrite(script, &mut edits, findings);
    each::rewrite(script, &mut edits);
    catches::rewrite(script, &mut edits);
    literals::rewrite(script, &mut edits);
    throws::rewrite(script, &mut edits);
    evals::rewrite(script, &mut edits);
    edits
}

/// Collects notes on one script.
struct Findings<'a> {
    script: &'a Script<'a>,
    limit: usize,
    notes: Vec<Note>,
    dropped: usize,
}

impl<'a> Findings<'a> {
    fn new(script: &'a Script<'a>, limit: usize) -> Self {
        Self {
            script,
            limit,
            notes: Vec::new(),
            dropped: 0,
        }
    }

    /// Notes what these tokens say; of a long text only the first line's beginning.
    fn add(&mut self, kind: NoteKind, tokens: Range<usize>) {
        /// Characters of the script that a note repeats.
        const TEXT_MAX: usize = 60;
        if self.notes.len() >= self.limit {
            self.dropped += 1;
            return;
        }
        let all = &self.script.tokens;
        let start = all[tokens.start].start;
        let end = all[tokens.end.min(all.len()) - 1].end;
        let (line, column) = source::position(self.script.text, start);
        let said = self.script.text[start..end].lines().next();
        let text = said.unwrap_or_default().chars().take(TEXT_MAX).collect();
        self.notes.push(Note {
            line,
            column,
            kind,
            text,
        });
    }

    fn finish(mut self) -> (Vec<Note>, usize) {
        self.notes.sort_by_key(|note| (note.line, note.column));
        (self.notes, self.dropped)
    }
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

    /// Whether the engine shall run anything else than the file.
    pub(crate) fn is_rewritten(&self) -> bool {
        self.original.is_some()
    }

    /// The file as its author wrote it, but for line ends and byte order mark.
    pub fn original(&self) -> &str {
        self.original
            .as_ref()
            .map_or(&*self.text, |(original, _)| original)
    }

    /// What cannot run or differs, in the order of the file.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// How many more there are, beyond [`SourceLimits::notes`].
    pub fn notes_dropped(&self) -> usize {
        self.notes_dropped
    }

    /// A line of the file as its author wrote it, without its end. Counted from 1.
    pub fn original_line(&self, line: u32) -> Option<&str> {
        source::line(self.original(), line).map(|(_, line)| line)
    }

    /// The column in the file, in characters from 1, of a column in [`text`](Self::text), in
    /// bytes from 1 as the engine counts them. 0 for a line that is not there.
    pub fn original_column(&self, line: u32, column: u32) -> u32 {
        let Some((start, whole)) = source::line(&self.text, line) else {
            return 0;
        };
        let offset = start + (column as usize).saturating_sub(1).min(whole.len());
        let offset = match &self.original {
            Some((_, trace)) => trace.original(offset),
            None => offset,
        };
        source::position(self.original(), offset).1
    }

    /// An error that the engine found in [`text`](Self::text), at its line and byte column,
    /// both from 1, said of the file. A note on the line is the likely cause and explains it.
    #[must_use]
    pub fn syntax_error(&self, line: u32, column: u32, message: &str) -> SyntaxError {
        let cause = self
            .notes
            .iter()
            .find(|note| note.line == line && note.kind.is_unsupported());
        let message = match cause {
            Some(note) => format!("{message} ({})", note.kind.explanation()),
            None => message.to_owned(),
        };
        SyntaxError {
            file: self.name.clone(),
            line,
            column: self.original_column(line, column),
            message,
            source_line: self.original_line(line).unwrap_or_default().to_owned(),
        }
    }
}
