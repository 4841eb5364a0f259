//! Parameters of networks whose shapes are known at run time.

use crate::product::Sums;
use crate::tape::depth;
use crate::{Dense, Noise, Real};
use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

/// All parameters of a network in one slice, with their gradient.
///
/// Layers are ranges of the slice ([`Layer`]). Backward passes add to the gradient, and
/// [`Parameters::update`] passes values and gradient to an optimizer.
#[derive(Debug)]
pub struct Parameters<E: Real> {
    values: Rc<Vec<E>>,
    held: Rc<Vec<E>>,
    gradient: Rc<RefCell<Gradient<E>>>,
    /// The scope of their creation, unless they are frozen: gradients only reach them in that
    /// scope.
    depth: Option<u32>,
}

/// A gradient that is accumulated layer by layer.
#[derive(Debug)]
struct Gradient<E> {
    sums: Vec<E>,
    /// Each layer's range, and whether a backward pass has reached it. Until then, its sums are
    /// stale and count as 0.
    layers: Vec<(Range<usize>, bool)>,
}

/// A linear layer and the ranges of its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Its shape.
    pub dense: Dense,
    /// The range of its weight, outputs × inputs.
    pub weight: Range<usize>,
    /// The range of its bias.
    pub bias: Range<usize>,
    /// Its index in `Gradient::layers`.
    index: usize,
}

/// Parameters outside of any layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vector {
    range: Range<usize>,
    /// Their index in `Gradient::layers`.
    index: usize,
}

/// How the first weights and biases of layers are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Initialization {
    /// Weights and biases are uniform between ±1/√inputs, as PyTorch draws them.
    #[default]
    Inputs,
    /// Weights are uniform between ±√(6/(inputs + outputs)) and biases are 0 (Glorot & Bengio 2010, equation 16),
    /// as TensorFlow draws them.
    Glorot,
}

/// A builder of [`Parameters`], with initial values.
#[derive(Clone, Debug, Default)]
pub struct Initial<E> {
    values: Vec<E>,
    held: Vec<E>,
    layers: Vec<Range<usize>>,
    initialization: Initialization,
}

impl<E: Real> Initial<E> {
    /// No parameters yet.
    pub fn new() -> Self {
        Self::of(Initialization::default())
    }

    /// No parameters yet; those of layers are drawn so.
    pub fn of(initialization: Initialization) -> Self {
        Self { values: vec![], held: vec![], layers: vec![], initialization }
    }

    /// Adds a linear layer, whose weight and bias are drawn as the [`Initialization`] says.
    ///
    /// # Panics
    /// If there are no inputs or no outputs.
    pub fn linear(&mut self, inputs: usize, outputs: usize, noise: &mut Noise) -> Layer {
        assert!(inputs > 0 && outputs > 0, "a layer has inputs and outputs");
        let dense = Dense { inputs, outputs };
        let (bound, biases) = match self.initialization {
            Initialization::Inputs => (1.0 / (inputs as f64).sqrt(), true),
            Initialization::Glorot => ((6.0 / (inputs + outputs) as f64).sqrt(), false),
        };
        let start = self.values.len();
        let weight = start..start + dense.weights();
        let bias = weight.end..weight.end + outputs;
        let draw = |_| E::of(bound * (2.0 * noise.uniform() - 1.0));
        let drawn = if biases { bias.end } else { weight.end };
        self.values.extend((start..drawn).map(draw));
        self.values.resize(bias.end, E::ZERO);
        self.layers.push(start..bias.end);
        Layer { dense, weight, bias, index: self.layers.len() - 1 }
    }

    /// Adds parameters with these initial values.
    pub fn vector(&mut self, values: &[f64]) -> Vector {
        let start = self.values.len();
        self.values.extend(values.iter().map(|&x| E::of(x)));
        let range = start..self.values.len();
        self.layers.push(range.clone());
        Vector { range, index: self.layers.len() - 1 }
    }

    /// Adds numbers that are no parameters: they have no gradient, and optimizers leave them. Whoever owns the
    /// parameters moves them ([`Parameters::hold`]).
    pub fn held(&mut self, values: &[f64]) {
        self.held.extend(values.iter().map(|&x| E::of(x)));
    }

