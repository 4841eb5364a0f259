use super::judge::{Predicted, predicted};
use super::parameters::MixtureOfExperts;
use super::{balance, grouped};
use crate::forward::split_rows;
use crate::{Batch, Forward};
use estimators::objectives::CrossEntropyPick;
use estimators::{Choice, Context, Dims, Domain, Losses, Objective, SquaredPick};
use kernels::tape::{Node, Recording, record};
use kernels::{Data, Initial, Input, Noise, Packed, Parameters, Perceptron, Real};
use std::rc::Rc;

/// A router, which gives the logits of experts, and the experts.
#[derive(Clone, Debug)]
pub(super) struct Network {
    router: Perceptron,
    pub(super) experts: Rc<[Perceptron]>,
    /// The rate of the biases that keep experts equally busy, which the parameters hold, if there are any.
    bias_rate: Option<f64>,
    /// The weights of the auxiliary loss and of the z-loss.
    penalties: [f64; 2],
    /// Whether outputs are scaled by the probability of their expert.
    gated: bool,
    predicted: Predicted,
    /// L, experts of a row.
    picks: usize,
}

impl Network {
    /// A network and its first parameters.
    pub(super) fn new<E: Real>(
        task: &MixtureOfExperts,
        noise: &mut Noise,
    ) -> (Self, Parameters<E>) {
        let (network, initial) = Self::initial(task, noise);
        (network, initial.build())
    }

    /// A network, and its first parameters as often as they are needed.
    pub(super) fn initial<E: Real>(
        task: &MixtureOfExperts,
        noise: &mut Noise,
    ) -> (Self, Initial<E>) {
        let (inputs, predicted) = (task.width(), predicted(task.data));
        let mut initial = Initial::new();
        let mut perceptron = |hidden: &[usize], outputs: usize| {
            let widths = [&[inputs], hidden, &[outputs]].concat();
            Perceptron::new(&mut initial, &widths, noise)
        };
        let router = perceptron(&task.router_hidden, task.picks * task.experts);
        let expert = |_| perceptron(&task.expert_hidden, predicted.outputs());
        let experts = (0..task.experts).map(expert).collect();
        let bias_rate = (task.balance_bias > 0.0).then_some(task.balance_bias);
        if bias_rate.is_some() {
            initial.held(&vec![0.0; task.experts]);
        }
        let penalties = [task.balance_loss, task.z_loss];
        let (gated, picks) = (task.gated, task.picks);
        let network = Self { router, experts, bias_rate, penalties, gated, predicted, picks };
        (network, initial)
    }

    /// The logits of rows ([B, d]): those of gates, and those of picks, both [B·L, K].
    pub(super) fn logits<E: Real>(
        &self,
        parameters: &Parameters<E>,
        rows: &Rc<Data<E>>,
        tape: &mut Recording<E>,
    ) -> (Node<E>, Node<E>) {
        let gates = self.router.forward(parameters, Input::Data(Rc::clone(rows)), tape);
        let gates = split_rows(gates, self.experts.len(), tape);
        let logits = match self.bias_rate {
            None => gates.clone(),
            Some(_) => balance::add_bias(&gates, parameters.held(), tape),
        };
        (gates, logits)
    }

    /// Logits, penalties and objective of a batch.
    pub(super) fn forward<E: Real>(
        &self,
        parameters: &Parameters<E>,
        batch: &Batch<E>,
    ) -> Forward<E> {
        let mut tape = Recording::default();
        let (gates, logits) = self.logits(parameters, batch.inputs(), &mut tape);
        let has_penalty = self.penalties != [0.0; 2];
        let loads = (has_penalty || self.bias_rate.is_some()).then(|| balance::loads(&logits));
        let penalty = loads
            .as_ref()
            .filter(|_| has_penalty)
            .map(|loads| balance::penalty(&gates, loads, self.penalties, &mut tape));
        let mixture = self.mixture(parameters, batch);
        let mut forward = match self.gated {
            true => Forward::gated(logits, &gates, self.picks, mixture, tape),
            false => Forward::new(logits, self.picks, mixture, tape),
        };
        if let (Some(rate), Some(loads)) = (self.bias_rate, &loads) {
            forward.held = Some(balance::moved_bias(parameters.held(), loads, rate));
            forward.gates = Some(gates);
        }
        match penalty {
            Some(penalty) => forward.with_penalty(penalty),
            None => forward,
        }
    }

    /// The loss of experts that are chosen for a batch.
    pub(super) fn mixture<E: Real>(
        &self,
        parameters: &Parameters<E>,
        batch: &Batch<E>,
    ) -> Mixture<E> {
        Mixture {
            experts: Rc::clone(&self.experts),
            parameters: parameters.shared(),
            rows: Rc::clone(batch.inputs()),
            targets: Rc::clone(batch.targets()),
            predicted: self.predicted,
        }
    }
}

/// The loss of outputs (1/L) Σ_l Σ_k z_lk E_k(x): the squared error, or the cross-entropy of class logits.
///
/// A one-hot choice without a gradient, a gated pick, and a pick with stand-ins for other outputs
/// ([`Choice::filled`]) evaluate the experts that are picked; weights that are
/// 0 without a gradient ([`Choice::active`]) evaluate those whose weight is not 0; every other choice evaluates all.
#[derive(Debug)]
pub(super) struct Mixture<E: Real> {
    experts: Rc<[Perceptron]>,
    parameters: Parameters<E>,
    rows: Rc<Data<E>>,
    targets: Rc<Packed<E>>,
    predicted: Predicted,
}

