use super::{RowLoss, RowLosses};
use kernels::Real;

/// f(z) = exp(Σ_nk a_nk z_nk) with learned weights a ([L, K]): a smooth loss that is far from linear and
/// quadratic, and not a sum over latents.
#[derive(Clone, Copy, Debug)]
pub struct ExpDot;

impl ExpDot {
    /// The objective with weights for B rows, [B, L·K].
    pub fn of<E: Real>(weights: &[E], batch: usize) -> RowLosses<E, Self> {
        RowLosses::new(Self, weights, batch)
    }
}

impl<E: Real> RowLoss<E> for ExpDot {
    fn loss(&self, _: usize, z: &[E], a: &[E], dz: &mut [E], da: &mut [E]) -> E {
        let f = z.iter().zip(a).fold(E::ZERO, |sum, (&z, &a)| sum + z * a).exp();
        dz.iter_mut().zip(a).for_each(|(dz, &a)| *dz += f * a);
        da.iter_mut().zip(z).for_each(|(da, &z)| *da += f * z);
        f
    }
}
