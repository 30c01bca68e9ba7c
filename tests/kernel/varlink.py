# SPDX-License-Identifier: LGPL-2.1-or-later
# varlink - asks a Varlink service as some user, without any client of ours; to be imported
import json
import os
import socket

SOCKET = os.environ["NSNETD_SOCKET"]


class Closed(Exception):
    """The service has closed the connection without a reply."""


def call(method, parameters=None, more=False, until=None):
    """All replies to one call: [(error or None, parameters), ...]; or those up to the one with that event"""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(60)
        s.connect(SOCKET)
        message = {"method": method, "parameters": parameters or {}}
        if more:
            message["more"] = True
        s.sendall(json.dumps(message).encode() + b"\0")
        replies, rest = [], b""
        while True:
            part = s.recv(65536)
            if not part:
                raise Closed()
            *frames, rest = (rest + part).split(b"\0")
            for frame in frames:
                reply = json.loads(frame)
                replies.append((reply.get("error"), reply["parameters"]))
                if not reply.get("continues") or (until and reply["parameters"]["event"] == until):
                    return replies


def child(uid, groups, function):
    """Starts a process with that identity that sends what the function returns, as JSON. (pid, descriptor to read)"""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid:
        os.close(theirs)
        return pid, ours
    try:
        os.setgroups(groups)
        os.setgid(uid)
        os.setuid(uid)
        try:
            result = function()
        except OSError as e:
            result = {"errno": e.errno}
        except Closed:
            result = {"closed": True}
        os.write(theirs, json.dumps(result).encode())
    finally:
        os._exit(0)


def finish(pid, fd):
    with os.fdopen(fd, "rb") as f:
        text = f.read()
    os.waitpid(pid, 0)
    return json.loads(text)


def call_as(uid, groups, method, parameters=None, more=False, until=None):
    return finish(*child(uid, groups, lambda: call(method, parameters, more, until)))
