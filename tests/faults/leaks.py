# SPDX-License-Identifier: LGPL-2.1-or-later
# leaks - what nsnetd could leave behind: a picture of it, and two of them compared; to be imported
#
#     before = leaks.take(pid)                a picture; of the daemon too, where its process is given
#     left = leaks.wait(before, pid)          what differs from it now: lines, none if all is well. The kernel takes a namespace
#                                             apart in its own time, so it is looked at again for some seconds
#     left = leaks.compare(before, after)     the same of two pictures, at once
#
# What is made ahead comes and goes unasked, and is left out: links that say so and are on no record, and what is theirs. Of one that was
# taken the link may say so for a while.
# A daemon opens some descriptors at their first use: let it make and delete one object of each kind before the first picture.
# All that is read is of the network and mount namespace of the caller, and of the processes in his /proc.
#
#     leaks.py take [PID] >FILE               the same for shell scripts
#     leaks.py wait FILE [PID]                prints what differs, exits by it
import hashlib
import json
import os
import re
import stat
import subprocess
import sys
import time

# A daemon that has just begun has 0.9 MB, one that has made and deleted a network 2,000 times 3.1 MB, and no more after that.
RSS_TOLERANCE_KB = 3072
SECONDS = 10
DIRECTORIES = ("/run/nsnetd", "/run/netns", "/var/lib/nsnetd")
# Of each interface.
SYSCTLS = ("forwarding", "force_forwarding", "mc_forwarding", "route_localnet", "rp_filter", "accept_local", "proxy_arp", "proxy_ndp",
           "arp_ignore", "arp_announce", "accept_ra", "accept_redirects", "send_redirects", "disable_ipv6", "addr_gen_mode")
# Of a daemon with a sanitizer, whose memory tells nothing.
SHADOW_KB = 1 << 30
# What changes by itself, or has a new number each time ("no": of a bridge's port, the lowest that is free while an old one is going).
PASSING = re.compile(r"_timer$|^(ifindex|link_index|link_netnsid|txqlen|stats64|operstate|tentative|dadfailed|handle|index|no|packets|bytes|"
                     r"expires|pref|num_tx_queues|num_rx_queues|root_port|topology_change.*|valid_life_time|preferred_life_time)$")


def _run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode()


def _strip(value):
    """Without what is passing; lists in an order of their own"""
    if isinstance(value, dict):
        return {key: _strip(item) for key, item in value.items() if not PASSING.search(key)}
    if isinstance(value, list):
        return [_strip(item) for item in value]
    return value


def line(value):
    """Of something that ip(8) or nft(8) told"""
    return json.dumps(_strip(value), sort_keys=True)


def _json(*command):
    """What they tell while it changes is no JSON at times"""
    for _ in range(50):
        text = _run(*command)
        try:
            return json.loads(text or "[]")
        except ValueError:
            time.sleep(0.02)
    raise RuntimeError(f"{' '.join(command)} tells what is no JSON: {text}")


def _links():
    lines = []
    for link in _json("ip", "-d", "-j", "address"):
        for address in link.pop("addr_info", []):
            # One that the kernel is still trying out comes and goes.
            if address.get("scope") != "link":
                lines.append(f"{link['ifname']}: {line(address)}")
        lines.append(line(link))
    return lines


def route_lines(routes):
    """Without those of link-local addresses and of multicast, which follow a link's state"""
    return [line(route) for route in routes if not str(route.get("dst", "")).startswith(("fe80:", "ff00:", "multicast"))]


def _routes():
    return route_lines(_json("ip", "-4", "-j", "route", "show", "table", "all") +
                       _json("ip", "-6", "-j", "route", "show", "table", "all"))


def _mounts():
    lines = []
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            fields, _, rest = line.partition(" - ")
            fields = fields.split()
            kind, source = rest.split()[:2]
            # Without the numbers of the mount, of its parent and of its peers; options tell whether it is shared at all.
            shared = sorted(option.partition(":")[0] for option in fields[6:])
            root = "nsfs" if kind == "nsfs" else fields[3]
            lines.append(" ".join([fields[4], root, kind, source, fields[5], *shared]))
    return lines


def _elements(value):
    """Elements of a set have no order."""
    for item in value:
        for whole in item.values():
            if isinstance(whole, dict) and isinstance(whole.get("elem"), list):
                whole["elem"] = sorted(whole["elem"], key=lambda element: json.dumps(element, sort_keys=True))
    return value


