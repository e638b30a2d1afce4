//! The limits that keep a peer's message from costing more than its bytes are worth.

/// What reading and writing AMF may cost. Every field has a default that fits real clients.
///
/// Lengths and counts in the input never allocate by themselves: text, byte arrays and number
/// vectors are bounded by the bytes that are present, everything else by [`Limits::elements`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Containers inside each other, when reading and when writing. Default 64. Each takes up to
    /// a kilobyte of stack, so thousands are too many for a worker thread.
    pub depth: u32,
    /// Values read by one decoder (or one packet): every scalar, container and property value,
    /// and every member name an AMF3 class declares. At no more than 300 bytes of memory each
    /// (most for AMF3 objects that each declare a class), beside the text itself, the default of
    /// 65 536 keeps the worst message under 19 MiB.
    pub elements: u32,
    /// Bytes written by one encoder (or one packet). Bounds values in which one large part
    /// is shared many times and the format has to repeat it. Default 1 MiB.
    pub output_bytes: usize,
    /// Headers of a Flash Remoting packet. Default 64.
    pub packet_headers: u16,
    /// Messages of a Flash Remoting packet. Default 256.
    pub packet_messages: u16,
    /// What to do with an AMF3 externalizable object of a class nobody knows.
    /// Default [`UnknownExternalizable::Refuse`].
    pub unknown_externalizable: UnknownExternalizable,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 64,
            elements: 65_536,
            output_bytes: 1 << 20,
            packet_headers: 64,
            packet_messages: 256,
            unknown_externalizable: UnknownExternalizable::Refuse,
        }
    }
}

/// The choice for an externalizable object whose class is unknown.
///
/// Such an object is written by the code of its class, so nothing says where it ends
/// (AMF 3 §3.12).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownExternalizable {
    /// Refuse the message with a typed error.
    #[default]
    Refuse,
    /// Keep everything up to the end of the input as the object's opaque body, when the object
    /// is a whole value of its own (not inside a container) and no AMF3 table entry precedes it,
    /// so the bytes mean the same when they are written again. Otherwise refuse.
    KeepRest,
}
