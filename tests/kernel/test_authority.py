# SPDX-License-Identifier: LGPL-2.1-or-later
# test_authority - who may do what with which object: every cell, over the real socket, with real uids
#
# Run by test_authority.sh inside a sandbox, with the groups' numbers as arguments.
import errno
import re
import sys

from varlink import call, call_as

MEMBERS, ADMINISTRATORS = int(sys.argv[1]), int(sys.argv[2])
ROLES = {
    "owner": (12001, [MEMBERS]),
    "other": (12002, [MEMBERS]),
    "administrator": (12003, [MEMBERS, ADMINISTRATORS]),
    "root": (0, []),
    "stranger": (12004, []),
}
NS, NET, LINK, WRONG = "NoSuchNamespace", "NoSuchNetwork", "LinkUnavailable", "InvalidParameter"
# Where systemd is not there, whoever may is told so.
UNABLE = "NotSupported"
OK, DENIED, CLOSED_OUT = "ok", "PermissionDenied", "EACCES"

# By verb and object: what owner, other member, administrator and root get. A stranger cannot even connect.
#   own: the owner's; other's: the other member's; admin's: the administrator's, who is not root; shared: root's; lent: root's,
#   whose namespace is lent to the other member
TABLE = {
    ("Describe", "nothing"): (OK, OK, OK, OK),
    ("Monitor", "nothing"): (OK, OK, OK, OK),
    ("CreateNamespace", "own"): ("NamespaceExists",) * 4,
    ("CreateNamespace", "other's"): ("NamespaceExists",) * 4,
    ("CreateNamespace", "admin's"): ("NamespaceExists",) * 4,
    ("CreateNamespace", "shared"): ("NamespaceExists",) * 4,
    ("CreateNamespace", "lent"): ("NamespaceExists",) * 4,
    ("CreateNamespace", "absent"): (OK, OK, OK, OK),
    ("CreateNamespace on", "own"): (OK, NET, OK, OK),
    ("CreateNamespace on", "other's"): (NET, OK, OK, OK),
    ("CreateNamespace on", "admin's"): (NET, NET, OK, OK),
    ("CreateNamespace on", "shared"): (OK, OK, OK, OK),
    ("CreateNamespace on", "lent"): (OK, OK, OK, OK),
    ("CreateNamespace on", "absent"): (NET, NET, NET, NET),
    ("ListNamespaces", "own"): (OK, NS, OK, OK),
    ("ListNamespaces", "other's"): (NS, OK, OK, OK),
    ("ListNamespaces", "admin's"): (NS, NS, OK, OK),
    ("ListNamespaces", "shared"): (NS, NS, OK, OK),
    ("ListNamespaces", "lent"): (NS, OK, OK, OK),
    ("ListNamespaces", "absent"): (NS, NS, NS, NS),
    ("OpenNamespace", "own"): (OK, NS, OK, OK),
    ("OpenNamespace", "other's"): (NS, OK, OK, OK),
    ("OpenNamespace", "admin's"): (NS, NS, OK, OK),
    ("OpenNamespace", "shared"): (NS, NS, OK, OK),
    ("OpenNamespace", "lent"): (NS, DENIED, OK, OK),
    ("OpenNamespace", "absent"): (NS, NS, NS, NS),
    ("SetNamespace", "own"): (OK, NS, OK, OK),
    ("SetNamespace", "other's"): (NS, OK, OK, OK),
    ("SetNamespace", "admin's"): (NS, NS, OK, OK),
    ("SetNamespace", "shared"): (NS, NS, OK, OK),
    ("SetNamespace", "lent"): (NS, DENIED, OK, OK),
    ("SetNamespace", "absent"): (NS, NS, NS, NS),
    ("SetNamespace on", "own"): (OK, NET, OK, OK),
    ("SetNamespace on", "other's"): (NET, OK, OK, OK),
    ("SetNamespace on", "admin's"): (NET, NET, OK, OK),
    ("SetNamespace on", "shared"): (OK, OK, OK, OK),
    ("SetNamespace on", "lent"): (OK, OK, OK, OK),
    ("SetNamespace on", "absent"): (NET, NET, NET, NET),
    ("SetNamespace with link", "own"): (DENIED, NS, WRONG, WRONG),
    ("SetNamespace with link", "shared"): (NS, NS, LINK, LINK),
    ("SetNamespace allowing", "own"): (DENIED, NS, WRONG, WRONG),
    ("SetNamespace allowing", "shared"): (NS, NS, OK, OK),
    ("SetNamespace allowing", "lent"): (NS, DENIED, OK, OK),
    ("CreateNamespace allowing", "absent"): (DENIED, DENIED, WRONG, OK),
    ("CreateNamespace with link", "absent"): (DENIED, DENIED, WRONG, LINK),
    ("DeleteNamespaces", "own"): (OK, NS, OK, OK),
    ("DeleteNamespaces", "other's"): (NS, OK, OK, OK),
    ("DeleteNamespaces", "admin's"): (NS, NS, OK, OK),
    ("DeleteNamespaces", "shared"): (NS, NS, OK, OK),
    ("DeleteNamespaces", "lent"): (NS, DENIED, OK, OK),
    ("DeleteNamespaces", "absent"): (NS, NS, NS, NS),
    ("Execute", "own"): (UNABLE, NS, UNABLE, UNABLE),
    ("Execute", "other's"): (NS, UNABLE, UNABLE, UNABLE),
    ("Execute", "admin's"): (NS, NS, UNABLE, UNABLE),
    ("Execute", "shared"): (NS, NS, UNABLE, UNABLE),
    ("Execute", "lent"): (NS, UNABLE, UNABLE, UNABLE),
    ("Execute", "absent"): (NS, NS, NS, NS),
    ("Check", "own"): (OK, NS, OK, OK),
    ("Check", "other's"): (NS, OK, OK, OK),
    ("Check", "admin's"): (NS, NS, OK, OK),
    ("Check", "shared"): (NS, NS, OK, OK),
    ("Check", "lent"): (NS, DENIED, OK, OK),
    ("Check", "absent"): (NS, NS, NS, NS),
    ("Check all", "nothing"): (OK, OK, OK, OK),
    ("CreateNetwork", "own"): ("NetworkExists",) * 4,
    ("CreateNetwork", "other's"): ("NetworkExists",) * 4,
    ("CreateNetwork", "admin's"): ("NetworkExists",) * 4,
    ("CreateNetwork", "shared"): ("NetworkExists",) * 4,
    ("CreateNetwork", "lent"): ("NetworkExists",) * 4,
    ("CreateNetwork", "absent"): (OK, OK, OK, OK),
    ("ListNetworks", "own"): (OK, NET, OK, OK),
    ("ListNetworks", "other's"): (NET, OK, OK, OK),
    ("ListNetworks", "admin's"): (NET, NET, OK, OK),
    ("ListNetworks", "shared"): (OK, OK, OK, OK),
    ("ListNetworks", "lent"): (OK, OK, OK, OK),
    ("ListNetworks", "absent"): (NET, NET, NET, NET),
    ("SetNetwork", "own"): (OK, NET, OK, OK),
    ("SetNetwork", "other's"): (NET, OK, OK, OK),
    ("SetNetwork", "admin's"): (NET, NET, OK, OK),
    ("SetNetwork", "shared"): (DENIED, DENIED, OK, OK),
    ("SetNetwork", "lent"): (DENIED, DENIED, OK, OK),
    ("SetNetwork", "absent"): (NET, NET, NET, NET),
    ("DeleteNetworks", "own"): (OK, NET, OK, OK),
    ("DeleteNetworks", "other's"): (NET, OK, OK, OK),
    ("DeleteNetworks", "admin's"): (NET, NET, OK, OK),
    ("DeleteNetworks", "shared"): (DENIED, DENIED, OK, OK),
    ("DeleteNetworks", "lent"): (DENIED, DENIED, OK, OK),
    ("DeleteNetworks", "absent"): (NET, NET, NET, NET),
    ("Apply", "own"): (OK, "NamespaceExists", OK, OK),
    ("Apply", "other's"): ("NamespaceExists", OK, OK, OK),
    ("Apply", "admin's"): ("NamespaceExists", "NamespaceExists", OK, OK),
    ("Apply", "shared"): ("NamespaceExists", "NamespaceExists", OK, OK),
    ("Apply", "lent"): ("NamespaceExists", DENIED, OK, OK),
    ("Apply", "absent"): (OK, OK, OK, OK),
    ("Apply network", "own"): (OK, "NetworkExists", OK, OK),
    ("Apply network", "other's"): ("NetworkExists", OK, OK, OK),
    ("Apply network", "admin's"): ("NetworkExists", "NetworkExists", OK, OK),
    ("Apply network", "shared"): (DENIED, DENIED, OK, OK),
    ("Apply network", "lent"): (DENIED, DENIED, OK, OK),
    ("Apply network", "absent"): (OK, OK, OK, OK),
    ("Apply on", "own"): (OK, NET, OK, OK),
    ("Apply on", "other's"): (NET, OK, OK, OK),
    ("Apply on", "admin's"): (NET, NET, OK, OK),
    ("Apply on", "shared"): (OK, OK, OK, OK),
    ("Apply on", "lent"): (OK, OK, OK, OK),
    ("Apply on", "absent"): (NET, NET, NET, NET),
    ("Apply with link", "own"): (DENIED, DENIED, WRONG, WRONG),
    ("Apply with link", "absent"): (DENIED, DENIED, WRONG, LINK),
    ("Apply pruning", "nothing"): (OK, OK, OK, OK),
}
OBJECTS = {"own": "owner", "other's": "other", "admin's": "administrator", "shared": "root", "lent": "root"}
NAMES = {"own": "o-own", "other's": "o-other", "admin's": "o-admin", "shared": "o-shared", "lent": "o-lent", "absent": "absent"}


