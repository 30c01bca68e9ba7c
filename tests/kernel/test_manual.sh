#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_manual - the examples of nsnetctl(1), typed as they stand there, all of them; read back with ip(8), tc(8), curl(1)
#
#     test_manual.sh NSNETD NSNETCTL
manual=$(dirname "$(realpath "$0")")/../../client/nsnetctl.1
. "$(dirname "$0")/sandbox.sh"

# The commands of the manual's section, one a line; what "\e" ends goes on in the next.
sed -n '/^\.Sh EXAMPLES/,/^\.Sh DIAGNOSTICS/p' "$manual" |
	sed -e ':a' -e '/\\e$/{N;s/ *\\e\n */ /;ba' -e '}' -e 's/^\.Dl //' -e 's/\\-/-/g' |
	sed -n 's/^[$#] //p' >$work/examples
: >$work/typed

# The file that is spoken of: the example of nsnet-topology(5).
topology() {
	sed -n '/^\.Bd -literal$/,/^\.Ed$/p' "$(dirname "$manual")/nsnet-topology.5" | grep -v '^\.'
}

# typed COMMAND: one of the manual's, which must succeed
typed() {
	echo "$1" >>$work/typed
	case $1 in
	*' &') check "$1" eval "${1% &} >$work/background 2>&1 &" ;;
	*) check "$1" eval "$1" ;;
	esac
}

daemon_start

echo "# two namespaces"
typed 'nsnetctl network create br1 --subnet 10.10.0.0/16'
typed 'nsnetctl create ns1 --network br1:ip=10.10.0.10'
typed 'nsnetctl create ns2 --network br1:ip=10.10.0.20'
typed 'nsnetctl exec --pid ns1 ps -ef'
typed 'nsnetctl exec ns1 ping -c 3 ns2'
typed 'nsnetctl delete ns1 ns2'
typed 'nsnetctl network delete br1'

# The server is up when it answers; where it is not reached any more, nobody listens.
reached() {
	curl --silent --fail --max-time 2 --output /dev/null "$1"
}
gone() {
	! reached "$1"
}

echo "# a port"
mkdir $work/web
cd $work/web || exit 1
typed 'nsnetctl create web --publish 8080:80'
show "list tells the port" 8080:80 nsnetctl list
show "show too" "8080/tcp -> 80" nsnetctl show web
typed 'nsnetctl exec web python3 -m http.server 80 &'
check "the server is there" eventually reached http://localhost:8080/
typed 'curl http://localhost:8080/'
typed 'nsnetctl set web --publish +8443:80 --publish -8080:80'
typed 'curl http://localhost:8443/'
check "the former one is gone" gone http://localhost:8080/
show "list tells the new one" 8443:80 nsnetctl list
# Each looks up, changes, and looks up again where another one was first: no more often than there are others.
at_once() {
	local pids=
	for i in 1 2 3 4; do
		nsnetctl set web --label +key$i=1 &
		pids="$pids $!"
	done
	for pid in $pids; do
		wait $pid || return 1
	done
}
check "four changes at once" at_once
same "all of them are there" 4 sh -c "nsnetctl show web | grep -c 'key[1-4]=1'"
status "what is not there is not taken away" 10 nsnetctl set web --publish -8080:80

echo "# what is in its way"
echo 'nsnetctl check web' >>$work/typed
status "nsnetctl check web" 1 nsnetctl check web
same "this host has no way out" "failure  network default uplink: the host has no default route for IPv4: nothing gets out by it" \
	sh -c 'nsnetctl check -q web | grep "^failure.* uplink"'

echo "# a slow line"
if nsnetctl call Describe | grep -q '"netem"'; then
	typed 'nsnetctl set web --rate 10mbit --delay 40ms,5ms --loss 0.1%'
	show "tc tells the delay" "delay 40ms" ip netns exec web tc qdisc show dev eth0
	show "show tells all" "eth0: up 10mbit, down 10mbit, delay 40ms (jitter 5ms), loss 0.1%" nsnetctl show web
	typed 'nsnetctl set web --rate none --delay none --loss none'
	refuse "tc tells none" sh -c 'ip netns exec web tc qdisc show dev eth0 | grep -E "netem|tbf|htb"'
else
	status "this kernel has no netem, which is told" 1 nsnetctl set web --rate 10mbit --delay 40ms,5ms --loss 0.1%
	show "and how it gets it" sch_netem sh -c 'nsnetctl set web --delay 40ms 2>&1; true'
	printf '%s\n' 'nsnetctl set web --rate 10mbit --delay 40ms,5ms --loss 0.1%' \
		'nsnetctl set web --rate none --delay none --loss none' >>$work/typed
