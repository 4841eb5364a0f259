use crate::{Dims, Estimator, Logits, Objective, Result};
use kernels::tape::{Node, Recording};
use kernels::{Noise, Packed, Real};

/// One estimate of the gradient for plain logits.
#[derive(Clone, Debug)]
pub struct Gradient<E> {
    /// For the logits, [B, L, K].
    pub logits: Vec<E>,
    /// For a node of the objective's own, row after row, if one was asked for and a gradient came to
    /// it.
    pub objective: Vec<E>,
    /// The loss of each row that the estimator met on its way, \[B\].
    pub losses: Vec<E>,
    /// The surrogate's value.
    pub value: E,
}

/// One estimate at plain logits ([B, L, K]), and the gradient it gives `parameter`, a node of the
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
    parameter: Option<&Node<E>>,
    noise: &mut Noise,
) -> Result<Gradient<E>> {
    assert_eq!(logits.len(), dims.elements(), "logits of {dims:?}");
    let leaf = Node::new(Packed::pack(logits, dims.categories));
    let taped = Logits::new(leaf.clone(), dims.latents, Recording::default());
    let surrogate = estimator.surrogate(taped, objective, noise)?;
    let losses = surrogate.losses.to_columns();
    let value = surrogate.value();
    surrogate.backward()?;
    let read = |node: &Node<E>| node.take().map(|gradient| gradient.unpack());
    let logits = read(&leaf).unwrap_or_else(|| vec![E::ZERO; dims.elements()]);
    let objective = parameter.and_then(read).unwrap_or_default();
    Ok(Gradient { logits, objective, losses, value })
}