def ask(role, method, parameters, more=False, until=None):
    uid, groups = ROLES[role]
    return call_as(uid, groups, "alt.nsnet." + method, parameters, more, until)


def verdict(replies):
    if isinstance(replies, dict):
        return errno.errorcode[replies["errno"]] if "errno" in replies else "closed"
    error = replies[-1][0]
    return error.rpartition(".")[2] if error else OK


def set_up():
    """One namespace and one network of each; made again where a cell has taken it away."""
    for object, role in OBJECTS.items():
        name = NAMES[object]
        for method in "CreateNetwork", "CreateNamespace":
            parameters = {"name": name}
            if method == "CreateNamespace":
                parameters["context"] = {"attachments": []}
                if object == "lent":
                    parameters["context"]["allow"] = ["12002"]
            result = verdict(ask(role, method, parameters))
            assert result in (OK, "NamespaceExists", "NetworkExists"), (object, method, result)


def clean_up():
    for name in NAMES.values():
        ask("root", "SetNamespace", {"name": name, "context": {"attachments": []}})
    for method, name in ("DeleteNamespaces", "absent"), ("DeleteNamespaces", "on"), ("DeleteNetworks", "absent"):
        ask("root", method, {"names": [name]})


def try_cell(role, verb, object):
    name = NAMES.get(object)
    if verb == "Describe":
        return ask(role, verb, {})
    if verb == "Monitor":
        return ask(role, verb, {}, more=True, until="ready")
    if verb == "CreateNamespace":
        return ask(role, verb, {"name": name, "context": {"attachments": []}})
    if verb == "Execute":
        files = {f"standard{file}FileDescriptor": 0 for file in ("Input", "Output", "Error")}
        return ask(role, verb, {"name": name, "arguments": ["/bin/true"], **files}, more=True)
    if verb == "CreateNamespace allowing":
        return ask(role, "CreateNamespace", {"name": name, "context": {"attachments": [], "allow": ["12005"]}})
    if verb == "SetNamespace allowing":
        allow = ["12002", "12005"] if object == "lent" else ["12005"]
        return ask(role, "SetNamespace", {"name": name, "context": {"allow": allow}})
    if verb == "CreateNamespace on":
        return ask(role, "CreateNamespace", {"name": "on", "context": {"attachments": [{"network": name}]}})
    if verb == "CreateNamespace with link":
        return ask(role, "CreateNamespace", {"name": name, "context": {"attachments": [], "links": ["absent0"]}})
    if verb == "SetNamespace":
        return ask(role, verb, {"name": name, "context": {"description": f"by {role}"}})
    if verb == "SetNamespace on":
        own = NAMES[{role: object for object, role in OBJECTS.items() if object != "lent"}.get(role, "shared")]
        return ask(role, "SetNamespace", {"name": own, "context": {"attachments": [{"network": name}]}})
    if verb == "SetNamespace with link":
        return ask(role, "SetNamespace", {"name": name, "context": {"links": ["absent0"]}})
    if verb == "Apply":
        return ask(role, verb, {"namespaces": {name: {"attachments": [], "description": f"by {role}"}}})
    if verb == "Apply network":
        return ask(role, "Apply", {"networks": {name: {"description": f"by {role}"}}})
    if verb == "Apply on":
        return ask(role, "Apply", {"namespaces": {"on": {"attachments": [{"network": name}]}}})
    if verb == "Apply with link":
        return ask(role, "Apply", {"namespaces": {name: {"attachments": [], "links": ["absent0"]}}})
    if verb == "Apply pruning":
        return ask(role, "Apply", {"prune": True})
    if verb == "Check":
        return ask(role, verb, {"names": [name]}, more=True)
    if verb == "Check all":
        return ask(role, "Check", {}, more=True)
    if verb == "SetNetwork":
        return ask(role, verb, {"name": name, "context": {"description": f"by {role}"}})
    if verb.startswith("Delete"):
        return ask(role, verb, {"names": [name]})
    return ask(role, verb, {"name": name})


