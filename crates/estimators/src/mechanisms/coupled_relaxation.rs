//! The coupled relaxations of REBAR: one whose argmax is the sample, and one drawn given the sample.

use crate::mechanisms::score::{scores, value_and_gradient};
use crate::{Dims, Objective, Result};
use kernels::{Noise, Packed, Real, rows, rowwise};

/// A sample with its two relaxations.
pub(crate) struct Relaxation<E: Real> {
    /// argmax z, [rows, 1].
    pub(crate) picks: Packed<E>,
    /// z = ln p + γ, [rows, K].
    z: Packed<E>,
    /// z̃ given the sample, [rows, K].
    conditional: Packed<E>,
    /// ∂z̃_k/∂ln p_k, [rows, K].
    slopes: Packed<E>,
}

impl<E: Real> Relaxation<E> {
    /// Draws z̃ for z = ln p + γ.
    pub(crate) fn draw(p: &Packed<E>, z: Packed<E>, noise: &mut Noise) -> Self {
        let picks = rows::argmax(&z);
        let mut conditional = noise.exponentials(p.rows(), p.columns());
        let mut slopes = Packed::zeros(p.rows(), p.columns());
        condition(p, &picks, &mut conditional, &mut slopes);
        Self { picks, z, conditional, slopes }
    }

    /// softmax(z/τ) and softmax(z̃/τ).
    pub(crate) fn points(&self, temperature: E) -> (Packed<E>, Packed<E>) {
        (rows::softmax(&self.z, temperature), rows::softmax(&self.conditional, temperature))
    }

    /// (1/B) [∇_θ f(y) − ∇_θ f(ỹ) − f(ỹ) s]: the control variate, which η multiplies.
    pub(crate) fn control(
        &self,
        p: &Packed<E>,
        temperature: E,
        objective: &dyn Objective<E>,
        dims: Dims,
    ) -> Result<Packed<E>> {
        let (y, conditional) = self.points(temperature);
        let (_, g) = value_and_gradient(objective, &y, dims)?;
        let (f, conditional_g) = value_and_gradient(objective, &conditional, dims)?;
        let mut v = self.difference(p, &y, &g, &conditional, &conditional_g, temperature, dims);
        let mut score = scores(p, &self.picks, f, dims);
        subtract(&mut score, &mut v);
        Ok(v)
    }

    /// (1/B) [∇_θ c(y) − ∇_θ c(ỹ)], from the gradients of c at the two points.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn difference(
        &self,
        p: &Packed<E>,
        y: &Packed<E>,
        g: &Packed<E>,
        conditional: &Packed<E>,
        conditional_g: &Packed<E>,
        temperature: E,
        dims: Dims,
    ) -> Packed<E> {
        let scale = E::ONE / (temperature * E::of(dims.batch as f64));
        let mut v = Packed::zeros(p.rows(), p.columns());
        through_relaxation(y, g, scale, &mut v);
        let mut h = Packed::zeros(p.rows(), p.columns());
        through_relaxation(conditional, conditional_g, scale, &mut h);
        subtract_conditional(p, &h, &self.slopes, &mut v);
        v
    }

    /// The changes of y and ỹ when the logits move by u: (J(y) u/τ, J(ỹ) (r ⊙ (u − ⟨p, u⟩))/τ).
    pub(crate) fn push_forward(
        &self,
        p: &Packed<E>,
        u: &Packed<E>,
        temperature: E,
    ) -> (Packed<E>, Packed<E>) {
        let (y, conditional) = self.points(temperature);
        let inverse = E::ONE / temperature;
        let mut dy = Packed::zeros(p.rows(), p.columns());
        through_relaxation(&y, u, inverse, &mut dy);
        let mut dz = Packed::zeros(p.rows(), p.columns());
        conditional_direction(p, u, &self.slopes, &mut dz);
        let mut d_conditional = Packed::zeros(p.rows(), p.columns());
        through_relaxation(&conditional, &dz, inverse, &mut d_conditional);
        (dy, d_conditional)
    }
}

rowwise! {
    /// Turns exponential numbers e into z̃: −ln e_D for the sample, −ln(e_k/p_k + e_D) for the others.
    fn condition(p, pick => z, slopes) {
        let mut chosen = V::zero();
        for k in 0..p.len() {
            chosen += rows::one_hot(pick[0], k) * z[k];
        }
        for k in 0..p.len() {
            let is_sample = pick[0].equal(V::splat(E::of(k as f64)));
            // Infinite where p is 0, so that z̃ is −∞.
            let arrival = z[k] / p[k];
            let other = -(arrival + chosen).ln();
            // ∂z̃/∂ln p = (e/p)/(e/p + e_D)
            let slope = V::splat(E::ONE) / (V::splat(E::ONE) + chosen / arrival);
            slopes[k] = V::select(is_sample, V::zero(), slope);
            z[k] = V::select(is_sample, -chosen.ln(), other);
        }
    }
}

