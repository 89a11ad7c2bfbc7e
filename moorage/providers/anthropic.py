"""Anthropic's Messages API: typed events, cumulative usage, no `[DONE]`; own code, no SDK (ADR 0019).

Thinking is shown and never sent back: a block of thinking is bound to what came before it, and another model, another
key or an edited question would make it a refusal.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

import orjson

from moorage.egress.door import Line, Outbound
from moorage.egress.urls import Endpoint
from moorage.errors import EndpointFailure
from moorage.providers.discovery import MAX_ID_CHARS, read_length
from moorage.providers.failures import find_refused_wish
from moorage.providers.listing import Listing, ListPage
from moorage.providers.protocol import Attached, ChatRequest, DiscoveredModel, End, ModelFacts, Quirks, Usage
from moorage.providers.reader import Hides, ReplyReader, below, hides_nothing, read_count
from moorage.providers.speaking import Patience, Refusal, ShapedTurn, Way, accept_of, base64_of, part_system
from moorage.providers.text import clean_label
from moorage.vault.secret import Secret

VERSION: Final = "2023-06-01"
# Every model of these years takes so many; a longer answer is nothing that anybody reads in one piece.
MAX_TOKENS: Final = 32_000
_UNKNOWN_MAX_TOKENS: Final = 8192
# About 2,000 tokens: below the least that is cached of most models, a mark does nothing.
CACHE_FROM_CHARS: Final = 8000
_PAGE_MODELS: Final = 1000
_BAD_REQUEST: Final = 400
_WANTED: Final = frozenset({"tool_use"})
_RAN: Final = frozenset({"server_tool_use", "mcp_tool_use"})
_COUNTS: Final = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")
_OWN_LIMIT: Final = re.compile(rb"max_tokens: \d{1,9} > (\d{1,9})")


class MessageReader(ReplyReader):
    """Reads the events of one message."""

    def __init__(self, model: str, hides: Hides = hides_nothing) -> None:
        super().__init__(model, hides)
        self._counts: dict[str, int] = {}
        self._thinking_tokens: int | None = None
        self._is_too_long = False

    @property
    def usage(self) -> Usage | None:
        """What has been reported by now: the whole prompt, whether it was read anew, from a cache or into one."""
        counts = self._counts
        if not counts:
            return None
        parts = [counts[name] for name in _COUNTS[:3] if name in counts]
        return Usage(
            sum(parts) if parts else None,
            counts.get("output_tokens"),
            cached=counts.get("cache_read_input_tokens"),
            reasoning=self._thinking_tokens,
        )

    def end(self) -> End:
        """Give the End; a prompt that left no room for an answer is named as one. Raises as the others."""
        if self._is_too_long and not self._has_text and self.failure is None:
            raise self.break_off(EndpointFailure("context_too_long", model=self._model))
        return super().end()

    def _read_payloads(self, payloads: list[bytes]) -> None:
        """The hot loop: an ordinary piece of text or thinking costs one parse and a few look-ups."""
        loads, add_text, add_reasoning = orjson.loads, self._texts.append, self._reasonings.append
        for payload in payloads:
            if not self.wants_more():
                return
            event, piece, add = None, None, add_text
            try:
                event = loads(payload)
                if event["type"] == "content_block_delta":
                    delta = event["delta"]
                    kind = delta["type"]
                    if kind == "text_delta":
                        piece = delta["text"]
                    elif kind == "thinking_delta":
                        piece, add = delta["thinking"], add_reasoning
            except (ValueError, KeyError, TypeError):
                piece = None
            if type(piece) is str:
                add(piece)
                self._events += 1
                self._uncounted_chunks += 1
            else:
                self._read_rare(payload, event)

    def _read_event(self, event: Mapping[str, object]) -> None:
        kind = event.get("type")
        if kind == "message_start":
            message = below(event, "message")
            self._note_labels(message.get("model"), message.get("id"))
            # How many tokens were written is only known at the end: here it says 1 or so.
            self._note_usage({**below(message, "usage"), "output_tokens": None})
        elif kind == "content_block_start":
            self._read_block(event.get("index"), below(event, "content_block"))
        elif kind == "content_block_delta":
            self._read_piece(event.get("index"), below(event, "delta"))
        elif kind == "message_delta":
            self._note_usage(below(event, "usage"))
            self._note_stop(below(event, "delta"))
        elif kind == "message_stop":
            self.is_done = True
        elif kind == "error" or event.get("error"):
            self._fail(event)

    def _read_document(self, document: object) -> bool:
        if not isinstance(document, Mapping):
            return False
        content = document.get("content")
        if document.get("type") == "error" or document.get("error"):
            self._fail(document)
        if not isinstance(content, list):
            return False
        self._events += 1
        self._uncounted_chunks += 1
        self._note_labels(document.get("model"), document.get("id"))
        for place, block in enumerate(content):
            self._read_block(place, block if isinstance(block, Mapping) else {})
        self._note_usage(below(document, "usage"))
        self._note_stop(document)
        self.finish_reason = self.finish_reason or "stop"
        return True

    def _read_block(self, place: object, block: Mapping[str, object]) -> None:
        kind = block.get("type")
        if kind in _WANTED or kind in _RAN:
            arguments, ran = block.get("input"), kind in _RAN
            name, call_id = block.get("name"), block.get("id")
            self._chars += self._beside.call(place, call_id=call_id, name=name, arguments=arguments, ran=ran)
        citations = block.get("citations")
        for citation in citations if isinstance(citations, list) else ():
            self._cite(citation)
        self._read_words(block)

    def _read_piece(self, place: object, delta: Mapping[str, object]) -> None:
        kind = delta.get("type")
        if kind == "input_json_delta":
            self._chars += self._beside.call(place, arguments=delta.get("partial_json"))
        elif kind == "citations_delta":
            self._cite(delta.get("citation"))
        else:
            # One that the hot loop could not parse: half of a character, or broken UTF-8.
            self._read_words(delta)

    def _read_words(self, holder: Mapping[str, object]) -> None:
        for name, pieces in (("text", self._texts), ("thinking", self._reasonings)):
            piece = holder.get(name)
            if isinstance(piece, str):
                pieces.append(piece)

    def _cite(self, citation: object) -> None:
        if isinstance(citation, Mapping):
            # `source` is the address of what a search of the asker's own found.
            self._beside.cite(citation.get("url") or citation.get("source"), citation.get("title"))

    def _note_stop(self, holder: Mapping[str, object]) -> None:
        stated = holder.get("stop_reason")
        self._note_finish(stated)
        self._is_too_long = stated == "model_context_window_exceeded"

    def _note_usage(self, usage: Mapping[str, object]) -> None:
        for name in _COUNTS:
            count = read_count(usage.get(name))
            if count is not None:
                self._counts[name] = count
        thinking = read_count(below(usage, "output_tokens_details").get("thinking_tokens"))
        if thinking is not None:
            self._thinking_tokens = thinking


class Anthropic(Listing):
    """Claude, at its maker's or behind the same protocol."""

    def __init__(
        self,
        line: Line,
        endpoint: Endpoint,
        key: Secret | None,
        facts: ModelFacts = ModelFacts(),  # noqa: B008 - frozen
        quirks: Quirks = Quirks(),  # noqa: B008 - frozen
        patience: Patience = Patience(),  # noqa: B008 - frozen
    ) -> None:
        super().__init__(line, endpoint, key, quirks, patience)
        self._facts = facts

    def _headers(self, accept: str) -> Mapping[str, Secret | str]:
        headers: dict[str, Secret | str] = {"accept": accept, "anthropic-version": VERSION}
        if self._key is not None:
            headers["x-api-key"] = self._key
        return headers

    def _prepare_chat(self, request: ChatRequest, way: Way) -> Outbound:
        system, turns = part_system(request.turns)
        body: dict[str, object] = {
            "model": request.model,
            "max_tokens": self._max_tokens(request, way.quirks),
            "messages": _messages(system, turns),
        }
        if system:
            body["system"] = system
        if request.stream:
            body["stream"] = True
        if way.quirks.takes_thinking and self._facts.thinking != "unset":
            shows = self._facts.thinking == "summarized"
            body["thinking"] = {"type": "adaptive", "display": "summarized"} if shows else {"type": "disabled"}
        return self._ask_for_words(f"{way.endpoint.path}/messages", {}, self._headers(accept_of(request)), body)

    def _max_tokens(self, request: ChatRequest, quirks: Quirks) -> int:
        limits = [MAX_TOKENS, self._facts.max_output or _UNKNOWN_MAX_TOKENS, quirks.max_output, request.max_tokens]
        return max(1, min(limit for limit in limits if limit is not None))

    def _reader(self, request: ChatRequest) -> MessageReader:
        return MessageReader(request.model, self._veil.hides)

    def _adjust(self, refusal: Refusal, request: ChatRequest, way: Way, tried: set[str]) -> Way | None:
        endpoint, quirks = way
        own_limit = _OWN_LIMIT.search(refusal.body) if refusal.status == _BAD_REQUEST else None
        if own_limit is not None and 0 < int(own_limit[1]) < self._max_tokens(request, quirks) and "limit" not in tried:
            tried.add("limit")
            return Way(endpoint, replace(quirks, max_output=int(own_limit[1])))
        has_wish = quirks.takes_thinking and self._facts.thinking != "unset"
        if has_wish and "thinking" not in tried and find_refused_wish(refusal.status, refusal.body):
            tried.add("thinking")
            return Way(endpoint, replace(quirks, takes_thinking=False))
        return None

    def _ask_for_page(self, after: str | None) -> Outbound:
        query = {"limit": str(_PAGE_MODELS)} | ({} if after is None else {"after_id": after})
        return self._ask_for_list(f"{self._endpoint.path}/models", query, self._headers("application/json"))

    def _read_page(self, document: Mapping[str, object]) -> ListPage | None:
        entries = document.get("data")
        if not isinstance(entries, list):
            return None
        after = clean_label(document.get("last_id"), max_chars=MAX_ID_CHARS) if document.get("has_more") else None
        return ListPage([entry for entry in entries if isinstance(entry, Mapping)], after)

    def _read_model(self, entry: Mapping[str, object]) -> DiscoveredModel | None:
        model_id = clean_label(entry.get("id"), max_chars=MAX_ID_CHARS)
        if model_id is None:
            return None
        takes = below(entry, "capabilities")
        inputs = ["text"]
        inputs += ["image"] if below(takes, "image_input").get("supported") is True else []
        inputs += ["file"] if below(takes, "pdf_input").get("supported") is True else []
        return DiscoveredModel(
            model_id,
            clean_label(entry.get("display_name"), max_chars=MAX_ID_CHARS) or model_id,
            read_length(entry.get("max_input_tokens")),
            tuple(inputs),
            max_output=read_length(entry.get("max_tokens")),
            retires_on=_read_day(entry.get("retires_at")),
            is_retired=entry.get("lifecycle") == "retired",
        )


