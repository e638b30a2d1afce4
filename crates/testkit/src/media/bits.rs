//! A writer of bits, most significant first, for the few headers that are not byte-aligned.

/// Bits collected into bytes.
#[derive(Debug, Default)]
pub(crate) struct Bits {
    bytes: Vec<u8>,
    /// Bits used in the last byte; 0 when the bytes are whole.
    used: u32,
}

impl Bits {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Appends the low `count` bits of `value`.
    pub(crate) fn put(&mut self, value: u64, count: u32) -> &mut Self {
        for at in (0..count).rev() {
            let bit = (value >> at & 1) as u8;
            if self.used == 0 {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= bit << (7 - self.used);
            }
            self.used = (self.used + 1) % 8;
        }
        self
    }

    /// Appends an unsigned Exp-Golomb code, ue(v) of H.264 §9.1.
    pub(crate) fn ue(&mut self, value: u32) -> &mut Self {
        let code = u64::from(value) + 1;
        let len = 64 - code.leading_zeros();
        self.put(0, len - 1).put(code, len)
    }

    /// Appends a one and zeros up to the next byte, `rbsp_trailing_bits` of H.264 §7.3.2.11.
    pub(crate) fn trailing(&mut self) -> &mut Self {
        self.put(1, 1);
        while self.used != 0 {
            self.put(0, 1);
        }
        self
    }

    /// The bytes, the last one filled with zeros.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// A NAL unit: `header`, then `rbsp` with a 3 put in wherever a start code would appear
/// (H.264 §7.3.1, H.265 §7.3.1.1).
pub(crate) fn nal(header: &[u8], rbsp: &[u8]) -> Vec<u8> {
    let mut unit = header.to_vec();
    let mut zeros = 0;
    for byte in rbsp {
        if zeros == 2 && *byte <= 3 {
            unit.push(3);
            zeros = 0;
        }
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        unit.push(*byte);
    }
    unit
}

/// NAL units each behind its size in 32 bits, as FLV carries them.
pub(crate) fn sized(units: &[Vec<u8>]) -> Vec<u8> {
    let mut body = Vec::new();
    for unit in units {
        body.extend((unit.len() as u32).to_be_bytes());
        body.extend(unit);
    }
    body
}

#[cfg(test)]
mod tests {
    use super::{Bits, nal};

    #[test]
    fn bits_and_codes_fill_bytes_from_the_top() {
        let mut bits = Bits::new();
        bits.ue(0).ue(1).ue(2).ue(3).trailing();
        // 1 010 011 00100 1 000
        assert_eq!(bits.bytes(), [0b1010_0110, 0b0100_1000]);
    }

    #[test]
    fn start_codes_are_broken_up() {
        assert_eq!(
            nal(&[0x67], &[0, 0, 1, 0, 0, 0, 4]),
            [0x67, 0, 0, 3, 1, 0, 0, 3, 0, 4]
        );
    }
}
