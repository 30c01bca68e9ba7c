# SPDX-License-Identifier: LGPL-2.1-or-later
# allocations - every allocation of a request, and of a start, fails in turn: to be run by allocations.sh
#
#     allocations.py NSNETD PRELOAD [EVERY]
#
# The daemon must end by SIGABRT and say why, or answer right; never by SIGSEGV, never with less than was asked for. After the next start
# all is as it was before the request or as it is after it, and nothing is left behind once everything is deleted. EVERY: the n-th
# allocation alone is tried, and the n-th after it, …
import json
import mmap
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time

import leaks
import varlink

CLEAN_AFTER = 200  # points between two looks at what is left once everything is deleted
WORK = os.environ["WORK"]
LINE = "out of memory"
ERROR_SIZE = 1 << 16

# What stands before each request.
NETWORKS = {"net": {"prefixes": ["10.9.0.0/24", "fd09::/64"]}, "spare": {"prefixes": ["10.10.0.0/24"], "reach": "internal"}}
NAMESPACES = {
    "old": {
        "attachments": [{"network": "net", "addresses": ["10.9.0.9"]}],
        "ports": [{"protocol": "tcp", "hostPort": 8080, "namespacePort": 80}],
        "sysctls": {"net.ipv4.ip_forward": "1"},
        "labels": {"a": "b"},
    }
}
WHOLE = {
    "description": "all there is",
    "attachments": [{"network": "net", "addresses": ["10.9.0.20", "fd09::20"]}, {"network": "spare", "interfaceName": "in0"}],
    "ports": [{"protocol": "udp", "hostPort": 5353, "namespacePort": 53}, {"protocol": "tcp", "namespacePort": 80}],
    "routes": [{"destination": "192.0.2.0/24", "gateway": "10.9.0.1", "metric": 7}],
    "nameServers": ["10.9.0.1"],
    "sysctls": {"net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "1"},
    "labels": {"x": "y", "z": ""},
}
REQUESTS = {
    "describe": ("Describe", {}),
    "create a network": ("CreateNetwork", {"name": "new", "context": {"prefixes": ["10.11.0.0/24"], "labels": {"a": "b"}, "isolated": True}}),
    "create a namespace": ("CreateNamespace", {"name": "new", "context": WHOLE}),
    "create, and the default network": ("CreateNamespace", {"name": "new"}),
    "create what cannot be": ("CreateNamespace", {"name": "new", "context": {"attachments": [{"network": "net", "addresses": ["10.9.0.9"]}]}}),
    "set a namespace": ("SetNamespace", {"name": "old", "context": WHOLE}),
    "set a network": ("SetNetwork", {"name": "net", "context": {"maximumTransmissionUnit": 1400, "isolated": True, "reach": "internal"}}),
    "list namespaces": ("ListNamespaces", {"inspect": True}),
    "list networks": ("ListNetworks", {}),
    "open": ("OpenNamespace", {"name": "old"}),
    "monitor": ("Monitor", {}),
    "delete a namespace": ("DeleteNamespaces", {"names": ["old"]}),
    "delete a network": ("DeleteNetworks", {"names": ["spare"]}),
    "a field too many": ("CreateNamespace", {"name": "new", "context": {"colour": 1}}),
    "no JSON": (None, '{"method":"alt.nsnet.CreateNamespace","parameters":{"name":"new"'),
}
PASSING = re.compile(r'"(created|time|inode|cookie|bridgeIndex|processes|statistics|index|operationalState)": ("[^"]*"|\{[^{}]*\}|\[[^][]*\]|-?\d+)')


class Word:
    """What fail_allocation.c counts by"""

    def __init__(self, path):
        with open(path, "wb") as file:
            file.write(bytes(24))
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), 24)

    def arm(self, fail_at):
        self.map[:] = struct.pack("QQQ", fail_at, 0, 0)

    def read(self):
        return struct.unpack("QQQ", self.map[:])


