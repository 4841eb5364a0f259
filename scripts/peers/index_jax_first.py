"""Straightforward JAX: categories are the last axis, optax, keys split in the step, categorical and
Gumbel sampling of `jax.random`, one seed. The whole run is one compiled scan.
"""

import time

import index
import jax
import jax.numpy as jnp
import networks
import numpy as np
import optax
from jax import lax, nn, random
from measure import Configuration, main

fixed = lax.stop_gradient


def one_hot(picks):
    return nn.one_hot(picks, index.CATEGORIES)


def estimate(estimator, logits, values, targets, key, baseline):
    """A scalar whose gradient is the estimate, and the loss of the batch."""

    def loss(choice):
        return jnp.square(jnp.sum(choice * values, -1) - targets)

    def both(losses):
        return jnp.mean(losses), jnp.mean(losses)

    p = nn.softmax(logits)
    if estimator == "exact":
        return both(jnp.sum(p * jnp.square(values - targets[:, None]), -1))
    if estimator == "soft-argmax":
        return both(loss(nn.softmax(logits / index.SOFT_TEMPERATURE)))
    if estimator in ("gumbel-softmax", "st-gumbel-softmax"):
        perturbed = logits + random.gumbel(key, logits.shape)
        z = nn.softmax(perturbed / index.GUMBEL_TEMPERATURE)
        if estimator == "gumbel-softmax":
            return both(loss(z))
        return both(loss(z + fixed(one_hot(jnp.argmax(perturbed, -1)) - z)))
    if estimator in ("reinforce", "reinforce-loo"):
        samples = index.LOO_SAMPLES if estimator == "reinforce-loo" else 1
        picks = random.categorical(key, logits, shape=(samples, index.BATCH))
        choice = one_hot(picks)
        losses = loss(choice)
        score = jnp.sum(choice * nn.log_softmax(logits), -1)
        if estimator == "reinforce-loo":
            others = (jnp.sum(losses, 0) - losses) / (samples - 1)
            advantages = losses - others
        else:
            advantages = losses - baseline
        return jnp.mean(losses + fixed(advantages) * score), jnp.mean(losses)
    if estimator == "gumbel-rao":
        key, noise_key = random.split(key)
    choice = one_hot(random.categorical(key, logits))
    if estimator == "straight-through":
        return both(loss(p + fixed(choice - p)))
    if estimator == "reinmax":
        middle = nn.softmax(fixed(jnp.log((p + choice) / 2) - logits) + logits)
        z = 2 * middle - p / 2
        return both(loss(z + fixed(choice - z)))
    if estimator == "gumbel-rao":
        z = jnp.mean(nn.softmax(conditional(logits, p, choice, noise_key), -1), 0)
        return both(loss(z + fixed(choice - z)))
    raise ValueError(estimator)


def conditional(logits, p, choice, key):
    """Perturbed logits / tau, up to a constant, given that `choice` has the largest (Paulus et al.
    2021)."""
    e = random.exponential(key, (index.RAO_SAMPLES, *logits.shape))
    e = jnp.maximum(e, networks.TINY)  # It can be 0, which gave NaN in some runs.
    picked = jnp.sum(e * choice, -1, keepdims=True)
    perturbed = jnp.where(choice == 1, -jnp.log(picked), -jnp.log(e / p + picked))
    return (logits + fixed(perturbed - logits)) / index.GUMBEL_TEMPERATURE


def prepare(estimator):
    optimizer = optax.adam(index.RATE, networks.BETA1, networks.BETA2, networks.EPSILON)

    def objective(layers, x, y, key, baseline):
        (w1, b1), (w2, b2), (wv, bv) = layers["hidden"], layers["logits"], layers["values"]
        logits = nn.relu(x @ w1 + b1) @ w2 + b2
        return estimate(estimator, logits, x @ wv + bv, y, key, baseline)

    @jax.jit
    def run(layers, x, y, key):
        def step(state, _):
            layers, moments, baseline, key = state
            key, batch_key, noise_key = random.split(key, 3)
            rows = random.randint(batch_key, (index.BATCH,), 0, index.ROWS)
            gradient = jax.grad(objective, has_aux=True)
            slope, loss = gradient(layers, x[rows], y[rows], noise_key, baseline)
            updates, moments = optimizer.update(slope, moments)
            baseline = index.DECAY * baseline + (1 - index.DECAY) * loss
            return (optax.apply_updates(layers, updates), moments, baseline, key), None

        state = (layers, optimizer.init(layers), jnp.float32(0), key)
        return lax.scan(step, state, None, index.STEPS)[0][0]

    def train(seeds):
        (seed,) = seeds
        x, y, *validation = index.data(seed)
        state = jax.device_put((index.initial(seed), x, y, random.key(seed)))
        start = time.perf_counter()
        layers = jax.block_until_ready(run(*state))
        seconds = time.perf_counter() - start
        return seconds, [index.validation_loss(*validation, jax.tree.map(np.asarray, layers))]

    return train


if __name__ == "__main__":
    main("JAX", jax.__version__, {index.NAME: index}, prepare, {"first": Configuration({})})
