//! Runs in parallel: each on a thread of its own, collected by one.

use super::{Limits, execute};
use crate::experiment::Experiment;
use crate::plan::Run;
use crate::record::Record;
use anyhow::{Context, Result};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

/// How runs are done.
#[derive(Clone, Copy, Debug)]
pub struct Workers {
    /// Runs at a time.
    pub jobs: usize,
    /// The longest that a run may take.
    pub timeout: Option<Duration>,
}

/// Whether the user wants to stop.
pub trait Interrupt: Sync {
    /// Whether to start no more runs.
    fn finish(&self) -> bool;
    /// Whether to abandon active runs.
    fn abandon(&self) -> bool;
}

/// Does the runs, and hands over each record as soon as it is there, on the caller's thread. Ends
/// early if `each` returns false. Returns whether all runs were started.
///
/// Runs share nothing: each thread owns a pool of one thread, so that parallel code inside a run
/// (a user's own task) cannot start another run within it.
///
/// # Errors
/// If a thread cannot be started, or `each` fails.
pub fn perform(
    experiment: &Experiment,
    runs: &[&Run],
    workers: Workers,
    interrupt: &dyn Interrupt,
    mut each: impl FnMut(Record) -> Result<bool>,
) -> Result<bool> {
    let next = AtomicUsize::new(0);
    let enough = AtomicBool::new(false);
    let stop = || interrupt.abandon();
    let limits = Limits { timeout: workers.timeout, stop: &stop };
    let pools: Vec<rayon::ThreadPool> = (0..workers.jobs.min(runs.len()))
        .map(|_| rayon::ThreadPoolBuilder::new().num_threads(1).build())
        .collect::<Result<_, _>>()
        .context("cannot start a thread")?;
    std::thread::scope(|scope| {
        // A thread hands over its record before it goes on. However slow the disk is, at most one run
        // per thread is done and not stored, or started after the last one that is wanted.
        let (sender, receiver) = sync_channel(0);
        for pool in &pools {
            let (sender, next, enough) = (sender.clone(), &next, &enough);
            scope.spawn(move || {
                while !interrupt.finish() && !enough.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(run) = runs.get(index) else { break };
                    let record = pool.install(|| execute(experiment, run, limits));
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
        Ok(next.load(Ordering::Relaxed) >= runs.len() && !interrupt.abandon())
    })
}
