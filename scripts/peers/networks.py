"""What both workloads share: initial weights, and the constants of Adam."""

import math

import numpy as np

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8

# The smallest normal float32: replaces a uniform number of 0, whose logarithm is infinite.
TINY = float(np.finfo(np.float32).tiny)


def linear(draw, inputs, outputs):
    """The weight [inputs, outputs] and bias of a layer, uniform in ±1/sqrt(inputs)."""
    bound = 1 / math.sqrt(inputs)
    weight = draw.uniform(-bound, bound, (inputs, outputs))
    return weight.astype(np.float32), draw.uniform(-bound, bound, outputs).astype(np.float32)
