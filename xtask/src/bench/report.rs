//! Medians of the load tool's reports, as Markdown tables.

use std::fmt::Write as _;

use serde_json::Value;

use super::Run;
use super::case::Case;
use super::server::Server;

/// A figure: its heading, and how it is read from a report.
struct Column {
    heading: &'static str,
    read: fn(Case, &Value) -> Option<f64>,
    decimals: usize,
}

const fn column(
    heading: &'static str,
    decimals: usize,
    read: fn(Case, &Value) -> Option<f64>,
) -> Column {
    Column {
        heading,
        read,
        decimals,
    }
}

fn at(report: &Value, path: &str) -> Option<f64> {
    report.pointer(path)?.as_f64()
}

/// Memory above that of the idle server, for each player.
fn rss_per_player_kb(case: Case, report: &Value) -> Option<f64> {
    let in_use_kb = at(report, "/window/server_rss_mb")? * 1024.0;
    Some((in_use_kb - at(report, "/idle_rss_kb")?) / case.players() as f64)
}

const COLUMNS: &[Column] = &[
    column("CPU s/GB", 3, |_, report| {
        at(report, "/cost/server_cpu_s_per_gb")
    }),
    column("latency p50 ms", 1, |_, report| {
        at(report, "/delivery/latency_ms/p50")
    }),
    column("p99 ms", 1, |_, report| {
        at(report, "/delivery/latency_ms/p99")
    }),
    column("joiner's first frame ms", 1, |_, r| {
        at(r, "/late_join/first_key_frame_ms/p50")
    }),
    column("start, first frame p50 ms", 0, |_, r| {
        at(r, "/start/first_key_frame_ms/p50")
    }),
    column("max ms", 0, |_, report| {
        at(report, "/start/first_key_frame_ms/max")
    }),
    column("RSS/player kB", 1, rss_per_player_kb),
    column("RSS MB", 1, |_, report| at(report, "/window/server_rss_mb")),
    column("server CPU %", 0, |_, report| {
        at(report, "/window/server_cpu_pct")
    }),
    column("missing", 0, |_, report| at(report, "/faults/missing")),
    column("faults", 0, |_, report| at(report, "/faults/total")),
    column("other CPU s", 1, |_, report| {
        at(report, "/window/foreign_cpu_s")
    }),
];

/// One run in one line.
pub(super) fn line(case: Case, report: &Value) -> String {
    let figures = COLUMNS.iter().map(|column| {
        let value = (column.read)(case, report);
        format!("{} {}", column.heading, number(value, column.decimals))
    });
    let saturated = report.pointer("/window/client_saturated") == Some(&Value::Bool(true));
    let note = if saturated {
        " (the load itself was the limit)"
    } else {
        ""
    };
    figures.collect::<Vec<_>>().join(" · ") + note
}

/// A table for each case, a row for each server, the median of every figure.
pub(super) fn tables(runs: &[Run]) -> String {
    let mut text = String::new();
    let mut cases: Vec<Case> = Vec::new();
    for run in runs {
        if !cases.contains(&run.case) {
            cases.push(run.case);
        }
    }
    for case in cases {
        let of_case: Vec<_> = runs.iter().filter(|run| run.case == case).collect();
        let headings: Vec<_> = COLUMNS.iter().map(|column| column.heading).collect();
        let _ = writeln!(text, "### {}\n", case.name());
        let _ = writeln!(text, "| server | runs | {} |", headings.join(" | "));
        let _ = writeln!(text, "|---|---|{}", "---|".repeat(COLUMNS.len()));
        for row in rows(&of_case) {
            let _ = writeln!(text, "| {} |", row.join(" | "));
        }
        text.push('\n');
    }
    text
}

fn rows(runs: &[&Run]) -> Vec<Vec<String>> {
    let mut servers: Vec<Server> = Vec::new();
    for run in runs {
        if !servers.contains(&run.server) {
            servers.push(run.server);
        }
    }
    let row = |server: Server| {
        let of_server: Vec<_> = runs.iter().filter(|run| run.server == server).collect();
        let mut row = vec![server.name(), of_server.len().to_string()];
        row.extend(COLUMNS.iter().map(|column| {
            let values = of_server
                .iter()
                .filter_map(|run| (column.read)(run.case, &run.report));
            number(median(values.collect()), column.decimals)
        }));
        row
    };
    servers.into_iter().map(row).collect()
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        length if length % 2 == 1 => values.get(middle).copied(),
        _ => Some(f64::midpoint(
            *values.get(middle - 1)?,
            *values.get(middle)?,
        )),
    }
}

fn number(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.decimals$}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn medians_are_of_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0]), Some(2.5));
        assert_eq!(median(vec![]), None);
    }

    #[test]
    fn a_table_has_a_row_for_each_server() {
        let run = |server, cost: f64| Run {
            case: Case::FanOut { players: 50 },
            server,
            report: json!({
                "cost": { "server_cpu_s_per_gb": cost },
                "window": { "server_rss_mb": 30.0 },
                "idle_rss_kb": 10240,
            }),
        };
        let ours = Server::Greenroom { budget_ms: 40 };
        let runs = [
            run(Server::Nginx, 3.0),
            run(ours, 1.0),
            run(ours, 1.5),
            run(ours, 0.5),
        ];
        let text = tables(&runs);
        assert!(text.contains("### 50 players"), "{text}");
        assert!(text.contains("| nginx-rtmp | 1 | 3.000 | – |"), "{text}");
        assert!(
            text.contains("| greenroom, 40 ms | 3 | 1.000 | – |"),
            "{text}"
        );
        assert!(text.contains("| 409.6 | 30.0 |"), "{text}");
    }
}
