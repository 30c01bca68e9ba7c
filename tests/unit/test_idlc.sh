#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_idlc - what idlc refuses it names, with its place; what it takes compiles
set -eu
idlc=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# refuses TEXT WORDS: the definition is refused with these words
refuses() {
	printf 'interface a.b\n%s\n' "$1" >"$folder/a.varlink"
	if "$idlc" "$folder/a.varlink" a "$folder/a" 2>"$folder/error"; then
		echo "taken, but should not be: $1"
		exit 1
	fi
	if ! grep -qF "$2" "$folder/error"; then
		echo "$1: wanted \"$2\", got: $(cat "$folder/error")"
		exit 1
	fi
}

refuses 'type T (errno: int)' 'T.errno: a name that C has taken'
refuses 'type T (default: int)' 'T.default: a name that C has taken'
refuses 'method M(while: int) -> ()' 'M.while: a name that C has taken'
refuses 'method M() -> (if: int)' 'M.if: a name that C has taken'
refuses 'type T (x: float)' 'T.x: floats'
refuses 'type T (x: ?object)' 'T.x: floats'
refuses 'type T (x: (y: int))' 'T.x: give the anonymous type a name'
refuses 'type T (x: (one, two))' 'T.x: give the anonymous type a name'
refuses 'type T (x: [][]int)' 'T.x: name the inner type'
refuses 'error E (x: []?int)' 'E.x: name the inner type'
refuses 'type T (x: U)' 'a.varlink:2:'

refuses 'type T (x: [string][]int)' 'T.x: name the inner type'
refuses 'type T (x: []float)' 'T.x: floats'

# fails WORDS ARGUMENT…: it does nothing but say so
fails() {
	words=$1
	shift
	if "$idlc" "$@" 2>"$folder/error"; then
		echo "idlc $*: taken, but should not be"
		exit 1
	fi
	if ! grep -qF "$words" "$folder/error"; then
		echo "idlc $*: wanted \"$words\", got: $(cat "$folder/error")"
		exit 1
	fi
}

fails 'usage: idlc DEFINITION PREFIX STEM'
fails 'none: No such file or directory' "$folder/none" a "$folder/a"
fails 'Is a directory' "$folder" a "$folder/a"
printf 'interface a.b\nmethod M() -> ()\n' >"$folder/a.varlink"
fails 'No such file or directory' "$folder/a.varlink" a "$folder/none/a"
ln -s /dev/full "$folder/full.h"
fails 'No space left on device' "$folder/a.varlink" a "$folder/full"

cat >"$folder/good.varlink" <<'END'
# Holds all shapes
interface a.good
type Outer (inner: Inner, maybe: ?Inner, list: []Inner, map: ?[string]Inner, kind: Kind, kinds: []Kind)
# Stands behind its user on purpose
type Inner (a: bool, b: ?bool, c: int, d: ?int, e: string, f: ?string, g: []int, h: [string]string, next: ?Inner)
type Kind (one, twoThree)
method Do(outer: Outer) -> (outer: ?Outer)
method Nothing() -> ()
error Bad (why: Kind)
END
"$idlc" "$folder/good.varlink" good "$folder/good"
echo "idlc: refusals and a definition of all shapes are as they should be"
