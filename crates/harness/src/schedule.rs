//! Runs in parallel: each on a thread of its own, collected by one.

use crate::Registries;
use crate::execute::{Limits, execute};
use crate::experiment::Experiment;
use crate::record::Record;
use crate::run::Run;
use anyhow::{Context, Result};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

/// How runs are done.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// Runs at a time.
    pub jobs: usize,
    /// The longest a run may take.
    pub timeout: Option<Duration>,
}

/// Asks whether the user wants to stop: finish what runs, or break off.
pub trait Interrupt: Sync {
    /// No new run is begun.
    fn finish(&self) -> bool;
    /// Runs break off.
    fn break_off(&self) -> bool;
}

/// Does the runs, and hands each record over as soon as it is there, on the caller's thread. Ends
/// early if `each` says so. Returns whether all runs were begun.
///
/// Runs share nothing: each thread owns a pool of one thread, so that parallel code inside a run
/// (a user's own task) cannot start another run within it.
///
/// # Errors
/// If a thread cannot be started, or `each` fails.
pub fn perform(
    experiment: &Experiment,
    runs: &[&Run],
    registries: &Registries,
    schedule: Schedule,
    interrupt: &dyn Interrupt,
    mut each: impl FnMut(Record) -> Result<bool>,
) -> Result<bool> {
    let next = AtomicUsize::new(0);
    let enough = AtomicBool::new(false);
    let stop = || interrupt.break_off();
    let limits = Limits { timeout: schedule.timeout, stop: &stop };
    let pools: Vec<rayon::ThreadPool> = (0..schedule.jobs.min(runs.len()))
        .map(|_| rayon::ThreadPoolBuilder::new().num_threads(1).build())
        .collect::<Result<_, _>>()
        .context("a thread cannot be started")?;
    std::thread::scope(|scope| {
        // A record is handed over before its thread goes on: however slow the disk is, no more than
        // a run a thread is done and not stored, or begun after enough of them.
        let (sender, receiver) = sync_channel(0);
        for pool in &pools {
            let (sender, next, enough) = (sender.clone(), &next, &enough);
            scope.spawn(move || {
                while !interrupt.finish() && !enough.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(run) = runs.get(index) else { break };
                    let record = pool.install(|| execute(experiment, run, registries, limits));
                    let Some(record) = record else { break };
                    if sender.send(record).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        for record in receiver {
            match each(record) {
                Ok(true) => {}
                Ok(false) => enough.store(true, Ordering::Relaxed),
                Err(error) => {
                    enough.store(true, Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
        Ok(next.load(Ordering::Relaxed) >= runs.len() && !interrupt.break_off())
    })
}
