"""Straightforward JAX: optax, keys split in the step, categorical and Gumbel sampling of
`jax.random`. The whole run is one compiled scan, which keeps the loss of each step.
"""

import time

import jax
import jax.numpy as jnp
import networks
import numpy as np
import optax
import vae
from jax import lax, nn, random
from measure import Configuration, main

fixed = lax.stop_gradient


def perceptron(layers, x, slope):
    for weight, bias in layers[:-1]:
        x = nn.leaky_relu(x @ weight + bias, slope)
    weight, bias = layers[-1]
    return x @ weight + bias


def estimate(estimator, logits, reconstruction, key):
    """A scalar whose gradient is the estimate, and the mean reconstruction loss, from logits
    [B, L, K] and the loss [..., B] of codes [..., B, L, K]."""

    def both(choice):
        loss = jnp.mean(reconstruction(choice))
        return loss, loss

    def one_hot(picks):
        return nn.one_hot(picks, logits.shape[-1])

    p = nn.softmax(logits)
    if estimator == "st-gumbel-softmax":
        perturbed = logits + random.gumbel(key, logits.shape)
        z = nn.softmax(perturbed / vae.GUMBEL_TEMPERATURE)
        return both(z + fixed(one_hot(jnp.argmax(perturbed, -1)) - z))
    if estimator == "reinforce-loo":
        samples = vae.LOO_SAMPLES
        choice = one_hot(random.categorical(key, logits, shape=(samples, *logits.shape[:-1])))
        losses = reconstruction(choice)
        score = jnp.sum(choice * nn.log_softmax(logits), (-1, -2))
        others = (jnp.sum(losses, 0) - losses) / (samples - 1)
        return jnp.mean(losses + fixed(losses - others) * score), jnp.mean(losses)
    if estimator == "gumbel-rao":
        key, noise_key = random.split(key)
    choice = one_hot(random.categorical(key, logits))
    if estimator == "straight-through":
        return both(p + fixed(choice - p))
    if estimator == "reinmax":
        middle = nn.softmax(fixed(jnp.log((p + choice) / 2) - logits) + logits)
        z = 2 * middle - p / 2
        return both(z + fixed(choice - z))
    if estimator == "gumbel-rao":
        z = jnp.mean(nn.softmax(conditional(logits, p, choice, noise_key)), 0)
        return both(z + fixed(choice - z))
    raise ValueError(estimator)


def conditional(logits, p, choice, key):
    """Perturbed logits / tau, up to a constant, given that `choice` has the largest (Paulus et al.
    2021)."""
    e = random.exponential(key, (vae.RAO_SAMPLES, *logits.shape))
    e = jnp.maximum(e, networks.TINY)
    picked = jnp.sum(e * choice, -1, keepdims=True)
    perturbed = jnp.where(choice == 1, -jnp.log(picked), -jnp.log(e / p + picked))
    return (logits + fixed(perturbed - logits)) / vae.RAO_TEMPERATURE


def prepare(estimator, workload):
    w, constants = workload, (networks.BETA1, networks.BETA2, networks.EPSILON)
    optimizer = optax.adam(w.RATE, *constants)
    if w.DECAY:
        optimizer = optax.adamw(w.RATE, *constants, weight_decay=w.DECAY)

    def objective(layers, x, key):
        logits = perceptron(layers[:3], x, w.SLOPE).reshape(-1, w.LATENTS, w.CATEGORIES)

        def reconstruction(codes):
            decoded = perceptron(layers[3:], codes.reshape(*codes.shape[:-2], -1), w.SLOPE)
            return jnp.sum(optax.sigmoid_binary_cross_entropy(decoded, x), -1)

        log_p = nn.log_softmax(logits)
        divergence = jnp.sum(jnp.exp(log_p) * (log_p + np.log(w.CATEGORIES)), (-1, -2))
        scalar, loss = estimate(estimator, logits, reconstruction, key)
        return scalar + jnp.mean(divergence), loss + jnp.mean(divergence)

    @jax.jit
    def run(layers, x, order, key):
        def step(state, rows):
            layers, moments, key = state
            key, batch_key, noise_key = random.split(key, 3)
            if rows is None:
                rows = random.randint(batch_key, (w.BATCH,), 0, w.ROWS)
            slope, loss = jax.grad(objective, has_aux=True)(layers, x[rows], noise_key)
            updates, moments = optimizer.update(slope, moments, layers)
            return (optax.apply_updates(layers, updates), moments, key), loss

        state = (layers, optimizer.init(layers), key)
        state, losses = lax.scan(step, state, order, w.STEPS)
        return state[0], losses

    def train(seeds):
        (seed,) = seeds
        x, validation = vae.data(w, seed)
        state = jax.device_put((vae.initial(w, seed), x, vae.order(w, seed), random.key(seed)))
        start = time.perf_counter()
        layers, _ = jax.block_until_ready(run(*state))
        seconds = time.perf_counter() - start
        trained = jax.tree.map(np.asarray, layers)
        return seconds, [vae.validation_loss(w, validation, trained, seed)]

    return train


if __name__ == "__main__":
    main("JAX", jax.__version__, vae.WORKLOADS, prepare, {"first": Configuration({})})
