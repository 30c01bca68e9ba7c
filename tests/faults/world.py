# SPDX-License-Identifier: LGPL-2.1-or-later
# world - a host to break nsnetd on: a sandbox, the daemon in it, callers, strace(1) with a fault; to be imported
#
# All namespaces that can be told apart are the sandbox's own: network, mounts, processes.
import json
import os
import re
import select
import signal
import socket
import stat
import subprocess
import sys
import time

import leaks

RUN = "/run/nsnetd"
SOCKET = f"{RUN}/alt.nsnet"
WORK = "/run/work"
ALICE = 12001
# How long an answer, the start and the end of the daemon may take: it is not what is tested, but whether there is one.
PATIENCE = 60
# What does not wait for anything takes less.
SOON = 2


def sandbox():
    """Starts the program again in namespaces of its own; returns inside"""
    if os.environ.get("NSNET_SANDBOX") != "inside":
        os.environ["NSNET_SANDBOX"] = "inside"
        # The shell is there to wait for processes whose parent has died.
        os.execvp("unshare", ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private",
                              "sh", "-c", '"$@" & wait $!', "sh", sys.executable, *sys.argv])
    del os.environ["NSNET_SANDBOX"]
    script = """
        mount -t tmpfs -o mode=0755 tmpfs /run && mount --make-rshared /run && mount -t tmpfs -o mode=0755 tmpfs /var/lib &&
        mkdir -m 0755 /run/work && ip link set lo up &&
        ip link add up0 type veth peer name up1 && ip link set up0 up && ip link set up1 up &&
        ip address add 192.0.2.2/24 dev up0 && ip route add default via 192.0.2.1 &&
        ip -6 address add 2001:db8::2/64 dev up0 nodad && ip -6 route add default via 2001:db8::1"""
    subprocess.run(["sh", "-ec", script], check=True)


class Gone(Exception):
    """No reply: the daemon has closed the connection, or cannot be reached."""


class Silent(Exception):
    """No reply, and the connection is open."""


def ask(method, parameters):
    """(error or None, parameters) of each reply"""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        replies, rest = [], b""
        try:
            connection.connect(SOCKET)
            more = method.endswith((".ListNamespaces", ".ListNetworks")) and "name" not in parameters
            connection.sendall(json.dumps({"method": method, "parameters": parameters, "more": more}).encode() + b"\0")
            while True:
                part = connection.recv(65536)
                if not part:
                    raise Gone()
                *frames, rest = (rest + part).split(b"\0")
                for frame in frames:
                    reply = json.loads(frame)
                    replies.append((reply.get("error"), reply["parameters"]))
                    if not reply.get("continues"):
                        return replies
        except TimeoutError:
            raise Silent() from None
        except (ConnectionError, FileNotFoundError):
            raise Gone() from None


class Caller:
    """A process that asks as somebody"""

    def __init__(self, uid, groups):
        ours, theirs = socket.socketpair()
        self.uid, self.connection = uid, ours
        self.pid = os.fork()
        if self.pid:
            theirs.close()
            return
        ours.close()
        os.setgroups(groups)
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        with theirs, theirs.makefile("r") as requests:
            for line in requests:
                try:
                    answer = ask(*json.loads(line))
                except Gone:
                    answer = "gone"
                except Silent:
                    answer = "silent"
                theirs.sendall(json.dumps(answer).encode() + b"\n")
        os._exit(0)

    def ask(self, method, parameters):
        self.connection.sendall(json.dumps([f"alt.nsnet.{method}", parameters]).encode() + b"\n")
        text = b""
        while not text.endswith(b"\n"):
            part = self.connection.recv(1 << 20)
            if not part:
                raise RuntimeError("the process that asks has ended")
            text += part
        answer = json.loads(text)
        if answer == "gone":
            raise Gone()
        if answer == "silent":
            raise Silent()
        return answer


