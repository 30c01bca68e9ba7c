#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# test_terminal.py - exec and run at a terminal: ^C, ^Z and fg, its size, its end; as a member of the control group, and as root
#
#     test_terminal.py NSNETCTL NSNETD
#
# A person's shell is played on a pseudo terminal, with job control. All of it, the daemon too, is in a network and mount namespace
# of the test's own.
"""See above."""

import contextlib
import fcntl
import grp
import os
import pty
import re
import resource
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time

MEMBER = 12345
GROUP = 100  # "users" on Debian
PATIENCE = 30
PROMPT = "READY> "
SOCKET = "/run/nsnetd/alt.nsnet"

failures = 0


class Late(Exception):
    """What was expected has not come."""


def wait_until(what, predicate):
    """Polls, since nothing tells of most of what is waited for."""
    end = time.monotonic() + PATIENCE
    while not predicate():
        if time.monotonic() > end:
            raise Late(what)
        time.sleep(0.01)


class Terminal:
    """A shell on a pseudo terminal, and what stands there."""

    def __init__(self, uid):
        self.text = ""
        self.master, slave = pty.openpty()
        os.fchown(slave, uid, -1)
        self.resize(24, 80)
        self.pid = os.fork()
        if self.pid == 0:
            self.become_shell(slave, uid)
        os.close(slave)
        self.expect(PROMPT)
        self.type("stty -echo -onlcr")
        self.expect(PROMPT)

    def become_shell(self, slave, uid):
        """In the child: does not return."""
        try:
            os.close(self.master)
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(slave, fd)
            if uid:
                os.setgroups([uid, GROUP])
                os.setresgid(uid, uid, uid)
                os.setresuid(uid, uid, uid)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            # Whoever runs this may have them ignored, as nohup(1) does.
            for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE):
                signal.signal(number, signal.SIG_DFL)
            environment = {"PATH": "/run/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM": "dumb", "PS1": PROMPT,
                           "NSNETD_SOCKET": SOCKET, "HOME": "/", "LC_ALL": "C.UTF-8"}
            os.chdir("/")
            os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"], environment)
        finally:
            os._exit(99)

    def expect(self, pattern):
        """Passes all up to this, which is returned as a match."""
        end = time.monotonic() + PATIENCE
        while True:
            found = re.search(pattern, self.text)
            if found:
                self.text = self.text[found.end():]
                return found
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            try:
                read = os.read(self.master, 4096) if ready else b""
            except OSError:
                read = b""
            if not read:
                raise Late(f'no "{pattern}" in {self.text!r}')
            self.text += read.decode(errors="replace")

    def type(self, line):
        """With the return key."""
        os.write(self.master, line.encode() + b"\n")

    def press(self, key):
        """With the control key."""
        os.write(self.master, bytes([ord(key) & 0x1F]))

    def resize(self, rows, columns):
        """As a terminal's window is."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def status(self):
        """Of the command that was the last to end: the shell has its prompt again."""
        self.expect(PROMPT)
        self.type("echo status=$?")
        return int(self.expect(r"status=(\d+)\n").group(1))

    def job(self):
        """The process group of the shell's one job, which is in the background."""
        self.type("echo jobs=$(jobs -p)")
        return int(self.expect(r"jobs=(\d+)\n").group(1))

    def foreground(self):
        """The process group that has the terminal."""
        return os.tcgetpgrp(self.master)

    def close(self):
        """As if the window was closed."""
        os.close(self.master)
        os.waitpid(self.pid, 0)


def states(group):
    """Of all processes of a process group."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            fields = file.read().rpartition(")")[2].split()
            if int(fields[2]) == group and fields[0] not in "ZX":
                found.append(fields[0])
    return found


def is_stopped(group):
    """All of it."""
    return set(states(group)) == {"T"}


def inside(inode):
    """Processes in a network namespace."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if os.stat(f"/proc/{pid}/ns/net").st_ino == inode:
                found.append(int(pid))
    return found


