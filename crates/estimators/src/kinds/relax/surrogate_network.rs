//! The network that stands in for the loss, with the derivatives that learning it takes.

use crate::Dims;
use kernels::{
    Dense, Finish, Matrix, Noise, Optimizer, OptimizerState, Packed, Real, Start, matmul, tanh,
};
use std::sync::Arc;

/// c(y, x) = w·tanh(A y + C x + b) + d, for rows of picks y (L·K numbers) and context x.
pub(super) struct SurrogateNetwork<E> {
    width: usize,
    context: usize,
    hidden: usize,
    /// A over C ([width + context, hidden]), then b, w and d.
    parameters: Vec<E>,
    optimizer: OptimizerState<E>,
}

/// What a pass over a batch leaves.
pub(super) struct Pass<E: Real> {
    /// y beside x, [B, width + context].
    inputs: Vec<E>,
    /// h = tanh(a), [B, hidden].
    activations: Vec<E>,
    /// c, [B, 1].
    pub(super) outputs: Packed<E>,
}

/// The two passes of an estimate, and what weighs them in its squared norm.
pub(super) struct Passes<'a, E: Real> {
    /// At y.
    pub(super) first: &'a Pass<E>,
    /// At ỹ.
    pub(super) second: &'a Pass<E>,
    /// Directions at y and at ỹ, [B·L, K] each.
    pub(super) along: &'a (Packed<E>, Packed<E>),
    /// ⟨s, ĝ⟩ of each row, [B, 1].
    pub(super) weights: &'a Packed<E>,
}

impl<E: Real> SurrogateNetwork<E> {
    pub(super) fn new(
        width: usize,
        context: usize,
        hidden: usize,
        learning_rate: f64,
        noise: &mut Noise,
    ) -> Self {
        let inputs = width + context;
        let mut uniform = |count: usize, fan_in: usize| {
            let bound = 1.0 / (fan_in as f64).sqrt();
            (0..count).map(|_| E::of(bound * (2.0 * noise.uniform() - 1.0))).collect::<Vec<E>>()
        };
        let mut parameters = uniform(inputs * hidden + hidden, inputs);
        parameters.extend(uniform(hidden + 1, hidden));
        let optimizer = OptimizerState::new(Optimizer::adam(learning_rate), parameters.len());
        Self { width, context, hidden, parameters, optimizer }
    }

    fn layer(&self) -> Dense {
        Dense { inputs: self.width + self.context, outputs: self.hidden }
    }

    fn weight(&self) -> &[E] {
        &self.parameters[..self.layer().weights()]
    }

    fn bias(&self) -> &[E] {
        &self.parameters[self.layer().weights()..][..self.hidden]
    }

    fn head(&self) -> &[E] {
        &self.parameters[self.layer().weights() + self.hidden..][..self.hidden]
    }

    /// c of each row.
    pub(super) fn pass(&self, y: &Packed<E>, context: &Arc<[E]>, dims: Dims) -> Pass<E> {
        let (batch, inputs) = (dims.batch, self.layer().inputs);
        let rows = y.unpack();
        let mut joined = Vec::with_capacity(batch * inputs);
        let pairs = rows.chunks_exact(self.width).zip(context.chunks_exact(self.context));
        for (y, x) in pairs {
            joined.extend_from_slice(y);
            joined.extend_from_slice(x);
        }
        let mut activations = vec![E::ZERO; batch * self.hidden];
        matmul(
            Matrix::new(&joined, batch, inputs),
            Matrix::new(self.weight(), inputs, self.hidden),
            Start::Bias(self.bias()),
            Finish::Keep,
            &mut activations,
        );
        tanh(&mut activations);
        let last = self.parameters[self.parameters.len() - 1];
        let outputs: Vec<E> = activations
            .chunks_exact(self.hidden)
            .map(|h| h.iter().zip(self.head()).fold(last, |sum, (&h, &w)| sum + h * w))
            .collect();
        Pass { inputs: joined, activations, outputs: Packed::from_columns(&outputs, batch) }
    }

    /// ∂c/∂y of each row, [B·L, K].
    pub(super) fn slope(&self, pass: &Pass<E>, dims: Dims) -> Packed<E> {
        let mut slopes = Vec::with_capacity(dims.elements());
        for h in pass.activations.chunks_exact(self.hidden) {
            let back: Vec<E> =
                h.iter().zip(self.head()).map(|(&h, &w)| w * (E::ONE - h * h)).collect();
            let rows = self.weight().chunks_exact(self.hidden).take(self.width);
            slopes.extend(rows.map(|row| dot(row, &back)));
        }
        Packed::pack(&slopes, dims.categories)
    }

