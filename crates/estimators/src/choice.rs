use crate::{Dims, Result};
use dfdx::prelude::{Cpu, NoneTape, PutTape, SplitTape, Tensor, TensorFromVec};
use kernels::Real;
use kernels::tape::Recording;
use std::cell::OnceCell;
use std::rc::Rc;

/// A choice for every latent of every row, with the tape that recorded how it came about: what an
/// objective is asked about.
///
/// It is S samples of B rows of L latents, each a point of the simplex over K categories; most
/// estimators ask about its vertices. An objective either takes the points as a tensor
/// ([`Choice::into_tensor`]), or looks at the category numbers ([`Choice::picks`]) where there are
/// only vertices and nobody wants a gradient for them.
#[derive(Debug)]
pub struct Choice<E: Real> {
    samples: usize,
    dims: Dims,
    form: Form<E>,
    tape: Recording<E>,
}

/// Points [S, B, L, K].
pub type Points<E, T = NoneTape> = Tensor<(usize, usize, usize, usize), E, Cpu, T>;

#[derive(Debug)]
enum Form<E: Real> {
    /// Vertices; no gradient is wanted for them.
    Vertices(Rc<[u32]>),
    /// Every category of the one latent, a sample each; their numbers, once somebody asks.
    Every(OnceCell<Rc<[u32]>>),
    /// Vertices and where their gradient goes.
    Differentiated(Rc<[u32]>, Points<E>),
    /// Points anywhere, and where their gradient goes.
    Interior(Points<E>),
}

impl<E: Real> Choice<E> {
    /// Vertices by their category numbers, [S, B, L], with no gradient wanted for them.
    pub fn vertices(picks: Rc<[u32]>, dims: Dims, tape: Recording<E>) -> Self {
        let samples = picks.len() / dims.rows();
        Self { samples, dims, form: Form::Vertices(picks), tape }
    }

    /// Every category of the one latent there is: sample k is category k in every row. An objective
    /// may know a faster way than one by one.
    pub fn every(dims: Dims, tape: Recording<E>) -> Self {
        Self { samples: dims.categories, dims, form: Form::Every(OnceCell::new()), tape }
    }

    /// Vertices whose gradient is wanted: their category numbers, [S, B, L], and their points.
    pub fn differentiated(picks: Rc<[u32]>, points: Points<E, Recording<E>>, dims: Dims) -> Self {
        let (points, tape) = points.split_tape();
        let samples = picks.len() / dims.rows();
        Self { samples, dims, form: Form::Differentiated(picks, points), tape }
    }

    /// Points anywhere on the simplex, whose gradient is wanted.
    pub fn interior(points: Points<E, Recording<E>>, dims: Dims) -> Self {
        let (points, tape) = points.split_tape();
        let samples = kernels::tape::elements(&points) / dims.elements();
        Self { samples, dims, form: Form::Interior(points), tape }
    }

    /// S, the number of samples of each row.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// B, L and K.
    pub fn dims(&self) -> Dims {
        self.dims
    }

    /// The category numbers, [S, B, L], if every point is a vertex.
    pub fn picks(&self) -> Option<&Rc<[u32]>> {
        match &self.form {
            Form::Vertices(picks) | Form::Differentiated(picks, _) => Some(picks),
            Form::Every(picks) => Some(picks.get_or_init(|| every_pick(self.dims))),
            Form::Interior(_) => None,
        }
    }

    /// Whether sample k is category k in every row.
    pub fn is_every(&self) -> bool {
        matches!(self.form, Form::Every(_))
    }

    /// What stands for the points in dfdx's gradients, where their gradient is wanted.
    pub fn points(&self) -> Option<&Points<E>> {
        match &self.form {
            Form::Vertices(_) | Form::Every(_) => None,
            Form::Differentiated(_, points) | Form::Interior(points) => Some(points),
        }
    }

    /// Whether the gradient for the points is wanted.
    pub fn wants_gradient(&self) -> bool {
        self.points().is_some()
    }

    /// The points, [S, B, L, K], with their tape.
    ///
    /// # Errors
    /// If the device is out of memory.
    pub fn into_tensor(self) -> Result<Points<E, Recording<E>>> {
        let points = match self.form {
            Form::Vertices(picks) => one_hot_points(&picks, self.samples, self.dims)?,
            Form::Every(_) => one_hot_points(&every_pick(self.dims), self.samples, self.dims)?,
            Form::Differentiated(_, points) | Form::Interior(points) => points,
        };
        Ok(points.put_tape(self.tape))
    }

    /// The tape alone, for an objective that took the category numbers.
    pub fn into_tape(self) -> Recording<E> {
        self.tape
    }
}

/// The category numbers of [`Choice::every`], [K, B, 1].
fn every_pick(dims: Dims) -> Rc<[u32]> {
    let categories = 0..dims.categories as u32;
    categories.flat_map(|k| std::iter::repeat_n(k, dims.rows())).collect()
}

/// Vertices as points.
pub(crate) fn one_hot<E: Real>(picks: &[u32], categories: usize) -> Vec<E> {
    let mut points = vec![E::ZERO; picks.len() * categories];
    for (point, &pick) in points.chunks_exact_mut(categories).zip(picks) {
        point[pick as usize] = E::ONE;
    }
    points
}

fn one_hot_points<E: Real>(picks: &[u32], samples: usize, dims: Dims) -> Result<Points<E>> {
    let shape = (samples, dims.batch, dims.latents, dims.categories);
    Ok(kernels::tape::device().try_tensor_from_vec(one_hot(picks, dims.categories), shape)?)
}
