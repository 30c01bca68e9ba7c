#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_exec - nsnetctl exec, in namespaces that ip(8) made, without a daemon
#
#     test_exec.sh NSNETCTL
without_daemon=1
. "$(dirname "$0")/sandbox.sh"
set -e

inside() {
	"$nsnetctl" exec "$@"
}

. "$(dirname "$0")/etc.sh"

ip netns add ns1
ip netns add ns2
ip -n ns1 link add inner1 type bridge
before=$(wc -l </proc/self/mountinfo)

# Inside, and itself.
equal "/sys is the namespace's" "inner1 lo" "$(inside ns1 sh -c 'cd /sys/class/net && echo inner* lo*')"
equal "it is in the namespace" "$(stat -L -c %i /run/netns/ns1)" "$(inside ns1 stat -L -c %i /proc/self/ns/net)"
equal "NSNET_NAMESPACE is set" ns1 "$(inside ns1 sh -c 'echo $NSNET_NAMESPACE')"
equal "control groups are brought along" "$(stat -f -c %T /sys/fs/cgroup)" "$(inside ns1 stat -f -c %T /sys/fs/cgroup)"
equal "and are the same" "$(cd /sys/fs/cgroup && echo *)" "$(inside ns1 sh -c 'cd /sys/fs/cgroup && echo *')"
# shellcheck disable=SC2016
equal "there is no process in between" 1 "$(sh -c 'echo $$; exec "$0" exec ns1 sh -c "echo \$\$"' "$nsnetctl" | uniq | wc -l)"
# shellcheck disable=SC2016
equal "no descriptor is handed on" "0 1 2" "$(inside ns1 sh -c 'for fd in 0 1 2 3 4 5 6 7 8 9; do
	! (eval "true <&$fd") 2>/dev/null || printf " $fd"; done' 8</dev/null 9</dev/null | sed "s/ //")"
equal "the mounts outside are as before" "$before" "$(wc -l </proc/self/mountinfo)"

# Names.
equal "resolv.conf has the uplink's server" "nameserver 198.51.100.53
search host.example" "$(inside ns1 cat /etc/resolv.conf)"
equal "by its other path too" "$(inside ns1 cat /etc/resolv.conf)" "$(inside ns1 cat /run/systemd/resolve/resolv.conf)"
equal "systemd-resolved's socket is hidden" "stub-resolv.conf resolv.conf" "$(inside ns1 ls -r /run/systemd/resolve | tr '\n' ' ' | sed 's/ $//')"
equal "nscd's socket is hidden" "" "$(inside ns1 ls /run/nscd)"
equal "nsswitch.conf asks files and dns for hosts" "passwd: files systemd
hosts: files dns
networks: files" "$(inside ns1 cat /etc/nsswitch.conf)"
equal "alone it knows its own name" "127.0.1.1 ns1" "$(inside ns1 getent hosts ns1 | tr -s ' ')"
status "a name of the host's hosts" 2 inside ns1 getent ahostsv4 onlyhost
equal "the host's is as before" "$(printf 'nameserver 127.0.0.53\noptions edns0\nsearch host.example')" "$(cat /etc/resolv.conf)"

# What a daemon keeps.
mkdir -p /run/nsnetd/hosts /run/nsnetd/etc/ns1 /run/nsnetd/etc/ns2
printf '127.0.0.1\tlocalhost\n::1\tlocalhost\n192.0.2.1\tns1\n' >/run/nsnetd/hosts/br1
printf '127.0.0.1\tlocalhost\n::1\tlocalhost\n192.0.2.65\tns3\n' >/run/nsnetd/hosts/br2
ln -s /run/nsnetd/hosts/br1 /run/nsnetd/etc/ns1/hosts.br1
equal "a network's hosts file is seen" "192.0.2.1 ns1" "$(inside ns1 getent hosts ns1 | tr -s ' ')"
mkfifo $work/go $work/ready
inside ns1 sh -c "echo >$work/ready; read -r line <$work/go; getent hosts late" >$work/late &
pid=$!
read -r line <$work/ready
printf '192.0.2.2\tlate\n' >>/run/nsnetd/hosts/br1
echo >$work/go
wait "$pid" || true
equal "a name that comes later is seen by who runs already" "192.0.2.2 late" "$(tr -s ' ' <$work/late)"
ln -s /run/nsnetd/hosts/br1 /run/nsnetd/etc/ns2/hosts.br1
ln -s /run/nsnetd/hosts/br2 /run/nsnetd/etc/ns2/hosts.br2
ln -s /run/nsnetd/hosts/gone /run/nsnetd/etc/ns2/hosts.gone
equal "several networks: one file of all" "$(printf '127.0.0.1\tlocalhost\n::1\tlocalhost\n192.0.2.1\tns1\n192.0.2.2\tlate\n192.0.2.65\tns3')" "$(inside ns2 cat /etc/hosts)"
printf 'nameserver 203.0.113.1\n' >/run/nsnetd/etc/ns2/resolv.conf
equal "its own resolv.conf wins over the host's" "nameserver 203.0.113.1" "$(inside ns2 cat /etc/resolv.conf)"

