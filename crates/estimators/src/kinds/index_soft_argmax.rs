use super::prelude::*;
use crate::mechanisms::differentiated::{Jacobian, in_interior};

/// The expected category *number*, used as if it were the category, as in the code of this
/// project's question. A negative control.
///
/// **Estimates** nothing meaningful if the categories have no order: the mean of the numbers 0 and
/// 2 is 1, which may be the least probable category.
///
/// **Formula** q = softmax(βθ), i = Σ_k k q_k. If `rounded`, the choice is ⌊i⌉, and the logits get
/// no gradient. Otherwise it is the point between two neighbors: with j = min(⌊i⌋, K − 2) and
/// w = i − j, the weight is 1 − w on j and w on j + 1; the gradient is (g_{j+1} − g_j) β q_k
/// (k − i).
///
/// **Requires** losses at vertices if rounded; otherwise the loss and its gradient inside the
/// simplex.
///
/// **Costs** one loss; if not rounded, one relaxed loss and its gradient.
///
/// **When to use** only if the categories are points on a line, such as the pixel coordinates of
/// keypoints. At β = 100 the gradient vanishes anyway: its factor β q (1 − q) is 4.5e-3 at a gap of
/// 0.1 between two logits, and 9e-12 at 0.3.
///
/// **Reference** Luvizon, Tabia & Picard 2017, arXiv:1710.02322, for keypoints; the question's
/// code.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, gradient, kinds::IndexSoftArgmax};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [5.0, 0.0, 5.0];
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let mut index = IndexSoftArgmax { sharpness: 1.0, rounded: true }.build::<f64>();
/// let noise = &mut Noise::named(&["example"]);
/// let gradient = gradient(&mut *index, &logits, dims, &objective, None, noise)?;
/// // It chose category 1, whose probability is 0.0034, and the logits get no gradient.
/// assert_eq!(gradient.losses, [25.0]);
/// assert_eq!(gradient.logits, [0.0, 0.0, 0.0]);
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct IndexSoftArgmax {
    /// β: above 0.
    pub sharpness: f64,
    /// Whether to round the number to a category, as in the question.
    pub rounded: bool,
}

impl Default for IndexSoftArgmax {
    fn default() -> Self {
        Self { sharpness: 100.0, rounded: false }
    }
}

impl Kind for IndexSoftArgmax {
    const NAME: &'static str = "index-soft-argmax";
    const FAMILY: Family = Family::ExactAndRelaxed;
    const SUMMARY: &'static str = "the mean category number: a negative control";
    const SOURCE: &'static str = "the seed question's code; Luvizon et al. 2017, arXiv:1710.02322";

    fn check(&self) -> Result<(), Fault> {
        ranges::positive("sharpness", self.sharpness)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for IndexSoftArgmax {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        _: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let dims = categorical.dims;
        let q = categorical.softmax(E::of(1.0 / self.sharpness));
        let mut index = Packed::zeros(dims.rows(), 1);
        mean_index(&q, &mut index);
        if self.rounded {
            let mut picks = Packed::zeros(dims.rows(), 1);
            round(&index, &q, &mut picks);
            let evaluated = Evaluated::new(categorical, picks, objective)?;
            let losses = (*evaluated.f).clone();
            return evaluated.inject(
                Weights::Mean,
                Packed::zeros(dims.rows(), dims.categories),
                losses,
            );
        }
        let mut points = Packed::zeros(dims.rows(), dims.categories);
        interpolate(&index, &mut points);
        let sharpness = E::of(self.sharpness);
        in_interior(
            categorical,
            Rc::new(points),
            objective,
            InterpolationJacobian { q, index, sharpness },
        )
    }

    fn properties(&self, _: Dims) -> Properties {
        let (needs, evaluations) = if self.rounded {
            (Domain::Vertices, Evaluations::vertices(1))
        } else {
            (Domain::Interior, Evaluations::interior(1))
        };
        Properties { stochastic: false, ..Properties::new(needs, evaluations) }
    }
}

rowwise! {
    /// i = Σ_k k q_k
    fn mean_index(q => index) {
        index[0] = V::zero();
        for k in 0..q.len() {
            index[0] = V::splat(E::of(k as f64)).mul_add(q[k], index[0]);
        }
    }
}

rowwise! {
    /// The nearest category number; ties go to the even one. `q` gives the number of categories.
    fn round(index, q => pick) {
        pick[0] = V::zero();
        for k in 1..q.len() {
            let border = V::splat(E::of(k as f64 - 0.5));
            let reached = if k % 2 == 0 {
                V::splat(E::ONE) - V::indicator(index[0].less(border))
            } else {
                V::indicator(border.less(index[0]))
            };
            pick[0] += reached;
        }
    }
}

/// j = min(⌊i⌋, K − 2)
#[inline(always)]
fn floor<E: Real, V: Lanes<E>>(index: V, categories: usize) -> V {
    let mut j = V::zero();
    for k in 1..categories - 1 {
        let below = index.less(V::splat(E::of(k as f64)));
        j += V::select(below, V::zero(), V::splat(E::ONE));
    }
    j
}

/// g_{j+1} − g_j: the slope of a loss between the numbers j = min(⌊i⌋, K − 2) and j + 1.
#[inline(always)]
pub(super) fn slope_at<E: Real, V: Lanes<E>>(index: V, g: &[V]) -> V {
    let j = floor(index, g.len());
    let mut slope = V::zero();
    for k in 0..g.len() - 1 {
        slope += rows::one_hot(j, k) * (g[k + 1] - g[k]);
    }
    slope
}

rowwise! {
    /// 1 − w on j, w on j + 1
    fn interpolate(index => points) {
        let j = floor(index[0], points.len());
        let w = index[0] - j;
        for k in 0..points.len() {
            let (here, before) = (V::splat(E::of(k as f64)), V::splat(E::of(k as f64 - 1.0)));
            let on_j = V::select(j.equal(here), V::splat(E::ONE) - w, V::zero());
            points[k] = V::select(j.equal(before), w, on_j);
        }
    }
}

struct InterpolationJacobian<E: Real> {
    q: Packed<E>,
    index: Packed<E>,
    sharpness: E,
}

impl<E: Real> Jacobian<E> for InterpolationJacobian<E> {
    /// v += (g_{j+1} − g_j) β q_k (k − i)
    #[inline(always)]
    fn product<V: Lanes<E>>(&self, block: usize, g: &[V], v: &mut [V]) {
        let (q, index) = (self.q.block::<V>(block), self.index.block::<V>(block)[0]);
        let slope = slope_at(index, g) * V::splat(self.sharpness);
        for k in 0..q.len() {
            v[k] += slope * q[k] * (V::splat(E::of(k as f64)) - index);
        }
    }
}
