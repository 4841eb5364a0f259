use super::{Node, Recording};
use crate::{Packed, Real};
use dfdx::prelude::Tape;

/// An operation's result on the tape: when the tape runs backward, `backward` is handed the gradient
/// for the numbers, unless none came.
pub fn record<E: Real>(
    tape: &mut Recording<E>,
    numbers: impl Into<Node<E>>,
    backward: impl FnOnce(Packed<E>) + 'static,
) -> Node<E> {
    let node = numbers.into();
    let output = node.clone();
    tape.add_backward_op(move |_| {
        if let Some(gradient) = output.take() {
            backward(gradient);
        }
        Ok(())
    });
    node
}

/// A choice: any numbers forward, any vector–Jacobian product backward.
///
/// The result holds `choice`, which was computed from the logits. When the gradient g of the loss for
/// the choice comes back, `backward(g, v)` adds to v the gradient that the estimator makes of it for
/// the logits. Straight-through and relaxed estimators are this operation with different closures.
pub fn choose<E: Real>(
    tape: &mut Recording<E>,
    logits: &Node<E>,
    choice: impl Into<Node<E>>,
    backward: impl FnOnce(&Packed<E>, &mut Packed<E>) + 'static,
) -> Node<E> {
    let logits = logits.clone();
    record(tape, choice, move |gradient| {
        let mut v = Packed::zeros(logits.numbers().rows(), logits.numbers().columns());
        backward(&gradient, &mut v);
        logits.add(v);
    })
}
