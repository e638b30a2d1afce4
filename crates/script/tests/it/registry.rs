//! The registry of the scripting interface tells the truth: it is compared with the engine.

use std::collections::BTreeSet;

use engine::scripting::{LinkId, ScriptEffect, ScriptInput, StopReason};
use rquickjs::{Context, Runtime};
use script::api::{self, CLASSES, Class, Kind};
use script::{ApplicationInfo, MemoryFiles, MemoryStorage, ScriptConfig};

use crate::driver::{Driver, evaluator};

/// Names of the engine that scripts must not need: what rewritten scripts call.
const HIDDEN: &str = "__greenroom";

/// What JavaScript puts on every class and function.
const OF_EVERY_CLASS: [&str; 4] = ["constructor", "length", "name", "prototype"];

/// How a script gets at an object of a class. Classes of the language are looked at by what the
/// engine does not have without us.
fn instance(class: &str) -> String {
    match class {
        "application" => "application".to_owned(),
        "Client" => "application.clients[0]".to_owned(),
        "XMLNode" => "new XMLNode(1, 'a')".to_owned(),
        "SharedObject" => "SharedObject.get('name')".to_owned(),
        "Log" => "new Log()".to_owned(),
        "NetServices" | "Rooms" | "XMLPort" => class.to_owned(),
        "Stream" => "Stream.get('name')".to_owned(),
        name => format!("new {name}('name')"),
    }
}

/// The names that an expression's value has, itself and by its class; one a line.
const NAMES: &str = "function names(object) {
    var all = Object.getOwnPropertyNames(object);
    var above = Object.getPrototypeOf(object);
    if (above !== Object.prototype) all = all.concat(Object.getOwnPropertyNames(above));
    if (typeof above.constructor == 'function' && above.constructor !== Object)
        all = all.concat(Object.getOwnPropertyNames(above.constructor));
    return all.join('\\n');
}";

fn lines(text: &str) -> BTreeSet<String> {
    text.lines().map(str::to_owned).collect()
}

/// The members of a class that are there without the script's help.
fn there(class: &Class) -> BTreeSet<String> {
    let members = class.members.iter();
    members
        .filter(|member| member.state.is_there() && member.kind != Kind::Event)
        .map(|member| member.name.to_owned())
        .collect()
}

/// What an expression answers, line by line, in an engine without our host.
fn bare(expression: &str) -> BTreeSet<String> {
    let context = Context::full(&Runtime::new().expect("an engine")).expect("a context");
    let text: String = context.with(|ctx| ctx.eval(expression).expect("an answer"));
    lines(&text)
}

fn ours(driver: &mut Driver, expression: &str) -> BTreeSet<String> {
    let value = driver.eval(expression);
    lines(
        value
            .as_str()
            .unwrap_or_else(|| panic!("{expression}: {value:?}")),
    )
}

/// A script that may have files of its own, without which there is no `File`, and that has
/// loaded what comes with the server.
fn with_files() -> Driver {
    let mut driver = Driver::with_storage(MemoryStorage::new(), ScriptConfig::default());
    driver.eval("load('netservices.asc'); load('webservices/WebServices.asc');");
    driver
}

#[test]
fn global_names_are_those_of_the_registry() {
    let all = "Object.getOwnPropertyNames(globalThis).join('\\n')";
    let mut driver = with_files();
    let mut found: BTreeSet<_> = ours(&mut driver, all)
        .difference(&bare(all))
        .cloned()
        .collect();
    assert!(found.remove(HIDDEN));
    // Only secure.asc has these two; see the next test.
    found.extend(["getGlobal".to_owned(), "protectObject".to_owned()]);
    let mut known = there(api::class(api::GLOBAL).expect("the globals"));
    let of_the_language = ["Object", "Function", "RegExp", api::GLOBAL];
    let classes = CLASSES.iter().filter(|class| class.state.is_there());
    let classes = classes.filter(|class| !of_the_language.contains(&class.name));
    known.extend(classes.map(|class| class.name.to_owned()));
    assert_eq!(found, known);
}

#[test]
fn two_names_are_there_while_secure_asc_runs() {
    let probe = "trace([typeof getGlobal, typeof protectObject]);";
    let files = MemoryFiles::new()
        .with("secure.asc", probe)
        .with("main.asc", probe);
    let mut driver = Driver::with(files, ScriptConfig::default(), ApplicationInfo::default());
    let effects = driver.input(ScriptInput::Start);
    assert_eq!(
        crate::driver::traces(&effects),
        ["function,function", "undefined,undefined"]
    );
}

