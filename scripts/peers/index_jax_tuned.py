"""JAX as fast as we could make it on one core. The batch is the last axis, so vector registers span
rows. The hidden layer and the head are one product that includes their biases. Samples come from
the inverse CDF. The random numbers of many steps are drawn at once, by the fastest generator we
found. Adam is handwritten. Seeds may be vmapped.
"""

import time
from functools import partial

import index
import jax
import jax.numpy as jnp
import jax_tuned
import numpy as np
from jax import lax
from jax_tuned import FLAGS, adam, exponential, gumbel_rao_weights, reinmax
from measure import Configuration, main

fixed = lax.stop_gradient


# Arrays of a batch are [K, B].
softmax = partial(jax_tuned.softmax, axis=-2)
dot = partial(jax_tuned.dot, axis=-2)
jacobian_product = partial(jax_tuned.jacobian_product, axis=-2)


def draw(p, u):
    """A one-hot sample of p ([..., K, B]) for each uniform number of u ([..., B])."""
    below, edges = 0.0, []
    for k in range(index.CATEGORIES - 1):
        below = below + p[..., k, :]
        edges.append((u >= below).astype(p.dtype))
    passed = jnp.stack(edges, -2)
    one, none = jnp.ones_like(passed[..., :1, :]), jnp.zeros_like(passed[..., :1, :])
    return jnp.concatenate([one, passed], -2) - jnp.concatenate([passed, none], -2)


@jax.custom_vjp
def gumbel_rao(logits, p, choice, u):
    return choice


def gumbel_rao_forward(logits, p, choice, u):
    return choice, gumbel_rao_weights(p, choice, u, index.GUMBEL_TEMPERATURE, -2)


def gumbel_rao_backward(z, g):
    product = jnp.mean(jacobian_product(z, g), 0) / index.GUMBEL_TEMPERATURE
    return product, None, None, None


gumbel_rao.defvjp(gumbel_rao_forward, gumbel_rao_backward)


def noise_shapes(estimator):
    """Shapes of the uniform numbers of a step, except those that choose its rows."""
    every, each = (index.CATEGORIES, index.BATCH), (index.BATCH,)
    return {
        "exact": [],
        "soft-argmax": [],
        "gumbel-softmax": [every],
        "st-gumbel-softmax": [every],
        "reinforce-loo": [(index.LOO_SAMPLES, *each)],
        "gumbel-rao": [each, (index.RAO_SAMPLES, *every)],
    }.get(estimator, [each])


def estimate(estimator, logits, values, targets, noise, baseline):
    """A scalar whose gradient is the estimate, and the loss of the batch."""

    def loss(choice):
        return jnp.square(jnp.sum(choice * values, -2) - targets)

    def both(losses):
        return jnp.mean(losses), jnp.mean(losses)

    if estimator in ("gumbel-softmax", "st-gumbel-softmax"):
        perturbed = logits - jnp.log(exponential(noise[0]))
        z = softmax(perturbed / index.GUMBEL_TEMPERATURE)
        if estimator == "gumbel-softmax":
            return both(loss(z))
        top = (perturbed >= jnp.max(perturbed, -2, keepdims=True)).astype(z.dtype)
        return both(loss(z + fixed(top - z)))
    if estimator == "soft-argmax":
        return both(loss(softmax(logits / index.SOFT_TEMPERATURE)))
    p = softmax(logits)
    if estimator == "exact":
        return both(jnp.sum(p * jnp.square(values - targets), -2))
    still = fixed(p)
    if estimator == "reinforce-loo":
        choice = draw(jnp.broadcast_to(still, (index.LOO_SAMPLES, *p.shape)), noise[0])
    else:
        choice = draw(still, noise[0])
    if estimator == "straight-through":
        return both(loss(p + fixed(choice - p)))
    if estimator == "reinmax":
        return both(loss(reinmax(logits, still, choice, -2)))
    if estimator == "gumbel-rao":
        return both(loss(gumbel_rao(logits, still, choice, noise[1])))
    losses = loss(choice)
    score = jnp.sum(choice * jax.nn.log_softmax(logits, -2), -2)
    if estimator == "reinforce-loo":
        scale = index.LOO_SAMPLES / (index.LOO_SAMPLES - 1)
        advantages = (losses - jnp.mean(losses, 0)) * scale
    else:
        advantages = losses - baseline
    return jnp.mean(losses + fixed(advantages) * score), jnp.mean(losses)


