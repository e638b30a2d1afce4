//! What a client has sent about shared objects before it was let in: movies use their objects right
//! behind `connect`, while the script may still think about it. It is carried out when the client
//! is let in, and goes with it otherwise.

use rtmp::shared_object::Message;

/// The messages of one client, in their order.
#[derive(Debug, Default)]
pub(super) struct Held {
    messages: Vec<Message>,
    bytes: usize,
}

impl Held {
    /// Keeps a message, unless there would be more than so many messages or bytes; whether it is
    /// kept.
    pub(super) fn keep(&mut self, message: Message, most: usize, most_bytes: usize) -> bool {
        let Ok(body) = message.encode() else {
            return false;
        };
        let bytes = self.bytes + body.len();
        if self.messages.len() >= most || bytes > most_bytes {
            return false;
        }
        self.bytes = bytes;
        self.messages.push(message);
        true
    }

    /// All of them.
    pub(super) fn into_messages(self) -> Vec<Message> {
        self.messages
    }
}
