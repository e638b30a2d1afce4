//! Any bytes as a connection, in pieces. However they are split the frames are the same, and none
//! is longer than allowed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xmlsocket::{Charset, Error, Frame, Framer, Limits};

/// Small, so that it is met.
const FRAME_BYTES: usize = 64;

fuzz_target!(|bytes: &[u8]| {
    for code_page in ["windows-1252", "shift_jis", "utf-8"] {
        let whole = frames(bytes.chunks(usize::MAX), code_page);
        for piece in [1, 7] {
            assert_eq!(frames(bytes.chunks(piece), code_page), whole);
        }
        for frame in whole.0 {
            if let Frame::Text(text) = frame {
                // A byte of an old code page becomes three of UTF-8 at most.
                assert!(!text.is_empty() && text.len() <= 3 * FRAME_BYTES);
            }
        }
    }
});

fn frames<'a>(
    pieces: impl Iterator<Item = &'a [u8]>,
    code_page: &str,
) -> (Vec<Frame>, Option<Error>) {
    let limits = Limits {
        frame_bytes: FRAME_BYTES,
        ..Limits::default()
    };
    let charset = Charset::new(code_page).expect("a code page");
    let mut framer = Framer::new(charset, &limits);
    let mut frames = Vec::new();
    for piece in pieces {
        framer.receive(piece);
        loop {
            match framer.poll() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
    }
    (frames, None)
}