def packed(layers):
    """[hidden; values] as one matrix with the biases in the last column, then the logits layer."""
    pair = (layers["hidden"], layers["values"])
    rows = [np.concatenate([weight, bias[None]]).T for weight, bias in pair]
    return np.concatenate(rows), layers["logits"][0].T.copy(), layers["logits"][1][:, None]


def unpacked(both, weight, bias):
    def layer(rows):
        return rows[:, :-1].T, rows[:, -1]

    hidden, values = layer(both[: index.HIDDEN]), layer(both[index.HIDDEN :])
    return {"hidden": hidden, "logits": (weight.T, bias[:, 0]), "values": values}


def prepare(estimator, block, unroll=1):
    shapes = noise_shapes(estimator)
    sizes = [index.BATCH] + [int(np.prod(shape)) for shape in shapes]
    ends = np.cumsum(sizes)

    def objective(parameters, x, y, noise, baseline):
        both, weight, bias = parameters
        sums = jnp.einsum("ob,nb->on", both, x)
        logits = weight @ jax.nn.relu(sums[: index.HIDDEN]) + bias
        return estimate(estimator, logits, sums[index.HIDDEN :], y, noise, baseline)

    def run(parameters, x, y, key):
        def step(state, uniforms):
            parameters, moments, baseline, count = state
            rows = (uniforms[: index.BATCH] * index.ROWS).astype(jnp.int32)
            parts = zip(shapes, ends[:-1], ends[1:])
            noise = [uniforms[start:end].reshape(shape) for shape, start, end in parts]
            gradient = jax.grad(objective, has_aux=True)
            slope, loss = gradient(parameters, x[rows], y[rows], noise, baseline)
            parameters, moments, count = adam(index.RATE, parameters, moments, slope, count)
            baseline = index.DECAY * baseline + (1 - index.DECAY) * loss
            return (parameters, moments, baseline, count), None

        def steps(state, key):
            uniforms = jax.random.uniform(key, (block, int(ends[-1])))
            return lax.scan(step, state, uniforms, unroll=unroll)[0], None

        zeros = jax.tree.map(jnp.zeros_like, parameters)
        state = (parameters, (zeros, zeros), jnp.float32(0), jnp.float32(0))
        return lax.scan(steps, state, jax.random.split(key, index.STEPS // block))[0][0]

    one, many = jax.jit(run), jax.jit(jax.vmap(run))

    def train(seeds):
        data = [index.data(seed) for seed in seeds]
        with_ones = lambda x: np.concatenate([x, np.ones((len(x), 1), np.float32)], 1)
        states = [
            (packed(index.initial(seed)), with_ones(x), y, jax.random.key(seed))
            for seed, (x, y, _, _) in zip(seeds, data)
        ]
        alone = len(states) == 1
        state = states[0] if alone else jax.tree.map(lambda *parts: jnp.stack(parts), *states)
        state = jax.device_put(state)
        start = time.perf_counter()
        trained = jax.block_until_ready((one if alone else many)(*state))
        seconds = time.perf_counter() - start
        each = [trained] if alone else [
            jax.tree.map(lambda part: part[i], trained) for i in range(len(states))
        ]
        losses = [
            index.validation_loss(x, y, unpacked(*map(np.asarray, parameters)))
            for parameters, (_, _, x, y) in zip(each, data)
        ]
        return seconds, losses

    return train


if __name__ == "__main__":
    main("JAX", jax.__version__, {index.NAME: index}, prepare, {
        "tuned": Configuration({"block": 100}),
        "tuned, 8 seeds": Configuration({"block": 20}, 8),
        "tuned, XLA flags, 4 seeds": Configuration({"block": 20, "unroll": 4}, 4, FLAGS),
        "tuned, XLA flags, 8 seeds": Configuration({"block": 20, "unroll": 10}, 8, FLAGS),
    })
