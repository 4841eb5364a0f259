use super::prelude::*;
use crate::mechanisms::differentiated::at_vertices_with;
use crate::mechanisms::laplacian;
use crate::mechanisms::scheduled::Scheduled;
use kernels::simd::{self, Kernel};

/// The minimum variance estimator: of all estimators that have a certain bias on average, the one with the
/// least variance on average.
///
/// **Estimates** the gradient without bias for linear losses at every τ. For quadratic losses the bias falls
/// as 1/τ, and is 0 at τ = ∞.
///
/// **Formula** D ~ Cat(p), x its category. With ε = 1/τ, weights w_ij = p_i p_j/(ε + p_i + p_j) and
/// r_i = ε Σ_j p_j/(ε + p_i + p_j), let A be the K×K matrix with −w_ij beside the diagonal and rows that
/// sum to r_i. Then, with a_i = (ε + p_i) g_i/(ε + p_i + p_x), solve A y = a − e_x Σ_i p_i g_i/(ε + p_i + p_x);
/// the gradient is J(p) h with h_i = y_i (ε + p_i)/(ε + 2 p_i) + [i = x] g_x/(ε + 2 p_x). At τ → 0 this is
/// straight-through. At τ = ∞ A has constants as its null space; these drop out, so that
/// `temperature = inf` is the closed form of the limit.
///
/// **Requires** gradients at vertices, and at most 256 categories.
///
/// **Costs** one loss at a vertex and its gradient, and K³/6 multiply-adds for each row and latent.
/// For 128 rows that takes 2.5, 8, 16, 59, 300 µs, 1.9 and 17 ms at K = 2, 8, 16, 32, 64, 128, 256 on one core of a
/// Zen 4 (ReinMax: 2.0 to 52 µs), by `ESTIMATES=table ONLY=mve,reinmax CATEGORIES=2,8,16,32,64,128,256 cargo bench -p
/// estimators --bench estimates --profile dev`.
///
/// **When to use** instead of `reinmax` with a temperature: at equal variance its bias is usually lower, and
/// τ leads from straight-through to no bias for quadratic losses, while a ReinMax of τ ≠ 1 is biased for
/// them. "Minimum" is over an average of losses: for a given loss ReinMax may vary less. The authors let τ
/// grow from 1 to 10⁶ during training: a `schedule` with `kind = "geometric"` and `end = 1e6` does that.
///
/// **Reference** Hooper & Shekhovtsov 2026, "Generalized and Optimal Straight-Through Estimators"
/// (AISTATS), with A scaled by 1/τ. That A is solved as a Laplacian system is ours.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::Mve, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = Mve { temperature: f64::INFINITY, schedule: None }.build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // Unbiased in the limit, as the loss is quadratic.
/// assert!(estimate.agrees_with(&[-3.44, -14.72, 18.16]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Mve {
    /// τ: above 0, or inf.
    pub temperature: f64,
    /// Optional schedule that multiplies τ during training; not with τ = inf.
    pub schedule: Option<Schedule>,
}

impl Default for Mve {
    fn default() -> Self {
        Self { temperature: 1.0, schedule: None }
    }
}

/// K up to which the system is solved: 16 of its matrices in single precision take 4 MB.
const MOST_CATEGORIES: usize = 256;

impl Kind for Mve {
    const NAME: &'static str = "mve";
    const FAMILY: Family = Family::StraightThrough;
    const SUMMARY: &'static str = "straight-through of minimum variance";
    const SOURCE: &'static str = "Hooper & Shekhovtsov 2026, AISTATS";

    fn check(&self) -> Result<(), Fault> {
        ranges::temperature_or_infinity("temperature", self.temperature, self.schedule)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(Scheduled::new(self.schedule, self))
    }
}

impl<E: Real> Estimator<E> for Scheduled<Mve> {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let epsilon = E::ONE / self.at::<E>(self.kind.temperature);
        let categorical = Categorical::new(logits)?;
        let p = categorical.softmax(E::ONE);
        let picks = Rc::new(rows::categorical(&p, 1, noise));
        let of_backward = Rc::clone(&picks);
        at_vertices_with(categorical, picks, objective, move |g, v| {
            let (picks, categories) = (&*of_backward, p.columns());
            let room = Packed::scratch(1, (categories + 3) * categories);
            simd::run(Backward { p: &p, picks, epsilon, g, v, room });
        })
    }

    fn properties(&self, _: Dims) -> Properties {
        let is_limit = self.kind.temperature == f64::INFINITY;
        Properties {
            unbiased: if is_limit { Unbiased::Quadratic } else { Unbiased::Linear },
            ..Properties::new(Domain::VertexGradients, Evaluations::differentiated(1))
        }
    }

    fn refuses(&self, dims: Dims) -> Option<String> {
        let k = dims.categories;
        (k > MOST_CATEGORIES).then(|| {
            format!(
                "it solves K equations for each row: {MOST_CATEGORIES} categories at most, not {k}"
            )
        })
    }

    fn advance(&mut self) -> Result<()> {
        self.next_step();
        Ok(())
    }
}

/// Less likely categories count as masked, and a sample as this likely: then no weight underflows.
const LEAST: f64 = 1e-20;

struct Backward<'a, E: Real> {
    p: &'a Packed<E>,
    picks: &'a Packed<E>,
    epsilon: E,
    g: &'a Packed<E>,
    v: &'a mut Packed<E>,
    /// Sixteen matrices, and three vectors for each.
    room: Packed<E>,
}

