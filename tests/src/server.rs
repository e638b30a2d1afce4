//! The built server, started for one test on ports and folders of its own.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::http;
use crate::process::{Program, tail};
use crate::wait::{self, SOON};

/// The application that every test's server has.
pub const APPLICATION: &str = "live";

/// The folder for plugins, in that of the server.
const PLUGINS: &str = "plugins";

fn write_plugin(folder: &TempDir, name: &str, script: &str) -> Result<()> {
    let folder = folder.path().join(PLUGINS).join(name);
    fs::create_dir_all(&folder)?;
    Ok(fs::write(folder.join("main.asc"), script)?)
}

/// A running server. Killed when dropped.
#[derive(Debug)]
pub struct Server {
    program: Program,
    /// Where it takes RTMP.
    pub rtmp: SocketAddr,
    /// Where it takes HTTP and WebSocket.
    pub http: SocketAddr,
    /// Where it takes XML sockets.
    pub xml: SocketAddr,
    /// The folder for what a test's clients write.
    folder: TempDir,
}

/// A line of `rooms.accounts` with the password `secret`.
///
/// # Errors
///
/// The program that hashes it fails.
pub fn account(name: &str, role: &str) -> Result<String> {
    let mut program = Command::new(binary())
        .arg("password")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = program.stdin.take().context("no input")?;
    input.write_all(b"secret\n")?;
    drop(input);
    let output = program.wait_with_output()?;
    ensure!(output.status.success(), "no hash was printed");
    let hash = String::from_utf8(output.stdout)?;
    Ok(format!(
        "rooms.accounts=[\"{name}:{role}:{}\"]",
        hash.trim()
    ))
}

/// The server's program: the released one, or that of the environment variable `GREENROOM_TEST_BIN`.
pub fn binary() -> PathBuf {
    let built = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/release/greenroom");
    std::env::var_os("GREENROOM_TEST_BIN").map_or_else(|| PathBuf::from(built), PathBuf::from)
}

/// Runs a test against a server started with these settings (`section.key=value`).
///
/// # Errors
///
/// The test's own, with the end of the server's log; or that the server died or panicked.
pub fn with(settings: &[&str], test: impl FnOnce(&mut Server) -> Result<()>) -> Result<()> {
    with_plugins(&[], settings, test)
}

/// As [`with`], against a server that has these plugins: their names and scripts.
///
/// # Errors
///
/// As [`with`].
pub fn with_plugins(
    plugins: &[(&str, &str)],
    settings: &[&str],
    test: impl FnOnce(&mut Server) -> Result<()>,
) -> Result<()> {
    let folder = tempfile::tempdir()?;
    for (name, script) in plugins {
        write_plugin(&folder, name, script)?;
    }
    let mut server = Server::start_in(folder, settings)?;
    let result = test(&mut server);
    let log = server.log();
    let result = result.and_then(|()| {
        ensure!(!log.contains("panicked at"), "the server panicked");
        Ok(())
    });
    result.with_context(|| format!("the server's log ends with:\n{}", tail(&log, 40)))
}

/// The command that starts the server in a folder, with ports of the system's choosing. Options
/// added to it win over what is set here.
///
/// # Errors
///
/// The folder cannot be written to.
pub fn command(folder: &TempDir, settings: &[&str]) -> Result<Command> {
    let applications = folder.path().join("applications");
    fs::create_dir_all(applications.join(APPLICATION))?;
    let defaults = [
        "rtmp.listen=127.0.0.1:0".to_owned(),
        "http.listen=127.0.0.1:0".to_owned(),
        "xml.listen=127.0.0.1:0".to_owned(),
        "xml.policy_listen=127.0.0.1:0".to_owned(),
        format!("applications.dir={}", applications.display()),
        format!("data.dir={}", folder.path().join("data").display()),
        format!(
            "rooms.plugins_dir={}",
            folder.path().join(PLUGINS).display()
        ),
    ];
    let mut command = Command::new(binary());
    // Neither what the tests are told that way nor what the machine's user has set.
    let variables = std::env::vars_os().map(|(name, _)| name);
    for name in variables.filter(|name| name.to_string_lossy().starts_with("GREENROOM_")) {
        command.env_remove(name);
    }
    command
        .arg("serve")
        .args(defaults.iter().flat_map(|setting| ["--set", setting]));
    command.args(settings.iter().flat_map(|setting| ["--set", setting]));
    Ok(command)
}

impl Server {
    /// Starts a server and waits until it listens.
    ///
    /// # Errors
    ///
    /// It does not start within ten seconds.
    pub fn start(settings: &[&str]) -> Result<Self> {
        Self::start_in(tempfile::tempdir()?, settings)
    }

