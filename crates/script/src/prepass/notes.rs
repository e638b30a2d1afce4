//! What the pre-pass could not help with, or helps with only in part.

use std::fmt;

/// One finding in a script, in the file as its author wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// What was found.
    pub kind: NoteKind,
    /// The words of the script it was found by.
    pub text: String,
}

impl Note {
    /// What the script's owner is told of it.
    pub(crate) fn description(&self) -> String {
        format!("{}: {}", self.text, self.kind.explanation())
    }
}

impl fmt::Display for Note {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            line, column, text, ..
        } = self;
        write!(
            formatter,
            "{line}:{column}: `{text}`: {}",
            self.kind.explanation()
        )
    }
}

/// The kinds of finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NoteKind {
    /// `fn.caller`, `arguments.caller`.
    Caller,
    /// `fn.arguments`.
    FunctionArguments,
    /// `object.__parent__`.
    Parent,
    /// An XML literal of ECMA-357.
    XmlLiteral,
    /// `#1=` and `#1#`.
    SharpVariable,
    /// `let (…) …` of JavaScript 1.7.
    LetBlock,
    /// `(x for (x in o))` and `[x for (x in o)]` of JavaScript 1.7 and 1.8.
    Comprehension,
    /// `var i:int`, `function f(a:Number):Void` of ActionScript 2 and 3.
    TypedDeclaration,
    /// `import a.b.C`, `export`.
    Import,
    /// A constant is declared twice.
    ConstantRedeclared,
    /// A constant is the variable of a loop.
    ConstantLoop,
    /// A reserved word names a variable, which the engine sees under another name.
    ReservedName,
    /// `name getter: value` with something else than a function expression.
    GetterValue,
}

impl NoteKind {
    /// Whether the script, or this part of it, cannot run. Else it runs and differs.
    #[must_use]
    pub fn is_unsupported(self) -> bool {
        !matches!(
            self,
            Self::ConstantRedeclared | Self::ConstantLoop | Self::ReservedName
        )
    }

    /// A sentence for the author of the script.
    #[must_use]
    pub fn explanation(self) -> &'static str {
        match self {
            Self::Caller => "the calling function cannot be found out; this is undefined",
            Self::FunctionArguments => {
                "a function has no arguments from outside; use `arguments` inside it"
            }
            Self::Parent => "objects do not know the scope they were made in; this is undefined",
            Self::XmlLiteral => "XML literals are not part of server scripts; use `new XML(text)`",
            Self::SharpVariable => "sharp variables are not supported",
            Self::LetBlock => "let blocks and let expressions are not supported",
            Self::Comprehension => {
                "generator expressions and array comprehensions are not supported"
            }
            Self::TypedDeclaration => {
                "types of ActionScript 2 and 3 are not part of server scripts; leave them out"
            }
            Self::Import => {
                "import and export are not part of server scripts; use `load(\"file.asc\")`"
            }
            Self::ConstantRedeclared => {
                "the original refused to declare a constant again; here it gets the new value"
            }
            Self::ConstantLoop => "the constant of a loop is an ordinary variable here",
            Self::ReservedName => {
                "a reserved word as a variable is not found as a property of the global object"
            }
            Self::GetterValue => "only a function written out here can become a getter or setter",
        }
    }
}
