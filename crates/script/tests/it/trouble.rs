//! What the script and its owner are told when something goes wrong.

use engine::scripting::{CallId, CallOutcome, Problem, ScriptEffect, ScriptInput};

use script::ScriptConfig;

use crate::driver::{Driver, accept, evaluator, failed, problems, reports, traces};

const SHOW: &str = "application.onStatus = function (i) {
    var s = ''; for (var n in i) s += n + '=' + i[n] + ';'; trace(s + (this === application));
};";

#[test]
fn on_status_is_told_code_level_file_line_and_source() {
    let mut driver = Driver::new(&format!(
        "{SHOW}\n\nfunction f() {{\n  return missing.x;\n}}\nClient.prototype.m = function () {{ return f(); }};"
    ));
    driver.connect(1, &[]);
    let effects = driver.call(1, "m", &[]);
    let problem = Problem {
        code: "Application.Script.Error".into(),
        description: "ReferenceError: missing is not defined".into(),
        file: "main.asc".into(),
        line: 6,
        source_line: "  return missing.x;".into(),
    };
    let told = "code=Application.Script.Error;level=error;description=ReferenceError: missing is not defined;\
                filename=main.asc;lineno=6;linebuf=  return missing.x;;true";
    assert_eq!(
        effects,
        [
            ScriptEffect::Problem(Box::new(problem)),
            ScriptEffect::Trace(told.into()),
            failed(1, "Failed to execute method (m)."),
        ]
    );
}

#[test]
fn a_handler_of_errors_that_fails_is_not_called_for_itself() {
    let mut driver = Driver::new(
        "application.onStatus = function () { alsoMissing(); };
        application.onDisconnect = function () { missing(); };",
    );
    driver.connect(1, &[]);
    assert_eq!(
        problems(&driver.disconnect(1)),
        [
            "ReferenceError: missing is not defined",
            "ReferenceError: alsoMissing is not defined"
        ]
    );
}

#[test]
fn whatever_is_thrown_is_reported() {
    let mut driver = Driver::new(
        "Client.prototype.m = function (n) {
            if (n == 0) throw 'text';
            if (n == 1) throw 5;
            if (n == 2) throw undefined;
            if (n == 3) throw { toString: function () { return 'own'; } };
            if (n == 4) throw { toString: function () { throw 1; } };
            if (n == 5) throw Object.create(null);
            if (n == 6) { var e = new Error('odd'); e.name = { toString: null }; throw e; }
            if (n == 7) { Error.prepareStackTrace = function () { setInterval(trace, 1); throw 2; }; throw new TypeError('x'); }
        };",
    );
    driver.connect(1, &[]);
    let expected = [
        "text",
        "5",
        "undefined",
        "own",
        "an exception without text",
        "an exception without text",
        ": odd",
    ];
    for (n, text) in (0..).zip(expected) {
        let effects = driver.call(1, "m", &[n.into()]);
        assert_eq!(problems(&effects), [text], "{n}");
    }
    assert_eq!(problems(&driver.call(1, "m", &[7.into()])).len(), 1);
    assert_eq!(driver.connect(2, &[]), [accept(2)]);
}

#[test]
fn an_error_in_evaluated_text_is_found_where_it_is_evaluated() {
    let mut driver = evaluator("");
    let effects = driver.call(1, "evaluate", &["nowhere()".into()]);
    let problem = reports(&effects).next().expect("a problem");
    assert_eq!((problem.file.as_str(), problem.line), ("main.asc", 2));
    assert!(problem.source_line.contains("eval"));
}

#[test]
fn an_error_in_a_promise_is_reported_unless_somebody_takes_it() {
    let mut driver = evaluator("async function f() { await 0; nowhere(); }");
    let effects = driver.call(1, "evaluate", &["f(); 0".into()]);
    assert_eq!(
        problems(&effects),
        ["ReferenceError: nowhere is not defined"]
    );
    assert_eq!(
        reports(&effects).next().map(|problem| problem.line),
        Some(1)
    );
    let taken = "f().catch(function (e) { trace(e.name); }); Promise.reject(1).catch(trace); 0";
    let effects = driver.call(1, "evaluate", &[taken.into()]);
    assert_eq!(traces(&effects), ["1", "ReferenceError"]);
    assert_eq!(problems(&effects), [""; 0]);
    let many = driver.call(
        1,
        "evaluate",
        &["for (var i = 0; i < 100; i++) Promise.reject(i); 0".into()],
    );
    assert_eq!(problems(&many).len(), 16, "not one for each");
}

#[test]
fn an_error_in_a_responder_is_the_scripts() {
    let mut driver = evaluator("var bad = { onResult: function () { nowhere(); } };");
    driver.call(
        1,
        "evaluate",
        &["application.clients[0].call('q', bad)".into()],
    );
    let effects = driver.input(ScriptInput::Answer {
        call: CallId(1),
        outcome: CallOutcome::Result(1.into()),
    });
    assert_eq!(
        problems(&effects),
        ["ReferenceError: nowhere is not defined"]
    );
}

