#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_ahead - namespaces made ahead: what comes of one is what would have been made without, and nothing of it is left behind
# shellcheck source=tests/kernel/sandbox.sh
. "$(dirname "$0")/sandbox.sh"

are_ahead() {
	nsnetctl call Describe | grep -q "\"spares\":$1}"
}

end_of() {
	nsnetctl show --json=short "$1" | sed 's/.*"hostInterfaces":\["\([^"]*\)".*/\1/'
}

says_whose() {
	ip -oneline link show dev "$(end_of "$1")" | grep -q "alias nsnetd:$1/eth0"
}

# What was taken is called what it was until the daemon has nothing else to do.
all_say_whose() {
	for name; do
		says_whose $name || return 1
	done
}

gone() {
	! ip -oneline link | grep -q "alias nsnetd:$1/"
}

was_ahead() {
	end_of "$1" | grep -qxE "$2"
}

# Without the numbers that no two have.
plain() {
	sed -E 's/^[0-9]+: //; s/@if[0-9]+//g; s/(netnsid|inode|cookie|realtime|monotonic|index|[rs]e[a-z]*(Bytes|Packets|Dropped|Errors))"?[: ]+[0-9]+/\1 N/g
		s/link\/ether [0-9a-f:]+ brd [0-9a-f:]+ link/link/; s/(valid|preferred)_lft [a-z0-9]+//g; s/(port_(id|no)|designated_[a-z]+|root_[a-z]+|bridge_id) [0-9a-fx.:]+//g
		s/(hold|message_age|forward_delay)_timer +[0-9.]+//g; s/ \(0x[0-9a-f]+\)//g; s/ +/ /g'
}

# All of a namespace: inside, its link, its port, its guard, its files, what is told.
whole() {
	end=$(end_of "$1")
	{
		ip -n "$1" -d -oneline address
		for family in -4 -6; do ip -n "$1" $family route show table all | sort; done
		tc -n "$1" qdisc
		ip netns exec "$1" sysctl -a -r '^net\.(ipv4\.(ip_|ping|conf)|ipv6\.conf|core)' 2>/dev/null | grep -v stable_secret
		ip -d -oneline link show dev "$end"
		bridge fdb show dev "$end" | grep static | sort
		for family in -4 -6; do ip $family route show dev "$end" | sort; done
		tc qdisc show dev "$end"
		nft list ruleset | sed 's/, */\n/g' | grep -wE "$end|8080" | sed 's/.*{ //; s/ }.*//; s/^[[:space:]]*//' | sort
		cat "/run/nsnetd/state/namespaces/$1.json"
		nsnetctl show --json=short "$1"
		(cd "/run/nsnetd/etc/$1" && find . -printf '%p %M %U %l\n' | sort && cat resolv.conf 2>/dev/null)
		grep -hw "$1" /run/nsnetd/hosts/*/hosts
		stat -c '%A %U' "/run/netns/$1"
		grep -c " /run/netns/$1 " /proc/self/mountinfo
	} 2>&1 | sed "s/\\b$end\\b/END/g" | plain
}

# The answer to who has made it, given again with all that was chosen, makes the same without the pool.
context_of() {
	nsnetctl show --json=short "$1" | sed 's/,"runtime":{.*/}/'
}

# Each wish made from the pool and without, by root and by a member, on a network of bridge ports and on one without.
compare() {
	check "$who's first on $network" $as nsnetctl create first --network $network
	for wish in "" "--publish 8080:80" "--sysctl net.ipv4.ip_forward=1" "--dns 192.0.2.53" "--rate 10mbit" "--label a=b" "--persistent no" \
		"--route 10.99.0.0/16:via=$gateway"; do
		check "two are made ahead" eventually are_ahead 2
		ends=$(spare_ends)
		# shellcheck disable=SC2086
		check "$who on $network: ${wish:-nothing more}" $as nsnetctl create ns1 --network $network $wish
		check "it was made ahead" was_ahead ns1 "$ends"
		check "its link says whose it is" eventually says_whose ns1
		whole ns1 >$work/ahead
		check "it gets out" eventually $as nsnetctl exec ns1 ping -q -c 1 -W 2 $gateway
		context=$(context_of ns1)
		check "it goes" $as nsnetctl delete ns1
		eventually gone ns1
		ends=$(spare_ends)
		check "without" $as nsnetctl call CreateNamespace "$context"
		refuse "it was not made ahead" was_ahead ns1 "$ends"
		whole ns1 >$work/cold
		check "it is the same" diff $work/cold $work/ahead
		check "it goes" $as nsnetctl delete ns1
		eventually gone ns1
	done
	check "the first one too" $as nsnetctl delete first
	check "and what was made ahead for him" eventually are_ahead 0
}

