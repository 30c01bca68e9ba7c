#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# recipe.sh - a namespace by hand, as tutorials have it: veth, bridge, address, route, a command of ip(8) each
#
#	recipe.sh bridge | create N | delete N
#
# For bench.py, in a sandbox of its own.
set -eu

case $1 in
bridge)
	ip link add br0 type bridge
	ip addr add 10.20.0.1/16 dev br0
	ip link set dev br0 up
	;;
create)
	ip netns add "n$2"
	ip link add "v$2" type veth peer name "p$2"
	ip link set "p$2" netns "n$2"
	ip netns exec "n$2" ip addr add "10.20.$(($2 / 250)).$(($2 % 250 + 2))/16" dev "p$2"
	ip netns exec "n$2" ip link set dev "p$2" up
	ip link set dev "v$2" master br0
	ip link set dev "v$2" up
	ip netns exec "n$2" ip link set lo up
	ip netns exec "n$2" ip route add default via 10.20.0.1 dev "p$2"
	;;
delete)
	ip link del "v$2"
	ip netns del "n$2"
	;;
esac