def _firewall():
    lines = []
    for item in _elements(_json("nft", "-j", "list", "ruleset")["nftables"]):
        if "metainfo" in item:
            continue
        for kind, whole in item.items():
            elements = whole.pop("elem", None) if isinstance(whole, dict) and kind in ("set", "map") else None
            lines.append(f"{kind} {line(whole)}")
            # The kernel's own, of whoever has talked lately.
            if isinstance(whole, dict) and "dynamic" in whole.get("flags", ()):
                continue
            for element in elements or []:
                lines.append(f"element of {whole['family']} {whole['table']} {whole['name']}: {line(element)}")
    return lines


def read(path):
    """A file's text, or why there is none: a pipe would hold up who reads it, and a device never ends"""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return "no file"
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read().strip()
    except OSError as error:
        return f"errno {error.errno}"


def _sysctls():
    lines = []
    paths = ["/proc/sys/net/ipv4/ip_forward"]
    for top in ("/proc/sys/net/ipv4/conf", "/proc/sys/net/ipv6/conf"):
        paths += [f"{top}/{link}/{name}" for link in os.listdir(top) for name in SYSCTLS]
    if os.path.isdir("/proc/sys/net/bridge"):
        paths += [f"/proc/sys/net/bridge/{name}" for name in os.listdir("/proc/sys/net/bridge")]
    for path in paths:
        value = read(path)
        # A family has not the other's; an interface may go meanwhile.
        if value != "errno 2":
            lines.append(f"{path.removeprefix('/proc/sys/')}={value}")
    return lines


def _file(path):
    status = os.lstat(path)
    what = f"{path} {stat.filemode(status.st_mode)} {status.st_uid}:{status.st_gid}"
    if stat.S_ISLNK(status.st_mode):
        return f"{what} -> {os.readlink(path)}"
    if stat.S_ISREG(status.st_mode) and not path.startswith("/run/netns/"):
        with open(path, "rb") as file:
            text = file.read()
        return f"{what} {len(text)} bytes {hashlib.sha256(text).hexdigest()[:12]}"
    return what


def _files():
    lines = []
    for top in DIRECTORIES:
        if os.path.isdir(top):
            lines.append(_file(top))
        for directory, directories, names in os.walk(top):
            for name in directories + names:
                try:
                    lines.append(_file(os.path.join(directory, name)))
                except FileNotFoundError:
                    pass
    return lines


def _processes():
    return [name for name in os.listdir("/proc") if name.isdigit()]


def _namespaces():
    """Alive: by a process, a descriptor or a mount. Numbers of namespaces are never two's at a time, so they are names enough"""
    seen = set()
    for process in _processes():
        try:
            paths = [f"/proc/{process}/ns/net", f"/proc/{process}/ns/user"]
            paths += [f"/proc/{process}/fd/{fd}" for fd in os.listdir(f"/proc/{process}/fd")]
        except OSError:
            continue
        for path in paths:
            try:
                target = os.readlink(path)
            except OSError:
                continue
            if target.startswith(("net:[", "user:[")):
                seen.add(target)
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            if " nsfs " in line:
                seen.add(line.split()[3])
    # Those that this one knows by a number are alive, whoever holds them.
    seen |= {f"netnsid {item['nsid']}" for item in _json("ip", "-j", "netns", "list-id")}
    return list(seen)


def _held_alone():
    """Those that are alive by a descriptor alone"""
    held, others = set(), set()
    for process in _processes():
        try:
            others.add(os.readlink(f"/proc/{process}/ns/net"))
            paths = [f"/proc/{process}/fd/{fd}" for fd in os.listdir(f"/proc/{process}/fd")]
        except OSError:
            continue
        for path in paths:
            try:
                held.add(os.readlink(path))
            except OSError:
                continue
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        others |= {line.split()[3] for line in file if " nsfs " in line}
    return {target for target in held - others if target.startswith("net:[")}


def _descriptors(pid):
    lines = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{name}")
        except FileNotFoundError:
            continue
        # Sockets and namespaces have new numbers each time, and a namespace is one by whatever path it was opened.
        target = re.sub(r"^/run/netns/.*", "net", re.sub(r"[\[:]*\[\d+\]$", "", target))
        lines.append(re.sub(r"^/proc/\d+/", "/proc/PID/", target))
    # Where what runs is counted, what a child has counted is being written down.
    lines = [line for line in lines if not line.endswith(".gcda")]
    # It has one /proc of its own, now and then.
    if "/" in lines:
        lines.remove("/")
    return lines


def _status(pid, field):
    found = re.search(rf"^{field}:\s*(\d+)", read(f"/proc/{pid}/status"), re.MULTILINE)
    if not found:
        raise RuntimeError(f"process {pid} has no {field}: it is gone")
    return int(found[1])


def _owners():
    """Whose link that is, by the records: {link: alias}"""
    owners = {}
    top = "/run/nsnetd/state/namespaces"
    for name in os.listdir(top) if os.path.isdir(top) else []:
        try:
            told = json.loads(read(f"{top}/{name}"))
            for attachment, link in zip(told["context"]["attachments"], told["runtime"]["hostInterfaces"]):
                owners[link] = f"nsnetd:{told['name']}/{attachment['interfaceName']}"
        except (ValueError, KeyError, TypeError):
            continue
    return owners


