//! Layering, unknown names, ranges, and the round trips that the other files promise.

use std::ffi::OsString;

use super::*;

fn file(text: &str) -> Layers {
    let layer = FileLayer {
        name: "greenroom.toml".to_owned(),
        text: text.to_owned(),
    };
    Layers {
        file: Some(layer),
        ..Layers::default()
    }
}

fn variables(pairs: &[(&str, &str)]) -> Layers {
    let variables = pairs
        .iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    Layers {
        variables,
        ..Layers::default()
    }
}

fn sets(texts: &[&str]) -> Layers {
    let assignments = texts
        .iter()
        .map(|text| Assignment::parse(text).unwrap())
        .collect();
    Layers {
        assignments,
        ..Layers::default()
    }
}

/// The one line that loading these layers complains with.
fn complaint(layers: &Layers) -> String {
    let errors = load(layers).expect_err("the configuration is wrong");
    assert_eq!(errors.0.len(), 1, "{errors}");
    errors.to_string()
}

#[test]
fn no_layers_give_the_defaults() {
    let loaded = load(&Layers::default()).unwrap();
    assert_eq!(loaded.config, Config::default());
    assert_eq!(loaded.config.rtmp.listen.to_string(), "0.0.0.0:1935");
    assert_eq!(loaded.config.limits.media_message_bytes, 4_194_304);
    assert_eq!(
        loaded.config.live.publish_takeover,
        PublishTakeover::ReplaceIfStalled
    );
}

#[test]
fn later_layers_win_key_by_key() {
    let mut layers =
        file("[rtmp]\nlisten = \"1.1.1.1:1\"\nchunk_size_bytes = 129\ncapabilities = 1");
    layers.variables = variables(&[
        ("GREENROOM_RTMP_LISTEN", "2.2.2.2:2"),
        ("GREENROOM_RTMP_CHUNK_SIZE_BYTES", "130"),
        ("PATH", "/bin"),
    ])
    .variables;
    layers.assignments = sets(&["rtmp.listen=3.3.3.3:3", "rtmp.listen = 4.4.4.4:4"]).assignments;
    let loaded = load(&layers).unwrap();
    assert_eq!(loaded.config.rtmp.listen.to_string(), "4.4.4.4:4");
    assert_eq!(loaded.source("rtmp.listen"), Source::Option("--set"));
    assert_eq!(loaded.config.rtmp.chunk_size_bytes, 130);
    let variable = Source::Variable("GREENROOM_RTMP_CHUNK_SIZE_BYTES".to_owned());
    assert_eq!(loaded.source("rtmp.chunk_size_bytes"), variable);
    assert_eq!(loaded.config.rtmp.capabilities, 1);
    let line = Source::File {
        name: "greenroom.toml".to_owned(),
        line: 4,
    };
    assert_eq!(loaded.source("rtmp.capabilities"), line);
    assert_eq!(loaded.source("rtmp.tcp_nodelay"), Source::Default);
}

#[test]
fn every_form_of_a_value() {
    let loaded = load(&file(
        "rtmp.listen = 1936\nrtmp.tcp_nodelay = false\nrtmp.chunk_size_bytes = 0x1000\n\
         http.cors_origins = [\"https://a.org\", \"*\"]\n[limits]\npartial_bytes = \"16 MiB\"\n\
         [log]\nlevel = \"info,greenroom=debug\"\nformat = 'json'",
    ))
    .unwrap()
    .config;
    assert_eq!(loaded.rtmp.listen.to_string(), "0.0.0.0:1936");
    assert!(!loaded.rtmp.tcp_nodelay);
    assert_eq!(loaded.rtmp.chunk_size_bytes, 4096);
    let a = CorsOrigin::Exactly("https://a.org".to_owned());
    assert_eq!(loaded.http.cors_origins, [a.clone(), CorsOrigin::Any]);
    assert_eq!(loaded.limits.partial_bytes, 16_777_216);
    assert_eq!(loaded.log.level.as_str(), "info,greenroom=debug");
    assert_eq!(loaded.log.format, LogFormat::Json);

    let words = load(&sets(&[
        "http.cors_origins=https://a.org, *",
        "rtmp.tcp_nodelay=false",
        "limits.partial_bytes=16MiB",
        "live.publish_takeover=replace",
        "rtmp.fms_version=a=b",
    ]))
    .unwrap()
    .config;
    assert_eq!(words.http.cors_origins, [a, CorsOrigin::Any]);
    assert!(!words.rtmp.tcp_nodelay);
    assert_eq!(words.limits.partial_bytes, 16_777_216);
    assert_eq!(words.live.publish_takeover, PublishTakeover::Replace);
    assert_eq!(words.rtmp.fms_version, "a=b");
    assert!(load(&variables(&[("GREENROOM_HTTP_CORS_ORIGINS", "")])).is_ok());
}

