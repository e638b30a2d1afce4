//! Where an instance and its script meet: what each tells the other.
//!
//! The script is a state machine of the same shape as the instance: it is handed an
//! [`ScriptInput`], and then polled for [`ScriptEffect`]s until it gives a timeout. Everything a
//! script asks for while one of its handlers runs is queued and carried out after the handler,
//! in the order it was asked for. What must be true at once inside the handler
//! (`application.clients.length` after `acceptConnection`, `isConnected` after `close`) the
//! script keeps itself. What it must read from the world while it runs it asks through
//! [`ScriptHost`].
//!
//! This module owns no script engine: the instance can be tested with a script written in Rust,
//! and the engine behind it can be another one.

mod rooms;
mod shared_objects;

use amf::{Str, Value};
use rtmp::Millis;

use crate::clearing::StreamPattern;
use crate::client::ClientId;
use crate::name::StreamName;
use crate::station::StationItem;

pub use rooms::{NoRooms, RoomAsk, RoomEvent, RoomHost, RoomName, RoomNews};
pub use shared_objects::{
    ChangeError, NoSharedObjects, ObjectId, OpenError, SharedObjectHost, SyncCode, SyncEntry,
};

/// A script, as the instance drives it.
pub trait Script {
    /// Takes in what happened. Then [`poll`](Script::poll) until it gives a timeout.
    fn handle(&mut self, now: Millis, input: ScriptInput);

    /// The next thing the script wants, or the time of its next timer.
    fn poll(&mut self) -> ScriptOutput;
}

/// What a running script must know of the world at once.
pub trait ScriptHost {
    /// The counters behind `Client.getStats()`; `None` for a client that has gone.
    fn client_stats(&self, client: ClientId) -> Option<ClientStats>;

    /// The counters behind `application.getStats()`.
    fn application_stats(&self) -> ApplicationStats;

    /// Wall clock time in ms since 1970, for `Date`-like needs of host objects.
    fn unix_ms(&self) -> f64;

    /// The shared objects of the instance.
    fn shared_objects(&self) -> &dyn SharedObjectHost;

    /// Deletes recordings of the instance (`application.clearStreams`), at most so many, and waits
    /// until they are deleted.
    fn clear_streams(&self, pattern: &StreamPattern, max: usize) -> Cleared;

    /// The rooms of the server.
    fn rooms(&self) -> &dyn RoomHost {
        &NoRooms
    }
}

/// What became of recordings that were to be deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Of each that was meant the name of its stream, and whether it is deleted. One that is
    /// being made is not.
    pub streams: Vec<(String, bool)>,
    /// All that were meant are deleted.
    pub is_complete: bool,
    /// There were more than might be deleted at once.
    pub has_more: bool,
}

/// What one client has moved so far. Bytes are bytes on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClientStats {
    /// Bytes received from the client.
    pub bytes_in: u64,
    /// Bytes sent to the client.
    pub bytes_out: u64,
    /// Messages received from the client.
    pub msg_in: u64,
    /// Messages sent to the client.
    pub msg_out: u64,
    /// Messages the client missed because it was too slow.
    pub msg_dropped: u64,
    /// The last round trip measured by a ping, in ms; 0 before the first.
    pub ping_rtt_ms: u64,
    /// Whether the last ping sent was answered; true before the first.
    pub responsive: bool,
}

/// What an instance has moved so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ApplicationStats {
    /// Bytes received from all clients, those that have gone included.
    pub bytes_in: u64,
    /// Bytes sent to all clients.
    pub bytes_out: u64,
    /// Messages received from all clients.
    pub msg_in: u64,
    /// Messages sent to all clients.
    pub msg_out: u64,
    /// Messages that clients missed because they were too slow.
    pub msg_dropped: u64,
    /// Clients accepted since the instance started.
    pub total_connects: u64,
    /// Clients that have left since the instance started.
    pub total_disconnects: u64,
}

/// What the script is told of a client that asks to come in (`Client`'s read-only properties).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientInfo {
    /// `Client.agent`: the player's platform and version.
    pub agent: String,
    /// `Client.ip`: the peer's address.
    pub ip: String,
    /// `Client.protocol`: `rtmp`, `rtmpt`, ...
    pub protocol: String,
    /// `Client.referrer`: the address of the movie.
    pub referrer: String,
    /// `Client.pageUrl`: the address of the page around the movie.
    pub page_url: String,
    /// `Client.uri`: the address the client connected to.
    pub uri: String,
    /// `Client.secure`: whether it came over TLS.
    pub secure: bool,
}

