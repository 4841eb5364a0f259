use super::values::Values;
use crate::{Choice, Context, Domain, Losses, Objective, Result};
use kernels::tape::{Node, Recording, record};
use kernels::{Data, Packed, Real, rows, rowwise};
use std::rc::Rc;

/// f(z) = ln Σ_c exp(o_c) − o_y with o_c = Σ_k z_k w_kc: the cross-entropy of the class logits of the
/// chosen category.
///
/// There is one latent per row; w is [B, K·C], C class logits for each of the K categories, those of a
/// category side by side; y is the row's true class. Inside the simplex, class logits are mixed. If
/// they come from a network, compute them on the tape of the logits, so that the network gets their
/// gradient: ∂f/∂w_kc = z_k (q_c − [c = y]) and ∂f/∂z_k = Σ_c w_kc (q_c − [c = y]), where q is the
/// softmax of o.
///
/// ```
/// use estimators::objectives::CrossEntropyPick;
/// use estimators::{Choice, Dims, Objective};
/// use kernels::tape::{Node, Recording};
/// use kernels::Packed;
///
/// // One row, two categories of two classes; the true class is 1.
/// let class_logits = Node::new(Packed::pack(&[0.0, 0.0, 0.0, 3f64.ln()], 4));
/// let objective = CrossEntropyPick::new(class_logits, 2, &[1]);
/// let dims = Dims { batch: 1, latents: 1, categories: 2 };
/// let losses = objective.loss(Choice::every(dims, Recording::default()))?.numbers().unpack();
/// // Of category 0 both classes are as probable; of category 1 the true one has 3/4.
/// assert!((losses[0] - 2f64.ln()).abs() < 1e-12 && (losses[1] - (4.0 / 3f64).ln()).abs() < 1e-12);
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CrossEntropyPick<E: Real> {
    /// w, [B, K·C]
    class_logits: Values<E>,
    /// C
    classes: usize,
    /// y, [B, 1]
    truth: Rc<Packed<E>>,
    /// The inputs of a learned baseline.
    context: Option<Rc<Data<E>>>,
}

impl<E: Real> CrossEntropyPick<E> {
    /// The objective with these class logits, [B, K·C], and a true class for each row.
    ///
    /// # Panics
    /// If there are no rows, not one true class per row, or a class out of range.
    pub fn new(class_logits: impl Into<Values<E>>, classes: usize, truth: &[u32]) -> Self {
        assert!(truth.iter().all(|&y| (y as usize) < classes), "classes below {classes}");
        let truth: Vec<E> = truth.iter().map(|&y| E::of(f64::from(y))).collect();
        let truth = Packed::from_columns(&truth, truth.len());
        Self::with_truth(class_logits, classes, Rc::new(truth))
    }

    /// The objective with these class logits, [B, K·C], and true classes as numbers, [B, 1].
    ///
    /// # Panics
    /// If there is not one true class per row, or the columns are not C for each category.
    pub fn with_truth(
        class_logits: impl Into<Values<E>>,
        classes: usize,
        truth: Rc<Packed<E>>,
    ) -> Self {
        let class_logits = class_logits.into();
        let (rows, columns) = class_logits.shape();
        assert_eq!((rows, 1), (truth.rows(), truth.columns()), "one true class per row");
        assert!(classes > 0 && columns % classes == 0, "{classes} columns for each category");
        Self { class_logits, classes, truth, context: None }
    }

    /// The same objective with inputs for a learned baseline, [B, width].
    pub fn with_context(self, rows: Rc<Data<E>>) -> Self {
        Self { context: Some(rows), ..self }
    }
}

impl<E: Real> Objective<E> for CrossEntropyPick<E> {
    fn loss(&self, choice: Choice<E>) -> Result<Losses<E>> {
        let dims = choice.dims();
        assert_eq!(dims.latents, 1, "a cross-entropy pick has one latent");
        let columns = dims.categories * self.classes;
        assert_eq!(self.class_logits.shape().1, columns, "class logits for each category");
        let (node, tape) = if choice.is_every() {
            let (w, mut tape) = self.class_logits.on(choice.into_tape())?;
            (self.of_every(&mut tape, w, dims.categories), tape)
        } else {
            let (points, tape) = choice.into_points();
            let (w, mut tape) = self.class_logits.on(tape)?;
            (self.of_points(&mut tape, w, points, dims.categories), tape)
        };
        Ok(Losses::new(node, tape))
    }

    fn domain(&self) -> Domain {
        Domain::Interior
    }

    fn context(&self) -> Option<Context<'_, E>> {
        self.context.as_ref().map(|data| Context { rows: data.rows() })
    }
}

