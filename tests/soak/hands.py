#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# hands - what others do to our objects, again and again: put back or taken at its word, how soon, and told
#
#     hands.py ROUNDS PLACES WITHIN
#
# For hands.sh, which has made the places. In each round each thing is done once; from then on it takes until Monitor has told and
# all is as it should be by ip(8), nft(8), ping(8) and /proc. That is to be within so many seconds.
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time

SOCKET = os.environ["NSNETD_SOCKET"]
GIVE_UP = 10.0


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode()


def does(*command):
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


class Monitor(threading.Thread):
    """All events, with the time at which they came"""

    def __init__(self):
        super().__init__(daemon=True)
        self.events = []
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(SOCKET)
        self.socket.sendall(b'{"method":"alt.nsnet.Monitor","parameters":{},"more":true}\0')
        self.start()
        while not any(event.get("event") == "ready" for event in list(self.events)):
            time.sleep(0.01)

    def run(self):
        rest = b""
        while True:
            part = self.socket.recv(65536)
            if not part:
                return
            *frames, rest = (rest + part).split(b"\0")
            for frame in frames:
                reply = json.loads(frame)
                self.events.append(dict(reply["parameters"], error=reply.get("error")))

    def has(self, after, kind, key, name):
        """Whether that event came, of that object or, without a key, of any"""
        return any(event.get("event") == kind and (not key or event.get(key) == name) for event in self.events[after:])


def links():
    """Ours, by what they say they are"""
    return {link["ifalias"]: link for link in json.loads(run("ip", "-d", "-j", "address")) if link.get("ifalias", "").startswith("nsnetd:")}


def mounts(name):
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        return sum(f" /run/netns/{name} " in line for line in file)


class Place:
    """A network and two namespaces on it, the second one a member's"""

    def __init__(self, number):
        self.net, self.one, self.two = f"net{number}", f"one{number}", f"two{number}"
        self.prefix = f"10.77.{number}"
        self.port = f"{8080 + number}:80"

    def end(self, name):
        return links()[f"nsnetd:{name}/eth0"]["ifname"]

    def bridge(self):
        return links()[f"nsnetd:@{self.net}"]["ifname"]

    def make(self):
        run("nsnetctl", "create", self.one, "--network", f"{self.net}:ip={self.prefix}.11", "-p", self.port)

    def lacks(self):
        """What is not as it was made; None if all is"""
        there = links()
        bridge = there.get(f"nsnetd:@{self.net}")
        if not bridge or "UP" not in bridge["flags"]:
            return "the bridge"
        addresses = {address["local"] for address in bridge["addr_info"]}
        if f"{self.prefix}.1" not in addresses or not any(address.startswith("fd") for address in addresses):
            return "its addresses"
        if f"{self.prefix}.0/24 " not in run("ip", "route", "show", "dev", bridge["ifname"]):
            return "its route"
        with open(f"/proc/sys/net/ipv4/conf/{bridge['ifname']}/forwarding", encoding="ascii") as file:
            if file.read().strip() != "1":
                return "forwarding"
        for name in (self.one, self.two):
            end = there.get(f"nsnetd:{name}/eth0")
            if not end or end.get("master") != bridge["ifname"] or "UP" not in end["flags"] or mounts(name) != 1:
                return f"the attachment of {name}"
        if f'"{there[f"nsnetd:{self.two}/eth0"]["ifname"]}"' not in run("nft", "list", "set", "bridge", "nsnetd", "guarded"):
            return "the guard"
        if f" {self.port.split(':')[0]} : {self.prefix}.11 . 80" not in run("nft", "list", "map", "inet", "nsnetd", "ports4"):
            return "the published port"
        for who, to in ((self.one, 12), (self.one, 1), (self.two, 11)):
            if not does("nsenter", f"--net=/run/netns/{who}", "ping", "-q", "-c", "1", "-W", "1", f"{self.prefix}.{to}"):
                return f"a ping from {who} to .{to}"
        return None

    def is_whole(self):
        try:
            return self.lacks() is None
        except (RuntimeError, FileNotFoundError):
            # It went while it was looked at.
            return False

    def is_gone(self):
        return not os.path.lexists(f"/run/netns/{self.one}") and mounts(self.one) == 0 and f"nsnetd:{self.one}/eth0" not in links() and \
            not does("nsnetctl", "show", self.one)


def is_elsewhere(_):
    return does("ip", "-n", "aside", "link", "show", "stolen")


def end_elsewhere(_):
    # It would come back without its addresses; so it is to be made anew.
    run("ip", "-n", "aside", "link", "delete", "stolen")


def nothing(_):
    """Is to be done afterwards"""


def rm_alone(place):
    # A name that is a mount point here can be unlinked where it is none, and goes here with its mount.
    run("unshare", "--mount", "--propagation", "private", "sh", "-c", f"umount /run/netns/{place.one} && rm /run/netns/{place.one}")


def forwarding_off(place):
    with open(f"/proc/sys/net/ipv4/conf/{place.bridge()}/forwarding", "w", encoding="ascii") as file:
        file.write("0")


