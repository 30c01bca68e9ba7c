#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# restarts - the daemon ends, by SIGTERM and SIGKILL in turn, and starts again, and again; nobody's packets notice
#
#     restarts.sh NSNETD NSNETCTL RESTARTS NAMESPACES
#
# First a few namespaces with traffic of all kinds and many restarts; then many namespaces and one restart of each kind.
. "$(dirname "$0")/soak.sh"
. "$(dirname "$0")/../kernel/outside.sh"
. "$(dirname "$0")/flows.sh"
trap 'flows_exit; outside_exit' EXIT

restarts=$3 namespaces=$4

# restart SIGNAL: until it serves again
restart() {
	daemon_stop $1 2>/dev/null
	daemon_start
}
# The daemon that made a namespace knows it by another path than one that found it.
picture_found() {
	restart TERM
	# Whoever asked last has gone by then.
	sleep 0.3
	descriptors=$(descriptors)
	python3 "$faults/leaks.py" take >$work/before
}
descriptors() {
	ls /proc/$daemon/fd | wc -l
}
same_descriptors() {
	[ "$(descriptors)" = $descriptors ]
}
found_is_same() {
	eventually same_descriptors
	equal "$1: as many descriptors" $descriptors "$(descriptors)"
	check "$1: links, rules, settings, files and mounts" python3 "$faults/leaks.py" wait $work/before
}
# Who runs inside is no part of it.
all_told() {
	nsnetctl list --json && nsnetctl network list --json
}
milliseconds() {
	echo $(($(date +%s%N) / 1000000))
}

echo "# $restarts restarts"
daemon_start
check "an outside" outside_up
check "networks" sh -c 'nsnetctl network create lan --subnet 10.50.1.0/24 && nsnetctl network create far --subnet 10.50.2.0/24'
check "namespaces" sh -c 'nsnetctl create web -p 8080:80 --network lan && nsnetctl create other --network lan &&
	nsnetctl create away --network far --rate down=100mbit'
nsenter --net=/run/netns/web python3 "$flow_py" serve 80 &
background=$!
eventually sh -c "ip netns exec web ss -ltn | grep -q ':80 '"
flow inside other ping 0.02 "$(address_of web)"
flow gateway other ping 0.02 10.50.1.1
flow from_host host ping 0.02 "$(address_of web)" "$(address_of away)"
flow out away ping 0.02 $internet4
flow published client talk 0.01 $host4 8080
flow loopback host talk 0.01 127.0.0.1 8080
before=$(all_told)
picture_found
begun=$(milliseconds) different=0
for i in $(seq $restarts); do
	if [ $((i % 2)) = 0 ]; then restart KILL; else restart TERM; fi
	[ "$(all_told)" = "$before" ] || different=$((different + 1))
done
figure "$restarts restarts, SIGTERM and SIGKILL in turn, in $((($(milliseconds) - begun) / 1000)) s; $different times another list"
equal "each time it has found the same" 0 $different
found_is_same "what it was"
flows_end
kill $background && wait $background
background=
check "delete" nsnetctl delete web other away
check "the networks go" nsnetctl network delete lan far
check "the outside goes" outside_down

echo "# $namespaces namespaces"
# shellcheck disable=SC2046
check "a network" nsnetctl network create many --subnet 10.50.0.0/20
check "that many" sh -c "seq -f 'ns%g' $namespaces | xargs nsnetctl create --network many"
# The kernel's table of neighbours is one for all of the machine: of each of these there are two in it.
# shellcheck disable=SC2046
flow many host ping 0.2 $(for i in $(seq 1 $((namespaces / 100 + 1)) $namespaces); do address_of ns$i; done)
flow two ns1 ping 0.02 "$(address_of ns2)"
sleep 1
before=$(all_told)
picture_found
for signal in TERM KILL; do
	begun=$(milliseconds)
	restart $signal
	figure "$namespaces namespaces: served again $(($(milliseconds) - begun)) ms after SIG$signal"
	equal "SIG$signal: it has found the same" "$before" "$(all_told)"
done
found_is_same "what it was"
sleep 1
flows_end
check "delete" sh -c "seq -f 'ns%g' $namespaces | xargs nsnetctl delete"
check "the network goes" nsnetctl network delete many
check "nothing is left" no_leftovers
finish
