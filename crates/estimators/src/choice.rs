mod filling;
mod points;

pub use filling::{Filling, StandIns};
pub(crate) use points::{pack_points, unpack_points};

use crate::{Dims, Result};
use kernels::tape::{Node, Recording, Taped, choose, from_tensor, into_tensor, record};
use kernels::{Packed, Real, rows};
use points::{every_pick, gated_points};
use std::cell::OnceCell;
use std::rc::Rc;

/// A choice for every latent of every row, with the tape that recorded it: the argument of an
/// objective.
///
/// It holds S samples of B rows of L latents, each a point of the simplex over K categories. Most
/// estimators use its vertices, the one-hot choices. An objective made of dfdx operations takes the
/// points as a tensor ([`Choice::into_tensor`]). If all points are vertices and no gradient is wanted
/// for them, it may use the category numbers instead ([`Choice::picks`]).
///
/// A *gated* choice brings gates along: category D has the weight m, and all others have none
/// ([`Choice::gated`]). The output of a mixture of experts is then m·E_D. An objective that scales outputs
/// by gates of its own uses these instead ([`Choice::is_gated`]).
#[derive(Debug)]
pub struct Choice<E: Real> {
    samples: usize,
    dims: Dims,
    form: Form<E>,
    tape: Recording<E>,
}

/// Points [S, B, L, K], with the tape that recorded them.
pub type Points<E> = Taped<(usize, usize, usize, usize), E>;

#[derive(Debug)]
enum Form<E: Real> {
    /// Vertices without gradient, by their category numbers, [B·L, S].
    Vertices(Rc<Packed<E>>),
    /// Every category of the only latent, one sample each. The numbers are computed on demand.
    Every(OnceCell<Packed<E>>),
    /// Vertices with gradient, by their category numbers, and their points, [B·L, S·K].
    Differentiated(Rc<Packed<E>>, Node<E>),
    /// Points anywhere on the simplex, [B·L, S·K].
    Interior(Node<E>),
    /// Category numbers and the gate of each, [B·L, S].
    Gated(Rc<Packed<E>>, Node<E>),
    /// Weights of all categories with the gates in them, [B·L, S·K].
    Weights(Node<E>),
    /// The same, without a gradient where a weight is 0.
    Active(Node<E>),
    /// One gated pick of each row, with stand-ins for the outputs of other categories.
    Filled(Filling<E>),
}

impl<E: Real> Choice<E> {
    /// Vertices by their category numbers, [B·L, S], without gradient.
    pub fn vertices(picks: Rc<Packed<E>>, dims: Dims, tape: Recording<E>) -> Self {
        Self { samples: picks.columns(), dims, form: Form::Vertices(picks), tape }
    }

    /// Every category of the only latent: sample k is category k in every row. An objective may have a
    /// fast path for this.
    pub fn every(dims: Dims, tape: Recording<E>) -> Self {
        Self { samples: dims.categories, dims, form: Form::Every(OnceCell::new()), tape }
    }

    /// Vertices with gradient: their category numbers, [B·L, S], and their points, [B·L, S·K].
    pub fn differentiated(
        picks: Rc<Packed<E>>,
        points: Node<E>,
        dims: Dims,
        tape: Recording<E>,
    ) -> Self {
        Self { samples: picks.columns(), dims, form: Form::Differentiated(picks, points), tape }
    }

    /// Points anywhere on the simplex, [B·L, S·K].
    pub fn interior(points: Node<E>, dims: Dims, tape: Recording<E>) -> Self {
        let samples = points.numbers().columns() / dims.categories;
        Self { samples, dims, form: Form::Interior(points), tape }
    }

    /// Gated picks: category numbers and gates m, both [B·L, S]. Only the derivative for the gates is
    /// wanted, which depends on the picked category alone.
    pub fn gated(picks: Rc<Packed<E>>, gates: Node<E>, dims: Dims, tape: Recording<E>) -> Self {
        Self { samples: picks.columns(), dims, form: Form::Gated(picks, gates), tape }
    }

    /// Weights of all categories, [B·L, S·K], which take the place of gates. Their gradient is wanted for
    /// each category, also where a weight is 0.
    pub fn weighted(weights: Node<E>, dims: Dims, tape: Recording<E>) -> Self {
        let samples = weights.numbers().columns() / dims.categories;
        Self { samples, dims, form: Form::Weights(weights), tape }
    }

    /// Weights of all categories, [B·L, S·K], which take the place of gates. Categories whose weight is 0 are not
    /// part of the loss, nor of its gradient: an objective need not compute them.
    pub fn active(weights: Node<E>, dims: Dims, tape: Recording<E>) -> Self {
        Self { form: Form::Active(weights.clone()), ..Self::weighted(weights, dims, tape) }
    }

