# SPDX-License-Identifier: LGPL-2.1-or-later
"""measures - what making and taking away costs, beside the floor and the peers, in turns

Each function is one measurement; it puts figures into bench.results: microseconds, unless their names say otherwise.
"""
import contextlib
import os
import pathlib
import subprocess
import time

import peers
from world import MEMBER, Daemon, NotHere, Tool, busy, create, delete, floor, median, message, percentile

FLAT = ("flat", "10.51.0.0/16", {"reach": "route"})
LAN = ("lan", "10.50.0.0/16", {})


@contextlib.contextmanager
def echo(build, folder):
    """Who asks a service that only sends back."""
    path = folder + "/echo"
    server = subprocess.Popen([build / "tests/bench/echo", path], stdin=subprocess.DEVNULL)
    try:
        for _ in range(500):
            if os.path.exists(path):
                break
            time.sleep(0.02)
        # It is bound, and listens the moment after.
        time.sleep(0.05)
        with Tool([build / "tests/bench/ask", path]) as ask:
            yield ask
    finally:
        server.kill()
        server.wait()
        pathlib.Path(path).unlink(missing_ok=True)


def figures(values):
    return {"p50": median(values), "p99": percentile(values), "n": len(values)}


def one_at_a_time(bench):
    """Each makes one, at its ease, in turn; then each takes one away."""
    rounds = bench.count(quick=5, full=25)
    gap = 0.02 if bench.quick else 0.1
    with Daemon(bench.build, pool=0) as cold, Daemon(bench.build, pool=bench.pool) as pooled, floor(bench.build) as best, \
            floor(bench.build, "owned") as best_owned:
        with echo(bench.build, cold.folder.name) as plain:
            others = []
            for kind in peers.PEERS:
                try:
                    others.append(peers.start(bench.build, kind, rounds + 2))
                except NotHere as reason:
                    bench.not_here[kind.name] = str(reason)
            try:
                singles(bench, rounds, gap, (cold, pooled), (best, best_owned), plain, others)
            finally:
                for peer in others:
                    peer.close()


def singles(bench, rounds, gap, daemons, floors, plain, others):
    (cold, pooled), (best, best_owned) = daemons, floors
    member = cold.asker(uid=MEMBER)
    # The user namespaces are made with the first of each.
    best_owned.do("create 1")
    member.do(f"kept 1 0 0 {create('lan', 'u%u')}")
    nsnetctl, socket = bench.build / "client/nsnetctl", "NSNETD_SOCKET="
    lan, echoed = create("lan"), create("lan")
    process = f"{nsnetctl} --quiet create p%u --network lan"
    spawner = cold.tool([cold.bin / "ask"])
    makers = {
        "floor": lambda i: best.do("create 1"),
        "floor, a user's own": lambda i: best_owned.do("create 1"),
        "nsnetd cold, a user's own, RPC": lambda i: member.do(f"kept 1 0 {i + 1} {create('lan', 'u%u')}"),
        "nsnetd cold, RPC": lambda i: cold.ask.do(f"kept 1 0 {i} {lan}"),
        "nsnetd cold, connection and RPC": lambda i: cold.ask.do(f"single 1 0 {rounds + i} {lan}"),
        "nsnetd, connection and RPC": lambda i: pooled.ask.do(f"single 1 0 {i} {lan}"),
        "echo": lambda i: plain.do(f"kept 1 0 {i} {echoed}"),
        "echo, connection and RPC": lambda i: plain.do(f"single 1 0 {i} {echoed}"),
        "nsnetctl, cold": lambda i: spawner.do(f"spawn 1 0 {i} {socket}{cold.path} {process}"),
        "nsnetctl": lambda i: spawner.do(f"spawn 1 0 {i} {socket}{pooled.path} {process}"),
        "nothing": lambda i: spawner.do(f"spawn 1 0 0 {cold.bin}/nothing"),
        **{peer.name: lambda i, peer=peer: peer.create(i, 1) for peer in others},
    }
    takers = {
        "floor": lambda i: best.do("drop 1"),
        "nsnetd, RPC": lambda i: cold.ask.do(f"kept 1 0 {i} {delete()}"),
        "nsnetd, connection and RPC": lambda i: cold.ask.do(f"single 1 0 {rounds + i} {delete()}"),
        "nsnetctl": lambda i: spawner.do(f"spawn 1 0 {i} {socket}{cold.path} {nsnetctl} delete p%u"),
        "ip link del, one by one": lambda i: best.do("link 1"),
        **{peer.name: lambda i, peer=peer: peer.delete(i, 1) for peer in others},
    }
    bench.results["create one"] = turns(bench, makers, rounds, gap)
    # Beside those that others give up: more for the floor, which gives up twice.
    best.do(f"create {rounds + 2}")
    bench.results["delete one"] = turns(bench, takers, rounds, gap)


