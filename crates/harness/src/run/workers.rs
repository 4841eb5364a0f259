//! Runs in parallel: each on a thread of its own, collected by one.

use super::interrupt::Interrupt;
use super::isolated::Worker;
use super::{Limits, execute};
use crate::experiment::Experiment;
use crate::plan::Run;
use crate::record::Record;
use anyhow::{Context, Result};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

/// How runs are done.
#[derive(Clone, Copy)]
pub struct Workers<'a> {
    /// Runs at a time.
    pub jobs: usize,
    /// The longest that a run may take.
    pub timeout: Option<Duration>,
    /// The command of a process that does runs; none to do them in this one.
    pub isolated: Option<&'a (dyn Fn() -> Command + Sync)>,
    /// Told of every run that begins, on the thread that does it.
    pub begins: &'a (dyn Fn(&Run) + Sync),
}

/// Does the runs, given with their numbers in the plan, and hands over each record as soon as it is there, on
/// the caller's thread. Ends early if `each` returns false. Returns whether all runs were started.
///
/// Runs share nothing: each thread owns a pool of one thread, so that parallel code inside a run
/// (a user's own task) cannot start another run within it.
///
/// # Errors
/// If a thread cannot be started, or `each` fails.
pub fn perform(
    experiment: &Experiment,
    runs: &[(usize, &Run)],
    workers: Workers<'_>,
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
                let mut worker = workers.isolated.map(Worker::new);
                while !interrupt.finish() && !enough.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(&(number, run)) = runs.get(index) else { break };
                    (workers.begins)(run);
                    let record = match &mut worker {
                        None => Ok(pool.install(|| execute(experiment, run, limits))),
                        Some(worker) => worker.execute(number, run, workers.timeout, interrupt),
                    };
                    let Some(record) = record.transpose() else { break };
                    if sender.send(record).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        for record in receiver {
            match record.and_then(&mut each) {
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
