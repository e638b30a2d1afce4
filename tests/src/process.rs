//! Programs run by a test: their output collected, their time bounded, their end certain.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::wait;

/// A running program. Killed when dropped.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    output: Arc<Mutex<String>>,
}

impl Program {
    /// Starts a program; what it prints on both outputs is kept.
    ///
    /// # Errors
    ///
    /// The program is not there; `cargo xtask setup` installs those that the tests use.
    pub fn start(command: &mut Command) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {name} (cargo xtask setup installs it)"))?;
        let output = Arc::new(Mutex::new(String::new()));
        if let Some(stream) = child.stdout.take() {
            collect(stream, output.clone());
        }
        if let Some(stream) = child.stderr.take() {
            collect(stream, output.clone());
        }
        Ok(Self {
            name,
            child,
            output,
        })
    }

    /// Everything printed so far.
    pub fn output(&self) -> String {
        self.output
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How the program ended, if it has.
    ///
    /// # Errors
    ///
    /// The system does not say.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Waits for the program's end.
    ///
    /// # Errors
    ///
    /// It runs longer than `limit`.
    pub fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        let what = format!("the end of {}", self.name);
        let waited = wait::until(&what, limit, || Ok(self.child.try_wait()?));
        let status = waited.with_context(|| self.told())?;
        self.wait_for_last_words();
        Ok(status)
    }

    /// What a program printed last may still be on its way when it has ended. A child of its own
    /// may hold the pipes open, so this is not waited for long.
    fn wait_for_last_words(&self) {
        let all_said = || Ok((Arc::strong_count(&self.output) == 1).then_some(()));
        let _ = wait::until("its last words", Duration::from_millis(500), all_said);
    }

    /// Waits for the program's end, which has to be a good one.
    ///
    /// # Errors
    ///
    /// It runs longer than `limit`, or ends with another code than 0.
    pub fn succeed(&mut self, limit: Duration) -> Result<()> {
        let status = self.wait(limit)?;
        if !status.success() {
            bail!("{} ended with {status}\n{}", self.name, self.told());
        }
        Ok(())
    }

    /// Waits until the program has printed a text, and returns the first line with it.
    ///
    /// # Errors
    ///
    /// It does not within `limit`, or ends first.
    pub fn wait_for_output(&mut self, text: &str, limit: Duration) -> Result<String> {
        let what = format!("{text:?} from {}", self.name);
        let waited = wait::until(&what, limit, || {
            let ended = self.child.try_wait()?.is_some();
            if ended {
                self.wait_for_last_words();
            }
            match self.find(text) {
                None if ended => bail!("it ended without {text:?}"),
                found => Ok(found),
            }
        });
        waited.with_context(|| self.told())
    }

    fn find(&self, text: &str) -> Option<String> {
        let output = self.output();
        output
            .lines()
            .find(|line| line.contains(text))
            .map(str::to_owned)
    }

    /// Sends a signal, by its name without `SIG`.
    ///
    /// # Errors
    ///
    /// The system refuses.
    pub fn signal(&self, name: &str) -> Result<()> {
        let pid = self.pid().to_string();
        let status = Command::new("kill").args(["-s", name, &pid]).status()?;
        if !status.success() {
            bail!("cannot send {name} to {}", self.name);
        }
        Ok(())
    }

    /// Lets the program end by itself after SIGTERM, for those that have children to end.
    pub fn terminate(&mut self, limit: Duration) {
        // The process id of a program that has ended is nobody's, or by now somebody else's.
        if !matches!(self.ended(), Ok(None)) {
            return;
        }
        let _ = self.signal("TERM");
        let _ = self.wait(limit);
    }

    /// The end of what the program printed, for failure messages.
    fn told(&self) -> String {
        format!("{} printed:\n{}", self.name, tail(&self.output(), 40))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The last lines of a text.
pub fn tail(text: &str, lines: usize) -> String {
    let all: Vec<_> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// Appends what a stream brings until it ends. Returns at once; the thread ends with the stream.
fn collect(mut stream: impl Read + Send + 'static, output: Arc<Mutex<String>>) {
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            // Players draw their progress with carriage returns.
            let text = String::from_utf8_lossy(&buffer[..count]).replace('\r', "\n");
            output
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push_str(&text);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Program {
        Program::start(Command::new("sh").args(["-c", script])).unwrap()
    }

    #[test]
    fn output_can_be_waited_for() {
        let mut program = shell("echo one; echo two; exec sleep 60");
        assert_eq!(program.wait_for_output("tw", wait::SOON).unwrap(), "two");
        assert!(program.ended().unwrap().is_none());
    }

    #[test]
    fn a_program_that_ends_first_is_not_waited_for() {
        let error = shell("echo gone")
            .wait_for_output("never", wait::SOON)
            .unwrap_err();
        assert!(format!("{error:?}").contains("gone"));
    }

    #[test]
    fn ends_are_told_apart() {
        assert!(shell("exit 0").succeed(wait::SOON).is_ok());
        assert!(shell("exit 3").succeed(wait::SOON).is_err());
        assert!(
            shell("exec sleep 60")
                .wait(Duration::from_millis(50))
                .is_err()
        );
    }

    #[test]
    fn a_dropped_program_is_gone() {
        let program = shell("exec sleep 60");
        let proc = format!("/proc/{}", program.pid());
        drop(program);
        assert!(!std::path::Path::new(&proc).exists());
    }
}
