//! The instance: who is here, which names are published, and where each input goes.
//!
//! The parts of what an instance does lie beside it: calls on the connection (`call`),
//! publishing (`publish`), recording (`record`), playing (`play`), what the server itself
//! publishes (`station`), bandwidth checks (`bandwidth`).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use amf::Str;
use rtmp::connect::ConnectInfo;
use rtmp::status::{Code, Status};
use rtmp::{Body, Command, Data, Message, Millis};
use rustc_hash::FxHashMap;

use crate::client::{Client, ClientId, NetStream};
use crate::close::CloseReason;
use crate::config::InstanceConfig;
use crate::effect::{Effect, Output};
use crate::name::StreamName;
use crate::objects::SharedObjects;
use crate::play::RecordingAsk;
use crate::record::Recording;
use crate::scripting::{HttpResponse, LinkId, RequestId, RoomNews, ScriptInput, SocketId};
use crate::station::{STUDIO, Stations};

/// What clients are told when their instance ends before them.
pub(crate) const UNLOADED: &str = "The application was unloaded.";

/// What the instance must know of the world around it.
pub trait Host: Send {
    /// When the last message of the stream's present publisher arrived: audio, video or data.
    fn last_media(&self, stream: &StreamName) -> Option<Millis>;
}

/// What an instance is told.
#[derive(Debug)]
pub enum Input {
    /// A client has sent `connect`, and nothing stands against it so far.
    Connect {
        /// Who.
        client: ClientId,
        /// What it said of itself.
        info: Box<ConnectInfo>,
        /// The transaction to answer.
        transaction: f64,
        /// Where it comes from.
        origin: Origin,
    },
    /// A connected client has sent a command.
    Command {
        /// Who.
        client: ClientId,
        /// On which message stream; 0 is the connection.
        stream_id: u32,
        /// What.
        command: Command,
    },
    /// A connected client has sent a shared object message.
    SharedObject {
        /// Who.
        client: ClientId,
        /// What.
        message: rtmp::shared_object::Message,
    },
    /// A play reached the end of its length.
    PlayEnded {
        /// Whose.
        client: ClientId,
        /// On which message stream.
        stream_id: u32,
        /// Which play, as [`Effect::Play`] numbered it.
        play: u64,
    },
    /// The file of a recording is there, and what the stream brings is written into it.
    RecordingStarted {
        /// Which, as [`Effect::Record`] numbered it.
        recording: u64,
    },
    /// A recording is finished: its publisher has gone, or a limit of recordings was reached.
    RecordingStopped {
        /// Which, as [`Effect::Record`] numbered it.
        recording: u64,
    },
    /// A recording could not be begun, or not be gone on with.
    RecordingFailed {
        /// Which, as [`Effect::Record`] numbered it.
        recording: u64,
        /// The file cannot be written at all, or is being written already.
        no_access: bool,
        /// Why, in words for the publisher.
        why: String,
    },
    /// It is known whether a recording is there.
    RecordingFound {
        /// Which question, as [`Effect::FindRecording`] numbered it.
        ask: u64,
        /// The recording's duration in ms, if it is there and can be played.
        found: Option<u64>,
    },
    /// A connection has ended.
    Disconnect {
        /// Whose.
        client: ClientId,
    },
    /// The instance is to stop, by the will of the server. One without a script tells its
    /// clients and closes them; it ends with its last.
    Stop {
        /// Stopped by an administrator: a script is not asked.
        silent: bool,
    },
    /// The other side of a script's connection has sent a message.
    LinkMessage {
        /// Which connection.
        link: LinkId,
        /// What.
        message: Message,
    },
    /// A script's connection has ended, or could not be made.
    LinkClosed {
        /// Which connection.
        link: LinkId,
        /// Why, in words.
        why: String,
    },
    /// An HTTP request of a script has ended.
    Response {
        /// Which.
        request: RequestId,
        /// What was answered, or why nothing was.
        outcome: Result<HttpResponse, String>,
    },
    /// Somebody has come in over an XML port that the instance's script serves. It goes with
    /// [`Disconnect`](Self::Disconnect).
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
    /// Something has happened to the rooms that an instance's script watches.
    RoomNews(RoomNews),
    /// A script's socket is connected.
    SocketOpened {
        /// Which socket.
        socket: SocketId,
    },
    /// The other side of a script's socket has sent a text.
    SocketText {
        /// Which socket.
        socket: SocketId,
        /// The text as it came, without the zero byte that ended it.
        bytes: Vec<u8>,
    },
    /// A script's socket has been closed, or could not be connected.
    SocketClosed {
        /// Which socket.
        socket: SocketId,
        /// Why, in words; `None` if the other side just closed it.
        why: Option<String>,
    },
    /// It is known what became of saves of shared objects
    /// ([`ObjectSaver::take_saved`](crate::ObjectSaver::take_saved)).
    ObjectsSaved,
    /// The time asked for by [`Output::Timeout`] has come.
    Timeout,
}

