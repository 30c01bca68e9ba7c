# SPDX-License-Identifier: LGPL-2.1-or-later
# operations - what the daemon is doing when it is hit: a table; to be imported
#
# Each begins with objects that are made first. A request is made then, or the daemon is started; what there is afterwards is what
# there is without the fault, before it or after it.
import shutil
import subprocess

import world

ROOT, ALICE = "root", "alice"

NETWORK_A = (ROOT, "CreateNetwork", {"name": "a", "context": {"prefixes": ["10.9.0.0/24", "fd00:9::/64"]}})
NETWORK_B = (ROOT, "CreateNetwork", {"name": "b", "context": {"prefixes": ["10.8.0.0/24", "fd00:8::/64"], "reach": "route", "isolated": True}})
NETWORK_M = (ALICE, "CreateNetwork", {"name": "m", "context": {"prefixes": ["10.7.0.0/24", "fd00:7::/64"]}})


def attachment(network, last, **more):
    number = {"a": 9, "b": 8, "m": 7}[network]
    return {"network": network, "addresses": [f"10.{number}.0.{last}", f"fd00:{number}::{last}"], **more}


def port(host, inside, protocol="tcp"):
    return {"protocol": protocol, "hostPort": host, "namespacePort": inside}


RATES = {"sendRate": 20000000, "receiveRate": 10000000}

HOSTS = (ROOT, "CreateNamespace", {"name": "ns1", "context": {
    "attachments": [attachment("a", 5, shaping=RATES)], "ports": [port(8080, 80), port(5353, 53, "udp")],
    "sysctls": {"net.ipv4.ip_forward": "1"}, "nameServers": ["192.0.2.53"], "routes": [{"destination": "198.51.100.0/24",
                                                                                       "gateway": "10.9.0.77"}]}})
OWNED = (ALICE, "CreateNamespace", {"name": "ns2", "context": {
    "attachments": [attachment("m", 5, shaping=RATES)], "ports": [port(8081, 80)]}})
SIBLING = (ALICE, "CreateNamespace", {"name": "ns3", "context": {"attachments": [attachment("m", 6)]}})


# Whose links are no ports.
POINT = (ROOT, "CreateNamespace", {"name": "ns1", "context": {
    "attachments": [attachment("b", 5, shaping=RATES)], "ports": [port(8080, 80)],
    "routes": [{"destination": "198.51.100.0/24", "gateway": "10.8.0.1"}]}})

# Whose addresses are the networks' first: those behind are made ahead.
FIRST = (ROOT, "CreateNamespace", {"name": "ns0", "context": {"attachments": [{"network": "a"}]}})
FIRST_OWNED = (ALICE, "CreateNamespace", {"name": "ns2", "context": {"attachments": [{"network": "m"}]}})
FIRST_POINT = (ROOT, "CreateNamespace", {"name": "ns0", "context": {"attachments": [{"network": "b"}]}})
PERSISTENT = {"persistent": True}
NETWORK_P = (ROOT, "CreateNetwork", {"name": "a", "context": {**NETWORK_A[2]["context"], **PERSISTENT}})
HOSTS_P = (ROOT, "CreateNamespace", {"name": "ns1", "context": {**HOSTS[2]["context"], **PERSISTENT}})


def lab(networks, namespaces, **more):
    return (ROOT, "Apply", {"networks": networks, "namespaces": namespaces, **more})


LAB = lab({"a": NETWORK_A[2]["context"], "b": NETWORK_B[2]["context"]}, {
    "ns1": HOSTS[2]["context"], "ns2": {"attachments": [attachment("a", 6), attachment("b", 6)]}, "ns3": {"attachments": [attachment("b", 7)]}})
LAB_CHANGED = lab({"a": {**NETWORK_A[2]["context"], "reach": "internal"}, "b": NETWORK_B[2]["context"]}, {
    "ns1": {**HOSTS[2]["context"], "ports": [port(8443, 443)]}, "ns2": {"attachments": [attachment("a", 6)]},
    "ns3": {"attachments": [attachment("b", 7, shaping=RATES)]}})
LAB_PRUNED = lab({"a": NETWORK_A[2]["context"]}, {"ns1": HOSTS[2]["context"]}, prune=True, kill=True)


class Operation:
    """is_start: the daemon's start is what is hit, and disturb(host) changes the world while it is away. is_apply, is_of_many: of
    many objects each is for itself whole or as before, where nobody was told how it ended. is_ahead: it begins, and ends, once
    namespaces were made ahead: what it makes is one of them"""

    def __init__(self, name, first, request=None, disturb=None, is_ahead=False):
        self.name, self.first, self.request, self.disturb, self.is_ahead = name, first, request, disturb, is_ahead
        self.is_start = request is None
        self.is_of_many = not self.is_start and request[1] == "DeleteNamespaces" and len(request[2]["names"]) > 1
        self.is_apply = not self.is_start and request[1] == "Apply"


