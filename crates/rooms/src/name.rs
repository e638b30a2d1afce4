//! Names: how they are compared, and which may be taken.

use std::sync::Arc;

use crate::config::LoginRules;
use crate::refusal::Refusal;

/// What two names have in common that are the same but for the case of letters.
pub fn key(name: &str) -> Arc<str> {
    name.to_lowercase().into()
}

/// Whether a name holds nothing that cannot be seen, and neither begins nor ends with a space.
/// What cannot be seen would let two names look alike, or turn the text behind them around.
pub(crate) fn is_plain(name: &str) -> bool {
    let spaced = name.starts_with(char::is_whitespace) || name.ends_with(char::is_whitespace);
    !name.is_empty() && !spaced && name.chars().all(is_visible)
}

fn is_visible(c: char) -> bool {
    let hidden = matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{feff}' | '\u{fffd}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{e0000}'..='\u{e007f}'
    );
    let odd_space = c.is_whitespace() && c != ' ';
    !(hidden || odd_space || c.is_control())
}

/// Looks at the name of somebody who has no account.
pub(crate) fn check_login(name: &str, rules: &LoginRules) -> Result<(), Refusal> {
    let chars = name.chars().count();
    if chars < rules.name_min_chars {
        return Err(Refusal::NameTooShort(rules.name_min_chars));
    }
    if chars > rules.name_max_chars {
        return Err(Refusal::NameTooLong(rules.name_max_chars));
    }
    if !is_plain(name) || (!rules.numeric_names && name.trim().parse::<f64>().is_ok()) {
        return Err(Refusal::NameCharacters);
    }
    let name = key(name);
    if rules.reserved.iter().any(|reserved| key(reserved) == name) {
        return Err(Refusal::NameReserved);
    }
    Ok(())
}

/// Looks at the name of a room or zone.
pub(crate) fn check_room(name: &str, max_bytes: usize) -> Result<(), Refusal> {
    if name.len() > max_bytes {
        return Err(Refusal::TooLong("room_name_bytes"));
    }
    if is_plain(name) {
        Ok(())
    } else {
        Err(Refusal::NameCharacters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_looked_at_before_anybody_takes_one() {
        let rules = LoginRules {
            reserved: vec!["Admin".into()],
            numeric_names: false,
            ..LoginRules::default()
        };
        for (name, expected) in [
            ("ann", Ok(())),
            ("Ann Lee", Ok(())),
            ("Zoë-東京", Ok(())),
            ("14charactersok", Ok(())),
            ("al", Err(Refusal::NameTooShort(3))),
            ("東京", Err(Refusal::NameTooShort(3))),
            ("15characters-no", Err(Refusal::NameTooLong(14))),
            (" ann", Err(Refusal::NameCharacters)),
            ("ann ", Err(Refusal::NameCharacters)),
            ("an\tn", Err(Refusal::NameCharacters)),
            ("an\0n", Err(Refusal::NameCharacters)),
            ("ann\u{200b}", Err(Refusal::NameCharacters)),
            ("\u{202e}ann", Err(Refusal::NameCharacters)),
            ("007", Err(Refusal::NameCharacters)),
            ("1e5", Err(Refusal::NameCharacters)),
            ("aDMIN", Err(Refusal::NameReserved)),
        ] {
            assert_eq!(check_login(name, &rules), expected, "{name:?}");
        }
        let lenient = LoginRules::default();
        assert_eq!(check_login("007", &lenient), Ok(()));
    }

    #[test]
    fn names_of_rooms_are_looked_at_too() {
        assert_eq!(check_room("Lobby", 5), Ok(()));
        let long = Err(Refusal::TooLong("room_name_bytes"));
        assert_eq!(check_room("Lobby!", 5), long);
        for name in ["", " ", "a\n", "a\u{feff}b"] {
            assert_eq!(
                check_room(name, 5),
                Err(Refusal::NameCharacters),
                "{name:?}"
            );
        }
    }

    #[test]
    fn names_are_the_same_in_any_case() {
        assert_eq!(key("ÄnN"), key("änn"));
        assert_ne!(key("ann"), key("anna"));
    }
}
