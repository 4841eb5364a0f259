use super::prelude::*;
use crate::mechanisms::categorical::perturb;
use crate::mechanisms::coupled_relaxation::Relaxation;
use crate::mechanisms::scheduled::Scheduled;
use crate::mechanisms::score::scores;
use crate::mechanisms::usable_rows::{clear, squares};
use surrogate_network::{Passes, SurrogateNetwork};

mod surrogate_network;

/// REBAR with a network of the relaxed sample instead of the loss, so that the loss is evaluated
/// only at vertices.
///
/// **Estimates** ∇ E f(D) without bias, whatever the network.
///
/// **Formula** as `rebar` with η = 1 and a network c_φ instead of the relaxed loss: [f(D) − c_φ(ỹ)]
/// s + ∇_θ c_φ(y) − ∇_θ c_φ(ỹ). The network is linear → tanh → linear. Its inputs are the relaxed
/// sample and the objective's context, or the logits if there is no context. φ follows the gradient
/// of ĝ², which is derived by hand: 2 ⟨ĝ, ∂ĝ/∂φ⟩ = 2 ∂/∂φ [−c(ỹ) ⟨s, ĝ⟩ + ċ(y) − ċ(ỹ)], where ċ is
/// the derivative of c along the change of its argument when the logits move by ĝ. The optimizer is
/// Adam.
///
/// **Requires** losses at vertices.
///
/// **Costs** one loss, and two passes of a small network: forward, backward and along a direction.
///
/// **When to use** if the loss is a black box, only one loss per row is affordable, and training is
/// long enough for the network to learn.
///
/// **Reference** Grathwohl, Choi, Wu, Roeder & Duvenaud 2018, arXiv:1711.00123, Algorithm 2.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::Relax, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = Relax::default().build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // Unbiased: the mean is the gradient of the expected loss.
/// assert!(estimate.agrees_with(&[-3.44, -14.72, 18.16]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Relax {
    /// τ of the relaxed sample: above 0.
    pub temperature: f64,
    /// Optional schedule that multiplies τ during training.
    pub schedule: Option<Schedule>,
    /// Width of the network's hidden layer: from 1 up.
    pub hidden: usize,
    /// Step size of its optimizer, Adam: above 0.
    pub learning_rate: f64,
}

impl Default for Relax {
    fn default() -> Self {
        Self { temperature: 0.5, schedule: None, hidden: 16, learning_rate: 0.01 }
    }
}

impl Kind for Relax {
    const NAME: &'static str = "relax";
    const FAMILY: Family = Family::ScoreFunction;
    const SUMMARY: &'static str = "rebar with a learned network as control variate";
    const SOURCE: &'static str = "Grathwohl, Choi, Wu, Roeder & Duvenaud 2018, arXiv:1711.00123";
    const VERSION: u32 = 4;

    fn check(&self) -> Result<(), Fault> {
        ranges::temperature("temperature", self.temperature)?;
        ranges::schedule(self.schedule)?;
        ranges::positive("learning-rate", self.learning_rate)?;
        ranges::hidden(self.hidden)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(RelaxEstimator::new(self))
    }
}

struct RelaxEstimator<E: Real> {
    settings: Scheduled<Relax>,
    /// None before the first step. Its first weights come from the noise of that step: estimates that
    /// are made before, with other noise, do not matter.
    network: Option<SurrogateNetwork<E>>,
    last: Option<Last<E>>,
}

/// The last estimate.
struct Last<E: Real> {
    /// The network that it was made with, if there was no step before.
    network: Option<SurrogateNetwork<E>>,
    /// The gradient of ĝ² for the network's parameters, unless no row was usable.
    gradient: Option<Vec<E>>,
}

impl<E: Real> RelaxEstimator<E> {
    fn new(settings: Relax) -> Self {
        let settings = Scheduled::new(settings.schedule, settings);
        Self { settings, network: None, last: None }
    }

    /// A network with the weights that a step with this noise gives it. They come from another stream
    /// than the samples of the steps, so that these do not depend on the network.
    fn first_network(&self, inputs: (usize, usize), noise: &Noise) -> SurrogateNetwork<E> {
        let Relax { hidden, learning_rate, .. } = self.settings.kind;
        SurrogateNetwork::new(inputs, hidden, learning_rate, &mut noise.at(u64::MAX))
    }
}

