#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# test_clear - nsnetd --clear: all that there is goes, and nothing of others'
#
#	test_clear.sh NSNETD NSNETCTL
# shellcheck source=tests/kernel/sandbox.sh
. "$(dirname "$0")/sandbox.sh"

settings() {
	cat /proc/sys/net/ipv4/conf/all/forwarding /proc/sys/net/ipv4/conf/uplink0/forwarding /proc/sys/net/ipv6/conf/all/forwarding
}

clear_daemon() {
	"$nsnetd" --clear --socket $socket ${daemon_options-}
}

ip link add uplink0 type veth peer name outside0 || exit 1
ip address add 192.0.2.2/24 dev uplink0
ip link set uplink0 up
ip link set outside0 up
ip route add default via 192.0.2.1
ip link add lent0 type veth peer name lent1
nft add table inet others
before=$(settings)

# What a daemon in front of members made, of all kinds.
members_start
check "a network" nsnetctl network create lan --subnet 10.9.0.0/24 --persistent yes
check "a namespace" nsnetctl create web --network lan --publish 8080:80 --persistent yes
check "one with an interface of the host's" nsnetctl create vpn --network none --link lent0
check "one with a program inside" nsnetctl create busy --network lan
ip netns exec busy sleep 1000 &
inside=$!
check "a routed network" nsnetctl network create far --subnet 10.10.0.0/24 --reach route
check "a namespace on it" nsnetctl create away --network far
check "a member's own" $alice "$(command -v nsnetctl)" create hers
check "another's name" ip netns add others
status "while it is served nothing goes" 1 clear_daemon
says "and it is told why" "systemctl stop nsnetd.socket"
show "web is there" web nsnetctl list
check "the daemon ends" daemon_stop
equal "what it set is set" no "$([ "$(settings)" = "$before" ] && echo yes || echo no)"

check "all goes" clear_daemon
wait $inside 2>/dev/null
equal "with the program" 137 $?
equal "no name is left but the other's" others "$(ls /run/netns)"
equal "no link" "lent0 lent1 lo outside0 uplink0" "$(ip -br link | sed 's/[@ ].*//' | sort | tr '\n' ' ' | sed 's/ $//')"
equal "no table but the other's" "table inet others" "$(nft list tables)"
equal "no address or route" "192.0.2.0/24 default" "$(ip -4 route show | cut -d' ' -f1 | sort | tr '\n' ' ' | sed 's/ $//')"
equal "no setting" "$before" "$(settings)"
equal "no record" "" "$(find /run/nsnetd /var/lib/nsnetd -type f)"
check "where nothing is nothing goes" clear_daemon
ip netns delete others
daemon_start
equal "another daemon finds nothing" "" "$(nsnetctl list -q)$(nsnetctl network list -q)"
finish
