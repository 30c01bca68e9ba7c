# SPDX-License-Identifier: LGPL-2.1-or-later
#
# attacks - what a namespace's owner may try against his neighbours and the host, with frames of his own making
#
#	attacks.py through|stopped
#
# Alice (ns1) attacks bob (ns2) and the host, all at the bridge nsnet0; ns3 is at nsnet1. Each attack must get through, or each
# must be stopped; what is right must work in both cases. Runs in the sandbox of test_attacks.
#
# Nothing is waited for by the clock: behind an attack goes a frame that is always let through, and all run on one processor, so
# that when it has arrived the attack has too, or never will.
import contextlib
import ctypes
import os
import re
import socket
import struct
import subprocess
import sys

PATIENCE = 20  # seconds, for what must come
BROADCAST = "ff:ff:ff:ff:ff:ff"
HOST4, ALICE4, BOB4, FAR4 = "10.99.0.1", "10.99.0.10", "10.99.0.20", "10.99.1.30"
HOST6, ALICE6, BOB6 = "fd99::1", "fd99::a", "fd99::14"
ALICE_LINK, BOB_LINK = "fe80::6e:aff:fe63:a", "fe80::6e:aff:fe63:14"
NOBODY4, NOBODY6 = "10.99.0.77", "fd99::77"
HOST, ALICE, BOB = "02:6e:0a:63:00:01", "02:6e:0a:63:00:0a", "02:6e:0a:63:00:14"

libc = ctypes.CDLL(None, use_errno=True)


# ---- frames ----

def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def ip4(text):
    return socket.inet_pton(socket.AF_INET, text)


def ip6(text):
    return socket.inet_pton(socket.AF_INET6, text)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ether(dst, src, kind, payload):
    return mac(dst) + mac(src) + struct.pack("!H", kind) + payload


def tagged(frame):
    """With a tag of priority alone, which the receiver takes off without being told to."""
    return frame[:12] + struct.pack("!HH", 0x8100, 0) + frame[12:]


def arp(operation, sender_mac, sender, target_mac, target):
    return struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + mac(sender_mac) + ip4(sender) + mac(target_mac) + ip4(target)


def packet4(src, dst, protocol, payload, fragment=0):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 7, fragment, 64, protocol, 0, ip4(src), ip4(dst))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def udp(sport, dport, payload=b""):
    return struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload


def udp4(src, dst, sport, dport, payload=b""):
    return packet4(src, dst, 17, udp(sport, dport, payload))


def packet6(src, dst, protocol, payload, at, behind=b"", hops=255):
    """The checksum stands at that offset of the payload; an extension header may go before."""
    pseudo = ip6(src) + ip6(dst) + struct.pack("!II", len(payload), protocol)
    payload = payload[:at] + struct.pack("!H", checksum(pseudo + payload)) + payload[at + 2 :]
    first = 60 if behind else protocol
    return struct.pack("!IHBB", 6 << 28, len(behind + payload), first, hops) + ip6(src) + ip6(dst) + behind + payload


def udp6(src, dst, sport, dport, payload=b""):
    return packet6(src, dst, 17, udp(sport, dport, payload), 6)


def icmp6(src, dst, kind, rest, behind=b""):
    return packet6(src, dst, 58, struct.pack("!BBH", kind, 0, 0) + rest, 2, behind)


def option(kind, address):
    return struct.pack("!BB", kind, 1) + mac(address)


def group6(address):
    return "33:33:" + ":".join(f"{byte:02x}" for byte in ip6(address)[12:])


# ---- the world ----

@contextlib.contextmanager
def inside(name):
    with open("/proc/self/ns/net") as home, open(f"/run/netns/{name}") as there:
        if libc.setns(there.fileno(), 0) != 0:
            raise OSError(ctypes.get_errno(), f"setns {name}")
        try:
            yield
        finally:
            if libc.setns(home.fileno(), 0) != 0:
                os._exit(99)


def run(*command, fails=False):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0 and not fails:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


