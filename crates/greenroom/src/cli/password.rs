//! `greenroom password`: the hash of a password, as `rooms.accounts` takes it.

use std::io::{self, BufRead};

use anyhow::{Context as _, bail};
use rooms::password::{Cost, hash};

use crate::startup::RunError;

/// Reads one line, the password, and gives its hash as one line.
pub(super) fn hash_line() -> Result<String, RunError> {
    of_line(&mut io::stdin().lock()).map_err(RunError::Runtime)
}

fn of_line(input: &mut impl BufRead) -> anyhow::Result<String> {
    let mut line = String::new();
    input
        .read_line(&mut line)
        .context("cannot read the password from standard input")?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        bail!("standard input holds no password");
    }
    Ok(format!(
        "{}\n",
        hash(password, rand::random(), Cost::default())?
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_without_its_end_is_the_password() {
        let line = of_line(&mut &b"open sesame\r\nmore"[..]).unwrap();
        assert!(rooms::password::verify("open sesame", line.trim_end()));
        assert!(of_line(&mut &b"\n"[..]).is_err());
    }
}
