//! The built program: what it prints, and the exit codes it ends with.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A directory of its own with the given files, to start the program in.
fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = TempDir::new().unwrap();
    for (name, text) in files {
        std::fs::write(directory.path().join(name), text).unwrap();
    }
    directory
}

/// The program with nothing in its environment that configures it.
fn greenroom(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_greenroom"));
    command.current_dir(directory).args(arguments);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GREENROOM_") {
            command.env_remove(name);
        }
    }
    command
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// Runs to the end and expects success; gives what was printed.
fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
    stdout(&output).to_owned()
}

/// Runs to the end and expects exit code 2 and one line; gives the line.
fn refuse(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");
    let line = stderr(&output).strip_suffix('\n').expect("a whole line");
    assert!(!line.contains('\n'), "more than one line:\n{line}");
    line.to_owned()
}

fn assert_lines(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(
            text.lines().any(|found| found == *line),
            "{line} is missing in\n{text}"
        );
    }
}

#[test]
fn help_and_version_are_answers() {
    let here = directory(&[]);
    let help = succeed(&mut greenroom(here.path(), &["--help"]));
    for word in [
        "serve", "config", "--config", "--set", "--rtmp", "--http", "--xml", "--admin",
    ] {
        assert!(help.contains(word), "{word} is missing in\n{help}");
    }
    assert_eq!(
        help.matches("nothing listens there yet").count(),
        1,
        "{help}"
    );
    let version = succeed(&mut greenroom(here.path(), &["--version"]));
    assert_eq!(
        version,
        format!("greenroom {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn command_lines_that_make_no_sense() {
    let here = directory(&[]);
    let cases: [&[&str]; 6] = [
        &["check"],
        &["--rmtp", "1"],
        &["serve", "here"],
        &["sevre"],
        &["config"],
        &["--admin", "nowhere"],
    ];
    for wrong in cases {
        let output = greenroom(here.path(), wrong).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert_eq!(stdout(&output), "", "{wrong:?}");
        assert_ne!(stderr(&output), "", "{wrong:?}");
    }
}

#[test]
fn show_prints_what_is_in_effect_and_where_it_comes_from() {
    let text = "[rtmp]\nlisten = \"127.0.0.1:1936\"\n[limits]\nconnections = 7\n";
    let here = directory(&[("greenroom.toml", text)]);
    let mut command = greenroom(
        here.path(),
        &["config", "show", "--config", "greenroom.toml"],
    );
    command.args(["--set", "limits.calls_burst=300", "--http", "127.0.0.1:0"]);
    command
        .env("GREENROOM_LIMITS_CONNECTIONS", "8")
        .env("GREENROOM_RTMP_CAPABILITIES", "15");
    let shown = succeed(&mut command);
    assert_lines(
        &shown,
        &[
            "listen = \"127.0.0.1:1936\"  # greenroom.toml:2",
            "connections = 8  # GREENROOM_LIMITS_CONNECTIONS",
            "capabilities = 15  # GREENROOM_RTMP_CAPABILITIES",
            "calls_burst = 300  # --set",
            "listen = \"127.0.0.1:0\"  # --http",
            "tcp_nodelay = true",
        ],
    );

    let again = directory(&[("shown.toml", &shown)]);
    let same = succeed(&mut greenroom(
        again.path(),
        &["config", "show", "--config", "shown.toml"],
    ));
    let values = |text: &str| -> Vec<String> {
        text.lines()
            .map(|line| line.split("  #").next().unwrap_or_default().to_owned())
            .collect()
    };
    assert_eq!(values(&same), values(&shown));
}

#[test]
fn options_before_and_after_the_command_add_up() {
    let here = directory(&[]);
    let mut command = greenroom(
        here.path(),
        &["--rtmp", ":1", "--set", "limits.connections=1"],
    );
    command.args([
        "--set",
        "limits.amf_depth=9",
        "config",
        "show",
        "--rtmp",
        ":2",
    ]);
    let shown = succeed(command.args(["--set", "limits.connections=2"]));
    assert_lines(
        &shown,
        &[
            "connections = 2  # --set",
            "amf_depth = 9  # --set",
            "listen = \"0.0.0.0:2\"  # --rtmp",
        ],
    );
}

#[test]
fn short_forms_win_over_set() {
    let here = directory(&[]);
    let mut command = greenroom(
        here.path(),
        &["config", "show", "--rtmp", ":1", "--http", ":2"],
    );
    command.args(["--data", "d", "--log-level", "warn", "--log-format", "json"]);
    command.arg("--dev");
    command.args([
        "--set",
        "rtmp.listen=:9",
        "--set",
        "http.listen=:9",
        "--applications",
        "a",
    ]);
    assert_lines(
        &succeed(&mut command),
        &[
            "listen = \"0.0.0.0:1\"  # --rtmp",
            "listen = \"0.0.0.0:2\"  # --http",
            "dir = \"a\"  # --applications",
            "dev = true  # --dev",
            "dir = \"d\"  # --data",
            "level = \"warn\"  # --log-level",
            "format = \"json\"  # --log-format",
        ],
    );
}

#[test]
fn check_accepts_what_is_right_and_makes_nothing() {
    let here = directory(&[("greenroom.toml", "[limits]\npartial_bytes = \"9MiB\"\n")]);
    let check = ["config", "check", "--config", "greenroom.toml"];
    assert_eq!(
        succeed(&mut greenroom(here.path(), &check)),
        "The configuration is valid.\n"
    );
    assert_eq!(std::fs::read_dir(here.path()).unwrap().count(), 1);
}

#[test]
fn the_configuration_file_can_be_named_by_a_variable() {
    let here = directory(&[("a.toml", "limits.connections = 5\n"), ("b.toml", "")]);
    let show = |arguments: &[&str], file: &str| {
        succeed(greenroom(here.path(), arguments).env("GREENROOM_CONFIG", file))
    };
    assert_lines(
        &show(&["config", "show"], "a.toml"),
        &["connections = 5  # a.toml:1"],
    );
    assert_lines(&show(&["config", "show"], ""), &["connections = 10000"]);
    let option_wins = show(&["config", "show", "--config", "b.toml"], "a.toml");
    assert_lines(&option_wins, &["connections = 10000"]);
}

/// Expects the line whether the server is started, by name or by default, or only checked.
fn assert_refused(directory: &Path, options: &[&str], line: &str) {
    for command in [&[][..], &["serve"], &["config", "check"]] {
        let arguments = [command, options].concat();
        assert_eq!(
            refuse(&mut greenroom(directory, &arguments)),
            line,
            "{arguments:?}"
        );
    }
}

#[test]
fn configuration_files_that_cannot_be_used() {
    let here = directory(&[
        ("greenroom.toml", "\n[rtmp]\nlisen = \"0.0.0.0:1935\"\n"),
        ("broken.toml", "[rtmp\n"),
    ]);
    std::fs::write(here.path().join("latin1.toml"), [b'#', 0xe9, b'\n']).unwrap();
    let cases = [
        (
            "greenroom.toml",
            "greenroom: unknown key `rtmp.lisen` in greenroom.toml:3; did you mean `rtmp.listen`?",
        ),
        (
            "missing.toml",
            "greenroom: cannot read the configuration missing.toml: it does not exist",
        ),
        (
            "latin1.toml",
            "greenroom: cannot read the configuration latin1.toml: it is not UTF-8 text",
        ),
    ];
    for (file, line) in cases {
        assert_refused(here.path(), &["--config", file], line);
    }
    let line = refuse(&mut greenroom(here.path(), &["--config", "broken.toml"]));
    assert!(line.starts_with("greenroom: broken.toml:1: "), "{line}");
}

#[test]
fn values_that_cannot_be_used() {
    let here = directory(&[]);
    let cases = [
        (
            ["--set", "limits.handshake_timeout_ms=3s"],
            "greenroom: `limits.handshake_timeout_ms` in --set must be a whole number of \
             milliseconds; it is `3s`",
        ),
        (
            ["--set", "limits.connections"],
            "greenroom: `--set limits.connections` must have the form --set section.key=value",
        ),
        (
            ["--rtmp", "nowhere"],
            "greenroom: `rtmp.listen` in --rtmp must be an IP address and port, such as \
             0.0.0.0:1935 or [::1]:1935; it is `nowhere`",
        ),
    ];
    for (options, line) in cases {
        assert_refused(here.path(), &options, line);
    }
    assert_eq!(
        std::fs::read_dir(here.path()).unwrap().count(),
        0,
        "nothing was started"
    );
}

#[test]
fn directories_that_cannot_be_used() {
    let here = directory(&[("file", "")]);
    let cases = [
        (
            ["--applications", "missing"],
            "greenroom: cannot use the directory missing (`applications.dir`): it does not exist",
        ),
        (
            ["--applications", "file"],
            "greenroom: cannot use the directory file (`applications.dir`): it is not a directory",
        ),
        (
            ["--data", "file"],
            "greenroom: cannot use the directory file (`data.dir`): it is not a directory",
        ),
        (
            ["--data", "file/below"],
            "greenroom: cannot use the directory file/below (`data.dir`): it is not a directory",
        ),
    ];
    for (options, line) in cases {
        assert_refused(here.path(), &options, line);
    }
}

#[test]
fn variables_that_are_no_keys_are_mistakes() {
    let here = directory(&[]);
    let line = refuse(greenroom(here.path(), &[]).env("GREENROOM_RTMP_LISEN", ":1"));
    assert_eq!(
        line,
        "greenroom: unknown variable `GREENROOM_RTMP_LISEN` in the environment; did you mean \
         `GREENROOM_RTMP_LISTEN`?"
    );
    let ours = [
        ("GREENROOM_VECTORS", "x"),
        ("GREENROOM_PORT_1935_TCP", "tcp://10.0.0.1:1935"),
    ];
    succeed(greenroom(here.path(), &["config", "check"]).envs(ours));
}

#[test]
fn several_mistakes_are_a_line_each() {
    let here = directory(&[]);
    let wrong = ["--set", "rtmp.lisen=1", "--set", "limits.connections=0"];
    let output = greenroom(here.path(), &wrong).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let lines: Vec<&str> = stderr(&output).lines().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines.iter().all(|line| line.starts_with("greenroom: ")),
        "{lines:?}"
    );
}

#[test]
fn the_reference_is_the_committed_page() {
    let here = directory(&[]);
    let page = include_str!("../../../docs/reference/config.md");
    assert!(succeed(&mut greenroom(here.path(), &["config", "reference"])) == page);
}

/// Runs `check` on a folder `chat` with this script; gives the exit code and what was printed.
fn check(main: &str, more: &[&str]) -> (Option<i32>, String) {
    let here = directory(&[]);
    let chat = here.path().join("chat");
    std::fs::create_dir_all(here.path().join("lib")).unwrap();
    std::fs::write(here.path().join("lib/shared.asc"), "shared = 1;").unwrap();
    std::fs::create_dir(&chat).unwrap();
    std::fs::write(chat.join("chat.asc"), main).unwrap();
    let mut command = greenroom(here.path(), &["check", "chat"]);
    let output = command.args(more).output().unwrap();
    assert_eq!(stderr(&output), "");
    (output.status.code(), stdout(&output).to_owned())
}

#[test]
fn check_reports_what_does_not_run() {
    let main = "application.onDisconnect = function () {\n  this.long = Stream.length('a');\n};\n";
    let (code, report) = check(main, &[]);
    assert_eq!(code, Some(1));
    assert_eq!(
        report,
        "chat.asc:2:15: unsupported: `Stream.length` is not there yet \
         (`Stream.length(name)`: the length of a recording, in seconds)\n    \
         this.long = Stream.length('a');\n\
         chat: files 1, errors 0, unsupported 1, differs 0\n"
    );
}

#[test]
fn check_is_content_with_what_runs() {
    let (code, report) = check("load('shared.asc'); trace(shared);", &["--library", "lib"]);
    let nothing = "chat: files 2, errors 0, unsupported 0, differs 0\n";
    assert_eq!((code, report.as_str()), (Some(0), nothing));
    let (code, report) = check("application.allowDebug = true;", &[]);
    assert_eq!(code, Some(0), "{report}");
    assert!(
        report.contains(" differs: `application.allowDebug`"),
        "{report}"
    );
    let (code, report) = check("load('shared.asc');", &[]);
    assert_eq!(code, Some(1), "{report}");
}

/// Runs `check` on the folder `apps/chat` beside these files, whose names begin with `apps/`.
fn check_settings(files: &[(&str, &str)], more: &[&str]) -> (Option<i32>, String) {
    let here = directory(&[]);
    for (name, text) in files {
        let path = here.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let mut command = greenroom(here.path(), &["check", "apps/chat"]);
    let output = command.args(more).output().unwrap();
    assert_eq!(stderr(&output), "");
    (output.status.code(), stdout(&output).to_owned())
}

#[test]
fn check_finds_the_library_that_the_settings_name() {
    let main = ("apps/chat/main.asc", "load('shared.asc'); trace(shared);");
    let library = ("lib/shared.asc", "shared = 1;");
    let toml = (
        "apps/chat/application.toml",
        "[script]\nlibrary = [\"../../lib\"]\n",
    );
    let nothing = "apps/chat: files 2, errors 0, unsupported 0, differs 0\n";
    let found = (Some(0), nothing.to_owned());
    assert_eq!(check_settings(&[main, library, toml], &[]), found);
    let xml = "<Application><JSEngine><ScriptLibPath>../../lib</ScriptLibPath></JSEngine>\
               </Application>";
    let own = [main, library, ("apps/chat/Application.xml", xml)];
    assert_eq!(check_settings(&own, &[]), found);
    let host = [main, library, ("apps/Application.xml", xml)];
    assert_eq!(check_settings(&host, &[]), found);
    let set = ["--set", "scripts.library=lib"];
    assert_eq!(check_settings(&[main, library], &set), found);
}

#[test]
fn check_obeys_the_limits_of_the_settings() {
    let main = ("apps/chat/main.asc", "for (;;) ;");
    let toml = ("apps/chat/application.toml", "[script]\nmax_time_ms = 50\n");
    let (code, report) = check_settings(&[main, toml], &[]);
    assert_eq!(code, Some(1));
    assert!(report.contains("longer than 50 ms"), "{report}");
}

#[test]
fn check_reports_what_is_wrong_with_the_settings() {
    let main = ("apps/chat/main.asc", "trace(1);");
    let toml = (
        "apps/chat/application.toml",
        "[script]\ntimers = 5\ntimer = 5\n",
    );
    let (code, report) = check_settings(&[main, toml], &[]);
    assert_eq!(code, Some(1));
    assert_eq!(
        report,
        "error: unknown key `script.timer` in apps/chat/application.toml:3; did you mean \
         `script.timers`?\n\
         apps/chat: files 1, errors 1, unsupported 0, differs 0\n"
    );
    let xml = "<Application>\n<JSEngine>\n<Nonsense>1</Nonsense>\n</JSEngine>\n</Application>";
    for place in ["apps/chat/Application.xml", "apps/Application.xml"] {
        let (code, report) = check_settings(&[main, (place, xml)], &[]);
        assert_eq!(code, Some(1));
        let line = format!(
            "{place}:3: unsupported: `JSEngine/Nonsense` is not a tag we know and has no effect\n"
        );
        assert!(report.starts_with(&line), "{report}");
    }
    let broken = [main, ("apps/Application.xml", "<Application>\n<JSEngine>")];
    let (code, report) = check_settings(&broken, &[]);
    assert_eq!(code, Some(1));
    assert!(
        report.starts_with("error: apps/Application.xml:2:"),
        "{report}"
    );
}

#[test]
fn check_of_an_application_without_a_script() {
    let here = directory(&[]);
    let report = succeed(&mut greenroom(here.path(), &["check", "."]));
    assert_eq!(report, ".: no script; every connection is accepted\n");
}

#[test]
fn check_refuses_what_is_no_application() {
    let here = directory(&[("file", "")]);
    assert_eq!(
        refuse(&mut greenroom(here.path(), &["check", "missing"])),
        "greenroom: cannot read the application missing: it does not exist"
    );
    assert_eq!(
        refuse(&mut greenroom(here.path(), &["check", "file"])),
        "greenroom: cannot read the application file: it is not a directory"
    );
    std::fs::write(here.path().join("main.far"), "no archive").unwrap();
    assert_eq!(
        refuse(&mut greenroom(here.path(), &["check", "."])),
        "greenroom: cannot read the application .: the archive main.far cannot be read"
    );
}
