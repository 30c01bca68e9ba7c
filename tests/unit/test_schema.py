#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_schema - the schema of topologies says what the interface says, and takes the manual's example and nothing wrong
#
#     test_schema.py DEFINITION SCHEMA MANUAL IDL_SCHEMA
import json
import re
import subprocess
import sys

definition, schema_path, manual, program = sys.argv[1:]
text = open(definition).read()
schema = json.load(open(schema_path))
failures = []


def check(what, got, wanted):
    if got != wanted:
        failures.append(f"{what}: wanted {wanted}, got {got}")


def fields_of(body):
    """Name, type and comment of each field, read from the text by means of this test's own."""
    comment = []
    for line in body.splitlines():
        line = line.strip()
        if line.startswith("#"):
            comment.append(line.lstrip("#").strip())
            continue
        for name, type in re.findall(r"(\w+): ([\w?\[\]]+)", line):
            yield name, type, " ".join(comment) or None
            comment = []


def wanted_type(type):
    if type.startswith("?"):
        return {"anyOf": [{"type": "null"}, wanted_type(type[1:])]}
    if type.startswith("[string]"):
        return {"type": "object", "additionalProperties": wanted_type(type[8:])}
    if type.startswith("[]"):
        return {"type": "array", "items": wanted_type(type[2:])}
    plain = {"bool": "boolean", "int": "integer", "string": "string"}
    return {"type": plain[type]} if type in plain else {"$ref": "#/$defs/" + type}


def check_fields(name, body, properties):
    for field, type, comment in fields_of(body):
        got = dict(properties.get(field, {}))
        check(f"description of {name}.{field}", got.pop("description", None), comment)
        check(f"type of {name}.{field}", got, wanted_type(type))


seen, wanted = set(), ["NetworkContext", "NamespaceContext"]
while wanted:
    name = wanted.pop()
    if name in seen:
        continue
    seen.add(name)
    comment, body = re.search(rf"((?:^#[^\n]*\n)*)^type {name} \((.*?)\)$", text, re.M | re.S).groups()
    got = schema["$defs"][name]
    if ":" not in re.sub(r"#.*", "", body):
        check(f"values of {name}", got["enum"], re.findall(r"\w+", re.sub(r"#.*", "", body)))
        continue
    fields = list(fields_of(body))
    comment = " ".join(line.lstrip("#").strip() for line in comment.splitlines()) or None
    check(f"description of {name}", got.get("description"), comment)
    check(f"fields of {name}", list(got["properties"]), [field for field, _, _ in fields])
    check(f"what {name} requires", got["required"], [field for field, type, _ in fields if not type.startswith("?")])
    check(f"others of {name}", got["additionalProperties"], False)
    check_fields(name, body, got["properties"])
    wanted += [t for _, type, _ in fields if (t := re.sub(r"\?|\[\w*\]", "", type))[0].isupper()]
check("types", set(schema["$defs"]), seen)
check("the least of fields", sum(len(d.get("properties", {})) for d in schema["$defs"].values()) > 30, True)
check("what there is to be", list(schema["properties"]), ["$schema", "networks", "namespaces"])


def is_valid(value, rule):
    """As much of JSON Schema as the schema has."""
    if "$ref" in rule:
        return is_valid(value, schema["$defs"][rule["$ref"].rpartition("/")[2]])
    if "anyOf" in rule:
        return any(is_valid(value, each) for each in rule["anyOf"])
    if "enum" in rule:
        return value in rule["enum"]
    type = rule["type"]
    if type == "object":
        if not isinstance(value, dict) or not set(rule.get("required", [])) <= set(value):
            return False
        others, known = rule["additionalProperties"], rule.get("properties", {})
        return all(is_valid(v, known.get(k, others)) if k in known or others else False for k, v in value.items())
    if type == "array":
        return isinstance(value, list) and all(is_valid(each, rule["items"]) for each in value)
    if type == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, {"null": type_of_null, "boolean": bool, "string": str}[type])


type_of_null = type(None)
example = re.search(r"^\.Bd -literal\n(.*?)^\.Ed", open(manual).read(), re.M | re.S).group(1)
check("the manual's example", is_valid(json.loads(example), schema), True)
for wrong in (
    '{"prune": true}',
    '{"networks": {"a": {"gatways": []}}}',
    '{"networks": {"a": {"reach": "far"}}}',
    '{"networks": []}',
    '{"namespaces": {"a": {"attachments": [{}]}}}',
    '{"namespaces": {"a": {"ports": [{"protocol": "tcp", "namespacePort": "80"}]}}}',
    '{"namespaces": {"a": {"persistent": 1}}}',
    '{"namespaces": {"a": {"links": [null]}}}',
):
    check(wrong, is_valid(json.loads(wrong), schema), False)
try:
    import jsonschema

    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(json.loads(example))
except ImportError:
    pass

for arguments in ([], [definition], [definition, "Nothing", "x"], [definition, "Apply", "absent"], ["/absent", "Apply", "x"]):
    check(f"idl_schema {arguments}", subprocess.run([program, *arguments], capture_output=True).returncode, 1)

print("\n".join(failures) or f"schema: {len(seen)} types are as the interface has them")
sys.exit(bool(failures))
