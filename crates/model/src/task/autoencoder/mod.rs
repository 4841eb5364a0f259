//! A variational autoencoder whose code is made of categorical latents.

mod codes;
mod pictures;
mod reconstruction;
#[cfg(test)]
mod tests;

pub use codes::Codes;
pub(super) use pictures::{completions, reconstructions, samples};
pub use reconstruction::Reconstruction;

use crate::classifier::divergence_from_uniform;
use crate::forward::split_rows;
use crate::{Forward, ranges};
use kernels::tape::{Node, Recording};
use kernels::{
    Activation, Data, Initial, Initialization, Input, Noise, Packed, Parameters, Perceptron, Real,
};
use registry::Fault;
use std::rc::Rc;

/// The shape of an [`Autoencoder`].
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Pixels of an image.
    pub pixels: usize,
    /// Widths of the encoder's hidden layers; the decoder has them in reverse.
    pub hidden: Vec<usize>,
    /// L, latents of a code.
    pub latents: usize,
    /// K, categories of a latent.
    pub categories: usize,
    /// Between layers.
    pub activation: Activation,
    /// What the decoder reads.
    pub codes: Codes,
    /// Pixels that are decoded: those of an image, unless others are predicted from it.
    pub outputs: usize,
    /// How the first weights and biases are drawn.
    pub initialization: Initialization,
}

/// Rejects latents, categories and widths of hidden layers that no autoencoder has.
pub(super) fn check(latents: usize, categories: usize, hidden: &[usize]) -> Result<(), Fault> {
    ranges::count("latents", latents, 1)?;
    ranges::count("categories", categories, 2)?;
    ranges::widths("hidden", hidden)
}

/// Encoder and decoder: pixels → … → L·K logits, and a code of L latents → … → a logit for each
/// pixel that is decoded, through the same widths in reverse.
#[derive(Clone, Debug)]
pub struct Autoencoder {
    encoder: Perceptron,
    decoder: Perceptron,
    latents: usize,
    categories: usize,
    codes: Codes,
}

impl Autoencoder {
    /// A network and its first parameters.
    ///
    /// # Panics
    /// If a width, or a product of widths, is 0.
    pub fn new<E: Real>(shape: &Shape, noise: &mut Noise) -> (Self, Parameters<E>) {
        let Shape { latents, categories, activation, codes, .. } = *shape;
        let mut widths = [&[shape.pixels], &*shape.hidden, &[latents * categories]].concat();
        let mut initial = Initial::of(shape.initialization);
        let encoder = Perceptron::new(&mut initial, &widths, noise).with_activation(activation);
        widths.reverse();
        widths[0] = codes.width(latents, categories);
        widths[shape.hidden.len() + 1] = shape.outputs;
        let decoder = Perceptron::new(&mut initial, &widths, noise).with_activation(activation);
        (Self { encoder, decoder, latents, categories, codes }, initial.build())
    }

    /// L, latents of a code.
    pub fn latents(&self) -> usize {
        self.latents
    }

    /// K, categories of a latent.
    pub fn categories(&self) -> usize {
        self.categories
    }

    /// What is computed of images ([B, pixels]): the logits of their codes, the loss of codes, and the
    /// divergence of the codes' distribution from the uniform one as a penalty.
    pub fn forward<E: Real>(&self, parameters: &Parameters<E>, images: &Rc<Data<E>>) -> Forward<E> {
        let mut forward = self.prediction(parameters, images, Rc::clone(images));
        let divergence =
            divergence_from_uniform(&forward.logits, self.latents, 1.0, &mut forward.tape);
        forward.with_penalty(divergence)
    }

    /// What is computed of images ([B, pixels]) and what is to be predicted from them ([B, outputs]): the
    /// logits of codes, and the loss of codes. There is no penalty.
    pub fn prediction<E: Real>(
        &self,
        parameters: &Parameters<E>,
        images: &Rc<Data<E>>,
        targets: Rc<Data<E>>,
    ) -> Forward<E> {
        let mut tape = Recording::default();
        let logits = self.encode(parameters, images, &mut tape);
        let objective = self.reconstruction(parameters, targets);
        Forward::new(logits, self.latents, objective, tape)
    }

    /// Logits of images ([B, pixels]), [B·L, K].
    pub fn encode<E: Real>(
        &self,
        parameters: &Parameters<E>,
        images: &Rc<Data<E>>,
        tape: &mut Recording<E>,
    ) -> Node<E> {
        let logits = self.encoder.forward(parameters, Input::Data(Rc::clone(images)), tape);
        split_rows(logits, self.categories, tape)
    }

    /// The loss of codes of these images ([B, outputs]).
    pub fn reconstruction<E: Real>(
        &self,
        parameters: &Parameters<E>,
        images: Rc<Data<E>>,
    ) -> Reconstruction<E> {
        let (decoder, parameters) = (self.decoder.clone(), parameters.shared());
        Reconstruction { decoder, parameters, codes: self.codes, images }
    }

    /// Logits of the pixels of codes, given by the category of each latent ([B·L, 1]): [B, outputs].
    pub fn decode(&self, parameters: &Parameters<f32>, categories: &Packed<f32>) -> Packed<f32> {
        let rows = self.codes.of_categories(categories, self.latents, self.categories);
        self.decoder.evaluate(parameters, &rows)
    }
}
