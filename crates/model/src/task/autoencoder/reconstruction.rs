use super::Codes;
use estimators::{Choice, Domain, Losses, Objective};
use kernels::tape::record;
use kernels::{Data, Input, Packed, Parameters, Perceptron, Real, rowwise};
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
        let (samples, batch) = (choice.samples(), choice.dims().batch);
        let categories = choice.dims().categories;
        let (points, mut tape) = choice.into_rows();
        let codes = self.codes.of_points(points, categories, &mut tape);
        let decoded = self.decoder.forward(&self.parameters, Input::Learned(codes), &mut tape);
        let once = self.images.rows();
        let repeated = (samples > 1).then(|| once.repeat(samples));
        let (losses, slopes) = cross_entropy(decoded.numbers(), repeated.as_ref().unwrap_or(once));
        let losses = Packed::from_columns(&losses.unpack(), batch);
        let node = record(&mut tape, losses, move |gradient| {
            rowwise! {
                fn scale(g => slopes) {
                    for slope in slopes {
                        *slope = g[0] * *slope;
                    }
                }
            }
            let each = Packed::pack(&gradient.to_columns(), 1);
            let mut slopes = slopes;
            scale(&each, &mut slopes);
            decoded.add(slopes);
        });
        Ok(Losses::new(node, tape))
    }

    fn domain(&self) -> Domain {
        Domain::Interior
    }
}

/// Pixels whose factors are multiplied before one logarithm is taken of them all: each is between 1
/// and 2, and so many leave the product within any format.
const FACTORS: usize = 32;

/// The cross-entropy of rows of logits and pixels, [rows, 1], and its derivative for each logit,
/// σ(o) − x.
pub(super) fn cross_entropy<E: Real>(
    logits: &Packed<E>,
    pixels: &Packed<E>,
) -> (Packed<E>, Packed<E>) {
    rowwise! {
        fn of_rows(logits, pixels => loss, slopes) {
            let one = V::splat(E::ONE);
            loss[0] = V::zero();
            let mut first = 0;
            while first < logits.len() {
                let last = logits.len().min(first + FACTORS);
                let (mut linear, mut product) = (V::zero(), one);
                for i in first..last {
                    let (o, x) = (logits[i], pixels[i]);
                    let e = (-o.abs()).exp();
                    let sum = one + e;
                    linear += o.max(V::zero()) - o * x;
                    product = product * sum;
                    // σ(o) = 1/(1 + e⁻ᵒ), or eᵒ/(1 + eᵒ) of a negative logit
                    let above = V::select(o.less(V::zero()), e, one);
                    slopes[i] = above / sum - x;
                }
                loss[0] += linear + product.ln();
                first = last;
            }
        }
    }
    let mut losses = Packed::scratch(logits.rows(), 1);
    let mut slopes = Packed::scratch(logits.rows(), logits.columns());
    of_rows(logits, pixels, &mut losses, &mut slopes);
    (losses, slopes)
}
