#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_beside - networks on a host that others administer as well: firewalls, forwarding, uplinks; and what is left of it all
#
#     test_beside.sh NSNETD NSNETCTL
. "$(dirname "$0")/sandbox.sh"
. "$(dirname "$0")/outside.sh"
. "$(dirname "$0")/matrix.sh"

networks="nat route internal nat-i"
# The cells that tell whether rules and forwarding are as they should be.
matter='^(out|an address of the host|in, by a port|in, not published|from the host, its loopback|hairpin, from a neighbour|inside|to a network with nat|to a port of a network with nat)  '

setting() {
	sysctl --values "$1"
}
mtu_of() { # WHO INTERFACE
	in_ns "$1" ip -o link show dev "$2" | sed 's/.* mtu \([0-9]*\).*/\1/'
}
# With the addresses that the uplink has; the router's way here goes by them.
uplink_is() { # ADDRESS4 ADDRESS6 ROUTER4 ROUTER6
	host4=$1 host6=$2
	way_by "$3" "$4" && way_to "$1" "$2"
}
passes_by() { # WANTED4 WANTED6: whether the host is a router between its links
	becomes "IPv4 from link to link: $1" "$1" ask client $third4 80 $UNREACHED
	becomes "IPv6 from link to link: $2" "$2" ask client $third6 80 $UNREACHED
}
# Once the kernel has taken apart what was deleted, which it does in its own time.
is_as_before() {
	host_state >$work/after
	cmp -s $work/before $work/after
}
as_it_was() {
	eventually no_links && eventually is_as_before || diff $work/before $work/after
}
their_tables() {
	nft list table ip filter && nft list table ip6 filter && nft list table inet theirs
}
drop_forwarded() {
	for program in iptables ip6tables; do
		$program --wait --policy FORWARD "$1" || return 1
	done
}

daemon_start
check "an outside" outside_up
check "a second uplink" second_uplink
check "nobody is a router" sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
host_state >$work/before

echo "# a host that is no router"
check "networks" networks_up
check "servers" serve host client internet third $(namespaces)
passes_by - -
same "the switch for all is off" 0 setting net.ipv4.ip_forward
same "IPv6" 0 setting net.ipv6.conf.all.forwarding

echo "# somebody flushes all rules"
show "the tables are ours to keep" '"persist"' nsnetctl call Describe
check "nft flush ruleset" nft flush ruleset
show "ours are there" "chain forward" nft list table inet nsnetd
matrix "$matter"
check "kill -9" sh -c "kill -KILL $daemon"
wait $daemon 2>/dev/null
show "they stay where nobody is" "chain forward" nft list table inet nsnetd
check "flush them then" nft flush ruleset
refuse "they are gone" nft list table inet nsnetd
daemon_start
matrix "$matter"
passes_by - -

echo "# another firewall"
check "iptables drops what is forwarded" drop_forwarded DROP
check "a table of theirs" nft 'add table inet theirs; add chain inet theirs input { type filter hook input priority 10; policy accept; };
	add rule inet theirs input tcp dport 4711 drop'
their_tables >$work/theirs
matrix "^(inside|from the host, its loopback|an address of the host)  " nat internal nat-i
# Between namespaces of a network without ports it is the host that forwards.
matrix "^(from the host, its loopback|an address of the host)  " route
seen "what it forwards is theirs to drop" - route-b 10.50.2.2 80
seen "what goes out is theirs to drop" - nat-b $internet4 80
seen "IPv6" - nat-b $internet6 80
check "a network comes while it does" nsnetctl network create more --subnet 10.50.9.0/24
check "and one goes" nsnetctl network delete more
their_tables >$work/theirs.after
check "their tables are left alone" diff $work/theirs $work/theirs.after
check "they think better of it" drop_forwarded ACCEPT
matrix "$matter" nat route
check "and go" nft 'delete table ip filter; delete table ip6 filter; delete table inet theirs'

