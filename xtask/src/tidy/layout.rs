//! Where Rust files lie and how they begin: no `mod.rs`, and each opens by saying what it is for.

use super::{Finding, Repository};

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in repository.rust() {
        if file.path.ends_with("/mod.rs") {
            findings.push(Finding::new(
                file,
                0,
                "write NAME.rs beside the folder NAME instead",
            ));
        }
        if !file.text.starts_with("//!") {
            findings.push(Finding::new(
                file,
                1,
                "a file opens with //! and what it owns",
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_rules_are_checked() {
        let repository = Repository::of(&[
            ("crates/a/src/lib.rs", "//! Fine.\n"),
            ("crates/a/src/b/mod.rs", "//! In the wrong place.\n"),
            ("crates/a/src/c.rs", "fn f() {}\n"),
            ("tools/load/crates/b/src/mod.rs", "fn f() {}\n"),
        ]);
        let paths: Vec<_> = check(&repository).into_iter().map(|f| f.path).collect();
        assert_eq!(paths, ["crates/a/src/b/mod.rs", "crates/a/src/c.rs"]);
    }
}
