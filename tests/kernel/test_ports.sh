#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_ports - ports of the host that lead into namespaces: how they are named, changed while they are in use, and ended
#
#     test_ports.sh NSNETD NSNETCTL
. "$(dirname "$0")/sandbox.sh"
. "$(dirname "$0")/outside.sh"

published() {
	nsnetctl list --json=short "$1" | grep -o '"ports":\[[^]]*\]'
}
connections() { # PORT of the host that they came in by
	conntrack --dump 2>/dev/null | grep -F " dport=$1 " | grep -F " src=$web4 "
}
# A client that asks by UDP every tenth of a second from one port of his, and writes down what he hears.
talk() { # PORT FILE
	: >"$2"
	in_ns client bash -c 'exec 3<>"/dev/udp/$1/$2"
		{ while :; do echo hello >&3; sleep 0.1; done; } 2>/dev/null &
		trap "kill $!" EXIT TERM
		while dd bs=64 count=1 status=none <&3; do echo; done' - $host4 "$1" >"$2" 2>/dev/null &
	talker=$!
	background="$background $talker"
}
hears() { # FILE: more than he did
	lines=$(wc -l <"$1")
	eventually more_than "$lines" "$1"
}
more_than() {
	[ "$(wc -l <"$2")" -gt "$1" ]
}
hears_nothing() { # FILE, within half a second
	lines=$(wc -l <"$1")
	sleep 0.5
	[ "$(wc -l <"$1")" = "$lines" ]
}

daemon_start
check "an outside" outside_up
check "a network" nsnetctl network create lan --subnet 10.50.1.0/24 --subnet fd50:1::/64
check "namespaces" nsnetctl create web other --network lan
web4=$(ip -n web -o -4 address show dev eth0 | sed 's/.* inet \([^/]*\).*/\1/')
check "servers" serve host client web other

echo "# how they are named"
check "PORT:NSPORT" nsnetctl set web --publish 8080:80
seen "leads in" $client4 client $host4 8080
seen "IPv6" $client6 client $host6 8080
seen "it is TCP's" - client $host4 8080/udp
check "of UDP" nsnetctl set web --publish 8080:80/udp
seen "leads in" $client4 client $host4 8080/udp
seen "IPv6" $client6 client $host6 8080/udp
seen "and is the only one" - client $host4 8080
check "PORT" nsnetctl set web --publish 81
seen "that leads to the same, where nobody listens" - client $host4 81
check "one of IPv4 alone" nsnetctl set web --publish 0.0.0.0:8080:80
seen "leads in" $client4 client $host4 8080
seen "by IPv6 does not" - client $host6 8080
check "one of IPv6 alone" nsnetctl set web --publish "[::]:8080:80"
seen "leads in" $client6 client $host6 8080
seen "by IPv4 does not" - client $host4 8080
check "one of an address" nsnetctl set web --publish 127.0.0.1:8080:80 --publish $host4:8081:80 --publish "[$host6]:8082:80/tcp"
seen "the host's loopback" 10.50.1.1 host 127.0.0.1 8080
seen "not by another" - client $host4 8080
seen "nor IPv6" - host ::1 8080
seen "an uplink's" $client4 client $host4 8081
seen "not loopback" - host 127.0.0.1 8081
seen "one of IPv6" $client6 client $host6 8082
show "they are listed" "127.0.0.1:8080/tcp -> 80" nsnetctl show web
show "in their brackets" "[$host6]:8082/tcp -> 80" nsnetctl show web
check "one that is free" nsnetctl set web --publish :80
port=$(published web | sed -n 's/.*"hostPort":\([0-9]*\).*/\1/p')
check "is chosen" test "$port" -gt 1023
seen "leads in" $client4 client $host4 "$port"
check "for another too" nsnetctl set other --publish :80
refuse "not the same" [ "$port" = "$(published other | sed -n 's/.*"hostPort":\([0-9]*\).*/\1/p')" ]
status "no port" 2 nsnetctl set web --publish 0:80
status "nor this" 2 nsnetctl set web --publish 8080:65536
status "nor this" 2 nsnetctl set web --publish 8080:80/sctp
show "those that were stay" "$port/tcp -> 80" nsnetctl show web

