#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_route - networks with reach "route": a link and routes for each namespace, who gets where, what others do to them
#
#     test_route.sh NSNETD NSNETCTL MAKE_NAMES
#
# Who gets where by which way test_reach.sh asks of these networks as of all others.
. "$(dirname "$0")/sandbox.sh"
. "$(dirname "$0")/outside.sh"

make_names=$3 servers=
trap 'outside_exit; [ -z "$servers" ] || kill $servers' EXIT
families=4
[ ! -e /proc/sys/net/ipv6/conf/lo/force_forwarding ] || families="4 6"

end_of() { # NAMESPACE: its end on the host
	ip -o link | grep "nsnetd:$1/eth0" | grep -o 'nsv[0-9]*' | head -n 1
}
pings() { # WHO ADDRESS…
	who=$1
	shift
	for address; do in_ns "$who" ping -n -q -c 1 -W 3 "$address" || return 1; done
}
unheard() { # WHO ADDRESS
	! in_ns "$1" ping -n -q -c 1 -W 0.3 "$2"
}
ports_of() { # BRIDGE
	ip -o link show master "$1" | wc -l
}
points() {
	ip route show proto 110 | wc -l
}

members_start
check "an outside" outside_up
check "a network" nsnetctl network create red --reach route --subnet 10.50.1.0/24 --subnet fd50:1::/64
check "another" nsnetctl network create blue --reach route --subnet 10.50.2.0/24 --subnet fd50:2::/64
check "one with nat" nsnetctl network create green --subnet 10.50.3.0/24 --subnet fd50:3::/64
check "of root's" nsnetctl create a --network red:ip=10.50.1.2,ip=fd50:1::2 -p 8001:80
check "of alice's" $alice nsnetctl create b --network red:ip=10.50.1.3,ip=fd50:1::3
check "of bob's" $bob nsnetctl create c --network blue:ip=10.50.2.2,ip=fd50:2::2
check "on the other kind" nsnetctl create d --network green:ip=10.50.3.2,ip=fd50:3::2
check "on both, by the second" nsnetctl create both --network green --network red
a=$(end_of a) b=$(end_of b)

echo "# what there is"
same "no ports but the anchor" 1 ports_of nsnet0
show "no ARP on the host's end" NOARP ip link show "$a"
show "nor inside" NOARP ip -n a link show eth0
same "the host's route" "10.50.1.2 dev $a proto 110 scope link src 10.50.1.1 " ip route show 10.50.1.2
same "no address on the end" "" ip -o address show dev "$a"
same "nobody is asked who that is" "" ip neigh show dev "$a"
same "its addresses are alone" "10.50.1.2/32 fd50:1::2/128" \
	sh -c "ip -n a -o address show scope global | awk '{ printf s \$4; s = \" \" }'"
show "told to people" "10.50.1.0/24 via 10.50.1.1" nsnetctl show a

echo "# who gets where"
check "a neighbour, the host" pings a 10.50.1.3 10.50.1.1
check "outside" pings a $internet4
check "from outside" pings client 10.50.1.3
check "from the host" pings host 10.50.1.3
check "whoever has it as his second network" pings a "$(ip -n both -o -4 address show dev eth1 | sed -n 's|.* inet \([^/]*\).*|\1|p')"
if [ "$families" = "4 6" ]; then
	check "a neighbour, the host, by IPv6" pings a fd50:1::3 fd50:1::1
	check "outside, by IPv6" pings a $internet6
	check "from outside, by IPv6" pings client fd50:1::2
fi
check "from the host, by IPv6" pings host fd50:1::3
for pair in "a 10.50.2.2" "a fd50:2::2" "c 10.50.1.2" "a 10.50.3.2" "d 10.50.1.2" "d fd50:1::2" "a 10.50.1.77"; do
	set -- $pair
	check "not from $1 to $2" unheard "$1" "$2"