    /// As [`Server::start`], in a folder that may have applications already.
    ///
    /// # Errors
    ///
    /// It does not start within ten seconds.
    pub fn start_in(folder: TempDir, settings: &[&str]) -> Result<Self> {
        let mut program = Program::start(&mut command(&folder, settings)?)?;
        let rtmp = listening(&mut program, "rtmp=")?;
        let http = listening(&mut program, "http=")?;
        let xml = listening(&mut program, "xml=")?;
        Ok(Self {
            program,
            rtmp,
            http,
            xml,
            folder,
        })
    }

    /// Ends the server by a signal and starts another in the same folder, with other settings.
    ///
    /// # Errors
    ///
    /// It does not end, or the other does not start.
    pub fn restart(&mut self, signal: &str, settings: &[&str]) -> Result<()> {
        self.signal(signal)?;
        self.wait(SOON)?;
        self.start_again(settings)
    }

    /// Starts another server in the folder of one that has ended.
    ///
    /// # Errors
    ///
    /// It does not start within ten seconds.
    pub fn start_again(&mut self, settings: &[&str]) -> Result<()> {
        self.start_through(&[], settings)
    }

    /// As [`Server::start_again`], by a program that becomes the server: `starter` with its
    /// arguments. Empty is the server itself.
    ///
    /// # Errors
    ///
    /// It does not start within ten seconds.
    pub fn start_through(&mut self, starter: &[&str], settings: &[&str]) -> Result<()> {
        let command = command(&self.folder, settings)?;
        self.program = Program::start(&mut through(starter, command))?;
        self.rtmp = listening(&mut self.program, "rtmp=")?;
        self.http = listening(&mut self.program, "http=")?;
        self.xml = listening(&mut self.program, "xml=")?;
        Ok(())
    }

    /// Kills the server (`SIGKILL`) and waits until it is gone.
    ///
    /// # Errors
    ///
    /// It does not end.
    pub fn kill(&mut self) -> Result<()> {
        if self.program.ended()?.is_none() {
            self.program.signal("KILL")?;
            self.program.wait(SOON)?;
        }
        Ok(())
    }

    /// Lets no file that the server writes grow past this size: the system refuses what goes
    /// beyond, as it does on a full disk.
    ///
    /// # Errors
    ///
    /// The system does not set limits.
    pub fn limit_files(&self, bytes: u64) -> Result<()> {
        let limit = format!("--fsize={bytes}");
        let pid = self.program.pid().to_string();
        let set = Command::new("prlimit")
            .args(["--pid", &pid, &limit])
            .status();
        ensure!(
            set.context("cannot start prlimit")?.success(),
            "no limit set"
        );
        Ok(())
    }

    /// Gives the application `live` this `application.toml`.
    ///
    /// # Errors
    ///
    /// The folder cannot be written to.
    pub fn settings(&self, text: &str) -> Result<()> {
        let folder = self.folder.path().join("applications").join(APPLICATION);
        Ok(fs::write(folder.join("application.toml"), text)?)
    }

    /// The file of a recording in the default instance of the application `live`.
    pub fn recording(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join("data").join(APPLICATION);
        folder.join(format!("streams/_definst_/{name}.flv"))
    }

    /// Gives the server an application with this main script, or another script to one it has.
    ///
    /// # Errors
    ///
    /// The folder cannot be written to.
    pub fn application(&self, name: &str, script: &str) -> Result<()> {
        let folder = self.folder.path().join("applications").join(name);
        fs::create_dir_all(&folder)?;
        Ok(fs::write(folder.join("main.asc"), script)?)
    }

    /// Gives the server a plugin, or another script for it.
    ///
    /// # Errors
    ///
    /// The folder cannot be written to.
    pub fn plugin(&self, name: &str, script: &str) -> Result<()> {
        write_plugin(&self.folder, name, script)
    }

    /// Gives the server one of the applications in `tests/applications`.
    ///
    /// # Errors
    ///
    /// There is no such application, or the folder cannot be written to.
    pub fn install(&self, name: &str) -> Result<()> {
        let applications = concat!(env!("CARGO_MANIFEST_DIR"), "/applications");
        let main = PathBuf::from(applications).join(name).join("main.asc");
        let script = fs::read_to_string(&main).with_context(|| main.display().to_string())?;
        self.application(name, &script)
    }

    /// The RTMP address of a stream in the application `live`.
    pub fn stream_url(&self, name: &str) -> String {
        format!("rtmp://{}/{APPLICATION}/{name}", self.rtmp)
    }

