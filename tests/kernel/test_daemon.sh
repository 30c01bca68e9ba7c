#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_daemon - nsnetd as it is started, by hand and by systemd, and what it says where it cannot serve
#
#     test_daemon.sh NSNETD NSNETCTL
. "$(dirname "$0")/sandbox.sh"

# ends WHAT STATUS TEXT COMMAND…: it ends by that status, and tells that
ends() {
	local what=$1 number=$2 text=$3
	shift 3
	status "$what" "$number" timeout 20 "$@"
	says "and says so" "$text"
}

waits() {
	eventually grep -qF -- "$1" $work/daemon.log
}

# activate KIND: nsnetd as systemd starts it, with descriptor 3
cat >$work/activate <<-'END_OF_PYTHON'
	import os, socket, sys
	kind, path, nsnetd = sys.argv[1:4]
	if kind == "socket":
	    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
	    s.bind(path)
	    s.listen()
	else:
	    s = open("/dev/null")
	if s.fileno() != 3:
	    os.dup2(s.fileno(), 3)
	os.set_inheritable(3, True)
	os.environ["LISTEN_FDS"] = "x" if kind == "nonsense" else "1"
	os.environ["LISTEN_PID"] = str(os.getpid())
	os.execv(nsnetd, [nsnetd])
END_OF_PYTHON

echo "# words"
show "help" "--socket PATH" "$nsnetd" --help
show "version" "nsnetd " "$nsnetd" --version
ends "an unknown option" 64 "unrecognized option" "$nsnetd" --colour
ends "a word" 64 "unexpected word \"now\"" "$nsnetd" now
ends "no socket" 1 "no socket to serve" "$nsnetd"
mkdir -p /run/nsnetd
echo Colour=red >$work/wrong.conf
ends "a wrong configuration" 78 "$work/wrong.conf:1: no setting Colour= in []" "$nsnetd" --config $work/wrong.conf --socket $socket
ends "a configuration that is a directory" 78 "$work: Is a directory" "$nsnetd" --config $work --socket $socket

echo "# where there is no room"
ends "a folder that is not there" 1 "/run/none/x: No such file or directory" "$nsnetd" --socket /run/none/x
ends "a path that is too long" 1 "File name too long" "$nsnetd" --socket "/run/$(printf '%0120d' 0)"
daemon_start
ends "another one serves already" 1 "$socket: Address already in use" "$nsnetd" --socket $socket
daemon_stop
mount -t tmpfs -o ro,mode=0755 tmpfs /run/nsnetd
ends "/run/nsnetd is read-only" 1 "Read-only file system" "$nsnetd" --socket /run/other
umount /run/nsnetd

echo "# by systemd"
ends "no socket at all" 1 "cannot listen on descriptor 3" python3 $work/activate null $socket "$nsnetd"
ends "a number that is none" 1 "the sockets that are handed over cannot be told" python3 $work/activate nonsense $socket "$nsnetd"
rm -f $socket
python3 $work/activate socket $socket "$nsnetd" >$work/daemon.log 2>&1 &
daemon=$!
check "serves the socket it is handed" waits "ready: 0 namespaces"
show "answers by it" '"version"' nsnetctl call Describe
daemon_stop
check "leaves it to systemd" test -S $socket
rm $socket
: >$work/daemon.log
export WATCHDOG_USEC=soon
daemon_start
unset WATCHDOG_USEC
check "a watchdog that is none is told" waits "nobody watches whether the daemon hangs"
daemon_stop

