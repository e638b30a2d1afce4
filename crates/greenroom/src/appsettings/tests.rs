//! What the files of an application do to what its instances are made with.

use sharedobject::Conflict;

use super::*;
use crate::config::Config;
use crate::settings;

struct Applications {
    dir: tempfile::TempDir,
    config: Config,
}

impl Applications {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("chat")).unwrap();
        Self {
            dir,
            config: Config::default(),
        }
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.dir.path().join(name), bytes).unwrap();
    }

    fn reader(&self) -> AppSettings {
        let server = settings::instance_settings(&self.config, 1, 1935);
        let files = settings::file_settings(&self.config);
        AppSettings::new(self.dir.path(), server, files)
    }

    fn load(&self) -> InstanceSettings {
        self.reader().load("chat").unwrap()
    }
}

#[test]
fn without_files_the_servers_configuration_applies() {
    let mut applications = Applications::new();
    let config = &mut applications.config;
    config.scripts.max_idle_ms = 7_000;
    config.scripts.memory_bytes = 9 << 20;
    config.scripts.handler_ms = 70;
    config.scripts.connections = 7;
    config.scripts.library = vec!["lib".into()];
    config.rtmp.chunk_size_bytes = 777;
    config.live.gop_cache = false;
    config.live.player_lag_ms = 700;
    config.live.latency_budget_ms = 7;
    config.live.sample_access_audio = true;
    let settings = applications.load();
    assert_eq!(settings.scripted.max_idle_ms, 7_000);
    assert_eq!(settings.script.config.memory_bytes, 9 << 20);
    assert_eq!(settings.script.config.handler_ms, 70);
    assert_eq!(settings.script.config.connections, 7);
    assert_eq!(settings.scripted.links, 7);
    let library = std::path::absolute("lib").unwrap();
    assert_eq!(settings.script.library, [library]);
    assert_eq!(settings.config.chunk_size, 777);
    assert!(!settings.streams.ring.gop_cache);
    assert_eq!(settings.streams.ring.window_ms, 700);
    assert_eq!(settings.streams.reader.lag_ms, 700);
    assert_eq!(
        settings.streams.pump.latency_budget,
        Duration::from_millis(7)
    );
    assert_eq!(settings.config.audio_samples, "/");
    assert_eq!(settings.config.video_samples, "");
    assert_eq!(settings.config.bandwidth_down, None);
    assert!(!settings.load_on_startup);
}

#[test]
fn what_an_application_says_applies_to_its_instances() {
    let applications = Applications::new();
    applications.file(
        "chat/application.toml",
        "[application]\nload_on_startup = true\nidle_timeout_ms = 5_000\n\
         [script]\nmemory_bytes = \"5MiB\"\nmax_time_ms = 60_000\ntimers = 5\nconnections = 3\n\
         library = [\"lib\", \"/srv/lib.far\"]\nfile_directories = [\"/shared;/srv/shared\"]\nhosts = [\"www.example.org:80\"]\n\
         [client]\nchunk_size_bytes = 555\nvideo_sample_folders = [\"a\", \"b\"]\n\
         [bandwidth]\nto_client_bytes = 5_000\nfrom_client_bytes = 0\nto_client_cap_bytes = 9_000\n\
         [live]\ngop_cache = false\nplayer_lag_ms = 500\nlatency_budget_ms = 5\n\
         [config]\nroom = \"hall\"\n",
    );
    let settings = applications.load();
    let script = &settings.script;
    assert!(settings.load_on_startup);
    assert_eq!(settings.scripted.max_idle_ms, 5_000);
    assert_eq!(script.config.memory_bytes, 5 << 20);
    assert_eq!(script.config.handler_ms, 60_000);
    assert_eq!(settings.stuck_after_ms, 60_000, "a handler has its time");
    assert_eq!(script.config.timers, 5);
    assert_eq!((script.config.connections, settings.scripted.links), (3, 3));
    let own = applications.dir.path().join("chat/lib");
    assert_eq!(script.library, [own, "/srv/lib.far".into()]);
    let shared = ("shared".to_owned(), PathBuf::from("/srv/shared"));
    assert_eq!(script.directories, [shared]);
    let hosts = &settings.links.allowed_hosts;
    assert!(hosts[0].allows("www.example.org", 80) && !hosts[0].allows("www.example.org", 81));
    assert_eq!(settings.config.chunk_size, 555);
    assert_eq!(settings.config.video_samples, "a;b");
    assert_eq!(settings.config.bandwidth_down, Some(5_000));
    assert_eq!(
        settings.config.bandwidth_up,
        Some(1),
        "no bytes is not no limit"
    );
    assert_eq!(script.bandwidth.down, Some(5_000));
    assert_eq!(script.bandwidth_cap.down, Some(9_000));
    assert_eq!(script.bandwidth_cap.up, None);
    assert!(!settings.streams.ring.gop_cache);
    assert_eq!(settings.streams.reader.lag_ms, 500);
    assert_eq!(
        settings.streams.pump.latency_budget,
        Duration::from_millis(5)
    );
    let room = script.tree.get("room").and_then(amf::Value::as_str);
    assert_eq!(room, Some("hall"));
}

