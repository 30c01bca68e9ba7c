#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# test_owner_exec.sh - nsnetctl exec by the owner of a namespace: no privilege, no daemon
#
#	test_owner_exec.sh NSNETCTL MAKE_OWNED
#
# What it needs of /etc and /run is made in a network and mount namespace of its own. The owner is a number that nobody has.
# shellcheck disable=SC2016
set -eu

nsnetctl=$1 make_owned=$2

if [ "${TEST_OWNER_EXEC_INSIDE-}" != "$$" ]; then
	TEST_OWNER_EXEC_INSIDE=$$ exec unshare --net --mount --propagation private "$0" "$@"
fi

mount -t tmpfs -o mode=0755 tmpfs /run
mount --make-shared /run
mount -t tmpfs -o mode=0755 tmpfs /mnt
files=/mnt failures=0 owner=12345 other=12346 group=12347
# Where it was built only root may look.
cp "$nsnetctl" $files/nsnetctl
chmod 0755 $files/nsnetctl
nsnetctl=$files/nsnetctl
PATH=$files:$PATH

say_failure() {
	echo "FAILED: $1" >&2
	failures=$((failures + 1))
}

# equal WANTED GOT WHAT
equal() {
	if [ "$1" != "$2" ]; then
		say_failure "$3"
		printf '  wanted: %s\n  got:    %s\n' "$1" "$2" >&2
	fi
}

# status WANTED WHAT COMMAND…
status() {
	wanted=$1 what=$2
	shift 2
	got=0
	"$@" >$files/out 2>$files/err || got=$?
	equal "$wanted" "$got" "$what: exit status ($(head -c 300 $files/err))"
}

# shows TEXT WHAT: on stderr of the last status
shows() {
	if ! grep -qF -- "$1" $files/err; then
		say_failure "$2"
		printf '  wanted on stderr: %s\n  got: %s\n' "$1" "$(cat $files/err)" >&2
	fi
}

# as UID COMMAND…: without privilege, and in two groups
as() {
	uid=$1
	shift
	setpriv --reuid "$uid" --regid $owner --groups $owner,$group --inh-caps=-all "$@"
}

inside() {
	as $owner nsnetctl exec "$@"
}

# An /etc and a host of known content. What the machine has stays below.
mkdir $files/etc
cp -a /etc/passwd /etc/group /etc/ld.so.* $files/etc/
if [ -d /etc/alternatives ]; then cp -a /etc/alternatives $files/etc/; fi
printf 'passwd: files\nhosts: files resolve [!UNAVAIL=return] dns\nnetworks: files\n' >$files/etc/nsswitch.conf
printf '127.0.0.1 localhost\n192.0.2.99 onlyhost\n' >$files/etc/hosts
mkdir -p /run/systemd/resolve /run/nscd /run/nsnetd/etc/own /run/nsnetd/hosts
printf 'nameserver 127.0.0.53\nsearch host.example\n' >/run/systemd/resolve/stub-resolv.conf
printf 'nameserver 198.51.100.53\nsearch host.example\n' >/run/systemd/resolve/resolv.conf
: >/run/systemd/resolve/io.systemd.Resolve
: >/run/nscd/socket
ln -s ../run/systemd/resolve/stub-resolv.conf $files/etc/resolv.conf
mount --bind $files/etc /etc
printf '127.0.0.1 localhost\n192.0.2.7 ns2\n' >/run/nsnetd/hosts/br1
ln -s ../../hosts/br1 /run/nsnetd/etc/own/hosts.br1

"$make_owned" own $owner $owner
"$make_owned" sibling $owner $owner own
"$make_owned" others $other $other
ip netns add roots
before=$(wc -l </proc/self/mountinfo)

