//! Categorical distributions, as logits parametrize them.

use crate::{Dims, Error, Logits, Result};
use kernels::simd::{Kernel, Lanes, run};
use kernels::tape::{Node, Recording};
use kernels::{Noise, Packed, Real, rows, rowwise};
use std::rc::Rc;

/// Logits with at least one category in every row, so that each row is a distribution.
pub(crate) struct Categorical<E: Real> {
    pub(crate) dims: Dims,
    pub(crate) tape: Recording<E>,
    /// θ, [B·L, K].
    pub(crate) theta: Node<E>,
}

impl<E: Real> Categorical<E> {
    /// Rejects logits in which every category of a row is masked.
    pub(crate) fn new(logits: Logits<E>) -> Result<Self> {
        let Logits { node, dims, tape } = logits;
        reject_all_masked(&node)?;
        Ok(Self { dims, tape, theta: node })
    }

    /// p = softmax(θ/τ), [B·L, K].
    pub(crate) fn softmax(&self, temperature: E) -> Packed<E> {
        rows::softmax(&self.theta, temperature)
    }

    /// softmax(θ/τ), given p for τ = 1.
    pub(crate) fn tempered_softmax(&self, p: &Rc<Packed<E>>, temperature: E) -> Rc<Packed<E>> {
        if temperature == E::ONE { Rc::clone(p) } else { Rc::new(self.softmax(temperature)) }
    }

    /// The logits as inputs of a network, [B, L·K]: the logit of a masked category is replaced by the
    /// smallest finite one of its row.
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

fn reject_all_masked<E: Real>(theta: &Packed<E>) -> Result<()> {
    /// Whether every row has a category that is not masked. The padding has one too.
    struct AnyOpen<'a, E: Real>(&'a Packed<E>);
    impl<E: Real> Kernel<E> for AnyOpen<'_, E> {
        type Output = bool;
        #[inline(always)]
        fn run<V: Lanes<E>>(self) -> bool {
            let mut least = V::splat(E::INFINITY);
            for block in self.0.blocks::<V>() {
                least = least.min(rows::max(block));
            }
            least.to_array().iter().all(|&top| top != E::NEGATIVE_INFINITY)
        }
    }
    if run(AnyOpen(theta)) {
        return Ok(());
    }
    let is_masked =
        |row: &usize| (0..theta.columns()).all(|k| theta.get(*row, k) == E::NEGATIVE_INFINITY);
    (0..theta.rows()).find(is_masked).map_or(Ok(()), |row| Err(Error::AllMasked { row }))
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
        assert_eq!(categorical.features().unpack(), [-1.0, 2.0, -1.0, 0.5, 0.5, 0.5]);
    }
}