fi
if nsnetctl call Describe | grep -q '"rate"'; then
	check "a rate one way" nsnetctl set web --rate up=5mbit
	show "tc tells it" "rate 5Mbit" ip netns exec web tc qdisc show dev eth0
	check "another the other way" nsnetctl set web --rate down=2mbit
	show "the first one is still there" "eth0: up 5mbit, down 2mbit" nsnetctl show web
	check "one ends" nsnetctl set web --rate up=none
	show "the other does not" "eth0: down 2mbit" nsnetctl show web
else
	status "this kernel cannot limit rates, which is told" 1 nsnetctl set web --rate 10mbit
fi
check "it goes with its server" nsnetctl delete --kill web

echo "# a router"
typed 'nsnetctl network create left --subnet 10.1.0.0/24 --gateway none'
typed 'nsnetctl network create right --subnet 10.2.0.0/24 --gateway none'
typed 'nsnetctl create router --network left:ip=10.1.0.1 --network right:ip=10.2.0.1 --sysctl net.ipv4.ip_forward=1'
typed 'nsnetctl create a --network left:ip=10.1.0.2 --route default:via=10.1.0.1'
typed 'nsnetctl create b --network right:ip=10.2.0.2 --route default:via=10.2.0.1'
typed 'nsnetctl exec a ping -c 3 10.2.0.2'
same "by the router: one hop less" "ttl=63" sh -c "nsnetctl exec a ping -c 1 10.2.0.2 | grep -o 'ttl=[0-9]*'"
check "it stops to forward" nsnetctl set router --sysctl -net.ipv4.ip_forward
refuse "and they are apart" nsnetctl exec a ping -c 1 -W 1 10.2.0.2
check "they go" nsnetctl delete router a b
check "with their networks" nsnetctl network delete left right

echo "# a file"
check "the network of before goes" nsnetctl network delete default
topology >lab.json
typed 'nsnetctl apply --dry-run --verbose lab.json'
same "which did nothing" "" nsnetctl network list --quiet
typed 'nsnetctl apply lab.json'
typed 'nsnetctl exec a ping -c 3 10.3.0.2'
check "its port leads in" sh -c 'nsnetctl exec router python3 -m http.server 80 >/dev/null 2>&1 & echo $! >server'
check "to who listens there" eventually reached http://localhost:8080/
same "what it says is so" "" nsnetctl apply lab.json
typed 'nsnetctl network list --json >networks.json'
typed 'nsnetctl list --json >namespaces.json'
check "one goes, one comes, one changes" sh -c 'nsnetctl delete a && nsnetctl create other --network none && nsnetctl set router --publish none'
typed 'nsnetctl apply --prune networks.json namespaces.json'
same "all is as it was" "$(cat namespaces.json)" nsnetctl list --json
check "nobody listens" kill "$(cat server)"
typed 'nsnetctl delete --file lab.json'
same "nothing is there" "" sh -c 'nsnetctl list --quiet; nsnetctl network list --quiet'

echo "# a tunnel"
# A stand-in for it, which every kernel has.
check "a link" ip link add wg0 type veth peer name far0
check "that is up" ip link set far0 up
check "and has an address" ip address add 10.64.0.2/32 dev wg0
typed 'nsnetctl create vpn --network none --dns 10.64.0.1'
same "what it lost is told" "nsnetctl: wg0 lost the address 10.64.0.2/32" \
	sh -c 'nsnetctl set vpn --link +wg0 2>&1 && nsnetctl set vpn --link -wg0 && ip address add 10.64.0.2/32 dev wg0'
typed 'nsnetctl set vpn --link +wg0 --route +default'
refuse "it is not here" ip link show dev wg0
show "the way out is through it" "default dev wg0" ip -n vpn route
typed 'nsnetctl exec vpn ip address add 10.64.0.2/32 dev wg0'
show "the name server is the tunnel's" "nameserver 10.64.0.1" nsnetctl exec vpn cat /etc/resolv.conf
typed 'nsnetctl set vpn --link -wg0 --route -default'
check "it is here again" ip link show dev wg0
check "it goes" nsnetctl delete vpn

echo "# a test suite"
printf 'check:\n\t! ip route get 192.0.2.1\n' >Makefile
typed 'nsnetctl run --network none -- make check'

sort -u $work/typed >$work/typed.sorted
sort -u $work/examples >$work/examples.sorted
check "there are examples" test -s $work/examples
check "those typed are the manual's" diff $work/examples.sorted $work/typed.sorted
nsnetctl network delete default >/dev/null 2>&1
check "nothing is left" no_leftovers
finish
