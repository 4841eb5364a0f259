use kernels::Noise;

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

/// A row that a truth made.
#[derive(Clone, Debug)]
pub struct RegimeRow {
    /// x, \[I\]
    pub features: Vec<f64>,
    /// The value of its regime's law, with an error.
    pub target: f64,
    /// Its regime.
    pub label: u32,
}

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
    pub fn rows(&self, count: usize, stream: &mut Noise) -> Vec<RegimeRow> {
        let features = stream.normals(count * self.inputs);
        let errors = stream.normals(count);
        let row = |(x, error): (&[f64], f64)| {
            let scores = self.products(x, &self.regime_map);
            let better = |best, k| if scores[k] > scores[best] { k } else { best };
            let label = (1..self.categories).fold(0, better);
            let target = self.products(x, &self.value_map)[label] + self.noise * error;
            RegimeRow { features: x.to_vec(), target, label: label as u32 }
        };
        features.chunks_exact(self.inputs).zip(errors).map(row).collect()
    }

    /// x·M for M of [I, K].
    fn products(&self, x: &[f64], map: &[f64]) -> Vec<f64> {
        let mut products = vec![0.0; self.categories];
        for (x, row) in x.iter().zip(map.chunks_exact(self.categories)) {
            products.iter_mut().zip(row).for_each(|(sum, m)| *sum += x * m);
        }
        products
    }
}
