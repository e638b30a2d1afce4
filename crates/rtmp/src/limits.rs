//! Everything that is bounded, with the values used when nobody says otherwise.

/// Bounds on what one peer may make us hold. Each is enforced before the memory is taken: a
/// message whose declared length is over its limit is refused at its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest audio, video or aggregate message, in bytes. Default 4 MiB.
    pub media_message_bytes: u32,
    /// Longest message of any other type (commands, data, shared objects, control), in bytes.
    /// Default 1 MiB.
    pub other_message_bytes: u32,
    /// Messages that may be unfinished at the same time, over all chunk streams. Default 64.
    pub partial_messages: usize,
    /// Bytes that unfinished messages may hold together. Default 8 MiB.
    pub partial_bytes: usize,
    /// Chunk streams whose last header is remembered. A peer that opens one more is refused,
    /// because forgetting a header would change the meaning of later ones. Default 256: servers
    /// use up to five per stream, and we allow 32 streams.
    pub chunk_streams: usize,
    /// Messages that the bytes of one [`crate::Input::Receive`] may complete, those inside
    /// aggregates counted one by one: an empty message is a byte, and costs us a hundred.
    /// Default 8,192.
    pub messages_at_once: usize,
    /// Events, slots and keys that one shared-object message may hold together. Default 16,384.
    pub shared_object_items: usize,
    /// Bounds on the values inside commands, data and shared objects.
    pub amf: amf::Limits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            media_message_bytes: 4 << 20,
            other_message_bytes: 1 << 20,
            partial_messages: 64,
            partial_bytes: 8 << 20,
            chunk_streams: 256,
            messages_at_once: 8192,
            shared_object_items: 16_384,
            amf: amf::Limits::default(),
        }
    }
}
