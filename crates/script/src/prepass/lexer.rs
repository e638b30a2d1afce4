//! Cuts a text into tokens, knowing a regular expression from a division.
//!
//! That takes knowing what every bracket encloses, which is kept on a stack: there is no
//! recursion, and the depth is limited. What the tokens mean beyond that is for others.

mod context;
mod scan;

use super::token::{Bracket, Kind, Script, Token, is_keyword};
use context::{After, Level};

/// Why a text cannot be cut into tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LexError {
    /// Where, in bytes.
    pub(super) offset: usize,
    pub(super) message: String,
}

/// Cuts a text into tokens; brackets may be nested `nesting` deep.
pub(super) fn lex(text: &str, nesting: usize) -> Result<Script<'_>, LexError> {
    let mut lexer = Lexer {
        script: Script {
            text,
            tokens: Vec::new(),
            modern: false,
            xml: Vec::new(),
        },
        at: 0,
        newline: false,
        after: After::Statement,
        function: None,
        class: false,
        levels: vec![Level::new(Bracket::Block, 0)],
        nesting,
    };
    match lexer.run() {
        Ok(()) => Ok(lexer.script),
        Err(error) => Err(lexer.blame(error)),
    }
}

struct Lexer<'a> {
    script: Script<'a>,
    at: usize,
    /// A line has ended since the last token.
    newline: bool,
    after: After,
    /// Behind the keyword `function`, until its parameters: whether it begins an expression.
    function: Option<bool>,
    /// Behind the keyword `class`, until its body.
    class: bool,
    /// The open brackets; the first level is the program.
    levels: Vec<Level>,
    nesting: usize,
}

impl<'a> Lexer<'a> {
    fn run(&mut self) -> Result<(), LexError> {
        loop {
            self.skip_blank()?;
            let Some(first) = self.rest().chars().next() else {
                break;
            };
            self.token(first)?;
            self.newline = false;
        }
        match self.levels.last() {
            Some(level) if self.levels.len() > 1 => {
                let open = level.open;
                let offset = self.script.tokens[open].start;
                Err(error(
                    offset,
                    format!("`{}` is never closed", self.script.say(open)),
                ))
            }
            _ => Ok(()),
        }
    }

    /// An XML literal is the likely cause of whatever goes wrong behind it.
    fn blame(&self, found: LexError) -> LexError {
        match self.script.xml.first() {
            Some(&offset) if offset <= found.offset => {
                error(offset, super::NoteKind::XmlLiteral.explanation().to_owned())
            }
            _ => found,
        }
    }

    fn token(&mut self, first: char) -> Result<(), LexError> {
        match first {
            '"' | '\'' => {
                let end = self.text_end(first)?;
                self.value(Kind::Text, end);
            }
            '`' => {
                self.script.modern = true;
                self.template(self.at + 1)?;
            }
            '0'..='9' => self.value(Kind::Number, scan::number_end(self.script.text, self.at)),
            '.' if self.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                self.value(Kind::Number, scan::number_end(self.script.text, self.at));
            }
            '/' if self.after != After::Operand => {
                let end = scan::regex_end(self.script.text, self.at)
                    .ok_or_else(|| error(self.at, "a regular expression has no end".to_owned()))?;
                self.value(Kind::Regex, end);
            }
            '(' | '[' | '{' => self.open(first)?,
            ')' | ']' | '}' => self.close(first)?,
            _ if scan::begins_word(first) => self.word(),
            _ => self.punctuator(),
        }
        Ok(())
    }

    fn rest(&self) -> &'a str {
        &self.script.text[self.at..]
    }

    fn previous(&self) -> Option<&Token> {
        self.script.tokens.last()
    }

    fn previous_text(&self) -> &'a str {
        match self.script.tokens.len().checked_sub(1) {
            Some(last) => self.script.say(last),
            None => "",
        }
    }

    fn level(&self) -> Level {
        self.levels
            .last()
            .copied()
            .unwrap_or(Level::new(Bracket::Block, 0))
    }

    /// Whether a token that cannot go on with an expression begins a statement here.
    fn begins_statement(&self) -> bool {
        self.after == After::Statement
            || (self.after == After::Operand
                && self.newline
                && self.level().bracket.holds_statements())
    }

    fn push(&mut self, kind: Kind, end: usize, statement: bool) {
        self.script.tokens.push(Token {
            kind,
            start: self.at,
            end,
            newline_before: self.newline,
            operand: self.after != After::Operand,
            statement,
            partner: 0,
        });
        self.at = end;
    }

    /// A literal.
    fn value(&mut self, kind: Kind, end: usize) {
        let statement = self.begins_statement();
        self.push(kind, end, statement);
        self.after = After::Operand;
    }

    fn text_end(&self, quote: char) -> Result<usize, LexError> {
        scan::text_end(self.script.text, self.at, quote)
            .ok_or_else(|| error(self.at, "a string has no end on its line".to_owned()))
    }

    /// A piece of a template literal, whose characters begin at `from`.
    fn template(&mut self, from: usize) -> Result<(), LexError> {
        let Some((end, hole)) = scan::template_end(self.script.text, from) else {
            return Err(error(self.at, "a template literal has no end".to_owned()));
        };
        if hole {
            self.descend(Bracket::Hole, end, false)?;
        } else {
            self.value(Kind::Template, end);
        }
        Ok(())
    }

    fn word(&mut self) {
        let end = scan::word_end(self.script.text, self.at);
        let word = &self.script.text[self.at..end];
        if self.is_key() {
            self.push(Kind::Key, end, false);
            self.after = After::Operand;
            return;
        }
        self.see_modern(word);
        let names_function = self.function.is_some();
        let continues = matches!(word, "in" | "instanceof");
        let statement = !names_function && !continues && self.begins_statement();
        let after = if names_function {
            After::Operand
        } else {
            self.keyword(word, statement)
        };
        self.push(Kind::Word, end, statement);
        self.after = after;
    }

    /// What a word that is no property name leads to.
    fn keyword(&mut self, word: &str, statement: bool) -> After {
        match word {
            "function" => self.function = Some(!statement),
            "class" if self.script.modern && self.class_follows() => self.class = true,
            "do" => self.count_do(),
            _ => {}
        }
        match word {
            "else" | "do" | "try" | "catch" | "finally" => After::Statement,
            "this" | "null" | "true" | "false" | "break" | "continue" | "debugger" | "default" => {
                After::Operand
            }
            _ if is_keyword(word) => After::Operator,
            _ => After::Operand,
        }
    }

    fn punctuator(&mut self) {
        let length = scan::punctuator_length(self.rest());
        let text = &self.rest()[..length];
        let end = self.at + length;
        let postfix = matches!(text, "++" | "--") && self.after == After::Operand && !self.newline;
        let begins = matches!(text, "++" | "--") && self.begins_statement();
        if text == "<" && self.after != After::Operand && scan::begins_xml(&self.rest()[1..]) {
            self.script.xml.push(self.at);
        }
        let after = if postfix {
            After::Operand
        } else {
            self.after_punctuator(text)
        };
        let statement = begins || (self.after == After::Statement && text != ";");
        self.push(Kind::Punctuator, end, statement);
        self.after = after;
    }
}

fn error(offset: usize, message: String) -> LexError {
    LexError { offset, message }
}
