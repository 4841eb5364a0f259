use super::{Node, Recording};
use crate::{Packed, Real};
use dfdx::prelude::Tape;

/// Records an operation with this result. When the tape runs backward, `backward` gets the gradient
/// of the result, if any was added.
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

/// Records a choice: any numbers forward, any vector–Jacobian product backward.
///
/// The result is `choice`, which was computed from the logits. In the backward pass,
/// `backward(g, v)` gets the gradient g of the loss with respect to the choice, and adds the
/// estimator's gradient with respect to the logits to v. Straight-through and relaxed estimators
/// use this operation with different closures.
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
