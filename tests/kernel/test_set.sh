#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_set - namespaces and networks change while they run: what changes does, what stays goes on
#
#     test_set.sh NSNETD NSNETCTL
. "$(dirname "$0")/sandbox.sh"
. "$(dirname "$0")/outside.sh"

revision() {
	nsnetctl call ListNamespaces "{\"name\":\"$1\"}" | tr -d ' \n' | sed 's/.*"revision":\([0-9]*\).*/\1/'
}
inside() { # KEY: of a
	nsnetctl exec a cat "/proc/sys/$1"
}
dns_of() {
	nsnetctl exec "$1" sed -n 's/^nameserver //p' /etc/resolv.conf
}
# Within a tenth of that; what TCP carries is a twentieth less than what Ethernet does.
is_about() { # RATE COMMAND…
	rate=$("${@:2}") || return 1
	echo "$rate bits per second"
	[ "$rate" -gt $(($1 * 9 / 10)) ] && [ "$rate" -lt $(($1 * 11 / 10)) ]
}
speed() { # [--reverse]: of TCP from b to a, or the other way
	nsnetctl exec b iperf3 --client 10.50.1.2 "$@" --time 3 --omit 1 --json |
		python3 -c 'import json, sys; print(int(json.load(sys.stdin)["end"]["sum_received"]["bits_per_second"]))'
}

daemon_start
check "an outside" outside_up
check "networks" sh -c 'nsnetctl network create one --subnet 10.50.1.0/24 --subnet fd50:1::/64 &&
	nsnetctl network create two --subnet 10.50.2.0/24 --subnet fd50:2::/64'
check "namespaces" sh -c 'nsnetctl create a --network one:ip=10.50.1.2,ip=fd50:1::2 && nsnetctl create b --network one &&
	nsnetctl create c --network two:ip=10.50.2.7,ip=fd50:2::7'
check "servers" serve a b c internet

echo "# while a flow goes on"
b4=$(ip -n b -o -4 address show dev eth0 | sed 's/.* inet \([^/]*\).*/\1/')
nsnetctl exec a curl --silent --limit-rate 4M "http://$b4/24000000" >$work/download &
download=$!
nsnetctl exec a ping -i 0.05 -W 1 $internet4 >$work/ping &
pinging=$!
background=$pinging
check "a download begins" eventually test -s $work/download
ip -n a -o link show dev eth0 >$work/eth0
before=$(revision a)
check "a second network" nsnetctl set a --network +two:ip=10.50.2.2,ip=fd50:2::2
check "raises the revision" test "$(revision a)" -gt "$before"
show "has its address" "10.50.2.2/24" ip -n a address show dev eth1
check "by name" nsnetctl exec a ping -c 1 -W 2 c
seen "by address" 10.50.2.2 a 10.50.2.7 80
seen "IPv6" fd50:2::2 a fd50:2::7 80
check "a route by it" nsnetctl set a --route +203.0.113.128/25:via=10.50.2.7
show "is there" "203.0.113.128/25 via 10.50.2.7 dev eth1" ip -n a route
check "another metric" nsnetctl set a --route 203.0.113.128/25:via=10.50.2.7,metric=50
same "one of them" "203.0.113.128/25 via 10.50.2.7 dev eth1 metric 50 " ip -n a route show 203.0.113.128/25
check "no route" nsnetctl set a --route none
same "none" "" ip -n a route show 203.0.113.128/25
check "name servers" nsnetctl set a --dns 192.0.2.54
same "they are asked" 192.0.2.54 dns_of a
check "one more" nsnetctl set a --dns +192.0.2.55
same "both are" "192.0.2.54
192.0.2.55" dns_of a
check "sysctls" nsnetctl set a --sysctl net.ipv4.ip_default_ttl=77 --sysctl net.ipv4.conf.eth1.rp_filter=2
same "are set" 77 inside net/ipv4/ip_default_ttl
same "of an interface too" 2 inside net/ipv4/conf/eth1/rp_filter
show "others see it" "ttl=77" nsnetctl exec b ping -c 1 -W 2 10.50.1.2
check "one goes" nsnetctl set a --sysctl -net.ipv4.ip_default_ttl
same "as it was" 64 inside net/ipv4/ip_default_ttl
same "the other stays" 2 inside net/ipv4/conf/eth1/rp_filter
status "not of the host" 2 nsnetctl set a --sysctl kernel.panic=1
check "another address" nsnetctl set a --network one:ip=10.50.1.2,ip=fd50:1::2 --network two:ip=10.50.2.9,ip=fd50:2::2
same "is the only one" "10.50.2.9/24" sh -c "ip -n a -o -4 address show dev eth1 | sed 's/.* inet \([^ ]*\).*/\1/'"
check "its name leads there" nsnetctl exec c ping -c 1 -W 2 10.50.2.9
refuse "not to the old one" nsnetctl exec c ping -c 1 -W 0.5 10.50.2.2
check "the second network goes" nsnetctl set a --network -two
refuse "with its interface" ip -n a link show dev eth1
check "the first has not been touched" sh -c "ip -n a -o link show dev eth0 | diff $work/eth0 -"
check "the download goes on meanwhile" kill -0 $download
check "and ends well" wait $download
check "with all of it" test "$(stat --format %s $work/download)" = 24000000
kill -INT $pinging
wait $pinging
background=
show "no packet is lost" " 0% packet loss" cat $work/ping