members_start "[Policy]\nReaches=nat internal route\n"
check "a network" nsnetctl network create lan --subnet 10.60.0.0/24 --subnet fd60::/64
check "a network without ports" nsnetctl network create far --subnet 10.61.0.0/24 --subnet fd61::/64 --reach route
who=root as='' network=lan gateway=10.60.0.1
compare
network=far gateway=10.61.0.1
compare
who=alice as=$alice network=lan gateway=10.60.0.1
compare
network=far gateway=10.61.0.1
compare

# What others do to it.
check "a namespace" $alice nsnetctl create ns1 --network lan
check "two are made ahead" eventually are_ahead 2
end=$(spare_ends)
ip link delete "${end%|*}"
check "one whose link was deleted is not kept" eventually sh -c "! ip -oneline link show dev ${end#*|} 2>/dev/null | grep -q . || ip link set ${end#*|} nomaster"
taken_all() {
	for number in 2 3 4 5; do
		$alice nsnetctl create ns$number --network lan && $alice nsnetctl exec ns$number ping -q -c 1 -W 5 10.60.0.1 || return 1
	done
}
check "whatever is taken works" taken_all
nft delete table bridge nsnetd 2>/dev/null || true
check "a link of one that was just taken" $alice nsnetctl create ns6 --network lan
ip link delete "$(end_of ns6)"
check "comes again" eventually ip netns exec ns6 ping -q -c 1 -W 1 10.60.0.1

# kill -9: what was taken stays, the rest goes by itself, or with the next start.
check "some are made ahead" eventually sh -c "! nsnetctl call Describe | grep -q '\"spares\":[01]}'"
check "no other link is called so" eventually all_say_whose ns2 ns3 ns4 ns5 ns6
ends=$(spare_ends)
check "one is taken" $alice nsnetctl create ns7 --network lan
taken=$(end_of ns7)
daemon_stop KILL
daemon_start
equal "its link is the same" "$taken" "$(end_of ns7)"
check "and says whose it is" says_whose ns7
check "it works" $alice nsnetctl exec ns7 ping -q -c 1 -W 5 10.60.0.1
no_others() {
	for end in $(echo "$ends" | tr '|' ' '); do
		[ "$end" = "$taken" ] || ! ip link show dev "$end" >/dev/null 2>&1 || return 1
		[ "$end" = "$taken" ] || ! nft list ruleset | grep -qw "$end" || return 1
	done
}
check "nothing is left of the others" eventually no_others
equal "nor of their directories" "" "$(find /run/nsnetd -name '%*')"

# The end of the daemon is that of all that is nobody's.
check "one more" $alice nsnetctl create ns8 --network lan
check "its link says whose it is" eventually says_whose ns8
check "some are made ahead" eventually are_ahead 2
ends=$(spare_ends) taken=
daemon_stop
# The kernel takes what was closed apart in its own time.
check "nothing is left of them" eventually no_others
equal "nor of their directories" "" "$(find /run/nsnetd -name '%*')"
refuse "nor says any link so" sh -c "ip -oneline link | grep -F 'alias nsnetd:%'"

# As the configuration has it.
printf '[Pool]\nPoolSize=0\n' >>$work/nsnetd.conf
daemon_start
check "none is wanted" nsnetctl create ns9 --network lan
sleep 0.5
check "there is none" are_ahead 0
sed -i 's/PoolSize=0/PoolSize=3/' $work/nsnetd.conf
kill -HUP $daemon
check "some are wanted" nsnetctl create ns10 ns11 ns12 --network lan
check "so many" eventually are_ahead 3
sed -i 's/PoolSize=3/PoolSize=1/' $work/nsnetd.conf
kill -HUP $daemon
check "less are wanted" eventually are_ahead 1
check "all go" nsnetctl delete ns1 ns2 ns3 ns4 ns5 ns6 ns7 ns8 ns9 ns10 ns11 ns12
check "with the networks" nsnetctl network delete lan far
check "nothing is left" no_leftovers
finish
