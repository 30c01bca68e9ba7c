#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# files - nsnetd's own files damaged in every way: it starts, or refuses by one clear line; the rest is recovered; nothing of others' goes
#
#     files.py [OPTIONS] NSNETD NSNETCTL
#
#     --part I/N         of the lengths to which files are cut, every Nth
#     --sample SECONDS   by chance, as many as there is time for
#     --seed N           of that chance
#     --many N           so many records at once (10000)
#     --verbose
import argparse
import json
import os
import random
import socket
import subprocess
import sys
import time

import operations
import world
from faults import Fault, Host
from world import Gone, Silent

STATE, WISHES = f"{world.RUN}/state", "/var/lib/nsnetd"
# Of so many files that are cut short one is looked at with all that it was about.
LOOKED_AT = 16
PERSISTENT = {"persistent": True}

# What is damaged, and beside it what is not.
VICTIMS = [
    (operations.ROOT, "CreateNetwork", {"name": "a", "context": {"prefixes": ["10.9.0.0/24", "fd00:9::/64"], **PERSISTENT}}),
    (operations.ROOT, "CreateNamespace", {"name": "ns1", "context": {
        "attachments": [operations.attachment("a", 5)], "ports": [operations.port(8080, 80)], **PERSISTENT}}),
]
BESIDE = [
    (operations.ROOT, "CreateNetwork", {"name": "b", "context": {"prefixes": ["10.8.0.0/24", "fd00:8::/64"]}}),
    (operations.ROOT, "CreateNamespace", {"name": "ns2", "context": {"attachments": [operations.attachment("b", 5)]}}),
]
NEW = [(operations.ROOT, "CreateNamespace", {"name": "ns3", "context": {"attachments": [], **PERSISTENT}}),
       (operations.ROOT, "CreateNetwork", {"name": "c", "context": {"prefixes": ["10.6.0.0/24", "fd00:6::/64"], **PERSISTENT}})]

# Somebody else's, at every place where the daemon looks.
FOREIGN = """
    ip netns add other; ip link add brother type bridge; ip link set brother alias nsnetd:@other
    nft add table inet other; nft add chain inet other c
    for d in /run/nsnetd /run/nsnetd/state/namespaces /run/nsnetd/state/networks /var/lib/nsnetd/namespaces /var/lib/nsnetd/networks; do
        echo mine >$d/README; echo mine >$d/note.txt
    done"""


def foreign():
    there = [os.path.exists(path) for path in ("/run/netns/other", "/proc/sys/net/ipv4/conf/brother")]
    there.append(subprocess.run(["nft", "list", "chain", "inet", "other", "c"], stdout=subprocess.DEVNULL, check=False).returncode == 0)
    for directory in (world.RUN, f"{STATE}/namespaces", f"{STATE}/networks", f"{WISHES}/namespaces", f"{WISHES}/networks"):
        for name in ("README", "note.txt"):
            try:
                with open(f"{directory}/{name}", encoding="ascii") as file:
                    there.append(file.read() == "mine\n")
            except OSError:
                there.append(False)
    return there


def put(path, data):
    with open(path, "wb") as file:
        file.write(data)


def get(path):
    with open(path, "rb") as file:
        return file.read()


def sh(script):
    subprocess.run(["sh", "-ec", script], check=True, stdout=subprocess.DEVNULL)


def look_at(path):
    """A regular file's bytes"""
    return get(path) if os.path.isfile(path) and not os.path.islink(path) else None


def understood(data, path):
    try:
        return json.loads(data)["name"] == os.path.basename(path).removesuffix(".json")
    except (ValueError, KeyError, TypeError):
        return False


class Damage:
    """One file or directory, damaged and made whole again"""

    def __init__(self, name, path, spoil):
        self.name, self.path, self.spoil = name, path, spoil


