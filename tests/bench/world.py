# SPDX-License-Identifier: LGPL-2.1-or-later
"""world - places to measure in, what is started there, and figures of what came out"""
import json
import os
import pathlib
import socket
import statistics
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
MEMBER = 12001  # a user of no account
GROUP = 100     # "users", that every Debian has


class NotHere(Exception):
    """Something cannot be had or run on this machine; the text says why."""


class Wrong(Exception):
    """What is measured does not do what it is to do."""


def median(values):
    return statistics.median(values) if values else float("nan")


def percentile(values, part=0.99):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else float("nan")


def busy():
    """Seconds that all processors together were busy since the machine started."""
    with open("/proc/stat") as f:
        user, nice, system, _, _, irq, softirq = map(int, f.readline().split()[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def settle(least=0.2, most=5.0):
    """Waits until the kernel has done with what was left to it: until the machine is all but idle."""
    end = time.monotonic() + most
    while time.monotonic() < end:
        before = busy()
        time.sleep(least)
        if busy() - before < least * 0.15:
            return


class Tool:
    """A program that reads commands and answers each with a line of JSON (lap.h)."""

    def __init__(self, argv, **options):
        self.argv = argv
        self.process = subprocess.Popen([str(a) for a in argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, bufsize=1, **options)

    def start(self, command):
        try:
            self.process.stdin.write(command + "\n")
        except BrokenPipeError:
            raise Wrong(f"{self.argv}: ended before: {command[:200]}")

    def finish(self, may_fail=False):
        line = self.process.stdout.readline()
        if not line:
            raise Wrong(f"{self.argv}: ended, status {self.process.wait()}")
        answer = json.loads(line)
        if answer["failed"] and not may_fail:
            raise Wrong(f"{self.argv}: {answer['failed']} failed, the first: {answer['why']}")
        return answer

    def do(self, command, may_fail=False):
        self.start(command)
        return self.finish(may_fail)

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.close()


class World:
    """A network and a mount namespace of their own, with a fresh /run and /var/lib; both end with it."""

    def __init__(self, build):
        self.build = pathlib.Path(build)
        self.bin = self.build / "tests/bench"
        self.tools = []
        script = ("mount -t tmpfs -o mode=0755 tmpfs /run && mount -t tmpfs -o mode=0755 tmpfs /var/lib && ip link set lo up "
                  "&& mkdir /run/netns && echo && exec sleep infinity")
        self.holder = subprocess.Popen(["unshare", "--net", "--mount", "sh", "-c", script], stdout=subprocess.PIPE)
        if self.holder.stdout.read(1) != b"\n":
            raise Wrong("no namespaces to measure in")

    def enter(self, argv, netns=None, uid=None):
        words = ["nsenter", f"--target={self.holder.pid}", "--mount", "--net"]
        if netns:
            words += ["nsenter", f"--net=/run/netns/{netns}"]
        if uid:
            words += ["setpriv", "--reuid", uid, "--regid", uid, "--groups", GROUP, "--inh-caps=-all"]
        return [str(w) for w in words + list(argv)]

    def run(self, *argv, **options):
        done = subprocess.run(self.enter(argv), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
        if done.returncode != 0:
            raise Wrong(f"{' '.join(map(str, argv))}: {done.stdout.strip()[-500:]}")
        return done.stdout

    def sh(self, text, **options):
        return self.run("sh", "-euc", text, **options)

    def tool(self, argv, netns=None, uid=None, cpu=None):
        pinned = ["taskset", "--cpu-list", cpu] if cpu is not None else []
        tool = Tool(self.enter(pinned + list(argv), netns, uid))
        self.tools.append(tool)
        return tool

    def background(self, argv, netns=None, cpu=None):
        pinned = ["taskset", "--cpu-list", str(cpu)] if cpu is not None else []
        process = subprocess.Popen(self.enter(pinned + list(argv), netns), stdin=subprocess.DEVNULL)
        self.tools.append(process)
        return process

    def close(self):
        for tool in self.tools:
            process = tool.process if isinstance(tool, Tool) else tool
            if process.poll() is None:
                process.kill()
            process.wait()
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def create(network=None, name="n%u"):
    context = {"attachments": [{"network": network}]} if network else {}
    return message("CreateNamespace", name=name, context=context)


def delete(name="n%u"):
    return message("DeleteNamespaces", names=[name] if isinstance(name, str) else name)


def message(method, more=False, **parameters):
    text = {"method": f"alt.nsnet.{method}", "parameters": parameters}
    if more:
        text["more"] = True
    return json.dumps(text, separators=(",", ":"))


class Daemon(World):
    """A world with nsnetd in it. As systemd does it, the socket is ours and is handed over."""

    def __init__(self, build, pool=None, networks=(("lan", "10.50.0.0/16", {}),)):
        super().__init__(build)
        self.folder = tempfile.TemporaryDirectory(prefix="nsnetd-bench.")
        os.chmod(self.folder.name, 0o755)
        self.path = self.folder.name + "/socket"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        os.chmod(self.path, 0o666)
        self.listener.listen(128)
        self.pool, self.daemon, self.ready = pool, None, None
        self.start()
        self.ask = self.asker()
        for name, prefix, more in networks:
            self.call("CreateNetwork", name=name, context={"prefixes": [prefix], **more})

    def configure(self):
        text = "[Daemon]\nControlGroup=users\nAdministratorGroup=root\nLogLevel=warning\n"
        text += "[Policy]\nReaches=nat internal route\n"
        text += "[Limits]\nNamespaces=20000\nAttachments=20000\nNetworks=100\nConnections=1000\n"
        if self.pool is not None:
            text += f"[Pool]\nPoolSize={self.pool}\n"
        pathlib.Path(self.folder.name, "nsnetd.conf").write_text(text)

    def launch(self):
        """Starts nsnetd, and does not wait for it."""
        self.configure()
        notices = self.folder.name + "/notices"
        pathlib.Path(notices).unlink(missing_ok=True)
        self.notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notices.bind(notices)
        self.log = open(self.folder.name + "/log", "ab")
        script = ('exec 3<&0 </dev/null; echo "$EPOCHREALTIME" >"$2/started"; '
                  'LISTEN_PID=$$ LISTEN_FDS=1 NOTIFY_SOCKET=$2/notices exec "$1" --config "$2/nsnetd.conf"')
        argv = ["bash", "-c", script, "bash", self.build / "daemon/nsnetd", self.folder.name]
        self.daemon = subprocess.Popen(self.enter(argv), stdin=self.listener.fileno(), stdout=self.log, stderr=self.log)

    def started(self):
        """When that was, by the clock that time.time() reads."""
        return float(pathlib.Path(self.folder.name, "started").read_text())

    def start(self):
        self.launch()
        self.wait_ready()

    def wait_ready(self):
        if not self.wait_notice("READY=1"):
            log = pathlib.Path(self.folder.name, "log").read_text()
            if self.pool is not None and self.daemon.poll() is not None and "Pool" in log:
                # One that knows of no pool has none.
                self.pool = None
                self.start()
                return
            raise Wrong(f"nsnetd does not start: {log[-1000:]}")

    def wait_notice(self, text, seconds=30):
        """Whether the daemon has said that."""
        end = time.monotonic() + seconds
        self.notices.settimeout(0.1)
        while time.monotonic() < end:
            try:
                if text in self.notices.recv(4096).decode():
                    return True
            except TimeoutError:
                if self.daemon.poll() is not None:
                    return False
        return False

    def stop(self):
        if self.daemon and self.daemon.poll() is None:
            self.daemon.terminate()
            self.daemon.wait()
        self.notices.close()
        self.log.close()

    def asker(self, uid=None):
        return self.tool([self.bin / "ask", self.path], uid=uid)

    def call(self, method, **parameters):
        return self.ask.do("kept 1 0 0 " + message(method, **parameters))

    def links(self):
        return int(self.ask.do("links 1000000")["us"][0])

    def wait_links(self, most):
        return self.ask.do(f"links {most}")["total"]

    def cpu(self):
        """Microseconds on a processor so far."""
        with open(f"/proc/{self.daemon.pid}/schedstat") as f:
            return int(f.read().split()[0]) / 1000

    def memory(self):
        """(RSS, PSS) in KiB"""
        with open(f"/proc/{self.daemon.pid}/smaps_rollup") as f:
            fields = dict(line.split(":", 1) for line in f if ":" in line and "-" not in line.split(":")[0])
        return tuple(int(fields[key].split()[0]) for key in ("Rss", "Pss"))

    def close(self):
        self.stop()
        super().close()
        self.listener.close()
        self.folder.cleanup()


def floor(build, variant="bridge"):
    return Tool([pathlib.Path(build) / "tests/bench/floor", variant])
