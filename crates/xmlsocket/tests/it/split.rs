//! However the same bytes are split, a framer says the same.

use proptest::prelude::*;
use xmlsocket::{Charset, Error, Frame, Framer, Limits};

/// What came of it: frames, the error if there was one, and the code page at the end.
type Outcome = (Vec<Frame>, Option<Error>, &'static str);

fn outcome<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, charset: Charset) -> Outcome {
    let limits = Limits {
        frame_bytes: 24,
        ..Limits::default()
    };
    let mut framer = Framer::new(charset, &limits);
    let (mut frames, mut error) = (Vec::new(), None);
    for piece in pieces {
        framer.receive(piece);
        loop {
            match framer.poll() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(reason) => {
                    error = Some(reason);
                    break;
                }
            }
        }
    }
    (frames, error, framer.charset().current())
}

/// A frame without its zero byte: short and too long, text in both code pages, and requests.
fn frame() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => Just(b"<policy-file-request/>".to_vec()),
        3 => Just(Vec::new()),
        6 => "[<>a-zé/ ]{1,12}".prop_map(String::into_bytes),
        2 => Just(b"caf\xE9".to_vec()),
        1 => prop::collection::vec(1_u8..=255, 20..28),
    ]
}

proptest! {
    #[test]
    fn any_split_gives_the_same_frames(
        frames in prop::collection::vec(frame(), 0..6),
        rest in prop::collection::vec(1_u8..=255, 0..30),
        cuts in prop::collection::vec(0_usize..200, 0..8),
        strict in any::<bool>(),
    ) {
        let mut bytes = Vec::new();
        for frame in &frames {
            bytes.extend_from_slice(frame);
            bytes.push(0);
        }
        bytes.extend_from_slice(&rest);
        let charset = || if strict { Charset::new("utf-8").unwrap() } else { Charset::default() };
        let whole = outcome([&bytes[..]], charset());
        prop_assert_eq!(&outcome(bytes.chunks(1), charset()), &whole);
        let mut cuts: Vec<_> = cuts.iter().map(|cut| (*cut).min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|ends| &bytes[ends[0]..ends[1]]);
        prop_assert_eq!(&outcome(pieces, charset()), &whole);
    }

    #[test]
    fn what_is_framed_is_one_frame_with_the_same_text(text in "\\PC{1,20}") {
        let mut bytes = bytes::BytesMut::new();
        Charset::default().frame(&text, &mut bytes);
        let mut framer = Framer::new(Charset::default(), &Limits::default());
        framer.receive(&bytes);
        let request = xmlsocket::is_policy_request(&text);
        let expected = if request { Frame::PolicyRequest } else { Frame::Text(text) };
        prop_assert_eq!(framer.poll(), Ok(Some(expected)));
        prop_assert_eq!(framer.poll(), Ok(None));
    }
}
