//! Estimators that differentiate through the choice: a vertex or a point of the simplex forward, a
//! vector–Jacobian product of their own backward.

use crate::Surrogate;
use crate::mechanisms::categorical::Categorical;
use crate::mechanisms::score::row_means;
use crate::{Choice, Objective, Result};
use kernels::simd::{self, Kernel, Lanes};
use kernels::tape::{Node, Weights, choose, weigh};
use kernels::{Packed, Real, rows};
use std::rc::Rc;

/// What an estimator makes of the gradient that came back to its choice.
pub(crate) trait Jacobian<E: Real>: 'static {
    /// Adds to `v` the gradient for the logits of sixteen rows (those of `block`), given the
    /// gradient `g` for their choice.
    fn product<V: Lanes<E>>(&self, block: usize, g: &[V], v: &mut [V]);
}

/// The Jacobian of a relaxed choice: v += J(x) g / τ of points x = softmax(·/τ), [B·L, K].
pub(crate) struct SoftmaxJacobian<E: Real> {
    pub(crate) points: Rc<Packed<E>>,
    pub(crate) temperature: E,
}

impl<E: Real> Jacobian<E> for SoftmaxJacobian<E> {
    #[inline(always)]
    fn product<V: Lanes<E>>(&self, block: usize, g: &[V], v: &mut [V]) {
        let scale = V::splat(E::ONE / self.temperature);
        rows::add_jacobian_product(self.points.block(block), g, scale, v);
    }
}

/// The vertices that `picks` ([B·L, 1]) names, with that Jacobian.
pub(crate) fn at_vertices<E: Real>(
    categorical: Categorical<E>,
    picks: Rc<Packed<E>>,
    objective: &dyn Objective<E>,
    jacobian: impl Jacobian<E>,
) -> Result<Surrogate<E>> {
    at_vertices_with(categorical, picks, objective, move |g, v| {
        simd::run(Product { jacobian: &jacobian, g, v });
    })
}

/// The vertices that `picks` ([B·L, 1]) names, with a backward pass of any kind: it is handed the
/// gradient of the mean of losses, and adds to the gradient for the logits ([B·L, K] both).
pub(crate) fn at_vertices_with<E: Real>(
    categorical: Categorical<E>,
    picks: Rc<Packed<E>>,
    objective: &dyn Objective<E>,
    backward: impl FnOnce(&Packed<E>, &mut Packed<E>) + 'static,
) -> Result<Surrogate<E>> {
    Ok(at_several_vertices(categorical, picks, objective, backward)?.0)
}

/// Several vertices a row, [B·L, S], as [`at_vertices_from`]: the gradient that is handed over is
/// [B·L, S·K]. Returns the losses, [B, S], beside the surrogate.
pub(crate) fn at_several_vertices<E: Real>(
    categorical: Categorical<E>,
    picks: Rc<Packed<E>>,
    objective: &dyn Objective<E>,
    backward: impl FnOnce(&Packed<E>, &mut Packed<E>) + 'static,
) -> Result<(Surrogate<E>, Node<E>)> {
    let Categorical { dims, theta, mut tape } = categorical;
    let points = rows::one_hots(&picks, dims.categories);
    let points = choose(&mut tape, &theta, points, backward);
    let losses = objective.loss(Choice::differentiated(picks, points, dims, tape))?;
    let f = losses.node.clone();
    let scalar = weigh(losses.tape, losses.node, Weights::Mean)?;
    Ok((Surrogate { scalar, losses: row_means(&f) }, f))
}

/// Points of the simplex ([B·L, K]), with that Jacobian.
pub(crate) fn in_interior<E: Real>(
    categorical: Categorical<E>,
    points: Rc<Packed<E>>,
    objective: &dyn Objective<E>,
    jacobian: impl Jacobian<E>,
) -> Result<Surrogate<E>> {
    let Categorical { dims, theta, mut tape } = categorical;
    let points = choose(&mut tape, &theta, points, move |g, v| {
        simd::run(Product { jacobian: &jacobian, g, v });
    });
    let losses = objective.loss(Choice::interior(points, dims, tape))?;
    let rows = losses.numbers().clone();
    let scalar = weigh(losses.tape, losses.node, Weights::Mean)?;
    Ok(Surrogate { scalar, losses: rows })
}

struct Product<'a, E: Real, J> {
    jacobian: &'a J,
    g: &'a Packed<E>,
    v: &'a mut Packed<E>,
}

impl<E: Real, J: Jacobian<E>> Kernel<E> for Product<'_, E, J> {
    type Output = ();
    #[inline(always)]
    fn run<V: Lanes<E>>(self) {
        for (block, (g, v)) in self.g.blocks::<V>().zip(self.v.blocks_mut()).enumerate() {
            self.jacobian.product(block, g, v);
        }
    }
}
