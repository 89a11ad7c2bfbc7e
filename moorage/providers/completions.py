"""Reads chat completion events into Deltas and one End: one Delta for all that a network read brought.

A reply is complete with a finish reason, or with `[DONE]` after at least one event; everything else is a failure
with a name. The last `usage` that is not null wins, wherever it stands.
"""

import json
import math
from typing import Final

import orjson

from moorage.errors import EndpointFailure
from moorage.providers.events import EventSplitter
from moorage.providers.failures import classify_event
from moorage.providers.protocol import MAX_REPORTED_TOKENS, BrokenReply, Delta, End, Usage
from moorage.providers.text import SurrogateJoiner, ThinkSplitter, clean_label

MAX_ANSWER_CHARS: Final = 4 * 1024 * 1024
MAX_GARBAGE_EVENTS: Final = 20
_NO_CHOICE: Final[dict[str, object]] = {}


class CompletionReader:
    """Takes bytes, gives Deltas. Ask `failure` and `is_done` after each; call `finish` once at the end."""

    def __init__(self, model: str) -> None:
        self.failure: EndpointFailure | None = None
        self.is_done = False
        self.garbage_events = 0
        self.usage: Usage | None = None
        self.finish_reason: str | None = None
        self._model = model
        self._splitter = EventSplitter()
        self._think = ThinkSplitter()
        self._joiners: tuple[SurrogateJoiner, SurrogateJoiner] | None = None
        self._model_reported: str | None = None
        self._upstream_id: str | None = None
        self._events = 0
        self._uncounted_chunks = 0
        self._chars = 0
        self._has_text = False
        self._texts: list[str] = []
        self._reasonings: list[str] = []

    def wants_more(self) -> bool:
        """Whether there is a point in reading on."""
        return not self.is_done and self.failure is None

    @property
    def has_begun(self) -> bool:
        """Whether any readable event came."""
        return self._events > 0

    @property
    def is_complete(self) -> bool:
        """Whether the endpoint said that it was finished."""
        return self.finish_reason is not None or (self.is_done and self.has_begun)

    def feed(self, data: bytes) -> Delta | None:
        """Read what has arrived; None if it brought no text."""
        self._read_payloads(self._splitter.feed(data))
        self._check_splitter()
        return self._merge(is_last=False)

    def feed_document(self, document: object) -> Delta | None:
        """Read a whole answer that came as one JSON document instead of a stream."""
        if isinstance(document, dict):
            self._read_event(document)
            if self.failure is None and "choices" not in document:
                self.failure = EndpointFailure("not_api")
            self.finish_reason = self.finish_reason or "stop"
        else:
            self.failure = EndpointFailure("not_api")
        return self._merge(is_last=True)

    def finish(self) -> Delta | None:
        """Read what a missing line end had held back. To be called once, when nothing more will come."""
        if self.wants_more():
            self._read_payloads(self._splitter.finish())
            self._check_splitter()
        return self._merge(is_last=True)

    def end(self) -> End:
        """Give the End of a complete reply. Raises EndpointFailure (BrokenReply with the usage so far) otherwise."""
        if self.failure is not None:
            raise self.break_off(self.failure)
        if not self.is_complete:
            if self._events:
                raise self.break_off(EndpointFailure("cut_off"))
            unreadable = self.garbage_events or (self._splitter.stray_lines and not self.is_done)
            raise self.break_off(
                EndpointFailure("bad_stream") if unreadable else EndpointFailure("empty_answer", model=self._model)
            )
        if self.finish_reason == "error":
            raise self.break_off(EndpointFailure("midstream_error"))
        if not self._has_text and self.finish_reason == "content_filter":
            raise self.break_off(EndpointFailure("content_filtered"))
        if not self._has_text and self.finish_reason != "length":
            raise self.break_off(EndpointFailure("empty_answer", model=self._model))
        return End(self.finish_reason, self.usage, self._model_reported, self._upstream_id)

    def break_off(self, failure: EndpointFailure) -> BrokenReply:
        """Give the same failure with the usage that had been reported."""
        return BrokenReply(failure.code, usage=self.usage, **failure.params)

    def _check_splitter(self) -> None:
        if not self.wants_more():
            return
        if self._splitter.error is not None:
            payload = self._splitter.error
            self.failure = classify_event(_parse(payload) or payload.decode("utf-8", "replace"), model=self._model)
        elif self._splitter.is_overlong:
            self.failure = EndpointFailure("bad_stream")

    def _read_payloads(self, payloads: list[bytes]) -> None:
        """The hot loop: an ordinary content event costs one parse and a few dictionary look-ups."""
        loads, add_text = orjson.loads, self._texts.append
        for payload in payloads:
            if not self.wants_more():
                return
            event, content = None, ""
            try:
                event = loads(payload)
                (choice,) = event["choices"]
                delta = choice["delta"]
                content = delta["content"]
                is_ordinary = (
                    type(content) is str
                    and len(delta) == 1
                    and self._upstream_id is not None
                    and choice.get("finish_reason") is None
                    and event.get("usage") is None
                    and event.get("error") is None
                    and not choice.get("index")
                )
            except (ValueError, KeyError, TypeError, AttributeError):
                is_ordinary = False
            if is_ordinary:
                add_text(content)
                self._uncounted_chunks += 1
            else:
                self._read_rare(payload, event)

    def _read_rare(self, payload: bytes, event: object) -> None:
        if payload.strip() == b"[DONE]":
            self.is_done = True
            return
        if event is None:
            event = _parse(payload)
        if event is None and b"\n" in payload:
            # Some servers forget the blank line between events; each line then is an event of its own.
            for line in payload.split(b"\n"):
                if line and self.wants_more():
                    self._read_rare(line, None)
            return
        if isinstance(event, dict):
            self._read_event(event)
            return
        self.garbage_events += 1
        if self.garbage_events > MAX_GARBAGE_EVENTS:
            self.failure = EndpointFailure("bad_stream")

    def _read_event(self, event: dict[str, object]) -> None:
        self._events += 1
        self._uncounted_chunks += 1
        usage = _read_usage(event.get("usage"))
        if usage is not None:
            self.usage = usage
        self._model_reported = self._model_reported or clean_label(event.get("model"), max_chars=200)
        self._upstream_id = self._upstream_id or clean_label(event.get("id"), max_chars=200)
        choices = event.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict) and not choice.get("index"):
                self._read_choice(choice)
        # `error` may be an object, a string, or the whole event; `null` and `""` are how some say that all is well.
        is_error = event.get("object") == "error" or event.get("type") == "error"
        if event.get("error") or is_error:
            self.failure = classify_event(event, model=self._model)

    def _read_choice(self, choice: dict[str, object]) -> None:
        reason = clean_label(choice.get("finish_reason"), max_chars=40)
        if reason is not None:
            self.finish_reason = reason
        message = choice.get("delta") or choice.get("message") or _NO_CHOICE
        if not isinstance(message, dict):
            return
        self._read_content(message.get("content"))
        for name in ("reasoning", "reasoning_content"):
            value = message.get(name)
            if isinstance(value, str) and value:
                self._reasonings.append(value)
                break

    def _read_content(self, content: object) -> None:
        if isinstance(content, str):
            self._texts.append(content)
        elif isinstance(content, list):
            for part in content:
                if not isinstance(part, dict):
                    continue
                if part.get("type") == "thinking":
                    thinking = part.get("thinking")
                    pieces = thinking if isinstance(thinking, list) else [{"text": thinking}]
                    found = (piece.get("text") for piece in pieces if isinstance(piece, dict))
                    self._reasonings.extend(piece for piece in found if isinstance(piece, str))
                elif isinstance(part.get("text"), str):
                    self._texts.append(part["text"])

    def _merge(self, *, is_last: bool) -> Delta | None:
        text, reasoning = "".join(self._texts), "".join(self._reasonings)
        self._texts.clear()
        self._reasonings.clear()
        text, reasoning = self._repair(text, reasoning, is_last=is_last)
        if self._think.is_open:
            text, thinking = self._think.split(text)
            reasoning += thinking
            if is_last:
                rest, thinking = self._think.finish()
                text, reasoning = text + rest, reasoning + thinking
        if not text and not reasoning:
            return None
        self._has_text = self._has_text or bool(text.strip())
        self._chars += len(text) + len(reasoning)
        if self._chars > MAX_ANSWER_CHARS:
            self.failure = EndpointFailure("answer_too_large", limit_mib=MAX_ANSWER_CHARS // 1024**2)
            return None
        chunks, self._uncounted_chunks = self._uncounted_chunks, 0
        return Delta(text, reasoning, chunks)

    def _repair(self, text: str, reasoning: str, *, is_last: bool) -> tuple[str, str]:
        if self._joiners is None:
            if text.isascii() and reasoning.isascii() and "\0" not in text and "\0" not in reasoning:
                return text, reasoning
            self._joiners = SurrogateJoiner(), SurrogateJoiner()
        in_text, in_reasoning = self._joiners
        text, reasoning = in_text.join(text), in_reasoning.join(reasoning)
        if is_last:
            text, reasoning = text + in_text.finish(), reasoning + in_reasoning.finish()
        # PostgreSQL can't store U+0000 in text.
        return text.replace("\0", "\ufffd"), reasoning.replace("\0", "\ufffd")


def _parse(payload: bytes) -> object | None:
    try:
        return orjson.loads(payload)  # type: ignore[no-any-return]
    except ValueError:
        pass
    try:
        # orjson refuses lone surrogates and broken UTF-8, which real gateways send; the slow parser takes them.
        return json.loads(payload.decode("utf-8", "replace"))  # type: ignore[no-any-return]
    except (ValueError, RecursionError):
        return None


def _read_usage(value: object) -> Usage | None:
    if not isinstance(value, dict):
        return None
    tokens_in, tokens_out = _read_count(value.get("prompt_tokens")), _read_count(value.get("completion_tokens"))
    if tokens_in is None and tokens_out is None:
        return None
    return Usage(
        tokens_in,
        tokens_out,
        cached=_read_detail(value.get("prompt_tokens_details"), "cached_tokens"),
        reasoning=_read_detail(value.get("completion_tokens_details"), "reasoning_tokens"),
    )


def _read_detail(details: object, name: str) -> int | None:
    return _read_count(details.get(name)) if isinstance(details, dict) else None


def _read_count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return max(0, min(MAX_REPORTED_TOKENS, int(value)))
