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
    /// The value of each row's law, without an error, \[rows\].
    pub laws: Vec<f64>,
    /// The regime of each row, \[rows\].
    pub labels: Vec<u32>,
}

impl RegimeRows {
    /// Rows whose target is the number of the regime, with the same errors.
    pub fn of_numbers(self) -> Self {
        let errors = self.targets.iter().zip(&self.laws).map(|(target, law)| target - law);
        let laws: Vec<f64> = self.labels.iter().map(|&label| f64::from(label)).collect();
        let targets = laws.iter().zip(errors).map(|(law, error)| law + error).collect();
        Self { targets, laws, ..self }
    }

    /// The mean squared error of the law: nothing that knows only the features can be expected to do
    /// better.
    pub fn law_loss(&self) -> f64 {
        let errors = self.targets.iter().zip(&self.laws).map(|(target, law)| target - law);
        errors.map(|error| error * error).sum::<f64>() / self.targets.len() as f64
    }
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
        let (mut laws, mut labels) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for features in features.chunks(ROWS_AT_ONCE * self.inputs) {
            let (values, regimes) = self.laws(&Packed::pack(features, self.inputs));
            laws.extend(values);
            labels.extend(regimes.iter().map(|&regime| regime as u32));
        }
        let targets = laws.iter().zip(errors).map(|(law, z)| law + self.noise * z).collect();
        RegimeRows { features, targets, laws, labels }
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
