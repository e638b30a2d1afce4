//! The compatibility report: each kind of finding, with its place; and nothing that is not so.

use std::rc::Rc;

use proptest::prelude::*;
use script::check::{CheckLimits, CheckSetup, Report, Severity, check};
use script::source::SourceLimits;
use script::{ApplicationInfo, MemoryFiles, ScriptConfig};

fn setup(files: MemoryFiles) -> CheckSetup {
    CheckSetup {
        files: Rc::new(files),
        config: ScriptConfig::default(),
        info: ApplicationInfo {
            name: "chat/_definst_".into(),
            ..ApplicationInfo::default()
        },
        limits: CheckLimits::default(),
    }
}

fn report(files: MemoryFiles) -> Report {
    check(&setup(files))
}

fn of_main(main: &str) -> Report {
    report(MemoryFiles::new().with("main.asc", main))
}

fn lines(report: &Report) -> Vec<String> {
    report.findings.iter().map(ToString::to_string).collect()
}

/// The findings of an application of one file, each as it is printed.
fn found(main: &str) -> Vec<String> {
    lines(&of_main(main))
}

#[test]
fn an_application_that_runs_has_no_findings() {
    let report = of_main(
        "load('rooms.asc'.substr(0, 0) || 'main.asc');
        application.onAppStart = function () { this.users = {}; };
        application.onConnect = function (client, name) {
            client.name = name; client.id = 'u1';
            this.acceptConnection(client);
            if (typeof SharedObject != 'undefined') trace('shared objects');
            return true;
        };
        Client.prototype.setProperty = function (name, value) { this[name] = value; };
        Client.prototype.get = function (name) { return this.setProperty('asked', name); };
        var nc = new NetConnection(); nc.connect('rtmp://localhost/lobby');",
    );
    assert_eq!(lines(&report), [] as [String; 0]);
    assert_eq!(report.main.as_deref(), Some("main.asc"));
    assert_eq!(report.files, ["main.asc"]);
    assert!(report.is_supported());
}

#[test]
fn an_application_without_a_script_has_nothing_to_report() {
    let report = report(MemoryFiles::new());
    assert_eq!(report, Report::default());
    assert!(report.is_supported());
}

#[test]
fn classes_that_are_not_there_are_found_where_they_are_used() {
    let report = of_main(
        "application.onAppStart = function () {
            this.all = gFrameworkFC.getClientGlobals();
        };
        application.onConnect = function () { return new XMLStreams() == ASSetPropFlags; };",
    );
    assert_eq!(
        lines(&report),
        [
            "main.asc:2:37: unsupported: `gFrameworkFC.getClientGlobals` is not there yet \
             (what the components know of a client)",
            "main.asc:4:58: unsupported: `XMLStreams` is not there yet \
             (`XMLSocket` for documents that come in pieces, as XMPP has them.)",
            "main.asc:4:74: unsupported: `ASSetPropFlags` is not part of this server \
             (a name of the player)",
        ]
    );
    let first = &report.findings[0];
    assert_eq!(first.subject, "gFrameworkFC.getClientGlobals");
    assert_eq!(
        first.source_line.trim(),
        "this.all = gFrameworkFC.getClientGlobals();"
    );
    assert!(!report.is_supported());
}

/// It is started with objects that are there, and which nobody else uses.
#[test]
fn an_application_with_shared_objects_runs() {
    let report = of_main(
        "application.onAppStart = function () {
            var nc = new NetConnection(); nc.connect('rtmp://localhost/owner');
            this.far = SharedObject.get('far', true, nc);
            if (this.far.lock() != -1) throw new Error('not a proxy');
            this.users = SharedObject.get('users', true);
            this.users.onSync = function (list) {};
            this.users.lock();
            this.users.setProperty('a', { b: 1 });
            this.users.setProperty('c', null);
            if (this.users.unlock() != 0 || this.users.getProperty('a').b != 1) throw new Error('lock');
            if (this.users.size() != 1 || this.users.version < 1) throw new Error('size');
            if (!this.users.isDirty || !this.users.flush() || this.users.isDirty) throw new Error('flush');
            if (!this.users.send('x', 1) || !this.users.clear()) throw new Error('send');
            if (this.users.getPropertyNames().length) throw new Error('names');
            this.users.resyncDepth = 5; this.users.purge(1); this.users.autoCommit = false;
            if (this.users.resyncDepth != 5 || this.users.autoCommit) throw new Error('settings');
            if (!SharedObject.commit() || !application.clearSharedObjects('/')) throw new Error('commit');
            if (!application.clearStreams('/')) throw new Error('clear');
            this.users.close();
        };",
    );
    assert_eq!(report.findings, []);
    assert!(report.is_supported());
}

