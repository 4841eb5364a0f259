//! Categorical distributions, as logits parametrize them.

use crate::mechanisms::opening::open;
use crate::{Dims, Logits, Result};
use kernels::tape::{Node, Recording, Taped, into_tensor};
use kernels::{Noise, Packed, Real, rows, rowwise};
use std::rc::Rc;

/// The categorical distributions of logits: p = softmax θ for each latent of each row.
///
/// θ are the logits less the largest of their row, so that a large constant costs no precision. Logits more
/// than 5000 below the largest are masks, as −∞ is: their θ is −∞.
pub struct Categorical<E: Real> {
    pub(crate) dims: Dims,
    pub(crate) tape: Recording<E>,
    /// The node that receives the gradient for the logits, [B·L, K].
    pub(crate) logits: Node<E>,
    /// θ, [B·L, K]: the logits less the largest of their row, −∞ for masked categories.
    pub(crate) theta: Rc<Packed<E>>,
    /// The logits of gates, where they are others.
    pub(crate) gates: Option<Gates<E>>,
}

/// The logits of gates.
pub(crate) struct Gates<E: Real> {
    /// The node that receives their gradient, [B·L, K].
    pub(crate) logits: Node<E>,
    /// They less the largest of their row, −∞ for masked categories, [B·L, K].
    theta: Packed<E>,
}

impl<E: Real> Categorical<E> {
    /// Opens logits. The gradient for θ is that for the logits, as a softmax and an argmax ignore a
    /// constant.
    ///
    /// # Errors
    /// If a logit is NaN or +∞, or every category of a row is masked.
    pub fn new(logits: Logits<E>) -> Result<Self> {
        let Logits { node, gates, dims, tape } = logits;
        let theta = Rc::new(open(node.numbers())?);
        let gates = match gates {
            Some(logits) => Some(Gates { theta: open(logits.numbers())?, logits }),
            None => None,
        };
        Ok(Self { dims, tape, logits: node, theta, gates })
    }

    /// The node that receives the gradient for the logits of gates, [B·L, K].
    pub(crate) fn of_gates(&self) -> &Node<E> {
        self.gates.as_ref().map_or(&self.logits, |gates| &gates.logits)
    }

    /// The gates, [B·L, K], if the probabilities of picks are p: p itself, unless there are other logits for them.
    /// Categories that are not picked, as p is 0, have no gate.
    pub(crate) fn gates_of(&self, p: &Rc<Packed<E>>) -> Rc<Packed<E>> {
        rowwise! {
            fn mask(p => theta) {
                for k in 0..p.len() {
                    let is_masked = p[k].equal(V::zero());
                    theta[k] = V::select(is_masked, V::splat(E::NEGATIVE_INFINITY), theta[k]);
                }
            }
        }
        match &self.gates {
            None => Rc::clone(p),
            Some(gates) => {
                let mut theta = gates.theta.clone();
                mask(p, &mut theta);
                Rc::new(rows::softmax(&theta, E::ONE))
            }
        }
    }

    /// B, L and K.
    pub fn dims(&self) -> Dims {
        self.dims
    }

    /// θ, [B·L, K].
    pub fn theta(&self) -> &Packed<E> {
        &self.theta
    }

    /// θ as a dfdx tensor with its tape, [B, L, K]. The gradient for it is that for the logits.
    ///
    /// # Errors
    /// If the device is out of memory.
    pub fn into_tensor(self) -> Result<Taped<(usize, usize, usize), E>> {
        let Dims { batch, latents, categories } = self.dims;
        let pack = move |gradient: &[E]| Packed::pack(gradient, categories);
        let (numbers, shape) = (self.theta.unpack(), (batch, latents, categories));
        Ok(into_tensor(&self.logits, self.tape, numbers, shape, pack)?)
    }

    /// p = softmax(θ/τ), [B·L, K].
    pub fn softmax(&self, temperature: E) -> Packed<E> {
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

/// θ + γ with γ standard Gumbel, [B·L, K]. Its argmax is a sample of softmax θ.
pub fn perturb<E: Real>(theta: &Packed<E>, noise: &mut Noise) -> Packed<E> {
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
