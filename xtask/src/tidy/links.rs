//! Links between the repository's Markdown files: the file is there, and so is the heading.

use std::collections::BTreeSet;

use super::{File, Finding, Repository};

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in repository.with_ending(".md") {
        for (line, link) in links(&file.text) {
            if let Some(what) = broken(repository, file, &link) {
                findings.push(Finding::new(file, line, what));
            }
        }
    }
    findings
}

/// What is wrong with a link in a file, if anything.
fn broken(repository: &Repository, file: &File, link: &str) -> Option<String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = if path.is_empty() {
        file.path.clone()
    } else {
        resolve(&file.path, path)
    };
    if !target.is_empty() && !repository.paths.contains(&target) {
        return Some(format!("{link}: there is no {target}"));
    }
    let page = repository
        .with_ending(".md")
        .find(|page| page.path == target)?;
    if anchor.is_empty() {
        return None;
    }
    (!anchors(&page.text).contains(anchor)).then(|| format!("{link}: no such heading"))
}

/// A path from the root, for one that is meant from a file.
fn resolve(from: &str, link: &str) -> String {
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = if link.starts_with('/') {
        vec![]
    } else {
        vec![folder]
    };
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => parts = parts.last().map_or(vec![], |last| up(&parts, last)),
            part => parts.push(part),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.join("/")
}

/// One folder up: drops the last name, which may itself be a path.
fn up<'a>(parts: &[&'a str], last: &&'a str) -> Vec<&'a str> {
    let mut parts = parts[..parts.len() - 1].to_vec();
    if let Some((folder, _)) = last.rsplit_once('/') {
        parts.push(folder);
    }
    parts
}

/// Every `](target)` outside code, with its line.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        for piece in line.split("](").skip(1) {
            let target = piece.split([')', ' ']).next().unwrap_or_default();
            found.push((number, target.trim_matches(['<', '>']).to_owned()));
        }
    }
    found
}

/// The lines outside fenced code, without what stands in backquotes.
fn prose(text: &str) -> Vec<(usize, String)> {
    let mut fenced = false;
    let mut lines = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            let outside: String = line.split('`').step_by(2).collect::<Vec<_>>().join("``");
            lines.push((at + 1, outside));
        }
    }
    lines
}

/// The anchors that forges make of a page's headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut fenced = false;
    let mut found = BTreeSet::new();
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        let title = line.trim_start_matches('#');
        if !fenced && title.len() < line.len() && title.starts_with(' ') {
            found.insert(anchor(title.trim()));
        }
    }
    found
}

fn anchor(title: &str) -> String {
    let kept = title
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.flat_map(char::to_lowercase)
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_followed_to_files_and_headings() {
        let repository = Repository::of(&[
            (
                "README.md",
                "[a](docs/a.md) [b](docs/b.md#two-words--more) [c](docs) [d](LICENSE)",
            ),
            (
                "docs/a.md",
                "[up](../README.md) [self](#one) [out](https://x.example/y)\n# One",
            ),
            ("docs/b.md", "## Two `words` + more\n[deep](./deep/c.md)"),
            (
                "docs/deep/c.md",
                "[far](../../docs/a.md#one) `[no](gone.md)`\n```\n[no](gone)\n```",
            ),
            ("LICENSE", ""),
        ]);
        assert_eq!(check(&repository), []);
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        for text in [
            "[x](gone.md)",
            "[x](a.md#gone)",
            "[x](../../b)",
            "![x](picture.png)",
        ] {
            let repository = Repository::of(&[("docs/a.md", text), ("docs/b", "")]);
            assert_eq!(check(&repository).len(), 1, "{text}");
        }
    }
}
