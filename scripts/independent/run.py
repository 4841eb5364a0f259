"""The task `argmax-index` a second time, in NumPy and double precision.

    python3 scripts/independent/run.py > crates/harness/tests/data/independent.json

It does the runs of `crates/harness/tests/data/independent-*.toml` and writes what they measure.
The test `crates/harness/tests/independent.rs` compares that with the harness. Nothing else needs
this program. It shares no code with the harness; what it has to know is in
`harness list tasks argmax-index`, `harness list optimizers adam`, `docs/estimators.md` and
`docs/noise.md`. Needs Python 3.11 and NumPy.
"""

import csv
import itertools
import json
import math
import pathlib
import tomllib
from fractions import Fraction

import numpy as np
from noise import Noise

DATA = pathlib.Path(__file__).parents[2] / "crates/harness/tests/data"


def synthetic(task, noise):
    """Features, targets and regimes of the rows to train on and to validate on; the loss's unit."""
    inputs, categories = task["inputs"], task["categories"]

    def normals(*shape):
        return np.array(noise.normals(math.prod(shape))).reshape(shape)

    to_regime = normals(inputs, categories) / math.sqrt(inputs)
    to_value = normals(inputs, categories) / math.sqrt(inputs)

    def rows(count):
        x, errors = normals(count, inputs), normals(count)
        regimes = np.argmax(x @ to_regime, axis=1)
        return x, (x @ to_value)[np.arange(count), regimes] + task["noise"] * errors, regimes

    return rows(task["rows"]), rows(task["validation-rows"]), 1.0


def standardize(trained_on, numbers, is_target):
    """Numbers by the mean and the deviation of others, and that deviation.

    Differences to the mean are those of rational numbers: nothing cancels.
    """
    mean = sum(map(Fraction, trained_on)) / len(trained_on)
    differences = [float(Fraction(x) - mean) for x in trained_on]
    if max(map(abs, differences)) == 0:
        return [float(Fraction(x) - mean) if is_target else 0.0 for x in numbers], 1.0
    deviation = math.sqrt(math.fsum(d * d for d in differences) / len(differences))
    return [float(Fraction(x) - mean) / deviation for x in numbers], deviation


def table(task, noise):
    """As `synthetic`, of a file."""
    rows = list(csv.DictReader((DATA / task["data"]).open()))
    target = task["target"]
    order = noise.permutation(len(rows))
    held_out = math.floor(len(rows) * task["validation-share"] + 0.5)
    parts = order[held_out:], order[:held_out]

    def columns(name):
        of_parts = [[float(rows[row][name]) for row in part] for part in parts]
        scaled = [standardize(of_parts[0], numbers, name == target) for numbers in of_parts]
        return [np.array(numbers) for numbers, _ in scaled], scaled[0][1]

    targets, unit = columns(target)
    features = [columns(name)[0] for name in rows[0] if name != target]

    def part(index):
        return np.stack([column[index] for column in features], axis=1), targets[index], None

    return part(0), part(1), unit * unit


class Network:
    """A classifier, linear -> ReLU -> linear, and a linear head: x W' + b each, trained by Adam."""

    def __init__(self, inputs, hidden, categories, noise):
        self.layers = []
        for before, after in ((inputs, hidden), (hidden, categories), (inputs, categories)):
            uniforms = np.array([noise.uniform() for _ in range(after * before + after)])
            first = (2 * uniforms - 1) / math.sqrt(before)
            self.layers += [first[: after * before].reshape(after, before), first[after * before :]]
        self.moments = [(np.zeros_like(values), np.zeros_like(values)) for values in self.layers]
        self.steps = 0

    def forward(self, x):
        """Hidden layer, logits, values."""
        w1, b1, w2, b2, w3, b3 = self.layers
        hidden = np.maximum(x @ w1.T + b1, 0)
        return hidden, hidden @ w2.T + b2, x @ w3.T + b3

    def learn(self, x, hidden, for_logits, for_values, rate):
        """A step of Adam against these gradients of the mean loss."""
        for_hidden = for_logits @ self.layers[2] * (hidden > 0)
        gradients = []
        for gradient, read in ((for_hidden, x), (for_logits, hidden), (for_values, x)):
            gradients += [gradient.T @ read, gradient.sum(axis=0)]
        self.steps += 1
        for values, gradient, (m, v) in zip(self.layers, gradients, self.moments):
            m += 0.1 * (gradient - m)
            v += 0.001 * (gradient * gradient - v)
            corrected = m / (1 - 0.9**self.steps), v / (1 - 0.999**self.steps)
            values -= rate * corrected[0] / (np.sqrt(corrected[1]) + 1e-8)


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


