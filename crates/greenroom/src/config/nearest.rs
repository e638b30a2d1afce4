//! The key somebody probably meant.

use configtext::{nearest, nearest_at_least};

use super::key::Key;
use super::keys::KEYS;

/// The path of the key most like `wrong`. The right name in a wrong section, or in none, counts
/// as close however different the sections are.
pub(super) fn nearest_key(wrong: &str) -> Option<String> {
    let paths: Vec<String> = KEYS.iter().map(Key::path).collect();
    let name = wrong.rsplit('.').next().unwrap_or(wrong);
    let same_name = paths.iter().zip(KEYS).filter(|(_, key)| key.name == name);
    if let Some(path) = nearest_at_least(wrong, same_name.map(|(path, _)| path.as_str()), 0.0) {
        return Some(path.to_owned());
    }
    if let Some(path) = nearest(wrong, paths.iter().map(String::as_str)) {
        return Some(path.to_owned());
    }
    let name = nearest(wrong, KEYS.iter().map(|key| key.name))?;
    KEYS.iter().find(|key| key.name == name).map(Key::path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_were_probably_meant() {
        let cases = [
            ("rtmp.lisen", Some("rtmp.listen")),
            ("htpt.listen", Some("http.listen")),
            ("listen", Some("xml.listen")),
            ("LIMITS.Connections", Some("limits.connections")),
            ("handshake_timeout_ms", Some("limits.handshake_timeout_ms")),
            ("applications_dir", Some("applications.dir")),
            ("lisen", Some("rtmp.listen")),
            ("handshake_timout_ms", Some("limits.handshake_timeout_ms")),
            ("limits.ring_bytes", Some("live.ring_bytes")),
            (
                "limits.handshake_timeout",
                Some("limits.handshake_timeout_ms"),
            ),
            ("", None),
            ("x", None),
            ("limits.completely_different_thing_altogether", None),
        ];
        for (wrong, meant) in cases {
            assert_eq!(nearest_key(wrong).as_deref(), meant, "{wrong:?}");
        }
    }
}
