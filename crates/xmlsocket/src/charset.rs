//! Which bytes the texts of one connection are: UTF-8, or the code page of an old movie.

use bytes::BytesMut;
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use crate::error::{Error, Malformed};
use crate::text;

/// A name that is no code page usable here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no code page for XML sockets; known are \"utf-8\" and those of browsers that hold \
     ASCII, such as \"windows-1252\" and \"shift_jis\""
)]
pub struct UnknownCodePage(pub String);

/// The code page of a connection.
///
/// Movies for Flash Player 6 and later write UTF-8. Older ones, and those that set
/// `System.useCodepage`, write the code page of their system. Each frame is judged by itself: one
/// that is no UTF-8 is read in the configured page. The last frame that held anything but ASCII
/// says how we write, so a connection that was misjudged mends itself.
#[derive(Debug, Clone, Copy)]
pub struct Charset {
    /// What a frame is read in that is no UTF-8. UTF-8 itself when there is none.
    fallback: &'static Encoding,
    /// What the peer wrote last.
    current: &'static Encoding,
}

impl Default for Charset {
    /// UTF-8, or else Windows-1252.
    fn default() -> Self {
        Self::with_fallback(WINDOWS_1252)
    }
}

impl Charset {
    /// UTF-8, or else the code page `label`, by any name browsers know it by. With `"utf-8"`, what
    /// is no UTF-8 is refused.
    ///
    /// # Errors
    ///
    /// When nobody knows the name, or when ASCII is written otherwise in that code page, so that
    /// zero bytes would not end frames (UTF-16).
    pub fn new(label: &str) -> Result<Self, UnknownCodePage> {
        Encoding::for_label(label.as_bytes())
            .filter(|encoding| encoding.is_ascii_compatible())
            .map(Self::with_fallback)
            .ok_or_else(|| UnknownCodePage(label.to_owned()))
    }

    const fn with_fallback(fallback: &'static Encoding) -> Self {
        Self {
            fallback,
            current: UTF_8,
        }
    }

    /// The name of what we write now, in the spelling of the encoding standard.
    pub fn current(&self) -> &'static str {
        self.current.name()
    }

    /// Whether we write UTF-8 now.
    pub fn is_utf8(&self) -> bool {
        self.current == UTF_8
    }

    /// Reads the bytes of one frame. What the code page cannot mean becomes U+FFFD.
    ///
    /// # Errors
    ///
    /// When the bytes are no UTF-8 and there is no other code page.
    pub fn decode(&mut self, bytes: &[u8]) -> Result<String, Error> {
        match str::from_utf8(bytes) {
            Ok(text) => {
                if !text.is_ascii() {
                    self.current = UTF_8;
                }
                Ok(text.to_owned())
            }
            Err(error) if self.fallback == UTF_8 => {
                Err(Error::malformed(Malformed::Text, error.valid_up_to()))
            }
            Err(_) => {
                self.current = self.fallback;
                let (text, _) = self.fallback.decode_without_bom_handling(bytes);
                Ok(text.into_owned())
            }
        }
    }

    /// Writes `text` and the zero byte that ends it. Characters that no XML document may hold are
    /// left out, the zero byte first of all; those the code page lacks become `?`.
    pub fn frame(&self, text: &str, out: &mut BytesMut) {
        self.write(&text::allowed(text), out);
    }

    /// As [`frame`](Self::frame), for a text that need not be XML: only zero bytes are left out.
    pub fn frame_any(&self, text: &str, out: &mut BytesMut) {
        if text.contains('\0') {
            self.write(&text.replace('\0', ""), out);
        } else {
            self.write(text, out);
        }
    }

    fn write(&self, text: &str, out: &mut BytesMut) {
        if self.is_utf8() {
            out.extend_from_slice(text.as_bytes());
        } else {
            self.encode(text, out);
        }
        out.extend_from_slice(&[0]);
    }

    fn encode(&self, text: &str, out: &mut BytesMut) {
        let mut encoder = self.current.new_encoder();
        let mut rest = text;
        let mut buffer = [0; 1024];
        loop {
            let (result, read, written) =
                encoder.encode_from_utf8_without_replacement(rest, &mut buffer, true);
            out.extend_from_slice(&buffer[..written]);
            rest = &rest[read..];
            match result {
                encoding_rs::EncoderResult::InputEmpty => return,
                encoding_rs::EncoderResult::OutputFull => {}
                encoding_rs::EncoderResult::Unmappable(_) => out.extend_from_slice(b"?"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(charset: &Charset, text: &str) -> Vec<u8> {
        let mut out = BytesMut::new();
        charset.frame(text, &mut out);
        out.to_vec()
    }

    #[test]
    fn what_is_no_utf8_is_read_in_the_code_page_and_answered_in_it() {
        let mut charset = Charset::default();
        assert_eq!(framed(&charset, "é"), b"\xC3\xA9\0");
        assert_eq!(charset.decode(b"caf\xE9").unwrap(), "café");
        assert_eq!(charset.decode(b"plain").unwrap(), "plain");
        assert_eq!(framed(&charset, "é"), b"\xE9\0");
        assert_eq!(charset.current(), "windows-1252");
        assert_eq!(charset.decode("é".as_bytes()).unwrap(), "é");
        assert_eq!(charset.current(), "UTF-8");
    }

    #[test]
    fn what_the_code_page_lacks_is_a_question_mark() {
        let mut charset = Charset::new("Shift_JIS").unwrap();
        assert_eq!(charset.decode(b"\x83\x65\x83\x58").unwrap(), "テス");
        assert_eq!(framed(&charset, "テ😀!"), b"\x83\x65?!\0");
        let long = "テ".repeat(2000);
        assert_eq!(framed(&charset, &long).len(), 4001);
    }

    #[test]
    fn without_a_code_page_other_bytes_are_refused() {
        let mut charset = Charset::new("utf8").unwrap();
        let refused = Error::malformed(Malformed::Text, 3);
        assert_eq!(charset.decode(b"caf\xE9"), Err(refused));
    }

    #[test]
    fn code_pages_have_to_hold_ascii() {
        for label in ["utf-16le", "iso-2022-jp", "klingon", ""] {
            let refused = Charset::new(label).unwrap_err();
            assert_eq!(refused, UnknownCodePage(label.to_owned()));
        }
    }

    #[test]
    fn a_text_cannot_end_its_own_frame() {
        assert_eq!(framed(&Charset::default(), "a\0b\u{1}"), b"ab\0");
    }
}
