use super::bits::power_of;
use super::{RowLoss, RowLosses};
use crate::{Choice, Losses, Objective, Result};
use kernels::tape::{Node, record};
use kernels::{Packed, Real};
use std::rc::Rc;

/// f(z) = ±(1/L) Σ_n |⟨v, z_n⟩ − c|ᵖ: each of L latents stands for the value v_k of its category, and has
/// a loss of its own. The gradient for z_nk is that for the value, times v_k.
///
/// ```
/// use estimators::objectives::ValuePower;
/// use estimators::{Dims, Kind, Noise, gradient, kinds::Exact};
/// let objective = ValuePower { values: [0.0, 0.5, 1.0].into(), target: 0.2, power: 2.0, sign: 1.0 };
/// let dims = Dims { batch: 1, latents: 2, categories: 3 };
/// let (mut exact, noise) = (Exact {}.build(), &mut Noise::named(&["example"]));
/// let gradient = gradient(&mut *exact, &[0.0; 6], dims, &objective, None, noise)?;
/// // The mean of 0.2², 0.3² and 0.8².
/// assert!((gradient.losses[0] - 0.77f64 / 3.0).abs() < 1e-12);
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ValuePower {
    /// v, \[K\]
    pub values: Rc<[f64]>,
    /// c
    pub target: f64,
    /// p: from 1 up.
    pub power: f64,
    /// 1, or −1 for what is to be maximized.
    pub sign: f64,
}

impl ValuePower {
    /// The loss of a latent at each of its categories, \[K\].
    pub fn of_categories(&self) -> Vec<f64> {
        self.values.iter().map(|&value| self.loss_of(value)).collect()
    }

    fn loss_of(&self, value: f64) -> f64 {
        self.sign * power_of((value - self.target).abs(), self.power)
    }

    fn slope_of(&self, value: f64) -> f64 {
        let distance = value - self.target;
        let slope = self.sign * self.power * power_of(distance.abs(), self.power - 1.0);
        if distance < 0.0 { -slope } else { slope }
    }

    /// The gradient for the point of a latent at each of its categories: [K, K].
    fn slopes<E: Real>(&self, latents: usize) -> Vec<Vec<E>> {
        let at = |&value: &f64| -> Vec<E> {
            let slope = self.slope_of(value) / latents as f64;
            self.values.iter().map(|value| E::of(slope * value)).collect()
        };
        self.values.iter().map(at).collect()
    }

    /// The losses of category numbers, [B, S], by a table.
    fn of_picks<E: Real>(&self, picks: &Packed<E>, latents: usize) -> Packed<E> {
        let table: Vec<f64> =
            self.of_categories().iter().map(|loss| loss / latents as f64).collect();
        let loss = |row: &[E]| -> f64 { row.iter().map(|pick| table[pick.widen() as usize]).sum() };
        let losses: Vec<E> =
            picks.to_columns().chunks_exact(latents).map(|row| E::of(loss(row))).collect();
        Packed::from_columns(&losses, picks.rows() / latents)
    }
}

impl<E: Real> Objective<E> for ValuePower {
    fn loss(&self, choice: Choice<E>) -> Result<Losses<E>> {
        let dims = choice.dims();
        let Some(picks) = choice.shared_picks() else {
            return RowLosses::new(self.clone(), &[], dims.batch).loss(choice);
        };
        let losses = self.of_picks(&picks, dims.latents);
        if !choice.wants_gradient() {
            return Ok(Losses::new(Node::constant(losses), choice.into_tape()));
        }
        let slopes = self.slopes(dims.latents);
        let (points, mut tape) = choice.into_points();
        let node = record(&mut tape, losses, move |gradient| {
            points.add(of_points(&picks, &gradient, &slopes, dims.latents));
        });
        Ok(Losses::new(node, tape))
    }
}

