"""PyTorch on the CPU: plain eager mode, with fused Adam, and with a compiled loss as well."""

import math
import time

import torch
import vae
from measure import main
from torch.nn.functional import (
    binary_cross_entropy_with_logits, leaky_relu, log_softmax, one_hot, softmax
)
from torch_training import CONFIGURATIONS, adam, exponentials, gumbels, layers, learned, take_step


def draw(p, samples=1):
    """One-hot samples of p ([B, L, K]), [S, B, L, K]."""
    rows = p.detach().reshape(-1, p.shape[-1])
    picks = torch.multinomial(rows, samples, replacement=True).T
    return one_hot(picks.reshape(samples, *p.shape[:-1]), p.shape[-1]).to(p.dtype)


def perceptron(parameters, x, slope):
    (*hidden, (weight, bias)) = zip(parameters[::2], parameters[1::2])
    for inner, offset in hidden:
        x = torch.addmm(offset, x, inner)
        x = leaky_relu(x, slope) if slope else x.relu()
    return torch.addmm(bias, x, weight)


def estimate(estimator, logits, reconstruction):
    """A scalar whose gradient is the estimate, and the mean reconstruction loss, from logits
    [B, L, K] and the loss [S, B] of codes [S, B, L, K]."""

    def both(choice):
        loss = reconstruction(choice[None]).mean()
        return loss, loss.detach()

    p = softmax(logits, -1)
    if estimator == "st-gumbel-softmax":
        z = softmax((logits + gumbels(logits.shape)) / vae.GUMBEL_TEMPERATURE, -1)
        choice = one_hot(z.argmax(-1), z.shape[-1])
        return both(z + (choice - z).detach())
    if estimator == "reinforce-loo":
        choice = draw(p, vae.LOO_SAMPLES)
        losses = reconstruction(choice)
        score = (choice * log_softmax(logits, -1)).sum((-1, -2))
        found = losses.detach()
        advantages = found - (found.sum(0) - found) / (vae.LOO_SAMPLES - 1)
        return (losses + advantages * score).mean(), found.mean()
    choice = draw(p)[0]
    if estimator == "straight-through":
        z = p
    elif estimator == "reinmax":
        middle = ((p + choice) / 2).log()
        z = 2 * softmax((middle - logits).detach() + logits, -1) - p / 2
    elif estimator == "gumbel-rao":
        z = softmax(conditional(logits, p, choice), -1).mean(0)
    else:
        raise ValueError(estimator)
    return both(z + (choice - z).detach())


def conditional(logits, p, choice):
    """Perturbed logits / tau, up to a constant, given that `choice` has the largest (Paulus et al.
    2021)."""
    e = exponentials((vae.RAO_SAMPLES, *logits.shape))
    picked = (e * choice).sum(-1, keepdim=True)
    perturbed = -torch.where(choice > 0, picked, e / p + picked).log()
    return (logits + (perturbed - logits).detach()) / vae.RAO_TEMPERATURE


def prepare(estimator, workload, fused, compiled):
    torch.compiler.reset()
    w = workload

    def objective(x, *parameters):
        logits = perceptron(parameters[:6], x, w.SLOPE).view(-1, w.LATENTS, w.CATEGORIES)

        def reconstruction(codes):
            decoded = perceptron(parameters[6:], codes.flatten(0, 1).flatten(1), w.SLOPE)
            decoded = decoded.view(len(codes), *x.shape)
            pixels = x.expand_as(decoded)
            return binary_cross_entropy_with_logits(decoded, pixels, reduction="none").sum(-1)

        log_p = log_softmax(logits, -1)
        divergence = (log_p.exp() * (log_p + math.log(w.CATEGORIES))).sum() / len(x)
        scalar, loss = estimate(estimator, logits, reconstruction)
        return scalar + divergence, loss + divergence.detach()

    if compiled:
        objective = torch.compile(objective, fullgraph=True, dynamic=False)

    def train(seeds):
        (seed,) = seeds
        torch.manual_seed(seed)
        x, validation = vae.data(w, seed)
        x, order = torch.from_numpy(x), vae.order(w, seed)
        order = None if order is None else torch.from_numpy(order)
        parameters = learned(vae.initial(w, seed))
        optimizer = adam(w.RATE, parameters, fused, w.DECAY)
        start = time.perf_counter()
        for step in range(w.STEPS):
            rows = torch.randint(w.ROWS, (w.BATCH,)) if order is None else order[step]
            scalar, _ = objective(x[rows], *parameters)
            take_step(optimizer, scalar)
        seconds = time.perf_counter() - start
        return seconds, [vae.validation_loss(w, validation, layers(parameters), seed)]

    return train


if __name__ == "__main__":
    main("PyTorch", torch.__version__, vae.WORKLOADS, prepare, CONFIGURATIONS)
