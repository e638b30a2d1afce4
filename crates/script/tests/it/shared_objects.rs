//! The class `SharedObject`, for objects that the instance owns.

use amf::Value;
use engine::scripting::{ScriptInput, SyncCode, SyncEntry};
use script::ScriptConfig;

use crate::driver::{Driver, evaluator, problems, reports, returned, traces};

/// What a client's `send` does.
fn message(driver: &mut Driver, object: &str, handler: &str, args: &[Value]) -> Vec<String> {
    let object = driver.world.objects.id(object).expect("an open object");
    let effects = driver.input(ScriptInput::ObjectMessage {
        object,
        handler: handler.into(),
        args: args.to_vec(),
    });
    assert_eq!(problems(&effects), [] as [String; 0], "{handler}");
    traces(&effects).into_iter().map(str::to_owned).collect()
}

fn sent(driver: &Driver) -> Vec<String> {
    driver.world.objects.sent()
}

/// Number 9 of what scripts depend on.
#[test]
fn the_same_name_and_kind_is_the_same_object() {
    let mut driver = evaluator("var so = SharedObject.get('users'); so.mine = 1;");
    driver.check(&[
        ("so === SharedObject.get('users')", "true"),
        ("so === SharedObject.get('users', false)", "true"),
        ("so === SharedObject.get('users', null, null)", "true"),
        ("so === SharedObject.get('users', true)", "false"),
        ("so === SharedObject.get('others')", "false"),
        ("SharedObject.get('users').mine", "1"),
        (
            "SharedObject.get('users', true) === SharedObject.get('users', true)",
            "true",
        ),
        ("SharedObject.get('rooms/blue').name", "rooms/blue"),
        ("SharedObject.get(7).name", "7"),
        ("SharedObject.get()", "null"),
    ]);
}

#[test]
fn a_name_with_and_without_its_slash_is_the_same_object() {
    let mut driver = evaluator("var so = SharedObject.get('users'); so.setProperty('a', 1);");
    driver.check(&[
        ("SharedObject.get('/users') === so", "true"),
        ("SharedObject.get('/users', true) === so", "false"),
        ("SharedObject.get('/users').getProperty('a')", "1"),
    ]);
    driver.eval("application.gc()");
    assert_eq!(driver.eval("so.getProperty('a')"), 1.into());
}

#[test]
fn objects_that_the_script_has_dropped_take_no_place() {
    let mut driver = evaluator("var number = 0;");
    driver.world.objects.limit_objects(1);
    for _ in 0..1_000 {
        let set = "SharedObject.get('so' + number++).setProperty('a', 1)";
        assert_eq!(driver.eval(set), Value::Undefined);
    }
    // All at once are too many, and none of them is left behind.
    let many = "for (var i = 0, n = 0; i < 10; i++) if (SharedObject.get('x' + i)) n++; n";
    assert_eq!(driver.try_eval(many), 1.into());
    assert_eq!(driver.eval("SharedObject.get('y') === null"), false.into());
}

#[test]
fn a_temporary_object_lives_as_long_as_the_script_holds_it() {
    let mut driver = evaluator(
        "held = SharedObject.get('held'); held.setProperty('a', 1);
        held.setProperty('b', { a: 2 });",
    );
    driver.eval("SharedObject.get('dropped').setProperty('a', 1); application.gc()");
    let objects = std::rc::Rc::clone(&driver.world);
    assert!(objects.objects.is_there("held"));
    assert!(!objects.objects.is_there("dropped"));
    assert_eq!(driver.eval("held.getProperty('a')"), 1.into());
    // In one handler it is there throughout.
    let twice = "SharedObject.get('x').setProperty('a', 1); SharedObject.get('x').getProperty('a')";
    assert_eq!(driver.eval(twice), 1.into());
    assert_eq!(
        driver.eval("SharedObject.get('x').getProperty('a')"),
        Value::Undefined
    );
    driver.eval("held = null");
    assert!(!objects.objects.is_there("held"));
}

