//! Counts of passed and failed tests, read from what the test programs print.

use std::fmt;

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
}

impl Tally {
    /// A check that is one test by itself.
    pub(crate) fn of_check(success: bool) -> Self {
        Self {
            passed: usize::from(success),
            failed: usize::from(!success),
        }
    }

    /// The sum of all counts in a test run's output. Understands what the standard test harness
    /// and libtest-mimic print (`test result: ok. 3 passed; 0 failed; …`) and the plain report of
    /// `node --test` (`# pass 3`, `# fail 0`).
    ///
    /// A run that ended in failure without a failed test (it did not compile, or crashed) counts
    /// as one failed test; so does one that ran no test at all, which proves nothing.
    pub(crate) fn of_run(output: &str, success: bool) -> Self {
        let mut tally = Self::default();
        for line in output.lines() {
            tally.add(Self::of_line(line.trim()).unwrap_or_default());
        }
        if (!success && tally.failed == 0) || tally == Self::default() {
            tally.failed += 1;
        }
        tally
    }

    fn of_line(line: &str) -> Option<Self> {
        if let Some(number) = line.strip_prefix("# pass ") {
            return Some(Self {
                passed: number.parse().ok()?,
                failed: 0,
            });
        }
        if let Some(number) = line.strip_prefix("# fail ") {
            return Some(Self {
                passed: 0,
                failed: number.parse().ok()?,
            });
        }
        let counts = line.strip_prefix("test result: ")?;
        let count = |word: &str| {
            let before = counts.split(word).next()?;
            before
                .rsplit([' ', ';', '.'])
                .find(|part| !part.is_empty())?
                .parse()
                .ok()
        };
        Some(Self {
            passed: count(" passed")?,
            failed: count(" failed")?,
        })
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_all_harnesses_are_summed() {
        let output = "\
running 3 tests
test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
test result: FAILED. 12 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1s
# tests 5
# pass 4
# fail 1
";
        assert_eq!(
            Tally::of_run(output, false),
            Tally {
                passed: 19,
                failed: 3
            }
        );
    }

    #[test]
    fn a_failure_outside_the_tests_counts_as_one() {
        assert_eq!(
            Tally::of_run("error[E0308]: mismatched", false),
            Tally {
                passed: 0,
                failed: 1
            }
        );
        let crashed = "test result: ok. 3 passed; 0 failed; 0 ignored";
        assert_eq!(
            Tally::of_run(crashed, false),
            Tally {
                passed: 3,
                failed: 1
            }
        );
    }

    #[test]
    fn a_run_without_tests_is_a_failure() {
        assert_eq!(
            Tally::of_run("", true),
            Tally {
                passed: 0,
                failed: 1
            }
        );
        let empty = "test result: ok. 0 passed; 0 failed; 0 ignored";
        assert_eq!(
            Tally::of_run(empty, true),
            Tally {
                passed: 0,
                failed: 1
            }
        );
    }

    #[test]
    fn the_summary_reads_as_promised() {
        assert_eq!(
            Tally {
                passed: 7,
                failed: 0
            }
            .to_string(),
            "7 passed, 0 failed"
        );
    }
}
