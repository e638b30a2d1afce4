//! VP6: the size in its key frames.

use crate::Error;
use crate::codec::Size;
use crate::cursor::Cursor;

/// What the header of a key frame says, behind the byte of trimming FLV adds (FLV 10.1
/// §E.4.3.3; the frame header is that of the VP6 bitstream).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vp6KeyFrame {
    /// The size of the picture as shown: whole macroblocks less what FLV trims.
    pub size: Size,
}

impl Vp6KeyFrame {
    /// Reads the header at the start of the media of a VP6 key frame message.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] where it ends early, [`Error::Malformed`] where it is no key frame or
    /// has no size.
    pub fn parse(body: &[u8]) -> Result<Self, Error> {
        let mut cursor = Cursor::new(body);
        let trim = cursor.u8("VP6 trimming")?;
        let first = cursor.u8("VP6 frame header")?;
        if first & 0x80 != 0 {
            return Err(Error::Malformed {
                what: "VP6 key frame",
                offset: 1,
            });
        }
        let second = cursor.u8("VP6 frame header")?;
        // Where the coefficients have a partition of their own, its offset comes here: asked
        // for by the first byte, and always so in the simple profile.
        if first & 0x01 != 0 || second & 0x06 == 0 {
            cursor.u16("VP6 partition")?;
        }
        let offset = cursor.position();
        let [rows, columns] = [cursor.u8("VP6 height")?, cursor.u8("VP6 width")?];
        let side = |macroblocks: u8, trim: u8| {
            (u32::from(macroblocks) * 16)
                .checked_sub(trim.into())
                .filter(|side| *side > 0)
                .ok_or(Error::Malformed {
                    what: "VP6 size",
                    offset,
                })
        };
        Ok(Self {
            size: Size {
                width: side(columns, trim >> 4)?,
                height: side(rows, trim & 0x0f)?,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Vp6KeyFrame;
    use crate::codec::Size;
    use testkit::media::{FrameKind, PictureMaker, Video};

    #[test]
    fn the_size_is_read_trimmed() {
        let mut maker = PictureMaker::new(Video::Vp6, 500, 281, 0);
        let payload = maker.frame(FrameKind::Key, 0);
        let size = Size {
            width: 500,
            height: 281,
        };
        assert_eq!(Vp6KeyFrame::parse(&payload[1..]).unwrap().size, size);
        let payload = maker.frame(FrameKind::Inter, 0);
        assert!(Vp6KeyFrame::parse(&payload[1..]).is_err());
    }

    #[test]
    fn damaged_headers_are_refused() {
        assert!(Vp6KeyFrame::parse(&[0, 0x3c, 0x30, 0, 8, 15]).is_err());
        assert!(Vp6KeyFrame::parse(&[0, 0x3c, 0x30, 0, 8, 0, 20]).is_err());
    }
}