/// Where a client comes from, as far as its `connect` does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The peer's address.
    pub ip: String,
    /// `rtmp`, `rtmpt`, ...
    pub protocol: &'static str,
    /// Whether it came over TLS.
    pub secure: bool,
}

/// One room of one application.
pub struct Instance {
    pub(crate) config: InstanceConfig,
    pub(crate) host: Box<dyn Host>,
    pub(crate) clients: FxHashMap<ClientId, Client>,
    pub(crate) publishers: FxHashMap<StreamName, Publisher>,
    /// What the server publishes for a script.
    pub(crate) stations: Stations,
    /// When live items that nobody publishes give way to the next of their playlist.
    pub(crate) give_ups: BTreeSet<(Millis, ClientId, u32)>,
    /// Plays begun so far: numbers them.
    pub(crate) plays: u64,
    /// Recordings ordered so far: numbers them.
    pub(crate) recordings_begun: u64,
    /// Those that the server has not ended.
    pub(crate) recordings: BTreeMap<u64, Recording>,
    /// Recordings that the server looks for, by the number of the question.
    pub(crate) recording_asks: BTreeMap<u64, RecordingAsk>,
    pub(crate) objects: SharedObjects,
    /// What a script is to be told of shared objects.
    pub(crate) object_news: VecDeque<ScriptInput>,
    pub(crate) effects: VecDeque<Effect>,
}

/// Who publishes a name.
#[derive(Clone, Debug)]
pub(crate) struct Publisher {
    pub(crate) client: ClientId,
    pub(crate) stream_id: u32,
    pub(crate) since: Millis,
    /// The recording of what it publishes.
    pub(crate) recording: Option<u64>,
    /// What stood behind the `?` of the name as it was written.
    pub(crate) query: Str,
}

impl Instance {
    /// An empty instance. What becomes of `objects` it tells its clients.
    pub fn new(config: InstanceConfig, host: Box<dyn Host>, objects: SharedObjects) -> Self {
        Self {
            config,
            host,
            clients: FxHashMap::default(),
            publishers: FxHashMap::default(),
            stations: Stations::new(),
            give_ups: BTreeSet::new(),
            plays: 0,
            recordings_begun: 0,
            recordings: BTreeMap::new(),
            recording_asks: BTreeMap::new(),
            objects,
            object_news: VecDeque::new(),
            effects: VecDeque::new(),
        }
    }

    /// Takes in what happened. Then [`poll`](Self::poll) until it gives a timeout.
    pub fn handle(&mut self, now: Millis, input: Input) {
        match input {
            Input::Connect {
                client,
                info,
                transaction,
                ..
            } => {
                self.on_connect(client, info, transaction);
            }
            Input::Command {
                client,
                stream_id,
                command,
            } => {
                if self.clients.contains_key(&client) {
                    self.on_command(now, client, stream_id, &command);
                }
            }
            Input::SharedObject { client, message } => {
                self.on_shared_object(now, client, &message);
            }
            Input::PlayEnded {
                client,
                stream_id,
                play,
            } => self.on_play_ended(now, client, stream_id, play),
            Input::RecordingStarted { recording } => self.on_recording_started(recording),
            Input::RecordingStopped { recording } => self.on_recording_stopped(recording),
            Input::RecordingFailed {
                recording,
                no_access,
                why,
            } => self.on_recording_failed(recording, no_access, why),
            Input::RecordingFound { ask, found } => self.on_recording_found(now, ask, found),
            Input::Disconnect { client } => self.on_disconnect(now, client),
            Input::ObjectsSaved => self.see_to_objects(now),
            Input::Timeout => {
                self.on_play_timeout(now);
                self.see_to_objects(now);
            }
            Input::Stop { .. } => self.unload_clients(),
            // Nobody here would answer.
            Input::PortOpened { client, .. } => {
                let reason = CloseReason::Rejected;
                self.effects.push_back(Effect::Close { client, reason });
            }
            // Without a script there is nothing they could be about.
            Input::LinkMessage { .. }
            | Input::LinkClosed { .. }
            | Input::Response { .. }
            | Input::PortText { .. }
            | Input::RoomNews(_)
            | Input::SocketOpened { .. }
            | Input::SocketText { .. }
            | Input::SocketClosed { .. } => {}
        }
    }

