use super::references::{Budget, GoOn, Memory};
use super::{Instance, Streams, Task};
use crate::data::Absent;
use crate::probe::{AtParameters, Probe};
use crate::training::{Learner, Training};
use crate::{Metric, Optimizer, Reference, Result};
use estimators::{Dims, Domain};

/// A [`Task`] whose type does not show: what a registry gives, and the harness trains on.
pub trait AnyTask: Send + Sync {
    /// As [`Task::metrics`].
    fn metrics(&self) -> Vec<Metric>;

    /// As [`Task::references`].
    fn references(&self) -> Vec<Reference>;

    /// The names of the references and their values for a seed. They do not depend on the estimator, and
    /// are computed once for each seed and budget. Nothing if the computation was stopped.
    ///
    /// # Errors
    /// If the device fails.
    fn reference_values(
        &self,
        seed: u64,
        budget: &Budget,
        go_on: GoOn<'_>,
    ) -> Result<Option<Vec<(&'static str, f64)>>>;

    /// As [`Task::warnings`].
    fn warnings(&self) -> Vec<String>;

    /// As [`Task::dims`].
    fn dims(&self, batch: usize) -> Dims;

    /// As [`Task::domain`].
    fn domain(&self) -> Domain;

    /// As [`Task::data_digest`].
    fn data_digest(&self) -> Option<String>;

    /// As [`Task::absent`]: only what does not need an instance may be asked for if a file is missing.
    fn absent(&self) -> Option<&Absent>;

    /// A network with its first parameters, ready to be trained.
    fn start(&self, seed: u64, batch: usize, optimizer: &Optimizer) -> Box<dyn Training>;

    /// A place to measure gradients without training, in double precision: the batch of step 0 at the
    /// first parameters.
    fn probe(&self, seed: u64, batch: usize) -> Box<dyn Probe<f64>>;
}

/// A task and the name that its streams of random numbers have.
pub(super) struct Named<T> {
    kind: &'static str,
    task: T,
    references: Memory,
}

impl<T> Named<T> {
    pub(super) fn new(kind: &'static str, task: T) -> Self {
        Self { kind, task, references: Memory::default() }
    }
}

impl<T: Task> AnyTask for Named<T> {
    fn metrics(&self) -> Vec<Metric> {
        self.task.metrics()
    }

    fn references(&self) -> Vec<Reference> {
        self.task.references()
    }

    fn reference_values(
        &self,
        seed: u64,
        budget: &Budget,
        go_on: GoOn<'_>,
    ) -> Result<Option<Vec<(&'static str, f64)>>> {
        let names = self.task.references().into_iter().map(|reference| reference.name);
        let compute = || {
            let streams = Streams::new(self.kind, seed);
            self.task.instance::<f32>(&streams).0.references(&streams, budget, go_on)
        };
        let Some(values) = self.references.get(seed, budget, compute)? else { return Ok(None) };
        assert_eq!(values.len(), names.len(), "one value per reference");
        Ok(Some(names.zip(values).collect()))
    }

    fn warnings(&self) -> Vec<String> {
        self.task.warnings()
    }

    fn dims(&self, batch: usize) -> Dims {
        self.task.dims(batch)
    }

    fn domain(&self) -> Domain {
        self.task.domain()
    }

    fn data_digest(&self) -> Option<String> {
        self.task.data_digest()
    }

    fn absent(&self) -> Option<&Absent> {
        self.task.absent()
    }

    fn start(&self, seed: u64, batch: usize, optimizer: &Optimizer) -> Box<dyn Training> {
        Box::new(Learner::start(&self.task, &Streams::new(self.kind, seed), batch, optimizer))
    }

    fn probe(&self, seed: u64, batch: usize) -> Box<dyn Probe<f64>> {
        Box::new(AtParameters::first(&self.task, &Streams::new(self.kind, seed), batch))
    }
}
