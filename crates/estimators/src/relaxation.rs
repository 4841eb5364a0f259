//! The coupled relaxations of REBAR: one that leads to the pick, and one that is drawn given it.

use crate::score::{scores, value_and_gradient};
use crate::{Dims, Objective, Result};
use kernels::{Noise, Packed, Real, rows, rowwise};

/// A pick with the noise of its two relaxations.
pub(crate) struct Relaxation<E: Real> {
    /// argmax z, [rows, 1].
    pub(crate) picks: Packed<E>,
    /// z = ln p + γ, [rows, K].
    z: Packed<E>,
    /// z̃ given the pick, [rows, K].
    conditional: Packed<E>,
    /// ∂z̃_k/∂ln p_k, [rows, K].
    slopes: Packed<E>,
}

impl<E: Real> Relaxation<E> {
    /// The relaxation of z = ln p + γ.
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

    /// (1/B) [∇_θ f(y) − ∇_θ f(ỹ) − f(ỹ) s]: what is added η times to the score function.
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

    /// (1/B) [∇_θ c(y) − ∇_θ c(ỹ)] of gradients g and g̃ at the two points.
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

    /// What a change u of the logits changes of y and ỹ: (J(y) u/τ, J(ỹ) (r ⊙ (u − ⟨p, u⟩))/τ).
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
    /// Exponential numbers e become z̃: −ln e_D for the pick, −ln(e_k/p_k + e_D) for the others.
    fn condition(p, pick => z, slopes) {
        let mut chosen = V::zero();
        for k in 0..p.len() {
            chosen += rows::one_hot(pick[0], k) * z[k];
        }
        for k in 0..p.len() {
            let is_pick = pick[0].equal(V::splat(E::of(k as f64)));
            // Infinite where p is 0: such a category is never near.
            let arrival = z[k] / p[k];
            let other = -(arrival + chosen).ln();
            // ∂z̃/∂ln p = (e/p)/(e/p + e_D)
            let slope = V::splat(E::ONE) / (V::splat(E::ONE) + chosen / arrival);
            slopes[k] = V::select(is_pick, V::zero(), slope);
            z[k] = V::select(is_pick, -chosen.ln(), other);
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