class Daemon:
    def __init__(self, nsnetd, preload):
        self.command = [nsnetd, "--socket", varlink.SOCKET]
        self.environment = {**os.environ, "LD_PRELOAD": preload, "NSNET_ALLOCATIONS": f"{WORK}/word"}
        self.log = open(f"{WORK}/daemon.log", "w+b")
        self.process = None

    def begin(self):
        self.log.seek(0)
        self.log.truncate()
        self.process = subprocess.Popen(self.command, env=self.environment, stderr=self.log, stdin=subprocess.DEVNULL)

    def serves(self):
        """True once it answers, False where it has ended"""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if self.process.poll() is not None:
                return False
            try:
                with socket.socket(socket.AF_UNIX) as s:
                    s.connect(varlink.SOCKET)
                return True
            except OSError:
                time.sleep(0.001)
        raise RuntimeError("nsnetd neither serves nor ends")

    def start(self):
        self.begin()
        if not self.serves():
            raise RuntimeError(f"nsnetd does not start: {self.process.returncode}: {self.said()}")

    def said(self):
        self.log.flush()
        with open(self.log.name, "rb") as file:
            return file.read(ERROR_SIZE).decode(errors="replace")

    def must_have_aborted(self, what):
        status = self.process.wait(60)
        if status != -signal.SIGABRT:
            raise AssertionError(f"{what}: ended by {status}, not by SIGABRT: {self.said()}")
        if LINE not in self.said():
            raise AssertionError(f"{what}: does not say why: {self.said()}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(60) != 0:
            raise AssertionError(f"ended by {self.process.returncode}: {self.said()}")


def plain(value):
    """Without what is another each time"""
    text = re.sub(r"nsv\d+", "nsv", json.dumps(value, sort_keys=True))
    return PASSING.sub("", re.sub(r'"created": \{[^{}]*\}', "", text))


def ask(request):
    """The answer, or None where the daemon ended meanwhile"""
    method, parameters = request
    try:
        if method:
            until = "ready" if method == "Monitor" else None
            return plain(varlink.call("alt.nsnet." + method, parameters, method.startswith(("List", "Monitor")), until))
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(60)
            s.connect(varlink.SOCKET)
            s.sendall(parameters.encode() + b"\0")
            return f"closed after {s.recv(65536)!r}"
    except (varlink.Closed, BrokenPipeError, ConnectionResetError, ConnectionRefusedError):
        return None


def sure(method, parameters, more=False):
    replies = varlink.call("alt.nsnet." + method, parameters, more)
    if replies[-1][0]:
        raise RuntimeError(f"{method} {parameters}: {replies[-1]}")
    return replies


def names(method):
    replies = varlink.call("alt.nsnet." + method, {}, True)
    return [] if replies[0][0] else [parameters["name"] for _, parameters in replies]


def prepare():
    for name, context in NETWORKS.items():
        sure("CreateNetwork", {"name": name, "context": context})
    for name, context in NAMESPACES.items():
        sure("CreateNamespace", {"name": name, "context": context})


def clear():
    for noun in ("Namespaces", "Networks"):
        there = names("List" + noun)
        if there:
            sure("Delete" + noun, {"names": there})


def state():
    """What the daemon tells, and what there is of it in the kernel"""
    told = [plain(varlink.call("alt.nsnet." + method, parameters, True))
            for method, parameters in (("ListNamespaces", {"inspect": True}), ("ListNetworks", {}))]
    # What the pool has made ahead comes and goes.
    files = sorted(re.sub(r" \d+ bytes \w+$", "", line) for line in leaks._files() if "/etc/%" not in line)
    return told + [files, sorted(os.listdir("/run/netns"))]


def differ(wanted, got):
    """What of a state is another: what is told, as a whole; of files, those too many or too few"""
    lines = []
    for old, new in zip(wanted, got):
        if old != new:
            lines += [f"- {old}", f"+ {new}"] if isinstance(old, str) else [f"- {x}" for x in old if x not in new] + [f"+ {x}" for x in new if x not in old]
    return "\n".join(lines)


def steady():
    """What is there, once what was deleted has gone: the kernel takes its time"""
    last = leaks.take()
    for _ in range(600):
        time.sleep(0.1)
        now = leaks.take()
        if not leaks.compare(last, now) and not leaks.compare(now, last):
            break
        last = now
    return last


class Test:
    def __init__(self, nsnetd, preload, every):
        self.daemon = Daemon(nsnetd, preload)
        self.word = Word(f"{WORK}/word")
        self.every = every
        self.points = self.aborted = self.answered = self.failures = 0
        self.titles = set()
        self.daemon.start()
        # Some descriptors and directories come with the first use.
        prepare()
        clear()
        self.nothing = steady()

    def fail(self, what):
        """Told of once each request; the others are counted"""
        self.failures += 1
        title = what.partition(",")[0]
        if title not in self.titles:
            self.titles.add(title)
            print(f"{what}\nnsnetd said at its start:\n{self.daemon.said()}", flush=True)

    def must_be_clean(self, what):
        clear()
        left = leaks.wait(self.nothing)
        if left:
            raise AssertionError(f"{what}: left behind:\n" + "\n".join(left))

    def restore(self, before, now, what):
        if self.points % CLEAN_AFTER == 0:
            self.must_be_clean(what)
            prepare()
        elif now != before:
            clear()
            prepare()

    def point(self, title, request, n, right, states):
        """False: there are less allocations than that"""
        what = f"{title}, allocation {n}"
        self.word.arm(n)
        answer = ask(request)
        failed = self.word.read()[2]
        self.word.arm(0)
        if not failed:
            if answer != right:
                raise AssertionError(f"{what}: answered {answer}, not {right}")
            return False
        self.points += 1
        if answer is None:
            self.aborted += 1
        elif answer == right:
            self.answered += 1
        else:
            raise AssertionError(f"{what}: answered {answer}, not {right}")
        self.daemon.must_have_aborted(what)
        self.daemon.start()
        now = state()
        before, after = states[0], states[-1]
        if now not in states:
            self.fail(f"{what}: neither as before:\n{differ(before, now)}\nnor as after:\n{differ(after, now)}")
        # What was answered with success stays done.
        elif answer is not None and now != after:
            self.fail(f"{what}: answered, and not done")
        self.restore(before, now, what)
        return True

    def request(self, title, request):
        prepare()
        before = state()
        right = ask(request)
        states = [before, state()]
        # Two objects come, one after the other: the first may be there alone.
        if "default" in title:
            sure("DeleteNamespaces", {"names": ["new"]})
            states.insert(1, state())
        # Once more, from where it begins each time.
        clear()
        prepare()
        if state() != before:
            raise AssertionError(f"{title}: the same objects look different:\n{differ(before, state())}")
        first, n = self.points, 1
        while self.point(title, request, n, right, states):
            n += self.every
        self.must_be_clean(title)
        print(f"{title}: {self.points - first} allocations failed", flush=True)

    def first_network(self):
        """The tables of the firewall come with it"""
        request = REQUESTS["create a network"]
        before = state()
        right = ask(request)
        states = [before, state()]
        clear()
        first, n = self.points, 1
        while self.point_without(request, n, right, states):
            n += self.every
        self.must_be_clean("the first network")
        print(f"create the first network: {self.points - first} allocations failed", flush=True)

    def point_without(self, request, n, right, states):
        global prepare
        whole, prepare = prepare, lambda: None
        try:
            return self.point("the first network", request, n, right, states)
        finally:
            prepare = whole

    def start(self):
        """Start-up, with all kinds of objects to be found"""
        prepare()
        before = state()
        first, n = self.points, 1
        self.daemon.stop()
        while True:
            what = f"start-up, allocation {n}"
            self.word.arm(n)
            self.daemon.begin()
            is_serving = self.daemon.serves()
            failed = self.word.read()[2]
            self.word.arm(0)
            if is_serving and not failed:
                break
            self.points += 1
            self.aborted += 1
            self.daemon.must_have_aborted(what)
            self.daemon.start()
            now = state()
            if now != before:
                self.fail(f"{what}: not as before:\n{differ(before, now)}")
                clear()
                prepare()
            if self.points % CLEAN_AFTER == 0:
                self.must_be_clean(what)
                prepare()
            self.daemon.stop()
            n += self.every
        self.must_be_clean("start-up")
        print(f"start-up: {self.points - first} allocations failed", flush=True)


def must_be_ours(nsnetd):
    """The libraries' allocations go through the daemon's own functions, as the dynamic linker sees it"""
    environment = {**os.environ, "LD_DEBUG": "bindings", "LD_BIND_NOW": "1"}
    said = subprocess.run([nsnetd, "--version"], env=environment, capture_output=True, check=True).stderr.decode()
    for library in ("libjson-c", "libnftables", "libnl-3", "libsystemd", "libc"):
        for function in ("malloc", "calloc", "realloc"):
            bindings = re.findall(rf"binding file \S*/{re.escape(library)}\.so\S* \[0\] to (\S+) \[0\]: normal symbol `{function}'", said)
            # A library may do without one of them.
            if (not bindings and function == "malloc" and library != "libsystemd") or any(to != nsnetd for to in bindings):
                raise AssertionError(f"{library}: {function} is of {bindings}")
    print("malloc, calloc and realloc of all libraries are the daemon's own")


def main(nsnetd, preload, every="1"):
    must_be_ours(nsnetd)
    test = Test(nsnetd, preload, int(every))
    try:
        for title, request in REQUESTS.items():
            test.request(title, request)
        test.first_network()
        test.start()
    finally:
        if test.daemon.process.poll() is None:
            test.daemon.process.kill()
    if test.failures:
        raise SystemExit(f"allocations: {test.failures} of {test.points} points left what is neither as before nor as after")
    print(f"allocations: {len(REQUESTS) + 1} kinds of requests and start-up, {test.points} allocations failed, {test.aborted} ended by SIGABRT, "
          f"{test.answered} after the right answer, 0 otherwise; nothing left behind")


main(*sys.argv[1:])
