//! What an administrator asks of an instance that comes to its end meanwhile.

use super::*;

fn address() -> InstanceAddress {
    InstanceAddress {
        app: "app".into(),
        instance: "room".into(),
    }
}

fn set_asks(applications: &Applications, asks: mpsc::Sender<Ask>) -> mpsc::Sender<Ask> {
    let mut running = applications.running.lock();
    let here = running.instances.get_mut(&address()).unwrap();
    std::mem::replace(&mut here.asks, asks)
}

/// Asks the instance how many objects it has.
async fn counts(applications: Arc<Applications>) -> Asked<(usize, usize)> {
    let counts = |objects: &engine::SharedObjects| objects.counts();
    applications.ask("app", "room", counts).await
}

#[tokio::test]
async fn what_an_ending_instance_drops_the_next_is_asked() {
    let (applications, _book, _dir) = applications(60_000);
    let mut visitor = Visitor::come(&applications, 1).await;
    assert!(visitor.answered().await);
    let (asks, mut asked) = mpsc::channel(1);
    let next = set_asks(&applications, asks);
    let asking = tokio::spawn(counts(applications.clone()));
    let ask = asked.recv().await.unwrap();
    set_asks(&applications, next);
    drop((ask, asked));
    assert_eq!(asking.await.unwrap(), Asked::Done((0, 0)));
}

#[tokio::test]
async fn an_instance_that_has_ended_does_not_run_for_who_asked_it() {
    let (applications, _book, _dir) = applications(60_000);
    let mut visitor = Visitor::come(&applications, 1).await;
    assert!(visitor.answered().await);
    let (asks, mut asked) = mpsc::channel(1);
    let real = set_asks(&applications, asks);
    let asking = tokio::spawn(counts(applications.clone()));
    let ask = asked.recv().await.unwrap();
    applications.running.lock().instances.remove(&address());
    drop((ask, asked, real));
    assert_eq!(asking.await.unwrap(), Asked::NotRunning);
}
