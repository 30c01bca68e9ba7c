# SPDX-License-Identifier: LGPL-2.1-or-later
# outside - what is around the host of the sandbox; to be sourced behind sandbox.sh, used once a daemon serves
#
#	internet 203.0.113.80 ----+
#	                          |
#	client 198.51.100.2 --- router --- up0 192.0.2.1    the host    10.99.0.1 other0 --- third 10.99.0.2
#	                          |
#	                          +------- up1 192.0.2.129 (second_uplink)
#
# IPv6 beside it, from 2001:db8::/32. The router has a way to whatever the networks of the tests have, by the host: what is
# translated and what is kept out is the host's doing. Names of the functions' arguments: "host" is the sandbox itself, anything
# else a namespace below /run/netns.

here=$(dirname "${BASH_SOURCE[0]}")
host4=192.0.2.1 host6=2001:db8:1::1
client4=198.51.100.2 client6=2001:db8:10::2
internet4=203.0.113.80 internet6=2001:db8:20::80
third4=10.99.0.2 third6=2001:db8:99::2
loopback4=127.0.0.1 loopback6=::1
server='' background=''

# in_ns WHO COMMAND…
in_ns() {
	if [ "$1" = host ]; then
		"${@:2}"
	else
		nsenter --net="/run/netns/$1" "${@:2}"
	fi
}

# join WHO INTERFACE ADDRESS4 ADDRESS6  WHO INTERFACE ADDRESS4 ADDRESS6: a link between two
join() {
	ip link add "$2" type veth peer name far &&
		ip link set far netns "$5" name "$6" &&
		{ [ "$1" = host ] || ip link set "$2" netns "$1"; } &&
		in_ns "$1" ip address add "$3" dev "$2" &&
		in_ns "$1" ip address add "$4" dev "$2" nodad &&
		in_ns "$1" ip link set "$2" up &&
		in_ns "$5" ip address add "$7" dev "$6" &&
		in_ns "$5" ip address add "$8" dev "$6" nodad &&
		in_ns "$5" ip link set "$6" up
}

# As on a machine that has been up for a while: a router asks for neighbours from its link-local address, which comes some time
# after the link is up.
has_settled() {
	for who in host router client internet third; do
		for link in $(in_ns $who ip -o link show up | sed -nE 's/^[0-9]+: ((up|host)[01]|other0|lan0|net0|eth0)@.*/\1/p'); do
			[ -n "$(in_ns $who ip -6 address show dev $link scope link -tentative)" ] || return 1
		done
	done
}

outside_up() {
	for who in router client internet third; do
		ip netns add $who && ip -n $who link set lo up || return 1
	done
	in_ns router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 &&
		join host up0 $host4/25 $host6/64 router host0 192.0.2.126/25 2001:db8:1::fe/64 &&
		join client eth0 $client4/24 $client6/64 router lan0 198.51.100.1/24 2001:db8:10::1/64 &&
		join internet eth0 $internet4/24 $internet6/64 router net0 203.0.113.1/24 2001:db8:20::1/64 &&
		join host other0 10.99.0.1/24 2001:db8:99::1/64 third eth0 $third4/24 $third6/64 || return 1
	for default in "client 198.51.100.1 2001:db8:10::1" "internet 203.0.113.1 2001:db8:20::1" \
		"third 10.99.0.1 2001:db8:99::1"; do
		set -- $default
		ip -n $1 route add default via $2 && ip -n $1 -6 route add default via $3 || return 1
	done
	way_by 192.0.2.126 2001:db8:1::fe && way_to $host4 $host6 && eventually has_settled
}

# way_by ROUTER4 ROUTER6: the host's default routes; way_to HOST4 HOST6: the router's, to what is at the host
way_by() {
	ip route replace default via "$1" && ip -6 route replace default via "$2"
}
way_to() {
	for prefix in 10.50.0.0/16 10.99.0.0/24; do
		ip -n router route replace $prefix via "$1" || return 1
	done
	for prefix in fd50::/16 2001:db8:99::/64; do
		ip -n router -6 route replace $prefix via "$2" || return 1
	done
}