def _messages(system: str, turns: Sequence[ShapedTurn]) -> list[dict[str, object]]:
    """Write the turns; in a long prompt the last one is marked, so that the next question finds all of it cached."""
    messages: list[dict[str, object]] = [{"role": turn.role, "content": _content_of(turn)} for turn in turns]
    is_long = any(turn.attached for turn in turns) or len(system) + sum(len(turn.text) for turn in turns) >= (
        CACHE_FROM_CHARS
    )
    if messages and is_long:
        blocks = _blocks_of(turns[-1])
        blocks[-1]["cache_control"] = {"type": "ephemeral"}
        messages[-1] = {"role": turns[-1].role, "content": blocks}
    return messages


def _content_of(turn: ShapedTurn) -> str | list[dict[str, object]]:
    return _blocks_of(turn) if turn.attached else turn.text


def _blocks_of(turn: ShapedTurn) -> list[dict[str, object]]:
    """Write a turn as blocks: what is attached first, as its maker advises, then the text, which may not be empty."""
    blocks = [_block_of(one) for one in turn.attached]
    return [*blocks, {"type": "text", "text": turn.text}] if turn.text.strip() else blocks


def _block_of(one: Attached) -> dict[str, object]:
    source = {"type": "base64", "media_type": one.media_type, "data": base64_of(one)}
    return {"type": "image", "source": source} if one.kind == "image" else {"type": "document", "source": source}


def _read_day(value: object) -> date | None:
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None
