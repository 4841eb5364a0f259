use super::data_set::FEATURES;
use super::mask::select;
use crate::bernoulli;
use estimators::{Choice, Context, Losses, Objective};
use kernels::tape::{Node, Recording, record};
use kernels::{Data, Initial, Input, Noise, Packed, Parameters, Perceptron, Real};
use std::rc::Rc;

/// A selector, which gives logits of features, and a predictor, which reads the features that are chosen.
#[derive(Clone, Debug)]
pub(super) struct Network {
    selector: Perceptron,
    predictor: Perceptron,
    /// k
    pub(super) latents: usize,
    /// Whether all latents have the same logits.
    pub(super) shared_logits: bool,
}

impl Network {
    /// A network and its first parameters.
    pub(super) fn new<E: Real>(
        latents: usize,
        shared_logits: bool,
        [selector, predictor]: [&[usize]; 2],
        noise: &mut Noise,
    ) -> (Self, Parameters<E>) {
        let mut initial = Initial::new();
        let logits = if shared_logits { FEATURES } else { latents * FEATURES };
        let mut perceptron = |hidden: &[usize], outputs: usize| {
            let widths = [&[FEATURES], hidden, &[outputs]].concat();
            Perceptron::new(&mut initial, &widths, noise)
        };
        let selector = perceptron(selector, logits);
        let predictor = perceptron(predictor, 1);
        (Self { selector, predictor, latents, shared_logits }, initial.build())
    }

    /// The logits of rows ([B, d]), [B·k, d].
    pub(super) fn logits<E: Real>(
        &self,
        parameters: &Parameters<E>,
        rows: &Rc<Data<E>>,
        tape: &mut Recording<E>,
    ) -> Node<E> {
        let logits = self.selector.forward(parameters, Input::Data(Rc::clone(rows)), tape);
        let (latents, is_shared) = (self.latents, self.shared_logits);
        let numbers = logits.numbers().clone();
        let each = if is_shared { numbers.repeat_rows(latents) } else { numbers.reshape(FEATURES) };
        record(tape, each, move |gradient| {
            logits.add(match is_shared {
                true => gradient.sum_rows(latents),
                false => gradient.reshape(latents * FEATURES),
            });
        })
    }

    /// The loss of what is chosen for rows ([B, d]) with these probabilities of their labels ([B, 1]).
    pub(super) fn objective<E: Real>(
        &self,
        parameters: &Parameters<E>,
        rows: &Rc<Data<E>>,
        probabilities: &Rc<Packed<E>>,
    ) -> Prediction<E> {
        Prediction {
            predictor: self.predictor.clone(),
            parameters: parameters.shared(),
            rows: Rc::clone(rows),
            probabilities: Rc::clone(probabilities),
        }
    }

    /// The log-odds that are predicted of rows in which features that are not chosen are 0 ([B, d]): [B, 1].
    pub(super) fn predict(&self, parameters: &Parameters<f32>, rows: &Packed<f32>) -> Packed<f32> {
        self.predictor.evaluate(parameters, rows)
    }
}

/// f(z) = max(o, 0) − o q + ln(1 + e^{−|o|}), the cross-entropy of the label's probability q and the log-odds o
/// that the predictor computes from the features that z chooses.
#[derive(Debug)]
pub(super) struct Prediction<E: Real> {
    predictor: Perceptron,
    parameters: Parameters<E>,
    rows: Rc<Data<E>>,
    probabilities: Rc<Packed<E>>,
}

impl<E: Real> Objective<E> for Prediction<E> {
    fn loss(&self, choice: Choice<E>) -> estimators::Result<Losses<E>> {
        let samples = choice.samples();
        let (points, mut tape) = choice.into_rows();
        let selected = select(points, self.rows.rows().repeat(samples), &mut tape);
        let predicted =
            self.predictor.forward(&self.parameters, Input::Learned(selected), &mut tape);
        let losses = bernoulli::losses(&mut tape, predicted, &self.probabilities, samples);
        Ok(Losses::new(losses, tape))
    }

    fn context(&self) -> Option<Context<'_, E>> {
        Some(Context { rows: self.rows.rows() })
    }
}
