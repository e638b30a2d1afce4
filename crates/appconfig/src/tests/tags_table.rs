//! Every tag, with a value and what becomes of it.

use super::*;

/// Tag, attributes, text, key, value.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("LoadOnStartup", "", "true", "application.load_on_startup", "true"),
    ("LoadOnStartup", "", " True ", "application.load_on_startup", "true"),
    ("MaxAppIdleTime", "", "600", "application.idle_timeout_ms", "600000"),
    ("MaxAppIdleTime", "", "0", "application.idle_timeout_ms", "1200000"),
    ("MaxAppIdleTime", "", "-5", "application.idle_timeout_ms", "1200000"),
    ("JSEngine/RuntimeSize", "", "20480", "script.memory_bytes", "20971520"),
    ("JSEngine/RuntimeSize", "", "1024", "script.memory_bytes", "1048576"),
    ("ScriptEngine/RuntimeSize", "", "2048", "script.memory_bytes", "2097152"),
    ("jsengine/runtimesize", "", "2048", "script.memory_bytes", "2097152"),
    ("JSEngine/MaxTimeOut", "", "0", "script.max_time_ms", "0"),
    ("JSEngine/MaxTimeOut", "", "3", "script.max_time_ms", "3000"),
    ("JSEngine/ScriptLibPath", "", "/opt/lib; C:\\x ;", "script.library", "[\"/opt/lib\", 'C:\\x']"),
    ("JSEngine/FileObject/VirtualDirectory", "", "/a;/srv/a", "script.file_directories", "[\"a;/srv/a\"]"),
    ("JSEngine/XMLSocket/MaxUnprocessedChars", "", "8192", "script.xml_socket_bytes", "8192"),
    ("JSEngine/NetConnection/ObjectEncoding", "", "AMF0", "script.object_encoding", "\"amf0\""),
    ("JSEngine/Security/RPC", " enable=\"true\"", "", "remote_calls.restricted", "true"),
    ("JSEngine/Security/RPC/Client/Method/Allow", "", "a.b, X", "remote_calls.client", "[\"a.b\", \"X\"]"),
    ("JSEngine/Security/RPC/NetConnection/Method/Allow", "", "", "remote_calls.net_connection", "[]"),
    ("JSEngine/Security/RPC/SharedObject/Method/Allow", "", "m", "remote_calls.shared_object", "[\"m\"]"),
    ("JSEngine/Security/RPC/Stream/Method/Allow", "", "onStatus,m", "remote_calls.stream", "[\"onStatus\", \"m\"]"),
    ("HTTP/MaxTimeout", "", "5", "script.http_timeout_ms", "5000"),
    ("HTTP/Connections/MaxTimeout", "", "5", "script.http_timeout_ms", "5000"),
    ("HTTP/Redirect", "", "<Allow>true</Allow><Max>3</Max>", "script.http_redirects", "3"),
    ("HTTP/Redirect", "", "<Allow>false</Allow><Max>3</Max>", "script.http_redirects", "0"),
    ("HTTP/Redirect/Allow", "", "false", "script.http_redirects", "0"),
    ("HTTP/Redirect/Max", "", "4", "script.http_redirects", "4"),
    ("StreamManager/StorageDir", "", "/srv/streams", "streams.dir", "\"/srv/streams\""),
    ("StreamManager/VirtualDirectory/Streams", "", "foo/bar;/srv", "streams.virtual_directories", "[\"foo/bar;/srv\"]"),
    ("StreamManager/VirtualDirectory/Streams", " key=\"A\"", "x;/srv", "streams.virtual_directories", "[\"x;/srv;A\"]"),
    ("StreamManager/EnhancedSeek", " zone=\"client\"", "true", "streams.enhanced_seek", "true"),
    ("StreamManager/KeyFrameInterval", "", "60000", "streams.key_frame_interval_ms", "60000"),
    ("StreamManager/SendDuplicateStart", "", "false", "streams.repeat_start", "false"),
    ("StreamManager/SendDuplicateOnMetaData", "", "true", "streams.repeat_metadata", "\"play-and-seek\""),
    ("StreamManager/SendDuplicateOnMetaData", "", "false", "streams.repeat_metadata", "\"play\""),
    ("StreamManager/SendDuplicateOnMetaData", "", "once", "streams.repeat_metadata", "\"position\""),
    ("StreamManager/Live/AccumulatedIFrames/MaxTime", "", "0", "live.gop_cache", "false"),
    ("StreamManager/Live/AccumulatedIFrames/MaxTime", "", "-1", "live.gop_cache", "true"),
    ("StreamManager/Live/AccumulatedIFrames/MaxSize", "", "0", "live.gop_cache", "false"),
    ("StreamManager/Live/EraseOnPublish", "", "true", "live.erase_recording", "true"),
    ("StreamManager/Recording/MaxSize", "", "100", "recording.max_bytes", "102400"),
    ("StreamManager/Recording/MaxSize", "", "0", "recording.max_bytes", "0"),
    ("StreamManager/Recording/MaxSize", "", "-1", "recording.max_bytes", "\"unlimited\""),
    ("StreamManager/Recording/MaxSizeCap", "", "100", "recording.cap_bytes", "102400"),
    ("StreamManager/Recording/MaxDuration", "", "60", "recording.max_duration_ms", "60000"),
    ("StreamManager/Recording/MaxDurationCap", "", "60", "recording.cap_duration_ms", "60000"),
    ("SharedObjManager/ResyncDepth", "", "10", "shared_objects.resync_depth", "10"),
    ("SharedObjManager/ResyncDepth", "", "-1", "shared_objects.resync_depth", "\"unlimited\""),
    ("SharedObjManager/LockTimeOut", "", "2", "shared_objects.lock_timeout_ms", "2000"),
    ("SharedObjManager/AutoCommit", "", "false", "shared_objects.auto_commit", "false"),
    ("SharedObjManager/MaxProperties", "", "50", "shared_objects.slots", "50"),
    ("SharedObjManager/MaxProperties", "", "-1", "shared_objects.slots", "16384"),
    ("SharedObjManager/MaxPropertySize", "", "1000", "shared_objects.slot_bytes", "1000"),
    ("Client/Bandwidth/ServerToClient", "", "250000", "bandwidth.to_client_bytes", "250000"),
    ("Client/Bandwidth/ClientToServer", "", "-1", "bandwidth.from_client_bytes", "\"unlimited\""),
    ("Client/BandwidthCap/ServerToClient", "", "10000000", "bandwidth.to_client_cap_bytes", "10000000"),
    ("Client/BandwidthCap/ClientToServer", "", "10000000", "bandwidth.from_client_cap_bytes", "10000000"),
    ("Client/BandwidthDetection/MaxRate", "", "800", "bandwidth.check_kilobits", "800"),
    ("Client/BandwidthDetection/DataSize", "", "8192", "bandwidth.check_bytes", "8192"),
    ("Client/BandwidthDetection/MaxWait", "", "3", "bandwidth.check_ms", "3000"),
    ("Client/MsgQueue/Live/MaxAudioLatency", "", "4000", "live.player_lag_ms", "4000"),
    ("Client/MsgQueue/Recorded/MinBufferTime", "", "500", "streams.buffer_ms", "500"),
    ("Client/OutChunkSize", "", "1024", "client.chunk_size_bytes", "1024"),
    ("Client/Access/FolderAccess", "", "true", "client.folder_access", "true"),
    ("Client/Access/AudioSampleAccess", " enabled=\"true\"", "/", "client.audio_sample_folders", "[\"/\"]"),
    ("Client/Access/VideoSampleAccess", " enabled=\"true\"", "a;b/c", "client.video_sample_folders", "[\"a\", \"b/c\"]"),
    ("Client/Access/VideoSampleAccess", " enabled=\"false\"", "a", "client.video_sample_folders", "[]"),
];

