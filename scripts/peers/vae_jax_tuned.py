"""JAX as fast as we could make it on one core. Samples come from the inverse CDF. The random numbers
of a step are hashes of a counter, drawn at once. Adam and the gradient of the cross-entropy
are handwritten. The scan keeps the loss of each step.
"""

import time

import jax
import jax.numpy as jnp
import numpy as np
import vae
from jax import lax
from jax_tuned import (
    FLAGS, adam, exponential, gumbel_rao_weights, hashed_uniform, jacobian_product, reinmax, softmax
)
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


@jax.custom_vjp
def gumbel_rao(logits, p, choice, u):
    return choice


def categories_first(numbers):
    """[B, L, K] as [K, B·L]: sums over categories are then those of whole vectors."""
    return numbers.reshape(-1, numbers.shape[-1]).T


def gumbel_rao_forward(logits, p, choice, u):
    p, picks = categories_first(p), categories_first(choice)
    return choice, gumbel_rao_weights(p, picks, u, vae.RAO_TEMPERATURE, -2)


def gumbel_rao_backward(z, g):
    first = categories_first(g)
    product = jnp.mean(jacobian_product(z, first, -2), 0) / vae.RAO_TEMPERATURE
    return product.T.reshape(g.shape), None, None, None


gumbel_rao.defvjp(gumbel_rao_forward, gumbel_rao_backward)


def perceptron(layers, x, slope):
    for weight, bias in layers[:-1]:
        x = x @ weight + bias
        x = jax.nn.leaky_relu(x, slope) if slope else jax.nn.relu(x)
    weight, bias = layers[-1]
    return x @ weight + bias


def noise_shapes(workload, estimator):
    """Shapes of the uniform numbers of a step, except those that choose its rows."""
    w, latents = workload, (workload.BATCH, workload.LATENTS)
    return {
        "st-gumbel-softmax": [(*latents, w.CATEGORIES)],
        "reinforce-loo": [(vae.LOO_SAMPLES, *latents)],
        "gumbel-rao": [latents, (vae.RAO_SAMPLES, w.CATEGORIES, w.BATCH * w.LATENTS)],
    }.get(estimator, [latents])


def estimate(estimator, logits, log_p, reconstruction, u, *more):
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
    choice = draw(jnp.broadcast_to(still, (*u.shape, still.shape[-1])), u)
    if estimator == "straight-through":
        return both(p + fixed(choice - p))
    if estimator == "reinmax":
        return both(reinmax(logits, still, choice, -1))
    if estimator == "gumbel-rao":
        return both(gumbel_rao(logits, still, choice, *more))
    losses = reconstruction(choice)
    advantages = (losses - jnp.mean(losses, 0)) * (vae.LOO_SAMPLES / (vae.LOO_SAMPLES - 1))
    score = jnp.sum(choice * log_p, (-1, -2))
    return jnp.mean(losses + fixed(advantages) * score), jnp.mean(losses)


def prepare(estimator, workload, unroll=1):
    w = workload
    shapes = noise_shapes(w, estimator)
    sizes = [int(np.prod(shape)) for shape in shapes]

    def objective(layers, x, noise):
        logits = perceptron(layers[:3], x, w.SLOPE).reshape(-1, w.LATENTS, w.CATEGORIES)
        log_p = jax.nn.log_softmax(logits)
        divergence = jnp.mean(jnp.sum(jnp.exp(log_p) * log_p, (-1, -2)))
        divergence = divergence + w.LATENTS * np.float32(np.log(w.CATEGORIES))

        def reconstruction(codes):
            flat = codes.reshape(-1, w.LATENTS * w.CATEGORIES)
            decoded = perceptron(layers[3:], flat, w.SLOPE)
            return cross_entropy(decoded.reshape(*codes.shape[:-2], vae.PIXELS), x)

        scalar, loss = estimate(estimator, logits, log_p, reconstruction, *noise)
        return scalar + divergence, loss + divergence

    @jax.jit
    def run(layers, x, order, key):
        def step(state, inputs):
            layers, moments, count = state
            key, rows = inputs
            drawn = w.BATCH if rows is None else 0
            uniforms = hashed_uniform(key, drawn + sum(sizes))
            if rows is None:
                rows = (uniforms[: w.BATCH] * w.ROWS).astype(jnp.int32)
            ends = np.cumsum([drawn, *sizes])
            noise = [uniforms[i:j].reshape(s) for i, j, s in zip(ends, ends[1:], shapes)]
            slope, loss = jax.grad(objective, has_aux=True)(layers, x[rows], noise)
            return adam(w.RATE, layers, moments, slope, count, w.DECAY), loss

        zeros = jax.tree.map(jnp.zeros_like, layers)
        keys = jax.random.bits(key, (w.STEPS, 2), jnp.uint32)
        state = (layers, (zeros, zeros), jnp.float32(0))
        state, losses = lax.scan(step, state, (keys, order), unroll=unroll)
        return state[0], losses

    def train(seeds):
        (seed,) = seeds
        x, validation = vae.data(w, seed)
        order = vae.order(w, seed)
        state = jax.device_put((vae.initial(w, seed), x, order, jax.random.key(seed)))
        start = time.perf_counter()
        layers, _ = jax.block_until_ready(run(*state))
        seconds = time.perf_counter() - start
        trained = jax.tree.map(np.asarray, layers)
        return seconds, [vae.validation_loss(w, validation, trained, seed)]

    return train


if __name__ == "__main__":
    main("JAX", jax.__version__, vae.WORKLOADS, prepare, {
        "tuned": Configuration({}),
        "tuned, XLA flags": Configuration({"unroll": 2}, flags=FLAGS),
    })
