#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_diagnose - nsnetctl check: faults are planted, each is told by just that line, and the command that it tells mends it
#
#     test_diagnose.sh NSNETD NSNETCTL
. "$(dirname "$0")/sandbox.sh"
. "$(dirname "$0")/outside.sh"

look() {
	nsnetctl check -q "$@" >$work/found 2>&1
}
has_lines() { # LINE COMMAND: one behind the other; no COMMAND: a line without one
	if [ -n "$2" ]; then
		grep -xF -A 1 -- "$1" $work/found | grep -qxF -- "           $2"
	else
		grep -qxF -- "$1" $work/found && ! grep -xF -A 1 -- "$1" $work/found | grep -q '^  '
	fi
}
# told WHAT LINE COMMAND: check finds that
told() {
	look
	if has_lines "$2" "$3"; then
		ok "$1"
	else
		{ printf 'wanted: %s\n           %s\ngot:\n' "$2" "$3"; cat $work/found; } >$work/output
		not_ok "$1"
	fi
}
gone() {
	look
	! grep -qxF -- "$1" $work/found
}
# fault WHAT LINE COMMAND PLANT…: planted by PLANT, told, and mended by COMMAND as it stands
fault() {
	check "$1" "${@:4}"
	told "$1: told" "$2" "$3"
	check "$1: the command does what it says" bash -c "$3"
	check "$1: mended" eventually gone "$2"
}
# helpless WHAT LINE COMMAND MEND PLANT…: the same, where somebody has to know more than we do
helpless() {
	check "$1" "${@:5}"
	told "$1: told" "$2" "$3"
	check "$1: somebody mends it" bash -c "$4"
	check "$1: mended" eventually gone "$2"
}
fine() {
	status "$1" 0 nsnetctl check -q
	same "$1: nothing to tell" "" nsnetctl check -q
}
names_start() {
	in_ns internet python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 53))
print("ready", flush=True)
while True:
    data, peer = s.recvfrom(512)
    s.sendto(data[:2] + b"\x80\x05" + data[4:], peer)' >$work/names &
	background=$!
	eventually grep -q ready $work/names
}
resolve_by() {
	echo "nameserver $1" >$work/resolv.conf
}
inside_up() { # what an interface has lost that was down
	for command in "ip -6 address replace fd50:1::2/64 dev eth0 nodad" "ip route replace default via 10.50.1.1 dev eth0" \
		"ip -6 route replace default via fd50:1::1 dev eth0"; do
		nsnetctl exec web $command || return 1
	done
}

resolve_by $internet4
check "the host's name servers" mount --bind $work/resolv.conf /etc/resolv.conf
administrators=$(getent group proxy | cut -d: -f3)
members_start "AdministratorGroup=proxy\\n"
check "an outside" outside_up
check "a name server" names_start
check "a network" nsnetctl network create lan --subnet 10.50.1.0/24 --subnet fd50:1::/64
check "a namespace" nsnetctl create web --network lan:ip=10.50.1.2,ip=fd50:1::2 --publish 8080:80
check "its server" serve web
fine "all is well"
show "and told" "ok       web gateway fd50:1::1: answers" nsnetctl check
show "of the host" "ok       host kernel: has what is needed" nsnetctl check web
show "as JSON" '{"severity":"ok","namespace":"web","subject":"packets to 192.0.2.126","message":"of 1500 bytes get through"}' \
	nsnetctl check -j
status "of nobody" 10 nsnetctl check nobody
end=$(ip -oneline link | grep 'nsnetd:web/eth0' | grep -o 'nsv[0-9]*' | head -n 1)

echo "# inside"
fault "an interface set down" "failure  web eth0: it is set down" "nsnetctl exec web ip link set eth0 up" \
	ip -n web link set eth0 down
fault "its IPv6 address went with that" "failure  web eth0: its address fd50:1::2/64 is gone" \
	"nsnetctl exec web ip address add fd50:1::2/64 dev eth0" true
fault "its default route too" "failure  web routes: the default route by 10.50.1.1 is gone" \
	"nsnetctl exec web ip route add default via 10.50.1.1 dev eth0" true
