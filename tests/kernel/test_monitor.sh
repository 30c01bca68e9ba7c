#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_monitor - nsnetctl monitor beside others who create, change and delete: each hears what is his, in order
#
#     test_monitor.sh NSNETD NSNETCTL
. "$(dirname "$0")/sandbox.sh"

members_start

# monitor FILE COMMAND…: what it prints goes there; from when it is ready
pids=
monitor() {
	file=$work/$1
	shift
	"$@" >$file 2>$file.errors &
	pids="$pids $!"
	eventually grep -q ready $file
}
# lines FILE: without their times
lines() {
	sed 's/^....-..-.. ..:..:.. //' $work/$1
}
has() {
	lines $1 | grep -qxF -- "$2"
}
count() {
	[ "$(wc -l <$work/$1)" = $2 ]
}
# Its exit status, after that signal.
end() {
	pid=$1
	kill -$2 $pid && wait $pid
}

check "a network of root's" nsnetctl network create shared --subnet 10.9.0.0/24
check "a namespace of alice's" $alice nsnetctl create old --network shared
check "root hears" monitor root nsnetctl monitor
check "alice hears" monitor alice $alice nsnetctl monitor
check "bob hears" monitor bob $bob nsnetctl monitor
check "and as JSON" monitor json nsnetctl monitor -j
check "and of some" monitor some nsnetctl monitor 'o*'
set -- $pids

check "alice makes one" $alice nsnetctl create a --network none
check "root changes it" nsnetctl set a --description changed
check "bob makes one" $bob nsnetctl create b --network shared
check "and a network" $bob nsnetctl network create bnet --subnet 10.8.0.0/24
check "which he changes" $bob nsnetctl network set bnet --isolated yes
status "alice may not delete it" 10 $alice nsnetctl network delete bnet
check "bob deletes it" $bob nsnetctl network delete bnet
check "alice deletes two" $alice nsnetctl delete old a
check "bob deletes his" $bob nsnetctl delete b
check "and root the network" nsnetctl network delete shared

for who in root alice bob; do
	check "$who has heard of the last" eventually has $who 'deleted network shared by user 0'
done
check "as JSON too" eventually count json 13
check "and of those asked for" eventually has some 'deleted namespace old by user 12001'
same "root's lines" "current network shared
current namespace old
ready
created namespace a by user 12001
changed namespace a by user 0
created namespace b by user 12002
created network bnet by user 12002
changed network bnet by user 12002
deleted network bnet by user 12002
deleted namespace old by user 12001
deleted namespace a by user 12001
deleted namespace b by user 12002
deleted network shared by user 0" lines root
same "alice's" "current network shared
current namespace old
ready
created namespace a by user 12001
changed namespace a by user 0
deleted namespace old by user 12001
deleted namespace a by user 12001
deleted network shared by user 0" lines alice
same "bob's" "current network shared
ready
created namespace b by user 12002
created network bnet by user 12002
changed network bnet by user 12002
deleted network bnet by user 12002
deleted namespace b by user 12002
deleted network shared by user 0" lines bob
same "those asked for" "current namespace old
ready
deleted namespace old by user 12001" lines some
same "JSON, counted" "1 2 3 4 5 6 7 8 9 10 11 12 13" python3 -c "
import json
print(*(json.loads(line)['sequence'] for line in open('$work/json')))"
same "JSON tells all about it" "changed a changed 12001 2" python3 -c "
import json
for event in map(json.loads, open('$work/json')):
    if event['event'] == 'changed' and 'namespace' in event:
        print(event['event'], event['namespace'], event['namespaceContext']['description'],
            event['namespaceRuntime']['uid'], event['namespaceRuntime']['revision'])"

echo "# the host"
check "an uplink" ip link add up0 type veth peer name far0
check "with an address" ip address add 192.0.2.2/24 dev up0
check "that is up" sh -c 'ip link set far0 up && ip link set up0 up'
check "is the way out" ip route add default via 192.0.2.1
check "a network that follows it" nsnetctl network create follows --subnet 10.7.0.0/24
check "its MTU changes" ip link set up0 mtu 1400
check "which is told" eventually has bob "changed network follows its MTU is 1400 now, as its uplink's"
same "and so" 1400 sh -c 'nsnetctl call ListNetworks | grep -o "\"maximumTransmissionUnit\": *1400" | grep -o 1400 | head -n 1'
check "it goes" nsnetctl network delete follows

echo "# ends"
check "^C" end $1 INT
check "SIGTERM" end $2 TERM
check "nobody has an error" sh -c "! grep . $work/*.errors"
# Who does not read: the connection stays usable.
cat >$work/sleeper.py <<'EOF'
import json, os, socket, subprocess
s = socket.socket(socket.AF_UNIX)
s.settimeout(60)
s.connect(os.environ["NSNETD_SOCKET"])
rest = b""


def reply():
    global rest
    while b"\0" not in rest:
        part = s.recv(65536)
        assert part, "closed"
        rest += part
    frame, _, rest = rest.partition(b"\0")
    return json.loads(frame)


def change(text, n):
    with socket.socket(socket.AF_UNIX) as other:
        other.connect(os.environ["NSNETD_SOCKET"])
        for i in range(n):
            call = {"method": "alt.nsnet.SetNamespace",
                    "parameters": {"name": "slept", "context": {"labels": {f"k{j}": text for j in range(60)}}}}
            other.sendall(json.dumps(call).encode() + b"\0")
            while not (part := other.recv(65536)).endswith(b"\0"):
                assert part, "closed"


def ask():
    s.sendall(b'{"method":"alt.nsnet.Monitor","more":true}\0')
    while (r := reply())["parameters"].get("event") != "ready":
        assert r["continues"], r


ask()
change("x" * 200, 200)
n = 0
while (r := reply()).get("continues"):
    n += 1
    assert r["parameters"]["event"] == "changed", r
assert r["error"] == "alt.nsnet.EventsLost", r
ask()
change("y", 1)
r = reply()
assert r["parameters"]["event"] == "changed" and r["parameters"]["namespaceContext"]["labels"]["k0"] == "y", r
print("lost some of 200, not all" if 50 < n < 200 else f"heard {n}")
EOF
check "one that changes a lot" nsnetctl create slept --network none
same "who sleeps is told what he lost, and may go on" "lost some of 200, not all" /usr/bin/python3 $work/sleeper.py
check "it goes" nsnetctl delete slept
status "the daemon stops, and those who hear are told" 0 daemon_stop
wait $3
same "by an error" 1 echo $?
daemon_start
check "nothing is left" no_leftovers
finish
