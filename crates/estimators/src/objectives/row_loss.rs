use crate::{Choice, Losses, Objective, Result};
use dfdx::prelude::{Cpu, Gradients, HasShape, PutTape, SplitTape, Tape, Tensor, TensorFromVec};
use kernels::Real;
use kernels::tape::{values, with_gradient_of};

/// A loss of one row, in plain numbers: what is left of an objective when tapes are taken care of.
pub trait RowLoss<E: Real>: Clone + 'static {
    /// f(z), with ∂f/∂z added to `dz` and ∂f/∂parameters to `dparameters`.
    ///
    /// * `row` — the row of the batch
    /// * `z` — [L, K], the row's choice
    /// * `parameters` — the row's part of what the objective learns
    fn loss(&self, row: usize, z: &[E], parameters: &[E], dz: &mut [E], dparameters: &mut [E])
    -> E;
}

/// The objective whose loss of each row is a [`RowLoss`], with parameters of their own for each row
/// ([B, P]).
#[derive(Clone, Debug)]
pub struct RowLosses<E: Real, F> {
    loss: F,
    parameters: Tensor<(usize, usize), E, Cpu>,
}

impl<E: Real, F: RowLoss<E>> RowLosses<E, F> {
    /// The objective of a loss, with B rows of parameters; rows may be empty.
    ///
    /// # Errors
    /// If the device is out of memory.
    ///
    /// # Panics
    /// If the parameters are not whole rows.
    pub fn new(loss: F, parameters: Vec<E>, batch: usize) -> Result<Self> {
        assert_eq!(parameters.len() % batch, 0, "parameters for {batch} rows");
        let shape = (batch, parameters.len() / batch);
        Ok(Self {
            loss,
            parameters: kernels::tape::device().try_tensor_from_vec(parameters, shape)?,
        })
    }

    /// What stands for the parameters in dfdx's gradients.
    pub fn parameters(&self) -> &Tensor<(usize, usize), E, Cpu> {
        &self.parameters
    }
}

impl<E: Real, F: RowLoss<E>> Objective<E> for RowLosses<E, F> {
    fn loss(&self, choice: Choice<E>) -> Result<Losses<E>> {
        let (samples, dims) = (choice.samples(), choice.dims());
        let wanted = choice.wants_gradient();
        let (points, mut tape) = choice.into_tensor()?.split_tape();
        let (z, p) = (values(&points), values(&self.parameters));
        let (width, own) = (dims.latents * dims.categories, self.parameters.shape().1);
        let mut dz = vec![E::ZERO; z.len()];
        let mut dp = vec![E::ZERO; samples * p.len()];
        let mut losses = Vec::with_capacity(samples * dims.batch);
        for (i, (z, dz)) in z.chunks_exact(width).zip(dz.chunks_exact_mut(width)).enumerate() {
            let row = i % dims.batch;
            let parameters = &p[row * own..][..own];
            losses.push(self.loss.loss(row, z, parameters, dz, &mut dp[i * own..][..own]));
        }
        let output = points.device().try_tensor_from_vec(losses, (samples, dims.batch))?;
        let (result, parameters) = (output.clone(), self.parameters.clone());
        tape.add_backward_op(move |gradients: &mut Gradients<E, Cpu>| {
            with_gradient_of(&output, gradients, |gradient, gradients| {
                if wanted {
                    let sums = gradients.get_or_alloc_mut(&points)?;
                    let rows = sums.chunks_exact_mut(width).zip(dz.chunks_exact(width));
                    rows.zip(gradient).for_each(|((sums, dz), &g)| add(sums, dz, g));
                }
                if own > 0 {
                    let sums = gradients.get_or_alloc_mut(&parameters)?;
                    for (i, (dp, &g)) in dp.chunks_exact(own).zip(gradient).enumerate() {
                        add(&mut sums[i % dims.batch * own..][..own], dp, g);
                    }
                }
                Ok(())
            })
        });
        Ok(result.put_tape(tape))
    }
}

fn add<E: Real>(sums: &mut [E], terms: &[E], weight: E) {
    sums.iter_mut().zip(terms).for_each(|(sum, &x)| *sum += weight * x);
}
