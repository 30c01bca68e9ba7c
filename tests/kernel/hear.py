#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""hear - speaks and listens to IPv6 groups by eth0

    hear.py hear GROUP      prints "ready" and waits ten seconds for a datagram
    hear.py say GROUP       sends one, several times
    hear.py reports GROUP   prints "ready" and waits for a report that somebody has joined it, as a multicast router would
"""

import socket
import struct
import sys
import time

PORT = 5999
ALL_ROUTERS = "ff02::16"
MLD2_REPORT = 143


def join(s, group):
    index = socket.if_nametoindex("eth0")
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, socket.inet_pton(socket.AF_INET6, group) + struct.pack("@I", index))


def hear(group):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        s.settimeout(10)
        s.bind(("::", PORT))
        join(s, group)
        print("ready", flush=True)
        return s.recv(100) == group.encode()


def say(group):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        for _ in range(3):
            s.sendto(group.encode(), (group, PORT, 0, socket.if_nametoindex("eth0")))
            time.sleep(0.1)
    return True


def groups_of(report):
    at, number = 8, struct.unpack_from("!H", report, 6)[0]
    for _ in range(number):
        _, auxiliary, sources = struct.unpack_from("!BBH", report, at)
        yield socket.inet_ntop(socket.AF_INET6, report[at + 4 : at + 20])
        at += 20 + 16 * sources + 4 * auxiliary


def reports(group):
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as s:
        s.settimeout(10)
        join(s, ALL_ROUTERS)
        print("ready", flush=True)
        while True:
            message = s.recv(4096)
            if message[0] == MLD2_REPORT and group in groups_of(message):
                return True


try:
    sys.exit(not {"hear": hear, "say": say, "reports": reports}[sys.argv[1]](sys.argv[2]))
except TimeoutError:
    sys.exit("nothing was heard")
