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


class Rows:
    """The rows of a seed in three parts: each has features, targets and regimes."""

    def __init__(self, train, validation, test, unit, law_loss=None):
        self.train, self.validation, self.test = train, validation, test
        self.unit, self.law_loss = unit, law_loss


def synthetic(task, noise):
    """Rows that are drawn."""
    inputs, categories = task["inputs"], task["categories"]

    def normals(*shape):
        return np.array(noise.normals(math.prod(shape))).reshape(shape)

    to_regime = normals(inputs, categories) / math.sqrt(inputs)
    to_value = normals(inputs, categories) / math.sqrt(inputs)
    squares = []

    def rows(count):
        x, errors = normals(count, inputs), task["noise"] * normals(count)
        regimes = np.argmax(x @ to_regime, axis=1)
        squares.append(np.mean(errors**2))
        return x, (x @ to_value)[np.arange(count), regimes] + errors, regimes

    parts = [rows(task[key]) for key in ("rows", "validation-rows", "test-rows")]
    return Rows(*parts, 1.0, squares[2])


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
    """Rows of a file."""
    rows = list(csv.DictReader((DATA / task["data"]).open()))
    target, count = task["target"], len(rows)
    order = noise.permutation(count)
    shares = task["validation-share"], task["test-share"]
    validated, tested = (math.floor(count * share + 0.5) for share in shares)
    held_out = validated + tested
    parts = order[held_out:], order[:validated], order[validated:held_out]

    def columns(name):
        of_parts = [[float(rows[row][name]) for row in part] for part in parts]
        scaled = [standardize(of_parts[0], numbers, name == target) for numbers in of_parts]
        return [np.array(numbers) for numbers, _ in scaled], scaled[0][1]

    targets, unit = columns(target)
    features = [columns(name)[0] for name in rows[0] if name != target]

    def part(index):
        return np.stack([column[index] for column in features], axis=1), targets[index], None

    return Rows(part(0), part(1), part(2), unit * unit)


class Adam:
    """Layers x W' + b of these numbers of inputs and outputs, trained by Adam."""

    def __init__(self, shapes, noise):
        self.layers = []
        for before, after in shapes:
            uniforms = np.array([noise.uniform() for _ in range(after * before + after)])
            first = (2 * uniforms - 1) / math.sqrt(before)
            self.layers += [first[: after * before].reshape(after, before), first[after * before :]]
        self.moments = [(np.zeros_like(values), np.zeros_like(values)) for values in self.layers]
        self.steps = 0

    def step(self, gradients, rate):
        self.steps += 1
        for values, gradient, (m, v) in zip(self.layers, gradients, self.moments):
            m += 0.1 * (gradient - m)
            v += 0.001 * (gradient * gradient - v)
            corrected = m / (1 - 0.9**self.steps), v / (1 - 0.999**self.steps)
            values -= rate * corrected[0] / (np.sqrt(corrected[1]) + 1e-8)


class Network(Adam):
    """A classifier, linear -> ReLU -> linear, and a linear head, unless there is none."""

    def __init__(self, inputs, hidden, outputs, noise, has_head=True):
        shapes = (inputs, hidden), (hidden, outputs), (inputs, outputs)
        super().__init__(shapes if has_head else shapes[:2], noise)

    def forward(self, x):
        """Hidden layer, logits, and values if there is a head."""
        w1, b1, w2, b2, *head = self.layers
        hidden = np.maximum(x @ w1.T + b1, 0)
        logits = hidden @ w2.T + b2
        return (hidden, logits, x @ head[0].T + head[1]) if head else (hidden, logits)

    def learn(self, x, hidden, rate, *outer):
        """A step against gradients of the mean loss, for logits, and for values if there are any."""
        for_hidden = outer[0] @ self.layers[2] * (hidden > 0)
        gradients = []
        for gradient, read in zip((for_hidden, *outer), (x, hidden, x)):
            gradients += [gradient.T @ read, gradient.sum(axis=0)]
        self.step(gradients, rate)

    def hard_loss(self, rows):
        """The squared error of the value at the argmax."""
        x, targets, _ = rows
        _, logits, values = self.forward(x)
        return np.mean((values[np.arange(len(x)), np.argmax(logits, axis=1)] - targets) ** 2)


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


def evaluate(network, estimator, rows, noise):
    """Every metric."""
    x, targets, _ = rows.validation
    _, logits, values = network.forward(x)
    p, categories = softmax(logits), logits.shape[1]
    met = estimator.estimate(logits, values, targets, noise)[0]
    metrics = {
        "test-loss": rows.unit * network.hard_loss(rows.test),
        "validation-loss": rows.unit * network.hard_loss(rows.validation),
        "forward-loss": rows.unit * met,
        "entropy": -np.mean(np.sum(p * np.log(p), axis=1)),
        "live-categories": len(set(np.argmax(logits, axis=1))) / categories,
    }
    x, _, regimes = rows.test
    if regimes is not None:
        chosen = np.argmax(network.forward(x)[1], axis=1)
        namings = map(np.array, itertools.permutations(range(categories)))
        metrics["regime-accuracy"] = max(np.mean(names[chosen] == regimes) for names in namings)
    return metrics


