use super::Codes;
use crate::bernoulli;
use estimators::{Choice, Domain, Losses, Objective};
use kernels::{Data, Input, Parameters, Perceptron, Real};
use std::rc::Rc;

/// f(z) = Σ_pixels [max(o, 0) − o x + ln(1 + e^{−|o|})], the binary cross-entropy of the pixels x,
/// from 0 to 1, whose logits o the decoder computes from the code z.
#[derive(Debug)]
pub struct Reconstruction<E: Real> {
    pub(super) decoder: Perceptron,
    pub(super) parameters: Parameters<E>,
    pub(super) codes: Codes,
    pub(super) images: Rc<Data<E>>,
}

impl<E: Real> Objective<E> for Reconstruction<E> {
    fn loss(&self, choice: Choice<E>) -> estimators::Result<Losses<E>> {
        let (samples, categories) = (choice.samples(), choice.dims().categories);
        let (points, mut tape) = choice.into_rows();
        let codes = self.codes.of_points(points, categories, &mut tape);
        let decoded = self.decoder.forward(&self.parameters, Input::Learned(codes), &mut tape);
        let losses = bernoulli::losses(&mut tape, decoded, self.images.rows(), samples);
        Ok(Losses::new(losses, tape))
    }

    fn domain(&self) -> Domain {
        Domain::Interior
    }
}
