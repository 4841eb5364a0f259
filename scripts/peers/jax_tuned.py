"""What the tuned networks in JAX share, for any axis of categories: the fastest generator we found,
softmax and ReinMax, handwritten Adam, and XLA flags.
"""

from functools import partial

import jax
import jax.numpy as jnp
import networks
import numpy as np
from jax import lax

jax.config.update("jax_default_prng_impl", "unsafe_rbg")

# Products use XLA's library of microkernels, and vectors are 512 bits wide.
FLAGS = (
    "--xla_cpu_experimental_ynn_fusion_type=LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT"
    " --xla_cpu_prefer_vector_width=512"
)


def softmax(logits, axis):
    weights = jnp.exp(logits - jnp.max(logits, axis, keepdims=True))
    return weights / jnp.sum(weights, axis, keepdims=True)


def dot(a, b, axis):
    return jnp.sum(a * b, axis, keepdims=True)


def jacobian_product(q, g, axis):
    return q * (g - dot(q, g, axis))


@partial(jax.custom_vjp, nondiff_argnums=(3,))
def reinmax(logits, p, choice, axis):
    return choice


def reinmax_backward(axis, kept, g):
    p, choice = kept
    middle = jacobian_product((p + choice) / 2, g, axis)
    return 2 * middle - jacobian_product(p, g, axis) / 2, None, None


reinmax.defvjp(lambda logits, p, choice, axis: (choice, (p, choice)), reinmax_backward)


def hashed_uniform(key, count):
    """Uniform numbers, multiples of 2^-24, from a counter and a key of two words: two rounds of xor, shift
    and multiply with the constants of Wellons 2018 (hash-prospector). Compiled for vectors, a number takes
    a quarter of a nanosecond; those of `unsafe_rbg` take seventeen."""
    x = lax.iota(jnp.uint32, count) * jnp.uint32(0x9E3779B9)
    for word in (key[0], key[1]):
        x = x ^ word
        x = (x ^ (x >> 16)) * jnp.uint32(0x7FEB352D)
        x = (x ^ (x >> 15)) * jnp.uint32(0x846CA68B)
        x = x ^ (x >> 16)
    return (x >> 8).astype(jnp.int32).astype(jnp.float32) * np.float32(2**-24)


def exponential(u):
    return -jnp.log(jnp.maximum(u, networks.TINY))


def adam(rate, parameters, moments, gradient, step, decay=0.0):
    """Takes a step after `step` others and returns parameters, moments and the number of steps. With
    weight decay it is that of AdamW."""
    beta1, beta2, step = networks.BETA1, networks.BETA2, step + 1.0
    first = jax.tree.map(lambda m, g: beta1 * m + (1 - beta1) * g, moments[0], gradient)
    second = jax.tree.map(lambda v, g: beta2 * v + (1 - beta2) * g * g, moments[1], gradient)
    kept = 1 - rate * decay
    rate = rate / (1 - jnp.exp(step * np.float32(np.log(beta1))))
    correction = 1 / (1 - jnp.exp(step * np.float32(np.log(beta2))))
    moved = jax.tree.map(
        lambda p, m, v: kept * p - rate * m / (jnp.sqrt(v * correction) + networks.EPSILON),
        parameters, first, second,
    )
    return moved, (first, second), step


def gumbel_rao_weights(p, choice, u, temperature, axis):
    """Relaxed samples whose argmax is the choice, from uniform numbers of one more dimension in front."""
    # With exponential e and chosen category c: up to a constant, the perturbed logit is -ln e_c for
    # c and -ln(e/p + e_c) for the others. Their softmax at temperature t is (e_c/(...))^(1/t), scaled.
    e = exponential(u)
    picked = dot(choice, e, axis)
    ratio = picked / jnp.where(choice > 0, picked, e / p + picked)
    power = 1 / temperature
    # Powers are slow in XLA.
    weights = ratio * ratio if power == 2 else jnp.exp(power * jnp.log(ratio))
    return weights / jnp.sum(weights, axis, keepdims=True)