#[test]
fn an_object_with_handlers_stays_until_it_is_closed() {
    let mut driver = evaluator(
        "function watch() {
            var so = SharedObject.get('watched');
            so.onSync = function (list) { trace(list.length); };
        }
        watch();",
    );
    driver.eval("application.gc()");
    driver.world.objects.client_sets("watched", "a", 1);
    assert_eq!(traces(&driver.tell()), ["1"]);
    driver.eval("SharedObject.get('watched').close()");
    assert!(!driver.world.objects.is_there("watched"));
}

#[test]
fn clients_keep_an_object_that_the_script_has_dropped() {
    let mut driver = evaluator("");
    driver.world.objects.enter("room");
    driver.eval("SharedObject.get('room').setProperty('a', 1)");
    assert_eq!(driver.world.objects.id("room"), None);
    assert_eq!(
        driver.eval("SharedObject.get('room').getProperty('a')"),
        1.into()
    );
}

#[test]
fn what_cannot_be_opened_is_null_and_told_with_its_line() {
    let mut driver = Driver::new(
        "Client.prototype.open = function (name) {
            var so =
                SharedObject.get(name);
            return so === null;
        };",
    );
    driver.connect(1, &[]);
    driver.world.objects.limit_objects(1);
    let effects = driver.call(1, "open", &["a b".into()]);
    let report = reports(&effects).next().expect("a warning");
    assert_eq!(report.code, "Application.Script.Warning");
    assert_eq!((report.file.as_str(), report.line), ("main.asc", 3));
    assert_eq!(report.source_line.trim(), "SharedObject.get(name);");
    assert_eq!(effects.last(), Some(&returned(1, true)));
    driver.call(1, "open", &["one".into()]);
    driver.world.objects.enter("one");
    let effects = driver.call(1, "open", &["two".into()]);
    assert_eq!(
        problems(&effects),
        ["SharedObject.get(\"two\"): more than 1 shared objects (limit objects)"]
    );
    assert_eq!(effects.last(), Some(&returned(1, true)));
}

#[test]
fn properties_are_set_read_listed_and_deleted() {
    let mut driver = evaluator("var so = SharedObject.get('so');");
    driver.check(&[
        ("so.setProperty('b', 'x')", "undefined"),
        ("so.setProperty(12, 2)", "undefined"),
        ("so.setProperty('c', false)", "undefined"),
        ("so.getProperty('b') + so.getProperty('12')", "x2"),
        ("so.getProperty('nothing')", "undefined"),
        ("so.getPropertyNames().sort().join()", "12,b,c"),
        ("so.getPropertyNames() instanceof Array", "true"),
        ("so.size()", "3"),
        ("so.version", "3"),
        ("so.setProperty('b', null)", "undefined"),
        ("so.setProperty('c')", "undefined"),
        ("so.getPropertyNames().join()", "12"),
        ("so.size()", "1"),
        ("so.version", "5"),
        ("SharedObject.get('new').getPropertyNames().length", "0"),
    ]);
    assert_eq!(sent(&driver), ["b=x", "12=2", "c=false", "-b", "-c"]);
}

#[test]
fn values_are_copied_in_and_out() {
    let mut driver = evaluator(
        "function Point() {} Point.prototype.sum = function () { return this.x + this.y; };
        application.registerClass('Point', Point);
        var so = SharedObject.get('so');
        var list = [1, { deep: 'x' }], point = new Point(); point.x = 1; point.y = 2;
        so.setProperty('list', list); list[1].deep = 'changed';
        so.setProperty('point', point);
        so.setProperty('when', new Date(5));",
    );
    driver.check(&[
        ("so.getProperty('list')[1].deep", "x"),
        ("so.getProperty('list') === so.getProperty('list')", "false"),
        ("so.getProperty('point').sum()", "3"),
        ("so.getProperty('when').getTime()", "5"),
    ]);
    driver.eval("so.getProperty('list')[0] = 2");
    assert_eq!(driver.eval("so.getProperty('list')[0]"), 1.into());
    let point = driver.world.objects.value("so", "point").expect("a value");
    let Value::Object(point) = &point else {
        panic!("{point:?}");
    };
    assert_eq!(point.class().map(amf::Str::as_str), Some("Point"));
}

