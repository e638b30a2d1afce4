//! How far long work is, for somebody who watches: a bar on a terminal, nothing elsewhere.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Work that takes no longer is not shown.
const SHOWN_AFTER: Duration = Duration::from_millis(300);

/// The bar of one piece of work; it goes with it.
pub(super) struct Progress {
    name: String,
    begun: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// For the work on something of this name.
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            begun: Instant::now(),
            bar: None,
        }
    }

    /// It is at so many of the bytes.
    pub(super) fn at(&mut self, position: u64, of_bytes: u64) {
        if self.begun.elapsed() < SHOWN_AFTER {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| bar(&self.name));
        bar.set_length(of_bytes);
        bar.set_position(position.min(of_bytes));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Written to standard error if that is a terminal.
fn bar(name: &str) -> ProgressBar {
    let bar = ProgressBar::new(0).with_message(name.to_owned());
    let style = "{msg} {wide_bar} {bytes}/{total_bytes} {eta}";
    match ProgressStyle::with_template(style) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
