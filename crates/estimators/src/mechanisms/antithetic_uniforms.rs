//! Antithetic uniform numbers, and comparisons with them.

use kernels::{Noise, Packed, Real};

/// The probability that two of `n` antithetic uniform numbers are both below q:
/// max(2 q^{1/(n−1)} − 1, 0)^{n−1}.
pub(crate) fn both(q: f64, n: usize) -> f64 {
    if n == 2 {
        return (2.0 * q - 1.0).max(0.0);
    }
    if q == 0.0 {
        return 0.0;
    }
    let degree = (n - 1) as f64;
    // Below 2^{1−n} it is 0, which needs no logarithm; the margin is above any rounding error.
    if q < 0.5f64.powi(n as i32 - 1) * (1.0 - 1e-9) {
        return 0.0;
    }
    let base = 2.0 * Real::exp(Real::ln(q) / degree) - 1.0;
    if base > 0.0 { Real::exp(degree * Real::ln(base)) } else { 0.0 }
}

/// The state of `n` coupled samples of a row. For each stick they have antithetic uniform numbers,
/// (1 − d_i)^{n−1} with d ~ Dirichlet(1_n) (Dimitriev & Zhou 2021, arXiv:2105.14141, §3.2). For n = 2
/// these are u and 1 − u.
pub(crate) struct Coupling {
    pub(crate) n: usize,
    /// One for each stick if n = 2, otherwise n.
    pub(crate) uniforms: Vec<f64>,
    /// Their logarithms if n > 2, as d = ln u_i/Σ ln u.
    pub(crate) logarithms: Vec<f64>,
    /// Samples that have declined every stick so far.
    pub(crate) alive: Vec<usize>,
    /// The stick that each sample takes.
    pub(crate) taken: Vec<usize>,
}

impl Coupling {
    pub(crate) fn new(n: usize) -> Self {
        Self { n, uniforms: vec![], logarithms: vec![], alive: vec![], taken: vec![] }
    }

    /// Draws numbers for every stick, even if it is not reached: a row's noise must not depend on the
    /// rows before it.
    pub(crate) fn draw(&mut self, sticks: usize, noise: &mut Noise) {
        let each = if self.n == 2 { 1 } else { self.n };
        self.uniforms.clear();
        self.uniforms.extend((0..sticks * each).map(|_| noise.uniform()));
        if self.n > 2 && sticks > 0 {
            // As a column, which computes sixteen logarithms at a time.
            let column = Packed::from_columns(&self.uniforms, self.uniforms.len());
            self.logarithms = column.ln().to_columns();
        }
    }
}

/// (1 − d)^{n−1} < q, by products where the two are so far apart that rounding does not matter.
pub(crate) fn is_below(d: f64, n: usize, q: f64) -> bool {
    let near = (1.0 - d).powi(n as i32 - 1);
    let larger = near.max(q);
    if larger > 1e-290 && (near - q).abs() > 1e-9 * larger {
        return near < q;
    }
    Real::exp((n - 1) as f64 * Real::ln(1.0 - d)) < q
}

/// The uniform numbers of a stick, by the formula.
#[cfg(test)]
pub(crate) fn antithetic(n: usize, noise: &mut Noise) -> Vec<f64> {
    if n == 2 {
        let u = noise.uniform();
        return vec![u, 1.0 - u];
    }
    let e: Vec<f64> = (0..n).map(|_| -Real::ln(noise.uniform())).collect();
    let total: f64 = e.iter().sum();
    let power = |d: f64| Real::exp((n - 1) as f64 * Real::ln(1.0 - d));
    e.into_iter().map(|e| power(e / total)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Products decide as powers do, even for numbers close to each other.
    #[test]
    fn a_comparison_by_products_is_that_of_powers() {
        let noise = &mut Noise::named(&["sticks", "below"]);
        for n in [3, 4, 32, 1000] {
            for _ in 0..10_000 {
                let d = noise.uniform() / n as f64;
                let power = Real::exp((n - 1) as f64 * Real::ln(1.0 - d));
                let nearby = [1.0, 1.0 + 4e-16, 1.0 - 4e-16, 1.0 + 1e-9, 0.9, noise.uniform()];
                for q in nearby.map(|factor| power * factor) {
                    assert_eq!(is_below(d, n, q), power < q, "{d} {n} {q}");
                }
            }
            for q in (0..n.min(40)).map(|i| 0.5f64.powi(i as i32)).flat_map(|q| [q, q * 0.99999]) {
                let base = 2.0 * Real::exp(Real::ln(q) / (n - 1) as f64) - 1.0;
                let power = Real::exp((n - 1) as f64 * Real::ln(base));
                assert_eq!(both(q, n), if base > 0.0 { power } else { 0.0 });
            }
        }
    }

    #[test]
    fn antithetic_numbers_are_uniform_each() {
        for n in [2, 3, 5] {
            let noise = &mut Noise::named(&["antithetic"]);
            let draws: Vec<Vec<f64>> = (0..20_000).map(|_| antithetic(n, noise)).collect();
            let mean = |f: &dyn Fn(&Vec<f64>) -> f64| draws.iter().map(f).sum::<f64>() / 2e4;
            assert!((mean(&|u| u[0]) - 0.5).abs() < 0.011);
            assert!((mean(&|u| u[n - 1] * u[n - 1]) - 1.0 / 3.0).abs() < 0.011);
            assert!(mean(&|u| u[0] * u[1]) < 0.245, "they repel each other");
            assert!((mean(&|u| f64::from(u[0].max(u[1]) < 0.7)) - both(0.7, n)).abs() < 0.018);
        }
        assert_eq!((both(0.0, 3), both(0.1, 3), both(1.0, 4)), (0.0, 0.0, 1.0));
    }
}
