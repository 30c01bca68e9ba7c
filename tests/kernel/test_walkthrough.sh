#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_walkthrough - both tutorials' jobs, typed through nsnetctl and read back with ip(8), ping(8), nsenter(1)
#
#     test_walkthrough.sh NSNETD NSNETCTL
. "$(dirname "$0")/sandbox.sh"

# A host in another namespace, behind an uplink with a default route.
uplink() {
	ip netns add outside &&
		ip link add uplink0 type veth peer name eth0 netns outside &&
		ip address add 198.51.100.1/24 dev uplink0 &&
		ip address add 2001:db8:99::1/64 dev uplink0 nodad &&
		ip link set uplink0 up &&
		ip -n outside link set lo up &&
		ip -n outside address add 198.51.100.2/24 dev eth0 &&
		ip -n outside address add 2001:db8:99::2/64 dev eth0 nodad &&
		ip -n outside link set eth0 up &&
		ip route add default via 198.51.100.2 &&
		ip -6 route add default via 2001:db8:99::2 &&
		ip -n outside route add default via 198.51.100.1 &&
		ip -n outside -6 route add default via 2001:db8:99::1 &&
		eventually has_settled
}

# As on a machine that has been up for a while: a router asks for neighbours from its link-local address, which comes some time
# after the link is up.
has_settled() {
	[ -n "$(ip -6 address show dev uplink0 scope link -tentative)" ] &&
		[ -n "$(ip -n outside -6 address show dev eth0 scope link -tentative)" ]
}

sysctls() {
	sysctl -a 2>/dev/null | grep -E '^net\.ipv[46]\.(conf\.(all|default|uplink0|lo)\.|ip_forward)' |
		grep -v -E 'stable_secret'
}

# nsnetd first: where "ip netns add" is the first to want /run/netns it makes two mounts of each namespace.
daemon_start
check "an uplink" uplink
sysctls >$work/before

echo "# the first seed"
check "network create br1" nsnetctl network create br1 --subnet 10.10.0.0/16
check "create ns1" nsnetctl create ns1 --network br1:ip=10.10.0.10
check "create ns2" nsnetctl create ns2 --network br1:ip=10.10.0.20
show "exec --pid: PID 1 is ps itself" "ps -ef" nsnetctl exec --pid ns1 ps -ef
same "exec --pid: nothing else" 1 nsnetctl exec --pid ns1 sh -c 'echo $$'
check "ping by name" nsnetctl exec ns1 ping -c 3 -i 0.2 -W 2 ns2
check "ping by address" nsnetctl exec ns2 ping -c 1 -W 2 10.10.0.10
check "ping by name, IPv6" nsnetctl exec ns1 ping -6 -c 1 -W 2 ns2
check "ping the gateway" nsnetctl exec ns1 ping -c 1 -W 2 10.10.0.1
check "ping the gateway, IPv6" nsnetctl exec ns1 sh -c 'ping -6 -c 1 -W 2 $(ip -6 route show default | cut -d" " -f3)'
check "ping itself by name" nsnetctl exec ns1 ping -c 1 -W 2 ns1
check "reach a host behind the gateway" nsnetctl exec ns1 ping -c 1 -W 2 198.51.100.2
if [ -e /proc/sys/net/ipv6/conf/lo/force_forwarding ]; then
	check "reach it by IPv6" nsnetctl exec ns1 ping -6 -c 1 -W 2 2001:db8:99::2
else
	show "no IPv6 forwarding here, and Describe says so" forwarding4 nsnetctl call Describe
fi
same "the global switch is untouched" "$(grep 'ipv4.ip_forward ' $work/before)" \
	sh -c "sysctl -a 2>/dev/null | grep '^net.ipv4.ip_forward '"

echo "# as others see it"
show "ip netns list" ns1 ip netns list
show "ip -n ns1 addr" "inet 10.10.0.10/16 brd 10.10.255.255 scope global eth0" ip -n ns1 addr show dev eth0
show "ip -n ns1: eth0 is up" "state UP" ip -n ns1 link show dev eth0
show "ip -n ns1: lo is up" "inet 127.0.0.1/8" ip -n ns1 addr show dev lo
check "ip netns exec" ip netns exec ns1 ping -c 1 -W 2 10.10.0.20
show "nsenter" 10.10.0.10 nsenter --net=/run/netns/ns1 ip -4 addr
same "one mount each" 2 sh -c "grep -cE ' /run/netns/ns[12] ' /proc/self/mountinfo"
show "the host end tells what it is" "alias nsnetd:ns1/eth0" ip link show type veth
nobody="setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs"
check "ping without privilege" nsnetctl exec ns1 $nobody ping -c 1 -W 2 ns2
check "a low port without privilege" nsnetctl exec ns1 $nobody /usr/bin/python3 -c 'import socket; socket.socket().bind(("", 80))'

