//! The reference pages say what the code says: every metric, status code, close reason and
//! rejection of the code stands on its page, and nothing else does.
//!
//! The command line and the page of configuration keys are compared by tests of the server's
//! crate, where their types are at hand; here, what other pages say of keys.

use std::collections::{BTreeMap, BTreeSet};

use super::tables::{self, Row};
use super::{File, Finding, Repository};

const METRICS_PAGE: &str = "docs/reference/metrics.md";
const METRICS_SOURCE: &str = "crates/greenroom/src/metrics.rs";
const KEYS_PAGE: &str = "docs/reference/config.md";
/// Applications have keys of their own in sections of the same names. Sections that only they have
/// are not looked for: `application.config` and `client.call` are words of scripts.
const APPLICATION_KEYS_PAGE: &str = "docs/reference/application-config.md";
const CODES_PAGE: &str = "docs/reference/status-codes.md";
const CODES_SOURCE: &str = "crates/rtmp/src/status/code.rs";
const REASONS_SOURCE: &str = "crates/engine/src/close.rs";
const REJECTIONS_SOURCE: &str = "crates/engine/src/reject.rs";

/// The folders whose code sends statuses.
const SENDERS: [&str; 4] = [
    "crates/engine/src/",
    "crates/greenroom/src/",
    "crates/rtmp/src/",
    "crates/sharedobject/src/",
];

/// What a page must say: names, and what their second cell must be if that is known.
type Known = BTreeMap<String, Option<String>>;

/// Metrics: the page's table, and every mention in any other page.
pub(super) fn metrics(repository: &Repository) -> Vec<Finding> {
    let source = repository.file(METRICS_SOURCE);
    let known = described(source.map_or("", |file| product_code(&file.text)));
    let mut findings = compare(repository, METRICS_PAGE, "Metrics", &known);
    let pages = repository.with_ending(".md");
    for page in pages.filter(|page| page.path.starts_with("docs/")) {
        for (at, line) in page.text.lines().enumerate() {
            let unknown = words(line).filter(|word| word.starts_with("greenroom_"));
            for word in unknown.filter(|word| !known.contains_key(*word)) {
                findings.push(Finding::new(
                    page,
                    at + 1,
                    format!("{word}: no such metric"),
                ));
            }
        }
    }
    findings
}

/// Status codes that are sent, close reasons and rejections.
pub(super) fn status_codes(repository: &Repository) -> Vec<Finding> {
    let mut findings = compare(
        repository,
        CODES_PAGE,
        "Status codes",
        &sent_codes(repository),
    );
    for (title, source) in [
        ("Close reasons", REASONS_SOURCE),
        ("Rejections", REJECTIONS_SOURCE),
    ] {
        let known = words_of_enum(repository, source);
        findings.extend(compare(repository, CODES_PAGE, title, &known));
    }
    findings.extend(descriptions(repository));
    findings
}

/// Configuration keys that pages name exist.
pub(super) fn keys(repository: &Repository) -> Vec<Finding> {
    let Some(reference) = repository.file(KEYS_PAGE) else {
        return vec![Finding::missing(KEYS_PAGE)];
    };
    let of_applications = repository.file(APPLICATION_KEYS_PAGE);
    let sections: BTreeSet<_> = headings(reference, "## [")
        .map(|rest| rest.trim_end_matches(']'))
        .collect();
    let known: BTreeSet<_> = headings(reference, "### ")
        .chain(
            of_applications
                .into_iter()
                .flat_map(|page| headings(page, "### ")),
        )
        .map(|rest| rest.trim_matches('`'))
        .collect();
    let is_key = |word: &&str| {
        word.split_once('.')
            .is_some_and(|(section, key)| sections.contains(section) && !key.is_empty())
            && word.strip_suffix(".rs").is_none()
    };
    let mut findings = Vec::new();
    for page in repository.with_ending(".md").filter(|page| is_ours(page)) {
        for (at, line) in page.text.lines().enumerate() {
            let unknown = key_words(line)
                .filter(is_key)
                .filter(|word| !known.contains(word));
            findings.extend(unknown.map(|word| {
                let what = format!("{word}: no such configuration key");
                Finding::new(page, at + 1, what)
            }));
        }
    }
    findings
}

/// What follows the mark at the start of a page's lines.
fn headings<'p>(page: &'p File, mark: &'static str) -> impl Iterator<Item = &'p str> {
    let lines = page.text.lines();
    lines.filter_map(move |line| line.strip_prefix(mark))
}

/// Pages for people who use the server: those at the root and in `docs`.
fn is_ours(page: &File) -> bool {
    page.path.starts_with("docs/") || !page.path.contains('/')
}

/// What could be a key with its section, or a path or address that is none.
fn key_words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_ascii_alphanumeric() && !"_./:-".contains(c))
        .map(|word| word.trim_end_matches(['.', ':']))
}

