# SPDX-License-Identifier: LGPL-2.1-or-later
"""peers - other ways to a namespace with a network: each in a world of its own, under the same two commands

create(first, n) and delete(first, n) answer as the tools do: {"us": [of each, from the start of its program to the end], ...}.
"""
import json
import os
import shutil
import subprocess

from world import HERE, NotHere, World


def address(number):
    return f"10.20.{number // 250}.{number % 250 + 2}"


class Peer(World):
    name = ""
    program = None     # which program it is that must be there
    makes_netns = True  # the namespace itself is part of what is timed

    def __init__(self, build, most):
        if self.program and not (os.access(self.program, os.X_OK) or shutil.which(self.program)):
            raise NotHere(f"{self.program} is not installed")
        super().__init__(build)
        try:
            self.ask = self.tool([self.bin / "ask"])
            self.files = "/run/bench"
            self.sh(f"mkdir {self.files}")
            if not self.makes_netns:
                self.put("names", "".join(f"netns add n{i}\n" for i in range(most)))
                self.run("ip", "-batch", f"{self.files}/names")
            self.prepare(most)
            # It must be what it is taken for: with an address and a way to the host.
            self.create(most - 1, 1)
            self.check(most - 1)
            self.delete(most - 1, 1)
        except Exception:
            self.close()
            raise

    def put(self, name, text):
        """A file inside; what is outside cannot see its /run."""
        subprocess.run(self.enter(["tee", f"{self.files}/{name}"]), input=text, text=True, check=True, stdout=subprocess.DEVNULL)

    def put_all(self, texts):
        program = "import json, sys\nfor name, text in json.load(sys.stdin).items():\n    open(name, 'w').write(text)\n"
        subprocess.run(self.enter(["python3", "-c", program]), check=True, text=True,
                       input=json.dumps({f"{self.files}/{name}": text for name, text in texts.items()}))

    def prepare(self, most):
        pass

    def check(self, number):
        self.run("ip", "netns", "exec", f"n{number}", "ping", "-c", "1", "-W", "5", "10.20.0.1")

    def create(self, first, n):
        return self.ask.do(f"spawn {n} 0 {first} {self.create_command}")

    def delete(self, first, n):
        return self.ask.do(f"spawn {n} 0 {first} {self.delete_command}")


class Recipe(Peer):
    name = "tutorial's script"
    create_command = f"sh {HERE}/recipe.sh create %u"
    delete_command = f"sh {HERE}/recipe.sh delete %u"

    def prepare(self, most):
        self.run("sh", HERE / "recipe.sh", "bridge")


class Batch(Peer):
    name = "ip -batch"
    create_command = "sh /run/bench/create %u"
    delete_command = "ip -batch /run/bench/d%u"

    def prepare(self, most):
        self.run("sh", HERE / "recipe.sh", "bridge")
        texts = {"create": "ip -batch /run/bench/h$1 && exec ip -n n$1 -batch /run/bench/i$1\n"}
        for i in range(most):
            texts[f"h{i}"] = (f"netns add n{i}\nlink add v{i} type veth peer name eth0 netns n{i}\n"
                              f"link set v{i} master br0 up\n")
            texts[f"i{i}"] = (f"link set lo up\nlink set eth0 up\naddr add {address(i)}/16 dev eth0\n"
                              "route add default via 10.20.0.1\n")
            texts[f"d{i}"] = f"link del v{i}\nnetns del n{i}\n"
        self.put_all(texts)


class Cni(Peer):
    name = "CNI bridge + host-local"
    program = "/usr/lib/cni/bridge"
    makes_netns = False
    masquerade = False

    def prepare(self, most):
        self.put("conf", json.dumps({
            "cniVersion": "0.4.0", "name": "bench", "type": "bridge", "bridge": "cni0", "isGateway": True,
            "ipMasq": self.masquerade,
            "ipam": {"type": "host-local", "subnet": "10.20.0.0/16", "gateway": "10.20.0.1",
                     "routes": [{"dst": "0.0.0.0/0"}]}}))
        common = ("<" + self.files + "/conf CNI_CONTAINERID=c%u CNI_NETNS=/run/netns/n%u CNI_IFNAME=eth0 "
                  "CNI_PATH=/usr/lib/cni CNI_COMMAND=")
        self.create_command = common + "ADD " + self.program
        self.delete_command = common + "DEL " + self.program


class CniMasquerade(Cni):
    name = "CNI with ipMasq"
    masquerade = True


class Netavark(Peer):
    name = "netavark with its firewall"
    program = "/usr/lib/podman/netavark"
    makes_netns = False
    internal = False

    def prepare(self, most):
        self.sh(f"mkdir {self.files}/networks")
        network = {"name": "bench", "id": "b" * 64, "driver": "bridge", "network_interface": "podman1",
                   "created": "2024-01-01T00:00:00Z", "subnets": [{"subnet": "10.20.0.0/16", "gateway": "10.20.0.1"}],
                   "ipv6_enabled": False, "internal": self.internal, "dns_enabled": False,
                   "ipam_options": {"driver": "host-local"}}
        self.put_all({f"c{i}": json.dumps({
            "container_id": f"{i:064x}", "container_name": f"c{i}", "network_info": {"bench": network},
            "networks": {"bench": {"static_ips": [address(i)], "interface_name": "eth0"}}}) for i in range(most)})
        common = f"<{self.files}/c%u {self.program} --config {self.files}/networks "
        self.create_command = common + "setup /run/netns/n%u"
        self.delete_command = common + "teardown /run/netns/n%u"


class NetavarkInternal(Netavark):
    name = "netavark, internal network"
    internal = True


class Mininet(Peer):
    """Its own API, in one process: what is timed is a host and its link."""
    name = "mininet, LinuxBridge"
    program = "mnexec"

    def prepare(self, most):
        if not shutil.which("brctl"):
            raise NotHere("brctl is not installed")
        self.ask.close()
        # The one that Debian's packages are for.
        self.ask = self.tool(["/usr/bin/python3", HERE / "mininet_peer.py"])

    def check(self, number):
        self.ask.do(f"check 1 {number}")

    def create(self, first, n):
        return self.ask.do(f"create {n} {first}")

    def delete(self, first, n):
        return self.ask.do(f"delete {n} {first}")


PEERS = (Batch, NetavarkInternal, Cni, CniMasquerade, Mininet, Recipe, Netavark)


def start(build, kind, most):
    """The peer, or why it is not here."""
    try:
        return kind(build, most)
    except NotHere:
        raise
    except Exception as error:
        raise NotHere(str(error).replace("\n", " ")[:200])
