#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# test_persistent - what is persistent comes back after a reboot as it was; what is not does not
#
#	test_persistent.sh NSNETD NSNETCTL
#
# A reboot is the daemon killed, and everything taken away that the kernel forgets with one: namespaces, links, tables, /run.
# shellcheck source=tests/kernel/sandbox.sh
. "$(dirname "$0")/sandbox.sh"

kept=/var/lib/nsnetd

power_off() {
	[ -z "$daemon" ] || daemon_stop KILL
	for name in /run/netns/*; do umount "$name" 2>/dev/null; done
	umount /run/netns 2>/dev/null
	rm -rf /run/netns /run/nsnetd
	eventually no_ends || return 1
	for link in $(ip -o link | grep -oE ': nsnet[0-9]+a?[:@]' | tr -d ' :@'); do
		ip link delete "$link" || return 1
	done
	nft flush ruleset
	no_links
}

no_ends() {
	[ -z "$(ip -o link | grep -E ': nsv')" ]
}

no_link() {
	! ip link show dev "$1" >/dev/null 2>&1
}

reboot() {
	power_off && daemon_start
}

# of FIELD COMMAND…: the value of a field that show prints
of() {
	field=$1
	shift
	"$@" --json | python3 -c "
import json, sys
value = json.load(sys.stdin)
for key in '$field'.split('.'):
    value = value[int(key)] if key.isdigit() else value.get(key)
print(value)"
}

# The whole of an object but what the kernel numbers anew.
picture() {
	"$@" --json | python3 -c "
import json, sys
value = json.load(sys.stdin)
runtime = value['runtime']
for key in ('inode', 'cookie', 'bridgeIndex', 'hostInterfaces', 'interfaces', 'routes', 'processes', 'attachments'):
    runtime.pop(key, None)
runtime['created'].pop('monotonic', None)
print(json.dumps(value, sort_keys=True))"
}

inside() {
	ip netns exec web sh -c 'cat /sys/class/net/eth0/address; ip -br address show dev eth0; ip route; ip -6 route show default; sysctl net.ipv4.ip_forward' |
		sed 's/@if[0-9]* *//'
}

# ends_at N: a start that is killed at its Nth rename; fails where it has fewer, and serves.
ends_at() {
	strace -D -o /dev/null -e trace=renameat2 -e inject=renameat2:signal=KILL:when="$1" "$nsnetd" --socket $socket >>$work/daemon.log 2>&1 &
	daemon=$!
	disown
	for _ in $(seq 500); do
		kill -0 $daemon 2>/dev/null || { daemon=; return 0; }
		nsnetctl call Describe >/dev/null 2>&1 && return 1
		sleep 0.02
	done
	return 1
}

published() {
	nft -j list map inet nsnetd ports4 | grep -o '"8080"\|8080' | head -1
}

daemon_start

# Made persistent, each way.
check "a network that is to come back" nsnetctl network create lan --subnet 10.70.0.0/24 --subnet fd70::/64 --persistent yes --label a=b
check "one that is not" nsnetctl network create gone --subnet 10.71.0.0/24
check "a namespace on it" nsnetctl create web --network lan:ip=10.70.0.9 --network lan:name=lan1 --publish 8080:80 --persistent yes \
	--description "the web" --sysctl net.ipv4.ip_forward=1 --route 10.99.0.0/16:via=10.70.0.1 --dns 9.9.9.9
check "another, which is made so later" nsnetctl create late --network lan
check "late" nsnetctl set late --persistent yes
check "one that is not" nsnetctl create fleeting --network lan
check "a third, made so and not any more" nsnetctl create sorry --network lan --persistent yes
check "not any more" nsnetctl set sorry --persistent no
check "one that is deleted" nsnetctl create deleted --network lan --persistent yes
check "deleted" nsnetctl delete deleted
same "files of just those" "$(printf '%s\n' $kept $kept/namespaces $kept/namespaces/late.json $kept/namespaces/web.json $kept/networks $kept/networks/lan.json)" \
	sh -c "find $kept | sort"
same "which are root's alone" "600 0" sh -c "stat -c '%a %u' $kept/*/* | sort -u"
show "show says so" "Persistent" nsnetctl show web

# What cannot be.
status "a namespace needs networks that come back" 1 nsnetctl create lost --network gone --persistent yes
says "named" 'network "gone" does not come back'
says "with the command that mends it" "nsnetctl network set gone --persistent yes"
refuse "nothing of it is there" nsnetctl show lost
status "a network stays so while such a namespace is on it" 5 nsnetctl network set lan --persistent no
says "named" "has namespaces that come back"

# "default" goes with who needs it.
check "a namespace on default" nsnetctl create first
same "default is not kept for it" None of context.persistent nsnetctl network show default
check "a persistent one on default" nsnetctl create second --persistent yes
same "default is kept for it" True of context.persistent nsnetctl network show default
check "its file is there" test -f $kept/networks/default.json

