"""Reads the lines that `scripts/peers/run` recorded and prints the comparison as Markdown."""

import json
import math
import os
import platform
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from statistics import mean, median, stdev

import experts
import index
import vae

HARNESS = "argmax-lab"
# Columns, with the peers of each. The fastest one counts.
TUNED, FLAGS, FIRST, TORCH = "JAX tuned", "JAX tuned, XLA flags", "JAX first", "PyTorch"
COLUMNS = {
    TUNED: ["JAX tuned", "JAX tuned, 8 seeds", "JAX gathered", "JAX grouped"],
    FLAGS: [
        FLAGS, f"{FLAGS}, 4 seeds", f"{FLAGS}, 8 seeds",
        "JAX gathered, XLA flags", "JAX grouped, XLA flags",
    ],
    FIRST: ["JAX first"],
    TORCH: ["PyTorch eager", "PyTorch fused Adam", "PyTorch compiled"],
}
EITHER = f"{TUNED}, with or without flags"
BEST = COLUMNS | {EITHER: COLUMNS[TUNED] + COLUMNS[FLAGS]}

# Targets of the ratios: the column, which mean or minimum of the ratios, and its target.
TARGETS = {
    index.NAME: [
        (TUNED, "geometric mean", 2.0),
        (TUNED, "least", 1.2),
        (FLAGS, "geometric mean", 2.0),
        (FLAGS, "least", 1.2),
        (FIRST, "geometric mean", 3.5),
        (TORCH, "geometric mean", 20.0),
    ],
} | {name: [(EITHER, "least", 1.0)] for name in [*vae.WORKLOADS, experts.NAME]}
# Steps of a run, and the unit of the time of a step: its name and the number per second.
STEPS = {w.NAME: w.STEPS for w in (index, experts, *vae.WORKLOADS.values())}
UNITS = {index.NAME: ("Microseconds", 1e6)}
UNITS |= dict.fromkeys([*vae.WORKLOADS, experts.NAME], ("Milliseconds", 1e3))


def read(path):
    lines = [json.loads(line) for line in Path(path).read_text().splitlines()]
    for line in lines:
        line.setdefault("peer", HARNESS)
    return lines


def by_measurement(lines):
    """Seed-steps per second of each round, by peer and estimator."""
    rounds = defaultdict(list)
    for line in lines:
        if "error" not in line:
            rounds[line["peer"], line["estimator"]].append(line["seed_steps_per_second"])
    return rounds


def rates(lines):
    """Seed-steps per second by peer and estimator: the median of the rounds."""
    return {key: median(rounds) for key, rounds in by_measurement(lines).items()}


def best(found):
    """The rates of the columns: for each estimator, that of the fastest peer."""
    fastest = {}
    for column, peers in (BEST | {HARNESS: [HARNESS]}).items():
        for (peer, estimator), rate in found.items():
            if peer in peers:
                fastest[column, estimator] = max(rate, fastest.get((column, estimator), 0))
    return fastest


def ratios(found, column, estimators):
    """How many times as fast argmax-lab is, by estimator."""
    shared = [e for e in estimators if (column, e) in found and (HARNESS, e) in found]
    return {e: found[HARNESS, e] / found[column, e] for e in shared}


def geometric_mean(numbers):
    return math.exp(mean(map(math.log, numbers)))


KINDS = {"geometric mean": geometric_mean, "least": min}


def losses(lines, peer, estimator, steps):
    """Mean validation loss (NaN if any is not finite), its standard error and the number of seeds."""
    mine = [x for x in lines if (x["peer"], x["estimator"]) == (peer, estimator)]
    # The harness shortens its runs if there is no time for whole ones.
    mine = [x for x in mine if "error" not in x and x.get("steps", steps) == steps]
    if not mine:
        return None
    if peer == HARNESS:
        # Each measurement of the harness starts with the same seeds.
        most = max(mine, key=lambda line: line["runs"])
        return most["validation_loss"], most["validation_loss_error"] or math.nan, most["runs"]
    found = [loss for line in mine for loss in line["validation_losses"]]
    if not all(map(math.isfinite, found)):
        return math.nan, math.nan, len(found)
    error = stdev(found) / math.sqrt(len(found)) if len(found) > 1 else math.nan
    return mean(found), error, len(found)


def row(cells):
    return "| " + " | ".join(cells) + " |"


def table(header, rows):
    return "\n".join([row(header), row(["---"] + ["---:"] * (len(header) - 1)), *map(row, rows)])


def speed_table(found, columns, estimators, show):
    """Each rate as `show` formats it, and how many times as fast argmax-lab is."""
    by_column = {column: ratios(found, column, estimators) for column in columns}

    def cell(column, estimator):
        ratio = by_column[column].get(estimator)
        return f"{show(found[column, estimator])} ({ratio:.2f})" if ratio else "failed"

    def summary(kind, column):
        each = by_column[column].values()
        few = "" if len(each) == len(estimators) else f", of {len(each)}"
        return f"**{KINDS[kind](each):.2f}**{few}" if each else "failed"

    rows = []
    for e in estimators:
        own = show(found[HARNESS, e]) if (HARNESS, e) in found else "failed"
        rows.append([e, own, *(cell(column, e) for column in columns)])
    for kind in KINDS:
        rows.append([f"{kind} of ratios", "", *(summary(kind, column) for column in columns)])
    return table(["estimator", HARNESS, *columns], rows)


