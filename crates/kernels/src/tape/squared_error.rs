use super::{values, with_gradient_of};
use crate::Real;
use dfdx::prelude::{
    Cpu, CpuError, HasShape, PutTape, ReshapeTo, SplitTape, Tape, Tensor, TensorFromVec,
};

/// (ŷ_sb − y_b)² of predictions ŷ ([S, B]) and targets y (\[B\]).
///
/// # Errors
/// If the device is out of memory.
///
/// # Panics
/// If there are not B targets, or none.
pub fn squared_error<E: Real, T: Tape<E, Cpu>>(
    predictions: Tensor<(usize, usize), E, Cpu, T>,
    targets: &[E],
) -> Result<Tensor<(usize, usize), E, Cpu, T>, CpuError> {
    assert_eq!(predictions.shape().1, targets.len(), "one target a row");
    assert!(!targets.is_empty(), "rows with targets");
    let (predictions, mut tape) = predictions.try_contiguous()?.split_tape();
    let mut errors = values(&predictions);
    for row in errors.chunks_exact_mut(targets.len()) {
        row.iter_mut().zip(targets).for_each(|(error, &y)| *error -= y);
    }
    let squares = errors.iter().map(|&error| error * error).collect();
    let output = predictions.device().try_tensor_from_vec(squares, *predictions.shape())?;
    let result = output.clone();
    tape.add_backward_op(move |gradients| {
        with_gradient_of(&output, gradients, |gradient, gradients| {
            let sums = gradients.get_or_alloc_mut(&predictions)?;
            for ((sum, &error), &g) in sums.iter_mut().zip(&errors).zip(gradient) {
                *sum += g * (error + error);
            }
            Ok(())
        })
    });
    Ok(result.put_tape(tape))
}
