use crate::{Choice, Domain, Evaluations, Result};
use dfdx::prelude::HasShape;
use kernels::tape::{Node, Recording, Taped, from_tensor, into_tensor};
use kernels::{Packed, Real};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Losses of S samples of B rows, with the tape that recorded them.
pub struct Losses<E: Real> {
    /// [B, S]
    pub(crate) node: Node<E>,
    pub(crate) tape: Recording<E>,
}

impl<E: Real> Losses<E> {
    /// Losses from an objective of this workspace, [B, S].
    pub fn new(node: Node<E>, tape: Recording<E>) -> Self {
        Self { node, tape }
    }

    /// Losses from dfdx, [S, B].
    ///
    /// # Errors
    /// If the device is out of memory.
    ///
    /// # Panics
    /// If there are no samples or no rows.
    pub fn of(tensor: Taped<(usize, usize), E>) -> Result<Self> {
        let &(_, batch) = tensor.shape();
        let pack = |numbers: &[E]| Packed::from_columns(numbers, batch);
        let add = |gradient: &Packed<E>, sums: &mut [E]| {
            sums.iter_mut().zip(gradient.to_columns()).for_each(|(sum, x)| *sum += x);
        };
        let (node, tape) = from_tensor(tensor, pack, add)?;
        Ok(Self { node, tape })
    }

    /// The losses as a dfdx tensor, [S, B].
    ///
    /// # Errors
    /// If the device is out of memory.
    pub fn into_tensor(self) -> Result<Taped<(usize, usize), E>> {
        let (batch, samples) = (self.numbers().rows(), self.numbers().columns());
        let pack = move |gradient: &[E]| Packed::from_columns(gradient, batch);
        let numbers = self.numbers().to_columns();
        Ok(into_tensor(&self.node, self.tape, numbers, (samples, batch), pack)?)
    }

    /// The losses, [B, S].
    pub fn numbers(&self) -> &Packed<E> {
        self.node.numbers()
    }

    /// The losses, [B, S], and the tape.
    pub fn into_node(self) -> (Node<E>, Recording<E>) {
        (self.node, self.tape)
    }
}

/// The loss f whose expectation is minimized.
///
/// It computes on the tape of the choice, so that its own parameters get gradients too. If several
/// calls use the same parameters, they can be computed once on the tape of the logits, before the
/// estimator is called: the gradients of all calls add up there.
pub trait Objective<E: Real> {
    /// The loss of each sample of each row.
    ///
    /// # Errors
    /// If it cannot be computed; [`crate::Error::Objective`] carries the objective's own error.
    fn loss(&self, choice: Choice<E>) -> Result<Losses<E>>;

    /// Where the loss is defined.
    fn domain(&self) -> Domain {
        Domain::Interior
    }

    /// Inputs for a learned baseline: a row of numbers for each row of the batch. Without them the
    /// baseline uses the logits.
    fn context(&self) -> Option<Context<'_, E>> {
        None
    }
}

impl<E: Real, O: Objective<E> + ?Sized> Objective<E> for Rc<O> {
    fn loss(&self, choice: Choice<E>) -> Result<Losses<E>> {
        (**self).loss(choice)
    }

    fn domain(&self) -> Domain {
        (**self).domain()
    }

    fn context(&self) -> Option<Context<'_, E>> {
        (**self).context()
    }
}

/// The inputs of a learned baseline.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a, E: Real> {
    /// [B, width]
    pub rows: &'a Packed<E>,
}

/// Counts evaluations of an objective, to measure the cost of an estimator.
pub struct Counted<'a, E: Real> {
    objective: &'a dyn Objective<E>,
    evaluations: Cell<Evaluations>,
    experts: RefCell<Experts>,
}

/// The experts of a row that an evaluation has needed.
#[derive(Default)]
struct Experts {
    /// Whether all of them were.
    all: bool,
    /// Of each latent of each row.
    picked: BTreeMap<usize, BTreeSet<u32>>,
}

impl<'a, E: Real> Counted<'a, E> {
    /// Starts at 0.
    pub fn new(objective: &'a dyn Objective<E>) -> Self {
        let (evaluations, experts) = (Cell::default(), RefCell::default());
        Self { objective, evaluations, experts }
    }

    /// Evaluations so far, per row.
    pub fn evaluations(&self) -> Evaluations {
        self.evaluations.get()
    }

    /// The most experts that any latent of any row has needed so far, of K: as
    /// [`Evaluations::experts`], from the categories that were picked.
    pub fn experts(&self, categories: usize) -> u64 {
        let experts = self.experts.borrow();
        let most = experts.picked.values().map(BTreeSet::len).max().unwrap_or(0);
        if experts.all { categories as u64 } else { most as u64 }
    }

    fn count_experts(&self, choice: &Choice<E>) {
        let experts = &mut *self.experts.borrow_mut();
        if let Some(weights) = choice.active_weights() {
            let categories = choice.dims().categories;
            for row in 0..weights.rows() {
                let columns = 0..weights.columns();
                let active = columns.filter(|&column| weights.get(row, column) != E::ZERO);
                let active = active.map(|column| (column % categories) as u32);
                experts.picked.entry(row).or_default().extend(active);
            }
            return;
        }
        let filled = choice.filling().map(|filling| &**filling.picks());
        let gated = choice.gated_picks().map(|(picks, _)| &**picks).or(filled);
        let is_alone = gated.is_some() || !choice.wants_gradient();
        match gated.or_else(|| choice.packed_picks()).filter(|_| is_alone) {
            None => experts.all = true,
            Some(picks) => {
                for row in 0..picks.rows() {
                    let picked = (0..picks.columns()).map(|s| picks.get(row, s).widen() as u32);
                    experts.picked.entry(row).or_default().extend(picked);
                }
            }
        }
    }
}

impl<E: Real> Objective<E> for Counted<'_, E> {
    fn loss(&self, choice: Choice<E>) -> Result<Losses<E>> {
        let mut count = self.evaluations.get();
        let samples = choice.samples() as u64;
        let gradients = if choice.wants_gradient() { samples } else { 0 };
        self.count_experts(&choice);
        if choice.is_gated() {
            count.gated += samples;
            match (choice.gated_picks(), choice.filling()) {
                (Some(_), _) => count.gated_slope += gradients,
                (None, Some(_)) => count.gated_filled += gradients,
                (None, None) => count.gated_gradient += gradients,
            }
        } else if choice.picks().is_some() {
            count.hard += samples;
            count.hard_gradient += gradients;
        } else {
            count.relaxed += samples;
            count.relaxed_gradient += gradients;
        }
        self.evaluations.set(count);
        self.objective.loss(choice)
    }
    fn domain(&self) -> Domain {
        self.objective.domain()
    }
    fn context(&self) -> Option<Context<'_, E>> {
        self.objective.context()
    }
}