done
same "large packets, in pieces" 0 sh -c "ip netns exec a ping -n -q -c 1 -W 3 -s 4000 10.50.1.3 >/dev/null; echo \$?"
check "names" nsnetctl exec a ping -q -c 1 -W 3 b
check "isolated" nsnetctl network set red --isolated yes
check "so not from each other" unheard a 10.50.1.3
check "but the host and out" pings a 10.50.1.1 $internet4
check "no more" nsnetctl network set red --isolated no
check "they reach each other" pings a 10.50.1.3
check "smaller packets" nsnetctl network set red --mtu 1400
show "on both ends" "mtu 1400" ip link show "$a"
show "inside" "mtu 1400" ip -n b link show eth0
check "as the uplink has them" nsnetctl network set red --mtu 0
check "a rate" nsnetctl set a --rate down=50mbit
show "it is kept by the end" tbf tc qdisc show dev "$a"
check "none" nsnetctl set a --rate none
status "not another kind of links while they are in use" 5 nsnetctl network set red --reach nat
status "no way past the host" 2 nsnetctl set a --route 192.0.2.0/24:via=10.50.1.3

echo "# published ports"
serve a b client host
for family in $families; do
	eval "host=\$host$family client=\$client$family"
	seen "from outside, IPv$family" "$client" client "$host" 8001
	seen "from a neighbour, IPv$family" "$([ $family = 4 ] && echo 10.50.1.1 || echo fd50:1::1)" b "$host" 8001
	seen "from another network, IPv$family" "$([ $family = 4 ] && echo 10.50.3.2 || echo fd50:3::2)" d "$host" 8001
done
seen "from the host's loopback" 10.50.1.1 host 127.0.0.1 8001

echo "# names by DNS"
server_of() { # NETWORK
	dnsmasq --keep-in-foreground --conf-file=/run/nsnetd/dns/"$1".conf --log-facility=- --user=root 2>>$work/dnsmasq.log &
	servers="$servers $!"
}
answer() { # WHO SERVER NAME
	in_ns "$1" dig +short +tries=1 +time=1 @"$2" "$3" "${4-A}" | grep -v '^;'
}
check "a configuration" "$make_names" red nsnet0=10.50.1.1=fd50:1::1 red.nsnet none
check "one of the other" "$make_names" blue nsnet1=10.50.2.1=fd50:2::1 blue.nsnet none
server_of red
server_of blue
answers() { [ "$(answer "$@")" = 10.50.1.3 ]; }
check "the name server answers" eventually answers a 10.50.1.1 b.red.nsnet
same "by IPv6" 10.50.1.3 answer a fd50:1::1 b.red.nsnet
same "whom it may not ask at" 10.50.1.3 answer b 10.50.1.1 b.red.nsnet
same "the host" 10.50.1.3 answer host 10.50.1.1 b.red.nsnet
for who in c d client; do
	same "not $who, who is on no such network" "" answer $who 10.50.1.1 b.red.nsnet
	same "nor by IPv6" "" answer $who fd50:1::1 b.red.nsnet
done
same "everyone his own" 10.50.2.2 answer c 10.50.2.1 c.blue.nsnet
kill $servers
wait $servers 2>/dev/null
servers=
check "no configuration" sh -c "'$make_names' red; '$make_names' blue"

echo "# what others do"
draw() {
	ip -o link show | sed -nE 's/^[0-9]+: (nsv[0-9]+)@if[0-9]+:/\1/; /^nsv/p' | sed 's,link/ether.*,,' | sort
	ip route show proto 110 | sort
	ip -6 route show proto 110 | sort
	nft --stateless list table inet nsnetd | grep -v 'ct count'
}
as_it_was() {
	eventually same_picture || diff $work/before $work/after
}
same_picture() {
	draw >$work/after
	cmp -s $work/before $work/after
}
restored() { # WHAT COMMAND…
	what=$1
	shift
	check "$what" "$@"
	check "$what: as it was" as_it_was
	check "$what: and works" pings a 10.50.1.3 $internet4
}
ip link add foreign up type bridge
draw >$work/before
restored "a route deleted" ip route delete 10.50.1.2
restored "one of IPv6" ip -6 route delete fd50:1::2
restored "down" ip link set "$b" down
restored "a port of a bridge of ours" ip link set "$a" master nsnet0
restored "and of another's" ip link set "$a" master foreign
restored "in the group of another network" ip link set "$b" group $((0x6e000001))
restored "the end deleted" ip link delete "$b"
restored "eth0 deleted inside" ip -n b link delete eth0
ip link delete foreign

