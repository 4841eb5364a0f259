//! What generic code knows of dfdx's device.

use dfdx::prelude::{Cpu, Storage, Unit};
use std::fmt::Debug;
use std::ops::DerefMut;

/// The device of an element type.
#[doc(hidden)]
pub trait HasDevice {
    /// [`Cpu`], but as an associated type: a bound on it can be part of a supertrait.
    type Device;
}

/// That the device is [`Cpu`]. A supertrait `HasDevice<Device: Device<Self>> + OnCpu` of E implies
/// `Cpu: Device<E>` wherever E is bound; as a `where` clause, every function would have to repeat it.
#[doc(hidden)]
pub trait OnCpu: HasDevice<Device = Cpu> {}

/// The memory of the device: numbers, one after the other.
#[doc(hidden)]
pub trait HasVec: Sized {
    /// A vector, whose own type dfdx does not export.
    type Vec: DerefMut<Target = Vec<Self>> + Clone + Debug + Send + Sync + 'static;
}

impl<E: Unit> HasVec for E {
    type Vec = <Cpu as Storage<E>>::Vec;
}

impl<E> HasDevice for E {
    type Device = Cpu;
}

impl<E> OnCpu for E {}
