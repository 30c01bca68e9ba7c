#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_neighbours.sh - the limits of the tables of neighbours: raised in steps, kept, put back
#
#     test_neighbours.sh NSNETD NSNETCTL
#
# Only the machine's own network namespace has these settings, and no test touches that. So files stand in their place here: what is
# written, and when, is what is seen. That the kernel goes by it is the kernel's.

# shellcheck source=tests/kernel/sandbox.sh
. "$(dirname "$0")/sandbox.sh"

refuse "a sandbox has none of its own" test -e /proc/sys/net/ipv4/neigh/default/gc_thresh1
daemon_start
check "where there are none" nsnetctl create a{1..40}
hides() {
	! grep -q "$@"
}
check "nothing is said of them" hides 'neighbours' $work/daemon.log
check "and all go" nsnetctl delete a{1..40}
check "with their network" nsnetctl network delete default
daemon_stop

# Numbers of four digits: a file, unlike a setting, keeps what is behind what is written.
for family in ipv4 ipv6; do
	table=/proc/sys/net/$family/neigh
	mount -t tmpfs tmpfs $table && mkdir $table/default || exit 1
	echo 1024 >$table/default/gc_thresh1
	echo 2048 >$table/default/gc_thresh2
	echo 4096 >$table/default/gc_thresh3
done
# The limits of both families, in one line.
limits() {
	cat /proc/sys/net/ipv[46]/neigh/default/gc_thresh[123] | tr '\n' ' '
}
small="1024 2048 4096 1024 2048 4096 "
large="2048 4096 8192 2048 4096 8192 "
daemon_start
check "a few" nsnetctl create a{1..256}
equal "change nothing" "$small" "$(limits)"
check "some more" nsnetctl create b{1..10}
equal "raise the limits" "$large" "$(limits)"
check "which the log says" grep -q 'tables of neighbours have place for 512 attachments' $work/daemon.log
daemon_stop KILL
daemon_start
equal "a start leaves them" "$large" "$(limits)"
check "some go" nsnetctl delete b{1..10}
equal "nothing is lowered" "$large" "$(limits)"
check "all go" nsnetctl delete a{1..256}
check "and the last network" nsnetctl network delete default
equal "the limits are what they were" "$small" "$(limits)"
daemon_stop

printf '[Network]\nRaiseNeighbourLimits=no\n' >$work/nsnetd.conf
daemon_options="--config $work/nsnetd.conf"
daemon_start
for table in /proc/sys/net/ipv[46]/neigh/default/gc_thresh[123]; do
	echo 1024 >$table
done
before=$(limits)
check "where they must not be raised" nsnetctl create a{1..300}
equal "they are not" "$before" "$(limits)"
check "the log says so" grep -q 'tables of neighbours may be full' $work/daemon.log
check "with what mends it" grep -q 'Try: sysctl -w net/ipv4/neigh/default/gc_thresh3=' $work/daemon.log
check "they go" nsnetctl delete a{1..300}
check "and their network" nsnetctl network delete default
equal "and nothing was put back" "$before" "$(limits)"
finish
