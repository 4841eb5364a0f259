//! Parameters of networks whose shapes are known at run time.

use crate::tape::{Recording, device};
use crate::{Dense, Noise, Real};
use dfdx::prelude::{Cpu, CpuError, Gradients, SplitTape, Tensor, Trace, ZerosTensor};
use std::ops::Range;
use std::sync::Arc;

/// All parameters of a network, side by side in one slice.
///
/// Layers are ranges of it ([`Layer`]), an optimiser passes over it once a step, and its gradient
/// is one slice of dfdx's gradients.
#[derive(Debug)]
pub struct Parameters<E: Real> {
    values: Arc<Vec<E>>,
    /// Stands for the parameters in dfdx's gradients: an id and nothing else.
    handle: Tensor<(usize,), E, Cpu>,
}

/// A linear layer's place among parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Its shape.
    pub dense: Dense,
    /// Where its weight lies, inputs × outputs.
    pub weight: Range<usize>,
    /// Where its bias lies.
    pub bias: Range<usize>,
}

/// Parameters in the making.
#[derive(Clone, Debug, Default)]
pub struct Initial<E> {
    values: Vec<E>,
}

impl<E: Real> Initial<E> {
    /// No parameters yet.
    pub fn new() -> Self {
        Self { values: vec![] }
    }

    /// Adds a linear layer; weight and bias are uniform between ±1/√inputs.
    ///
    /// # Panics
    /// If there are no inputs or no outputs.
    pub fn linear(&mut self, inputs: usize, outputs: usize, noise: &mut Noise) -> Layer {
        assert!(inputs > 0 && outputs > 0, "a layer has inputs and outputs");
        let dense = Dense { inputs, outputs };
        let bound = 1.0 / (inputs as f64).sqrt();
        let start = self.values.len();
        let weight = start..start + dense.weights();
        let bias = weight.end..weight.end + outputs;
        let draw = |_| E::of(bound * (2.0 * noise.uniform() - 1.0));
        self.values.extend((0..bias.end - start).map(draw));
        Layer { dense, weight, bias }
    }

    /// The finished parameters.
    pub fn build(self) -> Parameters<E> {
        Parameters { values: Arc::new(self.values), handle: device().zeros_like(&(0,)) }
    }
}

impl<E: Real> Parameters<E> {
    /// Their values.
    pub fn values(&self) -> &[E] {
        &self.values
    }

    /// Their values, to be changed. Copies them first if a tape still holds them.
    pub fn values_mut(&mut self) -> &mut [E] {
        Arc::<Vec<E>>::make_mut(&mut self.values)
    }

    /// An empty tape. `buffer` will hold the parameters' gradient: what [`Parameters::gradient`]
    /// returned for the step before and an optimiser has cleared, or an empty one.
    ///
    /// # Errors
    /// If the device is out of memory.
    pub fn tape(&self, mut buffer: Vec<E>) -> Result<Recording<E>, CpuError> {
        buffer.resize(self.values.len(), E::ZERO);
        let mut gradients = Gradients::leaky();
        **gradients.get_or_alloc_mut(&self.handle)? = buffer;
        Ok(self.handle.clone().traced(gradients).split_tape().1)
    }

    /// Takes the parameters' gradient out of what a backward pass returned.
    ///
    /// # Errors
    /// If the device is out of memory.
    pub fn gradient(&self, gradients: &mut Gradients<E, Cpu>) -> Result<Vec<E>, CpuError> {
        self.lend(gradients, |_| ())?;
        Ok(std::mem::take(&mut **gradients.get_or_alloc_mut(&self.handle)?))
    }

    /// What stands for the parameters on a tape.
    pub(crate) fn on_tape(&self) -> Self {
        Self { values: Arc::clone(&self.values), handle: self.handle.clone() }
    }

    /// Hands over the parameters' gradient, to be added to.
    pub(crate) fn lend<T>(
        &self,
        gradients: &mut Gradients<E, Cpu>,
        add: impl FnOnce(&mut [E]) -> T,
    ) -> Result<T, CpuError> {
        let sums = gradients.get_or_alloc_mut(&self.handle)?;
        // Empty on a tape that was not made by `tape`.
        sums.resize(self.values.len(), E::ZERO);
        Ok(add(sums))
    }
}
