"""Model lists of every known shape, and of none."""

# ruff: noqa: E501 - recorded cases are easier to compare on one line

import pytest

from moorage.errors import EndpointFailure
from moorage.providers.discovery import MAX_MODELS, read_model_list
from moorage.providers.protocol import DiscoveredModel


def one(entry: object) -> DiscoveredModel:
    (model,) = read_model_list({"data": [entry]})
    return model


@pytest.mark.parametrize(
    ("entry", "context_length", "inputs"),
    [
        ({"id": "m"}, None, ("text",)),
        ({"id": "m", "max_model_len": 32768, "root": "r"}, 32768, ("text",)),
        ({"id": "m", "max_context_length": 131072, "capabilities": {"completion_chat": True, "vision": True}}, 131072, ("text", "image")),
        ({"id": "m", "mode": "chat", "max_input_tokens": 8192, "supports_vision": True}, 8192, ("text", "image")),
        ({"id": "m", "context_length": 200000, "architecture": {"input_modalities": ["image", "text", "smell"], "output_modalities": ["text"]}}, 200000, ("text", "image")),
        ({"id": "m", "top_provider": {"context_length": 4096}}, 4096, ("text",)),
        ({"id": "m", "meta": {"n_ctx_train": 2048}}, 2048, ("text",)),
        ({"id": "m", "meta": {"n_ctx_train": 131072, "n_ctx": 4096}}, 4096, ("text",)),
        ({"name": "m", "details": {"context_length": 40960}, "capabilities": ["completion", "vision"]}, 40960, ("text", "image")),
        ({"id": "m", "context_length": "many", "capabilities": None, "architecture": []}, None, ("text",)),
        ({"id": "m", "context_length": -1, "max_model_len": True}, None, ("text",)),
        ("m", None, ("text",)),
    ],
)  # fmt: skip
def test_facts_are_read_wherever_an_endpoint_puts_them(
    entry: object, context_length: int | None, inputs: tuple[str, ...]
) -> None:
    assert one(entry) == DiscoveredModel("m", "m", context_length, inputs)


@pytest.mark.parametrize(
    "entry",
    [
        {"id": "openai/*"},
        {"id": "e", "mode": "embedding"},
        {"id": "e", "capabilities": {"completion_chat": False}},
        {"id": "e", "architecture": {"output_modalities": ["image"]}},
        {"id": "two\nlines"},
        {"id": "turned\u202eround"},
        {"id": "x" * 201},
        {"id": 17},
        {"id": ""},
        {},
        None,
        17,
    ],
)
def test_what_plainly_cannot_chat_or_has_no_usable_id_is_left_out(entry: object) -> None:
    assert [model.id for model in read_model_list({"data": [entry, {"id": "good"}]})] == ["good"]


def test_a_name_is_cleaned_and_shortened() -> None:
    assert one({"id": "m", "name": "Fast\x00 \u202eModel" + "l" * 300}).name == "Fast Model" + "l" * 190


def test_duplicates_are_folded_and_the_list_is_bounded() -> None:
    data = [{"id": f"m{number // 2}"} for number in range(3 * MAX_MODELS)]
    found = read_model_list(data)
    assert len(found) == len({model.id for model in found}) == MAX_MODELS


@pytest.mark.parametrize("document", [{"data": []}, {"models": []}, [], {"object": "list", "data": None}])
def test_an_empty_list_is_a_list(document: object) -> None:
    assert read_model_list(document) == []


@pytest.mark.parametrize("document", [None, "models", 17, {}, {"error": "x"}, {"data": {"id": "m"}}])
def test_what_is_no_list_is_not_taken_for_one(document: object) -> None:
    with pytest.raises(EndpointFailure, match="not_api"):
        read_model_list(document)
