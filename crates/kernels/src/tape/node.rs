use super::depth;
use crate::{Packed, Real};
use std::cell::Cell;
use std::fmt;
use std::ops::Deref;
use std::rc::Rc;

/// A packed matrix on a tape: its numbers, and the sum of their gradients.
///
/// When the tape runs backward, each operation that used the numbers adds to the gradient, and the
/// operation that computed them takes it. A clone is the same node.
#[derive(Clone)]
pub struct Node<E: Real>(Rc<Inner<E>>);

struct Inner<E: Real> {
    numbers: Numbers<E>,
    gradient: Cell<Option<Packed<E>>>,
    /// The scope of its creation, unless it is constant.
    depth: Option<u32>,
}

enum Numbers<E: Real> {
    Owned(Packed<E>),
    Shared(Rc<Packed<E>>),
}

impl<E: Real> From<Packed<E>> for Node<E> {
    /// Numbers that depend on trainable parameters.
    fn from(numbers: Packed<E>) -> Self {
        Self::with_depth(Numbers::Owned(numbers), Some(depth()))
    }
}

impl<E: Real> From<Rc<Packed<E>>> for Node<E> {
    /// Shared numbers that depend on trainable parameters.
    fn from(numbers: Rc<Packed<E>>) -> Self {
        Self::with_depth(Numbers::Shared(numbers), Some(depth()))
    }
}

impl<E: Real> Node<E> {
    /// Numbers that depend on trainable parameters.
    pub fn new(numbers: impl Into<Self>) -> Self {
        numbers.into()
    }

    /// Numbers that need no gradient.
    pub fn constant(numbers: Packed<E>) -> Self {
        Self::with_depth(Numbers::Owned(numbers), None)
    }

    fn with_depth(numbers: Numbers<E>, depth: Option<u32>) -> Self {
        Self(Rc::new(Inner { numbers, gradient: Cell::new(None), depth }))
    }

    /// The numbers.
    pub fn numbers(&self) -> &Packed<E> {
        match &self.0.numbers {
            Numbers::Owned(numbers) => numbers,
            Numbers::Shared(numbers) => numbers,
        }
    }

    /// Whether the numbers need a gradient in this scope ([`super::isolated`]).
    pub fn wants_gradient(&self) -> bool {
        self.0.depth == Some(depth())
    }

    /// Adds to the gradient, if the node needs one in this scope.
    ///
    /// # Panics
    /// If it has another shape than the numbers.
    pub fn add(&self, gradient: Packed<E>) {
        let shape = |packed: &Packed<E>| (packed.rows(), packed.columns());
        assert_eq!(shape(&gradient), shape(self.numbers()), "a gradient of another shape");
        if !self.wants_gradient() {
            return;
        }
        let sum = match self.take() {
            None => gradient,
            Some(mut sum) => {
                sum.add(&gradient);
                sum
            }
        };
        self.0.gradient.set(Some(sum));
    }

    /// Takes the sum of gradients, if any were added, and resets it.
    pub fn take(&self) -> Option<Packed<E>> {
        self.0.gradient.take()
    }
}

impl<E: Real> Deref for Node<E> {
    type Target = Packed<E>;
    fn deref(&self) -> &Packed<E> {
        self.numbers()
    }
}

impl<E: Real> fmt::Debug for Node<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, columns) = (self.rows(), self.columns());
        f.debug_struct("Node").field("rows", &rows).field("columns", &columns).finish()
    }
}
