//! The codes of status objects, with the level each one has unless somebody says otherwise.

/// How bad a status is: the `level` property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// Information.
    Status,
    /// Something to look at.
    Warning,
    /// A failure.
    Error,
}

impl Level {
    /// The text on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Declares the enum, its texts and levels from one table.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $level:ident;)+) => {
        /// Every code that a server sends or a script sees, from the published references of
        /// Flash Communication Server and Flash Media Server and from Enhanced RTMP.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* #[doc = concat!("`", $text, "`")] $name,)+
        }

        impl Code {
            /// Every code, in the order of this table.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The text on the wire.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }

            /// The level it is sent with by default.
            pub const fn level(self) -> Level {
                match self {
                    $(Self::$name => Level::$level,)+
                }
            }
        }
    };
}

codes! {
    /// The connection was accepted:
    ConnectSuccess = "NetConnection.Connect.Success", Status;
    /// The application or the server refused the connection:
    ConnectRejected = "NetConnection.Connect.Rejected", Error;
    /// The connection could not be made:
    ConnectFailed = "NetConnection.Connect.Failed", Error;
    /// The connection is over:
    ConnectClosed = "NetConnection.Connect.Closed", Status;
    /// The application is being unloaded:
    ConnectAppShutdown = "NetConnection.Connect.AppShutdown", Error;
    /// The application's name cannot be used:
    ConnectInvalidApp = "NetConnection.Connect.InvalidApp", Error;
    /// The connection was idle for too long:
    ConnectIdleTimeout = "NetConnection.Connect.IdleTimeout", Status;
    /// The client's network changed:
    ConnectNetworkChange = "NetConnection.Connect.NetworkChange", Status;
    /// The client should reconnect, perhaps elsewhere (Enhanced RTMP):
    ConnectReconnectRequest = "NetConnection.Connect.ReconnectRequest", Status;
    /// A call was made (answers of the administration service):
    CallSuccess = "NetConnection.Call.Success", Status;
    /// A call could not be made, or failed:
    CallFailed = "NetConnection.Call.Failed", Error;
    /// A call was not in the format it claimed:
    CallBadVersion = "NetConnection.Call.BadVersion", Error;
    /// A call had an argument that cannot be used:
    CallBadValue = "NetConnection.Call.BadValue", Error;
    /// A call is not allowed:
    CallProhibited = "NetConnection.Call.Prohibited", Error;
    /// A command of the administration service failed:
    AdminCommandFailed = "NetConnection.Admin.CommandFailed", Error;
    /// The server between client and origin does not answer:
    ProxyNotResponding = "NetConnection.Proxy.NotResponding", Error;

    /// Publishing started:
    PublishStart = "NetStream.Publish.Start", Status;
    /// The name is being published by somebody else:
    PublishBadName = "NetStream.Publish.BadName", Error;
    /// The publisher sends nothing:
    PublishIdle = "NetStream.Publish.Idle", Status;
    /// Publishing ended:
    UnpublishSuccess = "NetStream.Unpublish.Success", Status;
    /// Recording started:
    RecordStart = "NetStream.Record.Start", Status;
    /// Recording ended:
    RecordStop = "NetStream.Record.Stop", Status;
    /// The recording may not be written:
    RecordNoAccess = "NetStream.Record.NoAccess", Error;
    /// The recording could not be written:
    RecordFailed = "NetStream.Record.Failed", Error;
    /// There is such a recording:
    RecordAlreadyExists = "NetStream.Record.AlreadyExists", Status;
    /// Playback started:
    PlayStart = "NetStream.Play.Start", Status;
    /// Playback ended:
    PlayStop = "NetStream.Play.Stop", Status;
    /// The playlist was emptied:
    PlayReset = "NetStream.Play.Reset", Status;
    /// The stream may not be played:
    PlayFailed = "NetStream.Play.Failed", Error;
    /// There is no such stream:
    PlayStreamNotFound = "NetStream.Play.StreamNotFound", Error;
    /// The client receives too slowly:
    PlayInsufficientBw = "NetStream.Play.InsufficientBW", Warning;
    /// The playlist went on (in `onPlayStatus`):
    PlaySwitch = "NetStream.Play.Switch", Status;
    /// The recording is over (in `onPlayStatus`):
    PlayComplete = "NetStream.Play.Complete", Status;
    /// The stream is now published:
    PlayPublishNotify = "NetStream.Play.PublishNotify", Status;
    /// The stream is no longer published:
    PlayUnpublishNotify = "NetStream.Play.UnpublishNotify", Status;
    /// Another stream is about to take over:
    PlayTransition = "NetStream.Play.Transition", Status;
    /// Another stream took over (in `onPlayStatus`):
    PlayTransitionComplete = "NetStream.Play.TransitionComplete", Status;
    /// The file has a structure that cannot be played:
    PlayFileStructureInvalid = "NetStream.Play.FileStructureInvalid", Error;
    /// The file has no track that can be played:
    PlayNoSupportedTrackFound = "NetStream.Play.NoSupportedTrackFound", Status;
    /// Playback is paused:
    PauseNotify = "NetStream.Pause.Notify", Status;
    /// Playback goes on:
    UnpauseNotify = "NetStream.Unpause.Notify", Status;
    /// Playback goes on elsewhere:
    SeekNotify = "NetStream.Seek.Notify", Status;
    /// It is not possible to seek:
    SeekFailed = "NetStream.Seek.Failed", Error;
    /// It is not possible to seek so far:
    SeekInvalidTime = "NetStream.Seek.InvalidTime", Error;
    /// The recording was deleted:
    ClearSuccess = "NetStream.Clear.Success", Status;
    /// The recording could not be deleted:
    ClearFailed = "NetStream.Clear.Failed", Error;
    /// Media follows (in a data message):
    DataStart = "NetStream.Data.Start", Status;
    /// The client's buffer is empty:
    BufferEmpty = "NetStream.Buffer.Empty", Status;
    /// The client's buffer is full:
    BufferFull = "NetStream.Buffer.Full", Status;
    /// What is left in the client's buffer is being played:
    BufferFlush = "NetStream.Buffer.Flush", Status;
    /// Something failed, see the description:
    StreamFailed = "NetStream.Failed", Error;
    /// An argument cannot be used:
    StreamInvalidArg = "NetStream.InvalidArg", Error;

    /// The shared object may not be read:
    SharedObjectNoReadAccess = "SharedObject.NoReadAccess", Error;
    /// The shared object may not be written:
    SharedObjectNoWriteAccess = "SharedObject.NoWriteAccess", Error;
    /// The shared object could not be made:
    SharedObjectCreationFailed = "SharedObject.ObjectCreationFailed", Error;
    /// The shared object exists with the other kind of persistence:
    SharedObjectBadPersistence = "SharedObject.BadPersistence", Error;
    /// The shared object belongs to another connection:
    SharedObjectUriMismatch = "SharedObject.UriMismatch", Error;
    /// A local shared object was written:
    SharedObjectFlushSuccess = "SharedObject.Flush.Success", Status;
    /// A local shared object was not written:
    SharedObjectFlushFailed = "SharedObject.Flush.Failed", Error;

    /// A script failed:
    ScriptError = "Application.Script.Error", Error;
    /// A script did something doubtful:
    ScriptWarning = "Application.Script.Warning", Warning;
    /// A script is running out of memory:
    ResourceLowMemory = "Application.Resource.LowMemory", Warning;
    /// The application is being shut down:
    ApplicationShutdown = "Application.Shutdown", Status;
    /// The application is unloaded because nobody uses it:
    ApplicationGc = "Application.GC", Status;
}

/// The code with this text, if there is one.
impl std::str::FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str() == text)
            .ok_or(UnknownCode)
    }
}

/// A text that is none of the codes in [`Code`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a known status code")]
pub struct UnknownCode;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Code;

    #[test]
    fn texts_are_unique_and_lead_back() {
        let texts: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(texts.len(), Code::ALL.len());
        for code in Code::ALL {
            assert_eq!(code.as_str().parse(), Ok(*code));
        }
        assert!("NetStream.Play".parse::<Code>().is_err());
    }
}
