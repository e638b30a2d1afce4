//! The servers compared: how each is started on core 0, and ended again.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::prepare::Prepared;
use crate::workspace;

/// A server, and how it is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Server {
    /// Debian's nginx with the RTMP module, one worker.
    Nginx,
    /// Ours, on one thread.
    Greenroom { budget_ms: u32 },
}

/// A server that runs, until this is dropped.
pub(super) struct Running {
    child: Child,
    pub(super) address: SocketAddr,
}

/// Raises the limit of open files, then becomes the server, on core 0 and with priority.
const LAUNCH: &str = r#"ulimit -n "$(ulimit -Hn)"; exec nice -n -15 taskset -c 0 "$@""#;
const START_LIMIT: Duration = Duration::from_secs(20);
const STOP_LIMIT: Duration = Duration::from_secs(5);

impl Server {
    pub(super) fn name(self) -> String {
        match self {
            Self::Nginx => "nginx-rtmp".to_owned(),
            Self::Greenroom { budget_ms } => format!("greenroom, {budget_ms} ms"),
        }
    }

    /// Whether this is meant by a name on the command line.
    pub(super) fn is(self, name: &str) -> bool {
        self.name().split(',').next() == Some(name)
    }

    /// Starts the server and waits until it accepts connections.
    pub(super) fn start(self, prepared: &Prepared) -> Result<Running> {
        let folder = empty_folder(&prepared.folder)?;
        let address = free_address()?;
        let command = match self {
            Self::Nginx => nginx(prepared, "nginx-rtmp.conf", &folder, address, &[])?,
            Self::Greenroom { budget_ms } => {
                let budget = format!("live.latency_budget_ms={budget_ms}");
                greenroom(
                    &folder,
                    &workspace::root().join("applications"),
                    address,
                    &[&budget],
                )
            }
        };
        Running::start(&folder, address, command)
    }
}

/// Starts Greenroom on one thread with these settings, and with one application that is empty but
/// for its settings.
pub(super) fn start_greenroom(
    parent: &Path,
    (application, its_settings): (&str, &str),
    settings: &[&str],
) -> Result<Running> {
    let folder = empty_folder(parent)?;
    let applications = folder.join("applications");
    fs::create_dir_all(applications.join(application))?;
    let file = applications.join(application).join("application.toml");
    fs::write(file, its_settings)?;
    let address = free_address()?;
    let command = greenroom(&folder, &applications, address, settings);
    Running::start(&folder, address, command)
}

/// Starts a server of IRC with the configuration that the load tools keep for it, at another
/// port. `words` go before the path of the configuration.
pub(super) fn start_irc(
    parent: &Path,
    program: &str,
    port: u16,
    words: &[&str],
) -> Result<Running> {
    let folder = empty_folder(parent)?;
    let address = free_address()?;
    // Where it keeps its state.
    fs::create_dir_all(folder.join(program))?;
    let kept = format!("tools/load/peers/{program}.conf");
    let template = fs::read_to_string(workspace::root().join(kept))?;
    if !template.contains(&port.to_string()) {
        bail!("the configuration of {program} does not listen where expected");
    }
    let configuration = template
        .replace(&port.to_string(), &address.port().to_string())
        .replace("@RUN@", &folder.display().to_string());
    let file = folder.join("irc.conf");
    fs::write(&file, configuration)?;
    let file = file.display().to_string();
    let words = [&[program], words, &[&file]].concat();
    let command = words.into_iter().map(str::to_owned).collect();
    Running::start(&folder, address, command)
}

/// The folder of one server.
fn empty_folder(parent: &Path) -> Result<PathBuf> {
    let folder = parent.join("run");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

impl Running {
    fn start(folder: &Path, address: SocketAddr, command: Vec<String>) -> Result<Self> {
        let log = File::create(folder.join("log"))?;
        let mut launch = Command::new("sh");
        launch
            .args(["-c", LAUNCH, "sh"])
            .args(command)
            .current_dir(folder);
        launch
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let child = launch.spawn().context("cannot start a shell")?;
        let mut running = Self { child, address };
        running.wait_until_ready(folder)?;
        Ok(running)
    }
}

/// Starts nginx with one of the configurations that the load tools keep for it, with these words
/// of it replaced.
pub(super) fn start_nginx(
    prepared: &Prepared,
    configuration: &str,
    words: &[(&str, &str)],
) -> Result<Running> {
    let folder = empty_folder(&prepared.folder)?;
    let address = free_address()?;
    let command = nginx(prepared, configuration, &folder, address, words)?;
    Running::start(&folder, address, command)
}

/// A configuration that the load tools keep for nginx, at another address.
fn nginx(
    prepared: &Prepared,
    configuration: &str,
    folder: &Path,
    address: SocketAddr,
    words: &[(&str, &str)],
) -> Result<Vec<String>> {
    let template = fs::read_to_string(prepared.tools.join("peers").join(configuration))?;
    let mut configuration = template.replace("127.0.0.1:17035", &address.to_string());
    if configuration == template {
        bail!("the nginx configuration does not listen where expected");
    }
    for (word, meant) in words {
        configuration = configuration.replace(word, meant);
    }
    let file = folder.join("nginx.conf");
    fs::write(&file, configuration)?;
    let path = |path: &Path| path.display().to_string();
    let errors = path(&folder.join("error.log"));
    Ok([
        "nginx",
        "-p",
        &path(folder),
        "-c",
        &path(&file),
        "-e",
        &errors,
    ]
    .map(str::to_owned)
    .into())
}

fn greenroom(
    folder: &Path,
    applications: &Path,
    address: SocketAddr,
    settings: &[&str],
) -> Vec<String> {
    let path = |path: &Path| path.display().to_string();
    let mut words: Vec<_> = [&path(&workspace::server_binary()), "serve"]
        .map(str::to_owned)
        .into();
    for (option, value) in [
        ("--http", "127.0.0.1:0"),
        ("--rtmp", &address.to_string()),
        ("--applications", &path(applications)),
        ("--data", &path(&folder.join("data"))),
        ("--set", "server.threads=1"),
    ] {
        words.extend([option, value].map(str::to_owned));
    }
    let settings = settings.iter().flat_map(|setting| ["--set", setting]);
    words.extend(settings.map(str::to_owned));
    words
}

/// An address that nobody listens on. Another program could take it before the server does; the
/// server then ends at once and says so.
pub(super) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

impl Running {
    /// The server's process: the shell and what it starts become the server without forking.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    fn wait_until_ready(&mut self, folder: &Path) -> Result<()> {
        let deadline = Instant::now() + START_LIMIT;
        while TcpStream::connect(self.address).is_err() {
            let ended = self.child.try_wait()?;
            if ended.is_some() || Instant::now() > deadline {
                let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
                bail!("the server did not start: {log}");
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.pid().to_string()).status();
        let deadline = Instant::now() + STOP_LIMIT;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
