use crate::{Dims, Estimator, Logits, Objective, Result};
use kernels::tape::{Node, Recording};
use kernels::{Noise, Packed, Real};

/// One estimate of the gradient at plain logits.
#[derive(Clone, Debug)]
pub struct Gradient<E> {
    /// For the logits, [B, L, K].
    pub logits: Vec<E>,
    /// For `parameter`, row after row; empty if there is none or it got no gradient.
    pub objective: Vec<E>,
    /// The loss of each row as the estimator saw it, \[B\].
    pub losses: Vec<E>,
    /// The surrogate's value.
    pub value: E,
}

/// One estimate at plain logits ([B, L, K]), and its gradient for `parameter`, a node of the objective.
///
/// For measuring estimators: the estimator stays at its step. B equal rows are B independent draws: as
/// the surrogate is the mean over rows, the gradient of each draw is B times its row of the result.
///
/// # Errors
/// As [`Estimator::estimate`].
///
/// # Panics
/// If `dims` is not the shape of the logits.
pub fn gradient<E: Real>(
    estimator: &mut dyn Estimator<E>,
    logits: &[E],
    dims: Dims,
    objective: &dyn Objective<E>,
    parameter: Option<&Node<E>>,
    noise: &mut Noise,
) -> Result<Gradient<E>> {
    assert_eq!(logits.len(), dims.elements(), "logits of {dims:?}");
    let leaf = Node::new(Packed::pack(logits, dims.categories));
    let taped = Logits::new(leaf.clone(), dims.latents, Recording::default());
    let surrogate = estimator.estimate(taped, objective, noise)?;
    let losses = surrogate.losses.to_columns();
    let value = surrogate.value();
    surrogate.backward()?;
    let read = |node: &Node<E>| node.take().map(|gradient| gradient.unpack());
    let logits = read(&leaf).unwrap_or_else(|| vec![E::ZERO; dims.elements()]);
    let objective = parameter.and_then(read).unwrap_or_default();
    Ok(Gradient { logits, objective, losses, value })
}

/// The mean of several estimates.
#[derive(Clone, Debug)]
pub struct MeanGradient {
    /// The mean for the logits, [B, L, K].
    pub mean: Vec<f64>,
    /// The standard error of each component of the mean, [B, L, K]; 0 for a single draw.
    pub error: Vec<f64>,
}

impl MeanGradient {
    /// Whether every component is within five standard errors of the expected one, and rounding:
    /// 10⁻⁹ of the largest.
    pub fn agrees_with(&self, expected: &[f64]) -> bool {
        let rounding = expected.iter().fold(0.0, |most: f64, x| most.max(x.abs())) * 1e-9;
        let is_near = |((mean, error), expected): ((&f64, &f64), &f64)| {
            (mean - expected).abs() <= 5.0 * error + rounding
        };
        let mut components = self.mean.iter().zip(&self.error).zip(expected);
        self.mean.len() == expected.len() && components.all(is_near)
    }
}

/// The mean of `draws` estimates at plain logits ([B, L, K]).
///
/// If the estimator is unbiased, the mean is the gradient of the expected loss, up to a few standard
/// errors. The estimator does not advance between draws.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::ReinforceLoo, mean_gradient};
/// // f = (v − 25)², with a value v for each of three categories.
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let mut estimator = ReinforceLoo { samples: 4 }.build();
/// let noise = &mut Noise::named(&["example"]);
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // The gradient of the expected loss.
/// assert!(estimate.agrees_with(&[-3.44, -14.72, 18.16]));
/// # Ok::<(), estimators::Error>(())
/// ```
///
/// # Errors
/// As [`Estimator::estimate`].
///
/// # Panics
/// If `dims` is not the shape of the logits.
pub fn mean_gradient<E: Real>(
    estimator: &mut dyn Estimator<E>,
    logits: &[E],
    dims: Dims,
    objective: &dyn Objective<E>,
    draws: usize,
    noise: &mut Noise,
) -> Result<MeanGradient> {
    let mut mean = vec![0.0; dims.elements()];
    // Σ (x − mean)², by Welford's update.
    let mut squares = mean.clone();
    for draw in 1..=draws {
        let estimate = gradient(estimator, logits, dims, objective, None, noise)?;
        for ((x, mean), squares) in estimate.logits.iter().zip(&mut mean).zip(&mut squares) {
            let off = x.widen() - *mean;
            *mean += off / draw as f64;
            *squares += off * (x.widen() - *mean);
        }
    }
    let n = draws as f64;
    let error = squares.iter().map(|sum| (sum / (n * (n - 1.0).max(1.0))).sqrt()).collect();
    Ok(MeanGradient { mean, error })
}