fault "and that of IPv6" "failure  web routes: the default route by fd50:1::1 is gone" \
	"nsnetctl exec web ip -6 route add default via fd50:1::1 dev eth0" true
check "it answers again" eventually ping -q -c 1 -W 1 fd50:1::2
fine "all is well again"
fault "an address taken away" "failure  web eth0: its address 10.50.1.2/24 is gone" \
	"nsnetctl exec web ip address add 10.50.1.2/24 dev eth0" ip -n web address delete 10.50.1.2/24 dev eth0
check "with what hung on it" inside_up
fault "a default route taken away" "failure  web routes: the default route by 10.50.1.1 is gone" \
	"nsnetctl exec web ip route add default via 10.50.1.1 dev eth0" ip -n web route delete default
check "another namespace" ip netns add other
fault "an interface moved away" "failure  web eth0: it is not inside any more" "ip link delete $end" \
	ip -n web link set eth0 netns other name stolen
end=$(ip -oneline link | grep 'nsnetd:web/eth0' | grep -o 'nsv[0-9]*' | head -n 1)
check "the other goes" ip netns delete other
check "an interface of the host's" ip link add lent0 type veth peer name lent1
check "is lent" nsnetctl set web --link lent0
fault "and moved back" "failure  web lent0: the host's interface is not inside any more" "ip link set lent0 netns web" \
	ip -n web link set lent0 netns $$
fault "and deleted" "failure  web lent0: the host's interface is not inside any more, and not on the host" \
	"nsnetctl set web --link -lent0" ip -n web link delete lent0
serve_end
told "nobody listens: told" "warning  web port 80/tcp: port 8080 of the host leads to it, and no program inside listens there" ""
check "somebody does" serve web
fine "all is well inside"

echo "# between"
# until_alone COMMAND…: does what is mended time and again, until it is mended no more
until_alone() {
	before=$(wc -l <$work/events)
	for _ in $(seq 200); do
		"$@" 2>/dev/null
		if tail -n "+$((before + 1))" $work/events | grep -q "let alone"; then
			"$@" 2>/dev/null
			return 0
		fi
		sleep 0.02
	done
	return 1
}
taken_out() {
	until_alone ip link set $end nomaster
}
nsnetctl monitor >$work/events 2>&1 &
monitor=$!
check "somebody hears of it" eventually grep -q ready $work/events
fault "a port taken out of its bridge, time and again" "failure  web $end: the host's end of its eth0 is no port of nsnet0" \
	"ip link set $end master nsnet0" taken_out
check "let alone no more" sleep 11
fine "all is well between"
check "all for itself" nft 'add table inet theirs; add chain inet theirs out { type filter hook output priority 0; }'
fault "a gateway that may not answer" "failure  network lan table inet theirs: rule 2 of chain out rejects what the host answers" \
	"nft 'insert rule inet theirs out oifname \"nsnet0\" accept'" nft 'add rule inet theirs out oifname "nsnet0" reject'
check "theirs go" nft delete table inet theirs
check "icmp in a table of theirs" nft 'add table inet theirs; add chain inet theirs in { type filter hook input priority 0; }'
helpless "a gateway that does not answer to echo" "warning  web gateway 10.50.1.1: no answer" \
	"nsnetctl exec web ip neighbour flush dev eth0" "nft delete table inet theirs" \
	nft 'add rule inet theirs in icmp type echo-request drop'
helpless "a gateway that nobody inside may speak to" "failure  web gateway 10.50.1.1: Operation not permitted" \
	"nsnetctl exec web ip neighbour flush dev eth0" "nsnetctl exec web nft delete table ip own" \
	nsnetctl exec web nft 'add table ip own; add chain ip own out { type filter hook output priority 0; policy drop; }'

echo "# others' rules"
letting() { # FAMILY TABLE CHAIN
	echo "nft 'insert rule $1 $2 $3 iifname \"nsnet0\" accept; insert rule $1 $2 $3 oifname \"nsnet0\" accept'"
}
fault "iptables drops what is forwarded" "failure  network lan table ip filter: the policy of chain FORWARD drops what goes out by IPv4" \
	"$(letting ip filter FORWARD)" iptables --wait --policy FORWARD DROP
