use crate::{Domain, Evaluations, Objective, Result};
use dfdx::prelude::{Backward, Cpu, Gradients, HasShape};
use kernels::tape::{Node, Recording, Scalar, Taped, into_tensor, of_tensor};
use kernels::{Noise, Packed, Real};

/// Logits [B, L, K] with the tape that recorded them.
pub struct Logits<E: Real> {
    /// [B·L, K]
    pub(crate) node: Node<E>,
    pub(crate) dims: Dims,
    pub(crate) tape: Recording<E>,
}

impl<E: Real> Logits<E> {
    /// Logits that a network of this workspace computed, [B·L, K].
    ///
    /// # Panics
    /// If the rows are not a multiple of the latents.
    pub fn new(node: Node<E>, latents: usize, tape: Recording<E>) -> Self {
        let (rows, categories) = (node.numbers().rows(), node.numbers().columns());
        assert!(latents > 0 && rows % latents == 0, "{rows} rows of {latents} latents");
        Self { node, dims: Dims { batch: rows / latents, latents, categories }, tape }
    }

    /// Logits that dfdx computed, [B, L, K].
    ///
    /// # Errors
    /// If the device is out of memory.
    ///
    /// # Panics
    /// If there are no categories or no latents.
    pub fn of(tensor: Taped<(usize, usize, usize), E>) -> Result<Self> {
        let &(_, latents, categories) = tensor.shape();
        let pack = |numbers: &[E]| Packed::pack(numbers, categories);
        let (node, tape) = of_tensor(tensor, pack, |gradient, sums| gradient.add_to(sums))?;
        Ok(Self::new(node, latents, tape))
    }

    /// The logits as a tensor of dfdx, [B, L, K].
    ///
    /// # Errors
    /// If the device is out of memory.
    pub fn into_tensor(self) -> Result<Taped<(usize, usize, usize), E>> {
        let Dims { batch, latents, categories } = self.dims;
        let pack = move |gradient: &[E]| Packed::pack(gradient, categories);
        let numbers = self.node.numbers().unpack();
        Ok(into_tensor(&self.node, self.tape, numbers, (batch, latents, categories), pack)?)
    }

    /// B, L and K.
    pub fn dims(&self) -> Dims {
        self.dims
    }

    /// The logits, [B·L, K].
    pub fn numbers(&self) -> &Packed<E> {
        self.node.numbers()
    }
}

/// The dimensions of a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dims {
    /// B, rows of a batch.
    pub batch: usize,
    /// L, categorical variables of a row.
    pub latents: usize,
    /// K, categories of a variable.
    pub categories: usize,
}

impl Dims {
    /// B·L, distributions.
    pub fn rows(self) -> usize {
        self.batch * self.latents
    }

    /// B·L·K, logits.
    pub fn elements(self) -> usize {
        self.rows() * self.categories
    }

    /// Kᴸ, joint outcomes of a row, if they can be counted.
    pub fn outcomes(self) -> Option<usize> {
        self.categories.checked_pow(u32::try_from(self.latents).ok()?)
    }
}

/// Estimates the gradient, with respect to logits, of an expected loss.
///
/// The target is ∇ E f(D) with D ~ Cat(softmax θ), averaged over the rows of the batch.
pub trait Estimator<E: Real> {
    /// A scalar whose gradient is the estimate: for the logits, and for the objective's own
    /// parameters.
    ///
    /// What the estimator learns or counts from it takes effect at [`Estimator::advance`]: until
    /// then it estimates from the same state, however often it is asked.
    ///
    /// # Errors
    /// If a row of logits is masked altogether, the objective fails, or the device does.
    fn surrogate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>>;

    /// What is known of it, for a problem of these dimensions.
    fn properties(&self, dims: Dims) -> Properties;

    /// Why it cannot serve a problem of these dimensions, if it cannot, beside needing more of the
    /// objective than there is (which [`Properties::needs`] says).
    fn refuses(&self, dims: Dims) -> Option<String> {
        let _ = dims;
        None
    }

    /// Goes on to the next step: schedules advance, and a baseline learns from the last estimate.
    ///
    /// # Errors
    /// If the device is out of memory.
    fn advance(&mut self) -> Result<()> {
        Ok(())
    }
}

/// What an estimator makes of one batch.
pub struct Surrogate<E: Real> {
    /// Its gradient is the estimate.
    pub scalar: Scalar<E>,
    /// The loss of each row that the estimator met on its way, [B, 1]: at its sample, at its relaxed
    /// point, or the expectation. Not comparable between estimators.
    pub losses: Packed<E>,
}

impl<E: Real> Surrogate<E> {
    /// The mean of the losses.
    pub fn loss(&self) -> f64 {
        self.losses.total() / self.losses.rows() as f64
    }

    /// The scalar's value.
    pub fn value(&self) -> E {
        kernels::tape::values(&self.scalar)[0]
    }

    /// Runs the tape.
    ///
    /// # Errors
    /// If the device is out of memory.
    pub fn backward(self) -> Result<Gradients<E, Cpu>> {
        Ok(self.scalar.try_backward()?)
    }
}

/// What is known of an estimator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Properties {
    /// For which losses its mean is the gradient.
    pub unbiased: Unbiased,
    /// What it needs of the objective.
    pub needs: Domain,
    /// Whether it draws.
    pub stochastic: bool,
    /// What it costs, per row and estimate.
    pub evaluations: Evaluations,
    /// Whether that is the most it may cost, and the logits decide.
    pub at_most: bool,
    /// Whether the components of each estimate add up to 0, as those of the gradient do.
    pub sums_to_zero: bool,
    /// Whether a constant added to the logits leaves each estimate as it is.
    pub ignores_shifts: bool,
}

impl Properties {
    /// Of an estimator that draws, keeps the symmetries of the softmax, and is not known to be
    /// unbiased.
    pub(crate) fn new(needs: Domain, evaluations: Evaluations) -> Self {
        Self {
            unbiased: Unbiased::Never,
            needs,
            stochastic: true,
            evaluations,
            at_most: false,
            sums_to_zero: true,
            ignores_shifts: true,
        }
    }
}

/// For which losses an estimator's mean is the gradient of the expected loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unbiased {
    /// For every loss.
    Always,
    /// For losses that are quadratic in the choice.
    Quadratic,
    /// For losses that are linear in the choice.
    Linear,
    /// For hardly any.
    Never,
    /// It is the gradient of another objective: of a relaxed choice, or another distribution.
    OtherObjective,
}

impl Unbiased {
    /// What it means, in a word or two.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Quadratic => "quadratic losses",
            Self::Linear => "linear losses",
            Self::Never => "no",
            Self::OtherObjective => "of another objective",
        }
    }
}