class Tap:
    """A raw socket at an interface."""

    def __init__(self, interface):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE
        self.socket.bind((interface, 0))
        self.socket.settimeout(PATIENCE)

    def send(self, frame):
        self.socket.send(frame)

    def until(self, mark):
        """The frames that came in before the one with the mark in it."""
        frames = []
        while True:
            frame, sender = self.socket.recvfrom(65535)
            if mark in frame:
                return frames
            if sender[2] != socket.PACKET_OUTGOING:
                frames.append(frame)


class World:
    def __init__(self):
        self.marks = 0
        self.host = Tap("nsnet0")
        with inside("ns1"):
            self.alice = Tap("eth0")
        with inside("ns2"):
            self.bob = Tap("eth0")

    def mark(self, tap, name, address, sender):
        """Sends what every neighbour gets, and no firewall looks at: ARP about nobody but the sender."""
        self.marks += 1
        mark = b"mark %d of %s." % (self.marks, name)
        tap.send(ether(BROADCAST, address, 0x0806, arp(1, address, sender, "00:00:00:00:00:00", sender)) + mark)
        return mark

    def settle(self):
        """What alice sent so far has arrived: what came to bob, and to the host."""
        mark = self.mark(self.alice, b"alice", ALICE, ALICE4)
        return self.bob.until(mark), self.host.until(mark)

    def settle_alice(self):
        """The same for what came to her from bob, and from the host."""
        frames = self.alice.until(self.mark(self.bob, b"bob", BOB, BOB4))
        return frames + self.alice.until(self.mark(self.host, b"host", HOST, HOST4))

    def meet(self):
        """Bob and the host know each other, and nobody anybody else."""
        for where in (), ("-n", "ns1"), ("-n", "ns2"):
            run("ip", *where, "neigh", "flush", "all")
        run("ip", "netns", "exec", "ns2", "ping", "-n", "-q", "-c1", f"-W{PATIENCE}", HOST4)
        run("ip", "netns", "exec", "ns2", "ping", "-n", "-q", "-c1", f"-W{PATIENCE}", HOST6)
        self.settle()
        self.settle_alice()


def listen(family, address, port, namespace=None):
    with inside(namespace) if namespace else contextlib.nullcontext():
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, port))
    sock.setblocking(False)
    return sock


def heard(sock, source=None):
    """Whether something of that source came in."""
    sources = []
    with contextlib.suppress(BlockingIOError):
        while True:
            sources.append(sock.recvfrom(65535)[1][0].partition("%")[0])
    sock.close()
    return bool(sources) if source is None else source in sources


def lladdr(address, *where):
    found = re.search(r"lladdr (\S+)", run("ip", *where, "neigh", "show", address))
    return found.group(1) if found else None


def has(frames, kind, text):
    return any(frame[12:14] == struct.pack("!H", kind) and text in frame for frame in frames)


# ---- the attacks: whether they get through ----

def spoof_to_host_4(w):
    sock = listen(socket.AF_INET, HOST4, 7001)
    w.alice.send(ether(HOST, ALICE, 0x0800, udp4(NOBODY4, HOST4, 7, 7001)))
    w.settle()
    return heard(sock, NOBODY4)


def spoof_to_host_6(w):
    sock = listen(socket.AF_INET6, HOST6, 7001)
    w.alice.send(ether(HOST, ALICE, 0x86DD, udp6(NOBODY6, HOST6, 7, 7001)))
    w.settle()
    return heard(sock, NOBODY6)


def spoof_link_local(w):
    sock = listen(socket.AF_INET6, HOST6, 7001)
    w.alice.send(ether(HOST, ALICE, 0x86DD, udp6(BOB_LINK, HOST6, 7, 7001)))
    w.settle()
    return heard(sock, BOB_LINK)


def spoof_by_reserved_group(w, address="01:80:c2:00:00:0e"):
    sock = listen(socket.AF_INET, HOST4, 7001)
    w.alice.send(ether(address, ALICE, 0x0800, udp4(NOBODY4, HOST4, 7, 7001)))
    w.settle()
    return heard(sock, NOBODY4)