#[test]
fn shared_objects_are_as_the_application_says() {
    let mut applications = Applications::new();
    applications.config.shared_objects.slots = 50;
    applications.config.shared_objects.last_writer_wins = true;
    applications.config.limits.shared_object_writes_per_second = 5;
    let settings = applications.load();
    assert_eq!(settings.objects.config.limits.slots, 50);
    assert_eq!(settings.objects.config.conflict, Conflict::LastWriterWins);
    assert!(settings.objects.config.auto_commit);
    assert_eq!(settings.objects.config.resync_depth, None);
    assert_eq!(settings.objects.lock_timeout_ms, None);
    assert_eq!(settings.config.object_writes.per_second, 5);
    applications.file(
        "chat/Application.xml",
        "<Application><SharedObjManager><ResyncDepth>7</ResyncDepth><LockTimeOut>2</LockTimeOut>\
         <AutoCommit>false</AutoCommit><MaxProperties>9</MaxProperties><MaxPropertySize>100\
         </MaxPropertySize></SharedObjManager></Application>",
    );
    applications.file(
        "chat/application.toml",
        "[shared_objects]\nobjects = 3\nsubscribers = 4\nwrites_per_second = 5_000\n\
         auto_commit_interval_ms = 10\n[remote_calls]\nrestricted = true\n\
         shared_object = [\"pub\"]\n",
    );
    let settings = applications.load();
    let objects = &settings.objects.config;
    let limits = &objects.limits;
    assert_eq!((limits.slots, limits.slot_bytes), (9, 100));
    assert_eq!((limits.objects, limits.subscribers), (3, 4));
    assert_eq!(
        (objects.resync_depth, objects.auto_commit),
        (Some(7), false)
    );
    assert_eq!(objects.commit_interval_ms, 10);
    assert_eq!(settings.objects.lock_timeout_ms, Some(2_000));
    let writes = settings.config.object_writes;
    assert_eq!((writes.per_second, writes.burst), (5_000, 5_000));
    let methods = settings.scripted.object_methods;
    assert_eq!(methods, Some(vec!["pub".to_owned()]));
}

#[test]
fn remote_calls_are_restricted_where_it_says_so() {
    let applications = Applications::new();
    let methods = "client = [\"chat\"]\n";
    let toml = format!("[remote_calls]\n{methods}");
    applications.file("chat/application.toml", toml);
    assert_eq!(applications.load().scripted.client_methods, None);
    let toml = format!("[remote_calls]\nrestricted = true\n{methods}");
    applications.file("chat/application.toml", toml);
    let scripted = applications.load().scripted;
    assert_eq!(scripted.client_methods, Some(vec!["chat".to_owned()]));
    assert_eq!(scripted.link_methods, Some(vec!["onStatus".to_owned()]));
}

#[test]
fn the_servers_keys_that_give_defaults_exist() {
    for key in appconfig::KEYS {
        let known = |server: &str| crate::config::KEYS.iter().any(|key| key.path() == server);
        assert!(key.server.is_none_or(known), "{}", key.path());
    }
}

#[test]
fn a_player_lags_no_longer_than_the_server_waits() {
    let applications = Applications::new();
    let most = applications.config.live.player_stall_close_ms;
    applications.file("chat/application.toml", "[live]\nplayer_lag_ms = 600_000\n");
    let settings = applications.load();
    assert_eq!(settings.streams.ring.window_ms, most);
    assert_eq!(settings.streams.reader.lag_ms, most);
}

#[test]
fn the_files_of_the_virtual_host_are_beside_the_applications() {
    let applications = Applications::new();
    applications.file(
        "Application.xml",
        "<Application><MaxAppIdleTime>100</MaxAppIdleTime><JSEngine><ScriptLibPath>${LIB}\
         </ScriptLibPath><MaxTimeOut>1</MaxTimeOut></JSEngine></Application>",
    );
    applications.file("fms.ini", "LIB = /srv/library\n");
    // In Latin-1, as old editors wrote it.
    applications.file(
        "chat/Application.xml",
        b"<Application><JSEngine><MaxTimeOut>2</MaxTimeOut><ApplicationObject><config><name>\
          caf\xe9</name></config></ApplicationObject></JSEngine></Application>",
    );
    let settings = applications.load();
    assert_eq!(settings.scripted.max_idle_ms, 100_000);
    assert_eq!(settings.script.library, [PathBuf::from("/srv/library")]);
    assert_eq!(settings.script.config.handler_ms, 2_000);
    let name = settings
        .script
        .tree
        .get("name")
        .and_then(amf::Value::as_str);
    assert_eq!(name, Some("caf\u{e9}"));
}

