"""Reads model lists of any known shape into DiscoveredModels; leaves out what plainly can't chat."""

from collections.abc import Iterator, Mapping
from typing import Final

from moorage.errors import EndpointFailure
from moorage.providers.protocol import DiscoveredModel
from moorage.providers.reader import below
from moorage.providers.text import clean_label

MAX_MODELS: Final = 5000
MAX_ID_CHARS: Final = 200
_MAX_CONTEXT: Final = 1_000_000_000
# llama.cpp states both the window that it gives (n_ctx) and the larger one that the model was trained for.
_CONTEXT_FIELDS: Final = (
    "context_length", "max_model_len", "max_context_length", "max_input_tokens", "context_window",
    "n_ctx", "n_ctx_train",
)  # fmt: skip
_CHAT_MODES: Final = frozenset({"chat", "completion", "responses"})
_KNOWN_INPUTS: Final = ("text", "image", "audio", "video", "file")


def read_model_list(document: object) -> list[DiscoveredModel]:
    """Read `{"data": […]}`, `{"models": […]}` or a bare list, in its order, without duplicates, 5000 at most.

    Raises EndpointFailure("not_api") if the document is no list of models.
    """
    entries: object = document
    if isinstance(document, dict):
        entries = next((document[name] for name in ("data", "models") if name in document), None)
        if entries is None and "data" in document:
            entries = []
    if not isinstance(entries, list):
        raise EndpointFailure("not_api")
    found: dict[str, DiscoveredModel] = {}
    for model in _read_entries(entries):
        found.setdefault(model.id, model)
        if len(found) >= MAX_MODELS:
            break
    return list(found.values())


def _read_entries(entries: list[object]) -> Iterator[DiscoveredModel]:
    for entry in entries:
        facts: Mapping[str, object] = (
            {"id": entry} if isinstance(entry, str) else entry if isinstance(entry, dict) else {}
        )
        stated = facts.get("id") or facts.get("model") or facts.get("name")
        model_id = clean_label(stated, max_chars=MAX_ID_CHARS)
        # An id that had to be cleaned would not work; `openai/*` is a gateway's rule, not a model.
        if model_id is None or model_id != stated or "*" in model_id or not _may_chat(facts):
            continue
        name = clean_label(facts.get("name"), max_chars=MAX_ID_CHARS) or model_id
        yield DiscoveredModel(model_id, name, _find_context(facts), _find_inputs(facts))


def _may_chat(facts: Mapping[str, object]) -> bool:
    mode = facts.get("mode")
    if isinstance(mode, str) and mode not in _CHAT_MODES:
        return False
    outputs = below(facts, "architecture").get("output_modalities")
    if isinstance(outputs, list) and outputs and "text" not in outputs:
        return False
    return below(facts, "capabilities").get("completion_chat") is not False


def _find_context(facts: Mapping[str, object]) -> int | None:
    for place in (facts, below(facts, "top_provider"), below(facts, "meta"), below(facts, "details")):
        for name in _CONTEXT_FIELDS:
            length = read_length(place.get(name))
            if length is not None:
                return length
    return None


def read_length(value: object) -> int | None:
    """Read a length in tokens, 1 to 1e9; None for anything else."""
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 < value <= _MAX_CONTEXT else None


def _find_inputs(facts: Mapping[str, object]) -> tuple[str, ...]:
    stated = below(facts, "architecture").get("input_modalities")
    if isinstance(stated, list):
        return tuple(name for name in _KNOWN_INPUTS if name in stated) or ("text",)
    capabilities = facts.get("capabilities")
    sees = (
        facts.get("supports_vision") is True
        or below(facts, "capabilities").get("vision") is True
        or (isinstance(capabilities, list) and "vision" in capabilities)
    )
    return ("text", "image") if sees else ("text",)