#[test]
fn every_tag_sets_its_key() {
    for (path, attributes, text, key, value) in ROWS {
        let loaded = xml(&nest(path, attributes, text));
        assert_eq!(value_of(&loaded, key), *value, "{path}");
        assert_eq!(told(&loaded), [""; 0], "{path}");
    }
    for tag in TAGS
        .iter()
        .filter(|tag| matches!(tag.effect, Effect::Key(..) | Effect::Part))
    {
        assert!(
            ROWS.iter().any(|(path, ..)| *path == tag.path),
            "{} has no row",
            tag.path
        );
    }
}

#[test]
fn tags_without_effect_say_why_unless_they_are_empty() {
    for tag in TAGS {
        let (Effect::Nothing(why) | Effect::NotEnforced(why, _)) = tag.effect else {
            continue;
        };
        let loaded = xml(&nest(tag.path, "", "<Inside>1</Inside>"));
        let expected = format!("Application.xml:2: `{}` has no effect: {why}", tag.path);
        assert_eq!(told(&loaded), [expected]);
        assert_eq!(loaded.findings[0].severity(), Severity::Info);
        assert_eq!(loaded.config, ApplicationConfig::default());
        assert_eq!(told(&xml(&nest(tag.path, "", "<Inside/>"))), [""; 0]);
    }
}

