//! Bytes from a socket, cut into the texts that zero bytes end.

/// A text that has not come to its end, and how long one may be.
#[derive(Debug)]
pub(super) struct Incoming {
    partial: Vec<u8>,
    most: usize,
}

/// A text is longer than it may be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

impl Incoming {
    /// Texts of at most `most` bytes, the zero byte not counted.
    pub(super) fn new(most: usize) -> Self {
        Self {
            partial: Vec::new(),
            most,
        }
    }

    /// Takes the next text off the front of what was received; `None` when all is taken, and
    /// what is left of it waits for its end.
    ///
    /// # Errors
    ///
    /// [`TooLong`], as soon as that is known.
    pub(super) fn next(&mut self, received: &mut &[u8]) -> Result<Option<Vec<u8>>, TooLong> {
        let mut parts = received.splitn(2, |byte| *byte == 0);
        let head = parts.next().unwrap_or_default();
        let rest = parts.next();
        if head.len() > self.most - self.partial.len() {
            return Err(TooLong);
        }
        self.partial.extend_from_slice(head);
        *received = rest.unwrap_or_default();
        Ok(rest.map(|_| std::mem::take(&mut self.partial)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All texts in what comes piece by piece.
    fn texts(most: usize, pieces: &[&[u8]]) -> Result<Vec<Vec<u8>>, TooLong> {
        let mut incoming = Incoming::new(most);
        let mut texts = Vec::new();
        for piece in pieces {
            let mut received = *piece;
            while let Some(text) = incoming.next(&mut received)? {
                texts.push(text);
            }
        }
        Ok(texts)
    }

    #[test]
    fn texts_end_with_a_zero_byte_and_with_nothing_else() {
        let found = texts(8, &[b"one\0two\0\0thr", b"ee", b"", b"\0fo"]);
        let expected: [&[u8]; 4] = [b"one", b"two", b"", b"three"];
        assert_eq!(found.unwrap(), expected);
    }

    #[test]
    fn a_text_may_be_as_long_as_allowed() {
        assert_eq!(texts(3, &[b"abc\0de", b"f\0"]).unwrap().len(), 2);
        assert_eq!(texts(3, &[b"abcd\0"]), Err(TooLong));
        assert_eq!(texts(3, &[b"ab", b"cd"]), Err(TooLong));
        assert_eq!(texts(3, &[b"a\0abc", b"d"]), Err(TooLong));
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_bytes_arrive(
            bytes in prop::collection::vec(0u8..4, 0..200),
            size in 1usize..20,
        ) {
            let mut expected: Vec<Vec<u8>> =
                bytes.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect();
            expected.pop();
            let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
            prop_assert_eq!(texts(200, &pieces).unwrap(), expected);
        }
    }
}
