//! Throughput: the training steps of a fixed workload, timed.
//!
//! Whole training runs are timed from their first step, over fresh seeds, and their validation loss is
//! reported beside the time: steps that learn nothing would show. Making the data and evaluating the
//! network are not timed.

mod workloads;

pub use workloads::{WORKLOADS, Workload};

use crate::Registries;
use anyhow::{Context, Result, anyhow, bail};
use estimators::{Estimator, Factory, Noise};
use model::{AnyTask, Training};
use serde::Serialize;
use statistics::{mean, quantile, sample_variance};
use std::sync::Arc;
use std::time::{Duration, Instant};
use toml::Table;

/// How much work a measurement is.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Runs at a time, each on a thread of its own.
    pub jobs: usize,
    /// Seconds that each thread is timed for, after as long a warm-up at most.
    pub time: Duration,
}

/// How fast an estimator trains.
#[derive(Clone, Debug, Serialize)]
pub struct Throughput {
    /// The workload's name.
    pub workload: &'static str,
    /// The estimator's kind.
    pub estimator: String,
    /// Runs at a time.
    pub jobs: usize,
    /// Microseconds that a core is busy with a step: with no more jobs than cores, the time of a
    /// step; the median of the timed runs.
    pub us_per_step_per_core: f64,
    /// Steps a second of all jobs together.
    pub seed_steps_per_second: f64,
    /// Runs that were timed.
    pub runs: usize,
    /// Steps of each of them: those of the workload, or what the time allows.
    pub steps: u64,
    /// Mean loss of the runs with the hard argmax, on the rows to validate on.
    pub validation_loss: f64,
    /// Standard error of that mean, over seeds; absent for a single run.
    pub validation_loss_error: Option<f64>,
}

/// A run that was timed.
#[derive(Clone, Copy, Debug)]
struct Timed {
    time: Duration,
    validation_loss: f64,
}

/// A workload with its task loaded, and an estimator for it.
struct Subject {
    workload: &'static Workload,
    task: Arc<dyn AnyTask>,
    kind: &'static str,
    estimator: Box<dyn Factory>,
}

/// Times an estimator on a workload.
///
/// Each job is a thread with a pool of one thread, as in a sweep.
///
/// # Errors
/// If an estimator is unknown or does not support the workload, or training fails.
pub fn measure(
    workload: &'static Workload,
    kind: &str,
    effort: Effort,
    registries: &Registries,
) -> Result<Throughput> {
    let subject = Subject::new(workload, kind, registries)?;
    let pools: Vec<rayon::ThreadPool> = (0..effort.jobs)
        .map(|_| rayon::ThreadPoolBuilder::new().num_threads(1).build())
        .collect::<Result<_, _>>()
        .context("cannot start a thread")?;
    let jobs: Vec<(u64, Vec<Timed>)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..)
            .zip(&pools)
            .map(|(job, pool)| {
                let subject = &subject;
                scope.spawn(move || pool.install(|| subject.job(job, effort)))
            })
            .collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined.map(|ended| ended.map_err(|_| anyhow!("{kind} panicked"))?).collect::<Result<_>>()
    })?;
    Ok(subject.throughput(&jobs))
}

impl Subject {
    fn new(workload: &'static Workload, kind: &str, registries: &Registries) -> Result<Self> {
        let task = (workload.task)()?;
        let entry = registries.estimators.get(kind)?;
        let parameters = workload.estimators.iter().find(|(listed, _)| *listed == kind);
        let parameters: Table = parameters.map_or("", |(_, parameters)| parameters).parse()?;
        let estimator = entry.build(parameters)?;
        let (dims, domain) = (task.dims(workload.batch), task.domain());
        if let Some(why) = estimators::refusal(&*estimator.build_f32(), dims, domain) {
            bail!("{kind} does not support the workload {}: {why}", workload.name);
        }
        Ok(Self { workload, task, kind: entry.name, estimator })
    }

    /// A network with its first parameters.
    fn training(&self, seed: u64) -> Box<dyn Training> {
        self.task.start(seed, self.workload.batch, &(self.workload.optimizer)())
    }

    /// A new estimator.
    fn estimator(&self) -> Box<dyn Estimator<f32>> {
        self.estimator.build_f32()
    }

    /// Does a run of `steps` steps, and times them.
    fn run(&self, seed: u64, steps: u64) -> Result<Timed> {
        let (mut training, mut estimator) = (self.training(seed), self.estimator());
        let name = seed.to_string();
        let stream = |purpose: &str| Noise::named(&[purpose, self.workload.name, &name]);
        let (noise, mut evaluation) = (stream("estimator"), stream("evaluate").at(steps));
        let start = Instant::now();
        for step in 0..steps {
            training.step(step, &mut *estimator, &noise)?;
        }
        let time = start.elapsed();
        let metrics = training.evaluate(&mut *estimator, &mut evaluation)?;
        let chosen_by = metrics.first().and_then(|(metric, _)| metric.chosen_by);
        let validation = metrics.iter().find(|(metric, _)| Some(metric.name) == chosen_by);
        let validation_loss = validation.map_or(f64::NAN, |(_, value)| *value);
        Ok(Timed { time, validation_loss })
    }

    /// The timed runs of a job, and how many steps each has. Jobs share no seed.
    fn job(&self, job: u64, effort: Effort) -> Result<(u64, Vec<Timed>)> {
        // The warm-up finds how many steps there is time for.
        let mut steps = 1;
        while self.run(job, steps)?.time < effort.time / LEAST_RUNS && steps < self.workload.steps {
            steps = (2 * steps).min(self.workload.steps);
        }
        let (mut timed, mut spent) = (vec![], Duration::ZERO);
        while spent < effort.time || timed.len() < LEAST_RUNS as usize {
            let run = self.run(job + (timed.len() * effort.jobs) as u64, steps)?;
            spent += run.time;
            timed.push(run);
        }
        Ok((steps, timed))
    }

    fn throughput(&self, jobs: &[(u64, Vec<Timed>)]) -> Throughput {
        let cores = std::thread::available_parallelism().map_or(1, usize::from).min(jobs.len());
        let rate = |(steps, runs): &(u64, Vec<Timed>)| {
            let seconds: Vec<f64> = runs.iter().map(|run| run.time.as_secs_f64()).collect();
            *steps as f64 / quantile(&seconds, 0.5).unwrap_or(f64::NAN)
        };
        let rate: f64 = jobs.iter().map(rate).sum();
        let runs = jobs.iter().flat_map(|(_, runs)| runs);
        let losses: Vec<f64> = runs.map(|run| run.validation_loss).collect();
        let error = |variance: f64| (variance / losses.len() as f64).sqrt();
        Throughput {
            workload: self.workload.name,
            estimator: self.kind.to_owned(),
            jobs: jobs.len(),
            us_per_step_per_core: 1e6 * cores as f64 / rate,
            seed_steps_per_second: rate,
            runs: losses.len(),
            steps: jobs.iter().map(|(steps, _)| *steps).min().unwrap_or(0),
            validation_loss: mean(&losses).unwrap_or(f64::NAN),
            validation_loss_error: sample_variance(&losses).map(error),
        }
    }
}

/// Runs that each job is timed for, at least.
const LEAST_RUNS: u32 = 3;
