//! Layering, every tag, override rules, files as they are found, and the reference page.

use std::fmt::Write as _;

use amf::Value;

use super::*;
use crate::keys::SECTIONS;
use crate::tags::{Effect, TAGS};

mod files;
mod overriding;
mod properties;
mod tags_table;
mod toml_layer;

/// Layers with this text as the application's `Application.xml`, without the outer element.
fn xml(inside: &str) -> Loaded {
    let text = format!("<Application>\n{inside}\n</Application>");
    load(&Layers {
        application_xml: Some(Text::new("Application.xml", &text)),
        ..Layers::default()
    })
    .unwrap()
}

fn toml(text: &str) -> Result<Loaded, ConfigErrors> {
    load(&Layers {
        application_toml: Some(Text::new("application.toml", text)),
        ..Layers::default()
    })
}

/// The elements of a path around a text; the attributes are the innermost one's.
fn nest(path: &str, attributes: &str, text: &str) -> String {
    let mut names: Vec<&str> = path.split('/').collect();
    let open = format!("<{}{attributes}>", names.join("><"));
    names.reverse();
    format!("{open}{text}</{}>", names.join("></"))
}

/// The key's value as it would be written.
fn value_of(loaded: &Loaded, path: &str) -> String {
    let key = KEYS.iter().find(|key| key.path() == path).unwrap();
    (key.read)(&loaded.config).to_string()
}

/// What is told, but for keys that have no effect yet.
fn told(loaded: &Loaded) -> Vec<String> {
    told_now(loaded).map(ToString::to_string).collect()
}

fn told_now(loaded: &Loaded) -> impl Iterator<Item = &Finding> {
    let findings = loaded.findings.iter();
    findings.filter(|finding| !matches!(finding.what, What::NotYet(_)))
}

fn same(value: &Value, json: &str) {
    assert_eq!(show(value), json);
}

/// A value of `application.config`, briefly.
fn show(value: &Value) -> String {
    if let Some(items) = value.as_array() {
        return format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(","));
    }
    if let Some(props) = value.props() {
        let props: Vec<_> = props
            .iter()
            .map(|(k, v)| format!("{}:{}", k.as_str(), show(v)))
            .collect();
        return format!("{{{}}}", props.join(","));
    }
    match (value.as_str(), value.as_f64(), value.as_bool()) {
        (Some(text), _, _) => format!("'{text}'"),
        (_, Some(number), _) => number.to_string(),
        (_, _, Some(flag)) => flag.to_string(),
        _ => format!("{value:?}"),
    }
}

#[test]
fn no_layers_give_the_defaults() {
    let loaded = load(&Layers::default()).unwrap();
    assert_eq!(loaded.config, ApplicationConfig::default());
    assert_eq!(loaded.findings, []);
    assert_eq!(loaded.config.script.max_time_ms, 5_000);
    assert_eq!(loaded.config.script.hosts, []);
    assert_eq!(loaded.config.application.idle_timeout_ms, 1_200_000);
    assert!(loaded.config.config.is_empty());
    let defaults = ApplicationConfig::original();
    assert_eq!(defaults.script.max_time_ms, 0);
    assert_eq!(defaults.script.memory_bytes, 1_048_576);
    assert_eq!(defaults.bandwidth.to_client_bytes, Limit::At(250_000));
    assert_eq!(
        defaults.application,
        ApplicationConfig::default().application
    );
    let loaded = load(&Layers {
        defaults: defaults.clone(),
        ..Layers::default()
    })
    .unwrap();
    assert_eq!(loaded.config, defaults);
}

#[test]
fn later_layers_win_key_by_key() {
    let mut defaults = ApplicationConfig::default();
    defaults.live.player_lag_ms = 1_000;
    defaults.client.chunk_size_bytes = 1_000;
    let host = "<Application><MaxAppIdleTime>100</MaxAppIdleTime>\n<JSEngine><RuntimeSize>2048\
                </RuntimeSize><MaxTimeOut>1</MaxTimeOut></JSEngine><Client><OutChunkSize>2000\
                </OutChunkSize></Client></Application>";
    let own = "<Application>\n<MaxAppIdleTime>200</MaxAppIdleTime><ScriptEngine><MaxTimeOut>2\
               </MaxTimeOut></ScriptEngine></Application>";
    let loaded = load(&Layers {
        defaults,
        virtual_host_xml: Some(Text::new("vhost/Application.xml", host)),
        application_xml: Some(Text::new("app/Application.xml", own)),
        application_toml: Some(Text::new(
            "application.toml",
            "[script]\n\nmax_time_ms = 3_000\n",
        )),
        ..Layers::default()
    })
    .unwrap();
    let config = &loaded.config;
    assert_eq!(config.live.player_lag_ms, 1_000);
    assert_eq!(config.client.chunk_size_bytes, 2_000);
    assert_eq!(config.script.memory_bytes, 2_048 * 1_024);
    assert_eq!(config.application.idle_timeout_ms, 200_000);
    assert_eq!(config.script.max_time_ms, 3_000);
    let sources = [
        ("live.player_lag_ms", "default"),
        ("script.memory_bytes", "vhost/Application.xml:2"),
        ("application.idle_timeout_ms", "app/Application.xml:2"),
        ("script.max_time_ms", "application.toml:3"),
    ];
    for (key, source) in sources {
        assert_eq!(loaded.source(key).to_string(), source);
    }
    assert_eq!(loaded.findings, []);
}

