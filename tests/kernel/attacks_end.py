# SPDX-License-Identifier: LGPL-2.1-or-later
#
# attacks_end - what a namespace's owner may try where he has a link of his own to the host, with frames of his own making
#
#	attacks_end.py through|stopped
#
# Alice (ns "a") attacks bob (ns "b", on the same network), carol (ns "c", on another one) and the host, by her end there; the
# addresses are those of test_route.sh. "through": without the rules, each attack must get through but those that the kind of link
# stops by itself; "stopped": none may. What is right must work in both cases.
#
# Nothing is waited for by the clock: behind an attack goes a datagram that is always let through, and all run on one processor, so
# that when it has arrived the attack has too, or never will.
import os
import re
import socket
import struct
import subprocess
import sys

from attacks import Tap, arp, checksum, ether, heard, icmp6, inside, ip4, ip6, listen, option, packet4, run, udp4, udp6, write

HOST4, ALICE4, BOB4, CAROL4, NOBODY4 = "10.50.1.1", "10.50.1.2", "10.50.1.3", "10.50.2.2", "10.50.1.77"
HOST6, ALICE6, BOB6, CAROL6, NOBODY6 = "fd50:1::1", "fd50:1::2", "fd50:1::3", "fd50:2::2", "fd50:1::77"
FOREIGN4, FOREIGN6 = "203.0.113.80", "2001:db8:20::80"
MARK = 7999


class World:
    def __init__(self):
        link = run("ip", "-o", "link", "show")
        self.end = re.search(r"(nsv\d+)@[^\n]*nsnetd:a/eth0", link).group(1)
        self.mac = re.search(r"ether (\S+)", run("ip", "-n", "a", "link", "show", "eth0")).group(1)
        self.link = re.search(r"inet6 (fe80\S+)/", run("ip", "-n", "a", "address", "show", "dev", "eth0")).group(1)
        self.marks = 0
        with inside("a"):
            self.alice = Tap("eth0")
        with inside("b"):
            self.bob = Tap("eth0")

    def send4(self, packet):
        self.alice.send(ether(self.mac, self.mac, 0x0800, packet))

    def send6(self, packet, target=None):
        self.alice.send(ether(target or self.mac, self.mac, 0x86DD, packet))

    def settle(self, address=HOST4, namespace=None):
        """What alice sent so far has arrived there, or never will."""
        self.marks += 1
        with_mark = b"mark %d" % self.marks
        sock = listen(socket.AF_INET, address, MARK, namespace)
        sock.settimeout(20)
        self.send4(udp4(ALICE4, address, 7, MARK, with_mark))
        while sock.recv(64) != with_mark:
            pass
        sock.close()

    def frames_of_bob(self, text):
        """Whether bob was sent what has that in it."""
        self.marks += 1
        mark = b"end %d." % self.marks
        self.send4(udp4(ALICE4, BOB4, 7, MARK + 1, mark))
        return any(text in frame for frame in self.bob.until(mark))


def to_host4(w, source):
    sock = listen(socket.AF_INET, HOST4, 7001)
    w.send4(udp4(source, HOST4, 7, 7001))
    w.settle()
    return heard(sock, source)


def to_host6(w, source):
    sock = listen(socket.AF_INET6, HOST6, 7001)
    w.send6(udp6(source, HOST6, 7, 7001))
    w.settle()
    return heard(sock, source)


def spoof_bob_to_host_4(w):
    return to_host4(w, BOB4)


def spoof_nobody_to_host_4(w):
    return to_host4(w, NOBODY4)


def spoof_the_world_to_host_4(w):
    return to_host4(w, FOREIGN4)


def spoof_bob_to_host_6(w):
    return to_host6(w, BOB6)


def spoof_nobody_to_host_6(w):
    return to_host6(w, NOBODY6)


def spoof_the_world_to_host_6(w):
    return to_host6(w, FOREIGN6)


def spoof_link_local_to_host(w):
    return to_host6(w, "fe80::77")


def spoof_carol_to_bob_4(w):
    w.send4(udp4(CAROL4, BOB4, 7, 7001, b"as carol"))
    return w.frames_of_bob(b"as carol")


def spoof_carol_to_bob_6(w):
    w.send6(udp6(CAROL6, BOB6, 7, 7001, b"as carol"))
    return w.frames_of_bob(b"as carol")


def spoof_bob_to_carol_4(w):
    sock = listen(socket.AF_INET, CAROL4, 7001, "c")
    w.send4(udp4(BOB4, CAROL4, 7, 7001))
    w.settle()
    return heard(sock, BOB4)


def reach_carol_4(w):
    sock = listen(socket.AF_INET, CAROL4, 7001, "c")
    w.send4(udp4(ALICE4, CAROL4, 7, 7001))
    w.settle()
    return heard(sock, ALICE4)


def reach_carol_6(w):
    sock = listen(socket.AF_INET6, CAROL6, 7001, "c")
    w.send6(udp6(ALICE6, CAROL6, 7, 7001))
    w.settle()
    return heard(sock, ALICE6)


