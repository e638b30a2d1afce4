//! The command line after the task's name: words, `--flag`s and `--key value`s.

use std::collections::BTreeMap;
use std::str::FromStr;

use anyhow::{Context, Result, bail};

/// Keys that are followed by a value; every other `--word` is a flag.
const KEYS: [&str; 4] = ["only", "players", "rounds", "seconds"];
const FLAGS: [&str; 3] = ["curve", "quick", "stalled"];

/// The parsed command line of one task.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// What stands without dashes, in order.
    pub(crate) words: Vec<String>,
    /// What follows a lone `--`, handed on to another program.
    pub(crate) rest: Vec<String>,
    flags: Vec<String>,
    values: BTreeMap<String, Vec<String>>,
}

impl Options {
    /// Reads the arguments. Unknown options are errors: a mistyped `--quick` must not run all.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self> {
        let mut options = Self::default();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.strip_prefix("--") {
                None => options.words.push(argument),
                Some("") => options.rest = arguments.by_ref().collect(),
                Some(key) if KEYS.contains(&key) => {
                    let value = arguments
                        .next()
                        .with_context(|| format!("--{key} needs a value"))?;
                    options
                        .values
                        .entry(key.to_owned())
                        .or_default()
                        .push(value);
                }
                Some(flag) if FLAGS.contains(&flag) => options.flags.push(flag.to_owned()),
                Some(other) => bail!("no such option: --{other}"),
            }
        }
        Ok(options)
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.flags.iter().any(|flag| flag == name)
    }

    /// All values of a key, which may be repeated or hold several between commas.
    pub(crate) fn list(&self, key: &str) -> Vec<&str> {
        let values = self.values.get(key).map_or(&[][..], Vec::as_slice);
        values.iter().flat_map(|value| value.split(',')).collect()
    }

    /// The numbers given for a key, or `default` where there are none.
    pub(crate) fn numbers<T: FromStr + Clone>(&self, key: &str, default: &[T]) -> Result<Vec<T>> {
        let given = self.list(key);
        if given.is_empty() {
            return Ok(default.to_vec());
        }
        let parse = |text: &str| {
            text.parse()
                .ok()
                .with_context(|| format!("--{key}: {text:?}?"))
        };
        given.into_iter().map(parse).collect()
    }

    /// The one number given for a key, or `default`.
    pub(crate) fn number<T: FromStr + Copy>(&self, key: &str, default: T) -> Result<T> {
        self.numbers(key, &[default])?
            .last()
            .copied()
            .context("no number")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn words_flags_keys_and_the_rest_are_told_apart() {
        let options =
            parse("live --quick --only a,b --only c --rounds 5 -- --nocapture x").unwrap();
        assert_eq!(options.words, ["live"]);
        assert!(options.flag("quick"));
        assert!(!options.flag("curve"));
        assert_eq!(options.list("only"), ["a", "b", "c"]);
        assert_eq!(options.number("rounds", 3_u32).unwrap(), 5);
        assert_eq!(options.number("seconds", 8_u32).unwrap(), 8);
        assert_eq!(options.rest, ["--nocapture", "x"]);
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        for line in ["--quik", "--only", "--rounds x"] {
            let options = parse(line);
            let number = options.and_then(|options| options.number("rounds", 3_u32));
            assert!(number.is_err(), "{line}");
        }
    }
}
