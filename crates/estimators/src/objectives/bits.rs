use super::{RowLoss, RowLosses};
use kernels::Real;

/// f(z) = (1/L) Σ_n |z_n1 − c|ᵖ of L bits (K = 2): polynomial programming.
#[derive(Clone, Copy, Debug)]
pub struct BitPower {
    /// c
    pub center: f64,
    /// p: from 1 up.
    pub power: f64,
}

impl BitPower {
    /// The objective for B rows.
    pub fn of<E: Real>(self, batch: usize) -> RowLosses<E, Self> {
        RowLosses::new(self, &[], batch)
    }
}

impl<E: Real> RowLoss<E> for BitPower {
    fn loss(&self, _: usize, z: &[E], _: &[E], dz: &mut [E], _: &mut [E]) -> E {
        let (center, power) = (E::of(self.center), self.power);
        let scale = E::of(1.0 / (z.len() / 2) as f64);
        let mut f = E::ZERO;
        for (z, dz) in z.chunks_exact(2).zip(dz.chunks_exact_mut(2)) {
            let distance = z[1] - center;
            f += power_of(distance.abs(), power) * scale;
            let slope = E::of(power) * power_of(distance.abs(), power - 1.0) * scale;
            dz[1] += if distance < E::ZERO { -slope } else { slope };
        }
        f
    }
}

/// xᵖ of x ≥ 0.
pub(super) fn power_of<E: Real>(x: E, p: f64) -> E {
    match p {
        0.0 => E::ONE,
        1.0 => x,
        2.0 => x * x,
        _ => (E::of(p) * x.ln()).exp(),
    }
}

/// f(z) = Σ_n (z_n1 − t_n)² of L bits (K = 2): the toy of Kool, van Hoof & Welling 2020,
/// arXiv:2002.06043, §5.1.
#[derive(Clone, Debug)]
pub struct BitSumSquares {
    /// t, \[L\]
    pub targets: Vec<f64>,
}

impl BitSumSquares {
    /// The objective for B rows.
    pub fn of<E: Real>(self, batch: usize) -> RowLosses<E, Self> {
        RowLosses::new(self, &[], batch)
    }
}

impl<E: Real> RowLoss<E> for BitSumSquares {
    fn loss(&self, _: usize, z: &[E], _: &[E], dz: &mut [E], _: &mut [E]) -> E {
        let mut f = E::ZERO;
        let rows = z.chunks_exact(2).zip(dz.chunks_exact_mut(2));
        for ((z, dz), &target) in rows.zip(&self.targets) {
            let distance = z[1] - E::of(target);
            f += distance * distance;
            dz[1] += distance + distance;
        }
        f
    }
}
