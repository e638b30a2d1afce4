//! Medians of the load tool's reports, as Markdown tables.

use std::fmt::Write as _;

use serde_json::Value;

use super::Run;
use super::case::Case;
use super::server::Server;

/// A figure: its heading, how exactly it is shown, and where it stands in a report.
struct Column(&'static str, usize, &'static str);

const COLUMNS: &[Column] = &[
    Column("CPU s/GB", 3, "/cost/server_cpu_s_per_gb"),
    Column("user us/message", 2, "/cost/server_user_us_per_message"),
    Column("latency p50 ms", 1, "/delivery/latency_ms/p50"),
    Column("p99 ms", 1, "/delivery/latency_ms/p99"),
    Column(
        "joiner's first frame ms",
        1,
        "/late_join/first_key_frame_ms/p50",
    ),
    Column(
        "start, first frame p50 ms",
        0,
        "/start/first_key_frame_ms/p50",
    ),
    Column("max ms", 0, "/start/first_key_frame_ms/max"),
    Column("RSS MB", 1, RSS_MB),
    Column("server CPU %", 0, "/window/server_cpu_pct"),
    Column("missing", 0, "/faults/missing"),
    Column("faults", 0, "/faults/total"),
    Column("other CPU s", 1, "/window/foreign_cpu_s"),
];

const SHARED_COLUMNS: &[Column] = &[
    Column("changes/s", 0, "/delivery/messages_per_s"),
    Column("server CPU %", 0, "/window/server_cpu_pct"),
    Column("propagation p50 ms", 1, "/delivery/latency_ms/p50"),
    Column("p99 ms", 1, "/delivery/latency_ms/p99"),
    Column(
        "messages/s to a client",
        1,
        "/delivery/updates_per_member_per_s",
    ),
    Column("of them answers", 1, "/delivery/answers_per_member_per_s"),
    Column("bytes/s to a client", 0, "/delivery/bytes_per_member_per_s"),
    Column("overtaken changes", 0, "/delivery/joined_changes"),
    Column("RSS MB", 1, RSS_MB),
    Column("faults", 0, "/faults/total"),
    Column("load CPU %", 0, "/window/client_cpu_pct"),
    Column("other CPU s", 1, "/window/foreign_cpu_s"),
];

const VOD_COLUMNS: &[Column] = &[
    Column("CPU s/GB", 3, "/cost/server_cpu_s_per_gb"),
    Column("Mbit/s to a player", 2, "/delivery/mbit_per_s_per_player"),
    Column("late p50 ms", 1, "/delivery/late_ms/p50"),
    Column("p99 ms", 1, "/delivery/late_ms/p99"),
    Column("max ms", 1, "/delivery/late_ms/max"),
    Column("missed messages", 0, "/delivery/missed"),
    Column("first message p50 ms", 1, "/start/first_media_ms/p50"),
    Column("p99 ms", 1, "/start/first_media_ms/p99"),
    Column("RSS MB", 1, RSS_MB),
    Column("server CPU %", 0, "/window/server_cpu_pct"),
    Column("faults", 0, "/faults/total"),
    Column("other CPU s", 1, "/window/foreign_cpu_s"),
];

const ROOM_COLUMNS: &[Column] = &[
    Column(
        "CPU s/million deliveries",
        1,
        "/cost/server_cpu_s_per_million_deliveries",
    ),
    Column("deliveries/s", 0, "/delivery/deliveries_per_s"),
    Column("latency p50 ms", 1, "/delivery/latency_ms/p50"),
    Column("p99 ms", 1, "/delivery/latency_ms/p99"),
    Column("joins, CPU s", 2, "/join/server_cpu_s"),
    Column("kB/idle connection", 1, "/idle/rss_kb_per_connection"),
    Column("RSS MB", 1, RSS_MB),
    Column("server CPU %", 0, "/window/server_cpu_pct"),
    Column("load CPU %", 0, "/window/client_cpu_pct"),
    Column("faults", 0, "/faults/total"),
    Column("other CPU s", 1, "/window/foreign_cpu_s"),
];