# What the administrator says.
mkdir -p /etc/netns/ns2
printf 'nameserver 203.0.113.2\n' >/etc/netns/ns2/resolv.conf
echo other >/etc/netns/ns2/passwd
: >/etc/netns/ns2/absent
equal "the administrator's resolv.conf wins" "nameserver 203.0.113.2" "$(inside ns2 cat /etc/resolv.conf 2>/dev/null)"
equal "any file of his is seen" other "$(inside ns2 cat /etc/passwd 2>/dev/null)"
status "a file of his with no place" 0 inside ns2 true
says "and that is said" "/etc/netns/ns2/absent: there is no /etc/absent to put it over"

# The command's affairs.
status "the command's status" 7 inside ns1 sh -c 'exit 7'
# shellcheck disable=SC2016
status "a command that is killed" 143 sh -c "\"$nsnetctl\" exec ns1 sh -c 'kill -TERM \$\$'; exit \$?"
status "no such command" 127 inside ns1 /nonexistent
status "no program" 126 inside ns1 /etc
status "no namespace" 125 inside nosuch true
says "and which is said" 'no namespace "nosuch"'
status "a slip in the name" 125 inside n1 true
says "and the nearest suggested" 'is "ns1" meant?'
: >/run/netns/stale
status "a file that is no namespace" 125 inside stale true
says "and how to take it away" "ip netns delete stale"
for name in ../netns/ns1 ns1/ . .. 123 "" none "$(printf 'a\nb')"; do
	status "the name '$name'" 125 inside "$name" true
	says "and why" "cannot name a namespace"
done
equal "--chdir" /usr "$(inside --chdir /usr ns1 pwd)"
equal "--env" "1 2" "$(inside --env=A=1 --env B=2 ns1 sh -c 'echo $A $B')"
equal "-- before the command" "x y" "$(inside ns1 -- printf '%s %s' x y)"
equal "the shell by default" "SHELL here" "$(printf 'echo SHELL here\n' | SHELL=/bin/sh "$nsnetctl" exec ns1)"
status "options behind the name" 125 inside ns1 --pid true
says "and how it is meant" "options of exec go before the name: nsnetctl exec --pid ns1"
equal "signals are as they were" "$(sed -n '/^Sig[BIC]/p' /proc/self/status)" "$(inside ns1 sed -n '/^Sig[BIC]/p' /proc/self/status)"

# Its own PIDs.
# shellcheck disable=SC2016
equal "--pid: the command is PID 1" 1 "$(inside --pid ns1 sh -c 'echo $$')"
equal "--pid: /proc is its own, and nobody else in it" ps "$(inside --pid ns1 ps -e -o comm=)"
equal "--pid: the mounts outside are as before" "$before" "$(wc -l </proc/self/mountinfo)"
status "--pid: the command's status" 7 inside --pid ns1 sh -c 'exit 7'
status "--pid: no such command" 127 inside --pid ns1 /nonexistent
equal "--pid: signals are as they were" "$(sed -n '/^Sig[BIC]/p' /proc/self/status)" "$(inside --pid ns1 sed -n '/^Sig[BIC]/p' /proc/self/status)"

# signal NAME COMMAND: to nsnetctl, once the command has written to $work/ready; its status in $got
signal() {
	"$nsnetctl" exec --pid ns1 sh -c "$2" &
	pid=$!
	read -r line <$work/ready
	kill -s "$1" "$pid"
	got=0
	wait "$pid" || got=$?
}
signal TERM "echo >$work/ready; exec sleep 1000"
equal "--pid: SIGTERM ends a command that does nothing about it" 143 "$got"
signal HUP "echo >$work/ready; exec sleep 1000"
equal "--pid: SIGHUP does, too" 129 "$got"
signal TERM "trap 'exit 9' TERM; echo >$work/ready; while :; do sleep 0.01; done"
equal "--pid: a command that handles SIGTERM gets it" 9 "$got"
signal KILL "sleep 1000 & echo >$work/ready; wait" 2>/dev/null
equal "--pid: nsnetctl itself can be killed" 137 "$got"
# Nobody in the namespace is left, though it takes the kernel a moment.
while ip netns pids ns1 | grep -q .; do sleep 0.01; done

# Who may not.
cp "$nsnetctl" $work/nsnetctl
chmod 0755 $work/nsnetctl
status "not root" 125 setpriv --reuid 65534 --regid 65534 --clear-groups $work/nsnetctl exec ns1 true
says "and that is said" 'only root may enter namespace "ns1"'
says "and what to do" "sudo nsnetctl exec ns1 true"

finish
