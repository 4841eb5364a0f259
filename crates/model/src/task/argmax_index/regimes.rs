use kernels::product::{Finish, Matrix, Start, product};
use kernels::{Noise, Packed, rows};

/// The synthetic truth of the seed question: rows fall into regimes, and each regime has a linear
/// law of its own.
///
/// x ~ N(0, 1)ᴵ; the regime is argmax_k (x·A)_k, the target (x·V)_regime plus noise; A and V are
/// [I, K] with entries N(0, 1)/√I.
#[derive(Clone, Debug)]
pub struct Regimes {
    inputs: usize,
    categories: usize,
    regime_map: Vec<f64>,
    value_map: Vec<f64>,
    noise: f64,
}

/// Rows that a truth made.
#[derive(Clone, Debug)]
pub struct RegimeRows {
    /// x, [rows, I]
    pub features: Vec<f64>,
    /// The value of each row's law, with an error, \[rows\].
    pub targets: Vec<f64>,
    /// The regime of each row, \[rows\].
    pub labels: Vec<u32>,
}

/// Rows whose laws are looked at together: of many categories each is a large part of the cache.
const ROWS_AT_ONCE: usize = 128;

impl Regimes {
    /// A truth drawn from a stream.
    pub fn draw(inputs: usize, categories: usize, noise: f64, stream: &mut Noise) -> Self {
        let scale = 1.0 / (inputs as f64).sqrt();
        let mut map = || -> Vec<f64> {
            stream.normals(inputs * categories).into_iter().map(|z| z * scale).collect()
        };
        Self { inputs, categories, regime_map: map(), value_map: map(), noise }
    }

    /// Rows drawn from a stream.
    pub fn rows(&self, count: usize, stream: &mut Noise) -> RegimeRows {
        let features = stream.normals(count * self.inputs);
        let errors = stream.normals(count);
        let (mut targets, mut labels) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let parts = features.chunks(ROWS_AT_ONCE * self.inputs);
        for (features, errors) in parts.zip(errors.chunks(ROWS_AT_ONCE)) {
            let (values, regimes) = self.laws(&Packed::pack(features, self.inputs));
            targets.extend(values.iter().zip(errors).map(|(value, z)| value + self.noise * z));
            labels.extend(regimes.iter().map(|&regime| regime as u32));
        }
        RegimeRows { features, targets, labels }
    }

    /// What the law of each row's regime says, and which regime that is.
    fn laws(&self, x: &Packed<f64>) -> (Vec<f64>, Vec<f64>) {
        let through = |map: &[f64]| {
            let map = Matrix::new(map, self.inputs, self.categories);
            product(x, map, Start::Zero, Finish::Keep)
        };
        let regimes = rows::argmax(&through(&self.regime_map));
        let values = rows::gather(&through(&self.value_map), &regimes);
        (values.to_columns(), regimes.to_columns())
    }
}