#[test]
fn a_property_that_is_refused_is_told_with_its_line() {
    let mut driver = evaluator("var so = SharedObject.get('so'); so.setProperty('a', 1);");
    driver.world.objects.limit_slots(1);
    let effects = driver.call(1, "evaluate", &["so.setProperty('b', 2); so.size()".into()]);
    assert_eq!(
        problems(&effects),
        ["setProperty(\"b\"): more than 1 (limit slots)"]
    );
    assert_eq!(effects.last(), Some(&returned(1, 1)));
    driver.check(&[
        ("so.close()", "undefined"),
        ("so.setProperty('a', 2)", "undefined"),
    ]);
}

#[test]
fn a_value_over_the_limits_of_arguments_is_a_range_error() {
    let mut driver = evaluator(
        "var so = SharedObject.get('so'), deep = {};
        for (var i = 0; i < 100; i++) deep = { deep: deep };",
    );
    let thrown = driver.thrown("so.setProperty('a', deep)");
    assert!(thrown.contains("limit argument_depth"), "{thrown}");
    let thrown = driver.thrown("so.send('a', deep)");
    assert!(thrown.contains("limit argument_depth"), "{thrown}");
    assert_eq!(driver.eval("so.size()"), 0.into());
    assert_eq!(sent(&driver), [] as [String; 0]);
}

#[test]
fn one_handler_can_change_and_send_only_so_much() {
    let config = ScriptConfig {
        queued_effects: 10,
        ..ScriptConfig::default()
    };
    for what in [
        "so.setProperty('a', i)",
        "so.send('a')",
        "so.mark('a')",
        "so.clear()",
    ] {
        let main = format!(
            "var so = SharedObject.get('so');
            application.onAppStart = function () {{ for (var i = 0; i < 20; i++) {what}; }};"
        );
        let (driver, effects) = Driver::limited(&main, config.clone());
        let problems = problems(&effects);
        assert!(problems[0].contains("limit queued_effects"), "{problems:?}");
        assert_eq!(sent(&driver).len(), 10, "{what}");
    }
}

#[test]
fn a_lock_holds_clients_and_sends_what_the_script_does_together() {
    let mut driver = evaluator(
        "var so = SharedObject.get('so');
        so.onSync = function (list) { trace(list[0].code + list[0].name); };",
    );
    driver.check(&[
        ("so.unlock()", "-1"),
        ("so.lock()", "1"),
        ("so.lock()", "2"),
        ("so.setProperty('a', 1)", "undefined"),
        ("so.setProperty('b', 2)", "undefined"),
        ("so.getProperty('a')", "1"),
        ("so.unlock()", "1"),
    ]);
    driver.world.objects.client_sets("so", "c", 3);
    assert_eq!(driver.tell(), []);
    assert_eq!(sent(&driver), [] as [String; 0]);
    assert_eq!(driver.eval("so.getProperty('c')"), Value::Undefined);
    assert_eq!(driver.eval("so.unlock()"), 0.into());
    assert_eq!(sent(&driver), ["a=1 b=2", "c=3"]);
    assert_eq!(traces(&driver.tell()), ["changec"]);
    assert_eq!(driver.eval("so.version"), 2.into());
}

#[test]
fn a_mark_goes_behind_the_changes_as_one_with_them() {
    let mut driver = evaluator("var so = SharedObject.get('so');");
    driver.check(&[
        ("so.lock()", "1"),
        ("so.setProperty('a', 1)", "undefined"),
        ("so.mark('ready', 1, 'x')", "true"),
        ("so.unlock()", "0"),
        ("so.mark('alone')", "true"),
        ("so.mark()", "false"),
    ]);
    assert_eq!(sent(&driver), ["a=1 ready(1,x)", "alone()"]);
}

