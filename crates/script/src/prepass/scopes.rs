//! Which function, and which `catch`, declares a name.

use std::collections::{HashMap, HashSet};

use super::token::{Bracket, Kind, Script};

/// The scopes of a script; the first is the program's.
#[derive(Debug)]
pub(super) struct Scopes<'a> {
    all: Vec<Scope<'a>>,
    /// The innermost scope of every token.
    of: Vec<usize>,
    /// Where `var` and `const` declare a name in a function, in the order of the text.
    declared: HashMap<(usize, &'a str), Vec<usize>>,
}

#[derive(Debug, Default)]
struct Scope<'a> {
    parent: Option<usize>,
    /// Of a `catch`, and no function.
    of_catch: bool,
    /// The last token.
    last: usize,
    /// Parameters, or the variable of a `catch`.
    params: HashSet<&'a str>,
    names: HashSet<&'a str>,
}

/// The program's scope.
pub(super) const PROGRAM: usize = 0;

impl<'a> Scopes<'a> {
    pub(super) fn new(script: &Script<'a>) -> Self {
        let mut scopes = Self {
            all: vec![Scope {
                last: usize::MAX,
                ..Scope::default()
            }],
            of: Vec::with_capacity(script.tokens.len()),
            declared: HashMap::new(),
        };
        let mut current = PROGRAM;
        for index in 0..script.tokens.len() {
            while index > scopes.all[current].last {
                current = scopes.all[current].parent.unwrap_or(PROGRAM);
            }
            if let Kind::Open(bracket) = script.tokens[index].kind {
                current = scopes.enter(script, index, bracket, current);
            } else if script.is_word(index, "var") || script.is_word(index, "const") {
                scopes.declare(script, index, current);
            }
            scopes.of.push(current);
        }
        scopes
    }

    /// The scope that opens with a bracket, else the current one.
    fn enter(
        &mut self,
        script: &Script<'a>,
        open: usize,
        bracket: Bracket,
        current: usize,
    ) -> usize {
        let block = script.behind(open);
        let mut scope = Scope {
            parent: Some(current),
            last: script.tokens[open].partner,
            ..Scope::default()
        };
        match bracket {
            Bracket::Params { expression } => {
                scope.params = words_in(script, open);
                self.name_function(script, open, expression, current, &mut scope);
            }
            Bracket::Head if script.head_keyword(open) == "catch" => {
                scope.of_catch = true;
                scope.params.insert(script.say(open + 1));
            }
            _ => return current,
        }
        if script.opens(block, Bracket::holds_statements) {
            scope.last = script.tokens[block].partner;
        }
        self.all.push(scope);
        self.all.len() - 1
    }

    /// A function statement is known around itself, a function expression in itself.
    fn name_function(
        &mut self,
        script: &Script<'a>,
        params: usize,
        expression: bool,
        current: usize,
        scope: &mut Scope<'a>,
    ) {
        if params < 2 || !script.is_word(params - 2, "function") {
            return;
        }
        let name = script.say(params - 1);
        if expression {
            scope.names.insert(name);
        } else {
            let around = self.function_around(current);
            self.all[around].names.insert(name);
        }
    }

    fn declare(&mut self, script: &Script<'a>, keyword: usize, current: usize) {
        let function = self.function_around(current);
        for name in script.declarators(keyword).0 {
            let word = script.say(name);
            self.all[function].names.insert(word);
            self.declared
                .entry((function, word))
                .or_default()
                .push(name);
        }
    }

    fn function_around(&self, scope: usize) -> usize {
        let mut at = scope;
        while self.all[at].of_catch {
            at = self.all[at].parent.unwrap_or(PROGRAM);
        }
        at
    }

    /// The function, or the program, that a token belongs to.
    pub(super) fn function_of(&self, index: usize) -> usize {
        self.function_around(self.of[index])
    }

    /// The scope that declares a name as seen at a token, if the script does.
    pub(super) fn resolve(&self, index: usize, name: &str) -> Option<usize> {
        let mut at = Some(self.of[index]);
        while let Some(scope) = at {
            let found = &self.all[scope];
            if found.params.contains(name) || found.names.contains(name) {
                return Some(scope);
            }
            at = found.parent;
        }
        None
    }

    /// Whether a name is a parameter of the function a token is in, or the variable of a `catch`
    /// right around it.
    pub(super) fn is_parameter(&self, index: usize, name: &str) -> bool {
        [self.of[index], self.function_of(index)]
            .iter()
            .any(|scope| self.all[*scope].params.contains(name))
    }

    /// Whether `var` or `const` declares a name between two tokens, in the function of the first.
    pub(super) fn is_declared_between(&self, first: usize, last: usize, name: &str) -> bool {
        let Some(places) = self.declared.get(&(self.function_of(first), name)) else {
            return false;
        };
        let next = places.partition_point(|place| *place < first);
        places.get(next).is_some_and(|place| *place <= last)
    }
}

fn words_in<'a>(script: &Script<'a>, open: usize) -> HashSet<&'a str> {
    let mut words = HashSet::new();
    let mut at = open + 1;
    while at < script.tokens[open].partner {
        if script.kind(at) == Some(Kind::Word) {
            words.insert(script.say(at));
        }
        at = script.step(at);
    }
    words
}
