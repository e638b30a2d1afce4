//! What the lexer makes of a text.

/// A token. What it says is in the text, from `start` to `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
    /// A line ends between the token before and this one.
    pub(super) newline_before: bool,
    /// It stands where an operand may begin.
    pub(super) operand: bool,
    /// It begins a statement.
    pub(super) statement: bool,
    /// For a bracket, the index of the one it belongs to.
    pub(super) partner: usize,
}

/// The kinds of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or a keyword.
    Word,
    /// The name of a property: behind a dot, or before the colon in an object literal.
    Key,
    Number,
    Text,
    Regex,
    /// A piece of a template literal.
    Template,
    Punctuator,
    Open(Bracket),
    Close(Bracket),
}

/// What a pair of brackets encloses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bracket {
    /// `( )` around an expression.
    Group,
    /// `( )` around arguments.
    Call,
    /// `( )` around the parameters of a function.
    Params { expression: bool },
    /// `( )` behind `if`, `for`, `while`, `with`, `switch` or `catch`.
    Head,
    /// `( )` behind the `while` of a `do` statement.
    Tail,
    /// `[ ]`.
    Index,
    /// `{ }` around statements.
    Block,
    /// `{ }` around the statements of a function.
    Body { expression: bool },
    /// `{ }` of an object literal.
    Object,
    /// `{ }` of a class.
    Class,
    /// `${ }`.
    Hole,
}

impl Bracket {
    /// Whether statements stand directly in it.
    pub(super) fn holds_statements(self) -> bool {
        matches!(self, Self::Block | Self::Body { .. })
    }

    pub(super) fn closing(self) -> &'static str {
        match self {
            Self::Group | Self::Call | Self::Params { .. } | Self::Head | Self::Tail => ")",
            Self::Index => "]",
            Self::Block | Self::Body { .. } | Self::Object | Self::Class | Self::Hole => "}",
        }
    }
}

/// The tokens of a text.
#[derive(Debug)]
pub(super) struct Script<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: Vec<Token>,
    /// It uses syntax that came with ECMAScript 2015 or later, so that its `const` and `class`
    /// are meant as today.
    pub(super) modern: bool,
    /// Where XML literals seem to begin.
    pub(super) xml: Vec<usize>,
}

impl<'a> Script<'a> {
    /// The text of a token; nothing behind the last.
    pub(super) fn say(&self, index: usize) -> &'a str {
        self.tokens
            .get(index)
            .map_or("", |token| &self.text[token.start..token.end])
    }

    /// Where a token is in the text.
    pub(super) fn range(&self, index: usize) -> std::ops::Range<usize> {
        self.tokens[index].start..self.tokens[index].end
    }

    pub(super) fn kind(&self, index: usize) -> Option<Kind> {
        self.tokens.get(index).map(|token| token.kind)
    }

    /// Whether a token is this word, as a name or keyword.
    pub(super) fn is_word(&self, index: usize, word: &str) -> bool {
        self.kind(index) == Some(Kind::Word) && self.say(index) == word
    }

    pub(super) fn is_name(&self, index: usize) -> bool {
        self.kind(index) == Some(Kind::Word) && !is_keyword(self.say(index))
    }

    pub(super) fn is_punctuator(&self, index: usize, text: &str) -> bool {
        self.kind(index) == Some(Kind::Punctuator) && self.say(index) == text
    }

    /// The token behind the bracket pair that opens at `open`.
    pub(super) fn behind(&self, open: usize) -> usize {
        self.tokens[open].partner + 1
    }

    /// Steps over a token, and over the whole pair when it opens one.
    pub(super) fn step(&self, index: usize) -> usize {
        match self.kind(index) {
            Some(Kind::Open(_)) => self.behind(index),
            _ => index + 1,
        }
    }

    pub(super) fn opens(&self, index: usize, wanted: impl Fn(Bracket) -> bool) -> bool {
        matches!(self.kind(index), Some(Kind::Open(bracket)) if wanted(bracket))
    }

    /// The function whose keyword is at `index`, if it is all there.
    pub(super) fn function(&self, index: usize) -> Option<Function> {
        let name = (self.kind(index + 1) == Some(Kind::Word)).then_some(index + 1);
        let params = name.unwrap_or(index) + 1;
        if !self.opens(params, |bracket| matches!(bracket, Bracket::Params { .. })) {
            return None;
        }
        let body = self.behind(params);
        self.opens(body, |bracket| matches!(bracket, Bracket::Body { .. }))
            .then(|| Function {
                name,
                params,
                close: self.tokens[body].partner,
            })
    }

    /// The names that the `var` or `const` at `index` declares, as token indices, and where the
    /// declaration ends.
    pub(super) fn declarators(&self, index: usize) -> (Vec<usize>, usize) {
        let mut names = Vec::new();
        let mut at = index + 1;
        let mut name_comes = true;
        while let Some(token) = self.tokens.get(at) {
            let ends = matches!(token.kind, Kind::Close(_)) || self.is_punctuator(at, ";");
            let restarts = self.is_word(at, "var") || self.is_word(at, "const");
            if ends || restarts || (token.statement && token.newline_before) {
                break;
            }
            if name_comes && token.kind == Kind::Word {
                names.push(at);
            }
            name_comes = self.is_punctuator(at, ",");
            at = self.step(at);
        }
        (names, at)
    }

    /// The keyword in front of a head `( )` that opens at `open`.
    pub(super) fn head_keyword(&self, open: usize) -> &'a str {
        match open.checked_sub(1).map(|before| self.say(before)) {
            Some("each") if open > 1 => self.say(open - 2),
            Some(word) => word,
            None => "",
        }
    }
}

/// Where the parts of a function are, as token indices.
#[derive(Debug, Clone, Copy)]
pub(super) struct Function {
    pub(super) name: Option<usize>,
    /// The `(`.
    pub(super) params: usize,
    /// The `}`.
    pub(super) close: usize,
}

/// The keywords of JavaScript 1.5. Words reserved for later are names.
pub(super) fn is_keyword(word: &str) -> bool {
    matches!(
        word,
        "break"
            | "case"
            | "catch"
            | "const"
            | "continue"
            | "debugger"
            | "default"
            | "delete"
            | "do"
            | "else"
            | "export"
            | "false"
            | "finally"
            | "for"
            | "function"
            | "if"
            | "import"
            | "in"
            | "instanceof"
            | "new"
            | "null"
            | "return"
            | "switch"
            | "this"
            | "throw"
            | "true"
            | "try"
            | "typeof"
            | "var"
            | "void"
            | "while"
            | "with"
    )
}
