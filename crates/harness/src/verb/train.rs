use super::Exit;
use crate::experiment::{Cell, Experiment, Overrides};
use crate::record::Outcome;
use crate::results::Summary;
use crate::{Program, Registries, files, record};
use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use model::task::{Origin, Predictor};
use model::{Better, Budget, Metric, Streams, Training};
use std::path::PathBuf;

/// Train one network of an experiment, and store it for `predict`.
///
/// It is that of a run of the experiment: the same rows, first weights, batches and noise. The weights
/// of the step with the best validation metric are stored, in the safetensors format.
///
/// Of several settings of the estimator, the best one is taken by the runs that are stored; without
/// stored runs, choose one with --set.
#[derive(Debug, Args)]
pub struct Train {
    /// Experiment file, or the name of a built-in experiment
    #[arg(value_name = "EXPERIMENT")]
    pub experiment: PathBuf,
    /// The estimator's kind, if the experiment has several
    #[arg(long, value_name = "KIND")]
    pub estimator: Option<String>,
    /// Set a value of the experiment, such as steps=500 or estimator.temperature=0.5; can be repeated
    #[arg(long, value_name = "KEY.PATH=VALUE")]
    pub set: Vec<String>,
    /// The seed of the run
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Results folder, in which stored runs choose the setting
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
    /// Folder of data sets such as MNIST [default: that of $ARGMAX_LAB_DATA, else `data`]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The file to write
    #[arg(long, value_name = "FILE.safetensors")]
    pub output: PathBuf,
}

impl Train {
    /// Trains the network, writes it, and prints its test metric beside the references.
    ///
    /// # Errors
    /// If the experiment cannot be read, names several settings of which none is best, or its task has
    /// no network that can be stored; if training diverges; or if the file cannot be written.
    pub fn run(&self, program: Program, registries: &Registries) -> Result<Exit> {
        let (experiment, candidates) = self.read(registries)?;
        if !experiment.trains() {
            bail!("experiment `{}` takes no training steps", experiment.name);
        }
        experiment.require_data()?;
        let cell = &experiment.cells[self.setting(&experiment, &candidates)?];
        let best = train(&experiment, cell, self.seed)?;
        let origin = Origin {
            task: cell.task.kind.to_owned(),
            estimator: cell.estimator.label(),
            optimizer: cell.optimizer_label(),
            seed: self.seed,
            step: best.step,
            validation_loss: best.chosen_by,
            test_loss: best.reported,
            data: cell.task.built.data_digest(),
            program: program.provenance(),
        };
        let bytes = best.network.to_bytes(&origin).map_err(|why| anyhow!(why))?;
        files::replace(&self.output, &bytes)?;
        self.print(&experiment, cell, &best)
    }

    /// The experiment, and the indices of the cells that may be trained. A value that cells already have
    /// selects them; any other value is set.
    fn read(&self, registries: &Registries) -> Result<(Experiment, Vec<usize>)> {
        let read = |set: Vec<String>| {
            let estimators = self.estimator.iter().cloned().collect();
            let data = self.data.clone();
            let overrides = Overrides { estimators, set, data, ..Overrides::default() };
            Experiment::read(&self.experiment, &overrides, registries)
        };
        let is_of_cell = |set: &&String| {
            ["task.", "estimator.", "optimizer."].iter().any(|p| set.starts_with(p))
        };
        let (of_cells, others): (Vec<&String>, Vec<&String>) =
            self.set.iter().partition(is_of_cell);
        let others: Vec<String> = others.into_iter().cloned().collect();
        let plain = read(others.clone())?;
        let (selecting, setting): (Vec<&String>, Vec<&String>) =
            of_cells.into_iter().partition(|set| plain.cells.iter().any(|cell| has(cell, set)));
        let experiment = match setting.is_empty() {
            true => plain,
            false => read(others.into_iter().chain(setting.into_iter().cloned()).collect())?,
        };
        let is_selected =
            |&index: &usize| selecting.iter().all(|set| has(&experiment.cells[index], set));
        let candidates: Vec<usize> = (0..experiment.cells.len()).filter(is_selected).collect();
        if candidates.is_empty() {
            bail!("no setting of experiment `{}` has all values of --set", experiment.name);
        }
        Ok((experiment, candidates))
    }

    /// The index of the cell that is trained. This is the only place that looks at stored runs.
    fn setting(&self, experiment: &Experiment, candidates: &[usize]) -> Result<usize> {
        if let [index] = candidates {
            return Ok(*index);
        }
        let folder = self.results.join(&experiment.name);
        let records = record::stored(&folder, &experiment.name)?;
        let runs = experiment.runs()?;
        let summary = Summary::new(experiment, &runs, &records);
        let has_runs = |index: usize| {
            summary.cells[index].runs.iter().any(|(_, record)| record.outcome == Outcome::Done)
        };
        let best: Vec<usize> = summary
            .tasks()
            .into_iter()
            .flat_map(|task| summary.best_cells(task).map(|(index, _)| index).collect::<Vec<_>>())
            .filter(|&index| has_runs(index) && candidates.contains(&index))
            .collect();
        let (candidates, why) = match best.as_slice() {
            [index] => return Ok(*index),
            [] => (candidates.to_vec(), "has no runs that say which is best"),
            _ => (best, "has runs of several"),
        };
        let label = |&index: &usize| {
            let Cell { task, estimator, .. } = &experiment.cells[index];
            let optimizer = experiment.cells[index].optimizer_label();
            format!("\n  {} · {} · {optimizer}", task.label(), estimator.label())
        };
        let all: String = candidates.iter().map(label).collect();
        bail!(
            "experiment `{}` has {} settings, and {} {why}; choose one with --estimator and --set, such \
             as --set optimizer.learning-rate=0.01:{all}",
            experiment.name,
            candidates.len(),
            folder.display(),
        )
    }

