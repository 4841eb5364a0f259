use super::values::Values;
use crate::{Choice, Context, Dims, Domain, Filling, Losses, Objective, Result};
use kernels::tape::{Node, Recording, record};
use kernels::{Data, Packed, Real, rows, rowwise};
use std::rc::Rc;

/// f(z) = (Σ_k z_k v_k − y)²: the squared error of the value of the chosen category.
///
/// There is one latent per row; v is [B, K], a value for each category, and y is [B, 1]. If the values
/// come from a network, compute them on the tape of the logits, so that the network gets their
/// gradient.
#[derive(Clone, Debug)]
pub struct SquaredPick<E: Real> {
    values: Values<E>,
    targets: Rc<Packed<E>>,
    /// The inputs of a learned baseline.
    context: Option<Rc<Data<E>>>,
}

impl<E: Real> SquaredPick<E> {
    /// The objective with these values and targets.
    ///
    /// # Panics
    /// If there are no targets, or not one for each row of values.
    pub fn new(values: impl Into<Values<E>>, targets: &[E]) -> Self {
        Self::with_targets(values, Rc::new(Packed::from_columns(targets, targets.len())))
    }

    /// The objective with these values and targets, [B, 1].
    ///
    /// # Panics
    /// If there is not one target for each row of values.
    pub fn with_targets(values: impl Into<Values<E>>, targets: Rc<Packed<E>>) -> Self {
        let values = values.into();
        let (rows, _) = values.shape();
        assert_eq!((rows, 1), (targets.rows(), targets.columns()), "one target per row");
        Self { values, targets, context: None }
    }

    /// The same objective with inputs for a learned baseline, [B, width].
    pub fn with_context(self, rows: Rc<Data<E>>) -> Self {
        Self { context: Some(rows), ..self }
    }

    /// The objective with plain numbers: B·K values, row after row, and B targets.
    ///
    /// # Panics
    /// If there are no targets, or not one for each row of values.
    pub fn of(values: &[E], targets: &[E]) -> Self {
        let categories = values.len() / targets.len();
        Self::new(Node::new(Packed::pack(values, categories)), targets)
    }
}