echo "# in use"
status "a program listens" 5 nsnetctl set web --publish 80
show "which is said" "80" sh -c 'nsnetctl set web --publish 80 2>&1; true'
status "at UDP as well" 5 nsnetctl set web --publish 80/udp
status "at one address" 5 nsnetctl set web --publish $host4:80:80
status "a new namespace is not made" 5 nsnetctl create more --network lan --publish 80
same "at all" "other
web" nsnetctl list --quiet
check "8080 is web's" nsnetctl set web --publish 8080:80
status "nobody else's" 5 nsnetctl set other --publish 8080:80
status "not even at one address" 5 nsnetctl set other --publish 127.0.0.1:8080:80
check "but UDP's is" nsnetctl set other --publish 8080:80/udp
seen "each leads to its own" $client4 client $host4 8080
seen "that of UDP" $client4 client $host4 8080/udp
check "twice the same" nsnetctl set web --publish 8080:80
show "the words" "8080" sh -c 'nsnetctl set other --publish 8080:80 2>&1; true'
show "as JSON" '"alt.nsnet.PortUnavailable"' sh -c 'nsnetctl set --json=short other --publish 8080:80; true'

echo "# changed while they are in use"
nsnetctl set web --publish none && nsnetctl set other --publish none
check "two" nsnetctl set web --publish 8080:80 --publish 8090:80
in_ns client curl --silent --limit-rate 4M "http://$host4:8090/12000000" >$work/download &
download=$!
check "a download begins" eventually test -s $work/download
check "one more, and one less" nsnetctl set web --publish +8443:80 --publish -8080:80
check "the download goes on meanwhile" kill -0 $download
seen "the new one leads in" $client4 client $host4 8443
seen "the one taken away does not" - client $host4 8080
check "the download ends well" wait $download
curl --silent "http://$web4/12000000" >$work/whole
check "with all of it" cmp $work/download $work/whole
check "of that length" test "$(stat --format %s $work/whole)" = 12000000
status "what is not there cannot be taken away" 10 nsnetctl set web --publish -8080:80
check "all of a port of the namespace" nsnetctl set web --publish -:80
seen "none leads in" - client $host4 8443

echo "# ended with what came in by them"
check "of UDP, and a second one" nsnetctl set web --publish 9000:80/udp --publish 9001:80/udp --publish 9002:80
talk 9000 $work/talk
first=$talker
talk 9001 $work/other-talk
second=$talker
check "one talks" hears $work/talk
check "the other too" hears $work/other-talk
show "the kernel knows" "sport=" connections 9000
show "it too" "sport=" connections 9001
in_ns client curl --silent --limit-rate 1M --max-time 20 "http://$host4:9002/200000000" >$work/download &
download=$!
check "a download begins" eventually test -s $work/download
show "the kernel knows" "ESTABLISHED" connections 9002
check "two are taken away" nsnetctl set web --publish -9000:80/udp --publish -9002:80
same "its connections go" "" connections 9000
same "that of TCP" "" connections 9002
show "and no other" "sport=" connections 9001
check "one talks to nobody" hears_nothing $work/talk
check "the other goes on" hears $work/other-talk
# What lies in its client's queue it still reads, at its pace.
check "the download has ended" eventually hears_nothing $work/download
check "before all of it came" test "$(stat --format %s $work/download)" -lt 200000000
kill $download 2>/dev/null
check "the namespace goes, with its servers" nsnetctl delete web --kill
serve_end
kill $first $second 2>/dev/null
background=
same "its connections too" "" connections 9001
refuse "no port is left" sh -c "nft list map inet nsnetd ports4 | grep elements"
check "all goes" nsnetctl delete other
check "the network" nsnetctl network delete lan
check "the outside" outside_down
check "no link, mount, address or file" no_leftovers
finish