const RSS_MB: &str = "/window/server_rss_mb";

impl Column {
    fn show(&self, value: Option<f64>) -> String {
        let Self(_, decimals, _) = self;
        value.map_or_else(|| "–".to_owned(), |value| format!("{value:.decimals$}"))
    }
}

/// The server's own time for a delivered message, without the kernel's, in microseconds.
pub(super) fn user_us_per_message(report: &Value) -> Option<f64> {
    let messages = at(report, "/delivery/messages").filter(|count| *count > 0.0)?;
    Some(at(report, "/window/server_user_s")? * 1e6 / messages)
}

fn at(report: &Value, path: &str) -> Option<f64> {
    report.pointer(path)?.as_f64()
}

/// One run of shared objects in one line.
pub(super) fn shared_line(report: &Value) -> String {
    figures(report, SHARED_COLUMNS)
}

/// One run of rooms in one line.
pub(super) fn rooms_line(report: &Value) -> String {
    figures(report, ROOM_COLUMNS)
}

/// A row for each case of shared objects.
pub(super) fn shared_table(runs: &[(String, Value)]) -> String {
    table(runs, "case", SHARED_COLUMNS)
}

/// A row for each case of rooms and each server.
pub(super) fn rooms_table(runs: &[(String, Value)]) -> String {
    table(runs, "case", ROOM_COLUMNS)
}

/// One run of recordings in one line.
pub(super) fn vod_line(report: &Value) -> String {
    figures(report, VOD_COLUMNS)
}

/// A row for each server of recordings.
pub(super) fn vod_table(runs: &[(String, Value)]) -> String {
    table(runs, "server", VOD_COLUMNS)
}

