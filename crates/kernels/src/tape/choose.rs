use super::with_gradient_of;
use crate::Real;
use dfdx::prelude::{
    Cpu, CpuError, PutTape, ReshapeTo, Shape, SplitTape, Tape, Tensor, TensorFromVec,
};

/// A choice: any numbers forward, any vector–Jacobian product backward.
///
/// The result holds `choice`, which was computed from the logits in plain slices. When the gradient
/// g of the loss for the choice comes back, `backward(g, v)` adds to v the gradient that the
/// estimator makes of it for the logits. Straight-through and relaxed estimators are this operation
/// with different closures.
///
/// # Errors
/// If the device is out of memory.
///
/// # Panics
/// If `choice` has another number of elements than `shape`.
pub fn choose<L: Shape, C: Shape, E: Real, T: Tape<E, Cpu>>(
    logits: Tensor<L, E, Cpu, T>,
    choice: Vec<E>,
    shape: C,
    backward: impl FnOnce(&[E], &mut [E]) + 'static,
) -> Result<Tensor<C, E, Cpu, T>, CpuError> {
    assert_eq!(choice.len(), shape.num_elements(), "a choice of shape {shape:?}");
    let (logits, mut tape) = logits.try_contiguous()?.split_tape();
    let chosen = logits.device().try_tensor_from_vec(choice, shape)?;
    let output = chosen.clone();
    tape.add_backward_op(move |gradients| {
        with_gradient_of(&output, gradients, |gradient, gradients| {
            backward(gradient, gradients.get_or_alloc_mut(&logits)?);
            Ok(())
        })
    });
    Ok(chosen.put_tape(tape))
}
