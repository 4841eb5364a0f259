use super::prelude::*;
use crate::mechanisms::categorical::perturb;
use crate::mechanisms::coupled_relaxation::Relaxation;
use crate::mechanisms::scheduled::Scheduled;
use crate::mechanisms::usable_rows::{clear, squares};

/// The score function with the loss of a relaxed sample as control variate. The reparameterization
/// trick gives the gradient of the control variate's mean.
///
/// **Estimates** ∇ E f(D) without bias for every τ and η.
///
/// **Formula** z = ln p + γ and D = argmax z; z̃ is drawn again given D; y = softmax(z/τ),
/// ỹ = softmax(z̃/τ). The gradient is [f(D) − η f(ỹ)] s + η ∇_θ f(y) − η ∇_θ f(ỹ), where the last
/// two terms pass through p at fixed noise. If `learned`, η and ln τ follow the gradient of the
/// squared norm ĝ² of the estimate, step by step: ∂ĝ²/∂η = 2 ⟨ĝ, ∂ĝ/∂η⟩ in closed form, and ∂ĝ²/∂ln
/// τ by a central difference of 10⁻³ with the same noise.
///
/// **Requires** losses at vertices, and the loss and its gradient inside the simplex.
///
/// **Costs** one loss, and two relaxed losses with their gradients; six if learned.
///
/// **When to use** if losses are expensive, gradients are cheap, and bias is not acceptable. With
/// two or more losses per row, `double-cv` or `reinforce-loo` are simpler and often better.
///
/// **Reference** Tucker, Mnih, Maddison, Lawson & Sohl-Dickstein 2017, arXiv:1703.07370, §3 and
/// Appendix.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::Rebar, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = Rebar::default().build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // Unbiased: the mean is the gradient of the expected loss.
/// assert!(estimate.agrees_with(&[-3.44, -14.72, 18.16]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rebar {
    /// τ, or its initial value if learned: above 0.
    pub temperature: f64,
    /// Optional schedule that multiplies τ during training; not allowed if τ is learned.
    pub schedule: Option<Schedule>,
    /// η, or its initial value if learned: a number.
    pub eta: f64,
    /// Whether η and τ are learned.
    pub learned: bool,
    /// Step size with which they are learned: above 0.
    pub learning_rate: f64,
}

impl Default for Rebar {
    fn default() -> Self {
        Self { temperature: 0.5, schedule: None, eta: 1.0, learned: false, learning_rate: 0.01 }
    }
}

impl Kind for Rebar {
    const NAME: &'static str = "rebar";
    const FAMILY: Family = Family::ScoreFunction;
    const SUMMARY: &'static str = "score function with a Gumbel-softmax control variate";
    const SOURCE: &'static str =
        "Tucker, Mnih, Maddison, Lawson & Sohl-Dickstein 2017, arXiv:1703.07370";
    const VERSION: u32 = 2;

    fn check(&self) -> Result<(), Fault> {
        ranges::temperature("temperature", self.temperature)?;
        ranges::schedule(self.schedule)?;
        let is_either = self.schedule.is_none() || !self.learned;
        Fault::require(
            is_either,
            "schedule",
            "a table",
            "no schedule if the temperature is learned",
        )?;
        ranges::finite("eta", self.eta)?;
        ranges::positive("learning-rate", self.learning_rate)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        let rate = if self.learned { self.learning_rate } else { 0.0 };
        let eta = self.eta;
        let settings = Scheduled::new(self.schedule, self);
        let log_temperature = settings.at::<f64>(settings.kind.temperature).ln();
        Box::new(RebarEstimator { settings, log_temperature, eta, rate, slopes: (0.0, 0.0) })
    }
}

struct RebarEstimator {
    settings: Scheduled<Rebar>,
    log_temperature: f64,
    eta: f64,
    /// Step size; 0 if nothing is learned.
    rate: f64,
    /// ∂ĝ²/∂η and ∂ĝ²/∂ln τ of the last estimate, divided by ĝ².
    slopes: (f64, f64),
}

/// Half the step of the difference in ln τ.
const DIFFERENCE: f64 = 1e-3;

