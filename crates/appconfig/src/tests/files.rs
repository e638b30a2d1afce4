//! Files like those that are found in the wild, one for each generation of servers.

use super::*;

const FLASHCOM_1_5: &str = include_str!("files/flashcom-1.5.xml");
const FMS_2: &str = include_str!("files/fms-2.xml");
const FMS_3_5: &str = include_str!("files/fms-3.5.xml");

fn read(text: &str, substitutions: Substitutions) -> Loaded {
    load(&Layers {
        application_xml: Some(Text::new("Application.xml", text)),
        substitutions,
        ..Layers::default()
    })
    .unwrap()
}

#[test]
fn the_file_of_flashcom_1_5_gives_the_original_defaults() {
    let loaded = load(&Layers {
        defaults: ApplicationConfig::original(),
        virtual_host_xml: Some(Text::new("Application.xml", FLASHCOM_1_5)),
        ..Layers::default()
    })
    .unwrap();
    let mut expected = ApplicationConfig::original();
    let library = r"C:\Program Files\Macromedia\Flash Communication Server MX\scriptlib";
    expected.script.library = vec![library.into()];
    assert_eq!(loaded.config, expected);
    let expected = [
        "Application.xml:12: `RecordAppLog` has no effect: the messages of applications are in the \
         server's log",
        "Application.xml:41: `Client/HTTPTunnel` has no effect: tunnelling is set for the whole server",
    ];
    assert_eq!(told(&loaded), expected);
    for carriage_returns in [
        FLASHCOM_1_5.replace('\n', "\r\n"),
        format!("\u{feff}{FLASHCOM_1_5}"),
    ] {
        assert_eq!(
            told(&read(&carriage_returns, Substitutions::default())),
            expected
        );
    }
}

#[test]
fn a_file_of_media_server_2() {
    let ini = "# paths\nAPP.JS_SCRIPTLIBPATH = /opt/macromedia/fms/scriptlib\n";
    let loaded = read(FMS_2, Substitutions::from_ini(ini));
    let config = &loaded.config;
    assert!(config.application.load_on_startup);
    assert_eq!(config.application.idle_timeout_ms, 600_000);
    assert_eq!(config.script.memory_bytes, 2 << 20);
    assert_eq!(config.script.max_time_ms, 10_000);
    assert_eq!(
        value_of(&loaded, "script.library"),
        "[\"/opt/macromedia/fms/scriptlib\", \"../shared lib\"]"
    );
    assert_eq!(
        value_of(&loaded, "script.file_directories"),
        "[\"uploads;/var/media/uploads\"]"
    );
    assert_eq!(
        config.streams.dir,
        std::path::Path::new("/var/media/streams")
    );
    assert_eq!(config.bandwidth.to_client_bytes, Limit::At(125_000));
    assert_eq!(config.bandwidth.to_client_cap_bytes, Limit::Unlimited);
    assert_eq!(config.live.player_lag_ms, 2_000);
    assert!(config.client.folder_access);
    assert_eq!(config.script.http_timeout_ms, 30_000);
    assert_eq!(config.script.http_redirects, 5);
    same(
        &config.config.to_value(),
        "{site_name:'Bar & Grill',max_users:'40',rooms:{room:['lobby','backyard']},\
         motd:'<b>Welcome</b>',empty:''}",
    );
    let warnings: Vec<_> = told_now(&loaded)
        .filter(|f| f.severity() > Severity::Info)
        .collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(
        (&*warnings[0].path, &warnings[0].what),
        ("Watermark", &What::UnknownTag)
    );
}

#[test]
fn a_file_of_media_server_3_5() {
    let substitutions = [("VOD_DIR", "/srv/vod"), ("VOD_COMMON_DIR", "/srv/common")];
    let loaded = read(FMS_3_5, substitutions.into_iter().collect());
    let config = &loaded.config;
    assert_eq!(
        value_of(&loaded, "streams.virtual_directories"),
        "[\";/srv/vod\", \";/srv/common\"]"
    );
    assert!(config.streams.enhanced_seek);
    assert_eq!(config.streams.repeat_metadata, RepeatMetadata::Position);
    assert!(config.live.gop_cache);
    assert_eq!(config.recording.max_bytes, Limit::At(100 << 20));
    assert_eq!(config.recording.cap_bytes, Limit::Unlimited);
    assert_eq!(config.recording.max_duration_ms, Limit::At(3_600_000));
    assert_eq!(config.recording.cap_duration_ms, Limit::At(7_200_000));
    assert_eq!(config.shared_objects.resync_depth, Limit::At(100));
    assert_eq!(config.client.audio_sample_folders, ["/"]);
    assert_eq!(config.client.video_sample_folders, [""; 0]);
    assert!(config.remote_calls.restricted);
    assert_eq!(config.remote_calls.client, ["chat", "room.join"]);
    assert_eq!(config.remote_calls.shared_object, [""; 0]);
    let warned = told_now(&loaded).filter(|f| f.severity() > Severity::Info);
    let warned: Vec<_> = warned.map(|finding| &*finding.path).collect();
    assert_eq!(warned, ["DisallowedProtocols"]);
}

#[test]
fn a_name_without_a_value_leaves_its_tag_out() {
    let loaded = read(FMS_3_5, Substitutions::default());
    assert!(loaded.config.streams.virtual_directories.is_empty());
    assert_eq!(
        told(&loaded)[0],
        "Application.xml:5: `StreamManager/VirtualDirectory/Streams` has no effect: ${VOD_DIR} has no value"
    );
}

#[test]
fn the_outer_element_of_other_files_is_looked_through() {
    let text = "<Root><Application><MaxAppIdleTime>7</MaxAppIdleTime></Application></Root>";
    let loaded = read(text, Substitutions::default());
    assert_eq!(loaded.config.application.idle_timeout_ms, 7_000);
}

#[test]
fn properties_without_the_element_around_them() {
    let loaded = xml(
        "<JSEngine><ApplicationObject><user_name>jo</user_name><config><a>1</a></config>\
         </ApplicationObject></JSEngine>",
    );
    same(&loaded.config.config.to_value(), "{a:'1',user_name:'jo'}");
}
