"""Reads chat completion events: what `choices`, `delta`, `usage` and `error` mean, in every dress they come in.

A reply is complete with a finish reason, or with `[DONE]` after at least one event; everything else is a failure
with a name. The last `usage` that is not null wins, wherever it stands.
"""

from collections.abc import Mapping
from typing import Final

import orjson

from moorage.providers.finish import Finish
from moorage.providers.protocol import Usage
from moorage.providers.reader import Hides, ReplyReader, below, hides_nothing, read_count

_NO_CHOICE: Final[dict[str, object]] = {}
_PLAIN: Final = frozenset({"role", "content", "reasoning", "reasoning_content"})
# The one with titles first: what is known already is left out.
_SOURCES: Final = ("search_results", "citations")


class CompletionReader(ReplyReader):
    """Reads chat completions."""

    def __init__(self, model: str, hides: Hides = hides_nothing) -> None:
        super().__init__(model, hides, think_tags=True)
        self._usage: Usage | None = None
        self._declined = False

    @property
    def usage(self) -> Usage | None:
        """What has been reported by now."""
        return self._usage

    def _read_document(self, document: object) -> bool:
        if not isinstance(document, dict):
            return False
        self._events += 1
        self._uncounted_chunks += 1
        self._read_event(document)
        self.finish_reason = self.finish_reason or "stop"
        return "choices" in document

    def _judge_reason(self) -> Finish | None:
        # A refusal has a field of its own and ends like any answer.
        reason = super()._judge_reason()
        return "refusal" if self._declined and reason in {"stop", None} else reason

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

    def _read_event(self, event: Mapping[str, object]) -> None:
        self._usage = _read_usage(event.get("usage")) or self._usage
        self._note_labels(event.get("model"), event.get("id"))
        if not event.keys().isdisjoint(_SOURCES):
            self._read_sources(event)
        choices = event.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict) and not choice.get("index"):
                self._read_choice(choice)
        # `error` may be an object, a string, or the whole event; `null` and `""` are how some say that all is well.
        is_error = event.get("object") == "error" or event.get("type") == "error"
        if event.get("error") or is_error:
            self._fail(event)

    def _read_choice(self, choice: dict[str, object]) -> None:
        self._note_finish(choice.get("finish_reason"))
        message = choice.get("delta") or choice.get("message") or _NO_CHOICE
        if not isinstance(message, dict):
            return
        self._read_content(message.get("content"))
        if message.keys() - _PLAIN:
            self._read_beside(message)
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
                elif part.get("type") == "refusal":
                    self._read_refusal(part.get("refusal"))
                elif isinstance(part.get("text"), str):
                    self._texts.append(part["text"])

    def _read_refusal(self, refusal: object) -> None:
        if isinstance(refusal, str) and refusal:
            self._declined = True
            self._texts.append(refusal)

    def _read_beside(self, message: Mapping[str, object]) -> None:
        self._read_refusal(message.get("refusal"))
        calls = message.get("tool_calls")
        for position, call in enumerate(calls if isinstance(calls, list) else ()):
            if isinstance(call, Mapping):
                index, function = call.get("index"), below(call, "function")
                place = index if isinstance(index, int) else position
                self._read_call(place, call.get("id"), function)
        if message.get("function_call"):
            self._read_call("function", None, below(message, "function_call"))
        annotations = message.get("annotations")
        for annotation in annotations if isinstance(annotations, list) else ():
            cited = below(annotation, "url_citation")
            self._beside.cite(cited.get("url"), cited.get("title"))

    def _read_call(self, place: object, call_id: object, function: Mapping[str, object]) -> None:
        name, arguments = function.get("name"), function.get("arguments")
        self._chars += self._beside.call(place, call_id=call_id, name=name, arguments=arguments)

    def _read_sources(self, event: Mapping[str, object]) -> None:
        """Read the list that the numbers in the text refer to, where servers put it beside the choices."""
        for name in _SOURCES:
            sources = event.get(name)
            for source in sources if isinstance(sources, list) else ():
                if isinstance(source, Mapping):
                    self._beside.cite(source.get("url"), source.get("title"))
                else:
                    self._beside.cite(source, None)


def _read_usage(value: object) -> Usage | None:
    if not isinstance(value, dict):
        return None
    tokens_in, tokens_out = read_count(value.get("prompt_tokens")), read_count(value.get("completion_tokens"))
    if tokens_in is None and tokens_out is None:
        return None
    return Usage(
        tokens_in,
        tokens_out,
        cached=read_count(below(value, "prompt_tokens_details").get("cached_tokens")),
        reasoning=read_count(below(value, "completion_tokens_details").get("reasoning_tokens")),
    )
