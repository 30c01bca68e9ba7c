#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_check - nsnetd --check: tells what is there and what is not, with things taken away one by one, and changes nothing
#
#     test_check.sh NSNETD NSNETCTL
. "$(dirname "$0")/sandbox.sh"

mount -t sysfs sysfs /sys || exit 1
cp "$nsnetd" $work/nsnetd
chmod 0755 $work $work/nsnetd
members=$(getent group users | cut -d: -f3)
printf '[Daemon]\nControlGroup=users\nAdministratorGroup=users\n' >$work/right.conf
look="$work/nsnetd --check --config $work/right.conf"

# row WHAT VERDICT NAME STATUS COMMAND…: the line of that name begins so, and that is the exit status
row() {
	what=$1 verdict=$2 name=$3 wanted=$4 got=0
	shift 4
	"$@" >$work/output 2>$work/errors || got=$?
	cp $work/output $work/seen
	if [ $got = $wanted ] && grep -qE "^$verdict +$name( |$)" $work/output; then
		ok "$what"
	else
		{ cat $work/errors; echo "exit $got, wanted $wanted and $verdict $name: $*"; } >>$work/output
		not_ok "$what"
	fi
}
# mends WHAT NAME TEXT: below that line of the last output
mends() {
	cp $work/seen $work/output
	if grep -A1 "^missing *$2 " $work/seen | grep -qF "Try: $3"; then ok "$1"; else not_ok "$1"; fi
}
# injected SYSCALL ERROR COMMAND…: with that system call failing
injected() {
	injection=$1:error=$2
	shift 2
	# LeakSanitizer cannot work where somebody else traces.
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o $work/trace -e trace="${injection%%:*}" -e inject="$injection" "$@"
}
# covered FILE TEXT COMMAND…: with that text in the file
covered() {
	file=$1
	printf '%s\n' "$2" >$work/cover
	shift 2
	unshare --mount sh -c 'mount --bind "$1" "$2" && shift 2 && exec "$@"' - $work/cover "$file" "$@"
}
# beneath DIRECTORY OPTIONS COMMAND…: with an empty file system there
beneath() {
	directory=$1 options=$2
	shift 2
	unshare --mount sh -c 'mount -t tmpfs -o "$1" tmpfs "$2" && shift 2 && exec "$@"' - "$options" "$directory" "$@"
}
# injected_at PATTERN CALLS ERROR COMMAND…: with that one call failing that the pattern tells
injected_at() {
	pattern=$1 calls=$2 error=$3
	shift 3
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o $work/trace -e trace="$calls" "$@" >/dev/null 2>&1
	sed -E 's/^[0-9]+ +//' $work/trace >$work/calls
	line=$(grep -n -m1 -e "$pattern" $work/calls | cut -d: -f1)
	call=$(sed -n "${line:?no such call}s/(.*//p" $work/calls)
	injected $call:when="$(head -n $line $work/calls | grep -c "^$call(")" $error "$@"
}
# neighbours NUMBER COMMAND…: where the tables of neighbours are of that size, as the machine's own network namespace tells
neighbours() {
	unshare --mount sh -c 'd=/proc/sys/net/ipv4/neigh; mount -t tmpfs tmpfs $d && mkdir $d/default &&
		echo "$1" >$d/default/gc_thresh3 && shift && exec "$@"' - "$@"
}
picture() {
	ip -d address; ip route show table all; nft list ruleset; tc qdisc; cat /proc/self/mountinfo
	find /run /var/lib -path $work -prune -o -printf '%p %m %U %s %T@\n'
	sysctl -a 2>/dev/null | grep -E '^(net|user|fs\.inotify)\.' | grep -vE 'nf_conntrack_count|random'
}

echo "# as it is"
picture >$work/before
row "an empty host" ok linux 0 $look
cp $work/seen $work/all
for name in configuration /run/netns /run/nsnetd /var/lib/nsnetd group admin-group inotify bypass namespaces bridge veth guard nat \
	ports forwarding4 rate owned; do
	check "$name is there" grep -qE "^ok +$name " $work/all
done
check "one line for each, and one for what mends it" sh -c "! grep -vE '^((ok|missing|unknown) +[a-z0-9/-]+ +[^ ].*| +Try: .*)\$' $work/all"
row "nobody listens" missing socket 0 $look
mends "somebody can" socket "nsnetd --socket /run/nsnetd/alt.nsnet"
row "networks have no name servers without systemd" missing dnsmasq 0 $look
picture >$work/after
check "nothing is made, nothing is changed" diff $work/before $work/after

echo "# what the kernel lacks"
row "Linux 2.6" missing linux 1 setarch --uname-2.6 $look
row "network namespaces" missing namespaces 1 injected unshare EINVAL $look
mends "they are built in" namespaces "a kernel with CONFIG_NET_NS"
row "as many as there may be" missing namespaces 1 injected unshare ENOSPC $look
mends "there may be more" namespaces "sysctl -w user.max_net_namespaces"
row "cookies" missing cookie 0 injected getsockopt ENOPROTOOPT $look
row "nf_tables" missing guard 1 injected_at NETLINK_NETFILTER socket EPROTONOSUPPORT $look
check "with them NAT and ports" [ "$(grep -cE '^missing +(guard|nat|ports|persist) ' $work/seen)" = 4 ]
row "inotify" missing inotify 0 injected inotify_init1 EMFILE $look
mends "there may be more" inotify "sysctl -w fs.inotify.max_user_instances"
row "force_forwarding" missing forwarding6 0 injected_at conf/default/force_forwarding /^faccessat ENOENT $look
row "user namespaces" missing owned 0 covered /proc/sys/user/max_user_namespaces 0 $look
mends "there may be some" owned "sysctl -e -w user.max_user_namespaces"
row "a small table of neighbours that grows" ok neighbours 0 neighbours 1024 $look
check "which it tells" grep -q "nsnetd raises that" $work/seen
printf '[Network]\nRaiseNeighbourLimits=no\n' >$work/fixed.conf
row "a small one that must not" missing neighbours 0 neighbours 1024 $look --config $work/fixed.conf
check "for how many" grep -q "1024 entries for the whole host, as about 256 namespaces" $work/seen
mends "it can be larger" neighbours "sysctl -w net.ipv4.neigh.default.gc_thresh3"
row "a large one" ok neighbours 0 neighbours 16384 $look
if [ -e /proc/sys/net/bridge ] || modprobe br_netfilter 2>/dev/null; then
	sysctl -qw net.bridge.bridge-nf-call-iptables=1
	row "frames that go through rules of the host's" ok bypass 0 $look
	ip link add other type bridge
	row "which another bridge may count on" missing bypass 0 $look
	ip link delete other
	sysctl -qw net.bridge.bridge-nf-call-iptables=0
fi

echo "# what the system lacks"
printf '[Nonsense\n' >$work/wrong.conf
row "a configuration that is wrong" missing configuration 1 $work/nsnetd --check --config $work/wrong.conf
printf '[Daemon]\nControlGroup=nobodys\n' >$work/group.conf
row "a group" missing group 0 $work/nsnetd --check --config $work/group.conf
mends "it can be made" group "groupadd --system nobodys"
mkdir -p /run/nsnetd /var/lib/nsnetd
row "room for records" missing /run/nsnetd 1 beneath /run/nsnetd size=64k $look
row "and files" missing /run/nsnetd 1 beneath /run/nsnetd nr_inodes=16 $look
row "records that can be written" missing /var/lib/nsnetd 0 beneath /var/lib/nsnetd ro $look
row "directories of root's" missing /var/lib/nsnetd 0 beneath /var/lib/nsnetd uid=12001,mode=0755 $look
row "and of nobody else's" missing /run/nsnetd 1 beneath /run/nsnetd mode=0777 $look
mends "it becomes so" /run/nsnetd "chown root:root /run/nsnetd && chmod go-w /run/nsnetd"
rmdir /run/nsnetd
: >/run/nsnetd
row "a file is no directory" missing /run/nsnetd 1 $look
rm /run/nsnetd
mkdir -p /run/netns
row "names in a directory" ok /run/netns 0 $look
mount --bind /run/netns /run/netns
row "as \"ip netns add\" mounts it, in one group with /run" missing /run/netns 1 $look
mount --make-private /run/netns
row "for nobody else to see" missing /run/netns 1 $look
mends "it becomes so" /run/netns "mount --make-shared /run/netns"
mount --make-shared /run/netns
row "as it should be" ok /run/netns 0 $look
umount /run/netns

echo "# who looks"
row "a user" unknown namespaces 1 setpriv --reuid 12001 --regid 12001 --clear-groups $look
says "is told who may" "Try: sudo nsnetd --check"
row "the rest he sees" ok linux 1 setpriv --reuid 12001 --regid 12001 --clear-groups $look
row "root in a container" missing namespaces 1 setpriv --bounding-set=-sys_admin --inh-caps=-all $look
row "root of a user namespace" ok namespaces 0 unshare --user --map-root-user $look

echo "# beside the daemon"
daemon_options="--config $work/right.conf"
daemon_start
check "a namespace" nsnetctl create ns1
nft list ruleset >$work/rules
row "somebody listens" ok socket 0 $look
check "the daemon keeps its rules" sh -c "nft list ruleset | diff $work/rules -"
check "what mends it, where the socket is another group's" chgrp 0 $socket
row "a socket of another group" missing socket 0 $look
chgrp "$members" $socket
daemon_stop KILL
row "a socket that nobody listens at" missing socket 0 $look
daemon_start
check "delete" nsnetctl delete ns1
check "the network goes" nsnetctl network delete default

finish