#[test]
fn every_key_is_documented_and_every_tag_sets_a_key() {
    let mut defaults = String::new();
    for (section, about) in SECTIONS {
        assert!(about.concat().ends_with('.'), "{section}");
        writeln!(defaults, "[{section}]").unwrap();
        for key in KEYS.iter().filter(|key| key.section == *section) {
            let path = key.path();
            assert!(key.docs.concat().trim_end().ends_with('.'), "{path}");
            assert!(
                key.accepts != "integer" || key.range.is_some(),
                "{path} has no range"
            );
            assert!(
                key.accepts != "list" || key.range.is_some(),
                "{path} has no range"
            );
            assert!(
                key.reached.is_none_or(|reached| reached.ends_with('.')),
                "{path}"
            );
            let value = (key.read)(&ApplicationConfig::default());
            writeln!(defaults, "{} = {value}", key.name).unwrap();
        }
    }
    assert_eq!(
        toml(&defaults).unwrap().config,
        ApplicationConfig::default()
    );
    for (at, tag) in TAGS.iter().enumerate() {
        assert!(
            TAGS[..at].iter().all(|earlier| earlier.path != tag.path),
            "{}",
            tag.path
        );
        if let Effect::Key(set, _) = tag.effect {
            assert!(
                KEYS.iter().any(|key| key.path() == set),
                "{} sets {set}",
                tag.path
            );
        }
    }
}

#[test]
fn what_has_no_effect_yet_is_told_with_its_place() {
    let mut without = 0;
    for key in KEYS {
        let value = (key.read)(&ApplicationConfig::default());
        let text = format!("[{}]\n\n{} = {value}\n", key.section, key.name);
        let loaded = toml(&text).unwrap();
        let told: Vec<String> = loaded.findings.iter().map(ToString::to_string).collect();
        let expected = key.later.map(|later| {
            without += 1;
            format!(
                "application.toml:3: `{}` has no effect yet: it comes with {later}",
                key.path()
            )
        });
        assert_eq!(told, Vec::from_iter(expected));
    }
    assert!(without > 0);
    let loaded = xml("<StreamManager>\n<EnhancedSeek>true</EnhancedSeek></StreamManager>");
    assert_eq!(
        loaded.findings[0].to_string(),
        "Application.xml:3: `StreamManager/EnhancedSeek` has no effect yet: it comes with recorded \
         streams"
    );
    assert_eq!(loaded.findings[0].severity(), Severity::Warning);
}

#[test]
fn keys_named_in_the_documentation_exist() {
    let page = reference();
    let mut checked = 0;
    for word in page.split('`').skip(1).step_by(2) {
        let section = word.split_once('.').map(|(section, _)| section);
        // Keys of the server's sections of the same name are checked by the server.
        if section.is_some_and(|s| s != "live" && KEYS.iter().any(|key| key.section == s))
            && word != "application.toml"
            && word != "application.config"
        {
            assert!(
                KEYS.iter().any(|key| key.path() == word),
                "`{word}` is not a key"
            );
            checked += 1;
        }
    }
    assert!(checked > 40, "{checked}");
}

#[test]
fn the_limits_in_the_documentation_are_true() {
    let limits = XmlLimits::default();
    let text = format!(
        "A file may have {} MiB, {}\n  elements, {} of them within each other, {} attributes in \
         one element and {} KiB of text in each,",
        limits.file_bytes / 1_048_576,
        limits.elements,
        limits.depth,
        limits.attributes,
        limits.text_bytes / 1_024
    );
    assert!(reference().contains(&text), "{text}");
}

/// With `GREENROOM_TEST_WRITE` set, writes the page instead of comparing it.
#[test]
fn the_committed_reference_is_up_to_date() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/reference/application-config.md"
    );
    if std::env::var_os("GREENROOM_TEST_WRITE").is_some() {
        std::fs::write(path, reference()).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap();
    assert!(
        committed == reference(),
        "out of date; run: GREENROOM_TEST_WRITE=1 cargo test -p appconfig reference"
    );
}