#[test]
fn a_method_is_called_at_everybody() {
    let mut driver = evaluator(
        "var so = SharedObject.get('so'); so.say = function () { trace('not at the script'); };",
    );
    driver.check(&[
        ("so.send('say', 'x', 2)", "true"),
        ("so.send(5)", "true"),
        ("so.send()", "false"),
    ]);
    assert_eq!(sent(&driver), ["say(x,2)", "5()"]);
    assert_eq!(driver.tell(), []);
}

#[test]
fn clearing_deletes_everything_and_what_is_stored() {
    let mut driver = evaluator("var so = SharedObject.get('so', true); so.setProperty('a', 1);");
    driver.check(&[
        ("so.flush()", "true"),
        ("so.clear()", "true"),
        ("so.size()", "0"),
    ]);
    assert_eq!(driver.world.objects.stored("so"), None);
    assert_eq!(sent(&driver), ["a=1", "clear"]);
}

#[test]
fn what_was_deleted_is_forgotten_up_to_a_version() {
    let mut driver = evaluator(
        "var so = SharedObject.get('so'); so.setProperty('a', 1); so.setProperty('b', 1);
        so.setProperty('a', null); so.setProperty('b', null);",
    );
    driver.check(&[("so.version", "4"), ("so.purge('x')", "undefined")]);
    assert_eq!(driver.world.objects.deleted("so"), ["a", "b"]);
    driver.eval("so.purge(4)");
    assert_eq!(driver.world.objects.deleted("so"), ["b"]);
    driver.eval("so.purge(Infinity)");
    assert_eq!(driver.world.objects.deleted("so"), [] as [String; 0]);
}

#[test]
fn the_depth_of_what_is_remembered_is_set_and_read() {
    let mut driver = evaluator("var so = SharedObject.get('so');");
    driver.check(&[
        ("so.resyncDepth", "-1"),
        ("so.resyncDepth = 5", "5"),
        ("so.resyncDepth", "5"),
        ("(so.resyncDepth = 0, so.resyncDepth)", "0"),
        ("(so.resyncDepth = -3, so.resyncDepth)", "-1"),
        ("(so.resyncDepth = 2.5, so.resyncDepth)", "2"),
        ("(so.resyncDepth = Infinity, so.resyncDepth)", "-1"),
        ("(so.resyncDepth = 'x', so.resyncDepth)", "-1"),
    ]);
}

#[test]
fn persistent_objects_are_written_and_temporary_ones_are_not() {
    let mut driver = evaluator("var so = SharedObject.get('p', true), t = SharedObject.get('t');");
    driver.check(&[
        ("so.isDirty", "false"),
        ("so.setProperty('a', 1)", "undefined"),
        ("so.isDirty", "true"),
        ("so.flush()", "true"),
        ("so.isDirty", "false"),
        ("t.setProperty('a', 1)", "undefined"),
        ("t.isDirty", "false"),
        ("t.flush()", "false"),
    ]);
    assert_eq!(driver.world.objects.stored("p"), Some(vec!["a".into()]));
    driver.world.objects.fill_store();
    driver.check(&[
        ("so.setProperty('b', 1)", "undefined"),
        ("so.flush()", "false"),
        ("so.isDirty", "true"),
        ("so.getProperty('b')", "1"),
    ]);
}

#[test]
fn saving_now_and_then_is_switched() {
    let mut driver = evaluator("var so = SharedObject.get('p', true);");
    driver.check(&[
        ("so.autoCommit", "true"),
        ("(so.autoCommit = 0, so.autoCommit)", "false"),
        ("(so.autoCommit = true, so.autoCommit)", "true"),
    ]);
}

