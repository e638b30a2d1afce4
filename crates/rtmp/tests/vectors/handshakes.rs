//! Captured handshake packets and broken variants of them.

use bytes::{Bytes, BytesMut};
use rtmp::Error;
use rtmp::handshake::digest::{Found, Signer, find, is_signed};
use rtmp::handshake::{PACKET_BYTES, Scheme, Server};
use serde_json::Value as Json;
use testkit::{hex, vectors};

use crate::expect::{bytes, number, same, text};

type Packet = [u8; PACKET_BYTES];

pub(crate) fn check(vector: &Json) -> Result<(), String> {
    match text(vector, "format")? {
        "handshake-c0c1" => check_c0c1(vector),
        "handshake-s0s1s2" => check_s0s1s2(vector),
        "handshake-c2" => check_c2(vector),
        other => Err(format!("unknown format {other:?}")),
    }
}

/// What a server makes of C0 and C1.
fn check_c0c1(vector: &Json) -> Result<(), String> {
    let mut out = BytesMut::new();
    let input = bytes(vector, "hex")?;
    let received = Server::new([7; 32]).receive(&mut &input[..], &mut out);
    if vector["ok"] == false {
        return refused(vector, received.map(|_| ()), &out);
    }
    received.map_err(|error| error.to_string())?;
    let c1 = packet(&input, 1)?;
    let found = find(&c1, Signer::Player);
    let (s1, s2) = (packet(&out, 1)?, packet(&out, 1 + PACKET_BYTES)?);
    let Some(scheme) = scheme(vector)? else {
        same("digest of C1", &found, &None)?;
        same("version of the answer", &s1[4..8], &[0; 4][..])?;
        return same("echo", &s2[8..], &c1[8..]);
    };
    let found = check_digest(vector, scheme, found)?;
    let answer = find(&s1, Signer::Server).ok_or("S1 has no digest")?;
    same("scheme of the answer", &answer.scheme, &scheme)?;
    same(
        "S2 is signed",
        &is_signed(&s2, &found.digest, Signer::Server),
        &true,
    )
}

/// A byte that is no RTMP, RTMPE, or a packet that is cut.
fn refused(vector: &Json, found: Result<(), Error>, out: &[u8]) -> Result<(), String> {
    same("answer", &out.len(), &0)?;
    let first = bytes(vector, "hex")?[0];
    match (first, found) {
        (0x20.., Err(Error::NotRtmp { .. }))
        | (6 | 8 | 9, Err(Error::Unsupported { .. }))
        | (3, Ok(())) => Ok(()),
        (_, found) => Err(format!("first byte {first} gave {found:?}")),
    }
}

fn check_s0s1s2(vector: &Json) -> Result<(), String> {
    let input = bytes(vector, "hex")?;
    let (s1, s2) = (packet(&input, 1)?, packet(&input, 1 + PACKET_BYTES)?);
    let scheme = scheme(vector)?.ok_or("a captured S1 without a digest")?;
    check_digest(vector, scheme, find(&s1, Signer::Server))?;
    let c1 = packet(&answered(vector)?, 1)?;
    let c1 = find(&c1, Signer::Player).ok_or("the C1 it answers has no digest")?;
    same(
        "signature",
        &hex::encode(&s2[PACKET_BYTES - 32..]).as_str(),
        &text(vector, "s2_digest")?,
    )?;
    same(
        "S2 is signed",
        &is_signed(&s2, &c1.digest, Signer::Server),
        &true,
    )
}

fn check_c2(vector: &Json) -> Result<(), String> {
    let c2 = packet(&bytes(vector, "hex")?, 0)?;
    let s1 = packet(&answered(vector)?, 1)?;
    let s1 = find(&s1, Signer::Server).ok_or("the S1 it answers has no digest")?;
    same(
        "signature",
        &hex::encode(&c2[PACKET_BYTES - 32..]).as_str(),
        &text(vector, "c2_digest")?,
    )?;
    same(
        "C2 is signed",
        &is_signed(&c2, &s1.digest, Signer::Player),
        &true,
    )?;
    same(
        "signed by the other",
        &is_signed(&c2, &s1.digest, Signer::Server),
        &false,
    )
}

fn check_digest(vector: &Json, scheme: Scheme, found: Option<Found>) -> Result<Found, String> {
    let found = found.ok_or("no digest found")?;
    same("scheme", &found.scheme, &scheme)?;
    same(
        "offset",
        &(found.offset as u32),
        &number(vector, "digest_offset")?,
    )?;
    same(
        "digest",
        &hex::encode(&found.digest).as_str(),
        &text(vector, "digest")?,
    )?;
    Ok(found)
}

fn scheme(vector: &Json) -> Result<Option<Scheme>, String> {
    match vector["scheme"].as_str() {
        None => Ok(None),
        Some("key-first") => Ok(Some(Scheme::KeyFirst)),
        Some("digest-first") => Ok(Some(Scheme::DigestFirst)),
        Some(other) => Err(format!("unknown scheme {other:?}")),
    }
}

/// The bytes of the vector this one answers.
fn answered(vector: &Json) -> Result<Bytes, String> {
    let id = text(vector, "answers")?;
    let file = vectors::load("handshake.json");
    let list = file["vectors"].as_array().ok_or("no vectors")?;
    bytes(
        list.iter()
            .find(|v| v["id"] == id)
            .ok_or("the vector it answers is missing")?,
        "hex",
    )
}

fn packet(bytes: &[u8], at: usize) -> Result<Packet, String> {
    let packet = bytes.get(at..at + PACKET_BYTES).ok_or("a packet is cut")?;
    packet.try_into().map_err(|_| "a packet is cut".to_owned())
}
