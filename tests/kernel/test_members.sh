#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_members - both tutorials' jobs, typed by a member of the control group without any privilege; a second member beside him
#
#     test_members.sh NSNETD NSNETCTL
. "$(dirname "$0")/sandbox.sh"

members_start '[Limits]\nNamespaces=3\n'

echo "# the first seed, by alice"
check "network create br1" $alice nsnetctl network create br1 --subnet 10.10.0.0/16
check "create ns1" $alice nsnetctl create ns1 --network br1:ip=10.10.0.10
check "create ns2" $alice nsnetctl create ns2 --network br1:ip=10.10.0.20
show "exec --pid: PID 1 is ps itself" "ps -ef" $alice nsnetctl exec --pid ns1 ps -ef
check "ping by name" $alice nsnetctl exec ns1 ping -c 2 -i 0.2 -W 2 ns2
check "ping by name, IPv6" $alice nsnetctl exec ns1 ping -6 -c 1 -W 2 ns2
check "ping the gateway" $alice nsnetctl exec ns1 ping -c 1 -W 2 10.10.0.1
same "she is herself inside" 12001 $alice nsnetctl exec ns1 id -u
same "or root" 0 $alice nsnetctl exec --root ns1 id -u
check "ip address add" $alice nsnetctl exec ns1 ip address add 192.0.2.7/32 dev lo
show "which root sees" 192.0.2.7 ip -n ns1 address show dev lo
check "ip route add" $alice nsnetctl exec ns1 ip route add 203.0.113.0/24 via 10.10.0.1
check "ip link add" $alice nsnetctl exec ns1 ip link add v0 type veth peer name v1
check "nft" $alice nsnetctl exec ns1 nft add table inet mine
check "a low port" $alice nsnetctl exec ns1 /usr/bin/python3 -c 'import socket; socket.socket().bind(("", 80))'
check "raw packets" $alice nsnetctl exec ns1 /usr/bin/python3 -c 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)'
check "without the daemon" sh -c "kill -STOP $daemon; $alice nsnetctl exec ns1 true; r=\$?; kill -CONT $daemon; exit \$r"
check "as many as she may have" $alice nsnetctl create a
status "and no more" 4 $alice nsnetctl create b
check "one fewer" $alice nsnetctl delete a
show "show tells what she uses" "Namespaces   2 of 3" $alice nsnetctl show
check "a prefix of the host's is refused" sh -c "ip address add 10.20.0.1/24 dev lo; ! $alice nsnetctl network create x --subnet 10.20.0.0/24"

echo "# bob beside her"
same "sees none" "" $bob nsnetctl list -q
same "nor her network" default $bob nsnetctl network list -q
status "shows none" 10 $bob nsnetctl show ns1
status "deletes none" 10 $bob nsnetctl delete ns1
status "enters none" 125 $bob nsnetctl exec ns1 true
status "nor as root inside" 125 $bob nsnetctl exec --root ns1 true
status "attaches to none of hers" 10 $bob nsnetctl create b1 --network br1
refuse "nor by nsenter" $bob nsenter --net=/run/netns/ns1 true
check "has his own" $bob nsnetctl create b1
check "on the same default network as she" $alice nsnetctl create a1
check "they reach each other" $bob nsnetctl exec b1 ping -c 1 -W 2 a1
check "what she takes for an address reaches nobody" sh -c "
	$alice nsnetctl exec a1 sh -c 'ip address flush dev eth0 && ip address add 10.203.3.200/22 dev eth0'
	! $bob nsnetctl exec b1 ping -c 1 -W 1 10.203.3.200 && ! ping -c 1 -W 1 10.203.3.200"
check "her other devices harm nobody" $alice nsnetctl exec a1 sh -c '
	for i in $(seq 100); do echo link add w$i type veth peer name x$i; done | ip -batch - && ip link delete eth0'
check "nor does a name that is no text" $alice nsnetctl exec a1 sh -c 'ip link add "$(printf "w\377")" type veth peer name last'
show "it is told as what can be read" "w�" $alice nsnetctl show a1
check "nor do ever so many routes inside" $alice nsnetctl exec a1 sh -c '
	for prefix in fd70 fd71 fd72 fd73; do seq -f "route add $prefix:%.0f::/64 dev lo" 9999; done | ip -6 -batch -'
show "which are not told one by one" "more interfaces, addresses or routes than are told of" $alice nsnetctl show a1
show "nor looked at" "it has more interfaces, addresses or routes than are looked at" sh -c "$alice nsnetctl check a1; true"
check "all else is told, to others too" nsnetctl list --json
check "bob is served meanwhile" $bob nsnetctl exec b1 ping -c 1 -W 2 10.203.0.1
check "and so is she" $alice nsnetctl list

echo "# a restart"
check "kill -9" sh -c "kill -KILL $daemon"
wait $daemon 2>/dev/null
nft delete table bridge nsnetd
daemon_start
show "what is used is counted again" "Namespaces   3 of 3" $alice nsnetctl show
show "guards are there again" nsv nft list table bridge nsnetd
same "she sees hers" "a1
ns1
ns2" $alice nsnetctl list -q
check "and enters them" $alice nsnetctl exec ns1 ping -c 1 -W 2 ns2
check "a further one is of the same owner" sh -c "$alice nsnetctl delete a1 && $alice nsnetctl create a2 && $alice nsnetctl exec a2 true"

echo "# the end"
status "run" 3 sh -c "$alice nsnetctl delete a2; $alice nsnetctl run -- sh -c 'exit 3'"
check "delete" $alice nsnetctl delete ns1 ns2
check "network delete" $alice nsnetctl network delete br1
check "bob deletes his" $bob nsnetctl delete b1
check "root deletes the default network" nsnetctl network delete default
check "no link, mount, address or file" no_leftovers
same "no rule" "" nft list tables
finish
