"""Times training runs of a peer: the command line and everything else that the peers share.

One process is pinned to each core. For each estimator, all of them compile and do an untimed run.
Then one is timed alone and, for the throughput of the whole machine, all of them at once. Each of
the two measurements prints a line of JSON.
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
    """Arguments of `prepare` beside the estimator, and settings of the measurement."""

    keywords: dict
    seeds: int = 1  # trained at once in one process
    flags: str = ""  # XLA flags


def main(peer, version, workloads, prepare, configurations):
    """Measures the peer in the configuration that the command line names.

    `workloads` are those that it can choose from, by name. A workload has a NAME, its ESTIMATORS, and
    STEPS, the number of steps of a run. `prepare(estimator, **keywords)`, with the workload among the
    keywords if there are several, returns a function `train(seeds)`, which trains with each seed
    and returns the time in seconds and the validation loss of each seed.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--configuration", choices=list(configurations), required=True)
    parser.add_argument("--workload", choices=list(workloads), default=next(iter(workloads)))
    parser.add_argument("--estimator", action="append")
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--core", type=int, default=0, help="core of the process timed alone")
    parser.add_argument("--whole-machine", action="store_true", help="also time all cores at once")
    wish = parser.parse_args()
    configuration, workload = configurations[wish.configuration], workloads[wish.workload]
    if len(workloads) > 1:
        configuration.keywords["workload"] = workload
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
            except Fault as fault:  # A failure of a peer is a row too.
                print(json.dumps(line | {"jobs": jobs, "error": str(fault)[:300]}), flush=True)
                break
            found = throughput(answers, workload.STEPS * configuration.seeds)
            found |= {"seeds_at_once": configuration.seeds, "warm_up_seconds": max(warm_ups)}
            print(json.dumps(line | {"jobs": jobs} | found), flush=True)
    for pipe in pipes:
        pipe.close()


class Fault(Exception):
    """A process failed or ended."""


def start(cores, prepare, configuration, first_seed):
    """Starts a process on each core and returns the pipes to them."""
    # Libraries read both when they are loaded, so a process has to start with them.
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
    """Asks all processes at once and returns their answers, or raises if one of them failed."""
    try:
        for pipe in pipes:
            pipe.send((verb, argument))
        answers = [pipe.recv() for pipe in pipes]
    except (EOFError, OSError) as fault:
        raise Fault("a process ended") from fault
    for answer in answers:
        if isinstance(answer, str):
            raise Fault(answer)
    return answers


def serve(pipe, prepare, configuration, first_seed):
    """Runs in a process: answers until the pipe is closed. A string as answer is an error."""
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
    """Seconds of each run and all losses, from runs that take at least `least` seconds in total."""
    times, losses = [], []
    while sum(times) < least or len(times) < LEAST_RUNS:
        seconds, found = run()
        times.append(seconds)
        losses += found
    return times, losses


def throughput(answers, steps):
    """Throughput of processes that were timed at once; each of their runs has `steps` steps."""
    times = [seconds for seconds, _ in answers]
    return {
        "us_per_step_per_core": 1e6 * float(np.median(np.concatenate(times))) / steps,
        "seed_steps_per_second": sum(steps / float(np.median(each)) for each in times),
        "runs": sum(map(len, times)),
        "validation_losses": [loss for _, losses in answers for loss in losses],
    }
