/// Bias and variance of an estimator as a publication states them, for estimates that are scaled so that
/// their mean is as long as the exact gradient.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// ‖c · mean − gradient‖² with c = ‖gradient‖/‖mean‖.
    pub bias2: f64,
    /// c² times the total variance.
    pub variance: f64,
    /// How far both may be off, relative to the table's.
    pub tolerance: f64,
    /// How far the squared bias may be off beyond that.
    pub bias2_tolerance: f64,
}

impl Published {
    /// What does not agree with the exact gradient, mean and variance of a table.
    pub(super) fn disagreements(&self, exact: &[f64], mean: &[f64], variance: f64) -> Vec<String> {
        let square = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>();
        let scale = (square(exact) / square(mean)).sqrt();
        let off: Vec<f64> = mean.iter().zip(exact).map(|(m, g)| scale * m - g).collect();
        let (bias2, variance) = (square(&off), scale * scale * variance);
        let mut found = vec![];
        let mut compare = |what: &str, ours: f64, theirs: f64, slack: f64| {
            let agrees = (ours - theirs).abs() <= self.tolerance * ours + slack;
            if !agrees {
                found.push(format!("{what} is {ours:.6e}, but published as {theirs:.6e}"));
            }
        };
        compare("scaled bias²", bias2, self.bias2, self.bias2_tolerance);
        compare("scaled variance", variance, self.variance, 0.0);
        found
    }
}
