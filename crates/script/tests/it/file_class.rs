//! `File`: what scripts read and write, and where they do not get.

use std::fs;

use amf::Value;
use proptest::prelude::*;
use script::{DiskStorage, MemoryStorage, ScriptConfig, Storage, StorageError};

use crate::driver::{Driver, evaluator, failed, problems};

fn driver(storage: &MemoryStorage) -> Driver {
    Driver::with_storage(storage.clone(), ScriptConfig::default())
}

#[test]
fn a_script_without_storage_has_no_files() {
    assert_eq!(evaluator("").eval("typeof File"), "undefined".into());
}

#[test]
fn a_log_is_written_and_read_again() {
    let storage = MemoryStorage::new();
    let mut driver = driver(&storage);
    driver.check(&[
        ("f = new File('/logs')", "/logs"),
        ("f.exists", "false"),
        ("new File('/').mkdir('logs')", "true"),
        (
            "[f.exists, f.isDirectory, f.isFile, f.length]",
            "true,true,false,0",
        ),
        ("log = new File('logs/today.txt')", "logs/today.txt"),
        ("log.open('text', 'append')", "true"),
        ("log.writeln('one ', 1, ' ', true)", "true"),
        ("log.writeAll(['two', 3])", "true"),
        (
            "[log.write('fo'), log.write('ur'), log.flush()]",
            "true,true,true",
        ),
        ("log.close()", "true"),
        ("[log.length, f.length]", "21,1"),
        (
            "log.open('text', 'append') && log.write('.') && log.close()",
            "true",
        ),
        ("log.open('text', 'read')", "true"),
        (
            "[log.readln(), log.eof(), log.position]",
            "one 1 true,false,11",
        ),
        ("log.read(3) + log.readAll().join('|')", "two|3|four."),
        ("[log.eof(), log.readln(), log.read(5)]", "true,,"),
        ("[log.seek(-5), log.read(100)]", "17,four."),
        ("(log.position = 4, log.readln())", "1 true"),
        ("log.close()", "true"),
    ]);
    let written = storage.bytes("logs/today.txt").expect("a file");
    assert_eq!(written, b"one 1 true\ntwo\n3\nfour.");
}

#[test]
fn modes_say_what_may_be_done() {
    let storage = MemoryStorage::new().with("a.txt", "abc");
    driver(&storage).check(&[
        ("f = new File('a.txt')", "a.txt"),
        (
            "[f.isOpen, f.mode, f.type, f.position, f.canRead]",
            "false,,,,",
        ),
        ("f.open('text', 'sideways')", "false"),
        ("f.open('page', 'read')", "false"),
        ("f.open('text')", "false"),
        ("f.open(null, 'read')", "true"),
        ("f.open('text', 'read')", "false"),
        ("[f.isOpen, f.mode, f.type, f.position]", "true,read,text,0"),
        (
            "[f.canRead, f.canWrite, f.canAppend, f.canReplace]",
            "true,false,false,false",
        ),
        (
            "[f.write('x'), f.writeByte(1), f.flush(), f.readByte()]",
            "false,false,false,-1",
        ),
        (
            "[f.remove(), f.renameTo('b.txt'), f.copyTo('b.txt')]",
            "false,false,false",
        ),
        (
            "[f.close(), f.close(), f.eof(), f.seek(1), f.read(1)]",
            "true,false,true,-1,false",
        ),
        ("f.open('text', 'read, append') && f.mode", "read,append"),
        ("f.write('d') && f.close()", "true"),
        ("f.open('text', 'readWrite') && f.mode", "read,write"),
        ("f.write('A') && f.read(9)", "bcd"),
        ("f.close() && f.open('text', 'create') && f.length", "0"),
        (
            "[f.mode, f.canReplace, f.read(1), f.close()]",
            "write,create,true,false,true",
        ),
        ("new File('none').open('text', 'read')", "false"),
        ("new File('none/x').open('text', 'create')", "false"),
        ("new File('new').open('text', 'write')", "true"),
    ]);
}