#[test]
fn objects_have_what_the_registry_says() {
    let mut driver = with_files();
    driver.eval(NAMES);
    let mut looked_at = 0;
    for class in CLASSES.iter().filter(|class| class.state.is_there()) {
        if [api::GLOBAL, "Object", "Function", "RegExp", "Application"].contains(&class.name) {
            continue;
        }
        // These ask over HTTP when they are made; web_service.rs shows what they have.
        if ["WebService", "SOAPCall"].contains(&class.name) {
            continue;
        }
        let mut found = ours(&mut driver, &format!("names({})", instance(class.name)));
        found
            .retain(|name| !OF_EVERY_CLASS.contains(&name.as_str()) || there(class).contains(name));
        // The test's own, and what a handler does where the script has none.
        found.remove("evaluate");
        for name in events(class.name) {
            found.remove(&name);
        }
        assert_eq!(found, there(class), "{}", class.name);
        looked_at += 1;
    }
    assert!(looked_at >= 3);
}

#[test]
fn the_language_has_what_the_registry_says() {
    for (class, objects) in [
        ("Object", ["Object", "Object.prototype"]),
        ("Function", ["Function.prototype", "(function () {})"]),
        ("RegExp", ["RegExp", "RegExp.prototype"]),
    ] {
        let [one, other] = objects.map(|object| format!("Object.getOwnPropertyNames({object})"));
        let all = format!("{one}.concat({other}).join('\\n')");
        let (found, bare) = (ours(&mut evaluator(""), &all), bare(&all));
        let mut added: BTreeSet<_> = found.difference(&bare).cloned().collect();
        let class = api::class(class).expect("a class");
        // A handler that the host itself has a place for.
        added.remove("__resolve");
        assert_eq!(added, there(class), "{}", class.name);
    }
}

#[test]
fn classes_that_are_not_there_are_not_there() {
    let mut driver = with_files();
    for class in CLASSES {
        let mut names: Vec<&str> = Vec::new();
        if !class.state.is_there() && !class.name.contains(' ') {
            names.push(class.name);
        }
        let own = class.members.iter().filter(|_| class.name.contains(' '));
        names.extend(own.map(|member| member.name));
        for name in names {
            let kind = driver.eval(&format!("typeof globalThis[{name:?}]"));
            assert_eq!(kind.as_str(), Some("undefined"), "{name}");
        }
    }
}

/// A script that writes down which handlers the server asks for, on one of its objects.
fn spy(prototype: &str) -> String {
    format!(
        "var seen = {{}};
        Object.setPrototypeOf({prototype}, new Proxy({{}}, {{
            get: function (target, name) {{
                if (typeof name == 'string' && /^on[A-Z]|^__resolve$/.test(name)) seen[name] = true;
            }}
        }}));
        function report() {{ for (var name in seen) trace(name); }}"
    )
}

/// The handlers of a class that the registry says are called.
fn events(class: &str) -> BTreeSet<String> {
    let class = api::class(class).expect("a class");
    let events = class
        .members
        .iter()
        .filter(|member| member.kind == Kind::Event);
    events
        .filter(|event| event.state.is_there())
        .map(|event| event.name.to_owned())
        .collect()
}

fn reported(driver: &mut Driver) -> BTreeSet<String> {
    let effects = driver.call(1, "report", &[]);
    let lines = crate::driver::traces(&effects);
    lines.into_iter().map(str::to_owned).collect()
}

#[test]
fn the_handlers_of_the_application_are_called() {
    let main = format!(
        "{} Client.prototype.report = report;
        Client.prototype.fail = function () {{ throw new Error('wanted'); }};",
        spy("Application.prototype")
    );
    let (mut driver, _) = Driver::limited(&main, ScriptConfig::default());
    driver.connect(1, &[]);
    driver.connect(2, &[]);
    driver.disconnect(2);
    driver.call(1, "fail", &[]);
    driver.publish(1, "cam", "");
    driver.unpublish(1, "cam");
    driver.stop(StopReason::Idle, false);
    assert_eq!(reported(&mut driver), events("application"));
}

