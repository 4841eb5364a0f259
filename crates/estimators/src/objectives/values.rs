use crate::Result;
use dfdx::prelude::{Cpu, HasShape, PutTape, Tensor};
use kernels::tape::{Node, Recording, from_tensor};
use kernels::{Packed, Real};

/// What a head computes for the categories of each row, [B, columns].
#[derive(Clone, Debug)]
pub enum Values<E: Real> {
    /// From a network of this workspace.
    Node(Node<E>),
    /// From a dfdx network.
    Tensor(Tensor<(usize, usize), E, Cpu>),
}

impl<E: Real> From<Node<E>> for Values<E> {
    fn from(node: Node<E>) -> Self {
        Self::Node(node)
    }
}

impl<E: Real> From<Tensor<(usize, usize), E, Cpu>> for Values<E> {
    fn from(tensor: Tensor<(usize, usize), E, Cpu>) -> Self {
        Self::Tensor(tensor)
    }
}

impl<E: Real> Values<E> {
    /// B and the number of columns.
    pub(super) fn shape(&self) -> (usize, usize) {
        match self {
            Self::Node(node) => (node.numbers().rows(), node.numbers().columns()),
            Self::Tensor(tensor) => *tensor.shape(),
        }
    }

    /// The node of the values, with their tape added to `tape`.
    pub(super) fn on(&self, tape: Recording<E>) -> Result<(Node<E>, Recording<E>)> {
        match self {
            Self::Node(node) => Ok((node.clone(), tape)),
            Self::Tensor(tensor) => {
                let columns = tensor.shape().1;
                let pack = |numbers: &[E]| Packed::pack(numbers, columns);
                let add = |gradient: &Packed<E>, sums: &mut [E]| gradient.add_to(sums);
                Ok(from_tensor(tensor.clone().put_tape(tape), pack, add)?)
            }
        }
    }
}
