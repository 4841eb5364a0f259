//! Estimators that weigh the scores of a subset of joint outcomes.

use crate::draw::Opened;
use crate::estimator::Surrogate;
use crate::score::{Asked, row_sums, scores};
use crate::subset::{Subset, row_log_p};
use crate::{Dims, Objective, Result};
use kernels::tape::Weights;
use kernels::{Noise, Packed, Real, rows};

/// What the outcomes of a row count: weights w ([S]), and for each outcome the weights of all losses
/// in its baseline, if it has one ([S][S]).
pub(crate) struct Terms {
    pub(crate) weights: Vec<f64>,
    pub(crate) baselines: Option<Vec<Vec<f64>>>,
}

/// Σ_x w_x (f_x − Σ_y c_xy f_y) s_x over a subset of joint outcomes of each row.
pub(crate) struct SubsetScore {
    /// S, outcomes a row.
    pub(crate) outcomes: usize,
}

impl SubsetScore {
    /// The surrogate of subsets that `draw` makes of ln p ([L][K]) of a row.
    pub(crate) fn surrogate<E: Real>(
        &self,
        opened: Opened<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
        draw: impl Fn(&[Vec<f64>], &mut Noise) -> (Subset, Terms),
    ) -> Result<Surrogate<E>> {
        let dims = opened.dims;
        let (p, log_p) = (opened.softmax(E::ONE), rows::log_softmax(&opened.theta, E::ONE));
        let mut picks = Packed::zeros(dims.rows(), self.outcomes);
        let mut terms = Vec::with_capacity(dims.batch);
        for row in 0..dims.batch {
            let (subset, row_terms) = draw(&row_log_p(&log_p, row, dims), noise);
            self.write(&subset, row, dims, &mut picks);
            terms.push(row_terms);
        }
        let asked = Asked::new(opened, crate::draw::read_picks(&picks), objective)?;
        let mut advantages = Packed::zeros(dims.batch, self.outcomes);
        let mut weighted = Packed::zeros(dims.batch, self.outcomes);
        let mut weights = vec![E::ZERO; dims.batch * self.outcomes];
        for (row, terms) in terms.iter().enumerate() {
            let f: Vec<f64> = (0..self.outcomes).map(|x| asked.f.get(row, x).widen()).collect();
            for (x, &weight) in terms.weights.iter().enumerate().filter(|(_, w)| **w != 0.0) {
                let baseline = terms
                    .baselines
                    .as_ref()
                    .map_or(0.0, |all| all[x].iter().zip(&f).map(|(c, f)| c * f).sum());
                advantages.set(row, x, E::of(weight * (f[x] - baseline)));
                weighted.set(row, x, E::of(weight * f[x]));
                weights[x * dims.batch + row] = E::of(weight / dims.batch as f64);
            }
        }
        let losses = row_sums(&weighted);
        let vector = scores(&p, &picks, advantages, dims);
        asked.inject(Weights::Each(weights), vector, losses)
    }

    /// Writes a row's outcomes; where there are fewer, the first once more, with no weight.
    fn write<E: Real>(&self, subset: &Subset, row: usize, dims: Dims, picks: &mut Packed<E>) {
        for x in 0..self.outcomes {
            let outcome = subset.outcomes.get(x).unwrap_or(&subset.outcomes[0]);
            for (latent, &category) in outcome.iter().enumerate() {
                picks.set(row * dims.latents + latent, x, E::of(f64::from(category)));
            }
        }
    }
}

/// Why there cannot be so many different outcomes, if there cannot.
pub(crate) fn too_many(samples: usize, dims: Dims) -> Option<String> {
    let there = dims.outcomes()?;
    (samples > there).then(|| format!("{samples} different outcomes of {there} cannot be drawn"))
}