#[test]
fn the_handlers_of_a_connection_are_called() {
    let main = format!(
        "{} Client.prototype.report = report;
        var nc = new NetConnection(); nc.connect('rtmp://localhost/a');",
        spy("NetConnection.prototype")
    );
    let (mut driver, effects) = Driver::limited(&main, ScriptConfig::default());
    driver.connect(1, &[]);
    let link = effects.iter().find_map(|effect| match effect {
        ScriptEffect::Link { link, .. } => Some(*link),
        _ => None,
    });
    driver.input(ScriptInput::LinkStatus {
        link: link.unwrap_or(LinkId(0)),
        info: amf::Value::object([("code", amf::Value::from("NetConnection.Connect.Success"))]),
        connected: true,
    });
    assert_eq!(reported(&mut driver), events("NetConnection"));
}

#[test]
fn the_handlers_of_a_stream_are_called() {
    let main = format!(
        "{} Client.prototype.report = report;",
        spy("Stream.prototype")
    );
    let (mut driver, _) = Driver::limited(&main, ScriptConfig::default());
    driver.connect(1, &[]);
    driver.publish(1, "cam", "");
    assert_eq!(reported(&mut driver), events("Stream"));
}

#[test]
fn the_handlers_of_a_shared_object_are_called() {
    // The prototype is not asked for this one.
    let main = format!(
        "{} Client.prototype.report = report;
        var so = SharedObject.get('so');
        Object.defineProperty(so, 'onSync', {{ get: function () {{ seen.onSync = true; }} }});",
        spy("SharedObject.prototype")
    );
    let mut driver = Driver::new(&main);
    driver.connect(1, &[]);
    let object = driver.world.objects.id("so").expect("an open object");
    let list = vec![];
    driver.input(ScriptInput::Sync { object, list });
    let info = amf::Value::object([("code", amf::Value::from("SharedObject.NoReadAccess"))]);
    driver.input(ScriptInput::ObjectStatus { object, info });
    assert_eq!(reported(&mut driver), events("SharedObject"));
}

#[test]
fn a_client_is_asked_for_what_it_has_not() {
    let main = "Client.prototype.__resolve = function (name) {
        return function () { return name; };
    };";
    let mut driver = Driver::new(main);
    driver.connect(1, &[]);
    assert_eq!(driver.result(1, "other", &[]).as_str(), Some("other"));
    assert!(events("Client").contains("__resolve"));
    let object =
        evaluator("var o = {}; o.__resolve = function (name) { return name; };").eval("o.other");
    assert_eq!(object.as_str(), Some("other"));
    assert!(events("Object").contains("__resolve"));
}

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/scripting.md");
const BEGIN: &str = "<!-- The tables are made by the tests of crates/script; see the end. -->\n\n";
const END: &str =
    "<!-- The end of the tables. GREENROOM_TEST_WRITE=1 cargo test -p script reference -->\n";

/// With `GREENROOM_TEST_WRITE` set, writes the tables instead of comparing them.
#[test]
fn the_committed_reference_is_up_to_date() {
    let page = std::fs::read_to_string(PAGE).expect("the page");
    let (before, rest) = page.split_once(BEGIN).expect("where the tables begin");
    let (tables, after) = rest.split_once(END).expect("where the tables end");
    if std::env::var_os("GREENROOM_TEST_WRITE").is_some() {
        let page = format!("{before}{BEGIN}{}{END}{after}", api::reference());
        std::fs::write(PAGE, page).expect("written");
        return;
    }
    assert!(
        tables == api::reference(),
        "out of date; run: GREENROOM_TEST_WRITE=1 cargo test -p script reference"
    );
}

/// The page has every limit, with its default.
#[test]
fn the_page_has_every_limit() {
    let page = std::fs::read_to_string(PAGE).expect("the page");
    let config = format!("{:?}", ScriptConfig::default());
    let mut fields = 0;
    for field in config.split(['{', '}', ',']).map(str::trim) {
        let Some((name, value)) = field.split_once(": ") else {
            continue;
        };
        if !value.starts_with(|first: char| first.is_ascii_digit()) {
            continue;
        }
        let row = format!("| `{name}` | {value} |");
        assert!(page.contains(&row), "{row}");
        fields += 1;
    }
    assert!(fields > 10, "{config}");
}
