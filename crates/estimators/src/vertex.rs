//! Estimators that differentiate through the choice: a vertex or a point of the simplex forward, a
//! vector–Jacobian product of their own backward.

use crate::choice::one_hot;
use crate::draw::{Opened, read_picks};
use crate::estimator::Surrogate;
use crate::score::row_means;
use crate::{Choice, Dims, Objective, Result};
use kernels::simd::{self, Lanes, Task};
use kernels::tape::{Weights, choose, values, weigh};
use kernels::{Packed, Real, rows};
use std::rc::Rc;

/// What an estimator makes of the gradient that came back to its choice.
pub(crate) trait Jacobian<E: Real>: 'static {
    /// Adds to `v` the gradient for the logits of sixteen rows (those of `block`), given the
    /// gradient `g` for their choice.
    fn product<V: Lanes<E>>(&self, block: usize, g: &[V], v: &mut [V]);
}

/// The Jacobian of a relaxed choice: v += J(x) g / τ of points x = softmax(·/τ), [B·L, K].
pub(crate) struct Relaxed<E: Real> {
    pub(crate) points: Packed<E>,
    pub(crate) temperature: E,
}

impl<E: Real> Jacobian<E> for Relaxed<E> {
    #[inline(always)]
    fn product<V: Lanes<E>>(&self, block: usize, g: &[V], v: &mut [V]) {
        let scale = V::splat(E::ONE / self.temperature);
        rows::add_jacobian_product(self.points.block(block), g, scale, v);
    }
}

/// The vertices that `picks` ([B·L, 1]) names, with that Jacobian.
pub(crate) fn at_vertices<E: Real>(
    opened: Opened<E>,
    picks: &Packed<E>,
    objective: &dyn Objective<E>,
    jacobian: impl Jacobian<E>,
) -> Result<Surrogate<E>> {
    at_vertices_from(opened, picks, objective, move |g, v| {
        simd::run(Product { jacobian: &jacobian, g, v });
    })
}

/// The vertices that `picks` ([B·L, 1]) names, with a backward pass of any kind: it is handed the
/// gradient of the mean of losses, and adds to the gradient for the logits ([B·L, K] both).
pub(crate) fn at_vertices_from<E: Real>(
    opened: Opened<E>,
    picks: &Packed<E>,
    objective: &dyn Objective<E>,
    backward: impl FnOnce(&Packed<E>, &mut Packed<E>) + 'static,
) -> Result<Surrogate<E>> {
    let picks = read_picks(picks);
    Ok(at_all_vertices(opened, picks, objective, backward)?.0)
}

/// Several vertices a row, [S, B, L], as [`at_vertices_from`]: the gradient that is handed over is
/// [B·L, S·K]. Returns the losses, [B, S], beside the surrogate.
pub(crate) fn at_all_vertices<E: Real>(
    opened: Opened<E>,
    picks: Rc<[u32]>,
    objective: &dyn Objective<E>,
    backward: impl FnOnce(&Packed<E>, &mut Packed<E>) + 'static,
) -> Result<(Surrogate<E>, Packed<E>)> {
    let (logits, dims) = opened.close();
    let samples = picks.len() / dims.rows();
    let points = one_hot(&picks, dims.categories);
    let points = choose(logits, points, shape(samples, dims), move |gradient, sums| {
        let mut v = Packed::zeros(dims.rows(), dims.categories);
        backward(&side_by_side(gradient, samples, dims), &mut v);
        v.add_to(sums);
    })?;
    let losses = objective.loss(Choice::differentiated(picks, points, dims))?;
    let f = Packed::from_columns(&values(&losses), dims.batch);
    Ok((Surrogate { scalar: weigh(losses, Weights::Mean)?, losses: row_means(&f) }, f))
}

/// [S, B·L, K] as [B·L, S·K].
fn side_by_side<E: Real>(gradient: &[E], samples: usize, dims: Dims) -> Packed<E> {
    if samples == 1 {
        return Packed::pack(gradient, dims.categories);
    }
    let mut rows = Vec::with_capacity(gradient.len());
    for row in 0..dims.rows() {
        for sample in 0..samples {
            let start = (sample * dims.rows() + row) * dims.categories;
            rows.extend_from_slice(&gradient[start..start + dims.categories]);
        }
    }
    Packed::pack(&rows, samples * dims.categories)
}

/// Points of the simplex ([B·L, K]), with that Jacobian.
pub(crate) fn in_interior<E: Real>(
    opened: Opened<E>,
    points: &Packed<E>,
    objective: &dyn Objective<E>,
    jacobian: impl Jacobian<E>,
) -> Result<Surrogate<E>> {
    let (logits, dims) = opened.close();
    let points = choose(logits, points.unpack(), shape(1, dims), move |gradient, sums| {
        let mut v = Packed::zeros(dims.rows(), dims.categories);
        let g = Packed::pack(gradient, dims.categories);
        simd::run(Product { jacobian: &jacobian, g: &g, v: &mut v });
        v.add_to(sums);
    })?;
    let losses = objective.loss(Choice::interior(points, dims))?;
    let rows = values(&losses);
    Ok(Surrogate { scalar: weigh(losses, Weights::Mean)?, losses: rows })
}

fn shape(samples: usize, dims: Dims) -> (usize, usize, usize, usize) {
    (samples, dims.batch, dims.latents, dims.categories)
}

struct Product<'a, E: Real, J> {
    jacobian: &'a J,
    g: &'a Packed<E>,
    v: &'a mut Packed<E>,
}

impl<E: Real, J: Jacobian<E>> Task<E> for Product<'_, E, J> {
    type Output = ();
    #[inline(always)]
    fn run<V: Lanes<E>>(self) {
        for (block, (g, v)) in self.g.blocks::<V>().zip(self.v.blocks_mut()).enumerate() {
            self.jacobian.product(block, g, v);
        }
    }
}