class Seed:
    """What a task and a seed determine, whatever the estimator."""

    def __init__(self, experiment, seed):
        self.experiment, self.seed = experiment, seed
        self.task = experiment["task"]
        self.rows = (table if "data" in self.task else synthetic)(self.task, self.stream("data"))
        self.inputs = self.rows.train[0].shape[1]

    def stream(self, purpose, step=0):
        return Noise(purpose, self.task["kind"], str(self.seed), step=step)

    def network(self, purpose, outputs, has_head=True):
        return Network(self.inputs, self.task["hidden"], outputs, self.stream(purpose), has_head)

    def batch(self, step):
        """Features, targets and regimes of a step."""
        x, targets, regimes = self.rows.train
        rows = self.stream("batch", step).indices(len(x), self.experiment["batch"])
        return x[rows], targets[rows], None if regimes is None else regimes[rows]

    def steps(self):
        """Every step, also that after the last one, and whether it is evaluated."""
        last, every = self.experiment["steps"], self.experiment["evaluate-every"]
        for step in range(last + 1):
            yield step, step % every == 0 or step == last, step == last


def run(seed, settings):
    """The steps at which a run is evaluated, and what is measured there."""
    network = seed.network("init", seed.task["categories"])
    estimator, rate = Estimator(settings), seed.experiment["optimizer"]["learning-rate"]
    steps, curves = [], {}
    for step, is_evaluated, is_last in seed.steps():
        if is_evaluated:
            steps.append(step)
            measured = evaluate(network, estimator, seed.rows, seed.stream("evaluate", step))
            for metric, value in measured.items():
                curves.setdefault(metric, []).append(float(value))
        if not is_last:
            x, targets, _ = seed.batch(step)
            hidden, logits, values = network.forward(x)
            noise = seed.stream("estimator", step)
            loss, *gradients = estimator.estimate(logits, values, targets, noise)
            network.learn(x, hidden, rate, *gradients)
            estimator.advance(loss)
    return steps, curves


def trained(seed, first, learn, loss):
    """The test loss of the learning rate and the step whose validation loss is least."""
    found = []
    for rate in (0.003, 0.01, 0.03):
        network = first()
        for step, is_evaluated, is_last in seed.steps():
            if is_evaluated:
                parts = seed.rows.validation, seed.rows.test
                found.append(tuple(loss(network, part) for part in parts))
            if not is_last:
                learn(network, rate, *seed.batch(step))
    return min(found, key=lambda losses: losses[0])[1]


def of_true_regimes(seed):
    """The network whose classifier and head are told the regimes."""

    def learn(network, rate, x, targets, regimes):
        hidden, logits, values = network.forward(x)
        truth = np.eye(logits.shape[1])[regimes]
        errors = truth * (values - targets[:, None])
        network.learn(x, hidden, rate, (softmax(logits) - truth) / len(x), 2 * errors / len(x))

    def first():
        return seed.network("true-regimes", seed.task["categories"])

    return trained(seed, first, learn, Network.hard_loss)


def of_plain_network(seed):
    """The network with one output."""

    def learn(network, rate, x, targets, _):
        hidden, outputs = network.forward(x)
        network.learn(x, hidden, rate, 2 * (outputs - targets[:, None]) / len(x))

    def loss(network, rows):
        return np.mean((network.forward(rows[0])[1][:, 0] - rows[1]) ** 2)

    return trained(seed, lambda: seed.network("plain-network", 1, has_head=False), learn, loss)


def references(seed):
    """What plain methods reach on the test rows."""
    rows = seed.rows
    (x, targets, _), (test_x, test_targets, _) = rows.train, rows.test
    centre, mean = x.mean(axis=0), targets.mean()
    weights = np.linalg.lstsq(x - centre, targets - mean, rcond=1e-6)[0]
    found = {}
    if rows.law_loss is not None:
        found = {"bayes": rows.law_loss, "true-regimes": of_true_regimes(seed)}
    found["plain-network"] = of_plain_network(seed)
    found["least-squares"] = np.mean((mean + (test_x - centre) @ weights - test_targets) ** 2)
    found["predict-mean"] = np.mean((mean - test_targets) ** 2)
    return {name: float(rows.unit * loss) for name, loss in found.items()}


def main():
    runs = []
    for name in ("independent-synthetic.toml", "independent-table.toml"):
        experiment = tomllib.loads((DATA / name).read_text())
        seeds = [Seed(experiment, seed) for seed in range(experiment["seeds"])]
        compared_with = [references(seed) for seed in seeds]
        for settings in experiment["estimator"]:
            for seed in seeds:
                steps, curves = run(seed, settings)
                about = {"experiment": name, "estimator": settings, "seed": seed.seed}
                measured = {"metrics": curves, "references": compared_with[seed.seed]}
                runs.append(about | {"steps": steps} | measured)
    command = "python3 scripts/independent/run.py > crates/harness/tests/data/independent.json"
    lines = ",\n".join(json.dumps(run) for run in runs)
    print(f'{{"made-by": {json.dumps(command)}, "runs": [\n{lines}\n]}}')


if __name__ == "__main__":
    main()
