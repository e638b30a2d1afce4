//! What must not stay in the repository: paths of one machine, leftovers of unfinished work.

use super::{File, Finding, Repository};

/// What is looked for, and what to say. In two parts, so that this file does not find itself.
const BANNED: &[(&str, &str, &str)] = &[
    ("/wo", "rk/", "a path of one machine"),
    ("/ro", "ot/", "a path of one machine"),
    ("/Us", "ers/", "a path of one machine"),
    ("FIX", "ME", "mend it, or open an issue"),
    ("TO", "DO", "do it, or open an issue"),
    ("<<<", "<<<<", "a merge conflict"),
    (">>>", ">>>>", "a merge conflict"),
];

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    repository
        .files
        .iter()
        .filter(|file| !is_made(file))
        .flat_map(of_file)
        .collect()
}

/// Files that a tool writes and nobody words.
fn is_made(file: &File) -> bool {
    ["Cargo.lock", "package-lock.json"]
        .iter()
        .any(|name| file.path.ends_with(name))
}

fn of_file(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (start, rest, what) in BANNED {
        let word = format!("{start}{rest}");
        for (at, line) in file.text.lines().enumerate() {
            if contains_word(line, &word) {
                findings.push(Finding::new(file, at + 1, format!("{word}: {what}")));
            }
        }
    }
    findings
}

/// Whether the word occurs other than in the middle of a longer word or path.
fn contains_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let inside = |character: char| character.is_alphanumeric() || "._}*".contains(character);
        !line[..at].chars().next_back().is_some_and(inside)
            && !line[at + word.len()..].starts_with(|character: char| {
                word.ends_with(char::is_alphanumeric) && character.is_alphanumeric()
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(line: &str) -> usize {
        let file = File {
            path: "a.md".to_owned(),
            text: line.to_owned(),
        };
        of_file(&file).len()
    }

    #[test]
    fn machine_paths_and_leftovers_are_found() {
        let (path, note) = (
            format!("{}{}", "/wo", "rk/x"),
            format!("{}{}", "TO", "DO: x"),
        );
        assert_eq!(findings(&format!("see {path}")), 1);
        assert_eq!(findings(&format!("// {note}")), 1);
    }

    #[test]
    fn parts_of_longer_words_are_not() {
        for line in ["a net{}rk/rtmp", "TODOS", "at example.com{}rk/ there"] {
            assert_eq!(findings(&line.replace("{}", "/wo")), 0, "{line}");
        }
    }
}
