#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""serve - servers that tell whoever asks which address they see him by

    serve.py PORT NETNS...    in each of these network namespaces, files; "." is the one it is started in

HTTP by IPv4 and IPv6: "GET /" answers with the client's address alone, "GET /N" with N bytes that are always the same. Each UDP
datagram is answered with its sender's address. Prints "ready" when all of them listen, and stays until it is killed.
"""

import ctypes
import os
import selectors
import socket
import sys
import threading

CLONE_NEWNET = 0x40000000
LINE = b"abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ!\n"


def enter(descriptor):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET) < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def listen(family, kind, port):
    server = socket.socket(family, kind)
    if family == socket.AF_INET6:
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # A datagram is to be answered from the address that it was sent to, which Linux does for connected sockets only.
    if kind == socket.SOCK_DGRAM:
        if family == socket.AF_INET6:
            server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        else:
            server.setsockopt(socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO
    server.bind(("", port))
    if kind == socket.SOCK_STREAM:
        server.listen(64)
    return server


def answer(connection, address):
    with connection:
        request = b""
        while b"\r\n\r\n" not in request:
            part = connection.recv(4096)
            if not part:
                return
            request += part
        path = request.split()[1].decode()
        if path == "/":
            body = address.encode()
        else:
            length = int(path[1:])
            body = (LINE * (length // len(LINE) + 1))[:length]
        head = "HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
        connection.sendall(head.encode() + body)


def on_connection(connection, address):
    try:
        answer(connection, address)
    except OSError:
        pass  # he has gone, as he may


def on_datagram(server):
    _, control, _, address = server.recvmsg(4096, 256)
    packet = []
    for level, kind, data in control:
        if level == socket.IPPROTO_IPV6:
            packet.append((level, kind, data))
        else:
            # struct in_pktinfo: the address to send from is the one it came to.
            packet.append((level, kind, bytes(4) + data[4:8] + bytes(4)))
    server.sendmsg([address[0].encode()], packet, 0, address)


def main():
    port = int(sys.argv[1])
    selector = selectors.DefaultSelector()
    home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    for path in sys.argv[2:]:
        if path != ".":
            there = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            enter(there)
            os.close(there)
        for family in (socket.AF_INET, socket.AF_INET6):
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                selector.register(listen(family, kind, port), selectors.EVENT_READ)
        enter(home)
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            server = key.fileobj
            if server.type == socket.SOCK_DGRAM:
                try:
                    on_datagram(server)
                except OSError:
                    pass  # no way back to him
                continue
            connection, address = server.accept()
            threading.Thread(target=on_connection, args=(connection, address[0]), daemon=True).start()


main()
