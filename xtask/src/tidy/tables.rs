//! Tables in Markdown pages: the rows that begin with something in backquotes.

/// One row of a table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row<'a> {
    /// Its line in the page, from 1.
    pub(super) line: usize,
    /// What stands between the bars, without the backquotes around a whole cell.
    pub(super) cells: Vec<&'a str>,
}

impl Row<'_> {
    /// The first cell: the name the row is about.
    pub(super) fn name(&self) -> &str {
        self.cells.first().copied().unwrap_or_default()
    }
}

/// The rows below the heading `## TITLE`, up to the next heading of its rank; headings of lower
/// rank belong to it.
pub(super) fn rows<'a>(page: &'a str, title: &str) -> Vec<Row<'a>> {
    let mut inside = false;
    let mut found = Vec::new();
    for (at, line) in page.lines().enumerate() {
        if let Some(heading) = line.strip_prefix("## ") {
            inside = heading.trim() == title;
        } else if inside && line.starts_with("| `") {
            let cells = line.trim().trim_matches('|').split('|');
            found.push(Row {
                line: at + 1,
                cells: cells.map(|cell| bare(cell.trim())).collect(),
            });
        }
    }
    found
}

/// A cell without backquotes around all of it.
fn bare(cell: &str) -> &str {
    cell.strip_prefix('`')
        .and_then(|rest| rest.strip_suffix('`'))
        .filter(|inside| !inside.contains('`'))
        .unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_one_section_are_read() {
        let page = "\
## One
| name | level |
|---|---|
| `a.b` | error, or `c` |
### Deeper
| `d` | `e` |
## Two
| `f` | |
";
        let rows = rows(page, "One");
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [4, 6]);
        assert_eq!(rows[0].cells, ["a.b", "error, or `c`"]);
        assert_eq!((rows[1].name(), rows[1].cells[1]), ("d", "e"));
        assert_eq!(super::rows(page, "Three"), []);
    }
}