#[test]
fn types_say_what_bytes_mean() {
    let marked = "\u{feff}grün 🎉\r\nzwei\rdrei";
    let storage = MemoryStorage::new()
        .with("utf8", marked)
        .with("bytes", *b"\x00\xFF\n\x80");
    driver(&storage).check(&[
        ("f = new File('utf8')", "utf8"),
        ("f.open('utf8', 'read')", "true"),
        (
            "[f.position, f.read(4), f.read(1) + f.read(1)]",
            "3,grün, 🎉",
        ),
        (
            "f.readln().length + f.readln() + f.readln() + f.readln()",
            "0zweidreinull",
        ),
        ("f.close()", "true"),
        ("f.open('text', 'read') && f.read(6)", "ï»¿grÃ"),
        (
            "f.close() && f.open('utf8', 'create') && f.write('ä\\ud800')",
            "true",
        ),
        (
            "f.close() && f.open('text', 'append') && f.write('ä€')",
            "true",
        ),
        ("b = new File('bytes')", "bytes"),
        ("b.open('binary', 'readWrite')", "true"),
        (
            "[b.readByte(), b.readByte(), escape(b.read(9)), b.readByte()]",
            "0,255,%0A%80,-1",
        ),
        ("b.writeByte(257) && b.close() && b.length", "5"),
    ]);
    assert_eq!(
        storage.bytes("utf8").as_deref(),
        Some(&b"\xC3\xA4\xEF\xBF\xBD\xE4?"[..])
    );
    assert_eq!(
        storage.bytes("bytes").as_deref(),
        Some(&b"\x00\xFF\n\x80\x01"[..])
    );
}

#[test]
fn folders_are_listed_and_files_moved() {
    let storage = MemoryStorage::new()
        .with("d/b.txt", "b")
        .with("d/a.flv", "a");
    driver(&storage).check(&[
        ("d = new File('d')", "d"),
        ("d.list().join()", "/d/a.flv,/d/b.txt"),
        (
            "d.list(function (n) { return n.indexOf('.flv') > 0 }).join()",
            "/d/a.flv",
        ),
        ("d.list()[0] instanceof File", "true"),
        ("new File('d/a.flv').list()", "null"),
        ("new File('/').list()[0].isDirectory", "true"),
        ("a = new File('d/a.flv')", "d/a.flv"),
        (
            "[a.copyTo('c'), a.copyTo('c'), a.copyTo('../c')]",
            "true,false,false",
        ),
        (
            "[a.renameTo('c'), a.renameTo('/d/e'), a.name, a.exists]",
            "false,true,/d/e,true",
        ),
        ("d.remove()", "false"),
        (
            "[d.mkdir('sub'), d.mkdir('sub'), d.mkdir('x/y'), d.mkdir('')]",
            "true,false,false,false",
        ),
        ("[d.remove(true), d.exists, a.exists]", "true,false,false"),
        (
            "new File('/').remove(true) || new File('/').renameTo('x')",
            "false",
        ),
        ("typeof new File('c').lastModified.getTime()", "number"),
        ("new File('x').creationTime", "undefined"),
    ]);
}

#[test]
fn names_that_leave_the_application_are_refused() {
    let storage = MemoryStorage::new().with("a", "x");
    let mut driver = driver(&storage);
    for name in ["../a", "..", ".", "d/../a", "./a", "\\\\a", "C:/a", "a\\0"] {
        let effects = driver.call(1, "evaluate", &[format!("new File('{name}')").into()]);
        assert!(
            problems(&effects)[0].contains("is not inside"),
            "{name}: {effects:?}"
        );
        let tried = "[f.name, f.exists, f.open('text', 'create'), f.remove(true), f.list(), \
                     f.mkdir('x'), f.copyTo('y'), f.renameTo('y'), f.length]";
        driver.check(
            &[(
                &format!("(f = new File('a'), f = new File(f.name + '/../a'), {tried})"),
                ",false,false,false,,false,false,false,0",
            )]
            .map(|(text, wanted)| (text.as_str(), wanted)),
        );
    }
}