def spares():
    """The host's ends of what is made ahead, {name: the number of its namespace here}"""
    owners = _owners()
    return {link["ifname"]: link.get("link_netnsid") for link in _json("ip", "-d", "-j", "link")
            if link.get("ifalias", "").startswith("nsnetd:%") and link["ifname"] not in owners}


def without(lines, names):
    """Lines that name none of them"""
    if not names:
        return lines
    named = re.compile(r"\b(" + "|".join(names) + r")\b")
    return [line for line in lines if not named.search(line)]


def _leave_out(picture, ahead):
    owners = _owners()
    for kind in ("link", "route", "firewall", "sysctl"):
        picture[kind] = without(picture[kind], ahead)
    picture["link"] = [re.sub(r'"nsnetd:%[^"]*"', f'"{owners[name]}"', text) if name in owners else text
                       for text in picture["link"] for name in [(re.search(r'"ifname": "([^"]*)"', text) or [0, ""])[1]]]
    directories = {found[0] for text in picture["file"] for found in [re.match(r"/run/nsnetd/etc/%\d+", text)] if found}
    if len(directories) <= len(ahead):
        picture["file"] = [text for text in picture["file"] if not text.startswith("/run/nsnetd/etc/%")]
    numbers = {f"netnsid {number}" for number in ahead.values()}
    picture["namespace"] = [text for text in picture["namespace"] if text not in numbers]
    # Each is held by a descriptor of the daemon's alone. One more than that is one too many.
    alone = _held_alone()
    if len(alone) <= len(ahead):
        picture["namespace"] = [text for text in picture["namespace"] if text not in alone]
    for _ in ahead:
        if "net" in picture["descriptor"]:
            picture["descriptor"].remove("net")


def take(pid=None):
    """A picture: what there is, by kind, as lines"""
    while True:
        before = spares()
        picture = _take(pid)
        ahead = spares()
        if before == ahead:
            break
    _leave_out(picture, ahead)
    return picture


def _take(pid):
    picture = {
        "link": _links(),
        "route": _routes(),
        "mount": _mounts(),
        "firewall": _firewall(),
        "sysctl": _sysctls(),
        "file": _files(),
        "namespace": _namespaces(),
        "process": [],
        "descriptor": [],
        "rss": None,
    }
    if pid is not None:
        picture["descriptor"] = _descriptors(pid)
        # A child that has ended and nobody has waited for is one too.
        picture["process"] = [str(read(f"/proc/{child}/comm")) for child in read(f"/proc/{pid}/task/{pid}/children").split()]
        if _status(pid, "VmSize") < SHADOW_KB:
            # What it has of files comes and goes as the kernel has use for the room.
            picture["rss"] = _status(pid, "RssAnon")
    return picture


def _count(lines):
    numbers = {}
    for line in lines:
        numbers[line] = numbers.get(line, 0) + 1
    return numbers


def compare(before, after):
    """What differs, one line each: "+" is there and was not, "-" was there and is not"""
    left = []
    for kind, old in before.items():
        if kind == "rss":
            continue
        old, new = _count(old), _count(after[kind])
        for line in sorted(old.keys() | new.keys()):
            more = new.get(line, 0) - old.get(line, 0)
            if more > 0:
                left.append(f"+ {kind}: {line}" + (f" (x {more})" if more > 1 else ""))
            # One that the daemon has not opened yet is nothing lost.
            elif more < 0 and kind != "descriptor":
                left.append(f"- {kind}: {line}" + (f" (x {-more})" if more < -1 else ""))
    if before["rss"] is not None and after["rss"] is not None and after["rss"] > before["rss"] + RSS_TOLERANCE_KB:
        left.append(f"+ rss: {before['rss']} kB, now {after['rss']} kB")
    return left


def wait(before, pid=None, seconds=SECONDS):
    """What differs from the picture, once nothing does or the time is over"""
    end = time.monotonic() + seconds
    while True:
        left = compare(before, take(pid))
        if not left or time.monotonic() > end:
            return left
        time.sleep(0.02)


def main(arguments):
    pid = None
    if arguments[0] == "take":
        if len(arguments) > 1:
            pid = int(arguments[1])
        print(json.dumps(take(pid)))
        return 0
    if arguments[0] == "wait":
        if len(arguments) > 2:
            pid = int(arguments[2])
        with open(arguments[1], encoding="utf-8") as file:
            left = wait(json.load(file), pid)
        for line in left:
            print(line)
        return 1 if left else 0
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
