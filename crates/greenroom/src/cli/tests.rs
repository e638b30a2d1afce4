//! The reference page of the command line, compared with what the parser knows.

use std::collections::BTreeSet;

use clap::{Command, CommandFactory};

use super::CommandLine;

fn page() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/cli.md");
    std::fs::read_to_string(path).unwrap()
}

/// What the first cells of the tables under a heading name, without their backquotes.
fn names(page: &str, heading: &str) -> BTreeSet<String> {
    let (_, section) = page.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let cells = section.lines().filter_map(|line| line.strip_prefix("| `"));
    cells
        .filter_map(|rest| rest.split('`').next())
        .map(str::to_owned)
        .collect()
}

/// The parser with what it answers itself (`--help`, `--version`, `help`) filled in.
fn built() -> Command {
    let mut command = CommandLine::command();
    command.build();
    command
}

/// A command and those below it.
fn family(command: &Command) -> Vec<&Command> {
    let below = command.get_subcommands().flat_map(family);
    std::iter::once(command).chain(below).collect()
}

#[test]
fn the_reference_page_has_every_command() {
    let command = built();
    let known: BTreeSet<_> = family(&command)
        .iter()
        .map(|one| one.get_bin_name().unwrap_or("greenroom").to_owned())
        .filter(|name| !name.contains(" help"))
        .collect();
    assert_eq!(names(&page(), "Commands"), known);
}

#[test]
fn the_reference_page_has_every_option() {
    let command = built();
    let options = family(&command)
        .into_iter()
        .flat_map(Command::get_arguments)
        .filter_map(|argument| Some(format!("--{}", argument.get_long()?)));
    let known: BTreeSet<_> = options.collect();
    assert_eq!(names(&page(), "Options"), known);
}

#[test]
fn serve_and_the_configuration_commands_take_the_same_options() {
    let command = built();
    let options = |command: &Command| -> BTreeSet<String> {
        let long = command.get_arguments().filter_map(|one| one.get_long());
        long.filter(|name| *name != "version")
            .map(str::to_owned)
            .collect()
    };
    let whole = options(&command);
    for path in [&["serve"][..], &["config", "show"], &["config", "check"]] {
        let found = path
            .iter()
            .try_fold(&command, |at, name| at.find_subcommand(name));
        assert_eq!(options(found.unwrap()), whole, "{path:?}");
    }
}
