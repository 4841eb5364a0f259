use serde::{Deserialize, Serialize};

/// How the numbers of a column become standardized ones: (x − mean) / deviation, with the mean and the
/// standard deviation of the rows that are trained on.
///
/// Both are computed from the differences to the first number, in units of the largest one. So a
/// column that is nearly constant keeps its digits, and no square overflows. A column that is constant
/// up to rounding counts as 0 in other rows too: nothing can be learned from it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Standardize {
    first: f64,
    /// The largest difference to the first number, halved; 0 for a constant.
    half_range: f64,
    /// In units of the largest difference.
    mean: f64,
    deviation: f64,
}

/// Differences that are at most this share of the numbers are rounding.
const ROUNDING: f64 = 4.0 * f64::EPSILON;

impl Standardize {
    /// Every number stays as it is.
    pub(super) const IDENTITY: Self =
        Self { first: 0.0, half_range: 0.5, mean: 0.0, deviation: 1.0 };

    /// Learns the scale of a column.
    ///
    /// # Panics
    /// If there are no numbers.
    pub(super) fn of(numbers: impl Iterator<Item = f64> + Clone) -> Self {
        let Some(first) = numbers.clone().next() else { panic!("a column has numbers") };
        let count = numbers.clone().count() as f64;
        // Halves, as a difference may overflow.
        let halves = numbers.map(|x| 0.5 * x - 0.5 * first);
        let half_range = halves.clone().fold(0.0, |most: f64, x| most.max(x.abs()));
        if half_range <= ROUNDING * first.abs() {
            return Self { first, half_range: 0.0, mean: 0.0, deviation: 1.0 };
        }
        let units = halves.map(|half| half / half_range);
        let mean = units.clone().sum::<f64>() / count;
        let variance = units.map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
        Self { first, half_range, mean, deviation: variance.sqrt() }
    }

    /// The standardized number.
    pub(super) fn apply(&self, x: f64) -> f64 {
        if self.half_range == 0.0 {
            return 0.0;
        }
        ((0.5 * x - 0.5 * self.first) / self.half_range - self.mean) / self.deviation
    }

    /// The same for a target: of a constant, what is beyond it in other rows is to be predicted too.
    pub(super) fn apply_to_target(&self, x: f64) -> f64 {
        if self.half_range == 0.0 { x - self.first } else { self.apply(x) }
    }

    /// The target whose standardized number this is.
    pub(super) fn revert_target(&self, z: f64) -> f64 {
        if self.half_range == 0.0 {
            return self.first + z;
        }
        // Halves, as a difference may overflow.
        2.0 * (0.5 * self.first + self.half_range * (self.mean + self.deviation * z))
    }

    /// The deviation in the column's own units; 1 for a constant.
    pub(super) fn unit(&self) -> f64 {
        if self.half_range == 0.0 { 1.0 } else { 2.0 * self.half_range * self.deviation }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn standardized(numbers: &[f64]) -> Vec<f64> {
        let scale = Standardize::of(numbers.iter().copied());
        numbers.iter().map(|&x| scale.apply(x)).collect()
    }

    fn assert_close(ours: &[f64], theirs: &[f64]) {
        assert!(ours.iter().zip(theirs).all(|(a, b)| (a - b).abs() < 1e-9), "{ours:?} {theirs:?}");
    }

    #[test]
    fn mean_and_deviation_by_hand() {
        // Mean 3, variance (4 + 0 + 4) / 3.
        let unit = (8.0f64 / 3.0).sqrt();
        assert_close(&standardized(&[1.0, 3.0, 5.0]), &[-2.0 / unit, 0.0, 2.0 / unit]);
        assert!((Standardize::of([1.0, 3.0, 5.0].into_iter()).unit() - unit).abs() < 1e-12);
    }

    #[test]
    fn a_standardized_target_can_be_reverted() {
        for numbers in [[1.0, 3.0, 5.0], [293.15, 293.25, 293.2], [-1e308, 1.5e308, 0.0], [7.0; 3]]
        {
            let scale = Standardize::of(numbers.into_iter());
            for x in numbers {
                let back = scale.revert_target(scale.apply_to_target(x));
                assert!((back - x).abs() <= 1e-12 * x.abs().max(1e-3), "{back} for {x}");
            }
        }
    }

    #[test]
    fn the_identity_changes_no_bit() {
        let scale = Standardize::IDENTITY;
        for x in [0.0, -0.3, 1e300, 5e-200, f64::from(0.1f32)] {
            assert_eq!((scale.apply(x), scale.apply_to_target(x), scale.unit()), (x, x, 1.0));
            assert_eq!(scale.revert_target(x), x);
        }
    }

    #[test]
    fn a_flag_is_the_same_however_it_is_coded() {
        let flag: Vec<f64> = (0..200).map(|row| f64::from(u8::from(row == 7))).collect();
        let coded = |off: f64, on: f64| -> Vec<f64> {
            standardized(&flag.iter().map(|&x| if x == 0.0 { off } else { on }).collect::<Vec<_>>())
        };
        let plain = standardized(&flag);
        assert_close(&coded(293.15, 293.25), &plain);
        assert_close(&coded(1e300, 2e300), &plain);
        assert_close(&coded(-1.7e308, 1.7e308), &plain);
        assert_close(&coded(0.0, 1e-300), &plain);
    }

    #[test]
    fn constants_count_as_zero() {
        // 0.1 + 0.2 is not 0.3, but for rounding.
        for numbers in [[293.15; 3], [0.3, 0.1 + 0.2, 0.3], [0.0; 3], [1e300; 3]] {
            assert_eq!(standardized(&numbers), [0.0; 3], "{numbers:?}");
            let scale = Standardize::of(numbers.into_iter());
            assert_eq!((scale.apply(1e17), scale.unit()), (0.0, 1.0));
            assert_eq!(scale.apply_to_target(numbers[0] + 2.0), numbers[0] + 2.0 - numbers[0]);
        }
    }

    proptest! {
        #[test]
        fn standardized_numbers_have_mean_0_and_deviation_1(
            numbers in vec(-1.0..1.0f64, 2..50),
            shift in -1e6..1e6f64,
            power in -200..200i32,
        ) {
            let numbers: Vec<f64> = numbers.iter().map(|x| (x + shift) * 10f64.powi(power)).collect();
            let z = standardized(&numbers);
            let count = z.len() as f64;
            let mean = z.iter().sum::<f64>() / count;
            let variance = z.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
            prop_assert!(mean.abs() < 1e-9 && (variance - 1.0).abs() < 1e-9);
        }
    }
}
