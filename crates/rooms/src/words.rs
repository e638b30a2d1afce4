//! The word filter: finds words that are not wanted in a text, in one pass over it.
//!
//! A word is a run of letters and digits. Roots are kept in a tree of characters, so that the
//! time a text takes grows with its length and the longest root, not with the number of roots.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::config::{WordAction, WordRules};

/// What the filter says of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing is wrong with it.
    Clean,
    /// This is to be said instead.
    Replaced(Arc<str>),
    /// It is not to be said.
    Rejected,
}

/// Words and roots, ready to be looked for.
pub(crate) struct WordFilter {
    words: BTreeSet<Box<str>>,
    roots: Roots,
    action: WordAction,
    in_names: bool,
}

impl WordFilter {
    pub(crate) fn new(rules: &WordRules) -> Self {
        let words = rules.words.iter().map(|word| small(word).into_boxed_str());
        let mut roots = Roots::default();
        for root in &rules.roots {
            roots.insert(&small(root));
        }
        Self {
            words: words.filter(|word| !word.is_empty()).collect(),
            roots,
            action: rules.action.clone(),
            in_names: rules.in_names,
        }
    }

    /// Looks at a message.
    pub(crate) fn check(&self, text: &str) -> Verdict {
        if self.is_empty() {
            return Verdict::Clean;
        }
        let mut clean = String::new();
        // Up to where `clean` holds the text.
        let mut copied = 0;
        for (at, word) in words_of(text) {
            if !self.is_unwanted(word) {
                continue;
            }
            let WordAction::Replace(with) = &self.action else {
                return Verdict::Rejected;
            };
            clean.push_str(&text[copied..at]);
            replace(&mut clean, word, with);
            copied = at + word.len();
        }
        if copied == 0 {
            return Verdict::Clean;
        }
        clean.push_str(&text[copied..]);
        Verdict::Replaced(clean.into())
    }

    /// Whether nobody and nothing may be called so.
    pub(crate) fn forbids_name(&self, name: &str) -> bool {
        let mut words = words_of(name);
        self.in_names && !self.is_empty() && words.any(|(_, word)| self.is_unwanted(word))
    }

    fn is_empty(&self) -> bool {
        self.words.is_empty() && self.roots.is_empty()
    }

    fn is_unwanted(&self, word: &str) -> bool {
        let word = small(word);
        self.words.contains(&*word) || self.roots.are_in(&word)
    }
}

/// Writes what stands for a word.
fn replace(clean: &mut String, word: &str, with: &str) {
    let mut chars = with.chars();
    match (chars.next(), chars.next()) {
        (Some(mask), None) => clean.extend(word.chars().map(|_| mask)),
        _ => clean.push_str(with),
    }
}

fn small(text: &str) -> String {
    text.to_lowercase()
}

/// The runs of letters and digits in a text, and where they begin.
fn words_of(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let rest = &text[from..];
        let start = from + rest.find(char::is_alphanumeric)?;
        let word = &text[start..];
        let end = word.find(|c: char| !c.is_alphanumeric());
        from = end.map_or(text.len(), |end| start + end);
        Some((start, &text[start..from]))
    })
}

/// A tree of characters. Node 0 is the root of the tree.
#[derive(Default)]
struct Roots {
    next: FxHashMap<(u32, char), u32>,
    ends: BTreeSet<u32>,
    nodes: u32,
}

impl Roots {
    fn insert(&mut self, root: &str) {
        let mut node = 0;
        for c in root.chars() {
            let next = *self.next.entry((node, c)).or_insert_with(|| {
                self.nodes += 1;
                self.nodes
            });
            node = next;
        }
        if node != 0 {
            self.ends.insert(node);
        }
    }

    fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Whether one of the roots is somewhere in the word.
    fn are_in(&self, word: &str) -> bool {
        !self.is_empty()
            && word.char_indices().any(|(at, _)| {
                let mut node = 0;
                word[at..]
                    .chars()
                    .map_while(|c| {
                        node = *self.next.get(&(node, c))?;
                        Some(node)
                    })
                    .any(|node| self.ends.contains(&node))
            })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filter(words: &[&str], roots: &[&str], action: WordAction) -> WordFilter {
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        WordFilter::new(&WordRules {
            words: owned(words),
            roots: owned(roots),
            action,
            in_names: true,
        })
    }

    fn star() -> WordAction {
        WordAction::Replace("*".into())
    }

    #[test]
    fn whole_words_and_words_with_a_root_are_replaced() {
        let filter = filter(&["Darn", "ÄRGER"], &["heck", "fudg"], star());
        for (text, expected) in [
            ("darn it", Some("**** it")),
            ("DARN!", Some("****!")),
            ("darned", None),
            ("oh, what the Heckling is", Some("oh, what the ******** is")),
            ("what-the-heck", Some("what-the-****")),
            ("bigfudge fudg fud", Some("******** **** fud")),
            ("ärger über ÄRGER", Some("***** über *****")),
            ("nothing here", None),
            ("", None),
            ("...", None),
        ] {
            let verdict = match expected {
                Some(clean) => Verdict::Replaced(clean.into()),
                None => Verdict::Clean,
            };
            assert_eq!(filter.check(text), verdict, "{text}");
        }
    }

    #[test]
    fn a_longer_replacement_is_written_once_and_an_empty_one_takes_the_word_away() {
        let beep = filter(&["darn"], &[], WordAction::Replace("[beep]".into()));
        let expected = Verdict::Replaced("oh [beep] [beep].".into());
        assert_eq!(beep.check("oh darn darn."), expected);
        let nothing = filter(&["darn"], &[], WordAction::Replace("".into()));
        assert_eq!(nothing.check("oh darn."), Verdict::Replaced("oh .".into()));
    }

    #[test]
    fn messages_can_be_rejected_and_names_always_are() {
        let filter = filter(&["darn"], &["heck"], WordAction::Reject);
        assert_eq!(filter.check("oh darn"), Verdict::Rejected);
        assert_eq!(filter.check("oh"), Verdict::Clean);
        assert!(filter.forbids_name("Heckler"));
        assert!(!filter.forbids_name("Hacker"));
    }

    #[test]
    fn names_are_looked_at_only_if_that_is_set() {
        let rules = WordRules {
            words: vec!["darn".into()],
            in_names: false,
            ..WordRules::default()
        };
        assert!(!WordFilter::new(&rules).forbids_name("darn"));
    }

    #[test]
    fn empty_words_and_roots_match_nothing() {
        let filter = filter(&[""], &[""], star());
        assert_eq!(filter.check("a b"), Verdict::Clean);
    }

    proptest! {
        /// What comes out has no unwanted word, and is as long as what went in.
        #[test]
        fn what_is_replaced_is_clean(text in "[abc .]{0,40}") {
            let filter = filter(&["a", "cab"], &["bb"], star());
            if let Verdict::Replaced(clean) = filter.check(&text) {
                prop_assert_eq!(filter.check(&clean), Verdict::Clean);
                prop_assert_eq!(clean.chars().count(), text.chars().count());
            } else {
                let by_hand = text.split([' ', '.']);
                for word in by_hand {
                    prop_assert!(word != "a" && word != "cab" && !word.contains("bb"));
                }
            }
        }
    }
}
