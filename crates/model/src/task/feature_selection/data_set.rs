//! The data sets of L2X.

use kernels::{Noise, Real};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which features say what the label is, and how: those of L2X.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DataSet {
    /// The product of the first two features.
    Xor,
    /// The distance of the first four features from 0.
    #[default]
    Orange,
    /// A sum of functions of the first four features.
    NonlinearAdditive,
    /// The last feature says whether the label is that of `orange`, or that of `nonlinear-additive` of the
    /// fifth to the eighth feature.
    Switch,
}

/// d, features of a row.
pub(super) const FEATURES: usize = 10;

/// The mean of the last feature of `switch`, up to its sign.
const SWITCHED: f64 = 3.0;

/// Rows that were drawn from a data set.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Drawn {
    /// x, row after row.
    pub(super) features: Vec<f64>,
    /// P(y = 1 | x) of each row.
    pub(super) probabilities: Vec<f64>,
    /// The features that each row's label depends on.
    pub(super) relevant: Vec<&'static [usize]>,
}

impl DataSet {
    /// How many features a row's label depends on.
    pub(super) fn relevant(self) -> usize {
        match self {
            Self::Xor => 2,
            Self::Orange | Self::NonlinearAdditive => 4,
            Self::Switch => 5,
        }
    }

    /// Rows, from normals row after row, and then, for `switch`, a uniform number for each row.
    pub(super) fn draw(self, rows: usize, noise: &mut Noise) -> Drawn {
        let mut features = noise.normals(rows * FEATURES);
        let of_row = |x: &mut [f64]| self.label(x, noise);
        let labels = features.chunks_exact_mut(FEATURES).map(of_row);
        let (log_odds, relevant): (Vec<f64>, Vec<&'static [usize]>) = labels.unzip();
        let probability = |log_odds: f64| 1.0 / (1.0 + Real::exp(-log_odds));
        let probabilities = log_odds.into_iter().map(probability).collect();
        Drawn { features, probabilities, relevant }
    }

    /// The log-odds of a row's label, and the features that it depends on. Moves the last feature of `switch`.
    fn label(self, x: &mut [f64], noise: &mut Noise) -> (f64, &'static [usize]) {
        match self {
            Self::Xor => (x[0] * x[1], &[0, 1]),
            Self::Orange => (orange(&x[..4]), &[0, 1, 2, 3]),
            Self::NonlinearAdditive => (nonlinear_additive(&x[..4]), &[0, 1, 2, 3]),
            Self::Switch if noise.uniform() < 0.5 => {
                x[FEATURES - 1] += SWITCHED;
                (orange(&x[..4]), &[0, 1, 2, 3, 9])
            }
            Self::Switch => {
                x[FEATURES - 1] -= SWITCHED;
                (nonlinear_additive(&x[4..8]), &[4, 5, 6, 7, 9])
            }
        }
    }
}

/// Σ_i x_i² − 4
fn orange(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>() - 4.0
}

/// −100 sin(x₁/5) + |x₂| + x₃ + e^{−x₄} − 2.4
fn nonlinear_additive(x: &[f64]) -> f64 {
    -100.0 * sine(0.2 * x[0]) + x[1].abs() + x[2] + Real::exp(-x[3]) - 2.4
}

/// sin t for |t| up to 2, by its Taylor series: that of the platform differs in the last bit between C
/// libraries. Normal numbers are below 10.
fn sine(t: f64) -> f64 {
    let (mut term, mut sum) = (t, t);
    for n in 1..=13 {
        term *= -t * t / f64::from(2 * n * (2 * n + 1));
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [DataSet; 4] =
        [DataSet::Xor, DataSet::Orange, DataSet::NonlinearAdditive, DataSet::Switch];

    fn drawn(data: DataSet, rows: usize) -> Drawn {
        data.draw(rows, &mut Noise::named(&["tests", "data-set"]))
    }

    #[test]
    fn a_sine_is_that_of_the_platform_up_to_rounding() {
        for i in -200..=200 {
            let t = f64::from(i) / 100.0;
            assert!((sine(t) - t.sin()).abs() < 4e-16, "{t}");
        }
    }

    /// Log-odds of a row by hand.
    #[test]
    fn labels_by_hand() {
        let noise = &mut Noise::named(&["unused"]);
        let row = [0.5, -2.0, 1.0, 0.0, -0.5, 3.0, -1.0, 1.0, 0.0, 0.25];
        let log_odds = |data: DataSet| data.label(&mut row.clone(), noise).0;
        let [xor, orange, additive] =
            [DataSet::Xor, DataSet::Orange, DataSet::NonlinearAdditive].map(log_odds);
        assert_eq!((xor, orange), (-1.0, 1.25));
        assert!((additive - (-100.0 * 0.1f64.sin() + 2.0 + 1.0 + 1.0 - 2.4)).abs() < 1e-12);
        let second = nonlinear_additive(&row[4..8]);
        assert!((second - (100.0 * 0.1f64.sin() + 3.0 - 1.0 + (-1f64).exp() - 2.4)).abs() < 1e-12);
    }

    /// E P(y = 1): ½ of `xor`, which is odd in each feature. Of the others, by quadrature: of χ²₄ for
    /// `orange`, of a sum of normals for `nonlinear-additive`; of `switch`, their mean.
    #[test]
    fn labels_are_as_frequent_as_the_law_says() {
        const ROWS: usize = 200_000;
        let expected = [0.5, ORANGE, ADDITIVE, 0.5 * (ORANGE + ADDITIVE)];
        for (data, expected) in ALL.into_iter().zip(expected) {
            let Drawn { probabilities, .. } = drawn(data, ROWS);
            let mean = probabilities.iter().sum::<f64>() / ROWS as f64;
            // Five standard deviations of means of numbers from 0 to 1.
            assert!((mean - expected).abs() < 2.5 / (ROWS as f64).sqrt(), "{data:?}: {mean}");
        }
    }

    const ORANGE: f64 = 0.443_447;
    const ADDITIVE: f64 = 0.500_567;

    /// The label of a row changes with each of its relevant features, and with no other one.
    #[test]
    fn labels_depend_on_relevant_features_alone() {
        for data in ALL {
            let noise = Noise::named(&["tests", "relevant"]);
            let row = [0.3, -0.4, 0.5, 0.6, -0.2, 0.7, 0.8, -0.9, 0.1, 0.2];
            for at in 0..40 {
                let label = |x: [f64; FEATURES]| data.label(&mut x.clone(), &mut noise.at(at));
                let (before, relevant) = label(row);
                assert_eq!(relevant.len(), data.relevant());
                for feature in 0..FEATURES {
                    let mut moved = row;
                    moved[feature] += 0.1;
                    // The last feature of `switch` tells which law it is, and does not enter it.
                    let enters = relevant.contains(&feature) && feature != 9;
                    assert_eq!(label(moved).0 != before, enters, "{data:?} {feature}");
                }
            }
        }
    }

    /// Both laws of `switch` are as frequent, and the last feature is normal around 3 or −3.
    #[test]
    fn the_last_feature_switches() {
        const ROWS: usize = 20_000;
        let Drawn { features, relevant, .. } = drawn(DataSet::Switch, ROWS);
        let (mut first, mut sum) = (0.0, 0.0);
        for (x, relevant) in features.chunks(FEATURES).zip(&relevant) {
            let is_first = relevant[0] == 0;
            first += f64::from(u8::from(is_first));
            sum += if is_first { x[9] - 3.0 } else { x[9] + 3.0 };
        }
        let rows = ROWS as f64;
        assert!((first / rows - 0.5).abs() < 2.5 / rows.sqrt(), "{first}");
        assert!((sum / rows).abs() < 5.0 / rows.sqrt(), "{sum}");
        // Blocks of features that L2X overwrites: they are different ones.
        assert!(features.chunks(FEATURES).all(|x| x[..4] != x[4..8]));
    }
}