/// A row for each case, the median of every figure.
fn table(runs: &[(String, Value)], what: &str, columns: &[Column]) -> String {
    let headings: Vec<_> = columns.iter().map(|column| column.0).collect();
    let mut text = format!("| {what} | runs | {} |\n", headings.join(" | "));
    let _ = writeln!(text, "|---|---|{}", "---|".repeat(columns.len()));
    for case in distinct(runs.iter().map(|(case, _)| case)) {
        let reports = runs.iter().filter(|(name, _)| name == case);
        let reports: Vec<_> = reports.map(|(_, report)| report).collect();
        let mut row = vec![case.clone(), reports.len().to_string()];
        row.extend(columns.iter().map(|column| {
            let values = reports.iter().filter_map(|report| at(report, column.2));
            column.show(median(values.collect()))
        }));
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}

/// One run in one line.
pub(super) fn line(report: &Value) -> String {
    figures(report, COLUMNS)
}

fn figures(report: &Value, columns: &[Column]) -> String {
    let figures = columns.iter().map(|column| {
        let Column(heading, _, path) = column;
        format!("{heading} {}", column.show(at(report, path)))
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
    let headings: Vec<_> = COLUMNS.iter().map(|Column(heading, ..)| *heading).collect();
    for case in distinct(runs.iter().map(|run| run.case)) {
        let of_case: Vec<_> = runs.iter().filter(|run| run.case == case).collect();
        let _ = writeln!(text, "### {}\n", case.name());
        let _ = writeln!(text, "| server | runs | {} |", headings.join(" | "));
        let _ = writeln!(text, "|---|---|{}", "---|".repeat(COLUMNS.len()));
        for row in rows(&of_case) {
            let _ = writeln!(text, "| {} |", row.join(" | "));
        }
        text.push('\n');
    }
    text + &memory_per_player(runs)
}

fn rows(runs: &[&Run]) -> Vec<Vec<String>> {
    let row = |server: Server| {
        let of_server: Vec<_> = runs
            .iter()
            .filter(|run| run.server == server)
            .copied()
            .collect();
        let mut row = vec![server.name(), of_server.len().to_string()];
        row.extend(
            COLUMNS
                .iter()
                .map(|column| column.show(median_of(&of_server, column.2))),
        );
        row
    };
    distinct(runs.iter().map(|run| run.server))
        .into_iter()
        .map(row)
        .collect()
}

/// What one more player costs: the difference between the smallest and the largest number of
/// them, so that what the stream itself holds does not count.
fn memory_per_player(runs: &[Run]) -> String {
    let mut text = String::new();
    for server in distinct(runs.iter().map(|run| run.server)) {
        let rss_kb = |case: Case| {
            let runs: Vec<_> = runs
                .iter()
                .filter(|r| r.server == server && r.case == case)
                .collect();
            Some((case.players() as f64, median_of(&runs, RSS_MB)? * 1024.0))
        };
        let fan_out = |case: &Case| matches!(case, Case::FanOut { .. });
        let cases = distinct(runs.iter().map(|run| run.case))
            .into_iter()
            .filter(fan_out);
        let mut points: Vec<_> = cases.filter_map(rss_kb).collect();
        points.sort_by(|one, other| one.0.total_cmp(&other.0));
        if let [(few, less), .., (many, more)] = points[..] {
            let each = (more - less) / (many - few);
            let _ = writeln!(
                text,
                "Memory of one more player, {}: {each:.1} kB",
                server.name()
            );
        }
    }
    text
}

fn distinct<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut once = Vec::new();
    for one in all {
        if !once.contains(&one) {
            once.push(one);
        }
    }
    once
}

fn median_of(runs: &[&Run], path: &str) -> Option<f64> {
    median(
        runs.iter()
            .filter_map(|run| at(&run.report, path))
            .collect(),
    )
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
    fn user_time_is_shared_out_over_what_was_delivered() {
        let report = |messages: u32| json!({ "delivery": { "messages": messages }, "window": { "server_user_s": 0.5 } });
        assert_eq!(user_us_per_message(&report(250_000)), Some(2.0));
        assert_eq!(user_us_per_message(&report(0)), None);
    }

    #[test]
    fn a_table_of_shared_objects_has_a_row_for_each_case() {
        let run = |case: &str, p99: f64| {
            let report = json!({ "delivery": { "latency_ms": { "p99": p99 } } });
            (case.to_owned(), report)
        };
        let text = shared_table(&[run("one", 1.0), run("two", 7.0), run("one", 3.0)]);
        assert!(text.contains("| one | 2 | – | – | – | 2.0 | – |"), "{text}");
        assert!(text.contains("| two | 1 | – | – | – | 7.0 | – |"), "{text}");
    }

    #[test]
    fn a_table_has_a_row_for_each_server() {
        let run = |players, server, cost: f64| Run {
            case: Case::FanOut { players },
            server,
            report: json!({
                "cost": { "server_cpu_s_per_gb": cost },
                "window": { "server_rss_mb": 20.0 + players as f64 / 10.0 },
            }),
        };
        let ours = Server::Greenroom { budget_ms: 40 };
        let runs = [
            run(50, Server::Nginx, 3.0),
            run(50, ours, 1.0),
            run(50, ours, 1.5),
            run(50, ours, 0.5),
            run(250, ours, 0.5),
        ];
        let text = tables(&runs);
        assert!(text.contains("### 50 players"), "{text}");
        assert!(
            text.contains("| nginx-rtmp | 1 | 3.000 | – | – |"),
            "{text}"
        );
        assert!(
            text.contains("| greenroom, 40 ms | 3 | 1.000 | – | – |"),
            "{text}"
        );
        assert!(text.contains("greenroom, 40 ms: 102.4 kB"), "{text}");
        assert!(
            !text.contains("nginx-rtmp: "),
            "one size gives no difference: {text}"
        );
    }
}