#[test]
fn the_limits_on_files_are_the_servers() {
    let mut applications = Applications::new();
    let long = format!("[config]\ntext = \"{}\"\n", "x".repeat(2_000));
    applications.file("chat/application.toml", &long);
    assert!(applications.reader().load("chat").is_ok());
    applications.config.applications.file_bytes = 1_024;
    assert!(applications.reader().load("chat").is_err());
    applications.file("chat/application.toml", "");
    assert!(applications.reader().load("chat").is_ok());

    let told = |applications: &Applications, xml: &str| {
        applications.file("chat/Application.xml", xml);
        let reader = applications.reader();
        reader.load("chat").unwrap();
        let told = reader.told.lock();
        let damaged = |finding: &Finding| finding.severity() == Severity::Error;
        told.get("chat")
            .is_some_and(|told| told.iter().any(damaged))
    };
    let text = |bytes: usize| {
        let text = "a".repeat(bytes);
        format!(
            "<Application><JSEngine><ScriptLibPath>{text}</ScriptLibPath></JSEngine></Application>"
        )
    };
    applications.config.applications.xml_text_bytes = 256;
    assert!(!told(&applications, &text(256)));
    assert!(told(&applications, &text(257)));
    let deep = |depth: usize| {
        format!(
            "{}{}",
            "<Application>".repeat(depth),
            "</Application>".repeat(depth)
        )
    };
    applications.config.applications.xml_depth = 8;
    assert!(!told(&applications, &deep(8)));
    assert!(told(&applications, &deep(9)));
    let many = |count: usize| format!("<Application>{}</Application>", "<a/>".repeat(count - 1));
    applications.config.applications.xml_elements = 16;
    assert!(!told(&applications, &many(16)));
    assert!(told(&applications, &many(17)));
    applications.config.applications.xml_attributes = 1;
    assert!(!told(&applications, "<Application a=\"\"/>"));
    assert!(told(&applications, "<Application a=\"\" b=\"\"/>"));
}

#[test]
fn what_was_told_is_remembered_until_it_changes() {
    let applications = Applications::new();
    let reader = applications.reader();
    let told = || reader.told.lock().get("chat").map(Vec::len);
    reader.load("chat").unwrap();
    assert_eq!(told(), None);
    applications.file("chat/application.toml", "[recording]\ncap_bytes = 7\n");
    reader.load("chat").unwrap();
    assert_eq!(told(), Some(1));
    let line = reader.told.lock()["chat"][0].to_string();
    assert!(
        line.ends_with(
            "application.toml:2: `recording.cap_bytes` has no effect yet: it comes with recording"
        ),
        "{line}"
    );
    applications.file("chat/application.toml", "");
    reader.load("chat").unwrap();
    assert_eq!(told(), Some(0));
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_read() {
    let applications = Applications::new();
    std::fs::create_dir(applications.dir.path().join("chat/application.toml")).unwrap();
    assert!(applications.reader().load("chat").is_ok());
}

#[test]
fn recordings_lie_in_the_applications_folder_of_the_data() {
    let mut applications = Applications::new();
    applications.config.data.dir = "/srv/data".into();
    applications.config.recording.index_entries = 77;
    applications.config.recording.sync_ms = 0;
    let settings = applications.load();
    assert_eq!(
        settings.recording.folder,
        Path::new("/srv/data/chat/streams")
    );
    assert_eq!(settings.recording.limits.index_entries, 77);
    assert_eq!(settings.recording.limits.max_bytes, None);
    assert_eq!(settings.recording.sync, None);
    assert!(settings.config.may_record && !settings.config.erase_recording);
    assert_eq!(settings.config.record_live, None);
    applications.file(
        "chat/application.toml",
        "[streams]\ndir = \"/media\"\n[live]\nerase_recording = true\n\
         [recording]\nlive = \"append\"\nmax_bytes = 9000\nmax_duration_ms = 70\n",
    );
    let settings = applications.load();
    assert_eq!(settings.recording.folder, Path::new("/media"));
    assert_eq!(settings.recording.limits.max_bytes, Some(9000));
    assert_eq!(settings.recording.limits.max_duration_ms, Some(70));
    assert!(settings.config.may_record && settings.config.erase_recording);
    assert_eq!(settings.config.record_live, Some(RecordMode::Append));
    for limit in ["max_bytes", "max_duration_ms"] {
        let text = format!("[recording]\n{limit} = 0\n");
        applications.file("chat/application.toml", text);
        assert!(!applications.load().config.may_record, "{limit}");
    }
}
