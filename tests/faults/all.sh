#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# all - every point: the daemon killed there, each system call failing there in each way it may, each file damaged in each way
#
#     all.sh BUILD [kill|fail|files]
#
# Each kind, or that one, in as many parts at a time as there are processors. What is found is printed, then a line of figures for each kind.
set -eu

build=$(cd "$1" && pwd)
cd "$(dirname "$0")"
parts=$(nproc)
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
status=0
wanted=${2-kill fail files}

# kind NAME COMMAND…: its parts, and their figures added up
kind() {
	name=$1
	shift
	jobs=
	for part in $(seq 0 $((parts - 1))); do
		"$1" --part "$part/$parts" "$build/daemon/nsnetd" "$build/client/nsnetctl" ${2-} >"$logs/$name.$part" 2>&1 &
		jobs="$jobs $!"
	done
	for job in $jobs; do
		wait "$job" || status=1
	done
	grep -hv "^$name: " "$logs/$name".* || true
	grep -h "^$name: " "$logs/$name".* | awk '
		{ for (i = 1; i <= NF; i++) if ($i ~ /^[0-9]+$/) sum[i] += $i; else word[i] = $i; if (NF > n) n = NF }
		END { for (i = 1; i <= n; i++) printf "%s%s", i in sum ? sum[i] : word[i], i < n ? " " : "\n" }' >"$logs/figures.$name"
	[ "$(grep -c "^$name: " "$logs/figures.$name")" = 1 ] || status=1
}

for name in $wanted; do
	case $name in
	files) kind files ./files.py ;;
	*) kind "$name" ./faults.py "$name" ;;
	esac
done
echo
for name in $wanted; do
	cat "$logs/figures.$name"
done
exit $status