# What is done; what is told, of which; what is true then; what is to be done before the next one.
ONE, TWO, NET = ("namespace", "one"), ("namespace", "two"), ("network", "net")
HANDS = [
    ("ip netns delete", lambda p: run("ip", "netns", "delete", p.one), "deleted", ONE, Place.is_gone, Place.make),
    ("rm alone", rm_alone, "deleted", ONE, Place.is_gone, Place.make),
    ("umount alone", lambda p: run("umount", f"/run/netns/{p.one}"), "restored", ONE, Place.is_whole, nothing),
    ("host's end deleted", lambda p: run("ip", "link", "delete", p.end(p.two)), "restored", TWO, Place.is_whole, nothing),
    ("nomaster", lambda p: run("ip", "link", "set", p.end(p.two), "nomaster"), "restored", TWO, Place.is_whole, nothing),
    ("port down", lambda p: run("ip", "link", "set", p.end(p.two), "down"), "restored", TWO, Place.is_whole, nothing),
    ("eth0 deleted inside", lambda p: run("ip", "-n", p.one, "link", "delete", "eth0"), "restored", ONE, Place.is_whole, nothing),
    ("eth0 moved inside", lambda p: run("ip", "-n", p.one, "link", "set", "eth0", "netns", "aside", "name", "stolen"), "changed", ONE,
     is_elsewhere, end_elsewhere),
    ("bridge deleted", lambda p: run("ip", "link", "delete", p.bridge()), "restored", NET, Place.is_whole, nothing),
    ("bridge down", lambda p: run("ip", "link", "set", p.bridge(), "down"), "restored", NET, Place.is_whole, nothing),
    ("address removed", lambda p: run("ip", "address", "delete", f"{p.prefix}.1/24", "dev", p.bridge()), "restored", NET, Place.is_whole,
     nothing),
    ("route removed", lambda p: run("ip", "route", "delete", f"{p.prefix}.0/24"), "restored", NET, Place.is_whole, nothing),
    ("forwarding off", forwarding_off, "restored", None, Place.is_whole, nothing),
]
# Changes of the rules, which the kernel refuses where the tables are nsnetd's own.
RULES = [
    ("nft", "flush", "ruleset"),
    ("nft", "delete", "table", "inet", "nsnetd"),
    ("nft", "flush", "chain", "bridge", "nsnetd", "guest"),
    ("nft", "flush", "set", "bridge", "nsnetd", "guarded"),
]


def firewall():
    lines = []
    for item in json.loads(run("nft", "--json", "--stateless", "list", "ruleset"))["nftables"]:
        for kind, whole in item.items():
            # Elements are namespaces', which come and go, and come back with other addresses: is_whole() looks at them.
            lines.append(f"{kind} " + json.dumps({key: value for key, value in whole.items() if key not in ("elem", "handle")}, sort_keys=True))
    return sorted(line for line in lines if not re.search(r"nsv|nsnet[0-9]", line))


def wait_until(is_right, begun, what):
    while not is_right():
        if time.monotonic() - begun > GIVE_UP:
            raise RuntimeError(what())
        time.sleep(0.005)
    return time.monotonic() - begun


def change_rules(place, before, number):
    """Flushed, or edited: not possible, or made again"""
    command = RULES[number % len(RULES)]
    does(*command)
    return wait_until(lambda: firewall() == before and place.is_whole(), time.monotonic(),
                      lambda: f"after {' '.join(command)} {place.lacks() or 'nothing'} lacks, and of the rules " +
                      "; ".join(sorted(set(before).symmetric_difference(firewall()))))


def do(monitor, place, hand):
    """How long it took"""
    what, act, kind, whom, is_right, after = hand
    seen = len(monitor.events)
    key, name = (whom[0], getattr(place, whom[1])) if whom else (None, None)
    act(place)
    begun = time.monotonic()
    took = wait_until(lambda: monitor.has(seen, kind, key, name) and is_right(place), begun,
                      lambda: f"{what}: {kind} {name or ''} {'was told' if monitor.has(seen, kind, key, name) else 'was not told'}, and "
                      f"{place.lacks() or 'nothing'} lacks")
    after(place)
    # All of the rest, too, before the next one.
    wait_until(place.is_whole, time.monotonic(), lambda: f"{what}: afterwards {place.lacks()} lacks")
    return took


def tell(what, times, within):
    late = sum(took > within for took in times)
    times.sort()
    print(f"{what} x {len(times)}: half within {times[len(times) // 2] * 1000:.0f} ms, all within {times[-1] * 1000:.0f} ms, {late} later than {within:g} s")
    return late


def main():
    rounds, n_places, within = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    places = [Place(i) for i in range(n_places)]
    monitor = Monitor()
    for place in places:
        if place.lacks():
            print(f"at the beginning {place.lacks()} is not there", file=sys.stderr)
            return 1
    before = firewall()
    times = {hand[0]: [] for hand in HANDS}
    rules = []
    wrong = None
    try:
        for i in range(rounds):
            # In turn: what is taken away more than ten times in ten seconds is let alone for a while.
            place = places[i % n_places]
            for hand in HANDS:
                times[hand[0]].append(do(monitor, place, hand))
            rules.append(change_rules(place, before, i))
    except RuntimeError as error:
        wrong = error
    late = sum(tell(what, taken, within) for what, taken in times.items() if taken)
    late += tell("rules flushed or edited", rules, within) if rules else 0
    if wrong:
        print(f"round {i}: {wrong}", file=sys.stderr)
    return 1 if wrong or late else 0


if __name__ == "__main__":
    sys.exit(main())
