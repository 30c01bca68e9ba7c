# SPDX-License-Identifier: LGPL-2.1-or-later
"""traffic - what namespaces can do once they are there, and what becomes of it when the daemon is started anew

As in measures.py each function is one measurement, and its figures go into bench.results.
"""
import time

from measures import FLAT, LAN, figures
from world import MEMBER, Daemon, World, create, median, message

PORT = 5000
SLOW = 500_000  # microseconds: it had to be sent again


def first_packets(bench):
    """The first packet at once after the answer; many that talk at the same time; a start with so many there."""
    many = bench.count(quick=60, full=1000)
    bench.results["first"] = {}
    for name, pool, network in (("as configured", bench.pool, "lan"), ("routed, PoolSize=0", 0, "flat"), ("PoolSize=0", 0, "lan")):
        with Daemon(bench.build, pool=pool, networks=(LAN, FLAT)) as daemon:
            idle = daemon.memory()
            server = daemon.background([daemon.bin / "talk", "serve", PORT])
            gateway = "10.51.0.1" if network == "flat" else "10.50.0.1"
            talk = daemon.tool([daemon.bin / "talk", gateway, PORT, daemon.path])
            time.sleep(0.2)
            answer = talk.do(f"first {many} 0 0 n%u {create(network)}", may_fail=True)
            slow = sum(us > SLOW for us in answer["us"]) + answer["failed"]
            bench.results["first"][name] = {**figures(answer["us"]), "n": many, "slow": slow, "worst": max(answer["us"], default=0)}
            if name != "PoolSize=0":
                continue
            crowd(bench, talk, many)
            full = daemon.memory()
            restart(bench, daemon, many)
            bench.results["memory"] = {"rss": idle[0], "pss": idle[1], "a namespace": (full[0] - idle[0]) / many}
        server.wait()
        bench.settle()


def crowd(bench, talk, many):
    many = many * 9 // 10
    answer = talk.do(f"crowd {many} 0 n%u", may_fail=True)
    slow = sum(us > SLOW for us in answer["us"]) + answer["failed"]
    bench.results["crowd"] = {"n": many, "slow": slow, "worst": max(answer["us"], default=0), "why": answer["why"]}


def restart(bench, daemon, many):
    """How soon the first answer comes, and one about all; what a flow loses that goes on meanwhile."""
    results = {"first answer": [], "all told": [], "lost": 0, "sent": 0}
    asker, lister = daemon.asker(), daemon.asker()
    flow = daemon.tool([daemon.bin / "talk", "10.50.0.1", PORT], netns="n0")
    flow.do("udp 10 1000 64")
    for _ in range(bench.count(quick=1, full=5)):
        packets = 500
        flow.start(f"udp {packets} 1000 64")
        daemon.stop()
        # It waits on the socket, which is there all the time.
        asker.start("more 1 0 0 " + message("ListNamespaces", more=True, name="n1"))
        daemon.launch()
        first = asker.finish()["at"]
        # All are told of when each was looked at.
        last = lister.do("more 1 0 0 " + message("ListNamespaces", more=True))["at"]
        daemon.wait_ready()
        results["first answer"].append((first - daemon.started()) * 1e6)
        results["all told"].append((last - daemon.started()) * 1e6)
        answer = flow.finish(may_fail=True)
        results["lost"] += answer["failed"]
        results["sent"] += packets
        bench.settle(most=1)
    bench.results["restart"] = {"n": many, **{name: median(v) if isinstance(v, list) else v for name, v in results.items()}}


def outside(world):
    """Somebody beyond the host, who knows the way to nobody of ours but by the host."""
    world.sh("ip netns add beyond; ip link add up0 type veth peer name eth0 netns beyond; ip addr add 10.99.0.1/24 dev up0; "
             "ip link set up0 up; ip route add default via 10.99.0.2; ip -n beyond addr add 10.99.0.2/24 dev eth0; "
             "ip -n beyond link set eth0 up; ip -n beyond route add default via 10.99.0.1")