def same(wanted, got):
    """Raises what says the difference."""
    if wanted != got:
        raise Late(f"wanted {wanted!r}, got {got!r}")


# What is tried; each gets a terminal and how the command is to be run.

def exit_status(terminal, verb):
    """It is the command's."""
    terminal.type(f"{verb} sh -c 'exit 7'")
    same(7, terminal.status())
    terminal.type(f"{verb} true")
    same(0, terminal.status())
    terminal.type(f"{verb} no-such-program")
    same(127, terminal.status())


def interrupt(terminal, verb):
    """^C ends the command and only it."""
    terminal.type("sleep 1000 & echo other=$!")
    other = int(terminal.expect(r"other=(\d+)\n").group(1))
    # No shell: it handles ^C, and then means to end by it, in which the first process of a PID namespace fails.
    program = """import signal, time
signal.signal(signal.SIGINT, signal.SIG_DFL)
print("is-up", flush=True)
time.sleep(1000)"""
    terminal.type(f"{verb} /usr/bin/python3 -c '{program}'")
    terminal.expect("is-up\n")
    terminal.press("c")
    same(130, terminal.status())
    os.kill(other, 0)
    terminal.type(f"kill {other}; wait; echo done")
    terminal.expect("done\n")


def caught_interrupt(terminal, verb):
    """A command that handles ^C is the one that does, and once."""
    terminal.type(f"{verb} sh -c 'n=0; trap \"n=\\$((n + 1)); echo caught=\\$n\" INT; trap \"exit 9\" QUIT; echo is-up;"
                  " while :; do sleep 0.05; done'")
    terminal.expect("is-up\n")
    terminal.press("c")
    terminal.expect("caught=1\n")
    terminal.press("c")
    terminal.expect("caught=2\n")
    terminal.press("\\")
    same(9, terminal.status())
    same(None, re.search("caught=3", terminal.text))


def stop(terminal, verb):
    """^Z stops all of the job and the shell gets the terminal, bg and fg let it go on."""
    # No shell: one of them has its children by vfork(2), and ^Z in that moment stops neither.
    program = """import os, signal, time
signal.signal(signal.SIGINT, signal.SIG_DFL)
child = os.fork()
os.write(1, b"is-up\\n" if child else b"")
while True:
    os.write(1, b"tick\\n" if child else b"")
    time.sleep(0.05)"""
    terminal.type(f"{verb} /usr/bin/python3 -c '{program}'")
    terminal.expect("is-up\n")
    for _ in range(3):
        terminal.expect("tick\n")
        terminal.press("z")
        terminal.expect("Stopped")
        terminal.expect(PROMPT)
        group = terminal.job()
        wait_until("all are stopped", lambda: is_stopped(group))
        terminal.text = ""
        terminal.type("fg")
        terminal.expect("tick\n")
    terminal.press("z")
    terminal.expect("Stopped")
    group = terminal.job()
    terminal.type("bg")
    wait_until("all go on", lambda: "T" not in states(group))
    terminal.expect("tick\n")
    terminal.type("fg")
    terminal.expect("tick\n")
    terminal.press("c")
    same(130, terminal.status())


def caught_stop(terminal, verb):
    """A program that puts the terminal in order before it stops, as editors do."""
    program = """import os, signal, time
def say(text):
    os.write(1, text)
def on_stop(*_):
    say(b"in-order\\n")
    signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTSTP)
    signal.signal(signal.SIGTSTP, on_stop)
signal.signal(signal.SIGTSTP, on_stop)
say(b"is-up\\n")
while True: time.sleep(0.05)"""
    terminal.type(f"{verb} /usr/bin/python3 -c '{program}'")
    terminal.expect("is-up\n")
    terminal.press("z")
    # With run it is nsnetctl that the shell waits for, and who of the two is the first does not matter.
    terminal.expect("(?s)in-order\n.*Stopped|Stopped.*in-order\n")
    group = terminal.job()
    wait_until("all are stopped", lambda: is_stopped(group))
    terminal.type("fg")
    wait_until("all go on", lambda: "T" not in states(group))
    terminal.press("\\")
    same(131, terminal.status())


