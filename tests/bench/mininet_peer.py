# SPDX-License-Identifier: LGPL-2.1-or-later
"""mininet_peer - mininet by its own API: a host with a link to a Linux bridge, by commands as floor.c has them

create N FIRST, delete N FIRST, check N FIRST (each host reaches the first one made)
"""
import json
import sys
import time

from mininet.log import setLogLevel
from mininet.net import Mininet
from mininet.nodelib import LinuxBridge


def attach(name):
    """As LinuxBridge.start() does with the links that are there by then."""
    switch.cmd("brctl addif", switch, name)


# It warns of what does not concern a sandbox.
setLogLevel("critical")
net = Mininet(controller=None, switch=LinuxBridge)
switch = net.addSwitch("s1")
switch.start([])
# Somebody to talk to.
net.addLink(net.addHost("h", ip="10.20.0.1/16"), switch)
net["h"].setIP("10.20.0.1/16")
attach("s1-eth1")


def create(number):
    host = net.addHost(f"h{number}", ip=f"10.20.{number // 250}.{number % 250 + 2}/16")
    link = net.addLink(host, switch)
    host.configDefault(defaultRoute="via 10.20.0.1")
    attach(link.intf2.name)


def delete(number):
    host = net[f"h{number}"]
    # The link, then the host with its shell.
    net.delLinkBetween(host, switch)
    net.delHost(host)


def check(number):
    if " 0% packet loss" not in net[f"h{number}"].cmd("ping -c 1 -W 5 10.20.0.1"):
        raise RuntimeError("no answer")


for line in sys.stdin:
    command, n, first = line.split()
    answer = {"us": [], "failed": 0, "why": ""}
    begin = time.monotonic()
    for number in range(int(first), int(first) + int(n)):
        start = time.monotonic()
        try:
            {"create": create, "delete": delete, "check": check}[command](number)
        except Exception as error:
            answer["failed"] += 1
            answer["why"] = answer["why"] or repr(error)
        answer["us"].append((time.monotonic() - start) * 1e6)
    answer["total"] = (time.monotonic() - begin) * 1e6
    print(json.dumps(answer), flush=True)