impl<E: Real> Estimator<E> for RelaxEstimator<E> {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let (dims, p) = (categorical.dims, categorical.softmax(E::ONE));
        let temperature = self.settings.at(self.settings.kind.temperature);
        let width = dims.latents * dims.categories;
        let context = match objective.context() {
            Some(context) => context.rows.clone(),
            None => categorical.features(),
        };
        let mut new = None;
        let network = match &self.network {
            Some(network) => network,
            None => new.insert(self.first_network((width, context.columns()), noise)),
        };
        let relaxation = Relaxation::draw(&p, perturb(&p.ln(), noise), noise);
        let picks = Rc::new(relaxation.picks.clone());
        let evaluated = Evaluated::new(categorical, Rc::clone(&picks), objective)?;
        let (y, conditional) = relaxation.points(temperature);
        let first = network.pass(&y, &context);
        let second = network.pass(&conditional, &context);
        let (g, conditional_g) = (network.slope(&first, dims), network.slope(&second, dims));
        let mut vector =
            relaxation.difference(&p, &y, &g, &conditional, &conditional_g, temperature, dims);
        let mut advantages = (*evaluated.f).clone();
        advantages.subtract(&second.outputs);
        vector.add(&scores(&p, &picks, advantages, dims));
        let mut along = relaxation.push_forward(&p, &vector, temperature);
        let score = scores(&p, &picks, ones(dims), dims);
        let mut weights = vector.row_dots(&score).sum_rows(dims.latents);
        let usable = leave_out_rows(&evaluated.f, &mut along, &mut weights, dims);
        let gradient = (usable > 0).then(|| {
            let passes =
                Passes { first: &first, second: &second, along: &along, weights: &weights };
            let mut gradient = network.squared_norm_gradient(&passes, dims);
            if usable < dims.batch {
                // ĝ is a mean over the rows.
                let scale = E::of(dims.batch as f64 / usable as f64);
                gradient.iter_mut().for_each(|g| *g *= scale);
            }
            gradient
        });
        self.last = Some(Last { network: new, gradient });
        let losses = (*evaluated.f).clone();
        evaluated.inject(Weights::Mean, vector, losses)
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties {
            unbiased: Unbiased::Always,
            ..Properties::new(Domain::Vertices, Evaluations::vertices(1))
        }
    }

    fn advance(&mut self) -> Result<()> {
        self.settings.next_step();
        let Some(Last { network, gradient }) = self.last.take() else { return Ok(()) };
        self.network = self.network.take().or(network);
        if let (Some(network), Some(gradient)) = (&mut self.network, gradient) {
            network.step(&gradient);
        }
        Ok(())
    }
}

fn ones<E: Real>(dims: Dims) -> Packed<E> {
    Packed::filled(dims.batch, 1, E::of(dims.batch as f64))
}

/// Sets to 0 what is not finite, or has no finite square, in rows from which the network cannot learn.
/// Returns the number of the other rows.
fn leave_out_rows<E: Real>(
    f: &Packed<E>,
    along: &mut (Packed<E>, Packed<E>),
    weights: &mut Packed<E>,
    dims: Dims,
) -> usize {
    rowwise! {
        fn add_square(f, weight => sum) {
            sum[0] += f[0] * f[0] + weight[0] * weight[0];
        }
    }
    let mut sum = squares(&along.0, dims.latents);
    sum.add(&squares(&along.1, dims.latents));
    add_square(f, weights, &mut sum);
    if sum.total().is_finite() {
        return dims.batch;
    }
    clear(&sum, weights);
    let of_latents = sum.clone().repeat_rows(dims.latents);
    clear(&of_latents, &mut along.0);
    clear(&of_latents, &mut along.1);
    sum.to_columns().into_iter().filter(|sum| sum.is_finite()).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objectives::ExpDot;
    use kernels::rows;

    /// [f(D) − c(ỹ)] s + ∇c(y) − ∇c(ỹ), with slopes by finite differences, while the network learns.
    #[test]
    fn an_estimate_is_its_formula() -> Result<()> {
        const STEP: f64 = 1e-5;
        let dims = Dims { batch: 1, latents: 2, categories: 3 };
        let logits = [0.2, -0.7, 0.5, 0.1, 0.3, -0.4];
        let objective = ExpDot::of(&[0.6, -0.5, 0.2, -0.7, 0.9, 0.1], 1);
        let settings = Relax { temperature: 0.7, learning_rate: 0.1, ..Relax::default() };
        let mut relax = RelaxEstimator::<f64>::new(settings);
        for step in 0..20 {
            let noise = || Noise::named(&["relax"]).at(step);
            let estimate =
                crate::gradient(&mut relax, &logits, dims, &objective, None, &mut noise())?;
            let new = relax.last.as_ref().and_then(|last| last.network.as_ref());
            let Some(network) = relax.network.as_ref().or(new) else { panic!("no network") };
            // θ: each latent's largest logit is moved to 0.
            let context = Packed::pack(&[-0.3, -1.2, 0.0, -0.2, 0.0, -0.7], 6);
            // The sample, c(y) and c(ỹ).
            let at = |logits: &[f64]| {
                let (p, noise) = (rows::softmax(&Packed::pack(logits, 3), 1.0), &mut noise());
                let relaxation = Relaxation::draw(&p, perturb(&p.ln(), noise), noise);
                let (y, conditional) = relaxation.points(0.7);
                let c = |y| network.pass(y, &context).outputs.get(0, 0);
                (relaxation.picks.to_columns(), c(&y), c(&conditional))
            };
            let (picks, _, c) = at(&logits);
            let p = rows::softmax(&Packed::pack(&logits, 3), 1.0).unpack();
            for (i, given) in estimate.logits.iter().enumerate() {
                let moved = |step: f64| {
                    let mut logits = logits;
                    logits[i] += step;
                    let (_, free, conditional) = at(&logits);
                    free - conditional
                };
                let slope = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
                let score = f64::from(picks[i / 3] == (i % 3) as f64) - p[i];
                let expected = (estimate.losses[0] - c) * score + slope;
                assert!((given - expected).abs() < 1e-7, "{step}, {i}: {given} for {expected}");
            }
            relax.advance()?;
        }
        Ok(())
    }
}
