//! FLV tags, codec headers and the file form; and files of other kinds as tags.
//!
//! Two views of the same bytes live here. A *message payload* is what an RTMP audio or video
//! message carries, and equally the data of an FLV tag: [`video::parse`] and [`audio::parse`]
//! say what it is without copying it. A *tag* is that payload with a kind, a time and a frame
//! around it, as files and HTTP-FLV have it.
//!
//! Everything is pure: bytes in, values out. No sockets, files, clock or logging, and nothing is
//! ever decoded: pixels and samples stay opaque.

pub mod audio;
mod bits;
pub mod codec;
mod color;
mod container;
mod cursor;
mod enhanced;
mod error;
mod format;
mod fourcc;
mod headers;
mod index;
pub mod metadata;
pub mod mp3;
pub mod mp4;
pub mod reader;
mod recorder;
mod scan;
pub mod tag;
mod timeline;
pub mod video;
mod walk;

pub use color::{ColorInfo, MasteringDisplay};
pub use container::{Container, Walk};
pub use enhanced::{Multitrack, MultitrackMode};
pub use error::Error;
pub use format::{AudioFormat, VideoFormat};
pub use fourcc::FourCc;
pub use headers::codec_header;
pub use index::{FileMetadata, FileTotals, Keyframe, KeyframeIndex};
pub use metadata::{DataMessage, Metadata};
pub use reader::{Item, Limits, Reader};
pub use recorder::{Full, Patch, Recorder, RecorderLimits, Recording};
pub use scan::{Read, Repair, ScanLimits, Scanned, Scanner};
pub use tag::{FileHeader, Tag, TagKind, write_header, write_tag};
pub use walk::{Located, Walker};
