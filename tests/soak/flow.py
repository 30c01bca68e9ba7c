#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# flow - traffic that goes on until SIGTERM, and then says what was lost
#
#     flow.py ping INTERVAL ADDRESS…      an ICMP echo to each of them, again after that many seconds
#     flow.py serve PORT                  sends back what comes
#     flow.py talk INTERVAL ADDRESS PORT  a number to such a server after each interval, on one connection for all of it
#
# The status is 1 where one echo did not come within five seconds, or the connection ended.
import os
import select
import signal
import socket
import struct
import sys
import time

LATE = 5


stopped = False


def on_stop(*_):
    global stopped
    stopped = True


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def echo(identifier, sequence):
    def header(check):
        return struct.pack("!BBHHH", 8, 0, check, identifier, sequence)
    return header(checksum(header(0)))


def ping(interval, addresses):
    identifier = os.getpid() & 0xFFFF
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        s.setblocking(False)
        waiting, sent, received, longest, turn = {}, 0, 0, 0, 0
        failed = []
        following = time.monotonic()
        ends = None
        while True:
            now = time.monotonic()
            if stopped and ends is None:
                ends = now + LATE
            if ends is not None and (not waiting or now > ends):
                break
            if ends is None and now >= following:
                following = max(following + interval, now - interval)
                turn = (turn + 1) & 0xFFFF
                for address in addresses:
                    try:
                        s.sendto(echo(identifier, turn), (address, 0))
                    except OSError as error:
                        failed.append(f"{address}: {error}")
                    waiting[address, turn] = now
                    sent += 1
            if select.select([s], [], [], 0.05 if ends is not None else max(0, min(0.05, following - now)))[0]:
                while True:
                    try:
                        packet, (address, _) = s.recvfrom(2048)
                    except BlockingIOError:
                        break
                    head = (packet[0] & 15) * 4
                    kind, _, _, number, sequence = struct.unpack("!BBHHH", packet[head:head + 8])
                    begun = waiting.pop((address, sequence), None) if kind == 0 and number == identifier else None
                    if begun is not None:
                        received += 1
                        longest = max(longest, time.monotonic() - begun)
    for line in failed[:5] + [f"no answer from {address} to {number}" for address, number in list(waiting)[:5]]:
        print(line, file=sys.stderr)
    print(f"{sent} sent, {sent - received} lost, the slowest took {longest * 1000:.0f} ms")
    return 0 if sent == received and sent > 0 else 1


def serve(port):
    with socket.create_server(("", port)) as server:
        connections = []
        while not stopped:
            for s in select.select([server, *connections], [], [], 0.2)[0]:
                if s is server:
                    connections.append(server.accept()[0])
                    continue
                data = s.recv(65536)
                if data:
                    s.sendall(data)
                else:
                    connections.remove(s)
    return 0


def talk(interval, address, port):
    n, longest = 0, 0
    with socket.create_connection((address, port), timeout=LATE) as s:
        while not stopped:
            begun = time.monotonic()
            s.sendall(struct.pack("!Q", n))
            answer = b""
            while len(answer) < 8:
                part = s.recv(8 - len(answer))
                if not part:
                    print("the connection was closed", file=sys.stderr)
                    return 1
                answer += part
            if struct.unpack("!Q", answer)[0] != n:
                print("another number came back", file=sys.stderr)
                return 1
            n += 1
            longest = max(longest, time.monotonic() - begun)
            time.sleep(interval)
    print(f"{n} answers on one connection, the slowest took {longest * 1000:.0f} ms")
    return 0 if n > 0 else 1


def main(arguments):
    signal.signal(signal.SIGTERM, on_stop)
    if arguments[0] == "ping":
        return ping(float(arguments[1]), arguments[2:])
    if arguments[0] == "serve":
        return serve(int(arguments[1]))
    return talk(float(arguments[1]), arguments[2], int(arguments[3]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
