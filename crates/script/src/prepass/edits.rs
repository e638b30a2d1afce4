//! Small changes to a text, and the way back from the changed text to the original.
//!
//! No change adds or removes a line end.

use std::borrow::Cow;

/// One change: some bytes become others.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Edit {
    at: usize,
    removed: usize,
    /// What ends something comes before what begins something at the same place.
    begins: bool,
    inserted: Cow<'static, str>,
}

/// The changes to a text, in any order until they are applied.
#[derive(Debug, Default)]
pub(super) struct Edits {
    edits: Vec<Edit>,
}

impl Edits {
    /// Inserts behind the token that ends at `at`.
    pub(super) fn behind(&mut self, at: usize, inserted: impl Into<Cow<'static, str>>) {
        self.add(at, 0, false, inserted.into());
    }

    /// Inserts in front of the token that starts at `at`.
    pub(super) fn before(&mut self, at: usize, inserted: impl Into<Cow<'static, str>>) {
        self.add(at, 0, true, inserted.into());
    }

    /// Puts other words in place of a token.
    pub(super) fn replace(
        &mut self,
        range: std::ops::Range<usize>,
        inserted: impl Into<Cow<'static, str>>,
    ) {
        self.add(range.start, range.len(), true, inserted.into());
    }

    fn add(&mut self, at: usize, removed: usize, begins: bool, inserted: Cow<'static, str>) {
        self.edits.push(Edit {
            at,
            removed,
            begins,
            inserted,
        });
    }

    /// The changed text and the way back; nothing when there is nothing to change.
    pub(super) fn apply(mut self, text: &str) -> Option<(String, Trace)> {
        if self.edits.is_empty() {
            return None;
        }
        // What is removed comes after what is inserted in front of it.
        self.edits
            .sort_by_key(|edit| (edit.at, edit.begins, edit.removed > 0));
        let mut changed = String::with_capacity(text.len());
        let mut trace = Trace::default();
        let mut from = 0;
        for edit in &self.edits {
            // Two changes of one token do not happen; the first would win.
            if edit.at < from {
                continue;
            }
            changed.push_str(&text[from..edit.at]);
            trace.marks.push(Mark {
                changed: changed.len(),
                inserted: edit.inserted.len(),
                original: edit.at,
                removed: edit.removed,
            });
            changed.push_str(&edit.inserted);
            from = edit.at + edit.removed;
        }
        changed.push_str(&text[from..]);
        Some((changed, trace))
    }
}

/// Where changes were made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Trace {
    marks: Vec<Mark>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    /// Where in the changed text.
    changed: usize,
    inserted: usize,
    /// Where in the original.
    original: usize,
    removed: usize,
}

impl Trace {
    /// The offset in the original of an offset in the changed text. What was inserted stands for
    /// the place where that was done.
    pub(super) fn original(&self, offset: usize) -> usize {
        let count = self.marks.partition_point(|mark| mark.changed <= offset);
        let Some(mark) = count.checked_sub(1).map(|last| &self.marks[last]) else {
            return offset;
        };
        let into = offset - mark.changed;
        if into < mark.inserted {
            mark.original
        } else {
            mark.original + mark.removed + (into - mark.inserted)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_apply_in_the_order_of_the_text() {
        let mut edits = Edits::default();
        edits.replace(4..5, "XYZ");
        edits.before(4, "<");
        edits.behind(4, ">");
        edits.replace(0..3, "");
        let (changed, trace) = edits.apply("abc def").unwrap();
        assert_eq!(changed, " ><XYZef");
        let back: Vec<_> = (0..changed.len()).map(|at| trace.original(at)).collect();
        assert_eq!(back, [3, 4, 4, 4, 4, 4, 5, 6]);
    }

    #[test]
    fn no_change_is_no_new_text() {
        assert_eq!(Edits::default().apply("abc"), None);
    }
}
