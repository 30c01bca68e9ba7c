#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# reboot.sh - one life of a machine that is switched off in the middle of what it does; runs there, as a unit
#
#	reboot.sh LIVES OPERATIONS
#
# First it looks whether all that was promised in the lives before is there, and nothing else; then it does so many things by
# chance, and at one of them the machine is switched off. In /results, which outlives that: the number of this life, the addresses
# of each namespace that is to come back, by its name in "promised", and what was under way in "doing". The last line of the last
# life is "done".
set -u

lives=$1 operations=$2
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
cd /results || exit 1
mkdir -p promised
life=$(cat life 2>/dev/null || echo 0)
RANDOM=$((life * 7919 + $(cat seed 2>/dev/null || echo 1)))

fail() {
	echo "FAILED  life $life: $*"
	nsnetctl list 2>&1 | sed 's/^/        | /'
	journalctl --quiet --no-pager --boot --unit nsnetd.service | tail -n 30 | sed 's/^/        | /'
	exit 1
}

# Both families.
addresses_of() {
	ip -n "$1" -oneline address show dev eth0 scope global | sed 's/.* inet6\{0,1\} \([^ ]*\).*/\1/' | sort | tr '\n' ' '
}

# Whole, or not at all.
promise() {
	addresses_of $1 >promised/.new
	mv promised/.new promised/$1
}

eventually() {
	for _ in $(seq 100); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.1
	done
	return 1
}

# Files, mounts and links of namespaces that are not there.
no_orphans() {
	nsnetctl list -q | sort >/tmp/listed || return 1
	ls /run/netns | sort | cmp -s - /tmp/listed || return 1
	sed -n 's/.* \/run\/netns\/\([^ ]*\) .*/\1/p' /proc/1/mountinfo | sort | cmp -s - /tmp/listed || return 1
	ip -details link | sed -n 's/^ *alias nsnetd:\([^/@]*\)\/.*/\1/p' | sort -u | cmp -s - /tmp/with_links || return 1
	! find /run/nsnetd /var/lib/nsnetd -name '.*' -type f | grep -q . || return 1
	! ls /run/nsnetd/state/namespaces /var/lib/nsnetd/namespaces | grep -E '^(v|p)' | sed 's/\.json$//' | grep -vxFf /tmp/listed
}

look() {
	doing=$(cat doing 2>/dev/null)
	nsnetctl list >/dev/null || fail "the daemon does not serve"
	nsnetctl list -q | sort >/tmp/with_links
	for name in $(cat /tmp/with_links); do
		if [ ! -e promised/$name ]; then
			# What was being promised may have been written already.
			case $doing in "create $name" | "keep $name") continue ;; esac
			fail "$name is there and was not to come back"
		fi
	done
	for name in $(ls promised); do
		if ! grep -qx "$name" /tmp/with_links; then
			case $doing in "delete $name" | "drop $name") rm promised/$name && continue ;; esac
			fail "$name has not come back"
		fi
		[ "$(addresses_of $name)" = "$(cat promised/$name)" ] || fail "$name has other addresses: $(addresses_of $name)"
		nsnetctl exec $name ping -q -c 1 -W 5 10.50.0.1 >/dev/null || fail "$name reaches nobody"
		back=$((back + 1))
	done
	for name in $(cat /tmp/with_links); do
		[ -e promised/$name ] || promise $name
	done
	eventually no_orphans || fail "something is left: $(ls /run/netns | tr '\n' ' ')/ $(find /run/nsnetd /var/lib/nsnetd -type f | tr '\n' ' ')"
	rm -f doing
}

# Written down before, so that it is known what may or may not have been done.
begin() {
	echo "$1 $2" >doing
	[ $i != $end ] || { (sleep 0.00$((RANDOM % 8)); reboot -ff) & }
}

one_operation() {
	name=p$((RANDOM % 8)) volatile=v$((RANDOM % 8))
	case $((RANDOM % 6)) in
	0 | 1)
		[ ! -e promised/$name ] && ! nsnetctl show $name >/dev/null 2>&1 || return 0
		begin create $name
		nsnetctl create $name --network lan --persistent yes || fail "create $name"
		promise $name
		;;
	2)
		[ -e promised/$name ] || return 0
		begin delete $name
		nsnetctl delete $name || fail "delete $name"
		rm promised/$name
		;;
	3)
		begin volatile $volatile
		nsnetctl create $volatile --network lan -p :80 2>/dev/null || nsnetctl delete $volatile || fail "create and delete $volatile"
		;;
	4)
		[ -e promised/$name ] || return 0
		begin drop $name
		nsnetctl set $name --persistent no || fail "set $name --persistent no"
		rm promised/$name
		begin delete $name
		nsnetctl delete $name || fail "delete $name"
		;;
	5)
		[ -e promised/$name ] || return 0
		begin change $name
		nsnetctl set $name --rate down=$((RANDOM % 90 + 10))mbit --description "life $life" || fail "set $name"
		;;
	esac
	rm -f doing
}

back=0
look
echo $((life + 1)) >life
echo $(($(cat back 2>/dev/null || echo 0) + back)) >back
if [ $life = 0 ]; then
	nsnetctl network create lan --subnet 10.50.0.0/24 --persistent yes || fail "a network"
fi
if [ $life = $lives ]; then
	left=$(nsnetctl list -q)
	[ -z "$left" ] || nsnetctl delete $left || fail "the end"
	nsnetctl network delete lan || fail "the end of the network"
	: >/tmp/with_links
	eventually no_orphans || fail "something is left at the end"
	[ -z "$(find /var/lib/nsnetd -type f)" ] || fail "records are left: $(find /var/lib/nsnetd -type f)"
	echo "FIGURE $lives reboots in the middle of $operations operations each: $(cat back) namespaces came back with their addresses, 0 left behind"
	echo done
	exit 0
fi
end=$((RANDOM % operations + 1))
for i in $(seq $operations); do
	one_operation
done
# Nothing of the last kind was to be done.
reboot -ff
sleep 60
