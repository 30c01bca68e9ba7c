# SPDX-License-Identifier: LGPL-2.1-or-later
# test_quota - 500 processes of one user create at once: exactly his quota exists, and another's create goes through
#
# Run by test_authority.sh inside a sandbox, with the control group's number as argument.
import sys
import time

from varlink import Closed, call, call_as, child, finish

MEMBERS = int(sys.argv[1])
GREEDY, OTHER = 12005, 12006
PROCESSES, LIMIT = 500, 16


def create(name):
    """Until there is an answer: over his limit of connections the daemon closes them."""
    while True:
        try:
            return call("alt.nsnet.CreateNamespace", {"name": name, "context": {"attachments": []}})[0]
        except (Closed, ConnectionError, BlockingIOError):
            time.sleep(0.01)


def of(uid):
    return [p["name"] for e, p in call("alt.nsnet.ListNamespaces", more=True) if not e and p["runtime"]["uid"] == uid]


def used(uid):
    return call_as(uid, [MEMBERS], "alt.nsnet.Describe")[0][1]["used"]["namespaces"]


def main():
    children = [child(GREEDY, [MEMBERS], lambda i=i: create(f"greedy{i}")) for i in range(PROCESSES)]
    other = finish(*child(OTHER, [MEMBERS], lambda: create("other")))
    results = [finish(*c) for c in children]
    made = sum(1 for error, _ in results if error is None)
    refused = [p for error, p in results if error == "alt.nsnet.QuotaExceeded"]
    assert other[0] is None, other
    assert made == LIMIT, made
    assert len(refused) == PROCESSES - LIMIT, [r for r in results if r[0] not in (None, "alt.nsnet.QuotaExceeded")][:3]
    assert all(p == {"resource": "namespaces", "limit": LIMIT} for p in refused), refused[0]
    assert len(of(GREEDY)) == LIMIT and len(of(OTHER)) == 1
    assert used(GREEDY) == LIMIT
    call("alt.nsnet.DeleteNamespaces", {"names": of(GREEDY) + of(OTHER)})
    assert used(GREEDY) == 0
    print(f"{PROCESSES} processes, {made} namespaces, {len(refused)} refused: 1 passed, 0 failed")


main()