#[test]
fn all_that_are_dirty_are_committed_or_one_by_its_name() {
    let mut driver = evaluator(
        "var one = SharedObject.get('one', true), two = SharedObject.get('two', true);
        one.setProperty('a', 1); two.setProperty('a', 1);",
    );
    driver.check(&[
        ("SharedObject.commit('two')", "true"),
        ("one.isDirty + ' ' + two.isDirty", "true false"),
        ("SharedObject.commit()", "true"),
        ("one.isDirty + ' ' + two.isDirty", "false false"),
    ]);
    driver.world.objects.fill_store();
    assert_eq!(driver.eval("SharedObject.commit()"), false.into());
}

#[test]
fn a_closed_object_does_nothing_and_its_name_can_be_opened_anew() {
    let mut driver = evaluator(
        "var so = SharedObject.get('so', true); so.setProperty('a', 1);
        so.onSync = so.say = function () { trace('told'); };",
    );
    let id = driver.world.objects.id("so").expect("an open object");
    driver.check(&[
        ("so.close()", "undefined"),
        ("so.close()", "undefined"),
        ("so.getProperty('a')", "undefined"),
        ("so.size() + so.version", "0"),
        ("so.lock()", "-1"),
        ("so.send('x')", "false"),
        ("so.clear()", "false"),
        ("so.flush()", "false"),
        ("so === SharedObject.get('so', true)", "false"),
        ("SharedObject.get('so', true).getProperty('a')", "1"),
    ]);
    // What was on its way.
    let list = vec![];
    assert_eq!(driver.input(ScriptInput::Sync { object: id, list }), []);
    let effects = driver.input(ScriptInput::ObjectMessage {
        object: id,
        handler: "say".into(),
        args: vec![],
    });
    assert_eq!(effects, []);
}

#[test]
fn on_sync_is_told_what_clients_have_done_and_nothing_else() {
    let mut driver = evaluator(
        "var so = SharedObject.get('so');
        so.onSync = function (list) {
            var e = list[0], keys = [];
            for (var key in e) keys.push(key);
            trace([this === so, list instanceof Array, list.length, e.code, e.name, e.oldValue, keys]);
        };
        so.setProperty('a', 'mine');",
    );
    assert_eq!(driver.tell(), []);
    let objects = std::rc::Rc::clone(&driver.world);
    objects.objects.client_sets("so", "a", "theirs");
    assert_eq!(
        traces(&driver.tell()),
        ["true,true,1,change,a,mine,code,name,oldValue"]
    );
    objects.objects.client_sets("so", "new", 1);
    assert_eq!(
        traces(&driver.tell()),
        ["true,true,1,change,new,,code,name"]
    );
    objects.objects.client_sets("so", "a", Value::Null);
    assert_eq!(
        traces(&driver.tell()),
        ["true,true,1,delete,a,theirs,code,name,oldValue"]
    );
}

#[test]
fn on_sync_of_the_prototype_is_never_called() {
    let mut driver = evaluator(
        "SharedObject.prototype.onSync = function () { trace('prototype'); };
        var so = SharedObject.get('so');",
    );
    driver.world.objects.client_sets("so", "a", 1);
    assert_eq!(driver.tell(), []);
    driver.eval("so.onSync = function () { trace('own'); }");
    driver.world.objects.client_sets("so", "a", 2);
    assert_eq!(traces(&driver.tell()), ["own"]);
}

#[test]
fn a_list_that_is_too_much_comes_without_old_values() {
    let config = ScriptConfig {
        argument_elements: 20,
        ..ScriptConfig::default()
    };
    let (mut driver, _) = Driver::limited(
        "so = SharedObject.get('so');
        so.onSync = function (list) { trace([list[0].name, list[0].oldValue]); };",
        config,
    );
    let object = driver.world.objects.id("so").expect("an open object");
    let entry = |old| SyncEntry {
        code: SyncCode::Change,
        name: Some("a".into()),
        old: Some(old),
    };
    let long = Value::array((0..30).map(Value::from));
    let list = vec![entry(long)];
    let effects = driver.input(ScriptInput::Sync { object, list });
    assert_eq!(traces(&effects), ["a,"]);
    assert_eq!(problems(&effects).len(), 1);
    let list = vec![entry(1.into()); 30];
    let effects = driver.input(ScriptInput::Sync { object, list });
    assert_eq!((traces(&effects).len(), problems(&effects).len()), (0, 2));
}