def records():
    return [f"{STATE}/networks/a.json", f"{STATE}/namespaces/ns1.json", f"{WISHES}/networks/a.json", f"{WISHES}/namespaces/ns1.json"]


def cut(path, n, files):
    return Damage(f"{path} cut to {n} bytes", path, lambda: put(path, files.whole[path][:n]))


def mangled(told, **fields):
    return json.dumps({**told, **fields}).encode()


def lists_of(told, depth):
    return mangled(told, context=None)[:-5] + b"[" * depth + b"]" * depth + b"}"


def remake(path, command):
    os.unlink(path)
    sh(command)


def special(path):
    os.unlink(path)
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(path)


def texts(data, chance):
    """What is no record, or not that one, by what it is"""
    told = json.loads(data)
    return {
        "bytes by chance": chance.randbytes(4096), "zeros": bytes(4096), "2 MB of spaces": b" " * (2 << 20),
        "no JSON": b"nsnetd\n", "an empty object": b"{}", "a list": b"[]", "null": b"null", "twice": data + data,
        "the record, NUL behind": data + b"\0", "deep": lists_of(told, 100000), "another name": mangled(told, name="x"),
        "a path for a name": mangled(told, name="../../../etc/passwd"), "no name": mangled(told, name=None),
        "a number for a name": mangled(told, name=7), "no context": mangled(told, context=None), "a text for a context": mangled(told, context="x"),
        "an unknown field": mangled(told, unknown={"x": [1, 2, 3]}), "bad UTF-8": data.replace(b"name", b"n\xff\xfee", 1),
        "a huge number": data.replace(b"1", b"9" * 400, 1),
    }


def garbage(path, files, chance):
    """The record as it is then: one of before may be of a namespace that is no more, which is another thing"""
    damages = [Damage(f"{path}: {what}", path, lambda what=what: put(path, texts(files.whole[path], chance)[what]))
               for what in texts(files.whole[path], chance)]
    others = {
        "gone": lambda: os.unlink(path),
        "a directory": lambda: remake(path, f"mkdir {path}"),
        "a pipe": lambda: remake(path, f"mkfifo {path}"),
        "a socket": lambda: special(path),
        "a device": lambda: remake(path, f"mknod {path} c 1 5"),
        "a link to itself": lambda: remake(path, f"ln -s {path} {path}"),
        "a link to a file of the system's": lambda: remake(path, f"ln -s /etc/passwd {path}"),
        "somebody else's": lambda: os.chown(path, world.ALICE, world.ALICE),
        "not to be read": lambda: os.chmod(path, 0),
    }
    return damages + [Damage(f"{path}: {what}", path, spoil) for what, spoil in others.items()]


