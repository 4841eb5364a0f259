//! One update of a running mean and of the squared deviations from it.

use kernels::Real;
use kernels::simd::{Kernel, LANES, Lanes};

/// One step of Welford's method for every component. The norms sum component i in lane i mod 16 and
/// then add the lanes in order.
pub(super) struct Welford<'a, E> {
    /// `[d]`
    pub draw: &'a [E],
    /// `[d]`, here and below padded to a whole number of lanes.
    pub exact: &'a [[f64; LANES]],
    /// 1 / number of draws, including this one.
    pub weight: f64,
    /// Mean of draw − exact, updated in place.
    pub mean_error: &'a mut [[f64; LANES]],
}

pub(super) struct Norms {
    /// ‖draw‖²
    pub squared_norm: f64,
    /// ‖draw − exact − mean‖², with the mean before this draw
    pub squared_deviation: f64,
}

impl<E: Real> Kernel<f64> for Welford<'_, E> {
    type Output = Norms;
    #[inline(always)]
    fn run<V: Lanes<f64>>(self) -> Norms {
        let weight = V::splat(self.weight);
        let (mut squared_norm, mut squared_deviation) = (V::zero(), V::zero());
        let components = self.exact.iter().zip(self.mean_error);
        for (draw, (exact, mean_error)) in self.draw.chunks(LANES).zip(components) {
            let (g, e, mean) = (V::of(&padded(draw)), V::of(exact), V::of(mean_error));
            squared_norm = g.mul_add(g, squared_norm);
            let deviation = (g - e) - mean;
            squared_deviation = deviation.mul_add(deviation, squared_deviation);
            *mean_error = weight.mul_add(deviation, mean).to_array();
        }
        Norms {
            squared_norm: sum_in_order(squared_norm),
            squared_deviation: sum_in_order(squared_deviation),
        }
    }
}

/// Up to [`LANES`] numbers, padded with zeros.
#[inline(always)]
pub(super) fn padded<E: Real>(numbers: &[E]) -> [f64; LANES] {
    let mut lanes = [0.0; LANES];
    match <&[E; LANES]>::try_from(numbers) {
        Ok(numbers) => {
            for i in 0..LANES {
                lanes[i] = numbers[i].widen();
            }
        }
        Err(_) => lanes.iter_mut().zip(numbers).for_each(|(lane, x)| *lane = x.widen()),
    }
    lanes
}

#[inline(always)]
fn sum_in_order<V: Lanes<f64>>(lanes: V) -> f64 {
    let mut sum = 0.0;
    for lane in lanes.to_array() {
        sum += lane;
    }
    sum
}
