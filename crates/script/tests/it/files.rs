//! Which files run, and in what order.

use engine::scripting::{ScriptEffect, ScriptInput};
use script::{AppFiles, ApplicationInfo, MemoryFiles, ScriptConfig};

use crate::driver::{Driver, problems, reports, traces};

fn start(files: MemoryFiles) -> Vec<ScriptEffect> {
    let info = ApplicationInfo {
        name: "chat/room".into(),
        ..ApplicationInfo::default()
    };
    Driver::with(files, ScriptConfig::default(), info).input(ScriptInput::Start)
}

#[test]
fn the_main_script_is_the_first_that_is_there() {
    let names = [
        "scripts/main.asc",
        "main.asc",
        "scripts/main.js",
        "main.js",
        "scripts/chat.asc",
        "chat.asc",
        "scripts/chat.js",
        "chat.js",
    ];
    for first in 0..names.len() {
        let files = names[first..]
            .iter()
            .fold(MemoryFiles::new(), |files, name| {
                files.with(name, format!("trace('{name}');"))
            });
        assert_eq!(traces(&start(files)), [names[first]]);
    }
}

#[test]
fn load_runs_its_file_at_once_and_in_the_global_scope() {
    let files = MemoryFiles::new()
        .with(
            "main.asc",
            "trace(1); load('sub/a.asc'); trace(a); trace(f());",
        )
        .with(
            "sub/a.asc",
            "trace(2); var a = 3; function f() { return 4; }",
        );
    assert_eq!(traces(&start(files)), ["1", "2", "3", "4"]);
}

#[test]
fn load_looks_beside_the_main_script_then_in_the_application_then_in_the_library() {
    let say = |what: &str| format!("trace('{what}');");
    let files = || {
        MemoryFiles::new()
            .with("scripts/main.asc", "load('a.asc');")
            .with_library("a.asc", say("library"))
    };
    assert_eq!(traces(&start(files())), ["library"]);
    let files = || files().with("a.asc", say("application"));
    assert_eq!(traces(&start(files())), ["application"]);
    let files = files().with("scripts/a.asc", say("scripts"));
    assert_eq!(traces(&start(files)), ["scripts"]);
}

#[test]
fn files_that_load_each_other_run_once() {
    let files = MemoryFiles::new()
        .with("main.asc", "load('a.asc'); load('b.asc'); load('a.asc');")
        .with("a.asc", "trace('a'); load('b.asc');")
        .with("b.asc", "trace('b'); load('a.asc');");
    assert_eq!(traces(&start(files)), ["a", "b"]);
}

#[test]
fn after_the_start_load_reads_its_file_anew() {
    let files = MemoryFiles::new()
        .with(
            "main.asc",
            "load('s.asc'); setInterval(function () { load('s.asc'); }, 10);",
        )
        .with("s.asc", "trace('read');");
    let mut driver = Driver::with(files, ScriptConfig::default(), ApplicationInfo::default());
    assert_eq!(traces(&driver.input(ScriptInput::Start)), ["read"]);
    assert_eq!(traces(&driver.pass(20)), ["read", "read"]);
}

#[test]
fn a_missing_file_fails_the_start_unless_the_script_expects_it() {
    let effects = start(MemoryFiles::new().with("main.asc", "\nload('gone.asc');"));
    let Some(ScriptEffect::Failed(problem)) = effects.last() else {
        panic!("{effects:?}");
    };
    assert_eq!(
        problem.description,
        "Error: load: there is no file gone.asc"
    );
    assert_eq!(problem.file, "gone.asc");
    let careful = "try { load('gone.asc'); } catch (e) { trace(e.message); }";
    let effects = start(MemoryFiles::new().with("main.asc", careful));
    assert_eq!(traces(&effects), ["load: there is no file gone.asc"]);
    assert_eq!(effects.last(), Some(&ScriptEffect::Started));
}

#[test]
fn no_name_leads_out_of_the_application() {
    for name in [
        "../secret.asc",
        "/etc/passwd",
        "a/../../b.asc",
        "C:/boot.ini",
        "",
    ] {
        let main =
            format!("try {{ load('{name}'); trace('read'); }} catch (e) {{ trace(e.message); }}");
        let effects = start(MemoryFiles::new().with("main.asc", main));
        assert_eq!(
            traces(&effects),
            [format!(
                "the file {name:?} is not inside the application's folder"
            )]
        );
    }
}

