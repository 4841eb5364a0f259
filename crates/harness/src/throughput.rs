//! Throughput: the training steps of a fixed workload, timed.
//!
//! Whole training runs are timed from their first step, over fresh seeds, and their validation loss is
//! reported beside the time: steps that learn nothing would show. Making the data and evaluating the
//! network are not timed.

use crate::Registries;
use anyhow::{Context, Result, anyhow, bail};
use estimators::{Estimator, Factory, Noise};
use model::task::{ArgmaxIndex, CategoricalVae};
use model::{AnyTask, Optimizer, TaskKind, Training};
use serde::Serialize;
use statistics::{mean, quantile, sample_variance};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use toml::Table;

/// A task, and the estimators to train it with.
#[derive(Debug)]
pub struct Workload {
    /// Its name on the command line.
    pub name: &'static str,
    /// The task.
    pub task: fn() -> model::Result<Arc<dyn AnyTask>>,
    /// Rows of a batch.
    pub batch: usize,
    /// Step size of Adam.
    pub learning_rate: f64,
    /// Steps of a run.
    pub steps: u64,
    /// Estimators that are timed unless others are given: kind and parameters, as TOML.
    pub estimators: &'static [(&'static str, &'static str)],
}

/// The workloads. Every parameter that costs time is written down, so that a new default elsewhere
/// changes no workload.
pub static WORKLOADS: &[Workload] = &[
    Workload {
        name: "argmax-index",
        task: argmax_index,
        batch: 128,
        learning_rate: 0.01,
        steps: 2000,
        estimators: &[
            ("exact", ""),
            ("soft-argmax", "temperature = 1.0"),
            ("straight-through", "temperature = 1.0"),
            ("gumbel-softmax", "temperature = 0.5"),
            ("st-gumbel-softmax", "temperature = 0.5"),
            ("reinforce", "baseline = \"ema\"\ndecay = 0.95"),
            ("reinforce-loo", "samples = 4"),
            ("reinmax", "temperature = 1.0"),
            ("gumbel-rao", "samples = 10\ntemperature = 0.5"),
        ],
    },
    Workload {
        name: "vae",
        task: categorical_vae,
        batch: 100,
        learning_rate: 5e-4,
        steps: 100,
        estimators: &[
            ("straight-through", "temperature = 1.0"),
            ("st-gumbel-softmax", "temperature = 0.5"),
            ("reinmax", "temperature = 1.0"),
            ("reinforce-loo", "samples = 2"),
        ],
    },
];

/// The seed question's network, 16 → 32 → 8 and 16 → 8.
fn argmax_index() -> model::Result<Arc<dyn AnyTask>> {
    let task = ArgmaxIndex {
        categories: 8,
        hidden: 32,
        inputs: 16,
        noise: 0.1,
        rows: 4096,
        validation_rows: 2048,
        test_rows: 1,
        data: None,
        ..ArgmaxIndex::default()
    };
    task.open(Path::new(""))
}

/// An autoencoder of images with a code of eight latents of four, 784 → 512 → 256 → 32 and back.
fn categorical_vae() -> model::Result<Arc<dyn AnyTask>> {
    let (latents, categories, hidden) = (8, 4, vec![512, 256]);
    let (pixels, mean) = (784, 0.13);
    let (rows, validation_rows, test_rows) = (2000, 500, 1);
    let parts = CategoricalVae { rows, validation_rows, test_rows, ..Default::default() };
    let task = CategoricalVae { latents, categories, hidden, pixels, mean, ..parts };
    task.open(Path::new(""))
}

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
        let optimizer = Optimizer::adam(self.workload.learning_rate);
        self.task.start(seed, self.workload.batch, &optimizer)
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
