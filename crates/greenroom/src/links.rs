//! The errands of scripts: what carries their connections to other instances, and their HTTP
//! requests.
//!
//! A connection to an instance of this server needs no socket: a task stands in for the
//! client, takes a seat and posts like a session does. One to another server is a client's
//! session over a socket. An `XMLSocket` is a socket that carries texts. Either way the script's
//! instance gets posts and waits for nothing, so two instances that call each other, or one that
//! calls itself, cannot lock up.

mod local;
mod remote;
mod socket;
mod texts;

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use appconfig::Host;
use engine::Input;
use engine::scripting::{HttpRequest, LinkId, RequestId, SocketId};
use rtmp::Message;
use rtmp::url::{ConnectUrl, Scheme};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::applications::Applications;
use crate::outgoing::{self, OutgoingPolicy};
use crate::runner::{Post, Room, Sender};
use crate::trust::Trust;

/// Messages of a script that may wait for one of its connections to take them.
const WAITING: usize = 1024;

/// Where scripts may connect to, and how.
#[derive(Clone, Debug)]
pub(crate) struct LinkSettings {
    /// The port this server has for RTMP.
    pub(crate) own_port: u16,
    /// Names of this server, beside those every machine has for itself.
    pub(crate) own_hosts: Vec<String>,
    /// Other servers.
    pub(crate) allowed_hosts: Vec<Host>,
    pub(crate) session: rtmp::SessionConfig,
    /// Orders that may wait for a connection within this server.
    pub(crate) orders: usize,
    /// Connections and sockets that a script has closed and that are not at their end.
    pub(crate) ending: usize,
    /// How long the other server may take to answer, or to take what it is sent.
    pub(crate) patience: Duration,
    /// Bytes of texts that may wait for one socket to take them.
    pub(crate) socket_bytes: usize,
    /// Where this server answers HTTP.
    pub(crate) own_http: Vec<SocketAddr>,
    /// Whom connections over TLS trust.
    pub(crate) trust: Arc<Trust>,
    /// Where HTTP requests may go, and what they may cost.
    pub(crate) outgoing: OutgoingPolicy,
}

/// What a connection is to do.
enum Errand {
    Send(Message),
    Close,
}

/// A connection that the script has open, or about to be.
struct Open {
    errands: mpsc::Sender<Errand>,
    /// Says that the script wants it no more, which ends what waits for the other side.
    _unwanted: DropGuard,
}

/// The connections and requests of one instance's script.
pub(crate) struct Errands {
    runtime: Handle,
    applications: Arc<Applications>,
    inbox: mpsc::WeakSender<Post>,
    written_off: CancellationToken,
    settings: Arc<LinkSettings>,
    open: HashMap<LinkId, Open>,
    sockets: HashMap<SocketId, socket::Texts>,
    requests: JoinSet<()>,
    /// Held by each task that carries a connection or a socket, and thereby counts them.
    carried: Arc<()>,
    /// What the script is to be told of connections that were not even tried.
    refused: VecDeque<Input>,
}

impl Errands {
    pub(crate) fn new(
        runtime: Handle,
        applications: &Arc<Applications>,
        inbox: mpsc::WeakSender<Post>,
        room: &Arc<Room>,
    ) -> Self {
        Self {
            runtime,
            applications: applications.clone(),
            inbox,
            written_off: room.written_off.clone(),
            settings: Arc::new(applications.settings().links.clone()),
            open: HashMap::new(),
            sockets: HashMap::new(),
            requests: JoinSet::new(),
            carried: Arc::new(()),
            refused: VecDeque::new(),
        }
    }

    /// Makes new connections in another way from now on.
    pub(crate) fn set(&mut self, settings: LinkSettings) {
        self.settings = Arc::new(settings);
    }

    pub(crate) fn open(&mut self, life: u64, link: LinkId, url: String) {
        if let Err(why) = self.make_room() {
            return self.refused.push_back(Input::LinkClosed { link, why });
        }
        let (errands, taken) = mpsc::channel(WAITING);
        let unwanted = CancellationToken::new();
        let open = Open {
            errands,
            _unwanted: unwanted.clone().drop_guard(),
        };
        self.open.insert(link, open);
        let (back, carried) = (self.way_back(life), self.carried.clone());
        let (applications, settings) = (self.applications.clone(), self.settings.clone());
        self.runtime.spawn(async move {
            let way = way_to(&url, &settings);
            let ended = match way {
                Ok(Way::Local(target)) => {
                    local::carry(&applications, &target, link, taken, &back).await
                }
                Ok(Way::Remote(server)) => {
                    let ends = (taken, unwanted);
                    remote::carry(&settings, &server, link, ends, &back).await
                }
                Err(why) => Ended::Why(why),
            };
            if let Ended::Why(why) = ended {
                tracing::debug!(url, why, "a script's connection has ended");
                back.post(Input::LinkClosed { link, why }).await;
            }
            drop(carried);
        });
    }

