#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# style.sh - the rules of the house that a machine can check
#
#	style.sh CHECK SOURCE [BUILD]
#
# What breaks a rule is printed, one per line, and the status is 1. A check that found nothing to look at fails too.
set -eu

check=$1 source=$2 build=${3-}
cd "$source"
broken=$(mktemp)
trap 'rm -f "$broken"*' EXIT

# files FIND-EXPRESSION…: of the tree, without what is built and what git keeps
files() {
	find . -path ./build -prune -o -path ./.git -prune -o -path ./.cache -prune -o -type f '(' "$@" ')' -print |
		sed 's|^\./||' | sort
}

sources() {
	files -name '*.[ch]'
}

# only FILES INCLUDED: headers that match are included by files that match, and by those of tests, and by no other
only() {
	sources | grep -vE "^(tests/|$1)" | xargs grep -nE "^#[[:space:]]*include[[:space:]]+<$2" >>"$broken" || true
}

# Include paths fence the floors' own headers off from each other, but not the system's.
check_floors() {
	only 'protocol/codec[^/]*$' '(json-c/|json\.h)'
	only 'daemon/(log|server)/|daemon/[^/]*$' 'systemd/'
	only 'daemon/kernel/' '(netlink/|linux/([a-z]*netlink|if_|neighbour|veth|fib_rules|net_namespace))'
	only '(daemon/kernel|client)/' '(sys/mount|sched|linux/(nsfs|mount|sched))\.h'
	only 'client/' 'libsmartcols'
	only 'daemon/config[^/]*$' 'ini\.h'
	# The model neither calls the system nor waits.
	sources | grep '^daemon/model/' |
		xargs grep -nE '^#[[:space:]]*include[[:space:]]+<(fcntl|sched|unistd|signal|poll|dirent|sys/(mount|ioctl|stat|epoll|wait|syscall|sysctl))' \
			>>"$broken" || true
	sources | xargs grep -nE '^#[[:space:]]*include[[:space:]]+"[^"]*/' >>"$broken" || true
}

# No knot of headers that include each other.
check_knots() {
	for header in $(sources | grep '\.h$' | grep -v '^tests/'); do
		sed -nE 's/^#[[:space:]]*include[[:space:]]+"(.*)"/\1/p' "$header" | while read -r included; do
			echo "$(basename "$header") $included"
		done
	done >"$broken.pairs"
	test -s "$broken.pairs"
	tsort "$broken.pairs" 2>>"$broken" >/dev/null || true
	rm "$broken.pairs"
}

# The client starts with what it always needs and no more: a library that only tables take is loaded for them.
check_needed() {
	readelf -d "$build/client/nsnetctl" >"$broken.needed"
	test -s "$broken.needed"
	sed -nE 's/.*\(NEEDED\).*\[(.*)\]/\1/p' "$broken.needed" |
		grep -vE '^(libc|libjson-c|ld-linux[a-z0-9_-]*|lib(a|ub|l)san)\.so' >>"$broken" || true
	grep -q libjson-c "$broken.needed" || echo "nsnetctl: no library is told of" >>"$broken"
	rm "$broken.needed"
}

check_heads() {
	for file in $(sources); do
		stem=$(basename "${file%.*}")
		head -n 1 "$file" | grep -qxF '/* SPDX-License-Identifier: LGPL-2.1-or-later */' ||
			echo "$file: its first line is not the licence's" >>"$broken"
		head -n 4 "$file" | grep -qE "^(/\*| \*) $stem - ." || echo "$file: says not '$stem - what it is'" >>"$broken"
	done
	for file in $(files -name '*.sh' -o -name '*.service.in' -o -name '*.socket' -o -name '*.mount' -o -path ./run); do
		head -n 2 "$file" | grep -qxF '# SPDX-License-Identifier: LGPL-2.1-or-later' ||
			echo "$file: has no licence" >>"$broken"
	done
}

# A file has less than 600 lines, a function 60 at most (a test's may hold a long table).
check_sizes() {
	for file in $(sources); do
		lines=$(wc -l <"$file")
		[ "$lines" -lt 600 ] || echo "$file: $lines lines" >>"$broken"
		[ "${file#tests/}" = "$file" ] || continue
		awk '/^\{$/ { start = NR } /^\}$/ && start { if (NR - start > 61) printf "%s:%d: a function of %d lines\n", FILENAME, start, NR - start - 1; start = 0 }' \
			"$file" >>"$broken"
	done
}

# The daemon runs no program, and builds no text for a shell. (A comment may name fork(2).)
check_programs() {
	sources | grep '^daemon/' |
		xargs grep -nE '\b(system|popen|v?fork|exec(l|lp|le|v|vp|ve|vpe|veat)|fexecve|posix_spawnp?)[[:space:]]*\(([^0-9]|$)' >>"$broken" || true
}

check_top() {
	for entry in $(find . -mindepth 1 -maxdepth 1 ! -name '.*' -printf '%f\n'); do
		case $entry in
		client | daemon | protocol | systemd | tests | build) ;;
		CMakeLists.txt | CMakePresets.json | LICENSE | README.md | run) ;;
		*) echo "$entry: not at the top level" >>"$broken" ;;
		esac
	done
}

# No path of the machine it was written on, and no host but those named here.
check_words() {
	hosts='www\.w3\.org|nsnet\.alt|json-schema\.org|deb\.debian\.org|varlink\.org|www\.gnu\.org|fsf\.org|example\.(org|com|alt)|localhost'
	files ! -path './tests/fuzz/corpus/*' | xargs grep -InE '(^|[^[:alnum:]_.}-])/[w]ork(/|[^[:alnum:]_-]|$)' >>"$broken" || true
	files ! -path './tests/fuzz/corpus/*' | xargs grep -InoE '(https?|ftp)://[[:alnum:]][^/[:space:]"'\''<>)]*' |
		grep -vE "://($hosts)(:[0-9]+)?$" >>"$broken" || true
}

check_format() {
	sources | xargs clang-format --dry-run -Werror >>"$broken" 2>&1 || true
}

check_manuals() {
	manuals=$(files -name '*.[158]')
	[ "$(echo "$manuals" | wc -l)" -ge 3 ] || echo "there are manuals missing: $manuals" >>"$broken"
	# shellcheck disable=SC2086
	mandoc -T lint -W warning $manuals >>"$broken" 2>&1 || true
}

# A script can be run, and names its shell; what is to be sourced is and does neither.
check_scripts() {
	for file in $(files -name '*.sh' -o -path ./run -o -path ./.ci/run); do
		shell=$(sed -nE '1s/^#!.*\<(sh|bash)$/\1/p' "$file")
		"${shell:-bash}" -n "$file" 2>>"$broken" || true
		if [ -n "$shell" ]; then
			[ -x "$file" ] || echo "$file: cannot be run" >>"$broken"
		else
			[ ! -x "$file" ] || echo "$file: names no shell" >>"$broken"
		fi
	done
}

# BUILD is one of clang's, for its compile_commands.json.
check_tidy() {
	sources | grep -E '^(protocol|daemon|client)/.*\.c$' | tests/style/tidy.py "$build" >>"$broken" 2>&1 || {
		[ -s "$broken" ] || echo "tidy.py failed" >>"$broken"
	}
}

[ "$(sources | grep -cE '^(protocol|daemon|client)/')" -ge 20 ] || echo "no sources here" >>"$broken"
"check_$check"
cat "$broken"
! [ -s "$broken" ]