#[test]
fn members_are_found_where_they_can_mean_nothing_else() {
    let subjects = |main: &str| -> Vec<String> {
        let report = of_main(main);
        let findings = report.findings.into_iter();
        findings.map(|finding| finding.subject).collect()
    };
    assert_eq!(
        subjects(
            "application.onPublish = function (client, stream) { client.virtualKey = 1; stream.record(); };"
        ),
        ["Client.virtualKey", "Stream.record"]
    );
    assert_eq!(
        subjects("function f(app) { app.denyPeerLookup('/'); }"),
        ["application.denyPeerLookup"]
    );
    // Others have `get`, `send` and `close` too.
    assert_eq!(
        subjects("function f(x) { x.get('a'); x.send(); x.close(); }"),
        [] as [&str; 0]
    );
    // The script has made up for it.
    let own = "Client.prototype.getStreamLength = function () { return 0; };
        function f(client) { return client.getStreamLength('a'); }";
    assert_eq!(subjects(own), [] as [&str; 0]);
    assert_eq!(
        subjects("function f(nc) { nc.connect('https://example.com/gateway'); }"),
        [] as [&str; 0]
    );
}

#[test]
fn what_the_script_declares_itself_is_its_own() {
    let files = MemoryFiles::new()
        .with(
            "main.asc",
            "load('stream.asc'); Stream.get('a'); Video = {}; Video.x = 1;",
        )
        .with(
            "stream.asc",
            "function Stream() {} Stream.get = function () {};",
        );
    let report = report(files);
    assert_eq!(lines(&report), [] as [String; 0]);
    assert_eq!(report.files, ["main.asc", "stream.asc"]);
}

#[test]
fn what_differs_is_no_failure() {
    let report = of_main("application.allowDebug = true; var class = 1;");
    assert_eq!(report.count(Severity::Differs), 2, "{:?}", lines(&report));
    assert!(report.is_supported());
}

#[test]
fn syntax_errors_have_their_place() {
    for (main, expected) in [
        (
            "var a = 1;\n  a = = 2;\n",
            "main.asc:2:7: error: syntax error: ",
        ),
        ("a = (1;", "main.asc:1:"),
        ("var i:int = 0;", "main.asc:1:"),
        ("\n\"use", "main.asc:2:1: error: syntax error: "),
        ("return 1;", "main.asc:1:"),
    ] {
        let report = of_main(main);
        let errors = report.count(Severity::Error);
        assert_eq!(errors, 1, "{main}: {:?}", lines(&report));
        assert_eq!(report.findings.len(), 1, "{main}: {:?}", lines(&report));
        assert!(
            lines(&report)[0].starts_with(expected),
            "{:?}",
            lines(&report)
        );
        assert!(!report.findings[0].source_line.is_empty());
    }
}

#[test]
fn a_type_is_explained() {
    let text = found("\nfunction f(a:Number) {}").join("\n");
    assert!(text.contains("types of ActionScript 2 and 3"), "{text}");
}

#[test]
fn files_that_are_loaded_later_are_looked_at() {
    let files = MemoryFiles::new()
        .with(
            "scripts/main.asc",
            "function later() { load('lib/a.asc'); load('gone.asc'); load('../x.asc'); }
            var name = 'dyn' + 'amic.asc'; load(name);",
        )
        .with("lib/a.asc", "load('b.asc');\nvar = 1;")
        .with("scripts/dynamic.asc", "new NetStream();")
        .with_library("b.asc", "Stream.length('x');");
    let report = report(files);
    assert_eq!(report.main.as_deref(), Some("scripts/main.asc"));
    assert_eq!(
        report.files,
        [
            "scripts/main.asc",
            "scripts/dynamic.asc",
            "lib/a.asc",
            "b.asc"
        ]
    );
    let found = lines(&report);
    assert_eq!(found.len(), 5, "{found:#?}");
    assert_eq!(
        found[0],
        "scripts/main.asc:1:39: error: there is no file gone.asc to load"
    );
    assert!(found[1].starts_with("scripts/main.asc:1:57: error: the file \"../x.asc\" is not"));
    assert!(found[2].starts_with("scripts/dynamic.asc:1:5: unsupported: `NetStream`"));
    assert!(found[3].starts_with("lib/a.asc:2:5: error: syntax error"));
    assert!(found[4].starts_with("b.asc:1:1: unsupported: `Stream.length`"));
}

#[test]
fn a_missing_file_is_reported_once() {
    assert_eq!(
        found("trace(1);\nload('netservices.asc');"),
        ["main.asc:2:1: error: there is no file netservices.asc to load"]
    );
}