echo "# what the client tells"
show "list" ns1 nsnetctl list
show "list: the address" 10.10.0.20 nsnetctl list
same "list -q" "ns1
ns2" nsnetctl list -q
same "list PATTERN" ns2 nsnetctl list -q '*2'
show "show" 10.10.0.10 nsnetctl show ns1
show "network list" 10.10.0.0/16 nsnetctl network list
show "list --json" '{"namespaces":{"ns1":{' nsnetctl list --json=short
same "create tells nothing" "" nsnetctl create quiet --network none
show "loopback only" "lo " nsnetctl exec quiet ip -br link
same "nothing but lo" 1 sh -c "nsnetctl exec quiet ip -o link | wc -l"
show "create -j tells the object" '"name":' nsnetctl create -j loud --network none
check "delete two" nsnetctl delete quiet loud

echo "# bad wishes"
status "a name that is there" 5 nsnetctl create ns1
status "a name that is not there" 10 nsnetctl delete nobody
status "a name that cannot be" 2 nsnetctl create 'a/b'
status "a verb with a typo" 2 nsnetctl craete ns3
show "the nearest verb" create sh -c 'nsnetctl craete ns3 2>&1; true'
status "a network in use" 5 nsnetctl network delete br1
status "no such network" 10 nsnetctl create ns3 --network nowhere
status "an address that is taken" 5 nsnetctl create ns3 --network br1:ip=10.10.0.10
status "an address from elsewhere" 5 nsnetctl create ns3 --network br1:ip=10.11.0.10
status "a prefix that the host has" 5 nsnetctl network create br2 --subnet 198.51.100.0/25
show "names who has it" uplink0 sh -c 'nsnetctl network create br2 --subnet 198.51.100.0/25 2>&1; true'
links >$work/links
# A gateway that is everybody: only the kernel knows better.
late=(nsnetctl create ns3 --network br1 --route 10.9.0.0/16:via=10.10.255.255)
status "a late step fails" 1 "${late[@]}"
"${late[@]}" 2>$work/error
show "it names the command" "ip -n ns3 route add 10.9.0.0/16 via 10.10.255.255 dev eth0" cat $work/error
show "and the kernel's words" "invalid gateway" cat $work/error
same_links() {
	links | diff $work/links -
}
check "and leaves nothing" eventually same_links
refuse "no name" test -e /run/netns/ns3
refuse "no record" test -e /run/nsnetd/state/namespaces/ns3.json
refuse "no files" test -e /run/nsnetd/etc/ns3

echo "# exec"
status "the command's status" 7 nsnetctl exec ns1 sh -c 'exit 7'
status "with --pid" 7 nsnetctl exec --pid ns1 sh -c 'exit 7'
status "killed by a signal" 143 nsnetctl exec ns1 sh -c 'kill -TERM $$'
nsnetctl exec --pid ns1 sleep 1000 & parent=$!
check "with --pid there is a parent" eventually pgrep -P $parent sleep
pkill -KILL -P $parent sleep
wait $parent
same "which tells of the signal" 137 echo $?
status "not found" 127 nsnetctl exec ns1 no-such-program
status "cannot run" 126 nsnetctl exec ns1 /etc/passwd
same "the name is in the environment" ns1 nsnetctl exec ns1 printenv NSNET_NAMESPACE
refuse "files beyond the standard three are closed" sh -c "nsnetctl exec ns1 test -e /proc/self/fd/9 9</dev/null"
show "/sys is the namespace's" eth0 nsnetctl exec ns1 ls /sys/class/net
refuse "and not the host's" nsnetctl exec ns1 test -e /sys/class/net/uplink0
refuse "mounts inside stay inside" sh -c "nsnetctl exec ns1 mount -t tmpfs none /mnt && grep -q ' /mnt ' /proc/self/mountinfo"
check "a later name is seen by those inside" sh -c "
	nsnetctl exec ns1 sh -c 'until getent -s files hosts ns9; do sleep 0.05; done' & waiter=\$!
	sleep 0.3; nsnetctl create ns9 --network br1 && wait \$waiter && nsnetctl delete ns9"
refuse "a deleted name is not" nsnetctl exec ns1 getent -s files hosts ns9
mkdir -p /run/etc-upper && mount -t tmpfs tmpfs /run/etc-upper && mkdir /run/etc-upper/u /run/etc-upper/w &&
	mount -t overlay -o lowerdir=/etc,upperdir=/run/etc-upper/u,workdir=/run/etc-upper/w overlay /etc
mkdir -p /etc/netns/ns1 && echo "nameserver 192.0.2.53" >/etc/netns/ns1/resolv.conf
same "/etc/netns/NAME wins" "nameserver 192.0.2.53" nsnetctl exec ns1 cat /etc/resolv.conf
rm -r /etc/netns/ns1
check "name servers of its own" nsnetctl create dns --network none --dns 192.0.2.54
same "are those inside" "nameserver 192.0.2.54" nsnetctl exec dns cat /etc/resolv.conf
check "exec works while the daemon is stopped" sh -c "kill -STOP $daemon; nsnetctl exec ns1 true; r=\$?; kill -CONT $daemon; exit \$r"
status "run: a namespace for one command" 3 nsnetctl run --network br1 -- sh -c 'ip -4 -o addr show eth0 | grep -q 10.10 && exit 3'
same "and it is gone" "dns
ns1
ns2" nsnetctl list -q
check "delete" nsnetctl delete dns