#[test]
fn limits_have_names() {
    let storage = MemoryStorage::new()
        .with("d/a", "0123456789")
        .with("d/b", "")
        .with("d/c", "");
    let config = ScriptConfig {
        open_files: 2,
        file_read_bytes: 8,
        file_bytes: 12,
        list_entries: 2,
        ..ScriptConfig::default()
    };
    let mut driver = Driver::with_storage(storage.clone(), config);
    let limit = |name: &str, text: &str| {
        assert!(
            text.starts_with("RangeError") && text.contains(name),
            "{text}"
        );
    };
    driver.eval("f = new File('d/a'); f.open('text', 'readWrite')");
    driver.eval("g = new File('d/b'); g.open('utf8', 'read')");
    limit(
        "open_files",
        &driver.thrown("new File('d/c').open('text', 'read')"),
    );
    assert_eq!(driver.eval("f.read(8)"), "01234567".into());
    driver.eval("f.position = 0");
    for read in ["f.read(9)", "f.read(1e300)", "f.readAll()", "f.readln()"] {
        limit("file_read_bytes", &driver.thrown(read));
        driver.eval("f.position = 0");
    }
    limit("file_bytes", &driver.thrown("f.write('0123456789abc')"));
    assert_eq!(driver.eval("f.write('0123456789ab')"), true.into());
    limit("file_bytes", &driver.thrown("f.writeByte; f.write('c')"));
    for listed in [
        "new File('d').list()",
        "new File('d').length",
        "new File('d').remove(true)",
    ] {
        limit("list_entries", &driver.thrown(listed));
    }
    assert!(storage.bytes("d/c").is_some());
}

#[test]
fn a_file_that_the_script_lost_is_closed() {
    let storage = MemoryStorage::new().with("a", "x");
    let config = ScriptConfig {
        open_files: 1,
        ..ScriptConfig::default()
    };
    let mut driver = Driver::with_storage(storage, config);
    for _ in 0..3 {
        assert_eq!(
            driver.eval("new File('a').open('text', 'read')"),
            true.into()
        );
        driver.eval("application.gc()");
    }
    driver.eval("f = new File('a'); for (i = 0; i < 50; i++) f.open('text', 'read') && f.close()");
    assert_eq!(
        driver.eval("f.open('text', 'read') && f.read(1)"),
        "x".into()
    );
}

struct Disk {
    root: tempfile::TempDir,
    driver: Driver,
}

/// An application's folder with a virtual folder beside it, and a secret outside of both.
fn disk() -> Disk {
    let root = tempfile::tempdir().expect("a folder");
    for folder in ["app/d", "videos", "private"] {
        fs::create_dir_all(root.path().join(folder)).expect("a folder");
    }
    fs::write(root.path().join("private/secret"), "secret").expect("written");
    fs::write(root.path().join("videos/clip.flv"), "FLV").expect("written");
    let storage = DiskStorage::new(root.path().join("app"))
        .with_virtual("/videos", root.path().join("videos"))
        .expect("a name");
    let driver = Driver::with_storage(storage, ScriptConfig::default());
    Disk { root, driver }
}

#[test]
fn files_of_a_disk_and_of_virtual_folders_are_the_same() {
    let mut disk = disk();
    disk.driver.check(&[
        ("f = new File('d/a.txt')", "d/a.txt"),
        (
            "f.open('utf8', 'create') && f.write('ä') && f.close() && f.length",
            "2",
        ),
        ("f.open('utf8', 'read') && f.read(1) + f.close()", "ätrue"),
        ("Math.abs(f.lastModified - new Date()) < 3600000", "true"),
        ("new File('/videos').list().join()", "/videos/clip.flv"),
        ("new File('/videos/clip.flv').copyTo('/d/clip.flv')", "true"),
        ("new File('/videosx').exists", "false"),
        ("new File('d').list().join()", "/d/a.txt,/d/clip.flv"),
        ("new File('d').mkdir('e')", "true"),
        ("new File('d/a.txt').renameTo('d/e/b.txt')", "true"),
        ("new File('d').renameTo('d/e/d')", "false"),
        (
            "[new File('d').remove(true), new File('d').exists]",
            "true,false",
        ),
        (
            "[new File('/videos').remove(true), new File('/').remove(true)]",
            "false,false",
        ),
    ]);
    assert!(disk.root.path().join("videos/clip.flv").exists());
}

