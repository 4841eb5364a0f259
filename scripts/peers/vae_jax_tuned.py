"""JAX as fast as we could make it on one core. Samples come from the inverse CDF. The random numbers
of a step are drawn at once, by the fastest generator we found. Adam and the gradient of the cross-entropy
are handwritten. The scan keeps the loss of each step.
"""

import time

import jax
import jax.numpy as jnp
import numpy as np
import vae
from jax import lax
from jax_tuned import FLAGS, adam, exponential, reinmax, softmax
from measure import Configuration, main

fixed = lax.stop_gradient


def draw(p, u):
    """A one-hot sample of p ([..., K]) for each uniform number of u ([...])."""
    below = jnp.cumsum(p[..., :-1], -1)
    passed = (u[..., None] >= below).astype(p.dtype)
    one, none = jnp.ones_like(passed[..., :1]), jnp.zeros_like(passed[..., :1])
    return jnp.concatenate([one, passed], -1) - jnp.concatenate([passed, none], -1)


@jax.custom_vjp
def cross_entropy(o, x):
    """Cross-entropy of logits [..., B, pixels] and pixels [B, pixels], summed over pixels."""
    return cross_entropy_forward(o, x)[0]


def cross_entropy_forward(o, x):
    e = jnp.exp(-jnp.abs(o))
    losses = jnp.sum(jnp.maximum(o, 0) - o * x + jnp.log(1 + e), -1)
    return losses, jnp.where(o > 0, 1, e) / (1 + e) - x


def cross_entropy_backward(slopes, g):
    return slopes * g[..., None], None


cross_entropy.defvjp(cross_entropy_forward, cross_entropy_backward)


def perceptron(layers, x):
    for weight, bias in layers[:-1]:
        x = jax.nn.relu(x @ weight + bias)
    weight, bias = layers[-1]
    return x @ weight + bias


def noise_shape(estimator):
    """Shape of the uniform numbers of a step, except those that choose its rows."""
    latents = (vae.BATCH, vae.LATENTS)
    if estimator == "st-gumbel-softmax":
        return (*latents, vae.CATEGORIES)
    return (vae.LOO_SAMPLES, *latents) if estimator == "reinforce-loo" else latents


def estimate(estimator, logits, log_p, reconstruction, u):
    """A scalar whose gradient is the estimate, and the mean reconstruction loss, from logits
    [B, L, K] and the loss [..., B] of codes [..., B, L, K]."""

    def both(choice):
        loss = jnp.mean(reconstruction(choice))
        return loss, loss

    if estimator == "st-gumbel-softmax":
        perturbed = logits - jnp.log(exponential(u))
        z = softmax(perturbed / vae.GUMBEL_TEMPERATURE, -1)
        top = (perturbed >= jnp.max(perturbed, -1, keepdims=True)).astype(z.dtype)
        return both(z + fixed(top - z))
    p = jnp.exp(log_p)
    still = fixed(p)
    choice = draw(jnp.broadcast_to(still, (*u.shape, vae.CATEGORIES)), u)
    if estimator == "straight-through":
        return both(p + fixed(choice - p))
    if estimator == "reinmax":
        return both(reinmax(logits, still, choice, -1))
    losses = reconstruction(choice)
    advantages = (losses - jnp.mean(losses, 0)) * (vae.LOO_SAMPLES / (vae.LOO_SAMPLES - 1))
    score = jnp.sum(choice * log_p, (-1, -2))
    return jnp.mean(losses + fixed(advantages) * score), jnp.mean(losses)


def prepare(estimator, unroll=1):
    shape = noise_shape(estimator)

    def objective(layers, x, u):
        logits = perceptron(layers[:3], x).reshape(-1, vae.LATENTS, vae.CATEGORIES)
        log_p = jax.nn.log_softmax(logits)
        divergence = jnp.mean(jnp.sum(jnp.exp(log_p) * log_p, (-1, -2)))
        divergence = divergence + vae.LATENTS * np.float32(np.log(vae.CATEGORIES))

        def reconstruction(codes):
            flat = codes.reshape(-1, vae.LATENTS * vae.CATEGORIES)
            decoded = perceptron(layers[3:], flat)
            return cross_entropy(decoded.reshape(*codes.shape[:-2], vae.PIXELS), x)

        scalar, loss = estimate(estimator, logits, log_p, reconstruction, u)
        return scalar + divergence, loss + divergence

    @jax.jit
    def run(layers, x, key):
        def step(state, key):
            layers, moments, count = state
            uniforms = jax.random.uniform(key, (vae.BATCH + int(np.prod(shape)),))
            rows = (uniforms[: vae.BATCH] * vae.ROWS).astype(jnp.int32)
            u = uniforms[vae.BATCH :].reshape(shape)
            slope, loss = jax.grad(objective, has_aux=True)(layers, x[rows], u)
            return adam(vae.RATE, layers, moments, slope, count), loss

        zeros = jax.tree.map(jnp.zeros_like, layers)
        keys = jax.random.split(key, vae.STEPS)
        state = (layers, (zeros, zeros), jnp.float32(0))
        state, losses = lax.scan(step, state, keys, unroll=unroll)
        return state[0], losses

    def train(seeds):
        (seed,) = seeds
        x, validation = vae.data(seed)
        state = jax.device_put((vae.initial(seed), x, jax.random.key(seed)))
        start = time.perf_counter()
        layers, _ = jax.block_until_ready(run(*state))
        seconds = time.perf_counter() - start
        return seconds, [vae.validation_loss(validation, jax.tree.map(np.asarray, layers), seed)]

    return train


if __name__ == "__main__":
    main("JAX", jax.__version__, vae, prepare, {
        "tuned": Configuration({}),
        "tuned, XLA flags": Configuration({"unroll": 2}, flags=FLAGS),
    })