def spoof_by_another_reserved_group(w):
    return spoof_by_reserved_group(w, "01:80:c2:00:00:03")


def fill_neighbours_by_reserved_group(w):
    w.alice.send(ether("01:80:c2:00:00:0e", ALICE, 0x0806, arp(1, ALICE, NOBODY4, "00:00:00:00:00:00", HOST4)))
    w.settle()
    return NOBODY4 in run("ip", "neigh", "show", "dev", "nsv1")


def spoof_host_to_bob_4(w):
    sock = listen(socket.AF_INET, BOB4, 7001, "ns2")
    w.alice.send(ether(BOB, ALICE, 0x0800, udp4(HOST4, BOB4, 7, 7001)))
    w.settle()
    return heard(sock, HOST4)


def spoof_host_to_bob_6(w):
    sock = listen(socket.AF_INET6, BOB6, 7001, "ns2")
    w.alice.send(ether(BOB, ALICE, 0x86DD, udp6(HOST6, BOB6, 7, 7001)))
    w.settle()
    return heard(sock, HOST6)


def spoof_hardware_address(w):
    sock = listen(socket.AF_INET, BOB4, 7001, "ns2")
    w.alice.send(ether(BOB, "02:00:00:00:00:77", 0x0800, udp4(ALICE4, BOB4, 7, 7001)))
    w.settle()
    return heard(sock, ALICE4)


def steal_port(w):
    """The bridge takes her for bob: what the host sends him comes to her."""
    w.meet()
    w.alice.send(ether(BROADCAST, BOB, 0x0800, udp4(ALICE4, "255.255.255.255", 7, 7002)))
    # No mark yet: bob's would win the port back.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"for bob alone", (BOB4, 7003))
    return any(b"for bob alone" in frame for frame in w.settle_alice())


def poison_bob_arp(w, dress=lambda frame: frame):
    w.meet()
    w.alice.send(dress(ether(BOB, ALICE, 0x0806, arp(1, ALICE, HOST4, "00:00:00:00:00:00", BOB4))))
    w.settle()
    return lladdr(HOST4, "-n", "ns2") == ALICE


def poison_bob_arp_tagged(w):
    return poison_bob_arp(w, tagged)


def poison_host_arp(w):
    w.meet()
    w.alice.send(ether(HOST, ALICE, 0x0806, arp(1, ALICE, BOB4, "00:00:00:00:00:00", HOST4)))
    w.settle()
    return lladdr(BOB4) == ALICE


def poison_bob_neighbour(w, behind=b""):
    w.meet()
    rest = struct.pack("!I", 0x20000000) + ip6(HOST6) + option(2, ALICE)
    w.alice.send(ether(BOB, ALICE, 0x86DD, icmp6(ALICE6, BOB6, 136, rest, behind)))
    w.settle()
    return lladdr(HOST6, "-n", "ns2") == ALICE


def poison_bob_neighbour_behind_options(w):
    return poison_bob_neighbour(w, bytes([58, 0, 1, 4, 0, 0, 0, 0]))


def poison_host_neighbour(w):
    w.meet()
    rest = struct.pack("!I", 0x20000000) + ip6(BOB6) + option(2, ALICE)
    w.alice.send(ether(HOST, ALICE, 0x86DD, icmp6(ALICE6, HOST6, 136, rest)))
    w.settle()
    return lladdr(BOB6) == ALICE


def claim_address(w):
    """Who asks whether an address is free, claims it as well."""
    group = "ff02::1:ff00:14"
    w.alice.send(ether(group6(group), ALICE, 0x86DD, icmp6("::", group, 135, bytes(4) + ip6(BOB6))))
    return has(w.settle()[0], 0x86DD, ip6(BOB6))