#[test]
fn clients_call_the_methods_of_the_object() {
    let mut driver = evaluator(
        "var so = SharedObject.get('so');
        so.say = function (text, n) { trace([this === so, text, n, arguments.length]); };
        SharedObject.prototype.all = function () { trace('prototype'); };
        so.inner = { say: function () { trace('inner'); } };",
    );
    let args = [Value::from("x"), 2.into()];
    assert_eq!(message(&mut driver, "so", "say", &args), ["true,x,2,2"]);
    assert_eq!(message(&mut driver, "so", "all", &[]), ["prototype"]);
    for name in ["inner/say", "inner.say", "nothing", "", "toString", "inner"] {
        assert_eq!(
            message(&mut driver, "so", name, &[]),
            [] as [&str; 0],
            "{name}"
        );
    }
}

#[test]
fn the_names_of_the_class_are_not_for_clients() {
    let mut driver = evaluator("var so = SharedObject.get('so'); so.setProperty('a', 1);");
    for name in [
        "clear",
        "close",
        "setProperty",
        "lock",
        "send",
        "onSync",
        "onStatus",
        "purge",
        "flush",
        "constructor",
        "__defineGetter__",
    ] {
        let script = format!("so.{name} = function () {{ trace('called'); }}; 0");
        assert_eq!(
            message(&mut driver, "so", name, &["a".into()]),
            [] as [&str; 0]
        );
        driver.eval(&script);
        assert_eq!(
            message(&mut driver, "so", name, &["a".into()]),
            [] as [&str; 0]
        );
        driver.eval(&format!("delete so.{name}; 0"));
    }
    driver.check(&[("so.size()", "1"), ("so.lock()", "1")]);
}

#[test]
fn a_method_that_fails_is_reported() {
    let mut driver = evaluator(
        "var so = SharedObject.get('so');
        so.fail = function () { throw new Error('wanted'); };",
    );
    let object = driver.world.objects.id("so").expect("an open object");
    let effects = driver.input(ScriptInput::ObjectMessage {
        object,
        handler: "fail".into(),
        args: vec![],
    });
    assert_eq!(problems(&effects), ["Error: wanted"]);
}

#[test]
fn a_status_goes_to_the_object_its_prototype_or_the_application() {
    let mut driver = evaluator(
        "application.onStatus = function (info) { trace('application ' + info.code); };
        var so = SharedObject.get('so');",
    );
    let object = driver.world.objects.id("so").expect("an open object");
    let mut told = || {
        let info = Value::object([("code", Value::from("SharedObject.NoReadAccess"))]);
        let effects = driver.input(ScriptInput::ObjectStatus { object, info });
        let told = traces(&effects).join("");
        driver.eval(
            "if (!SharedObject.prototype.onStatus)
                SharedObject.prototype.onStatus = function () { trace('prototype ' + (this === so)); };
            else so.onStatus = function (info) { trace('own ' + info.code); }; 0",
        );
        told
    };
    assert_eq!(told(), "application SharedObject.NoReadAccess");
    assert_eq!(told(), "prototype true");
    assert_eq!(told(), "own SharedObject.NoReadAccess");
}

#[test]
fn scripts_give_objects_properties_of_their_own() {
    let mut driver = evaluator(
        "var so = SharedObject.get('so'); so.setProperty('user', 1);
        function keys(o) { var all = []; for (var k in o) all.push(k); return all.join(); }",
    );
    driver.check(&[
        ("so.user", "undefined"),
        ("(so.user = 'x', so.user)", "x"),
        ("(so.data = 2, so.data)", "2"),
        ("(so.name = 'other', so.name)", "so"),
        ("(so.version = 9, so.version)", "1"),
        ("(so.isDirty = true, so.isDirty)", "false"),
        ("keys(so)", "user,data"),
        ("so.getProperty('user')", "1"),
    ]);
}

