#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# test_exec.sh - nsnetctl exec, in namespaces that ip(8) made, without a daemon
#
#	test_exec.sh NSNETCTL
#
# What it needs of /etc and /run is made in a network and mount namespace of its own.
set -eu

nsnetctl=$1

if [ "${TEST_EXEC_INSIDE-}" != "$$" ]; then
	# exec keeps the pid, so the mark holds for this process only.
	TEST_EXEC_INSIDE=$$ exec unshare --net --mount "$0" "$@"
fi

mount -t tmpfs -o mode=0755 tmpfs /run
mount -t tmpfs -o mode=0755 tmpfs /mnt
files=/mnt
failures=0

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
	equal "$wanted" "$got" "$what: exit status"
}

# shows TEXT WHAT: on stderr of the last status
shows() {
	if ! grep -qF -- "$1" $files/err; then
		say_failure "$2"
		printf '  wanted on stderr: %s\n  got: %s\n' "$1" "$(cat $files/err)" >&2
	fi
}

inside() {
	"$nsnetctl" exec "$@"
}

# An /etc and a host of known content. What the machine has stays below.
mkdir $files/etc
cp -a /etc/passwd /etc/group /etc/ld.so.* $files/etc/
printf 'passwd: files systemd\nhosts: files mymachines resolve [!UNAVAIL=return] myhostname dns\nnetworks: files\n' >$files/etc/nsswitch.conf
printf '127.0.0.1 localhost\n192.0.2.99 onlyhost\n' >$files/etc/hosts
mkdir -p /run/systemd/resolve /run/nscd
printf 'nameserver 127.0.0.53\noptions edns0\nsearch host.example\n' >/run/systemd/resolve/stub-resolv.conf
printf '# of the uplink\nnameserver 198.51.100.53\nnameserver fe80::1%%eth0\nsearch host.example\n' >/run/systemd/resolve/resolv.conf
: >/run/systemd/resolve/io.systemd.Resolve
: >/run/nscd/socket
ln -s ../run/systemd/resolve/stub-resolv.conf $files/etc/resolv.conf
mount --bind $files/etc /etc

ip netns add ns1
ip netns add ns2
ip -n ns1 link add inner1 type bridge
before=$(wc -l </proc/self/mountinfo)

# Inside, and itself.
equal "inner1 lo" "$(inside ns1 sh -c 'cd /sys/class/net && echo inner* lo*')" "/sys is the namespace's"
equal "$(stat -L -c %i /run/netns/ns1)" "$(inside ns1 stat -L -c %i /proc/self/ns/net)" "it is in the namespace"
equal ns1 "$(inside ns1 sh -c 'echo $NSNET_NAMESPACE')" "NSNET_NAMESPACE is set"
equal "$(stat -f -c %T /sys/fs/cgroup)" "$(inside ns1 stat -f -c %T /sys/fs/cgroup)" "control groups are brought along"
equal "$(cd /sys/fs/cgroup && echo *)" "$(inside ns1 sh -c 'cd /sys/fs/cgroup && echo *')" "and are the same"
# shellcheck disable=SC2016
equal 1 "$(sh -c 'echo $$; exec "$0" exec ns1 sh -c "echo \$\$"' "$nsnetctl" | uniq | wc -l)" "there is no process in between"
# shellcheck disable=SC2016
equal "0 1 2" "$(inside ns1 sh -c 'for fd in 0 1 2 3 4 5 6 7 8 9; do
	! (eval "true <&$fd") 2>/dev/null || printf " $fd"; done' 8</dev/null 9</dev/null | sed "s/ //")" "no descriptor is handed on"
equal "$before" "$(wc -l </proc/self/mountinfo)" "the mounts outside are as before"

