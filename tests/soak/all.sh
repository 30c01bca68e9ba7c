#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# all.sh - every soak test in full, one after the other
#
#	all.sh BUILD [NAME]	a build directory with tests, best of the preset release; the test called so alone
#
# What each prints lies in BUILD/soak; their figures are shown at the end, or what a test that failed had to say.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
build=$(cd "$1" && pwd)
nsnetd=$build/daemon/nsnetd nsnetctl=$build/client/nsnetctl
log=$build/soak
wanted=${2-}
tried=0 failed=0
mkdir -p "$log"

# soak NAME PROGRAM ARGUMENTS…
soak() {
	name=$1 program=$2
	shift 2
	[ "${wanted:-$name}" = "$name" ] || return 0
	tried=$((tried + 1))
	echo "-- $name"
	if "$here/$program.sh" "$@" >"$log/$name.log" 2>&1; then
		sed -n 's/^FIGURE /   /p' "$log/$name.log"
	else
		failed=$((failed + 1))
		grep -A20 '^not ok\|^FAILED' "$log/$name.log" || tail -n 30 "$log/$name.log"
	fi
}

soak one_name one_name "$nsnetd" "$nsnetctl" "$build/tests/soak/one_name" 50 10000
soak slow slow "$nsnetd" "$nsnetctl" 1000 5000 20
soak restarts restarts "$nsnetd" "$nsnetctl" 1000 1000
soak hands hands "$nsnetd" "$nsnetctl" 100 1
soak stopped stopped "$nsnetd" "$nsnetctl" 30 8000
for suite in bookworm trixie; do
	soak reboots-$suite reboots $suite "$source" "$log" 20
done

[ $tried -gt 0 ] || echo "no soak test is called $wanted"
[ $failed = 0 ] || echo "$failed of the soak tests failed, see $log"
[ $tried -gt 0 ] && [ $failed = 0 ]