def advertise_router(w, behind=b""):
    with inside("ns2"):
        write("/proc/sys/net/ipv6/conf/eth0/accept_ra", "2")
    rest = struct.pack("!BBHII", 64, 0, 1800, 0, 0) + option(1, ALICE)
    w.alice.send(ether(group6("ff02::1"), ALICE, 0x86DD, icmp6(ALICE_LINK, "ff02::1", 134, rest, behind)))
    w.settle()
    routes = run("ip", "-n", "ns2", "-6", "route", "show", "default", "proto", "ra")
    with inside("ns2"):
        write("/proc/sys/net/ipv6/conf/eth0/accept_ra", "0")
    if routes:
        run("ip", "-n", "ns2", "-6", "route", "del", "default", "proto", "ra")
    return ALICE_LINK in routes


def advertise_router_behind_options(w):
    return advertise_router(w, bytes([58, 0, 1, 4, 0, 0, 0, 0]))


def serve_dhcp(w, port=67):
    sock = listen(socket.AF_INET, "", 68, "ns2")
    w.alice.send(ether(BROADCAST, ALICE, 0x0800, udp4(ALICE4, "255.255.255.255", port, 68, b"offer")))
    w.settle()
    return heard(sock)


def serve_dhcp_from_another_port(w):
    return serve_dhcp(w, 1067)


def serve_dhcp_in_fragments(w):
    sock = listen(socket.AF_INET, "", 68, "ns2")
    whole = udp(67, 68, b"an offer in two parts")
    for fragment, part in (0x2000, whole[:8]), (1, whole[8:]):
        w.alice.send(ether(BOB, ALICE, 0x0800, packet4(ALICE4, BOB4, 17, part, fragment)))
    w.settle()
    return heard(sock)


def serve_dhcp6(w):
    sock = listen(socket.AF_INET6, "::", 546, "ns2")
    w.alice.send(ether(BOB, ALICE, 0x86DD, udp6(ALICE_LINK, BOB_LINK, 547, 546, b"reply")))
    w.settle()
    return heard(sock)


def redirect_4(w):
    inner = udp4(BOB4, "192.0.2.1", 7, 7)
    body = struct.pack("!BBH4s", 5, 1, 0, ip4(ALICE4)) + inner
    body = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
    w.alice.send(ether(BOB, ALICE, 0x0800, packet4(ALICE4, BOB4, 1, body)))
    return has(w.settle()[0], 0x0800, inner)


def redirect_6(w):
    rest = bytes(4) + ip6(ALICE_LINK) + ip6("2001:db8::1")
    w.alice.send(ether(BOB, ALICE, 0x86DD, icmp6(ALICE_LINK, BOB_LINK, 137, rest)))
    return has(w.settle()[0], 0x86DD, ip6("2001:db8::1"))


def sniff_unknown(w):
    """What the bridge knows no port for goes to all."""
    w.bob.send(ether("02:00:00:00:00:99", BOB, 0x0800, udp4(BOB4, "10.99.0.99", 7, 7, b"for another")))
    return any(b"for another" in frame for frame in w.settle_alice())


def flood_addresses(w):
    for i in range(3000):
        w.alice.send(ether(BROADCAST, f"02:77:00:00:{i >> 8:02x}:{i & 255:02x}", 0x88B5, b""))
    w.settle()
    return run("bridge", "fdb", "show", "br", "nsnet0").count("02:77:") > 2000


def speak_spanning_tree(w):
    body = bytes([0x42, 0x42, 3]) + bytes(35)
    w.alice.send(mac("01:80:c2:00:00:00") + mac(ALICE) + struct.pack("!H", len(body)) + body)
    return any(frame[:6] == mac("01:80:c2:00:00:00") for frame in w.settle()[0])


def speak_anything(w):
    w.alice.send(ether(BROADCAST, ALICE, 0x88B5, b"anything"))
    return has(w.settle()[0], 0x88B5, b"anything")


