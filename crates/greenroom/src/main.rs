//! The `greenroom` program.

use std::process::ExitCode;

use greenroom::cli;
use greenroom::startup::RunError;

fn main() -> ExitCode {
    cli::main(|_config| {
        Err(RunError::Runtime(anyhow::anyhow!(
            "this build has no server yet"
        )))
    })
}