# Inside, and himself.
equal "$(stat -L -c %i /run/netns/own)" "$(inside own stat -L -c %i /proc/self/ns/net)" "he is in the namespace"
equal "$owner $owner" "$(inside own sh -c 'echo $(id -u) $(id -g)')" "he is himself"
equal "$(as $owner sed -n '/^[UG]id/p' /proc/self/status)" "$(inside own sed -n '/^[UG]id/p' /proc/self/status)" "all his ids are what they were"
# A group without a number inside is a group all the same.
echo "of the group" >$files/group
chown 0:$group $files/group
chmod 0040 $files/group
equal "of the group" "$(inside own cat $files/group)" "his other groups still open what they may"
inside own sh -c ": >$files/tmp/mine" 2>/dev/null || {
	mkdir -m 1777 $files/tmp
	inside own sh -c ": >$files/tmp/mine"
}
equal "$owner:$owner" "$(stat -c %u:%g $files/tmp/mine)" "his files are his"
equal "$(cat /proc/self/cgroup)" "$(inside own cat /proc/self/cgroup)" "his control group is what it was"
equal "$(as $owner sh -c 'ulimit -n 77; ulimit -n')" "$(as $owner sh -c 'ulimit -n 77; exec nsnetctl exec own sh -c "ulimit -n"')" "his limits are what they were"
equal /usr "$(cd /usr && inside own pwd)" "his directory is what it was"
equal kept "$(KEPT=kept inside own printenv KEPT)" "his environment is what it was"
equal own "$(inside own printenv NSNET_NAMESPACE)" "NSNET_NAMESPACE is set"
equal 1 "$(as $owner sh -c 'echo $$; exec nsnetctl exec own sh -c "echo \$\$"' | uniq | wc -l)" "there is no process in between"
equal "$(sed -n '/^Sig[BIC]/p' /proc/self/status)" "$(inside own sed -n '/^Sig[BIC]/p' /proc/self/status)" "signals are as they were"
equal "0 1 2" "$(inside own sh -c 'for fd in 0 1 2 3 4 5 6 7 8 9; do
	! (eval "true <&$fd") 2>/dev/null || printf " $fd"; done' 8</dev/null 9</dev/null | sed "s/ //")" "no descriptor is handed on"
equal "$(as $owner sh -c 'umask 077; umask')" "$(as $owner sh -c 'umask 077; exec nsnetctl exec own sh -c umask')" "his umask is what it was"
equal "$before" "$(wc -l </proc/self/mountinfo)" "the mounts outside are as before"

# What a network administrator needs, and no more.
powers=$(inside own sed -n 's/^Cap\(Inh\|Prm\|Eff\|Amb\):\t//p' /proc/self/status | sort -u)
equal 0000000000203400 "$powers" "net_bind_service, net_admin, net_raw and sys_admin are all his powers"
equal 0000000000000000 "$(as $owner sed -n 's/^CapAmb:\t//p' /proc/self/status)" "outside he has none"
status 0 "ip link set lo up" inside own ip link set lo up
status 0 "ip link add" inside own ip link add inner1 type bridge
status 0 "ip address add" inside own ip address add 192.0.2.1/24 dev inner1
status 0 "ip link set up" inside own ip link set inner1 up
status 0 "ip route add" inside own ip route add 203.0.113.0/24 via 192.0.2.9
equal "203.0.113.0/24 via 192.0.2.9 dev inner1 " "$(inside own ip route show 203.0.113.0/24)" "ip route shows it"
status 0 "sysctl" inside own sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
equal "0 1" "$(cat /proc/sys/net/ipv4/ip_forward) $(inside own cat /proc/sys/net/ipv4/ip_forward)" "it is the namespace's own"
status 0 "ping" inside own ping -c 1 -W 2 192.0.2.1
status 0 "a raw socket" inside own /usr/bin/python3 -c 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)'
status 0 "port 80" inside own /usr/bin/python3 -c 'import socket; socket.socket().bind(("", 80))'
if command -v nft >/dev/null; then
	status 0 "nft" inside own nft add table inet mine
fi
if command -v tcpdump >/dev/null; then
	status 0 "tcpdump" inside own tcpdump -D
fi

