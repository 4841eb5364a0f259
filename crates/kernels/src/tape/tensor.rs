use super::{Node, Recording, Taped, device};
use crate::{Packed, Real};
use dfdx::prelude::{
    Cpu, CpuError, HasShape, PutTape, ReshapeTo, Shape, SplitTape, Tape, Tensor, TensorFromVec,
};

/// Converts a dfdx tensor to a node and its tape.
///
/// `pack` reads the tensor's numbers, in the order of its shape. `add` adds the gradient of the
/// node to that of the tensor, in the same order.
///
/// # Errors
/// If the device is out of memory.
pub fn from_tensor<S: Shape, E: Real>(
    tensor: Taped<S, E>,
    pack: impl FnOnce(&[E]) -> Packed<E>,
    add: impl FnOnce(&Packed<E>, &mut [E]) + 'static,
) -> Result<(Node<E>, Recording<E>), CpuError> {
    let (tensor, mut tape) = tensor.try_contiguous()?.split_tape();
    let node = Node::new(pack(&values(&tensor)));
    let read = node.clone();
    tape.add_backward_op(move |gradients| {
        let sums = gradients.get_or_alloc_mut(&tensor)?;
        if let Some(gradient) = read.take() {
            add(&gradient, sums);
        }
        Ok(())
    });
    Ok((node, tape))
}

/// Converts a node to a dfdx tensor with these numbers and this shape. `pack` converts the gradient
/// of the tensor to that of the node.
///
/// # Errors
/// If the device is out of memory, or `numbers` has the wrong length for the shape.
pub fn into_tensor<S: Shape, E: Real>(
    node: &Node<E>,
    mut tape: Recording<E>,
    numbers: Vec<E>,
    shape: S,
    pack: impl FnOnce(&[E]) -> Packed<E> + 'static,
) -> Result<Taped<S, E>, CpuError> {
    let tensor = device().try_tensor_from_vec(numbers, shape)?;
    if node.wants_gradient() {
        let (node, output) = (node.clone(), tensor.clone());
        tape.add_backward_op(move |gradients| {
            node.add(pack(gradients.get_or_alloc_mut(&output)?));
            Ok(())
        });
    }
    Ok(tensor.put_tape(tape))
}

/// The number of elements of a tensor.
pub fn elements<S: Shape, E: Real, T>(tensor: &Tensor<S, E, Cpu, T>) -> usize {
    tensor.shape().num_elements()
}

/// The numbers of a contiguous tensor.
pub fn values<S: Shape, E: Real, T>(tensor: &Tensor<S, E, Cpu, T>) -> Vec<E> {
    let mut values = vec![E::ZERO; elements(tensor)];
    tensor.copy_into(&mut values);
    values
}
