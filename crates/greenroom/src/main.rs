//! The `greenroom` program.

use std::process::ExitCode;

use greenroom::{cli, server};

// The system's allocator gives memory of many small, short-lived buffers back late.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::main(server::run)
}