class Daemon:
    """nsnetd, which may die"""

    def __init__(self, program, options=(), ends_by=signal.SIGKILL):
        """ends_by: how it is ended where nothing is told"""
        self.command = [program, "--socket", SOCKET, *options]
        self.ends_by = ends_by
        self.process = None
        self.log = f"{WORK}/daemon.log"
        self.environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0:abort_on_error=1")

    @property
    def pid(self):
        return self.process.pid

    def start(self, before=()):
        """before: a command that starts it. Returns whether it serves; else it has ended"""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([*before, *self.command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=self.environment)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                ask("alt.nsnet.Describe", {})
                return True
            except Gone:
                pass
            if self.process.poll() is not None:
                return False
            time.sleep(0.002)
        raise Silent()

    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def untrace(self):
        """Whoever traces it since its start, and what he would do to it, goes"""
        tracer, kill_at = None, None
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = re.search(r"^TracerPid:\s*(\d+)", leaks.read(f"/proc/{self.pid}/status"), re.MULTILINE)
            if not found or found[1] == "0":
                return
            if tracer != found[1]:
                tracer, kill_at = found[1], time.monotonic() + SOON
                os.kill(int(tracer), signal.SIGTERM)
            # Of several threads that are being killed strace waits for one for ever.
            elif kill_at and time.monotonic() > kill_at:
                kill_at = None
                os.kill(int(tracer), signal.SIGKILL)
            time.sleep(0.002)
        raise RuntimeError("strace does not let go")

    def end(self, number=None):
        """Ends it, waits, and returns its status. What does not end by itself is killed"""
        if self.is_alive():
            self.process.send_signal(number or self.ends_by)
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait(PATIENCE)

    def died(self, seconds=0.0):
        """How it died: None while it lives"""
        try:
            status = self.process.wait(seconds) if seconds else self.process.poll()
        except subprocess.TimeoutExpired:
            return None
        if status is None:
            return None
        return signal.Signals(-status).name if status < 0 else f"exit {status}"

    def logged(self):
        """What it has said since the last time it was asked"""
        with open(self.log, "r+", encoding="utf-8", errors="replace") as log:
            text = log.read()
            log.truncate(0)
        return text


class Trace:
    """strace(1) on a process that runs, with a fault or only looking on"""

    def __init__(self, pid, syscall=None, injection=None):
        self.file, self.traced = f"{WORK}/trace", pid
        command = ["strace", "-f", "-o", self.file, "-p", str(pid)]
        if syscall:
            command += ["-e", f"trace={syscall}", "-e", f"inject={syscall}:{injection}"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        # "Process N attached"
        ready, _, _ = select.select([self.process.stderr], [], [], PATIENCE)
        said = os.read(self.process.stderr.fileno(), 4096) if ready else b""
        if b"attached" not in said:
            self.end()
            raise RuntimeError(f"strace: {said.decode(errors='replace')}")

    def end(self):
        """Of a process that has died strace(1) comes to its own end; told to let go just then, it waits for the first of several threads
        before it has seen the others go, and without end: it is killed, which lets go as well"""
        if self.process.poll() is None and not self.has_died():
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.communicate(timeout=SOON)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()

    def has_died(self):
        try:
            with open(f"/proc/{self.traced}/stat", encoding="utf-8") as file:
                return file.read().rpartition(")")[2].split()[0] in "ZX"
        except OSError:
            return True

    def lines(self):
        with open(self.file, encoding="utf-8", errors="replace") as file:
            return file.readlines()


def traced(path):
    """What strace(1) has written of a process that has ended, once it has done so"""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if os.path.exists(path):
            with open(path, encoding="utf-8", errors="replace") as file:
                text = file.read()
            if "+++ exited with" in text or "+++ killed by" in text:
                return text
        time.sleep(0.005)
    raise RuntimeError(f"strace has not come to the end of {path}")


# What is closed, is closed by an end as well; a namespace that has no name goes with who made it.
CHANGING = {
    "sendmsg", "sendto", "write", "pwrite64", "open", "openat", "mkdir", "mkdirat", "symlinkat", "linkat", "unlinkat", "unlink", "rmdir",
    "renameat", "renameat2", "rename", "fchmod", "chmod", "fchmodat", "fchown", "fchownat", "mount", "umount2", "clone", "clone3", "ftruncate",
    "fallocate", "kill", "tgkill", "pidfd_send_signal", "bind", "fsync", "fdatasync",
}


def calls_of(lines):
    """The system calls of a trace in their order: [(process, name, whether it may change what outlives the process)]. One that was interrupted counts once, and so does one that the
    kernel begins anew by itself, as it does for as long as somebody else is at its links"""
    calls = []
    for line in lines:
        found = re.match(r"(\d+)\s+([a-z_0-9]+)\(", line)
        if found and "ERESTARTNOINTR" not in line:
            calls.append((found[1], found[2], found[2] in CHANGING and (found[2] not in ("open", "openat") or "O_CREAT" in line)))
    return calls


# A picture without what is another at each time: numbers of links, addresses that the kernel makes up.

def _names(links):
    names = {}
    for line in links:
        name = re.search(r'"ifname": "([^"]*)"', line)
        alias = re.search(r'"ifalias": "([^"]*)"', line)
        if name and alias and re.fullmatch(r"(nsv|nsnet)\d+", name[1]):
            names[name[1]] = f"<{alias[1]}>"
    return names


def _rename(line, names):
    return re.sub(r"\b((?:nsv|nsnet)\d+)(ap?)?\b", lambda found: names.get(found[1], found[1]) + (found[2] or ""), line)


OWN_LINK = re.compile(r'"(address|bridge_id|root_id|designated_\w+|state|port_id|port_no|id)": ("[^"]*"|\d+), ')


def _record(path):
    """What a record says, without what is known of its object alone. A pipe in its place says nothing, and a device never ends"""
    if os.path.lexists(path) and not stat.S_ISREG(os.lstat(path).st_mode):
        return f"{path}: {stat.filemode(os.lstat(path).st_mode)}"
    try:
        with open(path, encoding="utf-8") as file:
            return f"{path}: {plain(json.load(file))}"
    except (OSError, ValueError, TypeError, AttributeError) as error:
        return f"{path}: {error}"


def plain(told):
    for field in ("created", "inode", "cookie", "revision", "bridgeIndex", "hostInterfaces"):
        told.get("runtime", {}).pop(field, None)
    told["context"] = {name: value for name, value in told.get("context", {}).items() if value not in (None, [], {})}
    return json.dumps(told, sort_keys=True)


def _words(path):
    """A hosts file's lines have no order, and one that is cleared is blank."""
    lines = [" ".join(word for word in line.split() if word != "#") for line in leaks.read(path).splitlines()]
    return sorted(line for line in lines if line)


INSIDE = """ip -d -j address; echo @; ip -4 -j route show table all; echo @; ip -6 -j route show table all; echo @; tc -j qdisc; echo @
cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/ping_group_range /proc/sys/net/ipv4/ip_unprivileged_port_start"""


def _inside(name):
    done = subprocess.run(["nsenter", f"--net=/run/netns/{name}", "sh", "-c", INSIDE], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    parts = done.stdout.decode(errors="replace").split("@\n")
    lines = []
    if done.returncode != 0 or len(parts) != 5:
        return [f"{name}: {done.stdout.decode(errors='replace')}"]
    for link in json.loads(parts[0]):
        addresses = [a for a in link.pop("addr_info", []) if a.get("scope") != "link"]
        lines += [f"{name}: {leaks.line(link)}"] + [f"{name}: {link['ifname']}: {leaks.line(a)}" for a in addresses]
    for part in parts[1:3]:
        lines += [f"{name}: {route}" for route in leaks.route_lines(json.loads(part.strip() or "[]"))]
    lines += [f"{name}: {leaks.line(qdisc)}" for qdisc in json.loads(parts[3].strip() or "[]")]
    return lines + [f"{name}: {parts[4].split()}"]


def _guards():
    """Addresses that a port of a bridge is told to be the way to. What one that may learn has learned is of the traffic alone"""
    done = subprocess.run(["bridge", "-j", "fdb", "show"], stdout=subprocess.PIPE, check=True)
    return [leaks.line(entry) for entry in json.loads(done.stdout or "[]")
            if "self" not in entry["flags"] and entry["state"] == "static" and entry["ifname"].startswith("nsv")]


def _qdiscs():
    done = subprocess.run(["tc", "-j", "qdisc"], stdout=subprocess.PIPE, check=True)
    return [leaks.line(entry) for entry in json.loads(done.stdout or "[]")]


def take(pid=None):
    """A picture as leaks.py takes it, and more: what is in each namespace, on each bridge, and in the records"""
    picture = leaks.take(pid)
    names = _names(picture["link"])
    if names:
        ahead = leaks.spares()
        picture["guard"], picture["qdisc"] = leaks.without(_guards(), ahead), leaks.without(_qdiscs(), ahead)
    # Who has connections through the host now, or had some a moment ago.
    picture["firewall"] = [line for line in picture["firewall"] if not line.startswith("element of inet nsnetd sources")]
    picture["record"] = [_record(line.split(" ", 1)[0]) for line in picture["file"] if ".json -" in line]
    picture["file"] = [re.sub(r"(\.json -.*) \d+ bytes.*", r"\1", line) for line in picture["file"]]
    picture["file"] = [line if not line.startswith(f"{RUN}/hosts/") or not line.split(" ", 1)[0].endswith("/hosts") else
                       f"{line.split(' ', 2)[0]} {_words(line.split(' ', 1)[0])}" for line in picture["file"]]
    picture["namespace"] = [re.sub(r"\[?\d+\]?$", "", line) for line in picture["namespace"]]
    picture["link"] = [OWN_LINK.sub("", line) if '"group": "28275"' in line else line for line in picture["link"]]
    picture["inside"] = []
    for name in sorted(os.listdir("/run/netns")):
        picture["inside"] += _inside(name)
    for kind, lines in picture.items():
        if isinstance(lines, list):
            picture[kind] = [_rename(line, names) for line in lines]
    return picture


def compare(before, after):
    for kind in ("guard", "qdisc"):
        before.setdefault(kind, [])
        after.setdefault(kind, [])
    return leaks.compare(before, after)


def wait(pictures, pid, seconds):
    """The place of the one of the pictures that things come to equal within that time, and nothing; or None, and what differs
    from each"""
    end = time.monotonic() + seconds
    while True:
        now = take(pid)
        left = [compare(picture, now) for picture in pictures]
        for place, lines in enumerate(left):
            if not lines:
                return place, []
        if time.monotonic() > end:
            return None, left
        time.sleep(0.02)


def wipe(sysctls):
    """Everything of the daemon's away by hand, once a fault was found: the next point begins anew. sysctls: those of a picture"""
    subprocess.run(["sh", "-c", """
        for name in /run/netns/*; do while umount -l "$name" 2>/dev/null; do :; done; rm -f "$name"; done
        links() { ip -o link | sed -nE 's/^[0-9]+: ((nsv|nsnet)[^:@]*).*/\\1/p'; }
        for _ in 1 2; do links | while read -r link; do ip link delete "$link"; done; done
        nft flush ruleset
        rm -rf /run/nsnetd /var/lib/nsnetd
        """], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    restore(sysctls)


def restore(sysctls):
    """To those of a picture"""
    for line in sysctls:
        name, _, value = line.partition("=")
        path = f"/proc/sys/{name}"
        if leaks.read(path) != value:
            with open(path, "w", encoding="ascii") as file:
                file.write(value)
