//! Enumeration of the joint outcomes of all latents.

use crate::Dims;
use kernels::{Packed, Real};

/// The largest number of joint outcomes that is enumerated.
pub(crate) const MOST_OUTCOMES: usize = 65_536;

/// The reason why joint outcomes cannot be enumerated, if there are too many.
pub(crate) fn too_many_outcomes(dims: Dims) -> Option<String> {
    let Dims { latents, categories, .. } = dims;
    let few = dims.outcomes().is_some_and(|outcomes| outcomes <= MOST_OUTCOMES);
    (!few).then(|| {
        format!("{latents} latents of {categories} categories have more than {MOST_OUTCOMES} joint outcomes")
    })
}

/// The first `count` joint outcomes, [B·L, count], in lexicographic order: the first latent is the
/// slowest digit.
pub(crate) fn lexicographic<E: Real>(dims: Dims, count: usize) -> Packed<E> {
    let Dims { latents, categories, .. } = dims;
    // If the period overflows, the digit is always 0.
    let digit = |outcome: usize, latent: usize| {
        let period = categories.checked_pow((latents - 1 - latent) as u32);
        period.map_or(0, |period| outcome / period % categories)
    };
    let columns: Vec<E> = (0..count)
        .flat_map(|outcome| (0..dims.rows()).map(move |row| (outcome, row % latents)))
        .map(|(outcome, latent)| E::of(digit(outcome, latent) as f64))
        .collect();
    Packed::from_columns(&columns, dims.rows())
}

/// Π_n p_n(z_n) of each joint outcome, [B, S].
pub(crate) fn outcome_probabilities<E: Real>(
    p: &Packed<E>,
    picks: &Packed<E>,
    dims: Dims,
) -> Packed<E> {
    let mut columns = vec![E::ONE; dims.batch * picks.columns()];
    for (outcome, column) in columns.chunks_exact_mut(dims.batch).enumerate() {
        for (row, w) in column.iter_mut().enumerate() {
            for latent in row * dims.latents..(row + 1) * dims.latents {
                *w *= p.get(latent, picks.get(latent, outcome).widen() as usize);
            }
        }
    }
    Packed::from_columns(&columns, dims.batch)
}
