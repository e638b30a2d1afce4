//! A small seeded source of numbers and filler, so that the same settings give the same bytes.

/// `SplitMix64`: one multiplication chain per number, good enough for filler and sizes.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Starts from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number, any of 64 bits.
    #[expect(
        clippy::should_implement_trait,
        reason = "it never ends and is no iterator"
    )]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A size near `typical`: up to a quarter of it more or less.
    pub(crate) fn size_near(&mut self, typical: usize) -> usize {
        let spread = typical / 2;
        typical - typical / 4 + (self.next() as usize) % (spread + 1)
    }

    /// `len` bytes with the top bit set: none of them can be part of a start code.
    pub(crate) fn filler(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(len + 7);
        while bytes.len() < len {
            bytes.extend((self.next() | 0x8080_8080_8080_8080).to_le_bytes());
        }
        bytes.truncate(len);
        bytes
    }
}
