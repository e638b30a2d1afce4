//! The server's side of the handshake.

use bytes::BytesMut;

use super::digest::{self, DIGEST_BYTES, Signer};
use super::{Handshake, PACKET_BYTES, Packet, VERSION, take_byte, version_of};
use crate::entropy::Entropy;
use crate::error::{Error, Unsupported};

/// The version we show in a digest S1. Players look at it before they use newer features; this
/// is the one of the Flash Media Server whose packets were captured.
const SERVER_VERSION: [u8; 4] = [4, 5, 0, 1];

/// Waits for C0, C1 and C2; answers C1 with S0, S1 and S2 in one piece.
#[derive(Debug)]
pub struct Server {
    entropy: Entropy,
    state: State,
    packet: Packet,
}

#[derive(Debug, Clone, Copy)]
enum State {
    C0,
    C1,
    /// Waiting for C2; the digest of our S1 if we sent one.
    C2 {
        peer: Handshake,
        ours: Option<[u8; DIGEST_BYTES]>,
    },
}

impl Server {
    /// A server that has received nothing. The random parts of its packets come from `seed`.
    pub const fn new(seed: [u8; 32]) -> Self {
        Self {
            entropy: Entropy::new(seed),
            state: State::C0,
            packet: Packet { bytes: Vec::new() },
        }
    }

    /// Takes the client's bytes off the front of `input` and appends the answers to `out`.
    /// Returns `Some` once C2 is complete; what is left in `input` then is the chunk stream.
    ///
    /// # Errors
    ///
    /// At the first byte: [`Error::NotRtmp`] when it is 0x20 or above, and
    /// [`Error::Unsupported`] when it asks for RTMPE. Other versions are answered with 3, as
    /// RTMP 1.0 §5.2.2 says.
    pub fn receive(
        &mut self,
        input: &mut &[u8],
        out: &mut BytesMut,
    ) -> Result<Option<Handshake>, Error> {
        if matches!(self.state, State::C0) {
            let Some(version) = take_byte(input) else {
                return Ok(None);
            };
            check_version(version)?;
            self.state = State::C1;
        }
        if matches!(self.state, State::C1) {
            let Some(c1) = self.packet.fill(input) else {
                return Ok(None);
            };
            self.state = self.answer(&c1, out);
        }
        let State::C2 { mut peer, ours } = self.state else {
            return Ok(None);
        };
        let Some(c2) = self.packet.fill(input) else {
            return Ok(None);
        };
        peer.signed = ours.is_some_and(|ours| digest::is_signed(&c2, &ours, Signer::Player));
        Ok(Some(peer))
    }

    /// Writes S0, S1 and S2 in the form of `c1`.
    fn answer(&mut self, c1: &[u8; PACKET_BYTES], out: &mut BytesMut) -> State {
        let entropy = &mut self.entropy;
        let peer_version = version_of(c1);
        out.extend_from_slice(&[VERSION]);
        let Some(digest::Found {
            scheme,
            digest: theirs,
            ..
        }) = digest::find(c1, Signer::Player)
        else {
            out.extend_from_slice(&plain_first(entropy));
            out.extend_from_slice(&plain_second(c1));
            let peer = Handshake {
                digest: None,
                peer_version,
                signed: false,
            };
            return State::C2 { peer, ours: None };
        };
        let (s1, ours) = digest::first_packet(SERVER_VERSION, scheme, Signer::Server, entropy);
        out.extend_from_slice(&s1);
        out.extend_from_slice(&digest::second_packet(&theirs, Signer::Server, entropy));
        let peer = Handshake {
            digest: Some(scheme),
            peer_version,
            signed: false,
        };
        State::C2 {
            peer,
            ours: Some(ours),
        }
    }
}

/// Which first bytes are answered (RTMP 1.0 §5.2.2): 0 to 2 are obsolete and 4 to 31 reserved,
/// both get version 3; 6, 8 and 9 are RTMPE, whose client would go on with ciphertext.
fn check_version(version: u8) -> Result<(), Error> {
    match version {
        6 | 8 | 9 => Err(Error::Unsupported {
            what: Unsupported::Rtmpe { version },
            offset: 0,
        }),
        0x20.. => Err(Error::NotRtmp { first: version }),
        _ => Ok(()),
    }
}

/// A plain first packet. Our clock starts with it, so its time is zero.
pub(super) fn plain_first(entropy: &mut Entropy) -> [u8; PACKET_BYTES] {
    let mut packet = [0; PACKET_BYTES];
    entropy.fill(packet.get_mut(8..).unwrap_or_default());
    packet
}

/// A plain second packet: the peer's packet with the time at which we read it (RTMP 1.0
/// §5.2.4), which is zero on our clock. So a plain C1 comes back byte for byte, which is what
/// librtmp compares.
pub(super) fn plain_second(first: &[u8; PACKET_BYTES]) -> [u8; PACKET_BYTES] {
    let mut packet = *first;
    for byte in packet.iter_mut().skip(4).take(4) {
        *byte = 0;
    }
    packet
}