echo "# the switch for all"
check "on" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
passes_by $client4 $client6
matrix "$matter" nat internal
# One after the other, each seen to before the next: neither may lean on what is done about the other.
check "off" sysctl -qw net.ipv4.ip_forward=0
becomes "ours forward still" 1 setting net.ipv4.conf.up0.forwarding
check "IPv6 off" sysctl -qw net.ipv6.conf.all.forwarding=0
[ "$families" = 4 ] || becomes "ours forward still" 1 setting net.ipv6.conf.up0.force_forwarding
passes_by - -
matrix "$matter"

echo "# the uplink's address"
check "another one" sh -c "ip address delete $host4/25 dev up0 && ip address add 192.0.2.9/25 dev up0 &&
	ip address delete $host6/64 dev up0 && ip address add 2001:db8:1::9/64 dev up0 nodad"
check "with routes by it" uplink_is 192.0.2.9 2001:db8:1::9 192.0.2.126 2001:db8:1::fe
matrix "$matter" nat route
check "and back" sh -c "ip address delete 192.0.2.9/25 dev up0 && ip address add 192.0.2.1/25 dev up0 &&
	ip address delete 2001:db8:1::9/64 dev up0 && ip address add 2001:db8:1::1/64 dev up0 nodad"
check "with routes by it" uplink_is 192.0.2.1 2001:db8:1::1 192.0.2.126 2001:db8:1::fe
seen "out by it" $host4 nat-b $internet4 80
seen "IPv6" $host6 nat-b $internet6 80

echo "# another uplink"
check "of smaller packets" sh -c 'ip link set up1 mtu 1400'
check "the default routes move" uplink_is 192.0.2.129 2001:db8:2::1 192.0.2.254 2001:db8:2::fe
becomes "it forwards" 1 setting net.ipv4.conf.up1.forwarding
becomes "the one of before does not" 0 setting net.ipv4.conf.up0.forwarding
matrix "$matter"
becomes "networks have its MTU" 1400 mtu_of nat-a eth0
becomes "on all" 1400 mtu_of route-b eth0
becomes "the host too" 1400 mtu_of host nsnet0
same "an internal one has its own" 1500 mtu_of internal-a eth0
show "and says so" "1400, follows" nsnetctl network show nat
check "its MTU changes" ip link set up1 mtu 1300
becomes "networks follow" 1300 mtu_of nat-b eth0
becomes "all" 1300 mtu_of route-a eth0
check "a new one" nsnetctl create late --network nat
same "has it from the start" 1300 mtu_of late eth0
check "it goes" nsnetctl delete late
check "another uplink while nobody looks" kill -KILL $daemon
wait $daemon 2>/dev/null
check "as it was" ip link set up1 mtu 1500
check "the default routes move back" uplink_is 192.0.2.1 2001:db8:1::1 192.0.2.126 2001:db8:1::fe
daemon_start
becomes "the first forwards" 1 setting net.ipv4.conf.up0.forwarding
same "the second does not" 0 setting net.ipv4.conf.up1.forwarding
becomes "networks have its MTU" 1500 mtu_of nat-a eth0
matrix "$matter" nat route

echo "# what is left"
serve_end
check "all goes" networks_down
check "the host is as it was" as_it_was

echo "# a host that is a router"
check "it is" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
host_state >$work/before
networks="nat route nat-i"
check "networks" networks_up
check "servers" serve host client internet third $(namespaces)
passes_by $client4 $client6
matrix "$matter"
serve_end
check "all goes" networks_down
check "the host is as it was" as_it_was
check "networks again" networks_up
check "it is a router no more" sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
check "servers" serve host client internet third $(namespaces)
becomes "ours forward still" 1 setting net.ipv4.conf.up0.forwarding
passes_by - -
matrix "$matter"
serve_end
check "all goes" networks_down
same "it is no router by our leaving" 0 setting net.ipv4.conf.up0.forwarding
same "by no link" "" sh -c "sysctl --all 2>/dev/null | grep -E '^net\.ipv[46]\..*forwarding = 1'"
check "the outside" outside_down
check "no link, mount, address or file" no_leftovers
finish
