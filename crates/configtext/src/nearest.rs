//! The name somebody probably meant.

/// How alike two names must be for one to be worth suggesting for the other; 1 is equal.
const CLOSE_ENOUGH: f64 = 0.6;

/// The candidate most like `wrong`, if any is close enough.
pub fn nearest<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest_at_least(wrong, candidates, CLOSE_ENOUGH)
}

/// The candidate most like `wrong`, if any is so alike; 0 is not at all, 1 is equal.
pub fn nearest_at_least<'a>(
    wrong: &str,
    candidates: impl IntoIterator<Item = &'a str>,
    at_least: f64,
) -> Option<&'a str> {
    let wrong = wrong.to_ascii_lowercase();
    let likeness =
        |name: &str| strsim::normalized_damerau_levenshtein(&wrong, &name.to_ascii_lowercase());
    candidates
        .into_iter()
        .map(|name| (likeness(name), name))
        .filter(|(likeness, _)| *likeness >= at_least)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_are_close_enough() {
        let names = ["listen", "chunk_size_bytes"];
        for (wrong, meant) in [
            ("lisen", Some("listen")),
            ("LISTEN", Some("listen")),
            ("chunk_size", Some("chunk_size_bytes")),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(wrong, names), meant, "{wrong:?}");
        }
        assert_eq!(nearest_at_least("x", ["listen"], 0.0), Some("listen"));
    }
}
