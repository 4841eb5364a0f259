//! Names of estimators, and synthetic results for the figures.

use charts::{Point, Series};

pub const REGISTRY: [(&str, &str); 36] = [
    ("exact", "exact"),
    ("soft-argmax", "relaxed"),
    ("sparsemax", "relaxed"),
    ("entmax", "relaxed"),
    ("index-soft-argmax", "relaxed"),
    ("straight-through", "straight-through"),
    ("decoupled-straight-through", "straight-through"),
    ("gapped-straight-through", "straight-through"),
    ("darn", "straight-through"),
    ("second-order", "straight-through"),
    ("reinmax", "straight-through"),
    ("gumbel-softmax", "Gumbel"),
    ("st-gumbel-softmax", "Gumbel"),
    ("gumbel-rao", "Gumbel"),
    ("reinforce", "score function"),
    ("reinforce-loo", "score function"),
    ("muprop", "score function"),
    ("rebar", "score function"),
    ("relax", "score function"),
    ("arm", "score function"),
    ("disarm", "score function"),
    ("ars", "score function"),
    ("arsm", "score function"),
    ("carms", "score function"),
    ("unordered-set", "score function"),
    ("sum-and-sample", "score function"),
    ("indecater", "score function"),
    ("double-cv", "score function"),
    ("posted-score-function", "score function"),
    ("perturbed", "perturbation"),
    ("perturbed-score", "perturbation"),
    ("imle", "perturbation"),
    ("aimle", "perturbation"),
    ("blackbox", "perturbation"),
    ("antithetic-es", "perturbation"),
    ("spsa", "perturbation"),
];

pub const TEN: [&str; 10] = [
    "exact",
    "soft-argmax",
    "straight-through",
    "reinmax",
    "gumbel-softmax temperature=0.1",
    "gumbel-softmax temperature=0.5",
    "gumbel-softmax temperature=1",
    "reinforce baseline=ema",
    "reinforce-loo samples=4",
    "posted-score-function",
];

/// SplitMix64, so the gallery is the same on every machine.
pub struct Noise(u64);

impl Noise {
    pub fn of(words: &str) -> Noise {
        Noise(
            words
                .bytes()
                .fold(7, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)),
        )
    }

    pub fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

pub fn series(label: &str, runs: usize, points: Vec<Point>) -> Series {
    let kind = label.split(' ').next().unwrap_or(label);
    let family =
        REGISTRY.iter().find(|(name, _)| *name == kind).map_or("other", |(_, family)| family);
    Series {
        label: label.into(),
        kind: kind.into(),
        family: family.into(),
        points,
        runs,
        ..Series::default()
    }
}

pub fn loss(label: &str, x: f64, categories: f64) -> f64 {
    let mut noise = Noise::of(label);
    let (floor, time) = (0.05 + 1.2 * noise.uniform().powi(2), 100.0 + 500.0 * noise.uniform());
    let grows = if label.starts_with("posted") { (x / 250.0).exp() } else { 1.0 };
    categories * (floor + 4.5 * (-x / time).exp()) * grows
}

pub fn noise(label: &str, x: f64, categories: f64) -> f64 {
    if ["exact", "soft-argmax", "sparsemax", "entmax", "index-soft-argmax"].contains(&label) {
        return 0.0;
    }
    let mut noise = Noise::of(label);
    let size = 10f64.powf(5.0 * noise.uniform() - 3.0);
    size * categories * (-x / (600.0 + 900.0 * noise.uniform())).exp()
}