    /// Whether one more task may carry something. Those of what the script has closed take their
    /// time to end, and a script can close as fast as it connects.
    fn make_room(&mut self) -> Result<(), String> {
        self.open.retain(|_, open| !open.errands.is_closed());
        self.sockets.retain(|_, texts| !texts.is_over());
        let carried = Arc::strong_count(&self.carried) - 1;
        let most = self.settings.ending;
        if carried < self.open.len() + self.sockets.len() + most {
            return Ok(());
        }
        Err(format!(
            "{most} connections of this script are still ending (scripts.ending_connections)."
        ))
    }

    /// What the script is to be told next of connections that were refused.
    pub(crate) fn take_refused(&mut self) -> Option<Input> {
        self.refused.pop_front()
    }

    /// Whether there is something to be told of refused connections.
    pub(crate) fn has_refused(&self) -> bool {
        !self.refused.is_empty()
    }

    /// What was refused and is closed has no more to be told of.
    fn forget_refused(&mut self, closed: impl Fn(&Input) -> bool) {
        self.refused.retain(|told| !closed(told));
    }

    pub(crate) fn send(&mut self, link: LinkId, message: Message) {
        if let Some(open) = self.open.get(&link)
            && open.errands.try_send(Errand::Send(message)).is_err()
        {
            // The other side does not take what it is sent. What carries the connection
            // finds that nobody sends any more, and ends it.
            self.open.remove(&link);
        }
    }

    pub(crate) fn close(&mut self, link: LinkId) {
        self.forget_refused(
            |told| matches!(told, Input::LinkClosed { link: refused, .. } if *refused == link),
        );
        if let Some(open) = self.open.remove(&link) {
            // If there is no room the connection ends as well, for nobody sends any more.
            let _ = open.errands.try_send(Errand::Close);
        }
    }

    /// Ends all connections and requests, as the script does.
    pub(crate) fn drop_all(&mut self) {
        self.open.clear();
        self.sockets.clear();
        self.refused.clear();
        self.requests.abort_all();
    }

    /// Makes an HTTP request, as far as it is allowed.
    pub(crate) fn request(&mut self, life: u64, request: RequestId, what: HttpRequest) {
        // Those that have ended are of no more use.
        while self.requests.try_join_next().is_some() {}
        let back = self.way_back(life);
        let policy = self.settings.outgoing.clone();
        let fetch = async move {
            let outcome = outgoing::fetch(&policy, what).await;
            if let Err(why) = &outcome {
                tracing::debug!(why, "a script's request has failed");
            }
            back.post(Input::Response { request, outcome }).await;
        };
        self.requests.spawn_on(fetch, &self.runtime);
    }

    fn way_back(&self, life: u64) -> WayBack {
        WayBack {
            inbox: self.inbox.clone(),
            life,
            written_off: self.written_off.clone(),
        }
    }
}

/// How what comes for the script reaches its instance.
struct WayBack {
    inbox: mpsc::WeakSender<Post>,
    life: u64,
    written_off: CancellationToken,
}

impl WayBack {
    async fn post(&self, input: Input) {
        let Some(inbox) = self.inbox.upgrade() else {
            return;
        };
        let post = Post {
            from: Sender::Errand(self.life),
            input,
            link: None,
        };
        tokio::select! {
            // An inbox nobody reads any more has no use for it.
            _ = inbox.send(post) => {}
            () = self.written_off.cancelled() => {}
        }
    }
}

/// How a connection ended.
enum Ended {
    /// The script wished it, and is told nothing.
    AsWished,
    /// Otherwise.
    Why(String),
}

/// How to reach an address.
#[derive(Debug, PartialEq, Eq)]
enum Way {
    Local(rtmp::url::Target),
    Remote(remote::Server),
}

/// What the script hears of a connection that did not take what it was sent.
fn overflown() -> Ended {
    Ended::Why(format!("More than {WAITING} messages wait to be sent."))
}

