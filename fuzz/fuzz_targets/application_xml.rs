//! Any text as the settings of a virtual host and of an application. What comes out is what goes in
//! again.
#![no_main]

use appconfig::{Layers, Text, load};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    // Half of the texts belong to each file; the first NUL divides them.
    let (host, own) = text.split_once('\0').unwrap_or(("<Application/>", &text));
    let substitutions = [("A", "a"), ("VOD_DIR", "/vod")].into_iter().collect();
    let layers = Layers {
        virtual_host_xml: Some(Text::new("vhost.xml", host)),
        application_xml: Some(Text::new("app.xml", own)),
        application_toml: Some(Text::new("application.toml", own)),
        substitutions,
        ..Layers::default()
    };
    let _ = load(&layers).map_err(|errors| errors.to_string());
    let without_toml = Layers {
        application_toml: None,
        ..layers
    };
    let Ok(loaded) = load(&without_toml) else {
        return;
    };
    for finding in &loaded.findings {
        assert!(!finding.to_string().is_empty());
    }
    let _ = loaded.config.config.to_value();
    let again = load(&Layers {
        defaults: loaded.config.clone(),
        ..without_toml
    });
    let again = again.expect("what was read once is read again").config;
    // Saying everything twice changes nothing.
    assert_eq!(again, loaded.config);
});