class Estimator:
    """`exact`, `straight-through sample=false`, or `reinforce` with `none` or `ema`."""

    def __init__(self, settings):
        self.settings = settings
        self.mean = 0.0

    def estimate(self, logits, values, targets, noise):
        """The mean loss that it meets, and the gradients of the mean loss for logits and values."""
        batch, categories = logits.shape
        p, errors = softmax(logits), values - targets[:, None]
        kind = self.settings["kind"]
        if kind == "exact":
            losses = errors**2
            expected = (p * losses).sum(axis=1, keepdims=True)
            return expected.mean(), p * (losses - expected) / batch, 2 * p * errors / batch
        if kind == "straight-through":
            chosen = np.argmax(logits, axis=1)
        else:
            uniforms = np.array(noise.uniforms(batch, 1))
            chosen = np.minimum((uniforms >= np.cumsum(p, axis=1)).sum(axis=1), categories - 1)
        one_hot = np.eye(categories)[chosen]
        error = (one_hot * errors).sum(axis=1, keepdims=True)
        if kind == "straight-through":
            g = 2 * error * values
            for_logits = p * (g - (p * g).sum(axis=1, keepdims=True))
        else:
            for_logits = (error**2 - self.mean) * (one_hot - p)
        return (error**2).mean(), for_logits / batch, 2 * error * one_hot / batch

    def advance(self, loss):
        """A step was taken, and met this loss."""
        if self.settings.get("baseline") == "ema":
            decay = self.settings["decay"]
            self.mean = decay * self.mean + (1 - decay) * loss


def evaluate(network, estimator, validation, loss_unit, noise):
    """Every metric, on rows that are not trained on."""
    x, targets, regimes = validation
    _, logits, values = network.forward(x)
    chosen, p = np.argmax(logits, axis=1), softmax(logits)
    met = estimator.estimate(logits, values, targets, noise)[0]
    metrics = {
        "validation-loss": loss_unit * np.mean((values[np.arange(len(x)), chosen] - targets) ** 2),
        "forward-loss": loss_unit * met,
        "entropy": -np.mean(np.sum(p * np.log(p), axis=1)),
    }
    if regimes is not None:
        namings = map(np.array, itertools.permutations(range(logits.shape[1])))
        metrics["regime-accuracy"] = max(np.mean(names[chosen] == regimes) for names in namings)
    return metrics


def run(experiment, settings, seed):
    """The steps at which a run is evaluated, and what is measured there."""
    task, batch = experiment["task"], experiment["batch"]

    def stream(purpose, step=0):
        return Noise(purpose, task["kind"], str(seed), step=step)

    train, validation, loss_unit = (table if "data" in task else synthetic)(task, stream("data"))
    inputs = train[0].shape[1]
    network = Network(inputs, task["hidden"], task["categories"], stream("init"))
    estimator = Estimator(settings)
    steps, curves = [], {}
    for step in range(experiment["steps"] + 1):
        if step % experiment["evaluate-every"] == 0 or step == experiment["steps"]:
            steps.append(step)
            measured = evaluate(network, estimator, validation, loss_unit, stream("evaluate", step))
            for metric, value in measured.items():
                curves.setdefault(metric, []).append(float(value))
        if step < experiment["steps"]:
            rows = stream("batch", step).indices(len(train[0]), batch)
            x, targets = train[0][rows], train[1][rows]
            hidden, logits, values = network.forward(x)
            noise = stream("estimator", step)
            loss, *gradients = estimator.estimate(logits, values, targets, noise)
            network.learn(x, hidden, *gradients, experiment["optimizer"]["learning-rate"])
            estimator.advance(loss)
    return steps, curves


def main():
    runs = []
    for name in ("independent-synthetic.toml", "independent-table.toml"):
        experiment = tomllib.loads((DATA / name).read_text())
        for settings in experiment["estimator"]:
            for seed in range(experiment["seeds"]):
                steps, curves = run(experiment, settings, seed)
                about = {"experiment": name, "estimator": settings, "seed": seed}
                runs.append(about | {"steps": steps, "metrics": curves})
    command = "python3 scripts/independent/run.py > crates/harness/tests/data/independent.json"
    lines = ",\n".join(json.dumps(run) for run in runs)
    print(f'{{"made-by": {json.dumps(command)}, "runs": [\n{lines}\n]}}')


if __name__ == "__main__":
    main()