#[test]
fn the_application_is_started_for_a_try() {
    let report = of_main(
        "application.onAppStart = function () {
            this.users.push(1);
        };",
    );
    let text = lines(&report).join("\n");
    assert!(
        text.starts_with("main.asc:2: error: when it starts: TypeError: "),
        "{text}"
    );
    assert_eq!(report.findings[0].source_line.trim(), "this.users.push(1);");
    assert!(!report.is_supported());
}

#[test]
fn secure_asc_is_looked_at_too() {
    let files = MemoryFiles::new()
        .with("secure.asc", "var mine = protectObject({}); new Camera();")
        .with("main.asc", "");
    let report = report(files);
    assert_eq!(report.files, ["secure.asc", "main.asc"]);
    assert_eq!(
        report.count(Severity::Unsupported),
        1,
        "{:?}",
        lines(&report)
    );
}

#[test]
fn an_endless_start_is_cut_off_and_reported() {
    let mut setup = setup(MemoryFiles::new().with("main.asc", "\nfor (;;) {}"));
    setup.config.handler_ms = 50;
    let text = lines(&check(&setup)).join("\n");
    assert!(text.starts_with("main.asc:"), "{text}");
    let stopped = "error: when it starts: The handler ran longer than 50 ms (limit handler_ms).";
    assert!(text.contains(stopped), "{text}");
}

#[test]
fn memory_is_limited() {
    let main = "var a = []; for (;;) a.push(new Array(1000).join('x'));";
    let mut setup = setup(MemoryFiles::new().with("main.asc", main));
    setup.config.memory_bytes = 4 << 20;
    let text = lines(&check(&setup)).join("\n");
    assert!(text.contains("memory_bytes"), "{text}");
}

#[test]
fn an_engine_without_room_is_reported() {
    let mut setup = setup(MemoryFiles::new().with("main.asc", ""));
    setup.config.memory_bytes = 1 << 10;
    let report = check(&setup);
    assert_eq!(report.count(Severity::Error), 1, "{:?}", lines(&report));
}

#[test]
fn files_and_findings_are_limited() {
    let files = MemoryFiles::new()
        .with("main.asc", "function f() { load('a.asc'); load('b.asc'); }")
        .with("a.asc", "")
        .with("b.asc", "");
    let mut limited = setup(files);
    limited.limits.files = 2;
    let report = check(&limited);
    assert_eq!((report.files.len(), report.dropped), (2, 1));
    assert!(!report.is_supported());

    let mut limited = setup(MemoryFiles::new().with("main.asc", "_root.a;\n_root.b;\n_root.c;"));
    limited.limits.findings = 2;
    let report = check(&limited);
    assert_eq!((report.findings.len(), report.dropped), (2, 1));

    let main = "const a = 1; const a = 2; const a = 3;";
    let mut limited = setup(MemoryFiles::new().with("main.asc", main));
    limited.config.source = SourceLimits {
        notes: 1,
        ..SourceLimits::default()
    };
    assert!(check(&limited).dropped > 0);
}

#[test]
fn a_file_that_is_too_long_is_reported() {
    let mut limited = setup(MemoryFiles::new().with("main.asc", "var a = 1234567890;"));
    limited.config.source.source_bytes = 5;
    let found = lines(&check(&limited));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("source_bytes"), "{found:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the files are, there is a report, and every place in it is in a file.
    #[test]
    fn any_files_give_a_report(
        main in "[ -~\\n]{0,200}",
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "load('a.asc');", "load(", "Stream", ".get", "(", ")", "{", "}", "'", "\n",
                "application.", "onPublish", "=", "function", "var ", "/", "typeof ", "é",
            ]),
            0..40,
        ),
    ) {
        let files = MemoryFiles::new().with("main.asc", main).with("a.asc", pieces.concat());
        let mut setup = setup(files);
        setup.config.handler_ms = 100;
        let report = check(&setup);
        for finding in &report.findings {
            prop_assert!(finding.file.is_empty() || finding.line == 0
                || report.files.contains(&finding.file), "{finding}");
        }
    }

    #[test]
    fn an_application_of_pieces_gives_a_report(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "load('main.asc');", "load(", "Stream", ".get", "(", ")", "{", "}", "'", "\n",
                "application.", "onPublish", "=", "function", "var ", "/", "typeof ", "é",
            ]),
            0..40,
        ),
    ) {
        let text = pieces.concat();
        let report = of_main(&text);
        let count = u32::try_from(text.split('\n').count()).expect("few lines");
        for finding in &report.findings {
            prop_assert!(finding.line <= count, "{finding}");
        }
    }
}
