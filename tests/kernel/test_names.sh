#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_names - a network's names by DNS: dnsmasq(8) with the configuration that is written for it, asked by dig(1)
#
#     test_names.sh NSNETD NSNETCTL MAKE_NAMES
. "$(dirname "$0")/sandbox.sh"

make_names=$3
# What the unit has: a user of no rights, and low ports.
server_of() { # NETWORK
	setpriv --reuid 12055 --regid 12055 --clear-groups --no-new-privs --bounding-set=-all,+net_bind_service \
		--inh-caps=-all,+net_bind_service --ambient-caps=+net_bind_service \
		dnsmasq --keep-in-foreground --conf-file=/run/nsnetd/dns/"$1".conf --log-facility=- 2>>$work/dnsmasq.log &
	servers="$servers $!"
}
servers= i=0 n=0
trap 'on_exit; kill $servers' EXIT

# from NAMESPACE SERVER QUESTION…: what dig prints of the answer
from() {
	where=$1 whom=$2
	shift 2
	nsnetctl exec "$where" dig +short +tries=1 +time=3 @"$whom" "$@"
}
# state_of NAMESPACE SERVER QUESTION…: NOERROR, NXDOMAIN, …
state_of() {
	where=$1 whom=$2
	shift 2
	nsnetctl exec "$where" dig +tries=1 +time=3 @"$whom" "$@" | sed -n 's/.* status: \([A-Z]*\),.*/\1/p'
}
# becomes WHAT TEXT NAMESPACE SERVER QUESTION…: from() prints that in time
becomes() {
	what=$1 text=$2
	shift 2
	is_that() {
		[ "$(from "$@")" = "$text" ]
	}
	eventually is_that "$@"
	same "$what" "$text" from "$@"
}
bridge_of() {
	nsnetctl network show -j "$1" | sed -n 's/.*"bridgeName": *"\([a-z0-9]*\)".*/\1/p'
}

# Outside: two name servers, which write down what they are asked.
ip netns add outside
ip link add up0 type veth peer name out0 netns outside
ip address add 192.0.2.1/24 dev up0
ip link set up0 up
ip -n outside link set lo up
ip -n outside link set out0 up
ip -n outside address add 192.0.2.53/24 dev out0
ip -n outside address add 192.0.2.54/24 dev out0
for last in 53 54; do
	: >$work/asked.$last
	ip netns exec outside dnsmasq --keep-in-foreground --conf-file=/dev/null --no-hosts --no-resolv --bind-interfaces \
		--listen-address=192.0.2.$last --except-interface=lo --address=/example.org/203.0.113.$last --user=root --pid-file= \
		--log-queries --log-facility=- 2>>$work/asked.$last &
	servers="$servers $!"
done
umask 022
mkdir $work/upper $work/overlay
mount -t overlay -o "lowerdir=/etc,upperdir=$work/upper,workdir=$work/overlay" overlay /etc || exit 1
rm -f /etc/resolv.conf /etc/hosts
echo 'nameserver 192.0.2.53' >/etc/resolv.conf
printf '127.0.0.1 localhost\n192.0.2.99 onlyhost\n' >/etc/hosts
check "the name server outside answers" eventually sh -c 'dig +short +tries=1 +time=1 @192.0.2.53 example.org | grep -q 203'

daemon_start
for network in lan own alone; do
	nsnetctl network create $network --subnet 10.3$((i += 1)).0.0/24 || exit 1
done
check "a configuration by the host's servers" "$make_names" lan "$(bridge_of lan)" lan.nsnet host
check "one with its own" "$make_names" own "$(bridge_of own)" own.example 192.0.2.54
check "one that asks nobody" "$make_names" alone "$(bridge_of alone)" alone.nsnet none
refuse "a domain that would be a line of its own" "$make_names" bad nsnet9 "$(printf 'a\nserver=192.0.2.9')" host
refuse "a server that is none" "$make_names" bad nsnet9 bad.nsnet "192.0.2.9@eth0"
refuse "a bridge that is none" "$make_names" bad "nsnet9
port=5353" bad.nsnet host
check "nothing is written of those" test ! -e /run/nsnetd/dns/bad.conf
same "what lies there is for everyone to read" "644" stat --format %a /run/nsnetd/dns/lan.conf
for network in lan own alone; do
	check "dnsmasq likes it" dnsmasq --test --conf-file=/run/nsnetd/dns/$network.conf
	server_of $network
done
nsnetctl create ns1 --network lan:ip=10.31.0.10 && nsnetctl create ns2 --network lan:ip=10.31.0.20 || exit 1
nsnetctl create own1 --network own && nsnetctl create alone1 --network alone:ip=10.33.0.10 || exit 1
six=$(ip -n ns2 -o -6 address show dev eth0 scope global | sed -n 's/.* inet6 \([^/]*\).*/\1/p')

echo "# names of the network"
becomes "A" 10.31.0.20 ns1 10.31.0.1 ns2
same "A, in the domain" 10.31.0.20 from ns1 10.31.0.1 ns2.lan.nsnet
same "AAAA" "$six" from ns1 10.31.0.1 ns2 AAAA
same "AAAA, in the domain" "$six" from ns1 10.31.0.1 ns2.lan.nsnet AAAA
same "PTR" ns2.lan.nsnet. from ns1 10.31.0.1 -x 10.31.0.20
same "PTR, IPv6" ns2.lan.nsnet. from ns1 10.31.0.1 -x "$six"
same "by TCP" 10.31.0.20 from ns1 10.31.0.1 +tcp ns2.lan.nsnet
same "by IPv6" 10.31.0.20 from ns1 "$(ip -n ns1 -6 route show default | sed -n 's/.* via \([^ ]*\).*/\1/p')" ns2.lan.nsnet
same "the host is answered too" 10.31.0.20 dig +short +tries=1 +time=3 @10.31.0.1 ns2.lan.nsnet
same "by TCP as well" 10.31.0.20 dig +short +tcp +tries=1 +time=3 @10.31.0.1 ns2.lan.nsnet

