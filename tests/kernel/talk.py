# SPDX-License-Identifier: LGPL-2.1-or-later
#
# talk - a server that tells who it was asked by, and those who ask
#
#   talk.py serve PORT           answers on TCP and UDP, in both families, with the address that it sees
#   talk.py ask tcp|udp A PORT   prints that answer; or "refused", "rejected" (by the administrator), "silence"
#   talk.py keep tcp A PORT      opens a connection, and for each line that it reads prints such an answer by it
#   talk.py many N A PORT        sends a UDP packet from each of N ports
#   talk.py listen tcp|udp|connected A PORT [v6only]  has that port
#
# serve and listen say "ready" first, and last until their input ends.
import errno
import selectors
import socket
import sys

PATIENCE = 0.7
REJECTED = (errno.EHOSTUNREACH, errno.EACCES, errno.ENETUNREACH)


def plain(address):
    return address[0].removeprefix("::ffff:").encode()


def answer(connection):
    """The first answer at once, later ones when asked for."""
    if not connection.recv(64):
        return False
    connection.sendall(plain(connection.getpeername()) + b"\n")
    return True


def serve(port):
    selector = selectors.DefaultSelector()
    stream = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    packet = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    packet.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    # What answers from the address that was asked: the socket would choose another one.
    packet.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    packet.bind(("::", port))
    selector.register(stream, selectors.EVENT_READ)
    selector.register(packet, selectors.EVENT_READ)
    selector.register(sys.stdin, selectors.EVENT_READ)
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            if key.fileobj is sys.stdin:
                return
            if key.fileobj is stream:
                selector.register(stream.accept()[0], selectors.EVENT_READ)
            elif key.fileobj is packet:
                _, control, _, peer = packet.recvmsg(64, 64)
                packet.sendmsg([plain(peer) + b"\n"], control, 0, peer)
            else:
                try:
                    goes_on = answer(key.fileobj)
                except OSError:
                    goes_on = False
                if not goes_on:
                    selector.unregister(key.fileobj)
                    key.fileobj.close()


def connect(protocol, address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    connection = socket.socket(family, kind)
    connection.settimeout(PATIENCE)
    connection.connect((address, port))
    return connection


def ask(connection):
    connection.sendall(b"who am I?")
    return connection.recv(64).decode().strip()


def say(what):
    try:
        print(what(), flush=True)
    except TimeoutError:
        print("silence", flush=True)
    except OSError as error:
        if error.errno in (errno.ECONNREFUSED, errno.ECONNRESET):
            print("refused", flush=True)
        elif error.errno in REJECTED:
            print("rejected", flush=True)
        else:
            raise


def keep(protocol, address, port):
    connection = connect(protocol, address, port)
    for _ in sys.stdin:
        say(lambda: ask(connection))


def many(n, address, port):
    sockets = []
    for _ in range(n):
        connection = connect("udp", address, port)
        try:
            connection.send(b"who am I?")
        except OSError:
            pass
        sockets.append(connection)


def listen(protocol, address, port, *only):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    listener = socket.socket(family, kind)
    if family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(bool(only)))
    listener.bind((address, port))
    if protocol == "tcp":
        listener.listen()
    if protocol == "connected":
        listener.connect((address, 9))
    print("ready", flush=True)
    sys.stdin.read()


def main(verb, *words):
    if verb == "serve":
        serve(int(words[0]))
    elif verb == "ask":
        say(lambda: ask(connect(words[0], words[1], int(words[2]))))
    elif verb == "keep":
        keep(words[0], words[1], int(words[2]))
    elif verb == "many":
        many(int(words[0]), words[1], int(words[2]))
    elif verb == "listen":
        listen(words[0], words[1], int(words[2]), *words[3:])


main(*sys.argv[1:])
