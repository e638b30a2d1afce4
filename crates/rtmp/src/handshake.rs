//! The handshake that precedes the chunk stream, as server and as client.
//!
//! There are two forms. The plain one exchanges random bytes and echoes them (RTMP 1.0 §5.2).
//! In the digest one, which came with Flash Player 9.0.115, each side proves with HMAC-SHA256
//! that it knows a published key; Flash Player plays H.264 and AAC only after that. The server
//! answers in the form, and in the placement of the digest, that the client chose. RTMPE, which
//! adds encryption with public keys, is refused by name.
//!
//! Nothing here checks the contents of C2 and S2: real clients differ in what they echo.

mod client;
pub mod digest;
mod server;

pub use client::Client;
pub use digest::Scheme;
pub use server::Server;

/// The version byte of plain RTMP (RTMP 1.0 §5.2.2).
pub const VERSION: u8 = 3;

/// The length of C1, C2, S1 and S2 in bytes (RTMP 1.0 §5.2.3).
pub const PACKET_BYTES: usize = 1536;

/// What the handshake found out about the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handshake {
    /// Where the peer placed its digest, if it sent one that is right; `None` after a plain
    /// handshake.
    pub digest: Option<Scheme>,
    /// Bytes 4 to 7 of the peer's first packet: zero, or the version of the product.
    pub peer_version: [u8; 4],
    /// Whether the peer also signed our first packet in its second. Always false after a plain
    /// handshake, and no reason to refuse a peer.
    pub signed: bool,
}

/// One 1536-byte packet being received.
#[derive(Debug, Default)]
struct Packet {
    bytes: Vec<u8>,
}

impl Packet {
    /// Takes bytes off the front of `input`; the packet, once it is whole.
    fn fill(&mut self, input: &mut &[u8]) -> Option<[u8; PACKET_BYTES]> {
        let missing = PACKET_BYTES - self.bytes.len();
        let (taken, rest) = input.split_at(input.len().min(missing));
        self.bytes.extend_from_slice(taken);
        *input = rest;
        let whole = self.bytes.as_slice().try_into().ok()?;
        self.bytes = Vec::new();
        Some(whole)
    }
}

/// Takes one byte off the front of `input`.
fn take_byte(input: &mut &[u8]) -> Option<u8> {
    let (first, rest) = input.split_first()?;
    *input = rest;
    Some(*first)
}

/// Bytes 4 to 7 of a first packet.
fn version_of(packet: &[u8; PACKET_BYTES]) -> [u8; 4] {
    let [_, _, _, _, a, b, c, d, ..] = *packet;
    [a, b, c, d]
}
