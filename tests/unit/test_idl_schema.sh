#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_idl_schema - a JSON Schema is made of an interface, and what none can be made of is refused
#
#     test_idl_schema.sh IDL_SCHEMA DEFINITION
set -eu

program=$1 definition=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# fails TEXT ARGUMENT…: it exits with a failure, and says that
fails() {
	text=$1
	shift
	if "$program" "$@" >"$folder/out" 2>&1; then
		echo "not refused: $*" >&2
		exit 1
	fi
	grep -qF -- "$text" "$folder/out" || {
		echo "$*: no \"$text\" in:" >&2
		cat "$folder/out" >&2
		exit 1
	}
}

cat >"$folder/a.varlink" <<'END'
interface a.b
type Outer (inner: Inner, maybe: ?Inner, list: []Inner, map: ?[string]Inner, kind: Kind, kinds: ?[]Kind)
# A "thing" with \ in
# two lines
type Inner (a: bool, b: ?bool, c: int, d: ?int, e: string, g: []int, h: [string]string, next: ?Inner)
type Kind (one, twoThree)
type Idle (a: bool)
# Says much.
method Do(
  # It is "outer".
  outer: Outer,
  other: ?int
) -> (outer: ?Outer)
END
printf 'interface a.b\nmethod M(a: Nothing) -> ()\n' >"$folder/wrong.varlink"

fails usage "$folder/a.varlink" Do
fails 'No such file or directory' "$folder/none" Do outer
fails 'wrong.varlink:' "$folder/wrong.varlink" M a
fails 'no method "Undo"' "$folder/a.varlink" Undo outer
fails nothing "$folder/a.varlink" Do nothing

"$program" "$folder/a.varlink" Do outer >"$folder/a.json"
"$program" "$definition" Apply networks namespaces >"$folder/whole.json"
python3 - "$folder/a.json" "$folder/whole.json" <<'END'
import json, sys
schema, whole = [json.load(open(name)) for name in sys.argv[1:]]
assert list(schema["properties"]) == ["$schema", "outer"], schema
assert set(schema["$defs"]) == {"Outer", "Inner", "Kind"}, schema["$defs"].keys()
assert 'It is "outer".' in json.dumps(schema["properties"]).replace('\\"', '"'), schema["properties"]
outer = schema["$defs"]["Outer"]
assert outer["required"] == ["inner", "list", "kind"], outer["required"]
assert sorted(schema["$defs"]["Kind"]["enum"]) == ["one", "twoThree"]
assert set(whole["properties"]) == {"$schema", "networks", "namespaces"}
assert "Attachment" in whole["$defs"]
END
echo "idl_schema: refusals and schemas are as they should be"
