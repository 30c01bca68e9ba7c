#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_owner_exec - nsnetctl exec by the owner of a namespace: no privilege, no daemon
#
#     test_owner_exec.sh NSNETCTL MAKE_OWNED
#
# The owner is a number that nobody has.
# shellcheck disable=SC2016
without_daemon=1
. "$(dirname "$0")/sandbox.sh"
set -e

make_owned=$2 owner=12345 other=12346 group=12347
# Where it was built only root may look.
cp "$nsnetctl" $work/nsnetctl
chmod 0755 $work/nsnetctl
PATH=$work:$PATH

# as UID COMMAND…: without privilege, and in two groups
as() {
	uid=$1
	shift
	setpriv --reuid "$uid" --regid $owner --groups $owner,$group --inh-caps=-all "$@"
}

inside() {
	as $owner nsnetctl exec "$@"
}

. "$(dirname "$0")/etc.sh"
mkdir -p /run/nsnetd/etc/own /run/nsnetd/hosts
printf '127.0.0.1 localhost\n192.0.2.7 ns2\n' >/run/nsnetd/hosts/br1
ln -s ../../hosts/br1 /run/nsnetd/etc/own/hosts.br1

"$make_owned" own $owner $owner
"$make_owned" sibling $owner $owner own
"$make_owned" others $other $other
ip netns add roots
before=$(wc -l </proc/self/mountinfo)

# Inside, and himself.
equal "he is in the namespace" "$(stat -L -c %i /run/netns/own)" "$(inside own stat -L -c %i /proc/self/ns/net)"
equal "he is himself" "$owner $owner" "$(inside own sh -c 'echo $(id -u) $(id -g)')"
equal "all his ids are what they were" "$(as $owner sed -n '/^[UG]id/p' /proc/self/status)" "$(inside own sed -n '/^[UG]id/p' /proc/self/status)"
# A group without a number inside is a group all the same.
echo "of the group" >$work/group
chown 0:$group $work/group
chmod 0040 $work/group
equal "his other groups still open what they may" "of the group" "$(inside own cat $work/group)"
inside own sh -c ": >$work/tmp/mine" 2>/dev/null || {
	mkdir -m 1777 $work/tmp
	inside own sh -c ": >$work/tmp/mine"
}
equal "his files are his" "$owner:$owner" "$(stat -c %u:%g $work/tmp/mine)"
equal "his control group is what it was" "$(cat /proc/self/cgroup)" "$(inside own cat /proc/self/cgroup)"
equal "his limits are what they were" "$(as $owner sh -c 'ulimit -n 77; ulimit -n')" "$(as $owner sh -c 'ulimit -n 77; exec nsnetctl exec own sh -c "ulimit -n"')"
equal "his directory is what it was" /usr "$(cd /usr && inside own pwd)"
equal "his environment is what it was" kept "$(KEPT=kept inside own printenv KEPT)"
equal "NSNET_NAMESPACE is set" own "$(inside own printenv NSNET_NAMESPACE)"
equal "there is no process in between" 1 "$(as $owner sh -c 'echo $$; exec nsnetctl exec own sh -c "echo \$\$"' | uniq | wc -l)"
equal "signals are as they were" "$(sed -n '/^Sig[BIC]/p' /proc/self/status)" "$(inside own sed -n '/^Sig[BIC]/p' /proc/self/status)"
equal "no descriptor is handed on" "0 1 2" "$(inside own sh -c 'for fd in 0 1 2 3 4 5 6 7 8 9; do
	! (eval "true <&$fd") 2>/dev/null || printf " $fd"; done' 8</dev/null 9</dev/null | sed "s/ //")"
equal "his umask is what it was" "$(as $owner sh -c 'umask 077; umask')" "$(as $owner sh -c 'umask 077; exec nsnetctl exec own sh -c umask')"
equal "the mounts outside are as before" "$before" "$(wc -l </proc/self/mountinfo)"

