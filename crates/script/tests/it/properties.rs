//! What holds for every source.

use proptest::prelude::*;
use script::prepass::prepare;
use script::source::SourceLimits;

/// Statements that stay as they are.
const PLAIN: &[&str] = &[
    "var a = 1, b = 'x\\n\\x41\\u0041';",
    "function f(a, b) { return a / b / 2 }",
    "for (var i in o) { if (o[i]) continue; }",
    "x = /[/'\"]+/g.exec(s) // it's",
    "try { f() } catch (e) { trace(e) } finally { g() }",
    "o = {a: 1, 'b': [1,,2,], class: 2, getter: 3, each: 4,};",
    "while (i--) ;",
    "/* for each (x in y) 'const' */",
    "client.f = function () { this.private = 010 }",
    "lbl: for (;;) { break lbl }",
    "if (a) { function inner() {} } else b = c ? d : {e: 1};",
];

/// Statements that are changed.
const OLD: &[&str] = &[
    "for each (var x in o) { f(x) }",
    "try { f() } catch (e if e == 1) { g() } catch (e) { h() }",
    "try { f() } catch (e if\ne == 1) { g() } catch (h if h) { } finally { }",
    "const A = 1, B;",
    "function k() { const z = 1; z = 2; z++; }",
    "o.x getter = function () { return 1 };",
    "p = {x setter: function (v) { }};",
    "var class = 1, enum; class++;",
    "while (a) function later() { }",
    "'use strict';",
    "s = '\\x4\\u{61}';",
    "/re/(s);",
];

fn source(statements: &'static [&'static str]) -> impl Strategy<Value = String> {
    let ends = prop_oneof![
        Just("\n"),
        Just("\n\n"),
        Just(" /* */\n"),
        Just("\n<!-- x\n")
    ];
    let statement = (prop::sample::select(statements), ends, 0..3_usize);
    prop::collection::vec(statement, 0..12).prop_map(|statements| {
        let mut text = String::new();
        for (statement, end, depth) in statements {
            let open = "{ if (a) { ".repeat(depth);
            let close = "}}".repeat(depth);
            text.extend([&*open, statement, "\n", &*close, end]);
        }
        text
    })
}

proptest! {
    #[test]
    fn plain_sources_stay_as_they_are(text in source(PLAIN)) {
        let script = prepare("a", text.as_bytes(), &SourceLimits::default()).unwrap();
        prop_assert_eq!(script.text(), &text);
        prop_assert_eq!(script.original(), &text);
        prop_assert!(script.notes().is_empty());
    }

    #[test]
    fn lines_stay_and_a_second_pass_changes_nothing(text in source(OLD)) {
        let once = prepare("a", text.as_bytes(), &SourceLimits::default()).unwrap();
        prop_assert_eq!(once.text().matches('\n').count(), text.matches('\n').count());
        let twice = prepare("a", once.text().as_bytes(), &SourceLimits::default()).unwrap();
        prop_assert_eq!(twice.text(), once.text());
    }

    #[test]
    fn any_bytes_are_taken_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = prepare("a", &bytes, &SourceLimits::default());
    }

    #[test]
    fn any_words_are_taken_or_refused(
        words in prop::collection::vec(prop::sample::select(WORDS), 0..60)
    ) {
        let text = words.concat();
        if let Ok(script) = prepare("a", text.as_bytes(), &SourceLimits::default()) {
            let lines = text.matches('\n').count();
            prop_assert_eq!(script.text().matches('\n').count(), lines);
            for line in 0..3 {
                let column = script.original_column(line, 7) as usize;
                let length = script.original_line(line).map_or(0, |l| l.chars().count() + 1);
                prop_assert!(column <= length);
            }
        }
    }
}

/// What the pre-pass looks for, to be put together at random.
const WORDS: &[&str] = &[
    "for",
    " each",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    " in ",
    "var ",
    "const ",
    "x",
    " getter",
    "=",
    ":",
    "function ",
    " class",
    "try",
    "catch",
    " if ",
    "\n",
    ";",
    ",",
    ".",
    "?",
    "'use strict'",
    "'\\x'",
    "/a/",
    "`",
    "${",
    "do ",
    "while",
    "++",
    "é",
    "#",
    "1",
    "<",
    "enum",
    " of ",
    "let ",
    "=>",
    "else ",
    "finally",
    "-->",
    "<!--",
];
