"""Times training runs of a peer: its command line, and what all peers share.

Each core has a process of its own, pinned to it. For each estimator all of them compile and do a
run that is not timed; then one is timed alone, and then, for the throughput of the whole machine,
all at once. A line of JSON is printed for each of the two.
"""

import argparse
import itertools
import json
import multiprocessing
import os
import time
from typing import NamedTuple

import numpy as np

LEAST_RUNS = 3


class Configuration(NamedTuple):
    """What `prepare` is given beside the estimator, and what it is measured with."""

    keywords: dict
    seeds: int = 1  # that train at once in a process
    flags: str = ""  # of XLA


def main(peer, version, workload, prepare, configurations):
    """Measures the peer in one of its configurations, which have names.

    `workload` has a NAME, its ESTIMATORS, and STEPS, the steps of a run. `prepare(estimator,
    **keywords)` returns `train(seeds)`, which trains these seeds and returns the seconds that took
    and each seed's validation loss.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--configuration", choices=list(configurations), required=True)
    parser.add_argument("--estimator", action="append", choices=workload.ESTIMATORS)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--core", type=int, default=0, help="where a process is timed alone")
    parser.add_argument("--whole-machine", action="store_true", help="time all cores at once too")
    wish = parser.parse_args()
    configuration = configurations[wish.configuration]
    others = sorted(os.sched_getaffinity(0) - {wish.core}) if wish.whole_machine else []
    pipes = start([wish.core, *others], prepare, configuration, wish.first_seed)
    for estimator in wish.estimator or workload.ESTIMATORS:
        line = {
            "peer": f"{peer} {wish.configuration}",
            "version": version,
            "workload": workload.NAME,
            "estimator": estimator,
        }
        if configuration.flags:
            line["xla_flags"] = configuration.flags
        for jobs in sorted({1, len(pipes)}):
            try:
                if jobs == 1:
                    warm_ups = ask(pipes, "prepare", estimator)
                answers = ask(pipes[:jobs], "time", wish.seconds)
            except Fault as fault:  # What a peer cannot do is a row too.
                print(json.dumps(line | {"jobs": jobs, "error": str(fault)[:300]}), flush=True)
                break
            found = throughput(answers, workload.STEPS * configuration.seeds)
            found |= {"seeds_at_once": configuration.seeds, "warm_up_seconds": max(warm_ups)}
            print(json.dumps(line | {"jobs": jobs} | found), flush=True)
    for pipe in pipes:
        pipe.close()


class Fault(Exception):
    """A process cannot do what it is asked."""


def start(cores, prepare, configuration, first_seed):
    """Starts a process on each core, and returns the pipes to them."""
    # Libraries look at both when they are loaded, so that a process has to begin with them.
    os.environ["XLA_FLAGS"] = configuration.flags
    allowed, context, pipes = os.sched_getaffinity(0), multiprocessing.get_context("spawn"), []
    for i, core in enumerate(cores):
        mine, its = context.Pipe()
        arguments = (its, prepare, configuration, first_seed + 10_000 * i)
        os.sched_setaffinity(0, {core})
        context.Process(target=serve, args=arguments, daemon=True).start()
        its.close()
        pipes.append(mine)
    os.sched_setaffinity(0, allowed)
    return pipes


def ask(pipes, verb, argument):
    """The answers of processes that are asked at once. One that fails leaves none waiting."""
    try:
        for pipe in pipes:
            pipe.send((verb, argument))
        answers = [pipe.recv() for pipe in pipes]
    except (EOFError, OSError) as fault:
        raise Fault("a process has ended") from fault
    for answer in answers:
        if isinstance(answer, str):
            raise Fault(answer)
    return answers


def serve(pipe, prepare, configuration, first_seed):
    """A process: answers until the pipe is closed. An answer that is a text is an error."""
    seeds = itertools.count(first_seed)

    def run():
        return train([next(seeds) for _ in range(configuration.seeds)])

    while True:
        try:
            verb, argument = pipe.recv()
        except EOFError:
            return
        try:
            if verb == "prepare":
                start = time.perf_counter()
                train = prepare(argument, **configuration.keywords)
                run()
                answer = time.perf_counter() - start
            else:
                answer = timed(run, argument)
        except Exception as fault:
            answer = f"{type(fault).__name__}: {fault}"
        pipe.send(answer)


def timed(run, least):
    """Seconds of each of the runs that take so many together, and all their losses."""
    times, losses = [], []
    while sum(times) < least or len(times) < LEAST_RUNS:
        seconds, found = run()
        times.append(seconds)
        losses += found
    return times, losses


def throughput(answers, steps):
    """Of processes that were timed at once, with so many steps in each of their runs."""
    times = [seconds for seconds, _ in answers]
    return {
        "us_per_step_per_core": 1e6 * float(np.median(np.concatenate(times))) / steps,
        "seed_steps_per_second": sum(steps / float(np.median(each)) for each in times),
        "runs": sum(map(len, times)),
        "validation_losses": [loss for _, losses in answers for loss in losses],
    }