# What a network administrator needs, and no more.
powers=$(inside own sed -n 's/^Cap\(Inh\|Prm\|Eff\|Amb\):\t//p' /proc/self/status | sort -u)
equal "net_bind_service, net_admin, net_raw and sys_admin are all his powers" 0000000000203400 "$powers"
equal "outside he has none" 0000000000000000 "$(as $owner sed -n 's/^CapAmb:\t//p' /proc/self/status)"
status "ip link set lo up" 0 inside own ip link set lo up
status "ip link add" 0 inside own ip link add inner1 type bridge
status "ip address add" 0 inside own ip address add 192.0.2.1/24 dev inner1
status "ip link set up" 0 inside own ip link set inner1 up
status "ip route add" 0 inside own ip route add 203.0.113.0/24 via 192.0.2.9
equal "ip route shows it" "203.0.113.0/24 via 192.0.2.9 dev inner1 " "$(inside own ip route show 203.0.113.0/24)"
status "sysctl" 0 inside own sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
equal "it is the namespace's own" "0 1" "$(cat /proc/sys/net/ipv4/ip_forward) $(inside own cat /proc/sys/net/ipv4/ip_forward)"
status "ping" 0 inside own ping -c 1 -W 2 192.0.2.1
status "a raw socket" 0 inside own /usr/bin/python3 -c 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)'
status "port 80" 0 inside own /usr/bin/python3 -c 'import socket; socket.socket().bind(("", 80))'
if command -v nft >/dev/null; then
	status "nft" 0 inside own nft add table inet mine
fi
if command -v tcpdump >/dev/null; then
	status "tcpdump" 0 inside own tcpdump -D
fi

# The mounts.
equal "/sys is the namespace's" "inner1 lo" "$(inside own sh -c 'cd /sys/class/net && echo inner* lo*')"
equal "the control groups are brought along" "$(cd /sys/fs/cgroup && echo *)" "$(inside own sh -c 'cd /sys/fs/cgroup && echo *')"
equal "resolv.conf has the uplink's server" "nameserver 198.51.100.53
search host.example" "$(inside own cat /etc/resolv.conf)"
equal "nsswitch.conf asks nobody else" "hosts: files dns" "$(inside own grep hosts: /etc/nsswitch.conf)"
equal "the names of the network" "192.0.2.7       ns2" "$(inside own getent hosts ns2)"
status "the host's hosts are not seen" 2 inside own getent hosts onlyhost
status "nscd is hidden" 1 inside own test -e /run/nscd/socket
status "resolved is hidden" 1 inside own test -e /run/systemd/resolve/io.systemd.Resolve
status "what covers the host's files cannot be taken off" 32 inside own unshare --mount umount /etc/hosts
status "a mount of his" 0 inside own mount -t tmpfs none /mnt
equal "stays inside" "$before" "$(wc -l </proc/self/mountinfo)"
later_name() {
	inside own sh -c "echo >$work/tmp/is-in; until getent hosts later >/dev/null; do sleep 0.02; done" &
	pid=$!
	until [ -e $work/tmp/is-in ]; do sleep 0.02; done
	printf '127.0.0.1 localhost\n192.0.2.8 later\n' >/run/nsnetd/hosts/br1
	wait $pid
}
check "later names are seen by programs that run" later_name
mkdir -p /etc/netns/own
echo "nameserver 203.0.113.2" >/etc/netns/own/resolv.conf
equal "the administrator's file wins" "nameserver 203.0.113.2" "$(inside own cat /etc/resolv.conf)"
rm -r /etc/netns

# From one of his into the next, and by ip(8) inside.
equal "exec inside exec" "$(stat -L -c %i /run/netns/sibling)" "$(inside own nsnetctl exec sibling stat -L -c %i /proc/self/ns/net)"
equal "ip netns exec inside exec" "$(stat -L -c %i /run/netns/sibling)" "$(inside own ip netns exec sibling stat -L -c %i /proc/self/ns/net)"
status "and not into the host's" 125 inside own nsnetctl exec roots true
says "of which nothing is known there" 'no namespace "roots"'

# As the user 0 inside.
equal "--root" "0 0" "$(inside --root own sh -c 'echo $(id -u) $(id -g)')"
equal "--root: all powers" "$(printf '%016x' $(((2 << $(cat /proc/sys/kernel/cap_last_cap)) - 1)))" "$(inside --root own sed -n 's/^CapEff:\t//p' /proc/self/status)"
equal "--root: in the namespace" "$(stat -L -c %i /run/netns/own)" "$(inside --root own stat -L -c %i /proc/self/ns/net)"
equal "--root: /sys is the namespace's" "inner1 lo" "$(inside --root own sh -c 'cd /sys/class/net && echo inner* lo*')"
status "--root: ip link" 0 inside --root own ip link set inner1 mtu 1400
equal "--root: nsswitch.conf" "hosts: files dns" "$(inside --root own grep hosts: /etc/nsswitch.conf)"
inside --root own sh -c ": >$work/tmp/roots"
equal "--root: outside his files are his" "$owner:$owner" "$(stat -c %u:%g $work/tmp/roots)"
status "--root: what is the host's root's is not his" 2 inside --root own sh -c ": >/etc/passwd"
status "--root of somebody else's" 125 inside --root others true
status "--root of the host's" 125 inside --root roots true
equal "--root by root is root" 0 "$(nsnetctl exec --root own id -u)"

