"""PyTorch on the CPU: plain eager mode, with fused Adam, and with a compiled loss as well."""

import time

import index
import torch
from measure import main
from torch.nn.functional import log_softmax, one_hot, softmax
from torch_training import (
    CONFIGURATIONS, adam, exponentials, gumbels, layers, learned, take_step,
)


def draw(p, samples=1):
    """One-hot samples of p ([B, K]), [S, B, K]."""
    picks = torch.multinomial(p.detach(), samples, replacement=True)
    return one_hot(picks.T, index.CATEGORIES).to(p.dtype)


def conditional(logits, p, choice):
    """Perturbed logits / tau, up to a constant, given that `choice` has the largest (Paulus et al.
    2021)."""
    e = exponentials((index.RAO_SAMPLES, *p.shape))
    picked = (e * choice).sum(-1, keepdim=True)
    perturbed = torch.where(choice == 1, -picked.log(), -(e / p.detach() + picked).log())
    return (logits + (perturbed - logits).detach()) / index.GUMBEL_TEMPERATURE


def estimate(estimator, logits, values, targets, baseline):
    """A scalar whose gradient is the estimate, and the loss of the batch."""

    def loss(choice):
        return ((choice * values).sum(-1) - targets).square()

    def both(losses):
        return losses.mean(), losses.detach().mean()

    if estimator == "soft-argmax":
        return both(loss(softmax(logits / index.SOFT_TEMPERATURE, -1)))
    if estimator in ("gumbel-softmax", "st-gumbel-softmax"):
        z = softmax((logits + gumbels(logits.shape)) / index.GUMBEL_TEMPERATURE, -1)
        if estimator == "gumbel-softmax":
            return both(loss(z))
        choice = one_hot(z.argmax(-1), index.CATEGORIES)
        return both(loss(z + (choice - z).detach()))
    p = softmax(logits, -1)
    if estimator == "exact":
        return both((p * (values - targets[:, None]).square()).sum(-1))
    if estimator in ("reinforce", "reinforce-loo"):
        samples = index.LOO_SAMPLES if estimator == "reinforce-loo" else 1
        choice = draw(p, samples)
        losses = loss(choice)
        score = (choice * log_softmax(logits, -1)).sum(-1)
        found = losses.detach()
        if estimator == "reinforce-loo":
            advantages = found - (found.sum(0) - found) / (samples - 1)
        else:
            advantages = found - baseline
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
    return both(loss(z + (choice - z).detach()))


def prepare(estimator, fused, compiled):
    torch.compiler.reset()

    def objective(w1, b1, w2, b2, wv, bv, x, y, baseline):
        logits = torch.addmm(b2, torch.addmm(b1, x, w1).relu(), w2)
        return estimate(estimator, logits, torch.addmm(bv, x, wv), y, baseline)

    if compiled:
        objective = torch.compile(objective, fullgraph=True, dynamic=False)

    def train(seeds):
        (seed,) = seeds
        torch.manual_seed(seed)
        x, y, *validation = index.data(seed)
        x, y = torch.from_numpy(x), torch.from_numpy(y)
        initial = index.initial(seed)
        parameters = learned(initial.values())
        optimizer = adam(index.RATE, parameters, fused)
        baseline = torch.zeros(())
        start = time.perf_counter()
        for _ in range(index.STEPS):
            rows = torch.randint(index.ROWS, (index.BATCH,))
            scalar, loss = objective(*parameters, x[rows], y[rows], baseline)
            take_step(optimizer, scalar)
            baseline = index.DECAY * baseline + (1 - index.DECAY) * loss
        seconds = time.perf_counter() - start
        trained = dict(zip(initial, layers(parameters)))
        return seconds, [index.validation_loss(*validation, trained)]

    return train


if __name__ == "__main__":
    main("PyTorch", torch.__version__, {index.NAME: index}, prepare, CONFIGURATIONS)
