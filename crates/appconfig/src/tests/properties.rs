//! The promises for any text, not only for well-chosen ones.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

/// The same cases in every run, so that a failure is there again the next time.
fn fixed_cases() -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(1_935),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Pieces that together are often nearly a file.
fn nearly_xml() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        (0..TAGS.len()).prop_map(|at| {
            let name = TAGS[at].path.rsplit('/').next().unwrap();
            format!("<{name}>")
        }),
        (0..TAGS.len()).prop_map(|at| {
            let name = TAGS[at].path.rsplit('/').next().unwrap();
            format!("</{name}>")
        }),
        Just("<Application>".to_owned()),
        Just("</Application>".to_owned()),
        Just("<JSEngine override=\"no\">".to_owned()),
        Just("</JSEngine>".to_owned()),
        Just("<Client><Bandwidth>".to_owned()),
        Just("<x enabled='true' key=\"${A}\"/>".to_owned()),
        Just("<!-- -- -->".to_owned()),
        Just("<![CDATA[".to_owned()),
        Just("]]>".to_owned()),
        Just("<!DOCTYPE a [<!ENTITY b \"c\">]>".to_owned()),
        Just("&b;&#x41;&amp;&".to_owned()),
        Just("${A}${B".to_owned()),
        Just("-1".to_owned()),
        Just("99999999999999999999".to_owned()),
        "[ \\PC]{0,6}",
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn load_all(host: &str, own: &str, own_toml: &str) -> Result<Loaded, ConfigErrors> {
    load(&Layers {
        virtual_host_xml: Some(Text::new("vhost.xml", host)),
        application_xml: Some(Text::new("app.xml", own)),
        application_toml: Some(Text::new("application.toml", own_toml)),
        substitutions: [("A", "a")].into_iter().collect(),
        ..Layers::default()
    })
}

/// Every value is one that its key takes.
fn is_valid(config: &ApplicationConfig) -> bool {
    KEYS.iter().all(|key| {
        let text = format!("[{}]\n{} = {}\n", key.section, key.name, (key.read)(config));
        toml(&text).is_ok()
    })
}

proptest! {
    #![proptest_config(fixed_cases())]

    #[test]
    fn no_text_makes_loading_panic(xml in "\\PC*", own in "\\PC*", text in "\\PC*") {
        let _ = load_all(&xml, &own, &text);
        let _ = load_all("<Application/>", &own, &format!("[script]\ntimers = {text}"));
    }

    #[test]
    fn what_is_nearly_a_file_gives_valid_values(host in nearly_xml(), own in nearly_xml()) {
        let wrap = |text: &str| format!("<Application>{text}</Application>");
        let _ = load_all(&host, &own, "");
        for host in [wrap(&host), "<Application/>".to_owned()] {
            if let Ok(loaded) = load_all(&host, &wrap(&own), "") {
                prop_assert!(is_valid(&loaded.config));
            }
        }
    }

    #[test]
    fn nesting_is_bounded(depth in 1..20_000_usize, name in "[a-z]{1,3}") {
        let text = format!("<{name}>").repeat(depth) + &format!("</{name}>").repeat(depth);
        let whole = load_all("<Application/>", &format!("<Application>{text}</Application>"), "");
        let malformed = whole.unwrap().findings.iter().any(|f| f.severity() == Severity::Error);
        prop_assert_eq!(malformed, depth + 1 > XmlLimits::default().depth);
    }

    #[test]
    fn every_tag_takes_any_text(at in 0..TAGS.len(), text in "[^<&]{0,12}") {
        let own = format!("<Application>{}</Application>", nest(TAGS[at].path, "", &text));
        let loaded = load_all("<Application/>", &own, "").unwrap();
        prop_assert!(is_valid(&loaded.config));
        prop_assert!(loaded.findings.len() <= 1, "{:?}", told(&loaded));
    }
}
