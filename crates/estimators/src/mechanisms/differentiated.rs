//! Estimators that differentiate through the choice: forward, a vertex (a one-hot choice) or a point
//! inside the simplex; backward, a vector–Jacobian product of their own.

use crate::Surrogate;
use crate::mechanisms::categorical::Categorical;
use crate::mechanisms::score::row_means;
use crate::{Choice, Losses, Objective, Result};
use kernels::simd::{self, Kernel, Lanes};
use kernels::tape::{Node, Weights, choose, weigh};
use kernels::{Packed, Real, rows};
use std::rc::Rc;

/// How an estimator turns the gradient for its choice into one for the logits.
pub(crate) trait Jacobian<E: Real>: 'static {
    /// Adds to `v` the gradient for the logits of the sixteen rows of `block`, given the gradient `g`
    /// for their choice.
    fn product<V: Lanes<E>>(&self, block: usize, g: &[V], v: &mut [V]);
}

/// The Jacobian of points x = softmax(·/τ), [B·L, K]: v += J(x) g / τ.
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

/// The surrogate at the vertices `picks` ([B·L, 1]), with this Jacobian.
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

/// The surrogate at the vertices `picks` ([B·L, 1]), with any backward pass: it receives the gradient
/// of the mean loss for the vertices, and adds to the gradient for the logits (both [B·L, K]).
///
/// # Errors
/// If the objective fails.
pub fn at_vertices_with<E: Real>(
    categorical: Categorical<E>,
    picks: Rc<Packed<E>>,
    objective: &dyn Objective<E>,
    backward: impl FnOnce(&Packed<E>, &mut Packed<E>) + 'static,
) -> Result<Surrogate<E>> {
    Ok(at_several_vertices(categorical, picks, objective, backward)?.0)
}

/// As [`at_vertices_with`] for several vertices of each row, [B·L, S]: the gradient for the vertices is
/// [B·L, S·K]. Also returns the losses, [B, S].
pub(crate) fn at_several_vertices<E: Real>(
    categorical: Categorical<E>,
    picks: Rc<Packed<E>>,
    objective: &dyn Objective<E>,
    backward: impl FnOnce(&Packed<E>, &mut Packed<E>) + 'static,
) -> Result<(Surrogate<E>, Node<E>)> {
    let Categorical { dims, logits, mut tape, .. } = categorical;
    let points = rows::one_hots(&picks, dims.categories);
    let points = choose(&mut tape, &logits, points, backward);
    let losses = objective.loss(Choice::differentiated(picks, points, dims, tape))?;
    let f = losses.node.clone();
    let scalar = weigh(losses.tape, losses.node, Weights::Mean)?;
    Ok((Surrogate { scalar, losses: row_means(&f) }, f))
}

/// The surrogate at points of the simplex ([B·L, K]), with this Jacobian.
pub(crate) fn in_interior<E: Real>(
    categorical: Categorical<E>,
    points: Rc<Packed<E>>,
    objective: &dyn Objective<E>,
    jacobian: impl Jacobian<E>,
) -> Result<Surrogate<E>> {
    let Categorical { dims, logits, mut tape, .. } = categorical;
    let points = choose(&mut tape, &logits, points, move |g, v| {
        simd::run(Product { jacobian: &jacobian, g, v });
    });
    let losses = objective.loss(Choice::interior(points, dims, tape))?;
    let rows = losses.numbers().clone();
    let scalar = weigh(losses.tape, losses.node, Weights::Mean)?;
    Ok(Surrogate { scalar, losses: rows })
}

impl<E: Real> Surrogate<E> {
    /// The mean of losses of S samples of B rows, with the gradient that flows back through them: the
    /// surrogate of an estimator that differentiates through its choice.
    ///
    /// # Errors
    /// If the device is out of memory.
    pub fn of(losses: Losses<E>) -> Result<Self> {
        let (node, tape) = losses.into_node();
        let losses = row_means(&node);
        Ok(Self { scalar: weigh(tape, node, Weights::Mean)?, losses })
    }
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
