//! `application.toml`: unknown names, wrong values, and the free table.

use super::*;

fn complaint(text: &str) -> String {
    let errors = toml(text).expect_err(text);
    assert_eq!(errors.0.len(), 1, "{errors}");
    errors.to_string()
}

#[test]
fn every_form_of_a_value() {
    let loaded = toml(
        "[script]\nmemory_bytes = \"64MiB\"\nhosts = [\"*.example.org\", \"10.0.0.1:80\"]\n\
         object_encoding = \"amf0\"\nlibrary = [\"lib\"]\n[bandwidth]\nto_client_bytes = \"1MB\"\n\
         from_client_bytes = \"unlimited\"\n[shared_objects]\n\
         resync_depth = 0\n[streams]\nvirtual_directories = [\"/;/a\", \"vod;/b;key\"]\n",
    )
    .unwrap();
    let config = &loaded.config;
    assert_eq!(config.script.memory_bytes, 64 << 20);
    assert!(config.script.hosts[0].allows("www.example.org", 1));
    assert!(!config.script.hosts[1].allows("10.0.0.1", 81));
    assert_eq!(config.script.object_encoding, ObjectEncoding::Amf0);
    assert_eq!(config.bandwidth.to_client_bytes, Limit::At(1_000_000));
    assert_eq!(config.bandwidth.from_client_bytes, Limit::Unlimited);
    assert_eq!(config.shared_objects.resync_depth, Limit::At(0));
    assert_eq!(
        config.streams.virtual_directories[1].key.as_deref(),
        Some("key")
    );
}

#[test]
fn unknown_names_are_errors_that_name_the_nearest() {
    let cases = [
        (
            "\n[script]\nmax_time = 1",
            "unknown key `script.max_time` in application.toml:3; did you mean `script.max_time_ms`?",
        ),
        (
            "[scripts]\nx = 1",
            "unknown section `scripts` in application.toml:1; did you mean `script`?",
        ),
        (
            "[streams]\nmemory_bytes = 1",
            "unknown key `streams.memory_bytes` in application.toml:2; did you mean \
             `script.memory_bytes`?",
        ),
        (
            "idle_timeout_ms = 1",
            "unknown key `idle_timeout_ms` in application.toml:1; did you mean \
             `application.idle_timeout_ms`?",
        ),
        ("[zzz]", "unknown section `zzz` in application.toml:1"),
    ];
    for (text, expected) in cases {
        assert_eq!(complaint(text), expected);
    }
}

#[test]
fn wrong_values_are_errors() {
    let cases = [
        (
            "script.max_time_ms = \"5s\"",
            "`script.max_time_ms` in application.toml:1 must be a whole number of milliseconds; it \
             is `5s`",
        ),
        (
            "script.memory_bytes = 1000",
            "`script.memory_bytes` in application.toml:1 must be between 1MiB and 16GiB (bytes); it \
             is 1000",
        ),
        (
            "script.hosts = [\"http://a\"]",
            "`script.hosts` in application.toml:1 must hold hosts such as \"www.example.org\", \
             \"*.example.org:80\" or \"*\", not `http://a`; it is [`http://a`]",
        ),
        (
            "recording.max_bytes = -1",
            "`recording.max_bytes` in application.toml:1 must not be negative, or \"unlimited\"; it \
             is -1",
        ),
        (
            "streams.dir = \"\"",
            "`streams.dir` in application.toml:1 must not be empty; it is ``",
        ),
        (
            "live.gop_cache = \"yes\"",
            "`live.gop_cache` in application.toml:1 must be true or false; it is `yes`",
        ),
        (
            "streams.repeat_metadata = \"once\"",
            "`streams.repeat_metadata` in application.toml:1 must be play-and-seek, play or \
             position; it is `once`",
        ),
        (
            "[config]\na = 1979-05-27",
            "`config` in application.toml:2 must hold texts, numbers, booleans, lists of these, and \
             tables; it is a date",
        ),
        ("config = 1", "unknown key `config` in application.toml:1"),
    ];
    for (text, expected) in cases {
        let told = complaint(text);
        assert!(told.starts_with(expected), "{told}");
    }
}

#[test]
fn nesting_is_bounded() {
    let table = |depth: usize| format!("config.{}x = 1", "a.".repeat(depth));
    assert!(toml(&table(31)).is_ok());
    let told = complaint(&table(32));
    assert!(
        told.contains("must not hold tables more than 32 deep"),
        "{told}"
    );
    for depth in [100, 5_000] {
        assert!(toml(&table(depth)).is_err());
        let list = format!("config.x = {}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(complaint(&list).starts_with("application.toml:1:"));
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let errors = toml("[zzz]\n[script]\nnope = 1\ntimers = -1\n").unwrap_err();
    assert_eq!(errors.0.len(), 3, "{errors}");
    assert_eq!(errors.to_string().lines().count(), 3);
}

#[test]
fn what_is_not_toml_is_one_line_with_its_place() {
    for (text, place) in [
        ("[script\n", "application.toml:1:"),
        ("\n\nscript.timers = ", "application.toml:3:"),
        ("a = 1\na = 2", "application.toml:2:"),
    ] {
        let told = complaint(text);
        assert!(told.starts_with(place), "{told}");
        assert!(!told.contains('\n'), "{told}");
    }
}

#[test]
fn the_free_table_is_what_scripts_see() {
    let loaded = toml(
        "[config]\nz = \"text\"\na = 1\nhalf = 0.5\non = true\nlist = [1, \"b\", [false]]\n\
         [config.inner]\nkey = \"v\"\n",
    )
    .unwrap();
    same(
        &loaded.config.config.to_value(),
        "{z:'text',a:1,half:0.5,on:true,list:[1,'b',[false]],inner:{key:'v'}}",
    );
}
