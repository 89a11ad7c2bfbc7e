"""Ollama behind a proxy: chat completions, what its own API says of each model, and the window that it cuts to.

A longer conversation is cut at its beginning, and the answer says nothing of it; the counts do (`End.read_tokens`).
The window can't be asked for in a request: it is set on the server, so it is shown as it is there.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

import orjson

from moorage.egress.door import Line
from moorage.egress.urls import Endpoint
from moorage.errors import EndpointFailure
from moorage.providers.discovery import read_length
from moorage.providers.failures import read_json
from moorage.providers.openai_compatible import OpenAICompatible
from moorage.providers.protocol import ChatRequest, Delta, DiscoveredModel, End, ModelFacts, Quirks
from moorage.providers.reader import below
from moorage.providers.speaking import GOOD, Patience
from moorage.vault.secret import Secret

# The first word waits until the model is loaded, which takes minutes for a large one.
PATIENCE: Final = Patience(first_byte_timeout_s=600.0)
MAX_ASKED: Final = 100
_AT_ONCE: Final = 4
_DEADLINE_S: Final = 20.0
# A licence and a template are in it, no weights; a hundred of these are read, each at once.
_MAX_TOLD_BYTES: Final = 2 * 1024 * 1024
# Prose has four to five characters a token, code and other scripts fewer. What has more of them was not read whole;
# a known window needs less of a margin than a count alone.
_CHARS_PER_TOKEN: Final = 7
_CHARS_PER_WINDOW: Final = 6
_SHORT_CHARS: Final = 4096
# What a server is set to, when nobody says: a conversation that ends exactly there has reached it.
_USUAL_WINDOWS: Final = frozenset({2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144})
_NUM_CTX: Final = re.compile(r"^num_ctx\s+(\d{1,9})\s*$", re.MULTILINE)
_ABILITIES: Final = {"tools": "tools", "thinking": "reasoning"}


@dataclass(frozen=True, slots=True)
class _Shown:
    """What `/api/show` says of a model."""

    can_chat: bool
    inputs: tuple[str, ...]
    abilities: tuple[str, ...]
    trained_context: int | None
    window: int | None
    is_remote: bool


class Ollama(OpenAICompatible):
    """One Ollama server, with a bearer token on every call, listing included."""

    def __init__(
        self,
        line: Line,
        endpoint: Endpoint,
        key: Secret | None,
        facts: ModelFacts = ModelFacts(),  # noqa: B008 - frozen
        quirks: Quirks = Quirks(),  # noqa: B008 - frozen
        patience: Patience = PATIENCE,
    ) -> None:
        super().__init__(line, endpoint, key, quirks, patience)
        self._window = facts.window

    async def list_models(self) -> list[DiscoveredModel]:
        """Ask for the models, then for each one's window and abilities, where the proxy lets that through."""
        models = await super().list_models()
        shown, loaded = await self._show([model.id for model in models[:MAX_ASKED]])
        told = (_tell(model, shown.get(model.id), loaded.get(model.id)) for model in models)
        return [model for model in told if model is not None]

    async def reply(self, request: ChatRequest) -> AsyncGenerator[Delta | End, None]:
        """Stream one reply; its End says if only a part of the conversation was read. Raises as the others."""
        chars = _count(turn.text for turn in request.turns)
        reply = super().reply(request)
        request = replace(request, turns=())  # as the reply does once it was sent
        async with contextlib.aclosing(reply) as items:
            async for item in items:
                if isinstance(item, End) and _was_cut(chars, request, item, self._window):
                    yield replace(item, read_tokens=item.usage.tokens_in if item.usage else None)
                else:
                    yield item

    async def _show(self, ids: list[str]) -> tuple[Mapping[str, _Shown], Mapping[str, int]]:
        """Ask about each model; of the first that is not told, it is taken that the proxy tells of none."""
        shown: dict[str, _Shown] = {}
        loaded: Mapping[str, int] = {}
        turns = asyncio.Semaphore(_AT_ONCE)

        async def ask(model_id: str) -> None:
            async with turns:
                found = await self._show_one(model_id)
            if found is not None:
                shown[model_id] = found

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DEADLINE_S):
                for model_id in ids[:1]:
                    await ask(model_id)
                if shown:
                    await asyncio.gather(*(ask(model_id) for model_id in ids[1:]))
                loaded = _read_loaded(await self._ask("GET", "ps", None)) if ids else {}
        return shown, loaded

    async def _show_one(self, model_id: str) -> _Shown | None:
        document = await self._ask("POST", "show", {"model": model_id})
        return None if document is None else _read_shown(document)

    async def _ask(
        self, method: Literal["GET", "POST"], act: str, body: Mapping[str, str] | None
    ) -> Mapping[str, object] | None:
        """Ask Ollama's own API; None for anything but an answer: what it would have said is a help, no need."""
        root = self._endpoint.path.removesuffix("/v1")
        with contextlib.suppress(EndpointFailure):
            asked = self._ask_for_list(f"{root}/api/{act}", {}, self._headers("application/json"))
            sent = None if body is None else orjson.dumps(body)
            outbound = replace(asked, method=method, body=sent, max_body_bytes=_MAX_TOLD_BYTES)
            answer = await self._line.fetch(outbound)
            document = read_json(answer.body) if answer.status in GOOD else None
            return document if isinstance(document, Mapping) else None
        return None