echo "# all or nothing"
nsnetctl list --json=short a >$work/before
ip -n a -o address >$work/addresses
status "a route that cannot be, behind a network that could" 2 nsnetctl set a --network +two --route 192.0.2.0/24:via=198.18.0.1
status "one that fails late" 1 nsnetctl set a --network +two --sysctl net.ipv4.conf.eth5.rp_filter=1
check "nothing has changed" sh -c "nsnetctl list --json=short a | diff $work/before -"
check "inside neither" sh -c "ip -n a -o address | diff $work/addresses -"
status "somebody was faster" 5 nsnetctl call SetNamespace "{\"name\":\"a\",\"context\":{\"description\":\"x\"},\"revision\":1}"
seen "all works" 10.50.1.2 a "$b4" 80
check "the second network again" nsnetctl set a --network +two
same "with what is declared of its interface" 2 inside net/ipv4/conf/eth1/rp_filter
check "its setting goes" nsnetctl set a --sysctl -net.ipv4.conf.eth1.rp_filter
same "it is as it was" 0 inside net/ipv4/conf/eth1/rp_filter
check "it comes" nsnetctl set a --sysctl net.ipv4.conf.eth1.rp_filter=1
check "with the network it goes" nsnetctl set a --network -two --sysctl none
check "the network again, with both" nsnetctl set a --network +two --sysctl net.ipv4.conf.eth1.rp_filter=1
check "the network goes" nsnetctl set a --network -two
check "and its setting afterwards" nsnetctl set a --sysctl none

echo "# networks"
check "isolated" nsnetctl network set one --isolated yes
seen "from each other" - a "$b4" 80
seen "not from what is outside" $host4 a $internet4 80
check "no more" nsnetctl network set one --isolated no
seen "they reach each other" 10.50.1.2 a "$b4" 80
check "smaller packets" nsnetctl network set one --mtu 1280
show "inside as well" "mtu 1280" ip -n a link show dev eth0
seen "they pass" $host6 a $internet6 80
check "as the uplink has them" nsnetctl network set one --mtu 0
show "inside as well" "mtu 1500" ip -n b link show dev eth0
status "no other kind of links while it is in use" 5 nsnetctl network set one --reach route
seen "out as before" $host4 a $internet4 80
seen "not in" - client fd50:1::2 80
check "reach: internal" nsnetctl network set one --reach internal
seen "not out" - a $internet4 80
seen "not in" - client 10.50.1.2 80
check "reach: nat" nsnetctl network set one --reach nat
seen "out with an address of the host" $host4 a $internet4 80
seen "not in" - client 10.50.1.2 80
status "its prefix stays while it is in use" 5 nsnetctl network set one --subnet 10.50.3.0/24

