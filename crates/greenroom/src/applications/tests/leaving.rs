//! Who leaves while the script is busy: the instance learns of it all the same.

use tokio::sync::mpsc::error::TrySendError;

use super::*;

/// A call on which the script stays away for as long as the test holds it.
fn call(client: ClientId) -> Input {
    Input::Command {
        client,
        stream_id: 0,
        command: rtmp::Command::new("stay", 0.0, vec![]),
    }
}

/// Something of the server's that needs no answer.
fn nudge() -> Post {
    Post {
        from: Sender::Server,
        input: Input::Timeout,
        link: None,
    }
}

/// Fills the inbox of an instance once its script is away.
async fn fill(seat: &Seat, book: &Book) {
    while !book.held.load(Ordering::SeqCst) {
        tokio::task::yield_now().await;
    }
    while !matches!(seat.inbox.try_send(nudge()), Err(TrySendError::Full(_))) {}
}

fn seats(applications: &Applications) -> usize {
    let running = applications.running.lock();
    running.instances.values().map(|here| here.clients).sum()
}

// The clock of the test goes ahead by itself whenever there is nothing to do; the script has a
// thread and timers of its own.
#[tokio::test(start_paused = true)]
async fn an_instance_that_was_busy_for_long_still_learns_who_left() {
    let (applications, book, _dir) = applications(60_000);
    let mut visitor = Visitor::come(&applications, 1).await;
    assert!(visitor.answered().await);
    book.hold.store(true, Ordering::SeqCst);
    visitor.post(call(visitor.client), None).await;
    fill(&visitor.seat, &book).await;
    let Visitor {
        seat,
        client,
        orders,
    } = visitor;
    // The session that ends does not wait for ever.
    runner::wait_for_leave(runner::leave(seat, client, orders, 2)).await;
    assert_eq!(seats(&applications), 1, "the seat was given back too early");
    assert_eq!(book.left.load(Ordering::SeqCst), 0);
    book.hold.store(false, Ordering::SeqCst);
    while seats(&applications) > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(book.left.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_busy_script_does_not_keep_the_others_from_stopping() {
    let (applications, book, _dir) = applications(600_000);
    let mut idle = Visitor::come_to(&applications, "zoo", 2).await;
    assert!(idle.answered().await);
    let idle_ended = idle.seat.room.ended.clone();
    idle.leave(1).await;
    let mut visitor = Visitor::come(&applications, 1).await;
    assert!(visitor.answered().await);
    book.hold.store(true, Ordering::SeqCst);
    visitor.post(call(visitor.client), None).await;
    fill(&visitor.seat, &book).await;
    let stopping = {
        let applications = applications.clone();
        tokio::spawn(async move { applications.stop_scripts(Duration::from_mins(1)).await })
    };
    let ended = tokio::time::timeout(Duration::from_secs(30), idle_ended.cancelled()).await;
    assert!(ended.is_ok(), "the idle script was not asked to stop");
    // Nor does anybody wait for one that is written off meanwhile.
    applications.write_off_stuck(clock::now() + 3_600_000);
    stopping.await.unwrap();
    assert!(visitor.seat.room.written_off.is_cancelled());
    book.hold.store(false, Ordering::SeqCst);
}
