//! A cursor over input bytes, and the budget that one decoder may spend.

use crate::{DecodeError, Limits, Str};

/// A position in the input. Every read checks what is left.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    input: &'a [u8],
    position: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(input: &'a [u8]) -> Self {
        Self { input, position: 0 }
    }

    pub(crate) fn position(&self) -> usize {
        self.position
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.input.get(self.position..).unwrap_or_default()
    }

    pub(crate) fn left(&self) -> usize {
        self.input.len() - self.position
    }

    pub(crate) fn bytes(
        &mut self,
        len: usize,
        what: &'static str,
    ) -> Result<&'a [u8], DecodeError> {
        match self.rest().get(..len) {
            Some(bytes) => {
                self.position += len;
                Ok(bytes)
            }
            None => Err(DecodeError::Truncated {
                what,
                offset: self.position,
                needed: len,
                left: self.left(),
            }),
        }
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], DecodeError> {
        match self.rest().first_chunk::<N>() {
            Some(bytes) => {
                self.position += N;
                Ok(*bytes)
            }
            None => self.bytes(N, what).map(|_| [0; N]),
        }
    }

    pub(crate) fn u8(&mut self, what: &'static str) -> Result<u8, DecodeError> {
        self.array::<1>(what).map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self, what: &'static str) -> Result<u16, DecodeError> {
        self.array(what).map(u16::from_be_bytes)
    }

    pub(crate) fn i16(&mut self, what: &'static str) -> Result<i16, DecodeError> {
        self.array(what).map(i16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self, what: &'static str) -> Result<u32, DecodeError> {
        self.array(what).map(u32::from_be_bytes)
    }

    pub(crate) fn f64(&mut self, what: &'static str) -> Result<f64, DecodeError> {
        self.array(what).map(f64::from_be_bytes)
    }

    pub(crate) fn text(&mut self, len: usize, what: &'static str) -> Result<&'a str, DecodeError> {
        let offset = self.position;
        let bytes = self.bytes(len, what)?;
        std::str::from_utf8(bytes).map_err(|_| DecodeError::Utf8 { what, offset })
    }

    /// Text behind a length of 16 bits.
    pub(crate) fn short_text(&mut self, what: &'static str) -> Result<Str, DecodeError> {
        let len = self.u16(what)?;
        self.text(len.into(), what).map(Str::from)
    }

    /// Checks a count of elements of at least `size` bytes each against what is left.
    pub(crate) fn check_count(
        &self,
        count: usize,
        size: usize,
        what: &'static str,
    ) -> Result<usize, DecodeError> {
        let left = self.left();
        if count > left / size {
            return Err(DecodeError::Count {
                what,
                offset: self.position,
                count,
                left,
            });
        }
        Ok(count)
    }
}

/// The names read last, so that the rows of a list share theirs.
///
/// AMF0 has no references to text and repeats every name; a message often has few of them.
#[derive(Debug, Default)]
pub(crate) struct Names {
    recent: [Option<Str>; 32],
}

impl Names {
    /// The name `bytes`, which start at `offset`.
    pub(crate) fn name(&mut self, bytes: &[u8], offset: usize) -> Result<Str, DecodeError> {
        let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
            return Ok(Str::EMPTY);
        };
        let place = usize::from(first.wrapping_mul(7) ^ last.wrapping_mul(3)) ^ bytes.len();
        let place = &mut self.recent[place % 32];
        if let Some(name) = place
            && name.as_bytes() == bytes
        {
            return Ok(name.clone());
        }
        let text = std::str::from_utf8(bytes).map_err(|_| DecodeError::Utf8 {
            what: "a property name",
            offset,
        })?;
        let name = Str::from(text);
        *place = Some(name.clone());
        Ok(name)
    }
}

/// How many elements to make room for when a count, checked against the input, promises `count`.
/// Beyond it a list grows with the elements that are really there.
pub(crate) fn capacity(count: usize) -> usize {
    count.min(64)
}

/// What a decoder, or all decoders of one packet, may still spend.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    pub(crate) limits: Limits,
    /// Containers around the current position.
    pub(crate) depth: u32,
    elements_left: u32,
}

impl Budget {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            limits: *limits,
            depth: 0,
            elements_left: limits.elements,
        }
    }

    /// Accounts for one element.
    pub(crate) fn element(&mut self, offset: usize) -> Result<(), DecodeError> {
        match self.elements_left.checked_sub(1) {
            Some(left) => {
                self.elements_left = left;
                Ok(())
            }
            None => Err(DecodeError::Limit {
                limit: "elements",
                max: self.limits.elements,
                offset,
            }),
        }
    }

    /// Goes one container deeper.
    pub(crate) fn enter(&mut self, offset: usize) -> Result<(), DecodeError> {
        if self.depth >= self.limits.depth {
            return Err(DecodeError::Limit {
                limit: "depth",
                max: self.limits.depth,
                offset,
            });
        }
        self.depth += 1;
        Ok(())
    }

    pub(crate) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn names_that_share_a_place_stay_apart() {
        let mut names = Names::default();
        for name in ["abc", "axc", "abc", "", "a", "abc"] {
            assert_eq!(names.name(name.as_bytes(), 0).unwrap(), name);
        }
        let (first, second) = (names.name(b"k", 0).unwrap(), names.name(b"k", 0).unwrap());
        assert!(std::ptr::eq(first.as_str(), second.as_str()));
        assert!(names.name(b"\xff", 0).is_err());
    }
}
