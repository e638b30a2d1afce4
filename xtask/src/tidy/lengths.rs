//! Functions past 70 lines and files past 1,000 need a marked reason.
//!
//! A function is marked above itself or on its first lines with `// tidy: allow long: REASON`, a
//! file on one of its first lines with `// tidy: allow long file: REASON`.

use super::source::{self, Function};
use super::{File, Finding, Repository};

const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 1000;

/// How far from a function's first line its mark may stand: past its attributes and documentation
/// above, past a long signature below.
const MARK_DISTANCE: usize = 12;

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    repository.rust().flat_map(of_file).collect()
}

fn of_file(file: &File) -> Vec<Finding> {
    let lines: Vec<_> = file.text.lines().collect();
    let mut findings = Vec::new();
    let opening = &lines[..lines.len().min(2 * MARK_DISTANCE)];
    if lines.len() > FILE_LINES_MAX && !marked(opening, "long file") {
        let what = format!("{} lines, at most {FILE_LINES_MAX}", lines.len());
        findings.push(Finding::new(file, 0, what));
    }
    for function in source::functions(&file.text) {
        let length = function.last_line + 1 - function.first_line;
        if length > FUNCTION_LINES_MAX && !marked(around(&lines, &function), "long") {
            let what = format!(
                "{}: {length} lines, at most {FUNCTION_LINES_MAX}",
                function.name
            );
            findings.push(Finding::new(file, function.first_line, what));
        }
    }
    findings
}

/// The comments and attributes right above a function, and its first lines.
fn around<'a>(lines: &'a [&'a str], function: &Function) -> &'a [&'a str] {
    let above = lines[..function.first_line - 1]
        .iter()
        .rev()
        .take_while(|line| {
            let line = line.trim_start();
            line.starts_with("//") || line.starts_with("#[")
        });
    let first = function.first_line - 1 - above.count();
    &lines[first..(function.first_line + MARK_DISTANCE).min(lines.len())]
}

fn marked(lines: &[&str], what: &str) -> bool {
    let mark = format!("// tidy: allow {what}: ");
    let reason = |line: &&str| line.trim_start().strip_prefix(&mark).map(str::len);
    lines.iter().filter_map(reason).any(|length| length > 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> usize {
        let file = File {
            path: "a.rs".to_owned(),
            text: text.to_owned(),
        };
        of_file(&file).len()
    }

    fn function(mark: &str, lines: usize) -> String {
        format!(
            "{mark}\n#[test]\nfn f() {{\n{}}}\n",
            "    x();\n".repeat(lines - 2)
        )
    }

    #[test]
    fn functions_may_have_70_lines() {
        assert_eq!(findings(&function("", 70)), 0);
        assert_eq!(findings(&function("", 71)), 1);
    }

    #[test]
    fn a_mark_needs_a_reason() {
        assert_eq!(
            findings(&function(
                "// tidy: allow long: one flat table of names",
                90
            )),
            0
        );
        assert_eq!(findings(&function("// tidy: allow long: x", 90)), 1);
        assert_eq!(findings(&function("// tidy: allow long", 90)), 1);
    }

    #[test]
    fn files_may_have_1000_lines() {
        assert_eq!(findings(&"//\n".repeat(1000)), 0);
        assert_eq!(findings(&"//\n".repeat(1001)), 1);
        let marked = "// tidy: allow long file: generated from the standard\n".to_owned();
        assert_eq!(findings(&(marked + &"//\n".repeat(1000))), 0);
    }
}
