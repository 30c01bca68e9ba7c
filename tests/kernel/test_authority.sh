#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_authority - who may do what with which object, and how much of it
#
#     test_authority.sh NSNETD NSNETCTL
. "$(dirname "$0")/sandbox.sh"
here=$(dirname "$0")

# Two groups that every Debian has stand for nsnet and nsnet-admin.
members=$(getent group users | cut -d: -f3)
administrators=$(getent group staff | cut -d: -f3)
cat >$work/nsnetd.conf <<-END
	[Daemon]
	ControlGroup=users
	AdministratorGroup=staff
	[Limits]
	Namespaces=16
	Networks=2
END
daemon_options="--config $work/nsnetd.conf"
daemon_start
check "every cell of verb, role and object" /usr/bin/python3 "$here/test_authority.py" $members $administrators
cat $work/output
check "quotas hold under 500 processes at once" /usr/bin/python3 "$here/test_quota.py" $members
cat $work/output
check "a lower limit is read on SIGHUP" sh -c "
	echo Namespaces=1 >>$work/nsnetd.conf
	sed -i 's/^Namespaces=16/Namespaces=3/; \$d' $work/nsnetd.conf
	kill -HUP $daemon
	until setpriv --reuid 12009 --regid 12009 --groups $members nsnetctl call Describe | grep -q '\"namespaces\": *3'; do
		sleep 0.05
	done"
check "a wrong file changes nothing" sh -c "
	echo Camels=1 >>$work/nsnetd.conf
	kill -HUP $daemon
	until grep -q 'no setting Camels= in' $work/daemon.log; do sleep 0.05; done
	setpriv --reuid 12009 --regid 12009 --groups $members nsnetctl call Describe | grep -q '\"namespaces\": *3'"
finish
