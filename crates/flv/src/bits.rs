//! A reader of bits, most significant first, for headers that are not byte-aligned.

use crate::Error;

/// A position in a slice, in bits. Every read advances past a whole field or fails and says
/// which.
#[derive(Debug, Clone)]
pub(crate) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bits not read yet.
    pub(crate) fn left(&self) -> usize {
        (self.bytes.len() * 8).saturating_sub(self.at)
    }

    fn offset(&self) -> usize {
        self.at / 8
    }

    /// The next `count` bits as a number; at most 32.
    pub(crate) fn read(&mut self, count: usize, what: &'static str) -> Result<u32, Error> {
        debug_assert!(count <= 32, "a u32 has 32 bits");
        if self.left() < count {
            return Err(self.truncated(what));
        }
        let mut value = 0;
        for at in self.at..self.at + count {
            let bit = self.bytes[at / 8] >> (7 - at % 8) & 1;
            value = value << 1 | u32::from(bit);
        }
        self.at += count;
        Ok(value)
    }

    pub(crate) fn flag(&mut self, what: &'static str) -> Result<bool, Error> {
        Ok(self.read(1, what)? != 0)
    }

    pub(crate) fn skip(&mut self, count: usize, what: &'static str) -> Result<(), Error> {
        if self.left() < count {
            return Err(self.truncated(what));
        }
        self.at += count;
        Ok(())
    }

    /// An unsigned Exp-Golomb code, ue(v) of H.264 §9.1. A code of more than 32 bits after its
    /// zeros, which no field needs, is malformed.
    pub(crate) fn ue(&mut self, what: &'static str) -> Result<u32, Error> {
        let offset = self.offset();
        let truncated = self.truncated(what);
        let mut zeros = 0;
        while !self.flag(what).map_err(|_| truncated)? {
            zeros += 1;
            if zeros == 32 {
                return Err(Error::Malformed { what, offset });
            }
        }
        let rest = self.read(zeros, what).map_err(|_| truncated)?;
        // At most 2^31 - 1 + 2^31 - 1.
        Ok((1_u32 << zeros) - 1 + rest)
    }

    /// A signed Exp-Golomb code, se(v) of H.264 §9.1.1.
    pub(crate) fn se(&mut self, what: &'static str) -> Result<i32, Error> {
        let code = self.ue(what)?;
        let half = (code / 2) as i32;
        Ok(if code % 2 == 0 { -half } else { half + 1 })
    }

    /// An [`ue`](Self::ue) that may be `max` at most.
    pub(crate) fn ue_up_to(&mut self, max: u32, what: &'static str) -> Result<u32, Error> {
        let offset = self.offset();
        match self.ue(what)? {
            value if value <= max => Ok(value),
            _ => Err(Error::Malformed { what, offset }),
        }
    }

    fn truncated(&self, what: &'static str) -> Error {
        Error::Truncated {
            what,
            offset: self.offset(),
        }
    }
}

/// A NAL unit without the bytes that keep start codes out of it (H.264 §7.3.1, H.265 §7.3.1.1).
pub(crate) fn unescape(unit: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(unit.len());
    let mut zeros = 0;
    for byte in unit {
        if zeros >= 2 && *byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        plain.push(*byte);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::{Bits, unescape};
    use crate::Error;

    #[test]
    fn codes_are_read_back() {
        // 1 010 011 00100 00101, then se: 010 is 1, 011 is -1
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0010, 0b1010_0110]);
        for wanted in 0..5 {
            assert_eq!(bits.ue("n"), Ok(wanted));
        }
        assert_eq!((bits.se("n"), bits.se("n")), (Ok(1), Ok(-1)));
        assert_eq!(bits.left(), 1);
    }

    #[test]
    fn the_largest_code_fits_and_a_longer_one_is_refused() {
        let mut largest = vec![0, 0, 0, 1];
        largest.extend([0xff; 4]);
        assert_eq!(Bits::new(&largest).ue("n"), Ok(u32::MAX - 1));
        let mut code = [0; 9];
        code[4] = 0x80;
        let refused = Error::Malformed {
            what: "n",
            offset: 0,
        };
        assert_eq!(Bits::new(&code).ue("n"), Err(refused));
    }

    #[test]
    fn a_cut_field_says_where() {
        let mut bits = Bits::new(&[0xff, 0x80]);
        assert_eq!(bits.read(9, "a"), Ok(0x1ff));
        let cut = Error::Truncated {
            what: "b",
            offset: 1,
        };
        assert_eq!(bits.read(8, "b"), Err(cut));
        assert_eq!(bits.ue("b"), Err(cut));
    }

    #[test]
    fn escapes_are_taken_out() {
        assert_eq!(
            unescape(&[0, 0, 3, 1, 0, 0, 3, 0, 0, 3]),
            [0, 0, 1, 0, 0, 0, 0]
        );
        assert_eq!(unescape(&[0, 3, 0, 0, 4]), [0, 3, 0, 0, 4]);
    }
}
