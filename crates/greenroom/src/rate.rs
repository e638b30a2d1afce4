//! Which commands of a client are granted at a rate.

use rtmp::Command;

/// Whether a command is one of the calls that are granted at a rate. What ends something is
/// none: refused, it would leave a stream behind that nobody can end. Nor is an answer.
pub(crate) fn counts(command: &Command) -> bool {
    match &*command.name {
        "deleteStream" | "closeStream" | "FCUnpublish" | "_result" | "_error" => false,
        "publish" | "play" => command.arg(0).as_bool() != Some(false),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use amf::Value;

    use super::*;

    #[test]
    fn what_ends_something_or_answers_is_no_call() {
        let of = |name: &str, args: Vec<Value>| counts(&Command::new(name, 0.0, args));
        for name in [
            "deleteStream",
            "closeStream",
            "FCUnpublish",
            "_result",
            "_error",
        ] {
            assert!(!of(name, vec![]), "{name}");
        }
        for name in ["publish", "play"] {
            assert!(!of(name, vec![false.into()]), "{name}(false)");
            assert!(of(name, vec!["cam".into()]), "{name}");
            assert!(of(name, vec![]), "{name}()");
        }
        assert!(of("createStream", vec![]));
    }
}
