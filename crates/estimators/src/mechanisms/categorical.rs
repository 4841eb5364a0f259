//! Categorical distributions, as logits parametrize them.

use crate::mechanisms::opening::open;
use crate::{Dims, Logits, Result};
use kernels::tape::{Node, Recording};
use kernels::{Noise, Packed, Real, rows, rowwise};
use std::rc::Rc;

/// Logits with at least one category in every row, so that each row is a distribution.
pub(crate) struct Categorical<E: Real> {
    pub(crate) dims: Dims,
    pub(crate) tape: Recording<E>,
    /// The node that receives the gradient for the logits, [B·L, K].
    pub(crate) logits: Node<E>,
    /// θ, [B·L, K]: the logits less the largest of their row, −∞ for masked categories.
    pub(crate) theta: Rc<Packed<E>>,
}

impl<E: Real> Categorical<E> {
    /// Opens logits ([`open`]). The gradient for θ is that for the logits, as a softmax and an argmax
    /// ignore a constant.
    pub(crate) fn new(logits: Logits<E>) -> Result<Self> {
        let Logits { node, dims, tape } = logits;
        let theta = Rc::new(open(node.numbers())?);
        Ok(Self { dims, tape, logits: node, theta })
    }

    /// p = softmax(θ/τ), [B·L, K].
    pub(crate) fn softmax(&self, temperature: E) -> Packed<E> {
        rows::softmax(&self.theta, temperature)
    }

    /// softmax(θ/τ), given p for τ = 1.
    pub(crate) fn tempered_softmax(&self, p: &Rc<Packed<E>>, temperature: E) -> Rc<Packed<E>> {
        if temperature == E::ONE { Rc::clone(p) } else { Rc::new(self.softmax(temperature)) }
    }

    /// θ as inputs of a network, [B, L·K]. A masked category has the smallest number of the others of
    /// its row.
    pub(crate) fn features(&self) -> Packed<E> {
        rowwise! {
            fn unmask(theta => features) {
                let mut least = rows::max(theta);
                for k in 0..theta.len() {
                    let is_masked = theta[k].equal(V::splat(E::NEGATIVE_INFINITY));
                    least = V::select(is_masked, least, theta[k].min(least));
                }
                for k in 0..theta.len() {
                    features[k] = theta[k].max(least);
                }
            }
        }
        let mut features = Packed::zeros(self.theta.rows(), self.theta.columns());
        unmask(&self.theta, &mut features);
        features.reshape(self.dims.latents * self.dims.categories)
    }
}

/// θ + γ with γ standard Gumbel, [B·L, K].
pub(crate) fn perturb<E: Real>(theta: &Packed<E>, noise: &mut Noise) -> Packed<E> {
    rowwise! {
        fn add(theta => perturbed) {
            for k in 0..theta.len() {
                perturbed[k] += theta[k];
            }
        }
    }
    let mut perturbed = noise.gumbels(theta.rows(), theta.columns());
    add(theta, &mut perturbed);
    perturbed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_category_has_the_smallest_feature_of_its_row() {
        const MASKED: f64 = f64::NEG_INFINITY;
        let logits = [MASKED, 2.0, -1.0, 0.5, MASKED, MASKED];
        let node = Node::new(Packed::pack(&logits, 3));
        let categorical =
            Categorical::new(Logits::new(node, 2, Recording::default())).expect("logits");
        assert_eq!(categorical.features().unpack(), [-3.0, 0.0, -3.0, 0.0, 0.0, 0.0]);
    }
}
