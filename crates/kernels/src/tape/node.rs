use super::depth;
use crate::{Packed, Real};
use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

/// A packed matrix on a tape: its numbers, and the place where the gradient for them is added up.
///
/// Whatever uses the numbers adds to the gradient when the tape runs backward; the operation that
/// computed them takes it from there. A clone is the same node.
#[derive(Clone, Debug)]
pub struct Node<E: Real> {
    numbers: Rc<Packed<E>>,
    place: Option<Place<E>>,
}

/// Where a gradient is added up, within one scope.
#[derive(Clone)]
pub struct Place<E: Real> {
    sum: Rc<Cell<Option<Packed<E>>>>,
    depth: u32,
}

impl<E: Real> Node<E> {
    /// Numbers that are computed from something that learns.
    pub fn new(numbers: impl Into<Rc<Packed<E>>>) -> Self {
        Self { numbers: numbers.into(), place: Some(Place::new()) }
    }

    /// Numbers from which nothing learns.
    pub fn constant(numbers: impl Into<Rc<Packed<E>>>) -> Self {
        Self { numbers: numbers.into(), place: None }
    }

    /// The numbers.
    pub fn numbers(&self) -> &Packed<E> {
        &self.numbers
    }

    /// The numbers, shared.
    pub fn shared(&self) -> Rc<Packed<E>> {
        Rc::clone(&self.numbers)
    }

    /// Whether anything learns from the numbers, in this scope ([`super::aside`]).
    pub fn wants_gradient(&self) -> bool {
        self.place.as_ref().is_some_and(|place| place.depth == depth())
    }

    /// Adds to the gradient, if it is wanted in this scope.
    ///
    /// # Panics
    /// If it has another shape than the numbers.
    pub fn add(&self, gradient: Packed<E>) {
        let shape = |packed: &Packed<E>| (packed.rows(), packed.columns());
        assert_eq!(shape(&gradient), shape(&self.numbers), "a gradient of another shape");
        if let Some(place) = self.place.as_ref().filter(|place| place.depth == depth()) {
            place.add(gradient);
        }
    }

    /// What has been added to the gradient, which is then none again.
    pub fn take(&self) -> Option<Packed<E>> {
        self.place.as_ref()?.take()
    }

    /// Where the gradient is added up; nowhere for a constant, whose place nothing reaches.
    pub(crate) fn place(&self) -> Place<E> {
        self.place.clone().unwrap_or_else(Place::new)
    }
}

impl<E: Real> Place<E> {
    fn new() -> Self {
        Self { sum: Rc::default(), depth: depth() }
    }

    fn add(&self, gradient: Packed<E>) {
        let sum = match self.sum.take() {
            None => gradient,
            Some(mut sum) => {
                sum.add(&gradient);
                sum
            }
        };
        self.sum.set(Some(sum));
    }

    /// What has been added up, if anything has.
    pub(crate) fn take(&self) -> Option<Packed<E>> {
        self.sum.take()
    }
}

impl<E: Real> fmt::Debug for Place<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Place")
    }
}