rowwise! {
    /// For rows of S·C logits o in `e`: the S losses, and q_c − [c = y] in place of each o_c.
    fn cross_entropies(y => e, f) {
        let one = V::splat(E::ONE);
        let classes = e.len() / f.len();
        for (o, f) in e.chunks_exact_mut(classes).zip(f) {
            let top = rows::max(o);
            let (mut sum, mut of_truth) = (V::zero(), V::zero());
            for c in 0..o.len() {
                let is_truth = y[0].equal(V::splat(E::of(c as f64)));
                let shifted = o[c] - top;
                of_truth = V::select(is_truth, shifted, of_truth);
                o[c] = shifted.exp();
                sum += o[c];
            }
            *f = sum.ln() - of_truth;
            let scale = one / sum;
            for c in 0..o.len() {
                o[c] = o[c] * scale - rows::one_hot(y[0], c);
            }
        }
    }
}

impl<E: Real> CrossEntropyPick<E> {
    /// The losses of every category, [B, K].
    fn of_every(&self, tape: &mut Recording<E>, w: Node<E>, categories: usize) -> Node<E> {
        rowwise! {
            /// ∂f_k/∂w_kc = g_k e_kc
            fn slopes(g => e) {
                let classes = e.len() / g.len();
                for (&g, e) in g.iter().zip(e.chunks_exact_mut(classes)) {
                    for e in e {
                        *e = g * *e;
                    }
                }
            }
        }
        let mut e = w.numbers().clone();
        let mut f = Packed::scratch(e.rows(), categories);
        cross_entropies(&self.truth, &mut e, &mut f);
        record(tape, f, move |gradient| {
            let mut e = e;
            slopes(&gradient, &mut e);
            w.add(e);
        })
    }

