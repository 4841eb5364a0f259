use crate::{Choice, Context, Domain, Losses, Objective, Result};
use dfdx::prelude::{Cpu, CpuError, Gradients, PutTape, SplitTape, Tape, Tensor, TensorFromVec};
use kernels::tape::{Recording, read, with_gradient_of};
use kernels::{Packed, Real, rows, rowwise};
use std::rc::Rc;
use std::sync::Arc;

/// f(z) = (Σ_k z_k v_k − y)²: the squared error of the value at the pick.
///
/// One latent a row; v is [B, K], one value a category, y is \[B\]. The values may come from a
/// network: compute them on the tape of the logits, and their gradient reaches it.
#[derive(Clone, Debug)]
pub struct SquaredPick<E: Real> {
    values: Tensor<(usize, usize), E, Cpu>,
    targets: Vec<E>,
    /// What a learned baseline may look at, and how many numbers a row that is.
    context: Option<(Arc<Vec<E>>, usize)>,
}

impl<E: Real> SquaredPick<E> {
    /// The objective of these values and targets.
    ///
    /// # Panics
    /// If there is not one target a row.
    pub fn new(values: Tensor<(usize, usize), E, Cpu>, targets: Vec<E>) -> Self {
        assert_eq!(kernels::tape::elements(&values) % targets.len(), 0, "one target a row");
        Self { values, targets, context: None }
    }

    /// The same objective, with rows ([B, width]) that a learned baseline may look at.
    pub fn with_context(self, rows: Arc<Vec<E>>, width: usize) -> Self {
        Self { context: Some((rows, width)), ..self }
    }

    /// The objective of plain numbers: B·K values row after row, and B targets.
    ///
    /// # Errors
    /// If the device is out of memory.
    ///
    /// # Panics
    /// If the values are not whole rows.
    pub fn of(values: Vec<E>, targets: Vec<E>) -> Result<Self> {
        let shape = (targets.len(), values.len() / targets.len());
        Ok(Self::new(kernels::tape::device().try_tensor_from_vec(values, shape)?, targets))
    }

    /// The values: what stands for them in dfdx's gradients.
    pub fn values(&self) -> &Tensor<(usize, usize), E, Cpu> {
        &self.values
    }
}

impl<E: Real> Objective<E> for SquaredPick<E> {
    fn loss(&self, choice: Choice<E>) -> Result<Losses<E>> {
        let dims = choice.dims();
        assert_eq!(dims.latents, 1, "a squared pick has one latent");
        let v = Packed::pack(&read(&self.values), dims.categories);
        if choice.is_every() {
            self.of_every(choice, &v)
        } else if let Some(picks) = choice.picks().cloned() {
            self.of_vertices(choice, &picks, v)
        } else {
            self.of_points(choice, v)
        }
    }

    fn domain(&self) -> Domain {
        Domain::Interior
    }

    fn context(&self) -> Option<Context<'_, E>> {
        self.context.as_ref().map(|(rows, width)| Context { rows, width: *width })
    }
}

impl<E: Real> SquaredPick<E> {
    /// (v_k − y)² of every category, [K, B].
    fn of_every(&self, choice: Choice<E>, v: &Packed<E>) -> Result<Losses<E>> {
        rowwise! {
            fn errors(v, y => e, squares) {
                for k in 0..v.len() {
                    e[k] = v[k] - y[0];
                    squares[k] = e[k] * e[k];
                }
            }
        }
        rowwise! {
            fn slopes(e => g) {
                for k in 0..e.len() {
                    g[k] = g[k] * (e[k] + e[k]);
                }
            }
        }
        let (batch, samples) = (choice.dims().batch, choice.samples());
        let targets = Packed::from_columns(&self.targets, batch);
        let mut e = Packed::any(batch, samples);
        let mut squares = Packed::any(batch, samples);
        errors(v, &targets, &mut e, &mut squares);
        let values = self.values.clone();
        record(choice.into_tape(), squares.to_columns(), batch, move |gradient, gradients| {
            let mut dv = Packed::from_columns(gradient, batch);
            slopes(&e, &mut dv);
            dv.add_to(gradients.get_or_alloc_mut(&values)?);
            Ok(())
        })
    }