#[test]
fn a_loaded_file_that_does_not_compile_fails_the_start() {
    for text in ["var a = 1;\n  if (a {\n", "var a = 1;\n  a b;\n"] {
        let files = MemoryFiles::new()
            .with("main.asc", "trace(1); load('bad.asc'); trace(2);")
            .with("bad.asc", text);
        let effects = start(files);
        let Some(ScriptEffect::Failed(problem)) = effects.last() else {
            panic!("{effects:?}");
        };
        assert!(
            problem.description.starts_with("SyntaxError: "),
            "{problem:?}"
        );
        assert_eq!((problem.file.as_str(), problem.line), ("bad.asc", 2));
        assert_eq!(Some(problem.source_line.as_str()), text.lines().nth(1));
        assert_eq!(traces(&effects), ["1"]);
        assert_eq!(reports(&effects).count(), 1);
    }
}

#[test]
fn an_error_in_a_loaded_file_is_found_there() {
    let files = MemoryFiles::new()
        .with("main.asc", "load('lib/x.asc');\nf();")
        .with_library("lib/x.asc", "function f() {\r  var x;\r  x.y;\r}");
    let effects = start(files);
    let problem = reports(&effects).next().expect("a problem");
    assert_eq!((problem.file.as_str(), problem.line), ("lib/x.asc", 3));
    assert_eq!(problem.source_line, "  x.y;");
}

#[test]
fn files_that_load_deeper_and_deeper_are_stopped() {
    let mut files = MemoryFiles::new().with("main.asc", "load('0.asc');");
    for depth in 0..40 {
        files = files.with(
            &format!("{depth}.asc"),
            format!("load('{}.asc');", depth + 1),
        );
    }
    let effects = start(files);
    assert_eq!(
        problems(&effects),
        ["Error: load: files load each other 32 deep (limit load_depth)"]
    );
}

#[test]
fn a_file_that_is_too_long_is_not_run() {
    let long = vec![b' '; (1 << 20) + 1];
    let effects = start(MemoryFiles::new().with("main.asc", long));
    assert_eq!(
        problems(&effects),
        ["Error: the file main.asc is longer than 1048576 bytes (limit source_bytes)"]
    );
    assert!(matches!(effects.last(), Some(ScriptEffect::Failed(_))));
}

#[test]
fn secure_asc_runs_first_and_alone_has_the_global_object() {
    let files = MemoryFiles::new()
        .with(
            "secure.asc",
            "var secret = 5;
            var vault = { open: function () { return this.code; }, code: 42 };
            var safe = protectObject(vault);
            vault = null;
            getGlobal().fixed = 1;
            setAttributes(getGlobal(), 'fixed', false, true, true);",
        )
        .with(
            "main.asc",
            "fixed = 2; delete this.fixed;
            var seen = false; for (var n in this) if (n == 'fixed') seen = true;
            trace(fixed + ' ' + seen + ' ' + typeof getGlobal + ' ' + typeof protectObject);
            safe.code = 1;
            var names = []; for (var n in safe) names.push(n);
            trace(safe.open() + ' ' + safe.code + ' ' + names.length);",
        );
    let effects = start(files);
    assert_eq!(problems(&effects), [""; 0]);
    assert_eq!(
        traces(&effects),
        ["1 false undefined undefined", "42 undefined 0"]
    );
}

#[test]
fn secure_mode_ends_with_an_error_too() {
    let files = MemoryFiles::new()
        .with("secure.asc", "trace(typeof getGlobal); nowhere();")
        .with("main.asc", "trace(typeof getGlobal);");
    let effects = start(files);
    assert_eq!(traces(&effects), ["function", "undefined"]);
    assert_eq!(
        problems(&effects),
        ["ReferenceError: nowhere is not defined"]
    );
    assert_eq!(effects.last(), Some(&ScriptEffect::Started));
}

#[test]
fn scripts_come_from_folders_of_the_machine() {
    let root = tempfile::tempdir().expect("a folder");
    let library = root.path().join("scriptlib");
    std::fs::create_dir_all(root.path().join("app/scripts")).expect("a folder");
    std::fs::create_dir_all(&library).expect("a folder");
    std::fs::write(root.path().join("app/scripts/main.asc"), "load('lib.asc');").expect("written");
    std::fs::write(library.join("lib.asc"), "trace('from the library');").expect("written");
    let files = AppFiles::open("app", root.path().join("app"), vec![library]).expect("opened");
    let mut driver = Driver::with_files(Box::new(files));
    assert_eq!(
        traces(&driver.input(ScriptInput::Start)),
        ["from the library"]
    );
}