# Names.
equal "nameserver 198.51.100.53
search host.example" "$(inside ns1 cat /etc/resolv.conf)" "resolv.conf has the uplink's server"
equal "$(inside ns1 cat /etc/resolv.conf)" "$(inside ns1 cat /run/systemd/resolve/resolv.conf)" "by its other path too"
equal "stub-resolv.conf resolv.conf" "$(inside ns1 ls -r /run/systemd/resolve | tr '\n' ' ' | sed 's/ $//')" \
	"systemd-resolved's socket is hidden"
equal "" "$(inside ns1 ls /run/nscd)" "nscd's socket is hidden"
equal "passwd: files systemd
hosts: files dns
networks: files" "$(inside ns1 cat /etc/nsswitch.conf)" "nsswitch.conf asks files and dns for hosts"
equal "127.0.1.1 ns1" "$(inside ns1 getent hosts ns1 | tr -s ' ')" "alone it knows its own name"
status 2 "a name of the host's hosts" inside ns1 getent ahostsv4 onlyhost
equal "$(printf 'nameserver 127.0.0.53\noptions edns0\nsearch host.example')" "$(cat /etc/resolv.conf)" "the host's is as before"

# What a daemon keeps.
mkdir -p /run/nsnetd/hosts /run/nsnetd/etc/ns1 /run/nsnetd/etc/ns2
printf '127.0.0.1\tlocalhost\n::1\tlocalhost\n192.0.2.1\tns1\n' >/run/nsnetd/hosts/br1
printf '127.0.0.1\tlocalhost\n::1\tlocalhost\n192.0.2.65\tns3\n' >/run/nsnetd/hosts/br2
ln -s /run/nsnetd/hosts/br1 /run/nsnetd/etc/ns1/hosts.br1
equal "192.0.2.1 ns1" "$(inside ns1 getent hosts ns1 | tr -s ' ')" "a network's hosts file is seen"
mkfifo $files/go $files/ready
inside ns1 sh -c "echo >$files/ready; read -r line <$files/go; getent hosts late" >$files/late &
pid=$!
read -r line <$files/ready
printf '192.0.2.2\tlate\n' >>/run/nsnetd/hosts/br1
echo >$files/go
wait "$pid" || true
equal "192.0.2.2 late" "$(tr -s ' ' <$files/late)" "a name that comes later is seen by who runs already"
ln -s /run/nsnetd/hosts/br1 /run/nsnetd/etc/ns2/hosts.br1
ln -s /run/nsnetd/hosts/br2 /run/nsnetd/etc/ns2/hosts.br2
ln -s /run/nsnetd/hosts/gone /run/nsnetd/etc/ns2/hosts.gone
equal "$(printf '127.0.0.1\tlocalhost\n::1\tlocalhost\n192.0.2.1\tns1\n192.0.2.2\tlate\n192.0.2.65\tns3')" \
	"$(inside ns2 cat /etc/hosts)" "several networks: one file of all"
printf 'nameserver 203.0.113.1\n' >/run/nsnetd/etc/ns2/resolv.conf
equal "nameserver 203.0.113.1" "$(inside ns2 cat /etc/resolv.conf)" "its own resolv.conf wins over the host's"

# What the administrator says.
mkdir -p /etc/netns/ns2
printf 'nameserver 203.0.113.2\n' >/etc/netns/ns2/resolv.conf
echo other >/etc/netns/ns2/passwd
: >/etc/netns/ns2/absent
equal "nameserver 203.0.113.2" "$(inside ns2 cat /etc/resolv.conf 2>/dev/null)" "the administrator's resolv.conf wins"
equal other "$(inside ns2 cat /etc/passwd 2>/dev/null)" "any file of his is seen"
status 0 "a file of his with no place" inside ns2 true
shows "/etc/netns/ns2/absent: there is no /etc/absent to put it over" "and that is said"

