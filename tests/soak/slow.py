#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# slow - how long one user waits while another one holds a thousand connections that hardly move
#
#     slow.py CONNECTIONS REQUESTS MILLISECONDS GROUP…
#
# NSNETD_SOCKET says where. One user asks, on a new connection each time, and writes down how long each answer took: first
# beside nobody, then beside another user with that many slow connections, each of which sends a byte of a request now and then.
# Those beyond what he may have are closed at once, and come again. A figure is printed, and the status is 1 where an answer was
# missing, or the slowest hundredth part (p99) waited more than so many milliseconds longer than
# those beside nobody.
import json
import os
import select
import socket
import sys
import time

SOCKET = os.environ["NSNETD_SOCKET"]
SLOW, ASKING = 12001, 12002
REQUESTS = [b'{"method":"alt.nsnet.ListNamespaces","parameters":{},"more":true}\0', b'{"method":"alt.nsnet.Describe","parameters":{}}\0']
# Long enough not to end by itself.
CRAWL = b'{"method":"alt.nsnet.ListNamespaces","parameters":{"name":"' + b"x" * 4000


def become(uid, groups):
    os.setgroups(groups)
    os.setgid(uid)
    os.setuid(uid)


def ask(request):
    begun = time.monotonic()
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(30)
        s.connect(SOCKET)
        s.sendall(request)
        rest = b""
        while True:
            part = s.recv(65536)
            if not part:
                raise OSError("closed without an answer")
            *frames, rest = (rest + part).split(b"\0")
            for frame in frames:
                reply = json.loads(frame)
                if reply.get("error") not in (None, "alt.nsnet.NoSuchNamespace"):
                    raise OSError(reply["error"])
                if not reply.get("continues"):
                    return time.monotonic() - begun


def measure(n):
    """(p50, p99, how many were answered)"""
    times = []
    for i in range(n):
        try:
            times.append(ask(REQUESTS[i % len(REQUESTS)]))
        except OSError as error:
            print(f"request {i}: {error}", file=sys.stderr)
        time.sleep(0.001)
    times.sort()
    if not times:
        return 0, 0, 0
    return times[len(times) // 2], times[len(times) * 99 // 100], len(times)


class Crawler:
    """Connections that send a byte now and then"""

    def __init__(self, n):
        self.n = n
        self.sent = {}
        self.closed = 0
        self.opened = 0

    def open(self):
        s = socket.socket(socket.AF_UNIX)
        s.setblocking(False)
        try:
            s.connect(SOCKET)
        except BlockingIOError:
            # The queue is full of his own.
            s.close()
            return False
        self.sent[s] = 0
        self.opened += 1
        return True

    def close(self, s):
        del self.sent[s]
        s.close()
        self.closed += 1

    def crawl(self, parent):
        """Each connection has a byte sent about ten times a second"""
        while os.getppid() == parent:
            # All of them at once first, then who was ended comes again: a tenth of them each time, a hundred times a second.
            for _ in range(self.n if self.opened < self.n else self.n // 10):
                if len(self.sent) >= self.n or not self.open():
                    break
            for s in list(self.sent)[:: max(1, len(self.sent) // 100)]:
                try:
                    s.send(CRAWL[self.sent[s]:self.sent[s] + 1])
                    self.sent[s] += 1
                except OSError:
                    self.close(s)
            poll = select.poll()
            for s in self.sent:
                poll.register(s, select.POLLIN)
            gone = {fd for fd, _ in poll.poll(10)}
            for s in [s for s in self.sent if s.fileno() in gone]:
                self.close(s)
            yield


def start(function):
    pid = os.fork()
    if pid:
        return pid
    try:
        function()
    finally:
        os._exit(1)


def main():
    connections, requests, allowed = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]) / 1000
    groups = [int(word) for word in sys.argv[4:]]
    parent = os.getpid()
    progress, theirs = os.pipe()

    def crawl():
        become(SLOW, groups)
        crawler = Crawler(connections)
        reported = 0
        for _ in crawler.crawl(parent):
            if time.monotonic() - reported > 0.1:
                reported = time.monotonic()
                os.write(theirs, b"%d %d %d\n" % (crawler.opened, crawler.closed, len(crawler.sent)))

    # First the one who is to be slow: nobody can become somebody else twice.
    ready, go = os.pipe()
    # He ends with this process, which may not signal him any more.
    start(lambda: (os.read(ready, 1), crawl()))
    become(ASKING, groups)
    alone = measure(requests)
    os.write(go, b"x")
    state = b""
    # Beside as many as he gets.
    while True:
        state += os.read(progress, 4096)
        opened = int(state.strip().rsplit(b"\n", 1)[-1].split()[0])
        if opened >= connections:
            break
    beside = measure(requests)
    os.set_blocking(progress, False)
    while True:
        try:
            state += os.read(progress, 65536)
        except BlockingIOError:
            break
    opened, closed, held = (int(word) for word in state.strip().rsplit(b"\n", 1)[-1].split())
    print(f"{connections} slow connections wanted, {opened} made, {closed} ended by nsnetd, {held} held: of {requests} requests of another "
          f"user {beside[2]} answered, p50 {beside[0] * 1000:.2f} ms, p99 {beside[1] * 1000:.2f} ms; beside none p50 {alone[0] * 1000:.2f} "
          f"ms, p99 {alone[1] * 1000:.2f} ms")
    return 0 if alone[2] == beside[2] == requests and beside[1] - alone[1] < allowed else 1


if __name__ == "__main__":
    sys.exit(main())
