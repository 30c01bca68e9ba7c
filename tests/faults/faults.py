#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# faults - nsnetd killed before each system call of what it does, and each of them failing in each way it may
#
#     faults.py [OPTIONS] NSNETD NSNETCTL kill|fail
#
#     kill: kill -9 at each point, a new start, and: the object is whole, as far as ip(8), nft(8), tc(8), the records and the daemon
#           tell, and works, or it is gone and the same request makes it; once all is deleted nothing is left. Of points between
#           which nothing changes that outlives the daemon the last one stands for all.
#     fail: an error is told and all is as before, or success and all is as asked for; once all is deleted nothing is left. The daemon
#           lives, but where memory is out or the way home to its namespace is lost: then it starts anew.
#
# A point is a pair (system call, k): strace(1) counts each system call for itself. A first run tells which there are.
#
#     --part I/N         of the points, every Nth
#     --sample SECONDS   points by chance, as many as there is time for
#     --seed N           of that chance
#     --only TEXT        operations whose name has that in it
#     --point CALL:K     that one
#     --verbose
#
# Needs strace(1), ip(8), nft(8), root. Exits by what was found.
import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import zlib

import leaks
import operations
import world
from world import Gone, Silent

CONFIG = f"{world.WORK}/nsnetd.conf"
# A group that every Debian has stands for nsnet.
MEMBERS = 100
# Within that, things are as they are to be; the kernel may take longer over it where the machine is busy (world.PATIENCE).
SETTLED = 5
# The same where the next start may mend it.
SOON = 1
# A traced start has much to load before main() begins: by then nothing was done that could be lost.
BEGINNING = "umask"


class Fault(Exception):
    """Of the daemon's: what is wrong, and with what."""


