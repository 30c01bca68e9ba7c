#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_run - nsnetctl run: the namespace goes with its command, however that ends; and who may not call the daemon
#
#     test_run.sh NSNETD NSNETCTL
. "$(dirname "$0")/sandbox.sh"

nothing() {
	[ -z "$(nsnetctl list -q)" ] && [ -z "$(ls -A /run/netns)" ]
}

# The status of nsnetctl run, which got a signal once its command had said that it runs.
signalled() { # SIGNAL OPTIONS COMMAND
	mkfifo $work/ready
	# A job in the background has SIGINT ignored; env gives it back.
	env --default-signal=INT,QUIT nsnetctl run --network none $2 -- sh -c "$3" >$work/ready &
	runner=$!
	read -r word <$work/ready
	kill -s "$1" $runner
	wait $runner
	result=$?
	rm $work/ready
	[ "$word" = ready ] && return $result
}

daemon_start
status "the command's status" 7 nsnetctl run --network none -- sh -c 'exit 7'
same "it is in a namespace of its own" yes nsnetctl run --network none -- sh -c \
	'[ "$(stat -L -c %i /run/netns/$NSNET_NAMESPACE)" = "$(stat -L -c %i /proc/self/ns/net)" ] && echo yes'
check "a network" nsnetctl network create br1 --subnet 10.99.0.0/24
show "its address" 10.99.0.9/24 nsnetctl run --network br1:ip=10.99.0.9 -- ip -br address show dev eth0
same "with PIDs of its own" 1 nsnetctl run --network none --pid -- sh -c 'echo $$'
same "with a variable" x nsnetctl run --network none --env A=x -- printenv A
status "no such command" 127 nsnetctl run --network none -- no-such-program
status "no such network" 125 nsnetctl run --network nowhere -- true
status "no command" 125 nsnetctl run --network none
check "what is left in it is ended" nsnetctl run --network none -- sh -c 'sleep 1000 & echo $! >/run/work/left'
check "indeed" eventually sh -c "! kill -0 $(cat $work/left) 2>/dev/null"
check "nothing is left" nothing

status "SIGTERM" 143 signalled TERM "" 'echo ready; exec sleep 1000'
status "SIGHUP" 129 signalled HUP "" 'echo ready; exec sleep 1000'
status "SIGINT" 130 signalled INT "" 'echo ready; exec sleep 1000'
status "SIGTERM that the command handles" 9 signalled TERM "" 'trap "exit 9" TERM; echo ready; while :; do sleep 0.01; done'
status "SIGTERM that the command ignores" 143 signalled TERM "" 'trap "" TERM; echo ready; while :; do sleep 0.01; done'
status "SIGTERM to one with PIDs of its own" 143 signalled TERM --pid 'echo ready; exec sleep 1000'
check "nothing is left" nothing

daemon_stop
status "no daemon" 125 nsnetctl run --network none -- true
status "no daemon, of other verbs" 8 nsnetctl list
show "how to start it" "nsnetd --socket $socket" sh -c 'nsnetctl list 2>&1; true'

# The files that say who is who, with the group and without a real user in it.
groups() { # MEMBERS
	cp /etc/passwd $work/passwd && echo "somebody:x:4711:4711::/:/bin/sh" >>$work/passwd &&
		grep -v '^nsnet:' /etc/group >$work/group && echo "nsnet:x:4712:$1" >>$work/group &&
		chmod 0644 $work/passwd $work/group && mount --bind $work/passwd /etc/passwd && mount --bind $work/group /etc/group
}
as_somebody() {
	setpriv --reuid 4711 --regid 4711 --clear-groups "$@"
}
cp "$nsnetctl" $work/nsnetctl && chmod 0755 $work $work/nsnetctl
check "a group without members" groups ""
daemon_start
chgrp 4712 $socket && chmod 0660 $socket
status "a stranger may not" 4 as_somebody $work/nsnetctl list
show "who is told of the group" "sudo usermod -aG nsnet somebody" sh -c "$(declare -f as_somebody); as_somebody $work/nsnetctl list 2>&1; true"
umount /etc/passwd /etc/group
check "a group with him" groups somebody
status "a member whose session is older may not" 4 as_somebody $work/nsnetctl list
show "who is told to log in again" "log in again" sh -c "$(declare -f as_somebody); as_somebody $work/nsnetctl list 2>&1; true"
refuse "and not of sudo" sh -c "$(declare -f as_somebody); as_somebody $work/nsnetctl list 2>&1 | grep sudo"
check "a member may" setpriv --reuid 4711 --regid 4711 --groups 4712 $work/nsnetctl list
chmod 0700 /run/nsnetd
status "a directory that is closed" 4 as_somebody $work/nsnetctl list
refuse "is not for want of the group" sh -c "$(declare -f as_somebody); as_somebody $work/nsnetctl list 2>&1 | grep -e sudo -e group"
chmod 0755 /run/nsnetd
umount /etc/passwd /etc/group
check "delete the network" nsnetctl network delete br1
check "no link, mount, address or file" no_leftovers
finish
