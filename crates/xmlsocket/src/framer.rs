//! Finds the frames in a stream of bytes.

use bytes::{Buf, BytesMut};

use crate::charset::Charset;
use crate::error::{Error, Limit};
use crate::limits::Limits;
use crate::policy;

/// What a connection brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A text, which is not empty.
    Text(String),
    /// The player asks for the policy file, as the first thing on the connection. It expects
    /// [`crate::Policy::document`] and the end of the connection, and sends nothing more on it.
    PolicyRequest,
}

/// The receiving side of one connection: bytes in through [`Framer::receive`], frames out of
/// [`Framer::poll`]. Any split of the same bytes gives the same frames and the same error.
///
/// Empty frames are passed over: a player may send zero bytes of its own after a text that is not
/// all ASCII. A connection that is idle between frames holds no memory here.
#[derive(Debug)]
pub struct Framer {
    charset: Charset,
    frame_bytes_max: usize,
    /// Bytes that are in no frame yet.
    bytes: BytesMut,
    /// So many of them are known to hold no zero byte.
    searched: usize,
    /// Whether a frame has come, after which nothing is a policy request.
    begun: bool,
    failed: Option<Error>,
}

impl Framer {
    /// The start of a connection whose texts are in `charset`. Of the limits only
    /// [`Limits::frame_bytes`] matters here.
    pub fn new(charset: Charset, limits: &Limits) -> Self {
        Self {
            charset,
            frame_bytes_max: limits.frame_bytes,
            bytes: BytesMut::new(),
            searched: 0,
            begun: false,
            failed: None,
        }
    }

    /// Takes in what one read gave, in any split. Poll until nothing comes before the next call,
    /// so that no more is held than one read and one frame.
    pub fn receive(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// The next frame, or nothing until more bytes come.
    ///
    /// # Errors
    ///
    /// When a frame is too long, or is no text: the connection is over, and every later call gets
    /// the same error.
    pub fn poll(&mut self) -> Result<Option<Frame>, Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.next_frame().inspect_err(|error| {
            self.failed = Some(*error);
            self.bytes = BytesMut::new();
        })
    }

    /// How texts to this peer are written: in the code page of its own.
    pub const fn charset(&self) -> &Charset {
        &self.charset
    }

    fn next_frame(&mut self) -> Result<Option<Frame>, Error> {
        while let Some(length) = self.frame_length()? {
            if length == 0 {
                self.bytes.advance(1);
                continue;
            }
            let frame = self.bytes.split_to(length);
            self.bytes.advance(1);
            let text = self.charset.decode(&frame)?;
            let first = !std::mem::replace(&mut self.begun, true);
            return Ok(Some(if first && policy::is_policy_request(&text) {
                Frame::PolicyRequest
            } else {
                Frame::Text(text)
            }));
        }
        if self.bytes.is_empty() {
            // The memory of the last frame is not kept for a next one.
            self.bytes = BytesMut::new();
        }
        Ok(None)
    }

    /// The number of bytes up to the next zero byte, if it is there.
    fn frame_length(&mut self) -> Result<Option<usize>, Error> {
        let end = self.bytes.len().min(self.frame_bytes_max + 1);
        let found = memchr::memchr(0, &self.bytes[self.searched..end]);
        if let Some(at) = found {
            let length = self.searched + at;
            self.searched = 0;
            return Ok(Some(length));
        }
        self.searched = end;
        if end > self.frame_bytes_max {
            return Err(Error::Limit {
                which: Limit::FrameBytes,
                max: self.frame_bytes_max,
            });
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framer(frame_bytes: usize) -> Framer {
        let limits = Limits {
            frame_bytes,
            ..Limits::default()
        };
        Framer::new(Charset::default(), &limits)
    }

    fn texts(framer: &mut Framer) -> Vec<Frame> {
        std::iter::from_fn(|| framer.poll().unwrap()).collect()
    }

    fn text(text: &str) -> Frame {
        Frame::Text(text.to_owned())
    }

    #[test]
    fn frames_come_whole_from_parts_and_from_lumps() {
        let mut framer = framer(64);
        framer.receive(b"<a/>\0<b");
        assert_eq!(texts(&mut framer), [text("<a/>")]);
        framer.receive(b"/>\0\0\0<c/>\0");
        assert_eq!(texts(&mut framer), [text("<b/>"), text("<c/>")]);
        framer.receive(b"\0");
        assert_eq!(texts(&mut framer), []);
        assert_eq!(framer.bytes.capacity(), 0);
    }

    #[test]
    fn a_frame_has_at_most_the_limit_and_the_error_stays() {
        let mut framer = framer(4);
        framer.receive(b"1234\0");
        assert_eq!(texts(&mut framer), [text("1234")]);
        framer.receive(b"1234");
        assert_eq!(texts(&mut framer), []);
        framer.receive(b"5");
        let refused = Err(Error::Limit {
            which: Limit::FrameBytes,
            max: 4,
        });
        assert_eq!(framer.poll(), refused);
        framer.receive(b"\0abc\0");
        assert_eq!(framer.poll(), refused);
        assert_eq!(framer.bytes.capacity(), 0);
    }

    #[test]
    fn a_policy_request_is_one_as_the_first_frame_only() {
        for request in [
            "<policy-file-request/>",
            "<policy-file-request />",
            "<cross-domain-request/>",
        ] {
            let mut framer = framer(64);
            framer.receive(format!("{request}\0{request}\0").as_bytes());
            assert_eq!(texts(&mut framer), [Frame::PolicyRequest, text(request)]);
        }
    }
}
