"""The workload `argmax-index` of `harness bench`, for other libraries.

Rows x ~ N(0, 1)^16; the regime of a row is argmax(x A), its target (x V)[regime] + 0.1 N(0, 1); A
and V are drawn anew for each seed, with entries N(0, 1) / sqrt(16). A classifier 16 -> 32 -> 8 with
ReLU chooses a category, a linear head 16 -> 8 has a value for each category, and the loss is the
squared error of the value of the chosen category. Batches of 128 rows are drawn with replacement
from 4096. The optimizer is Adam with a learning rate of 1e-2.
"""

import math

import networks
import numpy as np

NAME = "argmax-index"
INPUTS, HIDDEN, CATEGORIES = 16, 32, 8
ROWS, VALIDATION_ROWS, BATCH, STEPS = 4096, 2048, 128, 2000
RATE = 1e-2

SOFT_TEMPERATURE = 1.0
GUMBEL_TEMPERATURE = 0.5
DECAY = 0.95
LOO_SAMPLES = 4
RAO_SAMPLES = 10

ESTIMATORS = [
    "exact",
    "soft-argmax",
    "straight-through",
    "gumbel-softmax",
    "st-gumbel-softmax",
    "reinforce",
    "reinforce-loo",
    "reinmax",
    "gumbel-rao",
]


def data(seed):
    """Features and targets for training, then for validation."""
    draw = np.random.default_rng([seed, 0])
    regime_map, value_map = (
        draw.standard_normal((INPUTS, CATEGORIES)) / math.sqrt(INPUTS) for _ in range(2)
    )
    x = draw.standard_normal((ROWS + VALIDATION_ROWS, INPUTS))
    regime = np.argmax(x @ regime_map, axis=1)
    y = np.take_along_axis(x @ value_map, regime[:, None], axis=1)[:, 0]
    y = y + 0.1 * draw.standard_normal(len(y))
    x, y = x.astype(np.float32), y.astype(np.float32)
    return x[:ROWS], y[:ROWS], x[ROWS:], y[ROWS:]


def initial(seed):
    """Weights and biases of the layers, by name."""
    draw = np.random.default_rng([seed, 1])
    return {
        "hidden": networks.linear(draw, INPUTS, HIDDEN),
        "logits": networks.linear(draw, HIDDEN, CATEGORIES),
        "values": networks.linear(draw, INPUTS, CATEGORIES),
    }


def validation_loss(x, y, layers):
    """The loss with the hard argmax, of trained layers in the form that `initial` returns."""
    def linear(x, layer):
        return x @ np.asarray(layer[0], np.float64) + np.asarray(layer[1], np.float64)

    logits = linear(np.maximum(linear(x, layers["hidden"]), 0), layers["logits"])
    picks = np.argmax(logits, axis=1)[:, None]
    picked = np.take_along_axis(linear(x, layers["values"]), picks, axis=1)[:, 0]
    return float(np.mean((picked - y) ** 2))
