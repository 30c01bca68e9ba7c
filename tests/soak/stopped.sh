#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# stopped - the daemon stands still while more happens than the kernel keeps for it; then it goes on, and knows what is there
#
#     stopped.sh NSNETD NSNETCTL SECONDS ADDRESSES
. "$(dirname "$0")/soak.sh"
. "$(dirname "$0")/flows.sh"
trap 'flows_exit; on_exit' EXIT

seconds=$3 addresses=$4

# Messages that the kernel had to drop for want of room: of all netlink sockets here, most of which are the daemon's.
drops() {
	awk 'NR > 1 { n += $9 } END { print n + 0 }' /proc/$daemon/net/netlink
}
# All that the daemon says is there, without what says when.
declared() {
	nsnetctl network list -j
	nsnetctl list -j
}
end_of() {
	ip -oneline link 2>/dev/null | sed -n "s/^[0-9]*: \(nsv[0-9]*\)@.*nsnetd:$1\/eth0.*/\1/p"
}
is_joined() {
	ip -oneline link show "$(end_of "$1")" up 2>/dev/null | grep -q " master $bridge "
}
is_gone() {
	! nsnetctl show "$1" >/dev/null 2>&1 && [ -z "$(end_of "$1")" ]
}

daemon_start
check "a network" nsnetctl network create lan --subnet 10.50.1.0/24
check "namespaces" nsnetctl create a b c d e f --network lan
check "another network" nsnetctl network create far --subnet 10.50.2.0/24
check "a namespace on it" nsnetctl create g --network far
far=$(ip -oneline -4 address | sed -n 's/^[0-9]*: \(nsnet[0-9]*\) .* 10\.50\.2\.1\/.*/\1/p')
bridge=$(ip -oneline -4 address | sed -n 's/^[0-9]*: \(nsnet[0-9]*\) .* 10\.50\.1\.1\/.*/\1/p')
check "the bridge" test -n "$bridge"
flow between a ping 0.05 "$(address_of b)"
flow to_host a ping 0.05 10.50.1.1
kill -STOP $daemon
dropped=$(drops)

# What others do meanwhile; of each kind one thing that is to be mended, and one that is meant.
check "a name is unmounted" umount /run/netns/c
check "a port is set down" ip link set "$(end_of c)" down
check "one is taken out of its bridge" ip link set "$(end_of d)" nomaster
check "a link is deleted" ip -n e link delete eth0
check "a namespace is deleted" ip netns delete f
check "a bridge loses its address" ip address delete 10.50.2.1/24 dev "$far"
for i in $(seq 0 $((addresses - 1))); do echo "address add 198.18.$((i / 256)).$((i % 256))/32 dev lo"; done >$work/flood
sed 's/ add / delete /' $work/flood >$work/ebb
check "$addresses addresses come" ip -batch $work/flood
check "and go" ip -batch $work/ebb
sleep "$seconds"
lost=$(($(drops) - dropped))
kill -CONT $daemon
check "it is still there" kill -0 $daemon
check "the kernel kept not all for it" [ $lost -gt 0 ]
for name in a b c d e; do
	check "$name is at its network" eventually is_joined $name
done
check "c has its name" eventually mountpoint -q /run/netns/c
check "f is gone" eventually is_gone f
for name in b c d e; do
	check "a reaches $name" eventually nsnetctl exec a ping -q -c 1 -W 2 $name
done
check "g reaches the host" eventually nsnetctl exec g ping -q -c 1 -W 2 10.50.2.1
figure "stopped for $seconds s, $addresses addresses added and deleted meanwhile: $lost messages lost, state mended"

# What it knows is what another one finds.
known=$(declared)
check "a fresh look" daemon_stop
daemon_start
equal "is the same" "$known" "$(declared)"
flows_end
check "delete" nsnetctl delete a b c d e g
check "the networks go" nsnetctl network delete lan far
check "nothing is left" no_leftovers
finish
