#!/usr/bin/env python3
"""One interleaved benchmark run. bench/run.sh builds first; bench/README.md explains."""

import argparse
import dataclasses
import json
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests"))

import report  # noqa: E402
from measure import Void  # noqa: E402
from workloads import Bench  # noqa: E402

PAGE = ROOT / "docs/performance.md"
RESULTS = ROOT / "build/bench"
WARM_UP_S = 1
PAUSE_S = 0.2
QUICK = {"rounds": 3, "seconds": 1, "rows": 20000}
FULL = {"rounds": 15, "seconds": 3, "rows": 1000000}


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short run: to try things out, not to believe")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=int, help="of one workload in one round")
    parser.add_argument("--only", default=",".join(report.GROUPS), help="of %(default)s")
    parser.add_argument("--rows", type=int, help="of the big table")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes of every server; one a core")
    parser.add_argument("--keep", action="store_true", help="write the tables into docs/performance.md, which has a place for some --only")
    options = parser.parse_args()
    options.groups = options.only.split(",")
    if unknown := set(options.groups) - set(report.GROUPS):
        parser.error(f"--only knows {', '.join(report.GROUPS)}, not {', '.join(sorted(unknown))}")
    if options.keep and not report.has_place(PAGE, options.groups):
        parser.error(f"{PAGE} has no place for the tables of --only {options.only}")
    for name, value in (QUICK if options.quick else FULL).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    options.load_before = os.getloadavg()[0]
    return options


def say(text):
    print(f"==> {text}", file=sys.stderr, flush=True)


def one_round(bench, names, seconds):
    """Every workload once, in random order."""
    samples = {}
    for name in random.sample(names, len(names)):
        samples[name] = bench.workloads[name](seconds)
        time.sleep(PAUSE_S)
    return {name: samples[name] for name in names}


def run(bench, options):
    names = report.workloads_for(options.groups)
    say(f"preparing {len(names)} workloads")
    bench.prepare(set(names))
    for name in names:
        bench.workloads[name](WARM_UP_S)
    rounds = []
    for at in range(options.rounds):
        rounds.append(one_round(bench, names, options.seconds))
        say(f"round {at + 1} of {options.rounds}")
    return rounds


def main():
    options = parse_options()
    for tool in ("wrk", "node", "openssl"):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is missing: run bench/run.sh, which installs it")
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so that nothing is left running
    bench = Bench(options)
    try:
        rounds = run(bench, options)
        text = report.markdown(bench, rounds, options.groups)
        memory = bench.memory
    except Void as problem:
        sys.exit(f"the run is void: {problem}")
    finally:
        bench.close()
    print(text)
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "result.md").write_text(text)
    kept = {"memory": memory, "rounds": [{name: dataclasses.asdict(sample) for name, sample in one.items()} for one in rounds]}
    (RESULTS / "result.json").write_text(json.dumps(kept, indent=1) + "\n")
    if options.keep:
        report.keep(PAGE, options.groups, text)


if __name__ == "__main__":
    main()