# PIDs of its own, through both doors.
for root in "" --root; do
	# shellcheck disable=SC2086
	{
		equal "--pid $root: the command is PID 1" 1 "$(inside --pid $root own sh -c 'echo $$')"
		equal "--pid $root: /proc is its own" ps "$(inside --pid $root own ps -e -o comm=)"
		status "--pid $root: the command's status" 7 inside --pid $root own sh -c 'exit 7'
		status "--pid $root: no such command" 127 inside --pid $root own /nonexistent
	}
done
equal "--pid: the same powers" 0000000000203400 "$(inside --pid own sed -n 's/^CapEff:\t//p' /proc/self/status)"
setpriv --reuid $owner --regid $owner --clear-groups nsnetctl exec --pid own sh -c "sleep 1000 & echo >$work/tmp/ready; wait" &
pid=$!
until [ -e $work/tmp/ready ]; do sleep 0.02; done
kill -KILL $pid
wait $pid 2>/dev/null || true
nobody_inside() {
	! ip netns pids own | grep -q .
}
check "--pid: all end when nsnetctl is killed" eventually nobody_inside

# With a group that his user namespaces do not know: he has made them in another session.
as_grouped() {
	setpriv --reuid $owner --regid $group --groups $owner,$group --inh-caps=-all "$@"
}
equal "another group" "hosts: files dns" "$(as_grouped nsnetctl exec own grep hosts: /etc/nsswitch.conf)"
equal "is the group it was" "of the group" "$(as_grouped nsnetctl exec own cat $work/group)"
as_grouped nsnetctl exec own sh -c ": >$work/tmp/grouped"
equal "and that of his files" "$owner:$group" "$(stat -c %u:%g $work/tmp/grouped)"
status "another group, --pid" 7 as_grouped nsnetctl exec --pid own sh -c 'exit 7'
equal "another group, --root" "0 0" "$(as_grouped nsnetctl exec --root own sh -c 'echo $(id -u) $(id -g)')"

# Others.
status "somebody else's" 125 as $other nsnetctl exec own true
cp $work/errors $work/errors.own
status "what is not there" 125 as $other nsnetctl exec own2 true
equal "and nothing tells the two apart" "$(sed s/own2/own/ $work/errors)" "$(cat $work/errors.own)"
says "it is not there for him" 'no namespace "own2"'
says "and what to do" 'nsnetctl list'
status "a slip in the name of one of his" 125 inside siblin true
says "his own are suggested" 'is "sibling" meant?'
status "root's" 125 inside roots true
says "and that is said" 'only root may enter namespace "roots"'
says "and what to do" "sudo nsnetctl exec roots true"
status "nor is there another way into his" 1 as $other nsenter --net=/run/netns/own true
status "root enters" 0 nsnetctl exec own true
equal "as root, who stays himself" "0 0000000000000000" "$(nsnetctl exec own sh -c 'echo $(id -u) $(sed -n "s/^CapAmb:\t//p" /proc/self/status)')"
equal "in the host's user namespace" "$(readlink /proc/self/ns/user)" "$(nsnetctl exec own readlink /proc/self/ns/user)"
equal "with the namespace's /sys" "inner1 lo" "$(nsnetctl exec own sh -c 'cd /sys/class/net && echo inner* lo*')"

# Where parts of /sys and /proc are covered, as in containers, and nothing else shows them (a chroot somewhere).
status "covered" 0 unshare --mount sh -ec '
	sed -nE "s,^([^ ]+ ){4}([^ ]+) .* - (proc|sysfs) .*,\2,p" /proc/self/mountinfo |
		grep -vxE "/proc|/sys" | xargs -r umount --lazy
	mount -t tmpfs none /sys/kernel
	mount -t tmpfs none /proc/sys
	as="setpriv --reuid '$owner' --regid '$owner' --clear-groups --inh-caps=-all"
	test "$(ls /sys/class/net)"
	test -z "$($as nsnetctl exec own ls /sys/class/net)"
	$as nsnetctl exec own ip link show inner1
	! $as nsnetctl exec --pid own true'
says "--pid says what is wrong" "something covers parts of /proc here"
status "read only and without times" 0 unshare --mount sh -ec '
	mount -o remount,bind,ro,noatime /sys
	mount -o remount,bind,noatime /proc
	as="setpriv --reuid '$owner' --regid '$owner' --clear-groups --inh-caps=-all"
	$as nsnetctl exec own test -e /sys/class/net/inner1
	$as nsnetctl exec --pid own test -e /proc/1/status'

finish
