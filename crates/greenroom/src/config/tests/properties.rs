//! The promises of the configuration for any values, not only for well-chosen ones.

use configtext::Given;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

/// A key and a valid value for it, as a word.
fn key_and_word() -> impl Strategy<Value = (&'static Key, String)> {
    (0..KEYS.len(), any::<u64>()).prop_map(|(index, random)| {
        let key = &KEYS[index];
        let word = match (key.accepts, &key.range) {
            ("integer", Some(range)) => {
                let width = range.end() - range.start() + 1;
                (range.start() + random % width).to_string()
            }
            ("`true` or `false`", _) => (random % 2 == 0).to_string(),
            ("address", _) => format!("127.0.0.1:{}", random % 65_536),
            ("list", _) if key.name == "allowed_hosts" => {
                ["", "*", "*.a.org:80,[::1]"][(random % 3) as usize].to_owned()
            }
            ("list", _) if key.name == "accounts" => {
                ["", "ann:user:$argon2id$x"][(random % 2) as usize].to_owned()
            }
            ("list", _) if key.name == "stored" => {
                ["", "Main/Lobby", "a/b,c/d"][(random % 3) as usize].to_owned()
            }
            ("list", _) if key.name.ends_with("plugins") => {
                ["", "Dice", "Dice,http-login"][(random % 3) as usize].to_owned()
            }
            ("plugin", _) => ["", "Dice"][(random % 2) as usize].to_owned(),
            ("list", _) if key.section == "xml" && key.name == "ports" => {
                ["", "[::1]:0 relay,0.0.0.0:9877 script:a/b"][(random % 2) as usize].to_owned()
            }
            ("list", _) if key.name == "bindings" => {
                ["", "Main=chat/a,Other=chat"][(random % 2) as usize].to_owned()
            }
            ("dialect", _) => ["relay-rooms", "script:a"][(random % 2) as usize].to_owned(),
            ("ports", _) => ["", "*", "9875,516-523"][(random % 3) as usize].to_owned(),
            ("code page", _) => ["utf-8", "shift_jis"][(random % 2) as usize].to_owned(),
            ("version", _) => format!("3.{}.0", random % 100),
            ("list", _) => ["", "*", "https://a.org,null"][(random % 3) as usize].to_owned(),
            ("filter" | "text" | "path", _) => {
                ["info", "warn", "off"][(random % 3) as usize].to_owned()
            }
            (choice, _) => {
                let words: Vec<&str> = choice.split('`').skip(1).step_by(2).collect();
                words[(random % words.len() as u64) as usize].to_owned()
            }
        };
        (key, word)
    })
}

/// The value a word gives a key, over the defaults.
fn value_of(key: &Key, word: &str) -> toml::Value {
    let mut config = Config::default();
    (key.assign)(&mut config, &Given::Word(word.to_owned()), key).unwrap();
    (key.read)(&config)
}

/// What the last layer says that says anything about the key; layer 0 is the file.
fn winner<'g>(given: &'g [(u8, (&'static Key, String))], key: &Key) -> Option<&'g str> {
    let mut winner = None;
    for (layer, (_, word)) in given.iter().filter(|(_, (k, _))| k.path() == key.path()) {
        match winner {
            Some((earlier, _)) if earlier > *layer || (earlier, *layer) == (0, 0) => {}
            _ => winner = Some((*layer, word.as_str())),
        }
    }
    winner.map(|(_, word)| word)
}

/// The same cases in every run, so that a failure is there again the next time.
fn fixed_cases() -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(1_935),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(fixed_cases())]

    #[test]
    fn the_last_layer_that_sets_a_key_wins(
        given in prop::collection::vec((0..3_u8, key_and_word()), 0..6)
    ) {
        let mut layers = file("");
        let mut in_file = Vec::new();
        for (layer, (key, word)) in &given {
            match layer {
                // TOML takes a key once.
                0 if !in_file.contains(&key.path()) => {
                    in_file.push(key.path());
                    let line = format!("{} = {}\n", key.path(), value_of(key, word));
                    layers.file.as_mut().unwrap().text += &line;
                }
                1 => layers.variables.push((key.variable().into(), word.into())),
                2 => layers.assignments.push(Assignment::parse(
                    &format!("{}={word}", key.path())
                ).unwrap()),
                _ => {}
            }
        }
        let loaded = match load(&layers) {
            Ok(loaded) => loaded,
            // Random values of two keys need not go together.
            Err(errors) => {
                let conflict = |p: &Problem| matches!(p, Problem::Conflict { .. });
                prop_assert!(errors.0.iter().all(conflict), "{errors}");
                return Ok(());
            }
        };
        for key in KEYS {
            let expected = match winner(&given, key) {
                Some(word) => value_of(key, word),
                None => (key.read)(&Config::default()),
            };
            prop_assert_eq!((key.read)(&loaded.config), expected, "{}", key.path());
        }
        prop_assert_eq!(load(&file(&loaded.to_toml())).unwrap().config, loaded.config);
    }

    #[test]
    fn numbers_out_of_range_are_refused(index in 0..KEYS.len(), beyond in 1..1000_u64) {
        let key = &KEYS[index];
        if let ("integer", Some(range)) = (key.accepts, &key.range) {
            let low = range.start().checked_sub(beyond);
            for number in low.into_iter().chain(range.end().checked_add(beyond)) {
                let told = complaint(&sets(&[&format!("{}={number}", key.path())]));
                let start = format!("`{}` in --set must be ", key.path());
                prop_assert!(told.starts_with(&start), "{}", told);
            }
        }
    }

    #[test]
    fn one_wrong_letter_is_an_error_with_a_suggestion(
        index in 0..KEYS.len(), at in any::<prop::sample::Index>(), letter in "[a-z_]"
    ) {
        let mut wrong = KEYS[index].path();
        let at = at.index(wrong.len());
        wrong.replace_range(at..=at, &letter);
        prop_assume!(KEYS.iter().all(|key| key.path() != wrong));
        let told = complaint(&sets(&[&format!("{wrong}=1")]));
        prop_assert!(told.contains("; did you mean `"), "{}", told);
    }

    #[test]
    fn no_text_makes_loading_panic(text in "\\PC*", name in "[A-Z_]{0,12}", value in "\\PC*") {
        let mut layers = file(&text);
        layers.variables = variables(&[(&format!("GREENROOM_{name}"), &value)]).variables;
        let _ = load(&layers);
        let nearly = format!("[rtmp]\nlisten = {text}");
        let _ = load(&file(&nearly));
    }
}
