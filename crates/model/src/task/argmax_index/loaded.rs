use super::seeded::Seeded;
use super::{ArgmaxIndex, CombinedNetwork, Table, data, references};
use crate::metric::{ENTROPY, FORWARD_LOSS};
use crate::task::{Streams, Task};
use crate::{Metric, Reference};
use estimators::Dims;
use kernels::{Parameters, Real};

/// Fewer rows to validate or to test on make a ranking by chance likely.
const LEAST_HELD_OUT: usize = 30;
/// Fewer rows to train on per parameter of a linear model are few.
const LEAST_PER_PARAMETER: usize = 5;

/// The task with its data file read, if it has one.
pub struct Loaded {
    pub(super) task: ArgmaxIndex,
    pub(super) table: Option<Table>,
}

impl Task for Loaded {
    type Instance = Seeded;

    fn metrics(&self) -> Vec<Metric> {
        let mut metrics = vec![
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
        if self.table.is_none() {
            metrics.push(Metric::higher("regime-accuracy", "regime accuracy").bounded_by(0.0));
        }
        metrics
    }

    fn references(&self) -> Vec<Reference> {
        references::declared(self.table.is_none())
    }

    fn warnings(&self) -> Vec<String> {
        let Some(table) = &self.table else { return vec![] };
        let count = table.targets.len();
        let (validation, test) = data::held_out(&self.task, count);
        let (trained, parameters) = (count - validation - test, table.features.len() + 1);
        let mut warnings = vec![];
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
        let data = match &self.table {
            None => data::synthetic(&self.task, stream),
            Some(table) => {
                let parts = data::Parts::draw(&self.task, table.targets.len(), stream);
                data::split(table, &parts)
            }
        };
        let ArgmaxIndex { hidden, categories, logit_scale, initial_scale, .. } = self.task;
        let inputs = data.validation.inputs().rows().columns();
        let init = &mut streams.named("init");
        let (network, mut parameters) = CombinedNetwork::new(inputs, hidden, categories, init);
        if initial_scale != 1.0 {
            network.scale_logit_layer(&mut parameters, initial_scale);
        }
        let network = network.with_logit_scale(logit_scale);
        (Seeded { network, data }, parameters)
    }

    fn data_digest(&self) -> Option<String> {
        self.table.as_ref().map(|table| table.digest.clone())
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
