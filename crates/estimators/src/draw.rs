//! Logits opened for work on plain numbers, and draws from them.

use crate::estimator::Logits;
use crate::{Dims, Error, Result};
use dfdx::prelude::{Cpu, HasShape, PutTape, ReshapeTo, SplitTape, Tensor};
use kernels::tape::{Recording, read};
use kernels::{Noise, Packed, Real, rows, rowwise};
use std::rc::Rc;

/// Logits, with the tape taken off.
pub(crate) struct Opened<E: Real> {
    pub(crate) dims: Dims,
    /// Where their gradient goes.
    pub(crate) tensor: Tensor<(usize, usize, usize), E, Cpu>,
    pub(crate) tape: Recording<E>,
    /// θ, [B·L, K].
    pub(crate) theta: Packed<E>,
}

impl<E: Real> Opened<E> {
    /// Opens logits, and refuses rows in which every category is masked.
    pub(crate) fn new(logits: Logits<E>) -> Result<Self> {
        let &(batch, latents, categories) = logits.shape();
        let dims = Dims { batch, latents, categories };
        let (tensor, tape) = logits.try_contiguous()?.split_tape();
        let theta = Packed::pack(&read(&tensor), categories);
        refuse_all_masked(&theta)?;
        Ok(Self { dims, tensor, tape, theta })
    }

    /// p = softmax(θ/τ), [B·L, K].
    pub(crate) fn softmax(&self, temperature: E) -> Packed<E> {
        rows::softmax(&self.theta, temperature)
    }

    /// The logits as a network can look at them, [B, L·K]: a masked category's is the least finite
    /// one of its row.
    pub(crate) fn visible(&self) -> Vec<E> {
        rowwise! {
            fn unmask(theta => visible) {
                let mut least = rows::max(theta);
                for k in 0..theta.len() {
                    let is_masked = theta[k].equal(V::splat(E::NEGATIVE_INFINITY));
                    least = V::select(is_masked, least, theta[k].min(least));
                }
                for k in 0..theta.len() {
                    visible[k] = theta[k].max(least);
                }
            }
        }
        let mut visible = Packed::zeros(self.theta.rows(), self.theta.columns());
        unmask(&self.theta, &mut visible);
        visible.unpack()
    }

    /// The logits with their tape again, and the dimensions.
    pub(crate) fn close(self) -> (Logits<E>, Dims) {
        (self.tensor.put_tape(self.tape), self.dims)
    }
}

/// Category numbers [B·L, S] in the order in which objectives read them: [S, B, L].
pub(crate) fn read_picks<E: Real>(picks: &Packed<E>) -> Rc<[u32]> {
    E::to_words(&picks.to_columns())
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

fn refuse_all_masked<E: Real>(theta: &Packed<E>) -> Result<()> {
    rowwise! {
        fn largest(theta => top) {
            top[0] = rows::max(theta);
        }
    }
    let mut top = Packed::any(theta.rows(), 1);
    largest(theta, &mut top);
    match top.to_columns().iter().position(|&top| top == E::NEGATIVE_INFINITY) {
        Some(row) => Err(Error::AllMasked { row }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::prelude::TensorFromVec;

    #[test]
    fn a_masked_category_looks_like_the_least_of_its_row() {
        const MASKED: f64 = f64::NEG_INFINITY;
        let logits = vec![MASKED, 2.0, -1.0, 0.5, MASKED, MASKED];
        let tensor = Cpu::default().tensor_from_vec(logits, (1, 2, 3));
        let opened = Opened::new(tensor.put_tape(Recording::default())).expect("logits");
        assert_eq!(opened.visible(), [-1.0, 2.0, -1.0, 0.5, 0.5, 0.5]);
    }

    #[test]
    fn picks_are_read_sample_by_sample() {
        let picks = Packed::pack(&[0.0, 1.0, 2.0, 3.0], 2);
        assert_eq!(*read_picks::<f64>(&picks), [0, 2, 1, 3]);
    }
}
