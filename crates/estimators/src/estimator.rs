use crate::{Domain, Evaluations, Objective, Result};
use dfdx::prelude::{Backward, Cpu, Gradients, Tensor};
use kernels::tape::Recording;
use kernels::{Noise, Real};

/// Logits [B, L, K] with the tape that recorded them.
pub type Logits<E> = Tensor<(usize, usize, usize), E, Cpu, Recording<E>>;

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
    pub scalar: Tensor<(), E, Cpu, Recording<E>>,
    /// The loss of each row that the estimator met on its way, \[B\]: at its sample, at its relaxed
    /// point, or the expectation. Not comparable between estimators.
    pub losses: Vec<E>,
}

impl<E: Real> Surrogate<E> {
    /// The mean of the losses.
    pub fn loss(&self) -> f64 {
        self.losses.iter().map(|loss| loss.widen()).sum::<f64>() / self.losses.len() as f64
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
