//! Who is let in, and what happens when too many want in.

use engine::{ClientId, Input};
use tokio::sync::mpsc::error::TrySendError;
use tokio_util::task::TaskTracker;

use crate::applications::*;
use crate::config::{Layers, load};
use crate::runner::Sender;
use crate::scripts::ScriptFolders;
use crate::settings;

const INBOX: usize = 16;

fn applications(dir: &Path) -> Arc<Applications> {
    let limits = ApplicationLimits {
        application_name_bytes: 8,
        instance_name_bytes: 8,
        instances_per_application: 2,
        clients_per_instance: 2,
        inbox_events: INBOX,
        lost_threads: 16,
    };
    let config = load(&Layers::default()).unwrap().config;
    for app in ["live", "chat"] {
        std::fs::create_dir_all(dir.join(app)).unwrap();
    }
    Applications::new(
        dir.into(),
        limits,
        (
            settings::instance_settings(&config, 1, 1935),
            settings::file_settings(&config),
        ),
        (
            Catalog::new(),
            Recordings::new(TaskTracker::new(), 8, (1, 1)),
        ),
        ObjectKeeper::nowhere(),
        Box::new(ScriptFolders),
    )
}

#[tokio::test]
async fn who_is_let_in_and_who_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let applications = applications(dir.path());
    let join = |app: &'static str, instance: &'static str| applications.join(app, instance);
    let refused = async |app: &'static str, instance: &'static str| {
        join(app, instance).await.err().map(|why| why.as_str())
    };
    let one = join("live", "one").await.unwrap();
    let _two = join("live", "two").await.unwrap();
    let _again = join("live", "one").await.unwrap();
    for (app, instance, reason) in [
        ("live", "one", "instance_full"),
        ("live", "three", "too_many_instances"),
        ("nosuch", "one", "unknown_application"),
        ("too-long-a-name", "one", "unknown_application"),
        ("..", "one", "unknown_application"),
        ("live", "123456789", "bad_url"),
        ("live", "a/../b", "bad_url"),
        ("live", "a\nb", "bad_url"),
    ] {
        assert_eq!(
            refused(app, instance).await,
            Some(reason),
            "{app}/{instance:?}"
        );
    }
    assert_eq!(
        refused("chat", "one").await,
        None,
        "another application has room"
    );
    drop(one);
    assert_eq!(refused("live", "one").await, None, "room was made");
}

#[tokio::test]
async fn wrong_settings_refuse_an_application_without_a_script() {
    let dir = tempfile::tempdir().unwrap();
    let applications = applications(dir.path());
    let file = dir.path().join("live/application.toml");
    std::fs::write(&file, "[script]\nmemmory_bytes = 1\n").unwrap();
    let refused = applications.join("live", "one").await.err();
    assert_eq!(refused, Some(Rejection::ScriptFailed("live/one".into())));
    assert!(applications.join("chat", "one").await.is_ok());
    std::fs::write(&file, "").unwrap();
    assert!(applications.join("live", "one").await.is_ok());
}

#[tokio::test]
async fn a_full_inbox_makes_its_senders_wait() {
    let dir = tempfile::tempdir().unwrap();
    let seat = applications(dir.path()).join("live", "one").await.unwrap();
    let post = || Post {
        from: Sender::Client(ClientId(1)),
        input: Input::Timeout,
        link: None,
    };
    // The instance's task has the same thread and has not run yet.
    for _ in 0..INBOX {
        assert!(seat.inbox.try_send(post()).is_ok());
    }
    let full = seat.inbox.try_send(post());
    assert!(matches!(full, Err(TrySendError::Full(_))));
    // To wait lets the task run, which makes room.
    assert!(seat.inbox.send(post()).await.is_ok());
}