def _read_shown(document: Mapping[str, object]) -> _Shown | None:
    capabilities = document.get("capabilities")
    stated = [one for one in capabilities if isinstance(one, str)] if isinstance(capabilities, list) else None
    info = below(document, "model_info")
    family = info.get("general.architecture")
    parameters = document.get("parameters")
    set_window = _NUM_CTX.search(parameters) if isinstance(parameters, str) else None
    if stated is None and not info:
        return None
    return _Shown(
        can_chat=stated is None or "completion" in stated,
        inputs=("text", "image") if stated is not None and "vision" in stated else ("text",),
        abilities=tuple(ours for theirs, ours in _ABILITIES.items() if theirs in (stated or ())),
        trained_context=read_length(info.get(f"{family}.context_length")),
        window=read_length(int(set_window[1])) if set_window else None,
        is_remote=bool(document.get("remote_host")),
    )


def _read_loaded(document: Mapping[str, object] | None) -> Mapping[str, int]:
    """Read the windows of the models that are loaded now, by id."""
    entries = (document or {}).get("models")
    found: dict[str, int] = {}
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, Mapping):
            continue
        name, window = entry.get("model") or entry.get("name"), read_length(entry.get("context_length"))
        if isinstance(name, str) and window is not None:
            found[name] = window
    return found


def _tell(model: DiscoveredModel, shown: _Shown | None, loaded: int | None) -> DiscoveredModel | None:
    """Put together what is known; None for a model that can't chat. A window that nobody tells is not known."""
    if shown is None:
        return model if loaded is None else replace(model, context_length=loaded)
    if not shown.can_chat:
        return None
    return replace(
        model,
        context_length=loaded or shown.window,
        trained_context=shown.trained_context,
        inputs=shown.inputs,
        abilities=shown.abilities,
        is_remote=shown.is_remote,
    )


def _was_cut(chars: int, request: ChatRequest, end: End, window: int | None) -> bool:
    """Whether the counts tell that the conversation, of `chars` letters, was longer than what was read of it."""
    read = end.usage.tokens_in if end.usage is not None else None
    if end.usage is None or not read:
        return False
    if chars > _SHORT_CHARS and chars > read * _CHARS_PER_TOKEN:
        return True
    whole = read + (end.usage.tokens_out or 0)
    if window is not None:
        return whole >= window or chars > window * _CHARS_PER_WINDOW
    return end.finish_reason == "length" and request.max_tokens is None and whole in _USUAL_WINDOWS


def _count(texts: Iterable[str]) -> int:
    return sum(len(text) for text in texts)