def seen(role, method):
    return sorted(p["name"] for e, p in ask(role, method, {}, more=True) if not e)


def checked(role):
    return sorted({p["finding"]["namespace"] for e, p in ask(role, "Check", {}, more=True) if "namespace" in p["finding"]})


def heard(role, noun):
    return sorted(p[noun] for e, p in ask(role, "Monitor", {}, more=True, until="ready") if noun in p)


def main():
    passed, failed = 0, 0

    def check(what, got, wanted):
        nonlocal passed, failed
        if got == wanted:
            passed += 1
        else:
            failed += 1
            print(f"not ok - {what}: wanted {wanted}, got {got}")

    description = call("org.varlink.service.GetInterfaceDescription", {"interface": "alt.nsnet"})[0][1]["description"]
    methods = re.findall(r"^method (\w+)", description, re.M)
    for method in methods:
        check(f"{method} has a row", any(verb.split()[0] == method for verb, _ in TABLE), True)
        for object in ["nothing"] if method in ("Describe", "Monitor") else NAMES:
            check(f"{method} has {object}", (method, object) in TABLE, True)
    for (verb, object), row in TABLE.items():
        for role, wanted in zip(ROLES, (*row, CLOSED_OUT), strict=True):
            set_up()
            check(f"{verb}, {object}, by {role}", verdict(try_cell(role, verb, object)), wanted)
            clean_up()
    set_up()
    everything = sorted(set(NAMES.values()) - {"absent"})
    check("the owner's list", seen("owner", "ListNamespaces"), ["o-own"])
    check("the other's list", seen("other", "ListNamespaces"), ["o-lent", "o-other"])
    check("the administrator's list", seen("administrator", "ListNamespaces"), everything)
    check("the owner's networks", seen("owner", "ListNetworks"), ["o-lent", "o-own", "o-shared"])
    check("root's networks", seen("root", "ListNetworks"), everything)
    for role in "owner", "other", "administrator", "root":
        check(f"{role} is told of", heard(role, "namespace"), seen(role, "ListNamespaces"))
        own = [name for name in seen(role, "ListNamespaces") if role != "other" or name != "o-lent"]
        check(f"{role} is told what is wrong of", checked(role), own)
        check(f"{role} is told of networks", heard(role, "network"), seen(role, "ListNetworks"))
    # One that he may not know of among his own: none is taken, and he is told of no such.
    check("delete with another's", verdict(ask("owner", "DeleteNamespaces", {"names": ["o-own", "o-other"]})), NS)
    check("took none", seen("administrator", "ListNamespaces"), everything)
    # What is pruned is his own, whatever else he may do, and told to be.
    for role, own in ("owner", ["o-own"]), ("administrator", ["o-admin"]), ("root", ["o-lent", "o-shared"]):
        set_up()
        for parameters in {"prune": True, "dryRun": True}, {"prune": True}:
            changes = ask(role, "Apply", parameters)[0][1]["changes"]
            told = [(change["action"], change.get("namespace", change.get("network"))) for change in changes]
            wanted = [("delete", name) for name in own] * 2
            check(f"{role} prunes by {parameters}", told, wanted)
        left = [name for name in everything if name not in own]
        check(f"what {role} left of namespaces", seen("root", "ListNamespaces"), left)
        check(f"what {role} left of networks", seen("root", "ListNetworks"), left)
        # A rehearsal tells nobody what is another's.
        set_up()
    check(
        "a rehearsal over another's",
        verdict(ask("owner", "Apply", {"namespaces": {"o-other": {}}, "dryRun": True})),
        "NamespaceExists",
    )
    print(f"{passed} passed, {failed} failed")
    return failed > 0


sys.exit(main())