# The command's affairs.
status 7 "the command's status" inside ns1 sh -c 'exit 7'
# shellcheck disable=SC2016
status 143 "a command that is killed" sh -c "\"$nsnetctl\" exec ns1 sh -c 'kill -TERM \$\$'; exit \$?"
status 127 "no such command" inside ns1 /nonexistent
status 126 "no program" inside ns1 /etc
status 125 "no namespace" inside nosuch true
shows 'no namespace "nosuch"' "and which is said"
status 125 "a slip in the name" inside n1 true
shows 'is "ns1" meant?' "and the nearest suggested"
: >/run/netns/stale
status 125 "a file that is no namespace" inside stale true
shows "ip netns delete stale" "and how to take it away"
for name in ../netns/ns1 ns1/ . .. 123 "" none "$(printf 'a\nb')"; do
	status 125 "the name '$name'" inside "$name" true
	shows "cannot name a namespace" "and why"
done
equal /usr "$(inside --chdir /usr ns1 pwd)" "--chdir"
equal "1 2" "$(inside --env=A=1 --env B=2 ns1 sh -c 'echo $A $B')" "--env"
equal "x y" "$(inside ns1 -- printf '%s %s' x y)" "-- before the command"
equal "SHELL here" "$(printf 'echo SHELL here\n' | SHELL=/bin/sh "$nsnetctl" exec ns1)" "the shell by default"
status 125 "options behind the name" inside ns1 --pid true
shows "options of exec go before the name: nsnetctl exec --pid ns1" "and how it is meant"
equal "$(sed -n '/^Sig[BIC]/p' /proc/self/status)" "$(inside ns1 sed -n '/^Sig[BIC]/p' /proc/self/status)" "signals are as they were"

# Its own PIDs.
# shellcheck disable=SC2016
equal 1 "$(inside --pid ns1 sh -c 'echo $$')" "--pid: the command is PID 1"
equal ps "$(inside --pid ns1 ps -e -o comm=)" "--pid: /proc is its own, and nobody else in it"
equal "$before" "$(wc -l </proc/self/mountinfo)" "--pid: the mounts outside are as before"
status 7 "--pid: the command's status" inside --pid ns1 sh -c 'exit 7'
status 127 "--pid: no such command" inside --pid ns1 /nonexistent
equal "$(sed -n '/^Sig[BIC]/p' /proc/self/status)" "$(inside --pid ns1 sed -n '/^Sig[BIC]/p' /proc/self/status)" "--pid: signals are as they were"

# signal NAME COMMAND: to nsnetctl, once the command has written to $files/ready; its status in $got
signal() {
	"$nsnetctl" exec --pid ns1 sh -c "$2" &
	pid=$!
	read -r line <$files/ready
	kill -s "$1" "$pid"
	got=0
	wait "$pid" || got=$?
}
signal TERM "echo >$files/ready; exec sleep 1000"
equal 143 "$got" "--pid: SIGTERM ends a command that does nothing about it"
signal HUP "echo >$files/ready; exec sleep 1000"
equal 129 "$got" "--pid: SIGHUP does, too"
signal TERM "trap 'exit 9' TERM; echo >$files/ready; while :; do sleep 0.01; done"
equal 9 "$got" "--pid: a command that handles SIGTERM gets it"
signal KILL "sleep 1000 & echo >$files/ready; wait" 2>/dev/null
equal 137 "$got" "--pid: nsnetctl itself can be killed"
# Nobody in the namespace is left, though it takes the kernel a moment.
while ip netns pids ns1 | grep -q .; do sleep 0.01; done

# Who may not.
chmod 0755 $files
cp "$nsnetctl" $files/nsnetctl
chmod 0755 $files/nsnetctl
status 125 "not root" setpriv --reuid 65534 --regid 65534 --clear-groups $files/nsnetctl exec ns1 true
shows 'only root may enter namespace "ns1"' "and that is said"
shows "sudo nsnetctl exec ns1 true" "and what to do"

[ "$failures" -eq 0 ] || {
	echo "$failures failures" >&2
	exit 1
}
echo "all as it should be"