def lose_objects(_host=None):
    """All that the daemon has made vanishes, and its records stay"""
    subprocess.run(["sh", "-ec", """
        for name in /run/netns/*; do umount "$name"; rm "$name"; done
        ip -o link | sed -nE 's/^[0-9]+: (nsnet[0-9]+):.*/\\1/p' | while read -r link; do ip link delete "$link"; done
        nft flush ruleset; for family in inet bridge; do nft delete table $family nsnetd 2>/dev/null || true; done
        ! nft list tables | grep -q nsnetd
        """], check=True, stdout=subprocess.DEVNULL)


def lose_tables(_host):
    """Namespaces stay; their guards, their ports and the bridges' ports do not"""
    subprocess.run(["sh", "-ec", """
        nft flush ruleset; for family in inet bridge; do nft delete table $family nsnetd 2>/dev/null || true; done
        ! nft list tables | grep -q nsnetd
        ip -o link | sed -nE 's/^[0-9]+: (nsnet[0-9]+):.*/\\1/p' | while read -r link; do ip link delete "$link"; done
        """], check=True, stdout=subprocess.DEVNULL)


def reboot(host):
    """What does not last is gone"""
    lose_objects()
    # The anchors of bridges as well, which other hands leave.
    subprocess.run(["sh", "-c", 'for link in /proc/sys/net/ipv4/conf/nsnet*; do ip link delete "${link##*/}"; done'], check=False,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    shutil.rmtree(world.RUN)
    world.restore(host.sysctls)


def operations():
    return [
        Operation("network create, the first", [], NETWORK_A),
        Operation("network create", [NETWORK_A], NETWORK_B),
        Operation("network set", [NETWORK_A, HOSTS], (ROOT, "SetNetwork", {"name": "a", "context": {
            "reach": "internal", "isolated": True, "maximumTransmissionUnit": 1400}})),
        Operation("network delete", [NETWORK_A, NETWORK_B], (ROOT, "DeleteNetworks", {"names": ["b"]})),
        Operation("network delete, the last", [NETWORK_A], (ROOT, "DeleteNetworks", {"names": ["a"]})),
        Operation("create", [NETWORK_A], HOSTS),
        Operation("create, owned", [NETWORK_M], OWNED),
        Operation("create, owned, not the first", [NETWORK_M, OWNED], SIBLING),
        Operation("create, from the pool", [NETWORK_A, FIRST], (ROOT, "CreateNamespace", {"name": "ns1", "context": {
            **HOSTS[2]["context"], "attachments": [attachment("a", 3)]}}), is_ahead=True),
        Operation("create, from the pool, with nothing said", [NETWORK_A, FIRST], (ROOT, "CreateNamespace", {"name": "ns1", "context": {
            "attachments": [attachment("a", 3)]}}), is_ahead=True),
        Operation("create, from the pool, owned", [NETWORK_M, FIRST_OWNED], (ALICE, "CreateNamespace", {"name": "ns3", "context": {
            "attachments": [attachment("m", 3)], "ports": [port(8081, 80)]}}), is_ahead=True),
        Operation("create, from the pool, of a network without ports", [NETWORK_B, FIRST_POINT], (ROOT, "CreateNamespace", {
            "name": "ns1", "context": {"attachments": [attachment("b", 3)]}}), is_ahead=True),
        Operation("network delete, with a pool", [NETWORK_A, NETWORK_B, FIRST_POINT, (ROOT, "DeleteNamespaces", {"names": ["ns0"]})],
                  (ROOT, "DeleteNetworks", {"names": ["b"]})),
        Operation("create, of a network without ports", [NETWORK_B], POINT),
        Operation("set, of a network without ports", [NETWORK_B, POINT], (ROOT, "SetNamespace", {"name": "ns1", "context": {
            "attachments": [attachment("b", 7)], "ports": [port(8081, 80)], "routes": []}})),
        Operation("set, to a network with ports", [NETWORK_A, NETWORK_B, POINT], (ROOT, "SetNamespace", {"name": "ns1", "context": {
            "attachments": [attachment("a", 5)], "routes": []}})),
        Operation("delete, of a network without ports", [NETWORK_B, POINT], (ROOT, "DeleteNamespaces", {"names": ["ns1"]})),
        Operation("start, of a network without ports", [NETWORK_B, POINT]),
        Operation("start, of a network without ports, tables and bridges lost", [NETWORK_B, POINT], disturb=lose_tables),
        Operation("network set, to one without ports", [NETWORK_A], (ROOT, "SetNetwork", {"name": "a", "context": {"reach": "route"}})),
        Operation("set", [NETWORK_A, NETWORK_B, HOSTS], (ROOT, "SetNamespace", {"name": "ns1", "context": {
            "attachments": [attachment("a", 5, shaping={"sendRate": 30000000}), attachment("b", 5)],
            "ports": [port(5353, 53, "udp"), port(8443, 443)], "sysctls": {"net.ipv4.conf.all.rp_filter": "1"},
            "nameServers": ["192.0.2.54"]}})),
        Operation("set, owned", [NETWORK_M, OWNED], (ALICE, "SetNamespace", {"name": "ns2", "context": {
            "attachments": [attachment("m", 7)], "ports": [port(8082, 80)]}})),
        Operation("delete", [NETWORK_A, HOSTS], (ROOT, "DeleteNamespaces", {"names": ["ns1"]})),
        Operation("delete, waited for", [NETWORK_A, HOSTS], (ROOT, "DeleteNamespaces", {"names": ["ns1"], "wait": True})),
        Operation("delete, owned, two", [NETWORK_M, OWNED, SIBLING], (ALICE, "DeleteNamespaces", {"names": ["ns2", "ns3"]})),
        Operation("start", [NETWORK_A, HOSTS, NETWORK_M, OWNED]),
        Operation("start, all lost", [NETWORK_A, HOSTS, NETWORK_M, OWNED], disturb=lose_objects),
        Operation("start, tables and bridges lost", [NETWORK_A, HOSTS, NETWORK_M, OWNED], disturb=lose_tables),
        Operation("network create, persistent", [], NETWORK_P),
        Operation("network delete, persistent", [NETWORK_P], (ROOT, "DeleteNetworks", {"names": ["a"]})),
        Operation("create, persistent", [NETWORK_P], HOSTS_P),
        Operation("set, persistent", [NETWORK_P, HOSTS_P], (ROOT, "SetNamespace", {"name": "ns1", "context": {
            "ports": [port(8443, 443)], "nameServers": ["192.0.2.54"]}})),
        Operation("set, persistent no more", [NETWORK_P, HOSTS_P], (ROOT, "SetNamespace", {"name": "ns1", "context": {"persistent": False}})),
        Operation("delete, persistent", [NETWORK_P, HOSTS_P], (ROOT, "DeleteNamespaces", {"names": ["ns1"]})),
        Operation("start, rebooted", [NETWORK_P, HOSTS_P, NETWORK_M, OWNED], disturb=reboot),
        Operation("apply, a lab", [], LAB),
        Operation("apply, changed", [LAB], LAB_CHANGED),
        Operation("apply, pruned", [LAB], LAB_PRUNED),
    ]


# How a system call may fail: what the kernel may really say there. One that is not named cannot fail, or takes what it says back:
# Linux gives a descriptor up whatever close(2) says, so that a close(2) that is kept from happening is no fault of the world.
_OPEN = ("EMFILE", "ENOMEM", "EPERM", "ENOSPC", "EIO", "EINTR")
_MEMORY = ("ENOMEM",)
FAILURES = {
    "open": _OPEN, "openat": _OPEN, "openat2": _OPEN,
    "socket": ("EMFILE", "ENOMEM", "EPERM"), "accept4": ("EMFILE", "ENOMEM", "EINTR", "EPERM"), "fcntl": ("EMFILE",),
    "dup": ("EMFILE",), "epoll_create1": ("EMFILE", "ENOMEM"), "eventfd2": ("EMFILE", "ENOMEM"), "signalfd4": ("EMFILE", "ENOMEM"), "timerfd_create": ("EMFILE", "ENOMEM"),
    "inotify_init1": ("EMFILE", "ENOMEM"), "inotify_add_watch": ("ENOMEM", "ENOSPC"), "pidfd_open": ("EMFILE", "ENOMEM"),
    "fsopen": ("EMFILE", "ENOMEM", "EPERM"), "fsconfig": ("ENOMEM", "EPERM"), "fsmount": ("EMFILE", "ENOMEM", "EPERM"),
    "bind": ("ENOMEM", "EPERM"), "listen": ("ENOMEM",), "connect": ("ENOMEM", "EINTR", "EPERM"), "setsockopt": ("ENOMEM", "EPERM"),
    "getsockopt": ("ENOMEM",), "getsockname": ("ENOMEM",),
    "sendmsg": ("ENOMEM", "EINTR", "EPERM"), "sendto": ("ENOMEM", "EINTR", "EPERM"),
    "recvmsg": ("ENOMEM", "EINTR"), "recvfrom": ("ENOMEM", "EINTR"),
    "read": ("EIO", "EINTR", "ENOMEM"), "pread64": ("EIO", "EINTR"), "getdents64": ("EIO", "ENOMEM"), "readlink": ("EIO", "ENOMEM"),
    "readlinkat": ("EIO", "ENOMEM"), "write": ("EIO", "ENOSPC", "EINTR", "EPERM"), "pwrite64": ("EIO", "ENOSPC", "EINTR"),
    "fsync": ("EIO", "ENOSPC"), "fdatasync": ("EIO", "ENOSPC"), "ftruncate": ("EIO", "EINTR"), "fallocate": ("EIO", "ENOSPC", "EINTR"),
    "mkdir": ("ENOSPC", "EPERM", "ENOMEM"), "mkdirat": ("ENOSPC", "EPERM", "ENOMEM", "EIO"), "symlinkat": ("ENOSPC", "EPERM", "ENOMEM", "EIO"),
    "linkat": ("ENOSPC", "EPERM", "EIO"), "unlinkat": ("EPERM", "EIO", "ENOMEM"), "unlink": ("EPERM", "EIO"), "rmdir": ("EPERM", "EIO"),
    "renameat": ("ENOSPC", "EPERM", "EIO"), "renameat2": ("ENOSPC", "EPERM", "EIO"), "rename": ("ENOSPC", "EPERM", "EIO"),
    "fchmod": ("EPERM", "EIO"), "chmod": ("EPERM",), "fchmodat": ("EPERM",), "fchown": ("EPERM",), "fchownat": ("EPERM",),
    "newfstatat": ("EIO", "ENOMEM"), "fstat": ("EIO",), "statx": ("EIO", "ENOMEM"), "fstatfs": ("EIO",), "statfs": ("EIO",),
    "faccessat2": ("EIO", "ENOMEM"), "access": ("EIO",),
    "ioctl": ("ENOMEM", "EPERM"), "flock": ("EINTR", "ENOMEM"), "lseek": (),
    "mount": ("ENOMEM", "EPERM", "ENOSPC"), "umount2": ("ENOMEM", "EPERM"), "setns": ("ENOMEM", "EPERM"), "unshare": ("ENOMEM", "EPERM", "ENOSPC"),
    "clone": ("ENOMEM", "EPERM"), "clone3": ("ENOMEM", "EPERM"), "wait4": ("EINTR",), "waitid": ("EINTR",), "poll": ("EINTR", "ENOMEM"),
    "ppoll": ("EINTR", "ENOMEM"), "pselect6": ("EINTR", "ENOMEM"), "select": ("EINTR", "ENOMEM"),
    "epoll_ctl": ("ENOMEM", "ENOSPC", "EPERM"), "epoll_wait": ("EINTR",), "timerfd_settime": ("EPERM",), "nanosleep": ("EINTR",),
    "clock_nanosleep": ("EINTR",), "setgroups": ("ENOMEM", "EPERM"), "setresgid": ("EPERM",), "setresuid": ("EPERM",), "capget": ("EPERM",),
    "capset": ("EPERM",), "prctl": ("EPERM",), "prlimit64": ("EPERM",), "pidfd_send_signal": ("EPERM",),
    "mmap": _MEMORY, "mremap": _MEMORY, "mprotect": _MEMORY, "getrandom": ("EINTR",), "rt_sigprocmask": (),
    "futex": (), "madvise": (),
}
# brk answers with the break that there is, and an error never: libc would take one for a break at the end of all memory. Where no
# break can be had libc asks mmap.
CANNOT_FAIL = {
    "brk",
    "close", "munmap", "umask", "getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid", "exit_group", "exit", "uname",
    "sysinfo", "rt_sigaction", "rt_sigreturn", "sigaltstack", "sched_getaffinity", "sched_yield", "restart_syscall", "clock_gettime",
    "set_robust_list", "set_tid_address", "rseq", "arch_prctl", "gettimeofday", "getrusage", "times", "execve", "lseek", "futex",
    "madvise", "rt_sigprocmask", "getgroups", "setfsuid", "clock_getres", "shutdown", "kill", "tgkill", "inotify_rm_watch",
}
# Where memory is out, or the way home is lost, the daemon may end itself: what is next is its start.
MAY_END = {"mmap", "mremap", "mprotect", "setns", "clone"}
# libnftables ends the process where its own socket fails it.
LIBRARY_ENDS = ("exit 3",)
LIBRARY_CALLS = {"socket", "fcntl", "bind", "recvmsg", "sendto", "getsockname", "setsockopt"}
