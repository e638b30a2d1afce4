//! What a script may cost, and what it is told of itself. Every limit has a name, which is the
//! one that errors give.

use amf::Value;

use crate::source::SourceLimits;

/// The limits of one script. Each is per instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptConfig {
    /// Bytes of the script's heap (`RuntimeSize`). Default 32 MiB. A handler that runs out of
    /// it ends the instance.
    pub memory_bytes: usize,
    /// Bytes of stack for nested calls. The thread that runs the script needs as much, and some
    /// more. Default 512 KiB. A script that goes deeper gets a `RangeError`.
    pub stack_bytes: usize,
    /// Milliseconds that one handler may run (`MaxTimeOut`); 0 is no limit. Default 5000. The
    /// engine looks at the clock now and then only, and never inside one of its own functions.
    /// What promises put off shares the handler's time; where it is cut off twice in a row and
    /// still goes on, the instance ends.
    pub handler_ms: u64,
    /// Timers that run at the same time. Default 1000. One more is refused with a `RangeError`.
    pub timers: usize,
    /// Calls whose answer has not come. Default 10,000. A call more is not made and answers
    /// `false`.
    pub pending_calls: usize,
    /// `NetConnection`s that are open at the same time. Default 16. One more does not connect
    /// and answers `false`.
    pub connections: usize,
    /// Values in the arguments of one call, or in its result. Default 100,000. The places that
    /// lie empty below an index of an array that comes in are counted, too.
    pub argument_elements: usize,
    /// Levels of objects and arrays inside each other in an argument. Default 64. More of them
    /// for a `WebService`, or in what it gives, is a fault.
    pub argument_depth: usize,
    /// Bytes of a line of `trace`, and of each text of a report; what is over is cut off. Default
    /// 8192.
    pub trace_line_bytes: usize,
    /// Effects that one handler may ask for. Default 100,000. One more is refused with a
    /// `RangeError`.
    pub queued_effects: usize,
    /// Bytes of text and values in the effects that one handler asks for, or that wait for one
    /// connection. Default 64 MiB. More is refused with a `RangeError`, before it is copied. A text
    /// that is sent twice counts twice.
    pub queued_bytes: usize,
    /// Length and nesting of a script file.
    pub source: SourceLimits,
    /// Bytes of one `ByteArray`. Default 8 MiB. A write that would make it longer is refused with
    /// a `RangeError`.
    pub byte_array_bytes: usize,
    /// HTTP requests whose answer has not come, and calls that wait for the WSDL of one
    /// `WebService`. Default 32. One more is not made and answers `false`; a call is a fault.
    pub pending_requests: usize,
    /// Headers that the script adds to one request. Default 64. One more is left out.
    pub request_headers: usize,
    /// Bytes of the answer to a request. Default 4 MiB. A longer one is a failure.
    pub response_bytes: usize,
    /// Variables that one text gives a `LoadVars`. Default 10,000. What comes after is left out.
    pub loaded_variables: usize,
    /// Characters of a text that `XML` parses. Default 1 Mi. A longer one is not parsed: its
    /// `status` is -7, out of memory.
    pub xml_length: usize,
    /// Elements, texts and attributes of such a text. Default 50,000. What comes after is not
    /// parsed, and `status` is -7. A request of a `WebService` with more is a fault.
    pub xml_nodes: usize,
    /// Elements of such a text inside each other. Default 256. What comes after is not parsed,
    /// and `status` is -7.
    pub xml_depth: usize,
    /// `XMLSocket`s that are connected, or about to be, at the same time. Default 16. One more does
    /// not connect and answers `false`.
    pub sockets: usize,
    /// Bytes of a text that an `XMLSocket` receives, without the zero byte that ends it
    /// (`maxUnprocessedChars`, which can only be less). Default 64 KiB. A longer one closes the
    /// socket.
    pub socket_text_bytes: usize,
    /// Files that are open at the same time. Default 64. One more is refused with a `RangeError`.
    pub open_files: usize,
    /// Bytes of a file that are read by one call. Default 1 MiB. A call that would read more is
    /// refused with a `RangeError`.
    pub file_read_bytes: usize,
    /// Bytes of a file that the script writes or copies. Default 64 MiB. What would make it
    /// longer is refused with a `RangeError`.
    pub file_bytes: u64,
    /// Files of a folder that are listed, counted or removed at once. Default 10,000. A folder
    /// with more is refused with a `RangeError`. Of more recordings than that one `clearStreams`
    /// deletes so many, and answers false.
    pub list_entries: usize,
    /// Bytes of the calls in one packet of Flash Remoting, and of its headers. Default 1 MiB. A
    /// call or a header that needs more is refused with a `RangeError`; several calls are spread
    /// over several packets.
    pub remoting_bytes: usize,
    /// Streams that are remembered, with what the script has given them, although the script has
    /// kept none of them and nobody publishes. Default 1000. Of more, the oldest are forgotten.
    pub streams: usize,
    /// Bytes of a stream's name. Default 1024. `Stream.get` gives `null` for a longer one.
    pub stream_name_bytes: usize,
    /// Files that load each other, one inside the other. Default 32.
    pub load_depth: usize,
}

