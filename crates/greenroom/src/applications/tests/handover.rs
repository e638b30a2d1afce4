//! Instances without a script: what one has not saved, the next does not begin without.

use rtmp::shared_object::{Event, Message};
use store::Store;

use super::*;
use crate::objects::held::Held;
use crate::scripts::ScriptFolders;

fn applications(store: &Arc<Held>) -> (Arc<Applications>, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("app")).unwrap();
    let config = Config::default();
    let store: Arc<dyn Store> = store.clone();
    let applications = Applications::new(
        dir.path().to_owned(),
        settings::application_limits(&config),
        (
            settings::instance_settings(&config, 1, 1935),
            settings::file_settings(&config),
        ),
        (
            Catalog::new(),
            Recordings::new(TaskTracker::new(), 8, (1, 1)),
        ),
        ObjectKeeper::of(Some(store), Duration::from_mins(1)),
        Box::new(ScriptFolders),
    );
    (applications, dir)
}

/// The value of the one slot of `object`, as a client is told that comes anew.
async fn told(visitor: &mut Visitor) -> Option<amf::Value> {
    visitor.about_object(vec![Event::Use]).await;
    loop {
        let Order::SharedObjects(updates) = visitor.orders.recv().await.unwrap() else {
            continue;
        };
        let message = updates[0].message(rtmp::Encoding::Amf0);
        return message.events.into_iter().find_map(|event| match event {
            Event::Change(slots) => Some(slots[0].1.clone()),
            _ => None,
        });
    }
}

impl Visitor {
    async fn about_object(&mut self, events: Vec<Event>) {
        let input = Input::SharedObject {
            client: self.client,
            message: Message::new("object", 0, true, events),
        };
        self.post(input, None).await;
    }

    /// Changes the object, and goes at once.
    async fn change_and_leave(mut self) {
        let slot = ("slot".into(), 7.0.into());
        let change = Event::RequestChange(vec![slot]);
        self.about_object(vec![Event::Use, change]).await;
        drop(self.orders);
        runner::leave(self.seat, self.client, mpsc::channel(1).1, 0).await;
    }
}

#[tokio::test]
async fn who_joins_while_the_last_life_is_being_saved_finds_what_it_saved() {
    let store = Arc::new(Held::default());
    let (applications, _dir) = applications(&store);
    let mut first = Visitor::come(&applications, 1).await;
    assert!(first.answered().await);
    let room = first.seat.room.clone();
    store.hold(true);
    first.change_and_leave().await;
    let next = {
        let applications = applications.clone();
        tokio::spawn(async move { Visitor::come(&applications, 2).await })
    };
    while store.waiting() < 2 {
        tokio::task::yield_now().await;
    }
    assert!(!next.is_finished() && !room.ended.is_cancelled());
    assert_eq!(applications.is_running("app", "room"), Ok(false));
    assert_eq!(applications.running.lock().instances.len(), 1);
    store.let_go();
    let mut next = next.await.unwrap();
    assert!(next.answered().await);
    assert!(room.ended.is_cancelled());
    assert_eq!(told(&mut next).await, Some(7.0.into()));
    next.leave(2).await;
}

#[tokio::test]
async fn the_server_that_stops_waits_for_what_is_being_saved() {
    let store = Arc::new(Held::default());
    let (applications, _dir) = applications(&store);
    let mut first = Visitor::come(&applications, 1).await;
    assert!(first.answered().await);
    store.hold(true);
    first.change_and_leave().await;
    let stopping = {
        let applications = applications.clone();
        tokio::spawn(async move { applications.stop_all(Duration::from_mins(1)).await })
    };
    while store.waiting() < 2 {
        tokio::task::yield_now().await;
    }
    assert!(!stopping.is_finished());
    store.let_go();
    stopping.await.unwrap();
    assert!(applications.running.lock().instances.is_empty());
}

#[tokio::test]
async fn an_instance_that_is_unloaded_ends_with_its_clients() {
    let store = Arc::new(Held::default());
    let (applications, _dir) = applications(&store);
    assert_eq!(applications.load("app", "room").await, Ok(true));
    assert_eq!(applications.unload("app", "room").await, Some(true));
    assert_eq!(applications.is_running("app", "room"), Ok(false));
    let mut visitor = Visitor::come(&applications, 1).await;
    assert!(visitor.answered().await);
    let unloading = {
        let applications = applications.clone();
        tokio::spawn(async move { applications.unload("app", "room").await })
    };
    assert!(!visitor.answered().await, "it is not closed");
    // Nobody joins what is to end.
    let next = {
        let applications = applications.clone();
        tokio::spawn(async move { Visitor::come(&applications, 2).await })
    };
    tokio::task::yield_now().await;
    assert!(!unloading.is_finished() && !next.is_finished());
    visitor.leave(1).await;
    assert_eq!(unloading.await.unwrap(), Some(true));
    let mut next = next.await.unwrap();
    assert!(next.answered().await);
    next.leave(1).await;
}