impl<E: Real> Mixture<E> {
    /// The loss of a choice among outputs ([B, n·o]).
    fn judge(&self, outputs: Node<E>, choice: Choice<E>) -> estimators::Result<Losses<E>> {
        let targets = Rc::clone(&self.targets);
        match self.predicted {
            Predicted::Number => SquaredPick::with_targets(outputs, targets).loss(choice),
            Predicted::Class(classes) => {
                CrossEntropyPick::with_truth(outputs, classes, targets).loss(choice)
            }
        }
    }
}

/// The experts that a choice picks ([B, S]), with gates if it brings them; nothing if it needs all experts.
type Picked<E> = Option<(Rc<Packed<E>>, Option<Node<E>>)>;

fn picked<E: Real>(choice: &Choice<E>) -> Picked<E> {
    if let Some((picks, gates)) = choice.gated_picks() {
        return Some((Rc::clone(picks), Some(gates.clone())));
    }
    let alone = !choice.wants_gradient() && !choice.is_every();
    let picks = choice.packed_picks().filter(|_| alone)?;
    Some((Rc::new(picks.clone()), None))
}

impl<E: Real> Objective<E> for Mixture<E> {
    fn loss(&self, choice: Choice<E>) -> estimators::Result<Losses<E>> {
        let dims = choice.dims();
        let (latents, dims) = (dims.latents, Dims { latents: 1, ..dims });
        if let Some((picks, gates)) = picked(&choice) {
            let mut tape = choice.into_tape();
            let (experts, rows) = (&self.experts, self.rows.rows());
            let parameters = &self.parameters;
            let outputs = match gates {
                Some(gates) if latents == 1 && grouped::are_all(&picks, experts.len()) => {
                    let all = grouped::all(experts, parameters, &self.rows, &mut tape);
                    grouped::scaled(all, gates, &mut tape)
                }
                gates => {
                    grouped::outputs(experts, parameters, rows, &picks, latents, gates, &mut tape)
                }
            };
            // Each sample has an output of its own: they are as categories of which every one is chosen.
            let dims = Dims { categories: picks.columns(), ..dims };
            return self.judge(outputs, Choice::every(dims, tape));
        }
        if let Some(filling) = choice.filling().cloned() {
            let mut tape = choice.into_tape();
            let (experts, rows) = (&self.experts, self.rows.rows());
            // Each latent has an output of its own, as a sample has, so that others can stand in for it.
            let picks = (**filling.picks()).clone().reshape(latents);
            let outputs =
                grouped::outputs(experts, &self.parameters, rows, &picks, 1, None, &mut tape);
            let width = outputs.columns() / latents;
            let outputs = filling.output(split_rows(outputs, width, &mut tape), &mut tape);
            let outputs = mean_of_latents(outputs, latents, &mut tape);
            return self.judge(outputs, Choice::every(Dims { categories: 1, ..dims }, tape));
        }
        if let Some(weights) = choice.active_weights().filter(|_| choice.samples() == 1).cloned() {
            let mut tape = choice.into_tape();
            let (experts, rows) = (&self.experts, self.rows.rows());
            let outputs =
                grouped::mixture(experts, &self.parameters, rows, weights, latents, &mut tape);
            return self.judge(outputs, Choice::every(Dims { categories: 1, ..dims }, tape));
        }
        let is_every = choice.is_every();
        let (points, mut tape) = if is_every {
            (None, choice.into_tape())
        } else {
            let (points, mut tape) = choice.into_points();
            let points = mean_of_latents(points, latents, &mut tape);
            (Some(points), tape)
        };
        let outputs = grouped::all(&self.experts, &self.parameters, &self.rows, &mut tape);
        self.judge(
            outputs,
            match points {
                None => Choice::every(dims, tape),
                Some(points) => Choice::interior(points, dims, tape),
            },
        )
    }

    fn domain(&self) -> Domain {
        Domain::Interior
    }

    fn context(&self) -> Option<Context<'_, E>> {
        Some(Context { rows: self.rows.rows() })
    }
}

/// (1/L) Σ_l x_l of the L rows of each row of a batch ([B·L, n]), [B, n].
fn mean_of_latents<E: Real>(x: Node<E>, latents: usize, tape: &mut Recording<E>) -> Node<E> {
    if latents == 1 {
        return x;
    }
    let (width, share) = (x.columns(), E::of(1.0 / latents as f64));
    let numbers = x.unpack();
    let mut mean = vec![E::ZERO; numbers.len() / latents];
    for (of_row, mean) in numbers.chunks_exact(latents * width).zip(mean.chunks_exact_mut(width)) {
        for of_latent in of_row.chunks_exact(width) {
            mean.iter_mut().zip(of_latent).for_each(|(mean, &x)| *mean += share * x);
        }
    }
    record(tape, Packed::pack(&mean, width), move |gradient| {
        let mut slopes = vec![];
        for of_row in gradient.unpack().chunks_exact(width) {
            let of_latent = of_row.iter().map(|&g| share * g);
            (0..latents).for_each(|_| slopes.extend(of_latent.clone()));
        }
        x.add(Packed::pack(&slopes, width));
    })
}
