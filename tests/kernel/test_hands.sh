#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_hands.sh - what others do to our objects by ip(8), nft(8), umount(8): put back, or taken at its word
#
#     test_hands.sh NSNETD NSNETCTL
. "$(dirname "$0")/sandbox.sh"

# restored WHAT WORDS COMMAND…: the command is run, the event with these words comes, and then all are as they were
restored() {
	what=$1 words=$2
	shift 2
	before=$(grep -cF "$words" $work/events)
	check "$what" "$@"
	check "$what: told" eventually told_more
	check "$what: as it was" as_it_was
	check "$what: ns1 talks to ns2" nsnetctl exec ns1 ping -q -c 1 -W 2 ns2
	check "$what: and by IPv6" nsnetctl exec ns1 ping -q -6 -c 1 -W 2 ns2
	check "$what: and to the host" nsnetctl exec ns1 ping -q -c 1 -W 2 10.77.0.1
}

told_more() {
	[ "$(grep -cF "$words" $work/events)" -gt "$before" ]
}

# Interfaces without their numbers, which are others when they come anew; how the bridge treats its ports; routes; rules, but
# those that the kernel adds for connections; one element a line. Nothing of what is made ahead.
draw() {
	draw_all | grep -vwE -- "$(spare_ends)"
}

draw_all() {
	links show group 28275 | sed -E 's/^[0-9]+: //; s/@if[0-9]+//; s,link/ether.*,,' | sort
	bridge -details link show | sed -E 's/^[0-9]+: //; s/@if[0-9]+//; s/@[a-z0-9]+:/:/' | sort
	ip -oneline address show dev nsnet0 | sed -E 's/^[0-9]+: //' | sort
	ip route show dev nsnet0 | sed 's/proto kernel //; s/ src.*//; s/ *$//'
	ip -6 route show table all dev nsnet0 | grep -v multicast | sed 's/proto kernel //' | sort
	bridge fdb show br nsnet0 | grep -w static | sort
	grep -o ' /run/netns/[a-z0-9]*' /proc/self/mountinfo | sort
	nft --stateless list ruleset | grep -v 'ct count' | sed -E 's/([{,])[[:space:]]+/\1\n/g; s/[[:space:]]+\}/\n}/g' |
		sed -E 's/^[[:space:]]+//; s/,$//' | grep -vE '^(elements = \{|\}|)$'
	sysctl -n net.ipv4.conf.nsnet0.forwarding
}

# The same twice: what is being made ahead is left out by what it is called, once it is called so.
draw_before() {
	draw >$work/before
	while sleep 0.2 && draw >$work/again && ! cmp -s $work/before $work/again; do
		cp $work/again $work/before
	done
}

same_picture() {
	draw >$work/after
	cmp -s $work/before $work/after
}

as_it_was() {
	eventually same_picture || diff $work/before $work/after
}

members_start
check "a network" nsnetctl network create net1 --subnet 10.77.0.0/24
check "a namespace of root's" nsnetctl create ns1 --network net1 -p 8080:80
check "one of alice's, who is not believed all" $alice nsnetctl create ns2 --network net1
check "an isolated network" nsnetctl network create apart --isolated yes
check "a namespace on it" nsnetctl create ns3 --network apart
nsnetctl monitor >$work/events 2>&1 &
monitor=$!
check "the monitor is there" eventually grep -q ready $work/events
end_of() {
	nsnetctl show --json=short "$1" | sed 's/.*"hostInterfaces":\["\([^"]*\)".*/\1/'
}
end1=$(end_of ns1) end2=$(end_of ns2) end3=$(end_of ns3)
nsnetctl exec ns1 ping -q -c 1 -W 2 ns2 >/dev/null
draw_before

restored "a port taken out of its bridge" "restored namespace ns1" ip link set "$end1" nomaster
restored "a guarded one" "restored namespace ns2" ip link set "$end2" nomaster
restored "an isolated one" "restored namespace ns3" ip link set "$end3" nomaster
restored "a port set down" "restored namespace ns2" ip link set "$end2" down
restored "a port deleted" "restored namespace ns2" ip link delete "$end2"
restored "eth0 deleted inside" "restored namespace ns1" ip -n ns1 link delete eth0
restored "a bridge set down" "restored network net1" ip link set nsnet0 down
restored "a bridge deleted" "restored namespace ns2" ip link delete nsnet0
restored "an anchor deleted" "restored network net1" ip link delete nsnet0a
restored "addresses taken away" "restored network net1 the host's address" ip address flush dev nsnet0
restored "a route taken away" "restored network net1 the host's route" ip route delete 10.77.0.0/24
restored "the way back to the host's own loopback" "restored network net1 the host's route" ip -6 route delete local ::1 dev nsnet0 table local
restored "a name unmounted" "restored namespace ns1 its name" umount /run/netns/ns1
restored "forwarding switched off" "restored forwarding" sysctl -qw net.ipv4.conf.nsnet0.forwarding=0
if ! nft delete table bridge nsnetd 2>/dev/null; then
	ok "our tables are nobody else's"
else
	check "tables deleted: told" eventually grep -qF "restored the tables" $work/events
fi

# What an owner does inside is his affair, and told.
check "eth0 moved away" ip -n ns1 link set eth0 netns ns3 name stolen
check "told" eventually grep -qF "changed namespace ns1 its eth0 is down, or somewhere else" $work/events
check "and back" ip -n ns3 link set stolen netns ns1 name eth0
check "up" ip -n ns1 link set eth0 up
check "told as well" eventually grep -qF "changed namespace ns1 its eth0 is up again" $work/events

# What is meant is done.
gone() {
	! nsnetctl show "$1" >/dev/null 2>&1
}
check "ip netns delete" ip netns delete ns1
check "so it is gone" eventually gone ns1
check "told" eventually grep -qF "deleted namespace ns1 somebody took its name away" $work/events
no_end() {
	! ip -oneline link | grep -q "nsnetd:$1/"
}
check "its links too" eventually no_end ns1
refuse "its port too" grep -q ns1 <(nft list ruleset; find /run/nsnetd -name '*ns1*')
check "it can be made again" nsnetctl create ns1 --network net1 -p 8080:80
check "unmounted and unlinked" sh -c 'umount /run/netns/ns3 && rm /run/netns/ns3 && ip netns add ns3'
check "who came instead stays" eventually gone ns3
check "and is there" ip -n ns3 link
check "his" ip netns delete ns3

# A daemon that was not there meanwhile.
daemon_stop
ip link set nsnet0 down
ip link set "$end2" nomaster
ip link delete nsnet1
daemon_start
check "a bridge is up again at start" sh -c 'ip -oneline link show nsnet0 up | grep -q nsnet0'
check "a port is in its bridge again" sh -c "ip -oneline link show $end2 | grep -q 'master nsnet0'"
check "another bridge is there again" ip link show nsnet1
check "ns1 talks to ns2" nsnetctl exec ns1 ping -q -c 1 -W 2 ns2
kill $monitor 2>/dev/null

check "all is deleted" nsnetctl delete ns1 ns2
check "and the networks" nsnetctl network delete net1 apart
check "nothing is left" no_leftovers
finish
