//! What a virtual host forbids, and what happens to files that cannot be read.

use super::*;

fn with_host(host: &str, own: &str, own_toml: &str) -> Result<Loaded, ConfigErrors> {
    load(&Layers {
        virtual_host_xml: Some(Text::new("vhost.xml", host)),
        application_xml: (!own.is_empty()).then(|| Text::new("app.xml", own)),
        application_toml: Some(Text::new("application.toml", own_toml)),
        ..Layers::default()
    })
}

const SHIPPED: &str = "<Application>\n<Client>\n<Bandwidth override=\"yes\"><ServerToClient>250000\
    </ServerToClient></Bandwidth>\n<BandwidthCap override=\"no\"><ServerToClient>10000000\
    </ServerToClient></BandwidthCap></Client></Application>";

#[test]
fn what_is_forbidden_keeps_the_value_of_the_virtual_host() {
    let own = "<Application><Client><Bandwidth><ServerToClient>1</ServerToClient></Bandwidth>\n\
               <BandwidthCap><ServerToClient>2</ServerToClient></BandwidthCap></Client>\
               </Application>";
    let toml = "[bandwidth]\nto_client_cap_bytes = 3\nfrom_client_cap_bytes = 4\n";
    let loaded = with_host(SHIPPED, own, toml).unwrap();
    assert_eq!(loaded.config.bandwidth.to_client_bytes, Limit::At(1));
    assert_eq!(
        loaded.config.bandwidth.to_client_cap_bytes,
        Limit::At(10_000_000)
    );
    assert_eq!(
        loaded.config.bandwidth.from_client_cap_bytes,
        Limit::Unlimited
    );
    let says = "has no effect: vhost.xml:4 says override=\"no\"";
    let expected = [
        format!("app.xml:2: `Client/BandwidthCap` {says}"),
        format!("application.toml:2: `bandwidth.to_client_cap_bytes` {says}"),
        format!("application.toml:3: `bandwidth.from_client_cap_bytes` {says}"),
    ];
    assert_eq!(told(&loaded), expected);
    assert_eq!(
        loaded.source("bandwidth.to_client_cap_bytes").to_string(),
        "vhost.xml:4"
    );
}

#[test]
fn everything_below_is_forbidden_too_under_every_name() {
    let host = "<Application><JSEngine override=\"NO\"><MaxTimeOut>1</MaxTimeOut></JSEngine></Application>";
    let own = "<Application><ScriptEngine><MaxTimeOut>9</MaxTimeOut><ApplicationObject><config><a>1\
               </a></config></ApplicationObject></ScriptEngine><MaxAppIdleTime>9</MaxAppIdleTime>\
               </Application>";
    let toml =
        "script.max_time_ms = 9\nscript.timers = 7\nconfig.a = 1\nstreams.enhanced_seek = true";
    let loaded = with_host(host, own, toml).unwrap();
    assert_eq!(loaded.config.script.max_time_ms, 1_000);
    assert_eq!(loaded.config.script.timers, 7);
    assert!(loaded.config.config.is_empty());
    assert!(loaded.config.streams.enhanced_seek);
    assert_eq!(loaded.config.application.idle_timeout_ms, 9_000);
    assert_eq!(told(&loaded).len(), 3);
}

#[test]
fn everything_can_be_forbidden_at_once() {
    let host = "<Application override=\"no\"/>";
    let own = "<Application><MaxAppIdleTime>9</MaxAppIdleTime></Application>";
    let loaded = with_host(host, own, "[streams]\nbuffer_ms = 1\n").unwrap();
    assert_eq!(loaded.config, ApplicationConfig::default());
    assert_eq!(told(&loaded).len(), 2);
}

#[test]
fn other_values_of_the_attribute_forbid_nothing() {
    for says in [
        "",
        " override=\"yes\"",
        " override=\"\"",
        " override=\"never\"",
    ] {
        let host = format!("<Application><MaxAppIdleTime{says}>1</MaxAppIdleTime></Application>");
        let own = "<Application><MaxAppIdleTime override=\"no\">2</MaxAppIdleTime></Application>";
        let loaded = with_host(&host, own, "application.idle_timeout_ms = 3000").unwrap();
        assert_eq!(loaded.config.application.idle_timeout_ms, 3_000);
        assert_eq!(told(&loaded), [""; 0]);
    }
}

#[test]
fn one_property_of_the_config_can_be_forbidden() {
    let host = "<Application><JSEngine><ApplicationObject><config><db override=\"no\"><host>a</host>\
                </db><title>host</title></config></ApplicationObject></JSEngine></Application>";
    let own = "<Application><JSEngine><ApplicationObject><config><db><host>b</host></db><title>own\
               </title></config></ApplicationObject></JSEngine></Application>";
    let toml = "[config]\nmore = 1\n[config.db]\nhost = 'c'\n";
    let loaded = with_host(host, own, toml).unwrap();
    same(
        &loaded.config.config.to_value(),
        "{db:{host:'a'},title:'own',more:1}",
    );
    let paths: Vec<&str> = loaded
        .findings
        .iter()
        .map(|finding| &*finding.path)
        .collect();
    assert_eq!(paths, ["JSEngine/ApplicationObject/config/db", "config.db"]);
}

#[test]
fn the_list_of_an_application_replaces_that_of_its_virtual_host() {
    let directories = |text: &str| {
        format!(
            "<Application><StreamManager><VirtualDirectory><Streams>{text}</Streams>\
             </VirtualDirectory></StreamManager></Application>"
        )
    };
    let loaded = with_host(&directories("a;/a"), &directories("b;/b"), "").unwrap();
    assert_eq!(
        value_of(&loaded, "streams.virtual_directories"),
        "[\"b;/b\"]"
    );
}

#[test]
fn a_broken_file_of_the_application_is_ignored() {
    for (own, place) in [
        (
            "<Application>\n<MaxAppIdleTime>9</MaxAppIdleTime>",
            "app.xml:2:",
        ),
        ("<Server/>", "app.xml:1:"),
        ("not XML", "app.xml:1:"),
    ] {
        let host = "<Application><MaxAppIdleTime>5</MaxAppIdleTime></Application>";
        let loaded = with_host(host, own, "").unwrap();
        assert_eq!(loaded.config.application.idle_timeout_ms, 5_000);
        let [told] = &told(&loaded)[..] else {
            panic!("one finding")
        };
        assert!(told.starts_with(place), "{told}");
        assert!(told.contains("the file is ignored: column "), "{told}");
        assert_eq!(loaded.findings[0].severity(), Severity::Error);
    }
}

#[test]
fn a_broken_file_of_the_virtual_host_is_one_error() {
    let cases = [
        (
            "<Application>\n <JSEngine></Application>",
            "vhost.xml:2:12: ",
        ),
        (
            "<Server/>",
            "vhost.xml:1:1: the root element is `Server`, not `Application`",
        ),
        ("", "vhost.xml:1:1: there is no element"),
    ];
    for (host, start) in cases {
        let errors = with_host(host, "<Application/>", "").unwrap_err();
        assert_eq!(errors.0.len(), 1, "{errors}");
        assert!(errors.to_string().starts_with(start), "{errors}");
    }
}
