//! Operations on dfdx's tape.
//!
//! A tape is the list of backward operations. Between operations of this workspace, numbers are
//! packed [`Node`]s. For operations of dfdx they are converted to tensors and back
//! ([`into_tensor`], [`from_tensor`]).

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

/// This thread's CPU device. `Cpu::default()` seeds a random number generator each time, which
/// takes longer than many operations.
pub fn device() -> Cpu {
    thread_local! {
        static DEVICE: Cpu = Cpu::default();
    }
    // While the thread ends, it may be gone already.
    DEVICE.try_with(Cpu::clone).unwrap_or_default()
}
