//! The network that replaces the loss, with the derivatives that its training needs.

use crate::Dims;
use kernels::product::{Finish, Matrix, Start, Sums, inner_product, product, sum_rows};
use kernels::{Activation, Adam, AdamConstants, Dense, Noise, Packed, Real, rowwise};

/// c(y, x) = w·tanh(A y + C x + b) + d, for rows of relaxed samples y (L·K numbers) and of context x.
pub(super) struct SurrogateNetwork<E> {
    /// L·K, the numbers of y.
    width: usize,
    layer: Dense,
    /// [A, C] ([hidden, width + context]), then b, w and d.
    parameters: Vec<E>,
    adam: Adam<E>,
    learning_rate: f64,
}

/// A pass over a batch.
pub(super) struct Pass<E: Real> {
    /// [y, x], [B, width + context].
    inputs: Packed<E>,
    /// h = tanh(a), [B, hidden].
    activations: Packed<E>,
    /// c, [B, 1].
    pub(super) outputs: Packed<E>,
}

/// The two passes of an estimate, and how they enter its squared norm.
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
    /// A network for inputs of these widths, y and x.
    pub(super) fn new(
        (width, context): (usize, usize),
        hidden: usize,
        learning_rate: f64,
        noise: &mut Noise,
    ) -> Self {
        let layer = Dense { inputs: width + context, outputs: hidden };
        let mut uniform = |count: usize, fan_in: usize| {
            let bound = 1.0 / (fan_in as f64).sqrt();
            (0..count).map(|_| E::of(bound * (2.0 * noise.uniform() - 1.0))).collect::<Vec<E>>()
        };
        let mut parameters = uniform(layer.weights() + hidden, layer.inputs);
        parameters.extend(uniform(hidden + 1, hidden));
        let adam = Adam::new(parameters.len(), AdamConstants::default());
        Self { width, layer, parameters, adam, learning_rate }
    }

    fn weight(&self) -> &[E] {
        &self.parameters[..self.layer.weights()]
    }

    /// A, [hidden, width].
    fn of_picks(&self) -> Matrix<'_, E> {
        let Dense { inputs, outputs } = self.layer;
        Matrix::new(self.weight(), outputs, inputs).first_columns(self.width)
    }

    fn bias(&self) -> &[E] {
        &self.parameters[self.layer.weights()..][..self.layer.outputs]
    }

    fn head(&self) -> &[E] {
        &self.parameters[self.layer.weights() + self.layer.outputs..][..self.layer.outputs]
    }

    /// w, repeated for this many rows.
    fn heads(&self, rows: usize) -> Packed<E> {
        Packed::pack(&self.head().repeat(rows), self.layer.outputs)
    }

    /// c of each row, for relaxed samples [B·L, K] and context [B, _].
    pub(super) fn pass(&self, y: &Packed<E>, context: &Packed<E>) -> Pass<E> {
        let inputs = y.clone().reshape(self.width).concat_columns(context);
        let identity = Activation::Identity;
        let mut activations = self.layer.forward(&inputs, self.weight(), self.bias(), identity);
        activations.tanh();
        let head = Matrix::new(self.head(), self.layer.outputs, 1);
        let last = &self.parameters[self.parameters.len() - 1..];
        let outputs = product(&activations, head, Start::Bias(last), Finish::Keep);
        Pass { inputs, activations, outputs }
    }

    /// ∂c/∂y of each row, [B·L, K].
    pub(super) fn slope(&self, pass: &Pass<E>, dims: Dims) -> Packed<E> {
        rowwise! {
            /// w (1 − h²)
            fn back_through(h => w) {
                for j in 0..h.len() {
                    w[j] = w[j] * (V::splat(E::ONE) - h[j] * h[j]);
                }
            }
        }
        let mut back = self.heads(dims.batch);
        back_through(&pass.activations, &mut back);
        let slopes = product(&back, self.of_picks(), Start::Zero, Finish::Keep);
        slopes.reshape(dims.categories)
    }

    /// The gradient of ĝ² for the parameters.
    pub(super) fn squared_norm_gradient(&self, passes: &Passes<'_, E>, dims: Dims) -> Vec<E> {
        let mut gradient = vec![E::ZERO; self.parameters.len()];
        let nothing = Packed::zeros(dims.batch, 1);
        let mut minus = nothing.clone();
        minus.subtract(passes.weights);
        let along = |direction: &Packed<E>| direction.clone().reshape(self.width);
        self.add(&mut gradient, passes.first, &along(&passes.along.0), E::ONE, &nothing);
        self.add(&mut gradient, passes.second, &along(&passes.along.1), -E::ONE, &minus);
        let scale = E::of(2.0);
        gradient.iter_mut().for_each(|x| *x *= scale);
        gradient
    }

    /// Adds ∂/∂φ Σ_b [value_b · c_b + sign · ċ_b], with ċ the derivative of c along `direction`
    /// ([B, width]).
    fn add(
        &self,
        sums: &mut [E],
        pass: &Pass<E>,
        direction: &Packed<E>,
        sign: E,
        value: &Packed<E>,
    ) {
        rowwise! {
            /// The factors of the inputs and of their direction in the derivative for A and C, and
            /// the derivative for w.
            fn slopes(h, da, w, value; sign => through, along, head) {
                for j in 0..h.len() {
                    let first = V::splat(E::ONE) - h[j] * h[j];
                    let second = -(h[j] + h[j]) * first;
                    through[j] = w[j] * (value[0] * first + sign * second * da[j]);
                    along[j] = sign * w[j] * first;
                    head[j] = value[0] * h[j] + sign * first * da[j];
                }
            }
        }
        let h = &pass.activations;
        let (batch, hidden) = (h.rows(), h.columns());
        let da = product(direction, self.of_picks().transposed(), Start::Zero, Finish::Keep);
        let [mut through, mut along, mut head] = [0; 3].map(|_| Packed::scratch(batch, hidden));
        let w = self.heads(batch);
        slopes(h, &da, &w, value, sign, &mut through, &mut along, &mut head);
        let (weight, rest) = sums.split_at_mut(self.layer.weights());
        let (of_bias, rest) = rest.split_at_mut(hidden);
        let (of_head, last) = rest.split_at_mut(hidden);
        inner_product(&pass.inputs.transposed(), &through, Sums::Add(weight));
        let context = Packed::zeros(batch, self.layer.inputs - self.width);
        let steps = direction.concat_columns(&context).transposed();
        inner_product(&steps, &along, Sums::Add(weight));
        sum_rows(&through, Sums::Add(of_bias));
        sum_rows(&head, Sums::Add(of_head));
        sum_rows(value, Sums::Add(last));
    }

    /// One step of the optimizer against a gradient.
    pub(super) fn step(&mut self, gradient: &[E]) {
        self.adam.step(self.learning_rate, &mut self.parameters, gradient);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// c and its derivative along a direction, summed with weights, by finite differences.
    #[test]
    fn the_gradient_agrees_with_finite_differences() {
        let dims = Dims { batch: 3, latents: 2, categories: 2 };
        let mut network =
            SurrogateNetwork::<f64>::new((4, 2), 5, 0.01, &mut Noise::named(&["test"]));
        let numbers = |seed: &str, count: usize| Noise::named(&[seed]).normals(count);
        let (y, tilde) = (Packed::pack(&numbers("y", 12), 2), Packed::pack(&numbers("t", 12), 2));
        let along = (Packed::pack(&numbers("a", 12), 2), Packed::pack(&numbers("b", 12), 2));
        let weights = Packed::from_columns(&numbers("w", 3), 3);
        let context = Packed::pack(&numbers("x", 6), 2);
        let value = |network: &SurrogateNetwork<f64>| {
            let derivative = |at: &Packed<f64>, along: &Packed<f64>| {
                let slope = network.slope(&network.pass(at, &context), dims);
                slope.row_dots(along).to_columns().iter().sum::<f64>()
            };
            let c = network.pass(&tilde, &context).outputs.to_columns();
            let scored: f64 = c.iter().zip(weights.to_columns()).map(|(c, w)| c * w).sum();
            2.0 * (derivative(&y, &along.0) - derivative(&tilde, &along.1) - scored)
        };
        let (first, second) = (network.pass(&y, &context), network.pass(&tilde, &context));
        let passes = Passes { first: &first, second: &second, along: &along, weights: &weights };
        let gradient = network.squared_norm_gradient(&passes, dims);
        for (i, &given) in gradient.iter().enumerate() {
            let mut shifted = |step: f64| {
                network.parameters[i] += step;
                let value = value(&network);
                network.parameters[i] -= step;
                value
            };
            let slope = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
            assert!((given - slope).abs() < 1e-7, "{i}: {given} for {slope}");
        }
    }
}
