//! Digests inside handshake packets: where they are, how they are made, whether they are right.
//!
//! Adobe never published this form; placement and keys are those that librtmp, SRS and
//! nginx-rtmp agree on, checked against captured packets of Flash Player and Flash Media Server.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::PACKET_BYTES;
use crate::entropy::Entropy;

/// The length of a digest and of a signature in bytes.
pub const DIGEST_BYTES: usize = 32;

/// The length of a second packet without its signature.
const SIGNED_BYTES: usize = PACKET_BYTES - DIGEST_BYTES;

/// The order of the two 764-byte blocks of a first packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// The digest is in the first block (ffmpeg, librtmp, nginx-rtmp).
    DigestFirst,
    /// The digest is in the second block (Flash Player, Flash Media Server).
    KeyFirst,
}

impl Scheme {
    /// The place of the four bytes whose sum places the digest within its block.
    const fn field(self) -> usize {
        match self {
            Self::DigestFirst => 8,
            Self::KeyFirst => 772,
        }
    }

    /// Where the digest of `packet` is.
    pub(super) fn offset(self, packet: &[u8; PACKET_BYTES]) -> usize {
        let field = self.field();
        let sum: usize = packet
            .iter()
            .skip(field)
            .take(4)
            .map(|byte| usize::from(*byte))
            .sum();
        field + 4 + sum % 728
    }
}

/// Who signs: each side has a key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Signer {
    /// The client: C1 and C2.
    Player,
    /// The server: S1 and S2.
    Server,
}

/// A digest that is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// How it is placed.
    pub scheme: Scheme,
    /// Where it starts in its packet, in bytes.
    pub offset: usize,
    /// The digest.
    pub digest: [u8; DIGEST_BYTES],
}

/// The part of both keys that is not text.
const KEY_TAIL: [u8; 32] = [
    0xF0, 0xEE, 0xC2, 0x4A, 0x80, 0x68, 0xBE, 0xE8, 0x2E, 0x00, 0xD0, 0xD1, 0x02, 0x9E, 0x7E, 0x57,
    0x6E, 0xEC, 0x5D, 0x2D, 0x29, 0x80, 0x6F, 0xAB, 0x93, 0xB8, 0xE6, 0x36, 0xCF, 0xEB, 0x31, 0xAE,
];

impl Signer {
    /// The text that is the key for first packets.
    const fn short_key(self) -> &'static [u8] {
        match self {
            Self::Player => b"Genuine Adobe Flash Player 001",
            Self::Server => b"Genuine Adobe Flash Media Server 001",
        }
    }
}

/// HMAC-SHA256 of the concatenation of `parts` under the concatenation of `key`.
fn hmac(key: &[&[u8]], parts: &[&[u8]]) -> [u8; DIGEST_BYTES] {
    // INVARIANT: HMAC takes keys of any length (RFC 2104 §2), so this cannot fail.
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.concat()).expect("any key length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// The digest that belongs into `packet` at `offset`: over everything around it.
fn digest_at(packet: &[u8; PACKET_BYTES], offset: usize, signer: Signer) -> [u8; DIGEST_BYTES] {
    let before = packet.get(..offset).unwrap_or_default();
    let after = packet.get(offset + DIGEST_BYTES..).unwrap_or_default();
    hmac(&[signer.short_key()], &[before, after])
}

/// The digest of a first packet (C1 or S1), if one is there and right under either scheme.
pub fn find(packet: &[u8; PACKET_BYTES], signer: Signer) -> Option<Found> {
    // Bytes 4 to 7 are zero in plain packets, so they need no hashing.
    if super::version_of(packet) == [0; 4] {
        return None;
    }
    [Scheme::KeyFirst, Scheme::DigestFirst]
        .into_iter()
        .find_map(|scheme| {
            let offset = scheme.offset(packet);
            let digest = digest_at(packet, offset, signer);
            let is_there = packet.get(offset..)?.starts_with(&digest);
            is_there.then_some(Found {
                scheme,
                offset,
                digest,
            })
        })
}

/// Makes a first packet with a digest and returns both. Its clock reads zero, like that of a
/// plain first packet.
pub(super) fn first_packet(
    version: [u8; 4],
    scheme: Scheme,
    signer: Signer,
    entropy: &mut Entropy,
) -> ([u8; PACKET_BYTES], [u8; DIGEST_BYTES]) {
    let mut packet = [0; PACKET_BYTES];
    entropy.fill(packet.get_mut(8..).unwrap_or_default());
    for (to, from) in packet.iter_mut().skip(4).zip(version) {
        *to = from;
    }
    let offset = scheme.offset(&packet);
    let digest = digest_at(&packet, offset, signer);
    for (to, from) in packet.iter_mut().skip(offset).zip(digest) {
        *to = from;
    }
    (packet, digest)
}

/// The signature at the end of a second packet, over the rest of it and the digest of the first
/// packet it answers.
fn signature(
    packet: &[u8; PACKET_BYTES],
    answered: &[u8; DIGEST_BYTES],
    signer: Signer,
) -> [u8; DIGEST_BYTES] {
    let key = hmac(&[signer.short_key(), &KEY_TAIL], &[answered]);
    hmac(&[&key], &[packet.get(..SIGNED_BYTES).unwrap_or_default()])
}

/// Makes a second packet that answers the first packet with digest `answered`.
pub(super) fn second_packet(
    answered: &[u8; DIGEST_BYTES],
    signer: Signer,
    entropy: &mut Entropy,
) -> [u8; PACKET_BYTES] {
    let mut packet = [0; PACKET_BYTES];
    entropy.fill(&mut packet);
    let signature = signature(&packet, answered, signer);
    for (to, from) in packet.iter_mut().skip(SIGNED_BYTES).zip(signature) {
        *to = from;
    }
    packet
}

/// Whether a second packet (C2 or S2) is signed, in its last 32 bytes, for the first packet with
/// digest `answered`.
pub fn is_signed(
    packet: &[u8; PACKET_BYTES],
    answered: &[u8; DIGEST_BYTES],
    signer: Signer,
) -> bool {
    packet.ends_with(&signature(packet, answered, signer))
}
