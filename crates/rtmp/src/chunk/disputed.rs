//! The points on which implementations of chunk streams differ, and the side taken here.

/// A point that sources read differently. The code that decides one names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Disputed {
    /// A type 3 header that starts a new message right after a type 0 header.
    Type3AfterType0,
    /// Whether type 3 headers repeat the extended timestamp.
    ExtendedOnType3,
    /// Whether the extended timestamp of types 1 and 2 is a delta.
    ExtendedDelta,
    /// A type 1 or 2 header inside an unfinished message.
    PartialHeaderInsideMessage,
    /// A type 0 header inside an unfinished message.
    FullHeaderInsideMessage,
    /// A chunk stream whose first header is of type 1.
    FirstHeaderType1,
    /// How many bits a timestamp has.
    TimestampWidth,
    /// A chunk size above any message length.
    HugeChunkSize,
}

impl Disputed {
    /// Every point, for tests and documentation.
    pub const ALL: [Self; 8] = [
        Self::Type3AfterType0,
        Self::ExtendedOnType3,
        Self::ExtendedDelta,
        Self::PartialHeaderInsideMessage,
        Self::FullHeaderInsideMessage,
        Self::FirstHeaderType1,
        Self::TimestampWidth,
        Self::HugeChunkSize,
    ];

    /// What the reader does, and on whose side that is.
    pub const fn choice(self) -> &'static str {
        match self {
            Self::Type3AfterType0 => {
                "the timestamp of the type 0 header is the delta (RTMP 1.0 §5.3.1.2.4, librtmp, \
                 ffmpeg, SRS; Flash Media Live Encoder relies on it); the writer avoids the form"
            }
            Self::ExtendedOnType3 => {
                "the next four bytes are a repeated timestamp only if they equal the last one \
                 (as SRS); the writer repeats it, as Adobe's products do"
            }
            Self::ExtendedDelta => {
                "a delta (RTMP 1.0 §5.3.1.3); the writer sends a type 0 header instead"
            }
            Self::PartialHeaderInsideMessage => {
                "goes on with the message if length and type are unchanged (as SRS), and its \
                 delta is not counted; anything else is refused"
            }
            Self::FullHeaderInsideMessage => "refused (SRS, gortmplib)",
            Self::FirstHeaderType1 => {
                "accepted with message stream id 0, as librtmp's answers to pings need it; \
                 types 2 and 3 are refused"
            }
            Self::TimestampWidth => "32 bits that wrap (RTMP 1.0 §5.3.1.3)",
            Self::HugeChunkSize => {
                "up to 0x7fffffff is accepted and taken for 0xffffff (RTMP 1.0 §5.4.1)"
            }
        }
    }
}
