"""What both workloads say of their networks: first weights, and constants of Adam."""

import math

import numpy as np

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8

# The smallest normal float32: the logarithm of a uniform number that happens to be 0.
TINY = float(np.finfo(np.float32).tiny)


def linear(draw, inputs, outputs):
    """A layer's weight [inputs, outputs] and bias, uniform between -+1/sqrt(inputs)."""
    bound = 1 / math.sqrt(inputs)
    weight = draw.uniform(-bound, bound, (inputs, outputs))
    return weight.astype(np.float32), draw.uniform(-bound, bound, outputs).astype(np.float32)