/// Names a call the script made and wants the answer of. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub u64);

/// Names a `NetConnection` of the script. Never reused, even when the script connects the same
/// object again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkId(pub u64);

/// Names an HTTP request of the script. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// Names a socket of the script. Never reused, even when the script connects the same object
/// again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(pub u64);

/// Why an instance is asked to stop (`info.code` of `onAppStop`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// Nobody has been there for `MaxAppIdleTime`: `Application.GC`. The script may refuse.
    Idle,
    /// The script called `application.shutdown()`, or the server stops: `Application.Shutdown`.
    Shutdown,
}

/// What became of a call the script made.
#[derive(Clone, Debug, PartialEq)]
pub enum CallOutcome {
    /// `_result`: the value for `onResult`.
    Result(Value),
    /// `_error`: the information object for `onStatus`.
    Error(Value),
}

/// What a script is told.
#[derive(Clone, Debug, PartialEq)]
pub enum ScriptInput {
    /// Load and run the script files, then `onAppStart`. Answered with
    /// [`ScriptEffect::Started`] or [`ScriptEffect::Failed`].
    Start,
    /// A client asks to come in: `onConnect`. Answered, now or later, with
    /// [`ScriptEffect::Accept`] or [`ScriptEffect::Reject`].
    Connect {
        /// Who.
        client: ClientId,
        /// What is known of it.
        info: Box<ClientInfo>,
        /// The arguments of `NetConnection.connect` after the address.
        args: Vec<Value>,
    },
    /// A client, accepted or still waiting, has gone: `onDisconnect` if it was accepted.
    Disconnect {
        /// Who.
        client: ClientId,
    },
    /// An accepted client calls a method. Answered with [`ScriptEffect::Return`] if
    /// `transaction` is not 0; or, whatever the transaction, with
    /// [`ScriptEffect::NotDefined`] if `native` is set and the script defines no such method.
    Call {
        /// Who.
        client: ClientId,
        /// The method, perhaps with a path: `chat/say`.
        method: Str,
        /// Its arguments.
        args: Vec<Value>,
        /// What the answer must carry; 0 if the caller wants none.
        transaction: f64,
        /// Whether the server has an answer of its own to this method (`FCPublish`,
        /// `checkBandwidth`, ...), which a method of the script goes before.
        native: bool,
    },
    /// The answer to a call the script made.
    Answer {
        /// Which call.
        call: CallId,
        /// What became of it.
        outcome: CallOutcome,
    },
    /// A client has begun to publish (`application.onPublish`).
    Published {
        /// Who.
        client: ClientId,
        /// The stream's name.
        stream: Str,
        /// What stood behind the `?` of the name as the client wrote it; empty without one.
        query: Str,
    },
    /// A client has stopped to publish (`application.onUnpublish`).
    Unpublished {
        /// Who.
        client: ClientId,
        /// The stream's name.
        stream: Str,
    },
    /// What a script plays under a stream's name has a new status (`Stream.onStatus`).
    StreamStatus {
        /// The stream's name.
        stream: Str,
        /// The information object for `onStatus`.
        info: Value,
    },
    /// A `NetConnection` of the script has a new status.
    LinkStatus {
        /// Which.
        link: LinkId,
        /// The information object for `onStatus`.
        info: Value,
        /// Whether it is connected from now on.
        connected: bool,
    },
    /// The other side of a `NetConnection` calls a method of it. Answered with
    /// [`ScriptEffect::LinkReturn`] if `transaction` is not 0.
    LinkCall {
        /// Which.
        link: LinkId,
        /// The method.
        method: Str,
        /// Its arguments.
        args: Vec<Value>,
        /// What the answer must carry; 0 if the caller wants none.
        transaction: f64,
    },
    /// An HTTP request of the script has ended.
    Response {
        /// Which.
        request: RequestId,
        /// Status code and body, or why there is none.
        outcome: Result<HttpResponse, String>,
    },
    /// A socket of the script is connected.
    SocketOpened {
        /// Which.
        socket: SocketId,
    },
    /// The other side of a socket has sent a text.
    SocketText {
        /// Which.
        socket: SocketId,
        /// The text as it came, without the zero byte that ended it.
        bytes: Vec<u8>,
    },
    /// A socket of the script is closed, or could not be connected; not by the script's will.
    SocketClosed {
        /// Which.
        socket: SocketId,
        /// Why, in words; `None` if the other side just closed it.
        why: Option<String>,
    },
    /// Somebody has come in over one of the server's own XML ports that this script serves.
    PortOpened {
        /// Who.
        client: ClientId,
        /// The address it comes from.
        ip: String,
        /// The number of the port it came to.
        port: u16,
    },
    /// Somebody on a port has sent a text.
    PortText {
        /// Who.
        client: ClientId,
        /// The text, without the zero byte that ended it.
        text: String,
    },
    /// Somebody on a port has gone, or was closed.
    PortClosed {
        /// Who.
        client: ClientId,
    },
    /// Something has happened in a zone that the script watches, or to a user for whom it speaks.
    RoomNews(RoomNews),
    /// Others have changed a shared object that the script has open (`onSync`). An empty list
    /// says that a proxy is in step with its owner, and nothing has changed.
    Sync {
        /// Which.
        object: ObjectId,
        /// What has happened, in this order.
        list: Vec<SyncEntry>,
    },
    /// A client, or the owner of a proxy, has called a method of a shared object (`send`).
    ObjectMessage {
        /// Which.
        object: ObjectId,
        /// The method.
        handler: Str,
        /// Its arguments.
        args: Vec<Value>,
    },
    /// A shared object has a new status (`onStatus`): its owner has refused the subscription.
    ObjectStatus {
        /// Which.
        object: ObjectId,
        /// The information object for `onStatus`.
        info: Value,
    },
    /// The instance is to stop: `onAppStop`, unless `silent`. Answered with
    /// [`ScriptEffect::Stop`]. If it stops, the script is still told of the
    /// [`Disconnect`](Self::Disconnect) of everybody who was there, and then dropped.
    Stop {
        /// Why.
        reason: StopReason,
        /// Stopped by an administrator: the script is not asked.
        silent: bool,
    },
    /// The time asked for by [`ScriptOutput::Timeout`] has come.
    Timeout,
}

