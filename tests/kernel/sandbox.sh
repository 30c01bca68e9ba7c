# SPDX-License-Identifier: LGPL-2.1-or-later
# sandbox - a network and mount namespace of the test's own, with nsnetd in it; to be sourced
#
#     . sandbox.sh            re-executes the test inside; then $nsnetd, $nsnetctl, $work are set (with $without_daemon, what the
#                             test is called with begins with nsnetctl)
#     daemon_start            starts nsnetd and waits until it serves
#     daemon_stop [SIGNAL]    ends it and waits
#     check WHAT COMMAND…     the command must succeed
#     refuse WHAT COMMAND…    the command must fail
#     show WHAT TEXT COMMAND… the command must succeed and print the text
#     equal WHAT TEXT TEXT    both must be the same
#     links               ip -oneline link, but for what was made ahead and is nobody's yet
#     spare_ends          the names of those, as a pattern of grep -wE
#     finish                  prints the sum, and exits by it
set -u

if [ -n "${without_daemon-}" ]; then nsnetctl=$1; else nsnetd=$1 nsnetctl=$2; fi
# The pid stays the same, so the mark holds for this process only.
if [ "${NSNET_SANDBOX-}" != $$ ]; then
	NSNET_SANDBOX=$$ exec unshare --net --mount --propagation private -- bash "$0" "$@"
fi
mount -t tmpfs -o mode=0755 tmpfs /run || exit 1
mount --make-rshared /run || exit 1
# What is kept over a reboot: nothing of the machine's own.
mount -t tmpfs -o mode=0755 tmpfs /var/lib || exit 1
ip link set lo up || exit 1
work=/run/work
mkdir -m 0755 $work
PATH=$(dirname "$nsnetctl"):$PATH
passed=0 failed=0 daemon=
socket=/run/nsnetd/alt.nsnet
export NSNETD_SOCKET=$socket
# The host of the sandbox has name servers of no use: those in the machine's file are not asked here.

daemon_start() {
	"$nsnetd" --socket $socket ${daemon_options-} >>$work/daemon.log 2>&1 &
	daemon=$!
	for _ in $(seq 500); do
		"$nsnetctl" call Describe >/dev/null 2>&1 && return 0
		kill -0 $daemon 2>/dev/null || break
		sleep 0.02
	done
	echo "not ok - nsnetd does not serve:"
	cat $work/daemon.log
	exit 1
}

# members_start [CONFIGURATION]: a daemon for members, two of whom are $alice and $bob, in front of a command. A group that every
# Debian has stands for nsnet; users need no entry in /etc/passwd.
# shellcheck disable=SC2034
members_start() {
	members=$(getent group users | cut -d: -f3)
	printf "[Daemon]\\nControlGroup=users\\n%b" "${1-}" >$work/nsnetd.conf
	daemon_options="--config $work/nsnetd.conf"
	alice="setpriv --reuid 12001 --regid 12001 --groups $members --inh-caps=-all --bounding-set=-all"
	bob="setpriv --reuid 12002 --regid 12002 --groups $members --inh-caps=-all --bounding-set=-all"
	# The programs must be within reach of everyone.
	cp "$nsnetctl" $work/nsnetctl
	chmod 0755 $work $work/nsnetctl
	PATH=$work:$PATH
	daemon_start
}

# What is made ahead comes and goes when nobody looks.
links() {
	ip -oneline link "$@" | grep -vF 'alias nsnetd:%'
}

spare_ends() {
	ip -oneline link | sed -n 's/^[0-9]*: \(nsv[0-9]*\)@.*alias nsnetd:%.*/\1/p' | paste -sd '|' | sed 's/^$/no-spare/'
}

daemon_stop() {
	kill -"${1-TERM}" $daemon
	wait $daemon 2>/dev/null
	status=$?
	daemon=
	return $status
}

on_exit() {
	[ -z "$daemon" ] || kill -KILL $daemon 2>/dev/null
}
trap on_exit EXIT

ok() {
	passed=$((passed + 1))
	echo "ok - $1"
}

not_ok() {
	failed=$((failed + 1))
	echo "not ok - $1"
	sed 's/^/    /' $work/output
	[ -z "$daemon" ] || kill -0 "$daemon" 2>/dev/null || echo "    (the daemon does not run)"
}

check() {
	what=$1
	shift
	if "$@" >$work/output 2>&1; then ok "$what"; else echo "exit $?: $*" >>$work/output; not_ok "$what"; fi
}

refuse() {
	what=$1
	shift
	if "$@" >$work/output 2>&1; then echo "exit 0: $*" >>$work/output; not_ok "$what"; else ok "$what"; fi
}

show() {
	what=$1 text=$2
	shift 2
	if "$@" >$work/output 2>&1 && grep -qF -- "$text" $work/output; then
		ok "$what"
	else
		echo "exit $?, wanted \"$text\": $*" >>$work/output
		not_ok "$what"
	fi
}

# same WHAT TEXT COMMAND…: prints just that
same() {
	what=$1 text=$2
	shift 2
	"$@" >$work/output 2>&1 || true
	if [ "$(cat $work/output)" = "$text" ]; then ok "$what"; else echo "wanted \"$text\": $*" >>$work/output; not_ok "$what"; fi
}

# equal WHAT WANTED GOT
equal() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		printf 'wanted: %s\ngot:    %s\n' "$2" "$3" >$work/output
		not_ok "$1"
	fi
}

# status WHAT NUMBER COMMAND…: exits with that
status() {
	what=$1 number=$2 got=0
	shift 2
	"$@" >$work/output 2>$work/errors || got=$?
	if [ $got = "$number" ]; then
		ok "$what"
	else
		{ cat $work/errors; echo "exit $got, wanted $number: $*"; } >>$work/output
		not_ok "$what"
	fi
}

# says WHAT TEXT: the last status, on its standard error
says() {
	if grep -qF -- "$2" $work/errors; then
		ok "$1"
	else
		{ echo "wanted on standard error \"$2\":"; cat $work/errors; } >$work/output
		not_ok "$1"
	fi
}

# eventually COMMAND…: within half a minute, for the machine may be busy
eventually() {
	for _ in $(seq 600); do
		"$@" && return 0
		sleep 0.05
	done
	return 1
}

no_links() {
	[ -z "$(ip -o link | grep -E ': (nsv|nsnet)')" ]
}

no_leftovers() {
	eventually no_links || { ip -o link; return 1; }
	[ -z "$(ls -A /run/netns)" ] || { ls -la /run/netns; return 1; }
	! grep -E ' /run/netns/' /proc/self/mountinfo || return 1
	left=$(find /run/nsnetd -type f -o -type l)
	[ -z "$left" ] || { echo "$left"; return 1; }
}

finish() {
	if [ -n "$daemon" ]; then
		check "the daemon stops cleanly" daemon_stop
	fi
	if grep -E 'ERROR: (Address|Leak)Sanitizer|runtime error' $work/daemon.log >$work/output 2>&1; then
		not_ok "no sanitizer has spoken"
		cat $work/daemon.log
	fi
	echo "$passed passed, $failed failed"
	[ $failed = 0 ]
	exit
}
