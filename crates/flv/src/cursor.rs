//! A reader over bytes that are already there: big-endian fields, each named for its error.

use crate::{Error, FourCc};

/// A position in a slice. Every read either advances past a whole field or fails and says which.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes consumed so far.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// All that has not been consumed.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or(&[])
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest().is_empty()
    }

    pub(crate) fn take(&mut self, len: usize, what: &'static str) -> Result<&'a [u8], Error> {
        let truncated = Error::Truncated {
            what,
            offset: self.at,
        };
        let taken = self.rest().get(..len).ok_or(truncated)?;
        self.at += len;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Error> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N, what)?);
        Ok(array)
    }

    pub(crate) fn u8(&mut self, what: &'static str) -> Result<u8, Error> {
        Ok(self.array::<1>(what)?[0])
    }

    pub(crate) fn u16(&mut self, what: &'static str) -> Result<u16, Error> {
        Ok(u16::from_be_bytes(self.array(what)?))
    }

    pub(crate) fn u24(&mut self, what: &'static str) -> Result<u32, Error> {
        let [a, b, c] = self.array(what)?;
        Ok(u32::from_be_bytes([0, a, b, c]))
    }

    /// A signed 24-bit number in two's complement (SI24).
    pub(crate) fn i24(&mut self, what: &'static str) -> Result<i32, Error> {
        let [a, b, c] = self.array(what)?;
        Ok(i32::from_be_bytes([a, b, c, 0]) >> 8)
    }

    pub(crate) fn u32(&mut self, what: &'static str) -> Result<u32, Error> {
        Ok(u32::from_be_bytes(self.array(what)?))
    }

    pub(crate) fn fourcc(&mut self, what: &'static str) -> Result<FourCc, Error> {
        Ok(FourCc(self.array(what)?))
    }
}

#[cfg(test)]
mod tests {
    use super::Cursor;
    use crate::Error;

    #[test]
    fn fields_are_big_endian_and_i24_is_signed() {
        let mut cursor = Cursor::new(&[1, 0, 2, 0, 0, 3, 0xff, 0xff, 0xde, 0, 0, 0, 4]);
        assert_eq!(cursor.u8("a"), Ok(1));
        assert_eq!(cursor.u16("b"), Ok(2));
        assert_eq!(cursor.u24("c"), Ok(3));
        assert_eq!(cursor.i24("d"), Ok(-34));
        assert_eq!(cursor.u32("e"), Ok(4));
        assert!(cursor.is_empty());
    }

    #[test]
    fn a_cut_field_names_itself_and_consumes_nothing() {
        let mut cursor = Cursor::new(&[0, 1]);
        cursor.take(1, "flags").unwrap();
        let what = "size";
        assert_eq!(cursor.u16(what), Err(Error::Truncated { what, offset: 1 }));
        assert_eq!(cursor.position(), 1);
    }
}
