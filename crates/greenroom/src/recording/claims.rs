//! Who writes which file: never two at a time.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::live::StreamAddress;

/// The files that are being written, and who writes each last.
#[derive(Default)]
pub(super) struct Claims(Mutex<HashMap<PathBuf, Held>>);

struct Held {
    /// The stream that is recorded; `None` while the file is deleted.
    by: Option<StreamAddress>,
    /// It will soon be let go.
    is_ending: bool,
    freed: CancellationToken,
    /// Those before it that may still write.
    before: Vec<CancellationToken>,
}

/// The right to write a file, until it is dropped, once those before have let it go.
pub(super) struct Claim {
    claims: Arc<Claims>,
    path: PathBuf,
    freed: CancellationToken,
    before: Vec<CancellationToken>,
}

impl Claims {
    /// Claims a file to record a stream; `None` if somebody writes it and goes on with that.
    pub(super) fn claim(self: &Arc<Self>, path: &Path, by: &StreamAddress) -> Option<Claim> {
        self.take(path, Some(by.clone()))
    }

    /// Claims a file to delete it.
    pub(super) fn claim_to_erase(self: &Arc<Self>, path: &Path) -> Option<Claim> {
        self.take(path, None)
    }

    /// Notes that the recording of a stream is to end.
    pub(super) fn ending(&self, path: &Path, by: &StreamAddress) {
        if let Some(held) = self.0.lock().get_mut(path) {
            held.is_ending |= held.by.as_ref() == Some(by);
        }
    }

    fn take(self: &Arc<Self>, path: &Path, by: Option<StreamAddress>) -> Option<Claim> {
        let mut files = self.0.lock();
        let before = match files.get(path) {
            Some(held) if !held.is_ending => return None,
            Some(held) => {
                let all = held.before.iter().chain([&held.freed]);
                all.filter(|freed| !freed.is_cancelled()).cloned().collect()
            }
            None => Vec::new(),
        };
        let claim = Claim {
            claims: self.clone(),
            path: path.to_owned(),
            freed: CancellationToken::new(),
            before,
        };
        let held = Held {
            is_ending: by.is_none(),
            by,
            freed: claim.freed.clone(),
            before: claim.before.clone(),
        };
        files.insert(path.to_owned(), held);
        Some(claim)
    }
}

impl Claim {
    /// Waits until nobody else writes the file.
    pub(super) async fn ready(&self) {
        for freed in &self.before {
            freed.cancelled().await;
        }
    }

    /// The file will soon be let go: who asks for it gets it after that.
    pub(super) fn ending(&self) {
        if let Some(held) = self.claims.0.lock().get_mut(&self.path) {
            // Who comes after this one has marked it as ending already.
            held.is_ending |= held.freed == self.freed;
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.freed.cancel();
        let mut files = self.claims.0.lock();
        let Some(held) = files.get_mut(&self.path) else {
            return;
        };
        if held.freed != self.freed {
            return;
        }
        if self.before.iter().all(CancellationToken::is_cancelled) {
            files.remove(&self.path);
        } else {
            // It goes before its turn: who comes next waits for those before it.
            held.is_ending = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::StreamName;

    use super::*;

    fn stream(name: &str) -> StreamAddress {
        StreamAddress {
            app: "live".into(),
            instance: "_definst_".into(),
            name: StreamName::parse(name, 100).expect("a name"),
        }
    }

    /// Whether it is somebody's turn.
    fn is_ready(claim: &Claim) -> bool {
        claim.before.iter().all(CancellationToken::is_cancelled)
    }

    #[test]
    fn a_file_has_one_writer_and_the_next_waits_only_for_its_end() {
        let claims = Arc::new(Claims::default());
        let path = Path::new("cam.flv");
        let first = claims.claim(path, &stream("cam")).expect("nobody has it");
        assert!(is_ready(&first));
        assert!(claims.claim(path, &stream("cam.flv")).is_none());
        // The end of one that was refused is not that of the first.
        claims.ending(path, &stream("cam.flv"));
        assert!(claims.claim_to_erase(path).is_none());
        claims.ending(path, &stream("cam"));
        let second = claims.claim(path, &stream("cam")).expect("it is next");
        assert!(claims.claim(path, &stream("cam")).is_none());
        claims.ending(path, &stream("cam"));
        let third = claims.claim_to_erase(path).expect("it is next");
        assert!(!is_ready(&second) && !is_ready(&third));
        drop(first);
        assert!(is_ready(&second) && !is_ready(&third));
        let fourth = claims.claim(path, &stream("cam")).expect("it is next");
        drop(second);
        assert!(is_ready(&third) && !is_ready(&fourth));
        drop(third);
        assert!(is_ready(&fourth));
        drop(fourth);
        assert!(claims.0.lock().is_empty());
    }

    #[test]
    fn who_goes_before_its_turn_does_not_let_others_in() {
        let claims = Arc::new(Claims::default());
        let path = Path::new("cam.flv");
        let first = claims.claim(path, &stream("cam")).expect("nobody has it");
        first.ending();
        let second = claims.claim(path, &stream("cam")).expect("it is next");
        drop(second);
        let third = claims.claim(path, &stream("cam")).expect("it is next");
        assert!(!is_ready(&third));
        drop(first);
        assert!(is_ready(&third));
        drop(third);
        assert!(claims.0.lock().is_empty());
    }
}
