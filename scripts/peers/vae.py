"""The workload `vae` of `harness bench`, for other libraries.

Layers of 512 and 256 with ReLU encode images of 784 bits, each 1 with probability 0.13, to the
logits of eight latents of four categories. A code, one category per latent, is decoded through the
same widths in reverse to a logit for each pixel. The loss is the cross-entropy of the pixels plus
the KL divergence of the latents' distributions from the uniform one, computed exactly. Batches of
100 images are drawn with replacement from 2000. The optimizer is Adam with a learning rate of 5e-4.
"""

import math

import networks
import numpy as np

NAME = "vae"
PIXELS, LATENTS, CATEGORIES = 784, 8, 4
WIDTHS = [PIXELS, 512, 256, LATENTS * CATEGORIES]
ROWS, VALIDATION_ROWS, BATCH, STEPS = 2000, 500, 100, 100
MEAN = 0.13
RATE = 5e-4

GUMBEL_TEMPERATURE = 0.5
LOO_SAMPLES = 2

ESTIMATORS = ["straight-through", "st-gumbel-softmax", "reinmax", "reinforce-loo"]


def data(seed):
    """Images for training, then for validation."""
    draw = np.random.default_rng([seed, 0])
    uniform = draw.random((ROWS + VALIDATION_ROWS, PIXELS), np.float32)
    images = (uniform < MEAN).astype(np.float32)
    return images[:ROWS], images[ROWS:]


def initial(seed):
    """Weights and biases of the encoder's layers, then of the decoder's."""
    draw = np.random.default_rng([seed, 1])
    back = WIDTHS[::-1]
    pairs = [*zip(WIDTHS, WIDTHS[1:]), *zip(back, back[1:])]
    return [networks.linear(draw, inputs, outputs) for inputs, outputs in pairs]


def validation_loss(images, layers, seed):
    """The loss at one sampled code per image, of trained layers in the form that `initial` returns."""
    def perceptron(x, layers):
        for weight, bias in layers[:-1]:
            x = np.maximum(x @ weight + bias, 0)
        weight, bias = layers[-1]
        return x @ weight + bias

    encoder, decoder = layers[:3], layers[3:]
    logits = perceptron(images, encoder).reshape(-1, LATENTS, CATEGORIES).astype(np.float64)
    logits -= logits.max(-1, keepdims=True)
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    gumbels = np.random.default_rng([seed, 2]).gumbel(size=log_p.shape)
    codes = np.eye(CATEGORIES, dtype=np.float32)[np.argmax(log_p + gumbels, -1)]
    decoded = perceptron(codes.reshape(len(images), -1), decoder)
    reconstruction = np.sum(np.logaddexp(0, decoded) - decoded * images, -1)
    divergence = np.sum(np.exp(log_p) * (log_p + math.log(CATEGORIES)), (-1, -2))
    return float(np.mean(reconstruction + divergence))