echo "# busy"
nsnetctl exec ns1 sleep 1000 & sleeper=$!
eventually sh -c "[ \"\$(readlink /proc/$sleeper/ns/net)\" != \"\$(readlink /proc/self/ns/net)\" ]"
status "a program runs inside" 5 nsnetctl delete ns1
check "it is still there" nsnetctl exec ns1 true
check "delete --kill" nsnetctl delete ns1 --kill
wait $sleeper
refuse "the program is gone" kill -0 $sleeper

echo "# a restart"
# The kernel takes the old one's link apart in its own time.
check "the old link goes" eventually sh -c "! ip -o link | grep -q nsnetd:ns1/"
check "create again" nsnetctl create ns1 --network br1:ip=10.10.0.10
nsnetctl list --json=short >$work/list
nsnetctl network list --json=short >$work/networks
links >$work/links
check "stop" daemon_stop
check "they stay" ip netns exec ns1 ping -c 1 -W 2 10.10.0.20
daemon_start
check "the same namespaces" sh -c "nsnetctl list --json=short | diff $work/list -"
check "the same networks" sh -c "nsnetctl network list --json=short | diff $work/networks -"
check "the same links" same_links
check "names still resolve" nsnetctl exec ns1 ping -c 1 -W 2 ns2
check "kill -9" sh -c "kill -KILL $daemon"
wait $daemon 2>/dev/null
ip netns delete ns2
daemon_start
same "what went meanwhile is gone" ns1 nsnetctl list -q
refuse "its name too" nsnetctl exec ns1 getent -s files hosts ns2
check "and can be had again" nsnetctl create ns2 --network br1:ip=10.10.0.20
check "and be pinged" nsnetctl exec ns1 ping -c 1 -W 2 ns2
kill -KILL $daemon
wait $daemon 2>/dev/null
ip netns delete ns2
ip netns add ns2
daemon_start
same "another's namespace of that name is not ours" ns1 nsnetctl list -q
status "and is not taken over" 5 nsnetctl create ns2
check "nor touched" ip netns exec ns2 true
ip netns delete ns2

echo "# the end of the first seed"
check "delete" nsnetctl delete ns1
check "network delete" nsnetctl network delete br1
check "ip netns works beside a daemon that was started again" timeout 10 ip netns add other
check "and so does its delete" timeout 10 ip netns delete other
ip netns delete outside
check "no link, mount, address or file" no_leftovers

echo "# the second seed"
check "network create br0" nsnetctl network create br0 --subnet 172.16.0.0/24
check "create ns1" nsnetctl create ns1 --network br0:ip=172.16.0.2
check "create ns2" nsnetctl create ns2 --network br0:ip=172.16.0.3
show "ip route" "default via 172.16.0.1 dev eth0" nsnetctl exec ns1 ip route
check "ping" nsnetctl exec ns1 ping -W 1 -c 2 -i 0.2 ns2
check "show" nsnetctl show ns1
check "delete both" nsnetctl delete ns1 ns2
check "network delete" nsnetctl network delete br0
check "no link, mount, address or file" no_leftovers

echo "# default, several networks, routers"
check "the default network comes by itself" nsnetctl create a
check "create b" nsnetctl create b
check "ping by name" nsnetctl exec a ping -c 1 -W 2 b
check "a second network" nsnetctl network create lan2 --subnet 192.0.2.0/24 --gateway 192.0.2.254
check "a namespace on both" nsnetctl create r --network default --network lan2:ip=192.0.2.9,name=lan
show "its interface has that name" "192.0.2.9/24" ip -n r addr show dev lan
check "both names resolve" nsnetctl exec r sh -c 'getent hosts a && getent hosts r'
check "a namespace with a route through it" nsnetctl create c --network lan2 --route 203.0.113.0/24:via=192.0.2.9,metric=9
show "the route" "203.0.113.0/24 via 192.0.2.9 dev eth0 metric 9" ip -n c route
show "and the gateway that was asked for" "default via 192.0.2.254 dev eth0" ip -n c route
check "a network without a gateway" nsnetctl network create bare --subnet 192.168.77.0/24 --gateway none
check "two on it" nsnetctl create d e --network bare
check "reach each other" nsnetctl exec d ping -c 1 -W 2 e
same "and have no default route" "" ip -n d route show default
check "delete all" nsnetctl delete a b c d e r
check "delete the networks" nsnetctl network delete default lan2 bare
check "no link, mount, address or file" no_leftovers
finish
