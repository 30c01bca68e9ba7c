#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_delete - namespaces that go, and who comes after them: at once, held by others, many, over a restart
#
#     test_delete.sh NSNETD NSNETCTL
. "$(dirname "$0")/sandbox.sh"

ports() {
	ip -o link show type veth | sed -n 's/^[0-9]*: \(nsv[0-9]*\).*/\1/p'
}

no_ports() {
	[ -z "$(ports)" ]
}

# How often the kernel had no room for one more neighbour: all namespaces of the machine have one table, this test's alone is not
# what fills it.
table_full() {
	cut -d " " -f 13 /proc/1/net/stat/arp_cache /proc/1/net/stat/ndisc_cache
}

# answers ADDRESS...: each, to the first packet
answers() {
	for address in "$@"; do
		full=$(table_full)
		ping -c 1 -W 3 -q "$address" >/dev/null && continue
		[ "$full" != "$(table_full)" ] && ping -c 5 -W 3 -q "$address" >/dev/null && continue
		echo "$address does not answer"
		return 1
	done
}

again_and_again() {
	for i in $(seq "$1"); do
		nsnetctl create "x$i" --network one:ip=10.9.0.7,ip=fd09::7 >/dev/null &&
			answers 10.9.0.7 fd09::7 &&
			nsnetctl delete "x$i" || { echo "round $i"; return 1; }
	done
}

# The same, while each of the former namespaces goes on outside, and would answer.
again_and_again_held() {
	for i in $(seq "$1"); do
		nsnetctl create "x$i" --network one:ip=10.9.0.7,ip=fd09::7 >/dev/null &&
			exec {held}<"/run/netns/x$i" &&
			ip netns exec "x$i" sysctl -qw net.ipv4.icmp_echo_ignore_all=0 &&
			answers 10.9.0.7 fd09::7 &&
			nsnetctl delete "x$i" &&
			nsnetctl create y --network one:ip=10.9.0.7,ip=fd09::7 >/dev/null &&
			nsenter --net=/run/netns/y sysctl -qw net.ipv4.icmp_echo_ignore_all=1 &&
			! ping -c 1 -W 0.2 -q 10.9.0.7 >/dev/null &&
			nsenter --net=/run/netns/y sysctl -qw net.ipv4.icmp_echo_ignore_all=0 &&
			answers 10.9.0.7 fd09::7 &&
			nsnetctl delete y || { echo "round $i"; return 1; }
		exec {held}<&-
	done
}

make_many() {
	for i in $(seq "$1"); do
		echo "{\"name\":\"n$i\",\"context\":{\"attachments\":[{\"network\":\"one\"}]}}"
	done | while read -r wish; do nsnetctl call CreateNamespace "$wish" >/dev/null || return 1; done
}

# What is made ahead comes and goes when nobody looks: here each link is somebody's.
printf '[Pool]\nPoolSize=0\n' >$work/none.conf
daemon_options="--config $work/none.conf"
daemon_start
check "a network" nsnetctl network create one --subnet 10.9.0.0/24 --subnet fd09::/64

echo "# waited for"
check "create" nsnetctl create a --network one
check "delete --wait" nsnetctl delete --wait a
same "no link is left" "" ports
check "two" eval "nsnetctl create a --network one && nsnetctl create b --network one --network one"
check "delete --wait both" nsnetctl delete a b --wait
same "no link is left" "" ports
check "one that something outside holds" nsnetctl create a --network one
exec 9</run/netns/a
check "delete --wait" nsnetctl delete a --wait
same "no link is left" "" ports
exec 9<&-
check "one that a program enters as it goes" nsnetctl create a --network one
exec 9</run/netns/a
check "delete" nsnetctl delete a
nsenter --net=/proc/self/fd/9 sleep 60 &
inside=$!
exec 9<&-
check "its link goes all the same" eventually no_ports
kill $inside
wait $inside 2>/dev/null
check "one without a network" nsnetctl create a --network none
check "delete --wait" nsnetctl delete a --wait
refuse "one that is not there" nsnetctl delete a --wait

echo "# the same address"
check "is another's at once, again and again" again_and_again "${rounds:-200}"
check "also where the former one is held" again_and_again_held 20
check "a small prefix" nsnetctl network create small --subnet 10.8.0.0/30
check "create" nsnetctl create a --network small
for i in 1 2 3; do
	exec 9</run/netns/a
	check "delete $i" nsnetctl delete a
	check "the only address is free" nsnetctl create a --network small
	check "and answers" answers 10.8.0.2
	exec 9<&-
