//! What a sweep shows while it runs.

use crate::record::{Outcome, Record};
use indicatif::{ProgressBar, ProgressStyle};
use std::cell::Cell;
use std::time::Duration;

/// A bar with the time left and the number of failed runs; on a terminal only.
pub struct Progress {
    bar: ProgressBar,
    failed: Cell<u64>,
}

impl Progress {
    /// A bar for `missing` runs of `all`.
    pub fn new(name: &str, all: usize, missing: usize, quiet: bool) -> Self {
        let bar = if quiet || missing == 0 {
            ProgressBar::hidden()
        } else {
            ProgressBar::new(missing as u64)
        };
        let style =
            ProgressStyle::with_template("{prefix} {bar:32} {pos} of {len} runs, {eta} left{msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix(name.to_owned());
        if !quiet && missing > 0 && missing < all {
            bar.println(format!("{name}: {} of {all} runs are already done", all - missing));
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, failed: Cell::new(0) }
    }

    /// One more run is done.
    pub fn tick(&self, record: &Record) {
        if !matches!(record.outcome, Outcome::Done | Outcome::Refused { .. }) {
            self.failed.set(self.failed.get() + 1);
            self.bar.set_message(format!(", {} failed", self.failed.get()));
        }
        self.bar.inc(1);
    }

    /// All runs are done.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