rowwise! {
    /// v += scale · J(y) g
    fn through_relaxation(y, g; scale => v) {
        rows::add_jacobian_product(y, g, scale, v);
    }
}

rowwise! {
    /// v_k −= h_k r_k − p_k Σ_j h_j r_j
    fn subtract_conditional(p, h, slopes => v) {
        let total = rows::dot(h, slopes);
        for k in 0..p.len() {
            v[k] = v[k] - (h[k] * slopes[k] - p[k] * total);
        }
    }
}

rowwise! {
    /// r_k (u_k − ⟨p, u⟩)
    fn conditional_direction(p, u, slopes => dz) {
        let mean = rows::dot(p, u);
        for k in 0..p.len() {
            dz[k] = slopes[k] * (u[k] - mean);
        }
    }
}

rowwise! {
    fn subtract(=> from, v) {
        for k in 0..v.len() {
            v[k] = v[k] - from[k];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: [f64; 4] = [0.1, 0.4, 0.3, 0.2];

    /// Relaxations of many rows with the same probabilities.
    fn relaxed(rows: usize) -> (Packed<f64>, Relaxation<f64>) {
        let p = Packed::pack(&P.repeat(rows), 4);
        let noise = &mut Noise::named(&["relaxation"]);
        let z = crate::mechanisms::categorical::perturb(&p.ln(), noise);
        let relaxation = Relaxation::draw(&p, z, noise);
        (p, relaxation)
    }

    #[test]
    fn the_argmax_of_both_relaxations_is_the_sample() {
        let (_, relaxation) = relaxed(200);
        for temperature in [0.1, 1.0] {
            let (y, conditional) = relaxation.points(temperature);
            for points in [y, conditional] {
                assert_eq!(rows::argmax(&points).to_columns(), relaxation.picks.to_columns());
            }
        }
    }

    /// Over all samples, z̃ has the distribution of z: mean ln p + 0.5772, variance π²/6.
    #[test]
    fn the_conditional_is_distributed_as_the_unconditional() {
        const ROWS: usize = 40_000;
        let (_, relaxation) = relaxed(ROWS);
        for z in [&relaxation.z, &relaxation.conditional] {
            for (k, p) in P.iter().enumerate() {
                let column = || (0..ROWS).map(|row| z.get(row, k));
                let mean = column().sum::<f64>() / ROWS as f64;
                let square = column().map(|x| (x - mean) * (x - mean)).sum::<f64>() / ROWS as f64;
                assert!((mean - p.ln() - 0.577_216).abs() < 0.033, "{k}: {mean}");
                assert!((square - 1.644_934).abs() < 0.09, "{k}: {square}");
            }
        }
    }

    #[test]
    fn slopes_are_those_of_the_conditional() {
        let (p, relaxation) = relaxed(3);
        let e = Noise::named(&["slopes"]).exponentials::<f64>(3, 4);
        let at = |step: f64, k: usize| {
            let mut moved = p.clone();
            (0..3).for_each(|row| moved.set(row, k, P[k] * step.exp()));
            let (mut z, mut slopes) = (e.clone(), Packed::zeros(3, 4));
            condition(&moved, &relaxation.picks, &mut z, &mut slopes);
            (z, slopes)
        };
        for k in 0..4 {
            let ((above, slopes), (below, _)) = (at(1e-5, k), at(-1e-5, k));
            for row in 0..3 {
                let slope = (above.get(row, k) - below.get(row, k)) / 2e-5;
                assert!((slope - slopes.get(row, k)).abs() < 1e-4, "{row}, {k}: {slope}");
            }
        }
    }

    /// ⟨u, Jᵀg⟩ = ⟨J u, g⟩ for the two points together.
    #[test]
    fn directions_and_gradients_are_adjoint() {
        let (p, relaxation) = relaxed(5);
        let dims = Dims { batch: 5, latents: 1, categories: 4 };
        let numbers = |name: &str| Packed::pack(&Noise::named(&[name]).normals(20), 4);
        let (u, g, h) = (numbers("u"), numbers("g"), numbers("h"));
        let (y, conditional) = relaxation.points(0.7);
        let v = relaxation.difference(&p, &y, &g, &conditional, &h, 0.7, dims);
        let (dy, dc) = relaxation.push_forward(&p, &u, 0.7);
        let dot = |a: &Packed<f64>, b: &Packed<f64>| a.row_dots(b).to_columns();
        for row in 0..5 {
            let (there, back) = (dot(&dy, &g)[row] - dot(&dc, &h)[row], 5.0 * dot(&u, &v)[row]);
            assert!((there - back).abs() < 1e-12, "{there} {back}");
        }
    }
}
