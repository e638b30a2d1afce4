//! Checks that concern two keys at once.

use super::error::Problem;
use super::layers::{Loaded, find};

/// Pairs where the first key must not be smaller than the second.
const AT_LEAST: &[(&str, &str)] = &[
    ("limits.partial_bytes", "limits.media_message_bytes"),
    ("limits.partial_bytes", "limits.command_message_bytes"),
    ("limits.connect_timeout_ms", "limits.handshake_timeout_ms"),
    ("limits.calls_burst", "limits.calls_per_second"),
    (
        "limits.shared_object_writes_burst",
        "limits.shared_object_writes_per_second",
    ),
    ("live.ring_bytes", "live.player_lag_bytes"),
    ("scripts.stuck_after_ms", "scripts.handler_ms"),
    ("live.player_stall_close_ms", "live.player_lag_ms"),
    ("live.player_behind_close_ms", "live.player_lag_ms"),
    ("recording.queue_bytes", "recording.flush_bytes"),
    ("xml.requests_burst", "xml.requests_per_second"),
    ("rooms.name_max_chars", "rooms.name_min_chars"),
];

/// Pairs where the first key must be greater than the second.
const GREATER: &[(&str, &str)] = &[("rtmp.ping_timeout_ms", "rtmp.ping_interval_ms")];

/// Complains about values that do not go together.
pub(super) fn relations(loaded: &Loaded, problems: &mut Vec<Problem>) {
    for (key, other) in AT_LEAST {
        if number(loaded, key) < number(loaded, other) {
            problems.push(conflict(loaded, key, "at least", other));
        }
    }
    for (key, other) in GREATER {
        if number(loaded, key) <= number(loaded, other) {
            problems.push(conflict(loaded, key, "greater than", other));
        }
    }
}

fn number(loaded: &Loaded, path: &str) -> Option<u64> {
    let key = find(path)?;
    (key.read)(&loaded.config)
        .as_integer()
        .and_then(|number| u64::try_from(number).ok())
}

fn conflict(
    loaded: &Loaded,
    key: &'static str,
    relation: &'static str,
    other: &'static str,
) -> Problem {
    Problem::Conflict {
        key,
        value: number(loaded, key).unwrap_or_default(),
        place: loaded.source(key).to_string(),
        relation,
        other,
        other_value: number(loaded, other).unwrap_or_default(),
        other_place: loaded.source(other).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Layers;

    #[test]
    fn every_pair_names_numbers() {
        let loaded = crate::config::load(&Layers::default()).unwrap();
        for path in AT_LEAST
            .iter()
            .chain(GREATER)
            .flat_map(|(key, other)| [key, other])
        {
            assert!(number(&loaded, path).is_some(), "{path} is not a number");
        }
    }
}