# The mounts.
equal "inner1 lo" "$(inside own sh -c 'cd /sys/class/net && echo inner* lo*')" "/sys is the namespace's"
equal "$(cd /sys/fs/cgroup && echo *)" "$(inside own sh -c 'cd /sys/fs/cgroup && echo *')" "the control groups are brought along"
equal "nameserver 198.51.100.53
search host.example" "$(inside own cat /etc/resolv.conf)" "resolv.conf has the uplink's server"
equal "hosts: files dns" "$(inside own grep hosts: /etc/nsswitch.conf)" "nsswitch.conf asks nobody else"
equal "192.0.2.7       ns2" "$(inside own getent hosts ns2)" "the names of the network"
status 2 "the host's hosts are not seen" inside own getent hosts onlyhost
status 1 "nscd is hidden" inside own test -e /run/nscd/socket
status 1 "resolved is hidden" inside own test -e /run/systemd/resolve/io.systemd.Resolve
status 32 "what covers the host's files cannot be taken off" inside own unshare --mount umount /etc/hosts
status 0 "a mount of his" inside own mount -t tmpfs none /mnt
equal "$before" "$(wc -l </proc/self/mountinfo)" "stays inside"
(
	inside own sh -c "echo >$files/tmp/is-in; until getent hosts later >/dev/null; do sleep 0.02; done" &
	pid=$!
	until [ -e $files/tmp/is-in ]; do sleep 0.02; done
	printf '127.0.0.1 localhost\n192.0.2.8 later\n' >/run/nsnetd/hosts/br1
	wait $pid
) || say_failure "later names are seen by programs that run"
mkdir -p /etc/netns/own
echo "nameserver 203.0.113.2" >/etc/netns/own/resolv.conf
equal "nameserver 203.0.113.2" "$(inside own cat /etc/resolv.conf)" "the administrator's file wins"
rm -r /etc/netns

# From one of his into the next, and by ip(8) inside.
equal "$(stat -L -c %i /run/netns/sibling)" "$(inside own nsnetctl exec sibling stat -L -c %i /proc/self/ns/net)" "exec inside exec"
equal "$(stat -L -c %i /run/netns/sibling)" "$(inside own ip netns exec sibling stat -L -c %i /proc/self/ns/net)" "ip netns exec inside exec"
status 125 "and not into the host's" inside own nsnetctl exec roots true
shows 'no namespace "roots"' "of which nothing is known there"

# As the user 0 inside.
equal "0 0" "$(inside --root own sh -c 'echo $(id -u) $(id -g)')" "--root"
equal "$(printf '%016x' $(((2 << $(cat /proc/sys/kernel/cap_last_cap)) - 1)))" \
	"$(inside --root own sed -n 's/^CapEff:\t//p' /proc/self/status)" "--root: all powers"
equal "$(stat -L -c %i /run/netns/own)" "$(inside --root own stat -L -c %i /proc/self/ns/net)" "--root: in the namespace"
equal "inner1 lo" "$(inside --root own sh -c 'cd /sys/class/net && echo inner* lo*')" "--root: /sys is the namespace's"
status 0 "--root: ip link" inside --root own ip link set inner1 mtu 1400
equal "hosts: files dns" "$(inside --root own grep hosts: /etc/nsswitch.conf)" "--root: nsswitch.conf"
inside --root own sh -c ": >$files/tmp/roots"
equal "$owner:$owner" "$(stat -c %u:%g $files/tmp/roots)" "--root: outside his files are his"
status 2 "--root: what is the host's root's is not his" inside --root own sh -c ": >/etc/passwd"
status 125 "--root of somebody else's" inside --root others true
status 125 "--root of the host's" inside --root roots true
equal 0 "$(nsnetctl exec --root own id -u)" "--root by root is root"

# PIDs of its own, through both doors.
for root in "" --root; do
	# shellcheck disable=SC2086
	{
		equal 1 "$(inside --pid $root own sh -c 'echo $$')" "--pid $root: the command is PID 1"
		equal ps "$(inside --pid $root own ps -e -o comm=)" "--pid $root: /proc is its own"
		status 7 "--pid $root: the command's status" inside --pid $root own sh -c 'exit 7'
		status 127 "--pid $root: no such command" inside --pid $root own /nonexistent
	}