/// What [`Script::poll`] gives.
#[derive(Clone, Debug, PartialEq)]
pub enum ScriptOutput {
    /// Something to be done, in this order.
    Effect(ScriptEffect),
    /// Nothing to do now; [`ScriptInput::Timeout`] is due at this time.
    Timeout(Option<Millis>),
}

/// An HTTP request a script makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// `GET` or `POST`.
    pub method: String,
    /// The whole address.
    pub url: String,
    /// Header names and values.
    pub headers: Vec<(String, String)>,
    /// What is posted.
    pub body: Vec<u8>,
}

/// What an HTTP server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Something about the script that its owner should know: for the log, and for
/// `application.onStatus`, which has been told already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    /// `Application.Script.Error`, `Application.Script.Warning` or
    /// `Application.Resource.LowMemory`.
    pub code: String,
    /// What went wrong.
    pub description: String,
    /// The script file, relative to the application's folder; empty if there is none.
    pub file: String,
    /// The line, counted from 1; 0 if there is none.
    pub line: u32,
    /// That line of the source.
    pub source_line: String,
}

/// Something a script wants.
#[derive(Clone, Debug, PartialEq)]
pub enum ScriptEffect {
    /// The script runs; clients may come in.
    Started,
    /// The script cannot run: a file is missing or does not compile, or the script ran out of
    /// memory. Nothing is to be told to it any more.
    Failed(Box<Problem>),
    /// Let the client in.
    Accept {
        /// Who.
        client: ClientId,
    },
    /// Do not let the client in, and close its connection.
    Reject {
        /// Who.
        client: ClientId,
        /// The description, if the script gave one.
        description: Option<Str>,
        /// What the client finds as `info.application`.
        application: Value,
        /// Where the client is sent instead (`redirectConnection`).
        redirect: Option<Str>,
    },
    /// Close the connection of a client (`application.disconnect`). The script is told of it by
    /// [`ScriptInput::Disconnect`].
    Disconnect {
        /// Who.
        client: ClientId,
    },
    /// Call a method of a client.
    Call {
        /// Whom.
        client: ClientId,
        /// The method.
        method: Str,
        /// Its arguments.
        args: Vec<Value>,
        /// Under what the answer is to come back, if it is wanted.
        call: Option<CallId>,
    },
    /// Answer a call of a client.
    Return {
        /// Whom.
        client: ClientId,
        /// As it came with the call; never 0.
        transaction: f64,
        /// What became of the call.
        outcome: CallOutcome,
    },
    /// The script does not define the native method that was just called: the server answers.
    /// Comes before the call's own handling is over, so it needs no more to name the call.
    NotDefined {
        /// Who called.
        client: ClientId,
    },
    /// Measure the round trip to a client (`Client.ping`).
    Ping {
        /// Whom.
        client: ClientId,
    },
    /// Limit what a client may send and receive, in bytes per second.
    LimitBandwidth {
        /// Whom.
        client: ClientId,
        /// From the server to the client; `None` leaves it as it is.
        down: Option<u64>,
        /// From the client to the server; `None` leaves it as it is.
        up: Option<u64>,
    },
    /// Run the server's own bandwidth check with a client (`Client.checkBandwidth`).
    CheckBandwidth {
        /// Whom.
        client: ClientId,
    },
    /// What a client may read and write has changed; [`AccessRules`] replace those before.
    Access {
        /// Whose.
        client: ClientId,
        /// The new rules.
        rules: Box<AccessRules>,
    },
    /// A line of `trace()`.
    Trace(String),
    /// The script failed somewhere, and goes on.
    Problem(Box<Problem>),
    /// Connect a `NetConnection` to an address; its fate comes as
    /// [`ScriptInput::LinkStatus`].
    Link {
        /// Which.
        link: LinkId,
        /// The address: `rtmp://host[:port]/app[/instance]`.
        url: String,
        /// The arguments after the address.
        args: Vec<Value>,
        /// The object encoding: 0 or 3.
        encoding: u8,
    },
    /// Call a method of the other side of a `NetConnection`.
    LinkSend {
        /// Which.
        link: LinkId,
        /// The method.
        method: Str,
        /// Its arguments.
        args: Vec<Value>,
        /// Under what the answer is to come back, if it is wanted.
        call: Option<CallId>,
    },
    /// Answer a call of the other side of a `NetConnection`.
    LinkReturn {
        /// Which.
        link: LinkId,
        /// As it came with the call; never 0.
        transaction: f64,
        /// What became of the call.
        outcome: CallOutcome,
    },
    /// Close a `NetConnection`. The script has already seen it close.
    LinkClose {
        /// Which.
        link: LinkId,
    },
    /// Make an HTTP request; its end comes as [`ScriptInput::Response`].
    Http {
        /// Which.
        request: RequestId,
        /// What to ask.
        what: Box<HttpRequest>,
    },
    /// Connect a socket that carries texts, each with a zero byte after it. Its fate comes as
    /// [`ScriptInput::SocketOpened`] or [`ScriptInput::SocketClosed`].
    SocketOpen {
        /// Which.
        socket: SocketId,
        /// The other side's name or address.
        host: String,
        /// Its port.
        port: u16,
        /// Bytes that the longest text from there may have.
        text_bytes: usize,
    },
    /// Send a text over a connected socket.
    SocketSend {
        /// Which.
        socket: SocketId,
        /// The text, without the zero byte.
        text: String,
    },
    /// Send what is queued, then close a socket. The script has already seen it close.
    SocketClose {
        /// Which.
        socket: SocketId,
    },
    /// Send a text to somebody on a port.
    PortSend {
        /// Whom.
        client: ClientId,
        /// The text, without the zero byte.
        text: String,
    },
    /// Send what is queued for somebody on a port, then close the connection. The script is told
    /// of it by [`ScriptInput::PortClosed`].
    PortClose {
        /// Whose.
        client: ClientId,
    },
    /// Send a data message to all who play a stream (`Stream.send`), in order with its media.
    StreamSend {
        /// The stream.
        stream: StreamName,
        /// The handler's name and its arguments.
        values: Vec<Value>,
    },
    /// Play something under the name of a stream (`Stream.play`): the server publishes it. What
    /// becomes of it comes as [`ScriptInput::StreamStatus`].
    StreamPlay {
        /// The stream.
        stream: StreamName,
        /// What.
        item: StationItem,
    },
    /// Stop what is played under the name of a stream.
    StreamStop {
        /// The stream.
        stream: StreamName,
    },
    /// The answer to [`ScriptInput::Stop`]: whether the instance may stop.
    Stop {
        /// False if `onAppStop` refused.
        allowed: bool,
    },
    /// `application.shutdown()`: stop the instance when this handler is over.
    Shutdown,
}

/// What a client may read and write, as the script set it (`readAccess`, `writeAccess`,
/// `audioSampleAccess`, `videoSampleAccess`): lists of paths separated by `;`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRules {
    /// What it may play and subscribe to. `/` is everything, empty is nothing.
    pub read: String,
    /// What it may publish and change.
    pub write: String,
    /// Whose sound samples it may read.
    pub audio_samples: String,
    /// Whose picture samples it may read.
    pub video_samples: String,
}

impl Default for AccessRules {
    fn default() -> Self {
        Self {
            read: "/".into(),
            write: "/".into(),
            audio_samples: String::new(),
            video_samples: String::new(),
        }
    }
}