    /// The finished parameters.
    pub fn build(self) -> Parameters<E> {
        let sums = vec![E::ZERO; self.values.len()];
        let layers = self.layers.into_iter().map(|range| (range, false)).collect();
        let gradient = Rc::new(RefCell::new(Gradient { sums, layers }));
        let (values, held) = (Rc::new(self.values), Rc::new(self.held));
        Parameters { values, held, gradient, depth: Some(depth()) }
    }
}

impl<E: Real> Parameters<E> {
    /// Their values.
    pub fn values(&self) -> &[E] {
        &self.values
    }

    /// Their values, mutably. Copies them first if a tape still holds them.
    pub fn values_mut(&mut self) -> &mut [E] {
        Rc::<Vec<E>>::make_mut(&mut self.values)
    }

    /// Numbers that are no parameters, in the order in which they were added.
    pub fn held(&self) -> &[E] {
        &self.held
    }

    /// Replaces the numbers that are no parameters. Earlier handles keep the old ones.
    ///
    /// # Panics
    /// If their number changes.
    pub fn hold(&mut self, held: Vec<E>) {
        assert_eq!(held.len(), self.held.len(), "as many numbers as before");
        self.held = Rc::new(held);
    }

    /// The sum of gradients since the last step.
    pub fn gradient(&self) -> Vec<E> {
        self.gradient.borrow_mut().complete().to_vec()
    }

    /// Passes the values and their gradient to an optimizer's step, which may change both, and then
    /// resets the gradient.
    pub fn update(&mut self, step: impl FnOnce(&mut [E], &mut [E])) {
        let gradient = &mut *self.gradient.borrow_mut();
        step(Rc::<Vec<E>>::make_mut(&mut self.values), gradient.complete());
        gradient.layers.iter_mut().for_each(|(_, is_reached)| *is_reached = false);
    }

    /// The values of a vector.
    pub fn vector(&self, vector: &Vector) -> &[E] {
        &self.values[vector.range.clone()]
    }

    /// Adds to the gradient of a vector, if the parameters need one in this scope.
    ///
    /// # Panics
    /// If there is not one number per parameter.
    pub fn add_to_vector(&self, vector: &Vector, gradient: &[E]) {
        assert_eq!(gradient.len(), vector.range.len(), "one gradient per parameter");
        self.with_sums(vector.index, |sums, is_reached| {
            if !is_reached {
                sums.fill(E::ZERO);
            }
            sums.iter_mut().zip(gradient).for_each(|(sum, &g)| *sum += g);
        });
    }

    /// The same values, without a gradient.
    pub fn frozen(&self) -> Self {
        Self { depth: None, ..self.shared() }
    }

    /// Another handle to the parameters, for a tape or an objective. Both add to the same gradient.
    /// The handle keeps the current values; while it exists, [`Parameters::update`] copies them
    /// first.
    pub fn shared(&self) -> Self {
        let (values, gradient) = (Rc::clone(&self.values), Rc::clone(&self.gradient));
        Self { values, held: Rc::clone(&self.held), gradient, depth: self.depth }
    }

    /// Calls a function with the destinations of the gradients of a layer's weight and bias, if the
    /// parameters need one in this scope.
    pub(crate) fn add_to_layer(&self, layer: &Layer, add: impl FnOnce(Sums<'_, E>, Sums<'_, E>)) {
        self.with_sums(layer.index, |sums, is_reached| {
            // A layer's bias follows its weight.
            let (weight, bias) = sums.split_at_mut(layer.weight.len());
            match is_reached {
                true => add(Sums::Add(weight), Sums::Add(bias)),
                false => add(Sums::Write(weight), Sums::Write(bias)),
            }
        });
    }

    /// Calls a function with the sums of a layer's gradient and whether they are valid yet, if the
    /// parameters need one in this scope.
    fn with_sums(&self, layer: usize, add: impl FnOnce(&mut [E], bool)) {
        if self.depth != Some(depth()) {
            return;
        }
        let gradient = &mut *self.gradient.borrow_mut();
        let (range, is_reached) = &mut gradient.layers[layer];
        add(&mut gradient.sums[range.clone()], std::mem::replace(is_reached, true));
    }
}

impl<E: Real> Gradient<E> {
    /// The sums, with 0 for layers that no backward pass has reached.
    fn complete(&mut self) -> &mut [E] {
        for (range, is_reached) in &self.layers {
            if !is_reached {
                self.sums[range.clone()].fill(E::ZERO);
            }
        }
        &mut self.sums
    }
}
