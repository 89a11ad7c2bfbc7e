"""P12: no shape of any answer can hold a key, a password or an address; what sounds like one is explained by name."""

import json
from typing import Any

import pytest

from tests.canary.shapes import (
    DOUBTFUL,
    FREE_FORMS,
    TEXTS,
    UNSHAPED,
    answer_shapes,
    input_shapes,
    judge,
    sounds_secret,
)
from tests.support.codebase import ROOT
from tests.support.samples import Document


@pytest.fixture
def document() -> Document:
    """Give the document; tests/house holds it equal to the app's own."""
    read: Document = json.loads((ROOT / "web" / "openapi.json").read_text(encoding="utf-8"))
    return read


def test_no_answer_has_a_field_for_a_secret_or_an_address(document: Document) -> None:
    assert judge(document).wrong == []


def test_every_line_of_the_tables_is_needed(document: Document) -> None:
    used = judge(document).used
    assert sorted({*DOUBTFUL, *FREE_FORMS, *TEXTS, *UNSHAPED} - used) == [], "lines about fields that are gone"


def test_what_goes_in_never_comes_out(document: Document) -> None:
    """The shape of an input is never the shape of an answer, nor a part of one."""
    inputs, answers = input_shapes(document), answer_shapes(document)
    assert sorted(inputs.keys() & answers.keys()) == []
    with_secrets = {name for name, shape in inputs.items() if any(sounds_secret(one) for one in shape["properties"])}
    assert {"SignIn", "SignUp", "ConnectionMake", "EndpointReplace", "TestRequest", "TlsInput"} <= with_secrets


def test_the_events_of_streams_are_judged_too(document: Document) -> None:
    shapes = answer_shapes(document)
    assert {"StageView", "TestFinished", "SnapshotEvent", "DeltaEvent", "EndEvent", "ProblemBody", "Problem"} <= set(
        shapes
    )


TEXT: dict[str, Any] = {"type": "string"}


@pytest.mark.parametrize(
    ("name", "field", "complaint"),
    [
        ("api_key", TEXT, "sounds like"),
        ("base_url", TEXT, "sounds like"),
        ("host", {"enum": ["a"], "type": "string"}, "sounds like"),
        ("remark", TEXT, "a text nobody knows"),
        ("remarks", {"type": "array", "items": TEXT}, "a text nobody knows"),
        ("remark", {"anyOf": [TEXT, {"type": "null"}]}, "a text nobody knows"),
        ("more", {"type": "object", "additionalProperties": True}, "a dictionary of anything"),
        ("more", {"type": "array", "items": {"type": "object"}}, "a dictionary of anything"),
        ("anything", {}, "may hold anything"),
    ],
)
@pytest.mark.parametrize("shape", ["ConnectionView", "StageView", "Problem", "EndEvent", "CertificateView"])
def test_a_planted_field_is_found_wherever_it_is(
    document: Document, shape: str, name: str, field: dict[str, Any], complaint: str
) -> None:
    document["components"]["schemas"][shape]["properties"][name] = field
    found = [line for line in judge(document).wrong if line.startswith(f"{shape}.{name}: ")]
    assert len(found) == 1
    assert complaint in found[0]


def test_a_planted_answer_without_a_shape_is_found(document: Document) -> None:
    document["paths"]["/api/export"] = {"get": {"responses": {"200": {"description": "a file"}}}}
    assert [line for line in judge(document).wrong if line.startswith("GET /api/export")] != []
