#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# random - random sequences over the fake and the real kernel, then every allocation failing in turn; a line of figures for each
#
#     random.sh BUILD [SEQUENCES [REAL [EVERY]]]
#
# So many sequences of each (100,000 and 1,000), as many at a time as there are processors; every allocation, or each EVERY-th.
set -eu

build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
parts=$(nproc)
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
status=0

# sequences PROGRAM COUNT
sequences() {
	jobs=
	for part in $(seq 0 $((parts - 1))); do
		"$build/tests/faults/$1" --seed $((1 + $2 / parts * part)) --count $(($2 / parts)) >"$logs/$1.$part" 2>&1 &
		jobs="$jobs $!"
	done
	for job in $jobs; do
		wait "$job" || status=1
	done
	cat "$logs/$1".*
}

sequences sequences "${2-100000}"
sequences sequences-real "${3-1000}"
"$here/allocations.sh" "$build/daemon/nsnetd" "$build/tests/faults/libfail-allocation.so" "${4-1}" || status=1
exit $status
