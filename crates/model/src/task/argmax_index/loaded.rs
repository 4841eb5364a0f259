use super::references::Known;
use super::seeded::Seeded;
use super::source::Source;
use super::{ArgmaxIndex, CombinedNetwork, data, references};
use crate::data::{Absent, Folders};
use crate::metric::{ENTROPY, FORWARD_LOSS};
use crate::task::{Streams, Task};
use crate::{Metric, Reference, Result};
use estimators::Dims;
use kernels::{Parameters, Real};

/// Fewer rows to validate or to test on make a ranking by chance likely.
const LEAST_HELD_OUT: usize = 30;
/// Fewer rows to train on per parameter of a linear model are few.
const LEAST_PER_PARAMETER: usize = 5;

/// The task with its data file read, if it has one.
pub struct Loaded {
    pub(super) task: ArgmaxIndex,
    pub(super) source: Source,
}

impl Loaded {
    /// The task with its data file, or with what stored runs know of one that is no longer there.
    ///
    /// # Errors
    /// If the file cannot be used.
    pub(super) fn new(task: ArgmaxIndex, folders: &Folders) -> Result<Self> {
        let source = match (&task.data, &task.target) {
            (Some(data), Some(target)) => {
                let path = folders.experiment.join(data);
                match path.exists() {
                    true => Source::Table(task.read(&path, target)?),
                    false => Source::remembered(&task, path, &folders.known)?,
                }
            }
            _ => Source::Synthetic,
        };
        Ok(Self { task, source })
    }
}

impl Task for Loaded {
    type Instance = Seeded;

    fn metrics(&self) -> Vec<Metric> {
        let metrics = vec![
            Metric::lower("test-loss", "test loss")
                .with_note("deployed with the hard argmax")
                .chosen_by("validation-loss"),
            Metric::lower("validation-loss", "validation loss")
                .with_note("deployed with the hard argmax"),
            FORWARD_LOSS,
            ENTROPY,
            Metric::neutral("live-categories", "live categories")
                .with_note("share of the categories that the argmax picks for a validation row"),
        ];
        let accuracy = match self.source.target() {
            Known::Regimes => Some(("regime-accuracy", "regime accuracy")),
            Known::Classes => Some(("test-accuracy", "test accuracy")),
            Known::Numbers => None,
        };
        let bounded = |(name, label)| Metric::higher(name, label).bounded_by(0.0);
        metrics.into_iter().chain(accuracy.map(bounded)).collect()
    }

    fn references(&self) -> Vec<Reference> {
        references::declared(self.source.target())
    }

    fn warnings(&self) -> Vec<String> {
        let Source::Table(table) = &self.source else { return vec![] };
        let count = table.rows();
        let (validation, test) = match &table.parts {
            Some(parts) => (parts.validation.len(), parts.test.len()),
            None => data::held_out(&self.task, count),
        };
        let (trained, parameters) = (count - validation - test, table.features.len() + 1);
        let mut warnings = vec![];
        if table.left_out > 0 {
            let rows = counted(table.left_out, "row");
            let target = &table.target.name;
            warnings.push(format!("{rows} without a value in `{target}` left out"));
        }
        if test < LEAST_HELD_OUT {
            let rows = counted(test, "row");
            warnings
                .push(format!("test losses are means over {rows} only: differences may be luck"));
        }
        if validation < LEAST_HELD_OUT {
            let rows = counted(validation, "row");
            warnings.push(format!("settings are chosen on {rows} only: the choice may be luck"));
        }
        if trained < LEAST_PER_PARAMETER * parameters {
            let (rows, features) =
                (counted(trained, "row"), counted(table.features.len(), "feature"));
            warnings.push(format!("only {rows} to train on, with {features}"));
        }
        warnings
    }

    fn dims(&self, batch: usize) -> Dims {
        Dims { batch, latents: 1, categories: self.task.categories }
    }

    fn instance<E: Real>(&self, streams: &Streams) -> (Seeded, Parameters<E>) {
        let stream = &mut streams.named("data");
        let data = match &self.source {
            Source::Synthetic => data::synthetic(&self.task, stream),
            Source::Gone { absent, .. } => panic!("{absent}"),
            Source::Table(table) => {
                let draw = || data::draw_parts(&self.task, table.rows(), stream);
                let parts = table.parts.clone().unwrap_or_else(draw);
                data::split(table, &parts, self.task.value)
            }
        };
        let ArgmaxIndex { hidden, categories, value, logit_scale, initial_scale, .. } = self.task;
        let inputs = data.validation.inputs().rows().columns();
        let outputs = data.encoder.classes().unwrap_or(1);
        let (init, choice) = (&mut streams.named("init"), (categories, outputs));
        let (network, mut parameters) = CombinedNetwork::new(inputs, hidden, choice, init);
        if initial_scale != 1.0 {
            network.scale_logit_layer(&mut parameters, initial_scale);
        }
        let network = network.with_logit_scale(logit_scale).with_value(value);
        (Seeded { network, data }, parameters)
    }

    fn data_digest(&self) -> Option<String> {
        self.source.digest()
    }

    fn absent(&self) -> Option<&Absent> {
        self.source.absent()
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