fn way_to(url: &str, settings: &LinkSettings) -> Result<Way, String> {
    let url = ConnectUrl::parse(url).map_err(|error| error.to_string())?;
    let secure = match url.scheme {
        Scheme::Rtmp => false,
        Scheme::Rtmps => true,
        other => {
            return Err(format!(
                "Scripts connect with rtmp or rtmps, not with {other}."
            ));
        }
    };
    let ConnectUrl {
        host, port, target, ..
    } = url;
    let is = |known: &String| known.eq_ignore_ascii_case(&host);
    // This server itself speaks no TLS.
    let own = !secure && (is_loopback(&host) || settings.own_hosts.iter().any(is));
    let allowed = is_allowed(&host, port, settings);
    match (own, allowed) {
        (true, _) if port == settings.own_port => Ok(Way::Local(target)),
        (_, true) => Ok(Way::Remote(remote::Server { host, port, secure })),
        // Most likely the address names no port, and means this server, wherever it listens.
        (true, _) if port == Scheme::Rtmp.default_port() => Ok(Way::Local(target)),
        _ => Err(format!(
            "Scripts may not connect to {host}:{port}; see script.hosts and scripts.allowed_hosts."
        )),
    }
}

fn is_allowed(host: &str, port: u16, settings: &LinkSettings) -> bool {
    let allowed = |entry: &Host| entry.allows(host, port);
    settings.allowed_hosts.iter().any(allowed)
}