    /// Gated picks D, [B·L, 1], as weights that are 0 for all other categories, [B·L, K], with stand-ins for the
    /// outputs of these in the gradient. An objective that takes them ([`Choice::filling`]) computes the outputs of
    /// the picks alone; for any other objective, these are weights ([`Choice::weighted`]), and every output is its
    /// own.
    pub fn filled(
        picks: Rc<Packed<E>>,
        weights: Node<E>,
        stand_ins: Rc<StandIns<E>>,
        dims: Dims,
        tape: Recording<E>,
    ) -> Self {
        let form = Form::Filled(Filling::new(picks, weights, stand_ins));
        Self { samples: 1, dims, form, tape }
    }

    /// Points anywhere on the simplex, [S, B, L, K], with gradient.
    ///
    /// # Errors
    /// If the device is out of memory.
    pub fn of(points: Points<E>, dims: Dims) -> Result<Self> {
        let samples = kernels::tape::elements(&points) / dims.elements();
        let pack = |numbers: &[E]| pack_points(numbers, samples, dims);
        let add = move |gradient: &Packed<E>, sums: &mut [E]| {
            let gradient = unpack_points(gradient, samples, dims);
            sums.iter_mut().zip(gradient).for_each(|(sum, x)| *sum += x);
        };
        let (node, tape) = from_tensor(points, pack, add)?;
        Ok(Self::interior(node, dims, tape))
    }

    /// Vertices with gradient, for straight-through estimators: each of the points [S, B, L, K] is rounded to
    /// its largest component, and the gradient for the vertex is that for the point.
    ///
    /// # Errors
    /// If the device is out of memory.
    pub fn of_vertices(points: Points<E>, dims: Dims) -> Result<Self> {
        let categories = dims.categories;
        let Self { samples, form, mut tape, .. } = Self::of(points, dims)?;
        let Form::Interior(points) = form else {
            unreachable!("`of` makes points of the interior")
        };
        let mut picks = Packed::zeros(dims.rows(), samples);
        for sample in 0..samples {
            let columns = sample * categories..(sample + 1) * categories;
            let columns: Vec<u32> = columns.map(|column| column as u32).collect();
            let point = points.numbers().select_columns(&columns);
            picks.set_column(sample, &rows::argmax(&point));
        }
        let vertices = rows::one_hots(&picks, categories);
        let vertices = choose(&mut tape, &points, vertices, |gradient, sum| sum.add(gradient));
        Ok(Self::differentiated(Rc::new(picks), vertices, dims, tape))
    }

    /// S, the number of samples of each row.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// B, L and K.
    pub fn dims(&self) -> Dims {
        self.dims
    }

    /// Whether every point is a vertex.
    pub fn is_vertex(&self) -> bool {
        match self.form {
            Form::Vertices(_) | Form::Every(_) | Form::Differentiated(..) => true,
            Form::Interior(_) | Form::Gated(..) | Form::Weights(_) => false,
            Form::Active(_) | Form::Filled(_) => false,
        }
    }

    /// Whether it brings gates along: picks with a gate each ([`Choice::gated_picks`]), or weights of all
    /// categories.
    pub fn is_gated(&self) -> bool {
        use Form::{Active, Filled, Gated, Weights};
        matches!(self.form, Gated(..) | Weights(_) | Active(_) | Filled(_))
    }

    /// The category numbers and their gates, both [B·L, S], if each point is one gated pick.
    pub fn gated_picks(&self) -> Option<(&Rc<Packed<E>>, &Node<E>)> {
        match &self.form {
            Form::Gated(picks, gates) => Some((picks, gates)),
            _ => None,
        }
    }

    /// The weights of all categories, [B·L, S·K], if those of weight 0 need not be computed
    /// ([`Choice::active`]).
    pub fn active_weights(&self) -> Option<&Node<E>> {
        match &self.form {
            Form::Active(weights) => Some(weights),
            _ => None,
        }
    }

    /// The gated pick of each row with stand-ins for other outputs, if it is one ([`Choice::filled`]).
    pub fn filling(&self) -> Option<&Filling<E>> {
        match &self.form {
            Form::Filled(filling) => Some(filling),
            _ => None,
        }
    }

    /// Whether sample k is category k in every row.
    pub fn is_every(&self) -> bool {
        matches!(self.form, Form::Every(_))
    }