/// Compares the names in a section's tables with those of the code, both ways.
fn compare(repository: &Repository, path: &str, title: &str, known: &Known) -> Vec<Finding> {
    let Some(page) = repository.file(path) else {
        return vec![Finding::missing(path)];
    };
    let rows = tables::rows(&page.text, title);
    let mut findings: Vec<_> = rows
        .iter()
        .filter_map(|row| Some(Finding::new(page, row.line, wrong(row, known)?)))
        .collect();
    let written: BTreeSet<_> = rows.iter().map(Row::name).collect();
    let missing = known.keys().filter(|name| !written.contains(name.as_str()));
    findings.extend(missing.map(|name| {
        let what = format!("{name} is not in a table under \"{title}\"");
        Finding::new(page, 0, what)
    }));
    findings
}

/// What a row says that the code does not.
fn wrong(row: &Row<'_>, known: &Known) -> Option<String> {
    let name = row.name();
    let Some(expected) = known.get(name) else {
        return Some(format!("{name} is not in the code"));
    };
    let expected = expected.as_deref()?;
    let written = row.cells.get(1).copied().unwrap_or_default();
    (written != expected).then(|| format!("{name}: {written:?}, but it is {expected:?}"))
}

/// The metrics of `DESCRIBED`, with their kinds, and those that are counted without being there.
fn described(code: &str) -> Known {
    let texts: Vec<_> = texts(code).collect();
    let mut known: Known = texts
        .iter()
        .filter(|text| text.starts_with("greenroom_"))
        .map(|name| ((*name).to_owned(), None))
        .collect();
    for pair in texts.windows(2) {
        if let [name, kind @ ("gauge" | "counter" | "histogram")] = pair
            && let Some(entry) = known.get_mut(*name)
        {
            *entry = Some((*kind).to_owned());
        }
    }
    known
}

/// The codes that some code of ours sends, with their levels.
fn sent_codes(repository: &Repository) -> Known {
    let Some(table) = repository.file(CODES_SOURCE) else {
        return Known::new();
    };
    let senders: Vec<_> = sources(repository).collect();
    let mut known = Known::new();
    for line in table.text.lines() {
        // A row of the table: Name = "Text.On.The.Wire", Level;
        let Some((name, rest)) = line.trim().split_once(" = \"") else {
            continue;
        };
        let Some((text, level)) = rest.split_once("\", ") else {
            continue;
        };
        let used = format!("Code::{name}");
        if senders
            .iter()
            .any(|code| words(code).any(|word| word == used))
        {
            let level = level.trim_end_matches(';').to_lowercase();
            known.insert(text.to_owned(), Some(level));
        }
    }
    known
}

/// The one-word names that `as_str` shows the variants of an enum as: `Self::Name => "word"`.
fn words_of_enum(repository: &Repository, path: &str) -> Known {
    let text = repository.file(path).map_or("", |file| &file.text);
    let (_, shown) = text.split_once("fn as_str").unwrap_or_default();
    let arms = shown.lines().filter_map(|line| line.split_once("=> \""));
    arms.filter_map(|(_, rest)| rest.split_once('"'))
        .map(|(word, _)| (word.to_owned(), None))
        .collect()
}

/// The descriptions in the third cells are texts of the code, letter by letter.
fn descriptions(repository: &Repository) -> Vec<Finding> {
    let Some(page) = repository.file(CODES_PAGE) else {
        return Vec::new();
    };
    let senders: Vec<_> = sources(repository).collect();
    let sections = ["Status codes", "Rejections"];
    let rows = sections.map(|title| tables::rows(&page.text, title));
    let mut findings = Vec::new();
    for row in rows.iter().flatten() {
        let Some(text) = row.cells.get(2).filter(|text| !text.is_empty()) else {
            continue;
        };
        let literal = format!("{text:?}");
        if !senders.iter().any(|code| code.contains(&literal)) {
            findings.push(Finding::new(
                page,
                row.line,
                format!("{text}: no such text"),
            ));
        }
    }
    findings
}

/// The code of those who send statuses, the table of codes itself and unit tests left out.
fn sources(repository: &Repository) -> impl Iterator<Item = &str> {
    let sends = |file: &&File| {
        SENDERS.iter().any(|folder| file.path.starts_with(folder)) && file.path != CODES_SOURCE
    };
    repository
        .rust()
        .filter(sends)
        .map(|file| product_code(&file.text))
}

/// A source file without the unit tests at its end.
fn product_code(source: &str) -> &str {
    source.split("#[cfg(test)]").next().unwrap_or(source)
}

/// The texts in double quotes, in order. Good for files without quotes inside texts.
fn texts(code: &str) -> impl Iterator<Item = &str> {
    code.split('"').skip(1).step_by(2)
}