done
equal 0000000000203400 "$(inside --pid own sed -n 's/^CapEff:\t//p' /proc/self/status)" "--pid: the same powers"
setpriv --reuid $owner --regid $owner --clear-groups nsnetctl exec --pid own sh -c "sleep 1000 & echo >$files/tmp/ready; wait" &
pid=$!
until [ -e $files/tmp/ready ]; do sleep 0.02; done
kill -KILL $pid
wait $pid 2>/dev/null || true
tries=0
while ip netns pids own | grep -q .; do
	tries=$((tries + 1))
	[ $tries -lt 500 ] || { say_failure "--pid: all end when nsnetctl is killed"; break; }
	sleep 0.02
done

# With a group that his user namespaces do not know: he has made them in another session.
as_grouped() {
	setpriv --reuid $owner --regid $group --groups $owner,$group --inh-caps=-all "$@"
}
equal "hosts: files dns" "$(as_grouped nsnetctl exec own grep hosts: /etc/nsswitch.conf)" "another group"
equal "of the group" "$(as_grouped nsnetctl exec own cat $files/group)" "is the group it was"
as_grouped nsnetctl exec own sh -c ": >$files/tmp/grouped"
equal "$owner:$group" "$(stat -c %u:%g $files/tmp/grouped)" "and that of his files"
status 7 "another group, --pid" as_grouped nsnetctl exec --pid own sh -c 'exit 7'
equal "0 0" "$(as_grouped nsnetctl exec --root own sh -c 'echo $(id -u) $(id -g)')" "another group, --root"

# Others.
status 125 "somebody else's" as $other nsnetctl exec own true
cp $files/err $files/err.own
status 125 "what is not there" as $other nsnetctl exec own2 true
equal "$(sed s/own2/own/ $files/err)" "$(cat $files/err.own)" "and nothing tells the two apart"
shows 'no namespace "own2"' "it is not there for him"
shows 'nsnetctl list' "and what to do"
status 125 "a slip in the name of one of his" inside siblin true
shows 'is "sibling" meant?' "his own are suggested"
status 125 "root's" inside roots true
shows 'only root may enter namespace "roots"' "and that is said"
shows "sudo nsnetctl exec roots true" "and what to do"
status 1 "nor is there another way into his" as $other nsenter --net=/run/netns/own true
status 0 "root enters" nsnetctl exec own true
equal "0 0000000000000000" "$(nsnetctl exec own sh -c 'echo $(id -u) $(sed -n "s/^CapAmb:\t//p" /proc/self/status)')" "as root, who stays himself"
equal "$(readlink /proc/self/ns/user)" "$(nsnetctl exec own readlink /proc/self/ns/user)" "in the host's user namespace"
equal "inner1 lo" "$(nsnetctl exec own sh -c 'cd /sys/class/net && echo inner* lo*')" "with the namespace's /sys"

# Where parts of /sys and /proc are covered, as in containers, and nothing else shows them (a chroot somewhere).
status 0 "covered" unshare --mount sh -ec '
	sed -nE "s,^([^ ]+ ){4}([^ ]+) .* - (proc|sysfs) .*,\2,p" /proc/self/mountinfo |
		grep -vxE "/proc|/sys" | xargs -r umount --lazy
	mount -t tmpfs none /sys/kernel
	mount -t tmpfs none /proc/sys
	as="setpriv --reuid '$owner' --regid '$owner' --clear-groups --inh-caps=-all"
	test "$(ls /sys/class/net)"
	test -z "$($as nsnetctl exec own ls /sys/class/net)"
	$as nsnetctl exec own ip link show inner1
	! $as nsnetctl exec --pid own true'
shows "something covers parts of /proc here" "--pid says what is wrong"
status 0 "read only and without times" unshare --mount sh -ec '
	mount -o remount,bind,ro,noatime /sys
	mount -o remount,bind,noatime /proc
	as="setpriv --reuid '$owner' --regid '$owner' --clear-groups --inh-caps=-all"
	$as nsnetctl exec own test -e /sys/class/net/inner1
	$as nsnetctl exec --pid own test -e /proc/1/status'

[ "$failures" -eq 0 ] || {
	echo "$failures failures" >&2
	exit 1
}
echo "all as it should be"
