use crate::Result;
use estimators::{Dims, Domain, Estimator, Logits, Objective};
use kernels::tape::{Node, Recording};
use kernels::{Data, Noise, Packed, Real, rows, rowwise};
use std::rc::Rc;

/// A network in training on a task, for one seed.
///
/// It is pure: it reads no clock, no file and starts no thread, and what it does depends on the
/// task, the seed, the estimator and the noise alone.
pub trait Training {
    /// The dimensions of a batch's choice.
    fn dims(&self) -> Dims;

    /// Where its objective is defined.
    fn domain(&self) -> Domain;

    /// Draws the batch of a step, lets the estimator estimate on it, and takes a step against the
    /// estimate. Returns the loss that the estimator met, which is not finite if training diverged.
    ///
    /// # Errors
    /// If the estimator or the device fails.
    fn step(&mut self, step: u64, estimator: &mut dyn Estimator<f32>, noise: &Noise)
    -> Result<f64>;

    /// What the network does on rows that it does not learn from. The first metric is the headline:
    /// the loss when deployed with the hard argmax.
    ///
    /// # Errors
    /// If the estimator or the device fails.
    fn evaluate(
        &mut self,
        estimator: &mut dyn Estimator<f32>,
        noise: &mut Noise,
    ) -> Result<Vec<Metric>>;

    /// A place to measure gradients at: the batch of a step, at the parameters of this moment.
    ///
    /// # Errors
    /// If the device fails.
    fn probe(&mut self, step: u64) -> Result<Box<dyn Probe<f32> + '_>>;
}

/// A number that tells how good a network is.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Its name, in kebab-case.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
}

/// Logits and an objective at fixed parameters, to draw estimates at.
pub trait Probe<E: Real> {
    /// The dimensions of the choice.
    fn dims(&self) -> Dims;

    /// Where its objective is defined.
    fn domain(&self) -> Domain;

    /// `draws` estimates of the gradient of the mean over the batch; handed over one by one. Each is
    /// for the logits, [B, L, K]; where the task ties logits to each other, for what they are tied to.
    ///
    /// # Errors
    /// If the estimator or the device fails.
    fn draw(
        &self,
        estimator: &mut dyn Estimator<E>,
        draws: usize,
        noise: &mut Noise,
        each: &mut dyn FnMut(&[E]),
    ) -> Result<()>;
}

/// Rows of data: features and targets.
pub(crate) struct Sample {
    /// [inputs, rows]
    features: Packed<f32>,
    /// [rows, 1]
    targets: Packed<f32>,
}

/// Rows that a network reads, and their targets, [B, 1].
pub(crate) type Batch = (Rc<Data<f32>>, Rc<Packed<f32>>);

impl Sample {
    /// Of features [rows, inputs], row after row.
    pub(crate) fn new(features: &[f64], targets: &[f64]) -> Self {
        let single = |numbers: &[f64]| numbers.iter().map(|&x| x as f32).collect::<Vec<f32>>();
        let inputs = features.len() / targets.len();
        // Rows of the features are columns of the transpose.
        let features = Packed::from_columns(&single(features), inputs);
        Self { features, targets: Packed::pack(&single(targets), 1) }
    }

    /// Rows of these numbers.
    pub(crate) fn rows(&self, indices: &[u32]) -> Batch {
        let targets = self.targets.pick_rows(indices);
        (Data::of_transposed(self.features.pick_columns(indices)), Rc::new(targets))
    }

    /// Every row.
    pub(crate) fn all(&self) -> Batch {
        (Data::of_transposed(self.features.clone()), Rc::new(self.targets.clone()))
    }

    /// `count` rows drawn with replacement.
    pub(crate) fn draw(&self, count: usize, noise: &mut Noise) -> Batch {
        self.rows(&noise.indices(self.targets.rows() as u32, count))
    }
}

/// What a classifier says of rows.
pub(crate) struct Classified {
    /// The most probable category of each row, [rows, 1].
    pub(crate) picks: Packed<f32>,
    /// Mean entropy of the rows' distributions, in nats.
    pub(crate) entropy: f64,
}

/// Reads logits [rows, K].
pub(crate) fn classify(logits: &Packed<f32>) -> Classified {
    rowwise! {
        /// −Σ_k p_k ln p_k
        fn entropies(log_p => entropy) {
            entropy[0] = V::zero();
            for &log_p in log_p {
                let p = log_p.exp();
                entropy[0] += rows::where_possible(p, -(p * log_p));
            }
        }
    }
    let log_p = rows::log_softmax(logits, 1.0);
    let mut entropy = Packed::scratch(logits.rows(), 1);
    entropies(&log_p, &mut entropy);
    Classified { picks: rows::argmax(logits), entropy: entropy.total() / logits.rows() as f64 }
}

/// Rows of which draws are made at a time, unless one draw has more: as many as a batch has, so that
/// what is worked on stays in the cache.
const ROWS_AT_ONCE: usize = 128;

/// Draws estimates at equal logits ([B·L, K]): a batch that is repeated so many times is as many
/// draws, and `objective` makes the objective of a batch that is.
pub(crate) fn draw_repeated<E: Real, O: Objective<E>>(
    logits: &Packed<E>,
    latents: usize,
    estimator: &mut dyn Estimator<E>,
    draws: usize,
    noise: &mut Noise,
    each: &mut dyn FnMut(&[E]),
    objective: impl Fn(usize) -> O,
) -> Result<()> {
    let elements = logits.rows() * logits.columns();
    let at_once = (ROWS_AT_ONCE / (logits.rows() / latents)).max(1);
    let mut left = draws;
    while left > 0 {
        let times = left.min(at_once);
        let (repeated, objective) = (Rc::new(logits.repeat(times)), objective(times));
        while left >= times {
            let leaf = Node::new(Rc::clone(&repeated));
            let taped = Logits::new(leaf.clone(), latents, Recording::default());
            estimator.surrogate(taped, &objective, noise)?.backward()?;
            let mut gradient = leaf.take().map_or(vec![E::ZERO; times * elements], |g| g.unpack());
            gradient.iter_mut().for_each(|g| *g *= E::of(times as f64));
            gradient.chunks_exact(elements).for_each(&mut *each);
            left -= times;
        }
    }
    Ok(())
}
