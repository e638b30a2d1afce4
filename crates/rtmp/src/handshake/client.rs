//! The client's side of the handshake.

use bytes::BytesMut;

use super::digest::{self, DIGEST_BYTES, Scheme, Signer};
use super::server::{plain_first, plain_second};
use super::{Handshake, PACKET_BYTES, Packet, VERSION, take_byte, version_of};
use crate::entropy::Entropy;
use crate::error::{Error, Misbehaved};

/// The version we show in a digest C1: that of ffmpeg, which servers have long met.
const CLIENT_VERSION: [u8; 4] = [9, 0, 124, 2];

/// Sends C0 and C1 at once, C2 when it has S1, and is done when it has S2.
#[derive(Debug)]
pub struct Client {
    entropy: Entropy,
    state: State,
    packet: Packet,
    /// The digest of our C1, if we sent one.
    ours: Option<[u8; DIGEST_BYTES]>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    S0,
    S1,
    S2 { peer: Handshake },
}

impl Client {
    /// Starts a handshake: appends C0 and C1 to `out`. With a `scheme` C1 carries a digest
    /// placed so; without one the handshake is plain. Random parts come from `seed`.
    pub fn new(scheme: Option<Scheme>, seed: [u8; 32], out: &mut BytesMut) -> Self {
        let mut entropy = Entropy::new(seed);
        let (c1, ours) = match scheme {
            None => (plain_first(&mut entropy), None),
            Some(scheme) => {
                let signer = Signer::Player;
                let (c1, ours) = digest::first_packet(CLIENT_VERSION, scheme, signer, &mut entropy);
                (c1, Some(ours))
            }
        };
        out.extend_from_slice(&[VERSION]);
        out.extend_from_slice(&c1);
        Self {
            entropy,
            state: State::S0,
            packet: Packet::default(),
            ours,
        }
    }

    /// Takes the server's bytes off the front of `input` and appends C2 to `out`. Returns
    /// `Some` once S2 is complete; what is left in `input` then is the chunk stream.
    ///
    /// # Errors
    ///
    /// [`Error::NotRtmp`] or [`Misbehaved::ServerVersion`] when S0 is not 3, as we offered
    /// nothing else (RTMP 1.0 §5.2.2).
    pub fn receive(
        &mut self,
        input: &mut &[u8],
        out: &mut BytesMut,
    ) -> Result<Option<Handshake>, Error> {
        if matches!(self.state, State::S0) {
            let Some(version) = take_byte(input) else {
                return Ok(None);
            };
            check_version(version)?;
            self.state = State::S1;
        }
        if matches!(self.state, State::S1) {
            let Some(s1) = self.packet.fill(input) else {
                return Ok(None);
            };
            let peer = self.answer(&s1, out);
            self.state = State::S2 { peer };
        }
        let State::S2 { mut peer } = self.state else {
            return Ok(None);
        };
        let Some(s2) = self.packet.fill(input) else {
            return Ok(None);
        };
        let ours = self.ours.filter(|_| peer.digest.is_some());
        peer.signed = ours.is_some_and(|ours| digest::is_signed(&s2, &ours, Signer::Server));
        Ok(Some(peer))
    }

    /// Writes C2: signed if we offered a digest and S1 has one, an echo otherwise.
    fn answer(&mut self, s1: &[u8; PACKET_BYTES], out: &mut BytesMut) -> Handshake {
        let found = self.ours.and_then(|_| digest::find(s1, Signer::Server));
        let c2 = match &found {
            Some(found) => digest::second_packet(&found.digest, Signer::Player, &mut self.entropy),
            None => plain_second(s1),
        };
        out.extend_from_slice(&c2);
        let digest = found.map(|found| found.scheme);
        Handshake {
            digest,
            peer_version: version_of(s1),
            signed: false,
        }
    }
}

fn check_version(version: u8) -> Result<(), Error> {
    match version {
        VERSION => Ok(()),
        0x20.. => Err(Error::NotRtmp { first: version }),
        _ => Err(Error::Misbehaved {
            what: Misbehaved::ServerVersion { version },
            offset: 0,
        }),
    }
}
