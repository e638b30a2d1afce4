//! The running server: it binds, says where it is, serves, and stops in good order.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use engine::{Bucket, CloseReason};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::applications::Applications;
use crate::catalog::Catalog;
use crate::clock;
use crate::config::{self, Config, Dialect};
use crate::connection;
use crate::control;
use crate::hall::{Hall, HallSettings, PluginSettings};
use crate::http;
use crate::metrics::{self, Transport};
use crate::objects::ObjectKeeper;
use crate::recording::Recordings;
use crate::reload::{self, ReadConfig};
use crate::scripts::ScriptFolders;
use crate::shared::{Doors, Pass, Shared};
use crate::startup::{RunError, StartupError};
use crate::xml::{self, XmlPorts};
use crate::{banner, settings};

/// Connections the system may hold ready for us to accept.
const BACKLOG: i32 = 4096;
/// Rest after a failed accept, as when the process has no file descriptor left.
const REST: Duration = Duration::from_millis(50);
/// What connections get to say goodbye once the time to finish is over: as long as the
/// slowest may take, and a little for the machine.
const GOODBYE: Duration = connection::LONGEST_END.saturating_add(Duration::from_secs(1));

/// Serves until told to stop; `read` reads the configuration again.
pub fn run(config: Config, read: ReadConfig) -> Result<(), RunError> {
    make_first_application(&config)?;
    // With fewer descriptors the server serves fewer; nothing to stop for.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let threads = match config.server.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        given => given,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .map_err(|error| StartupError::Threads { error })?;
    let served = runtime.block_on(serve(config, read, threads));
    runtime.shutdown_timeout(GOODBYE);
    served
}

/// Without any configuration the applications' folder may be missing; then it is made, with
/// one application in it, so that the lines printed at the start work.
fn make_first_application(config: &Config) -> Result<(), StartupError> {
    let dir = &config.applications.dir;
    if dir.exists() {
        return Ok(());
    }
    let path = dir.join("live");
    let key = "applications.dir";
    std::fs::create_dir_all(&path).map_err(|error| StartupError::Directory { key, path, error })
}

async fn serve(config: Config, read: ReadConfig, threads: usize) -> Result<(), RunError> {
    let mut signals = Signals::new().map_err(|error| RunError::Runtime(error.into()))?;
    let hangups = signal(SignalKind::hangup()).map_err(|error| RunError::Runtime(error.into()))?;
    let rtmp = bind("rtmp.listen", config.rtmp.listen)?;
    let http = bind("http.listen", config.http.listen)?;
    let xml = bind_xml(&config)?;
    let policy = bind_policy(&config);
    let mut instances = settings::instance_settings(&config, threads, rtmp.address.port());
    instances.links.own_http.push(http.address);
    let tasks = TaskTracker::new();
    let recording = &config.recording;
    let pools = (recording.writers, recording.readers);
    let recordings = Recordings::new(tasks.clone(), recording.files, pools);
    let applications = Applications::new(
        config.applications.dir.clone(),
        settings::application_limits(&config),
        (instances, settings::file_settings(&config)),
        (Catalog::new(), recordings),
        open_store(&config)?,
        Box::new(ScriptFolders),
    );
    let plugins = PluginSettings::of(&config, &applications);
    let hall = Hall::start(HallSettings::of(&config), plugins, applications.objects())
        .map_err(StartupError::from)?;
    applications.open_rooms(hall.door(), settings::bindings(&config));
    let limits = &config.limits;
    let shared = Arc::new(Shared {
        xml: XmlPorts::new(&config, &numbers(&xml), hall),
        doors: Arc::new(Doors::new(
            limits.connections,
            limits.pending_connections,
            limits.connections_per_ip,
            limits.refused_connections,
        )),
        applications,
        stopping: CancellationToken::new(),
        stop_now: CancellationToken::new(),
        tasks,
        rtmp_port: rtmp.address.port(),
        config,
    });
    watch(&shared);
    shared.applications.load_on_startup();
    tracing::info!("listening rtmp={}", rtmp.address);
    tracing::info!("listening http={}", http.address);
    let addresses: Vec<_> = xml.iter().map(|(bound, _)| bound.address).collect();
    let names = shared.applications.names();
    banner::print(rtmp.address, http.address, &addresses, &names);
    control::socket::serve(&shared);
    accept(&shared, rtmp.listener, Transport::Rtmp, connection::serve);
    accept(&shared, http.listener, Transport::Http, http::serve);
    accept_xml(&shared, xml);
    if let Some(policy) = policy {
        tracing::info!("listening policy={}", policy.address);
        accept(
            &shared,
            policy.listener,
            Transport::Policy,
            xml::serve_policy,
        );
    }
    tokio::spawn(reload::on_hangup(shared.clone(), read, hangups));
    signals.next().await;
    stop(&shared, &mut signals).await;
    Ok(())
}

