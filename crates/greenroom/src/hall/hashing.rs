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