/// The gradient for the points, [B·L, S·K], of category numbers, [B·L, S], given that for the losses, [B, S].
fn of_points<E: Real>(
    picks: &Packed<E>,
    gradient: &Packed<E>,
    slopes: &[Vec<E>],
    latents: usize,
) -> Packed<E> {
    let width = picks.columns() * slopes.len();
    let mut points = Vec::with_capacity(picks.rows() * width);
    for row in 0..picks.rows() {
        for sample in 0..picks.columns() {
            let g = gradient.get(row / latents, sample);
            let slopes = &slopes[picks.get(row, sample).widen() as usize];
            points.extend(slopes.iter().map(|&slope| g * slope));
        }
    }
    Packed::pack(&points, width)
}

impl<E: Real> RowLoss<E> for ValuePower {
    fn loss(&self, _: usize, z: &[E], _: &[E], dz: &mut [E], _: &mut [E]) -> E {
        let categories = self.values.len();
        let share = categories as f64 / z.len() as f64;
        let mut f = 0.0;
        for (z, dz) in z.chunks_exact(categories).zip(dz.chunks_exact_mut(categories)) {
            let value: f64 = z.iter().zip(&*self.values).map(|(z, value)| z.widen() * value).sum();
            f += share * self.loss_of(value);
            let slope = share * self.slope_of(value);
            dz.iter_mut().zip(&*self.values).for_each(|(dz, value)| *dz += E::of(slope * value));
        }
        E::of(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::Exact;
    use crate::objectives::BitPower;
    use crate::{Dims, Factory, gradient};
    use kernels::Noise;

    /// Bits are the values 0 and 1, for which [`BitPower`] computes the same in another way.
    #[test]
    fn bits_are_a_special_case() {
        let dims = Dims { batch: 2, latents: 3, categories: 2 };
        let logits: Vec<f64> = (0..12).map(|i| f64::from(i * i % 7) / 3.0).collect();
        let of = |objective: &dyn Objective<f64>| {
            let noise = &mut Noise::named(&["test"]);
            gradient(&mut *Exact {}.build_f64(), &logits, dims, objective, None, noise).unwrap()
        };
        for power in [1.0, 1.5, 2.0, 3.0] {
            let values: Rc<[f64]> = [0.0, 1.0].into();
            let ours = of(&ValuePower { values, target: 0.45, power, sign: 1.0 });
            let bits = of(&BitPower { center: 0.45, power }.of(2));
            for (a, b) in ours.logits.iter().zip(&bits.logits) {
                assert!((a - b).abs() < 1e-15, "{a} {b}");
            }
            assert!((ours.losses[0] - bits.losses[0]).abs() < 1e-15);
        }
    }

    /// At a vertex the table and the formula agree, and the slope is that of a small difference.
    #[test]
    fn the_formula_agrees_with_the_table_and_with_differences() {
        let values: Rc<[f64]> = [1.0, 0.5, 0.0, 0.7].into();
        for (power, sign) in [(1.0, -1.0), (1.5, 1.0), (3.0, -1.0)] {
            let loss = ValuePower { values: Rc::clone(&values), target: 0.45, power, sign };
            let at = |z: &[f64], dz: &mut [f64]| RowLoss::loss(&loss, 0, z, &[], dz, &mut []);
            let vertex = [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0];
            let picks = Packed::pack(&[1.0, 3.0], 1);
            let table = loss.of_picks(&picks, 2).get(0, 0);
            let mut slopes = [0.0; 8];
            assert!((at(&vertex, &mut slopes) - table).abs() < 1e-15);
            let of_table = of_points(&picks, &Packed::pack(&[1.0], 1), &loss.slopes(2), 2).unpack();
            assert!(slopes.iter().zip(of_table).all(|(a, b): (&f64, f64)| (a - b).abs() < 1e-15));
            let mut slopes = [0.0; 8];
            let z = [0.1, 0.2, 0.3, 0.4, 0.4, 0.3, 0.2, 0.1];
            at(&z, &mut slopes);
            for k in 0..8 {
                let moved = |by: f64| {
                    let mut z = z;
                    z[k] += by;
                    at(&z, &mut [0.0; 8])
                };
                let difference = (moved(1e-6) - moved(-1e-6)) / 2e-6;
                assert!((slopes[k] - difference).abs() < 1e-8, "{power} {k}");
            }
        }
    }
}