web=$(picture nsnetctl show web) lan=$(picture nsnetctl network show lan) second=$(picture nsnetctl show second)
default=$(picture nsnetctl network show default)
within=$(inside)
files=$(cat $kept/*/*)
check "the machine starts again" reboot
equal "the namespace is as it was" "$web" "$(picture nsnetctl show web)"
equal "the network is as it was" "$lan" "$(picture nsnetctl network show lan)"
equal "on default too" "$second" "$(picture nsnetctl show second)"
equal "and default" "$default" "$(picture nsnetctl network show default)"
equal "inside all is as it was" "$within" "$(inside)"
equal "the port leads in" '8080' "$(published | tr -d '"')"
equal "the files are as they were" "$files" "$(cat $kept/*/*)"
same "just the persistent ones are there" "$(printf 'late\nsecond\nweb')" sh -c "ip netns list | cut -d' ' -f1 | sort"
check "they reach each other" ip netns exec web ping -c 1 -W 5 "$(of context.attachments.0.addresses.0 nsnetctl show late)"
status "the volatile network is gone" 10 nsnetctl network show gone
refuse "the one that was so for a while is gone" nsnetctl show sorry

# A restart is no reboot, and two reboots are one.
ids=$(stat -c %i /run/netns/web)
daemon_stop KILL
daemon_start
equal "a restart takes over what is there" "$ids" "$(stat -c %i /run/netns/web)"
check "again" reboot
equal "as it was" "$web" "$(picture nsnetctl show web)"

# What a crash left between the two files.
daemon_stop KILL
rm $kept/namespaces/web.json
cp $kept/namespaces/late.json $work/late.json
echo '{}' >$kept/namespaces/late.json
check "a volatile one" true
daemon_start
check "a file that is missing is written" test -f $kept/namespaces/web.json
check "one that differs too" cmp $work/late.json $kept/namespaces/late.json
check "a volatile namespace" nsnetctl create brief --network lan
daemon_stop KILL
sed 's/"late"/"brief"/g' $work/late.json >$kept/namespaces/brief.json
daemon_start
refuse "one that should not be there goes" test -e $kept/namespaces/brief.json
check "its namespace does not" nsnetctl delete brief

# Somebody deleted it while nobody looked.
daemon_stop KILL
ip netns delete late
daemon_start
refuse "it is meant: it does not come back" test -e $kept/namespaces/late.json

# What cannot come back as it was does not come as something else, and is not forgotten.
power_off
ip link add other type bridge && ip address add 10.70.0.77/24 dev other && ip link set other up
daemon_start
status "its prefix is in use" 10 nsnetctl show web
check "the log says why" grep -q 'network "lan" does not come back: 10.70.0.0/24 is in use on other; its file is kept' $work/daemon.log
check "and of what hangs on it" grep -q 'namespace "web" does not come back: there is no network "lan"' $work/daemon.log
check "others are back" nsnetctl show second
check "its file is there" test -f $kept/networks/lan.json
ip link delete other
check "the prefix is free again" reboot
equal "as it was" "$web" "$(picture nsnetctl show web)"

# The daemon is ended while it brings things back: the next start begins again.
ended=0
while power_off && ends_at $((ended + 1)); do
	ended=$((ended + 1))
	[ "$(find $kept -name '*.json' | wc -l)" = 4 ] || { not_ok "a promise was lost when ended at rename $ended"; break; }
	daemon_start
	[ "$(picture nsnetctl show web)" = "$web" ] && [ "$(ip netns list | wc -l)" = 2 ] || { not_ok "ended at rename $ended"; break; }
done
check "a start writes several files" test $ended -ge 8
ok "ended at any rename of a start, the next start brings all back"

# An interface of the host's that is not there keeps nobody from coming back.
ip link add wan7 type veth peer name isp7
check "a link" nsnetctl create edge --network none --link wan7 --persistent yes
power_off
eventually no_link isp7
daemon_start
check "it is there without" nsnetctl show edge
check "which the log says" grep -q 'there is no interface wan7 to move into "edge"' $work/daemon.log
ip link add wan7 type veth peer name isp7
daemon_stop KILL
daemon_start
check "with the next start it is inside" ip -n edge link show wan7
check "gone" nsnetctl delete edge
ip link delete isp7