fn is_loopback(host: &str) -> bool {
    let ip = host.parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost") || ip.is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use configtext::{Given, Unit, read_setting};

    use super::*;
    use crate::catalog::Catalog;
    use crate::config::Config;
    use crate::outgoing::OutgoingLimits;
    use crate::scripts::ScriptFolders;
    use crate::settings;
    use crate::trust::tests::signed_by_itself;

    #[test]
    fn scripts_reach_this_server_and_what_is_allowed() {
        let entries = ["far.example", "127.0.0.1", "*.near.example:80"];
        let allowed = Given::List(entries.map(|host| Given::Text(host.into())).to_vec());
        let settings = LinkSettings {
            own_port: 2000,
            own_hosts: vec!["media.example".into()],
            allowed_hosts: read_setting(&allowed, Unit::None, None).unwrap(),
            orders: 8,
            ending: 8,
            session: rtmp::SessionConfig::default(),
            patience: Duration::from_secs(1),
            socket_bytes: 8,
            own_http: Vec::new(),
            trust: Arc::default(),
            outgoing: OutgoingPolicy::new(Vec::new(), Vec::new(), OutgoingLimits::default()),
        };
        let way = |url: &str| match way_to(url, &settings) {
            Ok(Way::Local(target)) => format!("{}/{}", target.app, target.instance),
            Ok(Way::Remote(remote::Server { host, port, secure })) => {
                format!("{}{host}:{port}", if secure { "secure " } else { "" })
            }
            Err(_) => "refused".into(),
        };
        for (url, expected) in [
            ("rtmp://localhost/lobby", "lobby/_definst_"),
            ("rtmp://localhost:2000/lobby/a/b", "lobby/a/b"),
            ("rtmp://[::1]/lobby/a", "lobby/a"),
            ("rtmp://Media.Example/lobby/a", "lobby/a"),
            ("rtmp://media.example:2001/lobby/a", "refused"),
            ("rtmp://127.0.0.1/lobby", "127.0.0.1:1935"),
            ("rtmp://127.0.0.1:2000/lobby", "lobby/_definst_"),
            ("rtmp://far.example:99/lobby", "far.example:99"),
            ("rtmp://a.near.example:80/lobby", "a.near.example:80"),
            ("rtmp://a.near.example/lobby", "refused"),
            ("rtmps://far.example/lobby", "secure far.example:443"),
            (
                "rtmps://a.near.example:80/lobby",
                "secure a.near.example:80",
            ),
            ("rtmps://localhost/lobby", "refused"),
            ("rtmps://localhost:2000/lobby", "refused"),
            ("rtmp://other.example/lobby", "refused"),
            ("rtmpt://localhost/lobby", "refused"),
            ("rtmp:/lobby", "refused"),
        ] {
            assert_eq!(way(url), expected, "{url}");
        }
    }

    fn errands(dir: &std::path::Path, ending: usize) -> (Errands, mpsc::Receiver<Post>) {
        let mut config = Config::default();
        config.scripts.ending_connections = ending;
        let applications = Applications::new(
            dir.to_owned(),
            settings::application_limits(&config),
            (
                settings::instance_settings(&config, 1, 1935),
                settings::file_settings(&config),
            ),
            (
                Catalog::new(),
                crate::recording::Recordings::new(tokio_util::task::TaskTracker::new(), 8, (1, 1)),
            ),
            crate::objects::ObjectKeeper::nowhere(),
            Box::new(ScriptFolders),
        );
        let (inbox, posts) = mpsc::channel(100);
        let room = Room::new(1_000, Arc::default());
        let errands = Errands::new(Handle::current(), &applications, inbox.downgrade(), &room);
        (errands, posts)
    }

    /// On one thread no task runs before it is waited for.
    #[tokio::test]
    async fn so_many_connections_may_be_ending() {
        let dir = tempfile::tempdir().unwrap();
        let (mut errands, _posts) = errands(dir.path(), 4);
        let carried = |errands: &Errands| Arc::strong_count(&errands.carried) - 1;
        for id in 0..50 {
            errands.open(1, LinkId(id), "rtmp://localhost/none".into());
            errands.close(LinkId(id));
            let socket = SocketId(id);
            errands.open_socket(1, socket, ("localhost".into(), 1), 8);
            errands.close_socket(socket);
        }
        assert_eq!(carried(&errands), 4);
        assert!(!errands.has_refused(), "they are all closed");
        errands.open(1, LinkId(50), "rtmp://localhost/none".into());
        errands.open_socket(1, SocketId(50), ("localhost".into(), 1), 8);
        for _ in 0..2 {
            let why = match errands.take_refused() {
                Some(Input::LinkClosed { why, .. }) => Some(why),
                Some(Input::SocketClosed { why, .. }) => why,
                _ => None,
            };
            assert!(why.is_some_and(|why| why.contains("scripts.ending_connections")));
        }
        assert!(!errands.has_refused());
        while carried(&errands) > 0 {
            tokio::task::yield_now().await;
        }
        errands.open(1, LinkId(51), "rtmp://localhost/none".into());
        assert_eq!(carried(&errands), 1);
        // Those that are open are not ending.
        for id in 52..56 {
            errands.open(1, LinkId(id), "rtmp://localhost/none".into());
        }
        assert_eq!(carried(&errands), 5);
        assert!(!errands.has_refused());
    }

    #[tokio::test]
    async fn a_connection_that_is_not_there_yet_ends_when_the_script_closes_it() {
        let dir = tempfile::tempdir().unwrap();
        let (mut errands, _posts) = errands(dir.path(), 4);
        let back = errands.way_back(1);
        let unwanted = CancellationToken::new();
        errands.open.insert(
            LinkId(1),
            Open {
                errands: mpsc::channel(1).0,
                _unwanted: unwanted.clone().drop_guard(),
            },
        );
        let never = std::future::pending::<()>();
        let waiting = remote::wanted(never, &unwanted, &back);
        errands.close(LinkId(1));
        assert_eq!(waiting.await, None);
    }

    #[tokio::test]
    async fn rtmps_is_rtmp_over_tls() {
        use tokio::io::AsyncReadExt as _;

        let dir = tempfile::tempdir().unwrap();
        let (errands, _posts) = errands(dir.path(), 4);
        let (file, acceptor) = signed_by_itself(&["127.0.0.1"]);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = LinkSettings {
            trust: Trust::new(vec![file.path().to_owned()]),
            ..LinkSettings::clone(&errands.settings)
        };
        let server = remote::Server {
            host: "127.0.0.1".into(),
            port: listener.local_addr().unwrap().port(),
            secure: true,
        };
        let (errand, taken) = mpsc::channel(1);
        let (back, unwanted) = (errands.way_back(1), CancellationToken::new());
        let carried = remote::carry(&settings, &server, LinkId(1), (taken, unwanted), &back);
        let served = async {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = acceptor.accept(stream).await.unwrap();
            // The version byte of a client's handshake.
            assert_eq!(stream.read_u8().await.unwrap(), 3);
            errand.send(Errand::Close).await.unwrap();
            stream
        };
        let (ended, _open) = tokio::join!(carried, served);
        assert!(matches!(ended, Ended::AsWished));
    }
}
