"""vector_schemas.py FOLDER: every vector file is as the schema that it names says; flags have notes."""

import json
import pathlib
import sys

import jsonschema

folder = pathlib.Path(sys.argv[1])
validator = {}
for path in (folder / "schemas").glob("*.schema.json"):
    schema = json.loads(path.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator[f"schemas/{path.name}"] = jsonschema.Draft202012Validator(schema)
files = sorted(folder.glob("*.json"))
for path in files:
    vectors = json.loads(path.read_text())
    for error in validator[vectors["schema"]].iter_errors(vectors):
        sys.exit(f"{path.name}: {list(error.path)}: {error.message[:300]}")
    tests = [test for group in vectors["groups"] for test in group["tests"]]
    if [test["id"] for test in tests] != list(range(1, vectors["tests"] + 1)):
        sys.exit(f"{path.name}: the numbers of its tests")
    if {flag for test in tests for flag in test["flags"]} != set(vectors["notes"]):
        sys.exit(f"{path.name}: its notes are not those of its flags")
print(f"{len(files)} files")