def turns(bench, runs, rounds, gap):
    times = {name: [] for name in runs}
    for i in range(rounds):
        for name, run in runs.items():
            time.sleep(gap)
            times[name] += run(i)["us"]
    return {name: figures(values) for name, values in times.items()}


def mean(answer, n):
    return answer["total"] / n


def in_batches(makers, most, batch, cpu=None):
    """Each makes so many at full speed, then the next one does: {name: [mean of each batch]}; cpu: the same for processor time"""
    times = {name: [] for name in makers}
    for first in range(0, most, batch):
        for name, make in makers.items():
            answer = make(first, batch)
            times[name].append(mean(answer, batch))
            if cpu is not None:
                cpu.setdefault(name, []).append(answer["cpu"] / batch)
    return times


def daemon_makes(daemon, ask, wish):
    """Many on one connection; the processor time is the daemon's."""
    def make(first, n):
        before = daemon.cpu()
        answer = ask.do(f"piped {n} 16 {first} {wish}")
        return {**answer, "cpu": daemon.cpu() - before}
    return make


def windows(times, batch, size=100):
    """[(N, median of the batches up to there from the last such N)]"""
    per = max(1, size // batch)
    return [((i + per) * batch, median(times[i:i + per])) for i in range(0, len(times) - per + 1, per)]


def growth(bench):
    """What the next one costs when so many are there."""
    most, batch = bench.count(quick=100, full=1000), bench.count(quick=10, full=20)
    for _ in range(bench.count(quick=1, full=3)):
        for names in (("bridge",), ("routed", "both")):
            grow(bench, names, most, batch)
            bench.settle()
    bench.results["growth, batch"] = batch


def grow(bench, names, most, batch):
    tools = {f"floor, {name}": floor(bench.build, name) for name in names}
    makers = {name: lambda first, n, tool=tool: tool.do(f"create {n}") for name, tool in tools.items()}
    with Daemon(bench.build, pool=0, networks=(LAN, FLAT)) as daemon:
        routed = "routed" in names
        makers["nsnetd, routed" if routed else "nsnetd, bridge"] = daemon_makes(
            daemon, daemon.ask, create("flat" if routed else "lan"))
        cpu = bench.results.setdefault("growth, processor", {})
        for name, values in in_batches(makers, most, batch, cpu).items():
            bench.results.setdefault("growth", {}).setdefault(name, []).append(values)
    for tool in tools.values():
        tool.close()


def peers_growth(bench):
    """The same for others, the floor beside each."""
    most, batch = bench.count(quick=20, full=500), 10
    for kind in peers.PEERS:
        try:
            peer = peers.start(bench.build, kind, most + 1)
        except NotHere as reason:
            bench.not_here[kind.name] = str(reason)
            continue
        with peer, floor(bench.build) as best:
            makers = {"floor": lambda first, n: best.do(f"create {n}"), kind.name: peer.create}
            times = in_batches(makers, most, batch)
            bench.results.setdefault("peers, growth", {})[kind.name] = times[kind.name]
            bench.results.setdefault("peers, floor", {})[kind.name] = times["floor"]
        bench.results["peers, batch"] = batch
        bench.settle()


def owned(bench):
    """A member's namespaces, which belong to a user namespace of his, behind a guard."""
    most, batch = bench.count(quick=60, full=1000), 20
    with Daemon(bench.build, pool=0) as daemon, floor(bench.build, "owned") as best:
        ask = daemon.asker(uid=MEMBER)
        # The user namespaces are made with the first of each.
        best.do("create 1")
        ask.do(f"kept 1 0 100000 {create('lan')}")
        makers = {"floor": lambda first, n: best.do(f"create {n}"),
                  "nsnetd": daemon_makes(daemon, ask, create("lan"))}
        bench.results["owned"] = in_batches(makers, most, batch)
        bench.results["owned, batch"] = batch


def pooled(bench):
    """What is made ahead: a few at a time, as they are asked for by people; and while others are torn down."""
    few, rounds, many = 8, bench.count(quick=5, full=60), bench.count(quick=60, full=500)
    wish = create("lan")
    results = {"echo": [], "as configured": [], "PoolSize=0": [], "while torn down": []}
    with Daemon(bench.build, pool=bench.pool) as daemon, Daemon(bench.build, pool=0) as cold:
        with echo(bench.build, daemon.folder.name) as plain:
            # It learns how many are asked for.
            for i in range(5):
                daemon.ask.do(f"single {few} 0 {900000 + i * few} {wish}")
                time.sleep(0.5)
            for i in range(rounds):
                results["echo"] += plain.do(f"single {few} 0 {i * few} {wish}")["us"]
                results["as configured"] += daemon.ask.do(f"single {few} 0 {i * few} {wish}")["us"]
                results["PoolSize=0"] += cold.ask.do(f"single {few} 0 {i * few} {wish}")["us"]
                time.sleep(0.05 if bench.quick else 0.25)
        daemon.call("DeleteNamespaces", names=[f"n{i}" for i in range(rounds * few)] + [f"n{900000 + i}" for i in range(5 * few)])
        bench.settle()
        deleter = daemon.asker()
        for _ in range(bench.count(quick=1, full=5)):
            daemon.ask.do(f"piped {many} 16 100000 {wish}")
            # Until it is idle, and has made anew what was used up.
            bench.settle(most=3)
            for i in range(2):
                daemon.ask.do(f"single {few} 0 {800000 + i * few} {wish}")
                time.sleep(0.5)
            daemon.call("DeleteNamespaces", names=[f"n{800000 + i}" for i in range(2 * few)])
            time.sleep(1)
            deleter.start("kept 1 0 0 " + delete([f"n{100000 + i}" for i in range(many)]))
            results["while torn down"] += daemon.ask.do(f"single {few} 20000 200000 {wish}")["us"]
            deleter.finish()
            daemon.call("DeleteNamespaces", names=[f"n{200000 + i}" for i in range(few)])
    bench.results["pooled"] = {name: figures(values) for name, values in results.items()}


def gone(bench):
    """All that is left of so many, until the last link is away."""
    many = bench.count(quick=50, full=500)
    results = {"floor, drop": [], "floor, group": [], "nsnetd": [], "nsnetd, answer": [], "bulk, floor": [], "bulk, nsnetctl": []}
    names = " ".join(f"n{i}" for i in range(many))
    with Daemon(bench.build, pool=0) as daemon, floor(bench.build) as best:
        spawner = daemon.tool([daemon.bin / "ask"])
        nothing = daemon.links()
        for _ in range(bench.count(quick=1, full=5)):
            for how in ("drop", "group"):
                results["bulk, floor"].append(best.do(f"create {many}")["total"])
                start = time.monotonic()
                best.do(f"{how} {many}")
                best.do("gone")
                results[f"floor, {how}"].append((time.monotonic() - start) * 1e6)
                bench.settle(most=2)
            results["bulk, nsnetctl"].append(spawner.do(
                f"spawn 1 0 0 NSNETD_SOCKET={daemon.path} {bench.build}/client/nsnetctl --quiet create {names} --network lan")["total"])
            start = time.monotonic()
            daemon.ask.do("kept 1 0 0 " + delete(names.split()))
            results["nsnetd, answer"].append((time.monotonic() - start) * 1e6)
            daemon.wait_links(nothing)
            results["nsnetd"].append((time.monotonic() - start) * 1e6)
            bench.settle(most=2)
    bench.results["gone"] = {name: median(values) for name, values in results.items()}


def churn(bench):
    """One goes, one comes, at full speed, while a hundred stay."""
    alive, cycles = 100, bench.count(quick=20, full=300)
    rates = {"floor, drop": [], "floor, link by link": [], "nsnetd": [], "nsnetd, PoolSize=0": []}
    with Daemon(bench.build, pool=bench.pool) as daemon, Daemon(bench.build, pool=0) as cold, floor(bench.build) as best:
        best.do(f"create {alive}")
        for each in (daemon, cold):
            each.ask.do(f"piped {alive} 16 0 {create('lan')}")
        for _ in range(bench.count(quick=1, full=5)):
            for name, cycle in (("floor, drop", lambda n: best.do(f"churn {n}")),
                                ("floor, link by link", lambda n: best.do(f"churnlink {n // 10}")),
                                ("nsnetd", lambda n: swap(daemon, n, alive)),
                                ("nsnetd, PoolSize=0", lambda n: swap(cold, n, alive))):
                bench.settle(most=1)
                n = cycles // 10 if name.endswith("link by link") else cycles
                rates[name].append(n / cycle(cycles)["total"] * 1e6)
    bench.results["churn"] = {name: median(values) for name, values in rates.items()}


def swap(daemon, n, alive):
    total = 0
    while n > 0:
        part = min(n, alive)
        total += daemon.ask.do(f"kept {part} 0 0 {delete()}\t{create('lan')}")["total"]
        n -= part
    return {"total": total}


def meanwhile(bench):
    """How long another caller waits while one has many made, and torn down."""
    many = bench.count(quick=60, full=500)
    waits = {"made": [], "torn down": []}
    with Daemon(bench.build, pool=bench.pool) as daemon:
        bulk, other = daemon.asker(), daemon.asker(uid=MEMBER)
        names = [f"n{i}" for i in range(many)]
        for _ in range(bench.count(quick=1, full=5)):
            for what, order in (("made", f"piped {many} 64 0 {create('lan')}"),
                                ("torn down", "kept 1 0 0 " + delete(names))):
                bulk.start(order)
                # As long as that takes, and the clean-up behind it.
                for _ in range(bench.count(quick=2, full=8)):
                    waits[what] += other.do("single 50 1000 0 " + message("Describe"))["us"]
                bulk.finish()
                bench.settle(most=2)
    bench.results["meanwhile"] = {what: figures(values) for what, values in waits.items()}


def rpc(bench):
    """What a call costs the daemon's processor where there is nothing to do, and how many a second there can be."""
    n = bench.count(quick=500, full=20000)
    with Daemon(bench.build, pool=0) as daemon:
        daemon.ask.do(f"piped 100 64 0 {message('Describe')}")
        before = daemon.cpu()
        answer = daemon.ask.do(f"piped {n} 64 0 {message('Describe')}")
        cpu = (daemon.cpu() - before) / n
        with echo(bench.build, daemon.folder.name) as plain:
            single = figures(plain.do(f"single 500 0 0 {message('Describe')}")["us"])
        bench.results["rpc"] = {"cpu": cpu, "a second": n / answer["total"] * 1e6, "echo": single,
                                "Describe": figures(daemon.ask.do(f"single 500 0 0 {message('Describe')}")["us"])}


def left_behind(bench):
    """The processors' time in the three seconds after many were made: what the kernel goes on with."""
    many, seconds = bench.count(quick=50, full=500), bench.count(quick=0.5, full=3)
    results = {"floor": [], "naive": [], "nsnetd": []}

    def after(make):
        bench.settle()
        before = busy()
        time.sleep(seconds)
        idle = busy() - before
        make()
        before = busy()
        time.sleep(seconds)
        return max(0.0, busy() - before - idle)

    for _ in range(bench.count(quick=1, full=3)):
        for name, variant in (("floor", "bridge"), ("naive", "naive")):
            with floor(bench.build, variant) as tool:
                results[name].append(after(lambda: tool.do(f"create {many}")))
        with Daemon(bench.build, pool=0) as daemon:
            results["nsnetd"].append(after(lambda: daemon.ask.do(f"piped {many} 16 0 {create('lan')}")))
    bench.results["left behind, seconds"] = {name: median(values) for name, values in results.items()}
