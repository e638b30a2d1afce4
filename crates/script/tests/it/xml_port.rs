//! `XMLPort`: those who come over XML ports, and what the script says to them.

use engine::ClientId;
use engine::scripting::{ScriptEffect, ScriptInput};

use crate::driver::{Driver, problems, traces};

const ECHO: &str = "
    XMLPort.onConnect = function (client) {
        trace(['in', client.ip, client.port, client.isConnected, this === XMLPort].join());
        client.send('<hello/>');
        this.last = client;
        return client.ip != '192.0.2.66';
    };
    XMLPort.onFrame = function (client, text) {
        if (text == 'bye') client.close();
        trace([client === this.last, client.send('<' + text + '>')].join());
    };
    XMLPort.onClose = function (client) {
        trace(['out', client.isConnected, client.send('x')].join());
        client.close();
    };
";

fn opened(client: u64, ip: &str) -> ScriptInput {
    ScriptInput::PortOpened {
        client: ClientId(client),
        ip: ip.into(),
        port: 9876,
    }
}

fn text(client: u64, text: &str) -> ScriptInput {
    ScriptInput::PortText {
        client: ClientId(client),
        text: text.into(),
    }
}

fn closed(client: u64) -> ScriptInput {
    ScriptInput::PortClosed {
        client: ClientId(client),
    }
}

/// What an input leads to: a line for each trace and for each thing done about the port.
fn told(driver: &mut Driver, input: ScriptInput) -> Vec<String> {
    let effects = driver.input(input);
    assert_eq!(problems(&effects), [] as [String; 0]);
    let line = |effect: &ScriptEffect| match effect {
        ScriptEffect::Trace(line) => line.clone(),
        ScriptEffect::PortSend { client, text } => format!("{} < {text}", client.0),
        ScriptEffect::PortClose { client } => format!("{} closed", client.0),
        other => format!("{other:?}"),
    };
    effects.iter().map(line).collect()
}

#[test]
fn texts_go_both_ways() {
    let mut driver = Driver::new(ECHO);
    assert_eq!(
        told(&mut driver, opened(1, "192.0.2.7")),
        ["in,192.0.2.7,9876,true,true", "1 < <hello/>"]
    );
    assert_eq!(told(&mut driver, text(1, "ä")), ["1 < <ä>", "true,true"]);
    assert_eq!(told(&mut driver, closed(1)), ["out,false,false"]);
    assert_eq!(told(&mut driver, text(1, "late")), [] as [&str; 0]);
    assert_eq!(told(&mut driver, closed(1)), [] as [&str; 0]);
}

#[test]
fn a_script_closes_and_refuses() {
    let mut driver = Driver::new(ECHO);
    told(&mut driver, opened(1, "192.0.2.7"));
    assert_eq!(
        told(&mut driver, text(1, "bye")),
        ["1 closed", "true,false"]
    );
    assert_eq!(told(&mut driver, text(1, "on its way")), [] as [&str; 0]);
    assert_eq!(told(&mut driver, closed(1)), ["out,false,false"]);
    let refused = told(&mut driver, opened(2, "192.0.2.66"));
    assert_eq!(refused.last().map(String::as_str), Some("2 closed"));
}

#[test]
fn a_script_without_handlers_says_so_once_for_each_who_comes() {
    let mut driver = Driver::new("");
    let effects = driver.input(opened(1, "192.0.2.7"));
    let closes = ScriptEffect::PortClose {
        client: ClientId(1),
    };
    assert!(effects.contains(&closes), "{effects:?}");
    let said = problems(&effects);
    assert!(
        said.len() == 1 && said[0].contains("XMLPort has no handlers"),
        "{said:?}"
    );
}

#[test]
fn a_handler_that_throws_leaves_the_others_be() {
    let mut driver =
        Driver::new("XMLPort.onFrame = function (c, t) { if (t == 'x') throw 'no'; trace(t); };");
    driver.input(opened(1, "192.0.2.7"));
    assert_eq!(problems(&driver.input(text(1, "x"))).len(), 1);
    assert_eq!(traces(&driver.input(text(1, "y"))), ["y"]);
}