class Host:
    def __init__(self, arguments, ends_by=signal.SIGTERM):
        """ends_by: it comes to its own end, and tells what ran, or is killed"""
        self.arguments = arguments
        with open(CONFIG, "w", encoding="ascii") as file:
            file.write("[Daemon]\nControlGroup=users\n")
        shutil.copy(arguments.nsnetctl, f"{world.WORK}/nsnetctl")
        os.chmod(f"{world.WORK}/nsnetctl", 0o755)
        os.environ["NSNETD_SOCKET"] = world.SOCKET
        self.sysctls = leaks.take()["sysctl"]
        self.callers = {operations.ROOT: world.Caller(0, [0]), operations.ALICE: world.Caller(world.ALICE, [MEMBERS])}
        self.daemon = world.Daemon(arguments.nsnetd, ["--config", CONFIG], ends_by)
        self.empty = None
        self.begin()

    def begin(self):
        """An empty host with a daemon that has opened what it opens at the first use"""
        if not self.daemon.start():
            raise RuntimeError(f"nsnetd does not start:\n{self.daemon.logged()}")
        if self.empty is None:
            self.make([operations.NETWORK_A, operations.HOSTS, operations.NETWORK_M, operations.OWNED])
            self.delete_all()
            self.quiet()
            self.empty = self.steady()
        elif world.wait([self.empty], None, world.PATIENCE)[0] is None:
            raise RuntimeError("a wiped host is not an empty one")

    def steady(self):
        """A picture that stays"""
        last = world.take(self.daemon.pid)
        while True:
            time.sleep(0.1)
            now = world.take(self.daemon.pid)
            if not world.compare(last, now) and not world.compare(now, last):
                return now
            last = now

    def again(self):
        """The daemon anew, where it has died. Whether it had to be"""
        if self.daemon.is_alive():
            return False
        if not self.daemon.start():
            raise Fault(f"does not start any more:\n{self.daemon.logged()}")
        return True

    def serves(self):
        """Whether it does, where it is about to end: what it does next is to answer"""
        try:
            world.ask("alt.nsnet.Describe", {})
            return True
        except Gone:
            return False

    def wipe(self):
        self.daemon.end()
        world.wipe(self.sysctls)
        self.begin()

    def ask(self, request):
        who, method, parameters = request
        return self.callers[who].ask(method, parameters)[-1]

    def make(self, requests):
        for request in requests:
            error, parameters = self.ask(request)
            if error:
                raise Fault(f"{request[1]} is answered by {error} {parameters}")

    def ahead(self, seconds):
        """Until as many are made ahead as there will be, or the time is over"""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            (_, parameters), = self.callers[operations.ROOT].ask("Describe", {})
            if parameters["spares"] >= 2:
                return True
            time.sleep(0.005)
        return False

    def objects(self, method):
        replies = self.callers[operations.ROOT].ask(method, {})
        return [] if replies[-1][0] else [parameters["name"] for _, parameters in replies]

    def delete_all(self):
        for kind in ("Namespaces", "Networks"):
            names = self.objects(f"List{kind}")
            if names:
                self.make([(operations.ROOT, f"Delete{kind}", {"names": names, **({"kill": True} if kind == "Namespaces" else {})})])

    def quiet(self):
        """Until links of ours are gone: cheaper than a picture"""
        end = time.monotonic() + world.PATIENCE
        while time.monotonic() < end:
            if not re.search(r"^\s*(nsv|nsnet)\d", leaks.read("/proc/net/dev"), re.MULTILINE):
                return
            time.sleep(0.002)

    def clear(self):
        """All deleted by the daemon: nothing is left, in it neither"""
        self.delete_all()
        self.quiet()
        place, left = world.wait([self.empty], self.daemon.pid, world.PATIENCE)
        if place is None:
            raise Fault("is left once all is deleted:\n" + "\n".join(left[0]))

    def works(self):
        """Who owns a namespace gets in, and out by it to its gateway"""
        for name in self.objects("ListNamespaces"):
            (error, parameters), = self.callers[operations.ROOT].ask("ListNamespaces", {"name": name})
            uid = parameters["runtime"]["uid"]
            address = parameters["context"]["attachments"][0]["addresses"][0]
            become = [] if uid == 0 else ["setpriv", "--reuid", str(uid), "--regid", str(uid), "--groups", str(MEMBERS),
                                          "--inh-caps=-all", "--bounding-set=-all"]
            # The kernel's table of neighbours is one for the whole machine, and may be full for a while.
            end = time.monotonic() + world.PATIENCE
            done = None
            while not error and (done is None or (done.returncode == 1 and time.monotonic() < end)):
                done = subprocess.run([*become, f"{world.WORK}/nsnetctl", "exec", name, "ping", "-c", "1", "-W", "5",
                                       address.rpartition(".")[0] + ".1"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            if error or done.returncode != 0:
                raise Fault(f"{name} does not work: {done.stdout.decode(errors='replace')}")


def told(host):
    """What the daemon tells of its objects, as lines"""
    lines = []
    for method in ("ListNamespaces", "ListNetworks"):
        for error, parameters in host.callers[operations.ROOT].ask(method, {}):
            if not error:
                lines.append(world.plain(parameters))
    return lines


def alone(line):
    """What is told of an object, without what it is to others"""
    told_of = json.loads(line)
    told_of.get("runtime", {}).pop("attachments", None)
    return json.dumps(told_of, sort_keys=True)


def only_half_written(left):
    """Files that were not given their names, and could not be taken away: the next start sweeps them"""
    return any(all(re.match(r"\+ file: /\S*/\.\S+\.tmp ", line) for line in lines) for lines in left)


class Subject:
    """An operation, with pictures of before and after it and its points"""

    def __init__(self, host, operation):
        self.host, self.operation = host, operation
        self.points, self.pictures, self.told = [], [], []
        # Between two of these nothing changes that outlives the daemon: whether it dies there or at the next is the same to all.
        self.changes = set()
        self.learn()

    def prepare(self):
        self.host.make(self.operation.first)
        # Where the kernel is busy with taking apart nothing is made ahead, and who has made nothing for half a minute is forgotten.
        for last in (False, True):
            if not self.operation.is_ahead or self.host.ahead(world.PATIENCE):
                break
            if last:
                raise Fault("makes nothing ahead")
            self.host.clear()
            self.host.make(self.operation.first)
        if self.operation.is_start:
            self.host.daemon.end()
            if self.operation.disturb:
                self.operation.disturb(self.host)

    def learn(self):
        host, operation = self.host, self.operation
        self.prepare()
        if operation.is_start:
            trace = f"{world.WORK}/trace"
            if not host.daemon.start(["strace", "-D", "-I2", "-f", "-o", trace]):
                raise RuntimeError(f"nsnetd does not start under strace:\n{host.daemon.logged()}")
            host.daemon.end()
            calls = world.calls_of(world.traced(trace).splitlines())
            host.again()
        else:
            self.pictures.append(host.steady())
            self.told.append(told(host))
            tracer = world.Trace(host.daemon.pid)
            host.make([operation.request])
            if operation.is_ahead:
                host.ahead(world.PATIENCE)
            tracer.end()
            calls = world.calls_of(tracer.lines())
        self.pictures.append(host.steady())
        self.told.append(told(host))
        host.works()
        host.clear()
        self.count(calls)

    def count(self, calls):
        seen = set()
        numbers, begun = {}, not self.operation.is_start
        for process, name, is_change in calls:
            numbers[process, name] = numbers.get((process, name), 0) + 1
            begun = begun or name == BEGINNING
            point = (name, numbers[process, name])
            if begun and point not in seen:
                seen.add(point)
                self.points.append(point)
            if begun and is_change:
                self.changes.add(point)
        self.changes.add(self.points[-1])


class Round:
    """Points tried one after the other, and what came of it"""

    def __init__(self, host, arguments):
        self.host, self.arguments = host, arguments
        self.tried = self.hit = self.there = self.gone = self.ended = self.next_start = 0
        self.found = []

    def inject(self, subject, call, number, how):
        """Carries the operation out with the fault. (whether it came about, answer or None)"""
        host, operation, answer = self.host, subject.operation, None
        injection = ("signal=KILL" if how == "KILL" else f"error={how}") + f":when={number}"
        file = f"{world.WORK}/trace"
        if operation.is_start:
            host.daemon.end()
            if os.path.exists(file):
                os.unlink(file)
            if host.daemon.start(["strace", "-D", "-I2", "-f", "-o", file, "-e", f"trace={call}", "-e", f"inject={call}:{injection}"]):
                host.daemon.untrace()
                with open(file, encoding="utf-8", errors="replace") as trace:
                    text = trace.read()
            else:
                text = world.traced(file)
        else:
            tracer = world.Trace(host.daemon.pid, call, injection)
            try:
                answer = host.ask(operation.request)
                # What cannot be made ahead is not tried again for a while.
                if operation.is_ahead:
                    host.ahead(SOON / 4)
            except Gone:
                pass
            finally:
                tracer.end()
            text = "".join(tracer.lines())
        # Its parent is told of its death once strace(1) has been. It may have answered, and end next.
        died = host.daemon.died(0 if host.serves() else 2)
        if how == "KILL":
            return died == "SIGKILL" or "killed by SIGKILL" in text, answer
        return "(INJECTED)" in text, answer

    def judge_end(self, died, call, how, log):
        """The daemon has died of something"""
        self.ended += 1
        if re.search(r"ERROR: (Address|Leak)Sanitizer|runtime error", log) and "out of memory" not in log and "failed to allocate" not in log:
            raise Fault(f"a sanitizer speaks:\n{log}")
        if how == "KILL":
            return
        if died in operations.LIBRARY_ENDS and call in operations.LIBRARY_CALLS:
            return
        if died in ("SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE") or (died != "exit 1" and call not in operations.MAY_END):
            raise Fault(f"dies of {died}:\n{log}")

    def settle(self, subject, answer, lives):
        """Which of the pictures holds now"""
        host = self.host
        wanted = list(range(len(subject.pictures)))
        # What is pruned is taken away for good.
        if (subject.operation.is_apply and (answer is None or (answer[0] and subject.operation.request[2].get("prune")))) or (
                subject.operation.is_of_many and answer is None):
            return self.settle_each(subject, answer, lives)
        if answer is not None:
            wanted = [0] if answer[0] else [len(subject.pictures) - 1]
            # Taking away goes on to its end where a step fails, which is told, and is never taken back.
            if answer[0] and "delete" in subject.operation.name:
                wanted = [0, 1]
        may_start = lives and (subject.operation.is_start or wanted == [0, 1])
        place, left = world.wait([subject.pictures[i] for i in wanted], host.daemon.pid, SOON if may_start else SETTLED)
        if place is None and lives and (may_start or only_half_written(left)):
            # What could not be mended, or taken away, because of the fault: the next start does that.
            host.daemon.end()
            host.again()
            self.next_start += 1
            place, left = world.wait([subject.pictures[i] for i in wanted], host.daemon.pid, world.PATIENCE)
        if place is None:
            place, left = world.wait([subject.pictures[i] for i in wanted], host.daemon.pid, world.PATIENCE)
        if place is None:
            text = "".join(f"\n  to be as {'before' if i < len(subject.pictures) - 1 else 'after'} it lacks or has too much:\n    " +
                           "\n    ".join(lines[:20]) for i, lines in zip(wanted, left))
            raise Fault(f"is half-way (the answer was {answer}):{text}\n{host.daemon.logged()}")
        place = wanted[place]
        if told(host) != subject.told[place]:
            raise Fault(f"tells what is not so:\n{told(host)}\ninstead of\n{subject.told[place]}")
        return place

    def settle_each(self, subject, answer, lives):
        """Each object is as before or as asked for, and works; asked for again all are as asked for"""
        host = self.host
        known = [alone(line) for lines in subject.told for line in lines]
        wrong = [line for line in told(host) if alone(line) not in known]
        if wrong:
            raise Fault(f"is half-way (the answer was {answer}): {wrong}")
        host.works()
        who, method, parameters = subject.operation.request
        if subject.operation.is_of_many:
            there = host.objects("ListNamespaces")
            parameters = {**parameters, "names": [name for name in parameters["names"] if name in there]}
        if parameters.get("names", True):
            host.make([(who, method, parameters)])
        place, left = world.wait([subject.pictures[-1]], host.daemon.pid, SOON if lives else SETTLED)
        if place is None and lives:
            host.daemon.end()
            host.again()
            self.next_start += 1
            place, left = world.wait([subject.pictures[-1]], host.daemon.pid, world.PATIENCE)
        if place is None:
            raise Fault(f"is not as asked for (the first answer was {answer}), once it was asked for again:\n    " +
                        "\n    ".join(left[0][:20]))
        return len(subject.pictures) - 1

    def point(self, subject, call, number, how):
        host, operation = self.host, subject.operation
        subject.prepare()
        host.daemon.logged()
        happened, answer = self.inject(subject, call, number, how)
        self.tried += 1
        self.hit += happened
        died = host.daemon.died()
        log = host.daemon.logged()
        if died:
            self.judge_end(died, call, how, log)
        lives = not host.again()
        place = self.settle(subject, answer, lives)
        if place == len(subject.pictures) - 1:
            self.there += 1
        else:
            self.gone += 1
            host.make([operation.request])
        if not operation.name.startswith(("delete", "network delete")) or place == 0:
            host.works()
        host.clear()

    def run(self, subject, call, number, how):
        name = f"{subject.operation.name}: {call} {number}: {how}"
        try:
            self.point(subject, call, number, how)
            if self.arguments.verbose:
                print(f"ok - {name}", flush=True)
        except (Fault, Gone, Silent, RuntimeError, subprocess.SubprocessError) as error:
            self.found.append(name)
            print(f"not ok - {name}: {type(error).__name__}: {error}\n{self.host.daemon.logged()}".rstrip(), flush=True)
            self.host.wipe()


def ways(kind, call):
    if kind == "kill":
        return ("KILL",)
    if call in operations.CANNOT_FAIL:
        return ()
    if call not in operations.FAILURES:
        raise RuntimeError(f"how may {call} fail? Tell it in operations.py")
    return operations.FAILURES[call]


def points_of(subject, kind, part):
    index, of = part
    points = []
    for call, number in subject.points:
        hows = ways(kind, call)
        if kind == "kill" and (call, number) not in subject.changes:
            continue
        # A start and an Apply have thousands of points: each fails in one way, the next of its kind in the next.
        if (subject.operation.is_start or subject.operation.is_apply) and hows:
            hows = (hows[number % len(hows)],)
        points += [(subject, call, number, how) for how in hows if (zlib.crc32(f"{call} {how}".encode()) + number) % of == index]
    return points


def main():
    parser = argparse.ArgumentParser(prog="faults.py")
    parser.add_argument("--part", default="0/1")
    parser.add_argument("--sample", type=float)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--only", default="")
    parser.add_argument("--point")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("nsnetd")
    parser.add_argument("nsnetctl")
    parser.add_argument("kind", choices=("kill", "fail"))
    arguments = parser.parse_args()
    arguments.nsnetd, arguments.nsnetctl = os.path.abspath(arguments.nsnetd), os.path.abspath(arguments.nsnetctl)
    world.sandbox()
    begin = time.monotonic()
    host = Host(arguments, signal.SIGKILL if arguments.kind == "kill" else signal.SIGTERM)
    chance = random.Random(arguments.seed)
    chosen = [o for o in operations.operations() if arguments.only in o.name]
    done = Round(host, arguments)
    points_there = 0
    if arguments.sample:
        print(f"seed {arguments.seed}", flush=True)
        chance.shuffle(chosen)
    for place, operation in enumerate(chosen):
        left = (arguments.sample or 0) - (time.monotonic() - begin)
        if arguments.sample and left < 0 and done.tried:
            break
        subject = Subject(host, operation)
        points_there += len(subject.points) if arguments.part.startswith("0/") else 0
        points = points_of(subject, arguments.kind, [int(number) for number in arguments.part.split("/")])
        if arguments.point:
            points = [point for point in points if f"{point[1]}:{point[2]}" == arguments.point]
        end = None
        if arguments.sample:
            chance.shuffle(points)
            end = time.monotonic() + left / (len(chosen) - place)
        at = time.monotonic()
        before = (done.tried, done.hit, len(done.found))
        for point in points:
            if end and time.monotonic() > end:
                break
            done.run(*point)
        print(f"# {operation.name}: {done.tried - before[0]} points of {len(points)}, {done.hit - before[1]} hit, "
              f"{len(done.found) - before[2]} faults found, {time.monotonic() - at:.0f} s", flush=True)
    host.daemon.end(signal.SIGTERM)
    print(f"{arguments.kind}: {points_there} points, {done.tried} tried, {done.hit} hit; {done.there} whole, {done.gone} as before; the daemon started anew "
          f"{done.ended} times, {done.next_start} mended by the next start; {len(done.found)} faults found", flush=True)
    # Points that did not come about test nothing: what the daemon does is nearly the same each time. Some are out of a few.
    most = max(2, done.tried // 3) if arguments.sample else max(1, done.tried // 10)
    sys.exit(0 if not done.found and done.hit and done.tried - done.hit <= most else 1)


if __name__ == "__main__":
    main()