#[test]
fn restrictions_that_are_not_enforced_are_warnings() {
    for (tag, name, asks) in [
        (
            "<SWFVerification enabled=\"true\"/>",
            "SWFVerification",
            true,
        ),
        (
            "<SWFVerification enabled=\"false\"/>",
            "SWFVerification",
            false,
        ),
        (
            "<DisallowedProtocols>rtmp</DisallowedProtocols>",
            "DisallowedProtocols",
            true,
        ),
        (
            "<AllowHTTPTunnel>false</AllowHTTPTunnel>",
            "AllowHTTPTunnel",
            true,
        ),
        (
            "<AllowHTTPTunnel>true</AllowHTTPTunnel>",
            "AllowHTTPTunnel",
            false,
        ),
    ] {
        let loaded = xml(tag);
        let [finding] = &loaded.findings[..] else {
            panic!("{tag}: {:?}", told(&loaded))
        };
        assert_eq!(finding.path, name);
        assert_eq!(finding.severity() == Severity::Warning, asks, "{finding}");
        assert_eq!(finding.to_string().contains("is not enforced: "), asks);
    }
}

#[test]
fn empty_tags_set_nothing() {
    for tag in TAGS.iter().filter(|tag| !tag.path.ends_with("Allow")) {
        let loaded = xml(&nest(tag.path, "", ""));
        assert_eq!(loaded.config, ApplicationConfig::default(), "{}", tag.path);
        assert_eq!(told(&loaded), [""; 0], "{}", tag.path);
    }
}

#[test]
fn unknown_tags_are_told_once_each() {
    let loaded =
        xml("<Nope>1</Nope>\n<Nope>2</Nope>\n<JSEngine>\n<Speed><High/></Speed></JSEngine>");
    let expected = [
        "Application.xml:2: `Nope` is not a tag we know and has no effect",
        "Application.xml:5: `JSEngine/Speed` is not a tag we know and has no effect",
    ];
    assert_eq!(told(&loaded), expected);
    assert_eq!(loaded.findings[0].severity(), Severity::Warning);
}

#[test]
fn values_that_make_no_sense_set_nothing() {
    let cases = [
        (
            "MaxAppIdleTime",
            "soon",
            "must be a whole number; it is `soon`",
        ),
        (
            "LoadOnStartup",
            "maybe",
            "must be true or false; it is `maybe`",
        ),
        (
            "JSEngine/NetConnection/ObjectEncoding",
            "AMF1",
            "must be AMF0 or AMF3; it is `AMF1`",
        ),
        (
            "StreamManager/SendDuplicateOnMetaData",
            "x",
            "must be true, false or once; it is `x`",
        ),
        (
            "StreamManager/VirtualDirectory/Streams",
            "/srv",
            "must hold \"name;/directory\" or \"name;/directory;key\", not `/srv`; it is [`/srv`]",
        ),
    ];
    for (path, text, complaint) in cases {
        let loaded = xml(&nest(path, "", text));
        let expected = format!("Application.xml:2: `{path}` has no effect: it {complaint}");
        assert_eq!(told(&loaded), [expected]);
        assert_eq!(loaded.config, ApplicationConfig::default());
    }
}

#[test]
fn values_out_of_range_become_the_nearest() {
    let cases = [
        (
            "JSEngine/RuntimeSize",
            "1",
            "script.memory_bytes",
            "1024",
            "1048576",
        ),
        (
            "JSEngine/MaxTimeOut",
            "-1",
            "script.max_time_ms",
            "-1000",
            "0",
        ),
        (
            "JSEngine/MaxTimeOut",
            "9223372036854775807",
            "script.max_time_ms",
            "9223372036854775807",
            "3600000",
        ),
        (
            "Client/OutChunkSize",
            "100000",
            "client.chunk_size_bytes",
            "100000",
            "65536",
        ),
    ];
    for (path, text, key, given, used) in cases {
        let loaded = xml(&nest(path, "", text));
        let expected = format!(
            "Application.xml:2: `{path}` is {given} in our units, which is out of range; {used} is used"
        );
        assert_eq!(told(&loaded), [expected]);
        assert_eq!(value_of(&loaded, key), used);
    }
}

#[test]
fn a_repeated_tag_adds_to_a_list_and_replaces_a_value() {
    let loaded = xml(
        "<StreamManager><VirtualDirectory><Streams>/;/a</Streams><Streams>/;/b</Streams>\
         </VirtualDirectory></StreamManager><MaxAppIdleTime>1</MaxAppIdleTime>\
         <MaxAppIdleTime>2</MaxAppIdleTime>",
    );
    assert_eq!(
        value_of(&loaded, "streams.virtual_directories"),
        "[\";/a\", \";/b\"]"
    );
    assert_eq!(loaded.config.application.idle_timeout_ms, 2_000);
}
