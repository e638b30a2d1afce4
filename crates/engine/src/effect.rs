//! What an instance asks of the server around it.

use media::{Marker, Selection};
use rtmp::{Message, Millis};

use crate::client::ClientId;
use crate::close::CloseReason;
use crate::name::StreamName;

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
    /// Tell the players of a stream, in order with its media.
    Mark {
        /// The stream.
        name: StreamName,
        /// What happened.
        marker: Marker,
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
}
