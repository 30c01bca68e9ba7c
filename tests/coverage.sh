#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# coverage.sh - what ran of the sources, as gcov counts it, in a build of the preset coverage
#
#	coverage.sh forget BUILD             what ran until now is forgotten
#	coverage.sh keep BUILD               it is put aside and forgotten
#	coverage.sh merge BUILD              what was put aside is added to what ran since
#	coverage.sh report BUILD FOLDER…     lines and branches that ran, per file and in sum; what misses most comes last but the sum
#	coverage.sh missing BUILD FILE…      the lines that did not run, as gcov prints them
#	coverage.sh lines BUILD FILE…        per cent of the lines of these files, all together
#
# FOLDER and FILE lie below the source directory. What a build makes is not counted, nor are headers.
set -eu

command=$1 build=$(realpath "$2") source=$(realpath "$(dirname "$0")/..")
shift 2
counts=$(mktemp -d)
trap 'rm -rf "$counts"' EXIT

# Programs that run as somebody else count as well: the files are there before, for everybody.
forget() {
	find "$build/daemon" "$build/protocol" "$build/client" "$build/tests" -name '*.gcda' -delete
	find "$build" -name '*.gcno' | while read -r notes; do
		: >"${notes%.gcno}.gcda"
		chmod 0666 "${notes%.gcno}.gcda"
	done
}

# copy FROM TO: what was counted below FROM
copy() {
	rm -rf "$2"
	mkdir -p "$2"
	(cd "$1" && find daemon protocol -name '*.gcda' ! -empty | tar -cf - -T -) | tar -xf - -C "$2"
}

# A process whose system calls fail fails at writing down what ran as well, and may spoil what others wrote.
keep() {
	copy "$build" "$build/kept"
	forget
}

merge() {
	copy "$build" "$build/since"
	gcov-tool merge "$build/kept" "$build/since" -o "$build/both" >"$counts/merge" 2>&1 || {
		cat "$counts/merge" >&2
		exit 1
	}
	(cd "$build/both" && find daemon protocol -name '*.gcda' | tar -cf - -T -) | tar -xf - -C "$build"
}

# What gcov says of the sources named on stdin. An empty file of counts is one of a program that did not run.
count() {
	find "$build/daemon" "$build/protocol" -name '*.gcda' -empty -delete
	sed 's/$/.gcno/' | sort -u >"$counts/notes"
	find "$build/daemon" "$build/protocol" -name '*.gcno' | grep -F -f "$counts/notes" | (cd "$counts" && xargs gcov --branch-probabilities "$@")
}

# "FILE LINES RUN BRANCHES TAKEN" per source file below the folders given
table() {
	for folder; do
		find "$source/$folder" -name '*.c' -printf '/%f\n'
	done | count --no-output 2>/dev/null | awk -v source="$source/" -v folders="$*" '
		BEGIN { n_folders = split(folders, wanted, " ") }
		/^File / { file = substr($0, 7, length($0) - 7); lines = ""; branches = "0 0" }
		/^Lines executed/ { split($0, a, /[:% ]+/); lines = sprintf("%d %d", a[5], a[5] * a[3] / 100 + 0.5) }
		/^Taken at least/ { split($0, a, /[:% ]+/); branches = sprintf("%d %d", a[7], a[7] * a[5] / 100 + 0.5) }
		/^(Calls executed|No calls)/ && file && lines {
			if (index(file, source) == 1) {
				file = substr(file, length(source) + 1)
				for (i = 1; i <= n_folders; i++)
					if (index(file, wanted[i]) == 1 && file ~ /\.c$/)
						print file, lines, branches
			}
			file = ""
		}'
}

case $command in
forget) forget ;;
keep) keep ;;
merge) merge ;;
report)
	table "$@" | awk '{ print $2 - $3, $0 }' | sort -n | cut -d ' ' -f 2- >"$counts/table"
	[ -s "$counts/table" ] || { echo "coverage.sh: nothing of $* in $build" >&2; exit 1; }
	awk '
		function per_cent(part, whole) { return whole ? sprintf("%5.1f %%", 100 * part / whole) : "      -" }
		function row(name, l, lr, b, br) {
			printf "%-36s %s of %5d lines %5d missing   %s of %5d branches %5d missing\n",
				name, per_cent(lr, l), l, l - lr, per_cent(br, b), b, b - br
		}
		{
			row($1, $2, $3, $4, $5)
			folder = $1; sub("/[^/]*$", "/", folder)
			if (!(folder in L)) order[++n] = folder
			L[folder] += $2; LR[folder] += $3; B[folder] += $4; BR[folder] += $5
			l += $2; lr += $3; b += $4; br += $5
		}
		END {
			print ""
			for (i = 1; i <= n; i++) row(order[i], L[order[i]], LR[order[i]], B[order[i]], BR[order[i]])
			print ""
			row("all", l, lr, b, br)
		}' "$counts/table"
	;;
missing)
	for file; do
		echo "/$(basename "$file")"
	done | count --preserve-paths >/dev/null 2>&1
	for file; do
		name=$(realpath "$source/$file" | sed 's|/|#|g').gcov
		grep -HnE '^ *(#####|=====):' "$counts/$name" | sed "s|^[^:]*:[0-9]*:|$file:|" || true
	done
	;;
lines)
	for file; do
		table "$file"
	done
	;;
*)
	echo "coverage.sh: $command?" >&2
	exit 2
	;;
esac
