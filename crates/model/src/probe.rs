//! Measuring gradients, written once for all tasks.

use crate::task::{Instance, Streams, Task};
use crate::{Batch, Forward, Result};
use estimators::objectives::Gated;
use estimators::{Dims, Domain, Estimator, Logits, Objective};
use kernels::tape::{Node, Recording};
use kernels::{Noise, Packed, Parameters, Real};
use std::ops::ControlFlow;
use std::rc::Rc;

/// Logits and an objective at fixed parameters, to draw estimates at.
pub trait Probe<E: Real> {
    /// The dimensions of the choice.
    fn dims(&self) -> Dims;

    /// Where its objective is defined.
    fn domain(&self) -> Domain;

    /// The gradient that estimates are of, where the task knows it in closed form.
    fn exact(&self) -> Option<Vec<f64>>;

    /// Draws estimates of the gradient of the mean loss over the batch, and hands over one by one, until
    /// `each` breaks: for the logits, [B, L, K], or where the task ties logits to each other, for the
    /// numbers that they are made from.
    ///
    /// # Errors
    /// If the estimator or the device fails.
    fn draw_while(
        &self,
        estimator: &mut dyn Estimator<E>,
        draws: usize,
        noise: &mut Noise,
        each: &mut dyn FnMut(&[E]) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>>;

    /// [`Probe::draw_while`], to the end.
    ///
    /// # Errors
    /// If the estimator or the device fails.
    fn draw(
        &self,
        estimator: &mut dyn Estimator<E>,
        draws: usize,
        noise: &mut Noise,
        each: &mut dyn FnMut(&[E]),
    ) -> Result<()> {
        let mut each = |gradient: &[E]| {
            each(gradient);
            ControlFlow::Continue(())
        };
        self.draw_while(estimator, draws, noise, &mut each).map(|_| ())
    }
}

/// A batch at fixed parameters: nothing learns from what is drawn there.
pub(crate) struct AtParameters<E: Real, I> {
    instance: Rc<I>,
    parameters: Parameters<E>,
    batch: Batch<E>,
    /// What the network computes of the batch.
    once: Copies<E>,
    dims: Dims,
    domain: Domain,
}

/// Logits and objective of some copies of a batch: an estimate there is as many estimates.
struct Copies<E: Real> {
    count: usize,
    /// [copies·B·L, K]
    logits: Rc<Packed<E>>,
    /// The logits of gates, where they are others.
    gates: Option<Rc<Packed<E>>>,
    objective: Box<dyn Objective<E>>,
    /// The same without gates, if it has gates: they are those of the logits where an estimate is drawn.
    ungated: Option<Rc<dyn Objective<E>>>,
}

/// Rows that estimates are drawn for at a time, unless one batch has more: about as many as a
/// training batch, so that they stay in the cache.
const ROWS_AT_ONCE: usize = 128;

impl<I: Instance> AtParameters<f64, I> {
    /// The batch of step 0 at the first parameters.
    pub(crate) fn first<T: Task<Instance = I>>(task: &T, streams: &Streams, batch: usize) -> Self {
        let (instance, parameters) = task.instance(streams);
        let rows = instance.batch_of_step(batch, 0, &streams.named("batch")).cast();
        Self::new(Rc::new(instance), parameters.frozen(), rows, task.dims(batch), task.domain())
    }
}

impl<E: Real, I: Instance> AtParameters<E, I> {
    /// A batch at these parameters, which should be frozen.
    pub(crate) fn new(
        instance: Rc<I>,
        parameters: Parameters<E>,
        batch: Batch<E>,
        dims: Dims,
        domain: Domain,
    ) -> Self {
        let once = Copies::new(&*instance, &parameters, &batch, 1);
        Self { instance, parameters, batch, once, dims, domain }
    }

    /// Hands over the estimates of as many rounds as copies allow.
    fn draw_rounds(
        &self,
        rounds: usize,
        copies: &Copies<E>,
        estimator: &mut dyn Estimator<E>,
        noise: &mut Noise,
        each: &mut dyn FnMut(&[E]) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>> {
        for _ in 0..rounds {
            let gradients = copies.estimate(self.dims.latents, estimator, noise)?;
            for gradient in gradients.chunks_exact(self.dims.elements()) {
                let flow = match self.instance.tied_gradient(gradient) {
                    Some(tied) => each(&tied),
                    None => each(gradient),
                };
                if flow.is_break() {
                    return Ok(flow);
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

impl<E: Real> Copies<E> {
    fn new<I: Instance>(
        instance: &I,
        parameters: &Parameters<E>,
        batch: &Batch<E>,
        count: usize,
    ) -> Self {
        let forward = instance.forward(parameters, &batch.repeat(count));
        let Forward { logits, gates, objective, ungated, .. } = forward;
        let numbers = |node: Node<E>| Rc::new(node.numbers().clone());
        Self { count, logits: numbers(logits), gates: gates.map(numbers), objective, ungated }
    }

    /// An estimate for each copy, one after the other.
    fn estimate(
        &self,
        latents: usize,
        estimator: &mut dyn Estimator<E>,
        noise: &mut Noise,
    ) -> Result<Vec<E>> {
        let leaf = Node::new(Rc::clone(&self.logits));
        let mut logits = Logits::new(leaf.clone(), latents, Recording::default());
        let gates = self.gates.as_ref().map(|gates| Node::new(Rc::clone(gates)));
        if let Some(gates) = &gates {
            logits = logits.with_gates(gates.clone());
        }
        let estimate = match self.ungated.clone() {
            None => estimator.estimate(logits, &*self.objective, noise),
            Some(ungated) => {
                let (gated, logits) = Gated::new(ungated, logits);
                estimator.estimate(logits, &gated, noise)
            }
        };
        estimate?.backward()?;
        let none = || vec![E::ZERO; self.logits.rows() * self.logits.columns()];
        let mut gradients = leaf.take().map_or_else(none, |gradient| gradient.unpack());
        // A step moves both by the same.
        if let Some(of_gates) = gates.and_then(|gates| gates.take()) {
            gradients.iter_mut().zip(of_gates.unpack()).for_each(|(sum, g)| *sum += g);
        }
        // The estimate is of the mean over the copies.
        gradients.iter_mut().for_each(|g| *g *= E::of(self.count as f64));
        Ok(gradients)
    }
}

impl<E: Real, I: Instance> Probe<E> for AtParameters<E, I> {
    fn dims(&self) -> Dims {
        self.dims
    }

    fn domain(&self) -> Domain {
        self.domain
    }

    fn exact(&self) -> Option<Vec<f64>> {
        self.instance.exact_gradient(&self.parameters)
    }

    fn draw_while(
        &self,
        estimator: &mut dyn Estimator<E>,
        draws: usize,
        noise: &mut Noise,
        each: &mut dyn FnMut(&[E]) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>> {
        let at_once = (ROWS_AT_ONCE / self.dims.batch).clamp(1, draws.max(1));
        for (rounds, copies) in [(draws / at_once, at_once), (1, draws % at_once)] {
            let flow = match copies {
                0 => continue,
                1 => self.draw_rounds(rounds, &self.once, estimator, noise, each)?,
                _ => {
                    let copies =
                        Copies::new(&*self.instance, &self.parameters, &self.batch, copies);
                    self.draw_rounds(rounds, &copies, estimator, noise, each)?
                }
            };
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}
