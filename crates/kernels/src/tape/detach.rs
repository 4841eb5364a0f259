use super::{device, values};
use crate::Real;
use dfdx::prelude::{Cpu, CpuError, HasShape, ReshapeTo, Shape, Tensor, TensorFromVec};

/// A copy of `tensor` that stops gradients.
///
/// `retaped::<NoneTape>()` does not stop them: it keeps the tensor's id, and gradients follow ids,
/// so `x.exp() * x.retaped()` silently differentiates the second factor too. A new tensor has a new
/// id.
///
/// # Errors
/// If the device is out of memory.
pub fn detach<S: Shape, E: Real, T>(
    tensor: &Tensor<S, E, Cpu, T>,
) -> Result<Tensor<S, E, Cpu>, CpuError> {
    let contiguous = tensor.retaped::<dfdx::prelude::NoneTape>().try_contiguous()?;
    device().try_tensor_from_vec(values(&contiguous), *tensor.shape())
}