echo "# how fast"
check "a rate each way" nsnetctl set a --rate up=20mbit --rate down=50mbit
nsnetctl exec a iperf3 --server >$work/iperf3 2>&1 &
background=$!
serves() {
	[ -n "$(in_ns a ss --no-header --listening --tcp --numeric 'sport = 5201')" ]
}
# What is measured is the machine as well, which may be busy.
in_the_end() {
	for _ in 1 2 3 4 5 6; do
		"$@" && return 0
	done
	return 1
}
check "iperf3 serves" eventually serves
check "what it receives" in_the_end is_about 50000000 speed
check "what it sends" in_the_end is_about 20000000 speed --reverse
show "the host says so" "tbf" tc -n a qdisc show dev eth0
check "none" nsnetctl set a --rate none
refuse "of it is left inside" sh -c "tc -n a qdisc show dev eth0 | grep tbf"
refuse "nor outside" sh -c "tc qdisc show | grep tbf"
kill $background
background=
if nsnetctl call Describe | grep -q '"netem"'; then
	check "a delay" nsnetctl set a --delay 100ms --loss 0%
	show "is there" "delay 100ms" tc -n a qdisc show dev eth0
	check "none" nsnetctl set a --delay none
else
	status "a delay that this kernel does not have" 1 nsnetctl set a --delay 100ms
	show "names it" netem sh -c 'nsnetctl set a --delay 100ms 2>&1; true'
	show "as JSON" '"error":"alt.nsnet.NotSupported","parameters":{"feature":"netem"}' sh -c 'nsnetctl --json=short set a --loss 1%; true'
fi

echo "# an interface of the host"
check "it" join host spare0 10.97.0.1/24 2001:db8:97::1/64 third spare1 10.97.0.2/24 2001:db8:97::2/64
nsnetctl set a --link spare0 2>$work/lost
same "moves in" 0 echo $?
show "its addresses are told" "10.97.0.1/24" cat $work/lost
show "of both families" "2001:db8:97::1/64" cat $work/lost
refuse "it is not on the host" ip link show dev spare0
show "but inside, and up" "state UP" ip -n a link show dev spare0
check "works there" sh -c 'ip -n a address add 10.97.0.1/24 dev spare0 && nsnetctl exec a ping -c 1 -W 2 10.97.0.2'
status "it is one's alone" 5 nsnetctl set b --link spare0
check "it comes back" nsnetctl set a --link none
show "to the host" "spare0" ip link show dev spare0
refuse "and is not inside" ip -n a link show dev spare0
check "in again" nsnetctl set a --link +spare0
check "kill -9" sh -c "kill -KILL $daemon"
wait $daemon 2>/dev/null
daemon_start
show "it is inside still" "spare0" ip -n a link show dev spare0
check "it comes back" nsnetctl set a --link -spare0
show "to the host" "spare0" ip link show dev spare0
status "none that is not there" 5 nsnetctl set a --link nothing0
status "nor one of ours" 5 nsnetctl set a --link nsnet0
status "nor loopback" 2 nsnetctl set a --link lo
check "one for a new namespace" nsnetctl create d --network none --link spare0
show "is there" "spare0" ip -n d link show dev spare0
check "kill -9" sh -c "kill -KILL $daemon"
wait $daemon 2>/dev/null
daemon_start
check "the namespace is deleted" nsnetctl delete d
show "it comes back" "spare0" ip link show dev spare0
check "once more" nsnetctl create d --network none --link spare0
nsnetctl exec d sleep 1000 &
sleeper=$!
eventually sh -c "[ \"\$(readlink /proc/$sleeper/ns/net)\" != \"\$(readlink /proc/self/ns/net)\" ]"
check "deleted with the programs inside" nsnetctl delete d --kill
wait $sleeper
show "it comes back" "spare0" ip link show dev spare0
check "it goes" ip link delete spare0

serve_end
check "all goes" nsnetctl delete a b c
check "the networks" nsnetctl network delete one two
check "the outside" outside_down
check "no link, mount, address or file" no_leftovers
finish
