"""The autoencoders of `harness bench`, for other libraries.

Layers of 512 and 256 encode images of 784 pixels to the logits of L latents of K categories. A code,
one category per latent, is decoded through the same widths in reverse to a logit for each pixel. The
loss is the cross-entropy of the pixels plus the KL divergence of the latents' distributions from the
uniform one, computed exactly.

`vae` has ReLU, a code of 8 latents of 4, and images of bits, each 1 with probability 0.13. Batches of
100 images are drawn with replacement. The optimizer is Adam.

`vae-8x64` and `vae-128x4` are those of Hooper & Shekhovtsov 2026: leaky ReLU, codes of 8 latents of 64
and of 128 of 4, gray images, and batches of 200, in each epoch every image once. The optimizer is AdamW.
"""

import math
from typing import NamedTuple

import networks
import numpy as np

PIXELS, HIDDEN = 784, [512, 256]
VALIDATION_ROWS = 500
MEAN = 0.13

GUMBEL_TEMPERATURE = 0.5
LOO_SAMPLES = 2
# Neither 1 nor 1/2, for which no logarithm is needed: in the published protocol it falls from 1 to 0.1.
RAO_SAMPLES, RAO_TEMPERATURE = 20, 0.7


class Workload(NamedTuple):
    """A shape, and how it is trained. Upper case as in the modules that are a workload."""

    NAME: str
    LATENTS: int
    CATEGORIES: int
    BATCH: int
    ROWS: int
    RATE: float
    DECAY: float  # weight decay, of AdamW
    SLOPE: float  # of negative numbers between layers
    GRAY: bool  # gray images in epochs, or bits drawn with replacement
    ESTIMATORS: list
    STEPS: int = 100

    @property
    def widths(self):
        return [PIXELS, *HIDDEN, self.LATENTS * self.CATEGORIES]


def published(latents, categories):
    return Workload(
        f"vae-{latents}x{categories}", latents, categories, BATCH=200, ROWS=10_000, RATE=1e-3,
        DECAY=0.01, SLOPE=0.2, GRAY=True, ESTIMATORS=["straight-through", "reinmax", "gumbel-rao"],
    )


SMALL = Workload(
    "vae", 8, 4, BATCH=100, ROWS=2000, RATE=5e-4, DECAY=0.0, SLOPE=0.0, GRAY=False,
    ESTIMATORS=["straight-through", "st-gumbel-softmax", "reinmax", "reinforce-loo"],
)
WORKLOADS = {each.NAME: each for each in [SMALL, published(8, 64), published(128, 4)]}


def data(vae, seed):
    """Images for training, then for validation."""
    draw = np.random.default_rng([seed, 0])
    count = vae.ROWS + VALIDATION_ROWS
    if vae.GRAY:
        images = gray(draw, count).astype(np.float32) / np.float32(255)
    else:
        images = (draw.random((count, PIXELS), np.float32) < MEAN).astype(np.float32)
    return images[: vae.ROWS], images[vae.ROWS :]


def gray(draw, count):
    """Images of a bar across the middle or down the middle, in which a tenth of the pixels is drawn anew:
    four fifths of what is drawn is black."""
    bars = np.zeros((2, 28, 28), np.int16)
    bars[0, 11:17], bars[1, :, 11:17] = 192, 192
    images = bars.reshape(2, PIXELS)[draw.integers(0, 2, count)]
    drawn = np.maximum(draw.integers(0, 5 * 256, images.shape, np.int16) - 4 * 256, 0)
    return np.where(draw.integers(0, 10, images.shape, np.int8) == 0, drawn, images)


def order(vae, seed):
    """The images of each step, [STEPS, BATCH], or none if the steps draw them."""
    if not vae.GRAY:
        return None
    draw, rows = np.random.default_rng([seed, 3]), np.empty(0, np.int32)
    while len(rows) < vae.STEPS * vae.BATCH:
        whole = vae.ROWS - vae.ROWS % vae.BATCH
        rows = np.append(rows, draw.permutation(vae.ROWS)[:whole].astype(np.int32))
    return rows[: vae.STEPS * vae.BATCH].reshape(vae.STEPS, vae.BATCH)


def initial(vae, seed):
    """Weights and biases of the encoder's layers, then of the decoder's."""
    draw = np.random.default_rng([seed, 1])
    back = vae.widths[::-1]
    pairs = [*zip(vae.widths, vae.widths[1:]), *zip(back, back[1:])]
    return [networks.linear(draw, inputs, outputs) for inputs, outputs in pairs]


def validation_loss(vae, images, layers, seed):
    """The loss at one sampled code per image, of trained layers in the form that `initial` returns."""
    def perceptron(x, layers):
        for weight, bias in layers[:-1]:
            x = x @ weight + bias
            x = np.maximum(x, vae.SLOPE * x)
        weight, bias = layers[-1]
        return x @ weight + bias

    encoder, decoder = layers[:3], layers[3:]
    logits = perceptron(images, encoder)
    logits = logits.reshape(-1, vae.LATENTS, vae.CATEGORIES).astype(np.float64)
    logits -= logits.max(-1, keepdims=True)
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    gumbels = np.random.default_rng([seed, 2]).gumbel(size=log_p.shape)
    codes = np.eye(vae.CATEGORIES, dtype=np.float32)[np.argmax(log_p + gumbels, -1)]
    decoded = perceptron(codes.reshape(len(images), -1), decoder)
    reconstruction = np.sum(np.logaddexp(0, decoded) - decoded * images, -1)
    divergence = np.sum(np.exp(log_p) * (log_p + math.log(vae.CATEGORIES)), (-1, -2))
    return float(np.mean(reconstruction + divergence))