def plain_bridge(build):
    """Two namespaces at a bridge, and nothing else: no filter, no address translation."""
    world = World(build)
    world.sh("ip link add br0 type bridge; ip addr add 10.20.0.1/16 dev br0; ip link set br0 up; "
             "echo 1 >/proc/sys/net/ipv4/ip_forward; "
             "for i in 1 2; do ip netns add n$i; ip link add v$i numtxqueues 1 numrxqueues 1 type veth "
             "peer name eth0 numtxqueues 1 numrxqueues 1 netns n$i; ip link set v$i master br0 up; "
             "ip -n n$i addr add 10.20.0.1$i/16 dev eth0; ip -n n$i link set eth0 up; ip -n n$i route add default via 10.20.0.1; done; "
             "for f in /proc/sys/net/bridge/bridge-nf-call-*; do [ ! -e $f ] || echo 0 >$f; done")
    outside(world)
    return world


def prepared(build):
    """Pairs of root's, of a member's (who is guarded against), and one that is kept from its neighbours."""
    daemon = Daemon(build, pool=0, networks=(LAN, FLAT, ("apart", "10.52.0.0/16", {"isolated": True})))
    outside(daemon)
    member = daemon.asker(uid=MEMBER)
    for ask, name, network, address in (
            (daemon.ask, "r1", "lan", "10.50.0.11"), (daemon.ask, "r2", "lan", "10.50.0.12"), (member, "m1", "lan", "10.50.0.21"),
            (member, "m2", "lan", "10.50.0.22"), (daemon.ask, "i1", "apart", "10.52.0.11"), (daemon.ask, "f1", "flat", "10.51.0.11")):
        context = {"attachments": [{"network": network, "addresses": [address]}]}
        ask.do("kept 1 0 0 " + message("CreateNamespace", name=name, context=context))
    return daemon


# (what it is, of which world, from where, to what, server in, beside which)
PATHS = (
    ("plain bridge", "plain", "n1", "10.20.0.12", "n2", None),
    ("plain bridge, to the host", "plain", "n1", "10.20.0.1", None, None),
    ("plain bridge, routed to outside", "plain", "n1", "10.99.0.2", "beyond", None),
    ("nsnetd, root's", "daemon", "r1", "10.50.0.12", "r2", "plain bridge"),
    ("nsnetd, a member's: anti-spoof", "daemon", "m1", "10.50.0.22", "m2", "plain bridge"),
    ("nsnetd, isolated, to the host", "daemon", "i1", "10.52.0.1", None, "plain bridge, to the host"),
    ("nsnetd, routed, to the host", "daemon", "f1", "10.51.0.1", None, "plain bridge, to the host"),
    ("nsnetd, by NAT to outside", "daemon", "r1", "10.99.0.2", "beyond", "plain bridge, routed to outside"),
)


def data_path(bench):
    """Ping-pong on one processor and bulk on two, all side by side in short bursts."""
    pings, mebibytes = bench.count(quick=50, full=500), bench.count(quick=4, full=64)
    times = {kind: {path[0]: [] for path in PATHS} for kind in ("udp", "tcp", "bulk")}
    with plain_bridge(bench.build) as plain, prepared(bench.build) as daemon:
        worlds, serving, talkers = {"plain": plain, "daemon": daemon}, set(), {}
        for name, which, source, target, place, _ in PATHS:
            world = worlds[which]
            if (which, place) not in serving:
                world.background([world.bin / "talk", "serve", PORT], netns=place, cpu=0)
                serving.add((which, place))
            talkers[name] = [world.tool([world.bin / "talk", target, PORT], netns=source, cpu=cpu) for cpu in (0, 1 % bench.cpus)]
        time.sleep(0.3)
        for name, (near, far) in talkers.items():
            near.do(f"tcp {pings} 0 64")
            far.do("bulk 1")
        for i in range(bench.count(quick=2, full=25)):
            for name, (near, far) in talkers.items():
                times["udp"][name].append(median(near.do(f"udp {pings} 0 64")["us"]))
                times["tcp"][name].append(median(near.do(f"tcp {pings} 0 64")["us"]))
                if i % 2 == 0:
                    times["bulk"][name].append(far.do(f"bulk {mebibytes}")["total"] / mebibytes)
    results = bench.results["data path"] = {}
    for name, _, _, _, _, beside in PATHS:
        results[name] = {kind: median(times[kind][name]) for kind in times}
        if beside:
            results[name]["ratios"] = {
                kind: median([a / b for a, b in zip(times[kind][name], times[kind][beside])]) for kind in times}