if [ "$families" = "4 6" ]; then
	echo "# what a namespace's owner may try"
	sysctl -qw net.ipv4.conf.all.rp_filter=0 "net.ipv4.conf.$a.rp_filter=0"
	check "attacks are stopped" python3 "$here/attacks_end.py" stopped
	cat $work/output
	daemon_stop KILL
	nft delete table inet nsnetd
	nft delete table bridge nsnetd
	check "without the rules they get through" python3 "$here/attacks_end.py" through
	cat $work/output
	members_start
	check "with them again they do not" python3 "$here/attacks_end.py" stopped
fi

echo "# a daemon that dies"
talk=$here/talk.py
mkfifo $work/in $work/lines
nsenter --net=/run/netns/a python3 "$talk" serve 90 <$work/in >$work/served &
background=$!
exec 4>$work/in
check "a server" eventually grep -q ready $work/served
nsenter --net=/run/netns/client python3 "$talk" keep tcp 10.50.1.2 90 <$work/lines >$work/kept &
background="$background $!"
exec 5>$work/lines
lines() { [ "$(grep -c $client4 $work/kept)" = "$1" ]; }
echo >&5
check "who talks to it from outside" eventually lines 1
in_ns a ping -n -q -i 0.02 -c 200 10.50.1.3 >$work/pinged &
pinging=$!
check "kill -9" kill -KILL $daemon
wait $daemon 2>/dev/null
ip route delete 10.50.1.1 2>/dev/null
ip -6 route delete fd50:1::3
members_start
wait $pinging
show "no packet lost" " 0% packet loss" cat $work/pinged
echo >&5
check "who talked from outside goes on" eventually lines 2
exec 4>&- 5>&-
kill $background
wait $background 2>/dev/null
background=
check "the same" as_it_was
same "all are known" "a b both c d" sh -c 'nsnetctl list -q | sort | xargs'

echo "# addresses that change"
check "another" nsnetctl set b --network red:ip=10.50.1.33,ip=fd50:1::33
check "it is there" pings a 10.50.1.33 fd50:1::33
check "and not where it was" unheard a 10.50.1.3
check "from a bridge to a link of its own" nsnetctl set d --network red:ip=10.50.1.44
check "it is there" pings d 10.50.1.2
check "and back" nsnetctl set d --network green
check "so it is there" pings d 10.50.3.1
same "nothing of it stays" "" sh -c 'ip route show 10.50.1.44; ip -o link show | grep nsnetd:d/eth0 | grep NOARP'

echo "# many"
before=$(points)
python3 - $socket 200 >$work/many <<'END_OF_PYTHON'
import json, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
for i in range(int(sys.argv[2])):
    s.sendall(json.dumps({"method": "alt.nsnet.CreateNamespace", "parameters": {
        "name": f"m{i}", "context": {"attachments": [{"network": "blue"}]}}}).encode() + b"\0")
answers = b""
while answers.count(b"\0") < int(sys.argv[2]):
    answers += s.recv(65536)
print(answers.count(b'"error"'))
END_OF_PYTHON
same "200 more" 0 cat $work/many
same "the bridge has no more ports" 1 ports_of nsnet1
check "each has its route" test "$(points)" -ge $((before + 200))
ends() { [ "$(ip -o link show group $((0x6e000001)) | grep -c 'nsnetd:m')" = 200 ]; }
check "and its link" eventually ends
check "the last one is there" pings c "$(ip -n m199 -o -4 address show dev eth0 | sed -n 's|.* inet \([^/]*\).*|\1|p')"
same "nobody had to be asked who that is" 0 sh -c "ip neigh show | grep -c nsv"

serve_end
check "all goes" sh -c 'nsnetctl delete $(nsnetctl list -q) && nsnetctl network delete red blue green'
none() { [ "$(points)" = 0 ]; }
check "no route" eventually none
none6() { [ -z "$(ip -6 route show proto 110)" ]; }
check "nor of IPv6" eventually none6
check "the outside" outside_down
check "no link, mount, address or file" no_leftovers
same "no table" "" nft list tables
finish