/// Opens the store; without one, shared objects are kept nowhere, if that is wanted.
fn open_store(config: &Config) -> Result<Arc<ObjectKeeper>, StartupError> {
    let patience = Duration::from_millis(config.shared_objects.flush_timeout_ms);
    match ObjectKeeper::open(&config.data.dir, settings::store_limits(config), patience) {
        Ok(keeper) => Ok(keeper),
        Err(error) if config.data.require_store => Err(StartupError::Store { error }),
        Err(error) => {
            tracing::error!(%error, "there is no store: shared objects are not kept");
            Ok(ObjectKeeper::nowhere())
        }
    }
}

/// Keeps an eye on the applications for as long as the server runs.
fn watch(shared: &Shared) {
    tokio::spawn(shared.applications.clone().watch_scripts());
    let every = Duration::from_millis(shared.config.applications.dev_interval_ms);
    tokio::spawn(shared.applications.clone().watch_files(every));
}

/// Lets nobody in any more, gives those inside time to finish, then ends them.
async fn stop(shared: &Shared, signals: &mut Signals) {
    let patience = Duration::from_millis(shared.config.server.drain_timeout_ms);
    let end_timeout = Duration::from_millis(shared.config.shared_objects.end_timeout_ms);
    tracing::info!(drain_timeout_ms = patience.as_millis() as u64, "stopping");
    shared.stopping.cancel();
    shared.tasks.close();
    tokio::select! {
        () = shared.tasks.wait() => {}
        () = tokio::time::sleep(patience) => {}
        () = signals.next() => {}
    }
    // First, so that scripts are asked while their clients are still there.
    shared
        .applications
        .stop_scripts(GOODBYE + end_timeout)
        .await;
    shared.xml.hall.stop_plugins(GOODBYE).await;
    shared.stop_now.cancel();
    if tokio::time::timeout(GOODBYE, shared.tasks.wait())
        .await
        .is_err()
    {
        tracing::warn!(
            connections = shared.tasks.len(),
            "stopped before all had ended"
        );
    }
    shared.applications.stop_all(GOODBYE + end_timeout).await;
    let patience = Duration::from_millis(shared.config.shared_objects.flush_timeout_ms);
    shared.xml.hall.finish(patience).await;
    let objects = shared.applications.objects().clone();
    // A task that panicked has nothing more to wait for.
    let _ = tokio::task::spawn_blocking(move || objects.finish()).await;
    tracing::info!("stopped");
}

/// What asks the server to stop: SIGTERM or SIGINT.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    /// Kept so that a file that grows past a limit of the system is an error of its recording and
    /// not the end of the server.
    _file_size: Option<Signal>,
}

/// `SIGXFSZ`, where its number is known.
const FILE_SIZE: Option<i32> = if cfg!(any(target_os = "linux", target_os = "macos"))
    && !cfg!(any(target_arch = "mips", target_arch = "mips64"))
{
    Some(25)
} else {
    None
};