    /// The gradient of ĝ² for the parameters.
    pub(super) fn lesson(&self, passes: &Passes<'_, E>, dims: Dims) -> Vec<E> {
        let mut lesson = vec![E::ZERO; self.parameters.len()];
        let nothing = vec![E::ZERO; dims.elements()];
        let weights = passes.weights.to_columns();
        let (first, second) = (passes.along.0.unpack(), passes.along.1.unpack());
        let zero = vec![E::ZERO; dims.batch];
        let minus: Vec<E> = weights.iter().map(|&w| -w).collect();
        self.add(&mut lesson, passes.first, &first, E::ONE, &zero);
        self.add(&mut lesson, passes.second, &second, -E::ONE, &zero);
        self.add(&mut lesson, passes.second, &nothing, E::ONE, &minus);
        let scale = E::of(2.0);
        lesson.iter_mut().for_each(|x| *x *= scale);
        lesson
    }

    /// Adds ∂/∂φ Σ_b [value_b · c_b + sign · ċ_b], with ċ the derivative of c along `direction`.
    fn add(&self, sums: &mut [E], pass: &Pass<E>, direction: &[E], sign: E, value: &[E]) {
        let (inputs, hidden) = (self.layer().inputs, self.hidden);
        let last = sums.len() - 1;
        for (b, h) in pass.activations.chunks_exact(hidden).enumerate() {
            let x = &pass.inputs[b * inputs..][..inputs];
            let dx = &direction[b * self.width..][..self.width];
            for (j, (&h, &w)) in h.iter().zip(self.head()).enumerate() {
                let da = (0..self.width)
                    .fold(E::ZERO, |sum, k| sum + dx[k] * self.weight()[k * hidden + j]);
                let first = E::ONE - h * h;
                let second = -(h + h) * first;
                // ∂(value·c + sign·ċ)/∂a_j, and what multiplies dx in ∂/∂A.
                let through = w * (value[b] * first + sign * second * da);
                let along = sign * w * first;
                for (k, &x) in x.iter().enumerate() {
                    let dx = dx.get(k).copied().unwrap_or(E::ZERO);
                    sums[k * hidden + j] += through * x + along * dx;
                }
                sums[inputs * hidden + j] += through;
                sums[(inputs + 1) * hidden + j] += value[b] * h + sign * first * da;
            }
            sums[last] += value[b];
        }
    }

    /// One step against the lesson.
    pub(super) fn learn(&mut self, lesson: &mut [E]) {
        self.optimizer.step(&mut self.parameters, lesson);
    }
}

fn dot<E: Real>(a: &[E], b: &[E]) -> E {
    a.iter().zip(b).fold(E::ZERO, |sum, (&a, &b)| sum + a * b)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// c and its derivative along a direction, summed with weights, by finite differences.
    #[test]
    fn the_lesson_is_the_gradient() {
        let dims = Dims { batch: 3, latents: 2, categories: 2 };
        let mut network = SurrogateNetwork::<f64>::new(4, 2, 5, 0.01, &mut Noise::named(&["test"]));
        let numbers = |seed: &str, count: usize| Noise::named(&[seed]).normals(count);
        let (y, tilde) = (Packed::pack(&numbers("y", 12), 2), Packed::pack(&numbers("t", 12), 2));
        let along = (Packed::pack(&numbers("a", 12), 2), Packed::pack(&numbers("b", 12), 2));
        let weights = Packed::from_columns(&numbers("w", 3), 3);
        let context: Arc<[f64]> = numbers("x", 6).into();
        let value = |network: &SurrogateNetwork<f64>| {
            let derivative = |at: &Packed<f64>, along: &Packed<f64>| {
                let slope = network.slope(&network.pass(at, &context, dims), dims);
                slope.row_dots(along).to_columns().iter().sum::<f64>()
            };
            let c = network.pass(&tilde, &context, dims).outputs.to_columns();
            let scored: f64 = c.iter().zip(weights.to_columns()).map(|(c, w)| c * w).sum();
            2.0 * (derivative(&y, &along.0) - derivative(&tilde, &along.1) - scored)
        };
        let (first, second) =
            (network.pass(&y, &context, dims), network.pass(&tilde, &context, dims));
        let passes = Passes { first: &first, second: &second, along: &along, weights: &weights };
        let lesson = network.lesson(&passes, dims);
        for (i, &taught) in lesson.iter().enumerate() {
            let mut shifted = |step: f64| {
                network.parameters[i] += step;
                let value = value(&network);
                network.parameters[i] -= step;
                value
            };
            let slope = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
            assert!((taught - slope).abs() < 1e-7, "{i}: {taught} for {slope}");
        }
    }
}
