use crate::{Dims, Estimator, Objective, Result};
use dfdx::prelude::{Cpu, Tensor, TensorFromVec, Trace};
use kernels::{Noise, Real};

/// One estimate of the gradient for plain logits.
#[derive(Clone, Debug)]
pub struct Gradient<E> {
    /// For the logits, [B, L, K].
    pub logits: Vec<E>,
    /// For a tensor of the objective's own, if one was asked for.
    pub objective: Vec<E>,
    /// The loss of each row that the estimator met on its way, \[B\].
    pub losses: Vec<E>,
    /// The surrogate's value.
    pub value: E,
}

/// One estimate at plain logits ([B, L, K]), and the gradient it gives `parameter`, a tensor of the
/// objective's own.
///
/// For measuring estimators. B equal rows are B independent draws: the gradient of each is B times
/// its row of the result, as the surrogate is the mean over rows.
///
/// # Errors
/// As [`Estimator::surrogate`].
///
/// # Panics
/// If there are not as many logits as the dimensions say.
pub fn gradient<E: Real>(
    estimator: &mut dyn Estimator<E>,
    logits: &[E],
    dims: Dims,
    objective: &dyn Objective<E>,
    parameter: Option<&Tensor<(usize, usize), E, Cpu>>,
    noise: &mut Noise,
) -> Result<Gradient<E>> {
    let shape = (dims.batch, dims.latents, dims.categories);
    assert_eq!(logits.len(), dims.elements(), "logits of {dims:?}");
    let leaf = kernels::tape::device().try_tensor_from_vec(logits.to_vec(), shape)?;
    let surrogate = estimator.surrogate(leaf.clone().leaky_traced(), objective, noise)?;
    let losses = surrogate.losses.clone();
    let value = surrogate.value();
    let mut gradients = surrogate.backward()?;
    let logits = std::mem::take(&mut **gradients.get_or_alloc_mut(&leaf)?);
    let objective = match parameter {
        Some(parameter) => std::mem::take(&mut **gradients.get_or_alloc_mut(parameter)?),
        None => vec![],
    };
    Ok(Gradient { logits, objective, losses, value })
}
