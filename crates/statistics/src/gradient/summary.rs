/// The quality of a gradient estimator, estimated from draws.
///
/// The draws are g₁ … gₙ with mean ḡ, in dimension d; the exact gradient is e. If any draw is not
/// finite, then variance, bias and error are `+∞` and the cosine is undefined.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GradientSummary {
    /// Number of draws n, finite or not.
    pub draws: usize,
    /// Draws whose squared norm is not a finite number.
    pub non_finite: usize,
    /// Trace of the unbiased sample covariance, V = Σ ‖g − ḡ‖² / (n − 1).
    ///
    /// `None` with fewer than two draws.
    pub total_variance: Option<f64>,
    /// ‖ḡ − e‖² − V / n, an unbiased estimate of ‖E g − e‖².
    ///
    /// V / n is the sampling floor: the expectation of ‖ḡ − e‖² if there is no bias. With the floor
    /// subtracted, the estimate scatters around the true value and may be negative. `None` with
    /// fewer than two draws.
    pub squared_bias: Option<f64>,
    /// Mean over draws of ‖g − e‖², which equals squared bias + V.
    ///
    /// `None` without draws.
    pub mean_squared_error: Option<f64>,
    /// Cosine of the angle between ḡ and e.
    ///
    /// `None` without draws, or if either is 0.
    pub cosine: Option<f64>,
}