# Between the host and the router, with no default route by it as yet.
second_uplink() {
	join host up1 192.0.2.129/25 2001:db8:2::1/64 router host1 192.0.2.254/25 2001:db8:2::fe/64 && eventually has_settled
}

outside_down() {
	serve_end
	for link in $(ip -o link show type veth | sed -n 's/^[0-9]*: \(up0\|up1\|other0\)@.*/\1/p'); do
		ip link delete "$link" || return 1
	done
	for who in router client internet third; do
		ip netns delete $who || return 1
	done
}

# serve WHO…: servers on port 80 there, see serve.py
serve() {
	paths=
	for who; do
		if [ "$who" = host ]; then paths="$paths ."; else paths="$paths /run/netns/$who"; fi
	done
	rm -f "$work/serve"
	python3 "$here/serve.py" 80 $paths >"$work/serve" &
	server="$server $!"
	eventually grep -q ready "$work/serve"
}
serve_end() {
	[ -z "$server" ] || kill $server
	[ -z "$server" ] || wait $server 2>/dev/null
	server=
}
outside_exit() {
	on_exit
	[ -z "$server$background" ] || kill $server $background 2>/dev/null
}
trap outside_exit EXIT

# ask WHO ADDRESS PORT[/udp] [SECONDS]: what the server there sees him by, "-" where nobody answers. Over whole seconds he asks
# again and again: a packet may be lost on the way to one who has just come, and who is reached in the end is reached.
ask() {
	answer='' deadline=$((SECONDS + ${4%.*}))
	until answer=$(ask_once "$1" "$2" "$3" "$4") && [ -n "$answer" ] || [ $SECONDS -ge $deadline ]; do
		sleep 0.1
	done
	echo "${answer:--}"
}
ask_once() {
	seconds=$4
	[ "${seconds%.*}" -lt 2 ] || seconds=2
	case $3 in
	*/udp)
		in_ns "$1" bash -c 'exec 3<>"/dev/udp/$1/$2" && echo hello >&3 &&
			timeout "$3" dd bs=64 count=1 status=none <&3' - "$2" "${3%/udp}" "$seconds" 2>/dev/null
		;;
	*)
		case $2 in *:*) url="[$2]" ;; *) url=$2 ;; esac
		in_ns "$1" curl --silent --noproxy '*' --connect-timeout "$seconds" --max-time 10 "http://$url:$3/"
		;;
	esac
}

# How long one who is to be reached is asked, and one who is not.
REACHED=15 UNREACHED=0.5

# becomes WHAT TEXT COMMAND…: prints just that within half a minute
becomes() {
	what=$1 text=$2
	shift 2
	end=$((SECONDS + 30))
	until prints "$text" "$@" || [ $SECONDS -gt $end ]; do
		sleep 0.05
	done
	same "$what" "$text" "$@"
}
prints() {
	[ "$("${@:2}" 2>/dev/null)" = "$1" ]
}

# host_state: all that others see of the host's network
host_state() {
	for family in -4 -6; do
		ip $family -details address show
		ip $family -details route show table all
		ip $family -details rule show
	done
	ip -details link show
	nft list ruleset
	# The one counts connections. Some cannot be read before they are set.
	sysctl --all 2>/dev/null | grep '^net\.' | grep -v '^net\.netfilter\.nf_conntrack_count '
}

# seen WHAT ADDRESS WHO ADDRESS PORT[/udp]: the server sees him by that, or is not reached ("-")
seen() {
	what=$1 wanted=$2 seconds=$REACHED
	shift 2
	[ "$wanted" != - ] || seconds=$UNREACHED
	same "$what" "$wanted" ask "$1" "$2" "$3" $seconds
}
