//! Notes, errors, limits and places.

use script::prepass::{NoteKind, prepare};
use script::source::{SourceError, SourceLimits};

use crate::engine::{prepared, run};

fn kinds(source: &str) -> Vec<NoteKind> {
    prepared(source)
        .notes()
        .iter()
        .map(|note| note.kind)
        .collect()
}

#[test]
fn what_is_not_supported_is_noted() {
    use NoteKind::*;
    let cases: &[(&str, &[NoteKind])] = &[
        ("function f() { return f.caller }", &[Caller]),
        (
            "x = arguments.callee.caller; y = arguments.caller",
            &[Caller, Caller],
        ),
        ("client.caller = 1; call.arguments[0]; this.arguments", &[]),
        (
            "function f() { return f.arguments.length }",
            &[FunctionArguments],
        ),
        ("o.__parent__", &[Parent]),
        ("x = <a b='c'/>", &[XmlLiteral]),
        ("x = a < b; y = a <b", &[]),
        ("a = #1={b: #1#}", &[SharpVariable, SharpVariable]),
        ("let (x = 1) { x }", &[LetBlock]),
        ("let(1)\n{ x }", &[]),
        (
            "s = (x for (x in o)); t = [x for each (x in o)]",
            &[Comprehension, Comprehension],
        ),
        ("x = 1\nfor (;;) break", &[]),
        (
            "var i:int = 0, j:Number;",
            &[TypedDeclaration, TypedDeclaration],
        ),
        ("function f(a:Number) {}", &[TypedDeclaration]),
        ("function f():Void {}", &[TypedDeclaration]),
        (
            "switch (x) { case f(a): break; default: } y = c ? d : e",
            &[],
        ),
        ("import flash.net.NetConnection;", &[Import]),
        ("const A = 1; const A = 2;", &[ConstantRedeclared]),
        ("for (const i in o);", &[ConstantLoop]),
        ("var class = 1; class = 2", &[ReservedName]),
        ("var o = {x getter: f}", &[GetterValue]),
    ];
    for (source, wanted) in cases {
        assert_eq!(kinds(source), *wanted, "{source}");
    }
}

#[test]
fn a_note_says_where_and_what() {
    let script = prepared("// é\n'é'; var n:Number = 1;");
    assert_eq!(
        script.notes()[0].to_string(),
        "2:10: `n:Number`: types of ActionScript 2 and 3 are not part of server scripts; \
         leave them out"
    );
}

#[test]
fn notes_are_limited() {
    let limits = SourceLimits {
        notes: 2,
        ..SourceLimits::default()
    };
    let script = prepare("a.asc", b"a.__parent__; ".repeat(5).as_slice(), &limits).unwrap();
    assert_eq!((script.notes().len(), script.notes_dropped()), (2, 3));
}

fn error(source: &str) -> String {
    let limits = SourceLimits {
        nesting: 8,
        ..SourceLimits::default()
    };
    match prepare("main.asc", source.as_bytes(), &limits) {
        Err(SourceError::Syntax(error)) => format!("{error} | {}", error.source_line),
        other => panic!("{other:?}"),
    }
}

#[test]
fn errors_name_file_line_column_and_line() {
    assert_eq!(
        error("x = 1;\r\n  s = 'é\r\ny"),
        "main.asc:2:7: a string has no end on its line |   s = 'é"
    );
    assert_eq!(
        error("a\n/* b"),
        "main.asc:2:1: a comment has no end | /* b"
    );
    assert_eq!(
        error("x = /a"),
        "main.asc:1:5: a regular expression has no end | x = /a"
    );
    assert_eq!(
        error("x = `a"),
        "main.asc:1:5: a template literal has no end | x = `a"
    );
    assert_eq!(error("f(a]"), "main.asc:1:4: `]` closes nothing | f(a]");
    assert_eq!(
        error("if (a) {\n{ }"),
        "main.asc:1:8: `{` is never closed | if (a) {"
    );
}

#[test]
fn an_xml_literal_is_blamed_for_what_follows() {
    assert!(error("x = <a>don't</a>").starts_with("main.asc:1:5: XML literals are not"));
}

#[test]
fn nesting_is_limited() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let limits = SourceLimits {
        nesting: 8,
        ..SourceLimits::default()
    };
    assert!(prepare("main.asc", nested(8).as_bytes(), &limits).is_ok());
    assert_eq!(
        error(&nested(9)),
        "main.asc:1:9: brackets are nested more than 8 deep | [[[[[[[[[]]]]]]]]]"
    );
}

#[test]
fn a_place_in_the_changed_text_is_found_in_the_file() {
    let script = prepared("a;\ntry { 'é' } catch (e if e.ok) { where }");
    let changed = script.text().lines().nth(1).unwrap();
    let column = u32::try_from(changed.find("where").unwrap() + 1).unwrap();
    let original = script.original_line(2).unwrap();
    let wanted = original[..original.find("where").unwrap()].chars().count() + 1;
    assert_eq!(script.original_column(2, column) as usize, wanted);
    let error = script.syntax_error(2, column, "unexpected");
    assert_eq!(
        error.to_string(),
        format!("main.asc:2:{wanted}: unexpected")
    );
    assert_eq!(error.source_line, original);
    assert_eq!(
        (script.original_column(9, 1), script.original_line(9)),
        (0, None)
    );
}

#[test]
fn a_column_inside_a_character_is_its_column() {
    let script = prepared("é€x\ny");
    let columns: Vec<_> = (1..=7).map(|c| script.original_column(1, c)).collect();
    assert_eq!(columns, [1, 1, 2, 2, 2, 3, 4]);
}

#[test]
fn an_error_on_a_noted_line_is_explained() {
    assert!(run("var i:int = 0;").starts_with("throws: SyntaxError"));
    let error = prepared("var i:int = 0;").syntax_error(1, 6, "expecting ';'");
    assert!(
        error
            .message
            .starts_with("expecting ';' (types of ActionScript"),
        "{error}"
    );
}