impl Default for ScriptConfig {
    fn default() -> Self {
        Self {
            memory_bytes: 32 << 20,
            stack_bytes: 512 << 10,
            handler_ms: 5_000,
            timers: 1_000,
            pending_calls: 10_000,
            connections: 16,
            argument_elements: 100_000,
            argument_depth: 64,
            trace_line_bytes: 8_192,
            queued_effects: 100_000,
            queued_bytes: 64 << 20,
            source: SourceLimits::default(),
            byte_array_bytes: 8 << 20,
            pending_requests: 32,
            request_headers: 64,
            response_bytes: 4 << 20,
            loaded_variables: 10_000,
            xml_length: 1 << 20,
            xml_nodes: 50_000,
            xml_depth: 256,
            sockets: 16,
            socket_text_bytes: 64 << 10,
            open_files: 64,
            file_read_bytes: 1 << 20,
            file_bytes: 64 << 20,
            list_entries: 10_000,
            remoting_bytes: 1 << 20,
            streams: 1_000,
            stream_name_bytes: 1_024,
            load_depth: 32,
        }
    }
}

/// What a script can read of its instance, and what does not change while it runs.
#[derive(Clone, Debug, PartialEq)]
pub struct ApplicationInfo {
    /// `application.name`: `app/instance`.
    pub name: String,
    /// `application.hostname`: the server's host name, or that of the virtual host.
    pub hostname: String,
    /// `application.server`: product, platform and version.
    pub server: String,
    /// `application.config`: an object, or `undefined` where there is no configuration.
    pub config: Value,
    /// What a client may move before the script limits it, in bytes per second.
    pub bandwidth: Bandwidth,
    /// The most that the script can allow a client.
    pub bandwidth_cap: Bandwidth,
    /// The zone of rooms that is bound to the instance, if one is.
    pub zone: Option<String>,
}

impl Default for ApplicationInfo {
    fn default() -> Self {
        Self {
            name: "app/_definst_".into(),
            hostname: "localhost".into(),
            server: "Flash Communication Server-Linux/1.5.2".into(),
            config: Value::Undefined,
            bandwidth: Bandwidth::both(250_000),
            bandwidth_cap: Bandwidth::both(10_000_000),
            zone: None,
        }
    }
}

/// A limit for either direction, in bytes per second; `None` is no limit, which scripts see as
/// `Infinity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bandwidth {
    /// From the server to the client.
    pub down: Option<u64>,
    /// From the client to the server.
    pub up: Option<u64>,
}

impl Bandwidth {
    /// The same limit for both directions.
    pub const fn both(bytes_per_second: u64) -> Self {
        Self {
            down: Some(bytes_per_second),
            up: Some(bytes_per_second),
        }
    }
}