    fn print(&self, experiment: &Experiment, cell: &Cell, best: &Best) -> Result<Exit> {
        let Best { metric, reported, step, .. } = best;
        let (task, estimator) = (cell.task.label(), cell.estimator.label());
        say!("{task} · {estimator} · {} · seed {}", cell.optimizer_label(), self.seed);
        if let Some(step) = best.diverged {
            note!("warning: training diverged at step {step}");
        }
        let mut table = super::rows::table(&["", metric.label]);
        table.add_row([format!("this network, after {step} steps"), short(*reported)]);
        let budget = budget(experiment);
        let values = cell.task.built.reference_values(self.seed, &budget, &|| true)?;
        for (name, value) in values.into_iter().flatten() {
            let declared = cell.task.built.references().into_iter();
            let found = declared.into_iter().find(|reference| reference.name == name);
            if let Some(reference) = found.filter(|reference| reference.metric == metric.name) {
                table.add_row([reference.label.to_owned(), short(value)]);
            }
        }
        say!("{table}");
        say!("network in {}", self.output.display());
        Ok(Exit::Ok)
    }
}

/// Whether a cell has the value of an assignment such as `estimator.temperature=0.5`.
fn has(cell: &Cell, assignment: &str) -> bool {
    let Some((path, value)) = assignment.split_once('=') else { return false };
    let parsed = toml::from_str::<toml::Table>(&format!("value = {value}"));
    let parsed = parsed.ok().and_then(|mut table| table.remove("value"));
    let text = parsed.map_or_else(|| value.to_owned(), |value| registry::plain(&value));
    cell.value(path.trim()).is_some_and(|own| own == text)
}

/// A network at its best step.
struct Best {
    network: Predictor,
    metric: Metric,
    step: u64,
    chosen_by: f64,
    reported: f64,
    /// The step at which training diverged, if it did.
    diverged: Option<u64>,
}

fn budget(experiment: &Experiment) -> Budget {
    let (steps, evaluate_every) = (experiment.steps, experiment.evaluate_every);
    Budget { steps, evaluate_every, batch: experiment.batch }
}

/// The run of a cell and a seed, and its network at the step that validation chooses.
fn train(experiment: &Experiment, cell: &Cell, seed: u64) -> Result<Best> {
    let optimizer = cell.optimizer.as_ref().context("the cell has no optimizer")?;
    let mut estimator = cell.estimator.built.build_f32();
    let mut training = cell.task.built.start(seed, experiment.batch, &optimizer.built);
    let (dims, domain) = (training.dims(), training.domain());
    if let Some(why) = estimators::refusal(&*estimator, dims, domain) {
        bail!("`{}` does not support the task: {why}", cell.estimator.label());
    }
    let streams = Streams::new(cell.task.kind, seed);
    let (noise, evaluations) = (streams.named("estimator"), streams.named("evaluate"));
    let (budget, mut best) = (budget(experiment), None);
    for step in 0..=budget.steps {
        if budget.is_evaluated(step) {
            let values = training.evaluate(&mut *estimator, &mut evaluations.at(step))?;
            keep_better(&mut best, step, &values, &*training, cell)?;
        }
        if step < budget.steps && !training.step(step, &mut *estimator, &noise)?.is_finite() {
            let mut best = best.context("training diverged before its first evaluation")?;
            best.diverged = Some(step);
            return Ok(best);
        }
    }
    best.with_context(|| {
        format!("no evaluation of `{}` is a finite number", cell.estimator.label())
    })
}

/// Keeps the network if it is better than the best one so far.
fn keep_better(
    best: &mut Option<Best>,
    step: u64,
    values: &[(Metric, f64)],
    training: &dyn Training,
    cell: &Cell,
) -> Result<()> {
    let &(metric, reported) = values.first().context("the task has no metric")?;
    let name = metric.chosen_by.unwrap_or(metric.name);
    let chosen_by = values.iter().find(|(metric, _)| metric.name == name);
    let chosen_by = chosen_by.map_or(f64::NAN, |(_, value)| *value);
    let is_better = |best: &Best| match metric.better {
        Better::Higher => chosen_by > best.chosen_by,
        _ => chosen_by < best.chosen_by,
    };
    if chosen_by.is_finite() && best.as_ref().is_none_or(is_better) {
        let network = training.predictor();
        let network = network.with_context(|| {
            format!("the networks of task `{}` predict no rows, so none is stored", cell.task.kind)
        })?;
        *best = Some(Best { network, metric, step, chosen_by, reported, diverged: None });
    }
    Ok(())
}

/// A number with six digits.
fn short(x: f64) -> String {
    let digits = if x == 0.0 { 0 } else { x.abs().log10().floor() as i32 };
    match digits {
        -4..=5 => format!("{x:.*}", (5 - digits) as usize),
        _ => format!("{x:.5e}"),
    }
}