impl<E: Real> Kernel<E> for Backward<'_, E> {
    type Output = ();
    #[inline(always)]
    fn run<V: Lanes<E>>(mut self) {
        let (k, epsilon) = (self.p.columns(), V::splat(self.epsilon));
        let (weights, vectors) = self.room.block_mut::<V>(0).split_at_mut(k * k);
        let (q, vectors) = vectors.split_at_mut(k);
        let (r, y) = vectors.split_at_mut(k);
        for (block, (g, v)) in self.g.blocks::<V>().zip(self.v.blocks_mut()).enumerate() {
            let (p, pick) = (self.p.block::<V>(block), self.picks.block::<V>(block)[0]);
            let of_pick = bounded(p, pick, q);
            conductances(q, epsilon, weights, r);
            let total = right_side(q, g, pick, of_pick, epsilon, y);
            let offset = solve_grounded(weights, r, total, y);
            directions(q, g, pick, epsilon, offset, y);
            rows::add_jacobian_product(p, y, V::splat(E::ONE), v);
        }
    }
}

/// Writes q = p, or 0 where p is below [`LEAST`], but at least that for the sample. Returns its q.
#[inline(always)]
fn bounded<E: Real, V: Lanes<E>>(p: &[V], pick: V, q: &mut [V]) -> V {
    let (least, mut of_pick) = (V::splat(E::of(LEAST)), V::zero());
    for k in 0..p.len() {
        let others = V::select(p[k].less(least), V::zero(), p[k]);
        let is_picked = pick.equal(V::splat(E::of(k as f64)));
        q[k] = V::select(is_picked, p[k].max(least), others);
        of_pick = V::select(is_picked, q[k], of_pick);
    }
    of_pick
}

/// w_ij, for i < j, and r_i.
#[inline(always)]
fn conductances<E: Real, V: Lanes<E>>(q: &[V], epsilon: V, weights: &mut [V], r: &mut [V]) {
    for i in 0..q.len() {
        r[i] = q[i] * inverse(epsilon + q[i] + q[i]);
    }
    for i in 0..q.len() {
        for j in i + 1..q.len() {
            let scale = inverse(epsilon + q[i] + q[j]);
            let share = q[j] * scale;
            weights[i * q.len() + j] = q[i] * share;
            r[i] += share;
            r[j] = q[i].mul_add(scale, r[j]);
        }
    }
    for i in 0..q.len() {
        r[i] = rows::unless_zero(q[i], epsilon * r[i]);
    }
}

/// 1/x, for sums of q and ε: 0 only if nothing is multiplied by it that is not 0.
#[inline(always)]
fn inverse<E: Real, V: Lanes<E>>(x: V) -> V {
    V::splat(E::ONE) / x.max(V::splat(E::of(LEAST)))
}

/// The right side of A y = u. Returns Σ u without the cancellation: ε Σ_i g_i/(ε + p_i + p_x).
#[inline(always)]
fn right_side<E: Real, V: Lanes<E>>(
    q: &[V],
    g: &[V],
    pick: V,
    of_pick: V,
    epsilon: V,
    u: &mut [V],
) -> V {
    let (mut total, mut of_others) = (V::zero(), V::zero());
    for k in 0..q.len() {
        let g = rows::unless_zero(q[k], g[k]);
        let scale = inverse(epsilon + q[k] + of_pick);
        u[k] = ((epsilon + q[k]) * scale) * g;
        of_others = (q[k] * scale).mul_add(g, of_others);
        total = (epsilon * scale).mul_add(g, total);
    }
    for (k, u) in u.iter_mut().enumerate() {
        *u = *u - rows::one_hot(pick, k) * of_others;
    }
    total
}

/// Solves A y = u, up to a constant that it returns: the solution is `y` plus that.
///
/// A w = u with rows of A that sum to r is a Laplacian system with one more node, which is at 0 and has the
/// weights r to the others. Its elimination adds r_i r_j/Σr to the weights, and takes its share of u. What
/// is left is well conditioned for every τ, and the constant, of which large τ lose all digits in A, is known
/// from Σ_i r_i w_i = Σ u.
#[inline(always)]
fn solve_grounded<E: Real, V: Lanes<E>>(weights: &mut [V], r: &[V], total: V, y: &mut [V]) -> V {
    let (n, ground) = (y.len(), rows::sum(r));
    let is_grounded = V::zero().less(ground);
    let inverse = V::select(is_grounded, V::splat(E::ONE) / ground, V::zero());
    for i in 0..n {
        let share = r[i] * inverse;
        y[i] = y[i] - share * total;
        for j in i + 1..n {
            weights[i * n + j] = share.mul_add(r[j], weights[i * n + j]);
        }
    }
    laplacian::solve(weights, y);
    (total - rows::dot(r, y)) * inverse
}

/// Turns y into h, up to a constant.
#[inline(always)]
fn directions<E: Real, V: Lanes<E>>(q: &[V], g: &[V], pick: V, epsilon: V, offset: V, y: &mut [V]) {
    let half = V::splat(E::of(0.5));
    for k in 0..q.len() {
        let scale = inverse(epsilon + q[k] + q[k]);
        let is_picked = pick.equal(V::splat(E::of(k as f64)));
        let of_pick = V::select(is_picked, scale * g[k], V::zero());
        // (ε + q)/(ε + 2q) = ½ + ½ ε/(ε + 2q), and halves of a constant drop out.
        let of_offset = (half * epsilon * scale).mul_add(offset, of_pick);
        y[k] = ((epsilon + q[k]) * scale).mul_add(y[k], of_offset);
    }
}