check "it goes" nft delete table ip filter
answers_pass() {
	iptables --wait --policy FORWARD DROP && iptables --wait --append FORWARD --in-interface nsnet0 --jump ACCEPT
}
fault "what comes back as well" "failure  network lan table ip filter: the policy of chain FORWARD drops what comes back by IPv4" \
	"$(letting ip filter FORWARD)" answers_pass
check "it goes" nft delete table ip filter
outwards_pass() {
	answers_pass && iptables --wait --append FORWARD --match conntrack --ctstate RELATED,ESTABLISHED --jump ACCEPT
}
fault "and ports" "failure  network lan table ip filter: the policy of chain FORWARD drops what comes in by IPv4" \
	"$(letting ip filter FORWARD)" outwards_pass
check "it goes" nft delete table ip filter
fault "ip6tables" "failure  network lan table ip6 filter: the policy of chain FORWARD drops what goes out by IPv6" \
	"$(letting ip6 filter FORWARD)" ip6tables --wait --policy FORWARD DROP
check "it goes" nft delete table ip6 filter
check "a table of theirs" nft 'add table inet theirs; add chain inet theirs way { type filter hook forward priority 10; }; add chain inet theirs more'
fault "a rule that drops by our bridge's name" "failure  network lan table inet theirs: rule 3 of chain way drops what goes out" \
	"$(letting inet theirs way)" nft 'add rule inet theirs way iifname "nsnet*" counter drop'
check "it goes" nft flush chain inet theirs way
jumped() {
	nft 'add rule inet theirs more log prefix "theirs" reject; add rule inet theirs way ct state established accept;
		add rule inet theirs way meta nfproto ipv6 jump more'
}
fault "one that rejects everything, behind a jump" "failure  network lan table inet theirs: rule 6 of chain more rejects what goes out by IPv6" \
	"$(letting inet theirs way)" jumped
check "it goes" nft flush chain inet theirs way
helpless "one that may be met no more" "warning  network lan table inet theirs: rule 12 of chain way drops what goes out, if no rule before it accepts that" \
	"$(letting inet theirs way)" "nft flush chain inet theirs way" \
	nft 'add rule inet theirs way meta mark 7 accept; add rule inet theirs way drop'
check "theirs go" nft delete table inet theirs
check "all that the host is asked" nft 'add table inet theirs; add chain inet theirs in { type filter hook input priority 0; }'
fault "a closed host" "failure  network lan table inet theirs: the policy of chain in drops what the host is asked" \
	"nft 'insert rule inet theirs in iifname \"nsnet0\" accept'" nft 'add chain inet theirs in { policy drop; }'
check "theirs go" nft delete table inet theirs
check "a bridge's" nft 'add table bridge theirs; add chain bridge theirs way { type filter hook forward priority 0; }'
fault "between ports" "failure  network lan table bridge theirs: the policy of chain way drops what its namespaces send" \
	"nft 'insert rule bridge theirs way iifname \"nsv*\" accept'" nft 'add chain bridge theirs way { policy drop; }'
check "theirs go" nft delete table bridge theirs
fine "all is well with them gone"

echo "# the way out"
helpless "no default route" "failure  network lan uplink: the host has no default route for IPv4: nothing gets out by it" \
	"ip route add default via ROUTER" "ip route add default via 192.0.2.126" ip route delete default
helpless "none for IPv6" "warning  network lan uplink: the host has no default route for IPv6: nothing gets out by it" \
	"ip -6 route add default via ROUTER" "ip -6 route add default via 2001:db8:1::fe" ip -6 route delete default
check "an MTU of its own" nsnetctl network set lan --mtu 1500
fault "an uplink of smaller packets" "warning  network lan MTU: 1500, and the uplink takes no more than 1400" \
	"nsnetctl network set lan --mtu 0" ip link set up0 mtu 1400
fine "all is well with smaller packets"
fault "more than gets through" "failure  web packets to 192.0.2.126: of 1500 bytes do not get through, those of 1400 do" \
	"nsnetctl exec web ip link set eth0 mtu 1400" ip -n web link set eth0 mtu 1500
check "an uplink as before" ip link set up0 mtu 1500

