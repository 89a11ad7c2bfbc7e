"""What reading a streamed reply means in every dialect: bytes in, Deltas out, one End or a failure with a name.

All that one network read brought becomes one Delta. A reply is complete when the endpoint said that it was finished;
the end of the body proves nothing. A dialect's reader adds what its events mean.
"""

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Final

import orjson

from moorage.errors import EndpointFailure
from moorage.providers.beside import Gatherer
from moorage.providers.events import EventSplitter
from moorage.providers.failures import classify_event
from moorage.providers.finish import Finish, plain_finish
from moorage.providers.protocol import MAX_REPORTED_TOKENS, BrokenReply, Delta, End, Usage
from moorage.providers.text import LateThinkFinder, SurrogateJoiner, ThinkSplitter, clean_label

MAX_ANSWER_CHARS: Final = 4 * 1024 * 1024
MAX_GARBAGE_EVENTS: Final = 20
Hides = Callable[[object], bool]


def hides_nothing(_label: object) -> bool:
    """Let every label pass."""
    return False


class ReplyReader(ABC):
    """Takes bytes, gives Deltas. Ask `failure` and `is_done` after each; call `finish` once at the end.

    `hides`: labels of the endpoint for which it is true are not passed on. `think_tags`: a leading `<think>…</think>`
    is taken out of the answer, and so is all that stands before a `</think>` that nothing opened.
    """

    def __init__(self, model: str, hides: Hides = hides_nothing, *, think_tags: bool = False) -> None:
        self.failure: EndpointFailure | None = None
        self.is_done = False
        self.garbage_events = 0
        self.finish_reason: Finish | None = None
        self.finish_stated: str | None = None
        self._model = model
        self._hides = hides
        self._splitter = EventSplitter()
        self._think = ThinkSplitter() if think_tags else None
        self._late = LateThinkFinder() if think_tags else None
        self._joiners: tuple[SurrogateJoiner, SurrogateJoiner] | None = None
        self._model_reported: str | None = None
        self._upstream_id: str | None = None
        self._events = 0
        self._uncounted_chunks = 0
        self._chars = 0
        self._has_text = False
        self._gatherer: Gatherer | None = None
        self._texts: list[str] = []
        self._reasonings: list[str] = []

    @property
    @abstractmethod
    def usage(self) -> Usage | None:
        """What has been reported by now."""

    @abstractmethod
    def _read_event(self, event: Mapping[str, object]) -> None:
        """Take one event's meaning."""

    @abstractmethod
    def _read_document(self, document: object) -> bool:
        """Take a whole answer that came as one JSON document; False if it is none of this dialect."""

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
        if not self._read_document(document) and self.failure is None:
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
        failure = self._name_emptiness(self._judge_reason())
        if failure is not None:
            raise self.break_off(failure)
        return self._said()

    def break_off(self, failure: EndpointFailure) -> BrokenReply:
        """Give the same failure with what had been reported."""
        return BrokenReply(failure.code, said=self._said(), **failure.params)

    def _said(self) -> End:
        return End(
            self._judge_reason(),
            self.usage,
            self._model_reported,
            self._upstream_id,
            finish_stated=self.finish_stated,
        )

    @property
    def _has_something(self) -> bool:
        return self._has_text or (self._gatherer is not None and self._gatherer.has_calls)

    def _judge_reason(self) -> Finish | None:
        # Gemini says that it stopped when it wants a tool called, and so do many servers behind gateways.
        wants_calls = self._gatherer is not None and self._gatherer.wants_calls
        return "tool_calls" if wants_calls and self.finish_reason == "stop" else self.finish_reason

    def _name_emptiness(self, reason: Finish | None) -> EndpointFailure | None:
        """Name what is wrong with an answer that ended for `reason`; None for one that can stand as it is."""
        if reason == "error":
            return EndpointFailure("midstream_error")
        if self._has_something or reason in {"length", "pause"}:
            return None
        if reason == "content_filter":
            return EndpointFailure("content_filtered")
        if reason == "refusal":
            return EndpointFailure("declined", model=self._model)
        return EndpointFailure("empty_answer", model=self._model)

    def _check_splitter(self) -> None:
        if not self.wants_more():
            return
        if self._splitter.error is not None:
            payload = self._splitter.error
            self.failure = classify_event(parse(payload) or payload.decode("utf-8", "replace"), model=self._model)
        elif self._splitter.is_overlong:
            self.failure = EndpointFailure("bad_stream")

    def _read_payloads(self, payloads: list[bytes]) -> None:
        """Read events; a dialect whose ordinary event has a shape of its own reads that one here, faster."""
        for payload in payloads:
            if not self.wants_more():
                return
            self._read_rare(payload, None)

    def _read_rare(self, payload: bytes, event: object) -> None:
        if payload.strip() == b"[DONE]":
            self.is_done = True
            return
        if event is None:
            event = parse(payload)
        if event is None and b"\n" in payload:
            # Some servers forget the blank line between events; each line then is an event of its own.
            for line in payload.split(b"\n"):
                if line and self.wants_more():
                    self._read_rare(line, None)
            return
        if isinstance(event, dict):
            self._events += 1
            self._uncounted_chunks += 1
            self._read_event(event)
            return
        self.garbage_events += 1
        if self.garbage_events > MAX_GARBAGE_EVENTS:
            self.failure = EndpointFailure("bad_stream")

    def _note_labels(self, model: object, upstream_id: object) -> None:
        """Keep what the endpoint calls the model and the reply, the first time it says so."""
        if self._model_reported is None and not self._hides(model):
            self._model_reported = clean_label(model, max_chars=200)
        if self._upstream_id is None:
            self._upstream_id = clean_label(upstream_id, max_chars=200)

    def _note_finish(self, stated: object) -> None:
        """Keep why the answer ended, in the field's word and in ours; nothing if no reason is stated."""
        reason = clean_label(stated, max_chars=40)
        if reason is not None:
            self.finish_reason = plain_finish(reason)
            self.finish_stated = None if self._hides(stated) else reason

    @property
    def _beside(self) -> Gatherer:
        """What takes calls and sources; most answers have none and never ask for it."""
        if self._gatherer is None:
            self._gatherer = Gatherer(self._hides)
        return self._gatherer

    def _fail(self, event: object) -> None:
        self.failure = classify_event(event, model=self._model)

    def _merge(self, *, is_last: bool) -> Delta | None:
        text, reasoning = "".join(self._texts), "".join(self._reasonings)
        self._texts.clear()
        self._reasonings.clear()
        text, reasoning = self._repair(text, reasoning, is_last=is_last)
        if self._think is not None:
            text, reasoning = self._part_thinking(self._think, text, reasoning, is_last=is_last)
        found = None if self._late is None else self._find_late(self._late, text, reasoning, is_last=is_last)
        if found is not None:
            text, reasoning = found
        beside = None if self._gatherer is None else self._gatherer.take()
        if not text and not reasoning and beside is None and found is None:
            return None
        self._has_text = (self._has_text and found is None) or bool(text.strip())
        self._chars += len(text) + len(reasoning)
        if self._chars > MAX_ANSWER_CHARS:
            self.failure = EndpointFailure("answer_too_large", limit_mib=MAX_ANSWER_CHARS // 1024**2)
            return None
        chunks, self._uncounted_chunks = self._uncounted_chunks, 0
        return Delta(text, reasoning, chunks, beside, found is not None)

    def _part_thinking(self, think: ThinkSplitter, text: str, reasoning: str, *, is_last: bool) -> tuple[str, str]:
        text, thinking = think.split(text)
        reasoning += thinking
        if is_last:
            rest, thinking = think.finish()
            text, reasoning = text + rest, reasoning + thinking
        if think.has_opened:
            self._late = None
        if not think.is_open:
            self._think = None
        return text, reasoning

    def _find_late(self, late: LateThinkFinder, text: str, reasoning: str, *, is_last: bool) -> tuple[str, str] | None:
        if text:
            late.texts.append(text)
            late.chars += len(text)
        if reasoning:
            late.reasonings.append(reasoning)
        if not (is_last or ">" in text or late.is_near):
            return None
        found = late.find(is_last=is_last)
        if late.is_over:
            self._late = None
        return found

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


def parse(payload: bytes) -> object | None:
    """Parse one event leniently; None if it is no JSON."""
    try:
        return orjson.loads(payload)  # type: ignore[no-any-return]
    except ValueError:
        pass
    try:
        # orjson refuses lone surrogates and broken UTF-8, which real gateways send; the slow parser takes them.
        return json.loads(payload.decode("utf-8", "replace"))  # type: ignore[no-any-return]
    except (ValueError, RecursionError):
        return None


def below(facts: object, name: str) -> Mapping[str, object]:
    """Give the object under a name, an empty one for anything else."""
    value = facts.get(name) if isinstance(facts, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def read_count(value: object) -> int | None:
    """Read a token count, clamped to 0..1e9; None for anything that is no number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    # A whole number may be too large to be asked whether it is finite.
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return max(0, min(MAX_REPORTED_TOKENS, int(value)))