def ask_for_an_address(w):
    sock = listen(socket.AF_INET, "", 67)
    w.alice.send(ether("ff:ff:ff:ff:ff:ff", w.mac, 0x0800, udp4("0.0.0.0", "255.255.255.255", 68, 67, b"discover")))
    w.settle()
    return heard(sock, "0.0.0.0")


def serve_dhcp(w):
    w.send4(udp4(ALICE4, BOB4, 67, 68, b"offer"))
    return w.frames_of_bob(b"offer")


def serve_dhcp_from_another_port(w):
    w.send4(udp4(ALICE4, BOB4, 1067, 68, b"offer"))
    return w.frames_of_bob(b"offer")


def serve_dhcp6(w):
    w.send6(udp6(ALICE6, BOB6, 547, 546, b"reply"))
    return w.frames_of_bob(b"reply")


def redirect_4(w):
    inner = udp4(BOB4, "192.0.2.1", 7, 7)
    body = struct.pack("!BBH4s", 5, 1, 0, ip4(ALICE4)) + inner
    body = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
    w.send4(packet4(ALICE4, BOB4, 1, body))
    return w.frames_of_bob(inner)


def redirect_6(w):
    w.send6(icmp6(ALICE6, BOB6, 137, bytes(4) + ip6(ALICE6) + ip6("2001:db8::1")))
    return w.frames_of_bob(ip6("2001:db8::1"))


def advertise_router(w, target="ff02::1", address="33:33:00:00:00:01"):
    write(f"/proc/sys/net/ipv6/conf/{w.end}/accept_ra", "2")
    rest = struct.pack("!BBHII", 64, 0, 1800, 0, 0) + option(1, w.mac)
    w.send6(icmp6(w.link, target, 134, rest), address)
    w.settle()
    routes = run("ip", "-6", "route", "show", "proto", "ra", "dev", w.end)
    write(f"/proc/sys/net/ipv6/conf/{w.end}/accept_ra", "0")
    subprocess.run(["ip", "-6", "route", "flush", "proto", "ra", "dev", w.end], check=False, capture_output=True)
    return "default" in routes


def advertise_router_to_an_address(w):
    return advertise_router(w, HOST6, w.mac)


def poison_arp(w):
    for operation in 1, 2:
        w.alice.send(ether("ff:ff:ff:ff:ff:ff", w.mac, 0x0806, arp(operation, w.mac, BOB4, "00:00:00:00:00:00", HOST4)))
    w.settle()
    return BOB4 in run("ip", "neigh", "show")


def fill_neighbours(w):
    for i in range(100):
        w.alice.send(ether("ff:ff:ff:ff:ff:ff", w.mac, 0x0806, arp(1, w.mac, f"10.50.1.{100 + i}", "00:00:00:00:00:00", HOST4)))
        w.send6(icmp6(f"fe80::{100 + i}", HOST6, 135, bytes(4) + ip6(HOST6) + option(1, w.mac)))
    w.settle()
    return len(run("ip", "neigh", "show", "dev", w.end).splitlines()) > 50


# Whether the kind of link stops it without any rules.
ATTACKS = (
    (spoof_bob_to_host_4, False), (spoof_nobody_to_host_4, False), (spoof_the_world_to_host_4, False), (spoof_bob_to_host_6, False),
    (spoof_nobody_to_host_6, False), (spoof_the_world_to_host_6, False), (spoof_link_local_to_host, False),
    (spoof_carol_to_bob_4, False), (spoof_carol_to_bob_6, False), (spoof_bob_to_carol_4, False), (reach_carol_4, False),
    (reach_carol_6, False), (ask_for_an_address, False), (serve_dhcp, False), (serve_dhcp_from_another_port, False),
    (serve_dhcp6, False), (redirect_4, False), (redirect_6, False), (advertise_router, True), (advertise_router_to_an_address, False), (poison_arp, True),
    (fill_neighbours, True),
)


def pings(source, target, *options):
    where = ("ip", "netns", "exec", source) if source else ()
    return "1 received" in run(*where, "ping", "-n", "-q", "-c1", "-W20", *options, target, fails=True)


def find_each_other(_w):
    return all(pings(*pair) for pair in (
        ("a", BOB4), ("b", ALICE4), ("a", BOB6), ("b", ALICE6), ("a", HOST4), ("a", HOST6), (None, ALICE4), (None, ALICE6),
        ("a", HOST4, "-s4000"), ("a", BOB6, "-s4000")))


def main():
    is_open = {"through": True, "stopped": False}[sys.argv[1]]
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    world = World()
    wrong = 0
    cases = [(find_each_other, True)] + [(case, is_open and not is_stopped) for case, is_stopped in ATTACKS] + [(find_each_other, True)]
    for case, wanted in cases:
        is_there = case(world)
        wrong += is_there != wanted
        print("ok" if is_there == wanted else "not ok", "-", case.__name__, "gets through" if is_there else "is stopped",
              flush=True)
    sys.exit(1 if wrong else 0)


main()