def configuration_table(found, peers, estimators, show):
    def cell(peer, estimator):
        return show(found[peer, estimator]) if (peer, estimator) in found else "failed"

    rows = [[peer, *(cell(peer, e) for e in estimators)] for peer in peers]
    return table(["configuration", *estimators], rows)


def loss_table(lines, peers, estimators, steps):
    def cell(peer, estimator):
        found = losses(lines, peer, estimator, steps)
        if found is None:
            return "-"
        loss, error, seeds = found
        if not math.isfinite(loss):
            return f"diverged ({seeds})"
        return f"{loss:.3f} ± {2 * error:.3f} ({seeds})"

    rows = [[e, *(cell(peer, e) for peer in peers)] for e in estimators]
    return table(["estimator", *peers], rows)


def target_table(places, targets, estimators):
    """`places` has the rates on one core and, if that was measured, on the whole machine."""
    def cell(found, column, kind, least):
        each = ratios(found, column, estimators).values()
        if not each:
            return "failed"
        reached = KINDS[kind](each)
        # A target cannot be met by a comparison with gaps.
        verdict = "met" if reached >= least and len(each) == len(estimators) else "missed"
        return f"{reached:.2f}, {verdict}"

    rows = []
    for column, kind, least in targets:
        if any((column, e) in found for found in places.values() for e in estimators):
            name = f"{kind}, against {column}" + (" (harder)" if column == FLAGS else "")
            cells = (cell(found, column, kind, least) for found in places.values())
            rows.append([name, f"{least:g}", *cells])
    return table(["ratio", "at least", *places], rows)


def versions(lines):
    found = {x["peer"].split()[0]: x["version"] for x in lines if "version" in x}
    rustc = subprocess.run(["rustc", "--version"], capture_output=True, text=True).stdout.split()
    found |= {"rustc": rustc[1] if len(rustc) > 1 else "?", "Python": platform.python_version()}
    return ", ".join(f"{name} {version}" for name, version in found.items())


def cpu():
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.split(": ", 1)[1] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def spread(groups):
    """The largest ratio of the fastest round of a measurement to its slowest."""
    rounds = [rounds for lines in groups for rounds in by_measurement(lines).values()]
    return max((max(each) / min(each) for each in rounds), default=math.nan)


def head(lines, groups):
    flags = sorted({x["xla_flags"] for x in lines if "xla_flags" in x})
    print("# The same steps in other libraries\n")
    print("Generated by `scripts/peers/run` from the lines in `runs.json`.\n")
    print(f"- CPU: {cpu()}, {os.cpu_count()} cores")
    print("- " + versions(lines))
    load = max(line["load"] for line in lines)
    print(f"- Load before a measurement: at most {load:.2f} (each core in use leaves 1)")
    print(f"- Ratio of the slowest to the fastest round of a measurement: at most {spread(groups):.2f}")
    for flag in flags:
        print(f"- XLA flags: `{flag}`")
    print("\nFor each estimator, a column shows its fastest configuration. A figure is the median over")
    print("rounds, and a round is the median over whole runs. In parentheses: how many times as fast")
    print("argmax-lab is. Compilation, data generation and a first run are not timed, for any library.")


def chapter(workload, lines):
    estimators = list(dict.fromkeys(x["estimator"] for x in lines))
    peers = list(dict.fromkeys(x["peer"] for x in lines if x["peer"] != HARNESS))
    columns = [c for c, members in COLUMNS.items() if any(peer in members for peer in peers)]
    alone = rates([x for x in lines if x["jobs"] == 1])
    places = {"one core": best(alone)}
    jobs = max(x["jobs"] for x in lines)
    if jobs > 1:
        places[f"{jobs} cores"] = best(rates([x for x in lines if x["jobs"] > 1]))
    core, *together = places.values()
    steps, (unit, scale) = STEPS[workload], UNITS[workload]
    show_time = lambda rate: f"{scale / rate:.{1 if scale == 1e6 else 2}f}"
    print(f"\n## Workload {workload}\n\n### Targets\n")
    print(target_table(places, TARGETS[workload], estimators))
    print(f"\n### {unit} per training step and seed, on one core\n")
    print(speed_table(core, columns, estimators, show_time))
    for found in together:
        print(f"\n### Training steps of all seeds per second, on {jobs} cores at once\n")
        print(speed_table(found, columns, estimators, lambda rate: f"{rate:.0f}"))
    print(f"\n### Each configuration, on one core, {unit.lower()}\n")
    print(configuration_table(alone, [HARNESS, *peers], estimators, show_time))
    print(f"\n### Validation loss after {steps} steps\n")
    print("Mean over seeds ± 2 standard errors (number of seeds). Data, initial weights and noise")
    print("come from the same distributions in all libraries, but are not the same numbers.\n")
    print(loss_table(lines, [HARNESS, *peers], estimators, steps))
    errors = {(x["peer"], x["estimator"]): x["error"] for x in lines if "error" in x}
    if errors:
        print("\n### Failures\n")
        for (peer, estimator), error in errors.items():
            print(f"- {peer}, {estimator}: {error}")


def main(path):
    lines = read(path)
    workloads = list(dict.fromkeys(x["workload"] for x in lines))
    places = sorted({(x["workload"], x["jobs"]) for x in lines})
    groups = [[x for x in lines if (x["workload"], x["jobs"]) == place] for place in places]
    head(lines, groups)
    for workload in workloads:
        chapter(workload, [x for x in lines if x["workload"] == workload])


if __name__ == "__main__":
    main(sys.argv[1])
