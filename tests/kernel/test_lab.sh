#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_lab - three networks and a router between them, which reach nothing else; and two namespaces joined as if by a cable
#
#     test_lab.sh NSNETD NSNETCTL
. "$(dirname "$0")/sandbox.sh"

daemon_start

echo "# three networks and a router"
check "red" nsnetctl network create red --subnet 10.1.0.0/24 --subnet fd01::/64 --gateway none
check "green" nsnetctl network create green --subnet 10.2.0.0/24 --subnet fd02::/64 --gateway none
check "blue" nsnetctl network create blue --subnet 10.3.0.0/24 --subnet fd03::/64 --gateway none

check "the router" nsnetctl create router \
	--network red:ip=10.1.0.1,ip=fd01::1 --network green:ip=10.2.0.1,ip=fd02::1 --network blue:ip=10.3.0.1,ip=fd03::1 \
	--sysctl net.ipv4.ip_forward=1 --sysctl net.ipv6.conf.all.forwarding=1

check "a" nsnetctl create a --network red:ip=10.1.0.2,ip=fd01::2 --route default:via=10.1.0.1 --route default:via=fd01::1
check "b" nsnetctl create b --network green:ip=10.2.0.2,ip=fd02::2 --route default:via=10.2.0.1 --route default:via=fd02::1
check "c" nsnetctl create c --network blue:ip=10.3.0.2,ip=fd03::2 --route default:via=10.3.0.1 --route default:via=fd03::1

for from in a b c; do
	for to in 1 2 3; do
		check "$from to 10.$to.0.2" nsnetctl exec $from ping -c 1 -W 2 10.$to.0.2
		check "$from to fd0$to::2" nsnetctl exec $from ping -c 1 -W 2 fd0$to::2
	done
done

echo "# what lies between"
show "one hop" "ttl=63" nsnetctl exec a ping -c 1 -W 2 10.3.0.2
show "IPv6" "ttl=63" nsnetctl exec a ping -c 1 -W 2 fd03::2
show "which is the router" "From 10.1.0.1 icmp_seq=1 Time to live exceeded" \
	sh -c "nsnetctl exec a ping -c 1 -W 2 -t 1 10.3.0.2; true"
show "IPv6" "From fd01::1 icmp_seq=1 Time exceeded" sh -c "nsnetctl exec a ping -c 1 -W 2 -t 1 fd03::2; true"
show "a knows the way" "default via 10.1.0.1 dev eth0" ip -n a route
same "the host is on none of them" "" sh -c "ip -o address | grep -E ' (10\.[123]\.0\.|fd0[123]:)'"
refuse "nor reaches them" ping -c 1 -W 0.5 10.1.0.2
check "the router stops" nsnetctl set router --sysctl -net.ipv4.ip_forward --sysctl -net.ipv6.conf.all.forwarding
refuse "nobody passes" nsnetctl exec a ping -c 1 -W 0.5 10.2.0.2
refuse "IPv6" nsnetctl exec a ping -c 1 -W 0.5 fd02::2
check "and goes on" nsnetctl set router --sysctl net.ipv4.ip_forward=1 --sysctl net.ipv6.conf.all.forwarding=1
check "all pass" nsnetctl exec a ping -c 1 -W 2 10.2.0.2
check "IPv6" nsnetctl exec a ping -c 1 -W 2 fd02::2
check "without the daemon as well" daemon_stop
check "all pass" ip netns exec b ping -c 1 -W 2 10.3.0.2
daemon_start
check "it leaves blue" nsnetctl set router --network -blue
refuse "which is cut off" nsnetctl exec a ping -c 1 -W 0.5 10.3.0.2
check "the others are not" nsnetctl exec a ping -c 1 -W 2 10.2.0.2
check "it comes back" nsnetctl set router --network +blue:ip=10.3.0.1,ip=fd03::1
check "to blue too" nsnetctl exec a ping -c 1 -W 2 10.3.0.2

check "the lab goes" nsnetctl delete a b c router
check "its networks" nsnetctl network delete red green blue
check "no link, mount, address or file" no_leftovers

echo "# a cable between two"
check "it" nsnetctl network create cable --subnet 192.0.2.0/30 --gateway none
check "the ends" nsnetctl create left right --network cable
show "one" "192.0.2.1/30" ip -n left address
show "the other" "192.0.2.2/30" ip -n right address
check "they reach each other" nsnetctl exec left ping -c 1 -W 2 192.0.2.2
check "by name" nsnetctl exec right ping -c 1 -W 2 left
same "and nobody else" "" ip -n left route show default
status "there is no third" 5 nsnetctl create third --network cable
check "a cable of frames alone" nsnetctl network create frames --subnet none --gateway none
check "more ends" nsnetctl create one two --network frames
same "without an address" "" sh -c "ip -n one -o address show dev eth0 | grep -v ' fe80'"
check "but those that are given inside" sh -c 'ip -n one address add 198.51.100.1/24 dev eth0 && ip -n two address add 198.51.100.2/24 dev eth0'
check "they reach each other" nsnetctl exec one ping -c 1 -W 2 198.51.100.2
check "all goes" nsnetctl delete left right one two
check "the cables too" nsnetctl network delete cable frames
check "no link, mount, address or file" no_leftovers
finish
