use crate::choice::{pack_points, unpack_points};
use crate::{Choice, Losses, Objective, Result};
use kernels::tape::{Node, record};
use kernels::{Packed, Real};

/// The loss of one row, as a function of plain numbers: an objective without the tapes.
pub trait RowLoss<E: Real>: Clone + 'static {
    /// f(z), with ∂f/∂z added to `dz` and ∂f/∂parameters to `dparameters`.
    ///
    /// * `row` — the row of the batch
    /// * `z` — [L, K], the row's choice
    /// * `parameters` — the row's own parameters
    fn loss(&self, row: usize, z: &[E], parameters: &[E], dz: &mut [E], dparameters: &mut [E])
    -> E;
}

/// The objective with a [`RowLoss`] for each row; each row has parameters of its own ([B, P]).
#[derive(Clone, Debug)]
pub struct RowLosses<E: Real, F> {
    loss: F,
    /// `None` if there are no parameters.
    parameters: Option<Node<E>>,
}

impl<E: Real, F: RowLoss<E>> RowLosses<E, F> {
    /// The objective with B rows of parameters, which may be empty.
    ///
    /// # Panics
    /// If the number of parameters is not a multiple of B.
    pub fn new(loss: F, parameters: &[E], batch: usize) -> Self {
        assert_eq!(parameters.len() % batch, 0, "parameters for {batch} rows");
        let width = parameters.len() / batch;
        let pack = || Node::new(Packed::pack(parameters, width));
        Self { loss, parameters: (width > 0).then(pack) }
    }

    /// The node of the parameters, if there are any.
    pub fn parameters(&self) -> Option<&Node<E>> {
        self.parameters.as_ref()
    }
}

impl<E: Real, F: RowLoss<E>> Objective<E> for RowLosses<E, F> {
    fn loss(&self, choice: Choice<E>) -> Result<Losses<E>> {
        let (samples, dims) = (choice.samples(), choice.dims());
        let (points, mut tape) = choice.into_points();
        let z = unpack_points(points.numbers(), samples, dims);
        let parameters = self.parameters.clone();
        let p = parameters.as_ref().map_or(vec![], |node| node.numbers().unpack());
        let (width, own) = (dims.latents * dims.categories, p.len() / dims.batch);
        let mut dz = vec![E::ZERO; z.len()];
        let mut dp = vec![E::ZERO; samples * p.len()];
        let mut losses = Vec::with_capacity(samples * dims.batch);
        for (i, (z, dz)) in z.chunks_exact(width).zip(dz.chunks_exact_mut(width)).enumerate() {
            let row = i % dims.batch;
            let parameters = &p[row * own..][..own];
            losses.push(self.loss.loss(row, z, parameters, dz, &mut dp[i * own..][..own]));
        }
        let losses = Packed::from_columns(&losses, dims.batch);
        let node = record(&mut tape, losses, move |gradient| {
            let gradient = gradient.to_columns();
            if points.wants_gradient() {
                let rows = dz.chunks_exact_mut(width).zip(&gradient);
                rows.for_each(|(dz, &g)| dz.iter_mut().for_each(|x| *x *= g));
                points.add(pack_points(&dz, samples, dims));
            }
            if let Some(parameters) = parameters {
                let mut sums = vec![E::ZERO; dims.batch * own];
                for (i, (dp, &g)) in dp.chunks_exact(own).zip(&gradient).enumerate() {
                    let sums = &mut sums[i % dims.batch * own..][..own];
                    sums.iter_mut().zip(dp).for_each(|(sum, &x)| *sum += g * x);
                }
                parameters.add(Packed::pack(&sums, own));
            }
        });
        Ok(Losses::new(node, tape))
    }
}