impl Signals {
    fn new() -> std::io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self {
            terminate,
            interrupt: signal(SignalKind::interrupt())?,
            _file_size: match FILE_SIZE {
                Some(number) => Some(signal(SignalKind::from_raw(number))?),
                None => None,
            },
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

struct Bound {
    listener: TcpListener,
    address: SocketAddr,
}

fn bind(key: &'static str, address: SocketAddr) -> Result<Bound, StartupError> {
    let listen = || -> std::io::Result<Bound> {
        let socket = Socket::new(
            Domain::for_address(address),
            Type::STREAM,
            Some(Protocol::TCP),
        )?;
        // A restarted server takes its port at once, though old connections linger.
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        let listener = TcpListener::from_std(socket.into())?;
        let address = listener.local_addr()?;
        Ok(Bound { listener, address })
    };
    listen().map_err(|error| StartupError::Listen {
        key,
        address,
        error,
    })
}

/// The XML ports, each with its dialect. The keys were checked when they were read.
fn bind_xml(config: &Config) -> Result<Vec<(Bound, Dialect)>, StartupError> {
    let dialect = config::dialect(&config.xml.dialect).unwrap_or(Dialect::ElectroServer);
    let mut bound = vec![(bind("xml.listen", config.xml.listen)?, dialect)];
    for line in &config.xml.ports {
        if let Some((address, dialect)) = config::xml_port(line) {
            bound.push((bind("xml.ports", address)?, dialect));
        }
    }
    Ok(bound)
}

fn numbers(xml: &[(Bound, Dialect)]) -> Vec<u16> {
    xml.iter().map(|(bound, _)| bound.address.port()).collect()
}

fn accept_xml(shared: &Arc<Shared>, ports: Vec<(Bound, Dialect)>) {
    for (Bound { listener, address }, dialect) in ports {
        tracing::info!(%dialect, "listening xml={address}");
        let port = xml::Port::new(address.port(), dialect);
        accept(
            shared,
            listener,
            Transport::Xml,
            move |shared, socket, peer, pass| xml::serve(shared, socket, peer, pass, port.clone()),
        );
    }
}

/// The port for policy files, if it is wanted and can be had: it is one that needs a privilege.
fn bind_policy(config: &Config) -> Option<Bound> {
    if !config.xml.policy_server {
        return None;
    }
    bind("xml.policy_listen", config.xml.policy_listen)
        .inspect_err(|error| {
            tracing::warn!(%error, "policy files are served on the XML port only");
        })
        .ok()
}

/// Logs that connections are refused: one line a second at most, as a flood of them must
/// not become a flood of lines.
struct Refusals {
    lines: Bucket,
    unsaid: u64,
}

impl Refusals {
    fn new() -> Self {
        Self {
            lines: Bucket::new(1, 1),
            unsaid: 0,
        }
    }

    fn note(&mut self, transport: Transport, peer: SocketAddr) {
        if !self.lines.take(clock::now()) {
            self.unsaid += 1;
            return;
        }
        let reason = CloseReason::TooManyConnections;
        tracing::warn!(
            %peer, transport = transport.as_str(), %reason, others = self.unsaid,
            "a connection was refused: the limits on connections are reached"
        );
        self.unsaid = 0;
    }
}

/// Accepts connections until the server stops, and gives each a task of its own.
fn accept<F>(
    shared: &Arc<Shared>,
    listener: TcpListener,
    transport: Transport,
    serve: impl Fn(Arc<Shared>, TcpStream, SocketAddr, Pass) -> F + Send + 'static,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let shared = shared.clone();
    let mut refusals = Refusals::new();
    tokio::spawn(async move {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = shared.stopping.cancelled() => return,
            };
            match accepted {
                Ok((socket, peer)) => {
                    let pass = shared.doors.enter(peer.ip());
                    if pass.as_ref().is_none_or(Pass::is_refused) {
                        refusals.note(transport, peer);
                    }
                    match pass {
                        Some(pass) => {
                            let served = serve(shared.clone(), socket, peer, pass);
                            shared.tasks.spawn(served);
                        }
                        None => metrics::turned_away(transport),
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(REST).await;
                }
            }
        }
    });
}