done
check "its name is taken away by others" ip netns delete a
check "it is free soon" eventually nsnetctl create a --network small:ip=10.8.0.2
check "and answers" answers 10.8.0.2
check "delete" nsnetctl delete a
check "the network goes at once" nsnetctl network delete small
check "and comes back" nsnetctl network create small --subnet 10.8.0.0/30
check "with its address" eval "nsnetctl create a --network small && ping -c 1 -W 3 10.8.0.2"
check "delete" nsnetctl delete --wait a
check "without the network" nsnetctl network delete small

echo "# of those that were made ahead"
daemon_stop
daemon_options=
daemon_start
check "is another's at once, again and again" again_and_again 50
check "also where the former one is held" again_and_again_held 20
daemon_stop
check "none of them is left" no_ports
daemon_options="--config $work/none.conf"
daemon_start

echo "# many"
check "the name of one of them is taken" nsnetctl create n7 --network one
nsnetctl create n{1..100} --network one >$work/told 2>&1
check "create 100: that is told" test $? = 5
check "of that one alone" eval '[ "$(grep -c "^nsnetctl: " $work/told)" = 1 ] && grep -q n7 $work/told'
check "all are there" test "$(ports | wc -l)" = 100
check "with addresses of their own" eval '[ "$(for i in {1..100}; do ip -n n$i -4 -o address show eth0; done | grep -o "inet [^ ]*" | sort -u | wc -l)" = 100 ]'
check "and loopback" eval 'for i in {1..100}; do ip -n n$i link show lo | grep -q LOOPBACK,UP || exit 1; done'
check "delete them" eval "nsnetctl delete n{1..100}"
check "one comes while they go" eval "nsnetctl create a --network one:ip=10.9.0.9 && ping -c 1 -W 3 10.9.0.9"
check "all go" eventually eval '[ "$(ports | wc -l)" = 1 ]'
check "create 60" make_many 60
check "one of them at nobody's: none goes" eval "! nsnetctl delete n{1..60} nobody && [ \$(nsnetctl list 'n*' --json=short | grep -c name) != 0 ]"
check "delete --wait" eval "nsnetctl delete --wait n{1..60} a"
same "no link is left" "" ports

echo "# the daemon's end"
check "create 40" make_many 40
nsnetctl delete n{1..40} --wait >$work/output 2>&1 &
client=$!
sleep 0.05
daemon_stop KILL
wait $client
daemon_start
check "what is left of them can be deleted" eval 'for name in $(ip netns list | cut -d" " -f1); do nsnetctl delete "$name"; done'
check "all go" eventually no_ports
nsnetctl create k{1..150} --network one >$work/output 2>&1 &
client=$!
eventually test -e /run/netns/k20
daemon_stop KILL
wait $client
daemon_start
check "killed while 150 are made: each is whole, or is not there" eval \
	'[ "$(ip netns list | cut -d" " -f1 | sort)" = "$(nsnetctl list -q | sort)" ] && [ "$(nsnetctl list -q | wc -l)" -ge 20 ]'
check "and answers" answers $(nsnetctl list --json=short | grep -o '10\.9\.0\.[0-9]*')
check "they go" eval 'nsnetctl delete $(nsnetctl list -q) && eventually no_ports'
check "create 40" make_many 40
nsnetctl delete n{1..40} --wait >$work/output 2>&1 &
client=$!
eventually eval '[ -z "$(ip netns list)" ]'
check "it ends" daemon_stop
wait $client
daemon_start
check "the first of their addresses" nsnetctl create a --network one:ip=10.9.0.2
check "answers" answers 10.9.0.2
check "no other link is left" eventually eval '[ "$(ports | wc -l)" = 1 ]'
check "delete" nsnetctl delete a --wait

echo "# a member's"
daemon_stop
members_start '[Pool]\nPoolSize=0\n'
check "create" $alice nsnetctl create m
exec 9</run/netns/m
check "delete" $alice nsnetctl delete m
check "what let nothing pass by its port is taken away" eventually eval "! nft list table bridge nsnetd | grep -q nsv"
exec 9<&-
check "again" $alice nsnetctl create m
check "delete --wait" $alice nsnetctl delete m --wait
same "no link is left" "" ports

finish