echo "# names"
helpless "a name server that does not answer" "failure  web name server $internet4: no answer" "nsnetctl set web --dns ADDRESS" \
	"ip netns exec internet nft delete table ip own" \
	in_ns internet nft 'add table ip own; add chain ip own in { type filter hook input priority 0; }; add rule ip own in udp dport 53 drop'
helpless "one that is none" "failure  web name server 192.0.2.126: nobody listens there" "nsnetctl set web --dns ADDRESS" \
	"nsnetctl set web --dns $internet4" nsnetctl set web --dns 192.0.2.126
check "another namespace" nsnetctl create plain --network lan
helpless "the host's loopback" "warning  plain name servers: it has none of its own, and the host's, 127.0.0.53, is on the host's loopback" \
	"nsnetctl set plain --dns ADDRESS" "nsnetctl set plain --dns $internet4" resolve_by 127.0.0.53
resolve_by $internet4
check "it goes" nsnetctl delete plain
helpless "none" "warning  web name servers: programs inside have none" "nsnetctl set web --dns ADDRESS" \
	"nsnetctl set web --dns $internet4" nsnetctl set web --dns none
fine "all is well at the end"

echo "# a network without ports"
check "one" nsnetctl network create far --subnet 10.50.7.0/24 --subnet fd50:7::/64 --reach route
check "a namespace" nsnetctl create farer --network far:ip=10.50.7.2,ip=fd50:7::2 --dns $internet4
fine "all is well there"
end=$(ip -oneline link | grep 'nsnetd:farer/eth0' | grep -o 'nsv[0-9]*' | head -n 1)
fault "its address taken away" "failure  farer eth0: its address 10.50.7.2/32 is gone" \
	"nsnetctl exec farer ip address add 10.50.7.2/32 dev eth0" ip -n farer address delete 10.50.7.2/32 dev eth0
told "its route was it" "failure  farer routes: the default route by 10.50.7.1 is gone" \
	"nsnetctl exec farer ip route add default via 10.50.7.1 dev eth0"
check "made again" nsnetctl delete farer
check "made again" nsnetctl create farer --network far:ip=10.50.7.2,ip=fd50:7::2 --dns $internet4
end=$(ip -oneline link | grep 'nsnetd:farer/eth0' | grep -o 'nsv[0-9]*' | head -n 1)
way_gone() {
	until_alone ip route delete 10.50.7.2 dev $end
}
fault "the host's route to it" "failure  farer $end: the host's route to 10.50.7.2 does not lead there" \
	"ip route replace 10.50.7.2 dev $end" way_gone
fault "iptables there" "failure  network far table ip filter: the policy of chain FORWARD drops what goes out by IPv4" \
	"$(letting ip filter FORWARD | sed 's/nsnet0/nsv*/g')" iptables --wait --policy FORWARD DROP
check "it goes" nft delete table ip filter
check "and it goes" nsnetctl delete farer
check "with its network" nsnetctl network delete far

echo "# members"
check "one of alice's" $alice nsnetctl create hers --network lan
status "who looks at hers" 0 $alice nsnetctl check
show "by her own means" "ok       hers gateway 10.50.1.1: answers" $alice nsnetctl check
refuse "and hears of no other" bash -c "$alice nsnetctl check | grep -q web"
status "nor when she asks" 10 $alice nsnetctl check web
carol="setpriv --reuid 12003 --regid 12003 --groups $members,$administrators --inh-caps=-all --bounding-set=-all"
same "an administrator sees it, and may not enter" "warning  hers inside: only its owner and root may enter it
           sudo nsnetctl check hers" $carol nsnetctl check -q hers
fault "an interface of hers set down" "failure  hers eth0: it is set down" "nsnetctl exec hers ip link set eth0 up" \
	$alice nsnetctl exec hers ip link set eth0 down
status "bob has nothing" 0 $bob nsnetctl check -q
same "and hears nothing" "" $bob nsnetctl check -q

echo "# rules of the old kind"
# They last as long as their network namespace; newer kernels may be without.
if iptables-legacy --wait --table filter --policy FORWARD ACCEPT 2>/dev/null; then
	told "told" "warning  host x_tables: table ip filter has rules of the old kind, which are not looked at" "iptables-legacy -t filter -S"