def stopped_alone(terminal, verb):
    """Whoever waits for a command that somebody has stopped stops, too."""
    terminal.type(f"{verb} sh -c 'echo is-up; kill -STOP $$; echo is-back; exit 4'")
    if "--pid" in verb:
        # The first process of a PID namespace is not stopped by those inside.
        terminal.expect("is-back\n")
    else:
        terminal.expect("Stopped")
        terminal.type("fg")
        terminal.expect("is-back\n")
    same(4, terminal.status())


def background_read(terminal, verb):
    """Who reads in the background is stopped, and neither spins nor takes what is the shell's."""
    terminal.type(f"{verb} sh -c 'read -r line; echo got=$line; exit 6' &")
    terminal.expect(PROMPT)
    group = terminal.job()
    wait_until("all are stopped", lambda: is_stopped(group))
    terminal.type("fg")
    terminal.type("word")
    terminal.expect("got=word\n")
    same(6, terminal.status())


def size(terminal, verb):
    """The terminal's size is the command's, and it hears of a change."""
    terminal.resize(31, 97)
    terminal.type(f"{verb} sh -c 'trap \"stty size\" WINCH; stty size; while :; do sleep 0.05; done'")
    terminal.expect("31 97\n")
    terminal.resize(40, 100)
    terminal.expect("40 100\n")
    terminal.press("c")
    same(130, terminal.status())


def shell_inside(terminal, verb):
    """A shell with job control of its own; the prompt may tell where one is."""
    terminal.type(f"PS1='<$NSNET_NAMESPACE> ' {verb} bash --norc --noprofile --noediting -i")
    before = terminal.expect("<(own|roots|run-[^>]+)> ")
    same(None, re.search("job control|process group", before.string[:before.start()]))
    terminal.type("sh -c 'echo is-up; exec sleep 1000'")
    terminal.expect("is-up\n")
    group = terminal.foreground()
    terminal.press("z")
    terminal.expect("Stopped")
    terminal.expect("> ")
    terminal.type("fg")
    wait_until("it goes on", lambda: terminal.foreground() == group and "T" not in states(group))
    terminal.text = ""
    terminal.press("c")
    wait_until("the shell has the terminal", lambda: terminal.foreground() != group)
    terminal.type("echo inner=$?")
    terminal.expect("inner=130\n")
    terminal.type("exit 5")
    same(5, terminal.status())


def terminal_after(terminal, verb):
    """Once a shell inside has ended, who started it has the terminal, without a shell that takes it."""
    terminal.type(f"sh -c \"PS1='inner> ' {verb} bash --norc --noprofile --noediting -i; read -r line; echo got=\\$line\"")
    terminal.expect("inner> ")
    terminal.type("exit")
    terminal.type("word")
    terminal.expect("got=word\n")
    same(0, terminal.status())


def hangup(terminal, verb):
    """The end of the terminal is that of the command, and of the namespace of run."""
    marker = "/run/tmp/inode"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(marker)
    terminal.type(f"{verb} sh -c 'stat -L -c %i /proc/self/ns/net >{marker}.new; mv {marker}.new {marker}; exec sleep 1000'")
    wait_until("the command runs", lambda: os.path.exists(marker))
    with open(marker, encoding="utf-8") as file:
        inode = int(file.read())
    terminal.close()
    terminal.master = -1
    wait_until("nobody is inside", lambda: not inside(inode))
    wait_until("the namespace of run is gone", lambda: not runs())


def runs():
    """The namespaces of run that are there."""
    return [name for name in os.listdir("/run/netns") if name.startswith("run-")]


