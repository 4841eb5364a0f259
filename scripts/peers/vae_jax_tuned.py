"""JAX as fast as we could make it on one core: samples come from the inverse distribution function;
random numbers of a step are drawn at once by the generator that is fastest here; Adam and the
gradient of the cross-entropy are written out. The scan keeps the loss of each step.
"""

import time

import jax
import jax.numpy as jnp
import numpy as np
import vae
from jax import lax
from measure import Configuration, main

jax.config.update("jax_default_prng_impl", "unsafe_rbg")
fixed = lax.stop_gradient

# Products go to XLA's library of micro-kernels, and vectors are as wide as the machine has them.
FLAGS = (
    "--xla_cpu_experimental_ynn_fusion_type=LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT"
    " --xla_cpu_prefer_vector_width=512"
)


def softmax(logits):
    weights = jnp.exp(logits - jnp.max(logits, -1, keepdims=True))
    return weights / jnp.sum(weights, -1, keepdims=True)


def jacobian_product(q, g):
    return q * (g - jnp.sum(q * g, -1, keepdims=True))


def draw(p, u):
    """A one-hot sample of p ([..., K]) for each uniform number of u ([...])."""
    below = jnp.cumsum(p[..., :-1], -1)
    passed = (u[..., None] >= below).astype(p.dtype)
    one, none = jnp.ones_like(passed[..., :1]), jnp.zeros_like(passed[..., :1])
    return jnp.concatenate([one, passed], -1) - jnp.concatenate([passed, none], -1)


@jax.custom_vjp
def reinmax(logits, p, choice):
    return choice


def reinmax_backward(kept, g):
    p, choice = kept
    product = 2 * jacobian_product((p + choice) / 2, g) - jacobian_product(p, g) / 2
    return product, None, None


reinmax.defvjp(lambda logits, p, choice: (choice, (p, choice)), reinmax_backward)


@jax.custom_vjp
def cross_entropy(o, x):
    """Of logits [..., B, pixels] and pixels [B, pixels], summed over pixels."""
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
    """Uniform numbers that a step needs beside those for its rows."""
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
        perturbed = logits - jnp.log(-jnp.log(jnp.maximum(u, vae.TINY)))
        z = softmax(perturbed / vae.GUMBEL_TEMPERATURE)
        top = (perturbed >= jnp.max(perturbed, -1, keepdims=True)).astype(z.dtype)
        return both(z + fixed(top - z))
    p = jnp.exp(log_p)
    still = fixed(p)
    choice = draw(jnp.broadcast_to(still, (*u.shape, vae.CATEGORIES)), u)
    if estimator == "straight-through":
        return both(p + fixed(choice - p))
    if estimator == "reinmax":
        return both(reinmax(logits, still, choice))
    losses = reconstruction(choice)
    advantages = (losses - jnp.mean(losses, 0)) * (vae.LOO_SAMPLES / (vae.LOO_SAMPLES - 1))
    score = jnp.sum(choice * log_p, (-1, -2))
    return jnp.mean(losses + fixed(advantages) * score), jnp.mean(losses)


def adam(parameters, moments, gradient, step):
    step = step + 1.0
    first = jax.tree.map(lambda m, g: vae.BETA1 * m + (1 - vae.BETA1) * g, moments[0], gradient)
    second = jax.tree.map(
        lambda v, g: vae.BETA2 * v + (1 - vae.BETA2) * g * g, moments[1], gradient
    )
    rate = vae.RATE / (1 - jnp.exp(step * np.float32(np.log(vae.BETA1))))
    correction = 1 / (1 - jnp.exp(step * np.float32(np.log(vae.BETA2))))
    moved = jax.tree.map(
        lambda p, m, v: p - rate * m / (jnp.sqrt(v * correction) + vae.EPSILON),
        parameters, first, second,
    )
    return moved, (first, second), step


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
            return adam(layers, moments, slope, count), loss

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
