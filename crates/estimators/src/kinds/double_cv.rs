use super::prelude::*;
use crate::mechanisms::differentiated::at_several_vertices;
use std::cell::OnceCell;

/// Leave-one-out with two control variates: the losses of the other samples, and the linear
/// function that their gradients define.
///
/// **Estimates** ∇ E f(D) without bias for every α.
///
/// **Formula** S samples with losses f_i and gradients g_i; ḡ_{−i} = mean_{j≠i} g_j, and b_i = α
/// ⟨ḡ_{−i}, D_i − p⟩ summed over latents. The gradient is (1/S) Σ_i (f_i + b_i − mean_{j≠i}
/// (f_j + b_j)) s_i − α J(p) mean_i g_i. At α = −1 the linear function removes the linear part of
/// the loss.
///
/// **Requires** gradients at vertices.
///
/// **Costs** S losses and their gradients.
///
/// **When to use** if two losses per row and their gradients are affordable. In our measurements no
/// other unbiased estimator with two samples had as little variance.
///
/// **Reference** Titsias & Shi 2022, arXiv:2111.05300, eq. 10, for bits; the form for categories,
/// with J(p), is our derivation.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::DoubleCv, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = DoubleCv::default().build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // Unbiased: the mean is the gradient of the expected loss.
/// assert!(estimate.agrees_with(&[-3.44, -14.72, 18.16]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct DoubleCv {
    /// S, samples of each row: at least 2.
    pub samples: usize,
    /// α, the weight of the linear control variate: a number.
    pub alpha: f64,
}

impl Default for DoubleCv {
    fn default() -> Self {
        Self { samples: 2, alpha: -1.0 }
    }
}

impl Kind for DoubleCv {
    const NAME: &'static str = "double-cv";
    const FAMILY: Family = Family::ScoreFunction;
    const SUMMARY: &'static str = "leave-one-out with a linear control variate of the others";
    const SOURCE: &'static str = "Titsias & Shi 2022, arXiv:2111.05300";
    const VERSION: u32 = 3;

    fn check(&self) -> Result<(), Fault> {
        ranges::samples(self.samples, 2)?;
        ranges::finite("alpha", self.alpha)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for DoubleCv {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let (dims, p) = (categorical.dims, categorical.softmax(E::ONE));
        let picks = Rc::new(rows::categorical(&p, self.samples, noise));
        // The losses, which are known before the backward pass reads them here.
        let losses: Rc<OnceCell<Node<E>>> = Rc::default();
        let known = Rc::clone(&losses);
        let controlled = Controlled { p, picks: Rc::clone(&picks), alpha: E::of(self.alpha), dims };
        let surrogate = at_several_vertices(categorical, picks, objective, move |g, v| {
            if let Some(f) = known.get() {
                controlled.backward(f, g, v);
            }
        })?;
        let (surrogate, f) = surrogate;
        // Set once, as these samples have one surrogate.
        let _ = losses.set(f);
        Ok(surrogate)
    }

    fn properties(&self, _: Dims) -> Properties {
        let evaluations = Evaluations::differentiated(self.samples as u64);
        Properties {
            unbiased: Unbiased::Always,
            ..Properties::new(Domain::VertexGradients, evaluations)
        }
    }
}

struct Controlled<E: Real> {
    p: Packed<E>,
    picks: Rc<Packed<E>>,
    alpha: E,
    dims: Dims,
}

impl<E: Real> Controlled<E> {
    /// Adds the estimate to `v`, given losses f ([B, S]) and the gradient of their mean for all
    /// samples ([B·L, S·K]).
    fn backward(&self, f: &Packed<E>, g: &Packed<E>, v: &mut Packed<E>) {
        let (dims, samples) = (self.dims, self.picks.columns());
        let mut total = Packed::zeros(dims.rows(), dims.categories);
        add_up_samples(g, &mut total);
        let mut b = Packed::scratch(dims.rows(), samples);
        // `g` is the gradient of a mean over S·B losses: times S·B it is that of each loss.
        let own = E::of((samples * dims.batch) as f64);
        let scale = self.alpha * own / E::of((samples - 1) as f64);
        control_variates(&self.p, &self.picks, g, &total, scale, &mut b);
        let b = b.sum_rows(dims.latents);
        let mut advantages = Packed::zeros(dims.batch, samples);
        let scale = 1.0 / (samples - 1) as f64;
        let share = 1.0 / samples as f64;
        leave_one_out(f, &b, E::of(share), E::of(scale), &mut advantages);
        v.add(&crate::mechanisms::score::scores(&self.p, &self.picks, advantages, dims));
        subtract_linear(&self.p, &total, self.alpha, v);
    }
}

rowwise! {
    /// scale · ⟨Σ_{j≠i} g_j, D_i − p⟩ of each latent, where Σ_{j≠i} g_j = Σ_j g_j − g_i
    fn control_variates(p, picks, g, total; scale => b) {
        for (i, own) in g.chunks_exact(p.len()).enumerate() {
            b[i] = V::zero();
            for k in 0..p.len() {
                b[i] += (total[k] - own[k]) * (rows::one_hot(picks[i], k) - p[k]);
            }
            b[i] = b[i] * scale;
        }
    }
}

rowwise! {
    /// (1/S)(h_i − mean_{j≠i} h_j) = (h_i − h̄)/(S − 1) of h = f + b
    fn leave_one_out(f, b; share, scale => a) {
        // Differences to a rounded mean are exact if the losses are close to each other.
        let rounded = rows::sum(f) * share;
        for i in 0..a.len() {
            a[i] = (f[i] - rounded) + b[i];
        }
        let rest = rows::sum(a) * share;
        for i in 0..a.len() {
            a[i] = (a[i] - rest) * scale;
        }
    }
}

rowwise! {
    fn add_up_samples(g => total) {
        for sample in g.chunks_exact(total.len()) {
            for k in 0..total.len() {
                total[k] += sample[k];
            }
        }
    }
}

rowwise! {
    /// v −= α J(p) g
    fn subtract_linear(p, g; alpha => v) {
        rows::add_jacobian_product(p, g, -alpha, v);
    }
}