def killed(terminal, verb):
    """nsnetctl itself is killed: so are the command and whoever it left, and the namespace of run is gone."""
    marker = "/run/tmp/inode"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(marker)
    terminal.type(f"{verb} sh -c 'setsid sleep 1001 & stat -L -c %i /proc/self/ns/net >{marker}.new; mv {marker}.new {marker};"
                  " sleep 1000; true' & echo client=$!")
    client = int(terminal.expect(r"client=(\d+)\n").group(1))
    wait_until("the command runs", lambda: os.path.exists(marker))
    with open(marker, encoding="utf-8") as file:
        inode = int(file.read())
    wait_until("what it leaves runs", lambda: len(inside(inode)) >= 3)
    os.kill(client, signal.SIGKILL)
    wait_until("nobody is inside", lambda: not inside(inode))
    wait_until("the namespace of run is gone", lambda: not runs())


TRIES = [exit_status, interrupt, caught_interrupt, stop, caught_stop, stopped_alone, background_read, size, shell_inside,
         terminal_after, hangup]


def attempt(uid, verb, what):
    """One try, on a terminal of its own."""
    global failures
    terminal = Terminal(uid)
    name = f"{'root' if uid == 0 else 'member'}: {verb}: {what.__name__}"
    try:
        what(terminal, verb)
        print(f"ok - {name}")
    except (Late, OSError) as error:
        failures += 1
        print(f"not ok - {name}\n    {error}")
    finally:
        if terminal.master >= 0:
            # A shell is not killed by the end of a terminal whose job is stopped.
            terminal.close()
    sys.stdout.flush()


def all_tries(uid):
    """For all ways in."""
    name = "own" if uid else "roots"
    run = "nsnetctl run --network none"
    for verb in (f"nsnetctl exec {name}", f"nsnetctl exec --pid {name}", f"nsnetctl exec --root {name}",
                 f"nsnetctl exec --root --pid {name}", f"{run} --", f"{run} --pid --"):
        for what in TRIES:
            attempt(uid, verb, what)
        if " run " in verb:
            attempt(uid, verb, killed)


def start_daemon(nsnetd):
    """In namespaces of its own that are made already."""
    with open("/run/nsnetd.conf", "w", encoding="utf-8") as file:
        file.write(f"[Daemon]\nControlGroup={grp.getgrgid(GROUP).gr_name}\n")
    daemon = subprocess.Popen([nsnetd, "--config", "/run/nsnetd.conf", "--socket", SOCKET])
    call = ["/run/bin/nsnetctl", "--socket", SOCKET, "call", "Describe"]
    wait_until("nsnetd serves", lambda: subprocess.run(call, capture_output=True, check=False).returncode == 0)
    return daemon


def create(name, uid):
    """A namespace of a user's."""
    drop = {"user": uid, "group": uid, "extra_groups": [uid, GROUP]} if uid else {}
    subprocess.run(["/run/bin/nsnetctl", "--socket", SOCKET, "create", name, "--network", "none"], check=True, **drop)


def main():
    """The test."""
    nsnetctl, nsnetd = sys.argv[1:]
    if os.environ.pop("TEST_TERMINAL_INSIDE", "") != str(os.getpid()):
        os.environ["TEST_TERMINAL_INSIDE"] = str(os.getpid())
        os.execvp("unshare", ["unshare", "--net", "--mount", "--propagation", "private", sys.executable] + sys.argv)
    subprocess.run("mount -t tmpfs -o mode=0755 tmpfs /run && mount --make-shared /run &&"
                   " mount -t tmpfs -o mode=0755 tmpfs /var/lib &&"
                   " mkdir -m 755 /run/bin /run/netns && mkdir -m 1777 /run/tmp", shell=True, check=True)
    # Where it was built only root may look.
    shutil.copy(nsnetctl, "/run/bin/nsnetctl")
    daemon = start_daemon(nsnetd)
    try:
        create("own", MEMBER)
        create("roots", 0)
        for uid in (MEMBER, 0):
            all_tries(uid)
    finally:
        daemon.terminate()
        status = daemon.wait()
    same(0, status)
    print(f"{failures} failures")
    return 1 if failures else 0


sys.exit(main())
