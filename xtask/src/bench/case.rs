//! What is measured: how many players, how many of them stalled, on which servers.

use anyhow::{Result, bail};

use super::server::Server;
use crate::options::Options;

/// One shape of load. All use one publisher of the same clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    /// Players that all read, started at 200 a second, and a few that join late.
    FanOut { players: usize },
    /// Players that read beside some that stop reading.
    Stalled { good: usize, stalled: usize },
    /// The fan-out at one size, for many latency budgets.
    Curve { players: usize },
}

const SIZES: [usize; 3] = [50, 200, 500];
const BUDGETS_MS: [u32; 2] = [0, 40];
const CURVE_BUDGETS_MS: [u32; 6] = [0, 5, 10, 20, 40, 80];
const CURVE_PLAYERS: usize = 200;
const JOINERS: usize = 8;

impl Case {
    pub(super) fn name(self) -> String {
        match self {
            Self::FanOut { players } => format!("{players} players"),
            Self::Stalled { good, stalled: 0 } => format!("{good} good players alone"),
            Self::Stalled { good, stalled } => format!("{good} good and {stalled} stalled players"),
            Self::Curve { players } => format!("latency budgets, {players} players"),
        }
    }

    /// How many players there are while the measuring goes on.
    pub(super) fn players(self) -> usize {
        match self {
            Self::FanOut { players } | Self::Curve { players } => players,
            Self::Stalled { good, stalled } => good + stalled,
        }
    }

    /// The load tool's arguments.
    pub(super) fn arguments(self) -> Vec<String> {
        let (stalled, joiners) = match self {
            Self::FanOut { .. } | Self::Curve { .. } => (0, JOINERS),
            Self::Stalled { stalled, .. } => (stalled, 0),
        };
        let numbers = [
            ("--players", self.players()),
            ("--stalled", stalled),
            ("--joiners", joiners),
        ];
        numbers
            .into_iter()
            .flat_map(|(key, number)| [key.to_owned(), number.to_string()])
            .collect()
    }
}

/// The cases and servers asked for, in the order of one round.
pub(super) fn plan(options: &Options) -> Result<Vec<(Case, Server)>> {
    let all = !options.flag("curve") && !options.flag("stalled");
    let mut work = Vec::new();
    let beside_nginx = || {
        [Server::Nginx]
            .into_iter()
            .chain(BUDGETS_MS.map(|budget_ms| Server::Greenroom { budget_ms }))
    };
    if all {
        for players in options.numbers("players", &SIZES)? {
            work.extend(beside_nginx().map(|server| (Case::FanOut { players }, server)));
        }
    }
    if all || options.flag("stalled") {
        for stalled in [0, 10] {
            let case = Case::Stalled { good: 100, stalled };
            work.extend(beside_nginx().map(|server| (case, server)));
        }
    }
    if options.flag("curve") {
        let players = options.number("players", CURVE_PLAYERS)?;
        let servers = CURVE_BUDGETS_MS.map(|budget_ms| Server::Greenroom { budget_ms });
        work.extend(servers.map(|server| (Case::Curve { players }, server)));
    }
    let only = options.list("only");
    work.retain(|(_, server)| only.is_empty() || only.iter().any(|name| server.is(name)));
    if work.is_empty() {
        bail!("nothing to measure: --only takes nginx-rtmp and greenroom");
    }
    Ok(work)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(line: &str) -> Result<Vec<(Case, Server)>> {
        plan(&Options::parse(line.split_whitespace().map(str::to_owned))?)
    }

    #[test]
    fn a_round_has_every_case_on_every_server() {
        assert_eq!(planned("").unwrap().len(), (3 + 2) * 3);
        assert_eq!(planned("--players 10 --only nginx-rtmp").unwrap().len(), 3);
        assert_eq!(planned("--curve").unwrap().len(), 6);
        assert_eq!(planned("--stalled --only greenroom").unwrap().len(), 4);
        assert!(planned("--only apache").is_err());
    }

    #[test]
    fn stalled_players_come_on_top_of_the_good_ones() {
        let arguments = Case::Stalled {
            good: 100,
            stalled: 10,
        }
        .arguments()
        .join(" ");
        assert_eq!(arguments, "--players 110 --stalled 10 --joiners 0");
    }
}
