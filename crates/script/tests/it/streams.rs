//! Streams of the instance: who publishes them, and what the script says to those who play them.

use amf::Value;
use engine::StreamName;
use engine::scripting::ScriptEffect;
use script::ScriptConfig;

use crate::driver::{Driver, evaluator, problems, traces};

fn sent(stream: &str, values: &[Value]) -> ScriptEffect {
    ScriptEffect::StreamSend {
        stream: StreamName::parse(stream, 100).expect("a name"),
        values: values.to_vec(),
    }
}

#[test]
fn the_application_is_told_who_publishes_what() {
    let mut driver = evaluator(
        "application.onPublish = function (c, s) {
            trace(['on', this == application, c == application.clients[0], s == Stream.get('cam'),
                   s.name, s.publishQueryString]);
        };
        application.onUnpublish = function (c, s) {
            trace(['off', this == application, c == application.clients[0], s == Stream.get('cam'),
                   s.name, s.publishQueryString]);
        };",
    );
    assert_eq!(
        traces(&driver.publish(1, "cam", "key=a")),
        ["on,true,true,true,cam,key=a"]
    );
    assert_eq!(
        traces(&driver.unpublish(1, "cam")),
        ["off,true,true,true,cam,key=a"]
    );
    driver.check(&[("Stream.get('cam').publishQueryString", "")]);
    assert_eq!(
        traces(&driver.publish(1, "cam", "")),
        ["on,true,true,true,cam,"]
    );
}

#[test]
fn a_stream_is_told_that_it_is_published_on_the_object_or_on_the_prototype() {
    const TELLS: &str = "function (info) {
        trace([this.name, info.level, info.code, info.code.split('.')[2], info.description,
               info.details, info.clientid]);
    }";
    for handler in ["Stream.prototype", "Stream.get('cam')"] {
        let mut driver = evaluator(&format!("{handler}.onStatus = {TELLS};"));
        assert_eq!(
            traces(&driver.publish(1, "cam", "")),
            ["cam,status,NetStream.Publish.Start,Start,cam is now published.,cam,BAAAAAAA"]
        );
        assert_eq!(
            traces(&driver.unpublish(1, "cam")),
            ["cam,status,NetStream.Unpublish.Success,Success,cam is now unpublished.,cam,BAAAAAAA"]
        );
    }
    let mut driver = evaluator("application.onStatus = function (info) { trace(info.code); };");
    assert_eq!(
        traces(&driver.publish(1, "cam", "")),
        ["NetStream.Publish.Start"]
    );
}

#[test]
fn a_handler_that_throws_does_not_keep_the_next_from_being_called() {
    let mut driver = evaluator(
        "application.onPublish = application.onUnpublish = function () { nowhere(); };
        Stream.prototype.onStatus = function (info) { trace(info.code); };",
    );
    let effects = driver.publish(1, "cam", "");
    assert_eq!(
        problems(&effects),
        ["ReferenceError: nowhere is not defined"]
    );
    assert_eq!(traces(&effects), ["NetStream.Publish.Start"]);
    let effects = driver.unpublish(1, "cam");
    assert_eq!(traces(&effects), ["NetStream.Unpublish.Success"]);
    driver.check(&[("Stream.get('cam').publishQueryString", "")]);
}

#[test]
fn one_name_is_one_object() {
    evaluator("").check(&[
        ("Stream.get('a') == Stream.get('a')", "true"),
        ("Stream.get('a') == Stream.get('b')", "false"),
        ("Stream.get('flv:a') == Stream.get('a')", "true"),
        ("Stream.get('/a?b').name", "a"),
        ("Stream.get('mp4:a/b.f4v').name", "mp4:a/b.f4v"),
        ("Stream.get(7).name", "7"),
        (
            "(Stream.get('a').user = 'ann', Stream.get('a').user)",
            "ann",
        ),
        ("(Stream.get('a').name = 'b', Stream.get('a').name)", "a"),
        ("Stream.get('a')", "[object Stream]"),
        ("(Stream.prototype.late = 3, Stream.get('a').late)", "3"),
        ("Stream.prototype.name", "undefined"),
    ]);
}

#[test]
fn what_is_no_name_gives_no_stream() {
    let mut driver = evaluator("");
    let long = format!("Stream.get('{}')", "x".repeat(1025));
    for name in [
        "Stream.get('')",
        "Stream.get('../a')",
        "Stream.get('a\\n')",
        &long,
    ] {
        driver.check(&[(name, "null")]);
    }
    assert!(
        driver
            .thrown("new Stream('a')")
            .contains("made by the server")
    );
}

#[test]
fn the_streams_of_the_application_are_as_they_are_now() {
    let mut driver = evaluator(
        "var streams = application.streams;
        function list() { var s = []; for (var i in streams) s.push(i); return s.sort(); }",
    );
    driver.check(&[("list()", ""), ("streams.foo", "undefined")]);
    driver.publish(1, "cam", "");
    driver.check(&[
        ("list()", "cam"),
        ("streams['cam'] == Stream.get('cam')", "true"),
        ("'cam' in streams", "true"),
        ("'foo' in streams", "false"),
        (
            "(streams.cam = 1, delete streams.cam, streams.cam.name)",
            "cam",
        ),
        ("(streams.foo = 1, streams.foo)", "undefined"),
        ("(Stream.get('foo'), list())", "cam,foo"),
        (
            "(Stream.get('toString'), streams.toString.name)",
            "toString",
        ),
    ]);
    driver.unpublish(1, "cam");
    driver.check(&[("Stream.get('__proto__').name", "__proto__")]);
}

