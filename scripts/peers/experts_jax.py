"""Mixtures of experts in JAX, as fast as we could make them on one core.

The hidden layers of all experts are one product. One expert a row is computed in two ways: `gathered`, with the
weights of each row's expert, and `grouped`, with rows in the order of their experts and `lax.ragged_dot`. A fixed
capacity for each expert, as in Switch, would be another computation: it drops rows. Random numbers are hashes of a
counter; Adam is handwritten.
"""

import time

import experts
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax_tuned import FLAGS, adam, hashed_uniform, softmax
from measure import Configuration, main

fixed = lax.stop_gradient


def side_by_side(layers):
    """The hidden layers of all experts as one layer."""
    w1, b1 = layers["hidden"]
    return layers | {"hidden": (w1.transpose(1, 0, 2).reshape(experts.INPUTS, -1), b1.ravel())}


def apart(layers):
    """The hidden layers of experts by expert."""
    w1, b1 = layers["hidden"]
    shape = (experts.EXPERTS, experts.HIDDEN)
    w1 = w1.reshape(experts.INPUTS, *shape).transpose(1, 0, 2)
    return layers | {"hidden": (w1, b1.reshape(shape))}


def all_outputs(layers, x):
    """[B, K] of experts whose hidden layers are side by side."""
    (w1, b1), (w2, b2) = layers["hidden"], layers["output"]
    h = jax.nn.relu(x @ w1 + b1).reshape(-1, experts.EXPERTS, experts.HIDDEN)
    return jnp.sum(h * w2[..., 0], -1) + b2[:, 0]


def gathered(layers, x, picks):
    """The output of each row's expert, [B]."""
    (w1, b1), (w2, b2) = layers["hidden"], layers["output"]
    h = jax.nn.relu(jnp.einsum("bi,bih->bh", x, w1[picks]) + b1[picks])
    return jnp.sum(h * w2[picks, :, 0], -1) + b2[picks, 0]


def grouped(layers, x, picks):
    """The same, with the rows of an expert beside each other."""
    (w1, b1), (w2, b2) = layers["hidden"], layers["output"]
    order = jnp.argsort(picks)
    sizes = jnp.bincount(picks, length=experts.EXPERTS).astype(jnp.int32)
    ordered = picks[order]
    h = jax.nn.relu(lax.ragged_dot(x[order], w1, sizes) + b1[ordered])
    output = jnp.sum(h * w2[ordered, :, 0], -1) + b2[ordered, 0]
    return output[jnp.argsort(order)]


@jax.custom_vjp
def mixed(p, outputs, z):
    """p_D E_D(x) with the gradient of all gates, and of the picked expert alone."""
    return jnp.sum(p * outputs * z, -1)


mixed.defvjp(
    lambda p, outputs, z: (mixed(p, outputs, z), (p, outputs, z)),
    lambda kept, g: (g[:, None] * kept[1], g[:, None] * kept[0] * kept[2], None),
)


def output(estimator, alone, layers, x, u):
    """y of each row, [B]."""
    weight, bias = layers["router"]
    logits = x @ weight + bias
    p = softmax(logits, -1)
    if estimator == "straight-through":
        edges = jnp.cumsum(fixed(p), -1)
        picks = jnp.minimum(jnp.sum((u[:, None] >= edges).astype(jnp.int32), -1), experts.EXPERTS - 1)
        z = jax.nn.one_hot(picks, experts.EXPERTS)
        return jnp.sum((p + fixed(z - p)) * p * all_outputs(layers, x), -1)
    picks = jnp.argmax(logits, -1)
    if estimator == "dense-mixer":
        return mixed(p, all_outputs(layers, x), jax.nn.one_hot(picks, experts.EXPERTS))
    gate = jnp.take_along_axis(p, picks[:, None], -1)[:, 0]
    return gate * alone(layers, x, picks)


def prepare(estimator, alone, unroll=1):
    def objective(layers, x, y, u):
        return jnp.mean(jnp.square(output(estimator, alone, layers, x, u) - y))

    @jax.jit
    def run(layers, x, y, key):
        def step(state, key):
            layers, moments, count = state
            uniforms = hashed_uniform(key, 2 * experts.BATCH)
            rows = (uniforms[: experts.BATCH] * experts.ROWS).astype(jnp.int32)
            slope = jax.grad(objective)(layers, x[rows], y[rows], uniforms[experts.BATCH :])
            return adam(experts.RATE, layers, moments, slope, count), None

        zeros = jax.tree.map(jnp.zeros_like, layers)
        keys = jax.random.bits(key, (experts.STEPS, 2), jnp.uint32)
        return lax.scan(step, (layers, (zeros, zeros), jnp.float32(0)), keys, unroll=unroll)[0][0]

    def train(seeds):
        (seed,) = seeds
        x, y, *held_out = experts.data(seed)
        layers = experts.initial(seed)
        is_dense = estimator != "switch"
        layers = side_by_side(layers) if is_dense else layers
        state = jax.device_put((layers, x, y, jax.random.key(seed)))
        start = time.perf_counter()
        trained = jax.block_until_ready(run(*state))
        seconds = time.perf_counter() - start
        trained = jax.tree.map(np.asarray, trained)
        trained = apart(trained) if is_dense else trained
        return seconds, [experts.validation_loss(*held_out, trained)]

    return train


if __name__ == "__main__":
    main("JAX", jax.__version__, {experts.NAME: experts}, prepare, {
        "gathered": Configuration({"alone": gathered}),
        "gathered, XLA flags": Configuration({"alone": gathered}, flags=FLAGS),
        "grouped": Configuration({"alone": grouped}),
        "grouped, XLA flags": Configuration({"alone": grouped}, flags=FLAGS),
    })