echo "# a name that is one of the world's too"
check "a namespace with that name" nsnetctl create example.org --network lan:ip=10.31.0.66
becomes "it has a domain behind it" 10.31.0.66 ns1 10.31.0.1 example.org.nsnet
same "the world's is what it was" 203.0.113.53 from ns1 10.31.0.1 example.org
refuse "in the hosts file too" nsnetctl exec ns1 getent -s files ahosts example.org
show "where it has the domain as well" 10.31.0.66 nsnetctl exec ns1 getent -s files ahostsv4 example.org.nsnet
check "it goes" nsnetctl delete example.org

echo "# as they come and go"
same "not there yet" NXDOMAIN state_of ns1 10.31.0.1 ns3.lan.nsnet
check "another namespace" nsnetctl create ns3 --network lan:ip=10.31.0.30
becomes "its name appears" 10.31.0.30 ns1 10.31.0.1 ns3.lan.nsnet
same "PTR too" ns3.lan.nsnet. from ns1 10.31.0.1 -x 10.31.0.30
check "it is deleted" nsnetctl delete ns3
becomes "its name goes" "" ns1 10.31.0.1 ns3.lan.nsnet
same "wholly" NXDOMAIN state_of ns1 10.31.0.1 ns3.lan.nsnet
same "without its domain" NXDOMAIN state_of ns1 10.31.0.1 ns3
same "PTR too" NXDOMAIN state_of ns1 10.31.0.1 -x 10.31.0.30
check "the name is another's" nsnetctl create ns3 --network lan:ip=10.31.0.31
becomes "who has its own address" 10.31.0.31 ns1 10.31.0.1 ns3.lan.nsnet
same "the others are there still" 10.31.0.20 from ns1 10.31.0.1 ns2
# All of them at once.
nsnetctl create $(seq --format 'many%g' 40) --network lan || exit 1
last=$(ip -n many40 -o -4 address show dev eth0 | sed -n 's/.* inet \([^/]*\).*/\1/p')
becomes "forty more" "$last" ns1 10.31.0.1 many40.lan.nsnet
nsnetctl delete $(seq --format 'many%g' 40) || exit 1
becomes "and gone" "" ns1 10.31.0.1 many40.lan.nsnet
same "all" "" from ns1 10.31.0.1 many1.lan.nsnet

echo "# what the network does not know"
same "is asked of the host's server" 203.0.113.53 from ns1 10.31.0.1 example.org
same "by TCP" 203.0.113.53 from ns1 10.31.0.1 +tcp example.org
show "which was asked" "query[A] example.org" cat $work/asked.53
same "but not for names of the domain" NXDOMAIN state_of ns1 10.31.0.1 nobody.lan.nsnet
same "nor for those without one" NXDOMAIN state_of ns1 10.31.0.1 nobody
same "nor for addresses like its own" NXDOMAIN state_of ns1 10.31.0.1 -x 10.31.0.99
same "the host's own hosts are not told" NXDOMAIN state_of ns1 10.31.0.1 onlyhost
refuse "none of these was handed on" grep -E 'nobody|nsnet|10\.in-addr|ns[0-9]|onlyhost' $work/asked.53
same "a network's own server" 203.0.113.54 from own1 10.32.0.1 example.org
becomes "own names beside it" "$(ip -n own1 -o -4 address show dev eth0 | sed -n 's/.* inet \([^/]*\).*/\1/p')" \
	own1 10.32.0.1 own1.own.example
asked=$(cat $work/asked.5?)
same "where nobody is to be asked" REFUSED state_of alone1 10.33.0.1 example.org
same "by TCP" REFUSED state_of alone1 10.33.0.1 +tcp example.org
same "nobody is" "$asked" cat $work/asked.53 $work/asked.54
same "its own names are there" 10.33.0.10 from alone1 10.33.0.1 alone1.alone.nsnet
echo 'nameserver 192.0.2.54' >/etc/resolv.conf
# Another name each time: answers are kept for a while.
ask_anew() {
	[ "$(from ns1 10.31.0.1 $((n += 1)).example.org)" = 203.0.113.54 ]
}
check "the host's servers are followed" eventually ask_anew

echo "# whom it answers"
status "no neighbour" 9 from own1 10.31.0.1 ns1
status "by TCP" 9 from own1 10.31.0.1 +tcp ns1
status "nor one of another family" 9 from own1 "$(ip -n ns1 -6 route show default | sed -n 's/.* via \([^ ]*\).*/\1/p')" ns1
ip -n outside route add 10.31.0.0/24 via 192.0.2.1
status "nobody outside" 9 ip netns exec outside dig +tries=1 +time=2 @10.31.0.1 ns1
status "at no other address" 9 ip netns exec outside dig +tries=1 +time=2 @192.0.2.1 ns1
status "nor at the host's loopback" 9 dig +tries=1 +time=2 @127.0.0.1 ns1

echo "# and gone"
for network in lan own alone; do
	check "the configuration is taken away" "$make_names" $network
	check "again" "$make_names" $network
done
same "nothing is left" "" ls /run/nsnetd/dns
check "namespaces go" nsnetctl delete ns1 ns2 ns3 own1 alone1
check "networks go" nsnetctl network delete lan own alone
same "no directory is left" "" ls /run/nsnetd/hosts
finish