    /// The HTTP address of a path.
    pub fn page_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.http)
    }

    /// A path for what a client of this test writes.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where it serves policy files only.
    ///
    /// # Errors
    ///
    /// It does not.
    pub fn policy(&mut self) -> Result<SocketAddr> {
        listening(&mut self.program, "policy=")
    }

    /// Where it listens for this dialect of XML sockets.
    ///
    /// # Errors
    ///
    /// It does not.
    pub fn xml_port(&self, dialect: &str) -> Result<SocketAddr> {
        let dialect = format!("dialect={dialect}");
        let line = self.wait_for_log(&["listening", &dialect], SOON)?;
        let address = line.split("xml=").nth(1).context("no address")?;
        let address = address.split_whitespace().next().context("no address")?;
        Ok(address.parse()?)
    }

    /// Everything the server has logged.
    pub fn log(&self) -> String {
        self.program.output()
    }

    /// Waits for a line with all of these words in the log.
    ///
    /// # Errors
    ///
    /// It does not come.
    pub fn wait_for_log(&self, words: &[&str], limit: Duration) -> Result<String> {
        wait::until(&format!("{words:?} in the log"), limit, || {
            let log = self.log();
            let line = log
                .lines()
                .find(|line| words.iter().all(|word| line.contains(word)));
            Ok(line.map(str::to_owned))
        })
    }

    /// The sum of a metric over all its labels that contain `label`; 0 where there are none.
    ///
    /// # Errors
    ///
    /// The server does not answer, or not with metrics.
    pub fn metric(&self, name: &str, label: &str) -> Result<f64> {
        let page = http::get(self.http, "/metrics")?;
        ensure!(page.status == 200, "/metrics answers {}", page.status);
        Ok(sum_of(&page.body, name, label))
    }

    /// Waits until a metric has at least this value.
    ///
    /// # Errors
    ///
    /// It does not.
    pub fn wait_for_metric(&self, name: &str, label: &str, value: f64) -> Result<()> {
        let what = format!("{name}{{{label}}} to become {value}");
        wait::until(&what, SOON, || {
            Ok((self.metric(name, label)? >= value).then_some(()))
        })
    }

    /// The memory the server holds, in bytes.
    ///
    /// # Errors
    ///
    /// It is not running.
    pub fn rss_bytes(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.program.pid()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line
            .and_then(|line| line.split_whitespace().next())
            .context("no VmRSS")?;
        Ok(kilobytes.parse::<u64>()? * 1024)
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.program.pid()
    }

    /// Sends a signal, by its name without `SIG`.
    ///
    /// # Errors
    ///
    /// The server is gone.
    pub fn signal(&self, name: &str) -> Result<()> {
        self.program.signal(name)
    }

    /// Waits for the server's end.
    ///
    /// # Errors
    ///
    /// It runs on.
    pub fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        self.program.wait(limit)
    }
}

/// The command, started by another program.
fn through(starter: &[&str], command: Command) -> Command {
    let [program, arguments @ ..] = starter else {
        return command;
    };
    let mut started = Command::new(program);
    started.args(arguments).arg(command.get_program());
    started.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => started.env(name, value),
            None => started.env_remove(name),
        };
    }
    started
}

/// Reads the address behind `key` from the line that says where the server listens.
fn listening(program: &mut Program, key: &str) -> Result<SocketAddr> {
    let found = |output: &str| {
        let line = output
            .lines()
            .find(|line| line.contains("listening") && line.contains(key))?;
        let value = line.split(key).nth(1)?.split_whitespace().next()?;
        value.trim_matches('"').parse().ok()
    };
    wait::until(&format!("the line with {key}"), SOON, || {
        let output = program.output();
        if let (None, Some(status)) = (found(&output), program.ended()?) {
            bail!("the server ended with {status}:\n{}", program.output());
        }
        Ok(found(&output))
    })
    .with_context(|| program.output())
}

/// The sum of a metric's samples whose labels contain a text.
fn sum_of(page: &str, name: &str, label: &str) -> f64 {
    let samples = page.lines().filter_map(|line| {
        let rest = line.strip_prefix(name)?;
        let (labels, value) = match rest.strip_prefix('{') {
            Some(rest) => rest.rsplit_once("} ")?,
            None => ("", rest.strip_prefix(' ')?),
        };
        labels
            .contains(label)
            .then(|| value.trim().parse::<f64>().ok())
            .flatten()
    });
    samples.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_summed_over_labels() {
        let page = "\
# HELP closed_total x
closed_total{reason=\"stalled\"} 2
closed_total{reason=\"timeout\"} 3
closed_total_other 7
up 1
";
        assert!((sum_of(page, "closed_total", "") - 5.0).abs() < 1e-9);
        assert!((sum_of(page, "closed_total", "stalled") - 2.0).abs() < 1e-9);
        assert!((sum_of(page, "up", "") - 1.0).abs() < 1e-9);
        assert!(sum_of(page, "gone", "").abs() < 1e-9);
    }
}