class Files:
    def __init__(self, host, arguments):
        self.host, self.arguments = host, arguments
        self.found, self.tried, self.cut, self.refused = [], 0, 0, 0
        host.make(VICTIMS + BESIDE)
        sh(FOREIGN)
        if not all(foreign()):
            raise RuntimeError("what is somebody else's is not there")
        self.whole = {path: get(path) for path in records()}

    def restore(self, path, damaged):
        """As it was before the damage, where the daemon has not written it anew by itself"""
        self.host.daemon.end()
        now = look_at(path)
        if now is not None and now != damaged and understood(now, path):
            self.whole[path] = now
            return
        sh(f"rm -rf {path}")
        put(path, self.whole[path])
        os.chmod(path, 0o600)

    def fail(self, name, error):
        self.found.append(name)
        print(f"not ok - {name}: {type(error).__name__}: {error}\n{self.host.daemon.logged()}".rstrip(), flush=True)

    def start(self):
        """Whether it serves; else it has refused by one line"""
        self.host.daemon.logged()
        if self.host.daemon.start():
            return True
        log, died = self.host.daemon.logged(), self.host.daemon.died()
        lines = [line for line in log.splitlines() if ": no group" not in line]
        if died != "exit 1" or len(lines) != 1 or not lines[0].startswith("nsnetd"):
            raise Fault(f"{died}, not one clear line but:\n{log}")
        self.refused += 1
        return False

    def look(self):
        """What is whole is recovered, what is others' is there"""
        names = self.host.objects("ListNamespaces") + self.host.objects("ListNetworks")
        if not {"ns2", "b"} <= set(names):
            raise Fault(f"of what is whole only {names} is there")
        if not all(foreign()):
            raise Fault(f"something of somebody else's is gone: {foreign()}")

    def kept(self, path):
        """A file that was not understood is left, or was written anew, whole"""
        if not os.path.lexists(path):
            raise Fault(f"{path} was taken away")

    def objects_of(self, damage):
        """What there is in the kernel that a damaged record may be about; of files cut short not each time"""
        if not damage.path.startswith(STATE) or self.cut % LOOKED_AT:
            return {}
        picture = world.take()
        return {kind: picture[kind] for kind in ("link", "route", "firewall", "mount", "namespace", "inside", "sysctl")}

    def stays(self, before):
        """Nobody knows what it was: so nothing of it goes"""
        if not before:
            return
        now = world.take()
        lost = [line for line in world.compare({"rss": None, **before}, now) if line.startswith("-")]
        if lost:
            raise Fault("of what there was there is no more:\n" + "\n".join(lost[:20]))

    def damage(self, damage):
        self.tried += 1
        try:
            before = self.objects_of(damage)
            self.host.daemon.end()
            damage.spoil()
            gone, damaged = not os.path.lexists(damage.path), look_at(damage.path)
            if self.start():
                self.look()
                if not gone:
                    self.stays(before)
            if not gone:
                self.kept(damage.path)
            self.restore(damage.path, damaged)
            if not self.host.daemon.start():
                raise Fault(f"does not start with the file as it was:\n{self.host.daemon.logged()}")
            if self.arguments.verbose:
                print(f"ok - {damage.name}", flush=True)
        except (Fault, Gone, Silent, RuntimeError, OSError, subprocess.SubprocessError) as error:
            self.fail(damage.name, error)
            self.renew()

    def renew(self):
        sh("ip netns delete other || true; ip link delete brother || true; nft delete table inet other || true")
        self.host.wipe()
        self.host.make(VICTIMS + BESIDE)
        sh(FOREIGN)
        self.whole = {path: get(path) for path in records()}

    # Directories.

    def directory(self, name, spoil, mend, serves):
        """serves: whether it must, must not (False), or may (None)"""
        self.tried += 1
        try:
            self.host.daemon.end()
            sh(spoil)
            started = self.start()
            if serves is not None and started != serves:
                raise Fault(f"{'serves' if started else 'does not serve'}")
            if started:
                self.refuse_new()
            if not all(foreign()) and "foreign" not in name:
                raise Fault(f"something of somebody else's is gone: {foreign()}")
            self.host.daemon.end()
            sh(mend)
            if not self.host.daemon.start():
                raise Fault(f"does not start once that is mended:\n{self.host.daemon.logged()}")
            self.look()
            if self.arguments.verbose:
                print(f"ok - {name}", flush=True)
        except (Fault, Gone, Silent, RuntimeError, OSError, subprocess.SubprocessError) as error:
            self.fail(name, error)
            sh(f"{mend} || true")
            self.renew()

    def refuse_new(self):
        """What cannot be kept is refused, before anything is made"""
        before = world.take()
        for request in NEW:
            error, parameters = self.host.ask(request)
            if not error:
                raise Fault(f"{request[1]} is answered by success, {parameters['context']}")
        left = world.wait([before], None, 5)[1]
        if left:
            raise Fault("is left of what was refused:\n" + "\n".join(left[0]))

    def directories(self):
        wishes, aside = WISHES, f"{world.WORK}/aside"
        mend = f"rm -rf {wishes}; cp -a {aside} {wishes}"
        sh(f"rm -rf {aside}; cp -a {wishes} {aside}")
        self.directory("/var/lib/nsnetd is read-only", f"mount --bind {wishes} {wishes}; mount -o remount,bind,ro {wishes}", f"umount {wishes}", True)
        self.directory("/var/lib/nsnetd is full",
                       f"mount -t tmpfs -o size=64k,mode=0755 tmpfs {wishes}; cp -a {aside}/. {wishes}; cat /dev/zero >{wishes}/full 2>/dev/null || true",
                       f"umount {wishes}", True)
        self.directory("/var/lib/nsnetd has no inodes left",
                       f"mount -t tmpfs -o size=1m,nr_inodes=9,mode=0755 tmpfs {wishes}; cp -a {aside}/. {wishes} 2>/dev/null || true;"
                       f"for i in $(seq 20); do touch {wishes}/n$i 2>/dev/null || true; done", f"umount {wishes}", True)
        self.directory("/var/lib/nsnetd is foreign", f"chown {world.ALICE} {wishes}", f"chown 0 {wishes}", True)
        self.directory("/var/lib/nsnetd/namespaces is foreign", f"chown {world.ALICE} {wishes}/namespaces", f"chown 0 {wishes}/namespaces", True)
        self.directory("/var/lib/nsnetd is writable by all", f"chmod 0777 {wishes}", f"chmod 0755 {wishes}", True)
        self.directory("/var/lib/nsnetd is a file (foreign)", f"rm -rf {wishes}; echo >{wishes}", mend, True)
        self.directory("/var/lib/nsnetd is a link elsewhere (foreign)", f"rm -rf {wishes}; ln -s {aside} {wishes}", mend, True)
        for name in ("state", "state/namespaces", "state/networks", "sysctl", "hosts", "etc", "dns"):
            path = f"{world.RUN}/{name}"
            self.directory(f"{path} is foreign", f"chown {world.ALICE} {path}", f"chown 0 {path}", False)
            self.directory(f"{path} is writable by all", f"chmod a+w {path}", f"chmod go-w {path}", False)
            self.directory(f"{path} is a file (foreign)", f"mv {path} {aside}.d; echo >{path}", f"rm {path}; mv {aside}.d {path}", False)
            self.directory(f"{path} is a link elsewhere (foreign)", f"mv {path} {aside}.d; ln -s {aside}.d {path}",
                           f"rm {path}; mv {aside}.d {path}", False)
        self.directory("/run/nsnetd is read-only", f"mount --bind {world.RUN} {world.RUN}; mount -o remount,bind,ro {world.RUN}", f"umount {world.RUN}", None)
        self.full_run()
        self.missing()

    def full_run(self):
        """The disk is full when the daemon runs already"""
        self.tried += 1
        run, name = world.RUN, "/run/nsnetd is full"
        try:
            self.host.daemon.end()
            sh(f"cp -a {run} {world.WORK}/run; mount -t tmpfs -o size=256k,mode=0755 tmpfs {run}; cp -a {world.WORK}/run/. {run}")
            if not self.start():
                raise Fault("does not start")
            self.look()
            sh(f"cat /dev/zero >{run}/full 2>/dev/null || true")
            self.refuse_new()
            self.look()
            self.host.daemon.end()
            sh(f"umount {run}; rm -rf {world.WORK}/run")
            if not self.host.daemon.start():
                raise Fault(f"does not start once that is mended:\n{self.host.daemon.logged()}")
            self.look()
        except (Fault, Gone, Silent, RuntimeError, OSError, subprocess.SubprocessError) as error:
            self.fail(name, error)
            sh(f"umount {run} || true")
            self.renew()

    def missing(self):
        """As after a reboot: what is persistent is there again, the rest is not, and nothing of it is left"""
        self.tried += 1
        try:
            self.host.daemon.end()
            operations.lose_objects()
            sh(f"rm -rf {world.RUN}")
            if not self.start():
                raise Fault("does not start")
            names = sorted(self.host.objects("ListNamespaces") + self.host.objects("ListNetworks"))
            if names != ["a", "ns1"]:
                raise Fault(f"of what is persistent {names} is there")
            self.host.works()
        except (Fault, Gone, Silent, RuntimeError, OSError, subprocess.SubprocessError) as error:
            self.fail("/run/nsnetd is missing", error)
        self.renew()

    def many(self, n):
        """Records in a number that no quota would let be: of namespaces that are no more, and of no sense"""
        self.tried += 1
        try:
            self.host.daemon.end()
            told = json.loads(self.whole[f"{STATE}/namespaces/ns1.json"])
            told["context"] = {"attachments": []}
            for i in range(n // 2):
                put(f"{STATE}/namespaces/gone{i}.json", mangled(told, name=f"gone{i}"))
                put(f"{STATE}/namespaces/bad{i}.json", b"{\"name\": 1}")
            begin = time.monotonic()
            if not self.start():
                raise Fault("does not start")
            self.look()
            print(f"# {n} records: {time.monotonic() - begin:.1f} s", flush=True)
            left = os.listdir(f"{STATE}/namespaces")
            gone = [name for name in left if name.startswith("gone")]
            bad = [name for name in left if name.startswith("bad")]
            if gone or len(bad) != n // 2:
                raise Fault(f"{len(gone)} records of namespaces that are no more are left, and {len(bad)} that nobody understands")
            sh(f"cd {STATE}/namespaces && find . -name 'bad*' -delete")
        except (Fault, Gone, Silent, RuntimeError, OSError, subprocess.SubprocessError) as error:
            self.fail("many records", error)
            self.renew()

    def finish(self):
        """All is deleted by the daemon, and all of others' by hand: nothing is left"""
        try:
            sh("""ip netns delete other; ip link delete brother; nft delete table inet other
                  find /run/nsnetd /var/lib/nsnetd '(' -name README -o -name note.txt ')' -delete""")
            self.host.clear()
        except (Fault, Gone, Silent, RuntimeError, OSError, subprocess.SubprocessError) as error:
            self.fail("the end", error)


def main():
    parser = argparse.ArgumentParser(prog="files.py")
    parser.add_argument("--part", default="0/1")
    parser.add_argument("--sample", type=float)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--many", type=int, default=10000)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("nsnetd")
    parser.add_argument("nsnetctl")
    arguments = parser.parse_args()
    arguments.nsnetd, arguments.nsnetctl = os.path.abspath(arguments.nsnetd), os.path.abspath(arguments.nsnetctl)
    index, of = [int(number) for number in arguments.part.split("/")]
    os.environ.setdefault("NSNET_SEED", str(arguments.seed))
    world.sandbox()
    begin, seed = time.monotonic(), int(os.environ["NSNET_SEED"])
    chance = random.Random(seed)
    files = Files(Host(arguments), arguments)
    cuts = [cut(path, n, files) for path, data in files.whole.items() for n in range(len(data))]
    others = [damage for path in files.whole for damage in garbage(path, files, chance)]
    if arguments.sample:
        print(f"seed {seed}", flush=True)
        chance.shuffle(cuts)
        chance.shuffle(others)
    if index == 0 and not arguments.sample:
        files.directories()
        files.many(arguments.many)
    for damages in (others, cuts):
        for damage in damages[index::of]:
            if arguments.sample and time.monotonic() - begin > arguments.sample * (0.5 if damages is others else 1):
                break
            files.cut += damages is cuts
            files.damage(damage)
    files.finish()
    files.host.daemon.end(15)
    print(f"files: {files.tried} damages, {files.cut} of them files cut short; {files.refused} times one clear line and no start; "
          f"{len(files.found)} faults found", flush=True)
    sys.exit(0 if not files.found and files.tried else 1)


if __name__ == "__main__":
    main()
