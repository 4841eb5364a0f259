//! What a sweep shows while it runs.

use crate::experiment::{Cell, Experiment};
use crate::plan::Run;
use crate::record::{Outcome, Record};
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A bar with the time left, the number of failed runs, and below it what is running; on a terminal only.
pub struct Progress {
    bar: ProgressBar,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Ids and labels of the runs that were started and are not done, in order.
    running: Vec<(String, String)>,
    failed: u64,
}

impl State {
    /// What stands behind the time left, and in the line below.
    fn message(&self) -> String {
        let failed =
            if self.failed > 0 { format!(", {} failed", self.failed) } else { String::new() };
        let shown = self.running.iter().take(LINES).map(|(_, label)| format!("\n  {label}"));
        let others = match self.running.len().saturating_sub(LINES) {
            0 => String::new(),
            others => format!("\n  and {others} more"),
        };
        failed + &shown.collect::<String>() + &others
    }
}

/// The most runs that are named.
const LINES: usize = 4;

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
        Self { bar, state: Mutex::default() }
    }

    /// A run begins.
    pub fn begin(&self, experiment: &Experiment, run: &Run) {
        if !self.bar.is_hidden() {
            let label = label(&experiment.cells[run.cell], run.seed);
            let width = terminal_size::terminal_size().map_or(80, |(width, _)| width.0);
            let label = shortened(label, usize::from(width).saturating_sub(3));
            self.change(|state| state.running.push((run.id.clone(), label)));
        }
    }

    /// A run is done.
    pub fn tick(&self, record: &Record) {
        self.change(|state| {
            state.running.retain(|(id, _)| *id != record.id);
            state.failed +=
                u64::from(!matches!(record.outcome, Outcome::Done | Outcome::Refused { .. }));
        });
        self.bar.inc(1);
    }

    /// All runs are done.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        self.bar.set_message(state.message());
    }
}

fn label(cell: &Cell, seed: u64) -> String {
    let parts = [cell.task.label(), cell.estimator.label(), cell.optimizer_label()];
    format!("{}, seed {seed}", parts.join(", "))
}

/// A line that fits into so many columns.
fn shortened(line: String, columns: usize) -> String {
    match line.char_indices().nth(columns) {
        None => line,
        Some(_) => line.chars().take(columns.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_says_what_failed_and_what_runs() {
        let mut state = State::default();
        assert_eq!(state.message(), "");
        state.failed = 2;
        assert_eq!(state.message(), ", 2 failed");
        let run = |seed: u64| (format!("id {seed}"), format!("exact, seed {seed}"));
        state.running = (0..2).map(run).collect();
        assert_eq!(state.message(), ", 2 failed\n  exact, seed 0\n  exact, seed 1");
        state.running = (0..7).map(run).collect();
        assert!(state.message().ends_with("\n  exact, seed 3\n  and 3 more"));
    }

    #[test]
    fn lines_fit() {
        let cut = |columns| shortened("temperature τ".to_owned(), columns);
        assert_eq!([cut(13), cut(12), cut(1)], ["temperature τ", "temperature…", "…"]);
    }
}
