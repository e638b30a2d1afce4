//! Any bytes as either side's handshake, whole and in two pieces: the outcome is the same.
#![no_main]

use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;
use rtmp::Error;
use rtmp::handshake::{Client, Handshake, Scheme, Server};

/// What came of it, what was answered, and how many bytes were left over.
type Outcome = (Result<Option<Handshake>, Error>, Bytes, usize);

fuzz_target!(|bytes: &[u8]| {
    let split = bytes.iter().map(|byte| usize::from(*byte)).sum::<usize>() % (bytes.len() + 1);
    let (first, second) = bytes.split_at(split);
    let schemes = [None, Some(Scheme::DigestFirst), Some(Scheme::KeyFirst)];
    for scheme in schemes {
        assert_eq!(client(scheme, &[bytes]), client(scheme, &[first, second]));
    }
    assert_eq!(server(&[bytes]), server(&[first, second]));
});

fn server(pieces: &[&[u8]]) -> Outcome {
    let mut server = Server::new([1; 32]);
    let mut out = BytesMut::new();
    let (result, left) = feed(pieces, |input| server.receive(input, &mut out));
    (result, out.freeze(), left)
}

fn client(scheme: Option<Scheme>, pieces: &[&[u8]]) -> Outcome {
    let mut out = BytesMut::new();
    let mut client = Client::new(scheme, [1; 32], &mut out);
    let (result, left) = feed(pieces, |input| client.receive(input, &mut out));
    (result, out.freeze(), left)
}

/// Hands over pieces until the handshake is complete or refused; what is left after that.
fn feed(
    pieces: &[&[u8]],
    mut receive: impl FnMut(&mut &[u8]) -> Result<Option<Handshake>, Error>,
) -> (Result<Option<Handshake>, Error>, usize) {
    let mut left: usize = pieces.iter().map(|piece| piece.len()).sum();
    for piece in pieces {
        let mut input = *piece;
        let result = receive(&mut input);
        left -= piece.len() - input.len();
        if !matches!(result, Ok(None)) {
            return (result, left);
        }
        assert!(input.is_empty(), "bytes were left behind");
    }
    (Ok(None), left)
}
