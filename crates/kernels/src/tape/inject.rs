use super::{Node, Recording, Scalar, device};
use crate::simd::{Kernel, LANES, Lanes, run};
use crate::{Packed, Real, rows, rowwise};
use dfdx::prelude::{CpuError, PutTape, Tape, TensorFromVec};

/// The weights of a sum of losses.
#[derive(Clone, Debug)]
pub enum Weights<E: Real> {
    /// 1/(S·B) for each loss: the sum is the mean over samples and rows.
    Mean,
    /// A weight for each loss, [B, S].
    Each(Packed<E>),
}

/// Σ_bs w_bs f_bs of losses f ([B, S]), as a scalar. A weight of 0 excludes a sample, even if its
/// loss is not finite.
///
/// # Errors
/// If the device is out of memory.
///
/// # Panics
/// If there are no losses, or the weights have another shape.
pub fn weigh<E: Real>(
    tape: Recording<E>,
    losses: Node<E>,
    weights: Weights<E>,
) -> Result<Scalar<E>, CpuError> {
    weigh_and_inject(tape, losses, weights, None)
}

/// Like [`weigh`], but the scalar's gradient with respect to the logits is a given vector of their
/// shape, in addition to what flows back through the losses.
///
/// Score-function estimators use this operation: they compute the vector from the values of the
/// losses, and the losses also pass a gradient to the objective's own parameters. The value of the
/// scalar is the weighted loss, without the vector.
///
/// # Errors
/// If the device is out of memory.
///
/// # Panics
/// If there are no losses, or the weights have another shape than the losses; in the backward pass,
/// if the vector has another shape than the logits.
pub fn inject<E: Real>(
    tape: Recording<E>,
    losses: Node<E>,
    weights: Weights<E>,
    logits: Node<E>,
    vector: Packed<E>,
) -> Result<Scalar<E>, CpuError> {
    weigh_and_inject(tape, losses, weights, Some((logits, vector)))
}

fn weigh_and_inject<E: Real>(
    mut tape: Recording<E>,
    losses: Node<E>,
    weights: Weights<E>,
    score: Option<(Node<E>, Packed<E>)>,
) -> Result<Scalar<E>, CpuError> {
    let (rows, samples) = (losses.numbers().rows(), losses.numbers().columns());
    assert!(rows > 0, "a sum of no losses");
    let weights = match weights {
        Weights::Mean => Packed::filled(rows, samples, E::ONE / E::of((rows * samples) as f64)),
        Weights::Each(weights) => weights,
    };
    let sum = run(WeightedSum { losses: losses.numbers(), weights: &weights });
    let scalar = device().try_tensor_from_vec(vec![sum], ())?;
    let output = scalar.clone();
    tape.add_backward_op(move |gradients| {
        let g = gradients.get_or_alloc_mut(&output)?[0];
        losses.add(scaled(weights, g));
        if let Some((logits, vector)) = score {
            logits.add(scaled(vector, g));
        }
        Ok(())
    });
    Ok(scalar.put_tape(tape))
}

fn scaled<E: Real>(mut packed: Packed<E>, factor: E) -> Packed<E> {
    rowwise! {
        fn scale(; factor => x) {
            for k in 0..x.len() {
                x[k] = factor * x[k];
            }
        }
    }
    // The scalar is nearly always the end of the tape.
    if factor != E::ONE {
        scale(factor, &mut packed);
    }
    packed
}

/// Σ w f: row b is added to the partial sum b mod 16, and then the sixteen are added in order.
struct WeightedSum<'a, E: Real> {
    losses: &'a Packed<E>,
    weights: &'a Packed<E>,
}

impl<E: Real> Kernel<E> for WeightedSum<'_, E> {
    type Output = E;
    #[inline(always)]
    fn run<V: Lanes<E>>(self) -> E {
        let shape = (self.losses.rows(), self.losses.columns());
        assert_eq!((self.weights.rows(), self.weights.columns()), shape, "one weight per loss");
        let (whole, rest) = (shape.0 / LANES, shape.0 % LANES);
        let mut partial = V::zero();
        for block in 0..whole {
            partial += Self::block::<V>(self.losses.block(block), self.weights.block(block));
        }
        let mut partial = partial.to_array();
        if rest > 0 {
            let last = Self::block::<V>(self.losses.block(whole), self.weights.block(whole));
            // Padding does not count.
            for (sum, x) in partial.iter_mut().zip(last.to_array()).take(rest) {
                *sum += x;
            }
        }
        let mut sum = E::ZERO;
        for x in partial {
            sum += x;
        }
        sum
    }
}

impl<E: Real> WeightedSum<'_, E> {
    #[inline(always)]
    fn block<V: Lanes<E>>(losses: &[V], weights: &[V]) -> V {
        let mut sum = V::zero();
        for (&f, &w) in losses.iter().zip(weights) {
            sum += rows::unless_zero(w, w * f);
        }
        sum
    }
}
