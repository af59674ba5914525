"""Checks the served document by the rules of OpenAPI 3.1, and every example in it by its schema, patterns and formats included."""

import os
import sys

import jsonschema_rs
import requests
from openapi_spec_validator import validate

document = requests.get(f"{os.environ['CREATOR_AUDIT_URL']}/v2/openapi.json", timeout=30).json()
validate(document)


def resolved(value):
    while isinstance(value, dict) and "$ref" in value:
        target = document
        for part in value["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        value = target
    return value


def contents():
    for path, item in document["paths"].items():
        for method, operation in item.items():
            bodies = {"request": operation.get("requestBody", {}), **operation["responses"]}
            for status, body in bodies.items():
                for content in resolved(body).get("content", {}).values():
                    yield f"{method.upper()} {path} {status}", content
            for parameter in map(resolved, operation["parameters"]):
                yield f"{method.upper()} {path} {parameter['name']}", parameter


checked = 0
faults = []
for name, content in contents():
    schema = {"components": document["components"], **content["schema"]}
    examples = [resolved(example)["value"] for example in content.get("examples", {}).values()]
    examples += [content["example"]] if "example" in content else []
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    for example in examples:
        checked += 1
        faults += [f"{name}: {error.message}" for error in validator.iter_errors(example)]
print(f"The document is OpenAPI {document['openapi']}; {checked} examples looked at, {len(faults)} faults.")
sys.exit("\n".join(faults) or None)
