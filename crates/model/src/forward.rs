use crate::Result;
use estimators::objectives::Gated;
use estimators::{Choice, Dims, Logits, Objective};
use kernels::tape::{Node, Recording, record};
use kernels::{Noise, Packed, Real, rows};
use std::rc::Rc;

/// What a network computes of a batch.
pub struct Forward<E: Real> {
    /// θ, [B·L, K].
    pub logits: Node<E>,
    /// Latents of a row.
    pub latents: usize,
    /// The loss of choices.
    pub objective: Box<dyn Objective<E>>,
    /// The same without gates, if it has gates of these logits ([`Gated`]): other logits have other gates.
    pub ungated: Option<Rc<dyn Objective<E>>>,
    /// A part of the loss that does not depend on the choice, of each row, [B, 1], or of each latent, [B·L, 1]; the
    /// gradient of its mean is on the tape.
    pub penalty: Option<Packed<E>>,
    /// The logits of gates, [B·L, K], where they are others ([`Logits::with_gates`]).
    pub gates: Option<Node<E>>,
    /// What the numbers that parameters hold ([`kernels::Parameters::held`]) are after a step with this batch, if
    /// they move.
    pub held: Option<Vec<E>>,
    /// The tape that recorded all of it.
    pub tape: Recording<E>,
}

impl<E: Real> Forward<E> {
    /// Logits and an objective on a tape.
    pub fn new(
        logits: Node<E>,
        latents: usize,
        objective: impl Objective<E> + 'static,
        tape: Recording<E>,
    ) -> Self {
        let (objective, ungated) = (Box::new(objective), None);
        Self { logits, latents, objective, ungated, penalty: None, gates: None, held: None, tape }
    }

    /// Logits and an objective, whose outputs are scaled by the softmax of `gates` ([B·L, K]), on a tape.
    pub fn gated(
        logits: Node<E>,
        gates: &Node<E>,
        latents: usize,
        objective: impl Objective<E> + 'static,
        mut tape: Recording<E>,
    ) -> Self {
        let ungated: Rc<dyn Objective<E>> = Rc::new(objective);
        let objective = Gated::on(Rc::clone(&ungated), gates, &mut tape);
        Self { ungated: Some(ungated), ..Self::new(logits, latents, objective, tape) }
    }

    /// With a part of the loss that does not depend on the choice.
    pub fn with_penalty(self, penalty: Packed<E>) -> Self {
        Self { penalty: Some(penalty), ..self }
    }

    /// Logits for an estimator, the objective, and the mean of the penalty.
    pub(crate) fn split(self) -> (Logits<E>, Box<dyn Objective<E>>, f64) {
        let mean = |penalty: Packed<E>| penalty.total() / penalty.rows() as f64;
        let penalty = self.penalty.map_or(0.0, mean);
        let logits = Logits::new(self.logits, self.latents, self.tape);
        let logits = match self.gates {
            Some(gates) => logits.with_gates(gates),
            None => logits,
        };
        (logits, self.objective, penalty)
    }
}

impl Forward<f32> {
    /// The most probable category of each latent, [B·L, 1].
    pub fn argmax(&self) -> Packed<f32> {
        rows::argmax(&self.logits)
    }

    /// One sampled category per latent, [B·L, 1].
    pub fn sample(&self, noise: &mut Noise) -> Packed<f32> {
        self.samples(1, noise)
    }

    /// So many sampled categories per latent, [B·L, S].
    pub fn samples(&self, count: usize, noise: &mut Noise) -> Packed<f32> {
        rows::categorical(&rows::softmax(&self.logits, 1.0), count, noise)
    }

    /// The mean of the penalty; 0 without one.
    pub fn mean_penalty(&self) -> f64 {
        self.penalty.as_ref().map_or(0.0, |penalty| penalty.total() / penalty.rows() as f64)
    }

    /// The mean loss of a choice ([B·L, 1]) without the penalty.
    ///
    /// # Errors
    /// If the objective fails.
    pub fn mean_loss(&self, choice: Packed<f32>) -> Result<f64> {
        let losses = self.losses(choice)?;
        Ok(losses.total() / losses.rows() as f64)
    }

    /// The losses of S choices ([B·L, S]) without the penalty, [B, S].
    ///
    /// # Errors
    /// If the objective fails.
    pub fn losses(&self, choices: Packed<f32>) -> Result<Packed<f32>> {
        let (latents, categories) = (self.latents, self.logits.columns());
        let dims = Dims { batch: choices.rows() / latents, latents, categories };
        let choice = Choice::vertices(Rc::new(choices), dims, Recording::default());
        Ok(self.objective.loss(choice)?.numbers().clone())
    }
}

/// Rows of L parts side by side ([B, L·n]) as rows of one part each, [B·L, n].
pub(crate) fn split_rows<E: Real>(x: Node<E>, width: usize, tape: &mut Recording<E>) -> Node<E> {
    if x.columns() == width {
        return x;
    }
    let each = x.numbers().clone().reshape(width);
    record(tape, each, move |gradient| x.add(gradient.reshape(x.columns())))
}
