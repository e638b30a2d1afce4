//! The types of an application's keys that no other settings have.

mod directory;
mod host;
mod limit;

use configtext::choices;
pub use directory::VirtualDirectory;
pub use host::Host;
pub use limit::Limit;

choices! {
    /// The AMF version of objects.
    ObjectEncoding, "`amf0` or `amf3`" {
        /// AMF0, which every client and gateway reads.
        Amf0 = "amf0",
        /// AMF3.
        Amf3 = "amf3"
    }
}

choices! {
    /// Whether streams are recorded whose publisher does not ask for it.
    RecordLive, "`no`, `record` or `append`" {
        /// They are not.
        No = "no",
        /// They are; a recording of the same name is replaced.
        Record = "record",
        /// They are; a recording of the same name is gone on with.
        Append = "append"
    }
}

choices! {
    /// When a recording's `onMetaData` is sent.
    RepeatMetadata, "`play-and-seek`, `play` or `position`" {
        /// After play and after seek.
        PlayAndSeek = "play-and-seek",
        /// After play only.
        Play = "play",
        /// Whenever it lies at or after the place where playing begins.
        Position = "position"
    }
}
