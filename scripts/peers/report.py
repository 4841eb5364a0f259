"""Reads the lines that `scripts/peers/run` recorded, and prints the comparison as Markdown."""

import json
import math
import platform
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from statistics import mean, median, stdev

HARNESS = "argmax-lab"
# The fastest of these counts as JAX, tuned.
TUNED = ["JAX tuned", "JAX tuned, 8 seeds"]
BEST = "JAX tuned (best)"
STEPS = 2000


def read(path):
    lines = [json.loads(line) for line in Path(path).read_text().splitlines()]
    for line in lines:
        line.setdefault("peer", HARNESS)
    return lines


def times(lines):
    """Microseconds of each peer and estimator: the median of its rounds."""
    rounds = defaultdict(list)
    for line in lines:
        if "error" not in line:
            rounds[line["peer"], line["estimator"]].append(line["us_per_step_per_core"])
    found = {key: median(times) for key, times in rounds.items()}
    for _, estimator in list(found):
        tuned = [found[peer, estimator] for peer in TUNED if (peer, estimator) in found]
        if tuned:
            found[BEST, estimator] = min(tuned)
    return found


def spread(lines):
    """The largest ratio of a peer's slowest round to its fastest."""
    rounds = defaultdict(list)
    for line in lines:
        if "error" not in line:
            rounds[line["peer"], line["estimator"]].append(line["us_per_step_per_core"])
    return max(max(times) / min(times) for times in rounds.values())


def losses(lines, peer, estimator):
    """Mean validation loss (NaN if one is), its standard error, and how many seeds they are from."""
    mine = [x for x in lines if (x["peer"], x["estimator"]) == (peer, estimator)]
    # The harness shortens its runs where there is no time for whole ones.
    mine = [x for x in mine if "error" not in x and x.get("steps", STEPS) == STEPS]
    if not mine:
        return None
    if peer == HARNESS:
        # Each round of the harness begins with the same seeds.
        longest = max(mine, key=lambda line: line["runs"])
        return longest["validation_loss"], longest["validation_loss_error"] or math.nan, longest["runs"]
    found = [loss for line in mine for loss in line["validation_losses"]]
    if not all(map(math.isfinite, found)):
        return math.nan, math.nan, len(found)
    error = stdev(found) / math.sqrt(len(found)) if len(found) > 1 else math.nan
    return mean(found), error, len(found)


def row(cells):
    return "| " + " | ".join(cells) + " |"


def table(header, rows):
    return "\n".join([row(header), row(["---"] + ["---:"] * (len(header) - 1)), *map(row, rows)])


def geometric_mean(numbers):
    return math.exp(mean(map(math.log, numbers)))


def time_table(found, peers, estimators):
    def cells(estimator):
        own = found[HARNESS, estimator]
        yield estimator
        yield f"{own:.1f}"
        for peer in peers:
            theirs = found.get((peer, estimator))
            yield f"{theirs:.1f} ({theirs / own:.2f})" if theirs else "failed"

    def ratio(peer):
        shared = [e for e in estimators if (peer, e) in found]
        ratios = [found[peer, e] / found[HARNESS, e] for e in shared]
        few = "" if len(shared) == len(estimators) else f", of {len(shared)}"
        return f"**{geometric_mean(ratios):.2f}**{few}" if ratios else "failed"

    rows = [list(cells(estimator)) for estimator in estimators]
    rows.append(["geometric mean of ratios", "", *map(ratio, peers)])
    return table(["estimator", HARNESS, *peers], rows)


def loss_table(lines, peers, estimators):
    def cell(peer, estimator):
        found = losses(lines, peer, estimator)
        if found is None:
            return "-"
        loss, error, seeds = found
        return f"{loss:.3f} ± {2 * error:.3f} ({seeds})" if math.isfinite(loss) else f"diverged ({seeds})"

    rows = [[e, *(cell(peer, e) for peer in peers)] for e in estimators]
    return table(["estimator", *peers], rows)


def cpu():
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.split(": ", 1)[1] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def main(path):
    lines = read(path)
    found = times(lines)
    estimators = list(dict.fromkeys(x["estimator"] for x in lines if x["peer"] == HARNESS))
    measured = list(dict.fromkeys(x["peer"] for x in lines if x["peer"] != HARNESS))
    shown = [BEST] + [peer for peer in measured if peer not in TUNED]
    versions = {x["peer"].split()[0]: x["version"] for x in lines if "version" in x}
    rustc = subprocess.run(["rustc", "--version"], capture_output=True, text=True).stdout.split()
    versions |= {"rustc": rustc[1] if len(rustc) > 1 else "?", "Python": platform.python_version()}
    load = max(line["load"] for line in lines)
    print("# The same steps in other libraries\n")
    print("Made by `scripts/peers/run`; the lines it is made from are in `runs.json`.\n")
    print(f"- CPU: {cpu()}; one core of it")
    print("- " + ", ".join(f"{name} {version}" for name, version in versions.items()))
    print(f"- Load before a measurement: {load:.2f} at most (a measurement that runs leaves 1)")
    print(f"- Slowest round of a measurement to its fastest: {spread(lines):.2f} at most\n")
    print("## Microseconds per training step and seed\n")
    print("The median of rounds, each the median of whole runs of 2000 steps; in brackets, how many")
    print("times as long as here. Compiling, data and a first run are left out, for all.\n")
    print(time_table(found, shown, estimators))
    print("\n## Loss on rows that are not trained on, after 2000 steps\n")
    print("With the hard argmax; mean over seeds ± 2 standard errors (seeds). Data, first weights")
    print("and noise are drawn from the same distributions, but are not the same numbers.\n")
    print(loss_table(lines, [HARNESS, *measured], estimators))
    errors = {(x["peer"], x["estimator"]): x["error"] for x in lines if "error" in x}
    if errors:
        print("\n## Failures\n")
        for (peer, estimator), error in errors.items():
            print(f"- {peer}, {estimator}: {error}")


if __name__ == "__main__":
    main(sys.argv[1])
