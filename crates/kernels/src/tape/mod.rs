//! Operations on dfdx's tape.
//!
//! A tape is a list of what is to be done when it runs backward. Between operations of this
//! workspace numbers travel as [`Node`]s, packed; to operations of dfdx they go as tensors, and come
//! back from there ([`into_tensor`], [`from_tensor`]).

mod detach;
mod inject;
mod node;
mod record;
mod scope;
mod tensor;

pub use detach::detach;
pub use inject::{Weights, inject, weigh};
pub use node::Node;
pub use record::{choose, record};
pub(crate) use scope::depth;
pub use scope::isolated;
pub use tensor::{elements, from_tensor, into_tensor, values};

use dfdx::prelude::{Cpu, OwnedTape, Tensor};

/// A tape that records.
pub type Recording<E> = OwnedTape<E, Cpu>;

/// A tensor with the tape that recorded it.
pub type Taped<S, E> = Tensor<S, E, Cpu, Recording<E>>;

/// A number with the tape that recorded it.
pub type Scalar<E> = Taped<(), E>;

/// This thread's processor. dfdx seeds a generator for each `Cpu::default()`, which takes longer than
/// many an operation.
pub fn device() -> Cpu {
    thread_local! {
        static DEVICE: Cpu = Cpu::default();
    }
    // Not there while the thread ends.
    DEVICE.try_with(Cpu::clone).unwrap_or_default()
}