def flood_connections(w):
    """The host's own, and those that it forwards; its firewall looks at connections."""
    for i in range(2000):
        w.alice.send(ether(HOST, ALICE, 0x0800, udp4(ALICE4, HOST4, 10000 + i, 7009)))
        w.alice.send(ether(HOST, ALICE, 0x0800, udp4(ALICE4, FAR4, 10000 + i, 7009)))
    for i in range(1000):
        w.alice.send(ether(HOST, ALICE, 0x86DD, udp6(ALICE6, HOST6, 10000 + i, 7009)))
    w.settle()
    with open("/proc/sys/net/netfilter/nf_conntrack_count") as file:
        count = int(file.read())
    # Those that are right are among them: some of pings, and of marks.
    if 1100 < count <= 4900:
        raise RuntimeError(f"{count} connections: neither limited nor not")
    return count > 4900


ATTACKS = (
    spoof_to_host_4, spoof_to_host_6, spoof_link_local, spoof_by_reserved_group, spoof_by_another_reserved_group,
    fill_neighbours_by_reserved_group, spoof_host_to_bob_4, spoof_host_to_bob_6, spoof_hardware_address, steal_port,
    poison_bob_arp, poison_bob_arp_tagged, poison_host_arp, poison_bob_neighbour, poison_bob_neighbour_behind_options,
    poison_host_neighbour, claim_address, advertise_router, advertise_router_behind_options, serve_dhcp,
    serve_dhcp_from_another_port, serve_dhcp_in_fragments, serve_dhcp6, redirect_4, redirect_6, sniff_unknown,
    flood_addresses, speak_spanning_tree, speak_anything,
)


# ---- what is right, and works in any case ----

def pings(w, source, target, *options):
    where = ("ip", "netns", "exec", source) if source else ()
    return "1 received" in run(*where, "ping", "-n", "-q", "-c1", f"-W{PATIENCE}", *options, target, fails=True)


def find_each_other(w):
    for where in (), ("-n", "ns1"), ("-n", "ns2"):
        run("ip", *where, "neigh", "flush", "all")
    return all(pings(w, *pair) for pair in (
        ("ns1", BOB4), ("ns2", ALICE4), ("ns1", BOB6), ("ns2", ALICE6), ("ns1", HOST4), ("ns1", HOST6),
        (None, ALICE4), (None, ALICE6), ("ns1", FAR4), ("ns1", BOB_LINK + "%eth0"), ("ns1", HOST4, "-s4000"),
        ("ns1", BOB6, "-s4000")))


def ask_for_an_address(w):
    sock = listen(socket.AF_INET, "", 67)
    w.alice.send(ether(BROADCAST, ALICE, 0x0800, udp4("0.0.0.0", "255.255.255.255", 68, 67, b"discover")))
    w.settle()
    return heard(sock, "0.0.0.0")


def ask_whether_own_is_free(w):
    group = "ff02::1:ff00:a"
    w.alice.send(ether(group6(group), ALICE, 0x86DD, icmp6("::", group, 135, bytes(4) + ip6(ALICE6))))
    return has(w.settle()[0], 0x86DD, ip6(ALICE6))


def join_groups(w):
    rest = struct.pack("!HH", 0, 1) + bytes([4, 0, 0, 0]) + ip6("ff02::1:3")
    w.alice.send(ether(group6("ff02::16"), ALICE, 0x86DD, icmp6("::", "ff02::16", 143, rest)))
    return has(w.settle()[0], 0x86DD, ip6("ff02::1:3"))


def serve_bob(w):
    return all(pings(w, *pair) for pair in (("ns2", HOST4), ("ns2", HOST6), ("ns2", FAR4)))


RIGHT = (find_each_other, ask_for_an_address, ask_whether_own_is_free, join_groups)


def main():
    expected = {"through": True, "stopped": False}[sys.argv[1]]
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    world = World()
    wrong = 0
    # Right before and behind: an attack that breaks something is seen. The last one is at alice's own cost.
    cases = [(case, True) for case in RIGHT] + [(case, expected) for case in ATTACKS]
    cases += [(case, True) for case in RIGHT] + [(flood_connections, expected), (serve_bob, True)]
    for case, wanted in cases:
        is_there = case(world)
        wrong += is_there != wanted
        print("ok" if is_there == wanted else "not ok", "-", case.__name__, "gets through" if is_there else "is stopped",
              flush=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
