//! What stands around a token: blanks, brackets, and what may come next.

use super::super::token::{Bracket, Kind};
use super::{LexError, Lexer, error, scan};

/// What the last token leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// An operand has ended: an operator may follow.
    Operand,
    /// An operand must follow.
    Operator,
    /// A statement may begin.
    Statement,
}

/// An open bracket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level {
    pub(super) bracket: Bracket,
    /// The index of the opening token.
    pub(super) open: usize,
    /// `?` without their `:` yet.
    questions: u32,
    /// `do` without braces that wait for their `while`.
    dos: u32,
}

impl Level {
    pub(super) fn new(bracket: Bracket, open: usize) -> Self {
        Self {
            bracket,
            open,
            questions: 0,
            dos: 0,
        }
    }
}

impl Lexer<'_> {
    /// Skips blanks and comments, of all four kinds.
    pub(super) fn skip_blank(&mut self) -> Result<(), LexError> {
        loop {
            let rest = self.rest();
            let line_start = self.newline || self.script.tokens.is_empty();
            if rest.starts_with("//")
                || rest.starts_with("<!--")
                || (line_start && rest.starts_with("-->"))
            {
                self.at += rest.find(scan::ends_line).unwrap_or(rest.len());
            } else if let Some(comment) = rest.strip_prefix("/*") {
                let Some(length) = comment.find("*/") else {
                    return Err(error(self.at, "a comment has no end".to_owned()));
                };
                self.newline |= comment[..length].contains(scan::ends_line);
                self.at += length + 4;
            } else if let Some(blank) = rest.chars().next().filter(|c| scan::is_blank(*c)) {
                self.newline |= scan::ends_line(blank);
                self.at += blank.len_utf8();
            } else {
                return Ok(());
            }
        }
    }

    /// Whether the word here is the name of a property.
    pub(super) fn is_key(&self) -> bool {
        let before = self.previous_text();
        let Some(previous) = self.previous() else {
            return false;
        };
        if matches!(before, "." | "?.") && previous.kind == Kind::Punctuator {
            return true;
        }
        match self.level().bracket {
            Bracket::Object => {
                previous.kind == Kind::Open(Bracket::Object)
                    || (previous.kind == Kind::Punctuator && before == ",")
                    || (previous.kind == Kind::Key && matches!(before, "get" | "set"))
            }
            Bracket::Class => true,
            _ => false,
        }
    }

    /// Notices what came with ECMAScript 2015 or later, at a word.
    pub(super) fn see_modern(&mut self, word: &str) {
        let end = self.at + word.len();
        let rest = self.script.text[end..].trim_start_matches([' ', '\t']);
        let next = rest.chars().next().unwrap_or(' ');
        let in_head = self.level().bracket == Bracket::Head;
        let modern = match word {
            "class" => self.class_follows(),
            "const" => matches!(next, '{' | '['),
            "let" => {
                self.after != After::Operand
                    && (matches!(next, '{' | '[')
                        || (scan::begins_word(next) && !follows(rest, &["in", "instanceof"])))
            }
            "function" => next == '*',
            "async" => follows(rest, &["function"]),
            "of" => in_head && self.after == After::Operand && self.previous_text() != "each",
            _ => false,
        };
        self.script.modern |= modern;
    }

    /// Whether the word `class` here begins a class.
    pub(super) fn class_follows(&self) -> bool {
        let rest = self.rest();
        let rest = rest.strip_prefix("class").unwrap_or(rest);
        let rest = rest.trim_start_matches([' ', '\t']);
        let first = rest.chars().next().unwrap_or(' ');
        let names = scan::begins_word(first) && !follows(rest, &["if", "in", "instanceof"]);
        self.after != After::Operand && self.function.is_none() && (names || first == '{')
    }

    /// Remembers a `do` whose statement is no block.
    pub(super) fn count_do(&mut self) {
        let rest = self.rest()["do".len()..].trim_start();
        if !rest.starts_with('{')
            && let Some(level) = self.levels.last_mut()
        {
            level.dos = level.dos.saturating_add(1);
        }
    }

    pub(super) fn after_punctuator(&mut self, text: &str) -> After {
        let level = self.level();
        let statements = level.bracket.holds_statements();
        match text {
            ";" => {
                self.count_questions(|_| 0);
                if statements || level.bracket == Bracket::Class {
                    After::Statement
                } else {
                    After::Operator
                }
            }
            "?" => {
                self.count_questions(|open| open.saturating_add(1));
                After::Operator
            }
            ":" if level.questions > 0 => {
                self.count_questions(|open| open - 1);
                After::Operator
            }
            ":" if statements => After::Statement,
            "=>" | "..." => {
                self.script.modern = true;
                After::Operator
            }
            _ => After::Operator,
        }
    }

    fn count_questions(&mut self, change: impl Fn(u32) -> u32) {
        if let Some(level) = self.levels.last_mut() {
            level.questions = change(level.questions);
        }
    }

    pub(super) fn open(&mut self, first: char) -> Result<(), LexError> {
        let bracket = match first {
            '(' => self.parenthesis(),
            '[' => Bracket::Index,
            _ => self.brace(),
        };
        let statement = match bracket {
            Bracket::Block => self.begins_statement(),
            _ => self.after == After::Statement,
        };
        self.descend(bracket, self.at + 1, statement)
    }

    /// Opens a bracket that ends at `end`.
    pub(super) fn descend(
        &mut self,
        bracket: Bracket,
        end: usize,
        statement: bool,
    ) -> Result<(), LexError> {
        if self.levels.len() > self.nesting {
            let message = format!("brackets are nested more than {} deep", self.nesting);
            return Err(error(self.at, message));
        }
        let open = self.script.tokens.len();
        self.levels.push(Level::new(bracket, open));
        self.push(Kind::Open(bracket), end, statement);
        self.after = if bracket.holds_statements() || bracket == Bracket::Class {
            After::Statement
        } else {
            After::Operator
        };
        Ok(())
    }

    fn parenthesis(&mut self) -> Bracket {
        if let Some(expression) = self.function.take() {
            return Bracket::Params { expression };
        }
        let before = self.previous_text();
        match self.previous().map(|token| token.kind) {
            Some(Kind::Word) if before == "while" && self.ends_do() => Bracket::Tail,
            Some(Kind::Word) if is_control(before) || self.is_each() => Bracket::Head,
            Some(Kind::Key | Kind::Text | Kind::Number) if self.names_method() => {
                Bracket::Params { expression: true }
            }
            _ if self.after == After::Operand => Bracket::Call,
            _ => Bracket::Group,
        }
    }

    /// Whether the last token is the `each` of `for each`.
    fn is_each(&self) -> bool {
        let count = self.script.tokens.len();
        count > 1 && self.script.is_word(count - 1, "each") && self.script.is_word(count - 2, "for")
    }

    /// Whether the last token is a key of an object literal or class, and no value in it.
    fn names_method(&self) -> bool {
        if !matches!(self.level().bracket, Bracket::Object | Bracket::Class) {
            return false;
        }
        let count = self.script.tokens.len();
        let before = count.checked_sub(2).map_or("", |at| self.script.say(at));
        matches!(before, "{" | "," | "get" | "set") || self.level().bracket == Bracket::Class
    }

    fn brace(&mut self) -> Bracket {
        let before = self.previous().map(|token| token.kind);
        if let Some(Kind::Close(Bracket::Params { expression })) = before {
            return Bracket::Body { expression };
        }
        if self.previous_text() == "=>" {
            return Bracket::Body { expression: true };
        }
        if std::mem::take(&mut self.class) {
            return Bracket::Class;
        }
        match self.after {
            After::Operator => Bracket::Object,
            After::Operand | After::Statement => Bracket::Block,
        }
    }

    pub(super) fn close(&mut self, first: char) -> Result<(), LexError> {
        let level = self.level();
        if self.levels.len() < 2 || !level.bracket.closing().starts_with(first) {
            return Err(error(self.at, format!("`{first}` closes nothing")));
        }
        self.levels.pop();
        self.function = None;
        let index = self.script.tokens.len();
        self.push(Kind::Close(level.bracket), self.at + 1, false);
        self.script.tokens[index].partner = level.open;
        self.script.tokens[level.open].partner = index;
        self.after = match level.bracket {
            Bracket::Head
            | Bracket::Tail
            | Bracket::Block
            | Bracket::Class
            | Bracket::Body { expression: false } => After::Statement,
            _ => After::Operand,
        };
        if level.bracket == Bracket::Hole {
            self.template(self.at)?;
        }
        Ok(())
    }

    /// Whether the `while` just read ends a `do` statement.
    fn ends_do(&mut self) -> bool {
        let Some(before) = self.script.tokens.len().checked_sub(2) else {
            return false;
        };
        let token = self.script.tokens[before];
        let opens_at = token.partner;
        if token.kind == Kind::Close(Bracket::Block)
            && opens_at > 0
            && self.script.is_word(opens_at - 1, "do")
        {
            return true;
        }
        let follows_do = self.script.is_word(before, "do");
        match self.levels.last_mut() {
            Some(level) if level.dos > 0 && !follows_do => {
                level.dos -= 1;
                true
            }
            _ => false,
        }
    }
}

fn is_control(word: &str) -> bool {
    matches!(word, "if" | "for" | "while" | "with" | "switch" | "catch")
}

/// Whether a text begins with one of these words.
fn follows(text: &str, words: &[&str]) -> bool {
    words.contains(&&text[..scan::word_end(text, 0)])
}
