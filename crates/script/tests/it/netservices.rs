//! `load("netservices.asc")`: services of gateways.

use amf::Value;
use engine::scripting::{ScriptEffect, ScriptInput};
use script::{ApplicationInfo, MemoryFiles, ScriptConfig};

use crate::driver::{Driver, call_failed, evaluator, problems, traces};
use crate::remoting::{answer, answers, calls, packet, request, run};

pub(crate) const PRELUDE: &str = "
    load('netservices.asc');
    NetServices.setDefaultGatewayUrl('http://gateway.example.com/g');
    NetConnection.prototype.onStatus = function (info) { trace('connection ' + info.code); };
    gateway = NetServices.createGatewayConnection();
    handler = {
        find_Result: function (value) { trace('find ' + uneval(value)); },
        find_Status: function (info) { trace('find ' + info.description); },
        onResult: function (value) { trace('any ' + uneval(value)); },
        onStatus: function (info) { trace('any ' + info.description); }
    };
";

pub(crate) fn calls_of(effects: &[ScriptEffect]) -> Vec<(String, Value)> {
    let (_, asked) = request(effects);
    let packet = packet(&asked);
    let calls = calls(&packet).into_iter();
    calls
        .map(|(target, _, args)| (target.to_owned(), args.clone()))
        .collect()
}

#[test]
fn a_method_of_a_service_is_a_call() {
    let mut driver = evaluator(PRELUDE);
    let text = "service = gateway.getService('pkg.People', handler); service.find('ann', 3)";
    let effects = run(&mut driver, text);
    assert_eq!(request(&effects).1.url, "http://gateway.example.com/g");
    let args = Value::array(["ann".into(), 3.into()]);
    assert_eq!(calls_of(&effects), [("pkg.People.find".to_owned(), args)]);
    let other = run(
        &mut driver,
        "NetServices.setDefaultGatewayURL('http://h/1');
        NetServices.createGatewayConnection().getService('s').m();
        NetServices.createGatewayConnection('http://h/2').getService('s').m()",
    );
    let urls: Vec<_> = other
        .iter()
        .filter_map(|effect| match effect {
            ScriptEffect::Http { what, .. } => Some(&*what.url),
            _ => None,
        })
        .collect();
    assert_eq!(urls, ["http://h/1", "http://h/2"]);
}

#[test]
fn answers_go_to_the_method_of_their_name_first() {
    let mut driver = evaluator(PRELUDE);
    let text = "service = gateway.getService('s', handler);
        service.find(); service.find(); service.other(); service.other();
        service.find({onResult: function (v) { trace('own ' + v); }}, 5)";
    let effects = run(&mut driver, text);
    let own = ("s.find".to_owned(), Value::array([5.into()]));
    assert_eq!(calls_of(&effects)[4], own);
    let messages = vec![
        answer("/1/onResult", 1),
        answer("/2/onStatus", call_failed("no")),
        answer("/3/onResult", 2),
        answer("/4/onStatus", call_failed("never")),
        answer("/5/onResult", 3),
    ];
    let effects = answers(&mut driver, request(&effects).0, messages);
    assert_eq!(
        traces(&effects),
        ["find 1", "find no", "any 2", "any never", "own 3"]
    );
}

#[test]
fn handlers_may_be_set_after_the_call() {
    let mut driver = evaluator(PRELUDE);
    let text = "gateway.getService('msg', application).filter('x');
        application.filter_Result = function (value) { trace('filtered ' + value); }; 0";
    let (id, _) = request(&run(&mut driver, text));
    let effects = answers(&mut driver, id, vec![answer("/1/onResult", "y")]);
    assert_eq!(traces(&effects), ["filtered y"]);
}

#[test]
fn what_no_handler_takes_is_said() {
    let mut driver = evaluator(PRELUDE);
    let text = "gateway.setDebugId('people'); s = gateway.getService('s', {}); s.m(); s.m(); 0";
    let (id, _) = request(&run(&mut driver, text));
    let messages = vec![
        answer("/1/onResult", 1),
        answer("/2/onStatus", call_failed("no")),
    ];
    let effects = answers(&mut driver, id, messages);
    let warnings = problems(&effects);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("m_Result"), "{warnings:?}");
    assert!(warnings[0].contains("(people)"), "{warnings:?}");
    assert_eq!(traces(&effects), ["connection NetConnection.Call.Failed"]);
}

#[test]
fn credentials_are_a_header() {
    let mut driver = evaluator(PRELUDE);
    let text = "gateway.setCredentials('u', 'p'); gateway.getService('s').m()";
    let (_, asked) = request(&run(&mut driver, text));
    let sent = packet(&asked);
    assert_eq!(sent.headers.len(), 1);
    assert_eq!(&*sent.headers[0].name, "Credentials");
    assert!(sent.headers[0].must_understand);
    assert_eq!(sent.headers[0].value.get("userid"), Some(&"u".into()));
    assert_eq!(sent.headers[0].value.get("password"), Some(&"p".into()));
}

#[test]
fn without_an_address_there_is_no_connection() {
    let mut driver = evaluator("load('netservices.asc');");
    let effects = run(&mut driver, "NetServices.createGatewayConnection()");
    assert!(problems(&effects)[0].contains("no address"), "{effects:?}");
}

#[test]
fn other_sides_do_not_reach_what_the_library_adds() {
    let mut driver = evaluator(
        "load('netservices.asc');
        Client.prototype.nc = new NetConnection();
        Client.prototype.service = new NetConnection().getService('s');
        Client.prototype.table = new RecordSet(['a']);",
    );
    for method in [
        "nc/getService",
        "nc/setCredentials",
        "service/m",
        "table/removeAll",
    ] {
        let refused = crate::driver::failed(1, &format!("Method not found ({method})."));
        assert_eq!(driver.call(1, method, &[]), [refused]);
    }
}

#[test]
fn an_application_may_have_its_own_library() {
    let own = "NetServices = 'mine';";
    let main = "load('netservices.asc'); trace(NetServices);";
    let in_application = MemoryFiles::new().with("main.asc", main);
    let (config, info) = (ScriptConfig::default(), ApplicationInfo::default());
    for files in [
        in_application.clone().with("netservices.asc", own),
        in_application.with_library("netservices.asc", own),
    ] {
        let mut driver = Driver::with(files, config.clone(), info.clone());
        let effects = driver.input(ScriptInput::Start);
        assert_eq!(traces(&effects), ["mine"]);
    }
}

#[test]
fn the_library_runs_once() {
    let mut driver = evaluator(PRELUDE);
    let text = "before = NetServices; load('NetServices.asc'); load('recordset.asc');
        NetServices == before && NetServices.createGatewayConnection().uri";
    assert_eq!(driver.eval(text), "http://gateway.example.com/g".into());
    let without = evaluator("").eval("typeof NetServices + typeof RecordSet");
    assert_eq!(without, "undefinedundefined".into());
}
