use super::{last_axis, values, with_gradient_of};
use crate::{Packed, Real, rows, rowwise};
use dfdx::prelude::{
    Cpu, CpuError, HasShape, PutTape, ReshapeTo, Shape, SplitTape, Tape, Tensor, TensorFromVec,
};

/// softmax(θ/τ) over the last axis.
///
/// # Errors
/// If the device is out of memory.
pub fn softmax<S: Shape, E: Real, T: Tape<E, Cpu>>(
    logits: Tensor<S, E, Cpu, T>,
    temperature: E,
) -> Result<Tensor<S, E, Cpu, T>, CpuError> {
    rowwise(
        logits,
        |logits| rows::softmax(logits, temperature),
        move |p, g, v| {
            add_softmax_product(p, g, E::ONE / temperature, v);
        },
    )
}

/// ln softmax(θ) over the last axis.
///
/// # Errors
/// If the device is out of memory.
pub fn log_softmax<S: Shape, E: Real, T: Tape<E, Cpu>>(
    logits: Tensor<S, E, Cpu, T>,
) -> Result<Tensor<S, E, Cpu, T>, CpuError> {
    rowwise(
        logits,
        |logits| rows::log_softmax(logits, E::ONE),
        |log_p, g, v| {
            add_log_softmax_product(log_p, g, v);
        },
    )
}

rowwise! {
    /// v += scale · J(p) g
    fn add_softmax_product(p, g; scale => v) {
        rows::add_jacobian_product(p, g, scale, v);
    }
}

rowwise! {
    /// v += g − p·Σ_j g_j
    fn add_log_softmax_product(log_p, g => v) {
        let total = rows::sum(g);
        for k in 0..g.len() {
            v[k] += g[k] - log_p[k].exp() * total;
        }
    }
}

/// An operation on rows whose backward needs its own result alone.
fn rowwise<S: Shape, E: Real, T: Tape<E, Cpu>>(
    input: Tensor<S, E, Cpu, T>,
    forward: impl FnOnce(&Packed<E>) -> Packed<E>,
    backward: impl FnOnce(&Packed<E>, &Packed<E>, &mut Packed<E>) + 'static,
) -> Result<Tensor<S, E, Cpu, T>, CpuError> {
    let categories = last_axis(input.shape());
    let (input, mut tape) = input.try_contiguous()?.split_tape();
    let packed = forward(&Packed::pack(&values(&input), categories));
    let output = input.device().try_tensor_from_vec(packed.unpack(), *input.shape())?;
    let result = output.clone();
    tape.add_backward_op(move |gradients| {
        with_gradient_of(&output, gradients, |gradient, gradients| {
            let mut v = Packed::zeros(packed.rows(), categories);
            backward(&packed, &Packed::pack(gradient, categories), &mut v);
            v.add_to(gradients.get_or_alloc_mut(&input)?);
            Ok(())
        })
    });
    Ok(result.put_tape(tape))
}