    /// The losses of points, [B, S].
    fn of_points(
        &self,
        tape: &mut Recording<E>,
        w: Node<E>,
        points: Node<E>,
        categories: usize,
    ) -> Node<E> {
        rowwise! {
            /// o_sc = Σ_k z_sk w_kc; what has no weight does not count, even if it is not finite.
            fn mix(z, w => f, o) {
                let (classes, categories) = (o.len() / f.len(), z.len() / f.len());
                for (z, o) in z.chunks_exact(categories).zip(o.chunks_exact_mut(classes)) {
                    for c in 0..classes {
                        o[c] = V::zero();
                        for k in 0..categories {
                            o[c] += rows::unless_zero(z[k], z[k] * w[k * classes + c]);
                        }
                    }
                }
            }
        }
        rowwise! {
            fn slopes(z, w, e, g => dz, dw) {
                let (classes, categories) = (e.len() / g.len(), z.len() / g.len());
                for x in 0..dw.len() {
                    dw[x] = V::zero();
                }
                for s in 0..g.len() {
                    for k in 0..categories {
                        let (z, mut slope) = (z[s * categories + k], V::zero());
                        for c in 0..classes {
                            let d = g[s] * e[s * classes + c];
                            slope += d * w[k * classes + c];
                            dw[k * classes + c] += d * z;
                        }
                        dz[s * categories + k] = slope;
                    }
                }
            }
        }
        let z = points.numbers();
        let samples = z.columns() / categories;
        let mut e = Packed::scratch(z.rows(), samples * self.classes);
        let mut f = Packed::scratch(z.rows(), samples);
        mix(z, w.numbers(), &mut f, &mut e);
        cross_entropies(&self.truth, &mut e, &mut f);
        record(tape, f, move |gradient| {
            let (z, w_numbers) = (points.numbers(), w.numbers());
            let mut dz = Packed::scratch(z.rows(), z.columns());
            let mut dw = Packed::scratch(z.rows(), w_numbers.columns());
            slopes(z, w_numbers, &e, &gradient, &mut dz, &mut dw);
            points.add(dz);
            w.add(dw);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dims;
    use crate::choice::{pack_points, unpack_points};
    use dfdx::prelude::Backward;
    use kernels::tape::{Weights, weigh};

    const DIMS: Dims = Dims { batch: 2, latents: 1, categories: 3 };
    const CLASSES: usize = 2;
    const W: [f64; 12] = [1.0, 2.0, 0.5, -1.0, 0.3, 0.0, -2.0, 0.7, 1.5, 0.2, 0.1, -0.4];
    const TRUTH: [u32; 2] = [1, 0];

    /// The loss of a row's point, in plain arithmetic.
    fn plain(row: usize, z: &[f64], w: &[f64]) -> f64 {
        let w = &w[row * 6..][..6];
        let o: Vec<f64> =
            (0..CLASSES).map(|c| (0..3).map(|k| z[k] * w[k * CLASSES + c]).sum()).collect();
        o.iter().map(|o| o.exp()).sum::<f64>().ln() - o[TRUTH[row] as usize]
    }

    /// The weighted sum of the losses of samples of both rows, [S, B, K] and [S, B].
    fn weighted(points: &[f64], w: &[f64], weights: &[f64]) -> f64 {
        let rows = points.chunks(3).zip(weights).enumerate();
        rows.map(|(i, (z, weight))| weight * plain(i % 2, z, w)).sum()
    }

    /// Losses of a choice, [S, B], and the gradient of their weighted sum for the class logits.
    fn losses(
        choice: impl FnOnce(Recording<f64>) -> Choice<f64>,
        weights: &[f64],
    ) -> (Vec<f64>, Vec<f64>) {
        let w = Node::new(Packed::pack(&W, 6));
        let objective = CrossEntropyPick::new(w.clone(), CLASSES, &TRUTH);
        let losses = objective.loss(choice(Recording::default())).expect("losses");
        let numbers = losses.numbers().to_columns();
        let weights = Weights::Each(Packed::from_columns(weights, 2));
        weigh(losses.tape, losses.node, weights).expect("a scalar").backward();
        (numbers, w.take().expect("a gradient").unpack())
    }

    fn assert_slopes(found: &[f64], numbers: &[f64], f: impl Fn(&[f64]) -> f64) {
        for (i, g) in found.iter().enumerate() {
            let at = |step: f64| {
                let mut moved = numbers.to_vec();
                moved[i] += step;
                f(&moved)
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((g - slope).abs() < 1e-9, "{i}: {g} for {slope}");
        }
    }

    #[test]
    fn points_have_their_loss_and_gradient() {
        let points = [0.2, 0.3, 0.5, 0.6, 0.3, 0.1, 0.7, 0.1, 0.2, 0.1, 0.1, 0.8];
        let weights = [0.5, 2.0, -1.0, 3.0];
        let node = Node::new(pack_points(&points, 2, DIMS));
        let (f, dw) = losses(|tape| Choice::interior(node.clone(), DIMS, tape), &weights);
        for (i, (f, z)) in f.iter().zip(points.chunks(3)).enumerate() {
            assert!((f - plain(i % 2, z, &W)).abs() < 1e-12, "{f}");
        }
        let dz = unpack_points(&node.take().expect("a gradient"), 2, DIMS);
        assert_slopes(&dz, &points, |points| weighted(points, &W, &weights));
        assert_slopes(&dw, &W, |w| weighted(&points, w, &weights));
    }

    /// Vertices are points, whether their categories are listed, sampled, or have a gradient.
    #[test]
    fn vertices_have_the_loss_of_their_category() {
        let weights = [0.5, 2.0, -1.0, 3.0, 0.25, -0.75];
        let one_hot = |k: usize| (0..3).map(move |j| f64::from(u8::from(j == k)));
        let points: Vec<f64> = [0, 0, 1, 1, 2, 2].into_iter().flat_map(one_hot).collect();
        let (every, dw) = losses(|tape| Choice::every(DIMS, tape), &weights);
        for (i, (f, z)) in every.iter().zip(points.chunks(3)).enumerate() {
            assert!((f - plain(i % 2, z, &W)).abs() < 1e-12, "{f}");
        }
        assert_slopes(&dw, &W, |w| weighted(&points, w, &weights));
        let picks = || Rc::new(Packed::pack(&[0.0, 1.0, 2.0, 0.0, 1.0, 2.0], 3));
        let node = Node::new(pack_points(&points, 3, DIMS));
        let listed = losses(|tape| Choice::vertices(picks(), DIMS, tape), &weights);
        let differentiated = |tape| Choice::differentiated(picks(), node.clone(), DIMS, tape);
        for (f, slopes) in [listed, losses(differentiated, &weights)] {
            let is_close = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-12;
            assert!(f.iter().zip(&every).all(is_close) && slopes.iter().zip(&dw).all(is_close));
        }
        let dz = unpack_points(&node.take().expect("a gradient"), 3, DIMS);
        assert_slopes(&dz, &points, |points| weighted(points, &W, &weights));
    }

    /// Huge class logits have finite losses and slopes, and what is not chosen does not count.
    #[test]
    fn extreme_class_logits() {
        let infinite = f32::INFINITY;
        let w = Node::new(Packed::pack(&[1e4f32, -1e4, infinite, 0.0], 4));
        let objective = CrossEntropyPick::new(w.clone(), 2, &[1]);
        let dims = Dims { batch: 1, latents: 1, categories: 2 };
        let picks = Rc::new(Packed::pack(&[0.0f32], 1));
        let losses = objective.loss(Choice::vertices(picks, dims, Recording::default()));
        let losses = losses.expect("losses");
        assert_eq!(losses.numbers().unpack(), [2e4]);
        weigh(losses.tape, losses.node, Weights::Mean).expect("a scalar").backward();
        assert_eq!(w.take().expect("a gradient").unpack(), [1.0, -1.0, 0.0, 0.0]);
    }

    #[test]
    #[should_panic(expected = "class logits for each category")]
    fn every_category_has_class_logits() {
        let w = Node::new(Packed::pack(&W, 6));
        let dims = Dims { categories: 2, ..DIMS };
        let objective = CrossEntropyPick::new(w, CLASSES, &TRUTH);
        drop(objective.loss(Choice::every(dims, Recording::default())));
    }
}
