use super::{RowLoss, RowLosses};
use kernels::Real;

/// f(z) = zᵀA z + bᵀz of all L·K components of a choice, with the same constants in every row.
///
/// ```
/// use estimators::objectives::Quadratic;
/// use estimators::{Dims, Kind, Noise, gradient, kinds::Exact};
/// let objective = Quadratic { a: vec![2.0, 1.0, 1.0, 3.0], b: vec![0.5, -1.0] }.of::<f64>(1);
/// let dims = Dims { batch: 1, latents: 1, categories: 2 };
/// let (mut exact, noise) = (Exact {}.build(), &mut Noise::named(&["example"]));
/// let gradient = gradient(&mut *exact, &[0.0, 0.0], dims, &objective, None, noise)?;
/// // 2.5 and 2, each with probability ½.
/// assert!((gradient.logits[0] - 0.125).abs() < 1e-12);
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Quadratic {
    /// A, [L·K, L·K], row after row; it need not be symmetric.
    pub a: Vec<f64>,
    /// b, [L·K]
    pub b: Vec<f64>,
}

impl Quadratic {
    /// The objective for B rows.
    pub fn of<E: Real>(self, batch: usize) -> RowLosses<E, Self> {
        RowLosses::new(self, &[], batch)
    }
}

impl<E: Real> RowLoss<E> for Quadratic {
    fn loss(&self, _: usize, z: &[E], _: &[E], dz: &mut [E], _: &mut [E]) -> E {
        let mut f = E::ZERO;
        for (i, (row, &b)) in self.a.chunks_exact(z.len()).zip(&self.b).enumerate() {
            dz[i] += E::of(b);
            f += E::of(b) * z[i];
            for (j, &a) in row.iter().enumerate() {
                let a = E::of(a);
                f += a * z[i] * z[j];
                dz[i] += a * z[j];
                dz[j] += a * z[i];
            }
        }
        f
    }
}
