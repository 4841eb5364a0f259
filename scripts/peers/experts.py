"""The workload `experts` of `harness bench`, for other libraries.

Rows are of one of 8 clusters c: x = 2 m_c + N(0, 1)^64, and the target is <a_c, x> / 8 + 0.1 N(0, 1);
entries of m and a are N(0, 1), drawn anew for each seed. A linear router 64 -> 32 picks one of 32 experts
64 -> 128 -> 1 with ReLU, and the output is p_D E_D(x), with the probability p_D of the pick; the loss is the
squared error. Batches of 512 rows are drawn with replacement from 4096. The optimizer is Adam.

`switch` needs the expert of the largest logit alone; `straight-through` and `dense-mixer` need all.
"""

import math

import networks
import numpy as np

NAME = "experts"
INPUTS, EXPERTS, HIDDEN, CLUSTERS = 64, 32, 128, 8
ROWS, VALIDATION_ROWS, BATCH, STEPS = 4096, 1000, 512, 100
RATE = 1e-3
ESTIMATORS = ["switch", "straight-through", "dense-mixer"]


def data(seed):
    """Features and targets for training, then for validation."""
    draw = np.random.default_rng([seed, 0])
    centers, slopes = (draw.standard_normal((CLUSTERS, INPUTS)) for _ in range(2))
    count = ROWS + VALIDATION_ROWS
    cluster = draw.integers(CLUSTERS, size=count)
    x = 2 * centers[cluster] + draw.standard_normal((count, INPUTS))
    y = np.sum(slopes[cluster] * x, 1) / math.sqrt(INPUTS) + 0.1 * draw.standard_normal(count)
    x, y = x.astype(np.float32), y.astype(np.float32)
    return x[:ROWS], y[:ROWS], x[ROWS:], y[ROWS:]


def initial(seed):
    """Weights and biases: of the router, and of the layers of all experts, [experts, inputs, outputs]."""
    draw = np.random.default_rng([seed, 1])
    router = networks.linear(draw, INPUTS, EXPERTS)

    def layers(inputs, outputs):
        each = [networks.linear(draw, inputs, outputs) for _ in range(EXPERTS)]
        return tuple(np.stack(parts) for parts in zip(*each))

    return {"router": router, "hidden": layers(INPUTS, HIDDEN), "output": layers(HIDDEN, 1)}


def validation_loss(x, y, layers):
    """The mean squared error of the experts with the largest logits."""
    weight, bias = layers["router"]
    logits = x @ weight + bias
    p = np.exp(logits - logits.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    picks = logits.argmax(1)
    (w1, b1), (w2, b2) = layers["hidden"], layers["output"]
    h = np.maximum(np.einsum("bi,bih->bh", x, w1[picks]) + b1[picks], 0)
    output = np.einsum("bh,bh->b", h, w2[picks, :, 0]) + b2[picks, 0]
    return float(np.mean((p[np.arange(len(x)), picks] * output - y) ** 2))
