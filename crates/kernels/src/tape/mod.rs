//! Operations on dfdx's tape.
//!
//! Shapes are run-time values. Gradients follow tensor ids: an operation adds to the gradient of
//! each of its inputs, and whoever holds the id of an input holds its gradient. Inputs may have any
//! strides; they are made contiguous first, which costs nothing where they are.

mod choose;
mod detach;
mod inject;
mod linear;
mod pick;
mod softmax;
mod squared_error;

pub use choose::choose;
pub use detach::detach;
pub use inject::{Weights, inject, weigh};
pub use linear::{InputGradient, linear};
pub use pick::{gather, row_dot};
pub use softmax::{log_softmax, softmax};
pub use squared_error::squared_error;

use crate::{Buffer, Real};
use dfdx::prelude::{
    Cpu, CpuError, Gradients, HasShape, OwnedTape, PutTape, ReshapeTo, Shape, SplitTape, Tape,
    Tensor,
};

/// A tape that records.
pub type Recording<E> = OwnedTape<E, Cpu>;

/// This thread's processor. dfdx seeds a generator for each `Cpu::default()`, which takes longer than
/// many an operation.
pub fn device() -> Cpu {
    thread_local! {
        static DEVICE: Cpu = Cpu::default();
    }
    // Not there while the thread ends.
    DEVICE.try_with(Cpu::clone).unwrap_or_default()
}

/// How many numbers a tensor has.
pub fn elements<S: Shape, E: Real, T>(tensor: &Tensor<S, E, Cpu, T>) -> usize {
    tensor.shape().num_elements()
}

/// The numbers of a contiguous tensor.
pub fn values<S: Shape, E: Real, T>(tensor: &Tensor<S, E, Cpu, T>) -> Vec<E> {
    let mut values = vec![E::ZERO; elements(tensor)];
    tensor.copy_into(&mut values);
    values
}

/// The numbers of a contiguous tensor, in memory that is used again.
pub fn read<S: Shape, E: Real, T>(tensor: &Tensor<S, E, Cpu, T>) -> Buffer<E> {
    let mut numbers = Buffer::any(elements(tensor));
    tensor.copy_into(&mut numbers);
    numbers
}

/// Hands an operation the gradient that has come back to its output.
pub fn with_gradient_of<S: Shape, E: Real>(
    output: &Tensor<S, E, Cpu>,
    gradients: &mut Gradients<E, Cpu>,
    backward: impl FnOnce(&[E], &mut Gradients<E, Cpu>) -> Result<(), CpuError>,
) -> Result<(), CpuError> {
    let gradient = std::mem::take(&mut **gradients.get_or_alloc_mut(output)?);
    backward(&gradient, gradients)?;
    **gradients.get_or_alloc_mut(output)? = gradient;
    Ok(())
}

/// `tensor` row after row. Where that is a copy, which has an id of its own, `tape` leads its gradient
/// back to the tensor.
pub(crate) fn contiguous<S: Shape, E: Real, T: Tape<E, Cpu>>(
    tensor: Tensor<S, E, Cpu>,
    tape: T,
) -> Result<(Tensor<S, E, Cpu>, T), CpuError> {
    Ok(tensor.put_tape(tape).try_contiguous()?.split_tape())
}

/// Length of the last axis: K of a tensor of rows of K.
fn last_axis<S: Shape>(shape: &S) -> usize {
    shape.concrete()[S::NUM_DIMS - 1]
}
