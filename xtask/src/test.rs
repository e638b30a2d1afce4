//! `cargo xtask test`: every check and every test, and one summary line at the end.

mod steps;

use std::time::Instant;

use anyhow::{Result, bail};

use crate::options::Options;
use crate::setup;
use crate::tally::Tally;
use steps::{Kind, STEPS, Step};

/// Runs all steps, or those asked for. A failed step does not stop the others, so that one run
/// shows all there is to mend.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let steps = choose(options)?;
    let mut total = Tally::default();
    let mut failed = Vec::new();
    section("setup");
    if let Err(error) = setup::for_tests() {
        println!("{error:#}");
        failed.push("setup");
        total.add(Tally::of_check(false));
    }
    for step in steps {
        section(step.name);
        let started = Instant::now();
        let tally = (step.run)(options).unwrap_or_else(|error| {
            println!("{error:#}");
            Tally::of_check(false)
        });
        println!(
            "{}: {tally} ({:.0} s)",
            step.name,
            started.elapsed().as_secs_f32()
        );
        if tally.failed > 0 {
            failed.push(step.name);
        }
        total.add(tally);
    }
    section("summary");
    if !failed.is_empty() {
        println!("failed: {}", failed.join(", "));
    }
    println!("{total}");
    Ok(total.failed == 0)
}

fn choose(options: &Options) -> Result<Vec<&'static Step>> {
    let only = options.list("only");
    if let Some(unknown) = only
        .iter()
        .find(|name| STEPS.iter().all(|step| step.name != **name))
    {
        bail!("no such step: {unknown}");
    }
    let wanted = |step: &&Step| match (only.is_empty(), options.flag("quick")) {
        // The end-to-end tests run the released program: it has to be up to date.
        (false, _) => {
            only.contains(&step.name) || (step.name == "release" && only.contains(&"e2e"))
        }
        (true, true) => step.kind == Kind::Quick,
        (true, false) => true,
    };
    Ok(STEPS.iter().filter(wanted).collect())
}

fn section(name: &str) {
    println!("\n=== {name}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(line: &str) -> Vec<&'static str> {
        let words = line.split_whitespace().map(str::to_owned);
        let steps = choose(&Options::parse(words).unwrap()).unwrap();
        steps.iter().map(|step| step.name).collect()
    }

    #[test]
    fn all_steps_run_unless_told_otherwise() {
        assert_eq!(chosen("").len(), STEPS.len());
    }

    #[test]
    fn quick_leaves_out_what_takes_long() {
        let steps = chosen("--quick");
        assert!(steps.contains(&"unit"));
        assert!(
            steps
                .iter()
                .all(|name| !["fuzz", "release", "e2e"].contains(name))
        );
    }

    #[test]
    fn end_to_end_tests_bring_the_release_build() {
        assert_eq!(chosen("--only e2e"), ["release", "e2e"]);
        assert_eq!(chosen("--only tidy"), ["tidy"]);
    }
}
