"""PyTorch on the CPU: eager as one writes it first, with fused Adam, and with the loss compiled."""

import time

import task
import torch
from torch.nn.functional import log_softmax, one_hot, softmax

torch.set_num_threads(1)


def gumbels(shape):
    return -torch.log(-torch.log(torch.rand(shape).clamp_(task.TINY, 1 - 2**-24)))


def draw(p, samples=1):
    """One-hot samples of p ([B, K]), [S, B, K]."""
    picks = torch.multinomial(p.detach(), samples, replacement=True)
    return one_hot(picks.T, task.CATEGORIES).to(p.dtype)


def conditional(logits, choice):
    """Perturbed logits / tau, given that `choice` has the largest (Paulus et al. 2021)."""
    theta = logits.detach()
    e = -torch.log(torch.rand((task.RAO_SAMPLES, *theta.shape)).clamp_(task.TINY, 1 - 2**-24))
    picked = (e * choice).sum(-1, keepdim=True) / theta.exp().sum(-1, keepdim=True)
    perturbed = torch.where(choice == 1, -picked.log(), -(e / theta.exp() + picked).log())
    return (logits + (perturbed - theta)) / task.GUMBEL_TEMPERATURE


def estimate(estimator, logits, values, targets, baseline):
    """A scalar whose gradient is the estimate, and the loss of the batch."""

    def loss(choice):
        return ((choice * values).sum(-1) - targets).square()

    def both(losses):
        return losses.mean(), losses.detach().mean()

    if estimator == "soft-argmax":
        return both(loss(softmax(logits / task.SOFT_TEMPERATURE, -1)))
    if estimator in ("gumbel-softmax", "st-gumbel-softmax"):
        z = softmax((logits + gumbels(logits.shape)) / task.GUMBEL_TEMPERATURE, -1)
        if estimator == "gumbel-softmax":
            return both(loss(z))
        choice = one_hot(z.argmax(-1), task.CATEGORIES)
        return both(loss(z + (choice - z).detach()))
    p = softmax(logits, -1)
    if estimator == "exact":
        return both((p * (values - targets[:, None]).square()).sum(-1))
    if estimator in ("reinforce", "reinforce-loo"):
        samples = task.LOO_SAMPLES if estimator == "reinforce-loo" else 1
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
        z = softmax(conditional(logits, choice), -1).mean(0)
    else:
        raise ValueError(estimator)
    return both(loss(z + (choice - z).detach()))


def prepare(estimator, fused, compiled):
    def objective(w1, b1, w2, b2, wv, bv, x, y, baseline):
        logits = torch.addmm(b2, torch.addmm(b1, x, w1).relu(), w2)
        return estimate(estimator, logits, torch.addmm(bv, x, wv), y, baseline)

    if compiled:
        objective = torch.compile(objective, fullgraph=True, dynamic=False)

    def train(seeds):
        (seed,) = seeds
        torch.manual_seed(seed)
        x, y, *validation = task.data(seed)
        x, y = torch.from_numpy(x), torch.from_numpy(y)
        numbers = [number for layer in task.initial(seed).values() for number in layer]
        parameters = [torch.from_numpy(number).requires_grad_() for number in numbers]
        optimizer = torch.optim.Adam(
            parameters, task.RATE, (task.BETA1, task.BETA2), task.EPSILON, fused=fused
        )
        baseline = torch.zeros(())
        start = time.perf_counter()
        for _ in range(task.STEPS):
            rows = torch.randint(task.ROWS, (task.BATCH,))
            scalar, loss = objective(*parameters, x[rows], y[rows], baseline)
            optimizer.zero_grad(set_to_none=True)
            scalar.backward()
            optimizer.step()
            baseline = task.DECAY * baseline + (1 - task.DECAY) * loss
        seconds = time.perf_counter() - start
        trained = [parameter.detach().numpy() for parameter in parameters]
        pairs = zip(trained[::2], trained[1::2])
        layers = dict(zip(("hidden", "logits", "values"), pairs))
        return seconds, [task.validation_loss(*validation, layers)]

    return train


if __name__ == "__main__":
    task.main("PyTorch", torch.__version__, prepare, {
        "eager": ({"fused": False, "compiled": False}, 1),
        "fused Adam": ({"fused": True, "compiled": False}, 1),
        "compiled": ({"fused": True, "compiled": True}, 1),
    })
