//! What an instance asks of the server around it.

use amf::Str;
use media::{Marker, Selection, Window};
use rtmp::status::Code;
use rtmp::{Data, Message, Millis};
use sharedobject::Update;

use crate::client::ClientId;
use crate::close::CloseReason;
use crate::name::{RecordingFile, StreamName};
use crate::record::RecordMode;
use crate::scripting::{HttpRequest, LinkId, Problem, RequestId, SocketId};

/// What [`Instance::poll`](crate::Instance::poll) gives.
#[derive(Debug)]
pub enum Output {
    /// Something to be done, in this order.
    Effect(Effect),
    /// Nothing to do now; [`Input::Timeout`](crate::Input::Timeout) is due at this time.
    Timeout(Option<Millis>),
}

/// Something the server is to do.
#[derive(Debug)]
pub enum Effect {
    /// Send a message to a client.
    Send {
        /// To whom.
        client: ClientId,
        /// The message.
        message: Message,
    },
    /// Send what happened to a shared object to a client; what it was not sent before may become
    /// one with it.
    SharedObject {
        /// To whom.
        client: ClientId,
        /// What happened.
        update: Update,
    },
    /// For the log: something about shared objects.
    ObjectNote(Box<ObjectNote>),
    /// Send what is queued for the client, then close its connection.
    Close {
        /// Whose.
        client: ClientId,
        /// Why.
        reason: CloseReason,
    },
    /// From now on, what the client sends on this message stream is the live stream `name`.
    /// Comes behind the stream's mark.
    Publish {
        /// The publisher.
        client: ClientId,
        /// Its message stream.
        stream_id: u32,
        /// The stream's name in the instance.
        name: StreamName,
    },
    /// What the client sends on this message stream belongs to no stream any more.
    Unpublish {
        /// The publisher.
        client: ClientId,
        /// Its message stream.
        stream_id: u32,
    },
    /// Record the stream `name` from its present publisher's mark on, until the mark of its end.
    /// What becomes of it comes back as
    /// [`Input::RecordingStarted`](crate::Input::RecordingStarted) and one of
    /// [`Input::RecordingStopped`](crate::Input::RecordingStopped) and
    /// [`Input::RecordingFailed`](crate::Input::RecordingFailed).
    Record {
        /// The recording's number in the instance.
        recording: u64,
        /// The stream.
        name: StreamName,
        /// The file.
        file: RecordingFile,
        /// What happens to what it holds.
        mode: RecordMode,
    },
    /// Delete a recording, if there is one that is not being recorded.
    EraseRecording {
        /// The file.
        file: RecordingFile,
    },
    /// Tell the players of a stream, in order with its media.
    Mark {
        /// The stream.
        name: StreamName,
        /// What happened.
        marker: Marker,
    },
    /// Send a data message of the script's to all who play a stream, in order with its media. It
    /// is no sign of life of the publisher.
    StreamSend {
        /// The stream.
        name: StreamName,
        /// The message; its body is written.
        data: Data,
    },
    /// Let the client read the live stream `name` on this message stream.
    Play {
        /// The player.
        client: ClientId,
        /// Its message stream.
        stream_id: u32,
        /// The stream's name in the instance.
        name: StreamName,
        /// The play's number in the instance: tells it from the next on the same stream.
        play: u64,
        /// Ends the play after so much stream time; [`Input::PlayEnded`](crate::Input) tells.
        length_ms: Option<u32>,
        /// What it wants to receive.
        selection: Selection,
        /// Whether it may read the stream's raw samples: sound, picture.
        samples: (bool, bool),
    },
    /// Look for a recording. What is found comes back as
    /// [`Input::RecordingFound`](crate::Input::RecordingFound).
    FindRecording {
        /// The question's number in the instance.
        ask: u64,
        /// The file.
        file: RecordingFile,
    },
    /// Send the client a recording on this message stream. Its end comes back as
    /// [`Input::PlayEnded`](crate::Input::PlayEnded).
    PlayRecorded {
        /// The player.
        client: ClientId,
        /// Its message stream.
        stream_id: u32,
        /// The file.
        file: RecordingFile,
        /// The play's number in the instance.
        play: u64,
        /// What of the file is played.
        window: Window,
        /// As fast as the client takes it, and not as fast as it shows it.
        at_once: bool,
        /// What the player wants to receive.
        selection: Selection,
    },
    /// Stop what the client plays on this message stream.
    Stop {
        /// The player.
        client: ClientId,
        /// Its message stream.
        stream_id: u32,
    },
    /// Pause or go on with what the client plays on this message stream.
    Pause {
        /// The player.
        client: ClientId,
        /// Its message stream.
        stream_id: u32,
        /// Whether to pause.
        paused: bool,
    },
    /// Change what the client receives on this message stream.
    Select {
        /// The player.
        client: ClientId,
        /// Its message stream.
        stream_id: u32,
        /// What it wants to receive.
        selection: Selection,
    },
    /// The script has let the client in: it counts from now on.
    Accepted {
        /// Who.
        client: ClientId,
    },
    /// Ask a client for a sign of life, and measure how long it takes.
    Ping {
        /// Whom.
        client: ClientId,
    },
    /// Limit what a client may receive and send, in bytes per second.
    LimitBandwidth {
        /// Whom.
        client: ClientId,
        /// From the server to the client; `None` leaves it as it is.
        down: Option<u64>,
        /// From the client to the server; `None` leaves it as it is.
        up: Option<u64>,
    },
    /// For the log: a client that has not been let in sent a command or something for a shared
    /// object, which was dropped.
    Dropped {
        /// Who.
        client: ClientId,
        /// The command, or the object.
        name: Str,
    },
    /// A line the script wrote.
    Trace(String),
    /// For the log: something went wrong in the script.
    Problem(Box<Problem>),
    /// Connect to another instance. What it sends comes back as
    /// [`Input::LinkMessage`](crate::Input::LinkMessage), the end as
    /// [`Input::LinkClosed`](crate::Input::LinkClosed).
    LinkOpen {
        /// Which connection.
        link: LinkId,
        /// `rtmp://host[:port]/app[/instance]`.
        url: String,
    },
    /// Send a message over a connection to another instance; the first is `connect`.
    LinkSend {
        /// Which connection.
        link: LinkId,
        /// The message.
        message: Message,
    },
    /// Send what is queued, then close a connection to another instance. Nothing of it is to
    /// come back any more.
    LinkClose {
        /// Which connection.
        link: LinkId,
    },
    /// Make an HTTP request; its end comes back as [`Input::Response`](crate::Input::Response).
    Http {
        /// Which request.
        request: RequestId,
        /// What to ask.
        what: Box<HttpRequest>,
    },
    /// Connect a socket of the script. Its fate comes back as
    /// [`Input::SocketOpened`](crate::Input::SocketOpened) or
    /// [`Input::SocketClosed`](crate::Input::SocketClosed), what the other side sends as
    /// [`Input::SocketText`](crate::Input::SocketText).
    SocketOpen {
        /// Which socket.
        socket: SocketId,
        /// The other side's name or address.
        host: String,
        /// Its port.
        port: u16,
        /// Bytes that the longest text from there may have.
        text_bytes: usize,
    },
    /// Send a text over a socket, and a zero byte after it.
    SocketSend {
        /// Which socket.
        socket: SocketId,
        /// The text.
        text: String,
    },
    /// Send what is queued, then close a socket. Nothing of it is to come back any more.
    SocketClose {
        /// Which socket.
        socket: SocketId,
    },
    /// Send a text to somebody on a port of the instance's, and a zero byte after it.
    PortSend {
        /// Whom.
        client: ClientId,
        /// The text.
        text: String,
    },
    /// The instance has stopped: it has no clients, and does nothing any more. Those who
    /// joined meanwhile are in
    /// [`ScriptedInstance::take_waiting`](crate::ScriptedInstance::take_waiting).
    Stopped {
        /// Whether its script did not start or ran out of memory.
        failed: bool,
    },
}

/// Something about shared objects that whoever runs the server may want to know.
#[derive(Clone, Debug, PartialEq)]
pub enum ObjectNote {
    /// A client's request was refused, and the client told so.
    Refused {
        /// Whose.
        client: ClientId,
        /// The object, as the client named it.
        name: Str,
        /// What the client was told.
        code: Code,
        /// Why, in words.
        why: String,
    },
    /// A client writes faster than it may. Its message is refused.
    TooFast {
        /// Who.
        client: ClientId,
        /// The object, as the client named it.
        name: Str,
    },
    /// A client sent an event that servers do not know. It was skipped.
    UnknownEvent {
        /// Who.
        client: ClientId,
        /// The object, as the client named it.
        name: Str,
        /// The event's number.
        event: u8,
    },
    /// A proxy is not in step with the owner of its object, or no longer.
    OwnerLost {
        /// The proxy.
        name: Str,
        /// Why, in words.
        why: String,
    },
    /// A stored object could not be read.
    LoadFailed {
        /// Which.
        name: Str,
        /// Why, in words.
        why: String,
    },
    /// The script had an object locked for too long. It was unlocked.
    Unlocked {
        /// Which.
        object: Str,
    },
}