    /// (v_D − y)² of the picked categories, [S, B].
    fn of_vertices(&self, choice: Choice<E>, picks: &Rc<[u32]>, v: Packed<E>) -> Result<Losses<E>> {
        rowwise! {
            fn scale(v, c => dz) {
                for k in 0..v.len() {
                    dz[k] = c[0] * v[k];
                }
            }
        }
        let (batch, categories) = (choice.dims().batch, choice.dims().categories);
        let numbers = read(&self.values);
        let mut e = Vec::with_capacity(picks.len());
        for picks in picks.chunks_exact(batch) {
            let rows = numbers.chunks_exact(categories).zip(picks).zip(&self.targets);
            e.extend(rows.map(|((row, &pick), &y)| row[pick as usize] - y));
        }
        let squares = e.iter().map(|&e| e * e).collect();
        let (values, picks) = (self.values.clone(), Rc::clone(picks));
        let points = choice.points().cloned();
        record(choice.into_tape(), squares, batch, move |gradient, gradients| {
            let mut c = e;
            c.iter_mut().zip(gradient).for_each(|(e, &g)| *e = g * (*e + *e));
            let dv = gradients.get_or_alloc_mut(&values)?;
            for (picks, c) in picks.chunks_exact(batch).zip(c.chunks_exact(batch)) {
                let rows = dv.chunks_exact_mut(categories).zip(picks);
                rows.zip(c).for_each(|((row, &pick), &c)| row[pick as usize] += c);
            }
            if let Some(points) = points {
                let sums = gradients.get_or_alloc_mut(&points)?;
                let mut dz = Packed::any(batch, categories);
                let samples = sums.chunks_exact_mut(batch * categories);
                for (sums, c) in samples.zip(c.chunks_exact(batch)) {
                    scale(&v, &Packed::from_columns(c, batch), &mut dz);
                    dz.add_to(sums);
                }
            }
            Ok(())
        })
    }

    /// (Σ_k z_k v_k − y)² of points inside the simplex, [S, B].
    fn of_points(&self, choice: Choice<E>, v: Packed<E>) -> Result<Losses<E>> {
        rowwise! {
            fn errors(z, v, y => e) {
                e[0] = rows::dot(z, v) - y[0];
            }
        }
        rowwise! {
            fn slopes(z, v, e, g => dz, dv) {
                let c = g[0] * (e[0] + e[0]);
                for k in 0..v.len() {
                    dz[k] = c * v[k];
                    dv[k] = c * z[k];
                }
            }
        }
        let (samples, dims) = (choice.samples(), choice.dims());
        let (batch, categories) = (dims.batch, dims.categories);
        let (points, tape) = choice.into_tensor()?.split_tape();
        let targets = Packed::from_columns(&self.targets, batch);
        let z: Vec<Packed<E>> = read(&points)
            .chunks_exact(batch * categories)
            .map(|sample| Packed::pack(sample, categories))
            .collect();
        let mut e: Vec<Packed<E>> = (0..samples).map(|_| Packed::any(batch, 1)).collect();
        z.iter().zip(&mut e).for_each(|(z, e)| errors(z, &v, &targets, e));
        let squares = e.iter().flat_map(|e| e.to_columns()).map(|e| e * e).collect();
        let values = self.values.clone();
        record(tape, squares, batch, move |gradient, gradients| {
            let (mut dz, mut dv) = (Packed::any(batch, categories), Packed::any(batch, categories));
            for (sample, (z, e)) in z.iter().zip(&e).enumerate() {
                let g = Packed::from_columns(&gradient[sample * batch..][..batch], batch);
                slopes(z, &v, e, &g, &mut dz, &mut dv);
                dv.add_to(gradients.get_or_alloc_mut(&values)?);
                let sums = gradients.get_or_alloc_mut(&points)?;
                dz.add_to(&mut sums[sample * batch * categories..][..batch * categories]);
            }
            Ok(())
        })
    }
}

/// Losses [S, B] on a tape, with what happens when their gradient comes back.
fn record<E: Real>(
    mut tape: Recording<E>,
    losses: Vec<E>,
    batch: usize,
    backward: impl FnOnce(&[E], &mut Gradients<E, Cpu>) -> Result<(), CpuError> + 'static,
) -> Result<Losses<E>> {
    let shape = (losses.len() / batch, batch);
    let output = kernels::tape::device().try_tensor_from_vec(losses, shape)?;
    let result = output.clone();
    tape.add_backward_op(move |gradients| with_gradient_of(&output, gradients, backward));
    Ok(result.put_tape(tape))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dims;
    use dfdx::prelude::{Backward, Trace};
    use kernels::tape::{Weights, weigh};

    /// The losses of points, [S, B], and what weights of them mean for the points and the values.
    fn outcome(points: &[f64], weights: &[f64]) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let dims = Dims { batch: 2, latents: 1, categories: 3 };
        let samples = points.len() / dims.elements();
        let shape = (samples, dims.batch, dims.latents, dims.categories);
        let points = Cpu::default().tensor_from_vec(points.to_vec(), shape);
        let objective = SquaredPick::of(vec![1.0, 2.0, 4.0, -1.0, 0.5, 3.0], vec![2.0, 1.0]);
        let objective = objective.expect("an objective");
        let choice = Choice::interior(points.clone().leaky_traced(), dims);
        let losses = objective.loss(choice).expect("losses");
        let values = kernels::tape::values(&losses);
        let scalar = weigh(losses, Weights::Each(weights.to_vec())).expect("a scalar");
        let mut gradients = scalar.backward();
        let of = |tensor: &mut Vec<f64>| std::mem::take(tensor);
        let dz = of(gradients.get_or_alloc_mut(&points).expect("a gradient"));
        let dv = of(gradients.get_or_alloc_mut(objective.values()).expect("a gradient"));
        (values, dz, dv)
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
