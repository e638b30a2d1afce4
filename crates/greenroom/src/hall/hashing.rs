//! Passwords are looked at beside the hall, on threads that may take their time: a few at once.

use std::sync::Arc;

use rooms::password::{self, Cost};
use rooms::{Input, RequestId, Secret};
use tokio::sync::{Semaphore, mpsc};

use super::Post;

/// Hashes and verifies. A user has one password under way at most, so what waits is bounded by
/// the number of connections.
pub(super) struct Hashing {
    answers: mpsc::WeakSender<Post>,
    turns: Arc<Semaphore>,
}

impl Hashing {
    /// `at_once` passwords at the same time; the answers are posted to the hall.
    pub(super) fn new(answers: mpsc::WeakSender<Post>, at_once: usize) -> Self {
        Self {
            answers,
            turns: Arc::new(Semaphore::new(at_once)),
        }
    }

    pub(super) fn verify(&self, request: RequestId, password: Secret, hash: Arc<str>) {
        self.start(move || {
            let ok = password::verify(&password.0, &hash);
            Input::Verified { request, ok }
        });
    }

    pub(super) fn hash(&self, request: RequestId, password: Secret) {
        self.start(move || {
            let hash = password::hash(&password.0, rand::random(), Cost::default());
            let hash = hash.inspect_err(|error| tracing::error!(%error, "no password was hashed"));
            Input::Hashed {
                request,
                hash: hash.ok(),
            }
        });
    }

    fn start(&self, work: impl FnOnce() -> Input + Send + 'static) {
        let (turns, answers) = (self.turns.clone(), self.answers.clone());
        tokio::spawn(async move {
            // Neither is ever closed; a panic in the work answers nothing.
            let Ok(_turn) = turns.acquire().await else {
                return;
            };
            let Ok(answer) = tokio::task::spawn_blocking(work).await else {
                return;
            };
            if let Some(answers) = answers.upgrade() {
                // Without a hall nobody waits for the answer.
                let _ = answers.send(Post::Input(answer)).await;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn as_many_passwords_are_hashed_at_once_as_may_be() {
        let (answers, mut answered) = mpsc::channel(16);
        let hashing = Hashing::new(answers.downgrade(), 2);
        let at_once = Arc::new(AtomicUsize::new(0));
        // Each waits for one that runs at the same time.
        let pair = Arc::new(Barrier::new(2));
        for number in 0..8 {
            let (at_once, pair) = (at_once.clone(), pair.clone());
            hashing.start(move || {
                let ok = at_once.fetch_add(1, Ordering::SeqCst) < 2;
                pair.wait();
                at_once.fetch_sub(1, Ordering::SeqCst);
                let request = RequestId(number);
                Input::Verified { request, ok }
            });
        }
        for _ in 0..8 {
            let answer = answered.recv().await;
            assert!(matches!(
                answer,
                Some(Post::Input(Input::Verified { ok: true, .. }))
            ));
        }
    }
}