/// Names and paths: letters, digits, `_` and `:`.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && !"_:".contains(c))
        .map(|word| word.trim_matches(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const METRICS: &str = r#"
const DESCRIBED: [(&str, &str, &str); 2] = [
    ("greenroom_players", "gauge", "Players."),
    ("greenroom_skips_total", "counter", "Skips."),
];
metrics::counter!("greenroom_secret_total");
"#;

    fn lines(findings: &[Finding]) -> Vec<String> {
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn metrics_and_their_page_agree() {
        let page = "## Metrics\n| `greenroom_players` | gauge |\n| `greenroom_skips_total` | \
                    counter |\n| `greenroom_secret_total` | counter |\n";
        let repository = Repository::of(&[(METRICS_SOURCE, METRICS), (METRICS_PAGE, page)]);
        assert_eq!(metrics(&repository), []);
    }

    #[test]
    fn metrics_that_are_missing_wrong_or_made_up_are_found() {
        let page = "## Metrics\n| `greenroom_players` | counter |\n| `greenroom_gone` | gauge |\n";
        let other = "see `greenroom_nosuch{x=\"y\"}`";
        let repository = Repository::of(&[
            (METRICS_SOURCE, METRICS),
            (METRICS_PAGE, page),
            ("docs/operations.md", other),
        ]);
        let found = lines(&metrics(&repository)).join("\n");
        for expected in [
            "metrics.md:2: greenroom_players: \"counter\", but it is \"gauge\"",
            "metrics.md:3: greenroom_gone is not in the code",
            "metrics.md:0: greenroom_skips_total is not in a table",
            "metrics.md:0: greenroom_secret_total is not in a table",
            "operations.md:1: greenroom_nosuch: no such metric",
        ] {
            assert!(found.contains(expected), "{expected} in {found}");
        }
    }

    #[test]
    fn a_page_that_is_not_there_is_found() {
        let repository = Repository::of(&[(METRICS_SOURCE, METRICS)]);
        assert_eq!(lines(&metrics(&repository)).len(), 1);
        assert_eq!(lines(&keys(&repository)).len(), 1);
        assert!(!status_codes(&repository).is_empty());
    }

    #[test]
    fn keys_that_pages_name_exist() {
        let reference = "## [live]\n### `live.lag_ms`\n## [http]\n### `http.listen`\n";
        let application = "## [client]\n### `live.erase`\n";
        let page = "`live.lag_ms`, `live.erase`, client.call, `live.lag_ms=5`, `live.*`, tests/live.rs, http://live.example\n\
                    --set live.lagg_ms=1 and http.port.";
        let repository = Repository::of(&[
            (KEYS_PAGE, reference),
            (APPLICATION_KEYS_PAGE, application),
            ("docs/a.md", page),
        ]);
        let expected = [
            "docs/a.md:2: live.lagg_ms: no such configuration key",
            "docs/a.md:2: http.port: no such configuration key",
        ];
        assert_eq!(lines(&keys(&repository)), expected);
    }

    const CODES: &str = r#"
    /// Started:
    PlayStart = "NetStream.Play.Start", Status;
    /// Ended:
    PlayStop = "NetStream.Play.Stop", Status;
    /// Not sent:
    PlayFailed = "NetStream.Play.Failed", Error;
"#;
    const SENDER: &str = r#"
tell(Code::PlayStart, format!("Started playing {name}."));
tell(Code::PlayStop, why);
#[cfg(test)]
mod tests { use Code::PlayFailed; }
"#;
    const REASON: &str = "Self::Gone => \"It went.\",\nfn as_str\n Self::Left => \"client_left\",";

    fn codes(page: &str) -> Vec<String> {
        let repository = Repository::of(&[
            (CODES_SOURCE, CODES),
            ("crates/engine/src/play.rs", SENDER),
            (REASONS_SOURCE, REASON),
            (CODES_PAGE, page),
        ]);
        lines(&status_codes(&repository))
    }

    #[test]
    fn codes_reasons_and_their_page_agree() {
        let found = codes(
            "## Status codes\n### NetStream\n\
             | `NetStream.Play.Start` | status | `Started playing {name}.` | when |\n\
             | `NetStream.Play.Stop` | status | | when |\n\
             ## Close reasons\n| `client_left` | it left |\n",
        );
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn codes_that_are_missing_wrong_or_never_sent_are_found() {
        let found = codes(
            "## Status codes\n\
             | `NetStream.Play.Start` | error | `Begun.` | when |\n\
             | `NetStream.Play.Failed` | error | | when |\n\
             ## Close reasons\n| `client_went` | it left |\n",
        )
        .join("\n");
        for expected in [
            ":2: NetStream.Play.Start: \"error\", but it is \"status\"",
            ":2: Begun.: no such text",
            ":3: NetStream.Play.Failed is not in the code",
            ":0: NetStream.Play.Stop is not in a table",
            ":5: client_went is not in the code",
            ":0: client_left is not in a table",
        ] {
            assert!(found.contains(expected), "{expected} in {found}");
        }
    }
}
