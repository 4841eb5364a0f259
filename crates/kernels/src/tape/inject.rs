use super::{contiguous, read, with_gradient_of};
use crate::simd::{Machine, MachineTask};
use crate::{Packed, Real};
use dfdx::prelude::{
    Cpu, CpuError, HasShape, PutTape, ReshapeTo, Shape, SplitTape, Tape, Tensor, TensorFromVec,
};

/// What each loss counts in a sum.
#[derive(Clone, Debug)]
pub enum Weights<E> {
    /// The same: 1/(S·B), so that the sum is the mean over samples and rows.
    Mean,
    /// A weight for each loss, [S, B].
    Each(Vec<E>),
}

/// Σ_sb w_sb f_sb of losses f ([S, B]), as a scalar.
///
/// # Errors
/// If the device is out of memory.
///
/// # Panics
/// If there are no losses, or not as many weights as losses.
pub fn weigh<E: Real, T: Tape<E, Cpu>>(
    losses: Tensor<(usize, usize), E, Cpu, T>,
    weights: Weights<E>,
) -> Result<Tensor<(), E, Cpu, T>, CpuError> {
    weigh_and_inject(losses, weights, None::<(Tensor<(), E, Cpu>, Packed<E>)>)
}

/// [`weigh`], as a scalar whose gradient for the logits is a given vector ([rows, K] in their
/// order), beside whatever flows back through the losses.
///
/// Score-function estimators are this operation: the losses' values decide the vector, and the
/// losses themselves pass a gradient to the objective's own parameters. The scalar's value is the
/// weighted loss; the vector does not show in it.
///
/// # Errors
/// If the device is out of memory.
///
/// # Panics
/// If there are no losses, or not as many weights as losses or elements in the vector as logits.
pub fn inject<L: Shape, E: Real, T: Tape<E, Cpu>>(
    losses: Tensor<(usize, usize), E, Cpu, T>,
    weights: Weights<E>,
    logits: Tensor<L, E, Cpu>,
    vector: Packed<E>,
) -> Result<Tensor<(), E, Cpu, T>, CpuError> {
    weigh_and_inject(losses, weights, Some((logits, vector)))
}

fn weigh_and_inject<L: Shape, E: Real, T: Tape<E, Cpu>>(
    losses: Tensor<(usize, usize), E, Cpu, T>,
    weights: Weights<E>,
    mut score: Option<(Tensor<L, E, Cpu>, Packed<E>)>,
) -> Result<Tensor<(), E, Cpu, T>, CpuError> {
    let (losses, mut tape) = losses.try_contiguous()?.split_tape();
    let count = losses.shape().num_elements();
    assert!(count > 0, "a sum of losses has losses");
    if let Weights::Each(weights) = &weights {
        assert_eq!(weights.len(), count, "one weight a loss");
    }
    if let Some((logits, vector)) = score {
        let elements = logits.shape().num_elements();
        assert_eq!(vector.rows() * vector.columns(), elements, "one element a logit");
        let (logits, longer) = contiguous(logits, tape)?;
        (score, tape) = (Some((logits, vector)), longer);
    }
    let mean = E::ONE / E::of(count as f64);
    let sum = match &weights {
        Weights::Mean => E::on_machine(Sum(&read(&losses))) * mean,
        Weights::Each(weights) => E::on_machine(WeightedSum(&read(&losses), weights)),
    };
    let scalar = losses.device().try_tensor_from_vec(vec![sum], ())?;
    let output = scalar.clone();
    tape.add_backward_op(move |gradients| {
        with_gradient_of(&output, gradients, |gradient, gradients| {
            let g = gradient[0];
            let sums = gradients.get_or_alloc_mut(&losses)?;
            match weights {
                Weights::Mean => {
                    let step = g * mean;
                    sums.iter_mut().for_each(|sum| *sum += step);
                }
                Weights::Each(weights) => {
                    sums.iter_mut().zip(weights).for_each(|(sum, w)| *sum += g * w);
                }
            }
            if let Some((logits, vector)) = score {
                vector.add_scaled_to(g, gradients.get_or_alloc_mut(&logits)?);
            }
            Ok(())
        })
    });
    Ok(scalar.put_tape(tape))
}

/// Partial sums that are added up side by side.
const WIDTH: usize = 16;

/// Σ x in sixteen partial sums, element i in the sum i mod 16, which are then added up in order.
struct Sum<'a, E>(&'a [E]);

impl<E: Real> MachineTask<E> for Sum<'_, E> {
    type Output = E;
    #[inline(always)]
    fn run<M: Machine<E>>(self) -> E {
        let mut partial = [E::ZERO; WIDTH];
        for chunk in self.0.chunks(WIDTH) {
            for (sum, &x) in partial.iter_mut().zip(chunk) {
                *sum += x;
            }
        }
        partial.into_iter().fold(E::ZERO, |sum, x| sum + x)
    }
}

/// Σ w x likewise. A weight of 0 is a sample that does not count, even where its loss is not finite.
struct WeightedSum<'a, E>(&'a [E], &'a [E]);

impl<E: Real> MachineTask<E> for WeightedSum<'_, E> {
    type Output = E;
    #[inline(always)]
    fn run<M: Machine<E>>(self) -> E {
        let mut partial = [E::ZERO; WIDTH];
        for (x, w) in self.0.chunks(WIDTH).zip(self.1.chunks(WIDTH)) {
            for ((sum, &x), &w) in partial.iter_mut().zip(x).zip(w) {
                *sum += if w == E::ZERO { E::ZERO } else { w * x };
            }
        }
        partial.into_iter().fold(E::ZERO, |sum, x| sum + x)
    }
}
