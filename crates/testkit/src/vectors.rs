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
use std::path::PathBuf;
use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::Value;

/// The folder the vectors are read from.
#[must_use]
pub fn folder() -> PathBuf {
    match std::env::var_os("GREENROOM_VECTORS") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors")),
    }
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

/// One test case per element of the list under `key` of `file`, named `<file stem>::<id>`. An
/// element without an id is one of `sequences.json`, named by operation and implementation.
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

fn name_of(vector: &Value) -> Option<String> {
    let text = |key: &str| vector[key].as_str();
    match (text("id"), text("operation"), text("implementation")) {
        (Some(id), ..) => Some(id.to_owned()),
        (None, Some(operation), Some(by)) => Some(format!("{operation} / {by}")),
        _ => None,
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
    let path = folder().join(file);
    let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
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
        let id = name_of(&vector).ok_or_else(|| format!("{file}: a vector has no id"))?;
        if !seen.insert(id.clone()) {
            return Err(format!("{file}: two vectors are named {id:?}"));
        }
        named.push((id, vector));
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::{folder, load, trials, try_list};

    /// The files of the folder, and which test reads each: its crate and source file.
    const READ_BY: [(&str, &str); 15] = [
        ("amf-packet.json", "amf/tests/vectors/main.rs"),
        ("amf0-malformed.json", "amf/tests/vectors/main.rs"),
        ("amf0.json", "amf/tests/vectors/main.rs"),
        ("amf3-malformed.json", "amf/tests/vectors/main.rs"),
        ("amf3.json", "amf/tests/vectors/main.rs"),
        ("chunk-stream.json", "rtmp/tests/vectors/main.rs"),
        ("client-captures.json", "rtmp/tests/vectors/main.rs"),
        ("flv.json", "flv/tests/vectors.rs"),
        ("handshake.json", "rtmp/tests/vectors/main.rs"),
        ("message.json", "rtmp/tests/vectors/main.rs"),
        ("message.json", "flv/tests/vectors.rs"),
        ("sequences.json", "engine/tests/sequences.rs"),
        ("shared-object.json", "rtmp/tests/vectors/main.rs"),
        ("tcurl.json", "rtmp/tests/vectors/main.rs"),
        ("traces.json", "rtmp/tests/vectors/main.rs"),
    ];

    /// Files for what the server cannot do yet, and what that is.
    const READ_LATER: [(&str, &str); 2] = [
        ("rtmpt.json", "RTMP tunnelled in HTTP is not served yet"),
        ("sol.json", "shared objects are not kept in files yet"),
    ];

    /// A file that nobody reads would be passed by in silence.
    #[test]
    fn every_file_of_the_folder_is_read_by_a_test() {
        let entries = std::fs::read_dir(folder()).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let files = paths.filter(|path| path.extension().is_some_and(|end| end == "json"));
        let name =
            |path: std::path::PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        let there: BTreeSet<String> = files.map(name).collect();
        let known = READ_BY.iter().chain(&READ_LATER);
        let known: BTreeSet<String> = known.map(|(file, _)| (*file).to_owned()).collect();
        assert_eq!(
            there, known,
            "the files there, and the files that are known"
        );
    }

    #[test]
    fn the_tests_read_what_they_are_said_to_read() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for (file, test) in READ_BY {
            let source = std::fs::read_to_string(crates.join(test)).unwrap();
            assert!(source.contains(&format!("\"{file}\"")), "{test}: {file}");
        }
    }

    #[test]
    fn each_vector_is_a_case() {
        let count = load("amf0.json")["vectors"].as_array().map_or(0, Vec::len);
        assert!(count > 0);
        let cases = trials("amf0.json", "vectors", |_| Ok(()));
        assert_eq!(cases.len(), count);
        assert!(cases[0].name().starts_with("amf0::"));
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
