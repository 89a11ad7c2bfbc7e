"""Good values for every input of the API's own document, so that a refusal is never only about a malformed body.

A new field gets a value by its type. One that means more than its type says needs a line in GOOD.
"""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

Document = dict[str, Any]
GOOD: Mapping[str, Any] = {
    "email": "somebody@example.com",
    "password": "a long enough pass phrase",
    "base_url": "https://localhost:9/v1",
    "key_expires_on": "2030-01-01",
    "model_ref": "scripted:demo",
    "model_refs": ["scripted:demo", "scripted:demo"],
    "target_ref": "scripted:demo",
    "tls": None,
    "parent_id": None,
    "conversation_id": None,
    "attachments": [],
    "test_id": None,
    "maintainer_id": None,
    "from_day": "2026-01-01",
    "to_day": "2030-01-01",
    "from_at": "2026-01-01T00:00:00Z",
    "until_at": "2030-01-01T00:00:00Z",
    "ends_at": "2030-01-01T00:00:00Z",
    "signed_on": "2026-01-01",
    "expires_on": "2030-01-01",
    "since": "2026-01-01T00:00:00Z",
    "until": "2030-01-01T00:00:00Z",
    "undertaking": None,
    "zone_since": None,
    "typed_name": "not the name of this team",
    "context_length": 32768,
    "provider": "openai_compatible",
    "streaming": "any",
    "currency": "EUR",
    "per_million_in": "0.15",
    "per_million_out": "0.6",
}


class NoSampleError(AssertionError):
    """A field that needs a line in GOOD."""


def operations(document: Document) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Walk method, path and operation of the whole document."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def resolve(document: Document, schema: dict[str, Any]) -> dict[str, Any]:
    """Follow a $ref."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return schema


def body_schema(document: Document, operation: dict[str, Any]) -> dict[str, Any] | None:
    """Give the schema of an operation's JSON body, None if it takes none."""
    content = operation.get("requestBody", {}).get("content", {})
    return resolve(document, content["application/json"]["schema"]) if "application/json" in content else None


def body_of(document: Document, operation: dict[str, Any]) -> dict[str, Any] | None:
    """Make a good body with all fields. Raises NoSampleError for a field nobody could guess."""
    schema = body_schema(document, operation)
    return None if schema is None else _object(document, schema)


def ids_in(document: Document, schema: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Give the paths of the fields that hold an object's id: `format: uuid`, wherever it is nested."""
    for name, raw in resolve(document, schema).get("properties", {}).items():
        for option in _options(document, raw):
            if option.get("format") == "uuid":
                yield (*path, name)
            elif option.get("type") == "array":
                item = resolve(document, option["items"])
                if item.get("format") == "uuid":
                    yield (*path, name, "0")
                yield from ids_in(document, item, (*path, name, "0"))
            elif option.get("properties"):
                yield from ids_in(document, option, (*path, name))


def _object(document: Document, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        name: GOOD[name] if name in GOOD else _value(document, name, raw)
        for name, raw in schema.get("properties", {}).items()
    }


def _value(document: Document, name: str, raw: dict[str, Any]) -> Any:
    nothing: dict[str, Any] = {"type": "null"}
    schema = next((one for one in _options(document, raw) if one.get("type") != "null"), nothing)
    kind = schema.get("type")
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[-1])
    if kind == "object":
        return _object(document, schema)
    if kind == "array":
        return [_value(document, name, schema["items"])]
    if kind == "string":
        return _text(name, schema)
    simple = {"boolean": True, "integer": schema.get("minimum", 1), "number": schema.get("minimum", 1), "null": None}
    if kind not in simple:
        raise NoSampleError(f"add a good value for {name!r} to GOOD in tests/support/samples.py: {schema}")
    return simple[kind]


def _text(name: str, schema: dict[str, Any]) -> str:
    if schema.get("format") == "uuid":
        return str(uuid.uuid4())
    if "pattern" in schema or schema.get("format") is not None:
        raise NoSampleError(f"add a good value for {name!r} to GOOD in tests/support/samples.py: {schema}")
    return "sample".ljust(schema.get("minLength", 1), "x")[: schema.get("maxLength", 20)]


def _options(document: Document, raw: dict[str, Any]) -> list[dict[str, Any]]:
    schema = resolve(document, raw)
    return [resolve(document, option) for option in schema.get("anyOf", schema.get("oneOf", [schema]))]