    /// The category numbers, [S, B, L], if every point is a vertex.
    pub fn picks(&self) -> Option<Vec<u32>> {
        let numbers = self.packed_picks()?.to_columns();
        Some(numbers.into_iter().map(|pick| pick.widen() as u32).collect())
    }

    /// The category numbers, [B·L, S], if every point is a vertex.
    pub fn packed_picks(&self) -> Option<&Packed<E>> {
        match &self.form {
            Form::Vertices(picks) | Form::Differentiated(picks, _) => Some(picks),
            Form::Every(picks) => Some(picks.get_or_init(|| every_pick(self.dims))),
            Form::Interior(_) | Form::Gated(..) | Form::Weights(_) => None,
            Form::Active(_) | Form::Filled(_) => None,
        }
    }

    /// The category numbers, [B·L, S], shared.
    pub(crate) fn shared_picks(&self) -> Option<Rc<Packed<E>>> {
        match &self.form {
            Form::Vertices(picks) | Form::Differentiated(picks, _) => Some(Rc::clone(picks)),
            Form::Every(_) => self.packed_picks().cloned().map(Rc::new),
            Form::Interior(_) | Form::Gated(..) | Form::Weights(_) => None,
            Form::Active(_) | Form::Filled(_) => None,
        }
    }

    /// The node of the points, [B·L, S·K], if they have a gradient. Gated picks have none: see
    /// [`Choice::gated_picks`].
    pub fn points(&self) -> Option<&Node<E>> {
        match &self.form {
            Form::Vertices(_) | Form::Every(_) | Form::Gated(..) => None,
            Form::Differentiated(_, points)
            | Form::Interior(points)
            | Form::Weights(points)
            | Form::Active(points) => Some(points),
            Form::Filled(filling) => Some(filling.weights()),
        }
    }

    /// Whether a gradient for the points, or for the gates of picks, is wanted.
    pub fn wants_gradient(&self) -> bool {
        let gates = self.gated_picks().map(|(_, gates)| gates);
        self.points().or(gates).is_some_and(Node::wants_gradient)
    }

    /// The same choice with gated picks, and picks with stand-ins, as weights of all categories, for an objective that makes no
    /// difference between them: it computes more than it has to.
    pub fn spread(self) -> Self {
        if !matches!(self.form, Form::Gated(..) | Form::Filled(_)) {
            return self;
        }
        let dims = self.dims;
        let (weights, tape) = self.into_points();
        Self::weighted(weights, dims, tape)
    }

    /// The points, [B·L, S·K], with the tape. A gated pick is m in the place of its category, and 0 in
    /// others.
    pub fn into_points(self) -> (Node<E>, Recording<E>) {
        let categories = self.dims.categories;
        let points = match self.form {
            Form::Gated(picks, gates) => return gated_points(picks, gates, categories, self.tape),
            Form::Vertices(picks) => Node::constant(rows::one_hots(&picks, categories)),
            Form::Every(_) => Node::constant(rows::one_hots(&every_pick(self.dims), categories)),
            Form::Differentiated(_, points)
            | Form::Interior(points)
            | Form::Weights(points)
            | Form::Active(points) => points,
            Form::Filled(filling) => filling.weights().clone(),
        };
        (points, self.tape)
    }

    /// The points as rows for a network, [S·B, L·K]: sample after sample, with the latents of a row side
    /// by side.
    pub fn into_rows(self) -> (Node<E>, Recording<E>) {
        let (samples, dims) = (self.samples, self.dims);
        let (points, mut tape) = self.into_points();
        let numbers = unpack_points(&points, samples, dims);
        let rows = Packed::pack(&numbers, dims.latents * dims.categories);
        if !points.wants_gradient() {
            return (Node::constant(rows), tape);
        }
        let rows = record(&mut tape, rows, move |gradient| {
            points.add(pack_points(&gradient.unpack(), samples, dims));
        });
        (rows, tape)
    }

    /// The points as a dfdx tensor, [S, B, L, K], with the tape.
    ///
    /// # Errors
    /// If the device is out of memory.
    pub fn into_tensor(self) -> Result<Points<E>> {
        let (samples, dims) = (self.samples, self.dims);
        let (points, tape) = self.into_points();
        let numbers = unpack_points(points.numbers(), samples, dims);
        let shape = (samples, dims.batch, dims.latents, dims.categories);
        let pack = move |gradient: &[E]| pack_points(gradient, samples, dims);
        Ok(into_tensor(&points, tape, numbers, shape, pack)?)
    }

    /// Only the tape, for an objective that uses the category numbers.
    pub fn into_tape(self) -> Recording<E> {
        self.tape
    }
}
