//! Random-looking bytes from a seed: SHA-256 over the seed and a counter.
//!
//! The seed is an argument, so a session is as unpredictable as what it is given and a test can
//! repeat one exactly. The handshake is no secret; it only must not be guessable by accident.

use sha2::{Digest as _, Sha256};

/// An endless sequence of bytes determined by its seed.
#[derive(Debug, Clone)]
pub(crate) struct Entropy {
    seed: [u8; 32],
    counter: u64,
}

impl Entropy {
    pub(crate) const fn new(seed: [u8; 32]) -> Self {
        Self { seed, counter: 0 }
    }

    /// Overwrites `bytes`.
    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        for block in bytes.chunks_mut(32) {
            let hash = Sha256::new()
                .chain_update(self.seed)
                .chain_update(self.counter.to_be_bytes())
                .finalize();
            self.counter = self.counter.wrapping_add(1);
            for (to, from) in block.iter_mut().zip(hash) {
                *to = from;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Entropy;

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_blocks_differ() {
        let (mut a, mut b) = ([0; 70], [0; 70]);
        Entropy::new([1; 32]).fill(&mut a);
        Entropy::new([1; 32]).fill(&mut b);
        assert_eq!(a, b);
        assert_ne!(a[..32], a[32..64]);
        Entropy::new([2; 32]).fill(&mut b);
        assert_ne!(a, b);
    }
}
