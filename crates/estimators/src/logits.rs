use crate::{Result, matmul};
use dfdx::prelude::HasShape;
use kernels::tape::{Node, Recording, Taped, from_tensor, into_tensor};
use kernels::{Packed, Real};

/// Logits [B, L, K] with the tape that recorded them.
pub struct Logits<E: Real> {
    /// [B·L, K]
    pub(crate) node: Node<E>,
    /// [B·L, K]
    pub(crate) gates: Option<Node<E>>,
    pub(crate) dims: Dims,
    pub(crate) tape: Recording<E>,
}

impl<E: Real> Logits<E> {
    /// Logits from a network of this workspace, [B·L, K].
    ///
    /// # Panics
    /// If the number of rows is not a multiple of the number of latents.
    pub fn new(node: Node<E>, latents: usize, tape: Recording<E>) -> Self {
        let (rows, categories) = (node.numbers().rows(), node.numbers().columns());
        assert!(latents > 0 && rows % latents == 0, "{rows} rows of {latents} latents");
        let dims = Dims { batch: rows / latents, latents, categories };
        Self { node, gates: None, dims, tape }
    }

    /// With other logits for the gates of categories, [B·L, K], as where a bias decides which expert is picked and
    /// is not in its gate. Estimators that scale outputs by a gate p_D take p from these; the pick has the law of
    /// the logits themselves. What such an estimator says of its bias is said of equal logits.
    ///
    /// # Panics
    /// If they have another shape.
    pub fn with_gates(self, gates: Node<E>) -> Self {
        let shape = |node: &Node<E>| (node.rows(), node.columns());
        assert_eq!(shape(&gates), shape(&self.node), "a gate for each category");
        Self { gates: Some(gates), ..self }
    }

    /// Logits from dfdx, [B, L, K]. The first call checks that dfdx multiplies matrices right, which
    /// depends on its features.
    ///
    /// # Errors
    /// If dfdx was built without its feature `cpu`, or the device is out of memory.
    ///
    /// # Panics
    /// If there are no categories or no latents.
    pub fn of(tensor: Taped<(usize, usize, usize), E>) -> Result<Self> {
        matmul::check()?;
        let &(_, latents, categories) = tensor.shape();
        let pack = |numbers: &[E]| Packed::pack(numbers, categories);
        let (node, tape) = from_tensor(tensor, pack, |gradient, sums| gradient.add_to(sums))?;
        Ok(Self::new(node, latents, tape))
    }

    /// The logits as a dfdx tensor, [B, L, K].
    ///
    /// # Errors
    /// If the device is out of memory.
    pub fn into_tensor(self) -> Result<Taped<(usize, usize, usize), E>> {
        let Dims { batch, latents, categories } = self.dims;
        let pack = move |gradient: &[E]| Packed::pack(gradient, categories);
        let numbers = self.node.numbers().unpack();
        Ok(into_tensor(&self.node, self.tape, numbers, (batch, latents, categories), pack)?)
    }

    /// B, L and K.
    pub fn dims(&self) -> Dims {
        self.dims
    }

    /// The logits, [B·L, K].
    pub fn numbers(&self) -> &Packed<E> {
        self.node.numbers()
    }
}

/// The dimensions of a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dims {
    /// B, rows of a batch.
    pub batch: usize,
    /// L, categorical variables of a row.
    pub latents: usize,
    /// K, categories of a variable.
    pub categories: usize,
}

impl Dims {
    /// B·L, the number of distributions.
    pub fn rows(self) -> usize {
        self.batch * self.latents
    }

    /// B·L·K, the number of logits.
    pub fn elements(self) -> usize {
        self.rows() * self.categories
    }

    /// Kᴸ, the number of joint outcomes of a row, unless it overflows.
    pub fn outcomes(self) -> Option<usize> {
        self.categories.checked_pow(u32::try_from(self.latents).ok()?)
    }
}
