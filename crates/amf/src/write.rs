//! Where encoders write, and the budget they may spend.

use bytes::BytesMut;

use crate::{EncodeError, Limits, Str};

/// A growing buffer of bytes: `Vec<u8>` or [`BytesMut`].
pub trait Output: sealed::Sealed {
    /// Appends bytes.
    fn append(&mut self, bytes: &[u8]);
    /// How many bytes there are.
    fn written(&self) -> usize;
    /// Forgets everything after the first `len` bytes.
    fn shorten(&mut self, len: usize);
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for Vec<u8> {}
    impl Sealed for bytes::BytesMut {}
}

/// Both buffers have the same methods of their own, but no trait in common for them.
macro_rules! output {
    ($($buffer:ty),+) => {$(
        impl Output for $buffer {
            fn append(&mut self, bytes: &[u8]) {
                self.extend_from_slice(bytes);
            }

            fn written(&self) -> usize {
                self.len()
            }

            fn shorten(&mut self, len: usize) {
                self.truncate(len);
            }
        }
    )+};
}

output!(Vec<u8>, BytesMut);

/// Appends to an output as long as the budget lasts.
#[derive(Debug)]
pub(crate) struct Writer<'a, O> {
    out: &'a mut O,
    end_max: usize,
    limits: Limits,
    /// Containers around the current position.
    depth: u32,
    /// The class of the opaque object that has been written: readers take everything that
    /// follows for a part of it.
    closed_by: Option<Str>,
}

impl<'a, O: Output> Writer<'a, O> {
    pub(crate) fn new(out: &'a mut O, limits: &Limits) -> Self {
        let end_max = out.written().saturating_add(limits.output_bytes);
        Self {
            out,
            end_max,
            limits: *limits,
            depth: 0,
            closed_by: None,
        }
    }

    pub(crate) fn written(&self) -> usize {
        self.out.written()
    }

    /// Refuses to go on after [`Self::close`].
    pub(crate) fn check_open(&self) -> Result<(), EncodeError> {
        match &self.closed_by {
            None => Ok(()),
            Some(class) => Err(EncodeError::MisplacedOpaque {
                class: class.clone(),
            }),
        }
    }

    /// Nothing may follow the opaque object of class `class`.
    pub(crate) fn close(&mut self, class: &Str) {
        self.closed_by = Some(class.clone());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        if bytes.len() > self.end_max.saturating_sub(self.out.written()) {
            return Err(EncodeError::OutputTooLong {
                max: self.limits.output_bytes,
            });
        }
        self.out.append(bytes);
        Ok(())
    }

    pub(crate) fn u8(&mut self, byte: u8) -> Result<(), EncodeError> {
        self.bytes(&[byte])
    }

    pub(crate) fn u16(&mut self, number: u16) -> Result<(), EncodeError> {
        self.bytes(&number.to_be_bytes())
    }

    pub(crate) fn u32(&mut self, number: u32) -> Result<(), EncodeError> {
        self.bytes(&number.to_be_bytes())
    }

    pub(crate) fn f64(&mut self, number: f64) -> Result<(), EncodeError> {
        self.bytes(&number.to_be_bytes())
    }

    /// Text behind a length of 16 bits.
    pub(crate) fn short_text(&mut self, text: &str, what: &'static str) -> Result<(), EncodeError> {
        let len = u16::try_from(text.len()).map_err(|_| EncodeError::TooLong {
            what,
            len: text.len(),
            max: u16::MAX.into(),
        })?;
        self.u16(len)?;
        self.bytes(text.as_bytes())
    }

    /// Goes one container deeper.
    pub(crate) fn enter(&mut self) -> Result<(), EncodeError> {
        if self.depth >= self.limits.depth {
            return Err(EncodeError::TooDeep {
                max: self.limits.depth,
            });
        }
        self.depth += 1;
        Ok(())
    }

    pub(crate) fn is_at_depth(&self, depth: u32) -> bool {
        self.depth == depth
    }

    pub(crate) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Forgets what was written after the first `len` bytes.
    pub(crate) fn rewind(&mut self, len: usize) {
        self.out.shorten(len);
        self.depth = 0;
    }
}