#[cfg(unix)]
#[test]
fn links_do_not_lead_out() {
    use std::os::unix::fs::symlink;
    let mut disk = disk();
    let root = disk.root.path().to_owned();
    let app = root.join("app");
    symlink(root.join("private"), app.join("folder")).expect("a link");
    symlink(root.join("private/secret"), app.join("file")).expect("a link");
    symlink(root.join("private/new"), app.join("nowhere")).expect("a link");
    symlink(app.join("loop"), app.join("loop")).expect("a link");
    disk.driver.check(&[
        ("new File('file').open('text', 'read')", "false"),
        ("new File('file').open('text', 'create')", "false"),
        ("new File('file').exists", "false"),
        ("new File('file').copyTo('d/copy')", "false"),
        ("new File('folder').list()", "null"),
        ("new File('folder/secret').exists", "false"),
        ("new File('folder').mkdir('x')", "false"),
        ("new File('folder/x').open('text', 'create')", "false"),
        ("new File('folder/secret').remove()", "false"),
        ("new File('folder/secret').renameTo('d/mine')", "false"),
        ("new File('nowhere').open('text', 'create')", "false"),
        ("new File('loop').open('text', 'create')", "false"),
        ("new File('main.asc').copyTo('nowhere')", "false"),
        (
            "new File('folder').renameTo('d/inner') && new File('d').remove(true)",
            "true",
        ),
    ]);
    let secret = fs::read_to_string(root.join("private/secret"));
    assert_eq!(secret.ok().as_deref(), Some("secret"));
    assert_eq!(
        fs::read_dir(root.join("private")).map(Iterator::count).ok(),
        Some(1)
    );
}

#[cfg(unix)]
#[test]
fn no_way_leads_to_a_change_of_the_configuration() {
    use std::os::unix::fs::symlink;
    let root = tempfile::tempdir().expect("a folder");
    let app = root.path().join("app");
    fs::create_dir_all(app.join("d")).expect("a folder");
    fs::write(app.join("application.toml"), "mine").expect("written");
    symlink("application.toml", app.join("link")).expect("a link");
    symlink("Application.xml", app.join("nowhere")).expect("a link");
    symlink(".", app.join("here")).expect("a link");
    let storage = DiskStorage::new(&app);
    let storage = storage.with_virtual("/up", root.path()).expect("a name");
    let storage = storage.with_virtual("/same", &app).expect("a name");
    let mut driver = Driver::with_storage(storage, ScriptConfig::default());
    for file in [
        "application.toml",
        "link",
        "here/application.toml",
        "same/application.toml",
        "up/app/application.toml",
        "up/app/here/link",
        "d/../application.toml",
    ] {
        driver.check(&[
            (
                &format!("new File('{file}').open('text', 'write')"),
                "false",
            ),
            (
                &format!("new File('{file}').open('text', 'create')"),
                "false",
            ),
            (
                &format!("new File('{file}').open('text', 'append')"),
                "false",
            ),
        ]);
        if !file.ends_with("link") {
            driver.check(&[
                (&format!("new File('{file}').remove()"), "false"),
                (&format!("new File('{file}').renameTo('d/mine')"), "false"),
            ]);
        }
    }
    driver.check(&[
        ("new File('nowhere').open('text', 'create')", "false"),
        (
            "new File('here/APPLICATION.XML').open('text', 'create')",
            "false",
        ),
        (
            "new File('up/app/Application.xml').open('text', 'create')",
            "false",
        ),
        ("new File('up/app').renameTo('up/other')", "false"),
        ("new File('d').renameTo('same/Application.xml')", "false"),
        (
            "(f = new File('link')).open('text', 'read') && f.read(4)",
            "mine",
        ),
        (
            "(f = new File('same/other.toml')).open('text', 'create')",
            "true",
        ),
    ]);
    let kept = fs::read_to_string(app.join("application.toml"));
    assert_eq!(kept.ok().as_deref(), Some("mine"));
    assert!(!app.join("Application.xml").exists());
}

/// A folder with a million files, without a disk that has them.
struct Crowd;

impl Storage for Crowd {
    fn stat(&self, _: &str) -> Result<Option<script::Stat>, StorageError> {
        Ok(Some(script::Stat {
            folder: true,
            length: 0,
            created_ms: 0.0,
            modified_ms: 0.0,
        }))
    }

    fn open(
        &self,
        path: &str,
        _: script::OpenHow,
    ) -> Result<Box<dyn script::Stream>, StorageError> {
        Err(StorageError::Root(path.to_owned()))
    }

    fn list(&self, _: &str, max: usize) -> Result<Vec<String>, StorageError> {
        if max < 1_000_000 {
            return Err(StorageError::TooManyEntries(max));
        }
        Ok((0..1_000_000).map(|number| number.to_string()).collect())
    }

    fn make_folder(&self, path: &str) -> Result<(), StorageError> {
        Err(StorageError::Root(path.to_owned()))
    }

    fn remove(&self, path: &str) -> Result<(), StorageError> {
        Err(StorageError::Io {
            path: path.to_owned(),
            error: std::io::ErrorKind::DirectoryNotEmpty.into(),
        })
    }

