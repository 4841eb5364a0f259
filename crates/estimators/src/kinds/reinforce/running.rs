//! Running moments of losses.

use super::baseline::{BaselineRule, BaselineValues};
use crate::mechanisms::categorical::Categorical;
use crate::{Objective, Result};
use kernels::tape::Node;
use kernels::{Noise, Packed, Real, rowwise};

/// b ← ρ b + (1 − ρ) f, from 0.
pub(super) struct RunningMean {
    decay: f64,
    mean: f64,
    /// The mean after the last losses.
    next: f64,
}

impl RunningMean {
    pub(super) fn new(decay: f64) -> Self {
        Self { decay, mean: 0.0, next: 0.0 }
    }
}

impl<E: Real> BaselineRule<E> for RunningMean {
    fn values(
        &mut self,
        categorical: &Categorical<E>,
        _: &dyn Objective<E>,
        _: &Noise,
    ) -> Result<BaselineValues<E>> {
        Ok(BaselineValues::rows(Packed::filled(categorical.dims.batch, 1, E::of(self.mean))))
    }

    fn observe(&mut self, losses: &Node<E>) {
        let mean = finite_mean(losses).unwrap_or(self.mean);
        self.next = self.decay * self.mean + (1.0 - self.decay) * mean;
    }

    fn advance(&mut self) -> Result<()> {
        self.mean = self.next;
        Ok(())
    }
}

/// The mean of the finite numbers of a column, if there are any.
fn finite_mean<E: Real>(column: &Packed<E>) -> Option<f64> {
    let total = column.total();
    if total.is_finite() {
        return Some(total / column.rows() as f64);
    }
    let finite = finite(column);
    (!finite.is_empty()).then(|| finite.iter().sum::<f64>() / finite.len() as f64)
}

/// The finite numbers of a column.
fn finite<E: Real>(column: &Packed<E>) -> Vec<f64> {
    let numbers = column.to_columns().into_iter().map(Real::widen);
    numbers.filter(|x| x.is_finite()).collect()
}

/// The running standard deviation of advantages.
pub(super) struct RunningDeviation {
    decay: f64,
    /// Of earlier advantages, if there were any.
    moments: Option<Moments>,
    /// After the last advantages.
    next: Option<Moments>,
}

#[derive(Clone, Copy)]
struct Moments {
    mean: f64,
    variance: f64,
}

impl RunningDeviation {
    pub(super) fn new(decay: f64) -> Self {
        Self { decay, moments: None, next: None }
    }

    /// Divides by max(1, σ), where σ is that of earlier advantages.
    pub(super) fn apply<E: Real>(&mut self, advantages: &mut Packed<E>) {
        rowwise! {
            fn multiply(; factor => a) {
                a[0] = a[0] * factor;
            }
        }
        self.next = self.after(&finite(advantages));
        let sigma = self.moments.map_or(0.0, |moments| moments.variance.sqrt());
        multiply(E::of(1.0 / sigma.max(1.0)), advantages);
    }

    /// The moments of the mixture of earlier advantages, of weight ρ, and these.
    fn after(&self, a: &[f64]) -> Option<Moments> {
        if a.is_empty() {
            return self.moments;
        }
        let count = a.len() as f64;
        let mean = a.iter().sum::<f64>() / count;
        let variance = a.iter().map(|a| (a - mean) * (a - mean)).sum::<f64>() / count;
        let earlier = self.moments.unwrap_or(Moments { mean, variance: 0.0 });
        let (rho, off) = (self.decay, mean - earlier.mean);
        let next = Moments {
            mean: rho * earlier.mean + (1.0 - rho) * mean,
            variance: rho * earlier.variance + (1.0 - rho) * (variance + rho * off * off),
        };
        // Squares of huge advantages overflow.
        if next.variance.is_finite() { Some(next) } else { self.moments }
    }

    pub(super) fn advance(&mut self) {
        self.moments = self.next;
    }
}