/// The class is made when it is first used.
#[test]
fn a_script_may_have_something_else_of_the_name() {
    driver_answers("SharedObject = 5;", "SharedObject", "5");
    driver_answers(
        "function SharedObject() {}",
        "SharedObject.get",
        "undefined",
    );
    driver_answers("var SharedObject = { get: 7 };", "SharedObject.get", "7");
    driver_answers("", "SharedObject === SharedObject", "true");
    driver_answers("", "typeof SharedObject.prototype.lock", "function");
    driver_answers(
        "SharedObject.prototype.mine = 1;",
        "SharedObject.get('so').mine",
        "1",
    );
    // Wherever the stack ends first, the class is whole afterwards.
    driver_answers(
        "function deep(n) { if (n == 0) return SharedObject; return deep(n - 1); }
        for (var n = 1000; n < 20000; n += 7) try { deep(n); } catch (e) { break; }
        for (var back = n; back > n - 500; back--) try { deep(back); } catch (e) {}",
        "SharedObject.get('so').size()",
        "0",
    );
}

fn driver_answers(main: &str, expression: &str, wanted: &str) {
    evaluator(main).check(&[(expression, wanted)]);
}

/// Number 19 of what scripts depend on.
#[test]
fn an_object_can_be_traced() {
    let mut driver = evaluator("var so = SharedObject.get('so');");
    let script = "trace(so); trace(so.toString()); trace(SharedObject.prototype); 0";
    let effects = driver.call(1, "evaluate", &[script.into()]);
    assert_eq!(traces(&effects), ["[object SharedObject]"; 3]);
    assert_eq!(
        driver.thrown("new SharedObject('so')"),
        "TypeError: SharedObject objects are made by the server"
    );
    assert_eq!(
        driver.eval("String(SharedObject.prototype.name)"),
        "undefined".into()
    );
}

/// Number 10 of what scripts depend on.
#[test]
fn a_list_of_who_is_there_is_kept_by_deleting_on_disconnect() {
    let mut driver = Driver::new(
        "application.onAppStart = function () { this.users = SharedObject.get('users', false); };
        application.onConnect = function (client, name) {
            client.name = name;
            this.acceptConnection(client);
            this.users.setProperty(name, { since: 1 });
        };
        application.onDisconnect = function (client) { this.users.setProperty(client.name, null); };
        Client.prototype.list = function () { return application.users.getPropertyNames().join(); };",
    );
    driver.connect(1, &["ann".into()]);
    driver.connect(2, &["bob".into()]);
    assert_eq!(driver.result(1, "list", &[]), "ann,bob".into());
    driver.disconnect(2);
    assert_eq!(driver.result(1, "list", &[]), "ann".into());
    assert_eq!(sent(&driver).last().map(String::as_str), Some("-bob"));
}

#[test]
fn the_objects_of_a_path_are_cleared() {
    let mut driver = evaluator(
        "var one = SharedObject.get('one', true), two = SharedObject.get('two');
        one.setProperty('a', 1); two.setProperty('a', 1); one.flush();",
    );
    sent(&driver);
    driver.check(&[
        ("application.clearSharedObjects('/one')", "true"),
        ("one.size() + ',' + two.size()", "0,1"),
        ("application.clearSharedObjects('/')", "true"),
        ("two.size()", "0"),
        ("application.clearSharedObjects()", "false"),
    ]);
    assert_eq!(driver.world.objects.stored("one"), None);
    assert_eq!(sent(&driver), ["one: clear", "two: clear", "one: clear"]);
    driver.world.objects.fill_store();
    assert_eq!(
        driver.eval("application.clearSharedObjects('/')"),
        false.into()
    );
}
