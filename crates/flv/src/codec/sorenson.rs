//! Sorenson H.263: the size in its picture header. Cameras of Flash Player send no metadata, so
//! this is the only place that has it.

use crate::Error;
use crate::bits::Bits;
use crate::codec::Size;

/// What the header of a picture says (`H263VIDEOPACKET`, FLV 10.1 Annex E.4.3.2 by reference to
/// the SWF format).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SorensonPicture {
    /// The size of the picture.
    pub size: Size,
}

impl SorensonPicture {
    /// Reads the picture header at the start of the media of a message.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] where it ends early, [`Error::Malformed`] without its start code,
    /// [`Error::Unsupported`] for the reserved size.
    pub fn parse(body: &[u8]) -> Result<Self, Error> {
        let mut bits = Bits::new(body);
        let what = "H.263 start code";
        if bits.read(17, what)? != 1 {
            return Err(Error::Malformed { what, offset: 0 });
        }
        bits.skip(5 + 8, "H.263 version and time")?;
        let what = "H.263 picture size";
        let (width, height) = match bits.read(3, what)? {
            0 => (bits.read(8, what)?, bits.read(8, what)?),
            1 => (bits.read(16, what)?, bits.read(16, what)?),
            2 => (352, 288),
            3 => (176, 144),
            4 => (128, 96),
            5 => (320, 240),
            6 => (160, 120),
            value => {
                return Err(Error::Unsupported {
                    what,
                    value,
                    offset: 3,
                });
            }
        };
        Ok(Self {
            size: Size { width, height },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::SorensonPicture;
    use crate::codec::Size;
    use testkit::media::{FrameKind, Video, video_frame};

    #[test]
    fn the_size_is_read() {
        let payload = video_frame(Video::Sorenson, FrameKind::Key, 9, 0);
        let picture = SorensonPicture::parse(&payload[1..]).unwrap();
        let size = Size {
            width: 320,
            height: 240,
        };
        assert_eq!(picture.size, size);
        // flv.json, the ruffle sample: 8 by 8 in bytes.
        let picture = SorensonPicture::parse(&[0, 0, 0x84, 0, 4, 4, 0x11]).unwrap();
        let size = Size {
            width: 8,
            height: 8,
        };
        assert_eq!(picture.size, size);
    }

    #[test]
    fn damaged_headers_are_refused() {
        assert!(SorensonPicture::parse(&[0, 1, 0x84, 0, 4, 4, 0x11]).is_err());
        assert!(SorensonPicture::parse(&[0, 0, 0x84, 0, 4]).is_err());
        assert!(SorensonPicture::parse(&[0, 0, 0x84, 3, 0x80, 0]).is_err());
    }
}