    fn rename(&self, from: &str, _: &str) -> Result<(), StorageError> {
        Err(StorageError::Root(from.to_owned()))
    }
}

#[test]
fn a_million_files_are_too_many() {
    let mut driver = Driver::with_storage(Crowd, ScriptConfig::default());
    for listed in ["list()", "length", "remove(true)"] {
        let text = driver.thrown(&format!("new File('d').{listed}"));
        assert!(text.contains("more than 10000 files"), "{listed}: {text}");
    }
}

#[test]
fn failures_in_a_loop_are_bounded() {
    let config = ScriptConfig {
        queued_effects: 100,
        ..ScriptConfig::default()
    };
    let mut driver = Driver::with_storage(MemoryStorage::new(), config);
    let effects = driver.call(1, "evaluate", &["for (;;) new File('..')".into()]);
    let problems = problems(&effects);
    assert!(problems.len() < 110, "{}", problems.len());
    assert!(
        problems
            .last()
            .is_some_and(|last| last.contains("queued_effects"))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_is_written_is_read(lines in proptest::collection::vec("[^\r\n\\\\'\u{feff}]{0,20}", 1..8)) {
        let mut driver = driver(&MemoryStorage::new());
        let list: Vec<String> = lines.iter().map(|line| format!("'{line}'")).collect();
        driver.eval(&format!("f = new File('x'); lines = [{}]", list.join(",").replace(['\u{2028}', '\u{2029}'], "")));
        let same = driver.eval(
            "f.open('utf8', 'create'); f.writeAll(lines); f.close(); f.open('utf8', 'read'); \
             read = f.readAll(); f.close(); read.join('\\n') == lines.join('\\n')",
        );
        prop_assert_eq!(same, Value::from(true));
    }
}

#[test]
fn a_client_does_not_reach_what_a_script_keeps() {
    let storage = MemoryStorage::new().with("a", "x");
    let mut driver = driver(&storage);
    driver.eval(
        "c = application.clients[0]; c.f = new File('a'); c.x = new XML(); c.v = new LoadVars(); \
         c.b = new ByteArray(); c.l = new Log(); 0",
    );
    for path in [
        "f/remove",
        "f/open",
        "f/toString",
        "x/load",
        "x/parseXML",
        "x/removeNode",
        "v/load",
        "v/decode",
        "b/clear",
        "b/writeObject",
        "l/logInfo",
    ] {
        let effects = driver.call(1, path, &["http://a".into()]);
        assert_eq!(
            effects,
            [failed(1, &format!("Method not found ({path})."))],
            "{path}"
        );
    }
    assert!(storage.bytes("a").is_some());
}

/// Who could write them would choose the limits of the script.
#[test]
fn what_configures_the_application_is_only_read() {
    let storage = MemoryStorage::new()
        .with("application.toml", "x")
        .with("sub/application.toml", "y")
        .with("other.txt", "z");
    let mut driver = driver(&storage);
    for name in [
        "application.toml",
        "/Application.TOML",
        "application.XML",
        "//application.xml",
    ] {
        for action in [
            "f.open('text', 'write')",
            "f.open('text', 'create')",
            "f.open('text', 'append')",
            "f.open('text', 'readWrite')",
            "f.remove()",
            "f.remove(true)",
            "f.renameTo('mine.txt')",
            "f.mkdir('')",
            "new File('other.txt').renameTo(f.name)",
            "new File('other.txt').copyTo(f.name)",
        ] {
            let text = format!("f = new File('{name}'); try {{ {action} }} catch (e) {{ e }}");
            let done = driver.try_eval(&text);
            assert_ne!(done, true.into(), "{name}: {action}");
        }
    }
    let text = "new File('other.txt').copyTo('application.xml')";
    let refused = "File: the file \"application.xml\" configures the application, which a script cannot change";
    assert_eq!(
        problems(&driver.call(1, "evaluate", &[text.into()])),
        [refused]
    );
    driver.check(&[
        (
            "(f = new File('application.toml')).open('text', 'read')",
            "true",
        ),
        ("f.readAll().join('|')", "x"),
        ("new File('sub/application.toml').remove()", "true"),
        ("new File('other.txt').renameTo('application.txt')", "true"),
    ]);
    assert_eq!(
        storage.bytes("application.toml").as_deref(),
        Some(b"x".as_slice())
    );
    assert_eq!(storage.bytes("application.xml"), None);
}