echo "# with mounts of its own"
mount -t tmpfs -o mode=0755 tmpfs /run/netns
# The host's is the sandbox's.
host=/proc/$$/root/run
rights=-all,+sys_admin,+net_admin,+setuid,+setgid,+sys_ptrace
own_mounts="unshare --mount --propagation slave setpriv --bounding-set $rights --inh-caps -all $nsnetd --socket $socket --join"
# shellcheck disable=SC2086
{
	ends "another directory" 78 "/run/netns cannot be shared with the host's, $host: Invalid cross-device link" $own_mounts $host
	ends "none at all" 1 "$host/none: No such file" $own_mounts $host/none
	mount --make-private /run/netns
	ends "a mount that has no peers" 78 "a shared mount on the host (mount --make-shared /run/netns)" $own_mounts $host/netns
	mount --make-shared /run/netns
	: >$work/daemon.log
	$own_mounts $host/netns >>$work/daemon.log 2>&1 &
	daemon=$!
}
check "serves" waits "ready: 0 namespaces"
equal "looks into no other process" 00000000002010c0 "$(sed -n 's/^CapPrm:[[:space:]]*//p' /proc/$daemon/status)"
check "makes a namespace" nsnetctl create ns1
check "which is there for the host" ip netns exec ns1 true
equal "as one mount" 1 "$(grep -c ' /run/netns/ns1 ' /proc/self/mountinfo)"
check "the host makes another" ip netns add other
status "which is there for the daemon" 5 nsnetctl create other
check "the host takes it away" ip netns delete other
nsenter --net=/run/netns/ns1 setpriv --reuid 12001 --clear-groups --inh-caps=-all sleep 600 &
inside=$!
# As him, and as nobody else any more.
eventually sh -c "grep -qx 'Uid:.12001.12001.12001.12001' /proc/$inside/status && [ \$(ip netns pids ns1) = $inside ]"
show "somebody's process is seen" '"processes":[{"pid":'$inside'}]' nsnetctl call ListNamespaces '{"name":"ns1","inspect":true}'
status "and keeps it" 5 nsnetctl delete ns1
check "but not for ever" nsnetctl delete --kill ns1
wait $inside 2>/dev/null
equal "it was ended" 137 $?
equal "the host has no mount left" 0 "$(grep -c ' /run/netns/ns1 ' /proc/self/mountinfo)"
check "the network goes" nsnetctl network delete default
daemon_stop
rm -f $socket
umount /run/netns

echo "# where the system fails"
# fails WHAT TEXT INJECTION: it ends by 1, and tells that
fails() {
	ends "$1" 1 "$2" strace -f -qq -o /dev/null -e inject="$3" "$nsnetd" --socket $socket
}
fails "no event loop" "cannot make the event loop: Too many open files" epoll_create1:error=EMFILE:when=1
fails "no events of the host" "cannot make the event loop" inotify_init1:error=EMFILE
fails "no signals" "cannot make the event loop" signalfd4:error=ENFILE
fails "no socket" "$socket: No buffer space available" listen:error=ENOBUFS

echo "# name servers"
mkdir -p /run/systemd/system /run/dbus
touch /run/systemd/system/nsnet-dns@.service /run/dbus/system_bus_socket
: >$work/daemon.log
daemon_start
check "a bus that nobody listens on is told" waits "networks have no name servers"
show "they are there without" '"reach"' nsnetctl call CreateNetwork '{"name":"a"}'
equal "and have no domain" "" "$(nsnetctl call ListNetworks '{"name":"a"}' | grep -o '"domain"')"
daemon_stop
rm /run/dbus/system_bus_socket
python3 -c '
import socket, time
s = socket.socket(socket.AF_UNIX)
s.bind("/run/dbus/system_bus_socket")
s.listen()
time.sleep(600)' &
bus=$!
until [ -S /run/dbus/system_bus_socket ]; do sleep 0.02; done
daemon_start
show "with a bus they have a domain" '"domain":"b.nsnet"' nsnetctl call CreateNetwork '{"name":"b"}'
check "both go" nsnetctl network delete a b
check "a bus that does not answer keeps nobody from stopping" timeout 10 sh -c "kill -TERM $daemon; tail --pid=$daemon -f /dev/null"
wait $daemon
daemon=
kill $bus
rm -r /run/systemd /run/dbus

echo "# host ends of a namespace that lives on"
daemon_start
networks=
for _ in $(seq 40); do networks="$networks --network default"; done
# shellcheck disable=SC2086
check "forty of them" nsnetctl create ns1 $networks
sleep 600 </run/netns/ns1 &
holder=$!
check "it is unpinned" nsnetctl delete ns1
no_ends() {
	! ip -oneline link | grep nsv
}
check "they go all the same" eventually no_ends
kill $holder
# What prints tables is loaded for them alone.
loads_tables() {
	LD_DEBUG=files "$@" 2>&1 >/dev/null | grep -q 'libsmartcols'
}
refuse "what prints tables is not loaded to create" loads_tables nsnetctl create plain --network none
refuse "nor to show one" loads_tables nsnetctl show plain --json
check "but for a table" loads_tables nsnetctl list
refuse "nor to delete" loads_tables nsnetctl delete plain
check "the network goes" nsnetctl network delete default
daemon_stop

finish