# A disk that is full, or cannot be written, refuses before the kernel is asked for anything.
things() {
	links | cut -d: -f2 | cut -d@ -f1 | sort
	ip netns list | cut -d' ' -f1 | sort
	find $kept /run/nsnetd -not -path '*/etc/%*' | sort # what is made ahead is nobody's
}
# Links go in their own time.
as_before() {
	[ "$(things)" = "$before" ]
}
before=$(things)
daemon_stop KILL
mount --bind $kept $kept
mount -o remount,bind,ro $kept
daemon_start
status "a create on a read-only disk" 1 nsnetctl create nope --network lan --persistent yes
says "named" "nsnetd cannot write its files below /var/lib/nsnetd (EROFS)"
says "with where to look" "df /var/lib/nsnetd"
status "a deletion that would not last" 1 nsnetctl delete web
check "is none" ip netns exec web true
equal "and it is as it was" "$web" "$(picture nsnetctl show web)"
status "a set" 1 nsnetctl set web --description other
equal "changes nothing" "$web" "$(picture nsnetctl show web)"
check "volatile ones are served" nsnetctl create volatile --network lan
check "and deleted" nsnetctl delete volatile
daemon_stop KILL
umount $kept
daemon_start
check "writable again" nsnetctl create fine --network lan --persistent yes
check "and deleted" nsnetctl delete fine
check "nothing is left of what was refused" eventually as_before

# What is not ours.
daemon_stop KILL
echo garbage >$kept/namespaces/junk.json
cp $kept/namespaces/web.json $kept/namespaces/theirs.json
chown 12345 $kept/namespaces/theirs.json
ln -s web.json $kept/namespaces/link.json
mkdir $kept/namespaces/folder.json
sed 's/"web"/"other"/' $kept/namespaces/web.json >$kept/namespaces/renamed.json
reboot
equal "what is foreign or garbage is not read, and left" "$(printf '%s\n' folder junk link renamed second theirs web)" \
	"$(find $kept/namespaces -name '*.json' -printf '%f\n' | sed 's/\.json//' | sort)"
same "and the others are back" "$(printf 'second\nweb')" sh -c "ip netns list | cut -d' ' -f1 | sort"
check "which the log says" grep -q 'theirs.json among the persistent is no file of root' $work/daemon.log
rm -rf $kept/namespaces/{junk,theirs,link,folder,renamed}.json

# Nowhere to keep it.
daemon_stop KILL
chmod 0777 $kept
daemon_start
check "a directory that others may write is not used" grep -q "$kept: Operation not permitted: nothing can be persistent" $work/daemon.log
status "which is told" 1 nsnetctl create nope --persistent yes
says "plainly" "nothing can be kept over a reboot here"
check "volatile ones are served" nsnetctl create volatile
check "and deleted" nsnetctl delete volatile
daemon_stop KILL
chmod 0755 $kept
daemon_start

# A member's own comes back as his own.
daemon_stop KILL
members_start
check "a member's own" $alice nsnetctl create his --persistent yes
owner=$($alice nsnetctl exec --root his sh -c 'id -u; cat /proc/self/uid_map /proc/self/gid_map')
his=$(picture nsnetctl show his)
power_off
daemon_start
equal "is his after a reboot" "$owner" "$($alice nsnetctl exec --root his sh -c 'id -u; cat /proc/self/uid_map /proc/self/gid_map')"
equal "as it was" "$his" "$(picture nsnetctl show his)"
refuse "and nobody else's" $bob nsnetctl exec his true

# What did not come back is nobody else's.
cp $kept/namespaces/second.json $work/second.json
power_off
echo garbage >$kept/namespaces/second.json
daemon_start
status "the name of what did not come back is not free" 5 $bob nsnetctl create second --persistent yes
says "which is told" '"second"'
same "its file stays" garbage cat $kept/namespaces/second.json
power_off
cp $work/second.json $kept/namespaces/second.json
daemon_start
check "mended, it is back" ip netns exec second true

check "all go" nsnetctl delete his web second
check "networks too" nsnetctl network delete lan default
same "no file is left" "" sh -c "find $kept -type f"

# A full disk: that of the persistent, and that of this boot.
for full in $kept /run/nsnetd/state; do
	daemon_stop KILL
	mount -t tmpfs -o size=64k,mode=0700 tmpfs $full
	daemon_start
	dd if=/dev/zero of=$full/ballast bs=4k >$work/output 2>&1
	before=$(things)
	status "$full is full: nothing is made" 1 nsnetctl create nope --network none --persistent yes
	says "which is told" "below ${full%/state} (ENOSPC)"
	check "and nothing was" eventually as_before
	rm $full/ballast
	check "once there is room" nsnetctl create fine --network none --persistent yes
	dd if=/dev/zero of=$full/ballast bs=4k >$work/output 2>&1
	# A record alone may fit where it stands; what is done inside as well is written down beside it first.
	status "it is not changed" 1 nsnetctl set fine --description other --sysctl net.ipv4.ip_forward=1
	equal "and stays as it was" "" "$(of context.description nsnetctl show fine | sed s/None//)"
	same "inside neither" 0 nsnetctl exec fine cat /proc/sys/net/ipv4/ip_forward
	check "but deleted" nsnetctl delete fine
	daemon_stop KILL
	umount $full
	daemon_start
done
check "nothing is left" no_leftovers
finish
