#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_allow_owned - whose a member's namespace is, by AllowOwned= and the system's policy on user namespaces
#
#     test_allow_owned.sh NSNETD NSNETCTL
#
# The system's settings are files of the test's own, in mounts of its own over /proc/sys: the machine's stay as they are.
. "$(dirname "$0")/sandbox.sh"

members=$(getent group users | cut -d: -f3)
mkdir $work/real $work/kernel
mount --bind /proc/sys/kernel $work/real
# Two of them are not there on every kernel; the others lead to the real ones.
for file in "$work"/real/*; do
	ln -s "$file" "$work/kernel/${file##*/}"
done
rm -f $work/kernel/unprivileged_userns_clone $work/kernel/apparmor_restrict_unprivileged_userns
mount --bind $work/kernel /proc/sys/kernel
echo 1000 >$work/most
mount --bind $work/most /proc/sys/user/max_user_namespaces

# put FILE VALUE: "-": there is none
put() {
	if [ "$2" = - ]; then rm -f "$1"; else echo "$2" >"$1"; fi
}

member() {
	setpriv --reuid 12009 --regid 12009 --groups $members "$@"
}

ownership() {
	member nsnetctl call CreateNamespace '{"name": "ns1", "context": {"attachments": []}}' |
		sed -nE 's/.*"ownership": *"([a-z]*)".*/\1/p'
	member nsnetctl call DeleteNamespaces '{"names": ["ns1"]}' >/dev/null
}

feature() {
	member nsnetctl call Describe | grep -q '"owned"' && echo owned
}

daemon_options="--config $work/nsnetd.conf"
while read -r allow most clone restrict owner; do
	put $work/most $most
	put $work/kernel/unprivileged_userns_clone $clone
	put $work/kernel/apparmor_restrict_unprivileged_userns $restrict
	printf '[Daemon]\nControlGroup=users\n[Policy]\n%s\n' "${allow:+AllowOwned=$allow}" | sed 's/AllowOwned=-//' >$work/nsnetd.conf
	case="AllowOwned=$allow, max_user_namespaces $most, unprivileged_userns_clone $clone, restrict $restrict:"
	daemon_start
	same "$case a member's namespace is the $owner's" $owner ownership
	same "$case Describe tells it" "$([ $owner = user ] && echo owned)" feature
	daemon_stop || not_ok "$case the daemon stops"
done <<-END
	auto 1000 - - user
	auto 1 - - user
	auto 0 - - host
	auto 1000 1 - user
	auto 1000 0 - host
	auto 1000 - 0 user
	auto 1000 - 1 host
	auto 1000 - 2 host
	auto 1000 1 0 user
	auto 1000 0 1 host
	auto 0 1 0 host
	- 1000 - - user
	- 1000 - 1 host
	yes 0 0 1 user
	yes 1000 - - user
	no 1000 1 0 host
	no 0 0 1 host
END

# group_map GID: the groups that a member's namespace lets him be, where GID was his as he made it
group_map() {
	setpriv --reuid 12009 --regid $1 --groups $members nsnetctl call CreateNamespace \
		'{"name": "ns1", "context": {"attachments": []}}' >/dev/null
	member nsnetctl exec ns1 cat /proc/self/gid_map | tr -s ' '
	member nsnetctl call DeleteNamespaces '{"names": ["ns1"]}' >/dev/null
}

# A group that gives him a say is not his to keep when he is taken out of it.
administrators=$(getent group staff | cut -d: -f3)
echo 1000 >$work/most
rm -f $work/kernel/unprivileged_userns_clone $work/kernel/apparmor_restrict_unprivileged_userns
printf '[Daemon]\nControlGroup=users\nAdministratorGroup=staff\n' >$work/nsnetd.conf
daemon_start
same "his own group goes with what he owns" " 12009 12009 1" group_map 12009
same "the control group does not" " 65534 65534 1" group_map $members
same "the administrators' group does not" " 65534 65534 1" group_map $administrators
daemon_stop || not_ok "the daemon stops"

# What the system lets be is asked again when the configuration is read again.
echo 1000 >$work/most
rm -f $work/kernel/unprivileged_userns_clone $work/kernel/apparmor_restrict_unprivileged_userns
printf '[Daemon]\nControlGroup=users\n' >$work/nsnetd.conf
daemon_start
same "before SIGHUP" user ownership
echo 0 >$work/most
kill -HUP $daemon
check "SIGHUP is heard" eventually sh -c '! nsnetctl call Describe | grep -q "\"owned\""'
same "after SIGHUP" host ownership
finish
