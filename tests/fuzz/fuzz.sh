#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# fuzz.sh - looks for something new with each fuzz target, and tells what its corpus runs of the sources that it is for
#
#	fuzz.sh BUILD COVERAGE SECONDS
#
# BUILD is one of the preset fuzz, COVERAGE one of the preset coverage. An input that breaks something stays in BUILD. A corpus that
# runs less than 95 % is a failure: code has come that nothing in it leads to.
set -eu

build=$(realpath "$1")/tests/fuzz coverage=$(realpath "$2") seconds=$3
tests=$(realpath "$(dirname "$0")/..")
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0

# search NAME CORPUS…
search() {
	name=$1
	shift
	"$build/$name" -max_total_time="$seconds" -max_len=8192 -timeout=10 -print_final_stats=1 \
		-artifact_prefix="$build/$name-finding-" "$build/$name-found" "$@" >"$log" 2>&1
}

# The lines of FILE… that ran, of all, and per cent. Whether they are enough.
covered() {
	"$tests/coverage.sh" lines "$coverage" "$@" | awk '
		{ all += $2; run += $3 }
		END {
			if (all)
				printf "%d of %d lines, %.1f %%", run, all, 100 * run / all
			exit !all || 100 * run < 95 * all
		}'
}

for target in "$build"/fuzz_*.target; do
	name=$(basename "$target" .target) findings=0
	{
		read -r corpus
		read -r files
	} <"$target"
	# shellcheck disable=SC2086
	search "$name" $corpus || { findings=1 && status=1 && grep -v '^#' "$log" >&2; }
	inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	"$tests/coverage.sh" forget "$coverage"
	# shellcheck disable=SC2086
	"$coverage/tests/fuzz/$name-replay" $corpus >"$log" 2>&1 || { status=1 && cat "$log" >&2; }
	verdict=
	# shellcheck disable=SC2086
	run=$(covered $files) || { status=1 && verdict=", too few"; }
	echo "$name: ${inputs:-no} inputs in $seconds s, findings: $findings; the corpus runs $run of $files$verdict"
done
exit $status