    /// The next thing to do, or the time of the next timeout.
    pub fn poll(&mut self) -> Output {
        match self.effects.pop_front() {
            Some(effect) => Output::Effect(effect),
            None => Output::Timeout(self.next_timeout()),
        }
    }

    /// When something is due.
    pub(crate) fn next_timeout(&self) -> Option<Millis> {
        let objects = self.objects.next_timeout();
        self.next_play_timeout().into_iter().chain(objects).min()
    }

    /// Asks for everything that has changed in shared objects to be saved: the instance ends.
    pub fn save_objects(&mut self, now: Millis) {
        self.objects.save_all(now);
        self.take_objects();
    }

    fn see_to_objects(&mut self, now: Millis) {
        self.objects.handle_timeout(now);
        self.take_objects();
    }

    /// Clients connected.
    pub fn client_count(&self) -> usize {
        self.client_ids().count()
    }

    /// Everybody who is connected, in no order.
    pub(crate) fn client_ids(&self) -> impl Iterator<Item = ClientId> {
        let all = self.clients.keys().copied();
        all.filter(|client| *client != STUDIO)
    }

    /// Whether the client is connected.
    pub fn has_client(&self, client: ClientId) -> bool {
        self.clients.contains_key(&client)
    }

    /// Whether the name is being published.
    pub fn is_published(&self, name: &StreamName) -> bool {
        self.publishers.contains_key(name)
    }

    /// The agent string of the client that publishes the name.
    pub fn publisher_agent(&self, name: &StreamName) -> Option<&str> {
        let publisher = self.publishers.get(name)?;
        self.clients
            .get(&publisher.client)?
            .info
            .flash_ver
            .as_deref()
    }

    /// What stood behind the `?` of a published name as its publisher wrote it.
    pub(crate) fn publish_query(&self, name: &StreamName) -> Str {
        let publisher = self.publishers.get(name);
        publisher.map_or_else(Str::default, |publisher| publisher.query.clone())
    }

    fn on_disconnect(&mut self, now: Millis, client: ClientId) {
        let Some(gone) = self.clients.get(&client) else {
            return;
        };
        let streams: Vec<u32> = gone.streams.keys().copied().collect();
        for stream_id in streams {
            self.close_stream(now, client, stream_id);
        }
        self.clients.remove(&client);
        self.objects.leave(now, client);
        self.take_objects();
        // Nobody is left to be told about the client's own streams.
        self.effects
            .retain(|effect| !matches!(effect, Effect::Send { client: to, .. } if *to == client));
    }

    /// Tells everybody that the application was unloaded, and closes them.
    fn unload_clients(&mut self) {
        let mut here: Vec<ClientId> = self.client_ids().collect();
        here.sort_unstable();
        for client in here {
            let status = Status::new(Code::ConnectAppShutdown, UNLOADED);
            self.send_command(client, 0, status.on_status());
            let reason = CloseReason::ApplicationUnloaded;
            self.effects.push_back(Effect::Close { client, reason });
        }
    }

    /// Ends whatever the stream does, and leaves it idle.
    pub(crate) fn close_stream(&mut self, now: Millis, client: ClientId, stream_id: u32) {
        let Some(stream) = self.stream_mut(client, stream_id) else {
            return;
        };
        match std::mem::replace(stream, NetStream::Idle) {
            NetStream::Idle => {}
            NetStream::Publishing(name) => self.end_publish(now, client, stream_id, &name),
            NetStream::Playing(playing) => self.end_play(client, stream_id, &playing),
        }
    }

    pub(crate) fn stream_mut(
        &mut self,
        client: ClientId,
        stream_id: u32,
    ) -> Option<&mut NetStream> {
        self.clients.get_mut(&client)?.streams.get_mut(&stream_id)
    }

    /// Sends a message of the connection itself.
    pub(crate) fn send_control(&mut self, client: ClientId, body: Body) {
        let message = Message::connection(body);
        self.effects.push_back(Effect::Send { client, message });
    }

    /// Sends a command on a message stream; 0 is the connection.
    pub(crate) fn send_command(&mut self, client: ClientId, stream_id: u32, command: Command) {
        let message = Message::stream(stream_id, Body::Command(command));
        self.effects.push_back(Effect::Send { client, message });
    }

    /// Sends a data message on a message stream.
    pub(crate) fn send_data(&mut self, client: ClientId, stream_id: u32, data: Data) {
        let message = Message::stream(stream_id, Body::Data(data));
        self.effects.push_back(Effect::Send { client, message });
    }
}