impl<E: Real> Objective<E> for SquaredPick<E> {
    fn loss(&self, choice: Choice<E>) -> Result<Losses<E>> {
        assert_eq!(choice.dims().latents, 1, "a squared pick has one latent");
        if let Some(filling) = choice.filling().cloned() {
            return self.of_filling(&filling, choice);
        }
        let choice = choice.spread();
        let picks = if choice.is_every() { None } else { choice.shared_picks() };
        let points = choice.points().cloned();
        let (values, mut tape) = self.values.on(choice.into_tape())?;
        let node = match (picks, points) {
            (Some(picks), points) => self.of_vertices(&mut tape, values, picks, points),
            (None, Some(points)) => self.of_points(&mut tape, values, points),
            (None, None) => self.of_every(&mut tape, values),
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

impl<E: Real> SquaredPick<E> {
    /// (w_D v_D − y)² of gated picks with stand-ins for other values, [B, 1].
    fn of_filling(&self, filling: &Filling<E>, choice: Choice<E>) -> Result<Losses<E>> {
        let dims = Dims { categories: 1, ..choice.dims() };
        let (values, mut tape) = self.values.on(choice.into_tape())?;
        let (picks, categories) = (Rc::clone(filling.picks()), values.columns());
        let picked = rows::gather(&values, &picks);
        let picked = record(&mut tape, picked, move |gradient| {
            values.add(rows::scatter_add(&picks, &gradient, categories));
        });
        let outputs = filling.output(picked, &mut tape);
        let targets = Rc::clone(&self.targets);
        Self::with_targets(outputs, targets).loss(Choice::every(dims, tape))
    }

    /// (v_k − y)² of every category, [B, K].
    fn of_every(&self, tape: &mut Recording<E>, values: Node<E>) -> Node<E> {
        rowwise! {
            fn squares(v, y => f) {
                for k in 0..v.len() {
                    let error = v[k] - y[0];
                    f[k] = error * error;
                }
            }
        }
        rowwise! {
            fn slopes(v, y => g) {
                for k in 0..v.len() {
                    let error = v[k] - y[0];
                    g[k] = g[k] * (error + error);
                }
            }
        }
        let (v, y) = (values.numbers(), Rc::clone(&self.targets));
        let mut f = Packed::scratch(v.rows(), v.columns());
        squares(v, &y, &mut f);
        record(tape, f, move |mut gradient| {
            slopes(values.numbers(), &y, &mut gradient);
            values.add(gradient);
        })
    }

    /// (v_D − y)² of the chosen categories, [B, S].
    fn of_vertices(
        &self,
        tape: &mut Recording<E>,
        values: Node<E>,
        picks: Rc<Packed<E>>,
        points: Option<Node<E>>,
    ) -> Node<E> {
        rowwise! {
            fn errors(y => picked, f) {
                for s in 0..picked.len() {
                    picked[s] = picked[s] - y[0];
                    f[s] = picked[s] * picked[s];
                }
            }
        }
        rowwise! {
            /// c = g · 2e
            fn slopes(e => c) {
                for s in 0..e.len() {
                    c[s] = c[s] * (e[s] + e[s]);
                }
            }
        }
        rowwise! {
            fn scale(v, c => dz) {
                for (&c, dz) in c.iter().zip(dz.chunks_exact_mut(v.len())) {
                    for k in 0..v.len() {
                        dz[k] = c * v[k];
                    }
                }
            }
        }
        let mut e = rows::gather(values.numbers(), &picks);
        let mut f = Packed::scratch(e.rows(), e.columns());
        errors(&self.targets, &mut e, &mut f);
        record(tape, f, move |mut c| {
            slopes(&e, &mut c);
            let v = values.numbers();
            if let Some(points) = points {
                let mut dz = Packed::scratch(v.rows(), c.columns() * v.columns());
                scale(v, &c, &mut dz);
                points.add(dz);
            }
            if values.wants_gradient() {
                values.add(rows::scatter_add(&picks, &c, v.columns()));
            }
        })
    }

    /// (Σ_k z_k v_k − y)² of points inside the simplex, [B, S].
    fn of_points(&self, tape: &mut Recording<E>, values: Node<E>, points: Node<E>) -> Node<E> {
        rowwise! {
            fn errors(z, v, y => e, f) {
                for (s, z) in z.chunks_exact(v.len()).enumerate() {
                    e[s] = rows::dot(z, v) - y[0];
                    f[s] = e[s] * e[s];
                }
            }
        }
        rowwise! {
            fn slopes(z, v, e, g => dz, dv) {
                for k in 0..v.len() {
                    dv[k] = V::zero();
                }
                for s in 0..e.len() {
                    let c = g[s] * (e[s] + e[s]);
                    let start = s * v.len();
                    for k in 0..v.len() {
                        dz[start + k] = c * v[k];
                        dv[k] += c * z[start + k];
                    }
                }
            }
        }
        let (z, v) = (points.numbers(), values.numbers());
        let samples = z.columns() / v.columns();
        let (mut e, mut f) =
            (Packed::scratch(v.rows(), samples), Packed::scratch(v.rows(), samples));
        errors(z, v, &self.targets, &mut e, &mut f);
        record(tape, f, move |gradient| {
            let (z, v) = (points.numbers(), values.numbers());
            let mut dz = Packed::scratch(z.rows(), z.columns());
            let mut dv = Packed::scratch(v.rows(), v.columns());
            slopes(z, v, &e, &gradient, &mut dz, &mut dv);
            points.add(dz);
            values.add(dv);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::prelude::Backward;
    use kernels::tape::{Weights, weigh};

    /// The losses of points, [B, S], and the gradients of their weighted sum for points and values.
    fn outcome(points: &[f64], weights: &[f64]) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let dims = Dims { batch: 2, latents: 1, categories: 3 };
        let samples = points.len() / dims.elements();
        let points = Node::new(crate::choice::pack_points(points, samples, dims));
        let values = Node::new(Packed::pack(&[1.0, 2.0, 4.0, -1.0, 0.5, 3.0], 3));
        let objective = SquaredPick::new(values.clone(), &[2.0, 1.0]);
        let choice = Choice::interior(points.clone(), dims, Recording::default());
        let losses = objective.loss(choice).expect("losses");
        let numbers = losses.numbers().to_columns();
        let weights = Weights::Each(Packed::from_columns(weights, 2));
        weigh(losses.tape, losses.node, weights).expect("a scalar").backward();
        let (dz, dv) = (points.take().expect("a gradient"), values.take().expect("a gradient"));
        (numbers, crate::choice::unpack_points(&dz, samples, dims), dv.unpack())
    }

    #[test]
    fn each_sample_has_its_own_loss_and_gradient() {
        let (first, second) = ([0.2, 0.3, 0.5, 0.6, 0.3, 0.1], [0.7, 0.1, 0.2, 0.1, 0.1, 0.8]);
        let (weights, others) = ([0.5, 2.0], [-1.0, 3.0]);
        let (f, dz, dv) = outcome(&[first, second].concat(), &[weights, others].concat());
        let (a, b) = (outcome(&first, &weights), outcome(&second, &others));
        assert_eq!((f, dz), ([a.0, b.0].concat(), [a.1, b.1].concat()));
        for ((sum, a), b) in dv.iter().zip(a.2).zip(b.2) {
            assert!((sum - a - b).abs() < 1e-14);
        }
    }
}