impl<E: Real> Estimator<E> for RebarEstimator {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let (dims, p) = (categorical.dims, categorical.softmax(E::ONE));
        let relaxation = Relaxation::draw(&p, perturb(&p.ln(), noise), noise);
        let picks = Rc::new(relaxation.picks.clone());
        let evaluated = Evaluated::new(categorical, Rc::clone(&picks), objective)?;
        let temperature = |shift: f64| E::of(Real::exp(self.log_temperature + shift));
        let at = |shift: f64| relaxation.control(&p, temperature(shift), objective, dims);
        let eta = E::of(self.eta);
        let control = at(0.0)?;
        let plain = crate::mechanisms::score::scores(&p, &picks, (*evaluated.f).clone(), dims);
        let mut vector = Packed::zeros(dims.rows(), dims.categories);
        combine(&plain, &control, eta, &mut vector);
        if self.rate > 0.0 {
            let controls = [control, at(DIFFERENCE)?, at(-DIFFERENCE)?];
            self.slopes = slopes(plain, controls, &evaluated.f, eta, dims);
        }
        let losses = (*evaluated.f).clone();
        evaluated.inject(Weights::Mean, vector, losses)
    }

    fn properties(&self, _: Dims) -> Properties {
        let relaxed = if self.rate > 0.0 { 6 } else { 2 };
        let evaluations = Evaluations { hard: 1, ..Evaluations::interior(relaxed) };
        Properties { unbiased: Unbiased::Always, ..Properties::new(Domain::Interior, evaluations) }
    }

    fn advance(&mut self) -> Result<()> {
        // Slopes are relative to the norm, and bounded, so that the scale of losses does not matter.
        self.eta -= self.rate * self.slopes.0.clamp(-1.0, 1.0);
        self.log_temperature -= self.rate * self.slopes.1.clamp(-1.0, 1.0);
        self.slopes = (0.0, 0.0);
        self.settings.next_step();
        if !self.settings.kind.learned {
            self.log_temperature = self.settings.at::<f64>(self.settings.kind.temperature).ln();
        }
        Ok(())
    }
}

/// ∂ĝ²/∂η and ∂ĝ²/∂ln τ, divided by ĝ², for ĝ = plain + η · control. The controls are at ln τ and half
/// a step above and below. Rows in which something is not finite do not count.
fn slopes<E: Real>(
    mut plain: Packed<E>,
    mut controls: [Packed<E>; 3],
    f: &Packed<E>,
    eta: E,
    dims: Dims,
) -> (f64, f64) {
    leave_out_rows(f, &mut plain, &mut controls, dims);
    let combined = |control: &Packed<E>| {
        let mut vector = Packed::zeros(dims.rows(), dims.categories);
        combine(&plain, control, eta, &mut vector);
        vector
    };
    let [vector, above, below] = controls.each_ref().map(combined);
    let norm = squared_norm(&vector).max(f64::MIN_POSITIVE);
    let difference = squared_norm(&above) - squared_norm(&below);
    let slope = 2.0 * inner_product(&vector, &controls[0]);
    (slope / norm, difference / (2.0 * DIFFERENCE) / norm)
}

/// Sets to 0 the rows in which something is not finite, or has no finite square.
fn leave_out_rows<E: Real>(
    f: &Packed<E>,
    plain: &mut Packed<E>,
    controls: &mut [Packed<E>; 3],
    dims: Dims,
) {
    let mut sum = f.row_dots(f);
    sum.add(&squares(plain, dims.latents));
    controls.iter().for_each(|control| sum.add(&squares(control, dims.latents)));
    if !sum.total().is_finite() {
        let sum = sum.repeat_rows(dims.latents);
        clear(&sum, plain);
        controls.iter_mut().for_each(|control| clear(&sum, control));
    }
}

rowwise! {
    /// plain + η · control
    fn combine(plain, control; eta => v) {
        for k in 0..v.len() {
            v[k] = eta.mul_add(control[k], plain[k]);
        }
    }
}

fn squared_norm<E: Real>(v: &Packed<E>) -> f64 {
    inner_product(v, v)
}

fn inner_product<E: Real>(a: &Packed<E>, b: &Packed<E>) -> f64 {
    rowwise! {
        fn multiply(a, b => products) {
            for k in 0..a.len() {
                products[k] = a[k] * b[k];
            }
        }
    }
    let mut products = Packed::zeros(a.rows(), a.columns());
    multiply(a, b, &mut products);
    products.total()
}