#[test]
fn unknown_names_are_errors_that_name_the_nearest() {
    let all = "; `greenroom config reference` lists all keys";
    let cases = [
        (
            file("\n[rtmp]\nlisen = \"0.0.0.0:1935\""),
            "unknown key `rtmp.lisen` in greenroom.toml:3; did you mean `rtmp.listen`?".to_owned(),
        ),
        (
            file("[rtpm]\nlisten = 1"),
            "unknown section `rtpm` in greenroom.toml:1; did you mean `rtmp`?".to_owned(),
        ),
        (
            file("listen = 1"),
            "unknown key `listen` in greenroom.toml:1; did you mean `xml.listen`?".to_owned(),
        ),
        (
            file("[something]\nelse = 1"),
            format!("unknown section `something` in greenroom.toml:1{all}"),
        ),
        (
            variables(&[("GREENROOM_RTMP_LISEN", "x")]),
            "unknown variable `GREENROOM_RTMP_LISEN` in the environment; \
             did you mean `GREENROOM_RTMP_LISTEN`?"
                .to_owned(),
        ),
        (
            sets(&["limits.ring_bytes=1"]),
            "unknown key `limits.ring_bytes` in --set; did you mean `live.ring_bytes`?".to_owned(),
        ),
        (sets(&["=1"]), format!("unknown key `` in --set{all}")),
    ];
    for (layers, expected) in cases {
        assert_eq!(complaint(&layers), expected);
    }
}

#[test]
fn values_of_the_wrong_kind() {
    let cases = [
        (
            file("[limits]\nhandshake_timeout_ms = \"5s\""),
            "`limits.handshake_timeout_ms` in greenroom.toml:2 must be a whole number of \
             milliseconds; it is `5s`",
        ),
        (
            file("limits.connections = 1.5"),
            "`limits.connections` in greenroom.toml:1 must be a whole number; it is a number \
             with a fraction",
        ),
        (
            sets(&["limits.partial_bytes=lots"]),
            "`limits.partial_bytes` in --set must be a number of bytes, such as 65536 or \
             \"64KiB\"; it is `lots`",
        ),
        (
            variables(&[("GREENROOM_RTMP_LISTEN", "example.org:1935")]),
            "`rtmp.listen` in GREENROOM_RTMP_LISTEN must be an IP address and port, such as \
             0.0.0.0:1935 or [::1]:1935; it is `example.org:1935`",
        ),
        (
            variables(&[("GREENROOM_RTMP_TCP_NODELAY", "yes")]),
            "`rtmp.tcp_nodelay` in GREENROOM_RTMP_TCP_NODELAY must be true or false; it is `yes`",
        ),
        (
            file("log.format = \"xml\""),
            "`log.format` in greenroom.toml:1 must be text or json; it is `xml`",
        ),
        (
            file("log.format.x = 1"),
            "`log.format` in greenroom.toml:1 must be text in quotes, not a table; it is a table",
        ),
        (
            file("http.cors_origins = \"*\""),
            "`http.cors_origins` in greenroom.toml:1 must be a list such as [\"a\", \"b\"], not \
             text; it is `*`",
        ),
    ];
    for (layers, expected) in cases {
        assert_eq!(complaint(&layers), expected);
    }
}

#[test]
fn values_out_of_range() {
    let cases = [
        (
            file("[limits]\nhandshake_timeout_ms = 0"),
            "`limits.handshake_timeout_ms` in greenroom.toml:2 must be between 100 and 600000 \
             (milliseconds); it is 0",
        ),
        (
            file("limits.connections = -1"),
            "`limits.connections` in greenroom.toml:1 must not be negative; it is -1",
        ),
        (
            file("limits.connections = 99999999999999999999"),
            "`limits.connections` in greenroom.toml:1 must be a whole number; it is an integer \
             too large to read",
        ),
        (
            sets(&["rtmp.capabilities=4294967296"]),
            "`rtmp.capabilities` in --set must be at most 4294967295; it is `4294967296`",
        ),
        (
            sets(&["rtmp.chunk_size_bytes=64MiB"]),
            "`rtmp.chunk_size_bytes` in --set must be between 128 and 64KiB (bytes); it is \
             `64MiB`",
        ),
        (
            sets(&["rtmp.fms_version="]),
            "`rtmp.fms_version` in --set must be 1 to 64 bytes long; it is ``",
        ),
        (
            sets(&["data.dir="]),
            "`data.dir` in --set must not be empty; it is ``",
        ),
    ];
    for (layers, expected) in cases {
        assert_eq!(complaint(&layers), expected);
    }
}

#[test]
fn values_that_do_not_go_together() {
    let cases = [
        (
            file("rtmp.ping_interval_ms = 45000"),
            "`rtmp.ping_timeout_ms` (45000, default) must be greater than \
             `rtmp.ping_interval_ms` (45000, greenroom.toml:1)",
        ),
        (
            sets(&["limits.partial_bytes=1MiB"]),
            "`limits.partial_bytes` (1048576, --set) must be at least \
             `limits.media_message_bytes` (4194304, default)",
        ),
    ];
    for (layers, expected) in cases {
        assert_eq!(complaint(&layers), expected);
    }
}

