//! Weighted sums of scores over a set of distinct joint outcomes of each row.

mod beam;
mod enumerated;
mod orders;

use crate::Surrogate;
use crate::mechanisms::categorical::Categorical;
use crate::mechanisms::score::{Evaluated, divide, multiply_by_weights, row_sums, scores};
use crate::{Dims, Objective, Result};
use kernels::tape::Weights;
use kernels::{Noise, Packed, Real, rowwise};
use std::rc::Rc;

/// Distinct joint outcomes of each row. If a row has fewer than requested, its first fills the
/// remaining columns, with probability 0.
pub(crate) struct Subsets<E: Real> {
    dims: Dims,
    /// The categories of each outcome, [B·L, S].
    picks: Rc<Packed<E>>,
    /// The probability of each, [B, S].
    p: Packed<f64>,
    /// The probability of all others, [B, 1].
    rest: Packed<f64>,
}

/// The order of the outcomes of a row.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Order {
    /// As they were drawn.
    Drawn,
    /// Lexicographic, so that the result does not depend on the order of the draws.
    Lexicographic,
}

/// The weights of the outcomes.
pub(crate) enum Weighting {
    /// The probability that an outcome was drawn first, given the set.
    Set {
        /// Whether to subtract a baseline: weighted losses of the set.
        baseline: bool,
    },
    /// The outcome's own probability; the last also has that of all outcomes outside the set.
    Sum,
}

/// The largest number of joint outcomes of several latents that is enumerated; beyond it, a beam search
/// is used.
const MOST_ENUMERATED: usize = 1024;

impl<E: Real> Subsets<E> {
    /// Draws outcomes one after the other, each in proportion to its probability among those not yet
    /// drawn.
    pub(crate) fn without_replacement(
        categorical: &Categorical<E>,
        samples: usize,
        order: Order,
        noise: &mut Noise,
    ) -> Self {
        let dims = categorical.dims;
        let enumerates = dims.latents == 1 || dims.outcomes().is_some_and(|n| n <= MOST_ENUMERATED);
        if !enumerates {
            return beam::without_replacement(categorical, samples, order, noise);
        }
        let drawn =
            enumerated::without_replacement(&categorical.theta, dims, samples, order, noise);
        Self::enumerated(drawn, dims)
    }

    /// The most probable outcomes, with ties in lexicographic order, and finally one drawn from the rest.
    pub(crate) fn most_probable(
        categorical: &Categorical<E>,
        samples: usize,
        noise: &mut Noise,
    ) -> Self {
        let dims = categorical.dims;
        Self::enumerated(enumerated::most_probable(&categorical.theta, dims, samples, noise), dims)
    }

    fn enumerated(drawn: enumerated::Chosen, dims: Dims) -> Self {
        Self { dims, picks: Rc::new(drawn.categories(dims).cast()), p: drawn.p, rest: drawn.rest }
    }

    /// Σ_x w_x (f_x − Σ_y c_xy f_y) s_x of each row.
    pub(crate) fn surrogate(
        self,
        categorical: Categorical<E>,
        weighting: Weighting,
        objective: &dyn Objective<E>,
    ) -> Result<Surrogate<E>> {
        let dims = self.dims;
        let p = categorical.softmax(E::ONE);
        let evaluated = Evaluated::new(categorical, Rc::clone(&self.picks), objective)?;
        let f: Packed<f64> = evaluated.f.cast();
        let (weights, mut advantages) = match weighting {
            Weighting::Sum => (self.sum_weights(), f.clone()),
            Weighting::Set { baseline } => orders::weights(&self.p, &self.rest, &f, baseline),
        };
        let mut weighted = f;
        multiply_by_weights(&weights, &mut weighted);
        multiply_by_weights(&weights, &mut advantages);
        let losses = row_sums(&weighted).cast();
        let vector = scores(&p, &self.picks, advantages.cast(), dims);
        let mut shares = weights;
        divide(dims.batch as f64, &mut shares);
        evaluated.inject(Weights::Each(shares.cast()), vector, losses)
    }

    /// p_x, to which the last outcome adds the probability of the rest.
    fn sum_weights(&self) -> Packed<f64> {
        rowwise! {
            fn add_to_last(rest => p) {
                p[p.len() - 1] += rest[0];
            }
        }
        let mut weights = self.p.clone();
        add_to_last(&self.rest, &mut weights);
        weights
    }
}

/// The reason why so many distinct outcomes cannot be drawn, if there are fewer.
pub(crate) fn too_many_samples(samples: usize, dims: Dims) -> Option<String> {
    let outcomes = dims.outcomes()?;
    (samples > outcomes)
        .then(|| format!("{samples} distinct outcomes of {outcomes} cannot be drawn"))
}

#[cfg(test)]
mod tests;
