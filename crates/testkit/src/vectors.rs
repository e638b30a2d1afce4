//! Loads the wire vectors and turns each one into a test case of its own name.
//!
//! A vector test is a `[[test]]` with `harness = false` whose `main` is
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     let args = libtest_mimic::Arguments::from_args();
//!     let trials = testkit::vectors::trials("amf0.json", "vectors", |_vector| Ok(()));
//!     libtest_mimic::run(&args, trials).exit_code()
//! }
//! ```
//!
//! The folder is `tests/vectors` of the workspace, or the one the environment variable
//! `GREENROOM_VECTORS` names. A missing or empty file becomes a failing test case, so a run
//! can never pass because it found nothing to check.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::Value;

/// The folder the vectors are read from.
#[must_use]
pub fn folder() -> PathBuf {
    match std::env::var_os("GREENROOM_VECTORS") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(OURS),
    }
}

/// The vectors that this repository holds.
const OURS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors");

/// Whether this repository holds a vector `id` in the list under `key` of `file`.
///
/// Tests may know more about those than the vectors say, such as which of them are written in
/// another way. A vector of another folder is judged by what it says and by nothing else.
#[must_use]
pub fn is_ours(file: &str, key: &str, id: &str) -> bool {
    let ours = load_ours(file);
    let mut list = ours[key].as_array().into_iter().flatten();
    list.any(|vector| vector["id"] == id)
}

/// Like [`load`], but from this repository whatever `GREENROOM_VECTORS` says, for tests about
/// single vectors.
///
/// # Panics
///
/// As [`load`].
#[must_use]
pub fn load_ours(file: &str) -> Value {
    read(&PathBuf::from(OURS).join(file)).unwrap_or_else(|problem| panic!("{problem}"))
}

/// Reads one vector file, for example `"amf0.json"`, whole.
///
/// # Panics
///
/// When the file cannot be read or is not JSON: a test that asks for it cannot go on.
#[must_use]
pub fn load(file: &str) -> Value {
    try_load(file).unwrap_or_else(|problem| panic!("{problem}"))
}

/// One test case per element of the list under `key` of `file`, named `<file stem>::<id>`.
///
/// `check` is handed the element and answers `Err` with what is wrong. A file that is missing,
/// holds no such list or an empty one, or repeats or lacks an id yields one failing case
/// instead, named after the file.
pub fn trials<F>(file: &str, key: &str, check: F) -> Vec<Trial>
where
    F: Fn(&Value) -> Result<(), String> + Send + Sync + 'static,
{
    let stem = file.strip_suffix(".json").unwrap_or(file);
    match try_list(file, key) {
        Err(problem) => vec![Trial::test(format!("{stem}::load"), move || {
            Err(problem.into())
        })],
        Ok(list) => {
            let check = Arc::new(check);
            list.into_iter()
                .map(|(id, vector)| trial(stem, &id, vector, check.clone()))
                .collect()
        }
    }
}

fn trial<F>(stem: &str, id: &str, vector: Value, check: Arc<F>) -> Trial
where
    F: Fn(&Value) -> Result<(), String> + Send + Sync + 'static,
{
    Trial::test(format!("{stem}::{id}"), move || {
        check(&vector).map_err(Into::into)
    })
}

fn try_load(file: &str) -> Result<Value, String> {
    read(&folder().join(file))
}

fn read(path: &Path) -> Result<Value, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
}

fn try_list(file: &str, key: &str) -> Result<Vec<(String, Value)>, String> {
    let mut whole = try_load(file)?;
    let Some(Value::Array(list)) = whole.get_mut(key).map(Value::take) else {
        return Err(format!("{file} has no list named {key:?}"));
    };
    if list.is_empty() {
        return Err(format!("the list {key:?} of {file} is empty"));
    }
    let mut seen = HashSet::new();
    let mut named = Vec::with_capacity(list.len());
    for vector in list {
        let id = vector["id"]
            .as_str()
            .ok_or_else(|| format!("{file}: a vector has no id"))?;
        if !seen.insert(id.to_owned()) {
            return Err(format!("{file}: two vectors are named {id:?}"));
        }
        named.push((id.to_owned(), vector));
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::{is_ours, load, trials, try_list};

    #[test]
    fn each_vector_is_a_case() {
        let count = load("amf0.json")["vectors"].as_array().map_or(0, Vec::len);
        assert!(count > 0);
        let cases = trials("amf0.json", "vectors", |_| Ok(()));
        assert_eq!(cases.len(), count);
        assert!(cases[0].name().starts_with("amf0::"));
    }

    #[test]
    fn our_own_vectors_are_known() {
        assert!(is_ours("amf0.json", "vectors", "spec-bool-nonzero"));
        assert!(!is_ours("amf0.json", "vectors", "of-another-folder"));
    }

    #[test]
    fn a_missing_file_or_list_is_a_failing_case() {
        for (file, key) in [("no-such.json", "vectors"), ("amf0.json", "no-such")] {
            let cases = trials(file, key, |_| Ok(()));
            assert_eq!(cases.len(), 1);
            assert!(cases[0].name().ends_with("::load"));
            assert!(try_list(file, key).is_err());
        }
    }
}