#[test]
fn a_message_goes_to_those_who_play_the_stream() {
    let mut driver = evaluator("var s = Stream.get('cam');");
    let effects = driver.call(1, "evaluate", &["s.send('hear', 'a', [1, 2])".into()]);
    let list = Value::array([Value::from(1), 2.into()]);
    assert_eq!(effects[0], sent("cam", &["hear".into(), "a".into(), list]));
    driver.check(&[("s.send()", "false"), ("s.send('hear')", "true")]);
    driver.publish(1, "cam", "");
    let effects = driver.call(1, "evaluate", &["application.streams.cam.send('x')".into()]);
    assert_eq!(effects[0], sent("cam", &["x".into()]));
    assert!(
        driver
            .thrown("Stream.prototype.send('x')")
            .contains("TypeError")
    );
}

#[test]
fn a_client_cannot_reach_a_stream_through_an_object_of_the_script() {
    let mut driver = evaluator("Client.prototype.s = Stream.get('cam');");
    let effects = driver.call(1, "s/send", &["x".into()]);
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, ScriptEffect::StreamSend { .. })),
        "{effects:?}"
    );
}

/// Of 2, the limit is reached with the third.
#[test]
fn streams_that_nobody_needs_are_forgotten() {
    let config = ScriptConfig {
        streams: 2,
        ..ScriptConfig::default()
    };
    let main = "Client.prototype.evaluate = function (text) { return (0, eval)(text); };
        function named(name) { Stream.get(name).is = name; }
        function had(name) { return Stream.get(name).is; }
        function count() { var n = 0; for (var i in application.streams) n++; return n; }";
    let (mut driver, _) = Driver::limited(main, config);
    driver.connect(1, &[]);
    driver.publish(1, "published", "");
    driver.eval("named('published'); named('a'); named('b');");
    driver.check(&[("count()", "3")]);
    driver.eval("var kept = Stream.get('a'); named('a'); named('b'); named('c'); named('d');");
    driver.check(&[
        ("count()", "4"),
        ("had('a')", "a"),
        ("had('published')", "published"),
        ("had('b')", "undefined"),
    ]);
    driver.unpublish(1, "published");
    driver.eval("for (var n = 0; n < 10000; n++) named('s' + n);");
    driver.check(&[
        ("count()", "3"),
        ("had('published')", "undefined"),
        ("had('a')", "a"),
    ]);
    driver.eval("kept = null; named('x'); named('y');");
    driver.check(&[("had('a')", "undefined")]);
}

#[test]
fn the_recordings_of_a_path_are_cleared_and_the_streams_told() {
    let mut driver = evaluator(
        "Stream.prototype.onStatus = function (info) {
            trace([this.name, info.level, info.code, info.details, info.description]);
        };
        var one = Stream.get('one'), busy = Stream.get('busy');",
    );
    for (file, can_be) in [("one.flv", true), ("a/x.flv", true), ("busy.flv", false)] {
        let mut recordings = driver.world.recordings.borrow_mut();
        recordings.insert(file.to_owned(), can_be);
    }
    driver.check(&[
        ("application.clearStreams('/nobody')", "true"),
        ("application.clearStreams('flv:/a/*')", "true"),
        ("application.clearStreams('/a//b')", "false"),
        ("application.clearStreams('raw:one')", "false"),
        ("application.clearStreams()", "false"),
        ("application.clearStreams('/')", "false"),
    ]);
    let left: Vec<_> = driver.world.recordings.borrow().keys().cloned().collect();
    assert_eq!(left, ["busy.flv"]);
    // Each in a turn of its own, after the handler that has cleared.
    let told = driver.pass(0);
    assert_eq!(
        traces(&told),
        [
            "busy,error,NetStream.Clear.Failed,busy,Failed to clear busy.",
            "one,status,NetStream.Clear.Success,one,Cleared one."
        ]
    );
}

#[test]
fn so_many_recordings_are_cleared_at_once() {
    let config = ScriptConfig {
        list_entries: 2,
        ..ScriptConfig::default()
    };
    let clears = "application.onConnect = function () {
        while (!this.clearStreams('/')) trace('again');
        trace('done');
    };";
    let (mut driver, _) = Driver::limited(clears, config);
    for file in ["a.flv", "b.flv", "c.flv"] {
        let mut recordings = driver.world.recordings.borrow_mut();
        recordings.insert(file.to_owned(), true);
    }
    let effects = driver.connect(1, &[]);
    assert_eq!(traces(&effects), ["again", "done"]);
    assert_eq!(
        problems(&effects),
        ["clearStreams(\"/\"): more than 2 recordings at once (limit list_entries)"]
    );
}