#[test]
fn what_the_pre_pass_changes_in_meaning_is_a_warning() {
    let files = script::MemoryFiles::new().with("main.asc", "\nconst A = 1; const A = 2;");
    let mut driver = Driver::with(
        files,
        ScriptConfig::default(),
        script::ApplicationInfo::default(),
    );
    let effects = driver.input(ScriptInput::Start);
    let warning = reports(&effects).next().expect("a warning");
    assert_eq!(warning.code, "Application.Script.Warning");
    assert_eq!((warning.file.as_str(), warning.line), ("main.asc", 2));
    assert_eq!(traces(&effects), [""; 0]);
    assert_eq!(effects.last(), Some(&ScriptEffect::Started));
}

/// A text or a number has no trace of calls, but the statement that throws it has a place.
#[test]
fn a_thrown_value_has_the_place_where_it_was_thrown() {
    let mut driver = Driver::new(&format!(
        "{SHOW}\nfunction f(x) {{\n  if (x) throw x;\n}}\nClient.prototype.m = function (x) {{\n  \
         try {{ f(1) }} catch (e) {{}}\n  f(x);\n}};"
    ));
    driver.connect(1, &[]);
    let effects = driver.call(1, "m", &["late".into()]);
    let told = "code=Application.Script.Error;level=error;description=late;\
                filename=main.asc;lineno=5;linebuf=  if (x) throw x;;true";
    assert_eq!(traces(&effects), [told]);
    let problem = reports(&effects).next().expect("a problem");
    assert_eq!((problem.file.as_str(), problem.line), ("main.asc", 5));
}

/// The place is not that of something that was thrown before.
#[test]
fn what_the_script_has_not_thrown_has_no_place() {
    let mut driver = evaluator("function f() { try { throw 1 } catch (e) {} }");
    driver.call(1, "evaluate", &["f()".into()]);
    let main = "Promise.reject('later'); 0";
    let effects = driver.call(1, "evaluate", &[main.into()]);
    let found: Vec<_> = reports(&effects).map(|problem| problem.line).collect();
    assert_eq!(found, [0]);
}

#[test]
fn errors_in_evaluated_text_say_the_line_of_the_text() {
    let main = "Client.prototype.m = function (text) {\n  eval(text);\n};";
    let mut driver = Driver::new(main);
    driver.connect(1, &[]);
    for (text, expected) in [
        (
            "1;\n2;\nnowhere()",
            "ReferenceError: nowhere is not defined (line 3 of the evaluated text)",
        ),
        (
            "1;\n'open",
            "SyntaxError: a string has no end on its line (line 2 of the evaluated text)",
        ),
        ("nowhere()", "ReferenceError: nowhere is not defined"),
    ] {
        let effects = driver.call(1, "m", &[text.into()]);
        assert_eq!(problems(&effects), [expected]);
        let problem = reports(&effects).next().expect("a problem");
        assert_eq!((problem.file.as_str(), problem.line), ("main.asc", 2));
    }
    let effects = driver.call(1, "m", &["1;\nvar = 2".into()]);
    let told = problems(&effects).join("");
    assert!(told.starts_with("SyntaxError: "), "{told}");
    assert!(told.ends_with("(line 2 of the evaluated text)"), "{told}");
}

#[test]
fn a_warning_about_evaluated_text_has_the_line_that_evaluates_it() {
    let mut driver = Driver::new(
        "Client.prototype.run = function (text) {
            return eval(text);
        };",
    );
    driver.connect(1, &[]);
    let effects = driver.call(1, "run", &["1;\nvar class = 2; class".into()]);
    let told = reports(&effects).next().expect("a warning");
    assert_eq!(told.code, "Application.Script.Warning");
    assert_eq!((&*told.file, told.line), ("main.asc", 2));
    assert_eq!(told.source_line.trim(), "return eval(text);");
    let of_the_text = told.description.ends_with("(line 2 of an evaluated text)");
    assert!(of_the_text, "{}", told.description);
}

#[test]
fn what_is_evaluated_is_limited_as_files_are() {
    let mut config = ScriptConfig::default();
    config.source.source_bytes = 200;
    config.source.nesting = 10;
    let main =
        "Client.prototype.m = function (f, text) { return f ? Function(text) : eval(text); };";
    let (mut driver, _) = Driver::limited(main, config);
    driver.connect(1, &[]);
    for of_function in [false, true] {
        let long = format!("'{}'", "x".repeat(200));
        let effects = driver.call(1, "m", &[of_function.into(), long.into()]);
        let told = problems(&effects).join("");
        assert!(
            told.starts_with("RangeError: ") && told.contains("limit source_bytes"),
            "{told}"
        );
        let deep = format!("{}{}", "(".repeat(20), ")".repeat(20));
        let effects = driver.call(1, "m", &[of_function.into(), deep.into()]);
        assert!(problems(&effects).join("").starts_with("SyntaxError: "));
    }
}

/// The host's own files are nobody's to import, though the engine has them as modules.
#[test]
fn scripts_import_nothing() {
    let mut driver = evaluator("");
    for name in ["greenroom:kernel.js", "kernel.js", "main.asc"] {
        let text = format!(
            "import('{name}').then(function () {{ trace('in'); }}, function () {{ trace('out'); }}); 0"
        );
        let effects = driver.call(1, "evaluate", &[text.into()]);
        assert_eq!(traces(&effects), ["out"], "{name}");
    }
}