else
	refuse "this kernel has none" grep -q . /proc/net/ip_tables_names
fi
kill $monitor

echo "# what a start left aside"
# No systemd is here: what it would do is done by hand.
mkdir $work/bin
printf '#!/bin/sh\necho "$*" >%s/restart\n' $work >$work/bin/systemctl
chmod 0755 $work/bin/systemctl
PATH=$work/bin:$PATH
mkdir -p $work/root
mount --bind $work/root /root
# damage FILE TEXT: while nobody looks
damage() {
	daemon_stop && echo "$2" >"$1" && daemon_start
}
# left WHAT LINE COMMAND FILE TEXT: a damaged file is told of, with the command that takes it out of the way
left() {
	check "$1" damage "$4" "$5"
	told "$1: told" "$2" "$3"
	refuse "$1: not to members" bash -c "$bob nsnetctl check -q | grep aside"
	check "$1: the command does what it says" bash -c "$3"
	same "$1: and starts it anew" "restart nsnetd" cat $work/restart
	check "$1: a start" daemon_stop
	daemon_start
	check "$1: mended" gone "$2"
}
check "what is persistent" sh -c 'nsnetctl network create kept --subnet 10.50.8.0/24 --persistent yes && nsnetctl create stays --network kept --persistent yes &&
	nsnetctl network create loose --subnet 10.50.9.0/24 && nsnetctl create goes --network none'
left "a record that is no JSON" "failure  host namespace goes: its record was left aside at the last start: it is not readable" \
	"ip netns delete goes; mv /run/nsnetd/state/namespaces/goes.json /root && systemctl restart nsnetd" \
	/run/nsnetd/state/namespaces/goes.json '{'
check "its name is free again" nsnetctl create goes --network none
left "a record with a wrong field" "failure  host network loose: its record was left aside at the last start: it is not readable, at context.prefixes" \
	"mv /run/nsnetd/state/networks/loose.json /root && systemctl restart nsnetd" \
	/run/nsnetd/state/networks/loose.json '{"name":"loose","context":{"prefixes":7},"runtime":{}}'
check "its name is free again" nsnetctl network create loose --subnet 10.50.9.0/24
left "what was to come back, and cannot be read" \
	"failure  host namespace lost: what it was to come back by was left aside at the last start: it is not readable" \
	"mv /var/lib/nsnetd/namespaces/lost.json /root && systemctl restart nsnetd" /var/lib/nsnetd/namespaces/lost.json '[]'
check "the kept network goes as in a reboot" sh -c 'nsnetctl delete stays && nsnetctl create stays --network kept --persistent yes'
rebooted() { # its prefix is another's by now
	daemon_stop && ip netns delete stays && rm /run/nsnetd/state/namespaces/stays.json /run/nsnetd/state/networks/kept.json &&
		ip link add theirs type veth peer name theirs1 && ip link set theirs up && ip address add 10.50.8.1/24 dev theirs && daemon_start
}
check "a prefix that is another's by now" rebooted
look
check "a network that did not come back is told of" grep -qE '^failure  host network kept: it did not come back at the last start: .*10.50.8.0/24' $work/found
check "and what is on it" grep -qE '^failure  host namespace stays: it did not come back at the last start: .*kept' $work/found
same "with what mends it once the prefix is free" 2 grep -cxF "           systemctl restart nsnetd" $work/found
check "it is free" ip link delete theirs
check "a start" daemon_stop
daemon_start
same "both are there" stays nsnetctl list --quiet stays
look
refuse "nothing is told of any more" grep -E '^failure  host ' $work/found
umount /root

echo "# whoever goes before all is told"
going() {
	python3 -c '
import socket, sys
for _ in range(40):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(sys.argv[1])
        s.sendall(b"{\"method\":\"alt.nsnet.Check\",\"parameters\":{},\"more\":true}\0")
        s.recv(1)' $socket
}
check "much to look at" nsnetctl create $(seq -f crowd%.0f 24)
check "clients that go in the middle of it" going
check "the daemon goes on" kill -0 $daemon
same "and tells the next one all" 24 sh -c "nsnetctl check --json | grep -o '\"namespace\":\"crowd[0-9]*\"' | sort -u | wc -l"
finish
