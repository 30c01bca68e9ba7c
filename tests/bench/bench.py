#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""bench - what nsnetd costs, beside the least that the kernel takes and beside other ways to the same end

All of it happens in network, mount and PID namespaces of its own. Measurements take turns, so that what else the machine does
meets all of them alike; ratios can be trusted more than times. "floor" is a program of raw messages to the kernel, the best way
known (floor.c). Machines differ: compare what one run says.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import signal
import sys
import time

# The sources stay as they are.
sys.dont_write_bytecode = True

import measures
import plot
import report
import traffic
from world import HERE, Wrong, settle

FIGURES, FIGURES_END = "<!-- figures:", "<!-- end of figures -->"

MEASUREMENTS = (measures.one_at_a_time, measures.growth, measures.owned, measures.pooled, measures.gone, measures.churn,
                measures.meanwhile, measures.rpc, measures.left_behind, traffic.first_packets, traffic.data_path,
                measures.peers_growth)


class Bench:
    def __init__(self, build, quick, pool):
        self.build, self.quick, self.pool = build, quick, pool
        self.cpus = len(os.sched_getaffinity(0))
        self.not_here = {}
        self.results = {"not here": self.not_here, "wrong": {}}

    def count(self, quick, full):
        return quick if self.quick else full

    def settle(self, most=5.0):
        settle(most=0.3 if self.quick else most)


def machine():
    with open("/proc/cpuinfo") as f:
        models = [line.split(":", 1)[1].strip() for line in f if line.startswith("model name")]
    with open("/proc/meminfo") as f:
        memory = int(f.readline().split()[1]) // 1024 // 1024
    with open("/etc/os-release") as f:
        system = next((line.split("=", 1)[1].strip().strip('"') for line in f if line.startswith("PRETTY_NAME=")), "Linux")
    return f"{os.cpu_count()} × {models[0] if models else platform.machine()}, {memory} GiB, {system}, Linux {platform.release()}"


def curves(results):
    """{name: [(N, microseconds)]} of what was measured in full."""
    found = {name: report.curve(results, name) for name in results.get("growth", {}) if name != "floor, both"}
    batch = results.get("peers, batch")
    for name, values in results.get("peers, growth", {}).items():
        found[name] = measures.windows(values, batch, min(100, len(values) * batch // 2))
    return found


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", nargs="?", type=pathlib.Path, default=pathlib.Path("build/release"), help="a build for release")
    parser.add_argument("--quick", action="store_true", help="few of each: whether all of it runs, not how fast")
    parser.add_argument("--only", metavar="NAME", action="append",
                        choices=[m.__name__ for m in MEASUREMENTS], help="this measurement alone: %(choices)s")
    parser.add_argument("--pool", metavar="SIZE", type=int, help="PoolSize= of what is measured as configured; else the daemon's own")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("build/bench"), help="where bench.json and growth.svg go")
    parser.add_argument("--publish", action="store_true", help="put those, and the plot, into the README, and measure nothing")
    parser.add_argument("--markdown", action="store_true", help="print the README's tables from bench.json, and measure nothing")
    return parser.parse_args()


def enter_sandbox():
    """Starts again inside. What is left there goes with its first process."""
    os.environ["NSNET_BENCH_INSIDE"] = "yes"
    # Of the whole machine, and not to be seen from inside.
    room = pathlib.Path("/proc/sys/net/ipv4/neigh/default/gc_thresh3")
    os.environ["NSNET_BENCH_NEIGHBOURS"] = room.read_text().strip() if room.exists() else "an unknown number"
    os.execvp("unshare", ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable, *sys.argv])


def is_inside():
    # As the first process of its PID namespace, and because it was told so.
    return os.getpid() == 1 and "NSNET_BENCH_INSIDE" in os.environ


def measure(options):
    bench = Bench(options.build.resolve(), options.quick, options.pool)
    for wanted in MEASUREMENTS:
        if options.only and wanted.__name__ not in options.only:
            continue
        start = time.monotonic()
        print(f"{wanted.__name__.replace('_', ' ')} …", end=" ", file=sys.stderr, flush=True)
        try:
            wanted(bench)
        except Wrong as wrong:
            # The others are worth having all the same.
            bench.results["wrong"][wanted.__name__] = str(wrong)
            print(wrong, file=sys.stderr)
        print(f"{time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
        bench.settle(most=2)
    return bench.results


def write(results, out):
    out.mkdir(parents=True, exist_ok=True)
    (out / "bench.json").write_text(json.dumps(results, indent=1) + "\n")
    found = curves(results)
    if found:
        (out / "growth.svg").write_text(plot.svg(found, "What the next namespace costs: create, mean of a batch, log scale"))
    return ["bench.json"] + (["growth.svg"] if found else [])


def publish(out):
    """The tables into the README between its two marks, the plot beside this file."""
    results = json.loads((out / "bench.json").read_text())
    if results["quick"] or results["wrong"]:
        sys.exit("bench: only a full run in which all went well is to be published")
    lines = ["![What the next namespace costs, by how many there are](tests/bench/growth.svg)", ""]
    report.markdown(results, lines.append)
    readme = HERE.parent.parent / "README.md"
    before, rest = readme.read_text().split(FIGURES, 1)
    first, rest = rest.split("\n", 1)
    after = rest.split(FIGURES_END, 1)[1]
    readme.write_text(before + FIGURES + first + "\n\n" + "\n".join(lines).rstrip() + "\n\n" + FIGURES_END + after)
    (HERE / "growth.svg").write_text((out / "growth.svg").read_text())


def main():
    options = arguments()
    if options.publish:
        publish(options.out)
        return 0
    if options.markdown:
        report.markdown(json.loads((options.out / "bench.json").read_text()), print)
        return 0
    if os.geteuid() != 0:
        sys.exit("bench: network namespaces need root")
    if not is_inside():
        enter_sandbox()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    results = measure(options)
    results["date"] = datetime.date.today().isoformat()
    results["machine"] = machine()
    results["kind"] = "a quick run with few of each, by which nothing is judged" if options.quick else "a full run"
    results["quick"] = options.quick
    results["neighbours"] = os.environ["NSNET_BENCH_NEIGHBOURS"]
    names = write(results, options.out)
    print(f"\n{results['machine']}; {results['date']}; {results['kind']}")
    report.tables(results, print)
    print("\nIn " + " and ".join(str((options.out / name).resolve()) for name in names))
    return 1 if results["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