#[test]
fn what_is_not_toml_is_one_line_with_its_place() {
    for text in [
        "[rtmp\n",
        "\n\nrtmp.listen = ",
        "a = 1\na = 2",
        "\u{0}",
        "= = =",
        "[a]\n[a]",
    ] {
        let message = complaint(&file(text));
        assert!(message.starts_with("greenroom.toml:"), "{message}");
        assert!(!message.contains('\n'), "{message}");
    }
    assert!(complaint(&file("\n\nrtmp.listen = ")).starts_with("greenroom.toml:3: "));
}

#[test]
fn all_mistakes_are_told_in_the_order_of_the_layers() {
    let mut layers = file("[zzz]\n[rtmp]\nlisten = \"x\"\nlisen = 1");
    layers.variables = variables(&[("GREENROOM_NOPE", "1")]).variables;
    layers.assignments = sets(&["live.gop_cache=maybe"]).assignments;
    let told = load(&layers).unwrap_err().to_string();
    let places: Vec<&str> = told
        .lines()
        .map(|line| line.split('`').nth(1).unwrap())
        .collect();
    let expected = [
        "zzz",
        "rtmp.lisen",
        "GREENROOM_NOPE",
        "rtmp.listen",
        "live.gop_cache",
    ];
    assert_eq!(places, expected);
}

#[test]
fn variables_that_are_not_ours_to_judge() {
    let accepted = variables(&[
        ("GREENROOM_CONFIG", "greenroom.toml"),
        ("GREENROOM_VECTORS", "tests/vectors"),
        ("GREENROOM_TEST_PEERS", "1"),
        ("GREENROOM_PORT_1935_TCP", "tcp://10.0.0.1:1935"),
        ("greenroom_rtmp_listen", "lower case is another name"),
        ("RUST_LOG", "debug"),
    ]);
    assert_eq!(load(&accepted).unwrap().config, Config::default());
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_text() {
    use std::os::unix::ffi::OsStringExt;
    let value = OsString::from_vec(vec![b'x', 0xff]);
    let variables = vec![(OsString::from("GREENROOM_DATA_DIR"), value)];
    let told = complaint(&Layers {
        variables,
        ..Layers::default()
    });
    assert!(
        told.contains("`data.dir` in GREENROOM_DATA_DIR must be UTF-8 text"),
        "{told}"
    );
}

#[test]
fn show_says_where_values_come_from() {
    let mut layers = file("[rtmp]\ncapabilities = 1");
    layers.variables = variables(&[("GREENROOM_LOG_LEVEL", "warn")]).variables;
    layers.assignments = sets(&["data.dir=/srv/\"x\""]).assignments;
    let shown = load(&layers).unwrap().to_toml();
    for line in [
        "capabilities = 1  # greenroom.toml:2",
        "level = \"warn\"  # GREENROOM_LOG_LEVEL",
        "dir = '/srv/\"x\"'  # --set",
        "chunk_size_bytes = 4096",
    ] {
        assert!(
            shown.lines().any(|shown| shown == line),
            "{line} is missing in\n{shown}"
        );
    }
    assert_eq!(shown.matches('#').count(), 3);
}

#[test]
fn every_key_is_documented_and_every_default_is_valid() {
    let defaults = load(&Layers::default()).unwrap();
    assert_eq!(
        load(&file(&defaults.to_toml())).unwrap().config,
        Config::default()
    );
    for key in KEYS {
        let path = key.path();
        let docs: String = key.docs.concat();
        assert!(
            docs.trim_end().ends_with('.'),
            "{path}: a sentence ends with a full stop"
        );
        assert!(!docs.contains("  "), "{path}");
        assert!(
            key.section != "limits" || key.reached.is_some(),
            "{path}: what happens then?"
        );
        assert!(
            key.accepts != "integer" || key.range.is_some(),
            "{path} has no range"
        );
    }
}

#[test]
fn keys_named_in_the_documentation_exist() {
    let page = reference();
    let sections = || KEYS.iter().map(|key| key.section);
    for word in page.split('`').skip(1).step_by(2) {
        let is_path = word
            .split_once('.')
            .is_some_and(|(s, _)| sections().any(|known| known == s));
        if is_path && !word.contains(['=', ' ']) {
            assert!(
                KEYS.iter().any(|key| key.path() == word),
                "`{word}` is not a key"
            );
        }
    }
}

#[test]
fn the_committed_reference_is_up_to_date() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/reference/config.md"
    );
    let committed = std::fs::read_to_string(path).unwrap();
    assert!(
        committed == reference(),
        "out of date; run: cargo run -- config reference > docs/reference/config.md"
    );
}

mod properties;

#[test]
fn a_list_in_an_option_may_be_written_as_in_a_file() {
    let layers = sets(&["rooms.words=[\"a,b\", \"c\"]", "rooms.reserved_names=x, y"]);
    let config = load(&layers).unwrap().config;
    assert_eq!(config.rooms.words, ["a,b", "c"]);
    assert_eq!(config.rooms.reserved_names, ["x", "y"]);
}
