//! What tells one made frame from another.

use super::FrameKind;

/// What kind of frame a [`Mark`] marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MarkKind {
    /// A frame of sound.
    Audio,
    /// A key frame.
    Key,
    /// A frame that needs others.
    Inter,
    /// A frame that needs others and that none needs.
    Disposable,
}

impl MarkKind {
    const fn letter(self) -> u8 {
        match self {
            Self::Audio => b'A',
            Self::Key => b'K',
            Self::Inter => b'I',
            Self::Disposable => b'D',
        }
    }

    const fn from_letter(letter: u8) -> Option<Self> {
        match letter {
            b'A' => Some(Self::Audio),
            b'K' => Some(Self::Key),
            b'I' => Some(Self::Inter),
            b'D' => Some(Self::Disposable),
            _ => None,
        }
    }
}

impl From<FrameKind> for MarkKind {
    fn from(kind: FrameKind) -> Self {
        match kind {
            FrameKind::Key => Self::Key,
            FrameKind::Inter => Self::Inter,
            FrameKind::Disposable => Self::Disposable,
        }
    }
}

/// The identity of a made frame, found again in its payload wherever that travels.
///
/// It is text, so that a dump shows it (`greenroomK0000001e`) and no codec's start code can
/// occur in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mark {
    /// What kind of frame it is.
    pub kind: MarkKind,
    /// Which one: sound and pictures are numbered apart, each from 0.
    pub number: u32,
}

const MAGIC: &[u8] = b"greenroom";

impl Mark {
    /// How many bytes a mark takes.
    pub const BYTES: usize = MAGIC.len() + 1 + 8;

    /// The mark as it stands in a payload.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.push(self.kind.letter());
        bytes.extend(format!("{:08x}", self.number).into_bytes());
        bytes
    }

    /// The first mark in `payload`.
    #[must_use]
    pub fn find(payload: &[u8]) -> Option<Self> {
        payload.windows(Self::BYTES).find_map(Self::read)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (letter, digits) = bytes.strip_prefix(MAGIC)?.split_first()?;
        let digits = std::str::from_utf8(digits).ok()?;
        Some(Self {
            kind: MarkKind::from_letter(*letter)?,
            number: u32::from_str_radix(digits, 16).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Mark, MarkKind};

    #[test]
    fn a_mark_is_found_anywhere_and_nothing_else_is() {
        let mark = Mark {
            kind: MarkKind::Disposable,
            number: u32::MAX,
        };
        let bytes = mark.to_bytes();
        assert_eq!(bytes.len(), Mark::BYTES);
        assert_eq!(bytes, b"greenroomDffffffff");
        let payload = [b"greengreenroom".as_slice(), &bytes, &[0; 9]].concat();
        assert_eq!(Mark::find(&payload), Some(mark));
        assert_eq!(Mark::find(&payload[..payload.len() - 10]), None);
        assert_eq!(Mark::find(&[]), None);
    }
}
