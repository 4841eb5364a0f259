//! Losses that only the laws use.

use crate::Real;
use crate::objectives::RowLoss;

pub(super) const VALUES: [f64; 8] = [1.5, -0.5, 2.0, 0.25, 3.0, 1.0, 0.5, -2.0];

/// A loss that is linear in the choice, with the parameters as weights.
#[derive(Clone)]
pub(super) struct Linear;

impl RowLoss<f64> for Linear {
    fn loss(&self, _: usize, z: &[f64], a: &[f64], dz: &mut [f64], da: &mut [f64]) -> f64 {
        dz.iter_mut().zip(a).for_each(|(dz, a)| *dz += a);
        da.iter_mut().zip(z).for_each(|(da, z)| *da += z);
        z.iter().zip(a).map(|(z, a)| z * a).sum()
    }
}

/// A loss of multiples of 1/8 and a large constant, which f32 represents at vertices.
#[derive(Clone)]
pub(super) struct Shifted(pub(super) f64);

impl<E: Real> RowLoss<E> for Shifted {
    fn loss(&self, row: usize, z: &[E], _: &[E], dz: &mut [E], _: &mut [E]) -> E {
        let weight = |i: usize| E::of(((i * 5 + row * 3) % 13) as f64 * 0.125 - 0.5);
        dz.iter_mut().enumerate().for_each(|(i, dz)| *dz += weight(i));
        z.iter().enumerate().fold(E::ZERO, |sum, (i, &z)| sum + weight(i) * z) + E::of(self.0)
    }
}

/// A loss that is NaN at one category of the first latent.
#[derive(Clone)]
pub(super) struct Forbidden(pub(super) usize);

impl RowLoss<f64> for Forbidden {
    fn loss(&self, _: usize, z: &[f64], _: &[f64], _: &mut [f64], _: &mut [f64]) -> f64 {
        if z[self.0] == 1.0 {
            f64::NAN
        } else {
            z.iter().enumerate().map(|(i, z)| i as f64 * z).sum()
        }
    }
}

/// A loss that is linear in the choice, except in one row, where it is not a finite number.
#[derive(Clone)]
pub(super) struct Spoiled {
    pub(super) row: usize,
    pub(super) loss: f64,
}

impl<E: Real> RowLoss<E> for Spoiled {
    fn loss(&self, row: usize, z: &[E], _: &[E], dz: &mut [E], _: &mut [E]) -> E {
        if row == self.row {
            dz.iter_mut().for_each(|dz| *dz = E::of(self.loss));
            return E::of(self.loss);
        }
        let weight = |i: usize| E::of(VALUES[i] + 0.25 * (row % 4) as f64);
        dz.iter_mut().enumerate().for_each(|(i, dz)| *dz += weight(i));
        z.iter().enumerate().fold(E::ZERO, |sum, (i, &z)| sum + weight(i) * z)
    }
}
